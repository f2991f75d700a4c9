"""The reader's own network for the page inside a recurrent network: what it must be, and its weights as bytes."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.text import CharTokenizer, Tokenizer, WordTokenizer

KINDS = {"CharLM": scratch.CharLM, "RNNClassifier": scratch.RNNClassifier}
MODULES = ("dlbook.scratch.sequence_models", "dlbook.pt.sequence_models")
LARGEST = 256  # hidden units


class Own(NamedTuple):
    """A network of ``dlbook.scratch`` with the reader's weights, float32, and the names of its classes, if any."""

    model: scratch.Module
    cell: str
    classes: list[str] | None


def read(model, tokenizer, classes: Sequence | None = None) -> Own:
    """A copy of ``model``, a CharLM or RNNClassifier of ``dlbook.scratch`` or ``dlbook.pt``.

    ValueError that says what is expected for anything else, for a network that reads from both ends, for more than 256
    hidden units, and where the tokenizer or the names of the classes do not fit.
    """
    kind, layer = _kind(model), model.recurrent
    state = {name: _array(value) for name, value in model.state_dict().items()}
    _check_weights(f"InsideRecurrent: this {kind} has", layer, state)
    (vocab, embed), hidden, outputs = state["embedding.weight"].shape, layer.hidden_size, len(state["linear.bias"])
    _check_tokenizer(tokenizer, vocab)
    names, cell = _classes(kind, outputs, classes), type(layer).__name__.lower()
    copy = KINDS[kind](*(vocab, embed, hidden, outputs)[:3 if kind == "CharLM" else 4], cell=cell)
    if not layer.bias:
        copy.recurrent = type(copy.recurrent)(embed, hidden, bias=False, batch_first=True)
    copy.load_state_dict(state)
    return Own(copy.eval(), cell, names)


def weights(own: Own) -> bytes:
    """The weights as a safetensors file, float32, each name after the cell."""
    from safetensors.numpy import save

    return save({f"{own.cell}.{name}": _array(value) for name, value in own.model.state_dict().items()})


def about(tokenizer: Tokenizer, cells: Sequence[str], classes: list[str] | None = None) -> dict:
    """What the page must know beside the weights."""
    words = isinstance(tokenizer, WordTokenizer)
    return {"cells": list(cells), "classes": classes, "tokens": tokenizer.vocabulary.tokens, "words": words,
            "lower": words and tokenizer.lower}


def _kind(model) -> str:
    for base in type(model).__mro__:
        if base.__name__ in KINDS and base.__module__ in MODULES:
            return base.__name__
    weights = hasattr(model, "keys") or isinstance(model, (str, bytes))
    way = "; pass the network itself, not its weights" if weights else ""
    raise ValueError(f"InsideRecurrent: got {type(model).__name__}; expected a CharLM or an RNNClassifier of "
                     f"dlbook.scratch or dlbook.pt{way}")


def _check_weights(this: str, layer, state: dict[str, np.ndarray]) -> None:
    if layer.bidirectional:
        raise ValueError(f"{this} a layer that reads from both ends, and the page shows one direction; train one with "
                         "bidirectional=False")
    if layer.num_layers > 1:
        raise ValueError(f"{this} {layer.num_layers} recurrent layers, and the page shows one")
    if getattr(layer, "nonlinearity", "tanh") != "tanh":
        raise ValueError(f"{this} an RNN with {layer.nonlinearity}; the page knows tanh")
    if layer.hidden_size > LARGEST:
        raise ValueError(f"{this} {layer.hidden_size} hidden units, and the page shows {LARGEST} at most")
    if bad := [name for name, value in state.items() if not np.isfinite(value).all()]:
        raise ValueError(f"{this} weights that are not finite, in {bad[0]}; did its training diverge?")


def _check_tokenizer(tokenizer, vocab: int) -> None:
    if not isinstance(tokenizer, (CharTokenizer, WordTokenizer)):
        raise ValueError("InsideRecurrent: a network of your own needs the tokenizer it was trained with, a "
                         f"CharTokenizer or WordTokenizer of dlbook.text; got {type(tokenizer).__name__}")
    if len(tokenizer) != vocab:
        raise ValueError(f"InsideRecurrent: the tokenizer has {len(tokenizer)} tokens and the network's embedding "
                         f"{vocab}; pass the tokenizer that the network was trained with")


def _classes(kind: str, outputs: int, classes: Sequence | None) -> list[str] | None:
    if kind == "CharLM":
        if classes is not None:
            raise ValueError("InsideRecurrent: a CharLM says which token comes next, it has no classes")
        return None
    names = [f"class {k}" for k in range(outputs)] if classes is None else [str(name) for name in classes]
    if len(names) != outputs:
        raise ValueError(f"InsideRecurrent: got {len(names)} names of classes; the network has {outputs}")
    return names


def _array(value) -> np.ndarray:
    """A tensor of either backend as float32."""
    array = value.detach().cpu().numpy() if hasattr(value, "cpu") else value.array
    return np.ascontiguousarray(array, np.float32)
