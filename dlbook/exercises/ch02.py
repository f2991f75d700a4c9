"""Chapter 2, neurons and feedforward networks."""
from __future__ import annotations

import warnings

import numpy as np

from dlbook import data, scratch
from dlbook.exercises import Hint, array, checker, number
from dlbook.metrics import accuracy

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)


@checker
def parameters(answer) -> str:
    """How many numbers does training have to find in a 784-300-100-10 network?"""
    n = number(answer)
    known = {
        784 * 300 + 300 * 100 + 100 * 10: "Those are the weights, one for each edge. Which numbers are missing?",
        784 + 300 + 100 + 10: "That is one number for each unit. Count the edges: each of the 784 inputs reaches each "
                              "of the 300 units.",
        300 + 100 + 10: "Those are the biases. Now the weights.",
        784 * 300 + 784 + 300 * 100 + 300 + 100 * 10 + 100: "Inputs have no bias: the biases belong to the units that "
                                                            "compute.",
    }
    if n in known:
        raise Hint(known[n])
    if n != 784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10:
        raise Hint("A layer from a to b units has a·b weights and b biases. Add up the three layers.")
    return "235,500 in the first layer, 30,100 in the second, 1,010 in the last."


@checker
def and_neuron(w, b) -> str:
    """Weights and bias of one threshold neuron that computes AND."""
    w, b = array(w, (2,), "w"), number(b, "b")
    fired = CORNERS @ w + b > 0
    wanted = np.array([False, False, False, True])
    if not fired.any():
        raise Hint("It never fires. For (1, 1) the sum w₁ + w₂ + b must be above 0.")
    if not np.array_equal(fired, wanted):
        x = CORNERS[np.flatnonzero(fired != wanted)[0]].astype(int).tolist()
        raise Hint(f"For {tuple(x)} it {'fires' if fired[fired != wanted][0] else 'does not fire'}; "
                   f"the sum there is {CORNERS[fired != wanted][0] @ w + b:g}.")
    return "The line w·x + b = 0 cuts the corner (1, 1) off from the other three."


