"""A text through an LSTM, a GRU or a simple recurrent network: what every unit does at every step."""
from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np
import traitlets

from dlbook import quantize
from dlbook.widgets import inside_model, inside_poster, recurrent_run, recurrent_trio
from dlbook.widgets.base import JS, Widget, bundle
from dlbook.widgets.values import known

TEXT = "The loss (a number) falls from 2.30 to 0.11.\nWhy? It follows the gradient."


def constant(name: str):
    """A constant of js/inside_settings.mjs; the browser and Python share its text."""
    source = (JS / "inside_settings.mjs").read_text("utf8")
    return json.loads(re.search(rf"^export const {name} = (.*?);$", source, re.M | re.S)[1])


CELLS, SHOWN, ORDERS, LONGEST = map(constant, ("CELLS", "SHOWN", "ORDERS", "LONGEST"))


class _Networks(NamedTuple):
    models: dict
    tokenizer: object
    classes: list[str] | None
    weights: bytes
    follows: dict | None = None


@functools.cache
def _trio() -> _Networks:
    trio, tokenizer = recurrent_trio.networks()
    models = {cell: getattr(trio, cell) for cell in recurrent_trio.CELLS}
    _, notes = quantize.load(recurrent_trio.FILE)
    return _Networks(models, tokenizer, None, recurrent_trio.FILE.read_bytes(), notes["follows"])


class InsideRecurrent(Widget):
    """Gates, cell and hidden state of every unit while a network reads a text, and how far back its prediction looks.

    Without ``model`` three small networks that have read this book, character by character.  ``model``: one of your
    own, ``CharLM`` or ``RNNClassifier`` of ``dlbook.scratch`` or ``dlbook.pt`` with up to 256 hidden units, with the
    ``tokenizer`` (characters or words) it was trained with, and for a classifier the names of its ``classes``.  A copy
    of the weights is shown.

    ``text`` of up to 200 characters · ``cell`` "lstm", "gru" or "rnn" · ``shows`` in the heat map the letter of its
    equations: c, h, f, i, g, o of an LSTM, h, z, r, n of a GRU, h of a simple network; one that the cell does not have
    is its first one · ``order`` of the units: "memory" (longest first), "now" (largest at this step first),
    "number" · ``unit`` that is looked at · ``at``: the step, counted from 0, None: the last one

    >>> inside = InsideRecurrent(text="A loss", cell="gru")
    >>> inside.trace().values["z"].shape                     # steps, units
    (6, 32)

    ValueError for a network that cannot be shown, TraitError for an unknown name or a number out of range.
    """

    _esm = bundle("inside_recurrent")
    text = traitlets.Unicode(TEXT).tag(sync=True)
    cell = traitlets.Unicode("lstm").tag(sync=True)
    shows = traitlets.Unicode("c").tag(sync=True)
    order = traitlets.Unicode("memory").tag(sync=True)
    unit = traitlets.Int(7).tag(sync=True)
    at = traitlets.Int(None, allow_none=True, help="the step, from 0; None: the last one").tag(sync=True)
    weights = traitlets.Bytes(help="a safetensors file").tag(sync=True)
    about = traitlets.Dict(help="the tokens, and what the network is").tag(sync=True)

    def __init__(self, model=None, tokenizer=None, *, classes: Sequence | None = None, **kwargs):
        if foreign := {"weights", "about"} & set(kwargs):
            raise TypeError(f"InsideRecurrent has no argument {min(foreign)!r}; pass model and tokenizer")
        if model is None:
            if tokenizer is not None or classes is not None:
                raise ValueError("InsideRecurrent: got a tokenizer or classes without a model; pass model= too")
            self._networks = _trio()
        else:
            own = inside_model.read(model, tokenizer, classes)
            if kwargs.setdefault("cell", own.cell) != own.cell:
                raise ValueError(f"InsideRecurrent: got cell={kwargs['cell']!r} for a network with the cell "
                                 f"{own.cell!r}; leave cell out")
            kwargs.setdefault("unit", 0)
            self._networks = _Networks({own.cell: own.model}, tokenizer, own.classes, inside_model.weights(own))
        n = self._networks
        about = inside_model.about(n.tokenizer, list(n.models), n.classes) | {"follows": n.follows}
        kwargs |= {"weights": n.weights, "about": about}
        super().__init__(**kwargs)

    # ---- the numbers
    def trace(self) -> recurrent_run.Trace:
        """What ``dlbook.scratch`` computes for the text.  ValueError if the text has no tokens."""
        tokens = self._tokens()
        if not len(tokens):
            raise ValueError("InsideRecurrent.trace: the text is empty; set .text")
        return recurrent_run.read(self._networks.models[self.cell], tokens)

    def slopes(self) -> dict[str, np.ndarray]:
        """‖∂ ln p / ∂h‖ (and ∂c) at each step up to the one that is shown; p is the largest probability there.

        ValueError if the text has no tokens.
        """
        tokens = self._tokens()
        if not len(tokens):
            raise ValueError("InsideRecurrent.slopes: the text is empty; set .text")
        return recurrent_run.slopes(self._networks.models[self.cell], tokens, self._step(len(tokens)))

    def _tokens(self) -> np.ndarray:
        return self._networks.tokenizer.encode(self.text)

    def _step(self, n: int) -> int:
        return n - 1 if self.at is None else min(self.at, n - 1)

    # ---- settings
    @traitlets.validate("text")
    def _check_text(self, proposal):
        if len(text := proposal["value"]) > LONGEST:
            raise traitlets.TraitError(f"text: got {len(text)} characters; {LONGEST} at most are expected")
        return text

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        return known("cell", proposal["value"], self._networks.models)

    @traitlets.validate("shows")
    def _check_shows(self, proposal):
        return known("shows", proposal["value"], dict.fromkeys(letter for of in SHOWN.values() for letter in of))

    @traitlets.validate("order")
    def _check_order(self, proposal):
        return known("order", proposal["value"], ORDERS)

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        most = max(model.recurrent.hidden_size for model in self._networks.models.values())
        return _whole("unit", proposal["value"], most - 1)

    @traitlets.validate("at")
    def _check_at(self, proposal):
        return None if proposal["value"] is None else _whole("at", proposal["value"], LONGEST - 1)

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name not in ("weights", "about")]

    # ---- print and readers without scripts
    def _drawn(self) -> inside_poster.Drawn:
        n = self._networks
        outputs = n.classes or n.tokenizer.vocabulary.tokens
        numbers = self._tokens()
        pieces = n.tokenizer.split(self.text)
        letter = self.shows if self.shows in SHOWN[self.cell] else next(iter(SHOWN[self.cell]))
        shown = SHOWN[self.cell][letter]
        if not len(numbers):
            return inside_poster.Drawn(self.cell, CELLS[self.cell], letter, shown, [], outputs, None, {}, self.unit, -1)
        trace, at = self.trace(), self._step(len(numbers))
        return inside_poster.Drawn(self.cell, CELLS[self.cell], letter, shown, pieces, outputs, trace, self.slopes(),
                                   self.unit, at)

    def poster(self) -> str:
        return inside_poster.draw(self._drawn())

    def table(self) -> str:
        return inside_poster.table(self._drawn())


def _whole(name: str, value, most: int) -> int:
    if not isinstance(value, Integral) or not 0 <= value <= most:
        raise traitlets.TraitError(f"{name}: got {value!r}; a whole number from 0 to {most} is expected")
    return int(value)
