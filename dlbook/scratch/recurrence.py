"""The recurrent layers on plain arrays, all time steps in one operation: what makes ``recurrent.py`` fast.

The equations are those of ``rnn_tanh_cell``, ``lstm_cell`` and ``gru_cell`` there, and the tests compare the two.  Only
the product with the last hidden state has to wait for the step before; all the rest is done for all steps at once.

T steps, B sequences, D inputs, H hidden units, K gates.  ``sizes[t]`` is how many sequences have a step t: they are
sorted, the longest first, so these are the first ones.  Each operation returns (T + S, B, H): the T hidden states, zero
after the end of a sequence, then its S final states, h (and c for the LSTM).

Three things are for speed.  The gates stand along the first axis, (K, T, B, H), so that each is one block of memory.
σ(z) = (1 + tanh(z/2)) / 2, so that all gates of the LSTM are one tanh: the factor 1/2 goes into the weights.  And big
arrays are written in place.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dlbook._types import Array, Float

OIFG = np.array([3, 0, 1, 2])  # PyTorch keeps i, f, g, o; here the three that have a σ stand together
IFGO = np.array([1, 2, 3, 0])  # and back


def _rnn(x: Float[Array, "T B D"], h0: Float[Array, "B H"], w_ih: Float[Array, "H D"], w_hh: Float[Array, "H H"],
         b_ih: Float[Array, "H"] | None, b_hh: Float[Array, "H"] | None, sizes, nonlinearity: str):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) for all steps, or the same with relu."""
    y, h = _states(x, h0, finals=1)
    z = _project(x, w_ih[None], None if b_ih is None else (b_ih + b_hh)[None])[0]              # (T, B, H)
    w = np.ascontiguousarray(w_hh.T)
    for t, n in enumerate(sizes):
        z[t, :n] += h[t, :n] @ w
        if nonlinearity == "tanh":
            np.tanh(z[t, :n], out=h[t + 1, :n])
        else:
            np.maximum(z[t, :n], 0, out=h[t + 1, :n])
    _keep_final(y[-1], h, sizes)

    def vjp(dy):
        dz = 1 - h[1:-1] * h[1:-1] if nonlinearity == "tanh" else (h[1:-1] > 0).astype(x.dtype)  # the slope, so far
        dh = dy[-1].copy()
        for t, n in reversed(list(enumerate(sizes))):
            d = dz[t]
            d[n:] = 0
            d[:n] *= np.add(dh[:n], dy[t, :n], out=dh[:n])
            np.matmul(d[:n], w_hh, out=dh[:n])
        dx, dw_ih, db = _project_back(dz[None], x, w_ih[None])
        dw_hh, = _weight_gradient(dz[None], h[:-2])
        return dx, dh, dw_ih[0], dw_hh, db[0], db[0].copy()

    return y, vjp


