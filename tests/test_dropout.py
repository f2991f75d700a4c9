"""Dropout draws from the package's generator, keeps the mean, and is nothing in evaluation."""
from __future__ import annotations

import numpy as np
import pytest

from dlbook import manual_seed, scratch
from dlbook.scratch import Dropout, Tensor

X = Tensor(np.full((200, 300), 2.0))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_is_left_and_its_mean(p):
    y = scratch.dropout(X, p, generator=np.random.default_rng(0)).array
    np.testing.assert_allclose(np.unique(y), [0, 2 / (1 - p)])
    assert (y == 0).mean() == pytest.approx(p, abs=0.01)
    assert y.mean() == pytest.approx(2, rel=0.02)


def test_the_gradient_goes_where_the_numbers_went():
    x = Tensor(np.ones((20, 30)), requires_grad=True)
    y = scratch.dropout(x, 0.4)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.array, y.detach().array)


def test_the_source_of_randomness():
    def draws(layer):
        return [layer(X).array for _ in range(2)]

    manual_seed(3)
    first = draws(Dropout())
    manual_seed(3)
    np.testing.assert_array_equal(draws(Dropout()), first)
    assert (first[0] != first[1]).any()
    mine = [draws(Dropout(generator=np.random.default_rng(5))) for _ in range(2)]
    np.testing.assert_array_equal(*mine)
    with pytest.raises(TypeError, match="pass a numpy.random.Generator"):
        Dropout(generator=5)(X)


def test_without_training_it_is_nothing():
    assert Dropout(0.9).eval()(X) is X
    assert scratch.dropout(X, 0.9, training=False) is X
    assert not scratch.dropout(X, 1.0).array.any()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_probability(p):
    for call in (lambda: Dropout(p), lambda: scratch.dropout(X, p), lambda: scratch.dropout(X, p, training=False)):
        with pytest.raises(ValueError, match="between 0 and 1, but got"):
            call()
