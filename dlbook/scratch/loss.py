"""Losses: one number that says how wrong a prediction is.

Where PyTorch stays silent these raise: shapes that would be broadcast against each other, targets outside [0, 1].
Probabilities passed where logits belong cannot be told from logits with certainty, so they only warn.
"""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.activation import _log_softmax, _sigmoid
from dlbook.scratch.module import Module
from dlbook.scratch.tensor import Tensor, apply, as_tensor

if TYPE_CHECKING:
    from dlbook._types import Array, Float, Int


# ---- one loss for each element or sample
def _squared_error(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """(ŷ - y)²"""
    e = input - target
    return e * e, (lambda d: 2 * d * e,
                   lambda d: -2 * d * e)


def _binary_cross_entropy_with_logits(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """-y log σ(z) - (1 - y) log(1 - σ(z)) = max(z, 0) - y z + log(1 + e^{-|z|}); its slope in z is σ(z) - y."""
    loss = np.maximum(input, 0) - input * target + np.log1p(np.exp(-np.abs(input)))
    return loss, (lambda d: d * (_sigmoid(input)[0] - target),
                  lambda d: -d * input)


def _cross_entropy_index(input: Float[Array, "n k"], target: Int[Array, "n"]):
    """-log softmax(z)ₜ for the right class t; its slope in z is softmax(z) with 1 subtracted at t."""
    log_p, _ = _log_softmax(input, dim=1)
    row = np.arange(len(target))

    def dz(d):
        g = np.exp(log_p)
        g[row, target] -= 1
        g *= d[:, None]
        return g

    return -log_p[row, target], (dz, None)


def _cross_entropy_probability(input: Float[Array, "n k"], target: Float[Array, "n k"]):
    """-Σₖ yₖ log softmax(z)ₖ."""
    log_p, _ = _log_softmax(input, dim=1)
    return -(target * log_p).sum(1), (
        lambda d: d[:, None] * (np.exp(log_p) * target.sum(1, keepdims=True) - target),
        lambda d: d[:, None] * -log_p)


# ---- the same on tensors, with the checks
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean of (ŷ - y)²; ``input`` and ``target`` of the same shape.

    >>> mse_loss(Tensor([1., 2.]), Tensor([1., 4.]))
    Tensor(2.)
    """
    _same_shape("mse_loss", input, target)
    return _reduce(apply(_squared_error, input, _float(target, input)), reduction)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean of -y log σ(z) - (1 - y) log(1 - σ(z)); logits z and targets y in [0, 1], of the same shape."""
    name = "binary_cross_entropy_with_logits"
    _same_shape(name, input, target)
    _in_unit_interval(name, target)
    if input.made_by == "_sigmoid":
        _warn_probabilities(name, "they come out of a sigmoid", "sigmoid")
    return _reduce(apply(_binary_cross_entropy_with_logits, input, _float(target, input)), reduction)


def cross_entropy(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean of -log softmax(z)ₜ; logits z (n, k), targets t: class indices (n,), or probabilities (n, k)."""
    if input.ndim != 2:
        raise ValueError(f"cross_entropy: got logits of shape {input.shape}; expected (n samples, k classes)")
    _look_for_probabilities(input)
    if np.issubdtype(target.dtype, np.floating):
        _same_shape("cross_entropy with probabilities", input, target)
        _in_unit_interval("cross_entropy with probabilities", target)
        return _reduce(apply(_cross_entropy_probability, input, _float(target, input)), reduction)
    _class_indices(input, target)
    return _reduce(apply(_cross_entropy_index, input, target), reduction)


# ---- the same as modules
class _Loss(Module):
    def __init__(self, *, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction


class MSELoss(_Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(input, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(input, target, reduction=self.reduction)


# ---- the checks
def _reduce(losses: Tensor, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return losses if reduction == "none" else getattr(losses, reduction)()


def _float(target: Tensor, like: Tensor) -> Tensor:
    """Integer targets as numbers of the type of the prediction; no array is copied where the types agree."""
    return target if target.requires_grad else as_tensor(target.array.astype(like.dtype, copy=False))


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    if input.shape == target.shape:
        return
    way_out = ""
    if input.numel() == target.numel():
        way_out = f"; reshape one of them, for example target.reshape{input.shape}"
    try:
        repeated = np.broadcast_shapes(input.shape, target.shape)
        way_out = f", and broadcasting would silently compare {np.prod(repeated)} pairs of shape {repeated}" + way_out
    except ValueError:
        pass
    raise ValueError(f"{name}: got input of shape {input.shape} and target of shape {target.shape}; "
                     f"they must be equal{way_out}")


def _in_unit_interval(name: str, target: Tensor) -> None:
    a = target.array
    outside = ~((a >= 0) & (a <= 1))  # catches NaN, too
    if outside.any():
        raise ValueError(f"{name}: {outside.sum()} of {a.size} targets lie outside [0, 1] (first: {a[outside][0]:.4g});"
                         " such a loss has no lower bound. Targets are probabilities: 0, 1, or something between")


def _class_indices(input: Tensor, target: Tensor) -> None:
    n, k = input.shape
    if target.shape != (n,):
        raise ValueError(f"cross_entropy: got targets of shape {target.shape} for logits of shape {input.shape}; "
                         f"expected class indices of shape ({n},), or probabilities (floats) of shape {(n, k)}")
    if not np.issubdtype(target.dtype, np.integer):
        raise ValueError(f"cross_entropy: class indices must be integers, got {target.dtype}")
    if n and not (0 <= target.array.min() and target.array.max() < k):
        raise ValueError(f"cross_entropy: class indices must lie in 0..{k - 1}, "
                         f"got {target.array.min()}..{target.array.max()}")


def _look_for_probabilities(input: Tensor) -> None:
    z = input.array
    if input.made_by == "_softmax":
        _warn_probabilities("cross_entropy", "they come out of a softmax", "softmax")
    elif z.size and z.min() >= 0 and np.ptp(z) > 0 and np.allclose(z.sum(1), 1, atol=1e-3):
        _warn_probabilities("cross_entropy", "every row is positive and sums to 1", "softmax")


def _warn_probabilities(name: str, sign: str, function: str) -> None:
    warnings.warn(f"{name}: the logits look like probabilities ({sign}); the loss applies {function} itself, "
                  f"so pass the numbers before {function}", stacklevel=3)
