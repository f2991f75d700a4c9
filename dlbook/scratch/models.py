"""The book's networks.  ``dlbook.pt.models`` has the same ones, with the same names and arguments, in PyTorch."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlbook.scratch import activation as act
from dlbook.scratch.linear import Linear
from dlbook.scratch.module import Module, Sequential
from dlbook.scratch.tensor import Tensor

ACTIVATIONS = {
    "identity": act.Identity, "sigmoid": act.Sigmoid, "tanh": act.Tanh, "relu": act.ReLU, "leaky_relu": act.LeakyReLU,
    "elu": act.ELU, "gelu": act.GELU, "gelu_tanh": lambda: act.GELU("tanh"), "silu": act.SiLU, "softplus": act.Softplus,
}


class MLP(Module):
    """A multilayer perceptron: linear layers with an activation between them, none after the last.

    ``sizes`` are the numbers of units from the input to the output: ``MLP([64, 32, 10])`` takes (n, 64) and gives
    (n, 10).  ValueError for fewer than two sizes or an unknown activation.

    >>> sum(p.numel() for p in MLP([3, 2]).parameters())
    8
    """

    def __init__(self, sizes: Sequence[int], activation: str = "relu", *, generator: np.random.Generator | None = None):
        super().__init__()
        check_mlp(sizes, activation, ACTIVATIONS)
        layers: list[Module] = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            layers += [Linear(n_in, n_out, generator=generator), ACTIVATIONS[activation]()]
        self.layers = Sequential(*layers[:-1])

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input)


def check_mlp(sizes: Sequence[int], activation: str, known: dict) -> None:
    """The checks that both MLPs share."""
    if len(sizes) < 2 or any(not isinstance(n, (int, np.integer)) or n < 1 for n in sizes):
        raise ValueError(f"MLP: sizes must be two or more positive whole numbers, input first, got {list(sizes)}")
    if activation not in known:
        raise ValueError(f"MLP: unknown activation {activation!r}; known are {', '.join(known)}")
