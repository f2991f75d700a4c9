from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from dlbook import scratch
from dlbook.scratch import Tensor, apply, as_tensor, no_grad


def test_python_floats_become_float32_and_arrays_keep_their_type():
    assert Tensor([1.0, 2.0]).dtype == np.float32
    assert Tensor([1, 2]).dtype == np.int64
    assert Tensor(np.zeros(2)).dtype == np.float64
    assert (Tensor([1.0]) * 2 + 1.5).dtype == np.float32


@pytest.mark.parametrize("f", [
    lambda x, lib: x * np.float64(2), lambda x, lib: x / np.sqrt(2), lambda x, lib: np.float64(3) - x,
    lambda x, lib: x ** np.float64(0.5), lambda x, lib: x ** np.int64(2), lambda x, lib: x + np.int64(1),
    lambda x, lib: x.clip(np.float64(0), 1.5), lambda x, lib: x.masked_fill(x > 1, np.float64(3)),
    lambda x, lib: x.where(x > 1, np.float64(3)), lambda x, lib: lib.where(x > 1, x, np.float64(3)),
    lambda x, lib: lib.where(x > 1, 1.0, 0.0), lambda x, lib: lib.where(x > 1, np.float64(2), 0.0),
])
def test_numbers_of_numpy_leave_float32_as_it_is(f):
    ours, theirs = f(Tensor([1.0, 2.0]), scratch), f(torch.tensor([1.0, 2.0]), torch)
    assert ours.dtype == np.float32 and theirs.dtype == torch.float32
    np.testing.assert_allclose(ours.array, theirs, rtol=1e-6)


def test_a_tensor_copies_and_as_tensor_does_not():
    a = np.zeros(2)
    assert Tensor(a).array is not a
    assert as_tensor(a).array is a
    assert as_tensor([1.0, 2.0]).dtype == np.float32


def test_a_chain_of_100_000_operations():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    y = x
    for _ in range(100_000):
        y = y * 1
    del y  # and one that is never used goes away without recursion


def test_a_diamond_many_times_over_takes_time_in_proportion():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):  # 2^60 paths, 61 tensors
        y = y * 0.5 + y * 0.5
    y.backward()
    assert x.grad.item() == pytest.approx(1)


def test_memory_is_freed_as_backward_goes():
    seen = []
    alive = []

    def op(x):
        y = x + 1

        def vjp(d):
            gc.collect()
            seen.append(sum(ref() is not None for ref in alive))
            return d

        return y, (vjp,)

    x = Tensor(np.zeros(3), requires_grad=True)
    y = x
    for _ in range(4):
        y = apply(op, y)
        alive.append(weakref.ref(y))
    z = y.sum()
    del y
    z.backward()
    assert seen == [4, 3, 2, 1]


def test_no_grad_as_context_and_decorator():
    x = Tensor([1.0], requires_grad=True)
    with no_grad():
        assert not (x * 2).requires_grad
        with no_grad():
            pass
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad

    @no_grad()
    def f():
        return x * 2

    assert not f().requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad


def test_hooks_see_and_may_change_the_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert seen == [[1, 1]] and x.grad.tolist() == [30, 30]
    handle.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        Tensor([1.0]).register_hook(print)


def test_intermediate_gradients_are_kept_only_on_request():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    (y * y).sum().backward()
    assert y.grad is None
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [4]


def test_backward_twice():
    x = Tensor([3.0], requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [12]
    with pytest.raises(RuntimeError, match="second time.*retain_graph=True"):
        y.backward()


@pytest.mark.parametrize("make", [
    lambda t: t([1.0, 2.0], requires_grad=True).backward(),
    lambda t: t([1.0]).backward(),
    lambda t: t([1.0], requires_grad=True).numpy(),
    lambda t: t([1, 2], requires_grad=True),
    lambda t: t([[1.0]]) @ t([1.0, 2.0]),
    lambda t: len(t(1.0)),
    lambda t: bool(t([1.0, 2.0])),
    lambda t: t([1.0]) + t([1.0]) == t([1.0]) @ t([1.0, 2.0]),
])
def test_what_raises_in_torch_raises_here(make):
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        make(torch.tensor)
    with pytest.raises((RuntimeError, TypeError, ValueError)) as error:
        make(Tensor)
    assert str(error.value)


def test_messages():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"only for scalar outputs; this one has shape \(2,\): take a sum or a mean"):
        (x * 1).backward()
    with pytest.raises(RuntimeError, match=r"gradient of shape \(3,\) for an output of shape \(2,\)"):
        (x * 1).backward(np.ones(3))
    with pytest.raises(RuntimeError, match="no tensor that went into it has requires_grad=True"):
        Tensor([1.0]).sum().backward()
    with pytest.raises(TypeError, match="exponent of type Tensor"):
        x**x
    with pytest.raises(ValueError, match=r"mask of shape \(3, 2\) for a tensor of shape \(2,\)"):
        x.masked_fill(np.ones((3, 2), bool), 0.0)
    with pytest.raises(ValueError, match=r"matmul: got shapes \(2, 3\) and \(2, 3\); expected \(..., n, k\) and"):
        Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"matmul: got shapes \(\) and \(2,\)"):
        Tensor(1.0) @ x
    with pytest.raises(ValueError, match=r"matmul: got shapes \(2,\) and \(\)"):
        x @ 3
    with pytest.raises(NotImplementedError, match="first derivatives only.*use PyTorch"):
        x.sum().backward(create_graph=True)
    with pytest.raises(AttributeError):
        x.smu()
    with pytest.raises((TypeError, ValueError), match="unequal|inhomogeneous"):
        Tensor([[1.0], [1.0, 2.0]])


def test_numbers_and_arrays_on_the_left():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = np.array([3.0, 4.0], np.float32) * x
    assert isinstance(y, Tensor) and y.tolist() == [3, 8]
    assert (np.float32(2) - x).tolist() == [1, 0]


def test_it_prints_and_compares_like_torch():
    x = Tensor([[1.0, 2.5], [3.0, 4.0]])
    assert repr(x) == "Tensor([[1. , 2.5],\n        [3. , 4. ]])"
    assert f"{Tensor(1.25):.1f}" == "1.2"
    assert (x > 2).tolist() == [[False, True], [True, True]]
    assert (x == 1).tolist() == [[True, False], [False, False]]
    assert len({x, x}) == 1
    assert x.argmax(dim=1).tolist() == [1, 1]
    assert [r.tolist() for r in x] == x.tolist()


def test_gradient_of_float32_parameters_under_float64_data_is_float32():
    w = Tensor([1.0], requires_grad=True)
    (w * np.array([2.0])).sum().backward()
    assert w.grad.dtype == np.float32


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x.clone(), lambda x: x + 1, lambda x: x.reshape(3, 1)])
def test_a_gradient_that_is_kept_is_nobody_elses(make):
    x = Tensor(np.ones(3), requires_grad=True)
    y = make(x)
    y.retain_grad()
    mine = np.ones(y.shape)
    y.backward(mine)
    mine[:] = 7
    assert x.grad.array.ravel().tolist() == y.grad.array.ravel().tolist() == [1, 1, 1]


@pytest.mark.parametrize("shape, dims, error", [((3,), (1, -1), IndexError), ((2, 3), (0, 5), IndexError),
                                                ((2, 3, 4), (2, 1), (ValueError, RuntimeError))])
def test_flatten_refuses_axes_that_are_not_there(shape, dims, error):
    for make in (Tensor, torch.tensor):
        with pytest.raises(error, match="start_dim|axes|imension out of range"):
            make(np.zeros(shape)).flatten(*dims)


@pytest.mark.parametrize("f", [
    lambda x, lib: x.abs(), lambda x, lib: x.clip(-1.0, 1.0), lambda x, lib: x.clip(max=0.0), lambda x, lib: x**0,
    lambda x, lib: x.max(), lambda x, lib: x.min(), lambda x, lib: x.max(1)[0], lambda x, lib: x.min(dim=0)[0],
    lambda x, lib: x.std(0), lambda x, lib: x[2].std(),
], ids=range(10))
def test_where_a_function_has_no_slope_the_gradient_is_torchs(f):
    a = np.array([[0.0, 1.0, 1.0], [-1.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    ours, theirs = Tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    y, y_torch = f(ours, scratch), f(theirs, torch)
    np.testing.assert_array_equal(y.detach().array, y_torch.detach())
    y.sum().backward()
    y_torch.sum().backward()
    np.testing.assert_allclose(ours.grad.array, theirs.grad, rtol=1e-12)
