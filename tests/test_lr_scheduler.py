from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dlbook import scratch
from dlbook.scratch import Parameter

OURS = SimpleNamespace(**{name: getattr(scratch, name) for name in scratch.__all__}, parameter=Parameter)
THEIRS = SimpleNamespace(**{name: getattr(torch.optim.lr_scheduler, name) for name in dir(torch.optim.lr_scheduler)
                            if not name.startswith("__")} | {"SGD": torch.optim.SGD},
                         parameter=lambda data: torch.nn.Parameter(torch.tensor(data)))


def after_warm_up(length: int, then: str, **settings):
    """``LinearLR`` for ``length`` calls, then the schedule of this name."""
    def make(lib, optimizer):
        warm_up = lib.LinearLR(optimizer, start_factor=0.1, total_iters=length)
        return lib.SequentialLR(optimizer, [warm_up, getattr(lib, then)(optimizer, **settings)], [length])
    return make


SCHEDULES = {
    "StepLR": lambda lib, o: lib.StepLR(o, 7, gamma=0.3),
    "ExponentialLR": lambda lib, o: lib.ExponentialLR(o, 0.93),
    "CosineAnnealingLR": lambda lib, o: lib.CosineAnnealingLR(o, 50, eta_min=1e-3),
    "CosineAnnealingLR, up again": lambda lib, o: lib.CosineAnnealingLR(o, 12),
    "LinearLR": lambda lib, o: lib.LinearLR(o),
    "LinearLR, down": lambda lib, o: lib.LinearLR(o, 0.8, 0.0, total_iters=20),
    "LambdaLR": lambda lib, o: lib.LambdaLR(o, lambda t: min(1.0, (t + 1) / 8)),
    "LambdaLR, two": lambda lib, o: lib.LambdaLR(o, [lambda t: 0.9**t, lambda t: 1 / (1 + t)]),
    "warm-up, cosine": after_warm_up(5, "CosineAnnealingLR", T_max=45),
    "warm-up, step": after_warm_up(10, "StepLR", step_size=4),
    "three": lambda lib, o: lib.SequentialLR(
        o, [lib.LinearLR(o), lib.ExponentialLR(o, 0.8), lib.CosineAnnealingLR(o, 10)], [6, 30]),
}
every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def made(lib, schedule):
    """An optimizer with two groups, that has made its step, and its schedule."""
    a, b = (lib.parameter([1.0]) for _ in range(2))
    optimizer = lib.SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    scheduler = schedule(lib, optimizer)
    optimizer.step()
    return optimizer, scheduler


