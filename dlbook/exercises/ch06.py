"""Chapter 6, recurrent networks and text."""
from __future__ import annotations

import functools
import math

import numpy as np

from dlbook import scratch
from dlbook.exercises import Hint, array, checker, number

_close = functools.partial(math.isclose, rel_tol=1e-3)


@checker
def parameters(lstm, gru) -> str:
    """Parameters of an LSTM and a GRU with 32 inputs, 48 units and two biases."""
    got = {"LSTM": (number(lstm, "the LSTM's number"), 4), "GRU": (number(gru, "the GRU's number"), 3)}
    if got["LSTM"][0] == 11_808 and got["GRU"][0] == 15_744:
        raise Hint("Both numbers are right, and in each other's place: the LSTM has four blocks of rows.")
    for name, (n, blocks) in got.items():
        known = {
            48 * 82: f"{name}: that is one block of rows; each gate has its own, and the candidate: {blocks} in all.",
            blocks * 48 * 81: f"{name}: PyTorch keeps two bias vectors, b_ih and b_hh.",
            blocks * 48 * 80: f"{name}: the biases are missing, two for each row.",
            blocks * 48 * 34: f"{name}: the weights from the old state, 48 columns, are missing.",
            3 * 48 * 82: f"{name}: three gates are not all; the candidate g has weights, too.",
            2 * 48 * 82: f"{name}: two gates are not all; the candidate n has weights, too.",
        }
        if n != blocks * 48 * 82:
            raise Hint(known.get(n, f"{name}: it is not {n:g}. {blocks} blocks of 48 rows; a row has 32 weights for "
                                    "the input, 48 for the old state, and 2 biases."))
    return "Three quarters, whatever the size."


@checker
def through_time(answer) -> str:
    """d h₃ / d w for h = w h + x with inputs 1, 1, 1 and w = 2."""
    slope = number(answer)
    known = {3: "That is the last use of w alone, h₂ = 3. It was used at step 2 as well.",
             2: "That is the use at step 2 alone, w · h₁. It was used at step 3 as well.",
             7: "That is the loss, h₃ = 1 + w + w².",
             4: "That is 2w, for the inputs 1, 0, 0. Here something comes in at every step.",
             6: "That is w h₂, the part of h₃ that comes from before, and not its derivative."}
    if slope in known:
        raise Hint(known[slope])
    if not _close(slope, 5):
        raise Hint(f"It is not {slope:g}. h₃ = 1 + w + w²; or by the sum, δ₃ h₂ + δ₂ h₁ with δ₂ = w δ₃.")
    return "h₃ = 1 + w + w², and its derivative is 1 + 2w."


@checker
def forget_bias(answer) -> str:
    """log(f / (1 - f)) with f¹⁰⁰ = ½."""
    bias = number(answer)
    known = {math.log(100): "With log 100 the gate is 0.990, and 0.990¹⁰⁰ = 0.37. A little more.",
             0.5 ** 0.01: "That is the gate. Which bias has it as its sigmoid?",
             math.log(99): "With f = 0.99 there is 0.99¹⁰⁰ = 0.37 left, 1/e and not a half.",
             0.0: "With a bias of 0 the gate is ½, and half is gone after one step."}
    for value, hint in known.items():
        if math.isclose(bias, value, rel_tol=1e-4):
            raise Hint(hint)
    if math.isclose(bias, -4.96798, rel_tol=2e-3):
        raise Hint("The sign: a gate near 1 has a positive bias.")
    if not math.isclose(bias, 4.96798, rel_tol=2e-3):
        left = (1 / (1 + math.exp(-min(max(bias, -500), 500)))) ** 100
        raise Hint(f"With {bias:g} there is {left:.2g} left after 100 steps. σ(b) = (1/2)^(1/100); solve for b.")
    return "About log 100 + 0.36: log T with log 2 taken into account."


@checker
def last_states(function) -> str:
    """(B, T, M) and lengths (B,) to the state after each last token, (B, M)."""
    output = np.random.default_rng(0).standard_normal((4, 6, 3))
    lengths = np.array([3, 6, 1, 5])
    right = output[np.arange(4), lengths - 1]
    got = function(output.copy(), lengths.copy())
    if np.shape(got) == (4, 4, 3):
        raise Hint("output[:, lengths - 1] takes those steps of *every* sequence. Give the rows as well: np.arange(B).")
    got = array(got, (4, 3), "the result")
    if np.allclose(got, output[:, -1]):
        raise Hint("That is the last step of the batch. For three of the four sequences it is a pad.")
    if np.allclose(got, output[np.arange(4), lengths % 6]):
        raise Hint("One too far: a sequence of length 3 has its last token at place 2.")
    if not np.allclose(got, right):
        raise Hint("For lengths (3, 6, 1, 5) the places are (2, 5, 0, 4), one in each row.")
    return "That is what out[:, -1] should have been."


