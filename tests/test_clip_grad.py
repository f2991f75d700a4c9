from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import scratch
from dlbook.scratch import Parameter, Tensor

utils = torch.nn.utils


def twins(*gradients, dtype=np.float64):
    """Parameters with these gradients, ours and torch's; None for none."""
    ours, theirs = [], []
    for g in gradients:
        p, q = Parameter(np.zeros(np.shape(g), dtype)), torch.nn.Parameter(torch.zeros(np.shape(g)).double())
        if g is not None:
            p.grad, q.grad = Tensor(np.array(g, dtype)), torch.tensor(np.array(g, np.float64))
        ours.append(p)
        theirs.append(q)
    return ours, theirs


def same_gradients(ours, theirs) -> None:
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad.array, q.grad, rtol=1e-12)


def some_gradients(seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((3, 4)), None, rng.standard_normal(5), np.array(2.0), np.zeros((0, 2))


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 1000.0])
def test_clipping_by_norm_is_torchs(norm_type, max_norm):
    gradients = some_gradients()[:4 if norm_type == float("inf") else 5]  # torch refuses the largest of nothing
    ours, theirs = twins(*gradients)
    norm = scratch.clip_grad_norm_(ours, max_norm, norm_type)
    norm_torch = utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert norm.item() == pytest.approx(norm_torch.item(), rel=1e-12)
    same_gradients(ours, theirs)


@pytest.mark.parametrize("g", [[1.0, np.inf], [1.0, np.nan], [0.0, 0.0]])
def test_what_is_not_finite_is_torchs(g):
    ours, theirs = twins(g)
    norm, norm_torch = scratch.clip_grad_norm_(ours, 1.0), utils.clip_grad_norm_(theirs, 1.0)
    np.testing.assert_equal(norm.item(), norm_torch.item())
    same_gradients(ours, theirs)


@pytest.mark.parametrize("g", [[1.0, np.inf], [1.0, np.nan]])
def test_what_is_not_finite_raises_on_request(g):
    ours, theirs = twins(g)
    with pytest.raises(RuntimeError, match="norm of order 2.0 .* is (inf|nan), so it cannot be clipped. Look for"):
        scratch.clip_grad_norm_(ours, 1.0, error_if_nonfinite=True)
    with pytest.raises(RuntimeError, match="total norm"):
        utils.clip_grad_norm_(theirs, 1.0, error_if_nonfinite=True)
    np.testing.assert_equal(ours[0].grad.tolist(), g)


def test_clipping_by_value_is_torchs():
    ours, theirs = twins(*some_gradients(), [np.nan, -np.inf])
    scratch.clip_grad_value_(ours, 0.5)
    utils.clip_grad_value_(theirs, 0.5)
    same_gradients(ours, theirs)


@pytest.mark.parametrize("clip", [scratch.clip_grad_norm_, scratch.clip_grad_value_])
def test_one_parameter_many_or_none(clip):
    [p], _ = twins([30.0, 40.0], dtype=np.float32)
    clip(p, 1.0)
    assert np.abs(p.grad.array).max() <= 1 and p.grad.dtype == np.float32
    clip([], 1.0)
    clip([Parameter([1.0])], 1.0)
    parameters = iter([p])
    clip(parameters, 0.1)
    assert np.abs(p.grad.array).max() <= 0.1
    with pytest.warns(UserWarning, match="empty generator.*Call model.parameters"):
        clip(parameters, 0.1)


def test_what_was_taken_from_grad_before_stays():
    [p], _ = twins([30.0, 40.0])
    before = p.grad
    scratch.clip_grad_norm_(p, 1.0)
    assert before.tolist() == [30, 40]
