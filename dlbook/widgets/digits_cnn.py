"""A trained LeNet for handwritten digits: the weights that the page about convolutional networks looks into.

    python -m dlbook.widgets.digits_cnn [file]     # trains it and writes digits_cnn.safetensors, in half a minute or so

``dlbook.scratch.LeNet(width=4)`` sees digits of 8 × 8 pixels enlarged to 28 × 28, each time a little shifted, turned
and zoomed, in mini-batches, with Adam and a learning rate that falls to zero along a cosine.  It is trained on the
training and validation parts of ``data.split(data.digits())``; nothing was chosen by the test part.

The weights stand in the file as int8 with a scale for each output channel (``dlbook.quantize``), and its notes hold
the accuracy on the test part before and after the rounding.  Training is in float64: what differs in the last digits
between processors then disappears in the rounding.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from dlbook import data, images, quantize, scratch
from dlbook.metrics import accuracy

FILE = Path(__file__).with_suffix(".safetensors")
WIDTH, EPOCHS, BATCH, LR, SEED = 4, 25, 32, 4e-3, 0
CHANGES = {"shift": 2.0, "rotate": 10.0, "zoom": 0.1}


def parts() -> tuple[data.Dataset, data.Dataset]:
    """What it is trained on and what it is tested on, images (n, 1, 28, 28)."""
    splits = data.split(data.digits())
    X, y = (np.concatenate(pair) for pair in zip(splits.train, splits.val))
    return data.Dataset(images.enlarge(X), y), data.Dataset(images.enlarge(splits.test.X), splits.test.y)


def trained(train: data.Dataset, epochs: int = EPOCHS) -> scratch.LeNet:
    """The network after ``epochs``, in evaluation mode, float64."""
    rng = np.random.default_rng(SEED)
    model = scratch.LeNet(width=WIDTH, generator=rng).double()
    optimizer = scratch.Adam(model.parameters(), lr=LR)
    batches = -(-len(train.X) // BATCH)
    scheduler = scratch.CosineAnnealingLR(optimizer, epochs * batches)
    for _ in range(epochs):
        order = rng.permutation(len(train.X))
        for rows in np.array_split(order, range(BATCH, len(order), BATCH)):
            X = images.augment(train.X[rows].astype(np.float64), **CHANGES, generator=rng)
            optimizer.zero_grad()
            scratch.cross_entropy(model(scratch.Tensor(X)), scratch.Tensor(train.y[rows])).backward()
            optimizer.step()
            scheduler.step()
    return model.eval()


def network(path: Path = FILE) -> scratch.LeNet:
    """The network with the weights of the file, float32, in evaluation mode."""
    state, notes = quantize.load(path)
    model = scratch.LeNet(width=notes["width"])
    model.load_state_dict(state)
    return model.eval()


def right(model: scratch.LeNet, test: data.Dataset) -> float:
    """Its accuracy on ``test``."""
    X = scratch.Tensor(test.X.astype(next(model.parameters()).dtype))
    with scratch.no_grad():
        return accuracy(test.y, model(X).array)


def write(model: scratch.LeNet, test: data.Dataset, path: Path = FILE) -> None:
    """Quantizes, measures, and writes the file."""
    notes = {"width": WIDTH, "tested_on": len(test.y), "accuracy_float": right(model, test)}
    quantize.save(path, model, **notes)
    quantize.save(path, model, **notes, accuracy_int8=right(network(path), test))


def main(path: Path = FILE) -> None:
    train, test = parts()
    model = trained(train)
    write(model, test, path)
    state, notes = quantize.load(path)
    for name, p in model.state_dict().items():
        error = np.abs(p.array - state[name])
        print(f"{name:22} {str(p.shape):16} largest {np.abs(p.array).max():.3f}, largest error {error.max():.5f}")
    print(f"{path.name}: {path.stat().st_size} bytes, {notes}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
