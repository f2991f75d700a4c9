"""Tokens and back, sentences, vocabularies, byte-pair encoding."""
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import text
from dlbook.text import BPETokenizer, CharTokenizer, Vocabulary, WordTokenizer

SAMPLE = ["The loss falls, the gradient shrinks.", "A gradient of the loss: 3.5, not 4!", "Don't stop; it falls again."]
BPE = BPETokenizer(SAMPLE * 3, size=300)


# ---- sentences
@pytest.mark.parametrize("given, expected", [
    ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
    ("It costs 3.50. 4 remain.", ["It costs 3.50.", "4 remain."]),
    ("See e.g. Hinton, i.e. him. Cf. Fig. 3 and Eq. 2.", ["See e.g. Hinton, i.e. him.", "Cf.", "Fig. 3 and Eq. 2."]),
    ("Rumelhart et al. Showed it. J. S. Bach too.", ["Rumelhart et al. Showed it.", "J. S. Bach too."]),
    ('He said "No." Then (as always.) He left.', ['He said "No."', "Then (as always.)", "He left."]),
    ("use numpy. it is small", ["use numpy. it is small"]),
    (" two\nlines.  Two\tspaces ", ["two lines.", "Two spaces"]),
    ("", []),
    ("  ", []),
])
def test_sentences(given, expected):
    assert text.sentences(given) == expected


@given(st.text())
def test_no_letter_is_lost_between_sentences(t):
    assert " ".join(" ".join(text.sentences(t)).split()) == " ".join(t.split())


# ---- words
@given(st.text())
def test_words_are_what_is_no_space_and_stay_words_when_joined(t):
    found = text.words(t)
    assert "".join(found) == "".join(t.lower().split())
    assert text.words(" ".join(found)) == found


def test_words_keep_numbers_and_apostrophes_together():
    assert text.words("It's 1,000.5 m, state-of-the-art (x=2).") == \
        ["it's", "1,000.5", "m", ",", "state-of-the-art", "(", "x", "=", "2", ")", "."]
    assert text.words("A b", lower=False) == ["A", "b"]


# ---- vocabulary
def test_the_commonest_come_first_and_ties_in_their_order():
    vocabulary = Vocabulary.of("cabbac c".split() + list("baba"))
    assert vocabulary.tokens == ["<pad>", "<unk>", "a", "b", "c", "cabbac"]
    assert len(vocabulary) == 6 and "a" in vocabulary and "z" not in vocabulary
    assert Vocabulary.of("aabbbc", min_count=2).tokens[2:] == ["b", "a"]
    assert Vocabulary.of("aabbbc", max_size=3).tokens[2:] == ["b"]


@given(st.lists(st.text(min_size=1).filter(lambda t: t not in ("<pad>", "<unk>")), unique=True))
def test_a_vocabulary_is_a_bijection(tokens):
    vocabulary = Vocabulary(tokens)
    numbers = vocabulary.encode(tokens)
    assert numbers.dtype == np.int64 and numbers.tolist() == list(range(2, len(tokens) + 2))
    assert vocabulary.decode(numbers) == tokens


def test_unknown_tokens():
    vocabulary = Vocabulary(["a"])
    assert vocabulary.encode(["a", "b", "<pad>"]).tolist() == [2, 1, 0]
    assert vocabulary.decode([2, 1, 0]) == ["a", "<unk>", "<pad>"]
    assert vocabulary.encode([]).shape == (0,) and vocabulary.decode([]) == []


@pytest.mark.parametrize("call, message", [
    (lambda: Vocabulary(["a", "b", "a"]), "the token 'a' comes 2 times; each must be there once$"),
    (lambda: Vocabulary(["<unk>"]), "the token '<unk>' comes 2 times; .*, and this one is always there"),
    (lambda: Vocabulary.of("ab", min_count=0), "min_count must be at least 1 .* got 0 and None"),
    (lambda: Vocabulary.of("ab", max_size=2), "max_size at least 3 .* got 1 and 2"),
    (lambda: Vocabulary("ab").decode([1, 4]), "got numbers from 1 to 4; this vocabulary has 4 tokens, 0 to 3"),
    (lambda: Vocabulary("ab").decode([-1]), "got numbers from -1 to -1"),
    (lambda: Vocabulary("ab").decode([1.0]), "got numbers of dtype float64; tokens have whole numbers"),
    (lambda: Vocabulary("ab").decode([[1], [2]]), r"got numbers of shape \(2, 1\); decode one sequence"),
    (lambda: BPETokenizer(["a"], size=257), "size must be at least 258 .* got 257"),
])
def test_values_that_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("kind", [WordTokenizer, CharTokenizer, BPETokenizer])
def test_one_text_is_no_list_of_texts(kind):
    with pytest.raises(TypeError, match=rf"{kind.__name__}: got one text; pass a list of texts, here \[text\]"):
        kind("abc")
    with pytest.raises(TypeError, match=f"{kind.__name__}.encode: got list; pass one text"):
        kind(["abc"]).encode(["abc"])


