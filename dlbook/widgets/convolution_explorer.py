"""A kernel that slides over an image: every sum written out, ReLU and pooling after it, receptive fields."""

from __future__ import annotations

import reprlib
from numbers import Integral
from typing import NamedTuple

import numpy as np
import traitlets

from dlbook import receptive, scratch
from dlbook.widgets import convolution_poster
from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.convolution_samples import PHOTOS, PRESETS, picture
from dlbook.widgets.values import Numbers, html_table, known, within

NAMES = ("digit", *PHOTOS)
SIDE, SIZES, LARGEST, BRIGHTEST = 48, range(1, 6), 100, 1000
POOLINGS, STAGES = ("none", "max", "avg"), ("convolution", "pooling")
POOL = 2


class Maps(NamedTuple):
    """The map (OH, OW), the map after ReLU if there is one, and the pooled map (OH // 2, OW // 2) or None."""

    convolution: np.ndarray
    active: np.ndarray
    pooled: np.ndarray | None


class Whole(traitlets.Int):
    """A whole number within bounds; NumPy's are taken too."""

    def __init__(self, default, low, high):
        super().__init__(default)
        self.low, self.high = low, high

    def validate(self, obj, value):
        if isinstance(value, bool) or not isinstance(value, Integral) or not self.low <= value <= self.high:
            expected = f"a whole number from {self.low} to {self.high} is expected"
            raise traitlets.TraitError(f"{self.name}: got {value!r}; {expected}")
        return int(value)


class Pooling(traitlets.Unicode):
    """One of ``POOLINGS``; None is "none"."""

    def validate(self, obj, value):
        return known(self.name, value or "none", POOLINGS)


