"""The Python side of the network playground: arguments, own points, own networks, what print gets."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from node import node
from traitlets import TraitError

from dlbook import data, scratch
from dlbook.scratch.models import ACTIVATIONS
from dlbook.widgets import network_input
from dlbook.widgets import network_start as net
from dlbook.widgets.base import bundle
from dlbook.widgets.network_playground import PRESETS, SETTINGS, NetworkPlayground


# ---- Python
def test_the_module_is_one_piece():
    text = bundle("network_playground")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(text) < 100_000


def test_limits_are_the_same_on_both_sides():
    got = node(
        """import { MAX_ROWS, FEATURES, featuresOf } from "./toy_data.mjs";
        import { INITS } from "./net.mjs";
        import { POINTS } from "./playground_run.mjs";
        import { ACTIVATIONS } from "./activation.mjs";
        console.log(JSON.stringify({ MAX_ROWS, POINTS, INITS, one: featuresOf("regression"),
          activations: Object.keys(ACTIVATIONS),
          features: Object.entries(FEATURES).map(([name, { text }]) => [name, text]) }));"""
    )
    assert got["MAX_ROWS"] == network_input.MAX_ROWS and got["POINTS"] == net.POINTS
    assert got["features"] == [[name, text] for name, (_, text) in net.FEATURES.items()]
    assert [name for name, _ in got["features"]] == SETTINGS["features"]["some"]
    assert got["one"] == net.ONE_INPUT
    assert [*got["INITS"], "own"] == SETTINGS["init"]["oneOf"]
    assert got["activations"] == SETTINGS["activation"]["oneOf"] == list(ACTIVATIONS)
    assert (SETTINGS["hidden"]["most"], SETTINGS["hidden"]["integers"][1]) == (
        network_input.MOST_LAYERS,
        network_input.MOST_UNITS,
    )
    assert [*data.KINDS, "own"] == SETTINGS["data"]["oneOf"]


def test_text_form():
    assert repr(NetworkPlayground()) == "NetworkPlayground()"
    assert repr(NetworkPlayground(data="xor", lr=1, key="p")) == "NetworkPlayground(data='xor', key='p', lr=1.0)"
    assert (
        repr(NetworkPlayground(X=np.arange(20), y=np.arange(20))) == "NetworkPlayground(data='own', rows=<list of 20>)"
    )


def test_a_preset_sets_its_settings_and_yields_to_others():
    widget = NetworkPlayground(preset="overfitting")
    assert (widget.hidden, widget.noise, widget.share, widget.preset) == ([8, 8], 0.3, 0.1, "overfitting")
    assert NetworkPlayground(preset="overfitting", speed=50).preset == "overfitting"
    changed = NetworkPlayground(preset="overfitting", noise=0.0)
    assert (changed.hidden, changed.noise, changed.preset) == ([8, 8], 0.0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": "moon"}, "data: 'moon' is not known; did you mean 'moons'"),
        ({"activation": "ReLU"}, "activation: 'ReLU' is not known; did you mean 'relu'"),
        ({"preset": "spirals"}, "preset: 'spirals' is not known; did you mean 'spiral'"),
        ({"noise": float("nan")}, "noise: got nan; a number from 0 to 0.5 is expected"),
        ({"lr": 0}, "lr: got 0.0; a number from 0.0001 to 1000"),
        ({"batch": -1}, "batch: got -1; a whole number from 0 to 1000"),
        ({"hidden": [4, 9]}, r"hidden: got \[4, 9\]; up to 4 layers of 1 to 8 units"),
        ({"hidden": [1] * 5}, "hidden: got .*up to 4 layers"),
        ({"hidden": [2.5]}, "hidden"),
        ({"features": []}, r"features: got \[\]; one or more of x1, x2"),
        ({"features": ["x1", "x3"]}, "features: 'x3' is not known"),
        ({"features": ["x1", "x1"]}, "none twice"),
        ({"speed": 7}, "speed: 7 is not known. Known are 1, 5, 10, 50, 0"),
        ({"data": "own"}, "data: 'own' needs points; pass X= and y="),
        ({"init": "own"}, "init: 'own' needs weights; use NetworkPlayground.from_state_dict"),
    ],
)
def test_settings_are_checked(arguments, message):
    with pytest.raises(TraitError, match=message):
        NetworkPlayground(**arguments)
    widget = NetworkPlayground()
    (name, value), before = next(iter(arguments.items())), repr(widget)
    with pytest.raises(TraitError):
        setattr(widget, name, value)
    assert repr(widget) == before  # nothing is lost


def test_unknown_argument():
    with pytest.raises(TypeError, match="no argument 'layers'; it takes activation, batch, data"):
        NetworkPlayground(layers=[4])


PLANE, LABELS = np.array([[0.0, 1], [1, 0], [2, 2], [3, 1]]), np.array([0, 1, 1, 0])


def test_own_points():
    widget = NetworkPlayground(X=PLANE, y=LABELS)
    assert widget.data == "own" and widget.rows == [[0, 1, 0], [1, 0, 1], [2, 2, 1], [3, 1, 0]]
    line = NetworkPlayground(X=[[0], [1], [2], [3]], y=scratch.Tensor([[1.0], [2], [3], [4]], requires_grad=True))
    assert line.rows == [[0, 1], [1, 2], [2, 3], [3, 4]] and net.start(line).points.task == "regression"
    assert NetworkPlayground(X=PLANE, y=LABELS, data="xor").data == "xor"


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        (PLANE, None, "X and y belong together; y is missing"),
        (None, LABELS, "X and y belong together; X is missing"),
        (PLANE, LABELS[:3], r"y: got shape \(3,\) for X of shape \(4, 2\); expected \(4,\)"),
        (PLANE.T.reshape(2, 2, 2), LABELS, r"X: got shape \(2, 2, 2\); expected \(n, 2\)"),
        (np.ones((4, 3)), LABELS, r"X: got shape \(4, 3\); expected \(n, 2\)"),
        (np.where(PLANE == 2, np.nan, PLANE), LABELS, r"X: nan at index \[2, 0\]; every number must be finite"),
        (PLANE, LABELS / 0.5, r"y: got the labels \[0.0, 2.0\]; both 0 and 1 are expected"),
        (PLANE, LABELS * 0, r"y: got the labels \[0.0\]; both 0 and 1"),
        (PLANE[:3], LABELS[:3], "X: got 3 points; from 4 to 1000 are shown"),
        (np.zeros(1001), np.zeros(1001), "X: got 1001 points"),
        (PLANE * 1e10, LABELS, "numbers up to 1e\\+09 are shown, got 3e\\+10"),
        (["a", "b", "c", "d"], LABELS, "X: expected numbers, got list"),
    ],
)
def test_own_points_are_checked(points, labels, message):
    with pytest.raises(ValueError, match=message):
        NetworkPlayground(X=points, y=labels)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, 1], [1, 2, 0]], "every row is"),
        ([[1], [2]], "every row is"),
        ([1, 2], "every row is"),
        ([[0, 0, 3]] * 4, "labels"),
        ([["a", "b"]] * 4, "numbers"),
    ],
)
def test_rows_from_anywhere_are_checked(rows, message):
    with pytest.raises(ValueError, match=message):
        NetworkPlayground(rows=rows)


# ---- the reader's own network
def model_of(sizes, activation="tanh"):
    return scratch.MLP(sizes, activation, generator=np.random.default_rng(1))


def test_own_network_comes_and_goes():
    model = model_of([2, 3, 1])
    widget = NetworkPlayground.from_state_dict(model.state_dict(), "relu", data="xor")
    assert (widget.hidden, widget.activation, widget.init, widget.data) == ([3], "relu", "own", "xor")
    start = net.start(widget)
    expected = scratch.MLP([2, 3, 1], "relu")
    expected.load_state_dict(widget.state_dict())
    points = scratch.Tensor(start.points.x)
    np.testing.assert_allclose(start.logits(start.points.x), expected.double()(points).detach().numpy()[:, 0])
    model.load_state_dict(widget.state_dict())
    got = node(
        """import { START } from "./playground_settings.mjs";
        import { createRun } from "./playground_run.mjs";
        import { stateDict } from "./net.mjs";
        const run = createRun({ ...START, ...data, rows: [] });
        const wide = createRun({ ...START, ...data, rows: [], hidden: [4] });
        const foreign = [run.foreign, wide.foreign];
        console.log(JSON.stringify({ state: stateDict(run.net), foreign, sizes: wide.net.sizes }));""",
        {"start": widget.start, "init": "own", "hidden": [3], "activation": "relu", "data": "xor"},
    )
    assert got["state"] == widget.start and got["foreign"] == [False, True] and got["sizes"] == [2, 4, 1]


def test_own_torch_network_under_its_own_names():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    widget = NetworkPlayground.from_state_dict(dict(model.named_parameters()))
    assert widget.data == "regression" and widget.features == ["x1"]
    widget.weights = {name: np.add(value, 1).tolist() for name, value in widget.start.items()}  # as the browser would
    changed = {name: torch.as_tensor(value) for name, value in widget.state_dict().items()}
    before = model(torch.zeros(1, 1)).item()
    model.load_state_dict(changed)
    assert list(changed) == ["0.weight", "0.bias", "2.weight", "2.bias"] and model(torch.zeros(1, 1)).item() != before


def test_own_network_with_own_points():
    widget = NetworkPlayground.from_state_dict(model_of([2, 1]).state_dict(), X=100 * PLANE, y=LABELS)
    assert widget.scale is False and net.start(widget).points.x.max() == 300
    three = NetworkPlayground.from_state_dict(model_of([3, 1]).state_dict(), features=["x1", "x2", "x1_x2"])
    assert net.start(three).features == ["x1", "x2", "x1_x2"]


def state(*shapes, **change):
    good = {}
    for i, (k, d) in enumerate(shapes):
        good |= {f"{i}.weight": np.zeros((k, d)), f"{i}.bias": np.zeros(k)}
    return {name: value for name, value in (good | change).items() if value is not None}


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ({}, {}, "expected a mapping of names to arrays, got dict"),
        (model_of([2, 1]), {}, r"got MLP; pass model.state_dict\(\)"),
        (state((3, 2), (1, 4)), {}, "1.weight: takes 4 inputs, the layer before it gives 3"),
        (state((3, 2)), {}, "0.weight: gives 3 outputs; the playground shows networks with 1 output"),
        (state((9, 2), (1, 9)), {}, r"hidden layers of \[9\] units; the playground shows up to 4 of up to 8"),
        (state((2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (1, 2)), {}, r"hidden layers of \[2, 2, 2, 2, 2\]"),
        (state((1, 2), **{"0.weight": np.array([[np.nan, 1]])}), {}, r"0.weight: nan at index \[0, 0\]"),
        (state((1, 2), **{"0.bias": np.zeros(2)}), {}, r"0.bias: got shape \(2,\); expected \(1,\)"),
        (state((1, 2), **{"0.bias": None}), {}, "0.bias is missing"),
        (state((1, 2), **{"0.weight": None}), {}, "0.weight is missing"),
        (state((1, 2), **{"0.running_mean": np.zeros(1)}), {}, "'0.running_mean' is neither a weight nor a bias"),
        (state((1, 2), **{"0.weight": np.zeros(2)}), {}, r"0.weight: got shape \(2,\); expected \(outputs, inputs\)"),
        (state((1, 2), **{"0.weight": "abc"}), {}, "0.weight: expected numbers, got str"),
        (state((1, 3)), {}, r"0.weight takes 3 inputs, features names 2: \['x1', 'x2'\]"),
        (state((1, 2)), {"features": ["x2", "x1"]}, r"in the order \['x1', 'x2'\], got \['x2', 'x1'\]"),
        (state((1, 2)), {"data": "regression"}, "weights take the inputs x1, x2, but 'regression' is a regression"),
        (state((1, 2)), {"X": np.arange(5), "y": np.arange(5)}, "but your data is a regression and gives x1"),
    ],
)  # fmt: skip
def test_own_network_is_checked(weights, options, message):
    with pytest.raises(ValueError, match=message):
        NetworkPlayground.from_state_dict(weights, **options)


def test_unknown_activation_of_an_own_network():
    with pytest.raises(TraitError, match="activation: 'tanhh' is not known; did you mean 'tanh'"):
        NetworkPlayground.from_state_dict(model_of([2, 1]).state_dict(), "tanhh")


# ---- print and readers without scripts
@pytest.mark.parametrize(
    "arguments", [{}, *({"preset": name} for name in PRESETS), {"X": 50 + PLANE, "y": LABELS, "scale": False}]
)
def test_poster_and_table(arguments):
    widget = NetworkPlayground(**arguments)
    poster = widget.poster()
    assert len(poster.encode()) < 15_000 and "nan" not in poster
    picture = ET.fromstring(poster)
    assert picture.get("role") == "img" and picture.get("aria-label")
    assert not re.search(r"#[0-9a-f]{3,6}\b|\brgb", poster)  # colors of the page only
    cells = {row[0].text: row[1].text for row in ET.fromstring(widget.table()).iter("tr")}
    start = net.start(widget)
    assert cells["Training loss before the first step"] == f"{start.loss(start.train, widget.loss):.4f}"
    assert ("Test accuracy" in cells) == (start.points.task == "classification")
    assert widget.fallback() == widget._fallback


def test_poster_of_the_largest_network():
    widget = NetworkPlayground(hidden=[8, 8, 8, 8], features=list(SETTINGS["features"]["some"]), share=0.9)
    assert len(widget.poster().encode()) < 20_000
