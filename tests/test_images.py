"""Digits enlarged, drawings that become digits, augmentation, photographs."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image
from torch.nn import functional as F

from dlbook import data, images, scratch
from dlbook.metrics import accuracy
from dlbook.widgets import digits_cnn

RNG = np.random.default_rng(0)


# ---- enlarged
@pytest.mark.parametrize("s, size", [(8, 28), (8, 8), (5, 12), (1, 3), (9, 4)])
def test_enlarging_is_torchs_bilinear_interpolation(s, size):
    x = RNG.random((3, 1, s, s)).astype(np.float32)
    # torch takes samples too when it makes an image smaller; it does not average
    expected = F.interpolate(torch.tensor(x), size=size, mode="bilinear", align_corners=False)
    y = images.enlarge(x, size)
    assert y.shape == (3, 1, size, size) and y.dtype == np.float32
    np.testing.assert_allclose(y, expected, atol=1e-6)
    np.testing.assert_array_equal(images.enlarge(x[:, 0], size), y)
    np.testing.assert_array_equal(images.enlarge(x.reshape(3, -1), size), y)


@pytest.mark.parametrize("shape", [(3, 63), (3, 2, 8, 8), (3, 8, 7), (64,), (0, 64)])
def test_what_cannot_be_enlarged(shape):
    with pytest.raises(ValueError, match=r"enlarge: got shape .*; expected square images of one channel"):
        images.enlarge(np.zeros(shape))


# ---- drawn
def seven(n: int, pen: float) -> np.ndarray:
    """A 7 in a square of n × n, drawn with a pen of ``pen`` times n."""
    y, x = np.mgrid[:n, :n] / n
    out = np.zeros((n, n))
    for (a, b), (c, d) in [((0.2, 0.1), (0.8, 0.1)), ((0.8, 0.1), (0.45, 0.9))]:
        t = np.clip(((x - a) * (c - a) + (y - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2), 0, 1)
        out[np.hypot(x - a - t * (c - a), y - b - t * (d - b)) <= pen / 2] = 1
    return out


def test_a_drawing_counts_the_same_wherever_it_stands_however_large_and_dark():
    drawing = seven(80, 0.1)
    row = images.drawn_digit(drawing)
    assert row.shape == (64,) and row.dtype == np.float32 and set(row * 16) <= set(range(17))
    np.testing.assert_array_equal(images.drawn_digit(np.kron(drawing, np.ones((3, 3)))), row)
    np.testing.assert_array_equal(images.drawn_digit(0.2 * np.pad(drawing, ((30, 5), (2, 90)))), row)
    np.testing.assert_array_equal(images.drawn_digit(np.kron(drawing, np.ones((1, 2)))), row)  # stretched to one width


def test_the_box_is_stretched_over_all_rows_and_twenty_columns():
    ring = np.zeros((70, 50))
    ring[10:60, 20:45] = 1
    ring[15:55, 24:41] = 0
    bits = images.bitmap(ring)
    assert bits.shape == (32, 32) and bits.dtype == bool and 256 <= bits.sum() <= 412
    np.testing.assert_array_equal(np.flatnonzero(bits.any(1)), np.arange(32))
    np.testing.assert_array_equal(np.flatnonzero(bits.any(0)), np.arange(6, 26))


def test_the_thickness_of_the_pen_matters_little():
    ink = {pen: images.drawn_digit(seven(200, pen)).sum() for pen in (0.01, 0.04, 0.1, 0.2)}
    assert all(160 / 16 < amount < 412 / 16 for amount in ink.values())
    bare = [(seven(200, pen) > 0).mean() for pen in ink]
    assert bare[-1] > 10 * bare[0] and max(ink.values()) < 2.5 * min(ink.values())


def test_a_slanted_stroke_is_put_upright():
    slanted = np.zeros((64, 64))
    for row in range(64):
        slanted[row, 48 - row // 2:][:12] = 1
    bits = images.bitmap(slanted)
    left = bits[2:30].argmax(1)
    assert left.max() - left.min() <= 2  # and not the 20 columns of the box


def test_drawings_of_the_data_sets_digits_are_like_the_data_set():
    """Each test digit, smooth and large somewhere on a sheet of paper, comes back nearly as it was."""
    X, y = data.split(data.digits()).test
    rows = []
    for x in X:
        large, sheet = images.enlarge(x[None], int(RNG.integers(60, 200)))[0, 0], np.zeros((260, 230))
        i, j = (int(RNG.integers(0, n - len(large))) for n in sheet.shape)
        sheet[i:i + len(large), j:j + len(large)] = large
        rows.append(images.drawn_digit(sheet))
    rows = np.array(rows)
    assert np.abs(rows - X).mean() < 0.11 and abs(rows.mean() - X.mean()) < 0.03
    with scratch.no_grad():
        output = digits_cnn.network()(scratch.Tensor(images.enlarge(rows))).array
    assert accuracy(y, output) > 0.93


@pytest.mark.parametrize("drawing, message", [
    (np.zeros((9, 9)), "nothing is drawn"), (np.zeros((0, 4)), "nothing is drawn"),
    (np.ones((3, 9, 9)), r"shape \(3, 9, 9\); expected \(H, W\)"), (np.full((9, 9), np.nan), "finite"),
])
def test_what_is_no_drawing(drawing, message):
    with pytest.raises(ValueError, match=message):
        images.drawn_digit(drawing)


def test_a_dot_and_a_line_are_drawings():
    assert images.drawn_digit(np.ones((1, 1))).sum() > 0
    assert images.drawn_digit(np.eye(1, 50)).sum() > 0 and images.drawn_digit(np.eye(50, 1)).sum() > 0


# ---- changed
X = RNG.random((4, 2, 9, 7))


def torchs(x, angle, zoom, shift, mirror):
    """The same by ``affine_grid`` and ``grid_sample``, whose places are those of the source between -1 and 1."""
    n, _, h, w = x.shape
    grids = []
    for i in range(n):
        a, size = np.deg2rad(angle[i]), np.array([w - 1, h - 1]) / 2
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) / zoom[i]
        move = -turn @ shift[i][::-1]
        m = np.concatenate([turn * size / size[:, None], (move / size)[:, None]], 1)
        m[0] *= -1 if mirror[i] else 1
        grids.append(m)
    grid = F.affine_grid(torch.tensor(np.array(grids)), x.shape, align_corners=True)
    return F.grid_sample(torch.tensor(x), grid, align_corners=True).numpy()


def test_transform_is_torchs_grid_sample():
    angle, zoom = RNG.uniform(-180, 180, 4), RNG.uniform(0.5, 2, 4)
    shift, mirror = RNG.uniform(-3, 3, (4, 2)), np.array([True, False, True, False])
    y = images.transform(X, angle=angle, zoom=zoom, shift=shift, mirror=mirror)
    np.testing.assert_allclose(y, torchs(X, angle, zoom, shift, mirror), atol=1e-9)
    assert y.dtype == X.dtype and images.transform(X.astype(np.float32), angle=9).dtype == np.float32


def test_each_change_is_what_its_name_says():
    square = RNG.random((2, 1, 6, 6))
    np.testing.assert_array_equal(images.transform(X), X)
    np.testing.assert_allclose(images.transform(square, angle=90), np.rot90(square, axes=(2, 3)), atol=1e-12)
    np.testing.assert_array_equal(images.transform(X, mirror=True), X[..., ::-1])
    moved = images.transform(X, shift=(2, -1))
    np.testing.assert_array_equal(moved[..., 2:, :-1], X[..., :-2, 1:])
    assert not moved[..., :2, :].any() and not moved[..., -1].any()
    assert images.transform(np.ones((1, 1, 9, 9)), zoom=0.5).sum() == 25  # every other pixel from the middle
    assert images.transform(X, shift=(100, 0)).sum() == 0


def test_augmentation_is_repeatable_and_stays_within_its_limits():
    options = {"shift": 2.0, "rotate": 20.0, "zoom": 0.2, "noise": 0.1}
    x = X.copy()
    a, b, c = (images.augment(x, **options, generator=np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(x, X)
    assert a.shape == X.shape and not np.allclose(a, c) and not np.allclose(a, X)
    np.testing.assert_array_equal(images.augment(X), X)
    dots = np.zeros((2000, 1, 11, 11))
    dots[..., 5, 5] = 1
    moved = images.augment(dots, shift=2.0, generator=np.random.default_rng(0))
    center = (moved * np.arange(11)).sum((1, 2, 3)) / moved.sum((1, 2, 3)) - 5
    assert np.abs(center).max() <= 2 and center.std() == pytest.approx(4 / 12**0.5, rel=0.05)
    noisy = images.augment(np.zeros((50, 1, 20, 20)), noise=0.3, generator=np.random.default_rng(0))
    assert noisy.std() == pytest.approx(0.3, rel=0.02)


def test_zoom_is_a_factor_in_both_directions():
    blob = np.exp(-((np.arange(41) - 20) ** 2) / 50)
    x = np.broadcast_to(np.outer(blob, blob), (400, 1, 41, 41))
    mass = images.augment(x, zoom=0.5, generator=np.random.default_rng(0)).sum((1, 2, 3)) / x[0].sum()
    assert 1 / 2.25 - 0.01 < mass.min() < 0.47 and 2.1 < mass.max() < 2.26 and np.median(mass) == pytest.approx(1, 0.15)


def test_a_mirrored_digit_brings_a_warning():
    with pytest.warns(UserWarning, match="a mirrored digit or letter is another sign"):
        gray = images.augment(X[:, :1], flip=1.0)
    np.testing.assert_array_equal(gray, X[:, :1, :, ::-1])
    many = images.augment(np.broadcast_to(X[:1], (1000, 2, 9, 7)), flip=0.3, generator=np.random.default_rng(0))
    assert (many != X[0]).any((1, 2, 3)).mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("call, message", [
    (lambda: images.augment(X[0]), r"augment: got float64 of shape \(2, 9, 7\); expected floats \(n, C, H, W\)"),
    (lambda: images.augment((X * 9).astype(int)), "got int64"),
    (lambda: images.augment(X, shift=-1), "shift must be 0 or more, got -1"),
    (lambda: images.augment(X, flip=1.5), "flip must be 0 or more and at most 1, got 1.5"),
    (lambda: images.augment(X, noise=np.nan), "noise must be 0 or more, got nan"),
    (lambda: images.transform(X, zoom=0), "zoom must be more than 0, got 0"),
])
def test_what_cannot_be_augmented(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- photographs
def test_photographs():
    for name in images.PHOTOGRAPHS:
        x = images.photograph(name)
        assert x.shape == (3, 427, 640) and x.dtype == np.float32 and x.flags["C_CONTIGUOUS"] and 0 <= x.min()
        np.testing.assert_allclose(np.moveaxis(x, 0, -1) * 255, load_sample_image(f"{name}.jpg"), atol=1e-4)
    with pytest.raises(ValueError, match="unknown photograph 'cat'; there are china, flower"):
        images.photograph("cat")