def _lstm(x: Float[Array, "T B D"], h0: Float[Array, "B H"], c0: Float[Array, "B H"],
          w_ih: Float[Array, "4*H D"], w_hh: Float[Array, "4*H H"],
          b_ih: Float[Array, "4*H"] | None, b_hh: Float[Array, "4*H"] | None, sizes):
    """c = f c + i g and h = o tanh(c) for all steps, with the gates i, f, o = σ(…) and g = tanh(…)."""
    y, h = _states(x, h0, finals=2)
    _, c = _states(x, c0, finals=0)
    tanh_c = np.zeros_like(c[1:])
    w_x, w_h = _by_gate(w_ih, 4)[OIFG], _by_gate(w_hh, 4)[OIFG]                                # (4, H, D), (4, H, H)
    half = np.array([0.5, 0.5, 0.5, 1], x.dtype).reshape(4, 1, 1)
    gates = _project(x, w_x, None if b_ih is None else _by_gate(b_ih + b_hh, 4)[OIFG], half)   # (4, T, B, H)
    w = np.multiply(w_h.swapaxes(1, 2), half, order="C")
    step = np.empty_like(gates[:, 0])
    for t, n in enumerate(sizes):
        z = np.matmul(h[t, :n], w, out=step[:, :n])
        z += gates[:, t, :n]
        np.tanh(z, out=z)
        z[:3] *= 0.5
        z[:3] += 0.5
        gates[:, t, :n] = z
        o, i, f, g = z
        now = np.multiply(f, c[t, :n], out=c[t + 1, :n])
        now += np.multiply(i, g, out=g)
        np.multiply(o, np.tanh(now, out=tanh_c[t, :n]), out=h[t + 1, :n])
    _keep_final(y[-2], h, sizes)
    _keep_final(y[-1], c, sizes)

    def vjp(dy):
        dz, dh_dc = _lstm_slopes(gates, c, tanh_c)         # and in the loop they become the gradients
        f = gates[2]
        dh, dc = dy[-2].copy(), dy[-1].copy()
        back, through_h = np.empty_like(gates[:, 0]), np.empty_like(dh)
        for t, n in reversed(list(enumerate(sizes))):
            dz[:, t, n:] = 0
            d, dh_t, dc_t = dz[:, t, :n], dh[:n], dc[:n]
            dh_t += dy[t, :n]
            dc_t += np.multiply(dh_t, dh_dc[t, :n], out=through_h[:n])
            d[0] *= dh_t
            d[1:] *= dc_t
            dc_t *= f[t, :n]
            np.matmul(d, w_h, out=back[:, :n]).sum(0, out=dh_t)
        dx, dw_ih, db = _project_back(dz, x, w_x)
        dw_hh = _weight_gradient(dz, h[:-3])
        dw_ih, dw_hh, db = (_in_rows(a[IFGO]) for a in (dw_ih, dw_hh, db))
        return dx, dh, dc, dw_ih, dw_hh, db, db.copy()

    return y, vjp


def _lstm_slopes(gates, c, tanh_c):
    """∂h/∂z of the gate o and ∂c/∂z of the others, in the order of ``gates``, and ∂h/∂c; z is what a gate takes in."""
    o, i, f, g = gates
    dz = gates * gates
    np.subtract(gates[:3], dz[:3], out=dz[:3])             # the slope of σ is σ (1 - σ) …
    np.subtract(1, dz[3], out=dz[3])                       # … and of tanh it is 1 - tanh²
    dz[0] *= tanh_c                                        # times what the gate is multiplied by
    dz[1] *= g
    dz[2] *= c[:-1]
    dz[3] *= i
    dc = tanh_c * tanh_c
    np.subtract(1, dc, out=dc)
    dc *= o
    return dz, dc


