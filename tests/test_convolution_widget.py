"""The convolution explorer without a browser: arguments, messages, what print and readers without scripts get."""

from __future__ import annotations

import gzip
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from traitlets import TraitError

from dlbook.widgets import ConvolutionExplorer
from dlbook.widgets.base import JS, bundle
from dlbook.widgets.convolution_samples import PRESETS


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- arguments
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ConvolutionExplorer(), "ConvolutionExplorer()"),
        (lambda: ConvolutionExplorer("digit", "vertical edge", pooling=None), "ConvolutionExplorer()"),
        (lambda: ConvolutionExplorer(None, None, key="conv"), "ConvolutionExplorer(key='conv')"),
        (lambda: ConvolutionExplorer("china", stride=np.int64(2)), "ConvolutionExplorer(image='china', stride=2)"),
        (lambda: ConvolutionExplorer(kernel=np.eye(2), padding="same", pooling="max"),
         "ConvolutionExplorer(kernel=[[1.0, 0.0], [0.0, 1.0]], padding='same', pooling='max')"),
        (lambda: ConvolutionExplorer(np.ones((20, 20)), digit=3), "ConvolutionExplorer(digit=3, image=<list of 20>)"),
    ],
)  # fmt: skip
def test_text_form(make, text):
    assert repr(make()) == text


def test_names_and_arrays_can_be_set_later():
    widget = ConvolutionExplorer()
    widget.kernel = "mean"
    assert widget.kernel == PRESETS["mean"]["kernel"]
    widget.image = np.arange(30).reshape(5, 6)
    assert widget.image[4] == [24, 25, 26, 27, 28, 29] and widget.maps().convolution.shape == (3, 4)
    widget.image, widget.pooling = "flower", None
    assert widget.pixels().shape == (24, 24) and widget.pooling == "none"
    for name, value in {"kernel": "blur", "image": [[1, 2], [3]], "stride": 4, "at": [1], "padding": 3}.items():
        before = getattr(widget, name)
        with pytest.raises(TraitError):
            setattr(widget, name, value)
        assert getattr(widget, name) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": "flowr"}, "image: 'flowr' is not known; did you mean 'flower'.*Known are digit, china, flower"),
        ({"image": np.ones((3, 8, 8))}, r"image: got an array of shape \(3, 8, 8\); expected rows of equal length"),
        ({"image": np.ones((49, 8))}, r"image: got an array of shape \(49, 8\); expected .* up to 48 × 48"),
        ({"image": [[1, 2], [3]]}, r"image: got \[\[1, 2\], \[3\]\]; expected rows of equal length"),
        ({"image": []}, r"image: got an array of shape \(0,\)"),
        ({"image": [[1, math.nan]]}, "image: got nan; a number from -1000 to 1000"),
        ({"kernel": "sobel"}, "kernel: 'sobel' is not known.*vertical edge"),
        ({"kernel": [[1, -1]]}, "kernel: got 1 × 2 numbers; a square .* fill it up with zeros"),
        ({"kernel": np.ones((6, 6))}, r"kernel: got an array of shape \(6, 6\); expected a square of 1 × 1 to 5 × 5"),
        ({"kernel": [[1e3]]}, "kernel: got 1000.0; a number from -100 to 100"),
        ({"stride": 0}, "stride: got 0; a whole number from 1 to 3"),
        ({"stride": True}, "stride: got True"),
        ({"padding": "valid"}, "padding: got 'valid'; 0, 1, 2 or \"same\""),
        ({"padding": 3}, "padding: got 3"),
        ({"dilation": 1.5}, "dilation: got 1.5"),
        ({"digit": 10}, "digit: got 10; a whole number from 0 to 9"),
        ({"pooling": "mean"}, "pooling: 'mean' is not known.*none, max, avg"),
        ({"stage": "relu"}, "stage: 'relu' is not known"),
        ({"at": [3]}, r"at: got \[3\]; a row and a column"),
        ({"at": [-1, 0]}, "a row and a column from 0"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(TraitError, match=message):
        ConvolutionExplorer(**arguments)


def test_what_does_not_fit_is_refused_at_the_start():
    with pytest.raises(ValueError, match=r"covers \(5, 5\) of an image of \(4, 4\)"):
        ConvolutionExplorer(np.ones((4, 4)), np.ones((5, 5)))
    with pytest.raises(ValueError, match="stride"):
        ConvolutionExplorer(stride=2, padding="same")
    with pytest.raises(TypeError, match="no argument 'kernels'; it takes at, digit, dilation, image, kernel"):
        ConvolutionExplorer(kernels="mean")


# ---- numbers
def test_a_window_by_hand():
    widget = ConvolutionExplorer(np.arange(1, 10).reshape(3, 3), [[1, 0], [0, -1]], at=[1, 1])
    assert widget.window().tolist() == [[5, 6], [8, 9]] and widget.maps().convolution.tolist() == [[-4, -4]] * 2
    widget.padding, widget.at = 1, [0, 0]
    assert widget.window().tolist() == [[0, 0], [0, 1]] and widget.maps().convolution[0, 0] == -1
    widget.padding, widget.dilation = 0, 2
    assert widget.window().tolist() == [[1, 3], [7, 9]] and widget.cell() == (0, 0)


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"padding": "same", "dilation": 2}])
def test_every_window_gives_its_cell(settings):
    widget = ConvolutionExplorer("china", "learned", **settings)
    maps = widget.maps()
    for at in [(0, 0), (3, 5), (99, 99)]:
        widget.at = list(at)
        i, j = widget.cell()
        assert (widget.window() * widget.kernel).sum() == pytest.approx(maps.convolution[i, j])


