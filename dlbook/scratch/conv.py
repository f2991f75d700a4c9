"""Convolution: one small window of weights slides over the whole image.

What deep learning calls a convolution is a correlation: the window is not turned round.  The three sums of this file
are its formulas as code, for any stride, padding, dilation and groups; ``im2col.py`` computes the same numbers faster,
and a test compares the two.

N images, C input channels, O output channels, G groups, H × W numbers an image, OH × OW numbers an output.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch import im2col, init
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply
from dlbook.scratch.window import Pair, Window, pair

if TYPE_CHECKING:
    from dlbook._types import Array, Float


# ---- the formula
def _correlate(x: Float[Array, "n c h w"], weight: Float[Array, "o ci kh kw"], window: Window, groups: int = 1):
    """y[n,o,i,j] = Σ_{c,u,v} w[o,c,u,v] · x[n, c, s·i + d·u - p, s·j + d·v - p]; outside the image x is 0.

    With G groups, output channel o hears only the C/G input channels of its own group.

    >>> x, w = np.array([[[[1., 2., 4.]]]]), np.array([[[[-1., 1.]]]])
    >>> _correlate(x, w, Window(kernel=(1, 2)))[0]
    array([[[[1., 2.]]]])
    """
    n, o, ci, size = len(x), *weight.shape[:2], x.shape[2:]
    out = window.output(size)                                           # (OH, OW)
    taps = list(window.taps(size, out))                                 # which outputs meet which numbers of x
    xg = x.reshape(n, groups, ci, *size)
    wg = weight.reshape(groups, o // groups, ci, *window.kernel)
    y = np.zeros((n, groups, o // groups, *out), np.result_type(x, weight))
    for (u, v), here, there in taps:
        y[here] += np.einsum("goc, ngchw -> ngohw", wg[..., u, v], xg[there])

    def dx(dy):
        d, out = dy.reshape(y.shape), np.zeros_like(xg)
        for (u, v), here, there in taps:
            out[there] += np.einsum("goc, ngohw -> ngchw", wg[..., u, v], d[here])
        return out.reshape(x.shape)

    def dweight(dy):
        d, out = dy.reshape(y.shape), np.zeros_like(wg)
        for (u, v), here, there in taps:
            out[..., u, v] = np.einsum("ngohw, ngchw -> goc", d[here], xg[there])
        return out.reshape(weight.shape)

    return y.reshape(n, o, *out), (dx, dweight)


# ---- the same, fast, with a bias
def _conv2d(x: Float[Array, "n c h w"], weight: Float[Array, "o ci kh kw"], bias: Float[Array, "o"] | None,
            window: Window, groups: int):
    """``_correlate(x, weight)`` + b, one b for each output channel."""
    return im2col.correlate(x, weight, window, groups, bias), (
        lambda dy: im2col.correlate_dx(dy, weight, window, groups, x.shape[2:]),
        lambda dy: im2col.correlate_dweight(x, dy, window, groups),
        _channel_sums)


def _conv_transpose2d(x: Float[Array, "n c h w"], weight: Float[Array, "c oi kh kw"], bias: Float[Array, "o"] | None,
                      window: Window, groups: int, size: Pair):
    """Convolution backwards: each x[n,c,i,j] adds x · w[c] to the window of y that begins at (s·i - p, s·j - p).

    It is dx of ``_correlate``, whose y has the shape of this x.  So its own dx is ``_correlate`` itself.
    """
    y = im2col.correlate_dx(x, weight, window, groups, size)
    if bias is not None:
        y += bias[:, None, None]
    return y, (lambda dy: im2col.correlate(dy, weight, window, groups, out=x.shape[2:]),
               lambda dy: im2col.correlate_dweight(dy, x, window, groups),
               _channel_sums)


def _channel_sums(dy: Float[Array, "n o oh ow"]) -> Float[Array, "o"]:
    n, o, oh, ow = dy.shape
    return (dy.reshape(n, o, oh * ow) @ np.ones(oh * ow, dy.dtype)).sum(0)  # twice as fast as dy.sum((0, 2, 3))


# ---- the same on tensors, with the checks
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Pair = 1,
           padding: int | Pair | str = 0, dilation: int | Pair = 1, groups: int = 1) -> Tensor:
    """y[o,i,j] = b[o] + Σ w[o,c,u,v] · x[c, s·i + d·u - p, s·j + d·v - p].

    ``input`` (N, C, H, W) or (C, H, W), ``weight`` (O, C/groups, KH, KW), ``bias`` (O,), result (N, O, OH, OW) or
    (O, OH, OW) with OH = ⌊(H + 2p - d (KH - 1) - 1) / s⌋ + 1.  ``padding`` may be "valid" (none) or "same" (at stride
    1: OH = H).  ValueError for shapes and settings that do not fit.
    """
    _check("conv2d", input, weight, bias, groups)
    return _convolve("conv2d", input, weight, bias, stride, padding, dilation, groups)


def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | tuple[int] = 1,
           padding: int | tuple[int] | str = 0, dilation: int | tuple[int] = 1, groups: int = 1) -> Tensor:
    """``conv2d`` of an image of height 1: ``input`` (N, C, L) or (C, L), ``weight`` (O, C/groups, K)."""
    _check("conv1d", input, weight, bias, groups, "L", "K")
    if not isinstance(padding, str):
        padding = (0, pair("conv1d: padding", padding, 0)[0])
    stride, dilation = ((1, pair(f"conv1d: {name}", value, 1)[0]) for name, value in
                        (("stride", stride), ("dilation", dilation)))
    image, window = (a.reshape(*a.shape[:-1], 1, a.shape[-1]) for a in (input, weight))
    y = _convolve("conv1d", image, window, bias, stride, padding, dilation, groups)
    return y.reshape(*y.shape[:-2], y.shape[-1])


def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Pair = 1,
                     padding: int | Pair = 0, output_padding: int | Pair = 0, groups: int = 1,
                     dilation: int | Pair = 1) -> Tensor:
    """Convolution backwards, from small to large: with the same settings it undoes what ``conv2d`` does to a shape.

    ``input`` (N, C, H, W) or (C, H, W), ``weight`` (C, O/groups, KH, KW), ``bias`` (O,), result (N, O, OH, OW) or
    (O, OH, OW) with OH = s (H - 1) - 2p + d (KH - 1) + 1 + output_padding.  The output padding chooses among the s
    heights that ``conv2d`` makes into H.  ValueError for shapes and settings that do not fit.
    """
    name = "conv_transpose2d"
    _check(name, input, weight, bias, groups, transposed=True)
    window = _window(name, weight.shape[2:], stride, padding, dilation)
    more = pair(f"{name}: output_padding", output_padding, 0)
    if any(m >= max(s, d) for m, s, d in zip(more, window.stride, window.dilation)):
        raise ValueError(f"{name}: output_padding {more} must be smaller than the stride {window.stride} or the "
                         f"dilation {window.dilation}")
    size = tuple(s * (n - 1) - 2 * p + span + m for n, s, p, span, m in
                 zip(input.shape[-2:], window.stride, window.padding[0], window.span, more))
    if min(size) < 1:
        raise ValueError(f"{name}: an input of shape {input.shape} would give an image of {size}; pad less")
    return _as_batch(lambda x: apply(_conv_transpose2d, x, weight, bias, window=window, groups=groups, size=size),
                     input)


def _convolve(name, input, weight, bias, stride, padding, dilation, groups) -> Tensor:
    window, size = _window(name, weight.shape[2:], stride, padding, dilation), input.shape[-2:]
    if min(window.output(size)) < 1:
        raise ValueError(f"{name}: the window covers {window.span} of an image of {size}, padded to "
                         f"{window.padded(size)}; pad more, or take a smaller kernel_size or dilation")
    return _as_batch(lambda x: apply(_conv2d, x, weight, bias, window=window, groups=groups), input)


def _check(name: str, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, size: str = "H, W",
           kernel: str = "KH, KW", transposed: bool = False) -> None:
    axes = len(size.split(", "))
    if weight.ndim != axes + 2 or 0 in weight.shape:
        raise ValueError(f"{name}: got weight of shape {weight.shape}; expected these axes, none of them empty: "
                         + (f"(C, O/groups, {kernel})" if transposed else f"(O, C/groups, {kernel})"))
    if not isinstance(groups, (int, np.integer)) or groups < 1 or weight.shape[0] % groups:
        raise ValueError(f"{name}: groups must be a positive whole number that divides the first axis of the weight, "
                         f"{weight.shape[0]}; got {groups}")
    o, c = weight.shape[0], weight.shape[1] * groups
    if transposed:
        o, c = c, o
    if bias is not None and bias.shape != (o,):
        raise ValueError(f"{name}: got bias of shape {bias.shape}; expected ({o},), a number for each output channel")
    if input.ndim not in (axes + 1, axes + 2) or input.shape[-axes - 1] != c:
        raise ValueError(f"{name}: got input of shape {input.shape} for a weight of shape {weight.shape} and "
                         f"groups={groups}; expected (N, {c}, {size}) or ({c}, {size})"
                         + _way_out(input.shape, c, axes))


def _way_out(shape: tuple[int, ...], c: int, axes: int) -> str:
    if len(shape) in (axes + 1, axes + 2) and shape[-1] == c:
        return f". The channels stand before the places: np.moveaxis(x, -1, {-axes - 1})"
    if len(shape) == axes + 1 and c == 1:
        return f". One channel is an axis, too: x.reshape{(shape[0], 1, *shape[1:])}"
    return ""


def _window(name: str, kernel: Pair, stride, padding, dilation) -> Window:
    stride, dilation = pair(f"{name}: stride", stride, 1), pair(f"{name}: dilation", dilation, 1)
    if not isinstance(padding, str):
        p = pair(f"{name}: padding", padding, 0)
        return Window(kernel, stride, (p, p), dilation)
    if padding not in ("same", "valid") or padding == "same" and stride != (1, 1):
        raise ValueError(f"{name}: padding must be a number, a pair, 'valid', or at stride 1 'same'; "
                         f"got {padding!r} at stride {stride}")
    total = [d * (k - 1) * (padding == "same") for k, d in zip(kernel, dilation)]
    return Window(kernel, stride, (tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)), dilation)


def _as_batch(op, input: Tensor) -> Tensor:
    """``op`` on a batch, or on one image as a batch of one."""
    if input.ndim == 4:
        return op(input)
    y = op(input.reshape(1, *input.shape))
    return y.reshape(*y.shape[1:])


# ---- the same as modules
class _Conv(Module):
    """``weight`` (its shape is ``shape`` and the kernel) and ``bias``, uniform between ±1/√fan-in, as in PyTorch."""

    axes = 2

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, transposed,
                 generator):
        super().__init__()
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{name}: groups must divide in_channels and out_channels; "
                             f"got {groups} for {in_channels} and {out_channels}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = self._tuple("kernel_size", kernel_size, 1)
        self.stride, self.dilation = self._tuple("stride", stride, 1), self._tuple("dilation", dilation, 1)
        self.padding = padding if isinstance(padding, str) else self._tuple("padding", padding, 0)
        shape = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(np.empty((*shape, *self.kernel_size), np.float32))
        self.bias = Parameter(np.empty(out_channels, np.float32)) if bias else None
        bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator=generator)

    def _tuple(self, name: str, value, least: int) -> tuple[int, ...]:
        return pair(f"{type(self).__name__}: {name}", value, least)[:self.axes]

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", (0,) * self.axes), ("dilation", (1,) * self.axes),
                            ("output_padding", (0,) * self.axes), ("groups", 1)):
            if getattr(self, name, usual) != usual:
                text += f", {name}={getattr(self, name)}"
        return text + (", bias=False" if self.bias is None else "")


class Conv2d(_Conv):
    """``conv2d`` with ``weight`` (out_channels, in_channels/groups, KH, KW) and ``bias`` (out_channels,)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int | Pair, stride: int | Pair = 1,
                 padding: int | Pair | str = 0, dilation: int | Pair = 1, groups: int = 1, bias: bool = True, *,
                 generator: np.random.Generator | None = None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, False,
                         generator)

    def forward(self, input: Tensor) -> Tensor:
        return conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """``conv1d`` with ``weight`` (out_channels, in_channels/groups, K) and ``bias`` (out_channels,)."""

    axes = 1

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int | tuple[int],
                 stride: int | tuple[int] = 1, padding: int | tuple[int] | str = 0, dilation: int | tuple[int] = 1,
                 groups: int = 1, bias: bool = True, *, generator: np.random.Generator | None = None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, False,
                         generator)

    def forward(self, input: Tensor) -> Tensor:
        return conv1d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class ConvTranspose2d(_Conv):
    """``conv_transpose2d`` with ``weight`` (in_channels, out_channels/groups, KH, KW) and ``bias`` (out_channels,)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int | Pair, stride: int | Pair = 1,
                 padding: int | Pair = 0, output_padding: int | Pair = 0, groups: int = 1, bias: bool = True,
                 dilation: int | Pair = 1, *, generator: np.random.Generator | None = None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, True,
                         generator)
        self.output_padding = self._tuple("output_padding", output_padding, 0)

    def forward(self, input: Tensor, output_size: Pair | None = None) -> Tensor:
        """``output_size`` (OH, OW) takes the place of the output padding."""
        more = self.output_padding
        if output_size is not None:
            least = [s * (n - 1) - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in
                     zip(input.shape[-2:], self.stride, self.padding, self.dilation, self.kernel_size)]
            more = [n - m for n, m in zip(output_size[-2:], least)]
            if any(not 0 <= m < s for m, s in zip(more, self.stride)):
                raise ValueError(f"ConvTranspose2d: got output_size {tuple(output_size)}; expected {tuple(least)} to "
                                 f"{tuple(m + s - 1 for m, s in zip(least, self.stride))}")
        return conv_transpose2d(input, self.weight, self.bias, self.stride, self.padding, more, self.groups,
                                self.dilation)
