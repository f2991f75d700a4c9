"""Two distributions over a few outcomes: entropy, cross-entropy, Kullback-Leibler divergence."""

from __future__ import annotations

import numpy as np
import traitlets

from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.values import Numbers, fixed, html_table, known, within

UNITS = {"bits": float(np.log(2)), "nats": 1.0}
OUTCOMES = "ABCDEF"
LOOSE = 1e-6  # how far from 1 a sum may be


class Distributions(Widget):
    """Bars of ``p`` and ``q`` to be dragged, with their entropies, cross-entropies and divergences.

    ``p`` and ``q`` (K,) are distributions over K outcomes, K from 2 to 6.  ``unit`` is "bits" or "nats".  A ``p``
    alone gets the uniform ``q``.

    >>> Distributions(p=[0.5, 0.5], q=[0.75, 0.25]).numbers()["H(p)"]
    1.0

    TraitError for numbers outside [0, 1], a sum that is not 1, lengths that differ.
    """

    _esm = bundle("distributions")
    p = Numbers(traitlets.Float(), default_value=[0.5, 0.25, 0.125, 0.125]).tag(sync=True)
    q = Numbers(traitlets.Float(), default_value=[0.1, 0.2, 0.3, 0.4]).tag(sync=True)
    unit = traitlets.Unicode("bits").tag(sync=True)

    def __init__(self, p=None, q=None, **kwargs):
        if p is None and q is not None:
            raise ValueError("Distributions: give p with q; q is compared with it")
        if p is not None:
            kwargs |= {"p": p, "q": [1 / len(p)] * len(p) if q is None else q}
        super().__init__(**kwargs)

    @traitlets.validate("p", "q")
    def _check_distribution(self, proposal):
        name, values = proposal["trait"].name, proposal["value"]
        if not 2 <= len(values) <= len(OUTCOMES):
            raise traitlets.TraitError(f"{name}: got {len(values)} numbers; 2 to {len(OUTCOMES)} outcomes are shown")
        values = [within(name, v, 0, 1) for v in values]
        if abs((total := sum(values)) - 1) > LOOSE:
            raise traitlets.TraitError(
                f"{name}: {values} sums to {total:g}, a distribution sums to 1; divide each number by {total:g}"
            )
        other = {"p": "q", "q": "p"}[name]
        if len(values) != len(getattr(self, other)):
            raise traitlets.TraitError(
                f"{name}: got {len(values)} outcomes, {other} has {len(getattr(self, other))}; "
                "set both inside `with w.hold_trait_notifications():`"
            )
        return values

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        return known("unit", proposal["value"], UNITS)

    def numbers(self) -> dict[str, float]:
        """Entropies, cross-entropies and divergences in ``unit``; inf where q is zero and p is not."""
        p, q = np.array(self.p), np.array(self.q)
        found = {
            "H(p)": cross_entropy(p, p),
            "H(q)": cross_entropy(q, q),
            "H(p, q)": cross_entropy(p, q),
            "H(q, p)": cross_entropy(q, p),
            "KL(p‖q)": divergence(p, q),
            "KL(q‖p)": divergence(q, p),
        }
        return {name: value / UNITS[self.unit] for name, value in found.items()}

    # ---- print and readers without scripts
    def poster(self) -> str:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        from dlbook import figures

        with mpl.rc_context(figures.STYLE):
            fig = Figure(figsize=(6.4, 3.0))
            left, right = fig.subplots(1, 2)
            self._draw_bars(left, figures)
            self._draw_sums(right, figures)
            svg = figures.to_svg(fig, inline=True)
        return svg.replace("<svg", f'<svg role="img" aria-label="{self._message()}"', 1)

    def _message(self) -> str:
        n = {name: fixed(value, 3) for name, value in self.numbers().items()}
        return (
            f"Cross-entropy of p and q {n['H(p, q)']} {self.unit}: entropy of p {n['H(p)']} and divergence "
            f"{n['KL(p‖q)']}. The other way round {n['H(q, p)']}: entropy of q {n['H(q)']} and divergence "
            f"{n['KL(q‖p)']}."
        )

    def _draw_bars(self, ax, figures) -> None:
        at = np.arange(len(self.p))
        for shift, values, name, color in ((-0.2, self.p, "p", figures.BLUE), (0.2, self.q, "q", figures.ORANGE)):
            ax.bar(at + shift, values, 0.38, color=color, label=name)
        ax.set(xticks=at, xticklabels=OUTCOMES[: len(at)], ylim=(0, 1), ylabel="probability")
        ax.legend()

    def _draw_sums(self, ax, figures) -> None:
        n = self.numbers()
        reach = max(1.0, *(value for value in n.values() if np.isfinite(value)))
        rows = [("H(p)", "KL(p‖q)", "H(p, q)", figures.BLUE), ("H(q)", "KL(q‖p)", "H(q, p)", figures.ORANGE)]
        for y, (entropy, extra, total, color) in enumerate(rows):
            ax.barh(y, n[entropy], color=color)
            ax.barh(y, min(n[extra], 1.2 * reach - n[entropy]), left=n[entropy], color=figures.PURPLE, alpha=0.6)
            ax.text(0, y - 0.5, f"{total} = {fixed(n[entropy], 3)} + {fixed(n[extra], 3)} = {fixed(n[total], 3)}")
        ax.set(xlim=(0, 1.2 * reach), ylim=(1.5, -0.8), yticks=[], xlabel=self.unit)

    def table(self) -> str:
        p, q = np.array(self.p), np.array(self.q)
        log = UNITS[self.unit]
        rows = [
            (OUTCOMES[k], fixed(p[k], 3), fixed(q[k], 3), *(fixed(t / log, 3) for t in terms(p[k], q[k])))
            for k in range(len(p))
        ]
        rows += [(name, "", "", "", fixed(value, 3)) for name, value in self.numbers().items()]
        caption = f"The outcomes, and the sums in {self.unit}"
        return html_table(caption, ["outcome", "p", "q", "−p log q", "p log (p / q)"], rows)


def terms(p: float, q: float) -> tuple[float, float]:
    """What one outcome adds to H(p, q) and to KL(p‖q), in nats; 0 log 0 is 0."""
    if p == 0:
        return 0.0, 0.0
    if q == 0:
        return np.inf, np.inf
    return -p * np.log(q), p * np.log(p / q)


def cross_entropy(p: np.ndarray, q: np.ndarray) -> float:
    """-Σ p log q in nats, for p and q (K,)."""
    return float(sum(terms(a, b)[0] for a, b in zip(p, q))) + 0.0


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    """Σ p log (p / q) in nats, for p and q (K,)."""
    return max(0.0, float(sum(terms(a, b)[1] for a, b in zip(p, q))))
