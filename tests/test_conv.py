"""Convolution: the fast form against the formula, both against PyTorch, and what the messages say."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.scratch import Conv2d, Tensor, conv1d, conv2d, conv_transpose2d
from dlbook.scratch.conv import _conv2d, _correlate
from dlbook.scratch.window import Window

F = torch.nn.functional
pairs = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
settings_of_a_convolution = given(
    n=st.integers(1, 3), groups=st.integers(1, 3), inside=pairs(1, 2), size=pairs(1, 9), kernel=pairs(1, 4),
    stride=pairs(1, 3), padding=pairs(0, 4), dilation=pairs(1, 3), seed=st.integers(0, 9))


def normal(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def assert_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@settings(max_examples=200, deadline=None)
@settings_of_a_convolution
def test_the_fast_form_is_the_formula(n, groups, inside, size, kernel, stride, padding, dilation, seed):
    window = Window(kernel, stride, (padding, padding[::-1]), dilation)  # more on one side than on the other
    assume(min(window.output(size)) > 0)
    ci, oi = inside
    x, weight = normal(seed, (n, groups * ci, *size), (groups * oi, ci, *kernel))
    y, vjp = _correlate(x, weight, window, groups)
    y_fast, vjp_fast = _conv2d(x, weight, None, window, groups)
    dy, = normal(seed + 1, y.shape)
    assert_close([y_fast, *(f(dy) for f in vjp_fast[:2])], [y, *(f(dy) for f in vjp)])


@settings(max_examples=200, deadline=None)
@settings_of_a_convolution
def test_the_formula_is_torchs(n, groups, inside, size, kernel, stride, padding, dilation, seed):
    window = Window(kernel, stride, (padding, padding), dilation)
    assume(min(window.output(size)) > 0)
    ci, oi = inside
    x, weight = normal(seed, (n, groups * ci, *size), (groups * oi, ci, *kernel))
    y, vjp = _correlate(x, weight, window, groups)
    dy, = normal(seed + 1, y.shape)
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, weight))
    ty = F.conv2d(tx, tw, None, stride, padding, dilation, groups)
    ty.backward(torch.tensor(dy))
    assert_close([y, *(f(dy) for f in vjp)], [ty.detach(), tx.grad, tw.grad])


@settings(max_examples=200, deadline=None)
@settings_of_a_convolution
def test_the_transposed_convolution_is_torchs(n, groups, inside, size, kernel, stride, padding, dilation, seed):
    more = tuple(seed % max(s, d) for s, d in zip(stride, dilation))
    assume(all(s * (m - 1) + d * (k - 1) + 1 + a > 2 * p
               for s, m, d, k, a, p in zip(stride, size, dilation, kernel, more, padding)))
    ci, oi = inside
    arrays = normal(seed, (n, groups * ci, *size), (groups * ci, oi, *kernel), (groups * oi,))
    ours, theirs = ([make(a, requires_grad=True) for a in arrays] for make in (Tensor, torch.tensor))
    y = scratch.conv_transpose2d(*ours, stride, padding, more, groups, dilation)
    ty = F.conv_transpose2d(*theirs, stride, padding, more, groups, dilation)
    dy, = normal(seed + 1, y.shape)
    y.backward(dy)
    ty.backward(torch.tensor(dy))
    assert_close([y.detach().array, *(x.grad.array for x in ours)], [ty.detach(), *(x.grad for x in theirs)])


def test_a_window_worked_by_hand():
    x = Tensor([[[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [4.0, 0.0, 1.0]]]])
    edge = Tensor([[[[1.0, -1.0], [0.0, 2.0]]]])
    assert scratch.conv2d(x, edge).tolist() == [[[[1.0, 8.0], [-1.0, 0.0]]]]  # 1-2+0+2, 2-0+0+6, 0-1+0+0, 1-3+0+2


def test_the_transposed_convolution_undoes_the_shape():
    for height in (7, 8):
        y = scratch.conv2d(Tensor(np.zeros((1, 1, height, 9))), Tensor(np.zeros((1, 1, 3, 3))), stride=2, padding=1)
        layer = scratch.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
        assert layer(y, output_size=(height, 9)).shape == (1, 1, height, 9)
        torch_layer = torch.nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
        assert torch_layer(torch.zeros(y.shape), output_size=(height, 9)).shape == (1, 1, height, 9)
    with pytest.raises(ValueError, match=r"got output_size \(9, 9\); expected \(7, 9\) to \(8, 10\)"):
        layer(y, output_size=(9, 9))


def test_same_padding_keeps_the_size_of_an_even_kernel_too():
    x, weight = normal(0, (2, 1, 6, 5), (1, 1, 4, 2))
    ours = scratch.conv2d(Tensor(x), Tensor(weight), padding="same", dilation=(1, 3))
    assert ours.shape == (2, 1, 6, 5)
    with pytest.warns(UserWarning, match="even kernel"):
        theirs = F.conv2d(torch.tensor(x), torch.tensor(weight), padding="same", dilation=(1, 3))
    assert_close([ours.array], [theirs])


@pytest.mark.parametrize("layer", ["Conv1d", "Conv2d", "ConvTranspose2d"])
def test_they_start_as_torchs_do(layer):
    ours, theirs = (getattr(module, layer)(24, 36, 3, groups=2) for module in (scratch, torch.nn))
    for name in ("weight", "bias"):
        a, b = getattr(ours, name).array, getattr(theirs, name).detach().numpy()
        bound = 1 / np.sqrt(np.prod(theirs.weight.shape[1:]))
        assert a.shape == b.shape
        assert 0.85 * bound < np.abs(a).max() <= bound and np.abs(b).max() <= bound
        assert a.std() == pytest.approx(bound / np.sqrt(3), rel=0.25)
    first, second = (getattr(scratch, layer)(2, 3, 3, generator=np.random.default_rng(1)).weight.array
                     for _ in range(2))
    np.testing.assert_array_equal(first, second)


def z(*shape):
    return Tensor(np.zeros(shape))


@pytest.mark.parametrize("call, message", [
    (lambda: conv2d(z(8, 28, 28, 3), z(4, 3, 5, 5)),
     r"got input of shape \(8, 28, 28, 3\) for a weight of shape \(4, 3, 5, 5\) and groups=1; expected \(N, 3, H, W\) "
     r"or \(3, H, W\). The channels stand before the places: np.moveaxis\(x, -1, -3\)"),
    (lambda: conv2d(z(8, 28, 28), z(4, 1, 5, 5)), r"One channel is an axis, too: x.reshape\(8, 1, 28, 28\)"),
    (lambda: conv2d(z(8, 28), z(4, 1, 5, 5)), r"got input of shape \(8, 28\)"),
    (lambda: conv2d(z(1, 1, 4, 9), z(1, 1, 3, 2), dilation=2),
     r"window covers \(5, 3\) of an image of \(4, 9\), padded to \(4, 9\); pad more, or take a smaller kernel_size"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 3, 3)), r"weight of shape \(1, 3, 3\); expected these axes"),
    (lambda: conv2d(z(1, 1, 4, 4), z(2, 1, 3, 3), z(3)), r"bias of shape \(3,\); expected \(2,\)"),
    (lambda: conv2d(z(1, 4, 4, 4), z(3, 2, 3, 3), groups=2), r"divides the first axis of the weight, 3"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 1, 3, 3), stride=0), r"stride must be a whole number >= 1.* got 0"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 1, 3, 3), padding=(1, 1, 1)), r"padding must be .*\(1, 1, 1\)"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 1, 3, 3), padding=0.5), r"padding must be a whole number.*0.5"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 1, 3, 3), padding="full"), r"'valid', or .* 'same'; got 'full'"),
    (lambda: conv2d(z(1, 1, 4, 4), z(1, 1, 3, 3), stride=2, padding="same"), r"got 'same' at stride"),
    (lambda: conv1d(z(1, 1, 4), z(1, 3)), r"conv1d: got weight of shape \(1, 3\); .*\(O, C/groups, K\)"),
    (lambda: conv1d(z(2, 3, 4), z(1, 1, 3)), r"conv1d: got input of shape \(2, 3, 4\) for .*\(N, 1, L\)"),
    (lambda: conv1d(z(2, 4, 1), z(1, 1, 3)), r"np.moveaxis\(x, -1, -2\)"),
    (lambda: conv1d(z(2, 1, 2), z(1, 1, 3)), r"conv1d: the window covers \(1, 3\) of an image of \(1, 2\)"),
    (lambda: conv_transpose2d(z(1, 2, 4, 4), z(3, 1, 3, 3)), r"conv_transpose2d: .* expected \(N, 3, H, W\)"),
    (lambda: conv_transpose2d(z(1, 1, 4, 4), z(1, 1, 3, 3), output_padding=1), r"must be smaller than"),
    (lambda: conv_transpose2d(z(1, 1, 1, 1), z(1, 1, 3, 3), padding=2), r"an image of \(-1, -1\); pad less"),
    (lambda: Conv2d(3, 4, 3, groups=2), r"Conv2d: groups must divide .* got 2 for 3 and 4"),
    (lambda: Conv2d(3, 4, 0), r"Conv2d: kernel_size must be a whole number >= 1.* got 0"),
])
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()
