"""Chapter 1, mathematics."""
from __future__ import annotations

import warnings

import numpy as np

from dlbook import scratch
from dlbook.exercises import Hint, array, checker, number


@checker
def shapes(answer) -> str:
    """The shapes of X @ W.T + b, X - m, X.mean(0) and m - X.mean(1)."""
    right = [(32, 4), (32, 10), (10,), (32, 32)]
    if not (isinstance(answer, list | tuple) and len(answer) == 4 and all(isinstance(a, tuple | list) for a in answer)):
        raise Hint(f"Give a list of four tuples, such as (32, 4); it is {answer!r}.")
    answer = [tuple(a) for a in answer]
    if answer[0] == (32, 10):
        raise Hint("X @ W.T + b: the inner letters vanish, (32, 10)(10, 4). What is left?")
    if answer[2] == (32,):
        raise Hint("X.mean(0): axis 0 is the one that disappears, and 10 features are left.")
    if answer[3] in ((32, 1), (32,)):
        raise Hint("m - X.mean(1): the mean has shape (32,). Compare (32, 1) and (32,) from the right: "
                   "1 against 32, then 32 against nothing.")
    for name, got, shape in zip(("X @ W.T + b", "X - m", "X.mean(0)", "m - X.mean(1)"), answer, right):
        if got != shape:
            raise Hint(f"{name} has not shape {got}. Compare the shapes from the right; a 1 stretches, "
                       "a missing axis counts as 1.")
    return "The last one is the mistake of this chapter: keepdims=True would have given (32, 1)."


@checker
def blind_direction(answer) -> str:
    """A direction of (w₁, w₂, w₃, b) that the data of a temperature in two units cannot see."""
    v = array(answer, (4,), "the direction")
    if not np.abs(v).max() > 1e-9:
        raise Hint("Zero changes nothing, but it is no direction.")
    celsius, humidity = np.array([0.0, 10, 20, -5, 31]), np.array([0.2, 0.9, 0.4, 0.5, 0.3])
    table = np.column_stack([celsius, celsius + 273, humidity, np.ones(5)])
    change = table @ (v / np.abs(v).max())
    if np.abs(change).max() < 1e-9:
        return "Along it no prediction changes, so no such data can tell the two temperature weights apart."
    if v[2] != 0:
        raise Hint("The humidity has nothing to do with the temperatures: leave its weight alone.")
    if np.ptp(change) < 1e-9:
        raise Hint(f"Every prediction changes by the same amount, {change[0] * np.abs(v).max():.4g}. "
                   "Which of the four numbers can make up for that?")
    raise Hint(f"Along ({', '.join(f'{x:g}' for x in v)}) predictions change, at 10 °C and 0 °C by different amounts. "
               "Write w₁c + w₂(c + 273) + b, and see what stands before c.")


@checker
def unit_vjp(function) -> str:
    """dᵀJ of y = x / ‖x‖."""
    rng = np.random.default_rng(0)
    x, d = rng.standard_normal(5), rng.standard_normal(5)
    got = array(function(x.copy(), d.copy()), (5,), "dᵀJ")
    n = np.linalg.norm(x)
    right = scratch.numerical_gradient(lambda a: (d * a / np.linalg.norm(a)).sum(), x)
    if np.allclose(got, right, atol=1e-7):
        along = array(function(x.copy(), 3 * x), (5,), "dᵀJ")
        if np.abs(along).max() > 1e-9:
            raise Hint("Right for one d. For d along x it should be 0.")
        return "The part of d along x is taken away, the rest divided by the length."
    if np.allclose(got, d / n):
        raise Hint("That treats the length as a constant. It depends on x, too.")
    if np.allclose(got, right * n, atol=1e-6):
        raise Hint("The direction is right; the size is not. If x is twice as long, its direction turns half as fast.")
    if np.allclose(got, x / n):
        raise Hint("That is y itself. The question is how a loss with slopes d for y depends on x.")
    raise Hint(f"Finite differences give {right.round(3).tolist()}, yours is {got.round(3).tolist()}. "
               "Write yₖ = xₖ / n and differentiate both xₖ and n = ‖x‖; ∂n/∂xᵢ = xᵢ / n.")


@checker
def dual_divide(function, Dual) -> str:
    """The quotient of two dual numbers."""
    a, b = Dual(3.0, 0.5), Dual(2.0, -1.0)
    result = function(a, b)
    if result is None:
        raise Hint("Your function returned nothing; return a Dual.")
    if not isinstance(result, Dual):
        raise Hint(f"Return a Dual, a value and a slope together; it is a {type(result).__name__}.")
    if not np.isclose(result.value, 1.5):
        raise Hint(f"The value of 3 / 2 is 1.5; yours is {result.value}.")
    if np.isclose(result.slope, 1.0):
        other = function(Dual(1.7, 0.3), Dual(-0.6, 2.2))
        if not np.allclose([other.value, other.slope], [1.7 / -0.6, (0.3 * -0.6 - 1.7 * 2.2) / 0.36]):
            raise Hint("Right for this pair, wrong for another: the slope of a/b is (a'b - ab') / b².")
        return "The quotient rule, with the value reused."
    known = {-0.5: "That is the quotient of the slopes. Think of y·b = a, and apply the product rule to its left side.",
             0.25: "That would be right if b stood still. It moves, too.",
             4.0: "The numerator is right. Divide it by b².",
             -1.0: "The sign is turned: (a'b - ab') / b², in that order."}
    for value, hint in known.items():
        if np.isclose(result.slope, value):
            raise Hint(hint)
    raise Hint(f"For a = 3 with slope 0.5 and b = 2 with slope -1 the slope of a/b is 1; yours is {result.slope:g}.")


