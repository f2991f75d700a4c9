"""Weights of one byte: how exact, how accurate, and what a damaged file says; and the network that the book ships."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file, save_file

from dlbook import data, pt, quantize, scratch
from dlbook.widgets import digits_cnn

ROOT = Path(__file__).resolve().parent.parent


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4),
                  elements=st.floats(-1000, 1000, width=32).filter(lambda v: v == 0 or abs(v) > 1e-30)))
def test_the_error_is_at_most_half_a_step(weight):
    values, scale = quantize.quantize(weight)
    assert values.dtype == np.int8 and values.shape == weight.shape and scale.shape == weight.shape[:1]
    assert scale.dtype == np.float32 and (np.abs(values.astype(int)) <= 127).all()
    error = np.abs(quantize.dequantize(values, scale) - weight)
    half = scale.reshape(-1, *[1] * (weight.ndim - 1)) / 2
    assert (error <= half * (1 + 1e-4)).all()
    for channel, q in zip(weight, values):
        if channel.size:
            assert np.abs(q).max() == (127 if channel.any() else 0)


def test_what_is_on_the_grid_comes_back():
    values = np.random.default_rng(0).integers(-127, 128, (5, 3, 2)).astype(np.int8)
    values[:, 0, 0] = 127
    scale = np.array([0.5, 1.0, 0.25, 2.0, 0.125], np.float32)
    again = quantize.quantize(quantize.dequantize(values, scale))
    np.testing.assert_array_equal(again.values, values)
    np.testing.assert_allclose(again.scale, scale, rtol=1e-7)


@pytest.mark.parametrize("weight", [np.ones(3), np.array([[1.0, np.inf]]), np.array([[np.nan]])])
def test_what_cannot_be_quantized(weight):
    with pytest.raises(ValueError, match="quantize: got an array of shape .*; expected finite numbers, two axes"):
        quantize.quantize(weight)


# ---- files
@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.safetensors"
    quantize.save(path, scratch.ResNet(width=2, generator=np.random.default_rng(0)), accuracy=0.5, words=["a"])
    return path


def test_a_file_goes_back_into_a_network_of_either_library(file):
    state, notes = quantize.load(file)
    assert notes == {"accuracy": 0.5, "words": ["a"]}
    ours, theirs = scratch.ResNet(width=2), pt.ResNet(width=2)
    ours.load_state_dict(state)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    original = scratch.ResNet(width=2, generator=np.random.default_rng(0)).state_dict()
    for name, value in original.items():
        if value.ndim < 2:
            np.testing.assert_array_equal(state[name], value.array)
        else:
            np.testing.assert_allclose(state[name], value.array, atol=np.abs(value.array).max() / 254 * 1.001)


def test_the_same_weights_give_the_same_bytes(file, tmp_path):
    again, from_torch, double = (tmp_path / name for name in "abc")
    model = scratch.ResNet(width=2, generator=np.random.default_rng(0))
    quantize.save(again, model, words=["a"], accuracy=0.5)
    twin = pt.ResNet(width=2)
    twin.load_state_dict({name: torch.tensor(value.array) for name, value in model.state_dict().items()})
    quantize.save(from_torch, twin, accuracy=0.5, words=["a"])
    quantize.save(double, model.double(), accuracy=0.5, words=["a"])
    assert file.read_bytes() == again.read_bytes() == from_torch.read_bytes() == double.read_bytes()


def test_a_note_that_json_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="quantize.save: a note must be a number, a text or a list of them"):
        quantize.save(tmp_path / "a", scratch.MLP([2, 1]), note=np.ones(2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0, 5, 9, 60, 200, 700, -1, -400])
def test_one_byte_changed_anywhere_is_noticed(file, place):
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"net.safetensors: (damaged|not written by dlbook.quantize.save)"):
        quantize.load(file)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\0\0\0\0\0\0\0notjson!"])
def test_what_is_no_such_file(file, content):
    file.write_bytes(content)
    with pytest.raises(ValueError, match="net.safetensors: damaged, or no file of quantized weights .*write it again"):
        quantize.load(file)


def test_a_shorter_file_and_one_of_another_program(file, tmp_path):
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ValueError, match="damaged"):
        quantize.load(file)
    for i, header in enumerate([None, {"dlbook": "5"}, {"dlbook": "{}"}, {"other": "x"}]):
        other = tmp_path / f"{i}"
        save_file({"a": np.ones(2)}, other, header)
        with pytest.raises(ValueError, match="not written by dlbook.quantize.save; dlbook.checkpoint reads other"):
            quantize.load(other)
    with pytest.raises(FileNotFoundError):
        quantize.load(tmp_path / "none")


# ---- the network that the book ships
@pytest.fixture(scope="module")
def parts():
    return digits_cnn.parts()


def test_the_file_is_small_and_says_what_it_holds(parts):
    train, test = parts
    assert digits_cnn.FILE.stat().st_size < 40_000 and (len(train.y), len(test.y)) == (1438, 359)
    state, notes = quantize.load(digits_cnn.FILE)
    assert notes["tested_on"] == len(test.y) and notes["accuracy_float"] > 0.98
    assert digits_cnn.right(digits_cnn.network(), test) == pytest.approx(notes["accuracy_int8"], abs=1e-9)
    assert abs(notes["accuracy_int8"] - notes["accuracy_float"]) <= 0.005
    stored = load_file(digits_cnn.FILE)
    assert {name for name, a in stored.items() if a.dtype == np.int8} == {n for n, a in state.items() if a.ndim > 1}


def test_it_can_be_read_without_a_library(parts):
    """As a page does: the length of the header, the header, then the numbers."""
    content = digits_cnn.FILE.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, body = json.loads(content[8:8 + length]), content[8 + length:]
    state, _ = quantize.load(digits_cnn.FILE)

    def numbers(name, dtype):
        begin, end = header[name]["data_offsets"]
        return np.frombuffer(body[begin:end], dtype).reshape(header[name]["shape"])

    for name, weight in state.items():
        if header[name]["dtype"] == "I8":
            scale = numbers(name + quantize.SCALE, "<f4").reshape(-1, *[1] * (weight.ndim - 1))
            np.testing.assert_array_equal(numbers(name, "i1") * scale, weight)
        else:
            np.testing.assert_array_equal(numbers(name, "<f4"), weight)


def test_training_again_gives_the_file(tmp_path):
    again, environment = tmp_path / "again", {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    output = subprocess.check_output([sys.executable, "-m", "dlbook.widgets.digits_cnn", again], cwd=ROOT, text=True,
                                     env=environment)
    assert f"again: {again.stat().st_size} bytes" in output
    old, new = load_file(digits_cnn.FILE), load_file(again)
    assert old.keys() == new.keys()
    for name, a in old.items():
        if a.dtype == np.int8:  # on another processor a number that lay between two may fall to the other side
            assert np.abs(a.astype(int) - new[name]).max() <= 1 and (a != new[name]).mean() < 1e-3
        else:
            np.testing.assert_allclose(a, new[name], rtol=1e-4, atol=1e-6)
    assert quantize.load(again)[1] == quantize.load(digits_cnn.FILE)[1]


def test_the_rounding_costs_nothing_after_a_short_training_too(parts, tmp_path):
    train, test = parts
    model = digits_cnn.trained(data.Dataset(train.X[:700], train.y[:700]), epochs=3)
    digits_cnn.write(model, test, tmp_path / "short")
    _, notes = quantize.load(tmp_path / "short")
    assert notes["accuracy_float"] > 0.5 and abs(notes["accuracy_float"] - notes["accuracy_int8"]) <= 0.005