class ConvolutionExplorer(Widget):
    """A kernel slides over an image.

    ``image``: "digit" (which one says ``digit``, 0 to 9), "china" or "flower" (24 × 24 pixels of two photographs), or
    an array (H, W) of up to 48 × 48 numbers; black is 0 or the smallest, white is 1 or the largest · ``kernel``: one of
    ``PRESETS`` (identity, mean, gaussian, vertical edge, horizontal edge, sharpen, laplacian, learned) or an array
    (k, k), k from 1 to 5 · ``stride`` 1 to 3, ``padding`` 0, 1, 2 or "same", ``dilation`` 1 to 3 · ``relu`` and
    ``pooling`` (None, "max" or "avg", 2 × 2) come after it · ``at`` is the row and column of the cell of the map whose
    window is shown; ``stage="pooling"`` shows what the pooled cell that holds it has seen.

    >>> ConvolutionExplorer(np.eye(3), [[1, 0], [0, 1]]).maps().convolution.tolist()
    [[2.0, 0.0], [0.0, 2.0]]

    TraitError for an unknown name, a number out of range or another shape; ValueError where nothing fits.
    """

    _esm = bundle("convolution_explorer")
    image = traitlets.Any("digit", allow_none=False).tag(sync=True)
    digit = Whole(0, 0, 9).tag(sync=True)
    kernel = traitlets.Any(PRESETS["vertical edge"]["kernel"], allow_none=False).tag(sync=True)
    stride = Whole(1, 1, 3).tag(sync=True)
    padding = traitlets.Union([traitlets.Int(), traitlets.Unicode()], default_value=0).tag(sync=True)
    dilation = Whole(1, 1, 3).tag(sync=True)
    relu = traitlets.Bool(False).tag(sync=True)
    pooling = Pooling("none").tag(sync=True)
    at = Numbers(traitlets.Int(), default_value=[10, 5]).tag(sync=True)
    stage = traitlets.Unicode("convolution").tag(sync=True)

    def __init__(self, image=None, kernel=None, **kwargs):
        given = {"image": image, "kernel": kernel}
        super().__init__(**kwargs | {name: value for name, value in given.items() if value is not None})

    @traitlets.validate("image")
    def _check_image(self, proposal):
        value = proposal["value"]
        if value is None or isinstance(value, str):
            return known("image", value or "digit", NAMES)
        return _square("image", value, f"rows of equal length, up to {SIDE} × {SIDE} numbers", SIDE, BRIGHTEST)

    @traitlets.validate("kernel")
    def _check_kernel(self, proposal):
        value = proposal["value"]
        if isinstance(value, str):
            return PRESETS[known("kernel", value, PRESETS)]["kernel"]
        rows = _square("kernel", value, "a square of 1 × 1 to 5 × 5 numbers", SIZES[-1], LARGEST)
        if len(rows) != len(rows[0]):
            raise traitlets.TraitError(
                f"kernel: got {len(rows)} × {len(rows[0])} numbers; a square of 1 × 1 to 5 × 5 is expected: "
                "fill it up with zeros"
            )
        return rows

    @traitlets.validate("padding")
    def _check_padding(self, proposal):
        if proposal["value"] not in (0, 1, 2, "same"):
            raise traitlets.TraitError(f'padding: got {proposal["value"]!r}; 0, 1, 2 or "same" is expected')
        return proposal["value"]

    @traitlets.validate("stage")
    def _check_stage(self, proposal):
        return known("stage", proposal["value"], STAGES)

    @traitlets.validate("at")
    def _check_at(self, proposal):
        if len(proposal["value"]) != 2 or min(proposal["value"]) < 0:
            raise traitlets.TraitError(f"at: got {proposal['value']}; a row and a column from 0 are expected")
        return proposal["value"]

    # ---- numbers
    def pixels(self) -> np.ndarray:
        """The image (H, W), float64."""
        return picture(self.image, self.digit) if isinstance(self.image, str) else np.array(self.image, float)

    def maps(self) -> Maps:
        """What ``dlbook.scratch`` computes.  ValueError where no window fits."""
        x, weight = (scratch.Tensor(np.array(a, float)[None, None]) for a in (self.pixels(), self.kernel))
        y = scratch.conv2d(x, weight, stride=self.stride, padding=self.padding, dilation=self.dilation)
        active = scratch.relu(y) if self.relu else y
        pool = {"max": scratch.max_pool2d, "avg": scratch.avg_pool2d}.get(self.pooling)
        pooled = pool(active, POOL).numpy()[0, 0] if pool else None
        return Maps(y.numpy()[0, 0], active.numpy()[0, 0], pooled)

    def cell(self) -> tuple[int, int]:
        """The row and column of the map whose window is shown: ``at``, or its nearest, or the winner of the pooling."""
        maps = self.maps()
        at = [min(i, n - 1) for i, n in zip(self.at, maps.convolution.shape)]
        if self.stage == "convolution" or maps.pooled is None:
            return tuple(at)
        top, left = (POOL * min(i // POOL, n - 1) for i, n in zip(at, maps.pooled.shape))
        if self.pooling == "avg":
            return top, left
        best = int(maps.active[top : top + POOL, left : left + POOL].argmax())
        return top + best // POOL, left + best % POOL

    def seen(self) -> tuple[receptive.ReceptiveField, tuple[int, int]]:
        """What a cell sees along one axis, and the index (row, column) of the shown cell, pooled or not."""
        pooled = self.stage == "pooling" and self.maps().pooled is not None
        layers = [(len(self.kernel), self.stride, self.padding, self.dilation), *[(POOL, POOL)] * pooled]
        i, j = self.cell()
        return receptive.receptive_field(layers), ((i // POOL, j // POOL) if pooled else (i, j))

    # ---- print and readers without scripts
    def poster(self) -> str:
        maps, (size, index) = self.maps(), self.seen()
        after = maps.pooled if maps.pooled is not None else maps.active if self.relu else None
        fields = [size.covers(i) for i in index]
        pictures = {"Image": self.pixels(), "Convolution": maps.convolution}
        pictures |= {} if after is None else {self._after(): after}
        return convolution_poster.draw(pictures, fields, self.cell(), f"{self._title()}: {self._sizes(maps)}.")

    def table(self) -> str:
        maps, (i, j), k = self.maps(), self.cell(), len(self.kernel)
        window, weight = self.window(), np.array(self.kernel)
        grids = window, weight, window * weight
        rows = [(f"row {u + 1} of its window", *("  ".join(map(short, grid[u])) for grid in grids)) for u in range(k)]
        rows.append((f"sum, in row {i + 1}, column {j + 1} of the map", "", "", short(maps.convolution[i, j])))
        field = self.seen()[0].size
        rows.append(("sizes, receptive field", self._sizes(maps), "", f"{field} × {field} pixels"))
        return html_table(self._title(), ["of the shown cell", "pixels", "weights", "products"], rows)

    def window(self) -> np.ndarray:
        """The pixels (k, k) under the shown window; 0 where it reaches into the padding."""
        k, d, (i, j) = len(self.kernel), self.dilation, self.cell()
        total = d * (k - 1) if self.padding == "same" else 2 * self.padding
        padded = np.pad(self.pixels(), [(total // 2, total - total // 2)] * 2)
        top, left = self.stride * i, self.stride * j
        return padded[top : top + d * k : d, left : left + d * k : d][:k, :k]

    def _title(self) -> str:
        k = len(self.kernel)
        name = next((p["title"] for p in PRESETS.values() if p["kernel"] == self.kernel), "a kernel of one's own")
        names = {"digit": f"The digit {self.digit}", "china": "A temple", "flower": "A flower"}
        image = names[self.image] if isinstance(self.image, str) else "An image"
        settings = f"stride {self.stride}, padding {self.padding}, dilation {self.dilation}"
        return f"{image} convolved with {name}, {k} × {k}, {settings}"

    def _after(self) -> str:
        pooling = {"max": "max pooling", "avg": "mean pooling"}.get(self.pooling, "")
        return ", ".join(["ReLU"] * self.relu + [pooling] * bool(pooling))

    def _sizes(self, maps: Maps) -> str:
        shapes = [self.pixels(), maps.convolution, *([] if maps.pooled is None else [maps.pooled])]
        return " to ".join(f"{len(a)} × {len(a[0])}" for a in shapes) + f"; then {self._after()}" * bool(self._after())


def short(value: float, digits: int = 3) -> str:
    """At most so many decimals, with a true minus sign: 0.5, −1.25.

    >>> short(-1.25), short(2.0), short(-1e-9)
    ('−1.25', '2', '0')
    """
    return f"{value:z.{digits}f}".rstrip("0").rstrip(".").replace("-", "−")


def _square(trait: str, value, expected: str, most: int, largest: float) -> list[list[float]]:
    """Rows of equal length, all numbers within bounds, as lists of floats."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        array = None
    if array is None or array.ndim != 2 or not 1 <= min(array.shape) <= max(array.shape) <= most:
        got = reprlib.repr(value) if array is None else f"an array of shape {array.shape}"
        raise traitlets.TraitError(f"{trait}: got {got}; expected {expected}")
    return [[within(trait, v, -largest, largest) for v in row] for row in array.tolist()]
