"""The run viewer without a browser: what it takes, what it refuses, what it sends while a loop runs, its poster."""

from __future__ import annotations

import itertools
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from runs import histogram, long_runs, record, shown
from traitlets import TraitError

from dlbook import data, pt, scratch
from dlbook.metrics import accuracy
from dlbook.train import train
from dlbook.widgets import RunViewer, run_columns, run_viewer
from dlbook.widgets.base import JS, bundle

SVG = "{http://www.w3.org/2000/svg}"


# ---- records in
def test_a_list_a_dict_or_nothing():
    assert RunViewer().records == []
    assert [r["run"] for r in RunViewer([record(), record(run="b")]).records] == ["a", "b"]
    assert [r["run"] for r in RunViewer({"one": [record()], "two": [record()]}).records] == ["one", "two"]
    assert RunViewer([{"step": 1, "loss": 2.0}]).records == [{"run": "run", "step": 1, "loss": 2.0, "split": "train"}]
    viewer = RunViewer()
    viewer.add(record())
    viewer.extend([record(2), record(3)])
    viewer.extend({"b": [record(1)]})
    assert [(r["run"], r["step"]) for r in viewer.records] == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert [run["name"] for run in shown(viewer)["runs"]] == ["a", "b"]
    viewer.records[0]["loss"] = 9
    assert viewer.records[0]["loss"] == 1.0


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.float64(0.5), np.array(0.5), np.array([0.5]), torch.tensor(0.5), torch.tensor([0.5])]
)
def test_numbers_of_numpy_and_torch_become_plain(value):
    got = RunViewer([record(np.int64(3), value, f1=value)]).records[0]
    assert (got["loss"], got["f1"], got["step"]) == (0.5, 0.5, 3)
    assert [type(got[k]) for k in ("loss", "f1", "step", "epoch")] == [float, float, int, float]
    parameter = torch.tensor(0.5, requires_grad=True)
    assert RunViewer([record(loss=parameter)]).records[0]["loss"] == 0.5


def test_histograms_of_arrays_and_tensors():
    counts, edges = np.histogram(np.arange(10.0), 5)
    for kind in (np.asarray, torch.as_tensor, list):
        got = RunViewer([record(activation={"l": {"edges": kind(edges), "counts": kind(counts)}})]).records[0]
        assert got["activation"] == {"l": {"edges": edges.tolist(), "counts": counts.tolist()}}
        json.dumps(got)


def test_nan_and_infinity_are_kept():
    viewer = RunViewer([record(1), record(2, math.inf), record(3, math.nan, stopped="diverged")])
    (run,) = shown(viewer)["runs"]
    assert run["train"]["values"]["loss"] == [1, "Infinity", "NaN"]
    assert run["stopped"] == ["diverged", 3, 0.75, "train"]
    assert math.isnan(viewer.records[-1]["loss"])


