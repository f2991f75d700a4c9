"""Weights as whole numbers of one byte: a quarter of the size of float32, for files that travel with a page.

    quantize.save("digits.safetensors", model, accuracy=0.98)
    state, notes = quantize.load("digits.safetensors")         # float32 arrays for load_state_dict, {"accuracy": 0.98}

Weights alone are rounded; the network computes with floats as before.
"""
from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from dlbook._types import Array, Float

HEADER, SCALE = "dlbook", ".scale"  # our entry in the header; what is added to a weight's name for its scales
LARGEST = 127                       # of int8; -128 is not used, so that the range is the same on both sides


class Quantized(NamedTuple):
    """``values`` int8 in the shape of the weight, ``scale`` float32 (k,), one for each output channel."""

    values: np.ndarray
    scale: np.ndarray


def quantize(weight: Float[Array, "k *d"]) -> Quantized:
    """q = round(w / s), s = max |w| / 127 of each of the k output channels: the first axis of a layer's weight.

    So the error of a weight is at most s/2.  A channel of zeros has scale 0.  ValueError for numbers that are not
    finite.

    >>> quantize(np.array([[0.5, -1.0], [0.0, 0.02]])).values
    array([[  64, -127],
           [   0,  127]], dtype=int8)
    """
    weight = np.asarray(weight)
    if weight.ndim < 2 or not np.isfinite(weight).all():
        raise ValueError(f"quantize: got an array of shape {weight.shape}; expected finite numbers, two axes or more, "
                         "the output channels first")
    scale = (np.abs(weight).max(tuple(range(1, weight.ndim)), initial=0) / LARGEST).astype(np.float32)
    by = _first_axis(np.where(scale > 0, scale, 1), weight.ndim)
    values = np.clip(np.rint(weight / by), -LARGEST, LARGEST)  # a scale rounded down would give 127.00001
    return Quantized(values.astype(np.int8), scale)


def dequantize(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The weight s · q as float32."""
    return values.astype(np.float32) * _first_axis(scale, values.ndim)


def save(path: str | os.PathLike, model, **notes) -> None:
    """Writes the weights of a model (of ``dlbook.scratch`` or PyTorch), and ``notes``, as a safetensors file.

    What has two axes or more and is a float becomes int8 under its name and scales under ``name.scale``; biases and
    the like stay as they are, at most float32.  The same weights give the same bytes.  The header holds a SHA-256.
    ValueError for a note that JSON does not have.
    """
    tensors: dict[str, np.ndarray] = {}
    for name, value in model.state_dict().items():
        array = np.asarray(value.detach().cpu() if hasattr(value, "cpu") else value)
        if array.ndim >= 2 and np.issubdtype(array.dtype, np.floating):
            tensors[name], tensors[name + SCALE] = quantize(array)
        else:
            tensors[name] = array.astype(np.float32) if array.dtype == np.float64 else array
    try:
        header = json.dumps({"class": type(model).__name__, "notes": notes}, sort_keys=True)
    except TypeError as error:
        raise ValueError(f"quantize.save: a note must be a number, a text or a list of them; {error}") from None
    Path(path).write_bytes(_file(tensors, header))


def load(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict]:
    """The weights as float32 arrays by name, ready for ``load_state_dict``, and the notes.

    ValueError for a file that is damaged or was not written by ``save``.  FileNotFoundError.
    """
    tensors, header = _read(Path(path))
    scales = {name.removesuffix(SCALE) for name in tensors if name.endswith(SCALE)}
    state = {name: dequantize(value, tensors[name + SCALE]) if name in scales else value
             for name, value in tensors.items() if not name.endswith(SCALE)}
    return state, header["notes"]


# ---- the file
def _file(tensors: dict[str, np.ndarray], header: str) -> bytes:
    from safetensors.numpy import save

    # one entry alone in the header, for the order of several is not fixed
    text = json.dumps({"sha256": _digest(tensors, header), "about": header}, sort_keys=True)
    return save({name: np.asarray(array, order="C") for name, array in tensors.items()}, {HEADER: text})


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = path.read_bytes()
    try:
        tensors = load(content)
        length, = struct.unpack("<Q", content[:8])
        own = json.loads(content[8:8 + length]).get("__metadata__", {}).get(HEADER)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{path}: damaged, or no file of quantized weights ({error}); {_WAY_OUT}") from error
    try:
        own = json.loads(own)
        digest, about = own["sha256"], own["about"]
    except (TypeError, ValueError, KeyError):
        raise ValueError(f"{path}: not written by dlbook.quantize.save; dlbook.checkpoint reads other files") from None
    if digest != _digest(tensors, about):
        raise ValueError(f"{path}: damaged: its numbers do not have the SHA-256 that stands in its header; {_WAY_OUT}")
    return tensors, json.loads(about)


_WAY_OUT = "write it again, or take an unchanged copy"


def _digest(tensors: dict[str, np.ndarray], header: str) -> str:
    """SHA-256 of the header, then of name, type, shape and bytes of each tensor, by name."""
    h = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        h.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
    return h.hexdigest()


def _first_axis(scale: np.ndarray, ndim: int) -> np.ndarray:
    return scale.reshape(-1, *[1] * (ndim - 1))
