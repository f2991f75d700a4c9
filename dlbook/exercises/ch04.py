"""Chapter 4, optimizers."""
from __future__ import annotations

import functools
import math

import numpy as np

from dlbook import scratch
from dlbook.exercises import Hint, array, checker, number

_close = functools.partial(math.isclose, rel_tol=1e-3)


@checker
def two_steps(w1, w2) -> str:
    """w₁ and w₂ of momentum on ½w² from 1 with η = 0.1, μ = 0.9."""
    first, second = number(w1, "w₁"), number(w2, "w₂")
    if not _close(first, 0.9):
        raise Hint(f"w₁ = {first:g} is not right. The first gradient is 1, so v₁ = 0.9 · 0 + 1, and w₁ = 1 - 0.1 · v₁.")
    if _close(second, 0.81):
        raise Hint("w₂ = 0.81 is plain gradient descent. v₂ keeps 0.9 of v₁ and adds the new gradient.")
    if _close(second, 0.729):
        raise Hint("w₂: the new gradient is w₁ = 0.9, not 1 - 0.1 or 0.81; v₂ = 0.9 · 1 + 0.9.")
    if _close(second, 0.71):
        raise Hint("w₂: the second gradient is taken at w₁ = 0.9, so it is 0.9, no longer 1.")
    if not _close(second, 0.72):
        raise Hint(f"w₂ = {second:g} is not right. v₂ = 0.9 · v₁ + w₁, then w₂ = w₁ - 0.1 · v₂.")
    return "The second step is twice as long as the first: the ball has gathered speed."


@checker
def best_rates(descent, momentum) -> str:
    """(κ - 1)/(κ + 1) and (√κ - 1)/(√κ + 1) for curvatures from 2 to 162."""
    got = {"gradient descent": (number(descent, "ρ of gradient descent"), 80 / 82),
           "momentum": (number(momentum, "ρ of momentum"), 8 / 10)}
    if _close(got["gradient descent"][0], 0.8) and _close(got["momentum"][0], 80 / 82):
        raise Hint("Both numbers are right, and in each other's place: momentum is the faster one.")
    for name, (rho, right) in got.items():
        if _close(rho, 161 / 163):
            raise Hint(f"{name}: κ is the ratio of the largest to the smallest curvature, 162 / 2 = 81, and what "
                       "stands below is κ + 1.")
        if not 0 <= rho < 1:
            raise Hint(f"{name}: ρ = {rho:g} is not below 1; nothing would shrink.")
        if not _close(rho, right):
            raise Hint(f"{name}: ρ = {rho:g} is not right. κ = 81; put it, or its root, into (x - 1)/(x + 1).")
    return "Ten times less error takes 93 steps with the one and 10 with the other."


@checker
def first_step(answer) -> str:
    """The first step of RMSprop: η / √(1 - α)."""
    length = number(answer)
    known = {0.001: "That would be η, the first step of Adam, whose averages are corrected. Here s₁ = (1 - α) g².",
             0.1: "You divided by 1 - α; it is a root that stands below.",
             0.0001: "You multiplied by √(1 - α); it stands below."}
    for value, hint in known.items():
        if _close(length, value):
            raise Hint(hint)
    if not _close(length, 0.01):
        raise Hint(f"It is not {length:g}. s₁ = 0.99 · 0 + 0.01 g²; divide η g by its root.")
    return "Ten times η: s starts at zero and nobody corrects it. One more reason to warm up."


@checker
def clip(function) -> str:
    """Gradients shortened by one factor."""
    gradients = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([12.0])]  # together 13 long
    given = [g.copy() for g in gradients]
    longest = 3.25
    result = function(given, longest)
    if not (isinstance(result, list | tuple) and len(result) == 2):
        raise Hint("Return a list with one array for each that came in.")
    if any(not np.array_equal(a, b) for a, b in zip(given, gradients)):
        raise Hint("The arrays that came in were changed. Multiply into new ones.")
    got = [array(g, h.shape, "a gradient") for g, h in zip(result, gradients)]
    mistakes = {
        "You limited each array by its own norm; then the direction changes. One norm for all of them: 13.":
            [g * longest / np.linalg.norm(g) for g in gradients],
        "You limited each element. One norm for all of them together, and one factor.":
            [np.clip(g, -longest, longest) for g in gradients],
    }
    for hint, wrong in mistakes.items():
        if all(np.allclose(g, h) for g, h in zip(got, wrong)):
            raise Hint(hint)
    if not all(np.allclose(g, h / 4) for g, h in zip(got, gradients)):
        raise Hint("Together (3, 4) and (12) are 13 long; with longest = 3.25 all of them should become a quarter.")
    short = function([np.array([0.3]), np.array([0.4])], 1.0)
    if not (np.allclose(short[0], 0.3) and np.allclose(short[1], 0.4)):
        raise Hint("Long gradients are right. Gradients that are short enough should stay as they are.")
    zero = np.asarray(function([np.zeros(2)], 1.0)[0], float)
    if not np.array_equal(zero, np.zeros(2)):
        raise Hint(f"All gradients zero: they should stay zero; they become {zero}. What do you divide by?")
    return "One factor for all: shorter, and the same direction."


