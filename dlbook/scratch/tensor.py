"""An array that remembers how it was made, so that a gradient can find its way back.

Each operation on tensors leaves a note on the *tape*: which tensors went in, and one function for each of them that
turns the gradient of the output into the gradient of that input.  ``backward`` reads the notes from the newest to the
oldest.  A tensor is always newer than the tensors it was made from, so this order is a right one, whatever the graph.

Only first derivatives: the gradients themselves leave no notes, and ``create_graph=True`` raises.
"""
from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook.scratch import arithmetic as ar
from dlbook.scratch import tape
from dlbook.scratch.tape import RemovableHandle, no_grad

__all__ = ["Extremes", "RemovableHandle", "Tensor", "apply", "as_tensor", "no_grad"]


class Tensor:
    """``array`` with ``.grad``, made from numbers, nested lists or a NumPy array (which is copied).

    Python floats become float32, as in PyTorch; a NumPy array keeps its type.

    >>> x = Tensor([1., 2., 3.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4., 6.])
    """

    __slots__ = ("array", "grad", "requires_grad", "made_by", "_index", "_parents", "_vjp", "_hooks", "_retain",
                 "__weakref__")
    __array_ufunc__ = None  # np_array * tensor asks the tensor, instead of making an array of tensors

    def __init__(self, data, *, dtype=None, requires_grad: bool = False):
        if isinstance(data, Tensor):
            data = data.array
        array = np.array(data, dtype=dtype)
        if dtype is None and array.dtype == np.float64 and not isinstance(data, (np.ndarray, np.generic)):
            array = array.astype(np.float32)
        if array.dtype == object:
            raise TypeError(f"Tensor: got {type(data).__name__} that is no array of numbers; rows of unequal length?")
        self._set(array)
        self.requires_grad_(requires_grad)

    def _set(self, array: np.ndarray) -> None:
        self.array, self.grad, self.requires_grad = array, None, False
        self.made_by = ""  # the name of the operation, for messages
        self._index, self._parents, self._vjp, self._hooks, self._retain = next(tape.clock), (), None, None, False

    # ---- what it is
    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def is_leaf(self) -> bool:
        """True unless it was made by a noted operation."""
        return self._vjp is None

    def numel(self) -> int:
        return self.array.size

    def item(self) -> float | int | bool:
        return self.array.item()

    def tolist(self):
        return self.array.tolist()

    def numpy(self) -> np.ndarray:
        """The array itself (not a copy)."""
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def detach(self) -> Tensor:
        """The same numbers, cut off from the tape."""
        return as_tensor(self.array)

    def clone(self) -> Tensor:
        return apply(lambda x: (x.copy(), (lambda d: d,)), self)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        if requires_grad and not np.issubdtype(self.dtype, np.floating):
            raise RuntimeError(f"only Tensors of floating point dtype can require gradients; this one is {self.dtype}")
        self.requires_grad = requires_grad
        return self

    def retain_grad(self) -> None:
        """Asks ``backward`` to leave the gradient of this intermediate result in ``.grad``."""
        self._retain = True

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Calls ``hook(grad)`` when the gradient is known; what it returns, unless None, takes the gradient's place."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        self._hooks = {} if self._hooks is None else self._hooks
        return RemovableHandle(self._hooks, hook)

    def __repr__(self) -> str:
        text = np.array2string(self.array, separator=", ", prefix="Tensor(", precision=4)
        return f"Tensor({text}{', requires_grad=True' if self.requires_grad else ''})"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item() if self.ndim == 0 else repr(self), spec)

    # ---- arithmetic
    def __add__(self, other): return apply(ar._add, self, other)
    def __radd__(self, other): return apply(ar._add, other, self)
    def __sub__(self, other): return apply(ar._sub, self, other)
    def __rsub__(self, other): return apply(ar._sub, other, self)
    def __mul__(self, other): return apply(ar._mul, self, other)
    def __rmul__(self, other): return apply(ar._mul, other, self)
    def __truediv__(self, other): return apply(ar._div, self, other)
    def __rtruediv__(self, other): return apply(ar._div, other, self)
    def __matmul__(self, other): return apply(ar._matmul, self, other)
    def __rmatmul__(self, other): return apply(ar._matmul, other, self)
    def __neg__(self): return apply(ar._neg, self)
    def __pow__(self, exponent): return self.pow(exponent)
    def __getitem__(self, key): return apply(ar._getitem, self, key=_index(key))

    def pow(self, exponent: float) -> Tensor:
        if not isinstance(exponent, (int, float, np.number)):
            raise TypeError(f"pow: got an exponent of type {type(exponent).__name__}; it must be a number")
        return apply(ar._pow, self, exponent=_array(exponent))

    def matmul(self, other) -> Tensor: return self @ other

    # ---- element by element
    def exp(self) -> Tensor: return apply(ar._exp, self)
    def log(self) -> Tensor: return apply(ar._log, self)
    def sqrt(self) -> Tensor: return apply(ar._sqrt, self)
    def abs(self) -> Tensor: return apply(ar._abs, self)
    def float(self) -> Tensor: return apply(ar._cast, self, dtype=np.float32)
    def double(self) -> Tensor: return apply(ar._cast, self, dtype=np.float64)

    def clip(self, min: float | None = None, max: float | None = None) -> Tensor:
        """What lies outside min..max is set to the nearer of the two; no gradient goes through it there."""
        if min is None and max is None:
            raise ValueError("clip: at least one of min and max must not be None")
        return apply(ar._clip, self, min=_array(min), max=_array(max))

    def masked_fill(self, mask, value: float) -> Tensor:
        """``value`` where the boolean ``mask``, which is broadcast to these elements, is True."""
        y = apply(ar._where, value, self, condition=_array(mask))
        if y.shape != self.shape:
            raise ValueError(f"masked_fill: got a mask of shape {np.shape(_array(mask))} for a tensor of shape "
                             f"{self.shape}; it must be that shape, or one that is broadcast to it")
        return y

    def where(self, condition, other) -> Tensor:
        """These elements where ``condition`` is True, those of ``other`` elsewhere."""
        return apply(ar._where, self, other, condition=_array(condition))

    # ---- reductions over the axis or axes ``dim``, over all when it is None
    def sum(self, dim=None, keepdim: bool = False) -> Tensor:
        return apply(ar._sum, self, dim=dim, keepdim=keepdim)

    def mean(self, dim=None, keepdim: bool = False) -> Tensor:
        return apply(ar._mean, self, dim=dim, keepdim=keepdim)

    def var(self, dim=None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
        """Σ (x - mean)² / (n - correction) along ``dim``; the correction 1 makes the estimate unbiased."""
        return apply(ar._var, self, dim=dim, correction=correction, keepdim=keepdim)

    def std(self, dim=None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
        """The square root of ``var``."""
        return apply(ar._std, self, dim=dim, correction=correction, keepdim=keepdim)

    def max(self, dim: int | None = None, keepdim: bool = False) -> Tensor | Extremes:
        """The largest element; along ``dim`` the largest ``values`` and their ``indices``, the first of equals.

        Without ``dim``, equals share the gradient; with it, the gradient goes to the element of the index.
        """
        return self._extreme(np.max, np.argmax, dim, keepdim)

    def min(self, dim: int | None = None, keepdim: bool = False) -> Tensor | Extremes:
        """The smallest element, or ``values`` and ``indices`` along ``dim``, as ``max``."""
        return self._extreme(np.min, np.argmin, dim, keepdim)

    def _extreme(self, value: Callable, index: Callable, dim: int | None, keepdim: bool) -> Tensor | Extremes:
        if dim is None:
            return apply(ar._extreme, self, value=value)
        indices = index(self.array, axis=dim, keepdims=True)
        values = apply(ar._take_along, self, indices=indices, dim=dim, keepdim=keepdim)
        return Extremes(values, as_tensor(indices if keepdim else indices.squeeze(dim)))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the largest element; no gradient goes through it."""
        return as_tensor(self.array.argmax(axis=dim, keepdims=keepdim))

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the smallest element; no gradient goes through it."""
        return as_tensor(self.array.argmin(axis=dim, keepdims=keepdim))

    # ---- the same numbers in another arrangement
    def reshape(self, *shape) -> Tensor:
        return apply(ar._reshape, self, shape=_numbers(shape))

    def view(self, *shape) -> Tensor:
        """``reshape`` that never copies: RuntimeError where the memory does not allow it."""
        y = self.reshape(*shape)
        if not np.may_share_memory(y.array, self.array) and self.array.size:
            raise RuntimeError(f"view: shape {self.shape} cannot become {y.shape} without a copy, because the elements "
                               "do not lie in that order in memory; use reshape")
        return y

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """The axes from ``start_dim`` to ``end_dim`` as one; IndexError or ValueError if there are no such axes."""
        n = max(self.ndim, 1)
        if not all(-n <= dim < n for dim in (start_dim, end_dim)):
            raise IndexError(f"flatten: got axes {start_dim} to {end_dim} for shape {self.shape}; "
                             f"they must lie between {-n} and {n - 1}")
        start, end = start_dim % n, end_dim % n + 1
        if start >= end:
            raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {self.shape}")
        return self.reshape(self.shape[:start] + (math.prod(self.shape[start:end]),) + self.shape[end:])

    def unsqueeze(self, dim: int) -> Tensor:
        """With a new axis of length 1 at ``dim``."""
        return self.reshape(np.expand_dims(self.array, dim).shape)

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Without the axis ``dim`` if its length is 1; without all such axes when it is None."""
        if dim is not None and self.shape[dim] != 1:
            return self.clone()
        return self.reshape(self.array.squeeze(dim).shape)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        return apply(ar._transpose, self, dim0=dim0, dim1=dim1)

    def permute(self, *dims) -> Tensor:
        """The axes in another order."""
        return apply(ar._permute, self, dims=_numbers(dims))

    @property
    def T(self) -> Tensor:
        if self.ndim != 2:
            raise ValueError(f"T: got shape {self.shape}; it is for matrices, use transpose(dim0, dim1)")
        return self.transpose(0, 1)

    # ---- comparisons, element by element; no gradient goes through them
    def __eq__(self, other): return as_tensor(np.equal(self.array, _array(other)))
    def __ne__(self, other): return as_tensor(np.not_equal(self.array, _array(other)))
    def __lt__(self, other): return as_tensor(np.less(self.array, _array(other)))
    def __le__(self, other): return as_tensor(np.less_equal(self.array, _array(other)))
    def __gt__(self, other): return as_tensor(np.greater(self.array, _array(other)))
    def __ge__(self, other): return as_tensor(np.greater_equal(self.array, _array(other)))
    __hash__ = object.__hash__

    # ---- the way back
    def backward(self, gradient=None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Adds to ``.grad`` of every leaf that requires it the gradient of this tensor with respect to that leaf.

        A tensor with more than one element needs ``gradient``, of its own shape.  The notes are dropped on the way,
        so a second call raises, unless ``retain_graph``.  Second derivatives are out of scope: NotImplementedError.
        """
        if create_graph:
            raise NotImplementedError("backward(create_graph=True): dlbook.scratch has first derivatives only, its "
                                      "gradients leave no notes on the tape; for second derivatives use PyTorch")
        if not self.requires_grad:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn: "
                               "no tensor that went into it has requires_grad=True, or it was made under no_grad()")
        pending = {self._index: tape.first_gradient(self.array, _array(gradient), self.is_leaf or self._retain)}
        newest = [(-self._index, self)]
        while newest:
            _, node = heapq.heappop(newest)
            dy = pending.pop(node._index)
            for hook in list((node._hooks or {}).values()):
                dy = dy if (changed := hook(as_tensor(dy))) is None else _array(changed)
            if node.is_leaf or node._retain:
                node.grad = as_tensor(dy if node.grad is None else node.grad.array + dy)
            if node.is_leaf:
                continue
            needed = [isinstance(p, Tensor) and p.requires_grad for p in node._parents]
            for parent, g in zip(node._parents, tape.gradients(node._vjp, dy, needed), strict=True):
                if g is None:
                    continue
                g = tape.checked(g, parent.array, node.array)
                if parent._index in pending:
                    pending[parent._index] = pending[parent._index] + g
                else:
                    shared = g is dy or g.base is not None  # a leaf keeps its gradient: it must own the memory
                    pending[parent._index] = g.copy() if shared and (parent.is_leaf or parent._retain) else g
                    heapq.heappush(newest, (-parent._index, parent))
            if not retain_graph:
                node._parents, node._vjp = (), tape.freed


class Extremes(NamedTuple):
    """What ``max`` and ``min`` along an axis return."""

    values: Tensor
    indices: Tensor


def as_tensor(data, dtype=None) -> Tensor:
    """``data`` as a tensor, without a copy where that is possible.

    >>> a = np.zeros(2)
    >>> as_tensor(a).array is a
    True
    """
    if isinstance(data, Tensor) and dtype in (None, data.dtype):
        return data
    if not isinstance(data, (np.ndarray, np.generic)) or dtype is not None:
        return Tensor(data, dtype=dtype)
    tensor = object.__new__(Tensor)
    tensor._set(np.asarray(data))
    return tensor


def apply(op: Callable, *inputs, **options) -> Tensor:
    """Runs ``op`` on the arrays of ``inputs`` and leaves a note on the tape.

    ``op(*arrays, **options)`` returns ``(y, vjp)``: the value, and either one function ``dy -> dx`` for each input, or,
    where the gradients share work, a single function ``dy -> (dx1, dx2, ...)``.  It must not change ``dy``.
    Inputs that are no tensors (numbers, None) pass through and receive no gradient.
    """
    y, vjp = op(*map(_array, inputs), **options)
    out = as_tensor(y if isinstance(y, np.ndarray) else np.asarray(y))
    out.made_by = op.__name__
    if tape.recording and any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        out.requires_grad, out._parents, out._vjp = True, inputs, vjp
    return out


def _array(x):
    """The array of a tensor; numbers of NumPy become Python's, which leave float32 as it is, as in PyTorch."""
    if isinstance(x, Tensor):
        return x.array
    return x.item() if isinstance(x, np.generic) else x


def _index(key):
    return tuple(map(_array, key)) if isinstance(key, tuple) else _array(key)


def _numbers(sizes: tuple) -> tuple[int, ...]:
    """``(2, 3)`` from ``f(2, 3)`` and from ``f((2, 3))``."""
    return tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer)) else sizes
