"""The playground as a still picture: the network with what each unit computes, and its output with the points.

The SVG is written by hand: equal shades of a map become one path, points become strokes of no length, so that the
picture of the largest network stays below 20 KB, that of a common one below 15; and its colors are those of the page.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dlbook import scratch
from dlbook.widgets import network_start as net

WIDTH, HEIGHT = 720, 330
NET = (52, 40, 400, 280)  # x, y, width, height of the network
PLANE = (478, 40, 236, 236)
SHADES = 4  # on each side of zero
CURVE = 41  # places along a curve


def draw(start: net.Start) -> str:
    """The poster as SVG text."""
    flat = start.points.task == "regression"
    reach = max(1.25, 1.05 * float(np.abs(start.points.x).max()))
    n = len(start.points.y)
    words = f"The network before training and its output, with {len(start.train)} of {n} points to train on."
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(words)}" style="max-width:100%;height:auto" font-size="13" fill="var(--dlb-ink)">'
        f'<text x="{NET[0]}" y="20">Network before training</text>{_network(start, reach, flat)}'
        f'<text x="{PLANE[0]}" y="20">Output</text>{(_curve if flat else _plane)(start, reach)}</svg>'
    )


# ---- the output
def _plane(start: net.Start, reach: float) -> str:
    x, y, width, height = PLANE
    z = np.tanh(start.logits(_cells(reach, 24)) / 2)
    chosen, labels = start.points.x[start.train], start.points.y[start.train]
    place = np.stack([x + (chosen[:, 0] / reach + 1) * width / 2, y + (1 - chosen[:, 1] / reach) * height / 2], 1)
    discs, squares = _dots(place[labels == 0]), _dots(place[labels == 1])
    return (
        _shaded([(z, 1.0, PLANE)])
        + _axes(reach, reach, "x₂")
        + '<g stroke="var(--dlb-paper)" stroke-width="8">'
        + f'<path d="{discs}" stroke-linecap="round"/>'
        + f'<path d="{squares}" stroke-linecap="square" stroke-width="7"/></g>'
        + f'<path d="{discs}" stroke="var(--dlb-orange)" stroke-width="6" stroke-linecap="round"/>'
        + f'<path d="{squares}" stroke="var(--dlb-blue)" stroke-width="5" stroke-linecap="square"/>'
    )


def _curve(start: net.Start, reach: float) -> str:
    x, y, width, height = PLANE
    a = np.linspace(-reach, reach, CURVE)
    values, targets = start.logits(np.stack([a, 0 * a], 1)), start.points.y
    top = max(1.25, 1.05 * float(np.abs(targets).max()))

    def place(u, v):
        return np.stack([x + (u / reach + 1) * width / 2, y + (1 - np.clip(v / top, -1, 1)) * height / 2], 1)

    dots = _dots(place(start.points.x[start.train, 0], targets[start.train]))
    return (
        _axes(reach, top, "y")
        + f'<path d="{dots}" stroke="var(--dlb-muted)" stroke-width="5" stroke-linecap="round"/>'
        + f'<path d="{_line(place(a, values))}" fill="none" stroke="var(--dlb-blue)" stroke-width="2.5"/>'
    )


def _axes(reach: float, top: float, name: str) -> str:
    x, y, width, height = PLANE
    below = "".join(
        f'<text x="{x + (v / reach + 1) * width / 2:.0f}" y="{y + height + 16}">{_sign(v)}</text>'
        for v in _marks(reach)
    )
    beside = "".join(
        f'<text x="{x - 5}" y="{y + (1 - v / top) * height / 2 + 4:.0f}">{_sign(v)}</text>' for v in _marks(top)
    )
    return (
        f'<path d="M{x} {y}v{height}h{width}" fill="none" stroke="var(--dlb-line)"/>'
        '<g font-size="12" fill="var(--dlb-muted)">'
        f'<g text-anchor="middle">{below}</g><g text-anchor="end">{beside}</g></g>'
        f'<text x="{x + width}" y="{y + height + 32}" text-anchor="end">x₁</text>'
        f'<text x="{x + 4}" y="{y - 4}">{name}</text>'
    )


# ---- the network
def _network(start: net.Start, reach: float, flat: bool) -> str:
    weights = [p.numpy() for name, p in start.model.state_dict().items() if name.endswith("weight")]
    sizes = [weights[0].shape[1], *(w.shape[0] for w in weights)]
    x, y, width, height = NET
    cells = 4 if sum(sizes) > 30 else 5 if sum(sizes) > 24 else 7 if sum(sizes) > 12 else 10
    side = int(min(44, height / max(sizes) - 5)) // cells * cells  # whole pixels for each cell
    columns = [round(x + side / 2 + layer / len(weights) * (width - side)) for layer in range(len(sizes))]
    places = [
        [(column, round(y + height / 2 + (j - (n - 1) / 2) * (side + 5))) for j in range(n)]
        for column, n in zip(columns, sizes, strict=True)
    ]
    boxes = [(cx - side // 2, cy - side // 2, side, side) for column in places for cx, cy in column]
    frames = "".join(f"M{bx} {by}h{side}v{side}h-{side}z" for bx, by, _, _ in boxes)
    maps = [values for layer in _unit_maps(start, reach, flat, cells) for values in layer]
    names = "".join(
        f'<text x="{cx - side // 2 - 5}" y="{cy + 4}">{net.FEATURES[name][1]}</text>'
        for (cx, cy), name in zip(places[0], start.features, strict=True)
    )
    if flat:
        lines = "".join(_line(_in_box(values, box)) for values, box in zip(maps, boxes, strict=True))
        inside = f'<path d="{lines}" fill="none" stroke="var(--dlb-ink)"/>'
    else:
        inside = _shaded(
            [(values, max(1.0, float(np.abs(values).max())), box) for values, box in zip(maps, boxes, strict=True)]
        )
    return (
        f'{_edges(weights, places, side)}<path d="{frames}" fill="var(--dlb-paper)"/>{inside}'
        f'<path d="{frames}" fill="none" stroke="var(--dlb-line)"/>'
        f'<g text-anchor="end" font-size="12">{names}</g>'
    )


def _edges(weights, places, side: float) -> str:
    """Solid blue for positive weights, dashed orange for negative ones; the width in four steps."""
    paths: dict[tuple[bool, int], str] = {}
    for layer, w in enumerate(weights):
        for j, k in np.ndindex(w.shape):
            (x0, y0), (x1, y1) = places[layer][k], places[layer + 1][j]
            step = (bool(w[j, k] < 0), int(4 * np.tanh(abs(w[j, k]) / 3)))
            paths[step] = paths.get(step, "") + f"M{x0 + side / 2:.0f} {y0:.0f}L{x1 - side / 2:.0f} {y1:.0f}"
    dashes = ' stroke-dasharray="6 4"'
    return "".join(
        f'<path d="{d}" stroke="var(--dlb-{"orange" if negative else "blue"})" stroke-width="{0.8 + 1.2 * step:.1f}" '
        f'opacity=".6"{dashes * negative}/>'
        for (negative, step), d in paths.items()
    )


def _unit_maps(start: net.Start, reach: float, flat: bool, cells: int) -> list[np.ndarray]:
    """What each unit of each layer computes, (units, places)."""
    a = np.linspace(-reach, reach, CURVE)
    values = scratch.Tensor(
        net.feature_matrix(start.features, np.stack([a, 0 * a], 1) if flat else _cells(reach, cells))
    )
    maps, steps = [values.numpy().T], list(start.model.layers)
    with scratch.no_grad():
        for i, step in enumerate(steps):
            values = step(values)
            if i % 2 or i == len(steps) - 1:  # after an activation, and the sum of the output
                maps.append(values.numpy().T)
    return maps


def _in_box(values: np.ndarray, box) -> np.ndarray:
    x, y, w, h = box
    return np.stack([np.linspace(x, x + w, CURVE), y + h / 2 - 0.45 * h * values / max(1.0, np.abs(values).max())], 1)


# ---- small parts
def _cells(reach: float, n: int) -> np.ndarray:
    """The centers of n × n cells of the plane (n², 2), the top row first."""
    a = reach * ((2 * np.arange(n) + 1) / n - 1)
    return np.stack(np.meshgrid(a, a[::-1]), -1).reshape(-1, 2)


def _shaded(maps) -> str:
    """Maps (values, largest value, box): blue where positive, orange where negative.

    One path for each shade of all maps together, one rectangle for each run of equal cells.
    """
    paths: dict[int, str] = {}
    for values, top, (x, y, width, _) in maps:
        n = int(np.sqrt(len(values)))
        shades = np.rint(SHADES * values / top).astype(int).clip(-SHADES, SHADES).reshape(n, n)
        at = [round(i * width / n) for i in range(n + 1)]
        for r, row in enumerate(shades):
            cuts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), n]
            for a, b in zip(cuts[:-1], cuts[1:], strict=True):
                if row[a]:
                    long, high = at[b] - at[a], at[r + 1] - at[r]
                    paths[row[a]] = paths.get(row[a], "") + f"M{x + at[a]} {y + at[r]}h{long}v{high}h-{long}z"
    inside = "".join(
        f'<path d="{d}" fill="var(--dlb-{"blue" if shade > 0 else "orange"})" '
        f'opacity="{0.6 * abs(shade) / SHADES:.2f}"/>'
        for shade, d in sorted(paths.items())
    )
    return f'<g shape-rendering="crispEdges">{inside}</g>'


def _dots(places: np.ndarray) -> str:
    return "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places)


def _line(places: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _marks(reach: float) -> list[float]:
    """A round number below ``reach``, its negative and zero."""
    size = 10 ** np.floor(np.log10(reach))
    far = float(size * max(m for m in (1, 2, 5) if m * size <= reach))
    return [-far, 0, far]


def _sign(v: float) -> str:
    return f"{v:g}".replace("-", "−")
