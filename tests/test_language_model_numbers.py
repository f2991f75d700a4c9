"""What the browser computes in the language model playground, against ``dlbook.scratch``."""

from __future__ import annotations

import base64
import functools

import numpy as np
import pytest
from node import node

from dlbook import metrics, scratch
from dlbook.scratch.sequence_models import choose, next_token
from dlbook.text import CharTokenizer
from dlbook.widgets import LanguageModel, language_weights, prose_model

BOOK = language_weights.of_the_book()
PROMPT = "".join(prose_model.texts().test)[:200]
DRAWS = [(1, 0, 1), (0.7, 0, 2), (0.1, 5, 3), (3, 0, 4), (1, 1, 5), (1.4, 20, 999999)]  # temperature, k, seed
SETTINGS = [(1.0, 0), (0.1, 0), (3.0, 0), (0.7, 1), (1.0, 5), (2.0, 82), (1.0, 9999)]


def small(cell: str) -> tuple[scratch.CharLM, CharTokenizer]:
    tokenizer = CharTokenizer(["abcde fgh"])
    return scratch.CharLM(len(tokenizer), 6, 10, cell, generator=np.random.default_rng(3)), tokenizer


NETWORKS = {"book": BOOK} | {cell: language_weights.of_the_reader(*small(cell)) for cell in language_weights.CELLS}
TEXTS = {"book": PROMPT} | dict.fromkeys(language_weights.CELLS, "a bad ab?c\nhe" * 4)


@functools.cache
def browser():
    """Of each network the logits and surprises over its text."""
    return node(
        """import { createReader } from "./char_reader.mjs";
        console.log(JSON.stringify(Object.fromEntries(Object.entries(data).map(([name, { file, text }]) => {
          const reader = createReader(Uint8Array.from(atob(file), (c) => c.charCodeAt(0)));
          const tokens = reader.encode(text);
          reader.read(tokens);
          const logits = tokens.map((_, i) => [...reader.before(i + 1)]);
          return [name, { tokens, first: reader.first, logits, bits: reader.bits }];
        }))));""",
        {name: {"file": base64.b64encode(net.file).decode(), "text": TEXTS[name]} for name, net in NETWORKS.items()},
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_over_a_text(name):
    network, found = NETWORKS[name], browser()[name]
    np.testing.assert_array_equal(found["tokens"], network.tokenizer.encode(TEXTS[name]))
    with scratch.no_grad():
        logits = network.model(scratch.as_tensor(np.array(found["tokens"])[None]))[0].array[0]
    for ours, theirs in zip(logits, found["logits"], strict=True):
        np.testing.assert_allclose(next_token(theirs), next_token(ours), rtol=0, atol=1e-5)
    assert found["bits"][0] is None
    bits = np.array(found["bits"][1:])
    assert 2 ** bits.mean() == pytest.approx(metrics.perplexity(np.array(found["tokens"])[1:], logits[:-1]), rel=1e-5)
    assert found["first"] == ("\n" if name == "book" else " ")


def test_it_is_much_better_on_prose_than_by_chance():
    assert 2 ** np.mean(browser()["book"]["bits"][1:]) < 8 < len(BOOK.tokenizer)


# ---- sampling
LOGITS = [[0.5, 2.0, 2.0, -1.0, 0.1], [3.0, 3.0, 3.0], np.random.default_rng(0).normal(0, 3, 82).tolist()]
NUMBERS = [0.0, 1e-9, 0.25, 0.5, 0.75, 0.999999, 1 - 2**-32]


def test_temperature_top_k_and_choice():
    found = node(
        """import { nextToken, choose, entropy, ranked } from "./sampling.mjs";
        console.log(JSON.stringify(data.logits.map((z) => data.settings.map(([t, k]) => {
          const p = nextToken(z, t, k);
          return { p: [...p], entropy: entropy(p), order: ranked(z), chosen: data.numbers.map((u) => choose(p, u)) };
        }))));""",
        {"logits": LOGITS, "settings": SETTINGS, "numbers": NUMBERS},
    )
    for z, row in zip(LOGITS, found, strict=True):
        for (t, k), here in zip(SETTINGS, row, strict=True):
            p = next_token(np.array(z), t, k or None)
            np.testing.assert_allclose(here["p"], p, rtol=1e-12, atol=0)
            np.testing.assert_array_equal(here["order"], np.argsort(-np.array(z), kind="stable"))
            np.testing.assert_array_equal(here["chosen"], [choose(p, u) for u in NUMBERS])
            assert here["entropy"] == pytest.approx(-(p[p > 0] * np.log2(p[p > 0])).sum(), abs=1e-12)


def test_the_last_character_where_rounding_leaves_a_gap():
    p = [0.1] * 3 + [0.0, 0.7 - 1e-9, 0.0]
    assert node("""import { choose } from "./sampling.mjs"; console.log(choose(data, 1 - 2 ** -32));""", p) == 4
    assert choose(np.array(p), 1 - 2**-32) == 4


# ---- the same text
@functools.cache
def written() -> list[str]:
    return node(
        """import { createReader, letters } from "./char_reader.mjs";
        import { nextToken, choose } from "./sampling.mjs";
        import { stream } from "./random.mjs";
        const reader = createReader(Uint8Array.from(atob(data.file), (c) => c.charCodeAt(0)));
        console.log(JSON.stringify(data.draws.map(([t, k, seed]) => {
          const random = stream(seed, 0), tokens = reader.encode(data.prompt);
          let text = "";
          for (let i = 0; i < 200; i++) {
            reader.read(tokens);
            tokens.push(choose(nextToken(reader.before(tokens.length), t, k), random()));
            text += reader.tokens[tokens.at(-1)];
          }
          return text;
        })));""",
        {"file": base64.b64encode(BOOK.file).decode(), "prompt": PROMPT[:40], "draws": DRAWS},
    )


@pytest.mark.parametrize("i", range(len(DRAWS)))
def test_the_same_numbers_write_the_same_text(i):
    temperature, k, seed = DRAWS[i]
    widget = LanguageModel(PROMPT[:40], temperature=temperature, top_k=k, seed=seed)
    assert widget.write(200) == written()[i] == widget.written


def test_reading_again_computes_only_what_is_new():
    found = node(
        """import { createReader } from "./char_reader.mjs";
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), reader = createReader(bytes);
        const said = (reader, tokens) => {
          reader.read(tokens);
          return JSON.stringify([reader.bits, [...(reader.before(tokens.length) ?? [])]]);
        };
        const out = ["abc", "abcd", "abd", "", "xbd", "abd"].map((text) => {
          const tokens = reader.encode(text);
          return said(reader, tokens) === said(createReader(bytes), tokens);
        });
        const tokens = reader.encode("ab".repeat(100));
        reader.read(tokens);
        const times = Array.from({ length: 200 }, () => {
          const start = performance.now();
          tokens.push(5);
          reader.read(tokens);
          return performance.now() - start;
        });
        console.log(JSON.stringify({ out, time: times.sort((a, b) => a - b)[100] }));""",
        base64.b64encode(BOOK.file).decode(),
    )
    assert found["out"] == [True] * 6
    assert found["time"] < 4  # ms for one more character after 200
