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
    "Adagrad": [{}, {"lr": 0.3, "lr_decay": 0.1}, {"initial_accumulator_value": 0.5, "weight_decay": 0.2, "eps": 0.1}],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.6, "eps": 1e-2}, {"weight_decay": 0.2}],
    "RMSprop": [{}, {"alpha": 0.5, "eps": 1e-2, "weight_decay": 0.2}, {"momentum": 0.9}, {"centered": True},
                {"momentum": 0.5, "centered": True, "weight_decay": 0.1, "lr": 0.1}],
    "Adam": [{}, {"lr": 0.3, "betas": (0.5, 0.8), "eps": 1e-2}, {"weight_decay": 0.2}, {"amsgrad": True, "lr": 0.3},
             {"weight_decay": 0.2, "decoupled_weight_decay": True}],
    "AdamW": [{}, {"lr": 0.3, "weight_decay": 0.3, "betas": (0.5, 0.8)}, {"amsgrad": True, "lr": 0.3, "eps": 1e-2}],
}
EVERY = [(name, settings) for name, rows in SETTINGS.items() for settings in rows]
every_setting = pytest.mark.parametrize("name, settings", EVERY, ids=str)


class Twins:
    """The same small problem, two parameters of it in two groups, ours and torch's: min mean((A x + b)²)."""

    def __init__(self, name: str, dtype=np.float64, seed: int = 0, rates=(1.0, 0.5), **settings):
        rng = np.random.default_rng(seed)
        self.A, x, b = (rng.standard_normal(shape).astype(dtype) for shape in [(6, 4), (4, 3), (3,)])
        self.ours, self.theirs = [Parameter(x), Parameter(b)], [torch.nn.Parameter(torch.tensor(a)) for a in (x, b)]
        self.scratch, self.torch = (self.make(library, name, parameters, rates, settings) for library, parameters in
                                    ((scratch, self.ours), (torch.optim, self.theirs)))

    @staticmethod
    def make(library, name, parameters, rates, settings):
        made = getattr(library, name)(parameters[:1], **settings)
        made.add_param_group({"params": parameters[1:], "lr": rates[1] * made.param_groups[0]["lr"]})
        return made

    def steps(self, n: int) -> None:
        """The third step finds no gradient of b, for the optimizer must not touch it then."""
        for i in range(n):
            for optimizer, (x, b), A in ((self.scratch, self.ours, Tensor(self.A)),
                                         (self.torch, self.theirs, torch.tensor(self.A))):
                optimizer.zero_grad()
                ((A @ x + (0 if i == 2 else b)) ** 2).mean().backward()
                optimizer.step()

    def compare(self, rtol: float = 1e-12, atol: float = 1e-14) -> None:
        for p, q in zip(self.ours, self.theirs):
            np.testing.assert_allclose(p.array, q.detach().numpy(), rtol=rtol, atol=atol)


@every_setting
def test_twenty_steps_equal_torchs(name, settings):
    twins = Twins(name, **settings)
    for _ in range(5):
        twins.steps(4)
        twins.compare()


@every_setting
def test_float32_stays_float32(name, settings):
    twins = Twins(name, np.float32, **{key: np.float64(value) if key == "lr" else value
                                       for key, value in settings.items()})
    twins.steps(10)
    twins.compare(rtol=1e-4, atol=1e-6)
    for p in twins.ours:
        assert p.dtype == np.float32
        assert all(np.asarray(value).dtype == np.float32 for key, value in twins.scratch.state[p].items()
                   if key != "step")


@every_setting
def test_gradients_are_not_changed_and_the_array_stays_the_same(name, settings):
    p = Parameter(np.ones(3))
    array, g = p.array, np.array([1.0, -2.0, 0.5])
    p.grad = Tensor(g)
    optimizer = getattr(scratch, name)([p], **settings)
    for _ in range(2):
        optimizer.step()
    np.testing.assert_array_equal(p.grad.array, g)
    assert p.array is array and (p.array != 1).all()


