"""Saved by one backend and loaded by the other; what does not fit, and files that are no checkpoints."""
from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from dlbook import checkpoint, pt, scratch
from dlbook.checkpoint import load, read, save
from dlbook.scratch import Parameter, Tensor

F = torch.nn.functional
BACKENDS = {"scratch": (scratch, scratch, Tensor, scratch.MLP), "torch": (torch.nn, torch.optim, torch.tensor, pt.MLP)}
both_ways = pytest.mark.parametrize("there, here", [(a, b) for a in BACKENDS for b in BACKENDS])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "here.safetensors"


def convolutional(backend: str, seed: int = 0):
    """A network with buffers of both types, and with numbers of its own."""
    nn = BACKENDS[backend][0]
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 4 * 4, 3))
    rng = np.random.default_rng(seed)
    net.load_state_dict({name: BACKENDS[backend][2](rng.uniform(0.5, 2, tuple(t.shape)).astype(np.float32))
                         for name, t in net.state_dict().items() if t.shape} |
                        {"1.num_batches_tracked": BACKENDS[backend][2](7)})
    return net


def arrays(what) -> dict[str, np.ndarray]:
    return {name: np.asarray(tensor) for name, tensor in what.state_dict().items()}


def equal(first: dict, second: dict) -> None:
    assert list(first) == list(second)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
        assert array.dtype == second[name].dtype


# ---- models
@both_ways
def test_a_model_goes_both_ways_to_the_last_bit(there, here, path):
    saved, loaded = convolutional(there, seed=1), convolutional(here, seed=2)
    save(path, saved, epoch=3, accuracy=np.float32(0.5), history=[1, "a"])
    assert load(path, loaded) == {"epoch": 3, "accuracy": 0.5, "history": [1, "a"]}
    equal(arrays(saved), arrays(loaded))
    x = np.random.default_rng(0).standard_normal((2, 1, 6, 6)).astype(np.float32)
    outputs = [model.eval()(BACKENDS[b][2](x)).detach().numpy() for model, b in ((saved, there), (loaded, here))]
    np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_others_read_the_file(backend, path):
    model = convolutional(backend)
    save(path, model)
    equal(dict(sorted(arrays(model).items())), dict(sorted(safetensors.numpy.load_file(path).items())))
    theirs = convolutional("torch", seed=3)
    theirs.load_state_dict(safetensors.torch.load_file(path))
    equal(arrays(model), arrays(theirs))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_of_others_is_read(backend, path):
    model = convolutional("torch")
    safetensors.torch.save_file(dict(model.state_dict()), path)
    loaded = convolutional(backend, seed=3)
    assert load(path, loaded) == {}
    equal(arrays(model), arrays(loaded))


@pytest.mark.parametrize("backend", BACKENDS)
def test_views_shared_tensors_and_other_memory_orders(backend, path):
    nn, _, wrap, _ = BACKENDS[backend]
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 4), nn.Linear(3, 4))
    a = np.arange(24, dtype=np.float32).reshape(4, 6)
    if backend == "scratch":
        model[0].weight.array, model[1].weight.array = a.T[::2], a[:, ::2]
    else:
        model[0].weight.data, model[1].weight.data = torch.tensor(a).T[::2], torch.tensor(a)[:, ::2]
    model[2].weight, model[2].bias = model[1].weight, model[1].bias
    save(path, model)
    found, _ = read(path)
    np.testing.assert_array_equal(found["0.weight"], a.T[::2])
    np.testing.assert_array_equal(found["1.weight"], a[:, ::2])
    np.testing.assert_array_equal(found["2.weight"], a[:, ::2])


def test_read_gives_arrays_and_notes(path):
    save(path, convolutional("torch"), source="digits")
    found, notes = read(path)
    equal(dict(sorted(found.items())), dict(sorted(arrays(convolutional("scratch")).items())))
    assert notes == {"source": "digits"}


def test_bfloat16_goes_through_torch_and_not_through_numpy(path):
    saved, loaded = pt.MLP([2, 3]).bfloat16(), pt.MLP([2, 3])
    save(path, saved)
    load(path, loaded)
    assert torch.equal(saved.layers[0].weight.float(), loaded.layers[0].weight)
    with pytest.raises(ValueError, match=r"no numbers of such a type \(.*bfloat16.*call its .float\(\)"):
        load(path, scratch.MLP([2, 3]))


