"""What the browser computes inside a convolutional network: the same as ``dlbook.images`` and ``dlbook.scratch``."""
from __future__ import annotations

import base64
import functools

import numpy as np
import pytest
from node import node

from dlbook import data, images, receptive, scratch
from dlbook.widgets import InsideCNN, cnn_ink, cnn_model, digits_cnn
from dlbook.widgets.cnn_ink import SAMPLES, SIDE

RNG = np.random.default_rng(0)


def scribble(n: int, turns: int) -> list[cnn_ink.Stroke]:
    """``n`` strokes of random corners; some are dots."""
    return [[tuple(p) for p in RNG.integers(0, SIDE, (1 + k % turns, 2)).tolist()] for k in range(n)]


def text(strokes: list[cnn_ink.Stroke]) -> str:
    return "-".join("".join(np.base_repr(SIDE * y + x, 36).lower().rjust(3, "0") for x, y in s) for s in strokes)


SCRIBBLES = [scribble(n, turns) for n in (1, 2, 3) for turns in (2, 3, 5, 7, 9)]
DRAWINGS = SAMPLES + [text(strokes) for strokes in SCRIBBLES]


# ---- from a drawing to what the network sees
@functools.cache
def seen_by_browser() -> list[dict]:
    return node(
        """import { read, write, raster, SIDE } from "./cnn_ink.mjs";
        import { bitmap, counts, enlarge } from "./cnn_digit.mjs";
        console.log(JSON.stringify(data.map((text) => {
          const ink = raster(read(text)), bits = bitmap(ink, SIDE, SIDE), small = counts(bits);
          return { again: write(read(text)), ink: [...ink], bits: [...bits], counts: [...small],
                   image: [...enlarge(small, 8, 28)], large: [...enlarge(small, 8, 32)] };
        })));""",
        DRAWINGS,
    )


@pytest.mark.parametrize("k", range(len(DRAWINGS)))
def test_a_drawing_is_prepared_as_in_python_to_the_last_bit(k):
    browser, drawing = seen_by_browser()[k], cnn_ink.raster(cnn_ink.read(DRAWINGS[k]))
    assert browser["again"] == DRAWINGS[k] and len(DRAWINGS) >= 20
    np.testing.assert_array_equal(np.reshape(browser["ink"], (SIDE, SIDE)), drawing)
    np.testing.assert_array_equal(np.reshape(browser["bits"], (32, 32)), images.bitmap(drawing))
    counts = images.drawn_digit(drawing)
    np.testing.assert_array_equal(browser["counts"], counts)
    for name, side in (("image", 28), ("large", 32)):
        np.testing.assert_array_equal(np.float32(browser[name]), images.enlarge(counts[None], side).ravel())


def test_drawings_of_other_shapes_are_prepared_alike():
    shapes = [(70, 33), (31, 90), (47, 53), (5, 64), (200, 7), (128, 80)]
    drawings = [(RNG.random(shape) < p).astype(int) for shape in shapes for p in (0.2, 0.5, 0.8)]
    found = node(
        """import { bitmap } from "./cnn_digit.mjs";
        console.log(JSON.stringify(data.map(({ ink, shape }) => [...bitmap(ink, ...shape)])));""",
        [{"ink": d.ravel().tolist(), "shape": d.shape} for d in drawings],
    )
    for drawing, bits in zip(drawings, found, strict=True):
        np.testing.assert_array_equal(np.reshape(bits, (32, 32)), images.bitmap(drawing))


def test_paper_alone_is_no_digit():
    assert node("""import { bitmap } from "./cnn_digit.mjs";
        console.log(JSON.stringify(bitmap(new Uint8Array(100), 10, 10)));""") is None