def rates(optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def close(a, b) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@every_schedule
def test_fifty_epochs_equal_torchs(name):
    (optimizer, ours), (optimizer_torch, theirs) = (made(lib, SCHEDULES[name]) for lib in (OURS, THEIRS))
    for _ in range(50):
        close(rates(optimizer), rates(optimizer_torch))
        assert ours.get_last_lr() == rates(optimizer)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of how SequentialLR goes on
            theirs.step()
        ours.step()


PLATEAUS = [{}, {"patience": 2, "factor": 0.5}, {"mode": "max", "patience": 1}, {"cooldown": 4, "patience": 1},
            {"threshold": 0.2, "patience": 3}, {"threshold": 0.2, "threshold_mode": "abs", "patience": 3},
            {"mode": "max", "threshold": 0.1, "threshold_mode": "abs", "patience": 0},
            {"mode": "max", "threshold": 0.1, "patience": 0}, {"min_lr": [0.03, 0.2], "patience": 0, "factor": 0.5},
            {"patience": 0, "min_lr": 1e-3}, {"patience": 0, "eps": 1e-2}]


@pytest.mark.parametrize("settings", PLATEAUS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_plateaus_are_torchs(settings, seed):
    (optimizer, ours), (optimizer_torch, theirs) = (
        made(lib, lambda lib, o: lib.ReduceLROnPlateau(o, **settings)) for lib in (OURS, THEIRS))
    rng = np.random.default_rng(seed)
    metrics = 1 / np.sqrt(1 + np.arange(50)) + 0.2 * rng.standard_normal(50)
    metrics = 1.5 - metrics if settings.get("mode") == "max" else metrics
    metrics[20] = np.nan
    for metric in metrics:
        ours.step(metric)
        theirs.step(metric)
        close(rates(optimizer), rates(optimizer_torch))
        assert ours.get_last_lr() == rates(optimizer)
        assert (ours.best, ours.num_bad_epochs) == (theirs.best, theirs.num_bad_epochs)
    assert rates(optimizer) != [0.1, 0.5] or settings == {}


def test_a_metric_may_be_a_tensor():
    _, scheduler = made(OURS, lambda lib, o: lib.ReduceLROnPlateau(o))
    scheduler.step(scratch.Tensor(0.25))
    assert scheduler.best == 0.25


# ---- saving and loading
def plateau(lib, o):
    return lib.ReduceLROnPlateau(o, patience=1, cooldown=1)


@pytest.mark.parametrize("name", [*SCHEDULES, "ReduceLROnPlateau"])
@pytest.mark.parametrize("there, here", [(OURS, OURS), (THEIRS, OURS), (OURS, THEIRS)],
                         ids=["scratch", "from torch", "to torch"])
def test_a_loaded_schedule_goes_on(name, there, here):
    def step(scheduler):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step(*([1.0] if name == "ReduceLROnPlateau" else []))

    schedule = SCHEDULES.get(name, plateau)
    optimizer, first = made(there, schedule)
    for _ in range(8):
        step(first)
    optimizer_too, second = made(here, schedule)
    second.load_state_dict(first.state_dict())
    optimizer_too.load_state_dict(optimizer.state_dict())
    for _ in range(10):
        close(rates(optimizer), rates(optimizer_too))
        step(first)
        step(second)


def test_the_state_of_another_schedule():
    _, steps = made(OURS, SCHEDULES["StepLR"])
    _, cosine = made(OURS, SCHEDULES["CosineAnnealingLR"])
    with pytest.raises(KeyError, match=r"StepLR: the loaded state has no \['gamma', 'step_size'\]"):
        steps.load_state_dict(cosine.state_dict())
    _, three = made(OURS, SCHEDULES["three"])
    _, two = made(OURS, SCHEDULES["warm-up, step"])
    with pytest.raises(ValueError, match="the loaded state has 2 schedules, this one 3"):
        three.load_state_dict(two.state_dict())
    _, other_two = made(OURS, SCHEDULES["warm-up, cosine"])
    two.step()
    with pytest.raises(KeyError, match="CosineAnnealingLR: the loaded state has no"):
        other_two.load_state_dict(two.state_dict())
    assert other_two._schedulers[0].last_epoch == 0  # nothing was changed


# ---- what makes no sense
def test_a_schedule_before_the_optimizer_warns_as_in_torch():
    for lib in (OURS, THEIRS):
        optimizer = lib.SGD([lib.parameter([1.0])], lr=0.1)
        scheduler = lib.StepLR(optimizer, 3)
        with pytest.warns(UserWarning, match=r"before .?optimizer.step\(\)"):
            scheduler.step()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scheduler.step()  # and not again


def joined(milestones, *names):
    return lambda o: scratch.SequentialLR(o, [SCHEDULES[name](OURS, o) for name in names], milestones)


@pytest.mark.parametrize("make, message", [
    (lambda o: scratch.StepLR(o, 0), "StepLR: step_size must be a number of calls above 0, got 0"),
    (lambda o: scratch.CosineAnnealingLR(o, T_max=0), "T_max must be"),
    (lambda o: scratch.LinearLR(o, total_iters=0), "total_iters must be"),
    (lambda o: scratch.LinearLR(o, start_factor=0.0), "start_factor must be above 0 and at most 1, got 0.0"),
    (lambda o: scratch.LinearLR(o, end_factor=1.5), r"end_factor must lie in \[0, 1\], got 1.5"),
    (lambda o: scratch.LambdaLR(o, [abs]), "got 1 functions for 2 groups"),
    (joined([3], "StepLR"), "got 1 schedulers and 1 milestones"), (joined([]), "got 0 schedulers"),
    (lambda o: scratch.SequentialLR(o, [scratch.ReduceLROnPlateau(o)], []), "its step\\(\\) needs a metric"),
    (lambda o: scratch.SequentialLR(o, [made(OURS, SCHEDULES["StepLR"])[1]], []), "belongs to another optimizer"),
    (lambda o: scratch.ReduceLROnPlateau(o, factor=1.0), "factor must be below 1, got 1.0"),
    (lambda o: scratch.ReduceLROnPlateau(o, mode="low"), "mode must be 'min' or 'max', got 'low'"),
    (lambda o: scratch.ReduceLROnPlateau(o, threshold_mode="x"), "threshold_mode must be 'rel' or 'abs', got 'x'"),
    (lambda o: scratch.ReduceLROnPlateau(o, min_lr=[0.1]), "got 1 min_lr for 2 groups"),
])
def test_settings_that_make_no_sense(make, message):
    optimizer, _ = made(OURS, SCHEDULES["StepLR"])
    with pytest.raises(ValueError, match=message):
        make(optimizer)


@pytest.mark.parametrize("make", [lambda o: scratch.StepLR(o, 3), lambda o: scratch.LambdaLR(o, abs),
                                  lambda o: scratch.ReduceLROnPlateau(o)])
def test_an_optimizer_of_torch_is_refused(make):
    with pytest.raises(TypeError, match="got SGD, not an optimizer of dlbook.scratch"):
        make(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]))


def test_a_schedule_of_ones_own_needs_a_formula():
    with pytest.raises(NotImplementedError, match=r"LRScheduler has no get_lr\(\)"):
        scratch.LRScheduler(scratch.SGD([Parameter([1.0])]))
