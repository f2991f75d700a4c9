"""Inside a convolutional network, without a browser: models, digits, messages, print and readers without scripts."""
from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from traitlets import TraitError

from dlbook import data, images, pt, scratch
from dlbook.widgets import InsideCNN, cnn_ink, digits_cnn
from dlbook.widgets.base import JS, bundle
from website import widgets

LIMIT = 16 * 1024
DIGITS = data.digits().X
RNG = np.random.default_rng(0)


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- the widget
def test_text_form():
    assert repr(InsideCNN()) == repr(InsideCNN(digit=3)) == "InsideCNN()"
    assert repr(InsideCNN(key="cnn", digit=None, layer=3)) == "InsideCNN(ink='', key='cnn', layer=3)"
    assert repr(InsideCNN(digit=DIGITS[0])) == "InsideCNN(ink='')"


def test_the_modules_are_small_and_one_piece():
    text = bundle("inside_cnn")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(gzip.compress(text.encode())) < LIMIT
    for path in [JS / "inside_cnn.mjs", *JS.glob("cnn_*.mjs")]:
        assert len(path.read_text("utf8")) < 12_000, path.name
    assert not re.search(r"\beval\b|new Function|innerHTML|#[0-9a-f]{6}\b", text)


def test_the_page_loads_the_weights_on_view_and_they_are_light():
    w = InsideCNN(key="cnn")
    state = {k: v for k, v in w.get_state().items() if k != "network"}
    buffers = [{"encoding": "base64", "path": ["network"], "data": "A" * (len(w.network) * 4 // 3 + 4)}]
    model = {"model_name": "AnyModel", "model_module": "anywidget", "state": state, "buffers": buffers}
    part = widgets.prepare(model, "w1", "page")
    size = {name: len(text) for name, text in part.files.items() if name.startswith("d-")}
    assert len(size) == 1 and max(size.values()) < 50_000 and part.spec["state"] == {}
    assert len(w.network) < 31_000 and len(w._fallback) < 30_000


@pytest.mark.parametrize("digit", range(10))
def test_the_drawings_that_come_with_it_are_read_correctly(digit):
    w = InsideCNN(digit=digit)
    assert w.probabilities().argmax() == digit and w.probabilities().max() > 0.95
    np.testing.assert_array_equal(w.digit, images.enlarge(images.drawn_digit(w.drawing())[None])[0, 0])


def test_a_digit_may_be_given_in_every_form():
    network, row = digits_cnn.network(), DIGITS[7]
    enlarged = images.enlarge(row[None])
    z = network(scratch.Tensor(enlarged)).array[0]
    for form in (row, row.reshape(8, 8), enlarged[0], enlarged, torch.tensor(enlarged)):
        w = InsideCNN(digit=form)
        np.testing.assert_allclose(w.outputs()[-1], z, rtol=1e-4, atol=1e-4)
        assert w.drawing() is None and w.ink == ""
    drawing = np.kron(cnn_ink.raster(cnn_ink.read(cnn_ink.SAMPLES[4])), np.ones((2, 2))) * 200.0
    w = InsideCNN(digit=drawing)
    assert w.probabilities().argmax() == 4 and w.drawing().shape == (320, 320)
    w.digit = 8
    assert w.probabilities().argmax() == 8 and w.picture == {}
    w.digit = None
    assert w.ink == "" and not w.image().any() and w.image().shape == (1, 1, 28, 28)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"digit": 10}, ValueError, "digit: got 10; expected 0 to 9"),
        ({"digit": np.ones(63)}, ValueError, r"digit: got shape \(63,\); expected 0 to 9, \(64,\) or .*\(1, 28, 28\)"),
        ({"digit": np.zeros((30, 30))}, ValueError, "that has ink"),
        ({"digit": np.ones((600, 30))}, ValueError, "up to 512 × 512"),
        ({"digit": np.full((8, 8), np.nan)}, ValueError, "expected finite numbers"),
        ({"digit": "seven"}, ValueError, "digit: got an array of <U5; expected finite numbers"),
        ({"ink": "zzz"}, TraitError, "ink: 'zzz' has a point outside of the sheet of 160 × 160; draw"),
        ({"ink": "00"}, TraitError, "ink: '00' is not made of points"),
        ({"layer": 12}, TraitError, "layer: got 12; a whole number from 0 to 11"),
        ({"channel": -1}, TraitError, "channel: got -1; a whole number from 0 to 1023"),
        ({"cell": [1]}, TraitError, r"cell: got \[1\]; row and column are expected, or nothing: \[\]"),
        ({"cell": [1, 64]}, TraitError, "cell: got"),
        ({"labels": ["a", "b"]}, ValueError, "labels: got 2 names; the model has 10 classes"),
        ({"strokes": 1}, TypeError, "InsideCNN has no argument 'strokes'; it takes .*ink"),
    ],
)
def test_it_refuses(arguments, kind, message):
    with pytest.raises(kind, match=message):
        InsideCNN(**arguments)