GOOD = {"edges": [0, 1, 2], "counts": [1, 1]}


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (5, "expected a list of records, got int"),
        ("abc", "expected a list of records, got str"),
        ([5], "a record is a dict as dlbook.train yields it, got int"),
        (record(), r"got one record; put it into a list, RunViewer\(\[record\]\)"),
        ({"a": 5}, "expected a list of records for 'a', got int"),
        (iter([record()]), r"got a loop that has not run; .*viewer.watch\(train\(...\)\)"),
        ([{"loss": 1.0}], "a record needs 'step'; this one has loss"),
        ([{"step": 1, "epoch": 1}], "a record needs 'loss'; this one has step, epoch"),
        ([{}], "needs 'step'; this one has nothing"),
        ([record(loss=None)], "a record needs 'loss'"),
        ([record(loss="low")], "loss is a number, got 'low'"),
        ([record(loss=True)], "loss is a number, got True"),
        ([record(loss=1j)], "loss is a number"),
        ([record(loss=np.zeros(3))], r"loss is one number, got a ndarray of shape \(3,\)"),
        ([record(loss=torch.zeros(2, 2))], r"loss is one number, got a Tensor of shape \(2, 2\)"),
        ([record(note="good")], "note is a number, got 'good'; metrics are numbers by name"),
        ([{"step": 1.5, "loss": 1}], "step counts updates, got 1.5"),
        ([{"step": -1, "loss": 1}], "step is a finite number from 0, got -1"),
        ([record(epoch=math.nan)], "epoch is a finite number from 0, got nan"),
        ([record(seconds=math.inf)], "seconds is a finite number from 0, got inf"),
        ([record(split="test")], "split is 'train' or 'val', got 'test'"),
        ([record(device=0)], "device is a text, got 0"),
        ([record(run="")], "run is the name of a run, got ''"),
        ([record() | {3: 1.0}], "the keys of a record are texts, got 3"),
        ([record(5), record(3)], "run 'a' goes back from step 5 to 3; two runs need two names: train"),
        ([record(5, seconds=2.0), record(6, seconds=1.0)], "goes back from seconds 2 to 1"),
        ([record(1), {"run": "a", "step": 2, "loss": 1}], "all of its records have 'epoch', or none of them"),
        ([record(1), record(1, split="val", seconds=3.0)], "all of its records have 'seconds', or none"),
        ([record(run=f"r{i}") for i in range(21)], "'r20' is run 21; up to 20 are shown"),
        ([record(**{f"m{i}": 1.0 for i in range(16)})], "more than 16 metrics: loss, m0, m1"),
        ([record(activation=5)], "activation maps names of layers to histograms, got int"),
        (
            [record(gradient={"l": [1, 2]})],
            r"gradient of 'l' is \{\"edges\": \[...\], \"counts\": \[...\]\}, got \[1, 2\]",
        ),
        ([record(gradient={"l": {"edges": [0, 1]}})], "gradient of 'l' is"),
        (
            [record(activation={"l": {"edges": [0, 1], "counts": [1, 2]}})],
            "'l' has 2 edges and 2 counts; n counts .* n \\+ 1 edges",
        ),
        (
            [record(activation={"l": {"edges": [0, 1, 5], "counts": [1, 2]}})],
            "edges rise in equal steps, as np.histogram",
        ),
        ([record(activation={"l": {"edges": [0, 0, 0], "counts": [1, 2]}})], "edges rise in equal steps"),
        (
            [record(activation={"l": {"edges": [0, math.nan, 2], "counts": [1, 2]}})],
            "edges are a list of finite numbers",
        ),
        ([record(activation={"l": GOOD | {"counts": [1, -1]}})], "counts are whole numbers from 0, not all 0"),
        ([record(activation={"l": GOOD | {"counts": [0, 0]}})], "not all 0"),
        ([record(activation={"l": GOOD | {"counts": [0.5, 0]}})], "counts are whole numbers"),
        ([record(activation={"l": GOOD | {"counts": "ab"}})], "counts are numbers, got 'ab'"),
        ([record(activation={"l": histogram(np.arange(9.0), 257)})], "257 counts; n counts \\(up to 256\\)"),
        ([record(activation={f"l{i}": GOOD for i in range(65)})], "has 65 layers; up to 64 are shown"),
    ],
)
def test_records_that_are_refused(records, message):
    with pytest.raises(ValueError, match=message):
        RunViewer(records)
    viewer = RunViewer()
    with pytest.raises(ValueError):
        viewer.extend(records)


def test_a_data_frame_is_told_how():
    class Frame:
        def to_dict(self, orient): ...

    with pytest.raises(ValueError, match=r"got Frame; pass frame.to_dict\('records'\)"):
        RunViewer(Frame())


