"""The language model playground without a browser: arguments, messages, what print and readers without scripts get."""

from __future__ import annotations

import gzip
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from traitlets import TraitError

from dlbook import metrics, scratch
from dlbook.text import CharTokenizer, WordTokenizer
from dlbook.widgets import LanguageModel, prose_model
from dlbook.widgets.base import JS, bundle

SVG = "svg"
TOKENIZER = CharTokenizer(["abcde fgh\n"])


def own(cell: str = "gru", **changes) -> dict:
    model = scratch.CharLM(len(TOKENIZER), 4, 6, cell, generator=np.random.default_rng(0))
    return {"model": model, "tokenizer": TOKENIZER} | changes


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- arguments and messages
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LanguageModel(), "LanguageModel()"),
        (lambda: LanguageModel("q", key="lm"), "LanguageModel(key='lm', prompt='q')"),
        (lambda: LanguageModel(top_k=5, temperature=0.5, seed=7), "LanguageModel(seed=7, temperature=0.5, top_k=5)"),
        (lambda: LanguageModel(**own()), "LanguageModel(prompt='he gade f he  ')"),
        (lambda: LanguageModel("ab", written="c", **own("rnn")), "LanguageModel(prompt='ab', written='c')"),
    ],
)
def test_text_form(make, text):
    assert repr(make()) == text


class Similar(scratch.CharLM):
    """A network with two layers under the name of one."""

    def __init__(self, vocab):
        super().__init__(vocab, 4, 6)
        self.recurrent = scratch.GRU(4, 6, num_layers=2, batch_first=True)


def diverged() -> dict:
    arguments = own()
    arguments["model"].linear.bias.array[0] = np.nan
    return arguments


@pytest.mark.parametrize(
    ("error", "arguments", "message"),
    [
        (TraitError, {"prompt": "a" * 301}, "prompt: got 301 characters; at most 300"),
        (TraitError, {"written": "a" * 1001}, "written: got 1001 characters; at most 1000"),
        (TraitError, {"temperature": 0}, "temperature: got 0.0; a number from 0.1 to 3"),
        (TraitError, {"temperature": math.nan}, "temperature: got nan"),
        (TraitError, {"top_k": -1}, "top_k: got -1; a whole number from 0 to 9999 is expected; 0 keeps all"),
        (TraitError, {"seed": 10**6}, "seed: got 1000000; a whole number from 0 to 999999"),
        (TraitError, {"prompt": 3}, "prompt"),
        (TraitError, {"weights": b"abc"}, "give model= and tokenizer=, or load"),
        (TypeError, {"temprature": 1}, "no argument 'temprature'; it takes key, prompt, seed, temperature"),
        (TypeError, own(model=scratch.MLP((2, 3))), "got dlbook.scratch.models.MLP; a CharLM of dlbook.scratch or dl"),
        (TypeError, own(model="model.safetensors"), "model: got str; a CharLM"),
        (TypeError, own(tokenizer=WordTokenizer(["a b"])), "got dlbook.text.WordTokenizer; a CharTokenizer"),
        (ValueError, own(tokenizer=None), "give model= and tokenizer= together"),
        (ValueError, own(model=None), "give model= and tokenizer= together"),
        (ValueError, own(tokenizer=CharTokenizer(["ab"])), "the model has 12 tokens and the tokenizer 4; pass the"),
        (ValueError, own(model=scratch.CharLM(2, 4, 6), tokenizer=CharTokenizer([])), "has 2 tokens and the tok"),
        (ValueError, own(model=Similar(12)), "no CharLM with one layer of gru, lstm, rnn: "),
        (ValueError, diverged(), "linear.bias holds numbers that are not finite; the training has diverged"),
        (ValueError, own(model=scratch.CharLM(12, 8, 1200)), "it has 4370508 weights; the page computes with 4000000"),
    ],
)
def test_it_refuses(error, arguments, message):
    with pytest.raises(error, match=message):
        LanguageModel(**arguments)


def test_it_refuses_later_too_and_keeps_what_it_had():
    widget = LanguageModel("q", seed=3)
    for name, value in [("prompt", "a" * 400), ("seed", -1), ("temperature", 9.0), ("weights", b"")]:
        with pytest.raises(TraitError):
            setattr(widget, name, value)
    with pytest.raises(ValueError, match="got n=1001; there is room for 1000 characters behind the 0 written"):
        widget.write(1001)
    assert (widget.prompt, widget.seed, widget.temperature, widget.written) == ("q", 3, 1.0, "")


