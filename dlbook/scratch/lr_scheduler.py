"""Schedules of the learning rate: each is a formula for η after t calls of ``step()``, from η₀, the optimizer's own.

    for epoch in range(epochs):
        ...                       # optimizer.step() for every batch
        scheduler.step()          # once an epoch, or once a batch: t counts the calls

A warm-up is a ``LinearLR`` and then another schedule, in a ``SequentialLR``.
"""
from __future__ import annotations

import bisect
import math
import warnings
from collections.abc import Callable, Mapping

from dlbook.scratch.optimizer import Optimizer


class LRScheduler:
    """Base class: ``last_epoch`` is t, ``base_lrs`` holds η₀ of every parameter group."""

    def __init__(self, optimizer: Optimizer):
        _check_optimizer(self, optimizer)
        self.optimizer = optimizer
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self._go_to(0)

    def step(self) -> None:
        """Sets the learning rates for t + 1."""
        if self.last_epoch == 0 and not self.optimizer.stepped:
            warnings.warn("Detected call of lr_scheduler.step() before optimizer.step(): the first value of the "
                          "schedule is skipped; call optimizer.step() first", stacklevel=2)
        self._go_to(self.last_epoch + 1)

    def get_lr(self) -> list[float]:
        """The learning rate of every group at t, by the formula."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr()")

    def get_last_lr(self) -> list[float]:
        """The learning rate that the last ``step()`` set, for every group."""
        return self._last_lr

    def _go_to(self, t: int) -> None:
        self.last_epoch = t
        self._set(self.get_lr())

    def _set(self, rates: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = list(rates)

    # ---- saving and loading
    def state_dict(self) -> dict:
        """Everything but the optimizer, in PyTorch's names."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Goes on where another schedule stood, ours or PyTorch's; the optimizer's rates come with its own state.

        KeyError if something is missing; then nothing has been changed.
        """
        self._check_state(state_dict)
        vars(self).update({name: state_dict[name] for name in self.state_dict()})

    def _check_state(self, state_dict: Mapping) -> None:
        if missing := self.state_dict().keys() - state_dict.keys():
            raise KeyError(f"{type(self).__name__}: the loaded state has no {sorted(missing)}; "
                           "is it of another schedule?")


class LambdaLR(LRScheduler):
    """η = η₀ f(t), with one function, or a list with one for each group.  The functions are not saved."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | list[Callable[[int], float]]):
        _check_optimizer(self, optimizer)
        lambdas = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * len(optimizer.param_groups)
        if len(lambdas) != len(optimizer.param_groups):
            raise ValueError(f"LambdaLR: got {len(lambdas)} functions for {len(optimizer.param_groups)} groups")
        self.lr_lambdas = lambdas
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [lr * f(self.last_epoch) for lr, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict:
        return {**super().state_dict(), "lr_lambdas": [None] * len(self.lr_lambdas)}

    def load_state_dict(self, state_dict: Mapping) -> None:
        super().load_state_dict({**state_dict, "lr_lambdas": self.lr_lambdas})


class StepLR(LRScheduler):
    """η = η₀ γ^⌊t / step_size⌋: lower by the factor γ every ``step_size`` calls."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1):
        _check_calls(self, "step_size", step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [lr * self.gamma ** (self.last_epoch // self.step_size) for lr in self.base_lrs]


class ExponentialLR(LRScheduler):
    """η = η₀ γᵗ"""

    def __init__(self, optimizer: Optimizer, gamma: float):
        self.gamma = gamma
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [lr * self.gamma**self.last_epoch for lr in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """η = η_min + (η₀ - η_min) (1 + cos(π t / T_max)) / 2: half a wave down in T_max calls, then up again.

    Loshchilov and Hutter (2017), without their restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0):
        _check_calls(self, "T_max", T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        wave = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (lr - self.eta_min) * wave for lr in self.base_lrs]


