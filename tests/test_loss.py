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


def test_modules_are_the_functions():
    z, t = Tensor([[1.0, 2.0]]), scratch.as_tensor(np.array([0]))
    assert scratch.CrossEntropyLoss()(z, t).item() == cross_entropy(z, t).item()
    assert scratch.MSELoss(reduction="sum")(z, z * 0).item() == 5
    assert scratch.BCEWithLogitsLoss()(z, z * 0).item() == binary_cross_entropy_with_logits(z, z * 0).item()
