"""Embedding: a table with one row of numbers for each word; the layer looks rows up."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch import init
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply

if TYPE_CHECKING:
    from dlbook._types import Array, Float, Int


def _embedding(index: Int[Array, "*n"], weight: Float[Array, "v d"], padding_idx: int | None = None):
    """Row ``index`` of the table, (*n, d): the product of a one-hot row with the table, without the zeros.

    On the way back each row of the table receives the sum of the gradients of all places that looked it up; row
    ``padding_idx`` receives none.

    >>> _embedding(np.array([1, 1, 0]), np.array([[1., 2.], [3., 4.]]))[0]
    array([[3., 4.],
           [3., 4.],
           [1., 2.]])
    """
    def dweight(dy):
        places, d = index.ravel(), dy.reshape(-1, weight.shape[1])
        order = np.argsort(places, kind="stable")                 # equal rows side by side, then one sum for each
        rows, first = np.unique(places[order], return_index=True)
        dw = np.zeros_like(weight)
        dw[rows] = np.add.reduceat(d[order], first, axis=0)
        if padding_idx is not None:
            dw[padding_idx] = 0
        return dw

    return weight[index], (None, dweight)


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Rows of ``weight`` (v, d) by the whole numbers in ``input`` (*), result (*, d); row ``padding_idx`` is fixed.

    TypeError if ``input`` does not hold whole numbers, IndexError if one is outside 0 … v - 1, ValueError if ``weight``
    is no table.
    """
    if not np.issubdtype(input.dtype, np.integer):
        raise TypeError(f"embedding: got input of dtype {input.dtype}; it looks rows up, so it must hold whole numbers")
    if weight.ndim != 2:
        raise ValueError(f"embedding: got a weight of shape {weight.shape}; it must be a table, (rows, columns)")
    v = weight.shape[0]
    if input.numel() and not 0 <= input.array.min() <= input.array.max() < v:
        raise IndexError(f"embedding: got indices from {input.array.min()} to {input.array.max()} "
                         f"for a table of {v} rows; they must lie between 0 and {v - 1}")
    return apply(_embedding, input, weight, padding_idx=_checked_row(padding_idx, v))


class Embedding(Module):
    """A table ``weight`` (num_embeddings, embedding_dim) that starts normal with deviation 1, as in PyTorch.

    Row ``padding_idx``, which stands for "no word", starts at zero and stays there.  IndexError if no such row.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *,
                 generator: np.random.Generator | None = None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = _checked_row(padding_idx, num_embeddings)
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), np.float32))
        init.normal_(self.weight, generator=generator)
        if padding_idx is not None:
            self.weight.array[padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


def _checked_row(padding_idx: int | None, rows: int) -> int | None:
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise IndexError(f"padding_idx={padding_idx} is no row of a table of {rows} rows")
    return padding_idx % rows
