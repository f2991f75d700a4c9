"""Losses that are negative logarithms of probabilities: what it costs to have called the truth unlikely."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.activation import _log_softmax, _sigmoid
from dlbook.scratch.loss import Loss, class_indices, class_scores, class_weight, like, reduced, same_shape
from dlbook.scratch.tensor import Tensor, apply, as_tensor

if TYPE_CHECKING:
    from dlbook._types import Array, Float, Int


# ---- one loss for each element or sample
def _binary_cross_entropy_with_logits(input: Float[Array, "*n"], target: Float[Array, "*n"],
                                      pos_weight: Float[Array, "..."] | float = 1.0):
    """-w y log σ(z) - (1 - y) log(1 - σ(z)) = (1 - y) z + (1 + (w - 1) y) s with s = -log σ(z).

    s = max(-z, 0) + log(1 + e^{-|z|}) cannot overflow.  Without the weight w the slope in z is σ(z) - y.
    """
    s = np.maximum(-input, 0) + np.log1p(np.exp(-np.abs(input)))
    both = 1 + (pos_weight - 1) * target
    return (1 - target) * input + both * s, (
        lambda d: d * ((1 - target) - both * _sigmoid(-input)[0]),
        lambda d: d * ((pos_weight - 1) * s - input),
        None)


def _binary_cross_entropy(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """-y log p - (1 - y) log(1 - p); a logarithm below -100 counts as -100, and p (1 - p) as at least 1e-12."""
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(input), -100), np.maximum(np.log1p(-input), -100)
    return -target * yes - (1 - target) * no, (
        lambda d: d * (input - target) / np.maximum(input * (1 - input), 1e-12),
        lambda d: d * (no - yes))


def _nll(input: Float[Array, "n k"], target: Int[Array, "n"]):
    """-xₜ, where x are logarithms of probabilities and t is the right class."""
    row = np.arange(len(target))

    def dx(d):
        g = np.zeros_like(input)
        g[row, target] = -d
        return g

    return -input[row, target], (dx, None)


def _cross_entropy_index(input: Float[Array, "n k"], target: Int[Array, "n"]):
    """-log softmax(z)ₜ = log Σ eᶻ - zₜ for the right class t; its slope in z is softmax(z) with 1 subtracted at t."""
    row = np.arange(len(target))
    e = input - input.max(1, keepdims=True)           # (n, k); the largest is subtracted, as in _softmax
    right = e[row, target]
    np.exp(e, out=e)
    total = e @ np.ones(e.shape[1], e.dtype)          # (n,): a matrix product adds up rows faster than sum does

    def dz(d):
        g = e * (d / total)[:, None]
        g[row, target] -= d
        return g

    return np.log(total) - right, (dz, None)


def _cross_entropy_probability(input: Float[Array, "n k"], target: Float[Array, "n k"]):
    """-Σₖ yₖ log softmax(z)ₖ."""
    log_p, _ = _log_softmax(input, dim=1)
    return -(target * log_p).sum(1), (
        lambda d: d[:, None] * (np.exp(log_p) * target.sum(1, keepdims=True) - target),
        lambda d: d[:, None] * -log_p)


def _kl_div(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """y (log y - x) with x = log p: what each outcome adds to the divergence of p from y; 0 where y is 0."""
    log_y = np.log(target, out=np.zeros_like(target), where=target > 0)
    return target * (log_y - input), (lambda d: -d * target,
                                      lambda d: d * (log_y + 1 - input))


def _kl_div_log(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """eᵗ (t - x): the same with t = log y."""
    y = np.exp(target)
    return y * (target - input), (lambda d: -d * y,
                                  lambda d: d * y * (target - input + 1))


# ---- the same on tensors, with the checks
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
                                     reduction: str = "mean", pos_weight: Tensor | None = None) -> Tensor:
    """The mean of -y log σ(z) - (1 - y) log(1 - σ(z)); logits z and targets y in [0, 1], of the same shape.

    ``weight`` multiplies the loss of each element, ``pos_weight`` only its first term: 10 makes a missed positive as
    dear as ten false alarms.  Both are broadcast to the shape of the logits.
    """
    name = "binary_cross_entropy_with_logits"
    same_shape(name, input, target)
    _in_unit_interval(name, "targets", target)
    if input.made_by == "_sigmoid":
        _warn_probabilities(name, "they come out of a sigmoid", "sigmoid")
    factor = 1.0 if pos_weight is None else _spreads(name, "pos_weight", input, pos_weight)
    losses = apply(_binary_cross_entropy_with_logits, input, like(input, target), factor)
    return reduced(losses if weight is None else losses * _spreads(name, "weight", input, weight), reduction)


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
                         reduction: str = "mean") -> Tensor:
    """The mean of -y log p - (1 - y) log(1 - p); probabilities p and targets y in [0, 1], of the same shape.

    ``weight`` multiplies the loss of each element.  From logits, ``binary_cross_entropy_with_logits`` is more exact.
    """
    name = "binary_cross_entropy"
    same_shape(name, input, target)
    _in_unit_interval(name, "targets", target)
    _in_unit_interval(name, "probabilities", input)
    losses = apply(_binary_cross_entropy, input, like(input, target))
    return reduced(losses if weight is None else losses * _spreads(name, "weight", input, weight), reduction)


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100,
             reduction: str = "mean") -> Tensor:
    """The mean of -xₜ, x (n, k) logarithms of probabilities, as ``log_softmax`` gives them, t (n,) class indices.

    ``weight`` and ``ignore_index`` as in ``cross_entropy``.
    """
    class_scores("nll_loss", input)
    class_indices("nll_loss", input, target, ignore_index)
    right, share = _shares("nll_loss", input, target, weight, ignore_index)
    return _weighted(apply(_nll, input, right) * share, share, reduction)


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100,
                  reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """The mean of -log softmax(z)ₜ; logits z (n, k), targets t: class indices (n,), or probabilities (n, k).

    ``weight`` (k,) is a factor for each class; the mean of class indices is then a weighted one.  Samples whose target
    is ``ignore_index`` do not count.  ``label_smoothing`` ε takes ε of the certainty and spreads it over all classes:
    the target becomes (1 - ε) y + ε/k.

    >>> cross_entropy(Tensor([[0., 0.]]), as_tensor(np.array([1])))  # log 2
    Tensor(0.6931)
    """
    class_scores("cross_entropy", input)
    _look_for_probabilities(input)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must lie in [0, 1], got {label_smoothing}")
    if np.issubdtype(target.dtype, np.floating):
        same_shape("cross_entropy with probabilities", input, target)
        _in_unit_interval("cross_entropy with probabilities", "targets", target)
        if ignore_index >= 0:
            raise ValueError(f"cross_entropy: ignore_index={ignore_index} is for class indices, not for probabilities")
        target = _smoothed(input, like(input, target), weight, label_smoothing)
        return reduced(apply(_cross_entropy_probability, input, target), reduction)
    class_indices("cross_entropy", input, target, ignore_index)
    right, share = _shares("cross_entropy", input, target, weight, ignore_index)
    if not label_smoothing:
        return _weighted(apply(_cross_entropy_index, input, right) * share, share, reduction)
    one_hot = as_tensor(np.eye(input.shape[1], dtype=input.dtype)[right])
    kept = (target.array != ignore_index)[:, None]
    target = _smoothed(input, one_hot, weight, label_smoothing) * kept
    return _weighted(apply(_cross_entropy_probability, input, target), share, reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """The divergence Σ y (log y - log p) of p from y: ``input`` is log p, ``target`` y (with ``log_target``, log y).

    The divergence, a mean over the first axis of sums over the others, is ``reduction="batchmean"``.  "mean", which
    PyTorch has as default, divides by the number of outcomes, too; it warns.
    """
    same_shape("kl_div", input, target)
    if not log_target and (target.array < 0).any():
        raise ValueError(f"kl_div: got a target below 0 ({target.array.min():.4g}); it is a probability, "
                         "or its logarithm with log_target=True")
    losses = apply(_kl_div_log if log_target else _kl_div, input, like(input, target))
    if reduction == "batchmean":
        return losses.sum() * (1 / input.shape[0]) if len(input) else losses.sum() + np.nan
    if reduction == "mean":
        warnings.warn("kl_div: reduction='mean' divides by the number of outcomes, too; the divergence is "
                      "reduction='batchmean'", stacklevel=2)
    return reduced(losses, reduction)


# ---- the same as modules
class BCEWithLogitsLoss(Loss):
    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None):
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(input, target, self.weight, reduction=self.reduction,
                                                pos_weight=self.pos_weight)


class BCELoss(Loss):
    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class NLLLoss(Loss):
    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.ignore_index = ignore_index
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(Loss):
    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean",
                 label_smoothing: float = 0.0):
        super().__init__(reduction=reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
                             label_smoothing=self.label_smoothing)


class KLDivLoss(Loss):
    def __init__(self, *, reduction: str = "mean", log_target: bool = False):
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


# ---- weights
def _shares(name: str, input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int):
    """The right classes (n,), 0 in place of ``ignore_index``, and how much each sample counts (n,): 0 if ignored."""
    kept = target.array != ignore_index
    right = np.where(kept, target.array, 0)
    share = kept.astype(input.dtype)
    return right, share if weight is None else share * class_weight(name, input, weight).array[right]


def _smoothed(input: Tensor, target: Tensor, weight: Tensor | None, epsilon: float) -> Tensor:
    """((1 - ε) y + ε/k) w"""
    if epsilon:
        target = target * (1 - epsilon) + epsilon / input.shape[1]
    return target if weight is None else target * class_weight("cross_entropy", input, weight)


def _weighted(losses: Tensor, share: Float[Array, "n"], reduction: str) -> Tensor:
    """``reduced``, with the mean Σ loss / Σ share; if nothing counts it is nan with gradient 0, as in PyTorch."""
    if reduction != "mean":
        return reduced(losses, reduction)
    total = float(share.sum())
    return losses.sum() * (1 / total) if total else losses.sum() * 0 + np.nan


def _spreads(name: str, what: str, input: Tensor, weight: Tensor) -> Array:
    """``weight`` as an array of the type of the input; ValueError if it cannot be broadcast to its shape."""
    try:
        np.broadcast_to(weight.array, input.shape)
    except ValueError:
        raise ValueError(f"{name}: got {what} of shape {weight.shape} for input of shape {input.shape}; "
                         "it must be that shape, or one that is broadcast to it") from None
    return weight.array.astype(input.dtype, copy=False)


# ---- the checks
def _in_unit_interval(name: str, what: str, tensor: Tensor) -> None:
    a = tensor.array
    outside = ~((a >= 0) & (a <= 1))  # catches NaN, too
    if outside.any():
        way_out = ("such a loss has no lower bound. Targets are probabilities: 0, 1, or something between"
                   if what == "targets" else f"apply sigmoid first, or use {name}_with_logits")
        raise ValueError(f"{name}: {outside.sum()} of {a.size} {what} lie outside [0, 1] "
                         f"(first: {a[outside][0]:.4g}); {way_out}")


def _look_for_probabilities(input: Tensor) -> None:
    z = input.array
    if input.made_by == "_softmax":
        _warn_probabilities("cross_entropy", "they come out of a softmax", "softmax")
    elif (z.size and z[0].min() >= 0 and z.min() >= 0  # one row shows it for nearly all logits
          and np.ptp(z) > 0 and np.allclose(z.sum(1), 1, atol=1e-3)):
        _warn_probabilities("cross_entropy", "every row is positive and sums to 1", "softmax")


def _warn_probabilities(name: str, sign: str, function: str) -> None:
    warnings.warn(f"{name}: the logits look like probabilities ({sign}); the loss applies {function} itself, "
                  f"so pass the numbers before {function}", stacklevel=3)
