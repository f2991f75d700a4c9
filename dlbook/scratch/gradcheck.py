"""Is this gradient right?  Ask the function itself: move one number a little and look."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlbook.scratch.tensor import Tensor, as_tensor


class GradcheckError(RuntimeError):
    """The gradient of ``backward`` and the one by finite differences disagree."""


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """∂f/∂xᵢ ≈ (f(x + ε eᵢ) - f(x - ε eᵢ)) / 2ε for every element of the float64 array ``x``; f returns one number.

    >>> numerical_gradient(lambda x: (x ** 2).sum(), np.array([1., 2., 3.])).round(6)
    array([2., 4., 6.])
    """
    x = np.array(x, np.float64)
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + eps
        up = float(f(x))
        x[i] = before - eps
        down = float(f(x))
        x[i] = before
        gradient[i] = (up - down) / (2 * eps)
    return gradient


def gradcheck(func: Callable[..., Tensor], inputs: Tensor | tuple[Tensor, ...], *, eps: float = 1e-6,
              atol: float = 1e-5, rtol: float = 1e-3) -> bool:
    """True if ``backward`` through ``func(*inputs)`` agrees with finite differences; raises GradcheckError if not.

    Every input with ``requires_grad`` must be float64.  An output of any shape is reduced with fixed random weights.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: none of the inputs requires a gradient; set requires_grad=True")
    for i in checked:
        if inputs[i].dtype != np.float64:
            raise ValueError(f"gradcheck: input {i} is {inputs[i].dtype}; finite differences need float64")
        inputs[i].grad = None
    y = func(*inputs)
    weights = np.random.default_rng(0).standard_normal(y.shape)
    (y * weights).sum().backward()
    for i in checked:
        def at(array, i=i):
            moved = [as_tensor(array) if j == i else x for j, x in enumerate(inputs)]
            return (func(*moved).array * weights).sum()

        ours = inputs[i].grad.array if inputs[i].grad is not None else np.zeros(inputs[i].shape)
        theirs = numerical_gradient(at, inputs[i].array, eps)
        if not np.allclose(ours, theirs, rtol=rtol, atol=atol):
            raise GradcheckError(_report(i, ours, theirs))
    return True


def _report(i: int, ours: np.ndarray, theirs: np.ndarray) -> str:
    where = np.unravel_index(np.argmax(np.abs(ours - theirs)), ours.shape)
    ratio = ours[where] / theirs[where] if theirs[where] else np.inf
    cosine = (ours * theirs).sum() / max(np.linalg.norm(ours) * np.linalg.norm(theirs), 1e-300)
    return (f"the gradient of input {i}, shape {ours.shape}, is wrong.\n"
            f"  largest difference at {tuple(map(int, where))}: backward says {ours[where]:.6g}, "
            f"finite differences say {theirs[where]:.6g} (ratio {ratio:.4g})\n"
            f"  cosine between the two gradients: {cosine:.6f}\n"
            "  a ratio that is the same everywhere points to a factor (a mean taken for a sum, a sign); "
            "a cosine below 1 to a wrong term")
