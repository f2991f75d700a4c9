"""The tide: its periods, its surge, windows that never look ahead, and the forecasts to beat."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import series


def test_the_periods_are_those_of_moon_and_sun():
    hours, level, astronomical = series.tide(24 * 366, surge=0.0, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(level, astronomical)
    for degrees, amplitude in series.CONSTITUENTS.values():
        wave = np.exp(-1j * np.radians(degrees) * hours)
        assert 2 * abs((level * wave).mean()) == pytest.approx(amplitude, abs=0.005)
    periods = {name: 360 / degrees for name, (degrees, _) in series.CONSTITUENTS.items()}
    assert periods["M2"] == pytest.approx(series.LUNAR_DAY / 2, abs=1e-4) and periods["S2"] == 12
    beat = 1 / (1 / periods["S2"] - 1 / periods["M2"]) / 24  # from one spring tide to the next
    assert beat == pytest.approx(29.5306 / 2, abs=1e-3)     # half a synodic month
    anomalistic = 1 / (1 / periods["M2"] - 1 / periods["N2"]) / 24
    assert anomalistic == pytest.approx(27.5546, abs=1e-3)  # from perigee to perigee
    assert 1 / (1 / periods["K1"] + 1 / periods["O1"]) == pytest.approx(periods["M2"], abs=1e-4)


def test_the_surge_has_its_size_and_its_memory():
    _, level, astronomical = series.tide(200_000, surge=0.3, memory=10, generator=np.random.default_rng(0))
    surge = level - astronomical
    assert surge.std() == pytest.approx(0.3, rel=0.03) and abs(surge.mean()) < 0.02
    for lag in (1, 10, 20):
        correlation = np.corrcoef(surge[lag:], surge[:-lag])[0, 1]
        assert correlation == pytest.approx(np.exp(-lag / 10), abs=0.03)


def test_the_same_seed_gives_the_same_sea():
    a, b, c = (series.tide(50, generator=np.random.default_rng(seed)).level for seed in (0, 0, 1))
    assert (a == b).all() and (a != c).all()


@given(st.integers(50, 200), st.integers(1, 4), st.integers(1, 4))
def test_windows_never_look_ahead(n, length, horizon):
    parts = series.windows(np.arange(n), length, horizon)
    for X, y in parts:
        assert X.dtype == y.dtype == np.float32 and X.shape == (len(y), length, 1)
        np.testing.assert_array_equal(X[:, :, 0], y[:, None] - horizon - np.arange(length)[::-1])
    for early, late in zip(parts, parts[1:]):
        assert early.y.max() < late.X.min()  # every number of the later part comes after all of the earlier one
    assert parts.train.X.min() == 0 and parts.test.y.max() == n - 1
    assert sum(len(part.y) + length + horizon - 1 for part in parts) == n


def test_the_last_value_and_the_last_lunar_day():
    hours = np.arange(400.0)
    X, y = series.windows(hours, 30, 6).test
    np.testing.assert_array_equal(series.last_value(X), y - 6)
    np.testing.assert_allclose(series.seasonal(X, 6), y - series.LUNAR_DAY, rtol=1e-6)
    np.testing.assert_array_equal(series.seasonal(X, 6, period=24), y - 24)
    np.testing.assert_array_equal(series.seasonal(X, 6, period=6), series.last_value(X))
    np.testing.assert_array_equal(series.seasonal(X, 6, period=35), y - 35)  # the first value of the window


def test_a_tide_repeats_after_a_lunar_day_better_than_after_a_day():
    level = series.tide(generator=np.random.default_rng(0)).level
    X, y = series.windows(level, 48, 12).test
    error = {name: np.sqrt(np.mean((forecast - y) ** 2)) for name, forecast in {
        "lunar": series.seasonal(X, 12), "solar": series.seasonal(X, 12, 24), "last": series.last_value(X)}.items()}
    assert error["lunar"] < 0.8 * error["solar"] < 0.8 * error["last"]
    assert series.surge_floor(12) < error["lunar"]


def test_the_floor_is_the_error_of_one_who_knows_the_sea():
    _, level, astronomical = series.tide(100_000, surge=0.2, memory=8, generator=np.random.default_rng(1))
    surge = level - astronomical
    for horizon in (1, 5):
        error = surge[horizon:] - np.exp(-horizon / 8) * surge[:-horizon]
        assert np.sqrt(np.mean(error**2)) == pytest.approx(series.surge_floor(horizon, surge=0.2, memory=8), rel=0.02)


@pytest.mark.parametrize("call, message", [
    (lambda: series.tide(0), "got 0, 0.1, 24.0"),
    (lambda: series.tide(5, surge=-1), "surge 0 or more"),
    (lambda: series.tide(5, memory=0), "memory above 0"),
    (lambda: series.windows(np.zeros((3, 2)), 1), r"windows: got values of shape \(3, 2\)"),
    (lambda: series.windows(np.zeros(30), 1, 0), "horizon=0"),
    (lambda: series.windows(np.zeros(30), 1, val=0.5, test=0.5), "leave something to train on"),
    (lambda: series.windows(np.zeros(30), 6), "a part of 6 values is too short for a piece of length=6 and the value "
                                              "horizon=1 after it"),
    (lambda: series.seasonal(np.zeros((3, 24, 1))), "lie 23.8412 steps before the last one; the windows hold 24"),
    (lambda: series.seasonal(np.zeros((3, 24, 1)), 7, 5), "lie -2 steps"),
])
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
