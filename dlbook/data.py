"""Data sets: toys drawn by formula, the embedded handwritten digits, and loaders for the public sets.

Toy sets and digits need no network.  Every set is a ``Dataset(X, y)``: X (n, d) float32, y (n,) int64 classes, or
float32 numbers for a regression.
"""
from __future__ import annotations

import urllib.error
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

BLOB_SPREAD = 0.2  # standard deviation of each blob before noise is added


class Dataset(NamedTuple):
    """Inputs X (n, d) and targets y (n,), one row for each sample."""

    X: np.ndarray
    y: np.ndarray


class Splits(NamedTuple):
    """Three parts of one data set: to fit the weights, to make choices, to report."""

    train: Dataset
    val: Dataset
    test: Dataset


# ---- toys
def geometry(kind: str, u: np.ndarray) -> Dataset:
    """The noiseless points of a toy set, float64, from uniform numbers u (n, 2); sample i has class i mod 2.

    xor: four squares around the corners of the plane; y says if the signs of x1 and x2 differ
    moons: two interlocked half circles · circles: a disc of radius 0.4 in a ring of radius 0.7 to 1
    spirals: two arms of 1.75 turns · blobs: the centers (-½, -½) and (½, ½)
    regression: one input x in [-1, 1], y = 0.8 sin(1.5 π x)
    """
    if kind not in KINDS:
        raise ValueError(f"unknown data set {kind!r}; known are {', '.join(KINDS)}")
    a, b = np.asarray(u, np.float64).T
    c = np.arange(len(a)) % 2
    if kind == "xor":
        v = 2 * np.stack([a, b], 1) - 1
        x = np.where(v < 0, -1, 1) * (0.4 + 0.6 * np.abs(v))
        return Dataset(x, (x[:, 0] * x[:, 1] < 0).astype(int))
    if kind == "moons":
        t = np.pi * a
        upper, lower = np.stack([np.cos(t), np.sin(t)], 1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], 1)
        return Dataset((np.where(c[:, None] == 0, upper, lower) - [0.5, 0.25]) / 1.5, c)
    if kind == "circles":
        return Dataset(_polar(np.where(c == 1, 0.4 * np.sqrt(b), 0.7 + 0.3 * b), 2 * np.pi * a), c)
    if kind == "spirals":
        return Dataset(_polar(0.1 + 0.9 * a, 1.75 * 2 * np.pi * a + np.pi * c), c)
    if kind == "blobs":
        return Dataset(np.where(c[:, None] == 0, -0.5, 0.5) * np.ones(2), c)
    x = 2 * a - 1
    return Dataset(x[:, None], 0.8 * np.sin(1.5 * np.pi * x))


KINDS = ("xor", "moons", "circles", "spirals", "blobs", "regression")


def xor(n: int = 200, noise: float = 0.0, *, generator: np.random.Generator | None = None) -> Dataset:
    """Four squares; the class says whether the signs of the two inputs differ."""
    return _toy("xor", n, noise, generator)


def two_moons(n: int = 200, noise: float = 0.1, *, generator: np.random.Generator | None = None) -> Dataset:
    """Two interlocked half circles."""
    return _toy("moons", n, noise, generator)


def circles(n: int = 200, noise: float = 0.05, *, generator: np.random.Generator | None = None) -> Dataset:
    """A disc inside a ring."""
    return _toy("circles", n, noise, generator)


def spirals(n: int = 200, noise: float = 0.02, *, generator: np.random.Generator | None = None) -> Dataset:
    """Two spiral arms."""
    return _toy("spirals", n, noise, generator)


def blobs(n: int = 200, noise: float = 0.0, *, generator: np.random.Generator | None = None) -> Dataset:
    """Two round clouds."""
    return _toy("blobs", n, noise, generator)


def regression(n: int = 100, noise: float = 0.1, *, generator: np.random.Generator | None = None) -> Dataset:
    """One input, one number to predict: a sine with noise."""
    return _toy("regression", n, noise, generator)


def _toy(kind: str, n: int, noise: float, generator: np.random.Generator | None) -> Dataset:
    from dlbook.scratch.random import default_generator

    if n < 1 or not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"{kind}: n must be at least 1 and noise a number >= 0, got n={n}, noise={noise}")
    rng = default_generator(generator)
    X, y = geometry(kind, rng.random((n, 2)))
    z = rng.standard_normal((n, 2))
    if kind == "regression":
        return Dataset(X.astype(np.float32), (y + noise * z[:, 0]).astype(np.float32))
    spread = noise + (BLOB_SPREAD if kind == "blobs" else 0)
    return Dataset((X + spread * z).astype(np.float32), y.astype(np.int64))


