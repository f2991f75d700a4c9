"""What the browser computes inside a recurrent network: tokens, states, gates and slopes as in ``dlbook.scratch``."""
from __future__ import annotations

import functools

import numpy as np
import pytest
from node import node

from dlbook import quantize, scratch
from dlbook.text import CharTokenizer, WordTokenizer
from dlbook.widgets import InsideRecurrent, inside_model, recurrent_run, recurrent_trio

TEXT = "The loss (a number) falls to 0.11.\nWhy? It follows €, the gradient of 12 units."
READ = """import { unpack } from "./safetensors.mjs";
import { createTokenizer, createReader } from "./recurrent_trace.mjs";
console.log(JSON.stringify(data.map(({ weights, about, text, cell, at }) => {
  const reader = createReader(unpack(new Uint8Array(weights)).tensors, cell), pieces = createTokenizer(about)(text);
  const steps = reader.read(pieces.map(({ token }) => token)), slopes = at.map((t) => reader.slopes(steps, t));
  return { pieces, steps, slopes, memory: reader.memory(steps) };
}), (key, value) => (ArrayBuffer.isView(value) ? [...value] : value)));"""


def own(kind: str, cell: str, bias: bool = True) -> InsideRecurrent:
    """A network with large random weights, so that gates open and close."""
    rng = np.random.default_rng(3)
    tokenizer = CharTokenizer([TEXT[:-9]]) if kind == "CharLM" else WordTokenizer([TEXT], lower=False)
    sizes = (len(tokenizer), 5, 7) + ((4,) if kind == "RNNClassifier" else ())
    model = getattr(scratch, kind)(*sizes, cell=cell, generator=rng)
    for p in model.parameters():
        p.array[...] = rng.normal(size=p.shape) * 1.2
    return InsideRecurrent(model, tokenizer, text=TEXT, unit=3)


WIDGETS = {f"page {cell}": lambda cell=cell: InsideRecurrent(text=TEXT, cell=cell) for cell in recurrent_trio.CELLS}
WIDGETS |= {f"{kind} {cell}": functools.partial(own, kind, cell)
            for kind in ("CharLM", "RNNClassifier") for cell in recurrent_trio.CELLS}


@functools.cache
def browser() -> dict:
    """What the browser has of each widget, for the slopes at three steps."""
    made = {name: make() for name, make in WIDGETS.items()}
    data = [{"weights": list(w.weights), "about": w.about, "text": w.text, "cell": w.cell, "at": steps(w)}
            for w in made.values()]
    return dict(zip(made, zip(made.values(), node(READ, data))))


