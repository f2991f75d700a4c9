"""Sizes and receptive fields by formula, compared with real layers: their outputs, and where gradients arrive."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.receptive import output_size, receptive_field


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 30), k=st.integers(1, 6), s=st.integers(1, 4), p=st.integers(0, 3), d=st.integers(1, 3))
def test_output_size_is_what_a_convolution_gives(n, k, s, p, d):
    x = torch.zeros(1, 1, n, 1)
    if n + 2 * p < d * (k - 1) + 1:
        with pytest.raises(ValueError, match=f"does not fit into {n} with padding {p}"):
            output_size(n, k, s, p, d)
    else:
        y = torch.nn.Conv2d(1, 1, (k, 1), (s, 1), (p, 0), (d, 1))(x)
        assert output_size(n, k, s, p, d) == y.shape[2]


def test_output_size_wants_whole_numbers():
    with pytest.raises(ValueError, match="stride must be a whole number >= 1"):
        output_size(8, 3, stride=0)
    with pytest.raises(ValueError, match="kernel must be a whole number >= 1"):
        output_size(8, 2.5)


def pixels_seen(layers, index: int, axis: int, n: int) -> tuple[int, int]:
    """The first and the last pixel whose gradient is not 0 when output ``index`` alone is differentiated."""
    shape = [1, 1, 1, 1]
    shape[2 + axis] = n
    shape[3 - axis] = 12
    with torch.no_grad():
        for p in layers.parameters():
            p.fill_(1.0)
    x = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    y = layers(x)
    y.select(2 + axis, index).sum().backward()
    seen = np.flatnonzero(x.grad.sum(dim=(0, 1, 3 - axis)).numpy())
    return int(seen[0]), int(seen[-1])


WINDOW = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2))


@settings(max_examples=60, deadline=None)
@given(windows=st.lists(WINDOW, min_size=1, max_size=4), axis=st.integers(0, 1))
def test_an_output_sees_exactly_its_receptive_field(windows, axis):
    def pairs(v, other):
        return (v, other) if axis == 0 else (other, v)

    convolutions = [torch.nn.Conv2d(1, 1, pairs(k, 1), pairs(s, 1), pairs(p, 0), pairs(d, 1), bias=False)
                    for k, s, p, d in windows]
    layers = torch.nn.Sequential(*convolutions).double()
    field = receptive_field(windows, axis)
    assert receptive_field(layers, axis) == field
    index = -(field.start // field.step)  # the first output that does not reach into the padding on this side
    first, last = field.covers(index)
    n = last + 40
    for k, s, p, d in windows:
        n = output_size(n, k, s, p, d)
    assume(index < n)
    assert pixels_seen(layers, index, axis, last + 40) == (first, last)


@pytest.mark.parametrize("library", [scratch, torch.nn], ids=["scratch", "torch"])
def test_layers_of_both_libraries_are_read(library):
    layers = library.Sequential(
        library.Conv2d(1, 2, 5, padding=2), library.BatchNorm2d(2), library.ReLU(), library.MaxPool2d(2),
        library.Sequential(library.Conv2d(2, 2, 3, padding="same", dilation=2), library.AvgPool2d(3, 2, 1)))
    assert receptive_field(layers) == receptive_field([(5, 1, 2), (2, 2), (3, 1, 2, 2), (3, 2, 1)])
    assert receptive_field([library.Conv2d(1, 2, (5, 1))], axis=1).size == 1


def test_the_field_of_lenet_is_sixteen_pixels_and_its_gradient_says_so():
    from dlbook import pt

    net = pt.LeNet(activation="identity", pooling="avg").double()
    field = receptive_field(net.features)
    assert field == (16, 4, -2)
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(1.0)
    x = torch.ones((1, 1, 28, 28), dtype=torch.float64, requires_grad=True)
    net.features(x)[0, 0, 2, 3].backward()
    seen = [(int(v[0]), int(v[-1])) for v in np.nonzero(x.grad.numpy())[2:] for v in [np.sort(v)]]
    assert seen == [field.covers(2), field.covers(3)]


@pytest.mark.parametrize("layer, name", [
    (scratch.Linear(2, 2), "Linear"), (scratch.Flatten(), "Flatten"),
    (scratch.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d"),
    (torch.nn.ConvTranspose2d(1, 1, 2), "ConvTranspose2d"), (scratch.BasicBlock(1, 1), "BasicBlock"),
])
def test_layers_that_see_everything_or_nobody_knows(layer, name):
    with pytest.raises(ValueError, match=f"receptive_field: {name} is no window that slides over an image"):
        receptive_field([(3,), layer])
