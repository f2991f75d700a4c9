"""Optimizers: they take the gradients that ``backward`` left and change the parameters.

Each update rule is a function on plain arrays: p the parameter, g its gradient, t the number of this step, counted
from 1, then what is remembered from step to step and starts at zero, then the settings.  The parameter and what is
remembered are changed in place, the gradient is not.  A weight decay λ adds λ p to g, the gradient of λ p²/2.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.module import Parameter
from dlbook.scratch.optimizer import Optimizer

if TYPE_CHECKING:
    from dlbook._types import Array, Float


# ---- the update rules
def _sgd(p: Float[Array, "*n"], g: Float[Array, "*n"], v: Float[Array, "*n"] | None, lr: float, momentum: float,
         dampening: float, weight_decay: float, nesterov: bool) -> Float[Array, "*n"] | None:
    """p ← p - η v with v ← μ v + (1 - τ) g, at the first step v = g; without momentum p ← p - η g.  Returns v.

    Nesterov's variant takes g + μ v in the place of v: the gradient one step further on.

    >>> p = np.array([1.])
    >>> v = _sgd(p, np.array([2.]), np.array([10.]), 0.1, 0.5, 0, 0, False)
    >>> v, p                                             # 0.5 · 10 + 2, then 1 - 0.1 · 7
    (array([7.]), array([0.3]))
    """
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        if v is None:
            v = g.copy()
        else:
            v *= momentum
            v += (1 - dampening) * g
        g = g + momentum * v if nesterov else v
    p -= lr * g
    return v


def _adagrad(p: Float[Array, "*n"], g: Float[Array, "*n"], t: int, s: Float[Array, "*n"], lr: float, lr_decay: float,
             weight_decay: float, eps: float) -> None:
    """s ← s + g²,  p ← p - η g / (√s + ε),  where η shrinks to η / (1 + (t - 1) · lr_decay)."""
    if weight_decay:
        g = g + weight_decay * p
    s += g * g
    p -= lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)


def _adadelta(p: Float[Array, "*n"], g: Float[Array, "*n"], s: Float[Array, "*n"], d: Float[Array, "*n"], lr: float,
              rho: float, eps: float, weight_decay: float) -> None:
    """s ← ρ s + (1 - ρ) g²,  Δ = √(d + ε) / √(s + ε) · g,  d ← ρ d + (1 - ρ) Δ²,  p ← p - η Δ."""
    if weight_decay:
        g = g + weight_decay * p
    _mix(s, g * g, rho)
    delta = np.sqrt((d + eps) / (s + eps)) * g
    _mix(d, delta * delta, rho)
    p -= lr * delta


def _rmsprop(p: Float[Array, "*n"], g: Float[Array, "*n"], s: Float[Array, "*n"], v: Float[Array, "*n"] | None,
             m: Float[Array, "*n"] | None, lr: float, alpha: float, eps: float, weight_decay: float, momentum: float,
             centered: bool) -> None:
    """s ← α s + (1 - α) g²,  p ← p - η g / (√s + ε).

    Centered, with m ← α m + (1 - α) g, √(s - m²) takes the place of √s.  With momentum, v ← μ v + g / (√s + ε) and
    p ← p - η v.
    """
    if weight_decay:
        g = g + weight_decay * p
    _mix(s, g * g, alpha)
    variance = s
    if centered:
        _mix(m, g, alpha)
        variance = s - m * m
    step = g / (np.sqrt(variance) + eps)
    if momentum:
        v *= momentum
        v += step
        step = v
    p -= lr * step


def _adam(p: Float[Array, "*n"], g: Float[Array, "*n"], t: int, m: Float[Array, "*n"], v: Float[Array, "*n"],
          v_max: Float[Array, "*n"] | None, lr: float, betas: tuple[float, float], eps: float, weight_decay: float,
          amsgrad: bool, decoupled_weight_decay: bool) -> None:
    """m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  p ← p - η m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).

    Decoupled (AdamW), the weight decay λ is p ← (1 - η λ) p instead.  AMSGrad takes the largest v so far.

    >>> p, m, v = np.zeros((3, 2))
    >>> _adam(p, np.array([5., -0.01]), 1, m, v, None, 0.5, (0.9, 0.999), 1e-8, 0, False, False)
    >>> p.round(5)                                       # the first step has the length η, whatever the gradient
    array([-0.5,  0.5])
    """
    beta1, beta2 = betas
    if decoupled_weight_decay:
        p *= 1 - lr * weight_decay
    elif weight_decay:
        g = g + weight_decay * p
    _mix(m, g, beta1)
    _mix(v, g * g, beta2)
    if amsgrad:
        v = np.maximum(v_max, v, out=v_max)
    p -= lr / (1 - beta1**t) * m / (np.sqrt(v / (1 - beta2**t)) + eps)


def _mix(average: Float[Array, "*n"], x: Float[Array, "*n"], beta: float) -> None:
    """average ← β average + (1 - β) x"""
    average *= beta
    average += (1 - beta) * x


# ---- the optimizers
class SGD(Optimizer):
    """Gradient descent with momentum μ, dampening τ, weight decay and Nesterov's variant (Sutskever et al., 2013).

    Raises ValueError for settings that make no sense: a negative rate, Nesterov without momentum.
    """

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float = 0, nesterov: bool = False):
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                  "weight_decay": weight_decay, "nesterov": nesterov})

    def _update(self, p, g, state, **settings):
        v = _sgd(p, g, state.get("momentum_buffer"), **settings)
        if v is not None:
            state["momentum_buffer"] = v

    def _check(self, dampening, **settings):
        super()._check(**settings)
        if settings["nesterov"] and (settings["momentum"] <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov momentum requires a momentum and zero dampening, "
                             f"got momentum={settings['momentum']}, dampening={dampening}")


class Adagrad(Optimizer):
    """A rate of its own for each number: smaller, the more its gradients have summed up to (Duchi et al., 2011)."""

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
                 initial_accumulator_value: float = 0, eps: float = 1e-10):
        super().__init__(params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                                  "initial_accumulator_value": initial_accumulator_value})

    def add_param_group(self, param_group: dict) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for p in group["params"]:  # at once: PyTorch's expects it in a loaded state, before the first step too
            self.state[p] = self._memory(p.array, **self._settings(group))

    def _memory(self, p, initial_accumulator_value, **settings):
        return {"step": 0, "sum": np.full_like(p, initial_accumulator_value)}

    def _update(self, p, g, state, initial_accumulator_value, **settings):
        state["step"] += 1
        _adagrad(p, g, state["step"], state["sum"], **settings)


class Adadelta(Optimizer):
    """Steps as long as the steps before, in the units of the parameter: it needs no learning rate (Zeiler, 2012)."""

    def __init__(self, params: Iterable[Parameter], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
                 weight_decay: float = 0):
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def _memory(self, p, **settings):
        return {"step": 0, "square_avg": np.zeros_like(p), "acc_delta": np.zeros_like(p)}

    def _update(self, p, g, state, **settings):
        state["step"] += 1
        _adadelta(p, g, state["square_avg"], state["acc_delta"], **settings)

    def _check(self, rho, **settings):
        super()._check(**settings)
        if not 0 <= rho <= 1:
            raise ValueError(f"Adadelta: rho must lie in [0, 1], got {rho}")


class RMSprop(Optimizer):
    """The gradient divided by its root mean square of late (Hinton, lecture 6e of 2012)."""

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 weight_decay: float = 0, momentum: float = 0, centered: bool = False):
        super().__init__(params, {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
                                  "weight_decay": weight_decay})

    def _memory(self, p, momentum, centered, **settings):
        further = ["momentum_buffer"] * bool(momentum) + ["grad_avg"] * bool(centered)
        return {"step": 0, **{name: np.zeros_like(p) for name in ["square_avg", *further]}}

    def _update(self, p, g, state, **settings):
        state["step"] += 1
        _rmsprop(p, g, state["square_avg"], state.get("momentum_buffer"), state.get("grad_avg"), **settings)


class Adam(Optimizer):
    """Momentum, divided by the root mean square of the gradient; both corrected for their start at zero.

    Kingma and Ba (2015); ``amsgrad``: Reddi et al. (2018).
    """

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
                 decoupled_weight_decay: bool = False):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "amsgrad": amsgrad, "decoupled_weight_decay": decoupled_weight_decay})

    def _memory(self, p, amsgrad, **settings):
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(amsgrad)
        return {"step": 0, **{name: np.zeros_like(p) for name in names}}

    def _update(self, p, g, state, **settings):
        state["step"] += 1
        _adam(p, g, state["step"], state["exp_avg"], state["exp_avg_sq"], state.get("max_exp_avg_sq"), **settings)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself, not through the gradient (Loshchilov and Hutter, 2019)."""

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, decoupled_weight_decay=True)

    def _loaded_group(self, mine, theirs):
        return {**super()._loaded_group(mine, theirs), "decoupled_weight_decay": True}