def test_the_winner_of_the_pooling_and_its_field():
    widget = ConvolutionExplorer("flower", stride=2, relu=True, pooling="max", stage="pooling", at=[5, 8])
    i, j = widget.cell()
    assert (i // 2, j // 2) == (2, 4) and widget.maps().active[i, j] == widget.maps().pooled[2, 4]
    field, index = widget.seen()
    assert (field.size, field.step, index) == (5, 4, (2, 4))
    widget.pooling = "avg"
    assert widget.cell() == (4, 8)
    widget.stage = "convolution"
    assert widget.cell() == (5, 8) and widget.seen()[0].size == 3
    widget.pooling, widget.stage = None, "pooling"  # nothing is pooled
    assert widget.seen()[0].size == 3


# ---- the modules
def test_the_modules_are_small_and_one_piece():
    text = bundle("convolution_explorer")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    own = [JS / "convolution_explorer.mjs", *JS.glob("conv_*.mjs")]
    assert len(gzip.compress(text.encode())) < 20 * 1024
    assert all(len(path.read_text("utf8").splitlines()) < 300 for path in own)
    assert not re.search(r"\beval\b|new Function|innerHTML", text)


# ---- print and readers without scripts
CASES = [{}, {"image": "china", "kernel": "learned", "padding": "same", "relu": True, "pooling": "max"}]
CASES += [{"image": "flower", "kernel": name} for name in PRESETS]
CASES += [{"image": [[1, 2], [3, 4]], "kernel": [[1]], "relu": True}]
CASES += [{"image": np.random.default_rng(0).random((48, 48))}]


@pytest.mark.parametrize("arguments", CASES)
def test_without_scripts(arguments):
    widget = ConvolutionExplorer(**arguments)
    page = well_formed(widget._fallback)
    svg, maps = page.find(".//svg"), widget.maps()
    rows, columns = maps.convolution.shape
    assert f"to {rows} × {columns}" in svg.get("aria-label") and svg.get("role") == "img"
    words = " ".join(svg.itertext())
    assert f"{rows} × {columns}" in words and ("max pooling" in words) == (widget.pooling == "max")
    assert len(page.findall(".//tbody/tr")) == len(widget.kernel) + 2
    assert "var(--dlb-" in widget._fallback and not re.search("#[0-9a-f]{3}", widget._fallback)
    assert "nan" not in widget._fallback and len(widget._fallback) < (60_000 if len(widget.pixels()) > 24 else 16_000)


def test_the_table_holds_the_numbers():
    table = well_formed(ConvolutionExplorer([[1, 2], [3, 4]], [[1, 0], [0, -0.5]]).table())
    cells = [[cell.text or "" for cell in row] for row in table.findall(".//tbody/tr")]
    assert cells[0] == ["row 1 of its window", "1  2", "1  0", "1  0"]
    assert cells[1] == ["row 2 of its window", "3  4", "0  −0.5", "0  −2"]
    assert cells[2][-1] == "−1" and cells[3][1:] == ["2 × 2 to 1 × 1", "", "2 × 2 pixels"]
