"""Several tensors into one."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlbook.scratch import arithmetic as ar
from dlbook.scratch.tensor import Tensor, apply, as_tensor


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after the other along the axis ``dim``; along the others their lengths must be equal.

    >>> cat([Tensor([1., 2.]), Tensor([3.])])
    Tensor([1., 2., 3.])
    """
    shapes = [t.shape for t in tensors]
    if len({(len(s), *s[:dim % len(s)], *s[dim % len(s) + 1:]) if s else None for s in shapes} | {None}) != 2:
        raise ValueError(f"cat: got shapes {shapes}; expected one tensor or more of one axis or more, "
                         f"equal except along dim {dim}")
    return apply(ar._cat, *tensors, dim=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of the same shape, along a new axis ``dim``.

    >>> stack([Tensor([1., 2.]), Tensor([3., 4.])], dim=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    shapes = [t.shape for t in tensors]
    if len(set(shapes)) != 1:
        raise ValueError(f"stack: got shapes {shapes}; expected one tensor or more, all of the same shape")
    return apply(ar._stack, *tensors, dim=dim)


def where(condition, input, other) -> Tensor:
    """The elements of ``input`` where the boolean ``condition`` is True, those of ``other`` elsewhere.

    >>> x = Tensor([-1., 2.])
    >>> where(x > 0, x, 0.)
    Tensor([0., 2.])
    """
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        input = as_tensor(input.item() if isinstance(input, np.generic) else input)  # of two numbers too: float32
    return apply(ar._where, input, other, condition=as_tensor(condition).array)