class LinearLR(LRScheduler):
    """η = η₀ times a factor that goes from ``start_factor`` to ``end_factor`` in ``total_iters`` calls: a warm-up."""

    def __init__(self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
                 total_iters: int = 5):
        _check_calls(self, "total_iters", total_iters)
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must lie in [0, 1], got {end_factor}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        done = min(self.last_epoch, self.total_iters) / self.total_iters
        return [lr * (self.start_factor + (self.end_factor - self.start_factor) * done) for lr in self.base_lrs]


class SequentialLR(LRScheduler):
    """One schedule after the other: the next one starts, with its t = 0, at each of the ``milestones``."""

    def __init__(self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int]):
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(f"SequentialLR: got {len(schedulers)} schedulers and {len(milestones)} milestones; "
                             "expected one scheduler or more, and one milestone between each two")
        for scheduler in schedulers:
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError("SequentialLR: ReduceLROnPlateau cannot be part of it, for its step() needs a metric")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"SequentialLR: {type(scheduler).__name__} belongs to another optimizer")
        self._schedulers, self._milestones = schedulers, milestones
        super().__init__(optimizer)

    def _go_to(self, t: int) -> None:
        i = bisect.bisect_right(self._milestones, t)
        self._schedulers[i]._go_to(t - (self._milestones[i - 1] if i else 0))
        super()._go_to(t)

    def get_lr(self) -> list[float]:
        return self._schedulers[bisect.bisect_right(self._milestones, self.last_epoch)].get_lr()

    def state_dict(self) -> dict:
        own = {name: value for name, value in super().state_dict().items() if name != "base_lrs"}
        return {**own, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping) -> None:
        self._check_state(state_dict)
        states = state_dict["_schedulers"]
        if len(states) != len(self._schedulers):
            raise ValueError(f"SequentialLR: the loaded state has {len(states)} schedules, this one "
                             f"{len(self._schedulers)}")
        for scheduler, state in zip(self._schedulers, states):
            scheduler._check_state(state)
        for scheduler, state in zip(self._schedulers, states):
            scheduler.load_state_dict(state)
        super().load_state_dict({**state_dict, "_schedulers": self._schedulers})


class ReduceLROnPlateau(LRScheduler):
    """η ← factor · η when the metric given to ``step`` has not improved for more than ``patience`` calls.

    Better is lower for ``mode`` "min", higher for "max", by more than ``threshold``: a fraction of the best ("rel") or
    a difference ("abs").  After a reduction, ``cooldown`` calls do not count.
    """

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
                 threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
                 min_lr: list[float] | float = 0, eps: float = 1e-8):
        _check_optimizer(self, optimizer)
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        for name, value, known in (("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if value not in known:
                raise ValueError(f"ReduceLROnPlateau: {name} must be {known[0]!r} or {known[1]!r}, got {value!r}")
        self.optimizer = optimizer
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.eps = threshold_mode, cooldown, eps
        n = len(optimizer.param_groups)
        self.min_lrs = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * n
        if len(self.min_lrs) != n:
            raise ValueError(f"ReduceLROnPlateau: got {len(self.min_lrs)} min_lr for {n} groups")
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self._rates()

    def step(self, metrics: float) -> None:
        """Looks at ``metrics`` (a number, such as the validation loss) and lowers the rates if it is time."""
        metrics = float(metrics)
        self.last_epoch += 1
        if self._is_better(metrics):
            self.best, self.num_bad_epochs = metrics, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        rates = self._rates()
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            lower = [max(lr * self.factor, least) for lr, least in zip(rates, self.min_lrs, strict=True)]
            rates = [new if lr - new > self.eps else lr for lr, new in zip(rates, lower)]
        self._set(rates)

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, metric: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * metric < sign * self.best * (1 - sign * self.threshold)
        return sign * metric < sign * self.best - self.threshold


# ---- the checks
def _check_optimizer(scheduler: LRScheduler, optimizer: Optimizer) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__}: got {type(optimizer).__name__}, not an optimizer of "
                        "dlbook.scratch")


def _check_calls(scheduler: LRScheduler, name: str, calls: int) -> None:
    if not calls > 0:
        raise ValueError(f"{type(scheduler).__name__}: {name} must be a number of calls above 0, got {calls}")