# ---- there and back
@given(st.text(alphabet="".join(SAMPLE)))
def test_characters_come_back(t):
    tokenizer = CharTokenizer(SAMPLE)
    numbers = tokenizer.encode(t)
    assert len(numbers) == len(t) and tokenizer.decode(numbers) == t


@given(st.text())
def test_any_text_comes_back_from_byte_pairs(t):
    numbers = BPE.encode(t)
    assert BPE.decode(numbers) == t
    assert not np.isin(numbers, (0, 1)).any() and len(numbers) <= len(t.encode())


@given(st.lists(st.sampled_from("the loss falls , gradient 3.5 of".split())))
def test_words_come_back(found):
    tokenizer = WordTokenizer(SAMPLE)
    joined = " ".join(found)
    assert tokenizer.decode(tokenizer.encode(joined)) == joined


def test_what_is_unknown_and_what_is_padding():
    characters, words_ = CharTokenizer(["aab"], min_count=2), WordTokenizer(["a b b"], min_count=2)
    assert characters.decode(characters.encode("abba")) == "a��a"
    assert words_.decode([*words_.encode("b a b"), 0, 0]) == "b <unk> b"
    assert BPE.decode([1, *BPE.encode("x"), 0]) == "�x"
    assert len(characters) == 3 and len(words_) == 3


def test_small_letters_are_a_choice():
    assert WordTokenizer(["The the"]).vocabulary.tokens[2:] == ["the"]
    assert WordTokenizer(["The the"], lower=False).vocabulary.tokens[2:] == ["The", "the"]


# ---- byte-pair encoding
def merges_in_words(texts: list[str], n: int) -> list[tuple[bytes, bytes]]:
    """The definition of the algorithm, counted anew after every merge."""
    pieces = Counter(piece for t in texts for piece in text.PIECE.findall(t))
    split = {piece: [bytes([b]) for b in piece.encode()] for piece in pieces}
    found = []
    while len(found) < n:
        counts = Counter()
        for piece, tokens in split.items():
            for pair in zip(tokens, tokens[1:]):
                counts[pair] += pieces[piece]
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        found.append(best)
        for piece, tokens in split.items():
            out = []
            for token in tokens:
                if out and (out[-1], token) == best and not (out and out[-1] is None):
                    out[-1] = out[-1] + token
                    out.append(None)  # what was just joined joins nothing else in this round
                else:
                    out.append(token)
            split[piece] = [token for token in out if token is not None]
    return found


@given(st.lists(st.text("ab c", max_size=12), min_size=1, max_size=5))
def test_merges_are_those_of_the_definition(texts):
    assert BPETokenizer(texts, size=268).merges == merges_in_words(texts, 10)


def test_frequent_words_become_one_token_and_none_reaches_across_a_space():
    tokenizer = BPETokenizer(["the gradient of the loss"] * 20, size=400)
    assert tokenizer.split("the gradient") == [b"the", b" gradient"]
    assert not any(b" " in token[1:] for token in tokenizer.vocabulary.tokens[2:])
    assert tokenizer.split("gradientx") != tokenizer.split("gradient")
    assert len(tokenizer) == 2 + 256 + len(tokenizer.merges)  # it stops when no pair comes twice


def test_more_merges_shorten_the_text():
    lengths = [len(BPETokenizer(SAMPLE, size).encode(SAMPLE[0])) for size in (258, 270, 290)]
    assert lengths[0] == len(SAMPLE[0]) and lengths[0] > lengths[1] > lengths[2]


def test_bag_of_words():
    bag = text.bag_of_words([[2, 2, 3], [0]], 5)
    assert bag.tolist() == [[0, 0, 2, 1, 0], [1, 0, 0, 0, 0]] and bag.dtype == np.float32
    with pytest.raises(ValueError, match="bag_of_words: got the number 5; with size=5 .* 0 to 4"):
        text.bag_of_words([[2, 5]], 5)
    assert text.bag_of_words([], 5).shape == (0, 5)
