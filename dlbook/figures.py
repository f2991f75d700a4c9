"""The look of the book's figures: one matplotlib style, and SVG that follows the page between light and dark.

A figure is drawn once with stand-in colours.  ``to_svg`` replaces each of them by a CSS variable with a light and
a dark value, so the same file is legible on both: browsers hand the page's colour scheme down to a picture.
The series colours keep at least 3:1 contrast to the paper and stay apart for the common forms of colour blindness.
"""
from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

# name: (light, dark).  The stand-in for matplotlib is the light value; no two may be equal.
COLORS = {
    "ink": ("#1d1d1f", "#e6e8eb"),
    "muted": ("#565a61", "#a9afb8"),
    "line": ("#c5c9d0", "#454b54"),
    "paper": ("#ffffff", "#14181e"),
    "blue": ("#0066b3", "#6cb6ff"),
    "orange": ("#c24e00", "#ff9a4d"),
    "green": ("#00805c", "#4fd1a5"),
    "purple": ("#8b4fb3", "#d2a8ff"),
    "gold": ("#8a6a00", "#e3c04f"),
    "grey": ("#6b6f76", "#a2a8b0"),
}
INK, MUTED, LINE, PAPER, BLUE, ORANGE, GREEN, PURPLE, GOLD, GREY = (light for light, _ in COLORS.values())
PENCIL = "#7d838c"  # in a picture made of pixels, where no color can follow the page: readable on both papers
SERIES = [BLUE, ORANGE, GREEN, PURPLE, GOLD, GREY]

STYLE = {
    "figure.figsize": (5.2, 3.2),
    "figure.constrained_layout.use": True,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": mpl.cycler(color=SERIES),
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "font.size": 12,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "image.cmap": "Greys",
    "svg.fonttype": "none",  # text stays text: small files, sharp letters, words that can be searched
    "svg.hashsalt": "dlbook",  # equal figures give equal files
}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CSS = (
    "<style>:root{"
    + "".join(f"--{n}:{light};" for n, (light, _) in COLORS.items())
    + "}@media (prefers-color-scheme:dark){:root{"
    + "".join(f"--{n}:{dark};" for n, (_, dark) in COLORS.items())
    + "}}</style>"
)


def to_svg(fig: Figure, *, inline: bool = False) -> str:
    """The figure as SVG text whose colours follow the colour scheme of the page that shows it.

    With ``inline=True`` the text is meant to stand inside an HTML page: it takes the colours of the page
    (the ``--dlb-*`` variables of the widgets' style sheet) and carries no style of its own.
    """
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg"):]
    for name, (light, _) in COLORS.items():
        text = re.sub(light, f"var(--{'dlb-' * inline}{name})", text, flags=re.I)
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {_FONT}", text)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r'<g id="[^"]*">', "<g>", text)  # two figures on one page may not share an id
    text = re.sub(r'(?<==")[^"]*', _rounded, text)
    if not inline:
        text = text.replace(">", f">{_CSS}", 1)
    return re.sub(r"\n\s*", "\n", text)


def _rounded(attribute: re.Match) -> str:
    """Coordinates to a hundredth of a point; texts between the tags stay as they are."""
    return re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), attribute[0])


def use() -> None:
    """Sets the style, and in a notebook lets every figure be shown as such an SVG.

    A chapter calls it once, in its first cell.
    """
    mpl.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a plain script: matplotlib shows the figures
        return
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return
    import matplotlib.pyplot  # noqa: F401  its import switches the inline backend on, with PNG; so first that, then ours

    set_matplotlib_formats()
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, to_svg)


