"""Normalization: subtract the mean, divide by the standard deviation, then let training choose both anew.

Batch normalization takes mean and variance over the samples (and places) of each channel, layer normalization over
the features of each sample.  The formula is the same.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.arithmetic import unbroadcast
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply, as_tensor

if TYPE_CHECKING:
    from dlbook._types import Array, Float


# ---- the formula
def _normalize(x: Float[Array, "*n"], weight: Float[Array, "*d"] | None, bias: Float[Array, "*d"] | None,
               axes: tuple[int, ...], shape: tuple[int, ...], eps: float, fixed: tuple | None = None):
    """y = w x̂ + b with x̂ = (x - μ) / √(σ² + ε); mean μ and variance σ² over ``axes``, or the ``fixed`` ones.

    Weight and bias meet x in ``shape``.

    >>> _normalize(np.array([[1., 3.], [2., 6.]]), None, None, axes=(1,), shape=(2,), eps=0.)[0]
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    mean, var = fixed or (x.mean(axes, keepdims=True), x.var(axes, keepdims=True))
    w = np.ones((), x.dtype) if weight is None else weight.reshape(shape)
    inverse = 1 / np.sqrt(var + eps)
    normal = (x - mean) * inverse                                       # x̂
    y = normal * w
    if bias is not None:
        y += bias.reshape(shape)

    def dx(dy):
        g = dy * w
        if not fixed:                                                   # μ and σ² move with x
            g = g - g.mean(axes, keepdims=True) - normal * (g * normal).mean(axes, keepdims=True)
        return g * inverse

    return y, (dx, lambda dy: unbroadcast(dy * normal, shape).reshape(weight.shape),
               lambda dy: unbroadcast(dy, shape).reshape(bias.shape))


# ---- the same for a batch of images, fast
CACHED = 1 << 16  # numbers: a few arrays of this size stay in the processor's cache from one line to the next


def _batch_norm(x: Float[Array, "n c *s"], weight: Float[Array, "c"] | None, bias: Float[Array, "c"] | None,
                mean: Float[Array, "c"], var: Float[Array, "c"], eps: float):
    """``_normalize`` over all axes but the channels, as y = a x + (b - a μ), a = w / √(σ² + ε); see ``_moments``."""
    x3, blocks = _blocks(x)                                             # (N, C, P)
    m, p = x3.size // x3.shape[1], x3.shape[2]
    mean = mean.astype(x.dtype)
    inverse = (1 / np.sqrt(var + eps)).astype(x.dtype)
    a = inverse if weight is None else inverse * weight
    scale, shift = _plane(a, p), _plane(-a * mean if bias is None else bias - a * mean, p)
    y = np.empty(x3.shape, x.dtype)
    for s in blocks:
        np.multiply(x3[s], scale, out=y[s])
        y[s] += shift

    def vjp(dy):
        d3 = dy.reshape(x3.shape)
        dbias = (d3 @ np.ones(p, x.dtype)).sum(0)
        dweight = inverse * sum(np.vecdot(d3[s], c).sum(0) for s, c in _centered(x3, blocks, mean))
        k1, k0 = _plane(-a * inverse * dweight / m, p), _plane(-a * dbias / m, p)  # through σ² and through μ
        dx = np.empty(x.shape, x.dtype)
        dx3 = dx.reshape(x3.shape)
        for s, c in _centered(x3, blocks, mean):
            c *= k1
            c += k0
            np.multiply(d3[s], scale, out=dx3[s])
            dx3[s] += c
        return dx, dweight, dbias

    return y.reshape(x.shape), vjp


def _moments(x: Float[Array, "n c *s"]) -> tuple[Float[Array, "c"], Float[Array, "c"]]:
    """Mean and variance of each channel."""
    if x.ndim == 2:
        return x.mean(0), x.var(0)
    x3, blocks = _blocks(x)
    m = x3.size // x3.shape[1]
    mean = (x3 @ np.ones(x3.shape[2], x.dtype)).sum(0) / m
    return mean, sum(np.vecdot(c, c).sum(0) for _, c in _centered(x3, blocks, mean)) / m


def _blocks(x):
    """``x`` as (N, C, P), and slices of N that cut it into blocks."""
    n, c, *size = x.shape
    p = math.prod(size)
    step = max(1, CACHED // (c * p))
    return x.reshape(n, c, p), [slice(i, i + step) for i in range(0, n, step)]


def _plane(v: Float[Array, "c"], p: int) -> Float[Array, "c p"]:
    """Each number p times: NumPy adds a whole image to an image three times as fast as a number to each channel."""
    return np.repeat(v, p).reshape(-1, p)


def _centered(x3, blocks, mean):
    """Block after block of x - μ, in an array that the next block overwrites."""
    plane, room = _plane(mean, x3.shape[2]), np.empty_like(x3[blocks[0]])
    for s in blocks:
        yield s, np.subtract(x3[s], plane, out=room[:len(x3[s])])


# ---- the same on tensors, with the checks
def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1,
               eps: float = 1e-5) -> Tensor:
    """y = w (x - μ) / √(σ² + ε) + b for each channel; ``input`` (N, C) or (N, C, *), all others (C,).

    In training μ and σ² are those of the batch, and ``running_mean`` and ``running_var``, unless None, move towards
    them in place: r ← (1 - momentum) r + momentum · new, where the new variance divides by m - 1 for m numbers.  In
    evaluation they are μ and σ².  ValueError for shapes that do not fit, and in training for one number a channel.
    """
    n, c, *size = _check_batch(input, running_mean, running_var, weight, bias, training)
    if training and n:
        mean, var = _moments(input.array)
        m = n * math.prod(size)
        if running_mean is not None:
            for running, new in ((running_mean, mean), (running_var, var * (m / (m - 1)))):
                running.array[...] = (1 - momentum) * running.array + momentum * new
        if size:
            return apply(_batch_norm, input, weight, bias, mean=mean, var=var, eps=eps)
        return apply(_normalize, input, weight, bias, axes=(0,), shape=(c,), eps=eps)
    fixed = (np.zeros(c), np.ones(c)) if training else (running_mean.array, running_var.array)  # (an empty batch)
    shape = (c,) + (1,) * len(size)
    return apply(_normalize, input, weight, bias, axes=(0, *range(2, input.ndim)), shape=shape, eps=eps,
                 fixed=tuple(a.astype(input.dtype).reshape(shape) for a in fixed))


