"""Inside a recurrent network as a still picture and as a table."""
from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np

from dlbook.widgets.recurrent_run import HIDDEN, Trace
from dlbook.widgets.values import fixed, html_table, power

# color and dash of each letter, as in js/inside_look.mjs
LOOK = {"f": ("blue", ""), "z": ("blue", ""), "i": ("green", "7 3"), "r": ("green", "7 3"), "o": ("purple", "2 3"),
        "c": ("ink", ""), "h": ("orange", "8 3"), "g": ("gold", "2 3"), "n": ("gold", "2 3")}
WORDS = {"f": "forget", "z": "update", "i": "input", "r": "reset", "o": "output", "c": "cell", "h": "hidden",
         "g": "new", "n": "candidate"}
SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥", "<unk>": "�"}
WIDTH, LEFT, ROWS, DECADES, LEVELS = 720, 40, 192, 6, 4  # ROWS: height of the heat map
GATES, STATES, SLOPES, HEAD = 70, 84, 84, 26


class Drawn(NamedTuple):
    """What is drawn: the letter ``shows`` with its name, the pieces of the text, the outputs' names, the numbers."""

    cell: str
    title: str
    shows: str
    name: str
    pieces: list[str]
    outputs: list[str]
    trace: Trace | None
    slopes: dict[str, np.ndarray]
    unit: int
    at: int


def is_gate(letter: str) -> bool:
    return letter in "fiozr"


def sign(piece) -> str:
    return SIGNS.get(piece, piece if str(piece).isprintable() else "□")


def message(drawn: Drawn) -> str:
    """What the picture says."""
    if drawn.trace is None:
        return f"{drawn.title}: no text."
    p, text = drawn.trace.p[drawn.at], "".join(sign(piece) for piece in drawn.pieces[-40:])
    return (f"{drawn.title} reading “{text}”: {drawn.name} of {len(drawn.trace.memory)} units over "
            f"{len(drawn.pieces)} steps, and unit {drawn.unit}. After step {drawn.at + 1} the likeliest is "
            f"“{sign(drawn.outputs[p.argmax()])}”, {100 * p.max():.1f} %.")


def draw(drawn: Drawn) -> str:
    """The poster as SVG text."""
    letters = HIDDEN[drawn.cell]
    parts, y = [], 12
    if drawn.trace is not None:
        parts.append(_tokens(drawn, y + 8))
        y += HEAD
        parts.append(_heat(drawn, y))
        y += ROWS + HEAD
        panels = [("gates", GATES, 0, 1), ("state", STATES, None, None)]
        for name, height, low, high in panels:
            of = [letter for letter in letters if is_gate(letter) == (name == "gates")]
            if of:
                high = 1 if low == 0 else max(1, *(np.abs(_values(drawn, letter)).max() for letter in of))
                parts.append(_curves(drawn, y, height, of, -high if low is None else low, high))
                y += height + HEAD
        parts.append(_slopes(drawn, y))
        y += SLOPES + 12
    return (f'<svg viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
            f'aria-label="{escape(message(drawn))}" style="max-width:100%;height:auto" font-size="12" '
            f'fill="var(--dlb-ink)">{"".join(parts)}</svg>')


def table(drawn: Drawn) -> str:
    """The numbers of the unit at each step."""
    letters = HIDDEN[drawn.cell]
    heads = ["step", "reads", "expects", *(f"{WORDS[letter]} {letter}" for letter in letters),
             *(f"slope by {name}" for name in drawn.slopes)]
    rows = []
    for t, piece in enumerate(drawn.pieces):
        p = drawn.trace.p[t]
        back = [power(values[t]) if t <= drawn.at else "–" for values in drawn.slopes.values()]
        rows.append([str(t + 1), sign(piece), f"{sign(drawn.outputs[p.argmax()])} {100 * p.max():.1f} %",
                     *(fixed(_values(drawn, letter)[t]) for letter in letters), *back])
    caption = f"{drawn.title}, unit {drawn.unit} at each step; slopes of the prediction after step {drawn.at + 1}"
    return html_table(caption, heads, rows)


# ---- parts
def _values(drawn: Drawn, letter: str) -> np.ndarray:
    return drawn.trace.values[letter][:, drawn.unit]


def _column(drawn: Drawn) -> float:
    return min(18, (WIDTH - LEFT) / len(drawn.pieces))


def _tokens(drawn: Drawn, y: float) -> str:
    """The pieces, as many as have room."""
    w = _column(drawn)
    every = max(1, int(np.ceil(7.3 * max(len(str(sign(piece))) for piece in drawn.pieces) / w)))
    return '<g text-anchor="middle" font-family="monospace">' + "".join(
        f'<text x="{LEFT + (t + 0.5) * w:.1f}" y="{y}">{escape(str(sign(piece)))}</text>'
        for t, piece in enumerate(drawn.pieces) if t % every == 0) + "</g>"


