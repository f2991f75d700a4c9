"""Text as numbers: sentences, words, characters, byte-pair encoding, vocabularies.

    tokenizer = CharTokenizer(corpus.load().sentences)
    tokenizer.decode(tokenizer.encode("a loss"))      # "a loss"

In every vocabulary 0 is padding and 1 is the unknown token.
"""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

PADDING, UNKNOWN = "<pad>", "<unk>"  # the tokens 0 and 1
WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:['’-]\w+)*|[^\w\s]")
PIECE = re.compile(r" ?\w+| ?[^\w\s]+|\s")  # what byte-pair encoding never joins; together they are the whole text
NO_END = re.compile(r"\b(?:e\.g|i\.e|et al|cf|vs|Eq|Eqs|Fig|Figs|No|Dr|Mr|Mrs|St|[A-Z])\.$")
END = re.compile(r"""[.!?]["')\]’”]*(?=\s+["'(\[‘“]?[A-Z0-9])""")


def sentences(text: str) -> list[str]:
    """The sentences of ``text``: one ends at . ! or ? if a capital letter or a number follows, or at the end.

    A full stop after an initial or after an abbreviation such as "e.g." ends none.

    >>> sentences("It is 3.5 m high, e.g. A. B. saw it.  Is it?")
    ['It is 3.5 m high, e.g. A. B. saw it.', 'Is it?']
    """
    text, found, start = " ".join(text.split()), [], 0
    for end in END.finditer(text):
        if not NO_END.search(text[start:end.end()]):
            found.append(text[start:end.end()].strip())
            start = end.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


def words(text: str, lower: bool = True) -> list[str]:
    """Words, numbers and single marks, in small letters unless ``lower`` is False.

    >>> words("Don't pay 3.50, don't!")
    ["don't", 'pay', '3.50', ',', "don't", '!']
    """
    return WORD.findall(text.lower() if lower else text)


# ---- tokens and their numbers
class Vocabulary:
    """The number of each token: 0 is padding, 1 stands for every token that is not in it, then come ``tokens``.

    ValueError if a token comes twice.

    >>> vocabulary = Vocabulary(["a", "b"])
    >>> vocabulary.encode(["b", "c"])
    array([3, 1])
    >>> vocabulary.decode([3, 1])
    ['b', '<unk>']
    """

    def __init__(self, tokens: Iterable[Hashable]):
        self.tokens = [PADDING, UNKNOWN, *tokens]
        self._numbers = {token: number for number, token in enumerate(self.tokens)}
        if len(self._numbers) < len(self.tokens):
            token, times = Counter(self.tokens).most_common(1)[0]
            raise ValueError(f"Vocabulary: the token {token!r} comes {times} times; each must be there once"
                             + (", and this one is always there" if token in (PADDING, UNKNOWN) else ""))

    @classmethod
    def of(cls, tokens: Iterable[Hashable], min_count: int = 1, max_size: int | None = None) -> Vocabulary:
        """The tokens that come at least ``min_count`` times, the commonest first, equally common ones in their order.

        ``max_size`` limits the length, padding and unknown included.
        """
        if min_count < 1 or max_size is not None and max_size < 3:
            raise ValueError(f"Vocabulary.of: min_count must be at least 1 and max_size at least 3 (padding, unknown "
                             f"and one token), got {min_count} and {max_size}")
        counts = Counter(tokens)
        kept = [token for token in sorted(counts, key=lambda t: (-counts[t], t)) if counts[token] >= min_count]
        return cls(kept[:None if max_size is None else max_size - 2])

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: Hashable) -> bool:
        return token in self._numbers

    def encode(self, tokens: Iterable[Hashable]) -> np.ndarray:
        """The numbers (n,), int64, of n tokens; 1 for those that are not here."""
        return np.array([self._numbers.get(token, 1) for token in tokens], np.int64)

    def decode(self, numbers: Iterable[int]) -> list:
        """The tokens of ``numbers``.  ValueError for one that no token has."""
        numbers = np.asarray(numbers)
        if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
            raise ValueError(f"decode: got numbers of dtype {numbers.dtype}; tokens have whole numbers")
        if numbers.ndim != 1:
            raise ValueError(f"decode: got numbers of shape {numbers.shape}; decode one sequence (n,) at a time")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise ValueError(f"decode: got numbers from {numbers.min()} to {numbers.max()}; this vocabulary has "
                             f"{len(self)} tokens, 0 to {len(self) - 1}")
        return [self.tokens[number] for number in numbers]


