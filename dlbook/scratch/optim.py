"""Optimizers: they take the gradients that ``backward`` left and change the parameters."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.module import Parameter

if TYPE_CHECKING:
    from dlbook._types import Array, Float


def _sgd(p: Float[Array, "*n"], g: Float[Array, "*n"], v: Float[Array, "*n"] | None, lr: float, momentum: float,
         dampening: float, weight_decay: float, nesterov: bool) -> Float[Array, "*n"] | None:
    """One step, in place: p ← p - η v with v ← μ v + (1 - τ) g; without momentum p ← p - η g.  Returns v."""
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        v = g.copy() if v is None else momentum * v + (1 - dampening) * g
        g = g + momentum * v if nesterov else v
    p -= lr * g
    return v


class Optimizer:
    """Base class: ``param_groups`` holds the parameters and their settings, ``state`` what is remembered for each."""

    def __init__(self, params: Iterable[Parameter], defaults: dict):
        params = list(params)
        if not params:
            raise ValueError("optimizer got an empty parameter list; pass model.parameters()")
        groups = params if isinstance(params[0], dict) else [{"params": params}]
        self.param_groups = [{**defaults, **group, "params": list(group["params"])} for group in groups]
        self.state: dict[Parameter, dict] = {}

    def zero_grad(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None


class SGD(Optimizer):
    """Gradient descent with momentum μ, dampening τ, weight decay and Nesterov's variant.

    Raises ValueError for settings that make no sense: a negative rate, Nesterov without momentum.
    """

    def __init__(self, params: Iterable[Parameter], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float = 0, nesterov: bool = False):
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"SGD: {name} must be a number >= 0, got {value}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov momentum requires a momentum and zero dampening, "
                             f"got momentum={momentum}, dampening={dampening}")
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                  "weight_decay": weight_decay, "nesterov": nesterov})

    def step(self) -> None:
        for group in self.param_groups:
            settings = {k: v for k, v in group.items() if k != "params"}
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state.setdefault(p, {"momentum_buffer": None})
                    state["momentum_buffer"] = _sgd(p.array, p.grad.array, state["momentum_buffer"], **settings)
