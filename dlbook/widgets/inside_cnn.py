"""Inside a convolutional network: what every layer makes of a digit that the reader draws."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import traitlets

from dlbook import images
from dlbook.widgets import cnn_ink, cnn_model, cnn_poster
from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.values import Numbers, fixed, html_table

DIGITS = [str(k) for k in range(10)]
LARGEST = 512  # pixels, the side of a drawing that is given as an array
NAMES = {
    "conv": "Convolution", "maxpool": "Max pooling", "avgpool": "Mean pooling", "linear": "Linear layer",
    "relu": "ReLU", "tanh": "tanh", "sigmoid": "Sigmoid",
}  # fmt: skip


class InsideCNN(Widget):
    """The feature maps, units and class probabilities of a convolutional network for a digit, live while it is drawn.

    ``model``: None for the network of the book (``dlbook.widgets.digits_cnn``), or a trained model of
    ``dlbook.scratch`` or PyTorch: convolutions, pooling, relu, tanh, sigmoid and linear layers in a row, for images of
    one channel and of ``size`` × ``size`` pixels (None: 28, 32 or 8, whichever fits).  ``w.model = another`` exchanges
    it.  ``labels``: the names of its classes.

    ``digit``: 0 to 9 for a drawing that comes with the book, None for an empty sheet, or an array: (64,) or (8, 8) as
    in ``data.digits()``, (1, size, size) as the network wants it, else a drawing (H, W), 0 for paper.  ``ink`` is what
    was drawn, as text.  ``layer``, ``channel`` and ``cell`` (row, column) choose the number whose computation is shown;
    without a cell it is the largest of the map.

    >>> int(InsideCNN(digit=3).probabilities().argmax())
    3

    ValueError for a model or an array that it cannot show, TraitError for settings out of range.
    """

    _esm = bundle("inside_cnn")
    network = traitlets.Bytes(help="layers and weights, a safetensors file").tag(sync=True)
    ink = traitlets.Unicode(cnn_ink.SAMPLES[3]).tag(sync=True)
    picture = traitlets.Dict(help="a digit that was given as an array").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    channel = traitlets.Int(2).tag(sync=True)
    cell = Numbers(traitlets.Int(), default_value=[14, 14]).tag(sync=True)

    def __init__(self, model=None, digit=3, *, size: int | None = None, labels=None, **kwargs):
        self._read(model, size, labels)
        if "ink" not in kwargs:
            kwargs |= self._given(digit)
        super().__init__(network=self._bytes, **kwargs)

    # ---- the model
    def _read(self, model, size: int | None, labels) -> None:
        own, quantized, about = _of_the_book() if model is None else (cnn_model.read(model, size), None, "")
        self._network, self._labels = own, _labels(labels, own.classes)
        self._bytes = cnn_model.pack(own, self._labels, about or _about(model, own), quantized)

    @property
    def model(self):
        raise AttributeError("InsideCNN keeps the numbers of the model, not the model; w.model = ... exchanges them")

    @model.setter
    def model(self, model) -> None:
        before = len(self._network.layers)
        self._read(model, None, None)
        with self.hold_sync():
            if len(self._network.layers) != before:
                self.layer = self.channel = 0
                self.cell = []
            self.network = self._bytes

    # ---- the digit
    @property
    def digit(self):
        """What the network sees, (side, side) float32; to be set to all that the argument takes."""
        return self.image()[0, 0]

    @digit.setter
    def digit(self, digit) -> None:
        with self.hold_sync():
            for name, value in self._given(digit).items():
                setattr(self, name, value)

    def _given(self, digit) -> dict:
        if digit is None:
            return {"ink": "", "picture": {}}
        if isinstance(digit, (int, np.integer)):
            if not 0 <= digit <= 9:
                raise ValueError(f"digit: got {digit}; expected 0 to 9, an array, or None for an empty sheet")
            return {"ink": cnn_ink.SAMPLES[digit], "picture": {}}
        return {"ink": "", "picture": _picture(digit, self._network.side)}

    def drawing(self) -> np.ndarray | None:
        """The drawing, bools (H, W); None for a digit that was given in another form."""
        if not self.picture:
            return cnn_ink.raster(cnn_ink.read(self.ink))
        shape, values = self.picture["shape"], self.picture["values"]
        return np.frombuffer(values, np.uint8).reshape(shape) > 0 if self.picture["kind"] == "drawing" else None

    def image(self) -> np.ndarray:
        """What the network sees, float32 (1, 1, side, side); zeros if nothing is drawn."""
        side, drawing = self._network.side, self.drawing()
        if drawing is None:
            values = np.frombuffer(self.picture["values"], "<f4").reshape(1, *self.picture["shape"])
            return values[None] if self.picture["kind"] == "image" else images.enlarge(values, side)
        if not drawing.any():
            return np.zeros((1, 1, side, side), np.float32)
        return images.enlarge(images.drawn_digit(drawing)[None], side)

    def outputs(self) -> list[np.ndarray]:
        """The numbers after each layer, float64 (C, H, W) or (units,); the last are the logits."""
        return [y[0] for y in cnn_model.outputs(self._network, self.image())]

    def probabilities(self) -> np.ndarray:
        """The probability of each class (classes,)."""
        return cnn_model.probabilities(self.outputs()[-1])

    # ---- checks
    @traitlets.validate("network")
    def _check_network(self, proposal):
        if proposal["value"] != self._bytes:
            raise traitlets.TraitError("network: it is not to be set; w.model = ... takes another model")
        return proposal["value"]

    @traitlets.validate("ink")
    def _check_ink(self, proposal):
        try:
            cnn_ink.read(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(f"ink: {error}; draw, and take the text from the address of the page") from None
        return proposal["value"]

    @traitlets.validate("layer", "channel")
    def _check_place(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        most = len(self._network.layers) if name == "layer" else cnn_model.MOST_UNITS - 1
        if not 0 <= value <= most:
            raise traitlets.TraitError(f"{name}: got {value}; a whole number from 0 to {most} is expected")
        return value

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        cell = proposal["value"]
        if len(cell) not in (0, 2) or any(not 0 <= v < cnn_model.LONGEST_SIDE for v in cell):
            raise traitlets.TraitError(f"cell: got {cell}; row and column are expected, or nothing: []")
        return cell

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name not in ("network", "picture")]

    # ---- print and readers without scripts
    def poster(self) -> str:
        strokes = None if self.picture else cnn_ink.read(self.ink)
        seen = cnn_poster.Seen(strokes, self.image()[0, 0], self.outputs(), self.probabilities())
        return cnn_poster.draw(seen, self._network.layers, self._labels)

    def table(self) -> str:
        p, outputs = self.probabilities(), self.outputs()
        rows = [(f"class {name}", f"{100 * q:.1f} %", fixed(z)) for name, q, z in zip(self._labels, p, outputs[-1])]
        classes = html_table("The network's answer", ["class", "probability", "logit"], rows)
        rows = [
            (NAMES[layer["kind"]], " × ".join(map(str, y.shape)), fixed(y.min()), fixed(y.max()), _share(y == 0))
            for layer, y in zip(self._network.layers, outputs)
        ]
        heads = ["layer", "numbers", "least", "largest", "zeros"]
        return classes + html_table("The numbers after each layer", heads, rows)


class _Book(NamedTuple):
    network: cnn_model.Network
    quantized: dict[str, np.ndarray]
    about: str


@functools.cache
def _of_the_book() -> _Book:
    """The network of the book, its int8 weights as they stand in the file, and a sentence about it."""
    from safetensors.numpy import load

    from dlbook import quantize
    from dlbook.widgets import digits_cnn

    notes = quantize.load(digits_cnn.FILE)[1]
    network, tested = cnn_model.read(digits_cnn.network()), notes["tested_on"]
    right = round(tested * notes["accuracy_int8"])
    about = f"Trained on handwritten digits of 8 × 8 pixels; it reads {right} of {tested} others correctly."
    return _Book(network, load(digits_cnn.FILE.read_bytes()), f"{_size(network)} {about}")


def _about(model, network: cnn_model.Network) -> str:
    return f"{type(model).__name__}: {_size(network)}"


def _size(network: cnn_model.Network) -> str:
    layers = sum(layer["kind"] in ("conv", "linear") for layer in network.layers)
    count = sum(math.prod(value.shape) for value in network.tensors.values())
    return f"{layers} layers with weights, {count:,} numbers in all."


def _labels(labels, classes: int) -> list[str]:
    if labels is None:
        return DIGITS[:classes] if classes <= 10 else [str(k) for k in range(classes)]
    labels = [str(name) for name in labels]
    if len(labels) != classes:
        raise ValueError(f"labels: got {len(labels)} names; the model has {classes} classes")
    return labels


def _picture(digit, side: int) -> dict:
    """The array as the page gets it.  ValueError unless it is a digit, an image or a drawing."""
    a = cnn_model.array(digit)
    if a.dtype.kind not in "biuf" or not np.isfinite(a).all():
        raise ValueError(f"digit: got an array of {a.dtype}; expected finite numbers")
    if a.shape in ((64,), (8, 8)):
        kind, a = "counts", a.reshape(8, 8)
    elif a.shape in ((1, side, side), (1, 1, side, side)):
        kind, a = "image", a.reshape(side, side)
    elif a.ndim == 2 and 2 <= min(a.shape) and max(a.shape) <= LARGEST and a.max() > 0:
        return {"kind": "drawing", "shape": list(a.shape), "values": (a > a.max() / 2).astype(np.uint8).tobytes()}
    else:
        raise ValueError(
            f"digit: got shape {a.shape}; expected 0 to 9, (64,) or (8, 8) as in data.digits(), (1, {side}, {side}) as "
            f"the network wants it, or a drawing (H, W) of up to {LARGEST} × {LARGEST} pixels that has ink"
        )
    return {"kind": kind, "shape": list(a.shape), "values": a.astype("<f4").tobytes()}


def _share(hit: np.ndarray) -> str:
    return f"{100 * hit.mean():.0f} %"
