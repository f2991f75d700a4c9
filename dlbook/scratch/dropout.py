"""Dropout: in training some numbers, chosen anew each time, are set to zero."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.module import Module
from dlbook.scratch.random import default_generator
from dlbook.scratch.tensor import Tensor, apply

if TYPE_CHECKING:
    from dlbook._types import Array, Bool, Float


def _dropout(x: Float[Array, "*n"], keep: Bool[Array, "*n"], p: float):
    """x / (1 - p) where it is kept, 0 elsewhere.  Kept with probability 1 - p, its mean stays x.

    >>> _dropout(np.array([1., 2., 3.]), np.array([True, False, True]), p=0.5)[0]
    array([2., 0., 6.])
    """
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * keep * scale, (lambda d: d * keep * scale,)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, *,
            generator: np.random.Generator | None = None) -> Tensor:
    """Sets each number to zero with probability ``p`` and divides the others by 1 - p; nothing unless ``training``.

    ValueError if p is no probability.
    """
    _check(p)
    if not training or p == 0:
        return input
    keep = default_generator(generator).random(input.shape, np.float32) >= p
    return apply(_dropout, input, keep=keep, p=p)


def _check(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


class Dropout(Module):
    """``dropout`` in training; in evaluation, after ``eval()``, its input unchanged."""

    def __init__(self, p: float = 0.5, *, generator: np.random.Generator | None = None):
        super().__init__()
        _check(p)
        self.p, self.generator = p, generator

    def forward(self, input: Tensor) -> Tensor:
        return dropout(input, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace=False"