# ---- pictures that several chapters share
def network(ax, sizes: list[int], *, labels: dict[tuple[int, int], str] | None = None,
            highlight: list[tuple[int, int, int]] = ()) -> None:
    """A feedforward network as a drawing: one circle for each unit, one line for each weight.

    ``labels`` maps (layer, unit) to a text in the circle; ``highlight`` lists edges (layer, from, to) to stress.
    """
    def place(layer: int, unit: int) -> tuple[float, float]:
        return 1.6 * layer, (sizes[layer] - 1) / 2 - unit

    for layer in range(len(sizes) - 1):
        for i in range(sizes[layer]):
            for j in range(sizes[layer + 1]):
                (x0, y0), (x1, y1) = place(layer, i), place(layer + 1, j)
                strong = (layer, i, j) in highlight
                ax.plot([x0, x1], [y0, y1], color=ORANGE if strong else GREY, linewidth=2.4 if strong else 0.9,
                        zorder=1)
    for layer, n in enumerate(sizes):
        for unit in range(n):
            x, y = place(layer, unit)
            color = MUTED if layer == 0 else BLUE
            ax.add_patch(mpl.patches.Circle((x, y), 0.32, facecolor=PAPER, edgecolor=color, linewidth=1.8, zorder=2))
            ax.text(x, y, (labels or {}).get((layer, unit), ""), ha="center", va="center", zorder=3)
    ax.set_xlim(-0.5, 1.6 * (len(sizes) - 1) + 0.5)
    ax.set_ylim(-max(sizes) / 2, max(sizes) / 2)
    ax.set_aspect("equal")
    ax.axis("off")


def points(ax, X, y, size: float = 22) -> None:
    """Two classes in the plane: class 0 as orange circles, class 1 as blue squares."""
    for value, color, marker in ((0, ORANGE, "o"), (1, BLUE, "s")):
        rows = y == value
        ax.scatter(X[rows, 0], X[rows, 1], s=size, color=color, marker=marker, edgecolors=PAPER, linewidths=0.6,
                   zorder=3)


def decision_map(ax, f, X, y, *, reach: float = 1.3, size: float = 22) -> None:
    """Where ``f`` (n, 2) -> (n,) gives probability above ½ (blue) and below (orange), with the points on top."""
    side = np.linspace(-reach, reach, 90)
    a, b = np.meshgrid(side, side)
    p = np.asarray(f(np.stack([a.ravel(), b.ravel()], 1).astype(np.float32))).reshape(a.shape)
    image = np.where((p > 0.5)[..., None], mpl.colors.to_rgb(BLUE), mpl.colors.to_rgb(ORANGE))
    image = np.concatenate([image, 0.7 * np.abs(2 * p - 1)[..., None]], axis=2)  # undecided is see-through
    ax.imshow(image, extent=(-reach, reach, -reach, reach), origin="lower", interpolation="none")
    if p.min() < 0.5 < p.max():
        ax.contour(a, b, p, levels=[0.5], colors=[INK], linewidths=1.2)
    points(ax, X, y, size)
    ax.set(xlabel="x₁", ylabel="x₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.grid(False)


def pictures(axes, images, titles=None) -> None:
    """Small gray pictures, one for each of the axes; dark pixels are ink."""
    for i, (ax, image) in enumerate(zip(np.ravel(axes), images)):
        gray = np.asarray(image, float)
        ink = np.zeros((*gray.shape, 4))
        ink[..., :3], ink[..., 3] = mpl.colors.to_rgb(PENCIL), gray  # see-through where the paper is empty
        ax.imshow(ink, interpolation="none")
        ax.set_title(titles[i] if titles else "", fontsize=11)
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set(visible=True, color=LINE)


def loss_curves(ax, records: list[dict], *, key: str = "loss", label: str = "", color: str = BLUE) -> None:
    """One run's records over epochs: training dashed, validation solid, named at the end of the line."""
    for split, style in (("train", "--"), ("val", "-")):
        rows = [r for r in records if r["split"] == split and key in r]
        if rows:
            ax.plot([r["epoch"] for r in rows], [r[key] for r in rows], style, color=color,
                    label=f"{label} {split}".strip())
    ax.set(xlabel="epoch", ylabel=key)
