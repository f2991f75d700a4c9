from __future__ import annotations

import pytest
import torch

from dlbook import pt
from dlbook.pt import engine


def test_auto_takes_the_best_there_is():
    assert pt.device() == torch.device(engine.available()[0])
    assert pt.device("cpu").type == "cpu"


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(RuntimeError, match=r"'cuda' is not there; on this computer there is cpu.*built without CUDA"):
        pt.device("cuda")
    with pytest.raises(RuntimeError, match=r"unknown device 'gpu'; on this computer there is cpu"):
        pt.device("gpu")


def test_two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert engine.available()[:2] == ["cuda:0", "cuda:1"]
    assert pt.device() == torch.device("cuda:0") and pt.device("cuda") == torch.device("cuda")
    with pytest.raises(RuntimeError, match="'cuda:2' is not there; on this computer there is cuda:0, cuda:1"):
        pt.device("cuda:2")
