"""Gradient clipping, between ``backward()`` and ``optimizer.step()``: one bad batch must not throw the weights off."""
from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from dlbook.scratch.tensor import Tensor, as_tensor


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False) -> Tensor:
    """Shortens all gradients by one factor, so that the norm of them all together is at most ``max_norm``.

    The direction stays.  Returns the norm before; ``norm_type`` 2 is the length, ``float("inf")`` the largest element.
    RuntimeError if the norm is no finite number and ``error_if_nonfinite``.

    >>> p = Tensor([0., 0.], requires_grad=True)
    >>> p.grad = Tensor([3., 4.])
    >>> clip_grad_norm_([p], max_norm=1.)
    Tensor(5.)
    >>> p.grad
    Tensor([0.6, 0.8])
    """
    with_gradient = _with_gradient(parameters)
    norms = [np.linalg.norm(p.grad.array.ravel(), norm_type) for p in with_gradient]
    norm = as_tensor(np.asarray(np.linalg.norm(norms, norm_type) if norms else 0.0,
                                with_gradient[0].grad.dtype if norms else np.float32))
    if error_if_nonfinite and not np.isfinite(norm.array):
        raise RuntimeError(f"The total norm of order {norm_type} for gradients from `parameters` is {norm.item()}, so "
                           "it cannot be clipped. Look for the batch and the layer it comes from")
    factor = min(max_norm / (norm.item() + 1e-6), 1.0)      # nan stays nan, so that it is seen
    with np.errstate(invalid="ignore"):                     # 0 · inf
        for p in with_gradient:
            p.grad = as_tensor(p.grad.array * factor)
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clips each element of the gradients to ±``clip_value``; the direction changes.

    >>> p = Tensor([0., 0.], requires_grad=True)
    >>> p.grad = Tensor([3., -4.])
    >>> clip_grad_value_([p], clip_value=3.5)
    >>> p.grad
    Tensor([ 3. , -3.5])
    """
    for p in _with_gradient(parameters):
        p.grad = as_tensor(np.clip(p.grad.array, -clip_value, clip_value))


def _with_gradient(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not found and isinstance(parameters, Iterator):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur: was it used up before? "
                      "Call model.parameters() anew", stacklevel=3)
    return [p for p in found if p.grad is not None]
