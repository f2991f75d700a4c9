"""Saving what was learned, as safetensors: numbers and their names, and no code that opening the file could run.

    checkpoint.save("digits.safetensors", model, epoch=12)
    notes = checkpoint.load("digits.safetensors", model)       # {"epoch": 12}

A model, an optimizer or a schedule, each in a file of its own, from ``dlbook.scratch`` or from PyTorch; what one has
saved the other loads, for names and shapes are the same.  The names in a model's file are those of its ``state_dict``,
so that everything that reads safetensors reads it.  What is no tensor (rates, notes) stands as JSON in the header.
"""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

HEADER = "dlbook"  # our entry in the header
SHOWN = 8          # so many names of those that do not fit are shown


def save(path: str | os.PathLike, what, **notes) -> None:
    """Writes the ``state_dict`` of ``what`` into a file, and ``notes``: numbers, text, lists, dicts of them.

    The file appears under its name when it is complete; one that stood there before is then gone.  ValueError for a
    note that JSON does not have.
    """
    path, state = Path(path), what.state_dict()
    header = {"class": type(what).__name__, "notes": notes}
    if _kind(state) == "model":
        tensors = dict(state)
    else:
        tensors = {f"state.{number}.{name}": value for number, memory in state.get("state", {}).items()
                   for name, value in memory.items() if value is not None}
        header["state"] = {key: value for key, value in state.items() if key != "state"}
    try:
        text = json.dumps(header, default=_plain)
    except TypeError as error:
        raise ValueError(f"checkpoint.save: a note or a setting of {header['class']} must be a number, a text or "
                         f"a list of them, {error}") from None
    part = path.with_name(path.name + ".part")
    try:
        _backend(what).write(part, tensors, {"format": "pt", HEADER: text})
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | os.PathLike, what) -> dict:
    """Copies a saved state into ``what``, a model, an optimizer or a schedule, and returns the notes.

    ValueError for a file that is damaged, no safetensors file, or the state of something else, with what differs; then
    nothing has been changed.  FileNotFoundError.
    """
    path, state = Path(path), what.state_dict()
    tensors, header = _read(path, _backend(what))
    if _kind(state) == "model":
        loaded = tensors
        _compare(path, what, {name: tuple(tensor.shape) for name, tensor in tensors.items()},
                 {name: tuple(tensor.shape) for name, tensor in state.items()})
    else:
        if header.get("class") != type(what).__name__:
            holds = f"the state of {header['class']}" if header.get("class") else "no state of an optimizer or schedule"
            raise ValueError(f"{path}: it holds {holds}, not of {type(what).__name__}")
        loaded = _state(path, tensors, header)
    if _kind(state) == "optimizer":
        _compare_groups(path, what, loaded)
    what.load_state_dict(loaded)
    return header["notes"]


