"""The book's networks.  ``dlbook.pt.models`` has the same ones, with the same names and arguments, in PyTorch."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlbook.scratch import activation as act
from dlbook.scratch.conv import Conv2d
from dlbook.scratch.flatten import Flatten
from dlbook.scratch.linear import Linear
from dlbook.scratch.module import Module, Sequential
from dlbook.scratch.norm import BatchNorm2d
from dlbook.scratch.pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from dlbook.scratch.tensor import Tensor

ACTIVATIONS = {
    "identity": act.Identity, "sigmoid": act.Sigmoid, "tanh": act.Tanh, "relu": act.ReLU, "leaky_relu": act.LeakyReLU,
    "elu": act.ELU, "gelu": act.GELU, "gelu_tanh": lambda: act.GELU("tanh"), "silu": act.SiLU, "softplus": act.Softplus,
}
POOLINGS = {"max": MaxPool2d, "avg": AvgPool2d}


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


class LeNet(Module):
    """Two convolutions of 5 × 5, each followed by an activation and by pooling of 2 × 2, then three linear layers.

    Input (n, 1, 28, 28), result (n, num_classes).  ``width`` channels after the first convolution, 8/3 times as many
    after the second, 20 and 14 times as many units after it: width 6 gives the 6, 16, 120, 84 of LeNet-5 (LeCun et
    al., 1998).  LeNet-5 took means ("avg") and "tanh"; its images of 32 × 32 are ours with a padding of 2.  ValueError
    for arguments that are not known.

    >>> sum(p.numel() for p in LeNet().parameters())
    61706
    """

    def __init__(self, num_classes: int = 10, width: int = 6, activation: str = "relu", pooling: str = "max", *,
                 generator: np.random.Generator | None = None):
        super().__init__()
        c1, c2, h1, h2 = lenet_sizes(num_classes, width, activation, pooling)
        self.features = Sequential(
            Conv2d(1, c1, 5, padding=2, generator=generator), ACTIVATIONS[activation](), POOLINGS[pooling](2),
            Conv2d(c1, c2, 5, generator=generator), ACTIVATIONS[activation](), POOLINGS[pooling](2))
        self.classifier = Sequential(
            Flatten(), Linear(c2 * 25, h1, generator=generator), ACTIVATIONS[activation](),
            Linear(h1, h2, generator=generator), ACTIVATIONS[activation](),
            Linear(h2, num_classes, generator=generator))

    def forward(self, input: Tensor) -> Tensor:
        check_images("LeNet", input.shape, 1, exactly=28)
        return self.classifier(self.features(input))


class AllConvNet(Module):
    """Convolutions and nothing else: a stride of 2 in place of pooling, a mean over all places for the linear layers.

    Input (n, in_channels, H, W) with H, W ≥ 4, result (n, num_classes).  Four convolutions of 3 × 3 with ReLU, of
    which the second and the fourth halve the image, then one of 1 × 1 that gives a map for each class, and the mean of
    each map (Springenberg et al., 2015).

    >>> sum(p.numel() for p in AllConvNet().parameters())
    16698
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, width: int = 16, *,
                 generator: np.random.Generator | None = None):
        super().__init__()
        check_counts("AllConvNet", num_classes=num_classes, in_channels=in_channels, width=width)
        self.in_channels = in_channels
        self.features = Sequential(
            Conv2d(in_channels, width, 3, padding=1, generator=generator), act.ReLU(),
            Conv2d(width, width, 3, stride=2, padding=1, generator=generator), act.ReLU(),
            Conv2d(width, 2 * width, 3, padding=1, generator=generator), act.ReLU(),
            Conv2d(2 * width, 2 * width, 3, stride=2, padding=1, generator=generator), act.ReLU(),
            Conv2d(2 * width, num_classes, 1, generator=generator))
        self.pool = Sequential(AdaptiveAvgPool2d(1), Flatten())

    def forward(self, input: Tensor) -> Tensor:
        check_images("AllConvNet", input.shape, self.in_channels)
        return self.pool(self.features(input))


