"""Batches of texts of different lengths, one long text in pieces, the corpus and its parts, n-grams."""
from __future__ import annotations

import importlib
import math
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import corpus, metrics, scratch
from dlbook.ngrams import NGram
from dlbook.sequences import IGNORED, batches, pad, streams

LISTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1, max_size=12)


# ---- padding
@given(LISTS)
def test_what_is_padded_comes_back(sequences):
    batch = pad(sequences, sequences)
    assert batch.tokens.dtype == batch.lengths.dtype == batch.targets.dtype == np.int64
    assert batch.tokens.shape == (len(sequences), max(map(len, sequences))) == batch.mask.shape
    assert [row[:n].tolist() for row, n in zip(batch.tokens, batch.lengths)] == sequences
    assert [row[m].tolist() for row, m in zip(batch.targets, batch.mask)] == sequences
    assert (batch.tokens[~batch.mask] == 0).all() and (batch.targets[~batch.mask] == IGNORED).all()


@given(LISTS, st.integers(1, 5), st.booleans())
def test_batches_hold_everything_once_and_pad_little(sequences, batch_size, shuffle):
    labels = np.arange(len(sequences))
    found = list(batches(sequences, labels, batch_size, shuffle=shuffle, generator=np.random.default_rng(0)))
    seen = {int(y): row[:n].tolist() for b in found for row, n, y in zip(b.tokens, b.lengths, b.targets, strict=True)}
    assert seen == dict(enumerate(sequences)) and sum(len(b.lengths) for b in found) == len(sequences)
    assert all(b.tokens.shape[1] == b.lengths.max() and len(b.lengths) <= batch_size for b in found)
    ranges = sorted((b.lengths.min(), b.lengths.max()) for b in found)
    assert all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:]))  # sorted by length, then cut


