"""Runs as the page gets them: exact or right in the digits that are shown, thinned only where they must be; and CSV."""

from __future__ import annotations

import base64
import csv
import functools
import io
import json
import math
import struct

import numpy as np
from node import node
from runs import floats, histogram, long_runs, record, shown, unpacked

from dlbook.widgets import RunViewer, run_columns, run_numbers
from dlbook.widgets.run_records import Runs

GOOD = {"edges": [0, 1, 2], "counts": [1, 1]}


def test_ten_runs_of_a_thousand_steps_fit_with_the_digits_that_are_shown():
    records = long_runs(10, 1000)
    viewer = RunViewer(records)
    script = len(json.dumps(viewer.head)) + len(base64.b64encode(viewer.head_bytes))
    assert script < 125_000
    page = shown(viewer)
    for k, run in enumerate(page["runs"]):
        for split in ("train", "val"):
            rows = [r for r in records if r["run"] == f"run {k}" and r["split"] == split]
            assert run[split]["n"] == run[split]["of"] == len(rows)
            for key in ("step", "epoch"):
                assert run[split][key] == [r[key] for r in rows]  # exact
            seconds = np.array([r["seconds"] for r in rows])
            assert np.abs(np.array(run[split]["seconds"]) - seconds).max() <= 1.0001 * np.ptp(seconds) / 131_070
            for metric in ("loss", "accuracy"):
                assert [run_numbers.four(v) for v in run[split]["values"][metric]] == [
                    run_numbers.four(r[metric]) for r in rows
                ]


def test_the_shown_digits_of_any_number_are_right():
    random = np.random.default_rng(0)
    ties = [
        0.65625,
        -0.65625,
        1.0625,
        2.0005,
        0.00012345,
        99995.0,
        9999.5,
        0.99995,
        1e22,
        1e23,
        5e-324,
        1.797e308,
        2.5e-310,
    ]
    v = np.concatenate(
        [
            random.normal(size=3000) * 10.0 ** random.integers(-300, 300, 3000),
            random.random(3000).round(4),
            random.integers(0, 33, 200) / 32,
            ties,
            [0.0, -0.0, math.nan, math.inf, -math.inf],
        ]
    )
    content = base64.b64encode(run_columns.decimals(v)).decode()
    got = node(
        """import { unpack } from "./run_data.mjs";
        import { four } from "./run_numbers.mjs";
        const bytes = new Uint8Array(Buffer.from(data[0], "base64")), n = data[1];
        const train = { n, of: n, columns: [["loss", "d3"]] };
        const { runs: [run] } = unpack({ runs: [{ name: "a", train }] }, bytes);
        console.log(JSON.stringify(Array.from(run.train.values.loss, four)));""",
        [content, len(v)],
    )
    assert got == [run_numbers.four(x) for x in v]


def test_irregular_steps_and_large_counts_are_exact():
    random = np.random.default_rng(1)
    steps = np.sort(random.choice(10**9, 4000, replace=False))
    layers = {"big": {"edges": [-3e-7, 0, 3e-7], "counts": [2**40 + 1, 0]}, "small": {"edges": [0, 1], "counts": [127]}}
    records = [
        {"step": int(s), "loss": 1.0, **({"activation": layers} if i % 1000 == 0 else {})} for i, s in enumerate(steps)
    ]
    (run,) = shown(RunViewer(records))["runs"]
    assert run["train"]["step"] == steps.tolist() and run["train"]["epoch"] is None
    found = run["frames"]["list"][0]["activation"]
    assert found["big"]["counts"] == [2**40 + 1, 0] and found["small"]["counts"] == [127]
    assert found["big"]["low"] == struct.unpack("f", struct.pack("f", -3e-7))[0]
    assert run["frames"]["step"] == steps[::1000].tolist()


def test_epochs_of_changing_length_stay_within_the_bound():
    x = np.cumsum(np.random.default_rng(2).random(5000))
    (run,) = shown(RunViewer([{"step": i, "epoch": e, "loss": 1.0} for i, e in enumerate(x)]))["runs"]
    assert np.abs(np.array(run["train"]["epoch"]) - x).max() <= 1.0001 * np.ptp(x) / 131_070


def test_long_runs_are_thinned_and_keep_every_extreme():
    spikes = {(k, 100 + 617 * k): 50.0 + k for k in range(10)} | {(k, 5000): -3.0 - k for k in range(10)}
    spikes |= {(2, 3000): math.nan, (2, 3001): math.nan, (3, 7): math.inf}
    viewer = RunViewer(long_runs(10, 6000, spikes=spikes))
    assert len(viewer.head_bytes) <= run_columns.ALL
    assert len(json.dumps(viewer.head)) + len(base64.b64encode(viewer.head_bytes)) < 150 * 1024
    for k, run in enumerate(shown(viewer)["runs"]):
        n, loss = run["train"]["n"], floats(run["train"]["values"]["loss"])
        assert run["train"]["of"] == 6000 and 600 < n < 1000 and run["val"]["n"] == run["val"]["of"] == 120
        rows = [r for r in viewer.records if r["run"] == f"run {k}" and r["split"] == "train"]
        by_step = {r["step"]: r["loss"] for r in rows}
        assert run["train"]["step"][0] == 1 and run["train"]["step"][-1] == 6000
        for step, value in zip(run["train"]["step"], loss):
            assert run_numbers.four(value) == run_numbers.four(by_step[step])
        exact = np.array([r["loss"] for r in rows])
        finite = exact[np.isfinite(exact)]
        assert loss[np.isfinite(loss)].max() == finite.max() == 50 + k and loss[np.isfinite(loss)].min() == -3 - k
        # within every stretch as high and as low as it is
        for part in np.array_split(np.arange(6000), 40):
            inside = loss[[i for i, s in enumerate(run["train"]["step"]) if part[0] < s <= part[-1] + 1]]
            assert len(inside) and (part[0] < 4000 or inside[np.isfinite(inside)].max() > 0.9 * exact[part].max())
    runs = shown(viewer)["runs"]
    assert math.isnan(floats(runs[2]["train"]["values"]["loss"])[runs[2]["train"]["step"].index(3000)])
    assert math.inf in floats(runs[3]["train"]["values"]["loss"])


