"""What the browser computes in the network playground: arithmetic as in ``dlbook.scratch``, data, presets, CSV."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from node import node

from dlbook import data, scratch
from dlbook.scratch.models import ACTIVATIONS
from dlbook.widgets import network_start as net
from dlbook.widgets.network_playground import PRESETS, SETTINGS, NetworkPlayground

RNG = np.random.default_rng(0)
LOSSES = ["cross_entropy", "squared_error", "linear_squared_error"]


# ---- forward, backward, step
SIZES, N, STEPS, SIZE = [2, 5, 3, 1], 40, 200, 8
X = RNG.uniform(-1, 1, (N, 2))
Y = {name: (X[:, 0] * X[:, 1] < 0).astype(float) for name in LOSSES} | {"linear_squared_error": np.sin(3 * X[:, 0])}
START = {
    f"layers.{2 * i}.{part}": RNG.normal(0, 0.7, (k, d) if part == "weight" else k)
    for i, (d, k) in enumerate(zip(SIZES[:-1], SIZES[1:], strict=True))
    for part in ("weight", "bias")
}
BATCHES = [RNG.permutation(N)[:SIZE].tolist() for _ in range(STEPS)]
STEP = {"lr": 0.05, "l1": 0.002, "l2": 0.01}
CASES = [(activation, loss) for activation in ACTIVATIONS for loss in LOSSES]


def listed(state):
    return {name: np.asarray(value).tolist() for name, value in state.items()}


@functools.cache
def browser_training():
    return node(
        """import { fromStateDict, stateDict, workspace, lossAndGradients, sgdStep, batch, evaluate } from "./net.mjs";
        const { n, x, y, steps, batches, start, cases } = data;
        console.log(JSON.stringify(cases.map(([activation, loss]) => {
          const net = fromStateDict(start, activation), work = workspace(net, n);
          const first = lossAndGradients(net, x, y[loss], loss, work), small = workspace(net, batches[0].length);
          for (const order of batches) {
            const b = batch(x, y[loss], n, order, 0, order.length);
            sgdStep(net, lossAndGradients(net, b.x, b.y, loss, small).gradients, steps);
          }
          const gradients = first.gradients.map(({ weight, bias }) => [[...weight], [...bias]]);
          const after = evaluate(net, x, y[loss], loss, work).loss;
          return { loss: first.loss, gradients, after, state: stateDict(net) };
        })));""",
        {
            "n": N,
            "x": X.T.ravel().tolist(),
            "y": listed(Y),
            "steps": STEP,
            "batches": BATCHES,
            "start": listed(START),
            "cases": CASES,
        },
    )


def loss_of(model, rows, loss):
    z = model(scratch.Tensor(X[rows])).flatten()
    task = "regression" if loss == "linear_squared_error" else "classification"
    return net.loss_of(z, scratch.Tensor(Y[loss][rows]), task, loss)


@pytest.mark.parametrize(("activation", "loss"), CASES)
def test_the_browser_trains_like_scratch(activation, loss):
    browser = browser_training()[CASES.index((activation, loss))]
    model = scratch.MLP(SIZES, activation).double()
    model.load_state_dict(START)
    first = loss_of(model, slice(None), loss)
    assert browser["loss"] == pytest.approx(first.item(), abs=1e-12)

    first.backward()
    for parameter, got in zip(model.parameters(), [g for layer in browser["gradients"] for g in layer], strict=True):
        np.testing.assert_allclose(got, parameter.grad.numpy().ravel(), atol=1e-10, rtol=0)

    sgd = scratch.SGD(model.parameters(), lr=STEP["lr"])
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    for rows in BATCHES:
        penalty = sum(STEP["l1"] * w.abs().sum() + STEP["l2"] / 2 * (w * w).sum() for w in weights)
        sgd.zero_grad()
        (loss_of(model, rows, loss) + penalty).backward()
        sgd.step()
    after = loss_of(model, slice(None), loss).item()
    assert after < first.item()  # training has moved something
    assert browser["after"] == pytest.approx(after, abs=1e-8)
    for name, parameter in model.state_dict().items():
        np.testing.assert_allclose(browser["state"][name], parameter.numpy(), atol=1e-8, rtol=0)


# ---- random numbers, points, the start
def test_random_numbers():
    cases = [(seed, use) for seed in (0, 1, 9999) for use in range(4)]
    got = node(
        """import { stream, uniforms, normals, shuffle } from "./random.mjs";
        console.log(JSON.stringify(data.map(([seed, use]) => ({
          u: [...uniforms(stream(seed, use), 1000)], z: [...normals(stream(seed, use), 999)],
          order: shuffle([...Array(50).keys()], stream(seed, use)) }))));""",
        cases,
    )
    for (seed, use), browser in zip(cases, got, strict=True):
        np.testing.assert_array_equal(browser["u"], net.uniforms(seed, use, 1000))
        np.testing.assert_allclose(browser["z"], net.normals(seed, use, 999), atol=1e-14)
        np.testing.assert_array_equal(browser["order"], net.shuffled(50, seed, use))
    u, z = np.array(got[5]["u"]), np.array(got[5]["z"])
    assert abs(u.mean() - 0.5) < 0.03 and abs(z.mean()) < 0.1 and abs(z.std() - 1) < 0.07
    assert len({browser["u"][0] for browser in got}) == len(cases)


@pytest.mark.parametrize("kind", data.KINDS)
def test_geometry_is_that_of_the_package(kind):
    u = RNG.random((100, 2))
    u[0] = 0.5, 0.0
    got = node(
        """import { geometry } from "./toy_data.mjs";
        console.log(JSON.stringify(data.u.map(([a, b], i) => geometry(data.kind, a, b, i))));""",
        {"kind": kind, "u": u.tolist()},
    )
    points, y = data.geometry(kind, u)
    np.testing.assert_allclose(np.array(got)[:, : points.shape[1]], points, atol=1e-15, rtol=1e-14)
    np.testing.assert_allclose(np.array(got)[:, 2], y, atol=1e-15, rtol=1e-14)


OWN = [[0.5, 10, 1], [0.25, 30, 0], [-0.5, 20, 1], [0.0, 25, 0], [1.0, 12, 0]]
GELU = {"noise": 0.2, "data_seed": 3, "hidden": [3, 2], "activation": "gelu", "seed": 7}
STARTS = [{"data": kind, **GELU} for kind in data.KINDS] + [
    {"data": "circles", "features": list(SETTINGS["features"]["some"]), "hidden": [], "init": "he", "share": 0.33},
    {"data": "regression", "features": ["x2"], "hidden": [1], "init": "large", "loss": "squared_error"},
    {"data": "regression", "features": ["x2", "x1_squared", "sin_x1"], "hidden": [8, 8, 8, 8], "init": "constant"},
    {"data": "moons", "loss": "squared_error", "init": "zeros"},
    {"data": "own", "rows": OWN, "share": 0.6},
    {"data": "own", "rows": OWN, "scale": False, "data_seed": 4, "share": 0.9},
    {"data": "own", "rows": [row[:2] for row in OWN], "share": 0.1},
    {"data": "own", "rows": [[1.0, v[1]] for v in OWN], "hidden": [2]},  # a column without spread
]  # fmt: skip


@functools.cache
def browser_starts():
    return node(
        """import { START } from "./playground_settings.mjs";
        import { createRun, measure } from "./playground_run.mjs";
        import { stateDict } from "./net.mjs";
        console.log(JSON.stringify(data.map((given) => {
          const run = createRun({ ...START, rows: [], start: {}, ...given }), { train, test } = measure(run);
          return { x: run.data.x.map((c) => [...c]), y: [...run.data.y], features: run.features,
            train: run.train.points, test: run.test.points,
            state: stateDict(run.net), loss: [train.loss, test.loss], accuracy: [train.accuracy, test.accuracy] };
        })));""",
        STARTS,
    )


@pytest.mark.parametrize("case", range(len(STARTS)))
def test_the_start_is_the_same_in_python(case):
    browser, widget = browser_starts()[case], NetworkPlayground(**STARTS[case])
    start = net.start(widget)
    np.testing.assert_allclose(np.transpose(browser["x"]), start.points.x, atol=1e-14)
    np.testing.assert_allclose(browser["y"], start.points.y, atol=1e-14)
    assert browser["train"] == start.train.tolist() and browser["test"] == start.test.tolist()
    assert browser["features"] == start.features
    for name, value in widget.state_dict().items():
        np.testing.assert_allclose(browser["state"][name], value, atol=1e-14)
    for part, loss, accuracy in zip((start.train, start.test), browser["loss"], browser["accuracy"], strict=True):
        assert start.loss(part, widget.loss) == pytest.approx(loss, abs=1e-12)
        if accuracy is not None:
            assert start.accuracy(part) == accuracy


# ---- training in the browser
def trained(*jobs):
    """Each job is (settings, epochs at which to look); what is seen there."""
    return node(
        """import { START, presetSettings } from "./playground_settings.mjs";
        import { createRun, epochStep, measure, maps } from "./playground_run.mjs";
        import { stateDict, isFinite } from "./net.mjs";
        console.log(JSON.stringify(data.map(([given, looks]) => {
          const settings = { ...START, ...presetSettings(given.preset), rows: [], start: {}, ...given };
          const run = createRun(settings);
          return looks.map((epoch) => {
            while (run.epoch < epoch && !run.stopped) epochStep(run, settings);
            const { train, test } = measure(run), output = maps(run).at(-1).z;
            return { epoch: run.epoch, loss: train.loss, test: test.loss, accuracy: train.accuracy, held: test.accuracy,
              state: stateDict(run.net), finite: isFinite(run.net), stopped: run.stopped, history: run.history,
              size: [run.train.n, run.test.n], output: [...output] };
          });
        })));""",
        [[job, looks] for job, looks in jobs],
    )


def preset(name, *epochs, **change):
    return trained(({"preset": name, **change}, list(epochs)))[0]


def test_preset_xor_line():
    for seed in (1, 2, 3):
        (end,) = preset("xor_line", 300, seed=seed)
        assert (
            0.66 < end["loss"] < 0.70 and end["accuracy"] <= 0.8
        )  # three of four squares, and a point that noise moved


def test_preset_xor_two():
    ends = [job[0] for job in trained(*[({"preset": "xor_two", "seed": seed}, [300]) for seed in range(1, 21)])]
    assert ends[0]["accuracy"] == 1 and ends[0]["loss"] < 0.02
    stuck = sum(end["accuracy"] < 0.9 for end in ends)
    assert f"From {stuck} of the starts 1 to 20" in PRESETS["xor_two"]["says"]


def test_preset_lr_too_large():
    (end,) = preset("lr_too_large", 30)
    assert end["epoch"] < 10 and "learning rate is too large" in end["stopped"]
    losses = end["history"]["train"]
    assert np.isfinite(losses).all() and end["finite"] and losses[-1] > 1e4 * losses[0]
    assert all(b > a for a, b in zip(losses[1:-1], losses[2:], strict=True))
    (good,) = preset("lr_too_large", 300, lr=0.1)
    assert good["stopped"] is None and good["loss"] < 0.03


def test_preset_zeros():
    (end,) = preset("zeros", 200)
    weights = {name: np.array(value) for name, value in end["state"].items()}
    moved = {name for name, value in weights.items() if value.any()}
    assert moved == {"layers.2.bias"}


def test_preset_constant():
    (end,) = preset("constant", 300)
    first = np.array(end["state"]["layers.0.weight"])
    assert (first == first[0]).all() and 0.7 < end["accuracy"] < 0.8


def test_preset_wrong_and_sure():
    begin, end = preset("wrong_and_sure", 0, 300)
    assert begin["accuracy"] < 0.05 and begin["loss"] - end["loss"] < 0.02 and end["accuracy"] < 0.05
    (other,) = preset("wrong_and_sure", 100, loss="cross_entropy")
    assert other["accuracy"] > 0.95


def test_preset_linear_stack():
    (end,) = preset("linear_stack", 200)
    assert end["loss"] > 0.6
    z = np.array(end["output"]).reshape(48, 48)
    assert np.ptp(z) > 0.1  # it has learned a slope
    np.testing.assert_allclose(np.diff(z, 2, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(z, 2, axis=1), 0, atol=1e-12)


def test_preset_overfitting():
    early, end = preset("overfitting", 100, 1000)
    assert end["size"][0] == 20 and sum(np.size(v) for v in end["state"].values()) == 105
    assert end["accuracy"] == 1 and end["loss"] < 0.03 and end["test"] > 1 > 2 * min(early["test"], 0.5) - 0.01
    assert end["held"] < 0.85 and end["test"] > early["test"] + 0.4


def test_preset_hinges():
    (end,) = preset("hinges", 300)
    assert end["loss"] < 0.02 and end["test"] < 0.02  # the noise alone has a variance of 0.01


def test_preset_spiral():
    (end,) = preset("spiral", 1000)
    assert end["accuracy"] == 1 and end["held"] > 0.9


def test_every_preset_has_a_test_and_known_settings():
    assert {name for name in PRESETS if f"test_preset_{name}" in globals()} == set(PRESETS)
    for item in PRESETS.values():
        assert NetworkPlayground(preset=item["name"]).preset == item["name"]
        assert item["set"] and item["says"].endswith(".") and len(item["says"]) < 220


def test_a_loss_that_is_no_number_stops_training_and_keeps_the_last_finite_state():
    (end,) = trained(({"data": "regression", "activation": "identity", "lr": 1000, "hidden": [8, 8], "batch": 4}, [5]))[
        0
    ]
    assert end["stopped"].startswith("The loss is no longer a number") and end["finite"]
    assert np.isfinite(end["history"]["train"]).all() and np.isfinite(end["loss"])


def test_the_history_is_thinned_out():
    (end,) = trained(({"data": "blobs", "hidden": []}, [1500]))[0]
    epochs = end["history"]["epochs"]
    assert len(epochs) <= 600 and epochs[0] == 0 and set(np.diff(epochs)) == {end["history"]["stride"]} == {4}


def test_an_epoch_takes_every_training_point_once():
    got = node(
        """import { START } from "./playground_settings.mjs";
        import { createRun, batchStep } from "./playground_run.mjs";
        const settings = { ...START, rows: [], start: {}, batch: 16 }, run = createRun(settings), orders = [];
        let steps = 0;
        for (let i = 0; i < 2; i++) { do steps++; while (!batchStep(run, settings)); orders.push([...run.order]); }
        console.log(JSON.stringify({ orders, steps, epoch: run.epoch }));"""
    )
    assert got["steps"] == 2 * 7 and got["epoch"] == 2  # 100 points in batches of 16
    assert got["orders"][0] != got["orders"][1] and all(sorted(order) == list(range(100)) for order in got["orders"])


def test_the_batch_size_may_change_within_an_epoch():
    got = node(
        """import { START } from "./playground_settings.mjs";
        import { createRun, batchStep, epochStep } from "./playground_run.mjs";
        const settings = { ...START, rows: [], start: {}, batch: 64 }, run = createRun(settings), seen = [];
        for (const batch of [64, 0, 30, 1000]) {
          batchStep(run, { ...settings, batch });
          seen.push([run.epoch, run.position, run.batches]);
        }
        epochStep(run, { ...settings, batch: 7 });
        const { epoch, stopped, history } = run;
        console.log(JSON.stringify({ seen, epoch, stopped, losses: history.train.length }));"""
    )
    assert got == {"seen": [[0, 64, 1], [1, 0, 0], [1, 30, 1], [2, 0, 0]], "epoch": 3, "stopped": None, "losses": 4}


# ---- CSV
def csv(*texts):
    return node(
        """import { parseCSV } from "./toy_data.mjs";
        console.log(JSON.stringify(data.map(parseCSV)));""",
        list(texts),
    )


POINTS = "0.1,0.2,0\n0.3,0.4,1\n-1,2e-1,0\n.5,+3,1"


def test_csv_is_read():
    rows = [[0.1, 0.2, 0], [0.3, 0.4, 1], [-1, 0.2, 0], [0.5, 3, 1]]
    classes = [
        POINTS,
        "x1,x2,label\r\n" + POINTS.replace("\n", "\r\n"),
        "\n\n" + POINTS.replace(",", " ; ") + "\n",
        POINTS.replace(",", "\t"),
        POINTS.replace(",", "  "),
    ]
    assert csv(*classes) == [{"rows": rows}] * 5
    assert csv("x,y\n1,2\n2,3\n3,4\n4,5") == [{"rows": [[1, 2], [2, 3], [3, 4], [4, 5]]}]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["No data yet: write one point per line"]),
        ("x,y\n", ["No data yet"]),
        (POINTS + "\n1,2", ["Line 5: “1,2” has 2 values, the first line 3; every line needs x1,x2,label."]),
        ("x,y\n" + "1,2\n" * 3 + "1,two", ["Line 5: “1,two” holds “two”; expected a number"]),
        (POINTS + "\nnan,0,1\n0,inf,1\n0,1e999,1", ["Line 5: .*“nan”", "Line 6: .*“inf”", "Line 7: .*“1e999”"]),
        ("nan,nan\n" + "1,2\n" * 4, ["Line 1: .*holds “nan”"]),
        (POINTS + "\n0,0,2", ["Line 5: .*has the label 2; expected 0 or 1"]),
        (POINTS + "\n0,,1", ["Line 5: .*holds “”; expected a number"]),
        ("1\n2\n3\n4", [r"Line 1: “1” has 1 value; expected x1,x2,label or x,y"]),
        ("1,2,3,4\n" * 4, [r"Line 1: .*has 4 values; expected x1,x2,label or x,y"]),
        ("1,2\n3,4", ["2 lines of data; at least 4 are needed"]),
        ("1,2,0\n" * 5, ["All labels are 0; both classes, 0 and 1, are needed"]),
        ("1,2\n" * 1001, ["1001 lines of data: at most 1000 are taken"]),
        ("<img src=x onerror=alert(1)>" + "a" * 500, ["Line 1: “<img src=x onerror=alert"]),
    ],
)  # fmt: skip
def test_csv_with_faults_says_what_and_where(text, messages):
    (got,) = csv(text)
    assert "rows" not in got and all(len(line) < 200 for line in got["errors"])
    assert len(got["errors"]) >= len(messages)
    for message, line in zip(messages, got["errors"], strict=False):
        assert re.match(message, line), line


def test_csv_round_trip():
    got = node(
        """import { toyData, formatCSV, parseCSV } from "./toy_data.mjs";
        console.log(JSON.stringify(["xor", "regression"].map((kind) => {
          const d = toyData(kind, 50, 0.1, 2), { rows } = parseCSV(formatCSV(d));
          return Math.max(...rows.map((r, i) => Math.max(Math.abs(r[0] - d.x[0][i]), Math.abs(r.at(-1) - d.y[i]))));
        })));"""
    )
    assert all(0 < worst <= 0.5001e-4 for worst in got)


# ---- addresses
def test_what_an_address_may_set():
    good = {
        "preset": "spiral",
        "data": "xor",
        "noise": "0.25",
        "features": "x1,sin_x2",
        "hidden": "8,8,1",
        "lr": "3",
        "speed": "0",
        "show_test": "true",
    }
    bad = {"preset": "none", "data": "own", "init": "own", "noise": "0.6", "share": "1", "features": "x1,x1",
           "hidden": "8,9", "lr": "0", "batch": "1001",
           "activation": "__proto__", "seed": "1.5", "speed": "7", "log_scale": "1"}  # fmt: skip
    got = node(
        """import playground from "./network_playground.mjs";
        const { params } = playground, expects = Object.values(params).every((p) => typeof p.expects === "string");
        const read = (set) => Object.fromEntries(Object.entries(set).map(([k, v]) => [k, params[k](v) ?? null]));
        console.log(JSON.stringify({ names: Object.keys(params), good: read(data.good), bad: read(data.bad), expects,
          none: params.hidden(""), empty: params.features("") ?? null }));""",
        {"good": good, "bad": bad},
    )
    assert got["names"] == list(SETTINGS) and got["expects"]
    assert got["good"] == {
        "preset": "spiral",
        "data": "xor",
        "noise": 0.25,
        "features": ["x1", "sin_x2"],
        "hidden": [8, 8, 1],
        "lr": 3,
        "speed": 0,
        "show_test": True,
    }
    assert set(got["bad"].values()) == {None} and got["empty"] is None and got["none"] == []
