"""Every operation of the table in ``ops.py``, completely: an operation more is a line more there."""
from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ops import OPS, run

from dlbook.scratch import Tensor, apply, gradcheck
from dlbook.scratch.gradcheck import GradcheckError

every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
sizes = st.integers(2, 6)


@every_op
@settings(max_examples=15, deadline=None)
@given(n=sizes, k=sizes, seed=st.integers(0, 99))
def test_value_and_gradients_equal_torch(op, n, k, seed):
    arrays = op.inputs(n, k, seed=seed)
    rng = np.random.default_rng(seed)
    shape = run(op, arrays, "ours")[0].shape
    gradient = rng.standard_normal(shape)
    y, grads = run(op, arrays, "ours", gradient)
    y_torch, grads_torch = run(op, arrays, "torch", gradient)
    np.testing.assert_allclose(y, y_torch, rtol=1e-10, atol=1e-12)
    for g, g_torch in zip(grads, grads_torch, strict=True):
        np.testing.assert_allclose(g, g_torch, rtol=1e-9, atol=1e-11)


@every_op
def test_gradient_equals_finite_differences(op):
    inputs = [Tensor(a, requires_grad=True) for a in op.inputs(3, 4, seed=1)]
    assert gradcheck(op.ours, tuple(inputs), atol=1e-6, rtol=1e-5)


@every_op
def test_float32_stays_float32(op):
    y, grads = run(op, op.inputs(3, 4, np.float32), "ours")
    y_torch, grads_torch = run(op, op.inputs(3, 4, np.float32), "torch")
    for a, b in zip([y, *grads], [y_torch, *grads_torch], strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6)


@every_op
def test_used_twice_and_called_twice(op):
    arrays = op.inputs(3, 4)
    _, once = run(op, arrays, "ours")
    inputs = [Tensor(a, requires_grad=True) for a in arrays]
    y = op.ours(*inputs) + op.ours(*inputs)          # each input is used twice
    y.backward(np.ones(y.shape))
    op.ours(*inputs).backward(np.ones(y.shape))      # and .grad is added to
    for x, g in zip(inputs, once, strict=True):
        np.testing.assert_allclose(x.grad.array, 3 * g, rtol=1e-12)


@every_op
def test_changes_nobodys_array(op):
    arrays = op.inputs(3, 4)
    before = [a.copy() for a in arrays]
    inputs = [Tensor(a, requires_grad=True) for a in arrays]
    kept = [x.array.copy() for x in inputs]
    y = op.ours(*inputs)
    g = np.random.default_rng(0).standard_normal(y.shape)
    g_before = g.copy()
    y.backward(g)
    np.testing.assert_array_equal(g, g_before)
    for x, a, b, k in zip(inputs, arrays, before, kept, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(x.array, k)
        assert x.grad.array.base is None             # the gradient owns its memory
    assert len({id(x.grad.array) for x in inputs}) == len(inputs)


@every_op
def test_views_and_other_memory_orders(op):
    arrays = op.inputs(3, 4)
    _, grads = run(op, arrays, "ours")
    strided = [np.repeat(a, 2, axis=-1)[..., ::2] for a in arrays]
    fortran = [np.asfortranarray(a) for a in arrays]
    for other in (strided, fortran):
        inputs = [Tensor(a, requires_grad=True) for a in other]
        for x, a in zip(inputs, other):
            x.array = a                              # no tidy copy
        y = op.ours(*inputs)
        y.backward(np.ones(y.shape))
        for x, g in zip(inputs, grads, strict=True):
            np.testing.assert_allclose(x.grad.array, g, rtol=1e-12)


@every_op
def test_an_empty_batch(op):
    if op.empty:
        pytest.skip(op.empty)
    arrays = op.inputs(0, 4)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of var: nothing to average
            expected = run(op, arrays, "torch")
    except (RuntimeError, IndexError, ValueError):
        with pytest.raises((RuntimeError, IndexError, ValueError)) as error:
            run(op, arrays, "ours")
        assert str(error.value)
        return
    y, grads = run(op, arrays, "ours")
    for a, b in zip([y, *grads], [expected[0], *expected[1]], strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_wrong_gradient_is_found():
    def wrong(x):
        return x**2, (lambda d: d * x,)              # forgets the 2

    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    with pytest.raises(GradcheckError, match=r"backward says .* finite differences say .* \(ratio 0\.5\)"):
        gradcheck(lambda x: apply(wrong, x), x)


def test_a_gradient_of_the_wrong_shape_is_found():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = apply(lambda x: (x.sum(), (lambda d: d,)), x)
    with pytest.raises(RuntimeError, match=r"gradient of an input has shape \(\), the input \(2,\)"):
        y.backward()
