"""The network of the language model playground: the book's own or a reader's, and the bytes that the page gets."""

from __future__ import annotations

import functools
import json
import sys
from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.text import CharTokenizer
from dlbook.widgets import prose_model

CELLS = ("gru", "lstm", "rnn")
MOST = 4_000_000  # weights; beyond it a character takes too long, and the page becomes too large


class Network(NamedTuple):
    """A copy of a network in evaluation mode, its characters, and both as a safetensors file for js/char_reader.mjs."""

    model: scratch.CharLM
    tokenizer: CharTokenizer
    file: bytes


@functools.cache
def of_the_book() -> Network:
    """The network that has read this book (``prose_model``)."""
    return Network(*prose_model.network(), prose_model.FILE.read_bytes())


def of_the_reader(model, tokenizer) -> Network:
    """A network of a reader with the weights that it has now.

    TypeError if ``model`` is no CharLM of ``dlbook.scratch`` or ``dlbook.pt``, or ``tokenizer`` no CharTokenizer.
    ValueError if the two do not belong together, and for weights that are not finite.
    """
    if model is None or tokenizer is None:
        raise ValueError("LanguageModel: give model= and tokenizer= together; without both it shows the book's network")
    if not isinstance(model, _kinds()):
        raise TypeError(f"model: got {_kind(model)}; a CharLM of dlbook.scratch or dlbook.pt is expected")
    if not isinstance(tokenizer, CharTokenizer):
        raise TypeError(f"tokenizer: got {_kind(tokenizer)}; a CharTokenizer is expected")
    tokens = tokenizer.vocabulary.tokens
    weights = {name: _array(value) for name, value in model.state_dict().items()}
    copy = _copy(model, weights)
    if (vocab := len(weights["embedding.weight"])) != len(tokens) or vocab < 3:
        raise ValueError(f"LanguageModel: the model has {vocab} tokens and the tokenizer {len(tokens)}; "
                         "pass the tokenizer that the model was trained with")  # fmt: skip
    if bad := [name for name, value in weights.items() if not np.isfinite(value).all()]:
        raise ValueError(f"model: {bad[0]} holds numbers that are not finite; the training has diverged")
    if (n := sum(map(np.size, weights.values()))) > MOST:
        raise ValueError(f"model: it has {n} weights; the page computes with {MOST} at most")
    notes = {"sizes": {"cell": copy.recurrent.__class__.__name__.lower()}, "tokens": tokens}
    return Network(copy, tokenizer, _file(weights, notes))


def _copy(model, weights: dict[str, np.ndarray]) -> scratch.CharLM:
    cell = type(model.recurrent).__name__.lower()
    try:
        copy = scratch.CharLM(*weights["embedding.weight"].shape, weights["recurrent.weight_hh_l0"].shape[1], cell)
        copy.load_state_dict(weights)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"model: no CharLM with one layer of {', '.join(CELLS)}: {error}") from error
    return copy.eval()


def _kinds() -> tuple[type, ...]:
    """The two classes; the one of PyTorch only where it is loaded, for else no model can be of it."""
    other = sys.modules.get("dlbook.pt.sequence_models")
    return (scratch.CharLM, other.CharLM) if other else (scratch.CharLM,)


def _array(value) -> np.ndarray:
    return np.asarray(value.detach().cpu() if hasattr(value, "cpu") else value).astype(np.float32)


def _file(weights: dict[str, np.ndarray], notes: dict) -> bytes:
    from safetensors.numpy import save

    header = json.dumps({"about": json.dumps({"notes": notes}, sort_keys=True)})
    return save({name: np.ascontiguousarray(value) for name, value in weights.items()}, {"dlbook": header})


def _kind(value) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
