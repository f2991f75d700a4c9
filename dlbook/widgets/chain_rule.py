"""The slope of a curve from a step, and the slope of a chain of functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import traitlets

from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.values import Numbers, fixed, html_table, known, power, within

VIEWS = ("slope", "chain")
LIMITS = {"x": (-3, 3), "h": (1e-16, 2)}


class Function(NamedTuple):
    """A function, its derivative, and where a plot of it ends below and above."""

    f: Callable
    df: Callable
    low: float
    high: float


FUNCTIONS = {
    "square": Function(lambda x: x * x, lambda x: 2 * x, -4, 16),
    "sin": Function(np.sin, np.cos, -1.8, 1.8),
    "exp": Function(np.exp, np.exp, -4, 16),
    "tanh": Function(np.tanh, lambda x: 1 - np.tanh(x) ** 2, -1.8, 1.8),
    "affine": Function(lambda x: 2 * x + 1, lambda x: 0 * x + 2, -10, 12),
    "relu": Function(lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0), -1.5, 5.5),
}
LABELS = {"square": "x²", "sin": "sin x", "exp": "eˣ", "tanh": "tanh x", "affine": "2x + 1", "relu": "relu(x)"}
NAMES = {2: "xuy", 3: "xuvy"}  # of the values in a chain of two and of three functions
_OF = {name: str.maketrans("xˣ", name + high) for name, high in zip("xuv", "ˣᵘᵛ")}


class Slopes(NamedTuple):
    """The slope of the tangent, of the secant through x and x + h, and of the one through x - h and x + h."""

    tangent: float
    forward: float
    central: float


class Chain(NamedTuple):
    """Values from the input on, the slope of each function at its input, their product.

    ``secants`` are the slopes from there to where the values move when x moves by h (nan where the input of a function
    does not move), ``secant`` is the one of the whole chain.
    """

    values: list[float]
    slopes: list[float]
    product: float
    secants: list[float]
    secant: float


class ChainRule(Widget):
    """View "slope": a curve with tangent and secant.  View "chain": two or three functions in a row.

    ``function`` is one of square, sin, exp, tanh, affine (2x + 1), relu.  ``x`` lies in [-3, 3], the step ``h`` in
    [1e-16, 2]; ``central`` adds the secant through x - h and x + h, ``zoom`` shows the curve as near as h is small.
    ``chain`` names two or three functions, the innermost first.

    >>> ChainRule(chain=["affine", "square"], x=1, view="chain").run().product
    12.0

    TraitError for a name that is not known and for a number outside the limits.
    """

    _esm = bundle("chain_rule")
    view = traitlets.Unicode("slope").tag(sync=True)
    function = traitlets.Unicode("sin").tag(sync=True)
    x = traitlets.Float(1.0).tag(sync=True)
    h = traitlets.Float(1.0).tag(sync=True)
    central = traitlets.Bool(False).tag(sync=True)
    zoom = traitlets.Bool(False).tag(sync=True)
    chain = Numbers(traitlets.Unicode(), default_value=["square", "sin"], help="the innermost first").tag(sync=True)

    @traitlets.validate("view")
    def _check_view(self, proposal):
        return known("view", proposal["value"], VIEWS)

    @traitlets.validate("function")
    def _check_function(self, proposal):
        return known("function", proposal["value"], FUNCTIONS)

    @traitlets.validate("chain")
    def _check_chain(self, proposal):
        if len(proposal["value"]) not in (2, 3):
            raise traitlets.TraitError(f"chain: got {proposal['value']}; two or three functions are expected")
        return [known("chain", name, FUNCTIONS) for name in proposal["value"]]

    @traitlets.validate("x", "h")
    def _check_number(self, proposal):
        name = proposal["trait"].name
        return within(name, proposal["value"], *LIMITS[name])

    def slopes(self) -> Slopes:
        """Of ``function`` at ``x`` with the step ``h``."""
        f, df, *_ = FUNCTIONS[self.function]
        x, h = self.x, self.h
        return Slopes(float(df(x)), float((f(x + h) - f(x)) / h), float((f(x + h) - f(x - h)) / (2 * h)))

    def run(self) -> Chain:
        """The chain at ``x``; inf where a value is too large for a number."""
        functions = [FUNCTIONS[name] for name in self.chain]

        def walk(x: float) -> list[float]:
            values = [x]
            for function in functions:
                values.append(float(function.f(values[-1])))
            return values

        with np.errstate(all="ignore"):
            values, moved = walk(self.x), walk(self.x + self.h)
            slopes = [float(function.df(v)) for function, v in zip(functions, values)]
            steps = np.array([self.h, *np.subtract(moved, values)[1:]])
            secants = steps[1:] / steps[:-1]
            return Chain(values, slopes, math.prod(slopes), secants.tolist(), float(steps[-1] / self.h))

    # ---- print and readers without scripts
    def poster(self) -> str:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        from dlbook import figures

        with mpl.rc_context(figures.STYLE):
            fig = Figure(figsize=(6.4, 3.2) if self.view == "slope" else (6.4, 2.3))
            message = (self._draw_slope if self.view == "slope" else self._draw_chain)(fig, figures)
            svg = figures.to_svg(fig, inline=True)
        return svg.replace("<svg", f'<svg role="img" aria-label="{message}"', 1)

    def _draw_slope(self, fig, figures) -> str:
        f, _, low, high = FUNCTIONS[self.function]
        ax = fig.add_subplot()
        xs, found = np.linspace(-5, 5, 161), self.slopes()
        y, x, h = float(f(self.x)), self.x, self.h
        ax.plot(xs, f(xs), color=figures.BLUE)
        ax.axline((x, y), slope=found.tangent, color=figures.INK, linewidth=1.2)
        ax.axline((x, y), slope=found.forward, color=figures.ORANGE, linewidth=1.4, linestyle="--")
        if self.central:
            ax.axline((x - h, float(f(x - h))), slope=found.central, color=figures.GREEN, linestyle=":")
        ax.plot([x, x + h], [y, float(f(x + h))], "o", color=figures.INK, markersize=5)
        ax.set(xlim=(-5, 5), ylim=(low, high), xlabel="x")
        words = f"{LABELS[self.function]} at x = {fixed(x)}: tangent {fixed(found.tangent, 4)}"
        words += f", secant {fixed(found.forward, 4)} for h = {power(h)}"
        ax.set_title(words)
        return words

    def _draw_chain(self, fig, figures) -> str:
        found, last = self.run(), len(self.chain)
        ax = fig.add_subplot()
        for i, value in enumerate(found.values):
            ax.text(i, 0, f"{NAMES[last][i]} = {power(value, 4)}", ha="center", color=figures.BLUE)
        for i, (name, slope) in enumerate(zip(self.chain, found.slopes)):
            ax.annotate("", (i + 0.7, 0.08), (i + 0.3, 0.08), arrowprops={"arrowstyle": "->", "color": figures.INK})
            ax.text(i + 0.5, 0.35, label(name, NAMES[last][i]), ha="center")
            ax.text(i + 0.5, -0.35, f"slope {power(slope, 4)}", ha="center", color=figures.PURPLE)
        product = " · ".join(_bracket(power(slope, 4)) for slope in reversed(found.slopes))
        words = f"dy/dx = {product} = {power(found.product, 4)}"
        ax.text(last / 2, -0.9, words, ha="center")
        ax.set(xlim=(-0.4, last + 0.4), ylim=(-1.2, 0.7))
        ax.axis("off")
        return words

    def table(self) -> str:
        return self._slope_table() if self.view == "slope" else self._chain_table()

    def _slope_table(self) -> str:
        rows, f = [], FUNCTIONS[self.function].f
        found, given = self.slopes(), self.h
        for h in dict.fromkeys([given, *10.0 ** -np.arange(0, 17, 2)]):
            forward = float((f(self.x + h) - f(self.x)) / h)
            central = float((f(self.x + h) - f(self.x - h)) / (2 * h))
            errors = [power(value - found.tangent) for value in (forward, central)]
            rows.append((power(h), fixed(forward, 8), errors[0], fixed(central, 8), errors[1]))
        caption = f"{LABELS[self.function]} at x = {fixed(self.x)}, slope {fixed(found.tangent, 8)}"
        return html_table(caption, ["h", "x to x + h", "error", "x − h to x + h", "error"], rows)

    def _chain_table(self) -> str:
        found = self.run()
        names = NAMES[len(self.chain)]
        rows = [
            (f"{names[i + 1]} = {label(name, names[i])}", *(power(v, 6) for v in numbers))
            for i, (name, *numbers) in enumerate(
                zip(self.chain, found.values, found.values[1:], found.slopes, found.secants)
            )
        ]
        rows.append(("dy/dx, the product", "", "", power(found.product, 6), power(found.secant, 6)))
        heads = ["function", "in", "out", "slope", f"secant, h = {power(self.h)}"]
        return html_table("The chain, the innermost function first", heads, rows)


def label(name: str, variable: str) -> str:
    """The function in the variable x, u or v.

    >>> label("exp", "u")
    'eᵘ'
    """
    return LABELS[name].translate(_OF[variable])


def _bracket(text: str) -> str:
    return f"({text})" if text.startswith("−") else text
