"""The activation functions of the book, to be compared and moved."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Sequence
from html import escape
from numbers import Real

import numpy as np
import traitlets

from dlbook import scratch
from dlbook.widgets.base import Widget, bundle

LABELS = {
    "identity": "Identity",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "gelu_tanh": "GELU (tanh)",
    "silu": "SiLU",
    "softplus": "Softplus",
}
VIEWS = ("elementwise", "softmax", "log_softmax")
# function: its parameter, and the lowest and the highest value of the slider
PARAMETERS = {"leaky_relu": ("negative_slope", 0, 0.5), "elu": ("alpha", 0, 2), "softplus": ("beta", 0.2, 5)}
LIMITS = {"x": (-5, 5), "shift": (0, 1000)} | {name: (low, high) for name, low, high in PARAMETERS.values()}
SATURATED = 0.05
LOGIT = 5


class ActivationExplorer(Widget):
    """Curves, slopes, tangent and range of activation functions; softmax and log-softmax of three logits.

    ``functions`` are drawn; ``focus`` is always drawn and has the tangent at ``x``.  ``view`` is "elementwise",
    "softmax" or "log_softmax".  ``negative_slope``, ``alpha`` and ``beta`` belong to leaky ReLU, ELU and softplus.

    >>> ActivationExplorer(functions=["sigmoid", "tanh"], x=2)
    ActivationExplorer(focus='sigmoid', functions=['sigmoid', 'tanh'], x=2.0)

    TraitError for a name that is not known and for a number outside the sliders.
    """

    _esm = bundle("activation_explorer")
    view = traitlets.Unicode("elementwise").tag(sync=True)
    functions = traitlets.List(traitlets.Unicode(), default_value=["sigmoid", "tanh", "relu"]).tag(sync=True)
    focus = traitlets.Unicode("tanh").tag(sync=True)
    x = traitlets.Float(1.0).tag(sync=True)
    negative_slope = traitlets.Float(0.01).tag(sync=True)
    alpha = traitlets.Float(1.0).tag(sync=True)
    beta = traitlets.Float(1.0).tag(sync=True)
    derivative = traitlets.Bool(True).tag(sync=True)
    saturation = traitlets.Bool(True).tag(sync=True)
    logits = traitlets.List(traitlets.Float(), default_value=[2.0, 1.0, -1.0], help="z₁, z₂, z₃ of the softmax").tag(
        sync=True
    )
    shift = traitlets.Float(0.0, help="what is added to every logit").tag(sync=True)

    def __init__(self, functions: Sequence[str] | None = None, focus: str | None = None, **kwargs):
        if functions is not None:
            kwargs["functions"] = [functions] if isinstance(functions, str) else list(functions)
        if focus is not None:
            kwargs = {"focus": _known("focus", focus, LABELS), "functions": [focus]} | kwargs
        elif kwargs.get("functions"):
            kwargs["focus"] = kwargs["functions"][0]
        super().__init__(**kwargs)

    @traitlets.validate("view")
    def _check_view(self, proposal):
        return _known("view", proposal["value"], VIEWS)

    @traitlets.validate("focus")
    def _check_focus(self, proposal):
        return _known("focus", proposal["value"], LABELS)

    @traitlets.validate("functions")
    def _check_functions(self, proposal):
        names = [_known("functions", name, LABELS) for name in proposal["value"]]
        if len(set(names)) < len(names):
            raise traitlets.TraitError(f"functions: {names} names a function twice")
        return names

    @traitlets.validate(*LIMITS)
    def _check_number(self, proposal):
        name = proposal["trait"].name
        return _within(name, proposal["value"], *LIMITS[name])

    @traitlets.validate("logits")
    def _check_logits(self, proposal):
        logits = proposal["value"]
        if len(logits) != 3:
            raise traitlets.TraitError(f"logits: got {len(logits)} numbers; the explorer shows three")
        return [_within("logits", z, -LOGIT, LOGIT) for z in logits]

    def shown(self) -> list[str]:
        """The functions on the plot, in the order of the book."""
        return [name for name in LABELS if name in self.functions or name == self.focus]

    def values(self, name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f and f' at ``x``, both of its shape, by ``dlbook.scratch``."""
        parameter = {p: getattr(self, p) for p, _, _ in [PARAMETERS[name]]} if name in PARAMETERS else {}
        t = scratch.Tensor(np.asarray(x, np.float64), requires_grad=True)
        y = _FUNCTIONS[name](t, **parameter)
        y.sum().backward()
        return y.detach().numpy(), t.grad.numpy()

    def outputs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits z (3,), outputs (3,), and the Jacobian (3, 3) with the derivative of output i by logit j."""
        z = np.array(self.logits) + self.shift
        op = scratch.log_softmax if self.view == "log_softmax" else scratch.softmax
        jacobian = []
        for row in np.eye(3):
            t = scratch.Tensor(z, requires_grad=True)
            y = op(t, dim=0)
            y.backward(scratch.Tensor(row))
            jacobian.append(t.grad.numpy())
        return z, y.detach().numpy(), np.array(jacobian)

    def poster(self) -> str:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        from dlbook import figures

        with mpl.rc_context(figures.STYLE):
            fig = Figure(figsize=(6.4, 3.4))
            ax = fig.add_subplot()
            message = (self._draw_curves if self.view == "elementwise" else self._draw_outputs)(ax)
            ax.set_title(message)
            return figures.to_svg(fig, inline=True).replace("<svg", f'<svg role="img" aria-label="{message}"', 1)

    def _draw_curves(self, ax) -> str:
        from dlbook.figures import INK, SERIES

        x = np.linspace(-5, 5, 161)
        for name, color, marker in zip(self.shown(), SERIES * 2, "os^DvP*Xhd"):
            y, slope = self.values(name, x)
            ax.plot(x, y, color=color, marker=marker, markevery=20, markersize=4, label=LABELS[name])
            if self.derivative:
                ax.plot(x, slope, color=color, linestyle="--", linewidth=1.1)
            if self.saturation and name == self.focus:
                whole = {"transform": ax.get_xaxis_transform(), "alpha": 0.1, "linewidth": 0}
                ax.fill_between(x, 0, 1, np.abs(slope) < SATURATED, color=color, **whole)
        y, slope = (float(v[0]) for v in self.values(self.focus, np.array([self.x])))
        ax.axline((self.x, y), slope=slope, color=INK, linewidth=0.9)
        ax.plot([self.x], [y], "o", color=INK, markersize=6)
        ax.set(
            xlim=(-5, 5),
            ylim=(max(ax.get_ylim()[0], -2.5), min(ax.get_ylim()[1], 5)),
            xlabel="x",
            ylabel="f(x)" + ", dashed f′(x)" * self.derivative,
        )
        ax.legend(loc="upper left", fontsize=9)
        return f"{LABELS[self.focus]} at x = {_minus(self.x, 2)}: value {_minus(y, 2)}, slope {_minus(slope, 2)}"

    def _draw_outputs(self, ax) -> str:
        from dlbook.figures import SERIES

        z, y, _ = self.outputs()
        name = "log p" if self.view == "log_softmax" else "p"
        bars = ax.barh([f"z{i} = {_minus(v, 1)}" for i, v in zip("₁₂₃", z)], y, color=SERIES[:3])
        ax.bar_label(bars, [_minus(v, 2) for v in y], padding=4)
        ax.invert_yaxis()
        ax.set(xlabel=name)
        ax.margins(x=0.15)
        title = "Softmax" if name == "p" else "Log-softmax"
        return f"{title} of three logits: {', '.join(_minus(v, 2) for v in y)}"

    def table(self) -> str:
        if self.view == "elementwise":
            x = np.arange(-5.0, 6.0)
            rows = [[_minus(a, 0), _minus(b, 4), _minus(c, 4)] for a, b, c in zip(x, *self.values(self.focus, x))]
            return _table(LABELS[self.focus], ["x", "f(x)", "f′(x)"], rows)
        z, y, jacobian = self.outputs()
        name = "log p" if self.view == "log_softmax" else "p"
        numbers = enumerate(zip(z, y, jacobian), 1)
        rows = [[str(i), _minus(a, 1), _minus(b, 3), *(_minus(v, 2) for v in row)] for i, (a, b, row) in numbers]
        caption = f"Logits, outputs and the derivative of output i by each logit, ∂ {name}ᵢ / ∂ zⱼ"
        return _table(caption, ["i", "zᵢ", f"{name}ᵢ", "j = 1", "j = 2", "j = 3"], rows)


_FUNCTIONS: dict[str, Callable] = {
    name: getattr(scratch, name)
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus")
} | {"identity": lambda x: x * 1, "gelu_tanh": functools.partial(scratch.gelu, approximate="tanh")}


def _known(trait: str, name: str, known) -> str:
    if name in known:
        return name
    if trait != "view" and name in VIEWS:
        raise traitlets.TraitError(f"{trait}: {name!r} mixes several inputs and has no curve; use view={name!r}")
    near = difflib.get_close_matches(str(name).lower(), list(known), 1)
    raise traitlets.TraitError(
        f"{trait}: {name!r} is not known{f'; did you mean {near[0]!r}?' if near else ''}. Known are {', '.join(known)}"
    )


def _within(trait: str, value: float, low: float, high: float) -> float:
    if not isinstance(value, Real) or not math.isfinite(value) or not low <= value <= high:
        raise traitlets.TraitError(f"{trait}: got {value!r}; a number from {low} to {high} is expected")
    return float(value)


def _minus(value: float, digits: int) -> str:
    """The number with a true minus sign."""
    return f"{value:z.{digits}f}".replace("-", "−")


def _table(caption: str, heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f'<tr><th scope="row">{first}</th><td>{"</td><td>".join(rest)}</td></tr>' for first, *rest in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
