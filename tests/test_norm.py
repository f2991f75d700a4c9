"""Normalization: the fast form against the formula, running statistics, and the messages."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.scratch import BatchNorm1d, BatchNorm2d, Tensor, batch_norm, layer_norm
from dlbook.scratch import norm as norm_module
from dlbook.scratch.norm import _batch_norm, _moments, _normalize


@settings(max_examples=100, deadline=None)
@given(n=st.integers(2, 9), c=st.integers(1, 4), size=st.lists(st.integers(1, 5), min_size=1, max_size=3),
       affine=st.tuples(st.booleans(), st.booleans()), cached=st.sampled_from([1, 40, 10**6]), seed=st.integers(0, 9))
def test_the_fast_form_is_the_formula(n, c, size, affine, cached, seed):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, n, c, *size))
    weight, bias = (rng.standard_normal(c) if wanted else None for wanted in affine)
    axes, shape = (0, *range(2, x.ndim)), (c,) + (1,) * len(size)
    y, vjp = _normalize(x, weight, bias, axes, shape, eps=1e-3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(norm_module, "CACHED", cached)
        y_fast, vjp_fast = _batch_norm(x, weight, bias, *_moments(x), eps=1e-3)
        grads = vjp_fast(dy)
    np.testing.assert_allclose(y_fast, y, rtol=1e-10, atol=1e-12)
    for f, g, wanted in zip(vjp, grads, (True, *affine)):
        if wanted:
            np.testing.assert_allclose(g, f(dy), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("momentum", [0.1, 0.7, 0.0, None])
def test_running_statistics(momentum):
    ours, theirs = scratch.BatchNorm1d(3, momentum=momentum), torch.nn.BatchNorm1d(3, momentum=momentum)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(seed, 2, (5, 3)).astype(np.float32)
        ours(Tensor(x))
        theirs(torch.tensor(x))
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for key, value in theirs.state_dict().items():
            np.testing.assert_allclose(ours.state_dict()[key].array, value, rtol=1e-5, atol=1e-6, err_msg=key)
    before = {key: value.clone() for key, value in ours.state_dict().items()}
    ours.eval()(Tensor(x))
    assert all((before[key].array == value.array).all() for key, value in ours.state_dict().items())


def test_a_training_step_that_is_not_recorded_moves_the_statistics_too():
    layer = scratch.BatchNorm2d(1)
    with scratch.no_grad():
        layer(Tensor(np.full((2, 1, 2, 2), 3.0)))
    np.testing.assert_allclose(layer.running_mean.array, 0.3, rtol=1e-6)


@pytest.mark.parametrize("ratio, tolerance", [(1, 2e-6), (100, 2e-5), (1000, 3e-4)])
def test_the_gradient_of_float32_data_far_from_zero(ratio, tolerance):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((16, 3, 20, 20)) + ratio).astype(np.float32)
    dy = rng.standard_normal(x.shape)
    grads = []
    for dtype in (np.float32, np.float64):
        w, b = (Tensor(np.ones(3, dtype), requires_grad=True) for _ in range(2))
        t = Tensor(x.astype(dtype), requires_grad=True)
        scratch.batch_norm(t, None, None, w, b, training=True).backward(dy)
        grads.append([t.grad.array, w.grad.array, b.grad.array])
    for a, exact in zip(*grads):
        assert np.abs(a - exact).max() < tolerance * np.abs(exact).max()


def test_after_the_layer_each_channel_has_mean_0_and_variance_1():
    x = Tensor(np.random.default_rng(0).normal(5, 3, (8, 2, 6, 6)))
    y = scratch.BatchNorm2d(2).double()(x).detach().array
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1, atol=1e-5)
    y = scratch.LayerNorm((6, 6)).double()(x).detach().array
    np.testing.assert_allclose(y.mean((2, 3)), 0, atol=1e-12)


def z(*shape):
    return Tensor(np.zeros(shape))


@pytest.mark.parametrize("call, message", [
    (lambda: BatchNorm2d(3)(z(4, 3)), r"BatchNorm2d\(3\): got x of shape \(4, 3\); expected \(N, 3, H, W\)"),
    (lambda: BatchNorm1d(3)(z(4, 5)), r"got x of shape \(4, 5\); expected \(N, 3\) or \(N, 3, L\)"),
    (lambda: BatchNorm1d(3)(z(1, 3)), r"more than 1 value per channel .* \(1, 3\), .*larger batch, or call eval"),
    (lambda: BatchNorm2d(3)(z(2, 3, 0, 4)), r"got input of shape \(2, 3, 0, 4\); .*only N may be 0"),
    (lambda: batch_norm(Tensor([[1, 2]]), z(2), z(2)), r"batch_norm: got numbers of type int64; .* take x.float\(\)"),
    (lambda: layer_norm(Tensor([[1, 2]]), 2), r"layer_norm: got numbers of type int64"),
    (lambda: batch_norm(z(4), None, None), r"batch_norm: got input of shape \(4,\)"),
    (lambda: batch_norm(z(4, 3), None, None), r"evaluation needs running_mean and running_var"),
    (lambda: batch_norm(z(4, 3), z(3), None, training=True), r"together, or both be None"),
    (lambda: batch_norm(z(4, 3), z(3), z(3), z(4)), r"weight of shape \(4,\) .* expected \(3,\)"),
    (lambda: layer_norm(z(4, 3), 4), r"input of shape \(4, 3\) for normalized_shape \(4,\)"),
    (lambda: layer_norm(z(4, 3), ()), r"normalized_shape \(\)"),
    (lambda: layer_norm(z(4, 3), (3,), bias=z(4)), r"got bias of shape \(4,\); expected .*\(3,\)"),
])
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()