def test_a_refused_record_changes_nothing():
    viewer = RunViewer([record(1)])
    for bad in (record(0), record(2, new=1.0, activation={"l": 5}), {"step": 9, "loss": 1, "run": "b", "split": "?"}):
        with pytest.raises(ValueError):
            viewer.add(bad)
    viewer.add(record(2))
    assert [run["name"] for run in shown(viewer)["runs"]] == ["a"]
    assert viewer._runs.metrics == ["loss"] and len(viewer.records) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "acuracy"}, "metric: 'acuracy' is not known; did you mean 'accuracy'\\?. Known are loss, accuracy"),
        ({"x": "time"}, "x: 'time' is not known.*epoch, step, seconds"),
        ({"histograms": "weights"}, "histograms: 'weights' is not known.*activation, gradient, none"),
        ({"layer": "layers.9"}, "layer: 'layers.9' is not known; did you mean 'layers.0'"),
        ({"smoothing": 1}, "smoothing: got 1.0; a number from 0 to 0.999"),
        ({"smoothing": math.nan}, "smoothing: got nan"),
        ({"at": -1}, "at: got -1.0; a number from 0"),
        ({"splits": ["test"]}, "splits: 'test' is not known"),
        ({"hidden": [2]}, "hidden: got 2; a run is a name or a number from 0 to 1"),
        ({"hidden": ["bb"]}, "hidden: 'bb' is not known; did you mean 'b'"),
        ({"focus": True}, "focus: got True"),
        ({"focus": "c"}, "focus: 'c' is not known.*a, b"),
    ],
)
def test_settings_that_are_refused(arguments, message):
    records = [record(accuracy=0.5, activation={"layers.0": GOOD}), record(run="b")]
    with pytest.raises(TraitError, match=message):
        RunViewer(records, **arguments)


def test_settings():
    records = [record(accuracy=0.5, activation={"layers.0": GOOD}), record(run="b")]
    viewer = RunViewer(
        records, metric="accuracy", hidden=["b"], focus="b", splits=["val", "train"], histograms=None, x="step", at=3
    )
    assert (viewer.hidden, viewer.focus, viewer.splits, viewer.histograms) == ([1], 1, ["train", "val"], "none")
    assert repr(viewer) == (
        "RunViewer(at=3.0, focus=1, hidden=[1], histograms='none', metric='accuracy', x='step', runs=['a', 'b'])"
    )
    assert repr(RunViewer()) == "RunViewer(runs=[])"
    assert RunViewer(log=True).log_scale is RunViewer(log_scale=True).log_scale is True
    with pytest.raises(
        TypeError, match="no argument 'smooth'; it takes at, focus, hidden, histograms, key, layer, log_scale, metric"
    ):
        RunViewer(smooth=0.5)
    assert RunViewer(metric="later").metric == "later"  # records may still come
    with pytest.raises(TraitError, match="hidden: got 3; there are no runs yet"):
        RunViewer(hidden=[3])


# ---- a loop that is watched
class Sends(list):
    """What the page is told, and how often."""

    def __init__(self, viewer):
        viewer.observe(lambda change: self.append((change["name"], len(change["new"]))), ["head_bytes", "tail_bytes"])


def test_watch_passes_records_on_while_they_come():
    viewer, lengths = RunViewer(), []

    def loop():
        for i in range(1, 200):
            yield record(i, 1 / i)
            lengths.append(
                sum(run["train"]["n"] for run in [*viewer.tail.get("runs", []), *viewer.head["runs"]] if "train" in run)
            )

    seen = viewer.watch(loop())
    assert seen == viewer.records and len(seen) == 199
    assert lengths[0] == 1 and lengths[2] == 3  # the first ones at once
    assert len(set(lengths)) < 20  # then not each of them
    assert (viewer.tail, viewer.tail_bytes) == ({}, b"") and viewer.head["runs"][0]["train"]["n"] == 199
    assert "from 1.000 to 0.005025" in viewer._fallback