# ---- optimizers and schedules
class Run:
    """A network with its optimizer and schedule, and its training on one batch."""

    def __init__(self, backend: str, optimizer: str, seed: int = 0, **settings):
        _, library, self.wrap, MLP = BACKENDS[backend]
        self.lr_scheduler = scratch if backend == "scratch" else torch.optim.lr_scheduler
        self.net = MLP([3, 4, 1]).double()
        rng = np.random.default_rng(seed)
        self.net.load_state_dict({k: self.wrap(rng.standard_normal(tuple(t.shape)))
                                  for k, t in self.net.state_dict().items()})
        self.optimizer = getattr(library, optimizer)(self.net.parameters(), **settings)
        self.scheduler = self.lr_scheduler.CosineAnnealingLR(self.optimizer, 10)
        self.X = self.wrap(np.random.default_rng(9).standard_normal((5, 3)))

    def steps(self, n: int) -> Run:
        for _ in range(n):
            self.optimizer.zero_grad()
            (self.net(self.X) ** 2).mean().backward()
            self.optimizer.step()
            self.scheduler.step()
        return self

    def parts(self, folder) -> dict:
        return {folder / name: getattr(self, name) for name in ("net", "optimizer", "scheduler")}


OPTIMIZERS = [("SGD", {}), ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}), ("Adagrad", {}), ("Adadelta", {}),
              ("RMSprop", {"momentum": 0.5, "centered": True}), ("Adam", {"amsgrad": True, "betas": (0.8, 0.9)}),
              ("AdamW", {"weight_decay": 0.1})]


@both_ways
@pytest.mark.parametrize("optimizer, settings", OPTIMIZERS, ids=str)
def test_a_training_that_was_saved_goes_on(there, here, optimizer, settings, tmp_path):
    first = Run(there, optimizer, **settings).steps(4)
    for file, part in first.parts(tmp_path).items():
        save(file, part)
    second = Run(here, optimizer, seed=5)
    for file, part in second.parts(tmp_path).items():
        assert load(file, part) == {}
    first.steps(4)
    second.steps(4)
    for (name, a), b in zip(arrays(first.net).items(), arrays(second.net).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=name)
    group = second.optimizer.param_groups[0]
    assert group["lr"] == pytest.approx(first.optimizer.param_groups[0]["lr"], rel=1e-12)
    assert isinstance(group.get("betas", ()), tuple)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_optimizer_that_does_not_fit_stays_as_it_is(backend, path):
    save(path, Run("torch", "Adam").steps(1).optimizer)
    run = Run(backend, "AdamW")
    with pytest.raises(ValueError, match="it holds the state of Adam, not of AdamW"):
        load(path, run.optimizer)
    _, library, wrap, MLP = BACKENDS[backend]
    smaller = library.Adam(MLP([3, 1]).parameters())
    with pytest.raises(ValueError, match=r"\[4\] parameters in its groups, this Adam has \[2\]"):
        load(path, smaller)
    other = library.Adam(MLP([3, 5, 1]).parameters(), lr=0.3)
    with pytest.raises(ValueError, match=r"(?s)does not fit this Adam.*exp_avg of parameter 0: got shape \(4, 3\), "
                                         r"expected \(5, 3\).*exp_avg_sq of parameter 2"):
        load(path, other)
    assert other.param_groups[0]["lr"] == 0.3 and not other.state_dict()["state"]
    with pytest.raises(ValueError, match="holds the state of Adam, not of CosineAnnealingLR"):
        load(path, run.scheduler)
    save(path, run.net)
    with pytest.raises(ValueError, match="holds the state of MLP, not of AdamW"):
        load(path, run.optimizer)
    safetensors.numpy.save_file({"a": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="holds no state of an optimizer or schedule"):
        load(path, run.optimizer)


# ---- what does not fit
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_that_does_not_fit_stays_as_it_is(backend, path):
    MLP = BACKENDS[backend][3]
    save(path, scratch.MLP([2, 3, 1]))
    model = MLP([2, 4, 1])
    before = {name: array.copy() for name, array in arrays(model).items()}
    with pytest.raises(ValueError, match=r"(?s)here.safetensors does not fit this MLP; build it with the sizes.*"
                                         r"layers.0.weight: got shape \(3, 2\), expected \(4, 2\)\n"):
        load(path, model)
    with pytest.raises(ValueError, match=r"(?s)unexpected: layers.2.weight, shape \(1, 3\)"):
        load(path, MLP([2, 3]))
    with pytest.raises(ValueError, match=r"(?s)missing: layers.4.weight, shape \(1, 1\)"):
        load(path, MLP([2, 3, 1, 1]))
    equal(before, arrays(model))


def test_a_long_list_is_cut(path):
    save(path, scratch.MLP([2, 1]))
    with pytest.raises(ValueError, match="and 12 more$") as error:
        load(path, scratch.MLP([2] + 10 * [3]))
    assert len(str(error.value).splitlines()) == 10


def test_a_memory_that_is_none_is_left_out(path):
    run = Run("torch", "SGD", momentum=0.9).steps(1)
    run.optimizer.state[next(run.net.parameters())]["momentum_buffer"] = None
    save(path, run.optimizer)
    assert "state.0.momentum_buffer" not in read(path)[0] and "state.1.momentum_buffer" in read(path)[0]


# ---- files that are no checkpoints
class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def pickled(path):
    path.write_bytes(pickle.dumps(Bomb()))


def by_torch(path):
    torch.save({"weight": Bomb()}, path)


def cut(path):
    save(path, scratch.MLP([3, 2]))
    path.write_bytes(path.read_bytes()[:-1])


def flipped(path):
    save(path, scratch.MLP([3, 2]))
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def as_long_as_a_pickle(path):
    """A header of 0x280 bytes, cut: the file starts as a pickle does."""
    for n in range(1000):
        save(path, scratch.MLP([1, 1]), note=n * "n")
        if path.read_bytes()[:2] == b"\x80\x02":
            return path.write_bytes(path.read_bytes()[:-1])


def header(text):
    return lambda path: safetensors.numpy.save_file({"a": np.zeros(1)}, path, {"dlbook": text})


@pytest.mark.parametrize("make, message", [
    (pickled, r"this is a pickle.*can run any code.*weights_only=True"), (by_torch, "this is a pickle"),
    (lambda path: path.write_bytes(b""), "no file of safetensors, or it is damaged"),
    (lambda path: path.write_bytes(b"hello, world"), "no file of safetensors"), (cut, "damaged"), (flipped, "damaged"),
    (as_long_as_a_pickle, "no file of safetensors, or it is damaged"),
    (header("{"), "its header is damaged: '{' is not what dlbook writes"), (header("[]"), "header is damaged"),
    (header('{"notes": 3}'), "header is damaged"),
])
@pytest.mark.parametrize("backend", BACKENDS)
def test_files_that_are_none(make, message, backend, path):
    make(path)
    with pytest.raises(ValueError, match=f"here.safetensors: .*{message}"):
        load(path, BACKENDS[backend][3]([3, 2]))
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.parametrize("state", [None, 3, {"param_groups": 3}, {"param_groups": [{"lr": 0.1}]},
                                   {"param_groups": [{"params": ["a"]}]}, {"param_groups": [{"params": [0]}]}])
def test_a_state_that_is_damaged(state, path):
    header(json.dumps({"class": "SGD", **({} if state is None else {"state": state})}))(path)
    for optimizer in (scratch.SGD([Parameter([1.0])]), torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])):
        with pytest.raises(ValueError, match=r"it is damaged: the state of SGD is incomplete \(\w+: "):
            load(path, optimizer)


def test_no_file(path):
    with pytest.raises(FileNotFoundError, match="there is no file .*here.safetensors"):
        load(path, scratch.MLP([2, 1]))
    with pytest.raises(FileNotFoundError):
        read(path.parent)


def test_notes_that_cannot_be(path):
    with pytest.raises(ValueError, match="a note or a setting of MLP must be a number.*got function"):
        save(path, scratch.MLP([2, 1]), loss=F.mse_loss)
    assert not list(path.parent.iterdir())


def test_a_save_that_fails_leaves_the_file_before(path, monkeypatch):
    model = scratch.MLP([2, 1])
    save(path, model, epoch=1)

    def full(backend, part, *rest):
        part.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint._Scratch, "write", full)
    with pytest.raises(OSError, match="No space"):
        save(path, model, epoch=2)
    assert load(path, model) == {"epoch": 1} and list(path.parent.iterdir()) == [path]
