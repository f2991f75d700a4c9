from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import pt, scratch
from dlbook.scratch import MLP, Linear, Module, Parameter, ReLU, Sequential, Tensor


class Twice(Module):
    def __init__(self):
        super().__init__()
        self.scale = Parameter([1.0])
        self.inner = Sequential(Linear(2, 3), ReLU())

    def forward(self, x):
        return self.inner(x) * self.scale


def test_what_is_inside_is_found_in_torchs_order():
    ours = [name for name, _ in Twice().named_parameters()]
    assert ours == ["scale", "inner.0.weight", "inner.0.bias"]
    assert [name for name, _ in Twice().named_modules()] == ["", "inner", "inner.0", "inner.1"]
    sizes = [4, 5, 2]
    assert list(MLP(sizes).state_dict()) == list(pt.MLP(sizes).state_dict())


def test_train_and_eval_reach_every_module():
    net = Twice()
    net.eval()
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


def test_zero_grad_and_types():
    net = Twice()
    net(Tensor([[1.0, 2.0]])).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert all(p.dtype == np.float64 for p in net.double().parameters())
    assert all(p.dtype == np.float32 for p in net.float().parameters())


def test_state_dict_goes_both_ways_between_scratch_and_torch():
    ours, theirs = MLP([3, 4, 2], "tanh"), pt.MLP([3, 4, 2], "tanh")
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(Tensor(x)).detach().array, theirs(torch.tensor(x)).detach(), atol=1e-6)
    scratch.init.normal_(ours.layers[0].weight)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    np.testing.assert_allclose(ours(Tensor(x)).detach().array, theirs(torch.tensor(x)).detach(), atol=1e-6)


def test_a_state_dict_that_does_not_fit_changes_nothing_and_lists_everything():
    net = MLP([3, 4, 2])
    before = {k: v.clone() for k, v in net.state_dict().items()}
    state = dict(net.state_dict())
    state["layers.0.weight"] = np.zeros((4, 5))
    state["layer.9.bias"] = np.zeros(1)
    del state["layers.2.bias"]
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    for line in ("layers.0.weight: got shape (4, 5), expected (4, 3)", "unexpected: layer.9.bias, shape (1,)",
                 "missing: layers.2.bias, shape (2,)"):
        assert line in str(error.value)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name].array)


class Counter(Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", Tensor([0.0]))
        self.weight = Parameter([1.0])
        self.register_buffer("nothing", None)
        self.register_buffer("passing", Tensor([2]), persistent=False)


def test_what_is_shared_is_one_parameter_with_two_names():
    def shared(library):
        first, second = library.Linear(3, 3), library.Linear(3, 3)
        second.weight = first.weight
        return library.Sequential(first, second, first, library.BatchNorm1d(3))

    ours, theirs = shared(scratch), shared(torch.nn)
    for names in ("named_parameters", "named_modules", "named_buffers"):
        assert [name for name, _ in getattr(ours, names)()] == [name for name, _ in getattr(theirs, names)()]
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_buffers_are_saved_and_cast_but_not_trained():
    net = Sequential(Counter(), Counter())
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "1.weight"]
    assert [name for name, _ in net[0].named_buffers()] == ["seen", "passing"]
    assert list(net.state_dict()) == ["0.weight", "0.seen", "1.weight", "1.seen"]
    net[1].seen = Tensor([5.0])                       # a new tensor under the old name is the buffer
    assert net.state_dict()["1.seen"].tolist() == [5.0]
    other = Sequential(Counter(), Counter())
    other.load_state_dict(net.state_dict())
    assert other[1].seen.tolist() == [5.0] and other[1].seen.array is not net[1].seen.array
    assert [b.dtype for b in net.double().buffers()] == [np.float64, np.int64] * 2
    with pytest.raises(RuntimeError, match=r"missing: seen, shape \(1,\)"):
        Counter().load_state_dict({"weight": np.ones(1)})


def test_register_buffer_refuses():
    with pytest.raises(TypeError, match="got ndarray; pass a Tensor or None"):
        Counter().register_buffer("mean", np.zeros(2))
    with pytest.raises(KeyError, match="attribute 'weight' already exists"):
        Counter().register_buffer("weight", Tensor([1.0]))


def test_forward_hooks():
    net = Twice()
    seen = []
    handle = net.inner.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    net(Tensor([[1.0, 2.0]]))
    handle.remove()
    net(Tensor([[1.0, 2.0]]))
    assert seen == [(1, 3)]
    net.inner.register_forward_hook(lambda module, args, output: output * 0)
    assert not net(Tensor([[1.0, 2.0]])).array.any()


def test_a_misspelt_name_raises():
    with pytest.raises(AttributeError):
        getattr(Twice(), "iner")  # noqa: B009
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        Module()(1)


def test_it_prints_its_structure():
    assert repr(MLP([3, 4, 2])) == """MLP(
  (layers): Sequential(
    (0): Linear(in_features=3, out_features=4, bias=True)
    (1): ReLU()
    (2): Linear(in_features=4, out_features=2, bias=True)
  )
)"""


@pytest.mark.parametrize("shape, message", [
    ((32, 28, 28), r"Linear\(in_features=784\): got x of shape \(32, 28, 28\); flatten it to \(32, 784\)"),
    ((784, 32), r"got x of shape \(784, 32\); samples belong in rows: transpose it to \(32, 784\)"),
    ((32, 5), r"got x of shape \(32, 5\); its last axis must be 784"),
    ((), r"got x of shape \(\)"),
])
def test_a_wrong_shape_says_the_way_out(shape, message):
    with pytest.raises(ValueError, match=message):
        Linear(784, 10)(Tensor(np.zeros(shape)))


def test_linear_as_a_function_checks_too():
    with pytest.raises(ValueError, match=r"input of shape \(2, 3\) for a weight of shape \(4, 5\); .* must be 5"):
        scratch.linear(Tensor(np.zeros((2, 3))), Tensor(np.zeros((4, 5))))


@pytest.mark.parametrize("make", [scratch.MLP, pt.MLP])
def test_mlp_refuses_what_makes_no_network(make):
    with pytest.raises(ValueError, match=r"unknown activation 'rleu'; known are identity, sigmoid, tanh, relu"):
        make([2, 3, 1], "rleu")
    for sizes in ([2], [2, 0, 1], [2, 1.5, 1]):
        with pytest.raises(ValueError, match="two or more positive whole numbers"):
            make(sizes)


def test_a_generator_makes_the_start_repeatable():
    first, second = (MLP([2, 3], generator=np.random.default_rng(1)).layers[0].weight.array for _ in range(2))
    np.testing.assert_array_equal(first, second)
    first, second = (pt.MLP([2, 3], generator=torch.Generator().manual_seed(1)).layers[0].weight for _ in range(2))
    assert torch.equal(first, second)
    with pytest.raises(TypeError, match="got int; pass a numpy.random.Generator"):
        MLP([2, 3], generator=1)
