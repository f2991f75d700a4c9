"""Losses: one number that says how wrong a prediction is.  Here those that measure a distance or a margin.

The losses that are negative logarithms of probabilities are in ``likelihood.py``.

Where PyTorch stays silent these raise: shapes that would be broadcast against each other, targets outside [0, 1].
Probabilities passed where logits belong cannot be told from logits with certainty, so they only warn.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def _absolute_error(input: Float[Array, "*n"], target: Float[Array, "*n"]):
    """|ŷ - y|; at 0, where there is no slope, 0 is taken."""
    e = input - target
    return np.abs(e), (lambda d: d * np.sign(e),
                       lambda d: -d * np.sign(e))


def _huber(input: Float[Array, "*n"], target: Float[Array, "*n"], delta: float):
    """e²/2 where |e| < δ, δ (|e| - δ/2) elsewhere, with e = ŷ - y: a parabola that goes on straight.

    >>> _huber(np.array([1., 3.]), np.array([0., 0.]), 2.0)[0]
    array([0.5, 4. ])
    """
    e = input - target
    short = np.minimum(np.abs(e), delta)
    return short * (np.abs(e) - short / 2), (lambda d: d * np.clip(e, -delta, delta),
                                             lambda d: -d * np.clip(e, -delta, delta))


def _multi_margin(input: Float[Array, "n k"], target: Int[Array, "n"], p: int, margin: float):
    """1/k Σ max(0, m - x_t + x_j)ᵖ over the wrong classes j: the right class t is to lead by the margin m.

    >>> _multi_margin(np.array([[0.5, 0.25, 3.]]), np.array([0]), 1, 1.0)[0] * 3  # 1 - 0.25 and 1 + 2.5
    array([4.25])
    """
    n, k = input.shape
    row = np.arange(n)
    short = np.maximum(margin - input[row, target][:, None] + input, 0)    # (n, k): what is missing of the lead
    short[row, target] = 0

    def dx(d):
        g = (d / k)[:, None] * (2 * short if p == 2 else short > 0)
        g[row, target] = -g.sum(1)
        return g

    return (short**p).sum(1) / k, (dx, None)


# ---- the same on tensors, with the checks
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean of (ŷ - y)²; ``input`` and ``target`` of the same shape.

    >>> mse_loss(Tensor([1., 2.]), Tensor([1., 4.]))
    Tensor(2.)
    """
    same_shape("mse_loss", input, target)
    return reduced(apply(_squared_error, input, like(input, target)), reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The mean of |ŷ - y|; ``input`` and ``target`` of the same shape.

    >>> l1_loss(Tensor([1., 2.]), Tensor([1., 4.]))
    Tensor(1.)
    """
    same_shape("l1_loss", input, target)
    return reduced(apply(_absolute_error, input, like(input, target)), reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """The mean of e²/2 where |e| = |ŷ - y| < δ, of δ (|e| - δ/2) elsewhere (Huber, 1964); shapes must be equal."""
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be a number > 0, got {delta}")
    same_shape("huber_loss", input, target)
    return reduced(apply(_huber, input, like(input, target), delta=delta), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Huber's loss with δ = β, divided by β: slope ±1 far away; with β = 0 it is ``l1_loss``."""
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta must be a number >= 0, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    same_shape("smooth_l1_loss", input, target)
    return reduced(apply(_huber, input, like(input, target), delta=beta) / beta, reduction)


def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
                      *, reduction: str = "mean") -> Tensor:
    """The hinge loss for k classes: the mean of 1/k Σ max(0, margin - x_t + x_j)ᵖ over the wrong classes j.

    Scores x (n, k), class indices t (n,), ``weight`` (k,) a factor for each class.  With two classes it is half of the
    hinge loss max(0, 1 - m) of the lead m of the right class.  (PyTorch's ``hinge_embedding_loss`` is for distances.)
    """
    class_scores("multi_margin_loss", input)
    class_indices("multi_margin_loss", input, target)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p must be 1 or 2, got {p}")
    losses = apply(_multi_margin, input, target, p=p, margin=margin)
    if weight is not None:
        losses = losses * class_weight("multi_margin_loss", input, weight).array[target.array]
    return reduced(losses, reduction)


# ---- the same as modules
class Loss(Module):
    def __init__(self, *, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction


class MSELoss(Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return l1_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    def __init__(self, *, reduction: str = "mean", beta: float = 1.0):
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class MultiMarginLoss(Loss):
    def __init__(self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.p, self.margin = p, margin
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


# ---- what all losses share
def reduced(losses: Tensor, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return losses if reduction == "none" else getattr(losses, reduction)()


def like(input: Tensor, target: Tensor) -> Tensor:
    """Integer targets as numbers of the type of the prediction; no array is copied where the types agree."""
    return target if target.requires_grad else as_tensor(target.array.astype(input.dtype, copy=False))


def same_shape(name: str, input: Tensor, target: Tensor) -> None:
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


def class_scores(name: str, input: Tensor) -> None:
    if input.ndim != 2:
        way_out = "; bring the classes to the last axis and reshape to (-1, k)" if input.ndim > 2 else ""
        raise ValueError(f"{name}: got logits of shape {input.shape}; expected (n samples, k classes){way_out}")


def class_indices(name: str, input: Tensor, target: Tensor, ignore_index: int | None = None) -> None:
    n, k = input.shape
    if target.shape != (n,):
        raise ValueError(f"{name}: got targets of shape {target.shape} for logits of shape {input.shape}; expected "
                         f"class indices of shape ({n},)" + (
                             f", or probabilities (floats) of shape {(n, k)}" if name == "cross_entropy" else ""))
    if not np.issubdtype(target.dtype, np.integer):
        raise ValueError(f"{name}: class indices must be integers, got {target.dtype}")
    t = target.array[target.array != ignore_index]
    if t.size and not (0 <= t.min() and t.max() < k):
        raise ValueError(f"{name}: class indices must lie in 0..{k - 1}, got {t.min()}..{t.max()}")


def class_weight(name: str, input: Tensor, weight: Tensor) -> Tensor:
    if weight.shape != input.shape[1:]:
        raise ValueError(f"{name}: got weight of shape {weight.shape}; expected one number for each class, "
                         f"shape {input.shape[1:]}")
    return like(input, weight.detach())
