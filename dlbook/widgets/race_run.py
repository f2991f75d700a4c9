"""The race with the optimizers and schedules of ``dlbook.scratch``; in the browser it is js/race_optim.mjs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.widgets.network_start import normals
from dlbook.widgets.race_surfaces import SURFACES, Surface, constant

OPTIMIZERS = constant("OPTIMIZERS")  # name: what it is called
FAR = constant("FAR")  # an optimizer farther out than this, in x or y, has diverged
STEP_SHARE, WARM_SHARE = 0.3, 0.1  # what a quarter leaves of the rate; the part of the steps that warms up


class Settings(NamedTuple):
    """What a race depends on, everything filled in; the names are those of ``OptimizerRace``."""

    surface: Surface
    start: tuple[float, float]
    lr: float
    factors: list[float]
    schedule: str
    momentum: float
    beta2: float
    alpha: float
    weight_decay: float
    noise: float
    seed: int
    steps: int


class Path(NamedTuple):
    """The places (last + 1, 2) of an optimizer and its losses (last + 1,), all finite.

    ``stop`` says what happened at step last + 1: it "diverged", or "left" a surface that is known on its map alone; it
    is empty if there is no such step.
    """

    name: str
    places: np.ndarray
    loss: np.ndarray
    stop: str

    @property
    def last(self) -> int:
        return len(self.loss) - 1


def race(settings: Settings, names=tuple(OPTIMIZERS)) -> list[Path]:
    """The paths of the named optimizers, all from the same start and with the same noise."""
    n = 2 * settings.steps
    z = settings.noise * normals(settings.seed, 0, n).reshape(-1, 2) if settings.noise else None
    return [_run(name, settings, z) for name in names]


def optimizer(name: str, p: scratch.Parameter, settings: Settings) -> scratch.Optimizer:
    """The optimizer of that name, with the settings of the race, for the one parameter ``p``."""
    mu, betas = settings.momentum, (settings.momentum, settings.beta2)
    make, more = {
        "sgd": (scratch.SGD, {}),
        "momentum": (scratch.SGD, {"momentum": mu}),
        "nesterov": (scratch.SGD, {"momentum": mu, "nesterov": mu > 0}),
        "adagrad": (scratch.Adagrad, {}),
        "adadelta": (scratch.Adadelta, {"rho": settings.alpha}),
        "rmsprop": (scratch.RMSprop, {"alpha": settings.alpha}),
        "adam": (scratch.Adam, {"betas": betas}),
        "adamw": (scratch.AdamW, {"betas": betas}),
    }[name]
    lr = settings.lr * settings.factors[list(OPTIMIZERS).index(name)]
    return make([p], lr=lr, weight_decay=settings.weight_decay, **more)


def scheduler(schedule: str, optim: scratch.Optimizer, steps: int) -> scratch.LRScheduler:
    """The schedule of that name over the steps of the race."""
    if schedule == "step":
        return scratch.StepLR(optim, max(1, math.ceil(steps / 4)), STEP_SHARE)
    if schedule == "cosine":
        return scratch.CosineAnnealingLR(optim, steps)
    if schedule == "warmup_cosine":
        warm = max(1, math.floor(WARM_SHARE * steps + 0.5))
        first = scratch.LinearLR(optim, 1 / warm, total_iters=max(1, warm - 1))
        return scratch.SequentialLR(optim, [first, scratch.CosineAnnealingLR(optim, max(1, steps - warm))], [warm])
    return scratch.LambdaLR(optim, lambda t: 1.0)


def _run(name: str, settings: Settings, z: np.ndarray | None) -> Path:
    p = scratch.Parameter(np.array(settings.start, np.float64))
    optim = optimizer(name, p, settings)
    rates = scheduler(settings.schedule, optim, settings.steps)
    surface, places, losses = settings.surface, [], []
    for t in range(settings.steps + 1):
        place = p.detach().numpy().copy()
        with np.errstate(over="ignore", invalid="ignore"):
            loss, *slope = surface.at(*place)
        if not np.abs(place).max() <= FAR or not math.isfinite(loss):  # true for NaN too
            return Path(name, np.array(places), np.array(losses), "diverged" if surface.known(*place) else "left")
        places.append(place)
        losses.append(loss)
        if t == settings.steps:
            break
        if z is not None and surface.known(*(place + z[t])):  # a mini-batch sees the surface a little shifted
            slope = surface.at(*(place + z[t]))[1:]
        p.grad = scratch.Tensor(np.array(slope))
        optim.step()
        rates.step()
    return Path(name, np.array(places), np.array(losses), "")


def lowest(surface: Surface) -> float:
    """The loss at the lowest of the minima that are known."""
    return min(surface.at(*place)[0] for place in SURFACES[surface.name]["minima"])


def finish(path: Path, low: float) -> int | None:
    """The first step from which on the loss stays within one percent of its way down from the start, or None."""
    goal = low + 0.01 * (path.loss[0] - low)
    if path.stop or not path.loss[-1] <= goal:
        return None
    above = np.flatnonzero(path.loss > goal)
    return int(above[-1]) + 1 if len(above) else 0