def test_parameters_without_gradient_stay():
    p = Parameter([1.0])
    scratch.SGD([p], lr=1.0).step()
    assert p.tolist() == [1]


def test_groups_have_their_own_rate():
    a, b = Parameter([1.0]), Parameter([1.0])
    optimizer = scratch.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == [0.5]


# ---- what makes no sense
@pytest.mark.parametrize("name, settings, message", [
    ("SGD", {"lr": -1.0}, "SGD: lr must be a number >= 0, got -1.0"), ("SGD", {"lr": float("nan")}, "lr must be"),
    ("SGD", {"lr": 0.1, "nesterov": True}, "Nesterov momentum requires a momentum"),
    ("SGD", {"momentum": 0.9, "nesterov": True, "dampening": 0.1}, "zero dampening.*dampening=0.1"),
    ("SGD", {"lr": 0.1, "weight_decay": -0.1}, "weight_decay must be"),
    ("Adam", {"betas": (0.9, 1.0)}, r"Adam: betas must lie in \[0, 1\), got \(0.9, 1.0\)"),
    ("AdamW", {"betas": (-0.1, 0.9)}, "AdamW: betas"), ("Adam", {"eps": -1e-8}, "eps must be"),
    ("Adadelta", {"rho": 1.5}, r"rho must lie in \[0, 1\], got 1.5"), ("RMSprop", {"alpha": -1}, "alpha must be"),
    ("RMSprop", {"momentum": -1}, "momentum must be"), ("Adagrad", {"lr_decay": -1}, "lr_decay must be"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value must be"),
])
def test_settings_that_make_no_sense(name, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(scratch, name)([Parameter([1.0])], **settings)
    if "nan" not in str(settings):
        with pytest.raises(ValueError):
            getattr(torch.optim, name)([torch.nn.Parameter(torch.ones(1))], **settings)


@pytest.mark.parametrize("parameters, error, message", [
    (lambda p: [], ValueError, r"empty parameter list; pass model.parameters\(\)"),
    (lambda p: p, TypeError, r"got a single tensor; put it in a list"),
    (lambda p: [p, p], ValueError, "some parameters appear twice"),
    (lambda p: [{"params": [p]}, {"params": [p]}], ValueError, "in one group only"),
    (lambda p: [p * 2], ValueError, "can't optimize a non-leaf tensor"),
    (lambda p: [np.ones(2)], TypeError, "got ndarray; an optimizer changes tensors"),
    (lambda p: [{"params": [p], "rate": 0.1}], ValueError, r"unknown settings \['rate'\]; known are lr, momentum"),
])
def test_parameters_that_cannot_be(parameters, error, message):
    with pytest.raises(error, match=message):
        scratch.SGD(parameters(Parameter([1.0])))


def test_an_optimizer_of_ones_own_needs_an_update():
    p = Parameter([1.0])
    p.grad = Tensor([1.0])
    with pytest.raises(NotImplementedError, match=r"Optimizer has no _update\(\)"):
        scratch.Optimizer([p], {"lr": 0.1}).step()


# ---- saving and loading
def for_torch(state_dict: dict) -> dict:
    return {"param_groups": state_dict["param_groups"],
            "state": {i: {name: torch.tensor(value.numpy()) for name, value in state.items()}
                      for i, state in state_dict["state"].items()}}


@every_setting
@pytest.mark.parametrize("before", [0, 3])
def test_the_state_goes_both_ways_between_scratch_and_torch(name, settings, before):
    """Each side goes on from the other's parameters and state, with settings of its own until it loads."""
    first, second = Twins(name, **settings), Twins(name, seed=1, rates=(1.0, 0.1), lr=0.7)
    first.steps(before)
    for there, here in ((second.ours, first.theirs), (second.theirs, first.ours)):
        for p, q in zip(there, here):
            p.detach().numpy()[...] = q.detach().numpy()
    second.scratch.load_state_dict(first.torch.state_dict())
    second.torch.load_state_dict(for_torch(first.scratch.state_dict()))
    second.A = first.A
    first.steps(4)
    second.steps(4)
    second.compare()
    for p, q in zip(second.ours, first.ours):
        np.testing.assert_allclose(p.array, q.array, rtol=1e-12, atol=1e-14)


@every_setting
def test_the_state_has_torchs_names_and_types(name, settings):
    twins = Twins(name, np.float32, **settings)
    twins.steps(1)
    ours, theirs = twins.scratch.state_dict(), twins.torch.state_dict()
    kind = lambda value: (value.shape, str(value.dtype).removeprefix("torch."))  # noqa: E731
    assert {i: {name: kind(value) for name, value in state.items()} for i, state in ours["state"].items()} == \
           {i: {name: kind(value) for name, value in state.items()} for i, state in theirs["state"].items()}
    for group, group_torch in zip(ours["param_groups"], theirs["param_groups"], strict=True):
        assert group.items() <= group_torch.items()


def test_a_loaded_state_is_a_copy():
    first, second = Twins("Adam"), Twins("Adam")
    first.steps(1)
    second.scratch.load_state_dict(first.scratch.state_dict())
    kept = second.scratch.state[second.ours[0]]["exp_avg"].copy()
    first.steps(1)
    np.testing.assert_array_equal(second.scratch.state[second.ours[0]]["exp_avg"], kept)


def test_adamw_stays_adamw_whatever_it_loads():
    ours, theirs = Twins("AdamW"), Twins("Adam")
    ours.scratch.load_state_dict(theirs.torch.state_dict())
    ours.torch.load_state_dict(theirs.torch.state_dict())
    for optimizer in (ours.scratch, ours.torch):
        assert [group["decoupled_weight_decay"] for group in optimizer.param_groups] == [True, True]


def test_a_state_from_before_a_switch_existed_is_welcome():
    state = Twins("Adam").torch.state_dict()
    for group in state["param_groups"]:
        del group["decoupled_weight_decay"]
    Twins("Adam").scratch.load_state_dict(state)


def test_a_state_that_names_a_memory_it_does_not_have_is_welcome():
    state = Twins("SGD").torch.state_dict() | {"state": {0: {"momentum_buffer": None}}}  # so did older PyTorch
    twins = Twins("SGD", momentum=0.9)
    twins.scratch.load_state_dict(state)
    twins.steps(1)


def edited(**changes):
    def edit(state):
        state["param_groups"][0].update(changes)
    return edit


@pytest.mark.parametrize("edit, message", [
    (lambda state: state["param_groups"].pop(), r"has \[1\] parameters in its groups, this optimizer \[1, 1\]"),
    (lambda state: state["param_groups"][0].pop("betas"), r"has no \['betas'\]; is it of another optimizer"),
    (lambda state: state["state"][1].update(exp_avg=np.ones(4)), r"exp_avg of parameter 1 has shape \(4,\), the "
                                                                r"parameter \(3,\)"),
    (lambda state: state["state"][0].pop("exp_avg_sq"), r"parameter 0 has no \['exp_avg_sq'\]"),
    (edited(amsgrad=True), r"has no \['max_exp_avg_sq'\]"),
    (edited(maximize=True), "minimize the negative"), (edited(lr=-1.0), "lr must be a number >= 0, got -1.0"),
])
def test_a_state_that_does_not_fit_changes_nothing(edit, message):
    first, second = Twins("Adam"), Twins("Adam", lr=0.5)
    first.steps(1)
    state = first.torch.state_dict()
    edit(state)
    with pytest.raises(ValueError, match=message):
        second.scratch.load_state_dict(state)
    assert second.scratch.param_groups[0]["lr"] == 0.5 and second.scratch.state == {}
