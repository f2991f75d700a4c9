"""Inside a convolutional network as a still picture: the drawing, a map of every block of layers, the answer."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np

from dlbook.widgets import cnn_ink

WIDTH, TOP, SIDE, GAP = 720, 26, 116, 14
MAP, FINEST, MOST = 36, 14, 12  # pixels of a small map; its cells at most; how many of a layer
LEVELS = 5  # shades of a color
GAMMA = 0.7  # as in js/cnn_paint.mjs
CLASSES = 10
COLORS = ("orange", "blue")  # below 0, above


class Seen(NamedTuple):
    """What is drawn: ``strokes`` (None for a digit given as an array), the network's ``image``, outputs, answer."""

    strokes: list[cnn_ink.Stroke] | None
    image: np.ndarray
    outputs: list[np.ndarray]
    probabilities: np.ndarray


def draw(seen: Seen, layers: list[dict], labels: list[str]) -> str:
    """The poster as SVG text."""
    p = seen.probabilities
    blank = not seen.image.any()
    words = "An empty sheet" if blank else f"Read as {labels[p.argmax()]} with {100 * p.max():.1f} %"
    stages = _stages(seen.outputs, layers)
    top, rows = TOP + SIDE + 40, []
    for name, maps in stages:
        rows.append(_text(0, top, name) + "".join(_map(x, i, top + 8) for i, x in enumerate(maps)))
        top += MAP + 34
    bottom = max(top, TOP + 17 * min(len(labels), CLASSES) + 10)
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}" role="img" '
        f'aria-label="{escape(words)}: the drawing, what the network sees, maps of its layers, probabilities." '
        f'style="max-width:100%;height:auto" font-size="13" fill="var(--dlb-ink)">'
        f"{_drawing(seen.strokes)}{_input(seen)}{''.join(rows)}{_classes(p, labels, words)}</svg>"
    )


def _stages(outputs: list[np.ndarray], layers: list[dict]) -> list[tuple[str, list[np.ndarray]]]:
    """The last maps of each block that a convolution begins, with their name."""
    found: list[tuple[str, list[np.ndarray]]] = []
    for layer, y in zip(layers, outputs):
        if y.ndim != 3 or y.shape[1] * y.shape[2] == 1:
            continue
        scale = np.abs(y).max() or 1.0
        name = f"{len(y)} maps of {y.shape[1]} × {y.shape[2]}" + f", {MOST} of them" * (len(y) > MOST)
        item = (name, [_coarse(x) / scale for x in y[:MOST]])
        if layer["kind"] == "conv" or not found:
            found.append(item)
        else:
            found[-1] = item
    return found[:4]


def _coarse(x: np.ndarray) -> np.ndarray:
    """Every so many-th number, so that at most FINEST × FINEST are left."""
    step = -(-max(x.shape) // FINEST)
    return x[::step, ::step]


def _drawing(strokes: list[cnn_ink.Stroke] | None) -> str:
    if strokes is None:
        return ""
    scale = SIDE / cnn_ink.SIDE
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in [points[0], *points]) for points in strokes)
    return (
        f'{_text(0, 14, "drawing")}{_frame(0, TOP, SIDE)}<g transform="translate(0 {TOP}) scale({scale:.4g})">'
        f'<path d="{path}" fill="none" stroke="var(--dlb-ink)" stroke-width="{2 * cnn_ink.PEN + 1}" '
        f'stroke-linecap="round" stroke-linejoin="round"/></g>'
    )


def _input(seen: Seen) -> str:
    x = 0 if seen.strokes is None else SIDE + GAP
    side = len(seen.image)
    scale = np.abs(seen.image).max() or 1.0
    words = _text(x, 14, f"input, {side} × {side}")
    return f"{words}{_frame(x, TOP, SIDE)}{_cells(seen.image / scale, x, TOP, SIDE, 'ink')}"


def _map(values: np.ndarray, i: int, y: float) -> str:
    x = i * (MAP + 4)
    return _frame(x, y, MAP) + _cells(values, x, y, MAP)


def _cells(values: np.ndarray, x: float, y: float, side: float, tint: str = "") -> str:
    """Numbers from -1 to 1 as squares, neighbours of the same shade as one."""
    shade = np.rint(np.sign(values) * LEVELS * np.abs(values) ** GAMMA).astype(int)
    paths: dict[int, str] = {}
    for i, line in enumerate(shade):
        cuts = [0, *(np.flatnonzero(np.diff(line)) + 1), len(line)]
        for a, b in zip(cuts[:-1], cuts[1:]):
            if line[a]:
                paths[line[a]] = paths.get(line[a], "") + f"M{a} {i}h{b - a}v1h{a - b}z"
    scale = side / max(values.shape)
    inside = "".join(
        f'<path d="{d}" fill="var(--dlb-{tint or COLORS[int(level > 0)]})" opacity="{abs(level) / LEVELS}"/>'
        for level, d in sorted(paths.items())
    )
    return f'<g transform="translate({x:g} {y:g}) scale({scale:.4g})">{inside}</g>'


def _classes(p: np.ndarray, labels: list[str], words: str) -> str:
    x, wide = 2 * (SIDE + GAP) + 30, 220
    shown = sorted(np.argsort(-p, kind="stable")[:CLASSES])
    bars = "".join(
        f'<text x="{x + 52}" y="{TOP + 11 + 17 * n}" text-anchor="end">{escape(labels[k])}</text>'
        f'<path d="M{x + 60} {TOP + 1 + 17 * n}h{max(1.0, wide * p[k]):.1f}v11h-{max(1.0, wide * p[k]):.1f}z" '
        f'fill="var(--dlb-{"blue" if k == p.argmax() else "grey"})"/>'
        f'<text x="{x + 66 + wide}" y="{TOP + 11 + 17 * n}">{100 * p[k]:.1f} %</text>'
        for n, k in enumerate(shown)
    )
    return f'<g font-size="12">{bars}</g>{_text(x + 60, 14, words)}'


def _frame(x: float, y: float, side: float) -> str:
    return f'<path d="M{x:g} {y:g}h{side}v{side}h-{side}z" fill="none" stroke="var(--dlb-line)"/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}">{escape(words)}</text>'
