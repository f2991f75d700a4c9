"""Chapter 3, backpropagation and gradient descent."""
from __future__ import annotations

import numpy as np

from dlbook import scratch
from dlbook.exercises import Hint, array, checker, number


@checker
def small_graph(dw, dx, dy) -> str:
    """The gradients of L = (wx - y)² at w = 3, x = 2, y = 5."""
    for name, answer, right in (("∂L/∂w", dw, 4), ("∂L/∂x", dx, 6), ("∂L/∂y", dy, -2)):
        got = number(answer, name)
        if got == -right:
            raise Hint(f"{name} has the right size and the wrong sign. In e = wx - y, y has a minus, w and x have not.")
        if 2 * got == right:
            raise Hint(f"{name} is half of what it should be: the slope of e² is 2e.")
        if got != right:
            raise Hint(f"{name} = {got:g} is not right. Name u = wx and e = u - y; ∂L/∂e is 2e = 2. "
                       "Then one arrow more.")
    return "One sweep back from L gave all three."


@checker
def shapes(answer) -> str:
    """The shapes of dX, dW and db for a layer from 10 features to 4 units and 32 samples."""
    right = {"dX": (32, 10), "dW": (4, 10), "db": (4,)}
    if not isinstance(answer, dict) or set(answer) != set(right):
        raise Hint(f"Give a dict with the keys dX, dW, db and tuples as values; it is {answer!r}.")
    for name, shape in answer.items():
        if not isinstance(shape, tuple | list):
            raise Hint(f"{name}: a shape is a tuple, such as (32, 10), or (4,) for four numbers in a row; "
                       f"it is {shape!r}.")
    if tuple(answer["db"]) == (32, 4):
        raise Hint("db: the bias has four numbers and is used by all 32 samples; its gradients add up over them.")
    if tuple(answer["dW"]) == (10, 4):
        raise Hint("dW has the shape of W, and W has one row for each unit.")
    for name, shape in right.items():
        if tuple(answer[name]) != shape:
            raise Hint(f"{name}: a gradient always has the shape of what it is the gradient of.")
    return "A gradient has the shape of the thing itself. That alone finds many mistakes."


@checker
def linear_backward(function) -> str:
    """dX, dW, db of Z = X Wᵀ + b."""
    rng = np.random.default_rng(0)
    X, W, dZ = rng.standard_normal((5, 3)), rng.standard_normal((4, 3)), rng.standard_normal((5, 4))
    result = function(dZ.copy(), X.copy(), W.copy())
    if not (isinstance(result, tuple | list) and len(result) == 3):
        raise Hint("Return three arrays: `return dX, dW, db`.")
    dX, dW, db = array(result[0], X.shape, "dX"), array(result[1], W.shape, "dW"), array(result[2], (4,), "db")
    if np.allclose(db, dZ.mean(0)):
        raise Hint("db is a mean over the samples; the bias is used once for each of them, and the gradients add up.")
    for name, got, right in (("dX", dX, dZ @ W), ("dW", dW, dZ.T @ X), ("db", db, dZ.sum(0))):
        if not np.allclose(got, right):
            raise Hint(f"{name} has the right shape and wrong numbers. Write one element of it as a sum, "
                       "then all of them as a product.")
    return "Three lines, and every fully connected network can learn."


@checker
def exp_node(function, Value) -> str:
    """The exponential function for the scalar engine of the page."""
    x = Value(0.5)
    y = function(x)
    if y is None:
        raise Hint("Your function returned nothing; return a Value.")
    if not isinstance(y, Value):
        raise Hint(f"Return a Value that remembers where it came from; it is a {type(y).__name__}.")
    if not np.isclose(y.data, np.exp(0.5)):
        raise Hint(f"e^0.5 is {np.exp(0.5):.4f}; data is {y.data}.")
    if not (isinstance(y.parents, tuple | list) and isinstance(y.local, tuple | list)):
        raise Hint("data is right. parents and local are tuples, of one element here: (value,) and (…,).")
    if not y.parents:
        raise Hint("data is right. Nothing leads back: parents is empty.")
    if not (len(y.parents) == len(y.local) == 1 and y.parents[0] is x):
        raise Hint("There is one parent, the argument, and one local derivative; both go in tuples: (value,), (…,).")
    y.backward()
    if not np.isclose(x.grad, np.exp(0.5)):
        raise Hint(f"The gradient that arrives is {x.grad:.4f}, expected {np.exp(0.5):.4f}: eˣ is its own derivative.")
    z = function(function(Value(0.0)))
    if not np.isclose(z.data, np.e):
        raise Hint("Right at 0.5, but exp(exp(0)) should be e: does the function use its argument?")
    return "eˣ is its own derivative, so the value computed on the way forward serves on the way back."


