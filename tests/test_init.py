"""The distributions against PyTorch's: same names, same spread, and the numbers land where they should."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import manual_seed, scratch
from dlbook.scratch import Linear, Tensor, init

SHAPE = (300, 500)


@pytest.mark.parametrize("name, arguments", [
    ("uniform_", {"a": -2.0, "b": 3.0}), ("normal_", {"mean": 1.0, "std": 0.5}), ("xavier_uniform_", {"gain": 1.3}),
    ("xavier_normal_", {"gain": 1.3}), ("kaiming_uniform_", {"a": 0.2, "mode": "fan_out"}),
    ("kaiming_normal_", {"nonlinearity": "relu"}),
])
def test_spread_equals_torchs(name, arguments):
    ours, theirs = Tensor(np.empty(SHAPE)), torch.empty(SHAPE, dtype=torch.float64)
    assert getattr(init, name)(ours, **arguments, generator=np.random.default_rng(0)) is ours
    getattr(torch.nn.init, name)(theirs, **arguments, generator=torch.Generator().manual_seed(0))
    assert ours.array.mean() == pytest.approx(theirs.mean().item(), abs=0.02)
    assert ours.array.std() == pytest.approx(theirs.std().item(), rel=0.01)
    quantiles = [0.001, 0.25, 0.5, 0.75, 0.999]
    np.testing.assert_allclose(np.quantile(ours.array, quantiles), np.quantile(theirs.numpy(), quantiles),
                               atol=0.04 * ours.array.std() + 0.01 * np.abs(ours.array).max())


def test_zeros_and_constants():
    assert not init.zeros_(Tensor(np.ones(3))).array.any()
    assert init.constant_(Tensor(np.ones(3)), 0.5).tolist() == [0.5] * 3


@pytest.mark.parametrize("name, parameter", [("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None),
                                             ("leaky_relu", None), ("leaky_relu", 0.3)])
def test_gains_equal_torchs(name, parameter):
    assert init.calculate_gain(name, parameter) == pytest.approx(torch.nn.init.calculate_gain(name, parameter))


def test_fans_of_a_convolution_count_its_window():
    ours, theirs = Tensor(np.empty((64, 32, 3, 3))), torch.empty(64, 32, 3, 3)
    init.kaiming_normal_(ours)
    torch.nn.init.kaiming_normal_(theirs)
    assert ours.array.std() == pytest.approx(theirs.std().item(), rel=0.05)


def test_messages():
    with pytest.raises(ValueError, match=r"at least 2 dimensions, got shape \(3,\); biases start at zero"):
        init.xavier_normal_(Tensor(np.zeros(3)))
    with pytest.raises(ValueError, match="'rleu'; known are linear"):
        init.calculate_gain("rleu")
    with pytest.raises(ValueError, match="'fan_in' or 'fan_out', got 'fan'"):
        init.kaiming_normal_(Tensor(np.zeros((2, 2))), mode="fan")


def test_linear_starts_as_torchs_does():
    ours, theirs = Linear(400, 300), torch.nn.Linear(400, 300)
    for name in ("weight", "bias"):
        a, b = getattr(ours, name).array, getattr(theirs, name).detach().numpy()
        assert a.std() == pytest.approx(b.std(), rel=0.1)
        assert np.abs(a).max() <= 400**-0.5


def test_manual_seed_seeds_both_backends():
    def draw():
        manual_seed(7)
        return scratch.MLP([2, 3]).layers[0].weight.tolist(), torch.rand(2).tolist()

    assert draw() == draw()
