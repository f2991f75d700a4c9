"""A window that slides over an image: what it covers, for convolution and pooling alike.

Sizes are pairs (rows, columns).  Output i meets, at place u of its window, the number s·i + d·u - p of the image:
stride s, dilation d, padding p.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

Pair = tuple[int, int]


class Window(NamedTuple):
    """``padding`` is ((top, left), (bottom, right)); what lies there is no part of the image."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)

    @property
    def span(self) -> Pair:
        """The numbers from the first of a window to its last: d (k - 1) + 1."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation))

    def padded(self, size: Pair) -> Pair:
        return tuple(n + before + after for n, before, after in zip(size, *self.padding))

    def output(self, size: Pair) -> Pair:
        """How many windows fit into an image of ``size``, downwards and across (0 or less: none)."""
        return tuple((n - span) // s + 1 for n, span, s in zip(self.padded(size), self.span, self.stride))

    def taps(self, size: Pair, out: Pair) -> Iterator[tuple[Pair, tuple, tuple]]:
        """For each place (u, v) of the window: the outputs that meet the image there, and the numbers they meet.

        >>> list(Window((1, 2)).taps((1, 3), (1, 2)))[1]
        ((0, 1), (Ellipsis, slice(0, 1, None), slice(0, 2, None)), (Ellipsis, slice(0, 1, 1), slice(1, 3, 1)))
        """
        for u, v in np.ndindex(*self.kernel):
            rows, columns = self._met(0, u, size[0], out[0]), self._met(1, v, size[1], out[1])
            if rows and columns:
                yield (u, v), (..., rows[0], columns[0]), (..., rows[1], columns[1])

    def _met(self, axis: int, u: int, size: int, out: int) -> tuple[slice, slice] | None:
        s, at = self.stride[axis], self.dilation[axis] * u - self.padding[0][axis]
        first, end = max(0, -(at // s)), min(out, (size - 1 - at) // s + 1)
        return (slice(first, end), slice(s * first + at, s * (end - 1) + at + 1, s)) if first < end else None


def pair(name: str, value: int | Pair, least: int) -> Pair:
    """``value`` for rows and columns; ValueError unless it is one or two whole numbers, ``least`` or more."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) == 1:
        both *= 2
    if len(both) != 2 or not all(isinstance(n, (int, np.integer)) and n >= least for n in both):
        raise ValueError(f"{name} must be a whole number >= {least}, or two of them (rows, columns); got {value!r}")
    return both
