"""A 2×2 matrix moves the plane: grid and circle before and after, and the singular value decomposition."""

from __future__ import annotations

import math

import numpy as np
import traitlets

from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.values import Numbers, fixed, html_table, known, power, within

_COS, _SIN = math.sqrt(3) / 2, 0.5  # of 30 degrees
PRESETS = {
    "identity": [[1.0, 0.0], [0.0, 1.0]],
    "rotation": [[_COS, -_SIN], [_SIN, _COS]],
    "scaling": [[2.0, 0.0], [0.0, 0.5]],
    "shear": [[1.0, 1.0], [0.0, 1.0]],
    "reflection": [[0.0, 1.0], [1.0, 0.0]],
    "projection": [[0.8, 0.4], [0.4, 0.2]],
    "near-singular": [[1.0, 2.0], [0.5, 1.02]],
}
REACH = 3  # the picture shows [-3, 3] × [-3, 3]; numbers of A and x stay within
PATHS = ("straight", "svd")
SAME = 1e-12  # singular values that differ by less, relative to the larger one, count as equal


class MatrixPlane(Widget):
    """The plane under A, a 2×2 ``matrix`` with numbers from -3 to 3, or one of the presets.

    Presets: identity, rotation, scaling, shear (the start), reflection, projection, near-singular.  ``t`` goes from
    the identity (0) to A (1), on a ``path``: "straight" shows (1 - t) I + t A; "svd" turns by Vᵀ up to t = 1/3,
    stretches by Σ up to 2/3, turns by U.  ``svd`` shows the singular vectors, ``show_x`` the vector ``x`` (2,) and its
    image A x.

    >>> MatrixPlane(preset="scaling").singular_values().tolist()
    [2.0, 0.5]

    TraitError for an unknown preset or path, another shape and numbers outside the picture.
    """

    _esm = bundle("matrix_plane")
    matrix = Numbers(traitlets.List(traitlets.Float()), default_value=PRESETS["shear"], help="A, row by row").tag(
        sync=True
    )
    path = traitlets.Unicode("straight").tag(sync=True)
    t = traitlets.Float(1.0).tag(sync=True)
    svd = traitlets.Bool(True).tag(sync=True)
    show_x = traitlets.Bool(False).tag(sync=True)
    x = Numbers(traitlets.Float(), default_value=[-1.5, 1.0]).tag(sync=True)

    def __init__(self, matrix=None, preset: str | None = None, **kwargs):
        if matrix is not None and preset is not None:
            raise ValueError(f"MatrixPlane: give a matrix or preset={preset!r}, not both")
        if preset is not None:
            matrix = PRESETS[known("preset", preset, PRESETS)]
        super().__init__(**kwargs | ({} if matrix is None else {"matrix": matrix}))

    @property
    def preset(self) -> str:
        """The name of the matrix, "" if it is none of the presets."""
        return next((name for name, given in PRESETS.items() if np.allclose(self.matrix, given, 0, 1e-9)), "")

    @preset.setter
    def preset(self, name: str) -> None:
        self.matrix = PRESETS[known("preset", name, PRESETS)]

    @traitlets.validate("matrix")
    def _check_matrix(self, proposal):
        rows = proposal["value"]
        if [len(row) for row in rows] != [2, 2]:
            raise traitlets.TraitError(f"matrix: got {rows}; two rows of two numbers are expected: [[a, b], [c, d]]")
        return [[within("matrix", v, -REACH, REACH) for v in row] for row in rows]

    @traitlets.validate("x")
    def _check_x(self, proposal):
        if len(proposal["value"]) != 2:
            raise traitlets.TraitError(f"x: got {proposal['value']}; two numbers are expected")
        return [within("x", v, -REACH, REACH) for v in proposal["value"]]

    @traitlets.validate("path")
    def _check_path(self, proposal):
        return known("path", proposal["value"], PATHS)

    @traitlets.validate("t")
    def _check_t(self, proposal):
        return within("t", proposal["value"], 0, 1)

    def decomposition(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """U (2, 2), σ (2,), V (2, 2) with A = U diag(σ) Vᵀ; the pairs u_i, v_i are the columns.

        V is a rotation, and v₁ points to the right, or straight up.  Where A leaves a choice, V is the identity
        (σ₁ = σ₂) and U a rotation (σ₂ = 0).
        """
        matrix = np.array(self.matrix)
        u, s, vt = np.linalg.svd(matrix)
        if s[0] - s[1] <= SAME * s[0]:
            return (matrix / s[0] if s[0] else np.eye(2)), s, np.eye(2)
        v = vt.T
        flip = np.array([-1.0 if v[0, 0] < -SAME or (v[0, 0] <= SAME and v[1, 0] < 0) else 1.0, 1.0])
        flip[1] = np.sign(np.linalg.det(v * flip))
        u, v = u * flip, v * flip
        if s[1] <= SAME * s[0]:
            u[:, 1] = -u[1, 0], u[0, 0]
        return u, s, v

    def singular_values(self) -> np.ndarray:
        """σ₁ and σ₂ (2,), the larger one first."""
        return self.decomposition()[1]

    def shown(self) -> np.ndarray:
        """The matrix (2, 2) of the picture: A, or what ``path`` has come to at ``t``."""
        if self.path == "straight":
            return (1 - self.t) * np.eye(2) + self.t * np.array(self.matrix)
        u, s, v = self.decomposition()
        turn, stretch, back = (min(1.0, max(0.0, 3 * self.t - k)) for k in range(3))
        flip = math.cos(math.pi * back) if np.linalg.det(u) < 0 else 1.0  # the plane is turned over like a page
        first = _rotation(turn * math.atan2(-v[1, 0], v[0, 0]))
        last = _rotation(back * math.atan2(u[1, 0], u[0, 0])) @ np.diag([1.0, flip])
        return last @ np.diag(1 + stretch * (s - 1)) @ first

    # ---- print and readers without scripts
    def poster(self) -> str:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        from dlbook import figures

        with mpl.rc_context(figures.STYLE):
            fig = Figure(figsize=(4.6, 4.8))
            ax = fig.add_subplot(aspect="equal")
            self._draw(ax, figures)
            ax.set_title(f"det A = {self._number(0)}, σ₁ = {self._number(1)}, σ₂ = {self._number(2)}")
            svg = figures.to_svg(fig, inline=True)
        return svg.replace("<svg", f'<svg role="img" aria-label="{self._message()}"', 1)

    def _number(self, i: int) -> str:
        return fixed([np.linalg.det(self.matrix), *self.singular_values()][i])

    def _message(self) -> str:
        (a, b), (c, d) = ((fixed(v) for v in row) for row in self.matrix)
        return (
            f"A sends (1, 0) to ({a}, {c}) and (0, 1) to ({b}, {d}). The unit circle becomes an ellipse with the half "
            f"axes {self._number(1)} and {self._number(2)}; areas are multiplied by {self._number(0)}."
        )

    def _draw(self, ax, figures) -> None:
        matrix = self.shown()
        _, _, v = self.decomposition()
        lines = np.array([[(k, -9), (k, 9), (np.nan, np.nan)] for k in range(-9, 10)], float).reshape(-1, 2)
        lines = np.concatenate([lines, lines[:, ::-1]])
        angle = np.linspace(0, 2 * np.pi, 73)
        circle = np.stack([np.cos(angle), np.sin(angle)], 1)
        square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        ax.fill(*(square @ matrix.T).T, color=figures.GREEN, alpha=0.16, linewidth=0)
        ax.plot(*(lines @ matrix.T).T, color=figures.BLUE, linewidth=0.6, alpha=0.6)
        ax.plot(*circle.T, color=figures.MUTED, linewidth=1, linestyle=":")
        ax.plot(*(circle @ matrix.T).T, color=figures.PURPLE)
        arrows = [(matrix[:, 0], "a₁", figures.BLUE), (matrix[:, 1], "a₂", figures.ORANGE)]
        if self.svd:
            names = [f"σ{i}u{i}" if self.t == 1 else "" for i in "₁₂"]
            arrows += [(matrix @ v[:, i], names[i], figures.PURPLE) for i in range(2)]
            ax.plot(*np.stack([v[:, 0], 0 * v[:, 0], v[:, 1]]).T, color=figures.GOLD, linewidth=1.2)
        if self.show_x:
            arrows += [(np.array(self.x), "x", figures.GREEN), (matrix @ self.x, "Ax", figures.GREEN)]
        for tip, name, color in arrows:
            ax.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 2})
            ax.annotate(name, tip, xytext=(4, 4), textcoords="offset points", color=color, annotation_clip=True)
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=range(-3, 4), yticks=range(-3, 4))

    def table(self) -> str:
        matrix = np.array(self.matrix)
        u, s, v = self.decomposition()
        rows = [
            ("A, first row", *map(fixed, matrix[0])),
            ("A, second row", *map(fixed, matrix[1])),
            ("determinant, rank", fixed(np.linalg.det(matrix), 3), str(np.linalg.matrix_rank(matrix))),
            ("singular values", *(fixed(value, 3) for value in s)),
            *((f"v{'₁₂'[i]}", *map(fixed, v[:, i])) for i in range(2)),
            *((f"σ{'₁₂'[i]}u{'₁₂'[i]}", *map(fixed, s[i] * u[:, i])) for i in range(2)),
        ]
        if self.show_x:
            rows += [("x", *map(fixed, self.x)), ("Ax", *map(fixed, matrix @ self.x))]
        rows.append(("σ₁ / σ₂", power(s[0] / s[1], 3) if np.linalg.matrix_rank(matrix) == 2 else "∞", ""))
        return html_table("The matrix and what it does", ["of A", "first", "second"], rows)


def _rotation(angle: float) -> np.ndarray:
    """The matrix (2, 2) that turns by ``angle``, in radians, to the left."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