class Tokenizer:
    """What the tokenizers share: ``split`` and ``join`` know the tokens, ``vocabulary`` their numbers."""

    vocabulary: Vocabulary

    def split(self, text: str) -> list:
        raise NotImplementedError(f"{type(self).__name__} has no split()")

    def join(self, tokens: Iterable) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no join()")

    def encode(self, text: str) -> np.ndarray:
        """The numbers (n,), int64, of the tokens of ``text``."""
        if not isinstance(text, str):
            raise TypeError(f"{type(self).__name__}.encode: got {type(text).__name__}; pass one text (str), "
                            "and several one by one")
        return self.vocabulary.encode(self.split(text))

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of ``numbers``, without the padding."""
        return self.join(token for token in self.vocabulary.decode(numbers) if token != PADDING)

    def __len__(self) -> int:
        return len(self.vocabulary)


class WordTokenizer(Tokenizer):
    """A token is a word, a number or a mark; those that come less than ``min_count`` times in ``texts`` are unknown.

    Joined, words stand one space apart: the text comes back up to its spaces, and in small letters if ``lower``.

    >>> tokenizer = WordTokenizer(["The loss falls.", "the loss"], min_count=2)
    >>> tokenizer.encode("The gradient, the loss")
    array([3, 1, 1, 3, 2])
    >>> tokenizer.decode([3, 1, 2, 0, 0])
    'the <unk> loss'
    """

    def __init__(self, texts: Iterable[str], *, min_count: int = 1, max_size: int | None = None, lower: bool = True):
        self.lower = lower
        self.vocabulary = Vocabulary.of((w for t in _texts(self, texts) for w in self.split(t)), min_count, max_size)

    def split(self, text: str) -> list[str]:
        return words(text, self.lower)

    def join(self, tokens: Iterable[str]) -> str:
        return " ".join(tokens)


class CharTokenizer(Tokenizer):
    """A token is a character; those that come less than ``min_count`` times in ``texts`` are unknown, and read �.

    >>> CharTokenizer(["banana"]).encode("nab!")
    array([3, 2, 4, 1])
    """

    def __init__(self, texts: Iterable[str], *, min_count: int = 1, max_size: int | None = None):
        self.vocabulary = Vocabulary.of((c for t in _texts(self, texts) for c in t), min_count, max_size)

    def split(self, text: str) -> list[str]:
        return list(text)

    def join(self, tokens: Iterable[str]) -> str:
        return "".join("�" if token == UNKNOWN else token for token in tokens)


class BPETokenizer(Tokenizer):
    """Byte-pair encoding (Gage, 1994; Sennrich et al., 2016) on bytes: nothing is unknown, every text comes back.

    It starts from the 256 bytes.  The pair of neighbours that is most frequent in ``texts`` becomes one token, again
    and again, until there are ``size`` tokens, or no pair comes twice.  Words are not joined across a space, which
    belongs to the word after it.  ``merges`` lists the pairs in their order.  Text is split by the same merges, the
    earliest first.  ValueError if ``size`` leaves no room for the bytes.

    >>> tokenizer = BPETokenizer(["low lower lowest"], size=261)
    >>> tokenizer.merges
    [(b'l', b'o'), (b'lo', b'w'), (b' ', b'low')]
    >>> tokenizer.split("slow low")
    [b's', b'low', b' low']
    """

    def __init__(self, texts: Iterable[str], size: int = 512):
        if size < 258:
            raise ValueError(f"BPETokenizer: size must be at least 258 (256 bytes, padding and unknown), got {size}")
        counts = Counter(piece for text in _texts(self, texts) for piece in PIECE.findall(text))
        self.merges = _merges(counts, size - 258)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known: dict[str, list[bytes]] = {}
        joined = dict.fromkeys(a + b for a, b in self.merges)  # two ways can lead to one token
        self.vocabulary = Vocabulary([*map(_byte, range(256)), *joined])

    def split(self, text: str) -> list[bytes]:
        return [token for piece in PIECE.findall(text) for token in self._split_piece(piece)]

    def _split_piece(self, piece: str) -> list[bytes]:
        if piece not in self._known:
            tokens = list(map(_byte, piece.encode()))
            while pairs := set(zip(tokens, tokens[1:])) & self._ranks.keys():
                tokens = _join_pair(tokens, min(pairs, key=self._ranks.__getitem__))
            self._known[piece] = tokens
        return self._known[piece]

    def join(self, tokens: Iterable[bytes]) -> str:
        return b"".join("�".encode() if token == UNKNOWN else token for token in tokens).decode(errors="replace")


def _merges(counts: Counter[str], n: int) -> list[tuple[bytes, bytes]]:
    """The first ``n`` pairs to join; ``counts`` says how often each piece comes.  Of equal pairs the smaller wins."""
    pieces = [(list(map(_byte, piece.encode())), count) for piece, count in counts.items()]
    pairs, places = Counter(), defaultdict(set)

    def count(i: int, sign: int) -> None:
        tokens, times = pieces[i]
        for pair in zip(tokens, tokens[1:]):
            pairs[pair] += sign * times
            places[pair].add(i)

    for i in range(len(pieces)):
        count(i, 1)
    found = []
    while len(found) < n and pairs:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < 2:
            break
        found.append(best)
        for i in places.pop(best):
            count(i, -1)
            pieces[i] = _join_pair(pieces[i][0], best), pieces[i][1]
            count(i, 1)
        del pairs[best]
    return found


def _join_pair(tokens: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    joined, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i:i + 2]) == pair:
            joined.append(pair[0] + pair[1])
            i += 2
        else:
            joined.append(tokens[i])
            i += 1
    return joined


def _byte(number: int) -> bytes:
    return bytes([number])


def _texts(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterable[str]:
    if isinstance(texts, str):
        raise TypeError(f"{type(tokenizer).__name__}: got one text; pass a list of texts, here [text]")
    return texts


def bag_of_words(sequences: Sequence, size: int) -> np.ndarray:
    """How often each of ``size`` tokens comes in each sequence, (n, size) float32; their order is lost.

    ValueError for a number that is too large.

    >>> bag_of_words([[2, 3, 2], [1]], size=4)
    array([[0., 0., 2., 1.],
           [0., 1., 0., 0.]], dtype=float32)
    """
    largest = max((max(sequence, default=0) for sequence in sequences), default=0)
    if largest >= size:
        raise ValueError(f"bag_of_words: got the number {largest}; with size={size} they go from 0 to {size - 1}")
    return np.array([np.bincount(sequence, minlength=size) for sequence in sequences], np.float32).reshape(-1, size)