class BasicBlock(Module):
    """y = relu(x' + F(x)), F two convolutions of 3 × 3 with batch normalization, x' the input itself.

    Input (n, in_channels, H, W), result (n, out_channels, ⌈H/stride⌉, ⌈W/stride⌉).  Where that is another shape, x' is
    a convolution of 1 × 1 of the input, batch-normalized (He et al., 2016).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, *,
                 generator: np.random.Generator | None = None):
        super().__init__()
        self.residual = Sequential(
            Conv2d(in_channels, out_channels, 3, stride, 1, bias=False, generator=generator),
            BatchNorm2d(out_channels), act.ReLU(),
            Conv2d(out_channels, out_channels, 3, 1, 1, bias=False, generator=generator), BatchNorm2d(out_channels))
        same = in_channels == out_channels and stride == 1
        self.shortcut = Sequential() if same else Sequential(
            Conv2d(in_channels, out_channels, 1, stride, bias=False, generator=generator), BatchNorm2d(out_channels))

    def forward(self, input: Tensor) -> Tensor:
        return act.relu(self.shortcut(input) + self.residual(input))


class ResNet(Module):
    """One convolution, stages of residual blocks, the mean of each channel, a linear layer (He et al., 2016).

    Input (n, in_channels, H, W) with H, W ≥ 4, result (n, num_classes).  ``blocks`` counts the blocks of each stage; a
    stage has twice as many channels as the one before it and begins with a stride of 2, the first has ``width``
    channels and stride 1.  Three stages of 1 block are 8 layers deep.

    >>> sum(p.numel() for p in ResNet().parameters())
    77754
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, width: int = 16, blocks: Sequence[int] = (1, 1, 1),
                 *, generator: np.random.Generator | None = None):
        super().__init__()
        check_counts("ResNet", num_classes=num_classes, in_channels=in_channels, width=width)
        self.in_channels = in_channels
        self.stem = Sequential(Conv2d(in_channels, width, 3, padding=1, bias=False, generator=generator),
                               BatchNorm2d(width), act.ReLU())
        shapes = resnet_blocks(width, blocks)
        self.blocks = Sequential(*(BasicBlock(*shape, generator=generator) for shape in shapes))
        self.head = Sequential(AdaptiveAvgPool2d(1), Flatten(), Linear(shapes[-1][1], num_classes, generator=generator))

    def forward(self, input: Tensor) -> Tensor:
        check_images("ResNet", input.shape, self.in_channels)
        return self.head(self.blocks(self.stem(input)))


# ---- sizes and checks that the twins share
def lenet_sizes(num_classes: int, width: int, activation: str, pooling: str) -> tuple[int, int, int, int]:
    """Channels after the two convolutions, units after the two linear layers between them and the classes."""
    check_counts("LeNet", num_classes=num_classes, width=width)
    for what, name, known in (("activation", activation, ACTIVATIONS), ("pooling", pooling, POOLINGS)):
        if name not in known:
            raise ValueError(f"LeNet: unknown {what} {name!r}; known are {', '.join(known)}")
    return width, 8 * width // 3, 20 * width, 14 * width


def resnet_blocks(width: int, blocks: Sequence[int]) -> list[tuple[int, int, int]]:
    """(in_channels, out_channels, stride) of each block."""
    if not blocks or any(not isinstance(n, (int, np.integer)) or n < 1 for n in blocks):
        raise ValueError(f"ResNet: blocks must be a positive whole number for each stage, got {blocks!r}")
    shapes, before = [], width
    for stage, count in enumerate(blocks):
        out = width * 2**stage
        shapes += [(before, out, 2 if stage else 1)] + [(out, out, 1)] * (count - 1)
        before = out
    return shapes


def check_counts(name: str, **counts: int) -> None:
    for what, count in counts.items():
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"{name}: {what} must be a positive whole number, got {count!r}")


def check_images(name: str, shape: Sequence[int], channels: int, exactly: int | None = None, least: int = 4) -> None:
    """ValueError unless ``shape`` is (n, channels, H, W), H and W both ``exactly`` that or at ``least`` that."""
    shape, size = tuple(shape), (exactly, exactly) if exactly else ("H", "W")
    fits = len(shape) == 4 and shape[1] == channels
    if fits and (shape[2:] == size if exactly else min(shape[2:]) >= least):
        return
    wanted = f"(n, {channels}, {size[0]}, {size[1]})" + ("" if exactly else f" with H and W of at least {least}")
    raise ValueError(f"{name}: got images of shape {shape}; expected {wanted}" + _way_out(shape, channels, exactly))


def _way_out(shape: tuple[int, ...], channels: int, exactly: int | None) -> str:
    if len(shape) == 3 and channels == 1:
        return f". One channel is an axis too: x.reshape{(shape[0], 1, *shape[1:])}"
    if len(shape) == 4 and shape[1] != channels == shape[3]:
        return ". The channels stand before the places: np.moveaxis(x, -1, 1)"
    if len(shape) == 3 and shape[0] == channels:
        return ". One image is a batch of one: x[None]"
    if len(shape) == 2 and exactly and shape[1] == exactly**2 * channels:
        return f". Give the places their axes back: x.reshape(-1, {channels}, {exactly}, {exactly})"
    if exactly and (len(shape) == 4 and shape[1] == channels or len(shape) == 2):
        return f". dlbook.images.enlarge(x, {exactly}) makes them that large"
    return ""


def check_mlp(sizes: Sequence[int], activation: str, known: dict) -> None:
    """The checks that both MLPs share."""
    if len(sizes) < 2 or any(not isinstance(n, (int, np.integer)) or n < 1 for n in sizes):
        raise ValueError(f"MLP: sizes must be two or more positive whole numbers, input first, got {list(sizes)}")
    if activation not in known:
        raise ValueError(f"MLP: unknown activation {activation!r}; known are {', '.join(known)}")
