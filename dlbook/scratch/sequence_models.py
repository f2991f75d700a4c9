"""The book's networks for sequences: an embedding, a recurrent layer, a linear layer.

``dlbook.pt.sequence_models`` has the same ones in PyTorch.  B sequences, T steps, V tokens.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlbook.scratch.combine import cat
from dlbook.scratch.dropout import Dropout
from dlbook.scratch.embedding import Embedding
from dlbook.scratch.linear import Linear
from dlbook.scratch.models import check_counts
from dlbook.scratch.module import Module
from dlbook.scratch.random import default_generator
from dlbook.scratch.recurrent import GRU, LSTM, RNN
from dlbook.scratch.tensor import Tensor, as_tensor, no_grad

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class _Reader(Module):
    """What the networks share: their layers, and where a padded sequence ends."""

    def __init__(self, vocab: int, embed: int, hidden: int, outputs: int, cell: str, bidirectional: bool,
                 dropout: float, padding_idx: int | None, generator: np.random.Generator | None):
        super().__init__()
        check_reader(type(self).__name__, CELLS, cell, vocab, embed, hidden, outputs)
        self.padding_idx = padding_idx
        self.embedding = Embedding(vocab, embed, padding_idx, generator=generator)
        self.recurrent = CELLS[cell](embed, hidden, batch_first=True, bidirectional=bidirectional, generator=generator)
        self.linear = Linear(hidden * (1 + bidirectional), outputs, generator=generator)
        self.dropout = Dropout(dropout, generator=generator)

    def _read(self, input: Tensor, lengths, state=None) -> tuple:
        """The hidden state after every step, and the last state."""
        check_tokens(type(self).__name__, input.shape)
        if lengths is None and self.padding_idx is not None:
            lengths = real_lengths(input.array, self.padding_idx)
        return self.recurrent(self.dropout(self.embedding(input)), state, lengths=lengths)


class RNNClassifier(_Reader):
    """One class for a whole sequence, from the state after its last token: many to one.

    Tokens (B, T) give logits (B, classes).  ``cell`` is "rnn", "lstm" or "gru".  A sequence ends where ``lengths`` (B,)
    says, without them before the tokens ``padding_idx`` at its end; with ``padding_idx=None`` it then reads on to T.
    ``bidirectional`` reads from both ends and takes both last states.  ``dropout`` acts, in training, on the embedded
    tokens and on the state.  ValueError for sizes below 1, an unknown cell, tokens that are no (B, T).

    >>> sum(p.numel() for p in RNNClassifier(100, 8, 16, 4).parameters())   # 800 + 4 · 16 (8 + 16 + 2) + 68
    2532
    """

    def __init__(self, vocab: int, embed: int, hidden: int, classes: int, cell: str = "lstm",
                 bidirectional: bool = False, dropout: float = 0.0, padding_idx: int | None = 0, *,
                 generator: np.random.Generator | None = None):
        super().__init__(vocab, embed, hidden, classes, cell, bidirectional, dropout, padding_idx, generator)

    def forward(self, input: Tensor, lengths: Sequence[int] | None = None) -> Tensor:
        _, state = self._read(input, lengths)
        h = state[0] if isinstance(state, tuple) else state             # (directions, B, H)
        last = cat([h[0], h[1]], dim=-1) if self.recurrent.bidirectional else h[0]
        return self.linear(self.dropout(last))


class SequenceTagger(_Reader):
    """A class for every token, from the state after it: many to many.  Tokens (B, T) give logits (B, T, classes).

    Arguments and lengths as in RNNClassifier; behind the end of a sequence the logits are the bias, and mean nothing.
    """

    def __init__(self, vocab: int, embed: int, hidden: int, classes: int, cell: str = "lstm",
                 bidirectional: bool = True, dropout: float = 0.0, padding_idx: int | None = 0, *,
                 generator: np.random.Generator | None = None):
        super().__init__(vocab, embed, hidden, classes, cell, bidirectional, dropout, padding_idx, generator)

    def forward(self, input: Tensor, lengths: Sequence[int] | None = None) -> Tensor:
        output, _ = self._read(input, lengths)
        return self.linear(self.dropout(output))


class CharLM(_Reader):
    """A language model: after every token, the logits of the next one.

    Tokens (B, T) and a state give logits (B, T, vocab) and the state after the last token, with which the next piece of
    the same text begins; no state is that before a text.  ``dropout`` as in RNNClassifier.
    """

    def __init__(self, vocab: int, embed: int, hidden: int, cell: str = "gru", dropout: float = 0.0, *,
                 generator: np.random.Generator | None = None):
        super().__init__(vocab, embed, hidden, vocab, cell, False, dropout, None, generator)

    def forward(self, input: Tensor, state=None) -> tuple:
        output, state = self._read(input, None, state)
        return self.linear(self.dropout(output)), state

    @staticmethod
    def detach(state):
        """The same numbers cut off from the tape: gradients of the next piece end here."""
        return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()

    def generate(self, prompt: Sequence[int], steps: int, temperature: float = 1.0, top_k: int | None = None, *,
                 generator: np.random.Generator | None = None) -> np.ndarray:
        """``steps`` tokens (steps,) that go on after the tokens ``prompt``, drawn one by one from ``next_token``.

        One uniform number of the generator is used for each.  ValueError for an empty prompt.
        """
        check_prompt(prompt, steps)
        was_training, rng, found = self.training, default_generator(generator), []
        self.eval()
        piece, state = np.asarray(prompt), None
        with no_grad():
            for _ in range(steps):
                logits, state = self(as_tensor(piece[None]), state)
                found.append(choose(next_token(logits.array[0, -1], temperature, top_k), rng.random()))
                piece = np.array(found[-1:])
        self.train(was_training)
        return np.array(found, np.int64)


# ---- what the twins share
def next_token(logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None) -> np.ndarray:
    """softmax(z / temperature) of the logits z (V,), float64, over the ``top_k`` largest alone if that is given.

    At temperature 0 the largest has probability 1.  Of equal logits the first ones count as larger.  ValueError for a
    negative temperature, and for a top_k below 1.

    >>> next_token(np.log([1., 2., 1.]), temperature=0.5).round(3)
    array([0.167, 0.667, 0.167])
    >>> next_token(np.log([1., 2., 1.]), top_k=2).round(3)
    array([0.333, 0.667, 0.   ])
    """
    if not temperature >= 0 or top_k is not None and top_k < 1:
        raise ValueError(f"next_token: temperature must be 0 or more and top_k at least 1, got {temperature} "
                         f"and {top_k}")
    order = np.argsort(-np.asarray(logits, np.float64), kind="stable")
    kept = order[:1 if temperature == 0 else top_k]
    z = np.asarray(logits, np.float64)[kept]
    p = np.zeros(len(order))
    p[kept] = np.exp((z - z[0]) / (temperature or 1))
    return p / p.sum()


def choose(p: np.ndarray, u: float) -> int:
    """The first index at which the sum of the probabilities ``p`` (V,) exceeds ``u``, a uniform number in [0, 1)."""
    return min(int(np.searchsorted(np.cumsum(p), u, side="right")), int(np.flatnonzero(p)[-1]))


def real_lengths(tokens: np.ndarray, padding_idx: int) -> np.ndarray:
    """How many of the tokens (B, T) stand before the padding at the end of each sequence, at least 1."""
    real = tokens != padding_idx
    return np.where(real.any(1), tokens.shape[1] - real[:, ::-1].argmax(1), 1)


def check_reader(name: str, known: dict, cell: str, vocab: int, embed: int, hidden: int, outputs: int) -> None:
    check_counts(name, vocab=vocab, embed=embed, hidden=hidden, classes=outputs)
    if cell not in known:
        raise ValueError(f"{name}: unknown cell {cell!r}; known are {', '.join(known)}")


def check_tokens(name: str, shape: Sequence[int]) -> None:
    if len(shape) != 2 or shape[1] < 1:
        way_out = ". One sequence is a batch of one: x[None]" if len(shape) == 1 else ""
        raise ValueError(f"{name}: got tokens of shape {tuple(shape)}; expected (B, T) with T at least 1{way_out}")


def check_prompt(prompt: Sequence[int], steps: int) -> None:
    if len(prompt) < 1 or steps < 0:
        raise ValueError(f"generate: got a prompt of {len(prompt)} tokens and steps={steps}; a network needs at least "
                         "one token to go on from, and steps must be 0 or more")
