"""The convolution explorer as a still picture: image, map, and what comes after, side by side and to one scale."""

from __future__ import annotations

from html import escape

import numpy as np

WIDTH, TOP, GAP, TALLEST = 720, 24, 24, 300
STEPS = 12  # shades of a picture
SHADES = range(1, STEPS + 1)


def draw(pictures: dict[str, np.ndarray], fields, cell: tuple[int, int], words: str) -> str:
    """SVG text.

    ``pictures`` are the image, the map and what comes after it, by name; ``fields`` the first and last row, and column,
    of the image that the shown cell has seen, ``cell`` its place on the map; ``words`` say it all.
    """
    side = (WIDTH - GAP * (len(pictures) - 1)) / sum(values.shape[1] for values in pictures.values())
    tall = max(len(values) for values in pictures.values())
    side = min(side, TALLEST / tall)
    x, parts = 0.0, []
    (top, bottom), (left, right) = fields
    marks = [(left, top, right - left + 1, bottom - top + 1), (cell[1], cell[0], 1, 1), None]
    for (name, values), mark in zip(pictures.items(), marks):
        rows, wide = values.shape
        paint = _signed if x else _gray
        parts.append(
            f'<g transform="translate({x:.1f} {TOP})"><text y="-8" font-weight="600">{escape(name)} '
            f'<tspan font-weight="400" fill="var(--dlb-muted)">{rows} × {wide}</tspan></text>'
            f'<g transform="scale({side:.3f})" shape-rendering="crispEdges">{paint(values)}</g>'
            f'<path d="M0 0h{wide * side:.1f}v{rows * side:.1f}h{-wide * side:.1f}z" fill="none" '
            f'stroke="var(--dlb-line)"/>{_frame(*mark, side) if mark else ""}</g>'
        )
        x += max(wide * side, 9.0 * len(name) + 44) + GAP
    width, height = f"{x:.0f}", f"{TOP + tall * side + 4:.0f}"
    return (
        f'<svg viewBox="-3 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(words)}" style="max-width:100%;height:auto" font-size="12" fill="var(--dlb-ink)">'
        f"{''.join(parts)}</svg>"
    )


def _frame(x: float, y: float, wide: float, tall: float, side: float) -> str:
    box = f'x="{x * side:.1f}" y="{y * side:.1f}" width="{wide * side:.1f}" height="{tall * side:.1f}" fill="none"'
    return f'<rect {box} stroke="white" stroke-width="4"/><rect {box} stroke="var(--dlb-purple)" stroke-width="2"/>'


def _gray(values: np.ndarray) -> str:
    low, high = min(0.0, values.min()), max(1.0, values.max())
    level = np.round(STEPS * (values - low) / (high - low)).astype(int)
    rows, wide = values.shape
    base = f'<path d="M0 0h{wide}v{rows}h{-wide}z" fill="black"/>'
    return base + "".join(_cells(level == k, f'fill="white" fill-opacity="{k / STEPS:.2f}"') for k in SHADES)


def _signed(values: np.ndarray) -> str:
    level = np.round(STEPS * values / (np.abs(values).max() or 1)).astype(int)
    colors = {1: "blue", -1: "orange"}
    return "".join(
        _cells(level == sign * k, f'fill="var(--dlb-{color})" fill-opacity="{k / STEPS:.2f}"')
        for sign, color in colors.items()
        for k in SHADES
    )


def _cells(mask: np.ndarray, style: str) -> str:
    """A path of the cells (H, W) that are true, neighbors in a row joined."""
    d = []
    for row, line in enumerate(np.pad(mask, ((0, 0), (1, 1))).astype(int)):
        change = np.diff(line)
        starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
        d += [f"M{a} {row}h{b - a}v1h{a - b}z" for a, b in zip(starts, ends)]
    return f'<path d="{"".join(d)}" {style}/>' if d else ""
