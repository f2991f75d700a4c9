"""The numbers of the run viewer: js/run_numbers.mjs against NumPy, and both against what they mean."""

from __future__ import annotations

import base64
import functools
import itertools
import json
import math
import re

import numpy as np
import pytest
from node import node
from runs import floats, histogram, long_runs, record

from dlbook.widgets import RunViewer, run_numbers, run_poster
from dlbook.widgets.base import JS
from dlbook.widgets.run_records import Histogram, Runs


def test_smoothing_equals_numpy():
    random = np.random.default_rng(0)
    y = random.normal(size=300)
    y[[0, 7, 8, 200]] = [math.nan, math.inf, math.nan, -math.inf]
    gaps = random.integers(1, 60, 300).astype(float)
    got = node(
        """import { smooth } from "./run_numbers.mjs";
        const y = Float64Array.from(data.y, Number);
        const all = [...data.betas.map((b) => smooth(y, b)), smooth(y, 0.9, data.gaps)];
        console.log(JSON.stringify(all.map((s) => Array.from(s, String))));""",
        {"y": [str(v).replace("inf", "Infinity") for v in y], "betas": [0, 0.5, 0.9, 0.999], "gaps": gaps.tolist()},
    )
    expected = [*(run_numbers.smooth(y, b) for b in (0, 0.5, 0.9, 0.999)), run_numbers.smooth(y, 0.9, gaps)]
    for a, b in zip(got, expected):
        np.testing.assert_allclose(floats(v.replace("Infinity", "inf") for v in a), b, rtol=1e-12)
    # against the definition: weighted mean with weights β^(n-1-i)
    v = random.normal(size=40)
    weights = 0.8 ** np.arange(40)[::-1]
    assert run_numbers.smooth(v, 0.8)[-1] == pytest.approx(weights @ v / weights.sum(), rel=1e-12)
    assert run_numbers.smooth(np.full(9, 3.0), 0.99) == pytest.approx(3.0)  # no pull to zero at the start


def test_curves_of_a_run_are_smoothed_equally_far():
    records = long_runs(1, 200)
    (run,) = RunViewer(records)._runs.runs.values()
    np.testing.assert_allclose(run_numbers.gaps(run, run.curves["train"]), 1)
    np.testing.assert_allclose(run_numbers.gaps(run, run.curves["val"]), [1, 50, 50, 50])
    got = node(
        """import { gaps } from "./run_numbers.mjs";
        const part = ([n, of, step]) => ({ n, of, step: Float64Array.from(step) });
        const run = { train: part(data.train), val: part(data.val) }, thin = { train: part(data.thin) };
        const found = [gaps(run, run.train), gaps(run, run.val), gaps(thin, thin.train)];
        console.log(JSON.stringify(found.map((g) => g && Array.from(g))));""",
        {
            "train": [200, 200, list(range(1, 201))],
            "val": [4, 4, [50, 100, 150, 200]],
            "thin": [4, 7, [10, 20, 50, 70]],
        },
    )
    assert got == [None, [1, 50, 50, 50], [1, 1, 3, 2]]


CURVES = [np.random.default_rng(k).normal(size=n) for k, n in enumerate((1, 2, 50, 1000))]
CURVES += [
    np.where(np.random.default_rng(9).random(400) < 0.2, np.nan, CURVES[3][:400]),
    np.full(30, np.nan),
    np.zeros(500),
]


