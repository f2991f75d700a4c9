"""From an image to a row of numbers: between convolutions and a linear layer."""
from __future__ import annotations

from dlbook.scratch.module import Module
from dlbook.scratch.tensor import Tensor


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from ``start_dim`` to ``end_dim`` become one.

    >>> flatten(Tensor([[[1., 2.], [3., 4.]]]), 1)
    Tensor([[1., 2., 3., 4.]])
    """
    return input.flatten(start_dim, end_dim)


class Flatten(Module):
    """``flatten`` that keeps the first axis: (N, C, H, W) becomes (N, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
