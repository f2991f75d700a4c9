"""A network writes, character by character: the language model playground."""

from __future__ import annotations

import numpy as np
import traitlets

from dlbook import scratch
from dlbook.scratch.sequence_models import next_token
from dlbook.widgets import language_poster
from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.language_poster import small
from dlbook.widgets.language_weights import of_the_book, of_the_reader
from dlbook.widgets.network_start import uniforms
from dlbook.widgets.values import fixed, html_table, within

MOST = {"prompt": 300, "written": 1000}  # characters
SEEDS, LARGEST_K = 999_999, 9999
DRAW = 0  # which stream of the seed


class LanguageModel(Widget):
    """The probabilities of the next character, temperature, top-k, and a text that is drawn from them.

    Without arguments it is the network of ``prose_model``, which has read this book; ``model`` and ``tokenizer`` are a
    reader's own: a CharLM of ``dlbook.scratch`` or ``dlbook.pt`` with its CharTokenizer.  The page works on a copy;
    ``load`` takes the weights again after more training.  ``prompt`` is the text it goes on from, ``written`` what
    stands after it.  A character is drawn as ``CharLM.generate`` draws it, at ``temperature`` from the ``top_k``
    likeliest (0: all), with the k-th number of mulberry32 of the ``seed`` for the k-th character written.

    >>> LanguageModel("q").probabilities()["u"] > 0.7
    True

    TraitError for a text that is too long or a number out of range; TypeError and ValueError for a network that the
    page cannot run.
    """

    _esm = bundle("language_model")
    prompt = traitlets.Unicode("The gradient of the loss ").tag(sync=True)
    written = traitlets.Unicode("").tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0).tag(sync=True)
    seed = traitlets.Int(1).tag(sync=True)
    weights = traitlets.Bytes(help="the network as a safetensors file").tag(sync=True)

    def __init__(self, prompt: str | None = None, *, model=None, tokenizer=None, **kwargs):
        own = model is not None or tokenizer is not None
        self._network = of_the_reader(model, tokenizer) if own else of_the_book()
        if prompt is not None:
            kwargs["prompt"] = prompt
        elif own:  # as much of the usual prompt as this network knows
            kwargs["prompt"] = "".join(c for c in type(self).prompt.default_value if c in tokenizer.vocabulary)
        super().__init__(**kwargs)

    def load(self, model, tokenizer) -> None:
        """Shows this network from now on; the checks are those of the class."""
        self._network = of_the_reader(model, tokenizer)
        self.weights = self._network.file

    @traitlets.validate("prompt", "written")
    def _check_text(self, proposal):
        name, text = proposal["trait"].name, proposal["value"]
        if len(text) > MOST[name]:
            raise traitlets.TraitError(f"{name}: got {len(text)} characters; at most {MOST[name]} are shown")
        return text

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal):
        return within("temperature", proposal["value"], 0.1, 3)

    @traitlets.validate("top_k", "seed")
    def _check_number(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        most = {"top_k": LARGEST_K, "seed": SEEDS}[name]
        if not 0 <= value <= most:
            hint = "; 0 keeps all characters" if name == "top_k" else ""
            raise traitlets.TraitError(f"{name}: got {value}; a whole number from 0 to {most} is expected{hint}")
        return value

    @traitlets.default("weights")
    def _weights(self):
        return self._network.file

    @traitlets.validate("weights")
    def _check_weights(self, proposal):
        if proposal["value"] != self._network.file:
            raise traitlets.TraitError("weights: they are those of the network; give model= and tokenizer=, or load()")
        return proposal["value"]

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name != "weights"]

    # ---- the numbers
    def numbers(self) -> np.ndarray:
        """The tokens (n,) of prompt and written text; a line feed, or the first character, where there is no prompt."""
        tokens = self._network.tokenizer.vocabulary.tokens
        first = "\n" if "\n" in tokens else tokens[2]
        own = {"∅": 0, "�": 1} | {token: i for i, token in enumerate(tokens) if i > 1}  # as in js/char_reader.mjs
        return np.array([own.get(c, 1) for c in (self.prompt or first) + self.written], np.int64)

    def logits(self) -> np.ndarray:
        """(n, vocabulary), float32: after each of the n tokens, of the next one."""
        with scratch.no_grad():
            return self._network.model(scratch.as_tensor(self.numbers()[None]))[0].array[0]

    def probabilities(self) -> dict[str, float]:
        """Of each next character, at the temperature and top-k that are set; the likeliest first."""
        logits = self.logits()[-1]
        p = next_token(logits, self.temperature, self.top_k or None)
        tokens = self._network.tokenizer.vocabulary.tokens
        return {tokens[i]: float(p[i]) for i in np.argsort(-logits.astype(np.float64), kind="stable")}

    def surprises(self) -> np.ndarray:
        """-log₂ p of each token but the first (n - 1,), at temperature 1; 2 to the power of the mean is perplexity."""
        logits = self.logits()[:-1].astype(np.float64)
        logits -= logits.max(1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -log_p[np.arange(len(log_p)), self.numbers()[1:]] / np.log(2)

    def entropy(self) -> float:
        """Of the next character, in bits, at the temperature and top-k that are set."""
        p = np.array(list(self.probabilities().values()))
        return float(-(p[p > 0] * np.log2(p[p > 0])).sum() + 0.0)

    def write(self, n: int) -> str:
        """Writes n more characters, those that the page would write, and returns them."""
        past = len(self.written)
        if not 0 <= n <= (room := MOST["written"] - past):
            raise ValueError(f"write: got n={n}; there is room for {room} characters behind the {past} written")
        found = self._network.model.generate(self.numbers(), n, self.temperature, self.top_k or None,
                                             generator=_Given(uniforms(self.seed, DRAW, past + n)[past:]))  # fmt: skip
        signs = ["∅", "�", *self._network.tokenizer.vocabulary.tokens[2:]]
        text = "".join(signs[i] for i in found)
        self.written += text
        return text

    # ---- print and readers without scripts
    def poster(self) -> str:
        return language_poster.draw(self)

    def table(self) -> str:
        p, own = self.probabilities(), self._plain()
        rows = [(language_poster.name(c), small(p[c]), small(own[c]), fixed(-np.log2(own[c]))) for c in [*p][:12]]
        if rest := [*p][12:]:
            rows.append((f"{len(rest)} others", small(sum(p[c] for c in rest)), small(sum(own[c] for c in rest)), ""))
        caption = f"The next character after “{(self.prompt + self.written)[-40:]}”; {language_poster.summary(self)}"
        return html_table(caption, ["character", "probability", "of the network itself", "surprise in bits"], rows)

    def _plain(self) -> dict[str, float]:
        tokens = self._network.tokenizer.vocabulary.tokens
        return dict(zip(tokens, next_token(self.logits()[-1]).tolist()))


class _Given(np.random.Generator):
    """A generator that returns the given numbers one after the other."""

    def __init__(self, numbers: np.ndarray):
        super().__init__(np.random.PCG64(0))
        self._numbers = iter(numbers.tolist())

    def random(self) -> float:
        return next(self._numbers)
