"""The elementary operations on plain arrays: each returns its value and, under it, how a gradient goes back.

An operation ``y = f(x1, x2, ...)`` is a function ``_f(x1, x2, ...) -> (y, vjp)``.  ``vjp`` is a tuple with one
function for each input: given ``dy``, the gradient of the loss with respect to ``y``, it returns the gradient with
respect to that input (the vector-Jacobian product ``dy · ∂y/∂x``).
"""
from __future__ import annotations

import math

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
    if not np.ndim(x) or not np.ndim(y) or x.shape[-1] != y.shape[-2:][0]:
        raise ValueError(f"matmul: got shapes {np.shape(x)} and {np.shape(y)}; expected (..., n, k) and (..., k, m), "
                         "or a vector (k,) for one of them or both")
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


def _cast(x, dtype):
    return x.astype(dtype), (lambda d: d.astype(x.dtype),)


def _clip(x, min, max):
    """The slope at the bounds themselves is 1, as in PyTorch."""
    y = np.clip(x, min, max)
    return y, (lambda d: d * (x == y),)


def _where(x, y, condition):
    """x where the condition holds, y elsewhere: the gradient takes the same way back."""
    if condition.dtype != bool:
        raise TypeError(f"where: got a condition of type {condition.dtype}; it must be boolean, such as x > 0")
    return np.where(condition, x, y), (lambda d: unbroadcast(d * condition, np.shape(x)),
                                       lambda d: unbroadcast(d * ~condition, np.shape(y)))


# ---- reductions over the axes ``dim`` (all of them when it is None)
def _spread(d, x, dim, keepdim):
    """``d``, the gradient of a reduction of ``x``, repeated to the shape of ``x``."""
    if dim is not None and not keepdim:
        d = np.expand_dims(d, dim)
    return np.broadcast_to(d, x.shape)


def _sum(x, dim=None, keepdim=False):
    return x.sum(axis=dim, keepdims=keepdim), (lambda d: _spread(d, x, dim, keepdim),)


def _mean(x, dim=None, keepdim=False):
    total = x.sum(axis=dim, keepdims=keepdim)
    n = _count(x, dim)
    return _over(total, n), (lambda d: _spread(_over(d, n), x, dim, keepdim),)


def _var(x, dim=None, correction=1, keepdim=False):
    """Σ (x - mean)² / (n - c)"""
    n = _count(x, dim) - correction
    e = x - _mean(x, dim, keepdim=True)[0]
    return _over((e * e).sum(axis=dim, keepdims=keepdim), n), (lambda d: 2 * e * _spread(_over(d, n), x, dim, keepdim),)


def _std(x, dim=None, correction=1, keepdim=False):
    """√var; where it is 0, which has no slope there, 0 is taken."""
    variance, (dvar,) = _var(x, dim, correction, keepdim)
    y = np.sqrt(variance)
    return y, (lambda d: dvar(np.divide(d, 2 * y, out=np.zeros_like(d), where=y > 0)),)


def _count(x, dim) -> int:
    """How many elements of ``x`` a reduction over ``dim`` takes together."""
    return x.size if dim is None else math.prod(x.shape[i] for i in np.atleast_1d(dim))


def _over(a, n):
    """a / n, and without a warning nan (or infinity) when n is 0: the mean of nothing, as in PyTorch."""
    return a / n if n > 0 else a * np.nan


def _extreme(x, value):
    """The largest or the smallest element of all, by ``value``; equals share the gradient."""
    y = value(x)
    hits = x == y
    return y, (lambda d: d * hits / hits.sum(),)


def _take_along(x, indices, dim, keepdim):
    """One element along ``dim``, at the indices of length 1 there."""
    y = np.take_along_axis(x, indices, dim)

    def dx(d):
        out = np.zeros_like(x)
        np.put_along_axis(out, indices, d.reshape(y.shape), dim)
        return out

    return y if keepdim else y.squeeze(dim), (dx,)


# ---- the same numbers in another arrangement
def _reshape(x, shape):
    return x.reshape(shape), (lambda d: d.reshape(x.shape),)


def _transpose(x, dim0, dim1):
    return x.swapaxes(dim0, dim1), (lambda d: d.swapaxes(dim0, dim1),)


def _permute(x, dims):
    return x.transpose(dims), (lambda d: d.transpose(np.argsort(np.array(dims) % max(x.ndim, 1))),)


def _cat(*arrays, dim):
    ends = np.cumsum([a.shape[dim] for a in arrays[:-1]])
    return np.concatenate(arrays, axis=dim), (lambda d: np.split(d, ends, axis=dim))


def _stack(*arrays, dim):
    return np.stack(arrays, axis=dim), (lambda d: np.moveaxis(d, dim, 0))


def _getitem(x, key):
    def dx(d):
        out = np.zeros_like(x)
        if _may_repeat(key):
            np.add.at(out, key, d)  # an element that was taken twice receives both gradients
        else:
            out[key] = d
        return out
    return x[key], (dx,)


def _may_repeat(key) -> bool:
    """Whether an index can name an element twice: arrays and lists of integers can."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype != bool for part in parts)