@checker
def gru_step(function) -> str:
    """One step of a GRU against dlbook.scratch."""
    rng = np.random.default_rng(0)
    x, h = rng.standard_normal(3), rng.standard_normal(4)
    W, U, b, b2 = (rng.standard_normal(s) for s in ((12, 3), (12, 4), 12, 12))
    got = array(function(x.copy(), h.copy(), W, U, b, b2), (4,), "the new state")

    def step(swap_rz=False, swap_z=False, r_outside=True, reset=True, first_bias=False):
        (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(W @ x + b, 3), np.split(U @ h + b2, 3)
        r, z = (1 / (1 + np.exp(-a)) for a in (r_x + r_h, z_x + z_h))
        r, z = (z, r) if swap_rz else (r, z)
        r_used = r if reset else 1
        inner = r_used * n_h if r_outside else U[8:] @ (r_used * h) + b2[8:]
        n = np.tanh(n_x + (r_used * (U[8:] @ h) + b2[8:] if first_bias else inner))
        return z * n + (1 - z) * h if swap_z else (1 - z) * n + z * h

    right = scratch.gru_cell(*(scratch.Tensor(a) for a in (x[None], h[None], W, U, b, b2))).array[0]
    mistakes = {
        "z and 1 - z are in each other's place: with z = 1 the old state stays.": step(swap_z=True),
        "The rows come in the order r, z, n; you took the first block for z.": step(swap_rz=True),
        "The reset gate is missing in n.": step(reset=False),
        "Your r acts on h before the matrix, as in the first paper. Here it acts on U h + b2.": step(r_outside=False),
        "r acts on all of U h + b2, the bias included.": step(first_bias=True),
    }
    for hint, wrong in mistakes.items():
        if np.allclose(got, wrong):
            raise Hint(hint)
    if not np.allclose(got, right):
        raise Hint(f"The first unit should get {right[0]:.4f}, yours {got[0]:.4f}. Split W @ x + b and U @ h + b2 in "
                   "three blocks each: r, z, n.")
    return "It agrees with gru_cell of dlbook.scratch, and so with PyTorch."


@checker
def perplexity(function) -> str:
    """exp of the mean of -log p over the targets that count."""
    p = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.2, 0.3, 0.5]])
    targets = np.array([0, 2, -100])
    got = number(function(p.copy(), targets.copy()), "the perplexity")
    known = {5.0: "The mean of 2 and 8 is 5; it is the logarithms that are averaged.",
             3.2: "One over the mean probability; it is the logarithms that are averaged.",
             2.0: "In bits that is the mean of -log₂ p. The perplexity is 2 to that power.",
             math.log(4): "That is the cross-entropy. The perplexity is its exponential.",
             0.25: "One over the perplexity: mind the minus.",
             (2 * 8 / 0.2) ** (1 / 3): "The padded step is in your mean. Leave out the steps whose target is -100.",
             (2 * 8) ** (1 / 3): "The padded step is not in your sum, but you still divide by three."}
    for value, hint in known.items():
        if _close(got, value):
            raise Hint(hint)
    if not _close(got, 4):
        raise Hint(f"For probabilities 1/2 and 1/8 and one padded step it should be 4; yours is {got:g}.")
    order = [0, 2, 1]
    if not _close(number(function(p[order], targets[order]), "the perplexity with the padded step in the middle"), 4):
        raise Hint("With the padded step in the middle it goes wrong. Look for -100, wherever it stands.")
    if not _close(number(function(p[:2], targets[:2]), "the perplexity without a padded step"), 4):
        raise Hint("Without any padded step it goes wrong. Look for -100 and do not count on it.")
    with np.errstate(all="ignore"):
        long = function(np.full((2000, 10), 0.1), np.zeros(2000, int))
    if not (np.isfinite(long) and _close(long, 10)):
        raise Hint("Over 2000 steps it goes wrong: a product of 2000 probabilities is 0 in float64. Add logarithms.")
    return "As uncertain as one who guesses among four."


