from __future__ import annotations

import gzip
import hashlib
import json
import urllib.error

import numpy as np
import pytest

from dlbook import data
from dlbook.data import Dataset

TOYS = [data.xor, data.two_moons, data.circles, data.spirals, data.blobs]


@pytest.mark.parametrize("toy", TOYS)
def test_toys_are_balanced_repeatable_and_inside_the_picture(toy):
    X, y = toy(400, 0.0, generator=np.random.default_rng(0))
    assert X.shape == (400, 2) and X.dtype == np.float32 and y.shape == (400,) and y.dtype == np.int64
    assert 160 <= y.sum() <= 240 and set(np.unique(y)) == {0, 1}
    assert np.abs(X).max() < 1.4
    again = toy(400, 0.0, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(X, again.X)
    assert not np.array_equal(X, toy(400, 0.0, generator=np.random.default_rng(1)).X)


def test_noise_is_a_standard_deviation():
    clean, noisy = (data.circles(4000, s, generator=np.random.default_rng(0)).X for s in (0.0, 0.3))
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.03)
    X, y = data.regression(4000, 0.3, generator=np.random.default_rng(0))
    assert (y - 0.8 * np.sin(1.5 * np.pi * X[:, 0])).std() == pytest.approx(0.3, rel=0.03)
    assert X.shape == (4000, 1) and y.dtype == np.float32


def test_xor_needs_both_inputs():
    X, y = data.xor(500, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(y, (X[:, 0] > 0) != (X[:, 1] > 0))


def test_misspelt_names_and_senseless_numbers():
    with pytest.raises(ValueError, match="unknown data set 'moon'; known are xor, moons, circles, spirals, blobs"):
        data.geometry("moon", np.zeros((1, 2)))
    with pytest.raises(ValueError, match="moons: n must be at least 1 and noise a number >= 0, got n=0"):
        data.two_moons(0)
    with pytest.raises(ValueError, match="noise=-1"):
        data.xor(10, -1)


def test_digits_come_without_a_network():
    X, y = data.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float32 and X.min() == 0 and X.max() == 1
    assert np.bincount(y).min() > 170


def test_split_is_stratified_seeded_and_complete():
    X = np.arange(300.0)[:, None]
    y = np.repeat([0, 1, 2], [30, 90, 180])
    parts = data.split(Dataset(X, y), val=0.2, test=0.3, seed=5)
    assert [len(p.y) for p in parts] == [150, 60, 90]
    for part in parts:
        np.testing.assert_allclose(np.bincount(part.y) / len(part.y), [0.1, 0.3, 0.6], atol=0.01)
    together = np.concatenate([p.X[:, 0] for p in parts])
    assert sorted(together) == list(range(300))
    np.testing.assert_array_equal(parts.test.X, data.split(Dataset(X, y), val=0.2, test=0.3, seed=5).test.X)
    assert not np.array_equal(parts.test.X, data.split(Dataset(X, y), val=0.2, test=0.3, seed=6).test.X)


def test_a_regression_is_split_without_classes():
    parts = data.split(data.regression(50, generator=np.random.default_rng(0)))
    assert [len(p.y) for p in parts] == [30, 10, 10]


def test_split_refuses():
    good = data.blobs(20, generator=np.random.default_rng(0))
    with pytest.raises(ValueError, match="leave something to train on, got 0.5 and 0.5"):
        data.split(good, val=0.5, test=0.5)
    with pytest.raises(ValueError, match="X has 20 rows and y has 19; each sample needs one target"):
        data.split(Dataset(good.X, good.y[:-1]))
    with pytest.raises(ValueError, match=r"y holds 1 value .* \(first: inf in row 2\)"):
        data.split(Dataset(good.X, np.where(np.arange(20) == 2, np.inf, 0)))


def test_statistics_come_from_the_training_part_only():
    rng = np.random.default_rng(0)
    X = rng.normal(5, 3, (200, 3)).astype(np.float32)
    X[:, 2] = 7  # a constant column
    parts = data.split(Dataset(X, rng.integers(0, 2, 200)))
    scaled = data.standardize(parts)
    np.testing.assert_allclose(scaled.train.X.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.train.X.std(0), [1, 1, 0], atol=1e-5)
    mean, std = parts.train.X.mean(0), parts.train.X.std(0)
    np.testing.assert_allclose(scaled.test.X[:, :2], ((parts.test.X - mean) / np.where(std, std, 1))[:, :2], rtol=1e-4)
    assert np.abs(scaled.test.X[:, :2].mean(0)).max() > 1e-4  # not centered on itself
    parts.test.X[:] = 1e6  # whatever the test part holds
    np.testing.assert_array_equal(data.standardize(parts).train.X, scaled.train.X)


# ---- the public sets: the real loader, on a small cache that has the form of openml.org's answers
ARFF = "@RELATION m\n" + "".join(f"@ATTRIBUTE pixel{i} REAL\n" for i in range(4)) + "@ATTRIBUTE class {0,1}\n@DATA\n" \
    + "0,255,51,0,1\n255,0,0,102,0\n0,0,0,0,1\n"


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)