def test_decimation_equals_numpy_and_keeps_extremes():
    cases = [
        (np.sort(np.random.default_rng(i).random(len(y)) * 20), y, columns)
        for i, y in enumerate(CURVES)
        for columns in (1, 7, 300)
    ]
    got = node(
        """import { decimate } from "./run_numbers.mjs";
        const kept = ([x, y, columns]) => decimate(x, y.map((v) => v ?? NaN), 0, 20, columns);
        console.log(JSON.stringify(data.map(kept)));""",
        [[x.tolist(), [None if math.isnan(v) else v for v in y], columns] for x, y, columns in cases],
    )
    for (x, y, columns), kept in zip(cases, got):
        assert kept == run_numbers.decimate(x, y, 0, 20, columns).tolist()
        assert kept == sorted(set(kept))
        finite = [k for k in kept if np.isfinite(y[k])]
        if len(finite):
            assert len(finite) <= 4 * columns + 2 * np.isnan(y).sum()
            column = np.floor(x / 20 * columns)
            for c in np.unique(column[np.isfinite(y)]):
                inside = (column == c) & np.isfinite(y)
                mine = [k for k in finite if column[k] == c]
                assert y[mine].min() == y[inside].min() and y[mine].max() == y[inside].max()
                ends = np.flatnonzero(inside)[[0, -1]]
                assert {*ends} <= {*mine}
        # the line breaks where it did
        breaks = [k for k in kept if not np.isfinite(y[k])]
        assert breaks == [k for k in np.flatnonzero(~np.isfinite(y)) if k == 0 or np.isfinite(y[k - 1])]


def test_the_value_at_a_place():
    x = [0.0, 0.1, 0.2, 0.30000000000000004, 5.0]
    at = [-1, 0, 0.05, 0.1, 0.3, 4.9, 5, 99]
    assert [run_numbers.last_at(x, a) for a in at] == [-1, 0, 0, 1, 3, 3, 4, 4]
    assert node(
        """import { lastAt } from "./run_numbers.mjs";
        console.log(JSON.stringify(data[1].map((a) => lastAt(data[0], a))));""",
        [x, at],
    ) == [-1, 0, 0, 1, 3, 3, 4, 4]


def samples() -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [
        random.normal(size=5000),
        np.maximum(random.normal(size=5000), 0),
        np.tanh(3 * random.normal(size=5000)),
        1 / (1 + np.exp(-6 * random.normal(size=5000))),
        np.full(10, 0.3),
        np.zeros(10),
        random.random(7) - 5,
        np.array([1e-9, -3e-9]),
    ]


def test_what_histograms_say_equals_numpy():
    found = [Histogram(h["edges"][0], h["edges"][-1], np.array(h["counts"])) for h in map(histogram, samples())]
    qs = [0, 0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995, 1]
    got = node(
        """import { quantiles, moments, nearZero, beyond, flatEnds } from "./run_numbers.mjs";
        const all = (h) => [quantiles(h, data[1]), moments(h), nearZero(h), beyond(h, -0.95, 0.95), flatEnds([h])];
        console.log(JSON.stringify(data[0].map(all)));""",
        [[{"low": h.low, "high": h.high, "counts": h.counts.tolist()} for h in found], qs],
    )
    for h, values, (quantiles, moments, near, far, flat) in zip(found, samples(), got):
        width = (h.high - h.low) / 30
        np.testing.assert_allclose(quantiles, [run_numbers.quantile(h, q) for q in qs], rtol=1e-12, atol=1e-12 * width)
        np.testing.assert_allclose(moments, run_numbers.moments(h), rtol=1e-9, atol=1e-12 * width)
        assert near == pytest.approx(run_numbers.near_zero(h), rel=1e-12)
        assert far == pytest.approx(run_numbers.beyond(h, -0.95, 0.95), abs=1e-12)
        assert flat == (list(run_numbers.flat_ends([h])) if run_numbers.flat_ends([h]) else None)
        # the same as from the values themselves, up to the width of a bin
        for q, v in zip(qs, quantiles):
            assert abs(v - np.quantile(values, q, method="inverted_cdf")) <= width * 1.0001
        assert abs(moments[0] - values.mean()) <= width / 2 and abs(moments[1] - values.std()) <= width
    assert [run_numbers.flat_ends([h]) for h in found[:5]] == [None, None, (-0.95, 0.95), (0.05, 0.95), None]
    assert (
        run_numbers.near_zero(found[1]) > 0.5
        and run_numbers.near_zero(found[5]) == 1
        and run_numbers.near_zero(found[6]) == 0
    )
    assert run_numbers.beyond(found[2], -0.95, 0.95) == pytest.approx(np.mean(np.abs(samples()[2]) > 0.93), abs=0.01)


