"""Inside a recurrent network without a browser: arguments, networks of a reader, print and readers without scripts."""
from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from node import node
from traitlets import TraitError

from dlbook import pt, quantize, scratch
from dlbook.text import BPETokenizer, CharTokenizer, WordTokenizer
from dlbook.widgets import InsideRecurrent, inside_poster, prose_model, recurrent_run, recurrent_trio
from dlbook.widgets.base import JS, bundle
from dlbook.widgets.inside_recurrent import CELLS, LONGEST, SHOWN

CHARS = CharTokenizer(["a small loss"])
WORDS = WordTokenizer(["a small loss, a large gradient and a step"])


PIECES = [" ", "\n", "\t", "\x00", "\x85", "a", "深", "🙂", "<unk>", "word"]


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


def lm(cell: str = "gru", package=scratch, **sizes):
    return package.CharLM(**{"vocab": len(CHARS), "embed": 3, "hidden": 4, "cell": cell} | sizes)


def classifier(package=scratch, **options):
    return package.RNNClassifier(len(WORDS), 3, 4, 2, **{"cell": "lstm"} | options)


# ---- arguments
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: InsideRecurrent(), "InsideRecurrent()"),
        (lambda: InsideRecurrent(key="lstm", cell="gru", unit=3), "InsideRecurrent(cell='gru', key='lstm', unit=3)"),
        (lambda: InsideRecurrent(text="", at=4, order="now"), "InsideRecurrent(at=4, order='now', text='')"),
        (lambda: InsideRecurrent(lm(), CHARS, text="a"), "InsideRecurrent(cell='gru', text='a', unit=0)"),
    ],
)
def test_text_form(make, text):
    assert repr(make()) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "a" * 201}, "text: got 201 characters; 200 at most"),
        ({"cell": "lstn"}, "cell: 'lstn' is not known; did you mean 'lstm'.*Known are lstm, gru, rnn"),
        ({"shows": "k"}, "shows: 'k' is not known.*Known are c, h, f, i, g, o, z, r, n"),
        ({"order": "longest"}, "order: 'longest' is not known.*Known are memory, now, number"),
        ({"unit": 32}, "unit: got 32; a whole number from 0 to 31"),
        ({"unit": -1}, "unit: got -1"),
        ({"at": 200}, "at: got 200; a whole number from 0 to 199"),
        ({"at": -1}, "at: got -1"),
        ({"text": 5}, "'text' trait"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(TraitError, match=message):
        InsideRecurrent(**arguments)


def test_it_refuses_what_it_has_not():
    for name in ("weights", "about"):
        with pytest.raises(TypeError, match=f"no argument '{name}'; pass model and tokenizer"):
            InsideRecurrent(**{name: b""})
    with pytest.raises(TypeError, match="InsideRecurrent has no argument 'step'; it takes at, cell"):
        InsideRecurrent(step=1)


def test_it_refuses_later_too_and_keeps_what_it_had():
    inside = InsideRecurrent(text="abc", unit=3)
    for name, value in {"text": "a" * 300, "cell": "GRU", "unit": 99, "at": 1000}.items():
        with pytest.raises(TraitError):
            setattr(inside, name, value)
    assert (inside.text, inside.cell, inside.unit, inside.at) == ("abc", "lstm", 3, None)
    own = InsideRecurrent(lm(), CHARS)
    with pytest.raises(TraitError, match="cell: 'lstm' is not known.*Known are gru"):
        own.cell = "lstm"
    with pytest.raises(TraitError, match="unit: got 4; a whole number from 0 to 3"):
        own.unit = 4


# ---- networks of a reader
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("package", [scratch, pt])
def test_a_network_of_either_package(package, cell):
    model = lm(cell, package)
    inside = InsideRecurrent(model, CHARS, text="small")
    array = lambda x: x.detach().numpy() if package is pt else x.array  # noqa: E731
    tokens = CHARS.encode("small")[None]
    if package is pt:
        import torch

        logits = model.eval()(torch.as_tensor(tokens))[0]
    else:
        logits = model(scratch.as_tensor(tokens))[0]
    p = scratch.softmax(scratch.Tensor(array(logits)[0]), dim=-1).array
    np.testing.assert_allclose(inside.trace().p, p, atol=1e-6)
    assert (inside.cell, inside.about["cells"], inside.about["classes"]) == (cell, [cell], None)


def test_the_readers_network_stays_as_it_is():
    model = lm("lstm")
    model.train()
    inside = InsideRecurrent(model, CHARS, text="a loss")
    inside.slopes()
    assert model.training and all(p.grad is None for p in model.parameters())
    before = inside.trace().p
    model.linear.bias.array[...] = 9  # trained on: the widget keeps what it was given
    np.testing.assert_array_equal(inside.trace().p, before)


@pytest.mark.parametrize("package", [scratch, pt])
def test_a_classifier_of_words(package):
    inside = InsideRecurrent(classifier(package), WORDS, text="A small, large zebra", classes=["up", "down"])
    assert inside.about["words"] and inside.about["classes"] == ["up", "down"]
    assert inside._tokens().tolist()[-1] == 1 and inside.trace().p.shape == (5, 2)
    assert InsideRecurrent(classifier(package), WORDS, text="a").about["classes"] == ["class 0", "class 1"]
    double = classifier(scratch).double()
    assert InsideRecurrent(double, WORDS, text="a").trace().p.dtype == np.float32


def test_layers_without_bias():
    model = lm("gru")
    model.recurrent = scratch.GRU(3, 4, bias=False, batch_first=True)
    inside = InsideRecurrent(model, CHARS, text="small loss")
    p = scratch.softmax(model(scratch.as_tensor(inside._tokens()[None]))[0][0], dim=-1).array
    np.testing.assert_allclose(inside.trace().p, p, atol=1e-6)


def test_gates_that_are_shut():
    model = lm("lstm")
    for p in model.parameters():
        p.array[...] *= 1000
    inside = InsideRecurrent(model, CHARS, text="small loss")
    assert inside.trace().values["f"].min() == 0 and inside.trace().values["f"].max() == 1
    assert not re.search("nan|inf", inside._fallback.lower())


def spoilt():
    model = lm()
    model.linear.weight.array[0, 0] = np.nan
    return model


def two_layers():
    model = lm()
    model.recurrent = scratch.GRU(3, 4, num_layers=2, batch_first=True)
    return model


def with_relu():
    model = lm("rnn")
    model.recurrent = scratch.RNN(3, 4, nonlinearity="relu", batch_first=True)
    return model


@pytest.mark.parametrize(
    ("model", "tokenizer", "more", "message"),
    [
        (lambda: scratch.Linear(2, 2), CHARS, {}, "got Linear; expected a CharLM or an RNNClassifier of dlbook"),
        (lambda: lm().state_dict(), CHARS, {}, "pass the network itself, not its weights"),
        (lambda: "lm.pt", CHARS, {}, "got str; .*pass the network itself"),
        (lambda: scratch.SequenceTagger(9, 2, 2, 3), CHARS, {}, "got SequenceTagger; expected a CharLM"),
        (lambda: lm(), None, {}, "needs the tokenizer it was trained with.* got NoneType"),
        (lambda: lm(), BPETokenizer(["aa"], 258), {}, "CharTokenizer or WordTokenizer.*; got BPETokenizer"),
        (lambda: lm(), WORDS, {}, f"the tokenizer has {len(WORDS)} tokens and the network's embedding {len(CHARS)}"),
        (lambda: lm(hidden=257), CHARS, {}, "has 257 hidden units, and the page shows 256 at most"),
        (lambda: classifier(bidirectional=True), WORDS, {}, "reads from both ends.*bidirectional=False"),
        (two_layers, CHARS, {}, "has 2 recurrent layers, and the page shows one"),
        (with_relu, CHARS, {}, "has an RNN with relu; the page knows tanh"),
        (spoilt, CHARS, {}, "not finite, in linear.weight; did its training diverge"),
        (lambda: lm(), CHARS, {"classes": ["a"]}, "a CharLM says which token comes next, it has no classes"),
        (lambda: classifier(), WORDS, {"classes": ["a"]}, "got 1 names of classes; the network has 2"),
        (lambda: lm("gru"), CHARS, {"cell": "lstm"}, "got cell='lstm' for a network with the cell 'gru'; leave"),
        (lambda: None, CHARS, {}, "a tokenizer or classes without a model"),
    ],
)
def test_it_refuses_a_network(model, tokenizer, more, message):
    with pytest.raises(ValueError, match=message):
        InsideRecurrent(model(), tokenizer, text="a", **more)


# ---- the networks of the page
def test_the_file_holds_networks_that_have_learned():
    trio, tokenizer = recurrent_trio.networks()
    _, notes = quantize.load(recurrent_trio.FILE)
    parts = prose_model.texts()
    own = CharTokenizer(parts.train, min_count=prose_model.MIN_COUNT)
    assert tokenizer.vocabulary.tokens == own.vocabulary.tokens and recurrent_trio.FILE.stat().st_size < 60_000
    test = tokenizer.encode("".join(parts.test))
    for cell in recurrent_trio.CELLS:
        reached = prose_model.perplexity(getattr(trio, cell), test)
        assert reached == pytest.approx(notes["perplexity_int8"][cell], rel=1e-3)
        assert reached == pytest.approx(notes["perplexity_float"][cell], rel=0.01)
        assert reached < 6.7  # a trigram model reaches 6.64
    assert notes["perplexity_int8"]["rnn"] > max(notes["perplexity_int8"][cell] for cell in ("lstm", "gru"))


def test_what_the_units_go_with_was_measured():
    trio, tokenizer = recurrent_trio.networks()
    _, notes = quantize.load(recurrent_trio.FILE)
    text = "".join(prose_model.texts().test)
    h = recurrent_trio.hidden_states(trio.rnn, tokenizer.encode(text))
    marks = recurrent_trio.marks(text)
    for unit, (mark, r) in enumerate(notes["follows"]["rnn"]):
        all_r = {name: np.corrcoef(h[:, unit], values)[0, 1] for name, values in marks.items()}
        assert all_r[mark] == pytest.approx(r, abs=0.006)
        assert abs(r) > max(map(abs, all_r.values())) - 0.01
    assert max(abs(r) for units in notes["follows"].values() for _, r in units) > 0.7
    spaces = {mark for mark, r in notes["follows"]["lstm"] if abs(r) > 0.6}
    assert "spaces" in spaces and "the place in the word" in spaces


def test_marks_of_a_text():
    marks = recurrent_trio.marks("It (a.\nBo")
    assert np.exp(marks["the place in the word"]).round().astype(int).tolist() == [2, 3, 1, 1, 2, 1, 1, 2, 3]
    assert np.exp(marks["the place in the sentence"]).round().astype(int).tolist() == [2, 3, 4, 5, 6, 7, 1, 2, 3]
    assert marks["brackets that are open"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert np.flatnonzero(marks["ends of a word"]).tolist() == [1, 4, 8]
    assert np.flatnonzero(marks["capitals"]).tolist() == [0, 7] and marks["vowels"].sum() == 3


def test_training_and_writing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(recurrent_trio, "SIZES", {"embed": 3, "hidden": 5})
    monkeypatch.setattr(recurrent_trio, "EPOCHS", 1)
    few = prose_model.Texts(*(part[:12] for part in prose_model.texts()))
    monkeypatch.setattr(prose_model, "texts", lambda: few)
    recurrent_trio.main(tmp_path / "t.safetensors")
    trio, tokenizer = recurrent_trio.networks(tmp_path / "t.safetensors")
    assert trio.lstm.recurrent.hidden_size == 5 and not trio.training and len(tokenizer) > 20
    assert "bytes" in capsys.readouterr().out


# ---- the modules
def test_the_modules_are_small_and_one_piece():
    text = bundle("inside_recurrent")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(gzip.compress(text.encode())) <= 16 * 1024
    assert not re.search(r"\beval\b|new Function|innerHTML|#[0-9a-f]{3,6}\b", text)
    for path in [*JS.glob("inside_*.mjs"), *JS.glob("recurrent*.mjs")]:
        assert len(path.read_text("utf8")) < 14_000, path.name


def test_python_and_the_browser_agree_on_names_and_looks():
    got = node("""import { LOOK, WORDS, sign, shorter } from "./inside_look.mjs";
        import { SHOWN, CELLS, isGate } from "./inside_settings.mjs";
        console.log(JSON.stringify({ LOOK, WORDS, SHOWN, gates: [..."fiozrcghn"].filter(isGate),
          signs: data.map(sign), short: [shorter("a🙂bc", 3), shorter("abc", 3)] }));""", PIECES)
    assert {letter: tuple(look) for letter, look in got["LOOK"].items()} == inside_poster.LOOK
    assert got["WORDS"] == inside_poster.WORDS and got["SHOWN"] == SHOWN
    assert got["gates"] == [letter for letter in "fiozrcghn" if inside_poster.is_gate(letter)]
    assert got["signs"] == list(map(inside_poster.sign, PIECES)) and got["short"] == ["a🙂…", "abc"]
    assert {cell: "".join(names) for cell, names in SHOWN.items()} == recurrent_run.HIDDEN
    assert list(CELLS) == list(recurrent_trio.CELLS)


def test_what_an_address_may_set():
    good = {"text": "a\nb €", "cell": "gru", "shows": "z", "order": "now", "unit": "5", "at": "0"}
    bad = {"text": "a" * 201, "cell": "__proto__", "shows": "toString", "order": "", "unit": "-1", "at": "1e2"}
    got = node(
        """import inside from "./inside_recurrent.mjs";
        const { params } = inside, expects = Object.values(params).every((p) => typeof p.expects === "string");
        const read = (set) => Object.fromEntries(Object.entries(set).map(([k, v]) => [k, params[k](v) ?? null]));
        console.log(JSON.stringify({ names: Object.keys(params), good: read(data.good), bad: read(data.bad), expects,
          long: params.text("🙂".repeat(200)) }));""",
        {"good": good, "bad": bad},
    )
    assert set(got["names"]) == set(good) and got["expects"] and len(got["long"]) == LONGEST
    assert got["good"] == good | {"unit": 5, "at": 0} and set(got["bad"].values()) == {None}


# ---- print and readers without scripts
@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        ({}, r"LSTM reading “.*”: Cell state c of 32 units over \d+ steps, and unit \d+\. After step \d+ the"),
        ({"cell": "gru", "shows": "z", "unit": 31}, "GRU reading .*Update gate z of 32 units"),
        ({"cell": "rnn", "shows": "c", "text": "a"}, "Simple RNN reading “a”: Hidden state h of 32 units over 1 steps"),
        ({"text": "<b>&\x00\"'", "at": 2}, "After step 3"),
        ({"text": ""}, "LSTM: no text."),
        ({"text": "Ω" * LONGEST, "shows": "g"}, "New content g of 32 units over 200 steps"),
    ],
)
def test_without_scripts(arguments, label):
    inside = InsideRecurrent(**arguments)
    page = well_formed(inside._fallback.replace("\x00", ""))
    assert re.search(label, page.find(".//svg").get("aria-label"))
    assert page.find(".//svg").get("role") == "img"
    assert not re.search("nan|inf|#[0-9a-f]{3}", inside._fallback.lower())
    assert "var(--dlb-" in inside._fallback or not inside.text
    assert len(page.findall(".//tbody/tr")) == len(inside.text)
    assert len(inside._fallback) < (36_000 if len(inside.text) <= 80 else 60_000)


def test_the_table_holds_the_numbers():
    inside = InsideRecurrent(text="The loss.", unit=4, at=5)
    rows = well_formed(inside.table()).findall(".//tbody/tr")
    heads = [cell.text for cell in well_formed(inside.table()).findall(".//thead//th")]
    trace, slopes = inside.trace(), inside.slopes()
    assert heads == ["step", "reads", "expects", "cell c", "hidden h", "forget f", "input i", "new g", "output o",
                     "slope by h", "slope by c"]
    number = lambda text: float(text.replace("−", "-"))  # noqa: E731
    for t, row in enumerate(rows):
        cells = [cell.text for cell in row.findall("td")]
        assert cells[0] == ("␣" if inside.text[t] == " " else inside.text[t])
        for text, letter in zip(cells[2:8], "chfigo", strict=True):
            assert number(text) == pytest.approx(trace.values[letter][t, 4], abs=0.0051)
        assert (cells[8] == "–") == (t > 5)
        if t <= 5 and "·" not in cells[8]:
            assert number(cells[8]) == pytest.approx(slopes["h"][t], rel=0.06)


def test_an_empty_text_has_no_numbers():
    with pytest.raises(ValueError, match="trace: the text is empty; set .text"):
        InsideRecurrent(text="").trace()