@checker
def schedule(function) -> str:
    """Linear warm-up, then half a cosine."""
    def right(t, warm, steps):
        return (t + 1) / warm if t < warm else (1 + np.cos(np.pi * (t - warm) / (steps - warm))) / 2

    for warm, steps in ((10, 100), (4, 20), (1, 10)):
        for t in range(steps):
            share = number(function(t, warm, steps), f"share({t}, {warm}, {steps})")
            if abs(share - right(t, warm, steps)) < 1e-9:
                continue
            expected = right(t, warm, steps)
            said = f"share({t}, {warm}, {steps}) is {share:.8g}, expected {expected:.8g}. "
            if t < warm and abs(share - t / warm) < 1e-9:
                raise Hint(said + "Your warm-up starts with a rate of zero, a wasted step.")
            if t < warm:
                raise Hint(said + "While t < warm it is (t + 1) / warm, without the cosine.")
            if abs(share - (1 + np.cos(np.pi * t / steps)) / 2) < 1e-9:
                raise Hint(said + "The cosine begins where the warm-up ends: steps - warm steps, counted from warm.")
            raise Hint(said + "Half a wave: (1 + cos(π u)) / 2 with u from 0 to 1.")
    return "A warm-up, then half a cosine."


@checker
def floor(answer) -> str:
    """The noise floor after halving the rate and a batch four times as large."""
    level = number(answer)
    known = {0.16: "Rate and batch pull the same way here: a smaller rate and a larger batch both lower the floor.",
             0.04: "That is the half rate alone. The batch is four times as large, too.",
             0.02: "That is the larger batch alone, or the half rate with 1/√B. The floor goes with η/B.",
             0.0025: "You squared the batch: the floor goes with 1/B, not with 1/B².",
             0.005: "You squared the rate: the floor is proportional to η, not to η².",
             0.64: "The other way around: the floor is proportional to η/B."}
    for value, hint in known.items():
        if _close(level, value):
            raise Hint(hint)
    if not _close(level, 0.01):
        raise Hint(f"It is not {level:g}. The floor is proportional to η/B.")
    return "An eighth, for half the speed a step and four times the work."


@checker
def amsgrad(function) -> str:
    """AMSGrad as a rule of the page, against dlbook.scratch."""
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((30, 3))
    gradients[5] *= 20
    gradients[6:] *= 0.1                         # so that the largest v lies behind
    parameter = scratch.Parameter(np.ones(3))
    optimizer = scratch.Adam([parameter], lr=0.1, amsgrad=True)
    plain = scratch.Parameter(np.ones(3))
    adam = scratch.Adam([plain], lr=0.1)
    p, s = np.ones(3), {}
    for t, g in enumerate(gradients):
        before = p.copy()
        result = function(p, g.copy(), s, 0.1)
        if not np.array_equal(p, before):
            raise Hint("Return the new parameters and leave those that came in as they are.")
        p = array(result, (3,), "the new p")
        parameter.grad, plain.grad = scratch.Tensor(g), scratch.Tensor(g)
        optimizer.step()
        adam.step()
        if np.allclose(p, parameter.array, rtol=1e-9, atol=1e-12):
            continue
        if np.allclose(p, plain.array, rtol=1e-9, atol=1e-12):
            raise Hint(f"Up to step {t + 1} this is Adam itself. Keep the largest v in s, with np.maximum.")
        if t == 0:
            raise Hint(f"The first step should be {parameter.array - 1}, yours is {p - 1}. It is that of Adam, hats "
                       "included.")
        raise Hint(f"Right for {t} steps; at step {t + 1} it goes wrong. The largest of the v without hat, element by "
                   "element; the hat comes after.")
    return "It agrees with dlbook.scratch for thirty steps, across a spike."


@checker
def own_optimizer(kind) -> str:
    """An optimizer by the sign of an averaged gradient, derived from Optimizer."""
    if not (isinstance(kind, type) and issubclass(kind, scratch.Optimizer)):
        raise Hint("Give the class itself, derived from Optimizer.")
    rng = np.random.default_rng(0)
    parameters = [scratch.Parameter(np.zeros(3)), scratch.Parameter(np.zeros((2, 2)))]
    optimizer = kind(parameters, lr=0.5, momentum=0.9)
    expected, memory = [np.zeros(3), np.zeros((2, 2))], [np.zeros(3), np.zeros((2, 2))]
    for t in range(6):
        for p, right, m in zip(parameters, expected, memory):
            g = rng.standard_normal(p.shape) * 10.0 ** -t
            p.grad = scratch.Tensor(g)
            m += 0.1 * (g - m)
            right -= 0.5 * np.sign(m)
        optimizer.step()
        for p, right in zip(parameters, expected):
            if np.allclose(p.array, right):
                continue
            if not p.array.any():
                raise Hint("No parameter has moved. _update must change p in place: `p -= …`, not `p = p - …`.")
            if np.allclose(p.array, -right):
                raise Hint("The steps go uphill.")
            if not np.isin(np.round(np.abs(p.array) / 0.5, 6), range(7)).all():
                raise Hint("Every number should move by exactly η: take np.sign of the average.")
            raise Hint(f"The first {t} steps are right, step {t + 1} is not: the sign of the *average* counts, and the "
                       "average must stay in the memory: change it in place.")
    return "Six steps, two parameters, each with a memory of its own."