@checker
def softmax(function) -> str:
    """A softmax over the last axis that survives large numbers."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((3, 4))
    p = array(function(z.copy()), (3, 4), "softmax(z)")
    right = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    if np.allclose(p, np.exp(z) / np.exp(z).sum()):
        raise Hint("All twelve numbers sum to 1 together. Each row is a sample of its own: sum over axis 1, "
                   "and keep that axis so that the division works row by row.")
    if not np.allclose(p, right):
        raise Hint(f"For the row {z[0].round(2).tolist()} you give {p[0].round(3).tolist()}, "
                   f"expected {right[0].round(3).tolist()}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        large = array(function(np.array([[1000.0, 999.0, 0.0]])), (1, 3), "softmax of large numbers")
    if not np.isfinite(large).all():
        raise Hint("Right for small numbers, but [1000, 999, 0] gives nan: e¹⁰⁰⁰ is too large for a float. "
                   "Adding the same number to every logit changes nothing. Which number would help?")
    if not np.allclose(large, [[0.7310585786, 0.2689414214, 0]]):
        raise Hint(f"[1000, 999, 0] gives {large[0].round(3).tolist()}, expected [0.731, 0.269, 0.0].")
    rows = np.array([[1500.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = array(function(rows.copy()), (2, 3), "softmax of two rows")
    if not np.allclose(p, [[1, 0, 0], [0.0900305732, 0.2447284711, 0.6652409558]]):
        raise Hint(f"Right for [1000, 999, 0] alone, but of the rows {rows[0].tolist()} and {rows[1].tolist()} "
                   f"together you make {p.round(3).tolist()}. What you subtract has to come from the row itself, "
                   "and has to be large enough for every row.")
    return "Subtracting the largest logit of the row changes nothing and keeps every exponent at or below 0."


@checker
def xor_by_hand(W1, b1, w2, b2) -> str:
    """Two ReLU units and one output that compute XOR exactly."""
    W1, b1 = array(W1, (2, 2), "W1"), array(b1, (2,), "b1")
    w2, b2 = array(w2, (2,), "w2"), number(b2, "b2")
    h = np.maximum(CORNERS @ W1.T + b1, 0)
    y = h @ w2 + b2
    wanted = np.array([0, 1, 1, 0])
    if not np.allclose(y, wanted):
        i = int(np.argmax(np.abs(y - wanted)))
        x = tuple(CORNERS[i].astype(int).tolist())
        hint = f"For {x} the hidden units give {h[i].tolist()} and the output {y[i]:g}; expected {wanted[i]}."
        if np.linalg.matrix_rank(np.column_stack([h, np.ones(4)])) < 3:
            hint += " The four corners land on one line in the hidden plane; let the second unit bend elsewhere."
        raise Hint(hint)
    units = np.column_stack([W1, b1])
    units = units / np.abs(units).max(1, keepdims=True)
    if any(np.allclose(units[order], [[1, 1, 0], [1, 1, -1]]) for order in ([0, 1], [1, 0])):
        raise Hint("That computes XOR, with the two units of the text (swapped or scaled). Find two others: for "
                   "example, let each unit fire for one corner alone.")
    return "All four corners, with units of your own."


@checker
def collapse(function) -> str:
    """One weight and one bias that do what three linear layers in a row do."""
    rng = np.random.default_rng(0)
    layers = [(rng.standard_normal((k, n)), rng.standard_normal(k)) for n, k in ((3, 5), (5, 4), (4, 2))]
    result = function(layers)
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        raise Hint("Return two things, the weight (2, 3) and the bias (2,): `return W, b`.")
    W, b = array(result[0], (2, 3), "W"), array(result[1], (2,), "b")
    (W1, b1), (W2, b2), (W3, b3) = layers
    if not np.allclose(W, W3 @ W2 @ W1):
        raise Hint("W is not the product of the three weights. The first layer stands on the right: W₃ W₂ W₁.")
    if np.allclose(b, b1.sum() + b2.sum() + b3.sum()) or np.allclose(b, b3):
        raise Hint("W is right. The bias of an early layer passes through all later weights.")
    if not np.allclose(b, W3 @ (W2 @ b1 + b2) + b3):
        raise Hint("W is right, b is not: put x = 0 into the three layers and see what comes out.")
    return "Without a bend, depth adds nothing: three layers, one matrix."


@checker
def leaky_relu(op) -> str:
    """An operation ``op(x, a) -> (y, vjp)`` in the form of the package."""
    x = scratch.Tensor(np.array([-2.0, -0.5, 0.5, 3.0]), requires_grad=True)
    result = op(x.array.copy(), 0.1)
    if not (isinstance(result, tuple) and len(result) == 2):
        raise Hint("Return two things: the value y, and vjp, a tuple with one function for each input "
                   "that has a gradient.")
    y, vjp = result
    y = array(y, (4,), "y")
    if not np.allclose(y, [-0.2, -0.05, 0.5, 3.0]):
        raise Hint("For x = [-2, -0.5, 0.5, 3] and a = 0.1 the value should be [-0.2, -0.05, 0.5, 3]; "
                   f"it is {y.tolist()}.")
    if not (isinstance(vjp, tuple) and len(vjp) == 1 and callable(vjp[0])):
        raise Hint("y is right. vjp should be a tuple of functions; for one input that is `(lambda d: ...,)`, "
                   "with the comma.")
    if not np.allclose(op(x.array.copy(), 0.3)[0], [-0.6, -0.15, 0.5, 3.0]):
        raise Hint("Right for a = 0.1. For a = 0.3 nothing changes: use the argument a.")
    try:
        for a in (0.1, 0.3):
            scratch.gradcheck(lambda t, a=a: scratch.apply(lambda z: op(z, a), t), x)
    except scratch.GradcheckError as error:
        raise Hint(f"y is right, but finite differences object: {str(error).splitlines()[1].strip()}") from None
    return "Value and gradient agree with finite differences. The package needs no more to use a new activation."


@checker
def keeps_its_scale(std) -> str:
    """The standard deviation of the weights that keeps ReLU signals alive through 50 layers of 256 units."""
    std = number(std)
    rng = np.random.default_rng(0)
    h = rng.standard_normal((200, 256))
    for _ in range(50):
        h = np.maximum(h @ rng.normal(0, abs(std), (256, 256)), 0)
    size = float(np.sqrt((h**2).mean()))
    if np.isclose(std, 2 / 256):
        raise Hint("2/256 is the variance; its root is the standard deviation.")
    if size < 0.2:
        raise Hint(f"After 50 layers the signal is {size:.1e} of what it was: too small. ReLU throws half of it away.")
    if size > 5:
        raise Hint(f"After 50 layers the signal is {size:.1e} times what it was: too large. "
                   "Each unit adds up 256 inputs.")
    return f"√(2/256) = 0.0884 is the rule of He and others; after 50 layers yours leaves {size:.2g} of the signal."


@checker
def spirals(model) -> str:
    """A network that separates the two spirals on data it has not seen."""
    if not isinstance(model, scratch.Module):
        raise Hint(f"The answer should be a trained network of dlbook.scratch; it is a {type(model).__name__}.")
    X, y = data.spirals(1000, 0.02, generator=np.random.default_rng(12345))
    with scratch.no_grad():
        output = model(scratch.as_tensor(X)).array
    if output.shape not in ((1000,), (1000, 1), (1000, 2)):
        raise Hint(f"For 1000 points the network should give one logit each, or two; it gives shape {output.shape}.")
    share = accuracy(y, output)
    if share < 0.65:
        raise Hint(f"{share:.0%} of 1000 new points: a coin does almost as well. "
                   "Is there an activation, does the loss fall, and does list(train(...)) run the loop?")
    if share < 0.95:
        raise Hint(f"{share:.0%} of 1000 new points. A spiral needs many bends: two hidden layers, ReLU with He's "
                   "start, momentum, more epochs.")
    return f"{share:.1%} of 1000 new points."