@checker
def second_test(answer) -> str:
    """p(sick | two positive tests)."""
    p = number(answer)
    if 1 < p <= 100:
        raise Hint("Give a probability between 0 and 1.")
    sick, well = 0.01 * 0.9**2, 0.99 * 0.09**2
    known = {0.01 * 0.9 / (0.01 * 0.9 + 0.99 * 0.09): "That is the answer after one test.",
             0.81 / (0.81 + 0.0081): "The prior is missing: only one person in a hundred is sick.",
             0.9: "That is the chance of a positive test for the sick. Turn the question around.",
             0.81: "That is the chance of two positive tests for the sick. Turn the question around.",
             sick: "That is the share of people who are sick and twice positive. Divide by all who are twice positive."}
    for value, hint in known.items():
        if abs(p - value) < 1e-3:
            raise Hint(hint)
    if abs(p - sick / (sick + well)) > 2e-3:
        raise Hint("Of 10,000 people 100 are sick; 81 of those are positive twice. And how many of the 9900 others?")
    return "After the first test the prior was 0.092; the second test starts from there."


@checker
def lamp_rate(function) -> str:
    """The rate of maximum likelihood for exponential times."""
    x = np.random.default_rng(0).exponential(2.0, 50)
    got, right = number(function(x.copy()), "λ"), 1 / x.mean()
    if np.isclose(got, right):
        return "The rate is one over the mean time."
    known = [(x.mean(), "That is the mean time. λ is a rate: lamps per unit of time."),
             (1 / np.median(x), "That uses the median. Which statistic stands in the slope of the mean of λx - log λ?"),
             (x.sum(), "λ is a rate, and a longer list of lamps should not raise it."),
             (1 / x.sum(), "Take the mean over the samples in both terms: λx has the sum of x, log λ stands there "
                           "once for each lamp.")]
    for value, hint in known:
        if np.isclose(got, value):
            raise Hint(hint)
    raise Hint(f"For times with the mean {x.mean():.3f} you give {got:.3f}. Write -log p for one lamp, take the mean, "
               "and set its slope in λ to zero.")


@checker
def divergence(function) -> str:
    """KL(p‖q) in bits, with zeros."""
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    far = np.array([0.7, 0.2, 0.1])
    right, other = float((p * np.log2(p / far)).sum()), float((far * np.log2(far / p)).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = number(function(p.copy(), far.copy()), "KL")
        if np.isclose(got, other):
            raise Hint("That is KL(q‖p). The outcomes come with probability p.")
        if np.isclose(got, right * np.log(2)):
            raise Hint("That is in nats; bits have the logarithm to base 2.")
        if np.isclose(got, -(p * np.log2(far)).sum()):
            raise Hint("That is the cross-entropy. Take away the entropy of p.")
        if np.isclose(got, -right):
            raise Hint("The sign is turned: p stands above q in the fraction.")
        if not np.isclose(got, right):
            raise Hint(f"For p = {p.tolist()}, q = {far.tolist()} it is {right:.4f} bits; yours is {got:.4f}.")
        try:
            zero = float(function(np.array([0.5, 0.5, 0]), q.copy()))
            never = float(function(q.copy(), np.array([0.5, 0.5, 0])))
            both = float(function(np.array([0.5, 0.5, 0]), np.array([0.25, 0.75, 0])))
        except RuntimeWarning as warning:
            raise Hint(f"Right without zeros; with them NumPy warns: {warning}.") from None
    if not np.isclose(zero, 1):
        raise Hint(f"For p = [0.5, 0.5, 0] and q = [0.25, 0.25, 0.5] it is 1 bit; yours is {zero:g}. "
                   "Outcomes that never happen cost nothing.")
    if never != np.inf:
        raise Hint(f"Where q is 0 and p is not, the surprise has no bound; you give {never:g}.")
    if not np.isclose(both, 0.5 * 1 + 0.5 * np.log2(0.5 / 0.75)):
        raise Hint(f"Where p and q are both 0, nothing is lost; for p = [0.5, 0.5, 0], q = [0.25, 0.75, 0] "
                   f"you give {both:g}.")
    return "Only outcomes that happen count, and an impossible one that happens costs everything."


@checker
def binary_loss(function) -> str:
    """The mean binary cross-entropy from logits, in float32."""
    z = np.array([2.0, -1.0, 0.5, 0.0], np.float32)
    t = np.array([1, 0, 0, 1])
    right = float(np.logaddexp(0, np.where(t == 1, -z, z)).mean())
    turned = float(np.logaddexp(0, np.where(t == 1, z, -z)).mean())
    with np.errstate(all="ignore"):
        got = number(function(z.copy(), t.copy()), "the loss")
        if np.isclose(got, turned, atol=1e-5):
            raise Hint("The two classes are exchanged: a large logit is cheap where t = 1.")
        if np.isclose(got, 4 * right, atol=1e-5):
            raise Hint("That is the sum; take the mean over the samples.")
        if not np.isclose(got, right, atol=1e-5):
            raise Hint(f"For z = {z.tolist()} and t = {t.tolist()} the loss is {right:.4f}; yours is {got:.4f}.")
        for logit, label, value in ((1000, 0, 1000), (-1000, 1, 1000), (1000, 1, 0), (-1000, 0, 0), (300, 0, 300),
                                    (-150, 1, 150)):
            said = float(function(np.array([logit], np.float32), np.array([label])))
            if not np.isclose(said, value):
                raise Hint(f"Right for small logits, but z = {logit} with t = {label} gives {said:g}, "
                           f"expected {value}. Which number has to be subtracted in the exponents, so that none "
                           "is positive?")
    return "log(e⁰ + eˢ) with the larger of the two exponents taken out."