def steps(widget) -> list[int]:
    n = len(widget._tokens())
    return [0, n // 2, n - 1]


@pytest.mark.parametrize("name", WIDGETS)
def test_states_gates_and_predictions_are_those_of_the_package(name):
    widget, got = browser()[name]
    trace = widget.trace()
    for letter, values in trace.values.items():
        np.testing.assert_allclose([step[letter] for step in got["steps"]], values, atol=1e-5, err_msg=letter)
    np.testing.assert_allclose([step["p"] for step in got["steps"]], trace.p, atol=1e-5)
    np.testing.assert_allclose(got["memory"], trace.memory, atol=1.5 / len(got["steps"]))  # at exactly ½ one may differ


@pytest.mark.parametrize("name", WIDGETS)
def test_the_forward_pass_is_that_of_the_network_itself(name):
    widget, _ = browser()[name]
    model, tokens = widget._networks.models[widget.cell], widget._tokens()
    with scratch.no_grad():
        output = model(scratch.as_tensor(tokens[None]))
    logits = output[0].array[0] if isinstance(output, tuple) else output.array
    p = scratch.softmax(scratch.Tensor(logits), dim=-1).array
    np.testing.assert_allclose(widget.trace().p[-len(p):], p, atol=1e-5)


@pytest.mark.parametrize("name", WIDGETS)
def test_slopes_through_time_are_those_of_autograd(name):
    widget, got = browser()[name]
    model = widget._networks.models[widget.cell]
    for t, found in zip(steps(widget), got["slopes"], strict=True):
        wanted = recurrent_run.slopes(model, widget._tokens(), t)
        assert wanted.keys() == found.keys() == ({"h", "c"} if widget.cell == "lstm" else {"h"})
        for letter, values in wanted.items():
            assert len(values) == t + 1
            np.testing.assert_allclose(found[letter], values, rtol=1e-3, atol=1e-5 * values.max())


def test_a_slope_says_how_much_the_prediction_moves():
    """Finite differences: h of one step is moved, and the network goes on from there."""
    widget = own("CharLM", "lstm")
    model, tokens = widget._networks.models["lstm"].double(), widget._tokens()[:9]
    slope = recurrent_run.slopes(model, tokens, 8)
    weights = [getattr(model.recurrent, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def logp(moved: int, dh: np.ndarray, dc: np.ndarray) -> np.ndarray:
        h = c = scratch.Tensor(np.zeros(7))
        with scratch.no_grad():
            for t, token in enumerate(tokens):
                h, c = scratch.lstm_cell(model.embedding.weight[int(token)], (h, c), *weights)
                if t == moved:
                    h = h * (scratch.tanh(c + scratch.Tensor(dc)) / scratch.tanh(c)) + scratch.Tensor(dh)  # h follows c
                    c = c + scratch.Tensor(dc)
            return scratch.log_softmax(model.linear(h), dim=-1).array

    best, none, e = logp(0, np.zeros(7), np.zeros(7)).argmax(), np.zeros(7), 1e-6
    for s in (0, 5, 7):
        by_h = [(logp(s, e * d, none) - logp(s, -e * d, none))[best] / (2 * e) for d in np.eye(7)]
        by_c = [(logp(s, none, e * d) - logp(s, none, -e * d))[best] / (2 * e) for d in np.eye(7)]
        assert slope["h"][s] == pytest.approx(np.linalg.norm(by_h), rel=1e-4)
        assert slope["c"][s] == pytest.approx(np.linalg.norm(by_c), rel=1e-4)


# ---- tokens
@pytest.mark.parametrize("name", WIDGETS)
def test_tokens_are_those_of_the_tokenizer(name):
    widget, got = browser()[name]
    assert [piece["token"] for piece in got["pieces"]] == widget._tokens().tolist()
    assert [piece["piece"] for piece in got["pieces"]] == widget._networks.tokenizer.split(widget.text)
    assert 1 in widget._tokens() or isinstance(widget._networks.tokenizer, WordTokenizer)


TEXTS = ["", " ", "Don't pay 3.50, 12,5 don't!", "naïve_Bayes’ café-au-lait x² Ⅳ", "深度学习 e\u0301 🙂🙂 \u200b…",
         "a\tb\n\nc"]


@pytest.mark.parametrize("lower", [True, False])
def test_words_and_characters_are_cut_as_in_python(lower):
    words, chars = WordTokenizer(TEXTS, lower=lower), CharTokenizer(TEXTS)
    got = node(
        """import { createTokenizer } from "./recurrent_trace.mjs";
        console.log(JSON.stringify(data.about.map((about) => data.texts.map(createTokenizer(about)))));""",
        {"texts": TEXTS, "about": [inside_model.about(tokenizer, ["gru"]) for tokenizer in (words, chars)]},
    )
    for tokenizer, found in zip((words, chars), got, strict=True):
        for text, pieces in zip(TEXTS, found, strict=True):
            assert [piece["piece"] for piece in pieces] == tokenizer.split(text)
            assert [piece["token"] for piece in pieces] == tokenizer.encode(text).tolist()
            assert not pieces or pieces[-1]["end"] <= len(text.encode("utf-16-le")) // 2


# ---- the file
def test_weights_are_unpacked_as_in_python():
    state, notes = quantize.load(recurrent_trio.FILE)
    got = node(
        """import { unpack } from "./safetensors.mjs";
        const bytes = new Uint8Array(data), { tensors, notes } = unpack(bytes);
        const { tensors: again } = unpack(new DataView(bytes.buffer, 0));
        const sums = Object.fromEntries(Object.entries(tensors).map(
          ([k, t]) => [k, [t.shape, [...t.data].slice(0, 40)]]));
        console.log(JSON.stringify({ sums, notes, same: Object.keys(again).length }));""",
        list(recurrent_trio.FILE.read_bytes()),
    )
    assert got["sums"].keys() == state.keys() and got["same"] == len(state)
    assert got["notes"] == notes
    for name, (shape, first) in got["sums"].items():
        assert tuple(shape) == state[name].shape
        np.testing.assert_array_equal(np.float32(first), state[name].ravel()[:40])


def test_what_is_no_such_file_is_refused():
    with pytest.raises(AssertionError, match="F16 is not known"):
        from safetensors.numpy import save

        data = list(save({"a": np.zeros(2, np.float16)}))
        node('import { unpack } from "./safetensors.mjs"; console.log(unpack(new Uint8Array(data)));', data)


# ---- words about the numbers
def test_how_far_back():
    got = node(
        """import { reach, backward, best, percent, kept } from "./inside_words.mjs";
        console.log(JSON.stringify({ reach: data.map((h) => reach({ h })), said: backward({ h: data[0] }, "word"),
          best: best(Float64Array.of(0.2, 0.5, 0.2, 0.1), 3), percent: [0, 0.0004, 0.1234, 1].map(percent),
          kept: [0.01, 2.345].map((v) => kept("lstm", v)) }));""",
        [[0.0001, 0.02, 0.05, 0.3, 1], [1, 1, 1], [5, 0.01, 1], [2], [0.01, 2]],
    )
    assert got["reach"] == [2, None, None, None, 1]
    assert got["said"] == ("Its slope with respect to the hidden state is 1.0 at this step, below a tenth of that from "
                           "2 steps back on, and 1.0·10⁻⁴ at the first word.")
    assert got["best"] == [1, 0, 2] and got["percent"] == ["0.0 %", "< 0.1 %", "12.3 %", "100.0 %"]
    assert got["kept"] == [f"Half of what its cell holds is gone {when}, on average over this text."
                           for when in ("at once", "after 2.3 steps")]
