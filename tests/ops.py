"""One helper that tests one operation completely, and the table of operations it is run on."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from dlbook import scratch
from dlbook.scratch import Tensor


@dataclass
class Op:
    """``ours(*tensors)`` and ``theirs(*tensors)``, and how to draw their inputs.

    ``shapes(n, k)`` gives the shapes of the inputs for two sizes; ``draw`` their values (default: normal).
    """

    name: str
    ours: Callable
    theirs: Callable
    shapes: Callable = field(default=lambda n, k: [(n, k)])
    draw: Callable = field(default=lambda rng, shape: rng.standard_normal(shape))

    def inputs(self, n: int, k: int, dtype=np.float64, seed: int = 0) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        return [np.asarray(self.draw(rng, shape), dtype) for shape in self.shapes(n, k)]


def run(op: Op, arrays, which: str, gradient=None):
    """Value and gradients of ``op``, in scratch or in torch, as arrays."""
    if which == "ours":
        inputs = [Tensor(a, requires_grad=True) for a in arrays]
        y = op.ours(*inputs)
        g = np.ones(y.shape) if gradient is None else gradient
        y.backward(g.astype(y.dtype))
        return y.array, [x.grad.array for x in inputs]
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = op.theirs(*inputs)
    g = np.ones(tuple(y.shape)) if gradient is None else gradient
    y.backward(torch.tensor(g, dtype=y.dtype))
    return y.detach().numpy(), [x.grad.numpy() for x in inputs]


F = torch.nn.functional
positive = lambda rng, shape: rng.uniform(0.5, 2, shape)  # noqa: E731
wide = lambda rng, shape: 4 * rng.standard_normal(shape)  # noqa: E731
two = lambda n, k: [(n, k), (n, k)]  # noqa: E731
labels = lambda y: torch.tensor(np.arange(y.shape[0]) % y.shape[1])  # noqa: E731


def our_labels(y):
    return scratch.as_tensor(np.arange(y.shape[0]) % y.shape[1])


OPS = [
    # arithmetic, with broadcasting
    Op("add", lambda x, y: x + y, lambda x, y: x + y, lambda n, k: [(n, k), (k,)]),
    Op("add scalar", lambda x: 2 + x + 1, lambda x: 2 + x + 1),
    Op("sub", lambda x, y: x - y, lambda x, y: x - y, lambda n, k: [(n, 1), (1, k)]),
    Op("rsub", lambda x: 1 - x, lambda x: 1 - x),
    Op("mul", lambda x, y: x * y, lambda x, y: x * y, lambda n, k: [(n, 1, k), (n, k)][::-1]),
    Op("div", lambda x, y: x / y, lambda x, y: x / y, lambda n, k: [(k,), (n, k)], positive),
    Op("rdiv", lambda x: 1 / x, lambda x: 1 / x, draw=positive),
    Op("neg", lambda x: -x, lambda x: -x),
    Op("pow 3", lambda x: x**3, lambda x: x**3),
    Op("pow 0.5", lambda x: x**0.5, lambda x: x**0.5, draw=positive),
    Op("pow 0", lambda x: x**0, lambda x: x**0),
    Op("pow -1", lambda x: x**-1, lambda x: x**-1, draw=positive),
    Op("matmul", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(n, k), (k, n + 1)]),
    Op("matmul vector", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(n, k), (k,)]),
    Op("matmul row", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(k,), (k, n)]),
    Op("matmul dot", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(k,), (k,)]),
    Op("matmul batch", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(2, 1, n, k), (3, k, n)]),
    # element by element
    Op("exp", lambda x: x.exp(), lambda x: x.exp()),
    Op("log", lambda x: x.log(), lambda x: x.log(), draw=positive),
    Op("sqrt", lambda x: x.sqrt(), lambda x: x.sqrt(), draw=positive),
    Op("abs", lambda x: x.abs(), lambda x: x.abs()),
    Op("clone", lambda x: x.clone(), lambda x: x.clone()),
    # reductions
    Op("sum", lambda x: x.sum(), lambda x: x.sum()),
    Op("sum dim", lambda x: x.sum(dim=0), lambda x: x.sum(dim=0)),
    Op("sum dims", lambda x: x.sum(dim=(0, 1), keepdim=True), lambda x: x.sum(dim=(0, 1), keepdim=True)),
    Op("mean", lambda x: x.mean(), lambda x: x.mean()),
    Op("mean keepdim", lambda x: x.mean(dim=-1, keepdim=True), lambda x: x.mean(dim=-1, keepdim=True)),
    # shapes
    Op("reshape", lambda x: x.reshape(-1, 1), lambda x: x.reshape(-1, 1)),
    Op("flatten", lambda x: x.flatten(1), lambda x: x.flatten(1), lambda n, k: [(n, k, 2)]),
    Op("transpose", lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2), lambda n, k: [(n, k, 2)]),
    Op("T", lambda x: x.T, lambda x: x.T),
    Op("getitem slice", lambda x: x[:, 1:], lambda x: x[:, 1:]),
    Op("getitem twice", lambda x: x[[0, 0, -1]], lambda x: x[[0, 0, -1]]),
    # activations
    Op("sigmoid", scratch.sigmoid, torch.sigmoid, draw=wide),
    Op("tanh", scratch.tanh, torch.tanh, draw=wide),
    Op("relu", scratch.relu, F.relu),
    Op("leaky_relu", lambda x: scratch.leaky_relu(x, 0.1), lambda x: F.leaky_relu(x, 0.1)),
    Op("elu", lambda x: scratch.elu(x, alpha=0.7), lambda x: F.elu(x, alpha=0.7), draw=wide),
    Op("gelu", scratch.gelu, F.gelu, draw=wide),
    Op("gelu tanh", lambda x: scratch.gelu(x, approximate="tanh"), lambda x: F.gelu(x, approximate="tanh"), draw=wide),
    Op("silu", scratch.silu, F.silu, draw=wide),
    Op("softplus", lambda x: scratch.softplus(x, beta=2.0, threshold=5.0),
       lambda x: F.softplus(x, beta=2.0, threshold=5.0), draw=wide),
    Op("softmax", lambda x: scratch.softmax(x, dim=0), lambda x: F.softmax(x, dim=0), draw=wide),
    Op("log_softmax", lambda x: scratch.log_softmax(x, dim=-1), lambda x: F.log_softmax(x, dim=-1), draw=wide),
    # layers
    Op("linear", scratch.linear, F.linear, lambda n, k: [(n, k), (3, k), (3,)]),
    Op("linear, no bias", scratch.linear, F.linear, lambda n, k: [(n, k), (3, k)]),
    Op("linear, more axes", scratch.linear, F.linear, lambda n, k: [(2, n, k), (3, k), (3,)]),
    # losses
    Op("mse_loss", scratch.mse_loss, F.mse_loss, two),
    Op("mse_loss sum", lambda x, y: scratch.mse_loss(x, y, reduction="sum"),
       lambda x, y: F.mse_loss(x, y, reduction="sum"), two),
    Op("bce", lambda x, y: scratch.binary_cross_entropy_with_logits(x, scratch.sigmoid(y)),
       lambda x, y: F.binary_cross_entropy_with_logits(x, torch.sigmoid(y)), two, wide),
    Op("bce none", lambda x, y: scratch.binary_cross_entropy_with_logits(x, scratch.sigmoid(y), reduction="none"),
       lambda x, y: F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), reduction="none"), two, wide),
    Op("cross_entropy", lambda x: scratch.cross_entropy(x, our_labels(x)), lambda x: F.cross_entropy(x, labels(x)),
       draw=wide),
    Op("cross_entropy none", lambda x: scratch.cross_entropy(x, our_labels(x), reduction="none"),
       lambda x: F.cross_entropy(x, labels(x), reduction="none"), draw=wide),
    Op("cross_entropy soft", lambda x, y: scratch.cross_entropy(x, scratch.softmax(y, dim=1)),
       lambda x, y: F.cross_entropy(x, F.softmax(y, dim=1)), two),
]