def test_histograms_are_thinned_to_every_kth_and_the_last():
    random = np.random.default_rng(0)
    layers = {f"layers.{i}": histogram(random.normal(size=4000)) for i in range(8)}
    records = [record(i, activation=layers, gradient=layers) for i in range(1, 1003)]
    viewer = RunViewer(records)
    assert len(viewer.head_bytes) <= run_columns.ALL
    frames = shown(viewer)["runs"][0]["frames"]
    every = set(np.diff(frames["step"]))
    assert frames["of"] == 1002 and 80 < frames["n"] < 1000 and len(every) == 1 and frames["step"][-1] == 1002
    assert len(frames["list"]) == frames["n"]


def test_histograms_that_do_not_fit_at_all_are_left_out_and_counted():
    layers = {f"l{i}": {"edges": list(range(257)), "counts": [10**6] * 256} for i in range(64)}
    viewer = RunViewer([record(1, run=f"r{k}", activation=layers, gradient=layers) for k in range(3)])
    frames = [run["frames"] for run in shown(viewer)["runs"]]
    assert [f["n"] for f in frames] == [1, 0, 0] and [f["of"] for f in frames] == [1, 1, 1]
    assert len(viewer.head_bytes) <= run_columns.ALL


def test_what_comes_later_is_joined():
    first = [record(1, activation={"x": GOOD}), record(1, split="val")]
    more = [
        record(2, 0.5, f1=0.3, activation={"y": GOOD}),
        record(1, run="b"),
        record(3, math.nan, stopped="diverged", device="gpu"),
    ]
    runs = Runs()
    for r in first:
        runs.add(r)
    head, since = run_columns.pack(runs), run_columns.counts(runs)
    for r in more:
        runs.add(r)
    joined, whole = unpacked(head, run_columns.pack(runs, since)), unpacked(run_columns.pack(runs))
    assert joined == whole
    assert joined["runs"][0]["train"]["values"]["f1"] == ["NaN", 0.3, "NaN"]
    assert [sorted(f["activation"]) for f in joined["runs"][0]["frames"]["list"]] == [["x"], ["y"]]


# ---- CSV
def test_csv(tmp_path):
    viewer = RunViewer(
        [
            record(1, 0.1, accuracy=0.5, seconds=0.25),
            record(2, math.nan, seconds=0.5, lr=1e-7, stopped="diverged"),
            record(2, 0.00001, split="val", seconds=1.0, accuracy=1.0),
            record(1, math.inf, run='b, "x"', seconds=0.0),
        ]
    )
    text = viewer.to_csv()
    assert text == (
        "run,epoch,step,split,loss,accuracy,lr,seconds,device,stopped\n"
        "a,0.25,1,train,0.1,0.5,,0.25,,\n"
        "a,0.5,2,train,,,1e-7,0.5,,diverged\n"
        "a,0.5,2,val,0.00001,1,,1,,\n"
        '"b, ""x""",0.25,1,train,inf,,,0,,\n'
    )
    assert viewer.to_csv(tmp_path / "runs.csv") is None
    assert (tmp_path / "runs.csv").read_text("utf8") == text


@functools.cache
def page_csv(viewer: RunViewer) -> str:
    content = base64.b64encode(viewer.head_bytes).decode()
    return node(
        """import { unpack, csv } from "./run_data.mjs";
        console.log(JSON.stringify(csv(unpack(data[0], new Uint8Array(Buffer.from(data[1], "base64"))))));""",
        [viewer.head, content],
    )


def test_the_page_writes_the_same_csv():
    random = np.random.default_rng(0)
    odd = [1e-7, 1.5e-300, 1e21, 123456789012345680000.0, 0.1 + 0.2, -2.0, 0.0, math.inf, -math.inf, math.nan]
    records = [
        record(i + 1, v, f1=random.normal() * 10.0 ** random.integers(-30, 30), device="cpu") for i, v in enumerate(odd)
    ]
    records += [record(1, 2.0, run='ä "b",\nc', split="val", device="cuda:0", stopped="no improvement")]
    viewer = RunViewer(records)
    assert page_csv(viewer) == viewer.to_csv()
    rows = list(csv.DictReader(io.StringIO(viewer.to_csv())))
    assert [float(r["f1"]) for r in rows[:-1]] == [r["f1"] for r in records[:-1]]


def test_long_runs_have_four_digits_in_the_csv_of_the_page():
    viewer = RunViewer(long_runs(4, 900))
    ours, theirs = (list(csv.DictReader(io.StringIO(text))) for text in (viewer.to_csv(), page_csv(viewer)))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert [a[k] for k in ("run", "epoch", "step", "split", "device")] == [
            b[k] for k in ("run", "epoch", "step", "split", "device")
        ]
        assert all(run_numbers.four(float(a[k])) == run_numbers.four(float(b[k])) for k in ("loss", "accuracy"))