# ---- a reader's own network
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("backend", ["scratch", "pt"])
def test_own_networks(cell, backend):
    arguments = own(cell)
    model = arguments["model"]
    if backend == "pt":
        torch = pytest.importorskip("torch")
        from dlbook import pt

        model = pt.CharLM(len(TOKENIZER), 4, 6, cell)
        state = arguments["model"].state_dict()
        model.load_state_dict({name: torch.tensor(value.array) for name, value in state.items()})
    widget = LanguageModel("bad", model=model, tokenizer=TOKENIZER, temperature=0.8, seed=4)
    before = widget.probabilities()
    assert len(before) == len(TOKENIZER) and sum(before.values()) == pytest.approx(1)
    assert list(before.values()) == sorted(before.values(), reverse=True)
    assert widget.write(50) == LanguageModel("bad", **arguments, temperature=0.8, seed=4).write(50)
    assert len(widget.weights) < 10_000


def test_training_goes_on_behind_the_copy():
    arguments = own()
    widget = LanguageModel("bad", **arguments)
    before, weights = widget.probabilities(), widget.weights
    with scratch.no_grad():
        arguments["model"].linear.bias.array[5] += 3
    assert widget.probabilities() == before and widget.weights == weights
    widget.load(**arguments)
    assert list(widget.probabilities())[0] == TOKENIZER.vocabulary.tokens[5] and widget.weights != weights
    with pytest.raises(TypeError, match="a CharLM"):
        widget.load(3, TOKENIZER)


# ---- the numbers
def test_numbers_are_those_of_the_package():
    network, tokenizer = prose_model.network()
    widget = LanguageModel("The loss\nis é", written=" a line")
    tokens = tokenizer.encode("The loss\nis é a line")
    np.testing.assert_array_equal(widget.numbers(), tokens)
    assert 1 in tokens
    with scratch.no_grad():
        logits = network(scratch.as_tensor(tokens[None]))[0].array[0]
    assert 2 ** widget.surprises().mean() == pytest.approx(metrics.perplexity(tokens[1:], logits[:-1]), rel=1e-5)
    p = scratch.softmax(scratch.as_tensor(logits[-1]), dim=-1).array
    assert widget.entropy() == pytest.approx(-(p * np.log2(p)).sum(), rel=1e-4)


def test_temperature_and_top_k():
    sharp, flat, one = (LanguageModel(temperature=t, top_k=k) for t, k in [(0.1, 0), (3, 0), (1, 1)])
    assert sharp.entropy() < LanguageModel().entropy() < flat.entropy() < np.log2(82)
    assert one.entropy() == 0 and list(one.probabilities().values())[:2] == [1, 0]
    assert one.write(30) == LanguageModel(top_k=1, seed=9).write(30)


def test_writing_goes_on_where_it_was():
    whole, parts = LanguageModel(seed=5), LanguageModel(seed=5)
    whole.write(60)
    assert parts.write(25) + parts.write(35) == whole.written == parts.written
    assert LanguageModel(seed=6).write(60) != whole.written


def test_an_empty_prompt_begins_a_line():
    assert LanguageModel("").numbers().tolist() == LanguageModel("\n").numbers().tolist()
    assert LanguageModel("", **own(tokenizer=CharTokenizer(["ab"]), model=scratch.CharLM(4, 3, 4))).numbers() == [2]


# ---- the module
def test_the_module_is_small_and_one_piece():
    text = bundle("language_model")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    shared = "".join((JS / f"{name}.mjs").read_text("utf8") for name in ("recurrent", "safetensors"))
    assert len(gzip.compress(text.encode())) - len(gzip.compress(shared.encode())) < 12 * 1024
    assert not re.search(r"\beval\b|new Function|innerHTML|#[0-9a-f]{3,6}\b", text)


# ---- print and readers without scripts
@pytest.mark.parametrize(
    ("widget", "label"),
    [
        (lambda: LanguageModel(), r"after “The gradient of the loss ”: “o” 0\.1.*entropy 3\.8. bits at temp"),
        (lambda: LanguageModel("q", top_k=2), r"after “q”: “u” 0\.9.*temperature 1 and top 2\."),
        (lambda: LanguageModel("", written="a <b> & \"c\"\n" * 80), "entropy"),
        (lambda: LanguageModel("abc", **own("lstm")), "after “abc”"),
    ],
)  # fmt: skip
def test_without_scripts(widget, label):
    html = widget()._fallback
    assert re.search(label, well_formed(html).find(f".//{SVG}").get("aria-label"))
    assert "var(--dlb-" in html and not re.search("#[0-9a-f]{6}", html) and len(html) < 90_000
    assert well_formed(html).find("details/table/caption") is not None


def test_the_table_holds_the_numbers():
    widget = LanguageModel("q", temperature=0.5)
    found = well_formed(widget.table()).findall(".//tbody/tr")
    rows = {row[0].text: [cell.text or "" for cell in row[1:]] for row in found}
    p = widget.probabilities()
    assert rows["“u”"][0] == f"{p['u']:.3f}" and len(rows) == 13
    assert float(rows["“u”"][2]) == pytest.approx(-np.log2(float(rows["“u”"][1])), abs=0.01)
    assert {"space", "70 others"} <= rows.keys()
