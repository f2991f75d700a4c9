"""Every checker of every chapter: silent about nothing, right about the right answer, helpful about wrong ones.

The right answers stand in the chapters as folded solutions; the notebooks' tests feed them to the checkers.
"""
from __future__ import annotations

import inspect

import numpy as np
import pytest

from dlbook import data, scratch
from dlbook.exercises import Hint, ch01, ch02, ch03, ch04, ch05, ch06, checker
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


class Dual:
    """The numbers of chapter 1 that carry their slope along."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope


def quotient(slope, value=None):
    """A division whose slope is ``slope(a, b)``."""
    return lambda a, b: Dual(a.value / b.value if value is None else value, slope(a, b))


def unit_vjp(x, d):
    n = np.linalg.norm(x)
    return (d - x * (d @ x) / n**2) / n


def kl_bits(p, q):
    some = p > 0
    return np.inf if (q[some] == 0).any() else (p[some] * np.log2(p[some] / q[some])).sum()


def kl_plain(p, q):
    return (p * np.log2(p / q)).sum()


def kl_clipped(p, q):
    return kl_plain(np.clip(p, 1e-9, 1), np.clip(q, 1e-9, 1))


def kl_where_both(p, q):
    both = (p > 0) & (q > 0)
    return kl_plain(p[both], q[both])


def kl_infinite_where_q_is_zero(p, q):
    return np.inf if (q == 0).any() else kl_bits(p, q)


def bce(z, t):
    return np.logaddexp(0, np.where(t == 1, -z, z)).mean()


def bce_overflows(z, t):
    return np.log(1 + np.exp(np.where(t == 1, -z, z))).mean()


def clip(gradients, longest, at_most=1, zero=1):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (min(at_most, longest / norm) if norm > 0 else zero) for g in gradients]


def share(t, warm, steps):
    return (t + 1) / warm if t < warm else (1 + np.cos(np.pi * (t - warm) / (steps - warm))) / 2


def amsgrad(p, g, s, eta, largest=True, hat=True, late=False):
    s["t"] = t = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g**2
    m_hat, v_hat = (1 - 0.9**t, 1 - 0.999**t) if hat else (1, 1)
    s["max"] = np.maximum(s.get("max", 0), s["v"] / v_hat if late else s["v"])
    v = s["max"] / (1 if late else v_hat) if largest else s["v"] / v_hat
    return p - eta * s["m"] / m_hat / (np.sqrt(v) + 1e-8)


def sign_optimizer(sign=1, bend=np.sign, keep=True):
    class Own(scratch.Optimizer):
        def __init__(self, params, lr=0.01, momentum=0.9):
            super().__init__(params, {"lr": lr, "momentum": momentum})

        def _memory(self, p, **settings):
            return {"m": np.zeros_like(p)}

        def _update(self, p, g, state, lr, momentum):
            m = state["m"] if keep else np.zeros_like(p)
            m += (1 - momentum) * (g - m)
            p -= sign * lr * bend(m)
    return Own


# checker, arguments, beginning of the verdict, a word that must be in it
def kernel_gradient(x, dy, size, s):
    windows = np.lib.stride_tricks.sliding_window_view(x, size)[::s, ::s][:dy.shape[0], :dy.shape[1]]
    return np.einsum("ij, ijuv -> uv", dy, windows)


def largest(x, k=2):
    """The largest number of each window of k × k, four times, as a window of 2 × 2."""
    h, w = x.shape
    return np.kron(x.reshape(h // k, k, w // k, k).max((1, 3)), np.ones((2, 2)))


def pool_gradient(x, dy):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dy.shape):
        u, v = divmod(int(x[2 * i:2 * i + 2, 2 * j:2 * j + 2].argmax()), 2)
        dx[2 * i + u, 2 * j + v] = dy[i, j]
    return dx


def fold(w, b, mean, var, gamma, beta, eps, power=0.5):
    a = gamma / (var + eps) ** power
    return w * a[:, None, None, None], (b - mean) * a + beta


def separable(groups=None, bias=False, size=3, times=1, last=True):
    class Separable(scratch.Module):
        def __init__(self, c, o):
            super().__init__()
            self.places = scratch.Conv2d(c, c, size, padding=size // 2, groups=groups or c, bias=bias)
            self.channels = scratch.Conv2d(c, o, 1, bias=last)

        def forward(self, x):
            for _ in range(times):
                x = self.places(x)
            return self.channels(x)

    return Separable


def swapped(rows):
    r, z, n = np.split(rows, 3)
    return np.concatenate([z, r, n])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru_step(x, h, W, U, b, b2, turned=False, reset="outside"):
    (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(W @ x + b, 3), np.split(U @ h + b2, 3)
    r, z, M = sigmoid(r_x + r_h), sigmoid(z_x + z_h), len(h)
    old = {"outside": r * n_h, "none": n_h, "inside": U[2 * M:] @ (r * h) + b2[2 * M:],
           "without bias": r * (U[2 * M:] @ h) + b2[2 * M:]}[reset]
    z = 1 - z if turned else z
    return (1 - z) * np.tanh(n_x + old) + z * h


def perplexity(p, targets):
    rows = np.flatnonzero(targets != -100)
    return np.exp(-np.log(p[rows, targets[rows]]).mean())


def draw(z, tau, u, shift=True):
    p = np.exp((z - z.max() * shift) / tau)
    return int(np.argmax(np.cumsum(p / p.sum()) > u))


def lstm_backward(a, c_old, dh, dc, through_h=1, bend=True, forget=True, slopes=True):
    i, f, g, o = np.split(a, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    tanh_c = np.tanh(f * c_old + i * g)
    dc = dc + through_h * dh * o * (1 - tanh_c**2 if bend else 1)
    da = [dc * g, dc * c_old, dc * i, dh * tanh_c]
    if slopes:
        da = [d * s for d, s in zip(da, (i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)))]
    return np.concatenate(da), dc * f if forget else dc


CASES = [
    (ch01.shapes, ([(32, 4), (32, 10), (10,), (32, 32)],), "Right", ""),
    (ch01.shapes, ([(32, 10), (32, 10), (10,), (32, 32)],), "Not yet", "the inner letters vanish"),
    (ch01.shapes, ([(32, 4), (32, 10), (32,), (32, 32)],), "Not yet", "axis 0 is the one that disappears"),
    (ch01.shapes, ([(32, 4), (32, 10), (10,), (32, 1)],), "Not yet", "1 against 32, then 32 against nothing"),
    (ch01.shapes, ([(32, 4), (32, 1), (10,), (32, 32)],), "Not yet", "X - m has not shape (32, 1)"),
    (ch01.shapes, ((32, 4),), "Not yet", "Give a list of four tuples"),
    (ch01.blind_direction, ([1, -1, 0, 273],), "Right", ""),
    (ch01.blind_direction, ([-0.001, 0.001, 0, -0.273],), "Right", ""),
    (ch01.blind_direction, ([0, 0, 0, 0],), "Not yet", "no direction"),
    (ch01.blind_direction, ([1, -1, 0, 0],), "Not yet", "by the same amount, -273."),
    (ch01.blind_direction, ([1, -1, 1, 273],), "Not yet", "leave its weight alone"),
    (ch01.blind_direction, ([1, 1, 0, -273],), "Not yet", "see what stands before c"),
    (ch01.blind_direction, ([1, -1, 273],), "Not yet", "should have shape (4,)"),
    (ch01.unit_vjp, (unit_vjp,), "Right", ""),
    (ch01.unit_vjp, (lambda x, d: d / np.linalg.norm(x),), "Not yet", "treats the length as a constant"),
    (ch01.unit_vjp, (lambda x, d: unit_vjp(x, d) * np.linalg.norm(x),), "Not yet", "the size is not"),
    (ch01.unit_vjp, (lambda x, d: x / np.linalg.norm(x),), "Not yet", "That is y itself"),
    (ch01.unit_vjp, (lambda x, d: unit_vjp(x, d) + (d[0] == 3 * x[0]),), "Not yet", "Right for one d"),
    (ch01.unit_vjp, (lambda x, d: d,), "Not yet", "Finite differences give ["),
    (ch01.unit_vjp, (lambda x, d: None,), "Not yet", "returned nothing"),
    (ch01.dual_divide, (quotient(lambda a, b: (a.slope - a.value / b.value * b.slope) / b.value), Dual), "Right", ""),
    (ch01.dual_divide, (quotient(lambda a, b: a.slope * b.value), Dual), "Not yet", "wrong for another"),
    (ch01.dual_divide, (quotient(lambda a, b: -b.slope), Dual), "Not yet", "wrong for another"),
    (ch01.dual_divide, (quotient(lambda a, b: a.slope / b.slope), Dual), "Not yet", "the quotient of the slopes"),
    (ch01.dual_divide, (quotient(lambda a, b: a.slope / b.value), Dual), "Not yet", "if b stood still"),
    (ch01.dual_divide, (quotient(lambda a, b: 4.0), Dual), "Not yet", "Divide it by b²"),
    (ch01.dual_divide, (quotient(lambda a, b: -1.0), Dual), "Not yet", "The sign is turned"),
    (ch01.dual_divide, (quotient(lambda a, b: 7.0), Dual), "Not yet", "yours is 7"),
    (ch01.dual_divide, (quotient(lambda a, b: 1.0, value=6.0), Dual), "Not yet", "The value of 3 / 2 is 1.5"),
    (ch01.dual_divide, (lambda a, b: 1.5, Dual), "Not yet", "Return a Dual, a value and a slope"),
    (ch01.dual_divide, (lambda a, b: None, Dual), "Not yet", "returned nothing"),
    (ch01.second_test, (0.3,), "Not yet", "Of 10,000 people"),
    (ch01.second_test, (0.0081 / (0.0081 + 0.008019),), "Right", ""),
    (ch01.second_test, (0.0917,), "Not yet", "after one test"),
    (ch01.second_test, (0.99,), "Not yet", "The prior is missing"),
    (ch01.second_test, (0.9,), "Not yet", "Turn the question around"),
    (ch01.second_test, (0.0081,), "Not yet", "Divide by all"),
    (ch01.second_test, (50.2,), "Not yet", "between 0 and 1"),
    (ch01.lamp_rate, (lambda x: 1 / x.mean(),), "Right", ""),
    (ch01.lamp_rate, (lambda x: x.mean(),), "Not yet", "That is the mean time"),
    (ch01.lamp_rate, (lambda x: 1 / np.median(x),), "Not yet", "uses the median"),
    (ch01.lamp_rate, (lambda x: x.sum(),), "Not yet", "a longer list"),
    (ch01.lamp_rate, (lambda x: 1 / x.sum(),), "Not yet", "once for each lamp"),
    (ch01.lamp_rate, (lambda x: 1.0,), "Not yet", "you give 1.000"),
    (ch01.lamp_rate, (lambda x: None,), "Not yet", "returned nothing"),
    (ch01.divergence, (kl_bits,), "Right", ""),
    (ch01.divergence, (lambda p, q: kl_bits(q, p),), "Not yet", "That is KL(q‖p)"),
    (ch01.divergence, (lambda p, q: kl_bits(p, q) * np.log(2),), "Not yet", "That is in nats"),
    (ch01.divergence, (lambda p, q: -(p * np.log2(q)).sum(),), "Not yet", "Take away the entropy"),
    (ch01.divergence, (lambda p, q: -kl_bits(p, q),), "Not yet", "p stands above q"),
    (ch01.divergence, (lambda p, q: 0.0,), "Not yet", "yours is 0.0000"),
    (ch01.divergence, (kl_plain,), "Not yet", "with them NumPy warns"),
    (ch01.divergence, (kl_clipped,), "Not yet", "has no bound"),
    (ch01.divergence, (kl_where_both,), "Not yet", "has no bound; you give"),
    (ch01.divergence, (kl_infinite_where_q_is_zero,), "Not yet", "both 0, nothing is lost"),
    (ch01.divergence, (lambda p, q: kl_bits(p, q) + (p == 0).sum(),), "Not yet", "cost nothing"),
    (ch01.divergence, (lambda p, q: None,), "Not yet", "returned nothing"),
    (ch01.binary_loss, (bce,), "Right", ""),
    (ch01.binary_loss, (bce_overflows,), "Not yet", "z = 1000 with t = 0 gives inf, expected 1000"),
    (ch01.binary_loss, (lambda z, t: bce(-z, t),), "Not yet", "The two classes are exchanged"),
    (ch01.binary_loss, (lambda z, t: bce(z, t) * len(z),), "Not yet", "take the mean"),
    (ch01.binary_loss, (lambda z, t: np.clip(bce_overflows(z, t), 0, 88),), "Not yet", "gives 88, expected 1000"),
    (ch01.binary_loss, (lambda z, t: np.nan_to_num(bce_overflows(z, t), posinf=1000),), "Not yet", "expected 300"),
    (ch01.binary_loss, (lambda z, t: 0.5,), "Not yet", "yours is 0.5"),
    (ch01.binary_loss, (lambda z, t: None,), "Not yet", "returned nothing"),
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
    (ch04.two_steps, (0.9, 0.72), "Right", ""),
    (ch04.two_steps, (0.9, 0.81), "Not yet", "plain gradient descent"),
    (ch04.two_steps, (0.9, 0.71), "Not yet", "taken at w₁"),
    (ch04.two_steps, (0.9, 0.729), "Not yet", "the new gradient is w₁"),
    (ch04.two_steps, (0.9, 0.5), "Not yet", "w₂ = 0.5 is not right"),
    (ch04.two_steps, (0.81, 0.72), "Not yet", "w₁ = 0.81 is not right"),
    (ch04.best_rates, (80 / 82, 0.8), "Right", ""),
    (ch04.best_rates, (0.8, 80 / 82), "Not yet", "each other's place"),
    (ch04.best_rates, (161 / 163, 0.8), "Not yet", "162 / 2 = 81"),
    (ch04.best_rates, (1.2, 0.8), "Not yet", "not below 1"),
    (ch04.best_rates, (80 / 82, 0.9), "Not yet", "κ = 81"),
    (ch04.first_step, (0.01,), "Right", ""),
    (ch04.first_step, (0.001,), "Not yet", "first step of Adam"),
    (ch04.first_step, (0.1,), "Not yet", "a root"),
    (ch04.first_step, (0.0001,), "Not yet", "stands below"),
    (ch04.first_step, (3,), "Not yet", "s₁ = 0.99"),
    (ch04.clip, (clip,), "Right", ""),
    (ch04.clip, (lambda gs, c: [clip([g], c)[0] for g in gs],), "Not yet", "by its own norm"),
    (ch04.clip, (lambda gs, c: [np.clip(g, -c, c) for g in gs],), "Not yet", "You limited each element"),
    (ch04.clip, (lambda gs, c: [g / 3 for g in gs],), "Not yet", "should become a quarter"),
    (ch04.clip, (lambda gs, c: clip(gs, c, at_most=99),), "Not yet", "short enough should stay"),
    (ch04.clip, (lambda gs, c: clip(gs, c, zero=np.nan),), "Not yet", "What do you divide by"),
    (ch04.clip, (lambda gs, c: [np.divide(g, 2, out=g) for g in gs],), "Not yet", "were changed"),
    (ch04.clip, (lambda gs, c: None,), "Not yet", "one array for each"),
    (ch04.schedule, (share,), "Right", ""),
    (ch04.schedule, (lambda t, w, n: t / w if t < w else share(t, w, n),), "Not yet", "a wasted step"),
    (ch04.schedule, (lambda t, w, n: 1 if t < w else share(t, w, n),), "Not yet", "(t + 1) / warm"),
    (ch04.schedule, (lambda t, w, n: share(t, w, n) if t < w else share(t, 0, n),), "Not yet", "counted from warm"),
    (ch04.schedule, (lambda t, w, n: share(t, w, n) if t < w else 1 - (t - w) / (n - w),), "Not yet", "Half a wave"),
    (ch04.floor, (0.01,), "Right", ""),
    (ch04.floor, (0.16,), "Not yet", "pull the same way"),
    (ch04.floor, (0.04,), "Not yet", "the half rate alone"),
    (ch04.floor, (0.02,), "Not yet", "the larger batch alone"),
    (ch04.floor, (0.005,), "Not yet", "You squared the rate"),
    (ch04.floor, (0.64,), "Not yet", "The other way around"),
    (ch04.floor, (7,), "Not yet", "proportional to η/B"),
    (ch04.amsgrad, (amsgrad,), "Right", ""),
    (ch04.amsgrad, (lambda *a: amsgrad(*a, largest=False),), "Not yet", "this is Adam itself"),
    (ch04.amsgrad, (lambda *a: amsgrad(*a, hat=False),), "Not yet", "hats included"),
    (ch04.amsgrad, (lambda *a: amsgrad(*a, late=True),), "Not yet", "the hat comes after"),
    (ch04.amsgrad, (lambda p, g, s, eta: np.subtract(p, eta * g, out=p),), "Not yet", "as they are"),
    (ch04.amsgrad, (lambda *a: None,), "Not yet", "returned nothing"),
    (ch04.own_optimizer, (sign_optimizer(),), "Right", ""),
    (ch04.own_optimizer, (sign_optimizer(sign=-1),), "Not yet", "uphill"),
    (ch04.own_optimizer, (sign_optimizer(bend=lambda m: m),), "Not yet", "exactly η"),
    (ch04.own_optimizer, (sign_optimizer(keep=False),), "Not yet", "must stay in the memory"),
    (ch04.own_optimizer, (sign_optimizer(sign=0),), "Not yet", "in place"),
    (ch04.own_optimizer, (7,), "Not yet", "the class itself"),
    (ch05.layer_size, (16, 1216), "Right", ""),
    (ch05.layer_size, (14, 1216), "Not yet", "without the padding"),
    (ch05.layer_size, (15, 1216), "Not yet", "for the first place"),
    (ch05.layer_size, (7, 1216), "Not yet", "The height is not 7"),
    (ch05.layer_size, (16, 1200), "Not yet", "has a bias"),
    (ch05.layer_size, (16, 416), "Not yet", "all three channels"),
    (ch05.layer_size, (16, 5), "Not yet", "not 5 parameters"),
    (ch05.by_hand, ([[4, 2], [2, 7]],), "Right", ""),
    (ch05.by_hand, ([[3, 1], [1, 6]],), "Not yet", "add the bias"),
    (ch05.by_hand, (np.zeros((3, 3)),), "Not yet", "stride 1"),
    (ch05.by_hand, ([[4, 2], [2, 8]],), "Not yet", "Row 1, column 1 is 8"),
    (ch05.by_hand, ([[4, 4], [4, 3]],), "Not yet", "turned the kernel around"),
    (ch05.field, (17,), "Right", ""),
    (ch05.field, (11,), "Not yet", "without the stride"),
    (ch05.field, (13,), "Not yet", "dilation is missing"),
    (ch05.field, (3,), "Not yet", "It is not 3"),
    (ch05.slope_kernel, (np.array([[-1, 0, 1]] * 3) / 6,), "Right", ""),
    (ch05.slope_kernel, (np.array([[1, 0, -1]] * 3) / 6,), "Not yet", "slope to the left"),
    (ch05.slope_kernel, (np.array([[-1, 0, 1]] * 3),), "Not yet", "it answers 6"),
    (ch05.slope_kernel, ([[0, 0, 0], [-0.5, 0, 0.5], [0, 0, 0]],), "Not yet", "Spread the weights"),
    (ch05.slope_kernel, (np.ones((3, 3)),), "Not yet", "add up to 0"),
    (ch05.slope_kernel, (np.array([[-1, 0, 1]] * 3).T / 6,), "Not yet", "rises downward"),
    (ch05.kernel_gradient, (kernel_gradient,), "Right", ""),
    (ch05.kernel_gradient, (lambda *a: kernel_gradient(*a)[::-1, ::-1],), "Not yet", "turned around"),
    (ch05.kernel_gradient, (lambda x, dy, *a: kernel_gradient(x, dy, *a) / dy.size,), "Not yet", "their mean"),
    (ch05.kernel_gradient, (lambda *a: kernel_gradient(*a[:3], 1),), "Not yet", "at stride 1 it is right"),
    (ch05.kernel_gradient, (lambda *a: -kernel_gradient(*a),), "Not yet", "dw[u, v] is the sum"),
    (ch05.kernel_gradient, (lambda *a: None,), "Not yet", "returned nothing"),
    (ch05.pool_gradient, (pool_gradient,), "Right", ""),
    (ch05.pool_gradient, (lambda x, dy: largest(dy, 1) / 4,), "Not yet", "gradient of the mean"),
    (ch05.pool_gradient, (lambda x, dy: largest(dy, 1) * (x == largest(x)),), "Not yet", "only the first"),
    (ch05.pool_gradient, (lambda x, dy: pool_gradient(np.maximum(x, 0), dy),), "Not yet", "negative ones"),
    (ch05.pool_gradient, (lambda x, dy: -pool_gradient(x, dy),), "Not yet", "all others 0"),
    (ch05.pool_gradient, (lambda x, dy: np.pad(pool_gradient(x[:2], dy[:1]), ((0, len(x) - 2), (0, 0))),), "Not yet",
     "4 × 6"),
    (ch05.fold, (fold,), "Right", ""),
    (ch05.fold, (lambda *a: fold(*a[:-1], 0.0),), "Not yet", "ε under the root"),
    (ch05.fold, (lambda *a: fold(*a, power=1.0),), "Not yet", "the root of the variance"),
    (ch05.fold, (lambda w, b, *a: fold(w, 0 * b, *a),), "Not yet", "normalized as well"),
    (ch05.fold, (lambda w, b, *a: (fold(w, b, *a)[0], fold(w, 0 * b, *a)[1] + b),), "Not yet", "b is multiplied"),
    (ch05.fold, (lambda w, b, *a: (fold(w, b, *a)[0], b),), "Not yet", "that is b everywhere"),
    (ch05.fold, (lambda w, b, *a: (w, b),), "Not yet", "The weight is not right"),
    (ch05.fold, (lambda w, b, *a: (np.add(w, 1, out=w), b),), "Not yet", "were changed"),
    (ch05.fold, (lambda *a: 0,), "Not yet", "two arrays"),
    (ch05.separable, (separable(),), "Right", ""),
    (ch05.separable, (separable(groups=1),), "Not yet", "parameters, expected 89"),
    (ch05.separable, (separable(bias=True),), "Not yet", "should have no bias"),
    (ch05.separable, (separable(bias=True, last=False),), "Not yet", "the second one should"),
    (ch05.separable, (separable(size=1),), "Not yet", "A layer is found"),
    (ch05.separable, (separable(times=0),), "Not yet", "both steps"),
    (ch05.separable, (separable(times=2),), "Not yet", "that are not its neighbors"),
    (ch05.separable, (7,), "Not yet", "the class itself"),
    (ch06.parameters, (15_744, 11_808), "Right", ""),
    (ch06.parameters, (11_808, 15_744), "Not yet", "each other's place"),
    (ch06.parameters, (3936, 11_808), "Not yet", "one block of rows"),
    (ch06.parameters, (15_552, 11_664), "Not yet", "two bias vectors"),
    (ch06.parameters, (15_744, 7872), "Not yet", "the candidate n"),
    (ch06.parameters, (11_808, 11_808), "Not yet", "the candidate g"),
    (ch06.parameters, (7, 11_808), "Not yet", "4 blocks of 48 rows"),
    (ch06.through_time, (5,), "Right", ""),
    (ch06.through_time, (3,), "Not yet", "last use of w alone"),
    (ch06.through_time, (2,), "Not yet", "at step 2 alone"),
    (ch06.through_time, (7,), "Not yet", "the loss"),
    (ch06.through_time, (4,), "Not yet", "at every step"),
    (ch06.through_time, (1,), "Not yet", "δ₃ h₂ + δ₂ h₁"),
    (ch06.forget_bias, (4.968,), "Right", ""),
    (ch06.forget_bias, (-4.968,), "Not yet", "The sign"),
    (ch06.forget_bias, (np.log(100),), "Not yet", "A little more"),
    (ch06.forget_bias, (np.log(99),), "Not yet", "1/e"),
    (ch06.forget_bias, (0.5**0.01,), "Not yet", "That is the gate"),
    (ch06.forget_bias, (0,), "Not yet", "after one step"),
    (ch06.forget_bias, (2,), "Not yet", "left after 100 steps"),
    (ch06.last_states, (lambda h, n: h[np.arange(len(h)), n - 1],), "Right", ""),
    (ch06.last_states, (lambda h, n: h[:, -1],), "Not yet", "it is a pad"),
    (ch06.last_states, (lambda h, n: h[:, n - 1],), "Not yet", "Give the rows"),
    (ch06.last_states, (lambda h, n: h[np.arange(len(h)), n % 6],), "Not yet", "One too far"),
    (ch06.last_states, (lambda h, n: h[:, 0],), "Not yet", "the places are (2, 5, 0, 4)"),
    (ch06.last_states, (lambda h, n: None,), "Not yet", "returned nothing"),
    (ch06.gru_step, (gru_step,), "Right", ""),
    (ch06.gru_step, (lambda *a: gru_step(*a, turned=True),), "Not yet", "with z = 1 the old state stays"),
    (ch06.gru_step, (lambda x, h, *a: gru_step(x, h, *map(swapped, a)),), "Not yet", "in the order r, z, n"),
    (ch06.gru_step, (lambda *a: gru_step(*a, reset="none"),), "Not yet", "reset gate is missing"),
    (ch06.gru_step, (lambda *a: gru_step(*a, reset="inside"),), "Not yet", "before the matrix"),
    (ch06.gru_step, (lambda *a: gru_step(*a, reset="without bias"),), "Not yet", "the bias included"),
    (ch06.gru_step, (lambda x, h, *a: h,), "Not yet", "The first unit should get"),
    (ch06.perplexity, (perplexity,), "Right", ""),
    (ch06.perplexity, (lambda p, t: 1 / p[[0, 1], t[:2]].mean(),), "Not yet", "One over the mean"),
    (ch06.perplexity, (lambda p, t: (1 / p[[0, 1], t[:2]]).mean(),), "Not yet", "The mean of 2 and 8"),
    (ch06.perplexity, (lambda p, t: np.log2(perplexity(p, t)),), "Not yet", "In bits"),
    (ch06.perplexity, (lambda p, t: np.log(perplexity(p, t)),), "Not yet", "cross-entropy"),
    (ch06.perplexity, (lambda p, t: 1 / perplexity(p, t),), "Not yet", "mind the minus"),
    (ch06.perplexity, (lambda p, t: perplexity(p, np.maximum(t, 0)),), "Not yet", "Leave out the steps"),
    (ch06.perplexity, (lambda p, t: perplexity(p, t) ** (2 / 3),), "Not yet", "divide by three"),
    (ch06.perplexity, (lambda p, t: p[range(3), t].mean(),), "Not yet", "stopped with IndexError"),
    (ch06.perplexity, (lambda p, t: 9,), "Not yet", "it should be 4"),
    (ch06.perplexity, (lambda p, t: perplexity(p[:-1], t[:-1]),), "Not yet", "in the middle"),
    (ch06.perplexity, (lambda p, t: perplexity(*((a[:-1] for a in (p, t)) if min(t) >= 0 else (p, t))),), "Not yet",
     "Without any padded step"),
    (ch06.perplexity, (lambda p, t: np.prod(p[np.flatnonzero(t >= 0), t[t >= 0]]) ** (-1 / (t >= 0).sum()),), "Not yet",
     "Add logarithms"),
    (ch06.draw, (draw,), "Right", ""),
    (ch06.draw, (lambda z, tau, u: draw(z, 1.0, u),), "Not yet", "right for 1 alone"),
    (ch06.draw, (lambda z, tau, u: draw(z, 1 / tau, u),), "Not yet", "Divide by the temperature"),
    (ch06.draw, (lambda z, tau, u: z.argmax(),), "Not yet", "whatever u is"),
    (ch06.draw, (lambda z, tau, u: draw(z, tau, 1 - u),), "Not yet", "Softmax of z / tau"),
    (ch06.draw, (lambda z, tau, u: draw(z, tau, u, shift=False),), "Not yet", "Subtract the largest"),
    (ch06.draw, (lambda z, tau, u: draw(z / tau - z.max(), 1, u, shift=False),), "Not yet", "divide by tau after that"),
    (ch06.lstm_backward, (lstm_backward,), "Right", ""),
    (ch06.lstm_backward, (lambda a, c, dh, dc: lstm_backward(a, c, dh, 0 * dc),), "Not yet", "Yours leaves out dc"),
    (ch06.lstm_backward, (lambda *a: lstm_backward(*a, through_h=0),), "Not yet", "leaves out the way through h_t"),
    (ch06.lstm_backward, (lambda *a: lstm_backward(*a, bend=False),), "Not yet", "lies a tanh"),
    (ch06.lstm_backward, (lambda *a: lstm_backward(*a, forget=False),), "Not yet", "c_old was multiplied by f"),
    (ch06.lstm_backward, (lambda *a: lstm_backward(*a, slopes=False),), "Not yet", "block of i lacks the slope"),
    (ch06.lstm_backward, (lambda *a: (np.zeros(12), lstm_backward(*a)[1]),), "Not yet", "block of i is not right"),
    (ch06.lstm_backward, (lambda *a: (np.zeros(12), np.zeros(3)),), "Not yet", "then times f"),
    (ch06.lstm_backward, (lambda a, *b: lstm_backward(a[[*range(6), *range(9, 12), *range(6, 9)]], *b),), "Not yet",
     "in the order i, f, g, o"),
    (ch06.lstm_backward, (lambda *a: 0,), "Not yet", "Return two arrays"),
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


@pytest.mark.parametrize("check", [*checkers(ch01), *checkers(ch02), *checkers(ch03), *checkers(ch04), *checkers(ch05),
                                   *checkers(ch06)],
                         ids=lambda f: f.__name__)
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
