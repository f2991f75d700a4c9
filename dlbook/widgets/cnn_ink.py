"""Drawings as strokes: as text, and as pixels.  In the browser they are js/cnn_ink.mjs, to the last pixel."""

from __future__ import annotations

import json
import re

import numpy as np

from dlbook.widgets.base import JS

_SOURCE = (JS / "cnn_ink.mjs").read_text("utf8")
SIDE, PEN, SAMPLES = (
    json.loads(re.search(rf"^export const {name} = (.*?);", _SOURCE, re.M | re.S)[1])
    for name in ("SIDE", "PEN", "SAMPLES")
)
POINT, RADIX = 3, 36

Stroke = list[tuple[int, int]]


def read(text: str) -> list[Stroke]:
    """The strokes of a drawing, each a list of points (x, y), 0 ≤ x, y < SIDE.

    A point is three letters, the number SIDE · y + x to the base 36; a minus stands between strokes.

    >>> read("000001-04g")
    [[(0, 0), (1, 0)], [(0, 1)]]

    ValueError if it is no drawing.
    """
    strokes = []
    for part in text.split("-") if text else []:
        if not re.fullmatch("([0-9a-z]{3})+", part):
            raise ValueError(f"{part[:40]!r} is not made of points, each of three letters from 0 to 9 and a to z")
        numbers = [int(part[i : i + POINT], RADIX) for i in range(0, len(part), POINT)]
        if max(numbers) >= SIDE * SIDE:
            raise ValueError(f"{part[:40]!r} has a point outside of the sheet of {SIDE} × {SIDE}")
        strokes.append([(n % SIDE, n // SIDE) for n in numbers])
    return strokes


def raster(strokes: list[Stroke]) -> np.ndarray:
    """The drawing (SIDE, SIDE) of bools: ink wherever the middle of the pen came as near as PEN pixels."""
    out = np.zeros((SIDE, SIDE), bool)
    for points in strokes:
        for a, b in zip([points[0], *points], points):
            out |= _line(np.array(a), np.array(b))
    return out


def _line(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    (vx, vy), (wx, wy), (ux, uy) = (x - a[0], y - a[1]), (x - b[0], y - b[1]), b - a
    along, length = vx * ux + vy * uy, ux * ux + uy * uy
    beside = (vx * uy - vy * ux) ** 2 <= PEN**2 * length
    at_ends = [vx**2 + vy**2 <= PEN**2, wx**2 + wy**2 <= PEN**2]
    return np.select([along <= 0, along >= length], at_ends, beside)
