"""The losses' values and gradients are in the table of ``ops.py``; here is what they refuse."""
from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from dlbook import scratch
from dlbook.scratch import Tensor, binary_cross_entropy_with_logits, cross_entropy, mse_loss


def test_shapes_that_would_be_broadcast_raise():
    column, flat = Tensor(np.zeros((4, 1))), Tensor(np.ones(4))
    with pytest.raises(ValueError, match=r"input of shape \(4, 1\) and target of shape \(4,\).*silently compare "
                                         r"16 pairs.*target.reshape\(4, 1\)"):
        mse_loss(column, flat)
    with pytest.raises(ValueError, match="silently compare 16 pairs"):
        binary_cross_entropy_with_logits(column, flat)
    with pytest.warns(UserWarning, match="broadcasting"):  # torch goes on
        torch.nn.functional.mse_loss(torch.zeros(4, 1), torch.ones(4))
    with pytest.raises(ValueError, match=r"\(4,\) and target of shape \(3,\); they must be equal$"):
        mse_loss(flat, Tensor(np.zeros(3)))


def test_targets_that_are_no_probabilities_raise():
    z = Tensor(np.zeros(4))
    with pytest.raises(ValueError, match=r"2 of 4 targets lie outside \[0, 1\] \(first: 1.5\).*no lower bound"):
        binary_cross_entropy_with_logits(z, Tensor([0.0, 1.5, 1.0, -0.1]))
    with pytest.raises(ValueError, match=r"1 of 4 targets lie outside"):
        binary_cross_entropy_with_logits(z, Tensor([0.0, float("nan"), 1.0, 1.0]))
    with pytest.raises(ValueError, match="outside"):
        cross_entropy(Tensor(np.zeros((1, 2))), Tensor([[0.5, 1.5]]))


def test_integer_targets_are_welcome_where_they_mean_probabilities():
    z, y = Tensor([0.3, -2.0]), np.array([1, 0])
    ours = binary_cross_entropy_with_logits(z, scratch.as_tensor(y))
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.3, -2.0]), torch.tensor([1.0, 0.0]))
    assert ours.item() == pytest.approx(theirs.item())


def test_probabilities_outside_the_unit_interval_raise():
    with pytest.raises(ValueError, match=r"1 of 2 probabilities lie outside \[0, 1\].*apply sigmoid first, or use "
                                         "binary_cross_entropy_with_logits"):
        scratch.binary_cross_entropy(Tensor([0.5, 2.0]), Tensor([1.0, 1.0]))
    with pytest.raises(ValueError, match=r"target below 0 \(-1\).*log_target=True"):
        scratch.kl_div(Tensor([0.5]), Tensor([-1.0]), reduction="sum")


