"""The network playground before its first step, in NumPy: the random numbers, points, inputs and weights of js/."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook import data, scratch

POINTS = 200  # of a built-in data set
UNIFORM, NORMAL, SHUFFLE, WEIGHTS = range(4)  # one seed feeds several independent uses


# ---- random numbers (js/random.mjs)
def uniforms(seed: int, use: int, n: int) -> np.ndarray:
    """The first n numbers of mulberry32, on [0, 1) in steps of 2⁻³²; ``use`` chooses a stream of the seed."""
    m32 = 0xFFFFFFFF
    start = (seed * 0x9E3779B1 & m32) ^ ((use + 1) * 0x85EBCA6B & m32)
    state = (start + np.arange(1, n + 1, dtype=np.uint64) * 0x6D2B79F5) & m32
    t = (state ^ (state >> 15)) * (state | 1) & m32
    t ^= (t + ((t ^ (t >> 7)) * (t | 61) & m32)) & m32
    return (t ^ (t >> 14)) / 2**32


def normals(seed: int, use: int, n: int) -> np.ndarray:
    """Box and Muller: each pair (u, v) gives r cos 2πv and r sin 2πv with r = √(-2 ln(1 - u))."""
    u, v = uniforms(seed, use, n + n % 2).reshape(-1, 2).T
    r = np.sqrt(-2 * np.log(1 - u))
    return np.stack([r * np.cos(2 * np.pi * v), r * np.sin(2 * np.pi * v)], 1).ravel()[:n]


def shuffled(n: int, seed: int, use: int) -> np.ndarray:
    order, u = np.arange(n), uniforms(seed, use, n)
    for k, i in enumerate(range(n - 1, 0, -1)):
        j = int(u[k] * (i + 1))
        order[[i, j]] = order[[j, i]]
    return order


# ---- points and inputs (js/toy_data.mjs)
class Points(NamedTuple):
    """x (n, 2), targets y (n,), the order in which points are taken for training."""

    task: str
    x: np.ndarray
    y: np.ndarray
    order: np.ndarray


def toy_points(kind: str, noise: float, seed: int) -> Points:
    x, y = data.geometry(kind, uniforms(seed, UNIFORM, 2 * POINTS).reshape(-1, 2))
    z, y = normals(seed, NORMAL, 2 * POINTS).reshape(-1, 2), np.asarray(y, float)
    order = np.arange(POINTS)
    if kind == "regression":
        return Points("regression", np.hstack([x, np.zeros_like(x)]), y + noise * z[:, 0], order)
    return Points("classification", x + (noise + data.BLOB_SPREAD * (kind == "blobs")) * z, y, order)


def own_points(rows, scale: bool, seed: int) -> Points:
    """Rows (x1, x2, label) or (x, y); ``scale`` maps every column but the labels to [-1, 1]."""
    rows = np.array(rows, float)
    regression = rows.shape[1] == 2
    if scale:
        k = 2
        low, high = rows[:, :k].min(0), rows[:, :k].max(0)
        rows[:, :k] = np.where(high > low, 2 * (rows[:, :k] - low) / np.where(high > low, high - low, 1) - 1, 0)
    x = np.stack([rows[:, 0], np.zeros(len(rows))], 1) if regression else rows[:, :2]
    return Points("regression" if regression else "classification", x, rows[:, -1], shuffled(len(rows), seed, SHUFFLE))


FEATURES = {  # name: the function of x1 and x2, and how it is written
    "x1": (lambda a, b: a, "x₁"),
    "x2": (lambda a, b: b, "x₂"),
    "x1_squared": (lambda a, b: a * a, "x₁²"),
    "x2_squared": (lambda a, b: b * b, "x₂²"),
    "x1_x2": (lambda a, b: a * b, "x₁x₂"),
    "sin_x1": (lambda a, b: np.sin(np.pi * a), "sin πx₁"),
    "sin_x2": (lambda a, b: np.sin(np.pi * b), "sin πx₂"),
}
ONE_INPUT = ["x1", "x1_squared", "sin_x1"]  # those of a regression, which has x1 alone


def active_features(chosen, task: str) -> list[str]:
    found = [name for name in FEATURES if name in chosen and (task == "classification" or name in ONE_INPUT)]
    return found or ["x1"]


def feature_matrix(names, x: np.ndarray) -> np.ndarray:
    """The inputs (n, d) of the network at the points x (n, 2)."""
    return np.stack([FEATURES[name][0](x[:, 0], x[:, 1]) for name in names], 1)


# ---- the network (js/net.mjs)
def start_weights(sizes, init: str, seed: int) -> dict[str, np.ndarray]:
    """Weights and biases under the names of ``dlbook.scratch.MLP``."""
    shapes = [(n_out, n_in) for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)]
    z = normals(seed, WEIGHTS, sum(k * d + k * d % 2 for k, d in shapes))  # each layer takes whole pairs
    state, used = {}, 0
    for i, (k, d) in enumerate(shapes):
        std = {"glorot": np.sqrt(2 / (d + k)), "he": np.sqrt(2 / d), "large": 5.0}.get(init)
        fill = {"constant": 0.5, "zeros": 0.0}.get(init)
        state[f"layers.{2 * i}.weight"] = (
            np.full((k, d), fill) if std is None else std * z[used : used + k * d].reshape(k, d)
        )
        state[f"layers.{2 * i}.bias"] = np.zeros(k)
        used += k * d + k * d % 2
    return state


class Start(NamedTuple):
    """The playground before the first step.  ``model`` is a ``dlbook.scratch.MLP`` in float64."""

    points: Points
    features: list[str]
    model: scratch.MLP
    train: np.ndarray  # indices of the points to train on
    test: np.ndarray

    def logits(self, x: np.ndarray) -> np.ndarray:
        """The sum of the output unit at the points x (n, 2)."""
        with scratch.no_grad():
            return self.model(scratch.Tensor(feature_matrix(self.features, x))).numpy()[:, 0]

    def loss(self, part: np.ndarray, loss: str) -> float:
        z, y = scratch.Tensor(self.logits(self.points.x[part])), scratch.Tensor(self.points.y[part])
        return loss_of(z, y, self.points.task, loss).item()

    def accuracy(self, part: np.ndarray) -> float:
        return float(np.mean((self.logits(self.points.x[part]) > 0) == (self.points.y[part] == 1)))


def loss_of(z: scratch.Tensor, y: scratch.Tensor, task: str, loss: str) -> scratch.Tensor:
    """Cross-entropy from the sums z, or squared error of sigmoid(z); of z itself in a regression."""
    if task == "classification" and loss == "cross_entropy":
        return scratch.binary_cross_entropy_with_logits(z, y)
    return scratch.mse_loss(scratch.sigmoid(z) if task == "classification" else z, y)


def start(settings) -> Start:
    """The start state of a widget (or of anything with the same attributes)."""
    w = settings
    points = own_points(w.rows, w.scale, w.data_seed) if w.data == "own" else toy_points(w.data, w.noise, w.data_seed)
    features = active_features(w.features, points.task)
    sizes = [len(features), *w.hidden, 1]
    model = scratch.MLP(sizes, w.activation).double()
    own = {name: np.asarray(value, float) for name, value in w.start.items()} if w.init == "own" else {}
    fits = {name: a.shape for name, a in own.items()} == {name: p.shape for name, p in model.named_parameters()}
    model.load_state_dict(own if fits else start_weights(sizes, "glorot" if w.init == "own" else w.init, w.seed))
    n = len(points.y)
    cut = min(n - 1, max(1, int(np.floor(n * w.share + 0.5))))
    return Start(points, features, model, points.order[:cut], points.order[cut:])