@pytest.fixture
def cache(tmp_path, offline):
    features = [{"index": str(i), "name": f"pixel{i}", "data_type": "numeric", "number_of_missing_values": "0",
                 "is_target": "false", "is_ignore": "false", "is_row_identifier": "false"} for i in range(4)]
    features.append({**features[0], "index": "4", "name": "class", "data_type": "nominal", "is_target": "true",
                     "nominal_value": ["0", "1"]})
    description = {"id": "554", "name": "mnist_784", "version": "1", "format": "ARFF", "file_id": "52667",
                   "status": "active", "url": "https://api.openml.org/data/v1/download/52667/mnist_784.arff",
                   "default_target_attribute": "class", "licence": "Public",
                   "md5_checksum": hashlib.md5(ARFF.encode()).hexdigest()}
    found = {"did": 554, "name": "mnist_784", "version": 1, "status": "active", "format": "ARFF", "file_id": 52667}
    answers = {
        "api/v1/json/data/list/data_name/mnist_784/limit/2/data_version/1": {"data": {"dataset": [found]}},
        "api/v1/json/data/554": {"data_set_description": description},
        "api/v1/json/data/features/554": {"data_features": {"feature": features}},
        "api/v1/json/data/qualities/554": {
            "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "3"}]}},
    }

    def write(path, payload: bytes):
        file = tmp_path / "openml" / "openml.org" / f"{path}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(payload))
        return file

    for path, answer in answers.items():
        write(path, json.dumps(answer).encode())
    return tmp_path, write("data/v1/download/52667/mnist_784.arff", ARFF.encode())


def test_mnist_from_the_cache_needs_no_network(cache):
    home, _ = cache
    X, y = data.mnist(data_home=home)
    np.testing.assert_allclose(X, np.array([[0, 1, 0.2, 0], [1, 0, 0, 0.4], [0, 0, 0, 0]]), rtol=1e-6)
    assert X.dtype == np.float32 and y.tolist() == [1, 0, 1]


def test_offline_without_a_cache_names_the_embedded_digits(tmp_path, offline):
    for load in (data.mnist, data.fashion_mnist):
        with pytest.raises(ConnectionError, match=r"It is not in the cache .* failed \(.*Name or service not known.*\)"
                                                  r"\. Please connect .*dlbook.data.digits\(\) needs no download"):
            load(data_home=tmp_path)


@pytest.mark.parametrize("damage", [
    lambda f: f.write_bytes(f.read_bytes()[: len(f.read_bytes()) // 2]),       # cut off
    lambda f: f.write_bytes(b"<html>please log in</html>"),                    # a proxy's page
    lambda f: f.write_bytes(gzip.compress(ARFF.replace("255", "254").encode())),  # one byte changed
], ids=["cut off", "not gzip", "changed"])
def test_a_damaged_cache_is_named(cache, damage):
    home, file = cache
    damage(file)
    with pytest.raises(ConnectionError, match=r"Its copy in the cache .* is damaged.*delete that folder.*digits\(\)"):
        data.mnist(data_home=home)