def test_it_refuses_later_too_and_keeps_what_it_had():
    w = InsideCNN()
    for name, value in {"ink": "?", "layer": 99, "cell": [1, 2, 3], "network": b"123"}.items():
        with pytest.raises(TraitError):
            setattr(w, name, value)
    assert (w.layer, w.cell, w.ink) == (0, [14, 14], cnn_ink.SAMPLES[3])
    with pytest.raises(AttributeError, match=r"w.model = \.\.\. exchanges them"):
        _ = w.model


# ---- models of the reader
class Functional(nn.Module):
    """As many write it: functions between the layers, log-softmax at the end."""

    def __init__(self):
        super().__init__()
        self.conv1, self.pool, self.drop = nn.Conv2d(1, 3, 5), nn.MaxPool2d(2), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(3 * 12 * 12, 20), nn.Linear(20, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x))).view(-1, 3 * 12 * 12)
        return F.log_softmax(self.fc2(self.drop(torch.tanh(self.fc1(x)))), dim=1)


TORCH = {
    "twin": lambda: pt.models.LeNet(width=2),
    "functional": Functional,
    "in place": lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(1352, 4),
                                      nn.Softmax(1)),
    "padded": lambda: nn.Sequential(nn.Conv2d(1, 3, 4, padding="same", bias=False), nn.Sigmoid(), nn.MaxPool2d(3, 2, 1),
                                    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)),
    "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 3)),
    "double": lambda: pt.models.LeNet(3, 1, "tanh", "avg").double(),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", TORCH)
def test_models_of_pytorch_give_their_own_numbers(name):
    torch.manual_seed(0)
    model = TORCH[name]().train()
    w = InsideCNN(model, digit=DIGITS[2])
    assert model.training and all(module.training for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())
    dtype = next(model.parameters()).dtype
    with torch.no_grad():
        y = model.eval()(torch.tensor(w.image(), dtype=dtype))[0].double()
    p = y if name == "in place" else torch.softmax(y, 0)
    np.testing.assert_allclose(w.probabilities(), p, rtol=1e-4, atol=1e-6)
    assert w.probabilities().shape == (len(y),)


def test_models_of_scratch_give_their_own_numbers():
    model = scratch.LeNet(7, 3, "tanh", "avg", generator=RNG)
    w = InsideCNN(model, digit=DIGITS[2], labels=list("abcdefg"))
    with scratch.no_grad():
        z = model(scratch.Tensor(w.image())).array[0]
    np.testing.assert_allclose(w.outputs()[-1], z, rtol=1e-4, atol=1e-5)
    assert [y.shape for y in w.outputs()][:3] == [(3, 28, 28), (3, 28, 28), (3, 14, 14)]
    assert "class g" in w.table() and InsideCNN(scratch.AllConvNet(width=2), size=8).image().shape == (1, 1, 8, 8)


