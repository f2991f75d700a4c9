"""The twins of ``dlbook.scratch.sequence_models``: same class names, arguments and ``state_dict`` keys."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from dlbook.scratch.random import default_generator
from dlbook.scratch.sequence_models import check_prompt, check_reader, check_tokens, choose, next_token, real_lengths

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class _Reader(nn.Module):
    """What the networks share: their layers, and where a padded sequence ends."""

    def __init__(self, vocab: int, embed: int, hidden: int, outputs: int, cell: str, bidirectional: bool,
                 dropout: float, padding_idx: int | None, generator: torch.Generator | None):
        super().__init__()
        check_reader(type(self).__name__, CELLS, cell, vocab, embed, hidden, outputs)
        self.padding_idx = padding_idx
        self.embedding = nn.Embedding(vocab, embed, padding_idx)
        self.recurrent = CELLS[cell](embed, hidden, batch_first=True, bidirectional=bidirectional)
        self.linear = nn.Linear(hidden * (1 + bidirectional), outputs)
        self.dropout = nn.Dropout(dropout)
        if generator is not None:
            self._start(generator)

    def _start(self, generator: torch.Generator) -> None:
        """The first values of the layers, as PyTorch draws them, from ``generator``."""
        nn.init.normal_(self.embedding.weight, generator=generator)
        if self.padding_idx is not None:
            self.embedding.weight.data[self.padding_idx] = 0
        for layer, n in ((self.recurrent, self.recurrent.hidden_size), (self.linear, self.linear.in_features)):
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -(n**-0.5), n**-0.5, generator=generator)

    def _read(self, input: torch.Tensor, lengths, state=None) -> tuple:
        """The hidden state after every step, and the last state."""
        check_tokens(type(self).__name__, input.shape)
        if lengths is None and self.padding_idx is not None:
            lengths = real_lengths(input.cpu().numpy(), self.padding_idx)
        x = self.dropout(self.embedding(input))
        if lengths is None:
            return self.recurrent(x, state)
        packed = pack_padded_sequence(x, torch.as_tensor(lengths).cpu(), batch_first=True, enforce_sorted=False)
        output, state = self.recurrent(packed, state)
        return pad_packed_sequence(output, batch_first=True, total_length=input.shape[1])[0], state


class RNNClassifier(_Reader):
    """One class for a whole sequence, from the state after its last token: many to one.

    Tokens (B, T) give logits (B, classes); the arguments as in ``dlbook.scratch``.
    """

    def __init__(self, vocab: int, embed: int, hidden: int, classes: int, cell: str = "lstm",
                 bidirectional: bool = False, dropout: float = 0.0, padding_idx: int | None = 0, *,
                 generator: torch.Generator | None = None):
        super().__init__(vocab, embed, hidden, classes, cell, bidirectional, dropout, padding_idx, generator)

    def forward(self, input: torch.Tensor, lengths: Sequence[int] | None = None) -> torch.Tensor:
        _, state = self._read(input, lengths)
        h = state[0] if isinstance(state, tuple) else state             # (directions, B, H)
        last = torch.cat([h[0], h[1]], dim=-1) if self.recurrent.bidirectional else h[0]
        return self.linear(self.dropout(last))


class SequenceTagger(_Reader):
    """A class for every token, from the state after it: many to many.  Tokens (B, T) give logits (B, T, classes).

    The arguments as in ``dlbook.scratch``.
    """

    def __init__(self, vocab: int, embed: int, hidden: int, classes: int, cell: str = "lstm",
                 bidirectional: bool = True, dropout: float = 0.0, padding_idx: int | None = 0, *,
                 generator: torch.Generator | None = None):
        super().__init__(vocab, embed, hidden, classes, cell, bidirectional, dropout, padding_idx, generator)

    def forward(self, input: torch.Tensor, lengths: Sequence[int] | None = None) -> torch.Tensor:
        output, _ = self._read(input, lengths)
        return self.linear(self.dropout(output))


class CharLM(_Reader):
    """A language model: after every token, the logits of the next one.

    Tokens (B, T) and a state give logits (B, T, vocab) and the state after the last token; the arguments as in
    ``dlbook.scratch``.
    """

    def __init__(self, vocab: int, embed: int, hidden: int, cell: str = "gru", dropout: float = 0.0, *,
                 generator: torch.Generator | None = None):
        super().__init__(vocab, embed, hidden, vocab, cell, False, dropout, None, generator)

    def forward(self, input: torch.Tensor, state=None) -> tuple:
        output, state = self._read(input, None, state)
        return self.linear(self.dropout(output)), state

    @staticmethod
    def detach(state):
        """The same numbers cut off from the tape: gradients of the next piece end here."""
        return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()

    @torch.no_grad()
    def generate(self, prompt: Sequence[int], steps: int, temperature: float = 1.0, top_k: int | None = None, *,
                 generator: np.random.Generator | None = None) -> np.ndarray:
        """``steps`` tokens (steps,) that go on after the tokens ``prompt``, drawn one by one from ``next_token``.

        The generator is NumPy's, so that the same seed gives the same text in both backends.  ValueError for an empty
        prompt.
        """
        check_prompt(prompt, steps)
        was_training, rng, found = self.training, default_generator(generator), []
        self.eval()
        piece, state, device = np.asarray(prompt), None, self.linear.weight.device
        for _ in range(steps):
            logits, state = self(torch.as_tensor(piece[None], device=device), state)
            found.append(choose(next_token(logits[0, -1].cpu().numpy(), temperature, top_k), rng.random()))
            piece = np.array(found[-1:])
        self.train(was_training)
        return np.array(found, np.int64)