def test_slow_loops_show_every_record_fast_ones_ten_a_second():
    now = [0.0]
    pace = run_viewer._Pace(clock=lambda: now[0])

    def sends(every, seconds, cost=0.001, size=1000):
        count = 0
        for _ in range(round(seconds / every)):
            now[0] += every
            if pace.ready():
                pace.spent(cost, size)
                count += 1
        return count / seconds

    assert sends(1, 20) == 1
    assert sends(0.001, 20) == pytest.approx(10, rel=0.1)
    assert sends(0.001, 20, cost=0.1) == pytest.approx(2, rel=0.1)  # a fifth of the time
    assert sends(0.001, 20, size=100_000) == pytest.approx(4, rel=0.1)  # 400 KB a second
    now[0] += 5
    assert [pace.ready() and not pace.spent(0, 0) for _ in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]  # a burst of three


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_the_last_state_is_shown_when_the_loop_fails(error):
    viewer = RunViewer()

    def loop():
        for i in range(1, 30):
            yield record(i)
        raise error

    with pytest.raises(type(error)):
        viewer.watch(loop())
    assert viewer.head["runs"][0]["train"]["n"] == 29 and viewer.tail == {}


def test_ctrl_c_in_the_viewer_ends_the_loop_in_order(monkeypatch):
    viewer, dataset = RunViewer(), data.two_moons(64, generator=np.random.default_rng(0))
    model = scratch.MLP((2, 4, 2), generator=np.random.default_rng(0))
    packed = itertools.count()

    def pack(*arguments):
        if next(packed) == 2:
            raise KeyboardInterrupt
        return run_columns.__dict__["pack"].__wrapped__(*arguments)

    pack.__wrapped__ = run_columns.pack
    monkeypatch.setattr(run_viewer.run_columns, "pack", pack)
    optimizer = scratch.SGD(model.parameters(), lr=0.1)
    seen = viewer.watch(train(model, scratch.cross_entropy, optimizer, dataset, epochs=50, run="hit"))
    assert seen[-1]["stopped"] == "interrupted" and 2 <= len(seen) < 50
    assert viewer.head["runs"][0]["stopped"][0] == "interrupted"


def test_ctrl_c_without_a_generator():
    class Stream:
        def __iter__(self):
            return self

        def __next__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunViewer().watch(Stream())


def test_a_watched_run_of_the_same_name_is_replaced():
    viewer = RunViewer()
    viewer.watch([record(1, 3.0, extra=1.0), record(2, 2.0, extra=1.0)])
    viewer.watch([record(1, 7.0, run="b")])
    viewer.watch([record(1, 5.0)])
    runs = [(run["name"], run["train"]["values"]["loss"]) for run in shown(viewer)["runs"]]
    assert runs == [("a", [5]), ("b", [7])]  # and keeps its place
    assert viewer._runs.metrics == ["loss"] and len(viewer.records) == 2
    # a run that is split over one loop is not replaced by itself
    viewer.watch([record(1, run="c"), record(1, run="d"), record(2, run="c")])
    assert [run["train"]["n"] for run in shown(viewer)["runs"]] == [1, 1, 2, 1]


@pytest.mark.parametrize("records", [5, "text", record()])
def test_watch_refuses_what_is_no_loop(records):
    with pytest.raises(ValueError, match="watch: expected the records of a loop"):
        RunViewer().watch(records)


def test_a_bad_record_ends_the_loop_with_its_message():
    viewer = RunViewer()
    with pytest.raises(ValueError, match="needs 'step'"):
        viewer.watch([record(1), {"loss": 1}])
    assert viewer.head["runs"][0]["train"]["n"] == 1


def test_what_grows_is_sent_in_small_pieces():
    viewer = RunViewer()
    viewer._pace.ready = lambda: True
    sends, layers = Sends(viewer), {"l": histogram(np.random.default_rng(0).normal(size=900))}
    for r in long_runs(1, 1500):
        viewer.add(r | ({"activation": layers} if r["split"] == "train" else {}))
    tails = [size for name, size in sends if name == "tail_bytes"]
    heads = [size for name, size in sends if name == "head_bytes"]
    assert max(tails) <= run_viewer.TAIL and len(heads) < 20
    assert sum(tails) + sum(heads) < 40_000_000
    run = shown(viewer)["runs"][0]
    assert run["train"]["n"] == 1500 and run["frames"]["n"] == 1500
    np.testing.assert_array_equal(run["train"]["step"], np.arange(1, 1501))
    losses = [float(f"{r['loss']:.3e}") for r in viewer.records if r["split"] == "train"]
    np.testing.assert_allclose(run["train"]["values"]["loss"], losses, rtol=5.1e-4)