def layer_norm(input: Tensor, normalized_shape: int | tuple[int, ...], weight: Tensor | None = None,
               bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """y = w (x - μ) / √(σ² + ε) + b, mean μ and variance σ² over the last axes, those of ``normalized_shape``.

    ``input`` (*, D), ``weight`` and ``bias`` (D,), where D may be several axes.  ValueError for shapes that do not fit.

    >>> layer_norm(Tensor([[1., 3.], [2., 6.]]), (2,), eps=0.)
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    _check_floats("layer_norm", input)
    shape = _shape(normalized_shape)
    if not shape or input.shape[-len(shape):] != shape:
        raise ValueError(f"layer_norm: got input of shape {input.shape} for normalized_shape {shape}; "
                         "the last axes must be these, one or more")
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor.shape != shape:
            raise ValueError(f"layer_norm: got {name} of shape {tensor.shape}; expected normalized_shape, {shape}")
    fixed = None if input.numel() else (np.zeros((), input.dtype), np.ones((), input.dtype))  # no numbers, no mean
    return apply(_normalize, input, weight, bias, axes=tuple(range(-len(shape), 0)), shape=shape, eps=eps, fixed=fixed)


def _check_floats(name: str, input: Tensor) -> None:
    if not np.issubdtype(input.dtype, np.floating):
        raise ValueError(f"{name}: got numbers of type {input.dtype}; means and variances need floats, take x.float()")


def _check_batch(input, running_mean, running_var, weight, bias, training: bool) -> tuple[int, ...]:
    _check_floats("batch_norm", input)
    if input.ndim < 2 or 0 in input.shape[1:]:
        raise ValueError(f"batch_norm: got input of shape {input.shape}; expected (N, C) or (N, C, *), only N may be 0")
    c = input.shape[1]
    for name, tensor in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight),
                         ("bias", bias)):
        if tensor is not None and tensor.shape != (c,):
            raise ValueError(f"batch_norm: got {name} of shape {tensor.shape} for input of shape {input.shape}; "
                             f"expected ({c},), a number for each channel")
    if (running_mean is None) != (running_var is None):
        raise ValueError("batch_norm: running_mean and running_var must be given together, or both be None")
    if not training and running_mean is None:
        raise ValueError("batch_norm: evaluation needs running_mean and running_var; pass them, or training=True")
    if training and input.numel() == c:
        raise ValueError(f"Expected more than 1 value per channel when training, got input of shape {input.shape}, "
                         "whose variance is 0; take a larger batch, or call eval() on the module")
    return input.shape


def _shape(normalized_shape) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)


# ---- the same as modules
class _BatchNorm(Module):
    """``weight`` (1 at the start) and ``bias`` (0), and the running mean and variance as buffers."""

    inputs: dict[int, str]  # number of axes: what they are

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, *, bias: bool = True):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(np.ones(num_features, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(num_features, np.float32)) if affine and bias else None
        start = (np.zeros(num_features, np.float32), np.ones(num_features, np.float32), np.zeros((), np.int64))
        for name, value in zip(("running_mean", "running_var", "num_batches_tracked"), start):
            self.register_buffer(name, as_tensor(value) if track_running_stats else None)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in self.inputs or input.shape[1] != self.num_features:
            expected = " or ".join(self.inputs.values()).replace("C", str(self.num_features))
            raise ValueError(f"{type(self).__name__}({self.num_features}): got x of shape {input.shape}; "
                             f"expected {expected}")
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.array += 1
            if self.momentum is None:                                   # the mean of all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        return batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias,
                          self.training or self.running_mean is None, momentum, self.eps)

    def extra_repr(self) -> str:
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
                f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}")


class BatchNorm1d(_BatchNorm):
    """``batch_norm`` for rows of features (N, C) or signals (N, C, L).

    With ``momentum=None`` the running mean is the plain mean of all batches; without ``track_running_stats`` there is
    none, and evaluation takes the statistics of the batch, too.
    """

    inputs = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """``batch_norm`` for images (N, C, H, W); settings as in ``BatchNorm1d``."""

    inputs = {4: "(N, C, H, W)"}


class LayerNorm(Module):
    """``layer_norm`` with ``weight`` (1 at the start) and ``bias`` (0) of ``normalized_shape``."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5, elementwise_affine: bool = True,
                 bias: bool = True):
        super().__init__()
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, np.float32)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, np.float32)) if elementwise_affine and bias else None

    def forward(self, input: Tensor) -> Tensor:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
                f"bias={self.bias is not None}")
