"""The twins of ``dlbook.scratch.models``: same class names, arguments and ``state_dict`` keys."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from dlbook.scratch.models import check_counts, check_images, check_mlp, lenet_sizes, resnet_blocks

ACTIVATIONS = {
    "identity": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU, "gelu": nn.GELU, "gelu_tanh": lambda: nn.GELU("tanh"), "silu": nn.SiLU, "softplus": nn.Softplus,
}
POOLINGS = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}


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


class LeNet(nn.Module):
    """Two convolutions of 5 × 5, each followed by an activation and by pooling of 2 × 2, then three linear layers.

    Input (n, 1, 28, 28), result (n, num_classes); the arguments as in ``dlbook.scratch``.  (LeCun et al., 1998.)
    """

    def __init__(self, num_classes: int = 10, width: int = 6, activation: str = "relu", pooling: str = "max", *,
                 generator: torch.Generator | None = None):
        super().__init__()
        c1, c2, h1, h2 = lenet_sizes(num_classes, width, activation, pooling)
        self.features = nn.Sequential(
            _conv(1, c1, 5, padding=2, generator=generator), ACTIVATIONS[activation](), POOLINGS[pooling](2),
            _conv(c1, c2, 5, generator=generator), ACTIVATIONS[activation](), POOLINGS[pooling](2))
        self.classifier = nn.Sequential(
            nn.Flatten(), _linear(c2 * 25, h1, generator), ACTIVATIONS[activation](),
            _linear(h1, h2, generator), ACTIVATIONS[activation](), _linear(h2, num_classes, generator))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        check_images("LeNet", input.shape, 1, exactly=28)
        return self.classifier(self.features(input))


class AllConvNet(nn.Module):
    """Convolutions and nothing else: a stride of 2 in place of pooling, a mean over all places for the linear layers.

    Input (n, in_channels, H, W) with H, W ≥ 4, result (n, num_classes).  (Springenberg et al., 2015.)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, width: int = 16, *,
                 generator: torch.Generator | None = None):
        super().__init__()
        check_counts("AllConvNet", num_classes=num_classes, in_channels=in_channels, width=width)
        self.in_channels = in_channels
        self.features = nn.Sequential(
            _conv(in_channels, width, 3, padding=1, generator=generator), nn.ReLU(),
            _conv(width, width, 3, stride=2, padding=1, generator=generator), nn.ReLU(),
            _conv(width, 2 * width, 3, padding=1, generator=generator), nn.ReLU(),
            _conv(2 * width, 2 * width, 3, stride=2, padding=1, generator=generator), nn.ReLU(),
            _conv(2 * width, num_classes, 1, generator=generator))
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        check_images("AllConvNet", input.shape, self.in_channels)
        return self.pool(self.features(input))


class BasicBlock(nn.Module):
    """y = relu(x' + F(x)), F two convolutions of 3 × 3 with batch normalization, x' the input itself.

    Where the shape changes, x' is a convolution of 1 × 1 of the input, batch-normalized.  (He et al., 2016.)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, *,
                 generator: torch.Generator | None = None):
        super().__init__()
        self.residual = nn.Sequential(
            _conv(in_channels, out_channels, 3, stride=stride, padding=1, bias=False, generator=generator),
            nn.BatchNorm2d(out_channels), nn.ReLU(),
            _conv(out_channels, out_channels, 3, padding=1, bias=False, generator=generator),
            nn.BatchNorm2d(out_channels))
        same = in_channels == out_channels and stride == 1
        self.shortcut = nn.Sequential() if same else nn.Sequential(
            _conv(in_channels, out_channels, 1, stride=stride, bias=False, generator=generator),
            nn.BatchNorm2d(out_channels))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.shortcut(input) + self.residual(input))


class ResNet(nn.Module):
    """One convolution, stages of residual blocks, the mean of each channel, a linear layer (He et al., 2016).

    Input (n, in_channels, H, W) with H, W ≥ 4, result (n, num_classes); the arguments as in ``dlbook.scratch``.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, width: int = 16, blocks: Sequence[int] = (1, 1, 1),
                 *, generator: torch.Generator | None = None):
        super().__init__()
        check_counts("ResNet", num_classes=num_classes, in_channels=in_channels, width=width)
        self.in_channels = in_channels
        self.stem = nn.Sequential(_conv(in_channels, width, 3, padding=1, bias=False, generator=generator),
                                  nn.BatchNorm2d(width), nn.ReLU())
        shapes = resnet_blocks(width, blocks)
        self.blocks = nn.Sequential(*(BasicBlock(*shape, generator=generator) for shape in shapes))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), _linear(shapes[-1][1], num_classes, generator))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        check_images("ResNet", input.shape, self.in_channels)
        return self.head(self.blocks(self.stem(input)))


# ---- layers whose first values come from a generator
def _linear(n_in: int, n_out: int, generator: torch.Generator | None) -> nn.Linear:
    return _start(nn.Linear(n_in, n_out), generator)


def _conv(*arguments, generator: torch.Generator | None, **settings) -> nn.Conv2d:
    return _start(nn.Conv2d(*arguments, **settings), generator)


def _start(layer, generator: torch.Generator | None):
    """``layer`` with values drawn uniform between ±1/√(inputs that an output hears), from ``generator`` if given."""
    if generator is not None:
        bound = layer.weight[0].numel() ** -0.5
        for parameter in layer.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer
