from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import data, pt, scratch
from dlbook.data import Dataset
from dlbook.metrics import accuracy
from dlbook.train import _Histograms, evaluate, train

BACKENDS = {
    "scratch": (scratch.MLP, scratch.cross_entropy, scratch.SGD),
    "torch": (pt.MLP, torch.nn.functional.cross_entropy, torch.optim.SGD),
}
both = pytest.mark.parametrize("backend", BACKENDS)


def setup(backend: str, sizes=(2, 8, 2), lr=0.5):
    MLP, loss_fn, SGD = BACKENDS[backend]
    start = scratch.MLP(sizes, "tanh", generator=np.random.default_rng(0)).state_dict()
    model = MLP(sizes, "tanh")
    model.load_state_dict({k: torch.tensor(v.array) if backend == "torch" else v for k, v in start.items()})
    return model, loss_fn, SGD(model.parameters(), lr=lr)


@pytest.fixture
def moons():
    return data.split(data.two_moons(120, 0.1, generator=np.random.default_rng(1)), val=0.25, test=0.25)


def run(backend, moons, **more):
    arguments = {"val": moons.val, "epochs": 5, "batch_size": 16, "metrics": {"accuracy": accuracy},
                 "generator": np.random.default_rng(2), **more}
    model, loss_fn, optimizer = setup(backend)
    return list(train(model, loss_fn, optimizer, moons.train, **arguments)), model


def test_both_backends_yield_the_same_records(moons):
    ours, model = run("scratch", moons)
    theirs, twin = run("torch", moons)
    assert len(ours) == len(theirs) == 10
    for a, b in zip(ours, theirs, strict=True):
        assert list(a) == list(b) == ["run", "epoch", "step", "split", "loss", "accuracy", "seconds", "device"]
        assert (a["epoch"], a["step"], a["split"], a["device"]) == (b["epoch"], b["step"], b["split"], b["device"])
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(p.array, q.detach(), rtol=1e-3, atol=1e-5)


@both
def test_it_learns(backend, moons):
    records, model = run(backend, moons, epochs=60)
    val = [r for r in records if r["split"] == "val"]
    assert val[-1]["loss"] < 0.5 * val[0]["loss"]
    loss, output = evaluate(model, BACKENDS[backend][1], moons.val)
    assert loss == pytest.approx(val[-1]["loss"]) and accuracy(moons.val.y, output) == val[-1]["accuracy"] > 0.85


@both
def test_every_sample_is_seen_once_an_epoch_also_the_last_small_batch(backend):
    seen = []
    model, loss_fn, optimizer = setup(backend)

    def watching(output, y):
        seen.append(np.asarray(y.tolist()))
        return loss_fn(output, y)

    X = np.random.default_rng(0).standard_normal((10, 2)).astype(np.float32)
    list(train(model, watching, optimizer, Dataset(X, np.arange(10) % 2), epochs=2, batch_size=4))
    assert [len(y) for y in seen] == [4, 4, 2] * 2
    assert sum(map(sum, seen)) == 10


@both
def test_records_every_few_steps_hold_the_mean_since_the_last(backend, moons):
    every, _ = run(backend, moons, val=None, log_every=1, epochs=1)
    thirds, _ = run(backend, moons, val=None, log_every=2, epochs=1)
    assert [r["step"] for r in thirds] == [2, 4]
    assert thirds[0]["loss"] == pytest.approx(np.mean([r["loss"] for r in every[:2]]), rel=1e-6)
    assert thirds[0]["epoch"] == 0.5


@both
def test_histograms_of_every_layer(backend, moons):
    records, _ = run(backend, moons, histograms=True, epochs=1)
    first = records[0]
    names = ["layers.0", "layers.1", "layers.2"]
    assert list(first["activation"]) == names and sorted(first["gradient"]) == names
    for h in [*first["activation"].values(), *first["gradient"].values()]:
        assert len(h["edges"]) == len(h["counts"]) + 1
    assert sum(first["activation"]["layers.0"]["counts"]) == 12 * 8  # the last batch of 60 in sixteens, eight units
    assert -1 <= first["activation"]["layers.1"]["edges"][0] and first["activation"]["layers.1"]["edges"][-1] <= 1
    assert "activation" not in records[1]


def test_histograms_are_the_same_in_both(moons):
    ours, theirs = (run(b, moons, histograms=True, epochs=1)[0][0] for b in BACKENDS)
    for kind in ("activation", "gradient"):
        for name in ours[kind]:
            np.testing.assert_allclose(ours[kind][name]["edges"], theirs[kind][name]["edges"], rtol=1e-3, atol=1e-5)


@both
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_histograms_of_a_recurrent_layer(backend, cell):
    tokens = np.random.default_rng(0).integers(1, 5, (8, 6))
    _, loss_fn, SGD = BACKENDS[backend]
    model = (scratch if backend == "scratch" else pt).SequenceTagger(5, 3, 4, 2, cell, bidirectional=False)
    [record] = train(model, lambda z, y: loss_fn(z.reshape(-1, 2), y.reshape(-1)), SGD(model.parameters(), lr=0.1),
                     Dataset(tokens, tokens % 2), epochs=1, histograms=True)
    for kind in ("activation", "gradient"):  # of the hidden states of each step; the last state stands in them
        assert sum(record[kind]["recurrent"]["counts"]) == 8 * 6 * 4, kind


@pytest.mark.parametrize("value", [0.0, 3.0, -1e30])
def test_histogram_of_one_number(value):
    counted = {}
    _Histograms(scratch.Linear(1, 1))._count(counted, "a", scratch.Tensor(np.full(5, value, np.float32)))
    edges = counted["a"]["edges"]
    assert sum(counted["a"]["counts"]) == 5 and (np.diff(edges) > 0).all() and edges[0] < value < edges[-1]


@both
def test_early_stopping_brings_the_best_weights_back(backend, moons):
    model, loss_fn, optimizer = setup(backend)
    best = {}

    def loss_of(output, y):  # the validation loss falls for two epochs and then rises
        return loss_fn(output, y)

    records = []
    for record in train(model, loss_of, optimizer, moons.train, val=moons.val, epochs=50, batch_size=16, patience=3,
                        generator=np.random.default_rng(0)):
        records.append(record)
        if record["split"] == "val" and record["loss"] < best.get("loss", np.inf):
            best = {"loss": record["loss"], "weights": [p.tolist() for p in model.parameters()]}
        if record["split"] == "val" and record["epoch"] == 2:
            optimizer.param_groups[0]["lr"] = -0.5       # from here on it climbs
    assert records[-1]["stopped"] == "no improvement" and records[-1]["epoch"] == 5
    assert [p.tolist() for p in model.parameters()] == best["weights"]


@both
def test_ctrl_c_keeps_records_and_weights(backend, moons):
    model, loss_fn, optimizer = setup(backend)
    calls = 0

    def interrupted(output, y):
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KeyboardInterrupt
        return loss_fn(output, y)

    records = list(train(model, interrupted, optimizer, moons.train, epochs=5, batch_size=16))
    assert [r["step"] for r in records] == [4, 6]
    assert records[-1]["stopped"] == "interrupted" and np.isfinite(records[-1]["loss"])


@both
def test_a_run_that_diverges_ends_with_its_records_and_a_warning(backend, moons):
    model, loss_fn, optimizer = setup(backend, lr=1e20)
    loss_fn = {"scratch": lambda z, y: (z * z * z).mean(), "torch": lambda z, y: (z * z * z).mean()}[backend]
    with pytest.warns(Warning) as caught:
        records = list(train(model, loss_fn, optimizer, moons.train, epochs=20, batch_size=16, log_every=1,
                             histograms=True))
    assert any("try a learning rate smaller than 1e+20" in str(w.message) for w in caught)
    assert len(records) > 1 and records[-1]["stopped"] == "diverged"
    edges = [h["edges"] for r in records for kind in ("activation", "gradient") for h in r.get(kind, {}).values()]
    assert edges and np.isfinite(edges).all()


@pytest.mark.parametrize("values", [[2.8748941e37, 2.8748944e37], [1e30, 1e30], [3.0, 3.0], [0.0, 0.0], [1e-38, 0.0],
                                    [-3e38, 3e38]])
def test_a_histogram_of_any_numbers(values):
    model = scratch.Sequential(scratch.Identity())
    histograms = _Histograms(model)
    model(scratch.Tensor(np.array(values, np.float32)))
    [histogram] = histograms.take()["activation"].values()
    assert sum(histogram["counts"]) == 2 and np.isfinite(histogram["edges"]).all()
    assert (np.diff(histogram["edges"]) > 0).all()


def test_bad_arguments(moons):
    def start(d=moons.train, **more):
        model, loss_fn, optimizer = setup("scratch")
        next(train(model, loss_fn, optimizer, d, **more))

    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, got 0"):
        start(batch_size=0)
    with pytest.raises(ValueError, match="epochs must be .* got 1.5"):
        start(epochs=1.5)
    with pytest.raises(ValueError, match="patience needs validation data; pass val="):
        start(patience=2)
    X = moons.train.X.copy()
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"X holds 1 value .* no finite numbers \(first: nan in row 3, column 1\)"):
        start(Dataset(X, moons.train.y))
    with pytest.raises(ValueError, match="X has 60 rows and y has 59"):
        start(Dataset(moons.train.X, moons.train.y[1:]))


def test_evaluate_goes_back_to_the_mode_it_found(moons):
    model, loss_fn, _ = setup("scratch")
    model.eval()
    evaluate(model, loss_fn, moons.val)
    assert not model.training
    model.train()
    evaluate(model, loss_fn, moons.val)
    assert model.training
