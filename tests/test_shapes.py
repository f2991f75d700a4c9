"""In the test suite the shapes stated in the package are checked at each call; outside it they cost nothing."""
from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest
from jaxtyping import TypeCheckError

import dlbook

SOURCE = '''
from __future__ import annotations
from typing import TYPE_CHECKING
import numpy as np
if TYPE_CHECKING:
    from dlbook._types import Array, Float

def _linear(x: Float[Array, "n d"], weight: Float[Array, "k d"], scale: float = 1.0) -> Float[Array, "n k"]:
    """y = x W^T.

    >>> _linear(np.eye(2), np.eye(2))[0]
    array([1., 0.])
    """
    def vjp(dy: Float[Array, "n k"]):
        return dy @ weight
    return scale * x @ weight.T if scale else vjp

def unchecked(x):
    """
    >>> unchecked(1)
    1
    """
    return x
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the package that exists for one test."""
    (tmp_path / "shapes_example.py").write_text(SOURCE, "utf8")
    monkeypatch.setattr(dlbook, "__path__", [*dlbook.__path__, str(tmp_path)])
    yield importlib.import_module("dlbook.shapes_example")
    del sys.modules["dlbook.shapes_example"]


def test_right_shapes_pass(module):
    assert module._linear(np.ones((3, 2)), np.ones((4, 2)), 2).shape == (3, 4)  # and an int serves as a float


@pytest.mark.parametrize("weight", [np.ones((4, 3)), np.ones(2), np.ones((4, 2), int), [[1.0, 2.0]]])
def test_wrong_arguments_raise(module, weight):
    with pytest.raises(TypeCheckError, match="_linear"):
        module._linear(np.ones((3, 2)), weight)


def test_a_wrong_result_raises(module):
    with pytest.raises(TypeCheckError, match="return value"):
        module._linear(np.ones((3, 2)), np.ones((4, 2)), 0.0)


def test_doctests_of_checked_functions_are_found(module):
    found = [test.name for test in doctest.DocTestFinder().find(module) if test.examples]
    assert found == ["dlbook.shapes_example._linear", "dlbook.shapes_example.unchecked"]


def test_only_functions_that_state_shapes_are_wrapped(module):
    assert hasattr(module._linear, "__wrapped__") and not hasattr(module.unchecked, "__wrapped__")


def test_the_package_itself_is_checked():
    from dlbook.scratch.linear import _linear

    with pytest.raises(TypeCheckError):
        _linear(np.ones((3, 2)), np.ones((4, 3)))


def test_counts_of_gates_are_checked():
    from dlbook.scratch.recurrence import _gru, _lstm, _rnn

    x, h = np.ones((4, 2, 3)), np.ones((2, 5))
    for op, gates, states in ((_rnn, 1, 1), (_gru, 3, 1), (_lstm, 4, 2)):
        options = {"sizes": [2] * 4, **({"nonlinearity": "tanh"} if op is _rnn else {})}
        right = [np.ones((5 * gates, 3)), np.ones((5 * gates, 5)), np.ones(5 * gates), np.ones(5 * gates)]
        assert op(x, *[h] * states, *right, **options)[0].shape == (4 + states, 2, 5)
        for i, weight in enumerate(right):
            wrong = [*right[:i], np.ones((5 * gates + 1, *weight.shape[1:])), *right[i + 1:]]
            with pytest.raises(TypeCheckError, match=op.__name__):
                op(x, *[h] * states, *wrong, **options)


def test_nothing_of_this_is_left_outside_the_tests():
    code = """if True:
        import sys
        from dlbook.scratch.linear import _linear
        print(hasattr(_linear, "__wrapped__"), "jaxtyping" in sys.modules)"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False False\n"