def test_layers_stand_in_the_order_of_the_forward_pass():
    one = histogram([0.0, 1.0])
    forward, backward = {"in": one, "out": one}, {"out": one, "in": one}
    (run,) = RunViewer([record(1, gradient=backward), record(2, activation=forward)])._runs.runs.values()
    assert run_numbers.layers(run, "gradient") == run_numbers.layers(run, "activation") == ["in", "out"]
    assert run_numbers.layers(run, "none") == []
    (run,) = RunViewer([record(1, gradient=backward)])._runs.runs.values()
    assert run_numbers.layers(run, "gradient") == ["out", "in"]


def test_axes_and_texts_equal_numpy():
    random = np.random.default_rng(4)
    numbers = [
        0.65625,
        1.0,
        9999.5,
        10000.0,
        0.001,
        0.00099996,
        -0.25,
        123.45,
        1e-12,
        3e8,
        0,
        2.675,
        12.345,
        0.125,
        0.005,
    ]
    numbers += (random.normal(size=200) * 10.0 ** random.integers(-6, 7, 200)).tolist()
    ranges = [(0, 1), (-3.3, 8.1), (0.0021, 0.0024), (0, 1e-9), (1e6, 3e6)]
    logs = [(-1.2, 0.9), (-3, 2), (-0.2, 0.6), (0.1, 0.2), (-30, 12), (-1.5, -1.2)]
    curves = [[1, 0.5, 0.2], [0.9, 40, 3e4, 5e9], [0.1, 0.5, 0.9], [-1, -2, -3], [0, 0, 0], [2.0]]
    choices = [
        ([0, 2], []),
        ([0, 1, 2], [False, True, False]),
        ([0, 1, 2], []),
        ([3], []),
        ([4], []),
        ([], []),
        ([5], []),
        ([1], [True]),
    ]
    places = [[5, 6, 30], [95, 106], [1, 2, 3, 50, 99, 100], list(range(0, 100, 7)), [200, 300]]
    got = node(
        """import * as n from "./run_numbers.mjs";
        const c = data.curves.map((v) => Float64Array.from(v));
        const range = (log) => data.choices.map(([which, wild]) => n.yRange(which.map((i) => c[i]), log, wild));
        console.log(JSON.stringify({
          four: data.numbers.map(n.four),
          tidy: data.numbers.map(n.tidy),
          position: data.numbers.map((v) => n.position(Math.abs(v))),
          ticks: data.ranges.map(([a, b]) => n.ticks(a, b, 6)),
          logs: data.logs.map(([a, b]) => n.logTicks(a, b, 6)),
          padded: data.ranges.map(([a, b]) => n.padded(a, b, false)),
          spread: data.places.map((p) => n.spread(p, 0, 100, 10)),
          range: [range(false), range(true)],
        }));""",
        {"numbers": numbers, "ranges": ranges, "logs": logs, "curves": curves, "choices": choices, "places": places},
    )
    assert got["four"] == [run_numbers.four(v) for v in numbers]
    assert got["position"] == [run_numbers.position(abs(v)) for v in numbers]
    # a tie may be rounded up there and to the even digit here
    assert sum(a != b for a, b in zip(got["tidy"], [run_poster.tidy(v) for v in numbers])) <= 2
    assert got["ticks"] == [run_poster.ticks(a, b, 6) for a, b in ranges]
    for (a, b), found in zip(logs, got["logs"]):
        assert 2 <= len(found) <= 10 and all(a - 1e-9 <= v <= b + 1e-9 for v in found)
        if expected := run_poster.log_ticks(a, b, 6):
            np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(got["padded"], [run_poster._padded(a, b, False) for a, b in ranges])
    for p, found in zip(places, got["spread"]):
        np.testing.assert_allclose(found, run_poster.spread([float(v) for v in p], 0, 100, 10))
        assert min(np.diff(found)) >= 10 - 1e-9
        assert len(p) * 10 > 100 or (min(found) >= 0 and max(found) <= 100)
    arrays = [np.array(c, float) for c in curves]
    for log, found in zip((False, True), got["range"]):
        for (which, wild), (low, high, cut) in zip(choices, found):
            assert run_numbers.y_range([arrays[i] for i in which], log, wild) == (
                pytest.approx(low),
                pytest.approx(high),
                cut,
            )
    assert run_numbers.y_range([arrays[0], arrays[1]], False, [False, True]) == (
        0.2,
        2.0,
        True,
    )  # the rest stays legible
    assert run_numbers.y_range([arrays[2]], False) == (0.1, 0.9, False)