def read(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays in a file of safetensors by name, and the notes; for a look, or for a state that fits no model.

    ValueError as ``load``.
    """
    tensors, header = _read(Path(path), _Scratch())
    return tensors, header["notes"]


def _plain(value):
    """Numbers of NumPy and tensors as Python's."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"got {type(value).__name__}")
    return value.tolist()


# ---- the two backends
class _Scratch:
    framework = "np"

    def write(self, path: Path, tensors: dict, header: dict[str, str]) -> None:
        from safetensors.numpy import save_file

        save_file({name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}, path, header)


class _Torch:
    framework = "pt"

    def write(self, path: Path, tensors: dict, header: dict[str, str]) -> None:
        import torch
        from safetensors.torch import save_file

        copies = {name: torch.as_tensor(tensor).detach().cpu().clone(memory_format=torch.contiguous_format)
                  for name, tensor in tensors.items()}  # no two share their memory, which the format refuses
        save_file(copies, path, header)


def _backend(what) -> _Scratch | _Torch:
    return _Scratch() if any(c.__module__.startswith("dlbook.scratch.") for c in type(what).__mro__) else _Torch()


def _kind(state: Mapping) -> str:
    if "param_groups" in state:
        return "optimizer"
    return "schedule" if "last_epoch" in state else "model"


# ---- reading
def _read(path: Path, backend: _Scratch | _Torch) -> tuple[dict, dict]:
    """The tensors by name, and what ``save`` put into the header; without it an empty one, for a foreign file."""
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint: there is no file {path}")
    try:
        with safe_open(path, framework=backend.framework) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: {_reason(path)} ({error})") from None
    except TypeError as error:
        raise ValueError(f"{path}: NumPy has no numbers of such a type ({error}); load it into a model of PyTorch, "
                         "call its .float(), and save it again") from None
    try:
        header = json.loads(metadata.get(HEADER, "{}"))
        if not (isinstance(header, dict) and isinstance(header.setdefault("notes", {}), dict)):
            raise ValueError
    except ValueError:
        raise ValueError(f"{path}: its header is damaged: {metadata[HEADER][:60]!r} is not what dlbook writes there") \
            from None
    return tensors, header


def _reason(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(9)
    if start[:2] == b"PK" or start[:1] == b"\x80" and start[8:] != b"{":  # a zip, a pickle that is no header
        return ("this is a pickle, as torch.save writes it, and opening one can run any code; only safetensors are "
                "read here. If you know who made it: torch.load(path, weights_only=True), then save that")
    return "this is no file of safetensors, or it is damaged"


def _state(path: Path, tensors: dict, header: dict) -> dict:
    """The ``state_dict`` of an optimizer or of a schedule, put together again."""
    try:
        rest = {**header["state"]}
        if "param_groups" not in rest:
            return rest
        rest["param_groups"] = [{**group, "params": [int(number) for number in group["params"]]}
                                for group in rest["param_groups"]]
        rest["state"] = {}
        for name, tensor in tensors.items():
            _, number, key = name.split(".", 2)
            rest["state"].setdefault(int(number), {})[key] = tensor
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: it is damaged: the state of {header['class']} is incomplete "
                         f"({type(error).__name__}: {error})") from None
    for group in rest["param_groups"]:
        if "betas" in group:  # JSON has no tuples
            group["betas"] = tuple(group["betas"])
    return rest


# ---- does it fit?
def _compare(path: Path, what, given: dict[str, tuple], own: dict[str, tuple]) -> None:
    """ValueError that lists what is missing, what nobody asked for, and shapes that differ."""
    wrong = [f"missing: {name}, shape {own[name]}" for name in own if name not in given]
    wrong += [f"unexpected: {name}, shape {given[name]}" for name in given if name not in own]
    wrong += [f"{name}: got shape {given[name]}, expected {own[name]}"
              for name in own if name in given and given[name] != own[name]]
    if wrong:
        more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        raise ValueError("\n  ".join([f"{path} does not fit this {type(what).__name__}; build it with the sizes with "
                                      "which it was saved:", *wrong[:SHOWN], *more]))


def _compare_groups(path: Path, optimizer, loaded: dict) -> None:
    """The same for an optimizer: each array that it remembers has the shape of its parameter."""
    groups = [[len(group["params"]) for group in groups] for groups in (loaded["param_groups"], optimizer.param_groups)]
    if groups[0] != groups[1]:
        raise ValueError(f"{path}: {groups[0]} parameters in its groups, "
                         f"this {type(optimizer).__name__} has {groups[1]}")
    numbers = [number for group in loaded["param_groups"] for number in group["params"]]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    shapes = {number: tuple(p.shape) for number, p in zip(numbers, parameters)}
    given = {f"{name} of parameter {number}": tuple(value.shape) for number, memory in loaded["state"].items()
             for name, value in memory.items() if name != "step"}
    own = {f"{name} of parameter {number}": shapes[number] for number, memory in loaded["state"].items()
           if number in shapes for name in memory if name != "step"}
    _compare(path, optimizer, given, own)
