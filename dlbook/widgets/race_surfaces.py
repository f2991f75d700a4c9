"""The loss surfaces of the optimizer race in NumPy; in the browser they are js/race_surfaces.mjs.

Both do the same operations in the same order: where an optimizer jumps about, one digit would soon be seen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

import numpy as np

from dlbook.widgets import digits_slice
from dlbook.widgets.base import JS

Slope = tuple[float, float, float]  # loss, its slope along x, its slope along y


def constant(name: str):
    """A constant of js/race_settings.mjs; the browser and Python share its text."""
    source = (JS / "race_settings.mjs").read_text("utf8")
    return json.loads(re.search(rf"^export const {name} = (.*?);$", source, re.M | re.S)[1])


SURFACES = constant("SURFACES")


def quadratic(x, y, kappa: float):
    return (x * x + kappa * y * y) / 2, x, kappa * y


def rosenbrock(x, y):
    a, b = 1 - x, y - x * x
    return a * a + 100 * b * b, -2 * a - 400 * x * b, 200 * b


def beale(x, y):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y
    slope_x = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y * y * y - 1))
    return a * a + b * b + c * c, slope_x, 2 * x * (a + 2 * b * y + 3 * c * y * y)


def saddle(x, y):
    a = y * y - 1
    return x * x / 2 + a * a / 4, x, y * a


# ---- the measured surface
def _weights(t: float) -> tuple[float, ...]:
    """What the four values around a place count in Catmull and Rom's cubic, 0 <= t <= 1 between the middle two."""
    last = (t - 1) * t * t / 2
    return ((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, last


def _slopes(t: float) -> tuple[float, ...]:
    """The derivatives of ``_weights``."""
    return ((4 - 3 * t) * t - 1) / 2, (9 * t - 10) * t / 2, ((8 - 9 * t) * t + 1) / 2, (3 * t - 2) * t / 2


def digits(x: float, y: float) -> Slope:
    """Bicubic interpolation (Catmull-Rom) of the stored losses and its exact slope; NaN outside of the map.

    It goes through every stored value, and its slope has no jumps.
    """
    cells, wide = digits_slice.CELLS, 2 * digits_slice.REACH / digits_slice.CELLS
    u, v = (x + digits_slice.REACH) / wide, (y + digits_slice.REACH) / wide
    if not (0 <= u <= cells and 0 <= v <= cells):
        return math.nan, math.nan, math.nan
    i, j = min(int(u), cells - 1), min(int(v), cells - 1)
    wx, dx, wy, dy = _weights(u - i), _slopes(u - i), _weights(v - j), _slopes(v - j)
    loss = slope_x = slope_y = 0.0
    for r, line in enumerate(digits_slice.grid()[j : j + 4, i : i + 4].tolist()):
        row = slope = 0.0
        for c, z in enumerate(line):
            row += wx[c] * z
            slope += dx[c] * z
        loss += wy[r] * row
        slope_x += wy[r] * slope
        slope_y += dy[r] * row
    return loss, slope_x / wide, slope_y / wide


# ---- any of them
class Surface:
    """One of SURFACES: ``at(x, y)`` gives loss and slopes, ``known(x, y)`` says whether there are any."""

    def __init__(self, name: str, condition: float = 1.0):
        own = SURFACES[name]
        self.name, self.x, self.y = name, own["x"], own["y"]
        if name == "quadratic":
            self.at: Callable[[float, float], Slope] = lambda x, y: quadratic(x, y, condition)
        else:
            self.at = {"rosenbrock": rosenbrock, "beale": beale, "saddle": saddle, "digits": digits}[name]

    def known(self, x: float, y: float) -> bool:
        return self.name != "digits" or (self.x[0] <= x <= self.x[1] and self.y[0] <= y <= self.y[1])

    def map(self, n: int) -> np.ndarray:
        """The losses at n × n places from the lower left to the upper right corner of the map (n, n)."""
        xs, ys = np.linspace(*self.x, n), np.linspace(*self.y, n)
        if self.name != "digits":
            return np.asarray(self.at(xs[None, :], ys[:, None])[0])
        return np.array([[self.at(x, y)[0] for x in xs] for y in ys])