def test_a_pen_is_round_and_lines_have_no_gaps():
    dot, line = (cnn_ink.raster([s]) for s in ([(80, 80)], [(20, 20), (140, 90)]))
    y, x = np.mgrid[:SIDE, :SIDE]
    np.testing.assert_array_equal(dot, np.hypot(x - 80, y - 80) <= cnn_ink.PEN)
    assert line[20, 20] and line[90, 140] and line[55, 80] and not line[20, 40]
    np.testing.assert_array_equal(cnn_ink.raster([[(140, 90), (20, 20)]]), line)


def test_fewer_points_keep_the_stroke():
    angle = np.linspace(0, 5, 200)
    points = np.rint(80 + 50 * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(int).tolist()
    kept = node('import { simplify } from "./cnn_ink.mjs"; console.log(JSON.stringify(simplify(data)));', points)
    assert kept[0] == points[0] and kept[-1] == points[-1] and len(kept) < 60
    assert (cnn_ink.raster([kept]) ^ cnn_ink.raster([points])).mean() < 0.01


@pytest.mark.parametrize("bad", ["00", "000-", "-000", "00A", "zzz", "000--000", "__proto__", "jr4", "0" * 3003])
def test_what_is_no_drawing_is_refused_on_both_sides(bad):
    program = 'import { inkText } from "./cnn_ink.mjs"; console.log(JSON.stringify(inkText()(data) ?? null));'
    assert node(program, bad) is None
    if len(bad) < 100:
        with pytest.raises(ValueError, match="points|sheet"):
            cnn_ink.read(bad)


# ---- the forward pass
def odd() -> scratch.Sequential:
    """Everything that the page can compute, with windows that are not square."""
    g = RNG
    return scratch.Sequential(
        scratch.Conv2d(1, 4, (3, 5), stride=(2, 1), padding=(1, 2), generator=g), scratch.Tanh(),
        scratch.MaxPool2d((2, 3), stride=(1, 2), padding=(1, 1)),
        scratch.Conv2d(4, 6, (2, 2), padding="same", dilation=2, groups=2, bias=False, generator=g), scratch.Sigmoid(),
        scratch.Conv2d(6, 6, 2, padding="same", groups=6, generator=g), scratch.AvgPool2d(2, 1), scratch.ReLU(),
        scratch.AdaptiveAvgPool2d(1), scratch.Flatten(), scratch.Dropout(), scratch.Linear(6, 3, generator=g),
    )  # fmt: skip


MODELS = {
    "book": lambda: None,
    "lenet": lambda: scratch.LeNet(generator=RNG),
    "means": lambda: scratch.LeNet(5, 3, "tanh", "avg", generator=RNG),
    "all convolutions": lambda: scratch.AllConvNet(7, width=4, generator=RNG),
    "odd": odd,
}


@functools.cache
def widget(name: str) -> InsideCNN:
    return InsideCNN(MODELS[name](), labels=None)


@functools.cache
def browser(name: str) -> list[dict]:
    """Of three images, the numbers after each layer, the answer, and what makes some of these numbers."""
    w, pictures = widget(name), inputs(name)
    return node(
        """import { unpack, forward, softmax, terms, field } from "./cnn_net.mjs";
        const bytes = Uint8Array.from(atob(data.network), (c) => c.charCodeAt(0));
        const net = unpack(new DataView(bytes.buffer));
        console.log(JSON.stringify(data.images.map((image) => {
          const y = forward(net, image), parts = [];
          net.layers.forEach((layer, l) => {
            const [c, h, w] = layer.shape;
            for (const [k, i, j] of [[0, 0, 0], [c - 1, h - 1, w - 1], [c >> 1, h >> 1, w >> 1]]) {
              const part = { l, k, i, j, field: field(net, l, i, j) };
              const seen = layer.weight ? terms(layer, l ? y[l - 1] : image, k, i, j) : [];
              if (seen.length) part.sum = seen.reduce((a, t) => a + t.sum, layer.bias[k]);
              parts.push(part);
            }
          });
          const shapes = net.layers.map((layer) => layer.shape);
          return { y: y.map((v) => [...v]), p: softmax(y.at(-1)), parts, shapes };
        })));""",
        {"network": base64.b64encode(w.network).decode(), "images": [x.ravel().tolist() for x in pictures]},
    )


@functools.cache
def inputs(name: str) -> list[np.ndarray]:
    side = widget(name)._network.side
    return [RNG.random((1, 1, side, side)).astype(np.float32), np.zeros((1, 1, side, side), np.float32),
            images.enlarge(data.digits().X[:1], side)]


@pytest.mark.parametrize("name", MODELS)
def test_every_number_of_every_layer_is_that_of_scratch(name):
    w = widget(name)
    for image, found in zip(inputs(name), browser(name), strict=True):
        expected = cnn_model.outputs(w._network, image)
        assert len(expected) == len(found["y"]) == len(w._network.layers)
        for y, own, shape in zip(expected, found["y"], found["shapes"]):
            assert [*y.shape[1:], 1, 1][:3] == shape
            np.testing.assert_allclose(own, y.ravel(), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found["p"], cnn_model.probabilities(expected[-1])[0], rtol=1e-9, atol=1e-12)


def test_the_network_of_the_book_gives_the_numbers_of_the_file():
    model = digits_cnn.network()
    for image, found in zip(inputs("book"), browser("book")):
        with scratch.no_grad():
            z = model(scratch.Tensor(image)).array[0]
        np.testing.assert_allclose(found["y"][-1], z, rtol=1e-5, atol=1e-5)


def test_the_network_of_the_book_reads_the_digits_of_the_test_part():
    test = data.split(data.digits()).test
    bytes_, pictures = base64.b64encode(widget("book").network).decode(), images.enlarge(test.X[:120])
    answers = node(
        """import { unpack, forward } from "./cnn_net.mjs";
        const net = unpack(new DataView(Uint8Array.from(atob(data.network), (c) => c.charCodeAt(0)).buffer));
        console.log(JSON.stringify(data.images.map((image) => {
          const z = [...forward(net, image).at(-1)];
          return z.indexOf(Math.max(...z));
        })));""",
        {"network": bytes_, "images": pictures.reshape(len(pictures), -1).round(6).tolist()},
    )
    assert np.mean(np.array(answers) == test.y[:120]) > 0.98


@pytest.mark.parametrize("name", MODELS)
def test_the_parts_of_a_number_add_up_to_it(name):
    sums = 0
    for found in browser(name):
        for part in found["parts"]:
            if "sum" in part:
                c, h, w = found["shapes"][part["l"]]
                value = found["y"][part["l"]][(part["k"] * h + part["i"]) * w + part["j"]]
                assert part["sum"] == pytest.approx(value, rel=1e-9, abs=1e-9)
                sums += 1
    assert sums >= 18


def test_receptive_fields_are_those_of_the_package():
    layers = digits_cnn.network().features
    for part in browser("book")[0]["parts"]:
        if part["l"] < len(layers):
            seen = receptive.receptive_field(list(layers)[: part["l"] + 1])
            assert part["field"] == [list(seen.covers(part["i"])), list(seen.covers(part["j"]))]
        else:
            assert all(first <= 0 and last >= 27 for first, last in part["field"])
    odd, found = widget("odd")._network, {part["l"]: part for part in browser("odd")[0]["parts"]}
    for n in range(7):
        specs = [window(odd, before) for before in odd.layers[: n + 1] if "stride" in before]
        for axis in (0, 1):
            seen = receptive.receptive_field([[pair[axis] for pair in spec] for spec in specs])
            assert found[n]["field"][axis] == list(seen.covers(found[n]["ij"[axis]]))


def window(network: cnn_model.Network, layer: dict) -> list:
    """Kernel, stride, padding before the image and dilation of a layer, each for rows and columns."""
    kernel = layer["kernel"] if "kernel" in layer else network.tensors[f"{layer['name']}.weight"].shape[2:]
    return [kernel, layer["stride"], layer["padding"][0], layer["dilation"]]
