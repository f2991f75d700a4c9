"""The table of rows: its gradient is in ``ops.py``; here are padding, what it refuses, and where it starts."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.scratch import Embedding, Tensor, as_tensor, embedding


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 6), padding=st.none() | st.integers(-6, 5), seed=st.integers(0, 99),
       shape=st.lists(st.integers(0, 4), max_size=3).map(tuple))
def test_value_and_gradient_equal_torch_for_any_shape_and_padding(rows, padding, seed, shape):
    padding = None if padding is None or not -rows <= padding < rows else padding
    rng = np.random.default_rng(seed)
    table, index, d = rng.standard_normal((rows, 3)), rng.integers(0, rows, shape), rng.standard_normal((*shape, 3))
    ours, theirs = Tensor(table, requires_grad=True), torch.tensor(table, requires_grad=True)
    y = embedding(as_tensor(index), ours, padding)
    y_torch = torch.nn.functional.embedding(torch.tensor(index), theirs, padding)
    y.backward(d)
    y_torch.backward(torch.tensor(d))
    np.testing.assert_array_equal(y.array, y_torch.detach())
    np.testing.assert_allclose(ours.grad.array, theirs.grad, rtol=1e-12, atol=1e-14)


def test_the_padding_row_is_zero_and_stays_so():
    layer = Embedding(4, 2, padding_idx=-1)
    assert layer.padding_idx == torch.nn.Embedding(4, 2, padding_idx=-1).padding_idx == 3
    assert not layer.weight.array[3].any() and layer.weight.array[:3].all()
    layer(as_tensor(np.array([3, 0, 3]))).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad.array, [[1, 1], [0, 0], [0, 0], [0, 0]])


def test_it_starts_normal_and_repeats_itself():
    weight = Embedding(2000, 5, generator=np.random.default_rng(0)).weight.array
    assert weight.dtype == np.float32 and abs(weight.mean()) < 0.03 and abs(weight.std() - 1) < 0.03
    np.testing.assert_array_equal(weight, Embedding(2000, 5, generator=np.random.default_rng(0)).weight.array)


def test_it_prints_and_loads_as_torchs():
    for arguments in ((4, 2), (4, 2, 0)):
        ours, theirs = Embedding(*arguments), torch.nn.Embedding(*arguments)
        assert repr(ours) == repr(theirs)
        ours.load_state_dict(theirs.state_dict())
        np.testing.assert_array_equal(ours.weight.detach().array, theirs.weight.detach())
        again = torch.nn.Embedding(*arguments)
        again.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
        assert torch.equal(again.weight, theirs.weight)


def test_what_it_refuses():
    layer = Embedding(4, 2)
    with pytest.raises(IndexError, match="indices from -1 to 4 for a table of 4 rows; they must lie between 0 and 3"):
        layer(as_tensor(np.array([-1, 4])))
    with pytest.raises(TypeError, match="input of dtype float32; it looks rows up, so it must hold whole numbers"):
        layer(Tensor([1.0]))
    with pytest.raises(ValueError, match=r"weight of shape \(4,\); it must be a table, \(rows, columns\)"):
        embedding(as_tensor(np.array([0])), Tensor([0.0] * 4))
    for padding in (4, -5):
        with pytest.raises(IndexError, match=f"padding_idx={padding} is no row of a table of 4 rows"):
            Embedding(4, 2, padding)
        with pytest.raises(IndexError, match="is no row"):
            scratch.embedding(as_tensor(np.array([0])), layer.weight, padding)