def test_shuffling_comes_from_the_generator():
    sequences = [[i] * (1 + i // 10) for i in range(1, 40)]
    runs = [[b.tokens.tolist() for b in batches(sequences, None, 4, generator=np.random.default_rng(seed))]
            for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
    straight = [b.lengths[0] for b in batches(sequences, batch_size=4, shuffle=False)]
    assert straight == sorted(straight) and next(batches(sequences)).targets is None


def test_targets_of_steps_are_cut_with_their_batch():
    first = next(batches([[1], [2, 3, 4]], [[7], [8, 9, 7]], 1, shuffle=False))
    assert first.tokens.tolist() == [[1]] and first.targets.tolist() == [[7]]


def test_a_cross_entropy_does_not_count_the_padding():
    batch = pad([[1, 2, 3], [4]], [[0, 1, 0], [1]])
    logits = np.random.default_rng(0).standard_normal((2, 3, 2))
    loss = scratch.cross_entropy(scratch.Tensor(logits.reshape(-1, 2)), scratch.as_tensor(batch.targets.ravel()))
    alone = scratch.cross_entropy(scratch.Tensor(logits[batch.mask]), scratch.as_tensor(batch.targets[batch.mask]))
    assert loss.item() == pytest.approx(alone.item())


@pytest.mark.parametrize("call, message", [
    (lambda: pad([[1], [], [2]]), "pad: sequence 1 of 3 is empty; leave it out"),
    (lambda: pad([]), "pad: got no sequences"),
    (lambda: pad([[1], [2]], [0]), "got 2 sequences and 1 targets; each needs one"),
    (lambda: pad([[1], [2, 3]], [[0], [1]]), "sequence 1 has 2 steps and 1 targets; each step needs one"),
    (lambda: next(batches([[1]], batch_size=0)), "batch_size must be at least 1, got 0"),
    (lambda: next(streams(np.arange(3), 3, 2)), "got 3 numbers for batch_size=3 and steps=2"),
    (lambda: next(streams(np.arange(9), 0, 2)), "for batch_size=0"),
    (lambda: next(streams(np.arange(9), 2, 0)), "and steps=0"),
])
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- one long text
@given(st.integers(2, 60), st.integers(1, 5), st.integers(1, 9))
def test_streams_go_on_where_they_ended(n, batch_size, steps):
    if (n - 1) // batch_size < 1:
        return
    x, y = (np.concatenate(pieces, 1) for pieces in zip(*streams(np.arange(n), batch_size, steps)))
    columns = (n - 1) // batch_size
    np.testing.assert_array_equal(x, np.arange(batch_size * columns).reshape(batch_size, columns))
    np.testing.assert_array_equal(y, x + 1)


# ---- the corpus
def test_the_corpus_is_the_pinned_one():
    for snapshot in corpus.SNAPSHOTS:
        sentences, chapters = corpus.load(snapshot)
        assert len(sentences) == len(chapters) > 1500
        assert {"01_mathematics", "02_neurons", "03_backpropagation", "04_optimizers"} < set(chapters)
        assert all(s.isascii() and s.isprintable() and s == s.strip() for s in sentences)
        assert len(set(sentences)) == len(sentences)
        assert not [s for s in sentences if set(s) & set("$`\\{}|")]
    assert "CC BY 4.0" in (corpus.CORPORA / "prose-1.tsv").read_text("utf8").splitlines()[0]


def test_a_changed_corpus_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "prose-1.tsv"
    original = (corpus.CORPORA / "prose-1.tsv").read_bytes()
    monkeypatch.setattr(corpus, "CORPORA", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"prose-1.tsv is missing; .* install dlbook again"):
        corpus.load()
    path.write_bytes(original.replace(b"gradient", b"Gradient", 1))
    with pytest.raises(ValueError, match=r"prose-1.tsv was changed: its SHA-256 is \w{12}…, not "
                                         rf"{corpus.SNAPSHOTS[1][:12]}…\. .*git checkout -- .*/prose-1.tsv"):
        corpus.load()
    path.write_bytes(original.replace(b"\n", b"\r\n"))  # a checkout on Windows
    assert corpus.load().sentences[0] == original.decode().splitlines()[1].partition("\t")[2]
    with pytest.raises(ValueError, match="there is no snapshot 99; known are 1"):
        corpus.load(99)


def test_whole_blocks_go_to_one_part():
    parts = corpus.split_blocks(205, 10, val=0.2, test=0.1, seed=4)
    assert sorted(np.concatenate(parts)) == list(range(205))
    assert all(np.array_equal(part, np.sort(part)) for part in parts)
    blocks = [set(part // 10) for part in parts]
    assert [len(b) for b in blocks] == [15, 4, 2] and not (blocks[0] & blocks[1] or blocks[0] & blocks[2])
    np.testing.assert_array_equal(corpus.split_blocks(205, 10, val=0.2, test=0.1, seed=4).test, parts.test)
    assert not np.array_equal(corpus.split_blocks(205, 10, val=0.2, test=0.1, seed=5).test, parts.test)
    for wrong in ((0, 10), (30, 10), (100, 0)):
        with pytest.raises(ValueError, match=f"split_blocks: {wrong[0]} sentences in blocks of {wrong[1]} cannot be"):
            corpus.split_blocks(*wrong)


# ---- the script that makes it
maker = importlib.import_module("website.corpus")
PAGE = """---
head: matter
---
(a-label)=
# A heading of three words

It is **bold**, *slanted* and a {term}`loss <loss function>`, with $x_1 = 2$, `dlbook.data` and [a link](b.md). Its rate
$\\eta$ is seen in {numref}`fig-a` {cite:p}`key2000`. {numref}`fig-a` shows it – "well". Here $\\frac12$ is a hole.
As {cite:t}`key2000` found. No `x = 1` here at all. Too short.

$$ y = x $$ (eq-y)

| a table | is not taken at all |
|---|---|

```python
print("nor is the code of it")
```

:::{note}
:class: tip
- A note is taken, and
  its lines are one sentence.
- The second item of it
:::

<!-- A comment is left out of it. -->
**Exercise 6.1** ★★ Compute the sum of these. 激活函数. The Chinese name is left out.
"""


def test_prose(tmp_path):
    (tmp_path / "page.md").write_text(PAGE, "utf8")
    assert maker.prose(tmp_path / "page.md") == [
        "A heading of three words",
        "It is bold, slanted and a loss, with x1 = 2, dlbook.data and a link.",
        "Its rate eta is seen in the figure.",
        'The figure shows it - "well".',
        "A note is taken, and its lines are one sentence.",
        "The second item of it",
        "Compute the sum of these.",
        "The Chinese name is left out.",
    ]


def test_quizzes_captions_and_texts_for_figures_are_prose(tmp_path):
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("The text cell comes first."),
        nbformat.v4.new_code_cell('Quiz("Which of them is it?", {"The first one here": "No, it is not."}, key="a key")',
                                  metadata={}),
        nbformat.v4.new_code_cell('print("The code of a figure")', metadata={"mystnb": {
            "image": {"alt": "Two curves that cross."}, "figure": {"caption": "They cross at one point."}}}),
    ])
    path = tmp_path / "03_page.ipynb"
    nbformat.write(notebook, path)
    assert maker.prose(path) == ["The text cell comes first.", "Which of them is it?", "The first one here",
                                 "No, it is not.", "They cross at one point.", "Two curves that cross."]


def test_a_sentence_of_two_files_belongs_to_none_and_no_snapshot_is_overwritten(tmp_path, monkeypatch, capsys):
    (tmp_path / "chapters").mkdir()
    for name, own in (("intro", "Only the preface says this."), ("glossary", "term\n  Only the glossary says this.")):
        (tmp_path / f"{name}.md").write_text(f"Both of them say that.\n\n{own}\n", "utf8")
    monkeypatch.setattr(maker, "ROOT", tmp_path)
    monkeypatch.setattr(maker, "CORPORA", tmp_path / "corpora")
    assert maker.snapshot().splitlines()[1:] == ["intro\tOnly the preface says this.",
                                                 "glossary\tOnly the glossary says this."]
    assert maker.main([]) == 0 and not (tmp_path / "corpora").exists()
    assert maker.main(["1"]) == 1 and not (tmp_path / "corpora").exists()
    assert "'1' must be a new number; there are 1, and they stay" in capsys.readouterr().out
    assert maker.main(["77"]) == 0
    number, digest = capsys.readouterr().out.splitlines()[-1].strip().rstrip(",").split(": ")
    assert maker.main(["77"]) == 1  # it is there now
    shutil.rmtree(tmp_path / "chapters")
    monkeypatch.setattr(corpus, "CORPORA", tmp_path / "corpora")
    monkeypatch.setitem(corpus.SNAPSHOTS, int(number), digest.strip('"'))
    assert corpus.load(77) == (["Only the preface says this.", "Only the glossary says this."], ["intro", "glossary"])


# ---- n-grams and perplexity
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 4), st.lists(st.integers(0, 4), max_size=5))
def test_n_grams_give_probabilities(numbers, n, context):
    p = NGram(numbers, n, 5).probabilities(context)
    assert p.sum() == pytest.approx(1) and (p > 0).all()


def test_n_grams_count():
    text = [0, 1, 0, 1, 0, 2]
    assert NGram(text, 1, 3).probabilities([1]) == pytest.approx([(3 + 1) / 9, (2 + 1) / 9, (1 + 1) / 9])
    one = NGram(text, 1, 3).probabilities([])
    assert NGram(text, 2, 3).probabilities([0]) == pytest.approx((np.array([0, 2, 1]) + 2 * one) / 5)
    assert NGram(text, 2, 3).probabilities([2]) == pytest.approx(one)  # nothing followed it
    assert NGram([], 2, 4).probabilities([1]) == pytest.approx([0.25] * 4)
    long = [0, 1, 2] * 50
    assert NGram(long, 2, 3).perplexity(long) < 1.05 < 2.9 < NGram(long, 1, 3).perplexity(long) < 3.1
    with pytest.raises(ValueError, match="n and vocab must be at least 1, got 0 and 3"):
        NGram(text, 0, 3)


def test_perplexity():
    rng = np.random.default_rng(0)
    z, t = rng.standard_normal((4, 5, 7)) * 3, rng.integers(0, 7, (4, 5))
    loss = scratch.cross_entropy(scratch.Tensor(z.reshape(-1, 7)), scratch.as_tensor(t.ravel())).item()
    assert metrics.perplexity(t, z) == pytest.approx(math.exp(loss), rel=1e-6)
    part = np.where(rng.random(t.shape) < 0.5, t, -100)
    assert metrics.perplexity(part, z) == pytest.approx(metrics.perplexity(t[part >= 0], z[part >= 0]))
    assert metrics.perplexity(t, z + 1e6) == pytest.approx(metrics.perplexity(t, z))
    assert math.isnan(metrics.perplexity(np.full(3, -100), np.zeros((3, 2))))
    with pytest.raises(ValueError, match=r"got targets of shape \(4,\) and logits of shape \(4, 5, 7\)"):
        metrics.perplexity(t[:, 0], z)