def _gru(x: Float[Array, "T B D"], h0: Float[Array, "B H"], w_ih: Float[Array, "3*H D"], w_hh: Float[Array, "3*H H"],
         b_ih: Float[Array, "3*H"] | None, b_hh: Float[Array, "3*H"] | None, sizes):
    """h = (1 - z) n + z h for all steps, with r, z = σ(…) and n = tanh(W x + b + r (W h + b))."""
    y, h = _states(x, h0, finals=1)
    of_n = np.zeros_like(h[1:-1])                          # W h + b in n, (T, B, H)
    w_x, w_h = _by_gate(w_ih, 3), _by_gate(w_hh, 3)                                            # (3, H, D), (3, H, H)
    half = np.array([0.5, 0.5, 1], x.dtype).reshape(3, 1, 1)
    b_x, b_n = None, 0
    if b_ih is not None:
        b_x, b_n = _by_gate(b_ih, 3).copy(), b_hh[2 * len(b_hh) // 3:]
        b_x[:2] += _by_gate(b_hh, 3)[:2]
    gates = _project(x, w_x, b_x, half)                                                        # (3, T, B, H)
    w = np.multiply(w_h.swapaxes(1, 2), half, order="C")
    step = np.empty_like(gates[:, 0])
    for t, n in enumerate(sizes):
        from_h = np.matmul(h[t, :n], w, out=step[:, :n])
        np.add(from_h[2], b_n, out=of_n[t, :n])
        r, z, new = gates[:, t, :n]
        rz = from_h[:2]
        rz += gates[:2, t, :n]
        np.tanh(rz, out=rz)
        rz *= 0.5
        np.add(rz, 0.5, out=gates[:2, t, :n])
        new += np.multiply(r, of_n[t, :n], out=from_h[2])
        np.tanh(new, out=new)
        now = np.subtract(h[t, :n], new, out=h[t + 1, :n])
        now *= z
        now += new
    _keep_final(y[-1], h, sizes)

    def vjp(dy):
        dz = _gru_slopes(gates, h, of_n)                   # and in the loop they become the gradients
        r, z, _ = gates
        d_new = np.zeros_like(of_n)
        dh = dy[-1].copy()
        back, kept = np.empty_like(gates[:, 0]), np.empty_like(dh)
        for t, n in reversed(list(enumerate(sizes))):
            dz[:, t, n:] = 0
            d, dh_t, kept_t = dz[:, t, :n], dh[:n], kept[:n]
            dh_t += dy[t, :n]
            g = np.multiply(dh_t, d[2], out=d_new[t, :n])
            d[1] *= dh_t
            d[0] *= g
            np.multiply(g, r[t, :n], out=d[2])             # what the h-side of n receives
            np.multiply(dh_t, z[t, :n], out=kept_t)
            np.matmul(d, w_h, out=back[:, :n]).sum(0, out=dh_t)
            dh_t += kept_t
        dw_hh, db_hh = _in_rows(_weight_gradient(dz, h[:-2])), _in_rows(_bias_gradient(dz))
        dz[2] = d_new
        dx, dw_ih, db_ih = _project_back(dz, x, w_x)
        return dx, dh, _in_rows(dw_ih), dw_hh, _in_rows(db_ih), db_hh

    return y, vjp


def _gru_slopes(gates, h, of_n):
    """∂n/∂z of the gate r and ∂h/∂z of the others; z is what a gate takes in."""
    r, z, new = gates
    dz = gates * gates
    np.subtract(gates[:2], dz[:2], out=dz[:2])             # the slopes of σ and of tanh …
    np.subtract(1, dz[2], out=dz[2])
    dz[0] *= of_n                                          # … times what the gate is multiplied by
    dz[1] *= h[:-2] - new
    dz[2] *= 1 - z
    return dz


# ---- what the three share
def _states(x, first, finals: int):
    """Room for the result, and the same memory with the state before the first step in front of it."""
    states = np.zeros((1 + len(x) + finals, *first.shape), x.dtype)
    states[0] = first
    return states[1:], states


def _keep_final(out, states, sizes) -> None:
    """Copies to ``out`` the state of each sequence after its own last step."""
    lengths = (np.asarray(sizes)[:, None] > np.arange(len(out))).sum(0)
    out[...] = states[lengths, np.arange(len(out))]


def _by_gate(a, gates: int):
    return a.reshape(gates, -1, *a.shape[1:])              # (K·H, …) -> (K, H, …)


def _in_rows(a):
    return a.reshape(-1, *a.shape[2:])                     # and back


def _project(x, weight, bias, scale=1):
    """W x + b for every gate and step, (K, T, B, H)."""
    steps, n, d = x.shape
    z = np.matmul(x.reshape(-1, d), np.multiply(weight.swapaxes(1, 2), scale, order="C"))
    if bias is not None:
        z += bias[:, None] * scale
    return z.reshape(len(weight), steps, n, weight.shape[1])


def _project_back(dz, x, weight):
    """The gradients of x, W and b from that of W x + b."""
    dx = np.zeros((x.shape[0] * x.shape[1], x.shape[2]), x.dtype)
    for d, w in zip(dz, weight):
        dx += d.reshape(-1, d.shape[-1]) @ w
    return dx.reshape(x.shape), _weight_gradient(dz, x), _bias_gradient(dz)


def _weight_gradient(dz, x):
    rows = dz.reshape(len(dz), -1, dz.shape[-1])           # (K, T·B, H)
    return np.matmul(rows.swapaxes(1, 2), x.reshape(-1, x.shape[-1]))


def _bias_gradient(dz):
    rows = dz.reshape(len(dz), -1, dz.shape[-1])
    return np.matmul(np.ones(rows.shape[1], dz.dtype), rows)
