"""What the browser computes in the convolution explorer: convolution, pooling and receptive fields of the package."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from node import node

from dlbook import receptive, scratch
from dlbook.widgets import ConvolutionExplorer, convolution_samples
from dlbook.widgets.convolution_samples import LEVELS, PRESETS, SIZE, SQUARES

RNG = np.random.default_rng(5)
IMAGES = [RNG.random((9, 7)).round(2), RNG.normal(size=(6, 12)), RNG.random((24, 24)).round(2)]
KERNELS = [RNG.normal(size=(k, k)).round(2) for k in range(1, 6)]
SETTINGS = list(itertools.product([1, 2, 3], [0, 1, 2, "same"], [1, 2, 3]))
CASES = [
    (i, k, dict(zip(("stride", "padding", "dilation"), setting)))
    for (i, k), setting in itertools.product(itertools.product(range(len(IMAGES)), range(len(KERNELS))), SETTINGS)
]


@functools.cache
def browser():
    return node(
        """import { POOL, geometry, misfit, taps, convolve, relu, pool, leader, field } from "./conv_math.mjs";
        console.log(JSON.stringify(data.cases.map(([i, k, s]) => {
          const image = data.images[i], kernel = data.kernels[k], g = geometry(image, kernel, s);
          const wrong = misfit(g, { ...s, pooling: "max" });
          if (wrong && !wrong.map) return { wrong };
          const each = (map, fn) => map.map((row, r) => row.map((_, c) => fn(r, c)));
          const map = convolve(image, kernel, g, s), active = relu(map), max = wrong ? null : pool(active, "max");
          const add = (sum, t) => sum + t.pixel * t.weight;
          const sums = each(map, (...at) => taps(image, kernel, g, s, at).reduce(add, 0));
          const fields = [false, true].map((pooled) =>
            [g.rows, g.columns].map((a) => [0, 2].map((at) => field(a, s.stride, at, pooled))));
          const pools = max && { max, avg: pool(map, "avg"), leader: each(max, (I, J) => leader(active, "max", I, J)) };
          return { wrong, map, active, sums, fields, pools };
        })));""",
        {"cases": CASES, "images": [a.tolist() for a in IMAGES], "kernels": [k.tolist() for k in KERNELS]},
    )


def tensor(a):
    return scratch.Tensor(np.asarray(a, float)[None, None])


@pytest.mark.parametrize("i", range(len(IMAGES)))
def test_maps_are_those_of_the_package(i):
    fitting = 0
    for (image, k, settings), found in zip(CASES, browser(), strict=True):
        if image != i:
            continue
        try:
            y = scratch.conv2d(tensor(IMAGES[i]), tensor(KERNELS[k]), **settings)
        except ValueError:
            assert "map" not in found and found["wrong"]["words"], settings
            continue
        fitting += 1
        np.testing.assert_allclose(found["map"], y.numpy()[0, 0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found["sums"], found["map"], atol=1e-12)
        np.testing.assert_allclose(found["active"], scratch.relu(y).numpy()[0, 0], rtol=1e-12, atol=1e-12)
        if min(y.shape[2:]) < 2:
            assert found["wrong"]["map"] and found["pools"] is None
            continue
        top = scratch.max_pool2d(scratch.relu(y), 2).numpy()[0, 0]
        np.testing.assert_allclose(found["pools"]["max"], top, atol=1e-12)
        np.testing.assert_allclose(found["pools"]["avg"], scratch.avg_pool2d(y, 2).numpy()[0, 0], atol=1e-12)
        at = np.array(found["pools"]["leader"])
        np.testing.assert_array_equal(np.array(found["active"])[at[..., 0], at[..., 1]], found["pools"]["max"])
        assert (at // 2 == np.moveaxis(np.indices(top.shape), 0, -1)).all()
    assert fitting > 80


def test_receptive_fields_are_those_of_the_package():
    for (_, k, settings), found in zip(CASES, browser(), strict=True):
        if "fields" not in found:
            continue
        conv = (len(KERNELS[k]), settings["stride"], settings["padding"], settings["dilation"])
        for layers, both in zip([[conv], [conv, (2, 2)]], found["fields"]):
            expected = receptive.receptive_field(layers)
            for axis in both:
                for index, seen in zip((0, 2), axis):
                    first, last = expected.covers(index)
                    assert (seen["first"], seen["first"] + seen["size"] - 1) == (first, last), (settings, layers)


# ---- pictures and kernels
@functools.cache
def samples():
    return node(
        """import { PRESETS, SIZES, picture, blank, presetOf, resized } from "./conv_samples.mjs";
        const names = Object.keys(PRESETS);
        console.log(JSON.stringify({ digits: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((d) => picture("digit", d)),
          photos: { china: picture("china"), flower: picture("flower") }, blank: blank().flat().every((v) => v === 0),
          named: names.map((n) => presetOf(PRESETS[n].kernel)),
          sized: names.map((n) => SIZES.map((k) => resized(PRESETS[n].kernel, k))),
          again: names.map((n) => SIZES.map((k) => presetOf(resized(PRESETS[n].kernel, k)))) }));"""
    )


def test_pictures_are_the_same():
    for digit, found in enumerate(samples()["digits"]):
        np.testing.assert_array_equal(found, convolution_samples.picture("digit", digit))
    for name, found in samples()["photos"].items():
        np.testing.assert_array_equal(found, convolution_samples.picture(name))
        assert np.shape(found) == (SIZE, SIZE)
    assert samples()["blank"]


def test_pictures_are_what_they_are_said_to_be():
    made = convolution_samples.made()
    assert made["DIGITS"] == convolution_samples.DIGITS and made["PRESETS"] == PRESETS
    for name, letters in made["PHOTOS"].items():  # decoders of JPEG differ by a level
        stored = convolution_samples.PHOTOS[name]
        assert max(abs(LEVELS.index(a) - LEVELS.index(b)) for a, b in zip(letters, stored, strict=True)) <= 1
        assert SQUARES[name][2] % SIZE == 0


def test_kernels_come_in_sizes():
    found = samples()
    names = list(PRESETS)
    assert found["named"] == names
    for name, sized, again in zip(names, found["sized"], found["again"]):
        for n, kernel, known in zip(range(1, 6), sized, again):
            assert np.shape(kernel) == (n, n)
            if name in ("identity", "mean", "gaussian"):
                assert np.sum(kernel) == pytest.approx(1) and (known == name or n <= 2)  # the small ones are equal
            elif n == len(PRESETS[name]["kernel"]):
                assert kernel == PRESETS[name]["kernel"]
    sobel = found["sized"][names.index("vertical edge")][4]
    np.testing.assert_array_equal(np.array(sobel)[1:4, 1:4], PRESETS["vertical edge"]["kernel"])
    assert np.abs(sobel).sum() == 8  # zeros around


@pytest.mark.parametrize("n", range(1, 6))
def test_the_identity_is_one_in_every_size(n):
    kernel = samples()["sized"][0][n - 1]
    widget = ConvolutionExplorer("flower", kernel, padding="same")
    np.testing.assert_array_equal(widget.maps().convolution, widget.pixels())


def test_an_opened_picture_is_made_small():
    rng = np.random.default_rng(1)
    sizes = [(48, 48), (30, 50), (24, 24), (7, 7), (100, 61)]
    pictures = [rng.integers(0, 256, (*size, 4)) for size in sizes]
    pictures[0][..., 3] = 255
    found = node(
        """import { shrunk } from "./conv_samples.mjs";
        const small = ({ pixels, size: [height, width] }) => shrunk({ data: pixels, width, height });
        console.log(JSON.stringify(data.map(small)));""",
        [{"pixels": p.ravel().tolist(), "size": size} for p, size in zip(pictures, sizes)],
    )
    for picture, small in zip(pictures, found):
        alpha = picture[..., 3] / 255
        gray = picture[..., :3] @ convolution_samples.GRAY / 255 * alpha + 1 - alpha
        side = min(gray.shape)
        top, left = ((n - side) / 2 for n in gray.shape)
        cover = []
        for start, n in ((top, gray.shape[0]), (left, gray.shape[1])):
            edges, pixel = start + np.arange(SIZE + 1) * side / SIZE, np.arange(n)
            cover.append(np.maximum(0, np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)))
        expected = cover[0] @ gray @ cover[1].T * (SIZE / side) ** 2
        np.testing.assert_allclose(small, expected, atol=0.005 + 2e-5)
        assert np.min(small) >= 0 and np.max(small) <= 1
