"""Recurrent layers: they read a sequence step by step and carry a state along.

The three cells below are the equations, one step each.  The layers RNN, LSTM and GRU do the same for all steps; their
inner loop, written for speed, is in ``recurrence.py``.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from dlbook.scratch import init, recurrence
from dlbook.scratch.activation import relu, sigmoid, tanh
from dlbook.scratch.combine import cat
from dlbook.scratch.dropout import dropout
from dlbook.scratch.linear import linear
from dlbook.scratch.module import Module, Parameter
from dlbook.scratch.tensor import Tensor, apply


# ---- one step: input (n, d), state (n, h), weights with the rows of all gates below each other
def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
                  b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """The next state of a simple recurrent network (Elman, 1990); ValueError if shapes do not fit, as in all cells."""
    _check_cell("rnn_tanh_cell", 1, input, (hx,), w_ih, w_hh)
    return tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
                  b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """The same with ReLU.

    >>> rnn_relu_cell(Tensor([[1.]]), Tensor([[2.]]), Tensor([[7.]]), Tensor([[-3.]]))
    Tensor([[1.]])
    """
    _check_cell("rnn_relu_cell", 1, input, (hx,), w_ih, w_hh)
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def lstm_cell(input: Tensor, hx: tuple[Tensor, Tensor], w_ih: Tensor, w_hh: Tensor,
              b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The next (h, c) of a long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    >>> w = Tensor([[0.]] * 4)                        # each gate is σ(0) = 1/2, and there is nothing new
    >>> lstm_cell(Tensor([[3.]]), (Tensor([[5.]]), Tensor([[4.]])), w, w)
    (Tensor([[0.482]]), Tensor([[2.]]))
    """
    h, c = hx
    _check_cell("lstm_cell", 4, input, hx, w_ih, w_hh)
    i, f, g, o = _split(linear(input, w_ih, b_ih) + linear(h, w_hh, b_hh), 4)
    i = sigmoid(i)                                    # how much of the new enters
    f = sigmoid(f)                                    # how much of the old stays
    g = tanh(g)                                       # the new
    o = sigmoid(o)                                    # how much of the memory is shown
    c = f * c + i * g
    h = o * tanh(c)
    return h, c


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
             b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """The next state of a gated recurrent unit (Cho et al., 2014), as PyTorch has it: r acts after W h + b.

    >>> w = Tensor([[0.]] * 3)
    >>> gru_cell(Tensor([[3.]]), Tensor([[4.]]), w, w)
    Tensor([[2.]])
    """
    _check_cell("gru_cell", 3, input, (hx,), w_ih, w_hh)
    r_x, z_x, n_x = _split(linear(input, w_ih, b_ih), 3)
    r_h, z_h, n_h = _split(linear(hx, w_hh, b_hh), 3)
    r = sigmoid(r_x + r_h)                            # how much of the old the new looks at
    z = sigmoid(z_x + z_h)                            # how much of the old stays
    n = tanh(n_x + r * n_h)                           # the new
    return (1 - z) * n + z * hx


def _split(gates: Tensor, k: int) -> list[Tensor]:
    h = gates.shape[-1] // k
    return [gates[..., j * h:(j + 1) * h] for j in range(k)]


def _check_cell(name: str, gates: int, input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor) -> None:
    h = w_hh.shape[-1]
    if w_ih.ndim != 2 or w_hh.shape != (gates * h, h) or len(w_ih) != gates * h:
        raise ValueError(f"{name}: got w_ih of shape {w_ih.shape} and w_hh of shape {w_hh.shape}; for {h} hidden units "
                         f"both have {gates * h} rows, and w_hh {h} columns")
    for state in states:
        if state.shape != (*input.shape[:-1], h):
            raise ValueError(f"{name}: got a state of shape {state.shape} for input of shape {input.shape}; "
                             f"it must be {(*input.shape[:-1], h)}")