def _polar(r, t):
    return np.stack([r * np.cos(t), r * np.sin(t)], 1)


# ---- handwritten digits
def digits() -> Dataset:
    """1797 handwritten digits, 8 × 8 pixels flattened to 64 numbers in [0, 1]; part of scikit-learn, no download.

    The test part of the Optical Recognition of Handwritten Digits set, by Alpaydin and Kaynak (1998).
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Dataset((X / 16).astype(np.float32), y.astype(np.int64))


def mnist(data_home: str | Path | None = None) -> Dataset:
    """70,000 handwritten digits, 28 × 28 pixels flattened to 784 numbers in [0, 1]; the last 10,000 are the test part.

    Downloaded once from openml.org into ``data_home`` (scikit-learn's default: ~/scikit_learn_data).
    """
    return _openml("mnist_784", data_home)


def fashion_mnist(data_home: str | Path | None = None) -> Dataset:
    """70,000 pictures of clothes in ten classes, in the form of ``mnist``."""
    return _openml("Fashion-MNIST", data_home)


def _openml(name: str, data_home) -> Dataset:
    from sklearn.datasets import fetch_openml, get_data_home

    cache = Path(get_data_home(data_home)) / "openml"
    with warnings.catch_warnings(record=True) as seen:  # scikit-learn removes a damaged file, says so, and asks again
        warnings.simplefilter("always")
        try:
            X, y = fetch_openml(name, version=1, as_frame=False, parser="liac-arff", data_home=data_home,
                                return_X_y=True, n_retries=1, delay=0.5)
        except Exception as error:  # the network, gzip, zlib, ARFF, JSON, a checksum: it fails in many ways
            known_bad = any("Invalid cache" in str(w.message) for w in seen)
            if known_bad or not isinstance(error, urllib.error.URLError):
                what, way_out = "Its copy in the cache {} is damaged", "delete that folder and connect to the network"
            else:
                what, way_out = "It is not in the cache {}", "connect to the network"
            raise ConnectionError(
                f"{name} is not available. {what.format(cache)}, and the download from openml.org failed ({error}). "
                f"Please {way_out}; dlbook.data.digits() needs no download") from error
    return Dataset((X / 255).astype(np.float32), y.astype(np.int64))


# ---- parts
def split(dataset: Dataset, *, val: float = 0.2, test: float = 0.2, seed: int = 0) -> Splits:
    """Shuffles and cuts into train, validation and test; classes keep their shares in each part (stratified).

    ``val`` and ``test`` are fractions of the whole.  ValueError if X and y differ in length or hold NaN.
    """
    from sklearn.model_selection import train_test_split

    check(dataset)
    if not (0 < val and 0 < test and val + test < 1):
        raise ValueError(f"split: val and test must be positive and leave something to train on, got {val} and {test}")
    X, y = dataset

    def cut(rows, fraction):
        classes = y[rows] if np.issubdtype(y.dtype, np.integer) else None
        return train_test_split(rows, test_size=max(1, round(fraction * len(X))), stratify=classes, random_state=seed)

    rest, test_rows = cut(np.arange(len(X)), test)
    train_rows, val_rows = cut(rest, val)
    return Splits(*(Dataset(X[rows], y[rows]) for rows in (train_rows, val_rows, test_rows)))


def standardize(splits: Splits) -> Splits:
    """Shifts and scales each column to mean 0 and standard deviation 1 **of the training part**.

    The same numbers are then used for the other parts.  A constant column is only shifted.
    """
    mean, std = splits.train.X.mean(0), splits.train.X.std(0)
    std = np.where(std > 0, std, 1)
    return Splits(*(Dataset(((X - mean) / std).astype(X.dtype), y) for X, y in splits))


def check(dataset: Dataset) -> None:
    """ValueError if X and y differ in length, or X or y holds NaN or infinity; the message says where."""
    X, y = dataset
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} rows and y has {len(y)}; each sample needs one target")
    for name, a in (("X", X), ("y", y)):
        bad = np.argwhere(~np.isfinite(a))
        if len(bad):
            where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), bad[0].tolist()))
            raise ValueError(f"{name} holds {len(bad)} value{'s' * (len(bad) > 1)} that are no finite numbers "
                             f"(first: {a[tuple(bad[0])]} in {where}); remove or fill them")