@checker
def softplus_op(op) -> str:
    """softplus as an operation (y, vjp)."""
    x = np.array([-3.0, -0.5, 0.0, 2.0])
    result = op(x.copy())
    if not (isinstance(result, tuple) and len(result) == 2):
        raise Hint("Return two things: the value y, and vjp, a tuple with one function.")
    y = array(result[0], (4,), "y")
    if not np.allclose(y, np.logaddexp(0, x)):
        raise Hint(f"y is wrong: softplus(0) is log 2 = 0.693, yours is {y[2]:.3f}.")
    if not (isinstance(result[1], tuple) and callable(result[1][0])):
        raise Hint("y is right. vjp should be a tuple of functions, `(lambda d: …,)`, with the comma.")
    try:
        scratch.gradcheck(lambda t: scratch.apply(op, t), scratch.Tensor(x, requires_grad=True))
    except scratch.GradcheckError as error:
        raise Hint(f"y is right, but finite differences object: {str(error).splitlines()[1].strip()}") from None
    return "The slope of softplus is the sigmoid."


@checker
def read_the_ratio(answer) -> str:
    """Which change mends a ratio of 32 in the weights and 1 in the biases?"""
    hints = {"b": "The biases are right already, with ratio 1; the change would make theirs 32 as well.",
             "c": "That mends the weights, and makes the biases, which take a mean already, 32 times too small."}
    if answer in hints:
        raise Hint(hints[answer])
    if answer != "a":
        raise Hint(f'Answer "a", "b" or "c"; it is {answer!r}.')
    return "One ratio for each array tells you in which line the factor is missing."


@checker
def largest_rate(answer) -> str:
    """The bound 2/λmax for A = [[3, 1], [1, 3]]."""
    eta = number(answer)
    known = {2 / 3: "2/3 would be right without the 1 off the diagonal. Which is the steepest direction? Try (1, 1).",
             1: "1 is 2/λmin. The steepest direction sets the limit, not the flattest.",
             0.25: "0.25 is 1/λmax: there the steepest direction is done in one step. It may go up to twice that."}
    for value, hint in known.items():
        if abs(eta - value) < 1e-3:
            raise Hint(hint)
    if abs(eta - 0.5) > 1e-3:
        raise Hint("Find the eigenvalues of A, by hand or with np.linalg.eigvalsh, and use the bound of the section.")
    return "λmax = 4, along (1, 1), so the bound is 0.5."


@checker
def three_layers(function) -> str:
    """One step of gradient descent for a 3-layer tanh network with squared error, by hand."""
    rng = np.random.default_rng(0)
    sizes, eta = [3, 5, 4, 2], 0.1
    net = scratch.MLP(sizes, "tanh").double()
    for p in net.parameters():
        scratch.init.normal_(p, std=0.7, generator=rng)
    X, Y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    before = [p.array.copy() for p in net.parameters()]
    result = function(X.copy(), Y.copy(), [p.copy() for p in before], eta)
    if result is None:
        raise Hint("Your function returned nothing; return the list of the six new parameters.")
    if not (isinstance(result, list | tuple) and len(result) == 6):
        raise Hint("Return the six new parameters, [W1, b1, W2, b2, W3, b3].")
    names = ["W1", "b1", "W2", "b2", "W3", "b3"]
    after = [array(a, p.shape, name) for a, p, name in zip(result, before, names)]
    scratch.mse_loss(net(scratch.Tensor(X)), scratch.Tensor(Y)).backward()
    for name, old, new, p in reversed(list(zip(names, before, after, net.parameters()))):
        step, right = new - old, -eta * p.grad.array
        if np.allclose(step, right, rtol=1e-8, atol=1e-12):
            continue
        if np.allclose(step, -right):
            raise Hint(f"{name} moves the wrong way: downhill is against the gradient.")
        ratio = step / right
        if np.ptp(ratio) < 1e-6 * abs(ratio.mean()):
            raise Hint(f"{name}: your step is {ratio.mean():.4g} times the right one, everywhere. The loss is the mean "
                       "over all N·K numbers.")
        raise Hint(f"{name} is wrong; what comes after it (nearer the output) is right. The largest error of its step "
                   f"is {np.abs(step - right).max():.2g}.")
    return "All six agree with dlbook.scratch."
