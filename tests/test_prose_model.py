"""The language model of the playground: what its file holds, and that the script that made it learns."""
from __future__ import annotations

import numpy as np
import pytest

from dlbook import quantize, scratch
from dlbook.ngrams import NGram
from dlbook.text import CharTokenizer
from dlbook.widgets import prose_model


def test_the_file_holds_a_network_better_than_counting():
    model, tokenizer = prose_model.network()
    _, notes = quantize.load(prose_model.FILE)
    parts = prose_model.texts()
    own = CharTokenizer(parts.train, min_count=prose_model.MIN_COUNT)
    assert tokenizer.vocabulary.tokens == own.vocabulary.tokens
    assert prose_model.FILE.stat().st_size <= 100_000
    train, test = (tokenizer.encode("".join(part)) for part in (parts.train, parts.test))
    reached = prose_model.perplexity(model, test)
    assert reached == pytest.approx(notes["perplexity_int8"], rel=1e-3)
    assert reached == pytest.approx(notes["perplexity_float"], rel=0.02)
    trigrams = NGram(train, 3, len(tokenizer)).perplexity(test)
    assert trigrams == pytest.approx(notes["perplexity_ngrams"][2], rel=1e-6)
    assert reached < 0.75 * trigrams and reached < min(notes["perplexity_ngrams"])


def test_the_parts_are_the_corpus_once():
    parts = prose_model.texts()
    assert not set(parts.train) & set(parts.test) and not set(parts.train) & set(parts.val)
    assert sum(map(len, parts)) == len(prose_model.corpus.load(prose_model.SNAPSHOT).sentences)
    assert all(sentence.endswith("\n") for part in parts for sentence in part)


def test_it_writes_english():
    model, tokenizer = prose_model.network()
    text = tokenizer.decode(model.generate(tokenizer.encode("The "), 300, 0.5, generator=np.random.default_rng(0)))
    known = set(" ".join(prose_model.texts().train).replace("\n", " ").split())
    words = text.split()[:-1]
    assert np.mean([word in known for word in words]) > 0.75


def test_training_and_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(prose_model, "SIZES", {"embed": 4, "hidden": 16, "cell": "gru"})
    monkeypatch.setattr(prose_model, "STEPS", 20)
    tokenizer = CharTokenizer(["abcd "])
    sentences = [tokenizer.encode("abcd" * 40)] * 12
    generator = np.random.default_rng(0)
    model = scratch.CharLM(len(tokenizer), **prose_model.SIZES, generator=generator)
    losses = list(prose_model.train(model, sentences, 20, generator=generator))
    assert losses[-1] < 0.5 < 1.2 < losses[0] < np.log(len(tokenizer)) + 0.3
    test, path = tokenizer.encode("bcda" * 30), tmp_path / "m.safetensors"
    prose_model.write(model, tokenizer, test, path, said=1)
    again, its_tokenizer = prose_model.network(path)
    assert its_tokenizer.vocabulary.tokens == tokenizer.vocabulary.tokens and not again.training
    notes = quantize.load(path)[1]
    assert notes["said"] == 1 and notes["perplexity_int8"] == pytest.approx(prose_model.perplexity(again, test))
    assert notes["perplexity_float"] == pytest.approx(prose_model.perplexity(model, test)) == pytest.approx(
        notes["perplexity_int8"], rel=0.1)
