"""The twins of ``dlbook.scratch.models``: same class names, arguments and ``state_dict`` keys."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from dlbook.scratch.models import check_mlp

ACTIVATIONS = {
    "identity": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU, "gelu": nn.GELU, "gelu_tanh": lambda: nn.GELU("tanh"), "silu": nn.SiLU, "softplus": nn.Softplus,
}


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with an activation between them, none after the last.

    ``sizes`` are the numbers of units from the input to the output.  ``generator`` is a ``torch.Generator``.
    ValueError for fewer than two sizes or an unknown activation.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "relu", *, generator: torch.Generator | None = None):
        super().__init__()
        check_mlp(sizes, activation, ACTIVATIONS)
        layers: list[nn.Module] = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            layers += [_linear(n_in, n_out, generator), ACTIVATIONS[activation]()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.layers(input)


def _linear(n_in: int, n_out: int, generator: torch.Generator | None) -> nn.Linear:
    """``nn.Linear`` whose first values, uniform between ±1/√n_in, come from ``generator``."""
    layer = nn.Linear(n_in, n_out)
    if generator is not None:
        for parameter in layer.parameters():
            nn.init.uniform_(parameter, -(n_in**-0.5), n_in**-0.5, generator=generator)
    return layer
