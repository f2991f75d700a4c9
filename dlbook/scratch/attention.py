"""Attention: each query takes an average of the values, weighted by how well their keys fit.

N sequences, h heads, L queries, S keys and values, E numbers in a query or key, D numbers in a value.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch import init
from dlbook.scratch.arithmetic import unbroadcast
from dlbook.scratch.dropout import dropout
from dlbook.scratch.linear import Linear, linear
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply, as_tensor

if TYPE_CHECKING:
    from dlbook._types import Array, Float


def _attention_weights(q: Float[Array, "*N L E"], k: Float[Array, "*M S E"], mask: Float[Array, "*P"] | None,
                       scale: float):
    """softmax(q kᵀ · scale + mask), (*N, L, S): each row sums to 1.

    ``mask`` is added to the scores: -inf where a query may not look.  A query that may look nowhere gets weights 0.

    >>> _attention_weights(np.zeros((1, 1)), np.zeros((3, 1)), np.array([0., 0., -np.inf]), scale=1.)[0]
    array([[0.5, 0.5, 0. ]])
    """
    p = q @ k.swapaxes(-1, -2)
    p *= scale
    if mask is not None:
        p += mask
    p -= p.max(-1, keepdims=True, initial=np.finfo(p.dtype).min)  # the largest is 0 now: it adds e⁰ = 1 to its sum …
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[-1], p.dtype)
    p /= np.maximum(total, 1)[..., None]                          # … and a sum below 1 is the sum of nothing

    def vjp(dp):
        d = dp - np.vecdot(dp, p)[..., None]                      # of the softmax, see activation.py
        d *= p
        return (unbroadcast(d @ k * scale, q.shape),
                unbroadcast(d.swapaxes(-1, -2) @ q * scale, k.shape),
                None if mask is None else unbroadcast(d, mask.shape))

    return p, vjp


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
                                 dropout_p: float = 0.0, is_causal: bool = False, *,
                                 scale: float | None = None) -> Tensor:
    """softmax(Q Kᵀ · scale + mask) V (Vaswani et al., 2017), scale = 1/√E if it is not given.

    ``query`` (…, L, E), ``key`` (…, S, E), ``value`` (…, S, D), result (…, L, D).  ``attn_mask``, which broadcasts to
    (…, L, S), is True where a query may look, or numbers that are added.  ``is_causal``: query i sees keys 0 … i.
    ``dropout_p`` drops weights, in training or not.  ValueError if shapes do not fit.
    """
    _check_attention(query, key, value, attn_mask)
    mask = _mask_to_add(attn_mask, look=True)
    if is_causal:
        if mask is not None:
            raise ValueError("attention: got is_causal=True and an attn_mask; leave one out; a mask that is "
                             "False above the diagonal is causal too")
        mask = as_tensor(np.triu(np.full((query.shape[-2], key.shape[-2]), -np.inf, query.dtype), 1))
    return _attention(query, key, value, mask, dropout_p, scale)[0]


def _attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float,
               scale: float | None = None) -> tuple[Tensor, Tensor]:
    """The result, and the weights that made it."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    weights = dropout(apply(_attention_weights, q, k, mask, scale=scale), dropout_p)
    return weights @ v, weights


def _mask_to_add(mask: Tensor | None, look: bool) -> Tensor | None:
    """A mask of numbers from one that is ``look`` where a query may look."""
    if mask is None or np.issubdtype(mask.dtype, np.floating):
        return mask
    if mask.dtype != bool:
        raise TypeError(f"attention: a mask holds True and False, or floats that are added; got {mask.dtype}")
    return as_tensor(np.where(mask.array == look, np.float32(0), np.float32(-np.inf)))


def _check_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> None:
    shapes = f"attention: got query {q.shape}, key {k.shape}, value {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{shapes}; they must be (…, L, E), (…, S, E), (…, S, D) with the same E and the same S")
    try:
        leading = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        raise ValueError(f"{shapes}; the axes before the last two must be equal, or 1") from None
    expected = (*leading, q.shape[-2], k.shape[-2])
    if mask is not None and not _broadcasts(mask.shape, expected):
        raise ValueError(f"attention: got attn_mask of shape {mask.shape}; it must broadcast to (…, L, S) = {expected}")


def _broadcasts(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) <= len(expected) and all(a in (1, b) for a, b in zip(shape[::-1], expected[::-1]))


