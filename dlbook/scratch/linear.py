"""The linear (fully connected, dense) layer."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch import init
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply

if TYPE_CHECKING:
    from dlbook._types import Array, Float


def _linear(x: Float[Array, "*n d"], weight: Float[Array, "k d"], bias: Float[Array, "k"] | None = None):
    """y = x Wᵀ + b.  Each of the k rows of W is what one neuron listens to.

    >>> _linear(np.eye(2), np.array([[1., 2.], [3., 4.]]), np.zeros(2))[0]
    array([[1., 3.],
           [2., 4.]])
    """
    y = x @ weight.T                                  # (*n, k)
    if bias is not None:
        y += bias

    def rows(a):
        return a.reshape(-1, a.shape[-1])             # every leading axis is a batch axis

    return y, (lambda dy: dy @ weight,                # (*n, d)
               lambda dy: rows(dy).T @ rows(x),       # (k, d)
               lambda dy: rows(dy).sum(0))            # (k,)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b, ``input`` (*, d), ``weight`` (k, d), ``bias`` (k,), result (*, k); ValueError if d differs."""
    if input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        raise ValueError(f"linear: got input of shape {input.shape} for a weight of shape {weight.shape}; "
                         f"the last axis of the input must be {weight.shape[-1]}")
    return apply(_linear, input, weight, bias)


class Linear(Module):
    """y = x Wᵀ + b with ``weight`` (out_features, in_features) and ``bias`` (out_features,).

    Both start uniform between ±1/√in_features, as in PyTorch.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *,
                 generator: np.random.Generator | None = None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(np.empty((out_features, in_features), np.float32))
        self.bias = Parameter(np.empty(out_features, np.float32)) if bias else None
        bound = 1 / np.sqrt(in_features) if in_features else 0.0
        init.uniform_(self.weight, -bound, bound, generator=generator)
        if bias:
            init.uniform_(self.bias, -bound, bound, generator=generator)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim == 0 or input.shape[-1] != self.in_features:
            raise ValueError(f"Linear(in_features={self.in_features}): got x of shape {input.shape}"
                             + self._way_out(input.shape))
        return linear(input, self.weight, self.bias)

    def _way_out(self, shape: tuple[int, ...]) -> str:
        if len(shape) > 1 and np.prod(shape[1:]) == self.in_features:
            return f"; flatten it to {(shape[0], self.in_features)}"
        if len(shape) == 2 and shape[0] == self.in_features:
            return f"; samples belong in rows: transpose it to {shape[::-1]}"
        return f"; its last axis must be {self.in_features}"

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
