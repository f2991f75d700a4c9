"""The elementary operations on plain arrays: each returns its value and, under it, how a gradient goes back.

An operation ``y = f(x1, x2, ...)`` is a function ``_f(x1, x2, ...) -> (y, vjp)``.  ``vjp`` is a tuple with one
function for each input: given ``dy``, the gradient of the loss with respect to ``y``, it returns the gradient with
respect to that input (the vector-Jacobian product ``dy · ∂y/∂x``).
"""
from __future__ import annotations

import numpy as np


def unbroadcast(dy, shape: tuple[int, ...]):
    """Sums ``dy`` over the axes along which an array of ``shape`` was repeated to get the shape of ``dy``.

    >>> unbroadcast(np.ones((3, 2)), (2,))
    array([3., 3.])
    """
    if dy.shape == shape:
        return dy
    dy = dy.sum(axis=tuple(range(dy.ndim - len(shape))))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and dy.shape[i] != 1)
    return dy.sum(axis=repeated, keepdims=True) if repeated else dy


# ---- two inputs, broadcast against each other
def _add(x, y):
    return x + y, (lambda d: unbroadcast(d, x.shape),
                   lambda d: unbroadcast(d, y.shape))


def _sub(x, y):
    return x - y, (lambda d: unbroadcast(d, x.shape),
                   lambda d: unbroadcast(-d, y.shape))


def _mul(x, y):
    return x * y, (lambda d: unbroadcast(d * y, x.shape),
                   lambda d: unbroadcast(d * x, y.shape))


def _div(x, y):
    q = x / y
    return q, (lambda d: unbroadcast(d / y, x.shape),
               lambda d: unbroadcast(-d * q / y, y.shape))


def _pow(x, exponent):
    """x ** exponent for a fixed number ``exponent``."""
    return x**exponent, (lambda d: d * exponent * x ** (exponent - 1) if exponent else np.zeros_like(d),)


def _matmul(x, y):
    """Matrix product; vectors are rows on the left and columns on the right, further axes are batches."""
    a = x[None, :] if x.ndim == 1 else x              # (..., n, k)
    b = y[:, None] if y.ndim == 1 else y              # (..., k, m)
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    return x @ y, (lambda d: unbroadcast(d.reshape(shape) @ b.swapaxes(-1, -2), a.shape).reshape(x.shape),
                   lambda d: unbroadcast(a.swapaxes(-1, -2) @ d.reshape(shape), b.shape).reshape(y.shape))


# ---- one input, element by element
def _neg(x):
    return -x, (lambda d: -d,)


def _exp(x):
    y = np.exp(x)
    return y, (lambda d: d * y,)


def _log(x):
    return np.log(x), (lambda d: d / x,)


def _sqrt(x):
    y = np.sqrt(x)
    return y, (lambda d: d / (2 * y),)


def _abs(x):
    return np.abs(x), (lambda d: d * np.sign(x),)


# ---- reductions over the axes ``dim`` (all of them when it is None)
def _spread(d, x, dim, keepdim):
    """``d``, the gradient of a reduction of ``x``, repeated to the shape of ``x``."""
    if dim is not None and not keepdim:
        d = np.expand_dims(d, dim)
    return np.broadcast_to(d, x.shape)


def _sum(x, dim=None, keepdim=False):
    return x.sum(axis=dim, keepdims=keepdim), (lambda d: _spread(d, x, dim, keepdim),)


def _mean(x, dim=None, keepdim=False):
    y = x.mean(axis=dim, keepdims=keepdim)
    n = x.size // max(y.size, 1)
    return y, (lambda d: _spread(d / n, x, dim, keepdim),)


# ---- the same numbers in another arrangement
def _reshape(x, shape):
    return x.reshape(shape), (lambda d: d.reshape(x.shape),)


def _transpose(x, dim0, dim1):
    return x.swapaxes(dim0, dim1), (lambda d: d.swapaxes(dim0, dim1),)


def _getitem(x, key):
    def dx(d):
        out = np.zeros_like(x)
        np.add.at(out, key, d)  # an element that was taken twice receives both gradients
        return out
    return x[key], (dx,)