@checker
def draw(function) -> str:
    """A token by its cumulative probability at a temperature."""
    z = np.log([0.1, 0.6, 0.3])
    asked = [(tau, u) for tau in (1.0, 0.5, 2.0) for u in (0.0, 0.05, 0.12, 0.3, 0.5, 0.62, 0.71, 0.85, 0.97)]

    def tokens(at):
        return [int(np.searchsorted(np.cumsum(scratch.next_token(z, at(tau))), u, side="right")) for tau, u in asked]

    got = [number(function(z.copy(), tau, u), f"draw(z, {tau}, {u})") for tau, u in asked]
    mistakes = {"The temperature is missing: this is right for 1 alone.": tokens(lambda tau: 1.0),
                "Divide by the temperature: below 1 the likely becomes likelier.": tokens(lambda tau: 1 / tau),
                "You take the most probable token, whatever u is.": [1] * len(asked)}
    for hint, wrong in mistakes.items():
        if got == wrong:
            raise Hint(hint)
    for (tau, u), token, right in zip(asked, got, tokens(lambda tau: tau)):
        if token != right:
            raise Hint(f"draw(log (0.1, 0.6, 0.3), {tau}, {u}) should be {right}, yours is {token:g}. Softmax of z / "
                       "tau, its cumulative sum, the first place where that exceeds u.")
    with np.errstate(over="ignore", invalid="ignore"):
        large = [number(function(np.array(z), tau, 0.5), f"draw for logits near {z[0]:g}")
                 for z in ([1000.0, 1001.0, 990.0], [-1000.0, -990.0, -1001.0]) for tau in (1.0, 0.2)]
    if large != [1] * 4:
        raise Hint("For logits near 1000 or -1000 it goes wrong. Subtract the largest, and divide by tau after that.")
    if function(np.log([0.2, 0.8]), 1.0, 0.2 - 1e-9) != 0:
        raise Hint("With probabilities 0.2 and 0.8 and u just below 0.2 it should be 0.")
    return "The same token that generate() of the package draws for this u."


@checker
def lstm_backward(function) -> str:
    """The backward pass of one LSTM step from the pre-activations."""
    rng = np.random.default_rng(0)
    a, c_old, dh, dc = rng.standard_normal(12), rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal(3)
    result = function(a.copy(), c_old.copy(), dh.copy(), dc.copy())
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise Hint("Return two arrays: da and the gradient of c_old.")
    da, dc_old = array(result[0], (12,), "da"), array(result[1], (3,), "the gradient of c_old")
    *first, third, last = np.split(a, 4)
    i, f, o, third_as_o = (1 / (1 + np.exp(-s)) for s in (*first, last, third))
    g, last_as_g = np.tanh(third), np.tanh(last)
    tanh_c = np.tanh(f * c_old + i * g)

    def gradients(total):
        return np.concatenate([total * g * i * (1 - i), total * c_old * f * (1 - f), total * i * (1 - g**2),
                               dh * tanh_c * o * (1 - o)]), total * f

    right = gradients(dc + dh * o * (1 - tanh_c**2))
    mistakes = {
        "c_t is reached in two ways: from the next step, dc, and through h_t. Yours leaves out the way through h_t.":
            gradients(dc),
        "c_t is reached in two ways. Yours leaves out dc, which comes from the next step.":
            gradients(dh * o * (1 - tanh_c**2)),
        "On the way from h_t to c_t lies a tanh: multiply by 1 - tanh(c)².": gradients(dc + dh * o),
        "The blocks stand in the order i, f, g, o. You took the third for o.":
            gradients(dc + dh * third_as_o * (1 - np.tanh(f * c_old + i * last_as_g) ** 2)),
    }
    for hint, wrong in mistakes.items():
        if np.allclose(dc_old, wrong[1]):
            raise Hint(hint)
    if np.allclose(dc_old, right[1] / f):
        raise Hint("The gradient of c_old: c_old was multiplied by f on its way into c_t.")
    if not np.allclose(dc_old, right[1]):
        raise Hint("The gradient of c_old is not right. First all that arrives at c_t, dc + dh o (1 - tanh(c)²), then "
                   "times f.")
    for k, name in enumerate("ifgo"):
        rows = slice(3 * k, 3 * k + 3)
        if np.allclose(da[rows], right[0][rows]):
            continue
        slope = {"i": i * (1 - i), "f": f * (1 - f), "g": 1 - g**2, "o": o * (1 - o)}[name]
        if np.allclose(da[rows], right[0][rows] / slope):
            raise Hint(f"The block of {name} lacks the slope of its " + ("tanh, 1 - g²." if name == "g" else
                       f"sigmoid, {name}(1 - {name})."))
        raise Hint(f"The block of {name} is not right: what arrives at {'h_t' if name == 'o' else 'c_t'}, times what "
                   f"{name} was multiplied with, times its slope.")
    return "Run it for each step from the last to the first, and it is backpropagation through time."
