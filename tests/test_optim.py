from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import scratch
from dlbook.scratch import Parameter, Tensor

SETTINGS = {
    "SGD": [{"lr": 0.1}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "nesterov": True},
            {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}, {"lr": 0.1, "weight_decay": 0.2},
            {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.2, "nesterov": True}],
}


@pytest.mark.parametrize("name, settings", [(n, s) for n, rows in SETTINGS.items() for s in rows], ids=str)
def test_twenty_steps_equal_torchs(name, settings):
    rng = np.random.default_rng(0)
    A, start = rng.standard_normal((6, 4)), rng.standard_normal((4, 3))
    ours, theirs = Parameter(start), torch.nn.Parameter(torch.tensor(start))
    our_optimizer = getattr(scratch, name)([ours], **settings)
    their_optimizer = getattr(torch.optim, name)([theirs], **settings)
    for _ in range(20):
        our_optimizer.zero_grad()
        ((Tensor(A) @ ours) ** 2).mean().backward()
        our_optimizer.step()
        their_optimizer.zero_grad()
        ((torch.tensor(A) @ theirs) ** 2).mean().backward()
        their_optimizer.step()
        np.testing.assert_allclose(ours.array, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_parameters_without_gradient_stay():
    p = Parameter([1.0])
    scratch.SGD([p], lr=1.0).step()
    assert p.tolist() == [1]


def test_groups_have_their_own_rate():
    a, b = Parameter([1.0]), Parameter([1.0])
    optimizer = scratch.SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == [0.5]


@pytest.mark.parametrize("settings, message", [
    ({"lr": -1.0}, "lr must be a number >= 0, got -1.0"), ({"lr": float("nan")}, "lr must be"),
    ({"lr": 0.1, "nesterov": True}, "Nesterov momentum requires a momentum"),
    ({"lr": 0.1, "weight_decay": -0.1}, "weight_decay must be"),
])
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        scratch.SGD([Parameter([1.0])], **settings)


def test_no_parameters():
    with pytest.raises(ValueError, match=r"empty parameter list; pass model.parameters\(\)"):
        scratch.SGD([])
