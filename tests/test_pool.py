"""Pooling: every setting against PyTorch, ties, and the messages."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.scratch import Tensor, adaptive_avg_pool2d, avg_pool2d, max_pool2d

F = torch.nn.functional
pairs = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731


def compare(function, x, *arguments):
    a, b = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, y_torch = getattr(scratch, function)(a, *arguments), getattr(F, function)(b, *arguments)
    assert y.shape == tuple(y_torch.shape)
    assume(np.isfinite(y.array).all())  # of a window that sees nothing, torch's gradient goes astray
    dy = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(dy)
    y_torch.backward(torch.tensor(dy))
    np.testing.assert_allclose(y.detach().array, y_torch.detach(), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(a.grad.array, b.grad, rtol=1e-12, atol=1e-13)


def numbers(seed, *shape):
    """Small whole numbers, so that many are equal: the gradient must choose as torch's does."""
    return np.random.default_rng(seed).integers(0, 3, shape).astype(float)


@settings(max_examples=200, deadline=None)
@given(size=pairs(1, 9), kernel=pairs(1, 4), stride=st.none() | pairs(1, 5), padding=pairs(0, 2), dilation=pairs(1, 3),
       ceil_mode=st.booleans(), seed=st.integers(0, 9))
def test_max_pooling(size, kernel, stride, padding, dilation, ceil_mode, seed):
    assume(all(2 * p <= k for p, k in zip(padding, kernel)))
    assume(all(d * (k - 1) < n + 2 * p for n, k, p, d in zip(size, kernel, padding, dilation)))
    compare("max_pool2d", numbers(seed, 2, 2, *size), kernel, stride, padding, dilation, ceil_mode)


@settings(max_examples=200, deadline=None)
@given(size=pairs(1, 9), kernel=pairs(1, 4), stride=st.none() | pairs(1, 5), padding=pairs(0, 2),
       ceil_mode=st.booleans(), include=st.booleans(), divisor=st.none() | st.integers(1, 5), seed=st.integers(0, 9))
def test_average_pooling(size, kernel, stride, padding, ceil_mode, include, divisor, seed):
    assume(all(2 * p <= k for p, k in zip(padding, kernel)))
    assume(all(k <= n + 2 * p for n, k, p in zip(size, kernel, padding)))
    compare("avg_pool2d", numbers(seed, 2, 2, *size), kernel, stride, padding, ceil_mode, include, divisor)


@settings(max_examples=100, deadline=None)
@given(size=pairs(1, 9), out=pairs(1, 12), seed=st.integers(0, 9))
def test_adaptive_average_pooling(size, out, seed):
    compare("adaptive_avg_pool2d", numbers(seed, 2, 2, *size), out)


def test_the_largest_of_negative_numbers_is_not_the_padding():
    assert scratch.max_pool2d(Tensor(np.full((1, 2, 2), -3.0)), 2, padding=1).tolist() == [[[-3.0, -3.0]] * 2]


def test_what_is_not_a_number_stays_visible():
    x = Tensor([[[1.0, np.nan], [2.0, 3.0]]])
    assert np.isnan(scratch.max_pool2d(x, 2).item()) and np.isnan(scratch.avg_pool2d(x, 2).item())


def z(*shape):
    return Tensor(np.zeros(shape))


@pytest.mark.parametrize("call, message", [
    (lambda: max_pool2d(Tensor([[[1, 2]]]), 1), r"max_pool2d: got numbers of type int64; .* take x.float\(\)"),
    (lambda: avg_pool2d(Tensor(np.ones((1, 2, 2), np.uint8)), 2), r"avg_pool2d: got numbers of type uint8"),
    (lambda: adaptive_avg_pool2d(Tensor([[[1, 2]]]), 1), r"adaptive_avg_pool2d: got numbers of type int64"),
    (lambda: max_pool2d(z(4, 4), 2), r"max_pool2d: got input of shape \(4, 4\); expected \(N, C, H, W\)"),
    (lambda: max_pool2d(z(2, 0, 4, 4), 2), r"got input of shape \(2, 0, 4, 4\).*only N may be 0"),
    (lambda: max_pool2d(z(1, 4, 4), 5), r"covers \(5, 5\) of an image of \(4, 4\), .*smaller kernel_size"),
    (lambda: max_pool2d(z(1, 4, 4), 2, padding=2), r"padding \(2, 2\) is more than half of kernel_size \(2, 2\)"),
    (lambda: max_pool2d(z(1, 4, 4), (2, 2, 2)), r"kernel_size must be .* got \(2, 2, 2\)"),
    (lambda: max_pool2d(z(1, 4, 4), 2, stride=0), r"stride must be a whole number >= 1"),
    (lambda: avg_pool2d(z(1, 4, 4), 2, divisor_override=0), r"divisor_override must not be 0"),
    (lambda: adaptive_avg_pool2d(z(4, 4), 2), r"adaptive_avg_pool2d: got input of shape \(4, 4\)"),
    (lambda: adaptive_avg_pool2d(z(1, 4, 4), (2, -1)), r"output_size must be a whole number >= 0"),
])
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()