def test_how_runs_ended_equals_numpy():
    losses = {"nan": [1, math.nan], "inf": [1, math.inf, 2], "fine": [1, 2]}
    cases = [[record(i + 1, v) for i, v in enumerate(v)] for v in losses.values()]
    cases += [
        [record(1), record(2, math.nan, stopped=why)]
        for why in ("diverged", "interrupted", "no improvement", "by hand")
    ]
    cases += [[{"step": 3, "loss": 1.0, "stopped": "no improvement"}]]
    viewers = [RunViewer(c) for c in cases]
    words = [run_numbers.ending(run) for v in viewers for run in v._runs.runs.values()]
    assert words == [
        "loss is NaN at step 2",
        "loss is ∞ at step 2",
        "",
        "diverged at step 2",
        "interrupted at step 2",
        "stopped at epoch 0.5: no improvement",
        "stopped at step 2: by hand",
        "stopped at step 3: no improvement",
    ]
    packed = [[v.head, base64.b64encode(v.head_bytes).decode()] for v in viewers]
    assert (
        node(
            """import { unpack } from "./run_data.mjs";
        import { ending } from "./run_numbers.mjs";
        const run = ([index, b]) => unpack(index, new Uint8Array(Buffer.from(b, "base64"))).runs[0];
        console.log(JSON.stringify(data.map((d) => ending(run(d)))));""",
            packed,
        )
        == words
    )


def test_the_cursor_reads_the_last_known_value():
    losses = [4.0, 2.0, math.nan]
    for stopped, expected in (("diverged", math.nan), ("interrupted", 2.0)):
        runs = Runs()
        for i, loss in enumerate(losses):
            runs.add(record(i + 1, loss, **({"stopped": stopped} if i == 2 else {"accuracy": 0.25 * i})))
        (run,) = runs.runs.values()
        read = functools.partial(run_numbers.read_at, run, "train")
        assert read("loss", "step", 3.5) == pytest.approx(expected, nan_ok=True)
        assert read("accuracy", "step", 3) == 0.25 and read("loss", "step", 0.5) is None
        assert read("loss", "epoch", 0.5, 0.5) == pytest.approx(8 / 3)


def test_python_and_the_browser_agree_on_the_looks():
    look = (JS / "run_look.mjs").read_text("utf8")
    assert tuple(json.loads(re.search(r"COLORS = (\[.*?\])", look)[1])) == run_poster.COLORS
    assert re.findall(r'^  "(.*?)", //', look, re.M) == list(run_poster.MARKS.values())
    looks = {(run_poster.color(i), run_poster.mark(i)) for i in range(20)}
    assert len(looks) == 20 and len({color for color, _ in looks}) == 10


def linear(color: str) -> np.ndarray:
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(color: str) -> np.ndarray:
    """Lightness and two opponent colors, in which equal distances look about equal (Ottosson 2020), times 100."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
    return 100 * np.array(to_lab) @ np.cbrt(np.array(to_cones) @ linear(color))


def test_ten_colors_are_legible_and_apart():
    themes = [{}, {}]
    for name, value in re.findall(r"--dlb-(\w+): (#[0-9a-f]{6});", (JS / "widget.css").read_text("utf8")):
        themes[name in themes[0]][name] = value
    for theme, paper in zip(themes, ("#ffffff", "#14181e")):
        colors = [theme[name] for name in run_poster.COLORS]
        for color in colors:  # names of runs are written in them
            dark, light = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (color, paper))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, color
        assert min(np.linalg.norm(oklab(a) - oklab(b)) for a, b in itertools.combinations(colors, 2)) > 9.5