@pytest.mark.parametrize("settings, message", [
    ({"weight": Tensor([1.0, 2.0])}, r"weight of shape \(2,\); expected one number for each class, shape \(3,\)"),
    ({"label_smoothing": 1.5}, r"label_smoothing must lie in \[0, 1\], got 1.5"),
    ({"reduction": "avg"}, "reduction must be"),
])
def test_settings_of_cross_entropy(settings, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy(Tensor(np.zeros((2, 3))), scratch.as_tensor(np.array([0, 1])), **settings)


@pytest.mark.parametrize("call, message", [
    (lambda z, y: scratch.huber_loss(z, y, delta=0.0), "delta must be a number > 0, got 0.0"),
    (lambda z, y: scratch.smooth_l1_loss(z, y, beta=-1.0), "beta must be a number >= 0, got -1.0"),
    (lambda z, y: scratch.multi_margin_loss(z, scratch.as_tensor(np.array([0, 1])), p=3), "p must be 1 or 2, got 3"),
    (lambda z, y: scratch.nll_loss(z, y), r"shape \(2, 2\); expected class indices of shape \(2,\)$"),
    (lambda z, y: cross_entropy(z, y, ignore_index=1), "ignore_index=1 is for class indices, not for probabilities"),
    (lambda z, y: binary_cross_entropy_with_logits(z, y, weight=Tensor(np.ones(3))),
     r"got weight of shape \(3,\) for input of shape \(2, 2\)"),
    (lambda z, y: cross_entropy(z.reshape(1, 2, 2), y), "bring the classes to the last axis"),
])
def test_other_settings(call, message):
    with pytest.raises(ValueError, match=message):
        call(Tensor(np.zeros((2, 2))), Tensor(np.zeros((2, 2))))


def test_a_mean_of_kl_warns_as_in_torch():
    z = Tensor(np.log([[0.5, 0.5]]))
    with pytest.warns(UserWarning, match="batchmean"):
        scratch.kl_div(z, Tensor([[0.5, 0.5]]))
    with pytest.warns(UserWarning, match="batchmean"):
        torch.nn.functional.kl_div(torch.zeros(1, 2), torch.zeros(1, 2))


def test_kl_of_an_impossible_outcome():
    x, y = np.log([[0.25, 0.75]]), np.array([[0.0, 1.0]])
    ours = scratch.kl_div(Tensor(x), Tensor(y), reduction="sum")
    assert ours.item() == pytest.approx(np.log(4 / 3))
    assert ours.item() == pytest.approx(
        torch.nn.functional.kl_div(torch.tensor(x), torch.tensor(y), reduction="sum").item())


def test_binary_cross_entropy_at_the_ends_is_torchs():
    p, y = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    ours, theirs = Tensor(p, requires_grad=True), torch.tensor(p, requires_grad=True)
    loss = scratch.binary_cross_entropy(ours, Tensor(y), reduction="none")
    loss_torch = torch.nn.functional.binary_cross_entropy(theirs, torch.tensor(y), reduction="none")
    assert loss.tolist() == loss_torch.tolist() == [0, 0, 100, 100]
    loss.sum().backward()
    loss_torch.sum().backward()
    np.testing.assert_allclose(ours.grad.array, theirs.grad)


@pytest.mark.parametrize("name, settings", [
    ("l1_loss", {}), ("smooth_l1_loss", {"beta": 0.5}), ("smooth_l1_loss", {"beta": 0.0}),
    ("huber_loss", {"delta": 0.5}), ("multi_margin_loss", {"margin": 0.5}),
    ("multi_margin_loss", {"margin": 0.5, "p": 2}),
], ids=str)
def test_where_a_loss_has_no_slope_the_gradient_is_torchs(name, settings):
    x = np.array([[0.0, 0.5, -0.5], [0.5, 0.0, 1.0]])
    y = np.array([1, 0]) if name == "multi_margin_loss" else np.zeros((2, 3))
    ours, theirs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    getattr(scratch, name)(ours, scratch.as_tensor(y), **settings).backward()
    getattr(torch.nn.functional, name)(theirs, torch.tensor(y), **settings).backward()
    np.testing.assert_allclose(ours.grad.array, theirs.grad, rtol=1e-12)


def test_two_classes_of_multi_margin_loss_are_half_the_hinge():
    lead = np.array([2.0, 0.5, -1.0])
    scores = Tensor(np.stack([lead, np.zeros(3)], axis=1))
    losses = scratch.multi_margin_loss(scores, scratch.as_tensor(np.zeros(3, int)), reduction="none")
    assert losses.tolist() == (np.maximum(0, 1 - lead) / 2).tolist()


@pytest.mark.parametrize("targets, message", [
    (np.array([[0], [1]]), r"shape \(2, 1\) for logits of shape \(2, 3\); expected class indices of shape \(2,\)"),
    (np.array([0, 3]), r"must lie in 0..2, got 0..3"),
    (np.array([-1, 1]), r"must lie in 0..2, got -1..1"),
    (np.array([True, False]), r"must be integers, got bool"),
])
def test_class_indices_are_checked(targets, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy(Tensor(np.zeros((2, 3))), scratch.as_tensor(targets))


def test_logits_need_a_class_axis():
    with pytest.raises(ValueError, match=r"logits of shape \(3,\); expected \(n samples, k classes\)"):
        cross_entropy(Tensor(np.zeros(3)), scratch.as_tensor(np.array([0])))


def test_probabilities_passed_as_logits_warn():
    rng = np.random.default_rng(0)
    z = Tensor(rng.standard_normal((5, 3)))
    y = scratch.as_tensor(np.array([0, 1, 2, 0, 1]))
    with pytest.warns(UserWarning, match="look like probabilities .they come out of a softmax.*applies softmax itself"):
        cross_entropy(scratch.softmax(z, dim=1), y)
    with pytest.warns(UserWarning, match="every row is positive and sums to 1"):
        cross_entropy(scratch.softmax(z, dim=1).detach(), y)
    p = scratch.sigmoid(Tensor(rng.standard_normal(20)))
    with pytest.warns(UserWarning, match="they come out of a sigmoid.*applies sigmoid itself"):
        binary_cross_entropy_with_logits(p, Tensor(np.zeros(20)))


def test_logits_do_not_warn():
    y = scratch.as_tensor(np.array([0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_entropy(Tensor(np.zeros((2, 2))), y)  # a network that starts at zero
        cross_entropy(Tensor(np.array([[2.0, -1.0], [0.5, 0.5]])), y)
        binary_cross_entropy_with_logits(Tensor(np.full(20, 0.3)), Tensor(np.zeros(20)))  # one that starts small


def test_reductions():
    z, y = Tensor([1.0, 2.0]), Tensor([0.0, 0.0])
    assert mse_loss(z, y, reduction="none").tolist() == [1, 4]
    assert mse_loss(z, y, reduction="sum").item() == 5
    with pytest.raises(ValueError, match="'mean', 'sum' or 'none', got 'avg'"):
        mse_loss(z, y, reduction="avg")


def test_large_logits_stay_finite():
    z = Tensor(np.array([[1000.0, -1000.0]]), requires_grad=True)
    loss = cross_entropy(z, scratch.as_tensor(np.array([1])))
    loss.backward()
    assert loss.item() == 2000 and z.grad.tolist() == [[1, -1]]
    z = Tensor(np.array([1000.0, -1000.0]), requires_grad=True)
    loss = binary_cross_entropy_with_logits(z, Tensor([0.0, 1.0]))
    loss.backward()
    assert loss.item() == 1000 and z.grad.tolist() == [0.5, -0.5]


WEIGHT = [0.5, 1.0, 2.0]
MODULES = [
    ("MSELoss", {"reduction": "sum"}, "numbers"), ("L1Loss", {"reduction": "none"}, "numbers"),
    ("HuberLoss", {"delta": 0.5}, "numbers"), ("SmoothL1Loss", {"beta": 0.5, "reduction": "sum"}, "numbers"),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHT, "reduction": "sum"}, "classes"),
    ("BCEWithLogitsLoss", {"weight": WEIGHT, "pos_weight": [3.0, 2.0, 1.0], "reduction": "sum"}, "numbers"),
    ("BCELoss", {"weight": WEIGHT, "reduction": "none"}, "numbers"),
    ("NLLLoss", {"weight": WEIGHT, "ignore_index": 1, "reduction": "sum"}, "classes"),
    ("CrossEntropyLoss", {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.1, "reduction": "sum"}, "classes"),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, "numbers"),
    ("KLDivLoss", {"reduction": "batchmean", "log_target": True}, "numbers"),
]


@pytest.mark.parametrize("name, settings, targets", MODULES, ids=lambda v: v if isinstance(v, str) else "")
def test_modules_are_torchs_with_all_their_settings(name, settings, targets):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 0.9, (4, 3))
    y = rng.uniform(0, 1, (4, 3)) if targets == "numbers" else np.array([0, 1, 2, 1])

    def made(library, wrap):
        return getattr(library, name)(**{k: wrap(np.array(v)) if isinstance(v, list) else v
                                         for k, v in settings.items()})

    ours, theirs = made(scratch, scratch.as_tensor), made(torch.nn, torch.tensor)
    loss = ours(Tensor(x), scratch.as_tensor(y))
    np.testing.assert_allclose(loss.array, theirs(torch.tensor(x), torch.tensor(y)), rtol=1e-12)
    assert list(ours.state_dict()) == list(theirs.state_dict())  # the weights are saved
