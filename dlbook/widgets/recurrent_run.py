"""A text through a recurrent network, by ``dlbook.scratch``; in the browser it is js/recurrent_trace.mjs.

T steps, H hidden units, K outputs.
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.scratch import Tensor

HIDDEN = {"lstm": "chfigo", "gru": "hzrn", "rnn": "h"}  # what the page shows of each cell, the first one first


class Trace(NamedTuple):
    """``values``: for each letter of the cell's equations what the units do at each step, (T, H).

    ``p`` (T, K): the probabilities after each step.  ``memory`` (H,): after how many steps a unit has lost half of what
    it held, on average over the steps of the text; what it keeps in a step is f of an LSTM, z of a GRU, and of a simple
    network the slope with respect to itself.
    """

    values: dict[str, np.ndarray]
    p: np.ndarray
    memory: np.ndarray


def cell_of(model) -> str:
    return type(model.recurrent).__name__.lower()


def read(model, tokens: np.ndarray) -> Trace:
    """The whole text in one go; ``model`` is a CharLM or an RNNClassifier of ``dlbook.scratch``."""
    with scratch.no_grad():
        values, h = _steps(model, tokens)
        p = scratch.softmax(model.linear(scratch.stack(h)), dim=-1).array
    keep = {"lstm": "f", "gru": "z"}.get(cell := cell_of(model))
    if keep:
        kept = values[keep]
    else:
        kept = np.abs(np.diag(model.recurrent.weight_hh_l0.array)) * (1 - values["h"] ** 2)
    return Trace({name: values[name] for name in HIDDEN[cell]}, p, memory(kept.astype(np.float64)))


def memory(kept: np.ndarray) -> np.ndarray:
    """Of the shares kept (T, H) in each step: the mean number of steps (H,) until less than half is left.

    What is still there at the end of the text counts up to the end.

    >>> memory(np.array([[1, 1], [0.9, 1], [0.9, 1], [0.1, 1]]))
    array([0.75, 1.5 ])
    """
    steps = np.zeros(kept.shape[1])
    for t in range(len(kept)):
        steps += (np.cumprod(kept[t + 1:], 0) >= 0.5).sum(0)
    return steps / len(kept)


def slopes(model, tokens: np.ndarray, t: int) -> dict[str, np.ndarray]:
    """‖∂ ln p / ∂h‖ after each step up to ``t`` (t + 1,), p the largest probability after step t, and for an LSTM
    ‖∂ ln p / ∂c‖."""
    kept: dict[str, list[Tensor]] = {"h": [], "c": []}
    _steps(model, tokens[:t + 1], kept)
    z = model.linear(kept["h"][-1])
    scratch.cross_entropy(z[None], scratch.as_tensor(np.array([z.array.argmax()]))).backward()
    return {name: np.array([np.linalg.norm(h.grad.array) for h in states]) for name, states in kept.items() if states}


def _steps(model, tokens: np.ndarray, kept: dict | None = None) -> tuple[dict[str, np.ndarray], list[Tensor]]:
    """Every step with the equations of ``dlbook.scratch.recurrent``: the numbers (T, H) by letter, and the states h."""
    layer, cell = model.recurrent, cell_of(model)
    weights = [getattr(layer, f"{name}_l0", None) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    h = c = Tensor(np.zeros(layer.hidden_size, layer.weight_hh_l0.dtype))
    found: dict[str, list] = {name: [] for name in HIDDEN[cell]}
    states = []
    for x in model.embedding(scratch.as_tensor(np.asarray(tokens))):
        before = h
        if cell == "lstm":
            h, c = scratch.lstm_cell(x, (h, c), *weights)
        else:
            h = (scratch.gru_cell if cell == "gru" else scratch.rnn_tanh_cell)(x, h, *weights)
        for name, state in (("h", h), ("c", c))[:2 if cell == "lstm" else 1]:
            found[name].append(state.array)
            if kept is not None:
                state.retain_grad()
                kept[name].append(state)
        for name, value in _gates(cell, x.array, before.array, weights).items():
            found[name].append(value)
        states.append(h)
    return {name: np.array(values) for name, values in found.items()}, states


def _gates(cell: str, x: np.ndarray, h: np.ndarray, weights: list) -> dict[str, np.ndarray]:
    """The gates and the new content of one step."""
    if cell == "rnn":
        return {}
    w, u, *biases = [None if p is None else p.array for p in weights]
    b_x, b_h = biases if biases[0] is not None else (0, 0)
    k = len(u) // len(h)
    a, b = (w @ x + b_x).reshape(k, -1), (u @ h + b_h).reshape(k, -1)
    if cell == "gru":
        r, z = _sigmoid(a[0] + b[0]), _sigmoid(a[1] + b[1])
        return {"r": r, "z": z, "n": np.tanh(a[2] + r * b[2])}
    i, f, g, o = a + b
    return {"i": _sigmoid(i), "f": _sigmoid(f), "g": np.tanh(g), "o": _sigmoid(o)}


def _sigmoid(v: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(v / 2)) / 2