def test_a_cell_that_adds_shows_the_end(monkeypatch):
    class Events:
        registered: list = []

        def register(self, name, function):
            self.registered.append((name, function))

        def unregister(self, name, function):
            self.registered.remove((name, function))

    class Shell:
        events = Events()

    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: Shell)
    viewer = RunViewer()
    for i in range(100):
        viewer.add(record(i))
    ((name, after),) = Events.registered
    assert name == "post_run_cell" and viewer.head["runs"] == []
    after(None)
    assert viewer.head["runs"][0]["train"]["n"] == 100 and Events.registered == []


MODELS = {
    "scratch": (scratch.MLP, scratch.cross_entropy, scratch.SGD),
    "torch": (pt.MLP, torch.nn.functional.cross_entropy, torch.optim.SGD),
}


@pytest.mark.parametrize("backend", MODELS)
def test_real_runs(backend):
    torch.set_num_threads(1)
    MLP, loss_fn, SGD = MODELS[backend]
    moons = data.split(data.two_moons(160, generator=np.random.default_rng(0)))
    model = MLP((2, 8, 2), "tanh")
    viewer = RunViewer()
    records = viewer.watch(
        train(
            model,
            loss_fn,
            SGD(model.parameters(), lr=0.3),
            moons.train,
            val=moons.val,
            epochs=6,
            metrics={"accuracy": accuracy},
            log_every=2,
            histograms=True,
            run=backend,
        )
    )
    assert records == viewer.records  # plain already
    page = shown(viewer)
    (run,) = page["runs"]
    assert page["metrics"] == ["loss", "accuracy"] and run["device"] == "cpu"
    for split in ("train", "val"):
        rows = [r for r in records if r["split"] == split]
        for key in ("step", "epoch", "seconds"):
            assert run[split][key] == [r[key] for r in rows]
        for metric in ("loss", "accuracy"):
            assert run[split]["values"][metric] == [r[metric] for r in rows]
    frames, rows = run["frames"], [r for r in records if r["split"] == "train"]
    assert frames["activation"] == ["layers.0", "layers.1", "layers.2"] == sorted(frames["gradient"])
    for frame, r in zip(frames["list"], rows, strict=True):
        for kind in ("activation", "gradient"):
            for layer, found in frame[kind].items():
                assert found["counts"] == r[kind][layer]["counts"]
                np.testing.assert_allclose(
                    [found["low"], found["high"]], np.array(r[kind][layer]["edges"])[[0, -1]], rtol=1e-7
                )


def test_records_of_a_gpu_are_as_plain():
    run = shown(RunViewer([record(device="cuda:0", seconds=0.1)]))["runs"][0]
    assert run["device"] == "cuda:0"


# ---- print and readers without scripts
def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


def test_poster_of_ten_long_runs():
    viewer = RunViewer(long_runs(10, 1000, spikes={(4, 777): 60.0}), log_scale=True, smoothing=0.9)
    poster = viewer.poster()
    assert ">loss, smoothed, dashed: training<" in poster
    assert len(poster) < 15_000 and "var(--dlb-" in poster and not re.search(r"#[0-9a-f]{6}|nan|inf\b", poster)
    page = well_formed(viewer._fallback)
    names = [t.text for t in page.iter(f"{SVG}text")] or [t.text for t in page.iter("text")]
    assert sum(bool(name and name.startswith("run ")) for name in names) == 10
    assert len(page.findall(".//tbody/tr")) == 20


