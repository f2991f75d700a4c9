"""Pooling: a window slides over each channel, and one number stands for what it covers."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.module import Module
from dlbook.scratch.tensor import Tensor, apply
from dlbook.scratch.window import Pair, Window, pair

if TYPE_CHECKING:
    from dlbook._types import Array, Float


def _max_pool2d(x: Float[Array, "*n h w"], window: Window, out: Pair):
    """The largest number in each window.  Its gradient goes to the first place, row by row, that holds it.

    >>> _max_pool2d(np.array([[1., 5., 2., 0.]]), Window((1, 2), stride=(1, 2)), (1, 2))[0]
    array([[5., 2.]])
    """
    taps = list(window.taps(x.shape[-2:], out))
    y = np.full((*x.shape[:-2], *out), -np.inf, x.dtype)
    for _, here, there in taps:
        np.maximum(y[here], x[there], out=y[here])

    disjoint = all(s >= span for s, span in zip(window.stride, window.span))

    def dx(dy):
        d, free = np.zeros_like(x), np.ones(y.shape, bool)             # free: the gradient has not found its place
        for _, here, there in taps:
            hit = x[there] == y[here]
            hit &= free[here]
            free[here] ^= hit
            if disjoint:
                np.multiply(dy[here], hit, out=d[there])
            else:
                d[there] += dy[here] * hit
        return d

    return y, (dx,)


def _avg_pool2d(x: Float[Array, "*n h w"], window: Window, out: Pair, count: Float[Array, "oh ow"]):
    """The sum of each window divided by its ``count``.

    >>> _avg_pool2d(np.array([[1., 5., 2., 0.]]), Window((1, 2), stride=(1, 2)), (1, 2), np.array([[2., 2.]]))[0]
    array([[3., 1.]])
    """
    taps = list(window.taps(x.shape[-2:], out))
    y = np.zeros((*x.shape[:-2], *out), x.dtype)
    for _, here, there in taps:
        y[here] += x[there]
    y /= count

    def dx(dy):
        d, share = np.zeros_like(x), dy / count
        for _, here, there in taps:
            d[there] += share[here]
        return d

    return y, (dx,)


def _adaptive_avg_pool2d(x: Float[Array, "*n h w"], rows: Float[Array, "oh h"], columns: Float[Array, "ow w"]):
    """Y = R X Cᵀ: each row of R is the mean over some neighboring rows of X, each row of C over some columns."""
    return rows @ x @ columns.T, (lambda dy: rows.T @ dy @ columns,)


# ---- the same on tensors, with the checks
def max_pool2d(input: Tensor, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0,
               dilation: int | Pair = 1, ceil_mode: bool = False) -> Tensor:
    """The largest number in each window: ``input`` (N, C, H, W) or (C, H, W), result (N, C, OH, OW) or (C, OH, OW).

    OH = ⌊(H + 2p - d (k - 1) - 1) / s⌋ + 1, or with ``ceil_mode`` rounded up, as long as the last window begins inside
    the image.  ``stride`` is the kernel's size if it is None.  ValueError for shapes and settings that do not fit.
    """
    window, out = _window("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    return apply(_max_pool2d, input, window=window, out=out)


def avg_pool2d(input: Tensor, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0,
               ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window, with shapes as in ``max_pool2d``.

    The zeros of the padding count as numbers unless ``count_include_pad`` is False; ``divisor_override`` takes the
    place of the count.
    """
    window, out = _window("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise ValueError("avg_pool2d: divisor_override must not be 0; None divides by the size of the window")
    count = np.full(out, divisor_override or 0, input.dtype)
    if divisor_override is None:
        count[...] = np.outer(*(_counts(window, axis, input.shape[axis - 2], out[axis], count_include_pad)
                                for axis in (0, 1)))
    return apply(_avg_pool2d, input, window=window, out=out, count=count)


def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None] | None) -> Tensor:
    """The mean of ⌊iH/OH⌋ … ⌈(i+1)H/OH⌉ - 1, so that an image of any size gives one of ``output_size``.

    ``input`` (N, C, H, W) or (C, H, W), result (N, C, OH, OW) or (C, OH, OW); None keeps the size of the image.

    >>> adaptive_avg_pool2d(Tensor([[[1., 2., 6.]]]), (1, 2))
    Tensor([[[1.5, 4. ]]])
    """
    _check("adaptive_avg_pool2d", input)
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    size = [n if o is None else o for n, o in zip(input.shape[-2:], wanted)]
    oh, ow = pair("adaptive_avg_pool2d: output_size", size, 0)
    rows, columns = (_means(n, o).astype(input.dtype) for n, o in zip(input.shape[-2:], (oh, ow)))
    return apply(_adaptive_avg_pool2d, input, rows=rows, columns=columns)


def _window(name: str, input: Tensor, kernel_size, stride, padding, dilation, ceil_mode: bool) -> tuple[Window, Pair]:
    _check(name, input)
    kernel, p = pair(f"{name}: kernel_size", kernel_size, 1), pair(f"{name}: padding", padding, 0)
    stride = kernel if stride is None else pair(f"{name}: stride", stride, 1)
    window = Window(kernel, stride, (p, p), pair(f"{name}: dilation", dilation, 1))
    if any(2 * b > k for b, k in zip(p, kernel)):
        raise ValueError(f"{name}: padding {p} is more than half of kernel_size {kernel}; "
                         "some windows would see nothing of the image")
    size = input.shape[-2:]
    out = window.output(size)
    if ceil_mode:
        rest = [(n - span) % s for n, span, s in zip(window.padded(size), window.span, stride)]
        out = tuple(o + (r > 0 and o * s < n + b) for o, r, s, n, b in zip(out, rest, stride, size, p))
    if min(out) < 1:
        raise ValueError(f"{name}: the window covers {window.span} of an image of {size}, padded to "
                         f"{window.padded(size)}; take a smaller kernel_size")
    return window, out


def _check(name: str, input: Tensor) -> None:
    if not np.issubdtype(input.dtype, np.floating):
        raise ValueError(f"{name}: got numbers of type {input.dtype}; pooling needs floats, take x.float()")
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise ValueError(f"{name}: got input of shape {input.shape}; expected (N, C, H, W) or (C, H, W), "
                         "and only N may be 0")


def _counts(window: Window, axis: int, size: int, out: int, include_pad: bool):
    """How many numbers, along one axis, each of ``out`` windows covers."""
    before, after = (p[axis] for p in window.padding)
    begin = np.arange(out) * window.stride[axis] - before
    end = np.minimum(begin + window.kernel[axis], size + after)
    return end - begin if include_pad else np.minimum(end, size) - np.maximum(begin, 0)


def _means(size: int, out: int) -> np.ndarray:
    """The matrix (out, size) that takes means over neighbors."""
    at, i = np.arange(size), np.arange(out)[:, None]
    covered = (at >= i * size // out) & (at < -(-(i + 1) * size // out))
    return covered / covered.sum(1, keepdims=True)


# ---- the same as modules
class MaxPool2d(Module):
    """``max_pool2d`` with these settings; it has no parameters."""

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0,
                 dilation: int | Pair = 1, *, ceil_mode: bool = False):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        return (f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
                f"dilation={self.dilation}, ceil_mode={self.ceil_mode}")


class AvgPool2d(Module):
    """``avg_pool2d`` with these settings; it has no parameters."""

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0,
                 ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return avg_pool2d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                          self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """``adaptive_avg_pool2d``; with ``output_size`` 1 it leaves the mean of each channel."""

    def __init__(self, output_size: int | tuple[int | None, int | None] | None):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
