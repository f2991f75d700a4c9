from __future__ import annotations

import numpy as np
import pytest

from dlbook.metrics import accuracy, wilson_interval


def test_accuracy_of_classes_and_of_single_logits():
    y = np.array([1, 0, 1, 0])
    assert accuracy(y, np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])) == 0.75
    assert accuracy(y, np.array([2.0, -1.0, -3.0, -0.1])) == 0.75
    assert accuracy(y, np.array([[2.0], [-1.0], [-3.0], [-0.1]])) == 0.75


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, truth, n = np.random.default_rng(0), 0.9, 60
    inside = [low <= truth <= high for low, high in (wilson_interval(k, n) for k in rng.binomial(n, truth, 4000))]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_the_interval_stays_inside_at_the_ends():
    assert wilson_interval(0, 10).low == pytest.approx(0, abs=1e-12) and wilson_interval(0, 10).high < 0.31
    assert wilson_interval(10, 10).high == pytest.approx(1, abs=1e-12) and wilson_interval(10, 10).low > 0.69
    with pytest.raises(ValueError, match="got 11, 10, 0.95"):
        wilson_interval(11, 10)
