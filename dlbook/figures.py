"""The look of the book's figures: one matplotlib style, and SVG that follows the page between light and dark.

A figure is drawn once with stand-in colours.  ``to_svg`` replaces each of them by a CSS variable with a light and
a dark value, so the same file is legible on both: browsers hand the page's colour scheme down to a picture.
The series colours keep at least 3:1 contrast to the paper and stay apart for the common forms of colour blindness.
"""
from __future__ import annotations

import io
import re

import matplotlib as mpl
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
SERIES = [BLUE, ORANGE, GREEN, PURPLE, GOLD, GREY]

STYLE = {
    "figure.figsize": (5.2, 3.2),
    "figure.constrained_layout.use": True,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
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
    "font.size": 11,
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
    text = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), text)
    if not inline:
        text = text.replace(">", f">{_CSS}", 1)
    return re.sub(r"\n\s*", "\n", text)


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
