"""A plane through three settings of a network for handwritten digits, and its loss on that plane.

    python -m dlbook.widgets.digits_slice        # trains two networks and writes digits_slice.npy, in some seconds

The network is an MLP of 64-16-10 units with tanh.  Its loss is the mean cross-entropy of 500 digits of the training
part plus λ/2 times the squared length of all its weights and biases, λ = 0.001.  Two trainings that differ in their
start alone end at the weights a and b.  The place (x, y) of the plane stands for the weights x·a + y·b: at (0, 0) all
are zero, at (1, 0) and (0, 1) the network is trained; and since tanh is odd, -a and -b are nearly as good.

The file holds the loss at SIZE × SIZE places as float32, row by row from the lowest y: one line of places beyond the
map on every side, so that the interpolation between them (``race_surfaces``) has its neighbours everywhere.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from dlbook import data, scratch

FILE = Path(__file__).with_suffix(".npy")
REACH, CELLS = 1.6, 64  # the map is [-REACH, REACH]², in CELLS × CELLS cells
SIZE = CELLS + 3
SIZES, DIGITS, DECAY, STEPS, LR = (64, 16, 10), 500, 1e-3, 600, 0.02


@functools.cache
def grid() -> np.ndarray:
    """The stored losses (SIZE, SIZE), float64, from the lowest y up."""
    return np.load(FILE).astype(np.float64)


def places() -> np.ndarray:
    """The coordinates of the lines of the grid (SIZE,)."""
    return REACH * (2 * np.arange(-1, CELLS + 2) / CELLS - 1)


@functools.cache
def digits() -> tuple[scratch.Tensor, scratch.Tensor]:
    """The inputs (500, 64), float64, and the classes (500,) on which the loss is measured."""
    train = data.split(data.digits()).train
    return scratch.Tensor(train.X[:DIGITS].astype(np.float64)), scratch.Tensor(train.y[:DIGITS])


def trained(seed: int) -> dict[str, np.ndarray]:
    """The weights after STEPS steps of Adam on all digits, from the start that ``seed`` gives."""
    X, y = digits()
    model = scratch.MLP(SIZES, "tanh", generator=np.random.default_rng(seed)).double()
    optimizer = scratch.Adam(model.parameters(), lr=LR, weight_decay=DECAY)
    scheduler = scratch.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        scratch.cross_entropy(model(X), y).backward()
        optimizer.step()
        scheduler.step()
    return {name: p.numpy().copy() for name, p in model.state_dict().items()}


def loss(weights: dict[str, np.ndarray]) -> float:
    """Mean cross-entropy plus weight decay."""
    X, y = digits()
    model = scratch.MLP(SIZES, "tanh").double()
    model.load_state_dict({name: scratch.Tensor(value) for name, value in weights.items()})
    with scratch.no_grad():
        entropy = scratch.cross_entropy(model(X), y).item()
    return entropy + DECAY / 2 * sum(float((value**2).sum()) for value in weights.values())


def main() -> None:
    a, b = trained(1), trained(2)
    losses = [[loss({name: x * a[name] + y * b[name] for name in a}) for x in places()] for y in places()]
    np.save(FILE, np.array(losses, np.float32))


if __name__ == "__main__":
    main()
