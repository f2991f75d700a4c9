"""Convolution as a matrix product, one image at a time: the fast form of the sums in ``conv.py``.

The windows of one image are laid side by side as the columns of a matrix (*im2col*), and the whole convolution is
one product.  The matrix of one image stays in the cache of the processor; the matrix of a batch would not.

N images, C channels, G groups, O output channels; an image of H × W, padded to Hp × Wp, gives OH × OW outputs.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

from dlbook.scratch.window import Pair, Window

if TYPE_CHECKING:
    from dlbook._types import Array, Float


def correlate(x: Float[Array, "n c h w"], weight: Float[Array, "o ci kh kw"], window: Window, groups: int,
              bias: Float[Array, "o"] | None = None, out: Pair | None = None):
    """y of ``conv._correlate``, plus ``bias``; ``out`` takes the first outputs only."""
    dtype = np.result_type(x, weight)
    n, c, *size = x.shape
    oh, ow = out = out or window.output(size)
    image, windows = _windows(c, size, out, window, dtype)
    columns = np.empty(windows.shape, dtype)                            # (C, KH, KW, OH, R)
    filters = _by_group(weight, groups)                                 # (G, O/G, C/G·KH·KW)
    matrix = columns.reshape(*filters.shape[::2], -1)                   # (G, C/G·KH·KW, OH·R)
    rows = np.empty((*filters.shape[:2], matrix.shape[2]), dtype)       # (G, O/G, OH·R)
    kept = rows.reshape(len(weight), oh, -1)[..., :ow]
    offset = 0 if bias is None else bias[:, None, None]
    y = np.empty((n, len(weight), oh, ow), dtype)
    for i in range(n):
        image[...] = x[i]
        np.copyto(columns, windows)
        np.matmul(filters, matrix, out=rows)
        np.add(kept, offset, out=y[i])
    return y


def correlate_dx(dy: Float[Array, "n o oh ow"], weight: Float[Array, "o ci kh kw"], window: Window, groups: int,
                 size: Pair):
    """dx of ``conv._correlate``: from the gradient of each window, all that concerns one number of x is summed."""
    dtype = np.result_type(dy, weight)
    n, o, oh, ow = dy.shape
    filters = np.ascontiguousarray(_by_group(weight, groups).swapaxes(1, 2))   # (G, C/G·KH·KW, O/G)
    channels = weight.shape[1] * groups
    matrix, fold = _fold(channels, size, (oh, ow), window, dtype)
    matrix = matrix.reshape(*filters.shape[:2], matrix.shape[-1])       # (G, C/G·KH·KW, OH·R)
    rows = np.zeros((groups, o // groups, matrix.shape[2]), dtype)      # (G, O/G, OH·R); beyond OW it stays 0
    kept = rows.reshape(o, oh, -1)[..., :ow]
    dx = np.empty((n, channels, *size), dtype)
    for i in range(n):
        kept[...] = dy[i]
        np.matmul(filters, rows, out=matrix)
        fold(dx[i])
    return dx


def correlate_dweight(x: Float[Array, "n c h w"], dy: Float[Array, "n o oh ow"], window: Window, groups: int):
    """dW of ``conv._correlate``."""
    dtype = np.result_type(x, dy)
    n, o, *out = dy.shape
    c, *size = x.shape[1:]
    image, windows = _windows(c, size, out, window, dtype)
    columns = np.empty(windows.shape, dtype)
    matrix = columns.reshape(groups, c // groups * math.prod(window.kernel), -1)
    rows = np.zeros((groups, matrix.shape[2], o // groups), dtype)      # (G, OH·R, O/G): BLAS likes it transposed
    kept = rows.reshape(groups, out[0], -1, o // groups)[:, :, :out[1]].transpose(0, 3, 1, 2)
    dy = dy.reshape(n, *kept.shape)                                     # (N, G, O/G, OH, OW)
    dw = np.zeros((*matrix.shape[:2], o // groups), dtype)              # (G, C/G·KH·KW, O/G)
    one = np.empty_like(dw)
    for i in range(n):
        image[...] = x[i]
        kept[...] = dy[i]
        np.copyto(columns, windows)
        dw += np.matmul(matrix, rows, out=one)
    return dw.swapaxes(1, 2).reshape(o, c // groups, *window.kernel)


# ---- the layout in memory
def _by_group(weight, groups: int):
    return weight.reshape(groups, len(weight) // groups, -1)


def _row_length(size: Pair, out: Pair, window: Window) -> int:
    """R: the outputs computed for each row, OW or, where that makes long runs of memory, the padded width Wp.

    At stride 1 the window under the next output begins one number later, and the one below it Wp numbers later.  So
    if Wp outputs are computed for each row, the last of them to be thrown away, then all that meet place (u, v) of
    their windows are one unbroken run of numbers, which is copied, multiplied and added several times faster.
    """
    wp = window.padded(size)[1]
    return wp if window.stride == (1, 1) and wp <= 2 * out[1] else out[1]


def _windows(c: int, size: Pair, out: Pair, window: Window, dtype):
    """A view (C, H, W) of an image with zeros around it, and a view (C, KH, KW, OH, R) of its windows."""
    (hp, wp), (top, left) = window.padded(size), window.padding[0]
    numbers = np.zeros((c, hp * wp + window.span[1]), dtype)            # some more, for the outputs thrown away
    channel, one = numbers.strides
    image = numbers[:, :hp * wp].reshape(c, hp, wp)[:, top:top + size[0], left:left + size[1]]
    (sh, sw), (dh, dw) = window.stride, window.dilation
    return image, as_strided(numbers, (c, *window.kernel, out[0], _row_length(size, out, window)),
                             (channel, dh * wp * one, dw * one, sh * wp * one, sw * one), writeable=False)


def _fold(c: int, size: Pair, out: Pair, window: Window, dtype):
    """A matrix (C·KH·KW, OH·R) for the gradients of the windows, and a function that sums them into dx (C, H, W)."""
    length = _row_length(size, out, window)
    if length == out[1]:
        columns = np.empty((c, *window.kernel, *out), dtype)
        taps = list(window.taps(size, out))

        def fold(dx):
            dx[...] = 0
            for (u, v), here, there in taps:
                dx[there] += columns[:, u, v][here]

        return columns.reshape(-1, out[0] * length), fold

    # Number q of the padded image is at place (u, v) of the window that begins (u·dh)·Wp + v·dw numbers before q.
    # With zeros on both sides of the matrix, "that many numbers before" is a step in memory like any other.
    (hp, wp), (top, left), (kh, kw), (dh, dw) = window.padded(size), window.padding[0], window.kernel, window.dilation
    margin = (kh - 1) * dh * wp + (kw - 1) * dw
    numbers = np.zeros((c * kh * kw, margin + max(hp * wp, out[0] * wp)), dtype)
    column, one = numbers.strides
    shifted = as_strided(numbers[:, margin:], (c, kh, kw, hp * wp),
                         (kh * kw * column, kw * column - dh * wp * one, column - dw * one, one), writeable=False)
    padded = np.empty((c, hp * wp), dtype)
    kept = padded.reshape(c, hp, wp)[:, top:top + size[0], left:left + size[1]]

    def fold_shifted(dx):
        np.add.reduce(shifted, axis=(1, 2), out=padded)
        dx[...] = kept

    return numbers[:, margin:margin + out[0] * wp], fold_shifted