class MultiheadAttention(Module):
    """Attention in ``num_heads`` subspaces at once: each head has its own rows of the projections W_q, W_k, W_v.

    ``attention(query, key, value)`` takes (L, N, E), (S, N, E), (S, N, E), or (N, L, E) … with ``batch_first``, or
    without N, and returns the result, shaped like the query, and the weights, (N, L, S), averaged over the heads or
    with ``average_attn_weights=False`` (N, heads, L, S); ``need_weights=False`` leaves them out.

    ``key_padding_mask`` (N, S) and ``attn_mask`` (L, S) or (N · heads, L, S) are True where a query may NOT look, the
    opposite of ``scaled_dot_product_attention``, as in PyTorch; numbers are added.  ``is_causal`` says that
    ``attn_mask`` is the causal one and changes nothing.  A query that may look nowhere gets weights 0; PyTorch's are
    nan if weights are asked for.

    ``in_proj_weight`` (3E, E) holds W_q, W_k, W_v below each other and starts uniform (Glorot and Bengio, 2010), biases
    start at zero.  ``dropout`` drops weights while training.  ValueError if E is no multiple of the number of heads.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *,
                 batch_first: bool = False, generator: np.random.Generator | None = None):
        super().__init__()
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim={embed_dim} must be a multiple of num_heads={num_heads}")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.head_dim = embed_dim // num_heads
        self.in_proj_weight = Parameter(np.empty((3 * embed_dim, embed_dim), np.float32))
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, np.float32)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, generator=generator)
        init.xavier_uniform_(self.in_proj_weight, generator=generator)
        if bias:
            init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
                need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        if is_causal and attn_mask is None:
            raise ValueError("MultiheadAttention: is_causal=True only says what attn_mask is; pass the mask too, "
                             "True above the diagonal")
        batched = self._check(query, key, value)
        if not batched:
            axis = 0 if self.batch_first else 1
            query, key, value = (x.reshape(*x.shape[:axis], 1, *x.shape[axis:]) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.reshape(1, -1)
        q, k, v = (self._heads(x, i) for i, x in enumerate((query, key, value)))
        mask = self._mask(attn_mask, key_padding_mask, (*q.shape[:3], k.shape[2]))
        y, weights = _attention(q, k, v, mask, self.dropout if self.training else 0.0)
        y = self._merge(y)
        if need_weights and average_attn_weights:
            weights = weights.mean(dim=1)
        if not batched:
            y, weights = y.reshape(-1, self.embed_dim), weights.reshape(*weights.shape[1:])
        return y, weights if need_weights else None

    def _heads(self, x: Tensor, i: int) -> Tensor:
        """Projection number i of ``x``, (N, heads, L, E / heads); one product of matrices, not one for each n."""
        rows = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
        y = linear(x.reshape(-1, self.embed_dim), self.in_proj_weight[rows], bias)
        y = y.reshape(*x.shape[:2], self.num_heads, self.head_dim)
        return (y if self.batch_first else y.transpose(0, 1)).transpose(1, 2)

    def _merge(self, y: Tensor) -> Tensor:
        """The heads side by side again, and through the last projection."""
        y = y.transpose(1, 2)
        y = y if self.batch_first else y.transpose(0, 1)
        shape = (*y.shape[:2], self.embed_dim)
        return self.out_proj(y.reshape(-1, self.embed_dim)).reshape(shape)

    def _mask(self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, shape: tuple[int, ...]) -> Tensor | None:
        """Both masks as numbers to add, broadcast to (N, heads, L, S)."""
        n, heads, queries, keys = shape
        if attn_mask is not None:
            if attn_mask.shape not in ((queries, keys), (n * heads, queries, keys)):
                raise ValueError(f"MultiheadAttention: got attn_mask of shape {attn_mask.shape}, expected "
                                 f"(L, S) = {(queries, keys)} or (N·heads, L, S) = {(n * heads, queries, keys)}")
            attn_mask = _mask_to_add(attn_mask, look=False)
            attn_mask = attn_mask if attn_mask.ndim == 2 else attn_mask.reshape(shape)
        if key_padding_mask is not None:
            if key_padding_mask.shape != (n, keys):
                raise ValueError(f"MultiheadAttention: got key_padding_mask of shape {key_padding_mask.shape}, "
                                 f"expected (N, S) = {(n, keys)}")
            key_padding_mask = _mask_to_add(key_padding_mask, look=False).reshape(n, 1, 1, keys)
        if attn_mask is None or key_padding_mask is None:
            return key_padding_mask if attn_mask is None else attn_mask
        return attn_mask + key_padding_mask

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> bool:
        shapes = query.shape, key.shape, value.shape
        same = query.ndim == key.ndim in (2, 3) and key.shape == value.shape
        if not same or query.shape[-1] != self.embed_dim or key.shape[-1] != self.embed_dim:
            raise ValueError(f"MultiheadAttention(embed_dim={self.embed_dim}): got query, key, value of shapes "
                             f"{shapes}; all have 3 axes, or 2 for one sequence, the last is {self.embed_dim}, and "
                             "key and value are alike")
        n = 0 if self.batch_first else 1
        if query.ndim == 3 and query.shape[n] != key.shape[n]:
            raise ValueError(f"MultiheadAttention(batch_first={self.batch_first}): got query, key, value of shapes "
                             f"{shapes}; axis {n} counts the sequences and must be the same in all")
        return query.ndim == 3

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