def _heat(drawn: Drawn, y: float) -> str:
    """Units as rows, those that remember longest first; each tint one path."""
    values = drawn.trace.values[drawn.shows].T[np.argsort(-drawn.trace.memory, kind="stable")]
    w, height = _column(drawn), ROWS / len(values)
    most = 1 if drawn.shows != "c" else max(1, np.quantile(np.abs(values), 0.95))
    levels = np.rint(LEVELS * np.clip(values / most, -1, 1)).astype(int)
    paths: dict[int, list[str]] = {}
    for r, row in enumerate(levels):
        ends = np.flatnonzero(np.diff(row)) + 1
        for a, b in zip([0, *ends], [*ends, len(row)]):
            if row[a]:
                paths.setdefault(row[a], []).append(f"M{a} {r}h{b - a}")
    tints = "".join(
        f'<path d="{"".join(path)}" stroke="var(--dlb-{"orange" if level < 0 else "blue"})" '
        f'opacity="{abs(level) / LEVELS:g}"/>' for level, path in sorted(paths.items()))
    place = f"translate({LEFT} {y + height / 2:.1f}) scale({w:.3f} {height:.3f})"
    return (f'<text x="0" y="{y - 8}" font-weight="600">{escape(drawn.name)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{w * len(drawn.pieces):.1f}" height="{ROWS}" fill="none" '
            f'stroke="var(--dlb-line)" stroke-width=".5"/><g transform="{place}" stroke-width="1">{tints}</g>')


def _curves(drawn: Drawn, y: float, height: float, letters: list[str], low: float, high: float) -> str:
    w, words, x = _column(drawn), [], 118
    lines = []
    for letter in letters:
        color, dash = LOOK[letter]
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        look = f'fill="none" stroke="var(--dlb-{color})" stroke-width="1.8"{dashes}'
        words.append(f'<path d="M{x} {y - 12}h20" {look}/>'
                     f'<text x="{x + 25}" y="{y - 8}">{WORDS[letter]} {letter}</text>')
        x += 96
        points = [f"{LEFT + (t + 0.5) * w:.0f} {y + height * (1 - (v - low) / (high - low)):.0f}"
                  for t, v in enumerate(_values(drawn, letter))]
        lines.append(f'<path d="M{"L".join(points)}" {look}/>')
    ticks = (0, 1) if low == 0 else (low, 0, high)
    at = [(v, y + height * (1 - (v - low) / (high - low))) for v in ticks]
    grid = "".join(f"M{LEFT} {v:.0f}h{w * len(drawn.pieces):.0f}" for _, v in at)
    beside = "".join(f'<text x="{LEFT - 6}" y="{v + 4:.0f}">{fixed(n, 0 if n == int(n) else 1)}</text>' for n, v in at)
    return (f'<text x="0" y="{y - 8}" font-weight="600">Unit {drawn.unit}</text>{"".join(words)}'
            f'<path d="{grid}" stroke="var(--dlb-line)" stroke-width=".5"/>{_beside(beside)}{"".join(lines)}')


def _slopes(drawn: Drawn, y: float) -> str:
    """The lengths of the gradients, one bar a step, over six powers of ten."""
    w, h = _column(drawn), drawn.slopes["h"].astype(np.float64)
    top = int(np.ceil(np.log10(max(v.max() for v in drawn.slopes.values()) or 1)))
    share = np.clip((np.log10(np.maximum(h, 1e-300)) - top) / DECADES + 1, 0.01, 1)
    bars = "".join(f"M{LEFT + s * w + 1:.1f} {y + SLOPES}v-{SLOPES * v:.0f}h{max(w - 2, 1):.1f}v{SLOPES * v:.0f}z"
                   for s, v in enumerate(share))
    beside = "".join(f'<text x="{LEFT - 6}" y="{y + SLOPES * k / DECADES + 4:.0f}">{power(10.0 ** (top - k), 1)}</text>'
                     for k in range(0, DECADES + 1, 2)).replace("1·", "")
    return (f'<text x="0" y="{y - 8}" font-weight="600">How strongly the prediction after step {drawn.at + 1} depends '
            f'on the hidden state at each step</text><path d="{bars}" fill="var(--dlb-orange)"/>{_beside(beside)}')


def _beside(texts: str) -> str:
    return f'<g text-anchor="end" font-size="11" fill="var(--dlb-muted)">{texts}</g>'