def test_poster_and_table_say_what_happened():
    fall = [record(i, 2 / i) for i in range(1, 9)]
    wild = [record(1, 2.0, run="b"), record(2, 5e7, run="b"), record(3, math.nan, run="b", stopped="diverged")]
    viewer = RunViewer(fall + wild)
    page = well_formed(viewer._fallback)
    svg = page[0]
    assert svg.get("aria-label") == "loss of a, training, from 2.000 to 0.2500; b, training, from 2.000 to 5.000e7."
    text = " ".join(filter(None, (t.text for t in svg.iter() if t.tag.endswith("text"))))
    assert "loss, higher values are cut off" in text and "dashed" not in text and "5e7" not in text
    rows = [[cell.text or "" for cell in row] for row in page.findall(".//tbody/tr")]
    assert rows == [
        ["a", "train", "8", "2.000", "0.2500", "0.2500 at epoch 2", "2.000 at epoch 0.25", ""],
        ["b", "train", "3", "2.000", "5.000e7", "2.000 at epoch 0.25", "5.000e7 at epoch 0.5", "diverged at step 3"],
    ]
    hidden = RunViewer(fall + wild, hidden=["b"])
    assert hidden.poster().count("<title") == 0 and "cut off" not in hidden.poster() and ">b<" not in hidden._fallback


def test_the_table_has_the_size_of_each_layer_at_the_end():
    def layers(size, *names):
        return {name: histogram(size * np.array([-1.0, 1.0])) for name in names}

    records = [
        record(1, gradient=layers(9, "first", "last")),
        record(2, gradient=layers(1e-6, "last") | layers(1e-3, "first"), activation=layers(5, "first", "last")),
        record(1, run="b", gradient=layers(1, "first")),
        record(1, run="no histograms"),
    ]
    page = well_formed(RunViewer(records, histograms="gradient")._fallback)
    assert [caption.text for caption in page.iter("caption")][1:] == [
        "Standard deviation of the gradients of each layer at the end"
    ]
    (*_, rows) = [[[cell.text for cell in row] for row in body] for body in page.iter("tbody")]
    assert rows == [["first", "9.667e−4", "0.9667"], ["last", "9.667e−7", "–"]]  # the middle of the outer bins
    assert [cell.text for cell in list(page.iter("thead"))[1][0]] == ["layer", "a", "b"]
    assert len(list(well_formed(RunViewer(records, histograms=None)._fallback).iter("table"))) == 1
    assert len(list(well_formed(RunViewer(records[-1:])._fallback).iter("table"))) == 1


@pytest.mark.parametrize(
    ("records", "arguments"),
    [
        ([], {}),
        ([record(0, 0.0)], {"log_scale": True}),
        ([record(1, math.nan)], {}),
        ([record(1, 3.0)], {}),
        ([record(1, 3.0), record(2, 3.0)], {"log_scale": True}),
        ([{"step": 1, "loss": 1}, {"step": 2, "loss": 2}], {"x": "seconds"}),
        ([record(1), record(2, accuracy=0.5)], {"metric": "accuracy", "splits": []}),
        ([record(1, run="<b>&"), record(2, run="<b>&")], {}),
    ],
)
def test_posters_of_odd_runs(records, arguments):
    viewer = RunViewer(records, **arguments)
    page = well_formed(viewer._fallback)
    assert page[0].tag.endswith("svg") and page[0].get("aria-label")
    assert "<b>" not in viewer._fallback and not re.search(r"\bnan\b|\binf\b", viewer.poster())


def test_modules():
    text = bundle("run_viewer")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and len(text) < 70_000
    for path in JS.glob("run_*.mjs"):
        source = path.read_text("utf8")
        assert len(source) < 25_000 and source.count("\n") < 300, path.name
    for name in ("run_data", "run_numbers"):
        assert not re.search(r"\b(document|window|globalThis)\b", (JS / f"{name}.mjs").read_text("utf8")), name
