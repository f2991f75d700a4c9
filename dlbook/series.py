"""A time series: the tide in a harbour, simulated, with the forecasts that a network has to beat.

The sea level is a sum of cosines whose periods are those of the moon, the sun and the turning earth, and a surge that
wind and pressure drive.  The periods are true.  The amplitudes are of the size that a Pacific harbour has, and the
surge is noise with a memory (an autoregressive process of order 1).
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook.data import Dataset, Splits
from dlbook.scratch.random import default_generator

LUNAR_DAY = 24.8412  # hours from one passage of the moon to the next
CONSTITUENTS = {  # name: degrees an hour, amplitude in m
    "M2": (28.9841042, 0.58),  # the moon, twice in a lunar day
    "S2": (30.0000000, 0.14),  # the sun, twice a day
    "N2": (28.4397295, 0.12),  # the moon's distance, which changes
    "K1": (15.0410686, 0.37),  # moon and sun off the equator, once a day
    "O1": (13.9430356, 0.23),  # the moon off the equator
}


class Series(NamedTuple):
    """A number at each of n times: ``hours`` (n,) float64, ``level`` (n,) float64 in m, and its predictable part."""

    hours: np.ndarray
    level: np.ndarray
    astronomical: np.ndarray


def tide(n: int = 24 * 365, *, surge: float = 0.1, memory: float = 24.0,
         generator: np.random.Generator | None = None) -> Series:
    """The sea level at ``n`` full hours, Σ A cos(ω t + φ) + s(t), with random phases φ.

    The surge s has standard deviation ``surge`` in m and forgets with ``memory`` hours:
    s(t + 1) = ρ s(t) + √(1 - ρ²) ``surge`` ε, ρ = exp(-1/``memory``), ε normal.  ValueError for n < 1, a negative
    surge, a memory that is not positive.
    """
    if n < 1 or not surge >= 0 or not memory > 0:
        raise ValueError(f"tide: n must be at least 1, surge 0 or more and memory above 0, got {n}, {surge}, {memory}")
    rng = default_generator(generator)
    hours, rho = np.arange(n, dtype=np.float64), np.exp(-1 / memory)
    speeds, amplitudes = np.array(list(CONSTITUENTS.values())).T
    phases = rng.uniform(0, 2 * np.pi, len(speeds))
    astronomical = np.cos(np.radians(speeds) * hours[:, None] + phases) @ amplitudes
    shocks = rng.standard_normal(n)
    s = np.empty(n)
    s[0] = shocks[0]
    for t in range(1, n):
        s[t] = rho * s[t - 1] + np.sqrt(1 - rho**2) * shocks[t]
    return Series(hours, astronomical + surge * s, astronomical)


def windows(values: np.ndarray, length: int, horizon: int = 1, *, val: float = 0.2, test: float = 0.2) -> Splits:
    """Pieces of a series to learn from: X (m, length, 1) float32, y (m,) float32 the value ``horizon`` steps later.

    The series (n,) is cut in time first, the past to train on, the latest part for the test, and no piece reaches
    across a cut: nothing that a part is asked has been seen in an earlier one.  ValueError if a part is too short for
    one piece.
    """
    values = np.asarray(values)
    if values.ndim != 1 or length < 1 or horizon < 1 or not (val > 0 and test > 0 and val + test < 1):
        raise ValueError(f"windows: got values of shape {values.shape}, length={length}, horizon={horizon}, val={val}, "
                         f"test={test}; expected (n,), both at least 1, and shares that leave something to train on")
    first, second = round(len(values) * (1 - val - test)), round(len(values) * (1 - test))
    parts = [_pieces(part, length, horizon) for part in np.split(values, [first, second])]
    return Splits(*parts)


def _pieces(values: np.ndarray, length: int, horizon: int) -> Dataset:
    m = len(values) - length - horizon + 1
    if m < 1:
        raise ValueError(f"windows: a part of {len(values)} values is too short for a piece of length={length} and the "
                         f"value horizon={horizon} after it; take a longer series, or shorter pieces")
    X = np.lib.stride_tricks.sliding_window_view(values, length)[:m, :, None]
    return Dataset(X.astype(np.float32), values[length + horizon - 1:].astype(np.float32))


# ---- forecasts without learning, from the windows X (m, length, 1)
def last_value(X: np.ndarray) -> np.ndarray:
    """(m,): it stays as it is."""
    return X[:, -1, 0]


def seasonal(X: np.ndarray, horizon: int = 1, period: float = LUNAR_DAY) -> np.ndarray:
    """(m,): what it was one ``period`` before the time that is asked for, between two steps their weighted mean.

    ValueError if the windows do not reach back that far, or the period is shorter than the horizon.
    """
    back = period - horizon  # steps before the last one
    i, share = int(np.floor(back)), back - np.floor(back)
    if back < 0 or i + (share > 0) >= X.shape[1]:
        raise ValueError(f"seasonal: {period} steps before the value asked for lie {back:g} steps before the last one; "
                         f"the windows hold {X.shape[1]}, so back must be from 0 to {X.shape[1] - 1}")
    after = X[:, -1 - i, 0]
    return after if share == 0 else (1 - share) * after + share * X[:, -2 - i, 0]


def surge_floor(horizon: int = 1, *, surge: float = 0.1, memory: float = 24.0) -> float:
    """√(1 - ρ^(2 horizon)) surge: the root mean square error in m of one who knows everything but the shocks to come.

    No forecast can be better in the long run.
    """
    return float(surge * np.sqrt(1 - np.exp(-2 * horizon / memory)))
