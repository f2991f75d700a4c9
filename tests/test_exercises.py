"""Every checker of every chapter: silent about nothing, right about the right answer, helpful about wrong ones.

The right answers stand in the chapters as folded solutions; the notebooks' tests feed them to the checkers.
"""
from __future__ import annotations

import inspect

import numpy as np
import pytest

from dlbook import data, scratch
from dlbook.exercises import Hint, ch02, ch03, checker
from dlbook.train import train

GOOD_W1, GOOD_B1, GOOD_W2 = [[1, 1], [1, 1]], [0, -1], [1, -2]


def stable(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def naive(z):
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


def leaky(x, a):
    slope = np.where(x > 0, 1, a)
    return x * slope, (lambda d: d * slope,)


def collapsed(layers, order=(2, 1, 0), bias=True):
    (W1, b1), (W2, b2), (W3, b3) = layers
    return W3 @ W2 @ W1, W3 @ (W2 @ b1 + b2) + b3 if bias else b3


def spiral_network(sizes, epochs):
    d = data.split(data.spirals(600, 0.02, generator=np.random.default_rng(0)))
    net = scratch.MLP(sizes, "relu", generator=np.random.default_rng(0))
    for parameter in net.parameters():
        if parameter.ndim == 2:
            scratch.init.kaiming_normal_(parameter, nonlinearity="relu", generator=np.random.default_rng(0))
    optimizer = scratch.SGD(net.parameters(), lr=0.1, momentum=0.9)
    list(train(net, scratch.cross_entropy, optimizer, d.train, epochs=epochs, generator=np.random.default_rng(0)))
    return net


class Value:
    """The scalar engine of chapter 3."""

    def __init__(self, data, parents=(), local=()):
        self.data, self.grad, self.parents, self.local = data, 0.0, parents, local

    def backward(self, grad=1.0):
        self.grad += grad
        for parent, local in zip(self.parents, self.local):
            parent.backward(grad * local)


def exp(v):
    return Value(np.exp(v.data), (v,), (np.exp(v.data),))


def softplus(x, slope=lambda x: 1 / (1 + np.exp(-x))):
    return np.logaddexp(0, x), (lambda d: d * slope(x),)


def three_layers(X, Y, parameters, eta, factor=2.0, sign=1.0, wrong=None):
    W1, b1, W2, b2, W3, b3 = parameters
    H1 = np.tanh(X @ W1.T + b1)
    H2 = np.tanh(H1 @ W2.T + b2)
    D3 = factor / Y.size * (H2 @ W3.T + b3 - Y)
    D2 = (D3 @ W3) * (1 - H2**2)
    D1 = (D2 @ W2) * (1 - (H2 @ W2 if wrong else H1) ** 2)
    gradients = (D1.T @ X, D1.sum(0), D2.T @ H1, D2.sum(0), D3.T @ H2, D3.sum(0))
    return [p - sign * eta * g for p, g in zip(parameters, gradients)]


# checker, arguments, beginning of the verdict, a word that must be in it
CASES = [
    (ch02.parameters, (266_610,), "Right", ""),
    (ch02.parameters, (266_200,), "Not yet", "Which numbers are missing"),
    (ch02.parameters, (1194,), "Not yet", "one number for each unit"),
    (ch02.parameters, (410,), "Not yet", "Those are the biases"),
    (ch02.parameters, (267_384,), "Not yet", "Inputs have no bias"),
    (ch02.parameters, (7,), "Not yet", "a·b weights and b biases"),
    (ch02.parameters, ("many",), "Not yet", "should be a number; it is 'many'"),
    (ch02.parameters, (float("nan"),), "Not yet", "finite"),
    (ch02.and_neuron, ([1, 1], -1.5), "Right", ""),
    (ch02.and_neuron, ([1, 1], -0.5), "Not yet", "For (0, 1) it fires; the sum there is 0.5"),
    (ch02.and_neuron, ([1, 1], -2), "Not yet", "never fires"),
    (ch02.and_neuron, ([1, 0], -0.5), "Not yet", "For (1, 0) it fires"),
    (ch02.and_neuron, ([1, 1, 1], 0), "Not yet", "w should have shape (2,); it has shape (3,)"),
    (ch02.softmax, (stable,), "Right", ""),
    (ch02.softmax, (lambda z: naive(z - z.max()),), "Not yet", "from the row itself"),
    (ch02.softmax, (lambda z: naive(z - z.mean(1, keepdims=True)),), "Not yet", "large enough for every row"),
    (ch02.softmax, (naive,), "Not yet", "[1000, 999, 0] gives nan"),
    (ch02.softmax, (lambda z: np.exp(z) / np.exp(z).sum(),), "Not yet", "sum over axis 1"),
    (ch02.softmax, (lambda z: z,), "Not yet", "expected ["),
    (ch02.softmax, (lambda z: ...,), "Not yet", "returned nothing"),
    (ch02.softmax, (lambda z: z[5],), "Not yet", "Your answer stopped with IndexError"),
    (ch02.softmax, (lambda z: np.clip(naive(np.clip(z, -500, 500)), 0, 1),), "Not yet", "expected [0.731"),
    (ch02.xor_by_hand, ([[1, -1], [-1, 1]], [0, 0], [1, 1], 0), "Right", ""),
    (ch02.xor_by_hand, (GOOD_W1, GOOD_B1, GOOD_W2, 0), "Not yet", "with the two units of the text"),
    (ch02.xor_by_hand, ([[2, 2], [3, 3]], [-2, 0], [-1, 1 / 3], 0), "Not yet", "swapped or scaled"),
    (ch02.xor_by_hand, ([[1, 1], [1, 1]], [0, 0], [1, -2], 0), "Not yet", "land on one line"),
    (ch02.xor_by_hand, (GOOD_W1, GOOD_B1, [1, -1], 0), "Not yet", "For (1, 1) the hidden units give [2.0, 1.0]"),
    (ch02.collapse, (collapsed,), "Right", ""),
    (ch02.collapse, (lambda layers: list(collapsed(layers)),), "Right", ""),
    (ch02.collapse, (lambda layers: collapsed(layers, bias=False),), "Not yet", "passes through all later weights"),
    (ch02.collapse, (lambda layers: (collapsed(layers)[0] * 2, collapsed(layers)[1]),), "Not yet", "W₃ W₂ W₁"),
    (ch02.collapse, (lambda layers: (collapsed(layers)[0], collapsed(layers)[1] + 1),), "Not yet", "put x = 0"),
    (ch02.collapse, (lambda layers: None,), "Not yet", "Return two things"),
    (ch02.leaky_relu, (leaky,), "Right", ""),
    (ch02.leaky_relu, (lambda x, a: (leaky(x, a)[0], (lambda d: d,)),), "Not yet", "finite differences object"),
    (ch02.leaky_relu, (lambda x, a: (np.maximum(x, 0), (lambda d: d,)),), "Not yet", "the value should be"),
    (ch02.leaky_relu, (lambda x, a: (leaky(x, a)[0], lambda d: d),), "Not yet", "with the comma"),
    (ch02.leaky_relu, (lambda x, a: ...,), "Not yet", "Return two things"),
    (ch02.leaky_relu, (lambda x, a: (leaky(x, a)[0], ()),), "Not yet", "with the comma"),
    (ch02.leaky_relu, (lambda x, a: leaky(x, 0.1),), "Not yet", "use the argument a"),
    (ch02.keeps_its_scale, ((2 / 256) ** 0.5,), "Right", ""),
    (ch02.keeps_its_scale, (1 / 16,), "Not yet", "too small"),
    (ch02.keeps_its_scale, (1,), "Not yet", "too large"),
    (ch02.keeps_its_scale, (2 / 256,), "Not yet", "its root"),
    (ch02.spirals, (spiral_network([2, 64, 64, 2], 200),), "Right", ""),
    (ch02.spirals, (spiral_network([2, 64, 64, 2], 1),), "Not yet", "a coin does almost"),
    (ch02.spirals, (spiral_network([2, 8, 8, 2], 60),), "Not yet", "many bends"),
    (ch02.spirals, (scratch.MLP([2, 3]),), "Not yet", "it gives shape (1000, 3)"),
    (ch02.spirals, (3,), "Not yet", "it is a int"),
    (ch03.small_graph, (4, 6, -2), "Right", ""),
    (ch03.small_graph, (4, 6, 2), "Not yet", "∂L/∂y has the right size and the wrong sign"),
    (ch03.small_graph, (2, 6, -2), "Not yet", "half of what it should be"),
    (ch03.small_graph, (4, 5, -2), "Not yet", "∂L/∂x = 5 is not right"),
    (ch03.shapes, ({"dX": (32, 10), "dW": (4, 10), "db": (4,)},), "Right", ""),
    (ch03.shapes, ({"dX": (32, 10), "dW": (10, 4), "db": (4,)},), "Not yet", "one row for each unit"),
    (ch03.shapes, ({"dX": (32, 10), "dW": (4, 10), "db": (32, 4)},), "Not yet", "add up over them"),
    (ch03.shapes, ({"dX": (10,), "dW": (4, 10), "db": (4,)},), "Not yet", "dX: a gradient always has"),
    (ch03.shapes, ((32, 10),), "Not yet", "Give a dict"),
    (ch03.shapes, ({"dX": (32, 10), "dW": (4, 10), "db": 4},), "Not yet", "db: a shape is a tuple"),
    (ch03.exp_node, (lambda x: Value(np.exp(x.data), x, np.exp(x.data)), Value), "Not yet", "are tuples"),
    (ch03.linear_backward, (lambda dZ, X, W: (dZ @ W, dZ.T @ X, dZ.sum(0)),), "Right", ""),
    (ch03.linear_backward, (lambda dZ, X, W: (dZ @ W, dZ.T @ X, dZ.mean(0)),), "Not yet", "db is a mean"),
    (ch03.linear_backward, (lambda dZ, X, W: (dZ @ W, X.T @ dZ, dZ.sum(0)),), "Not yet", "dW should have shape (4, 3)"),
    (ch03.linear_backward, (lambda dZ, X, W: (dZ @ W, 2 * dZ.T @ X, dZ.sum(0)),), "Not yet", "dW has the right shape"),
    (ch03.linear_backward, (lambda dZ, X, W: None,), "Not yet", "Return three arrays"),
    (ch03.exp_node, (exp, Value), "Right", ""),
    (ch03.exp_node, (lambda v: Value(np.exp(v.data), (v,), (1.0,)), Value), "Not yet", "its own derivative"),
    (ch03.exp_node, (lambda v: Value(np.exp(v.data)), Value), "Not yet", "Nothing leads back"),
    (ch03.exp_node, (lambda v: Value(v.data), Value), "Not yet", "e^0.5 is 1.6487"),
    (ch03.exp_node, (lambda v: np.exp(v.data), Value), "Not yet", "Return a Value that remembers"),
    (ch03.exp_node, (lambda v: Value(np.exp(0.5), (v,), (np.exp(0.5),)), Value), "Not yet", "does the function use"),
    (ch03.exp_node, (lambda v: Value(np.exp(v.data), (Value(1.0),), (1.0,)), Value), "Not yet", "one parent"),
    (ch03.exp_node, (lambda v: None, Value), "Not yet", "returned nothing"),
    (ch03.softplus_op, (softplus,), "Right", ""),
    (ch03.softplus_op, (lambda x: softplus(x, np.tanh),), "Not yet", "finite differences object"),
    (ch03.softplus_op, (lambda x: (np.exp(x), ()),), "Not yet", "softplus(0) is log 2"),
    (ch03.softplus_op, (lambda x: (softplus(x)[0], lambda d: d),), "Not yet", "with the comma"),
    (ch03.softplus_op, (lambda x: ...,), "Not yet", "Return two things"),
    (ch03.read_the_ratio, ("a",), "Right", ""),
    (ch03.read_the_ratio, ("b",), "Not yet", "right already"),
    (ch03.read_the_ratio, ("c",), "Not yet", "32 times too small"),
    (ch03.read_the_ratio, ("d",), "Not yet", 'Answer "a", "b" or "c"'),
    (ch03.largest_rate, (0.5,), "Right", ""),
    (ch03.largest_rate, (2 / 3,), "Not yet", "Try (1, 1)"),
    (ch03.largest_rate, (1,), "Not yet", "2/λmin"),
    (ch03.largest_rate, (0.25,), "Not yet", "1/λmax"),
    (ch03.largest_rate, (5,), "Not yet", "eigenvalues"),
    (ch03.three_layers, (three_layers,), "Right", ""),
    (ch03.three_layers, (lambda *a: three_layers(*a, factor=1.0),), "Not yet", "0.5 times the right one, everywhere"),
    (ch03.three_layers, (lambda *a: three_layers(*a, sign=-1.0),), "Not yet", "b3 moves the wrong way"),
    (ch03.three_layers, (lambda *a: three_layers(*a, wrong=True),), "Not yet", "b1 is wrong; what comes after"),
    (ch03.three_layers, (lambda X, Y, p, eta: p[:4],), "Not yet", "six new parameters"),
    (ch03.three_layers, (lambda *a: None,), "Not yet", "returned nothing"),
]


@pytest.mark.parametrize("check, arguments, verdict, words", CASES,
                         ids=[f"{c.__module__[-4:]}.{c.__name__}-{v}-{w[:20]}" for c, _, v, w in CASES])
def test_verdict(check, arguments, verdict, words, capsys):
    assert check(*arguments) is None
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 76
    said = " ".join(said.split())
    assert said.startswith(verdict) and words in said


def checkers(module):
    return [f for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__]


@pytest.mark.parametrize("check", [*checkers(ch02), *checkers(ch03)], ids=lambda f: f.__name__)
def test_each_has_a_right_and_a_wrong_answer_and_waits_for_one(check, capsys):
    assert {v for c, _, v, _ in CASES if c is check} == {"Right", "Not yet"}
    for blank in (None, ...):
        check(*[blank] * len(inspect.signature(check).parameters))
        assert capsys.readouterr().out == "Not answered yet.\n"


def test_a_checker_never_raises(capsys):
    @checker
    def broken(answer):
        raise Hint("look again") if answer else ZeroDivisionError("x")

    broken(1)
    broken(0)
    assert capsys.readouterr().out == "Not yet. look again\nNot yet. Your answer stopped with ZeroDivisionError: x\n"
