from __future__ import annotations

import numpy as np
import pytest

from dlbook.scratch import GradcheckError, Tensor, apply, gradcheck, numerical_gradient


def test_numerical_gradient_leaves_its_input_alone():
    x = np.arange(6.0).reshape(2, 3)
    g = numerical_gradient(lambda x: (x**3).sum(), x)
    np.testing.assert_allclose(g, 3 * np.arange(6.0).reshape(2, 3) ** 2, atol=1e-6)
    np.testing.assert_array_equal(x, np.arange(6.0).reshape(2, 3))


def test_it_wants_float64_and_a_gradient_to_check():
    with pytest.raises(ValueError, match="input 0 is float32; finite differences need float64"):
        gradcheck(lambda x: x, Tensor([1.0], requires_grad=True))
    with pytest.raises(ValueError, match="none of the inputs requires a gradient"):
        gradcheck(lambda x: x, Tensor(np.ones(1)))


def test_several_inputs_and_constants():
    x, y = (Tensor(np.arange(1.0, 4.0), requires_grad=True) for _ in range(2))
    assert gradcheck(lambda x, c, y: x * c / y, (x, 2.0, y))


@pytest.mark.parametrize("vjp, ratio", [(lambda d: -d, "-1"), (lambda d: 4 * d, "4")])
def test_the_report_names_the_ratio(vjp, ratio):
    x = Tensor(np.arange(1.0, 4.0), requires_grad=True)
    with pytest.raises(GradcheckError, match=rf"\(ratio {ratio}\)"):
        gradcheck(lambda x: apply(lambda a: (a.copy(), (vjp,)), x), x)


def test_a_missing_gradient_is_wrong_too():
    x = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(GradcheckError, match="backward says -?0,"):
        gradcheck(lambda x: Tensor(x.array, requires_grad=True) + x * 0, x)