def test_another_model_may_be_given_later():
    w = InsideCNN(layer=9, digit=5)
    before = w.network
    w.model = scratch.LeNet(width=1, generator=RNG)
    assert w.layer == 9 and w.network != before and len(w.outputs()[0]) == 1
    w.model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(676, 2))
    assert (w.layer, w.channel, w.cell) == (0, 0, []) and w.probabilities().shape == (2,)


class Square(scratch.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = scratch.Conv2d(1, 2, 3), scratch.Linear(2 * 26 * 26, 3)

    def forward(self, x):
        return self.fc((self.conv(x) * self.conv(x)).flatten(1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 1, 3, padding=1), nn.Linear(784, 3)

    def forward(self, x):
        return self.fc((x + self.conv(x)).flatten(1))


def conv(*args, **kwargs) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 3, **kwargs), *args, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))


def not_finite() -> scratch.LeNet:
    model = scratch.LeNet()
    model.features[0].weight.array[0] = np.nan
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: scratch.LeNet().state_dict(), "got dict; expected a model of dlbook.scratch or PyTorch; pass the m"),
        (lambda: 3, "got int; expected a model"),
        (lambda: scratch.ResNet(width=2), "BatchNorm2d.*which it does not show. It shows, in a row: Conv2d"),
        (lambda: scratch.LeNet(activation="gelu"), "features.1 is GELU.*which it does not show"),
        (lambda: conv(nn.MaxPool2d(2, ceil_mode=True)), "ceil_mode=True"),
        (lambda: conv(nn.AvgPool2d(3, padding=1)), "1 is AvgPool2d"),
        (lambda: conv(padding=1, padding_mode="reflect"), "padding_mode=reflect"),
        (Square, "between conv .Conv2d., which gives .*something that is no layer of its own"),
        (Residual, "between conv .Conv2d., which gives .1, 1, 28, 28., and fc .Linear., .1, 784."),
        (lambda: nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten()), "takes no image of shape .*28 or 32 or 8; a drawing"),
        (lambda: scratch.MLP([64, 10]), "takes no image of shape"),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3)), r"the output has shape \(1, 2, 26, 26\); expected \(n, classes\)"),
        (lambda: nn.Sequential(nn.Conv2d(1, 65, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), "gives .65, 26, 26.; up"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 1500), nn.Linear(1500, 2)), r"gives \(1500,\); up to 64"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 9000), nn.Linear(9000, 1000)), "bytes; up to 4,000,000"),
        (not_finite, "features.0.weight holds numbers that are not finite"),
    ],
)
def test_other_models_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        InsideCNN(model())


# ---- print and readers without scripts
@pytest.mark.parametrize(
    ("widget", "label"),
    [
        (lambda: InsideCNN(), "Read as 3 with 100.0 %: the drawing, what the network sees, maps of its layers"),
        (lambda: InsideCNN(digit=None), "An empty sheet: "),
        (lambda: InsideCNN(digit=DIGITS[0]), "Read as 0 with"),
        (lambda: InsideCNN(scratch.AllConvNet(3, width=20), labels=["<a>", "b", "c"]), "Read as"),
        (lambda: InsideCNN(nn.Sequential(nn.Flatten(), nn.Linear(784, 12))), "Read as"),
    ],
)
def test_without_scripts(widget, label):
    html = widget()._fallback
    assert label in well_formed(html).find(".//svg").get("aria-label")
    assert "var(--dlb-" in html and not re.search("#[0-9a-f]{6}", html) and len(html) < 60_000
    assert len(well_formed(html).findall("details/table/caption")) == 2


def test_tables_hold_the_numbers():
    w = InsideCNN(digit=DIGITS[3])
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in well_formed(w.table()).findall(".//tbody/tr")}
    z, maps = w.outputs()[-1], w.outputs()[1]
    assert rows["class 3"] == [f"{100 * w.probabilities()[3]:.1f} %", f"{z[3]:.2f}"]
    assert rows["Convolution"][0] == "10 × 10 × 10" and rows["Linear layer"][0] == "10"
    assert f"<td>{maps.max():.2f}</td><td>{100 * (maps == 0).mean():.0f} %</td>" in w.table()