# ---- all steps
class _Recurrent(Module):
    """What RNN, LSTM and GRU share: parameters, layers, directions, states and lengths."""

    _op: Callable                                     # of recurrence.py
    _options: dict = {}                               # of this operation
    _gates: int
    _states = ("h_0",)

    def __init__(self, input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool,
                 dropout: float, bidirectional: bool, generator: np.random.Generator | None):
        super().__init__()
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(f"{type(self).__name__}: got input_size={input_size}, hidden_size={hidden_size}, "
                             f"num_layers={num_layers}; each must be at least 1")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{type(self).__name__}: dropout is a probability between 0 and 1, got {dropout}")
        if dropout and num_layers == 1:
            warnings.warn(f"{type(self).__name__}: dropout={dropout} acts between layers, and there is one layer",
                          stacklevel=3)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self._directions = ("", "_reverse") if bidirectional else ("",)
        rows, bound = self._gates * hidden_size, 1 / np.sqrt(hidden_size)
        for layer in range(num_layers):
            columns = input_size if layer == 0 else hidden_size * len(self._directions)
            for direction in self._directions:
                for name, shape in (("weight_ih", (rows, columns)), ("weight_hh", (rows, hidden_size)),
                                    ("bias_ih", (rows,)), ("bias_hh", (rows,)))[:4 if bias else 2]:
                    parameter = init.uniform_(Parameter(np.empty(shape, np.float32)), -bound, bound, generator)
                    setattr(self, f"{name}_l{layer}{direction}", parameter)

    def _weights(self, layer: int, direction: str) -> list[Tensor | None]:
        return [getattr(self, f"{name}_l{layer}{direction}", None)
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def _forward(self, input: Tensor, states: Sequence[Tensor] | None, lengths) -> list[Tensor]:
        """The output and each final state."""
        batched = self._check_input(input)
        x = input if batched else input.reshape(-1, 1, self.input_size)
        if batched and self.batch_first:
            x = x.transpose(0, 1)                     # (T, B, D)
        states = self._check_states(states, x.shape[1], batched)
        padded = _Padded(lengths, *x.shape[:2])
        x, states = padded.clear(padded.sort(x)), [padded.sort(s) for s in states]
        finals = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = dropout(x, self.dropout, self.training)
            x, last = self._layer(layer, x, states, padded)
            finals += last
        results = [padded.unsort(r) for r in (x, *(_join(f, dim=0) for f in zip(*finals)))]
        if not batched:
            return [r.reshape(r.shape[0], r.shape[2]) for r in results]
        return [results[0].transpose(0, 1) if self.batch_first else results[0], *results[1:]]

    def _layer(self, layer: int, x: Tensor, states: Sequence[Tensor], padded: _Padded) -> tuple[Tensor, list]:
        """The output of one layer, and the final states of each direction."""
        outputs, finals = [], []
        for reverse, direction in enumerate(self._directions):
            first = [s[layer * len(self._directions) + reverse] for s in states]
            y = apply(self._op, padded.flip(x) if reverse else x, *first, *self._weights(layer, direction),
                      sizes=padded.sizes, **self._options)
            outputs.append(padded.flip(y[:len(x)]) if reverse else y[:len(x)])
            finals.append([y[end:end + 1] for end in range(len(x), len(y))])
        return _join(outputs, dim=-1), finals

    def _check_input(self, input: Tensor) -> bool:
        name, axes = type(self).__name__, "(B, T, D)" if self.batch_first else "(T, B, D)"
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            raise ValueError(f"{name}(input_size={self.input_size}): got input of shape {input.shape}; it must be "
                             f"{axes}, or (T, D) for one sequence, with D = {self.input_size}")
        if input.shape[1 if input.ndim == 3 and self.batch_first else 0] == 0:
            raise ValueError(f"{name}: got input of shape {input.shape}, a sequence of length 0; "
                             f"the axes are {axes}, and T must be at least 1")
        if input.dtype != self.weight_ih_l0.dtype:
            raise ValueError(f"{name}: got input of dtype {input.dtype} for weights of dtype "
                             f"{self.weight_ih_l0.dtype}; .double() or .float() changes the weights")
        return input.ndim == 3

    def _check_states(self, states: Sequence[Tensor] | None, n: int, batched: bool) -> list:
        layers = self.num_layers * len(self._directions)
        shape = (layers, n, self.hidden_size)
        if states is None:
            return [np.zeros(shape, self.weight_ih_l0.dtype)] * len(self._states)
        expected = shape if batched else (layers, self.hidden_size)
        for name, state in zip(self._states, states, strict=True):
            if state.shape != expected:
                raise ValueError(f"{type(self).__name__}: got {name} of shape {state.shape}, expected {expected}: "
                                 f"layers times directions, {'sequences, ' if batched else ''}hidden units")
            if state.dtype != self.weight_ih_l0.dtype:
                raise ValueError(f"{type(self).__name__}: got {name} of dtype {state.dtype} for weights of dtype "
                                 f"{self.weight_ih_l0.dtype}")
        return [state.reshape(shape) for state in states]

    def extra_repr(self) -> str:
        said = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        options = [f"{name}={getattr(self, name)}" for name, usual in said.items() if getattr(self, name) != usual]
        return ", ".join([str(self.input_size), str(self.hidden_size), *options])


class RNN(_Recurrent):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), or with ReLU, step by step through (T, B, D) or one sequence (T, D).

    ``rnn(input, h_0)`` returns the hidden state after every step, (T, B, H) or (B, T, H) with ``batch_first``, 2H wide
    where ``bidirectional``, and the last one of each layer and direction, (layers · directions, B, H).  Without ``h_0``
    it starts at zero.  ``lengths``, one number for each sequence, says where a padded sequence ends: the output is zero
    from there on and the last state is the one there, as with PyTorch's ``pack_padded_sequence``.  ``dropout`` acts
    between layers while training.  All weights start uniform between ±1/√H.
    """

    _gates = 1
    _op = staticmethod(recurrence._rnn)

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
                 bias: bool = True, batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
                 generator: np.random.Generator | None = None):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, generator)
        self.nonlinearity, self._options = nonlinearity, {"nonlinearity": nonlinearity}

    def forward(self, input: Tensor, hx: Tensor | None = None, *,
                lengths: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        output, h = self._forward(input, None if hx is None else (hx,), lengths)
        return output, h


class GRU(_Recurrent):
    """The gated recurrent unit, see ``gru_cell``; its rows of weights are r, z, n.  Shapes and arguments as in RNN."""

    _gates = 3
    _op = staticmethod(recurrence._gru)

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
                 generator: np.random.Generator | None = None):
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, generator)

    def forward(self, input: Tensor, hx: Tensor | None = None, *,
                lengths: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        output, h = self._forward(input, None if hx is None else (hx,), lengths)
        return output, h


class LSTM(_Recurrent):
    """Long short-term memory, see ``lstm_cell``; its rows of weights are i, f, g, o.  Shapes and arguments as in RNN,
    but the state is a pair: ``lstm(input, (h_0, c_0))`` returns ``output, (h_n, c_n)``.
    """

    _gates = 4
    _op = staticmethod(recurrence._lstm)
    _states = ("h_0", "c_0")

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
                 generator: np.random.Generator | None = None):
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, generator)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None, *,
                lengths: Sequence[int] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if hx is not None and (isinstance(hx, Tensor) or len(hx) != 2):
            raise ValueError("LSTM: the initial state is a pair (h_0, c_0)")
        output, h, c = self._forward(input, hx, lengths)
        return output, (h, c)


# ---- sequences of different lengths
class _Padded:
    """The batch sorted by length, the longest first, as the operations want it; without lengths it stays as it is."""

    def __init__(self, lengths, steps: int, n: int):
        self.order, self.sizes, self._mirror = None, [n] * steps, slice(None, None, -1)
        if lengths is None:
            return
        lengths = np.asarray(lengths.array if isinstance(lengths, Tensor) else lengths)
        whole = np.issubdtype(lengths.dtype, np.integer) or not lengths.size
        if lengths.shape != (n,) or not whole or not all(1 <= length <= steps for length in lengths):
            raise ValueError(f"lengths: got {lengths.tolist()} for {n} sequences of {steps} steps; "
                             f"give {n} whole numbers from 1 to {steps}")
        lengths = lengths.astype(int)
        self.order = np.argsort(-lengths, kind="stable")
        t, ends = np.arange(steps)[:, None], lengths[self.order]
        self._running = t < ends                                           # (T, B)
        self.sizes = self._running.sum(1).tolist()
        self._mirror = np.where(self._running, ends - 1 - t, t), np.arange(n)

    def sort(self, x: Tensor) -> Tensor:
        return x if self.order is None else apply(_rearrange, x, index=(slice(None), self.order))

    def unsort(self, x: Tensor) -> Tensor:
        return x if self.order is None else apply(_rearrange, x, index=(slice(None), np.argsort(self.order)))

    def clear(self, x: Tensor) -> Tensor:
        """Zero after the end of each sequence: whatever stands there has no influence."""
        return x if self.order is None else x.where(self._running[..., None], 0)

    def flip(self, x: Tensor) -> Tensor:
        """Each sequence backwards; what follows its end stays where it is."""
        return apply(_rearrange, x, index=self._mirror)


def _join(parts: Sequence[Tensor], dim: int) -> Tensor:
    return parts[0] if len(parts) == 1 else cat(parts, dim)


def _rearrange(x, index):
    """x[index], where index takes every place once."""
    def dx(d):
        out = np.empty_like(x)
        out[index] = d
        return out
    return x[index], (dx,)
