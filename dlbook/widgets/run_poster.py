"""The run viewer as a still picture and as a table, for print and for readers without scripts."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from dlbook.widgets import run_numbers as numbers
from dlbook.widgets.run_records import Curve, Run

WIDTH, HEIGHT = 700, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 584, 26, 282
# one color and one mark for each run, as in js/run_look.mjs; more than ten share colors, with another mark
COLORS = ("blue", "orange", "green", "purple", "gold", "pink", "brown", "indigo", "red", "grey")
MARKS = {
    "circle": "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
    "square": "m-3-3h6v6h-6z",
    "up": "m0-4l3.9 6.8h-7.8z",
    "diamond": "m0-4.3l4.3 4.3l-4.3 4.3l-4.3-4.3z",
    "down": "m0 4l3.9-6.8h-7.8z",
    "plus": "m-4 0h8m-4-4v8",
    "cross": "m-3.2-3.2l6.4 6.4m0-6.4l-6.4 6.4",
    "star": "m0-4.2v8.4m-3.6-6.3l7.2 4.2m0-4.2l-7.2 4.2",
    "hourglass": "m-3.6-3.8h7.2l-7.2 7.6h7.2z",
    "bar": "m0-4.4v8.8",
}
STEPS = (1, 2, 5, 10)
POINTS = 1400  # of all curves together; a picture of the page stays below 15 KB


def color(i: int) -> str:
    return f"var(--dlb-{COLORS[i % 10]})"


def mark(i: int) -> str:
    return list(MARKS.values())[(i + 3 * (i // 10)) % 10]


def draw(runs: list[tuple[int, Run]], *, metric: str, log: bool, smoothing: float, x: str, splits: list[str]) -> str:
    """The curves as SVG text.  ``runs`` are those to show, each with its number, which gives color and mark."""
    shown = [(i, run, split, run.curves[split]) for i, run in runs for split in splits if split in run.curves]
    shown = [part for part in shown if np.isfinite(numbers.values(part[3], metric)).any()]
    words = message(runs, metric)
    head = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(words)}" style="max-width:100%;height:auto" font-size="12" fill="var(--dlb-ink)">'
    )
    if not shown:
        return f'{head}<text x="{LEFT}" y="{HEIGHT / 2}" fill="var(--dlb-muted)">{escape(words)}</text></svg>'
    x = x if all(getattr(curve, x) for *_, curve in shown) else "step"
    places = [np.array(getattr(curve, x), float) for *_, curve in shown]
    measured = [numbers.values(curve, metric) for *_, curve in shown]
    start, end = min(0.0, min(p[0] for p in places)), max(p[-1] for p in places)
    low, high, cut = numbers.y_range(measured, log, [numbers.diverged(run) for _, run, _, _ in shown])
    low, high = _padded(low, high, log)

    def to_x(v):
        return LEFT + (v - start) / ((end - start) or 1) * (RIGHT - LEFT)

    def to_y(v):
        with np.errstate(all="ignore"):
            v = np.log10(v) if log else v
        return BOTTOM - (v - low) / (high - low) * (BOTTOM - TOP)

    has_val = any(split == "val" for _, _, split, _ in shown)
    columns = max(10, POINTS // (3 * len(shown)))
    lines, ends = [], []
    for (i, run, split, curve), px, y in zip(shown, places, measured):
        y = to_y(numbers.smooth(y, smoothing, numbers.gaps(run, curve)))
        y = np.where(np.isfinite(y), y.clip(TOP - 40, BOTTOM + 40), np.nan)
        kept = numbers.decimate(px, y, start, end + (end - start or 1) * 1e-9, columns)
        pale = ' stroke-dasharray="5 3" stroke-width="1.1" opacity=".7"' if split == "train" and has_val else ""
        lines.append(f'<path d="{_line(to_x(px[kept]), y[kept])}" stroke="{color(i)}"{pale}/>')
        finite = np.flatnonzero(np.isfinite(y))
        if len(finite) and (split == "val" or "val" not in run.curves or "val" not in splits):
            last = finite[-1]
            ends.append([float(y[last].clip(TOP, BOTTOM)), i, run, float(to_x(px[last])), float(y[last])])
    title = f"{metric}{', smoothed' * bool(smoothing)}{', higher values are cut off' * cut}"
    title += ", dashed: training" * (has_val and "train" in splits)
    box = f"{LEFT} {TOP - 4} {WIDTH - LEFT} {BOTTOM - TOP + 8}"
    return (
        f"{head}{_axes(start, end, low, high, to_x, log)}"
        f'<text x="{LEFT}" y="14">{escape(title)}</text>'
        f'<text x="{RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{x}</text>'
        f'<svg x="{LEFT}" y="{TOP - 4}" width="{WIDTH - LEFT}" height="{BOTTOM - TOP + 8}" viewBox="{box}" '
        f'fill="none" stroke-width="1.8">{"".join(lines)}</svg>'
        f"{_labels(ends)}</svg>"
    )


def message(runs: list[tuple[int, Run]], metric: str) -> str:
    """What the picture shows, in one or two sentences."""
    found = []
    for _, run in runs:
        for split in ("val", "train"):
            if split in run.curves:
                v = numbers.values(run.curves[split], metric)
                v = v[np.isfinite(v)]
                if len(v):
                    found.append((run.name, split, v))
                    break
    if not found:
        return f"No run with numbers for {metric} yet."
    names = {"train": "training", "val": "validation"}
    if len(found) <= 3:
        ends = [f"{run}, {names[part]}, from {numbers.four(v[0])} to {numbers.four(v[-1])}" for run, part, v in found]
        return f"{metric} of {'; '.join(ends)}."
    last = sorted((v[-1], name) for name, _, v in found)
    return (
        f"{metric} of {len(found)} runs: at the end from {numbers.four(last[0][0])} ({last[0][1]}) "
        f"to {numbers.four(last[-1][0])} ({last[-1][1]})."
    )


def table(runs: list[tuple[int, Run]], metric: str) -> str:
    """Start, end, lowest and highest value of each curve."""
    rows = []
    for _, run in runs:
        for split, curve in run.curves.items():
            v = numbers.values(curve, metric)
            finite = np.flatnonzero(np.isfinite(v))
            if not len(finite):
                continue
            best, worst = (int(finite[pick(v[finite])]) for pick in (np.argmin, np.argmax))
            cells = [split, str(len(v)), *(numbers.four(v[i]) for i in (finite[0], finite[-1]))]
            cells += [f"{numbers.four(v[i])} at {_place(curve, i)}" for i in (best, worst)]
            body = "".join(f"<td>{escape(cell)}</td>" for cell in [*cells, numbers.ending(run)])
            rows.append(f'<tr><th scope="row">{escape(run.name)}</th>{body}</tr>')
    heads = ["run", "part", "records", "first", "last", "lowest", "highest", "ended"]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f"<table><caption>{escape(metric)} of each run</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def layer_table(runs: list[tuple[int, Run]], layers: list[str], kind: str) -> str:
    """How large the values of each layer are at the end of each run that has histograms; nothing if none has."""
    runs = [(i, run) for i, run in runs if run.histograms]
    if not runs or not layers:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ["layer", *(run.name for _, run in runs)])
    rows = []
    for layer in layers:
        found = [run.histograms[-1].get(kind, {}).get(layer) for _, run in runs]
        body = "".join(f"<td>{numbers.four(numbers.moments(h)[1]) if h else '–'}</td>" for h in found)
        rows.append(f'<tr><th scope="row">{escape(layer)}</th>{body}</tr>')
    return (
        f"<table><caption>Standard deviation of the {kind}s of each layer at the end</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _place(curve: Curve, i: int) -> str:
    return f"epoch {numbers.position(curve.epoch[i])}" if curve.epoch else f"step {curve.step[i]}"


# ---- parts of the picture
def _padded(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        low, high = math.log10(low), math.log10(high)
    room = 0.04 * (high - low) or 0.05 * abs(high) or 0.5
    return (0.0 if not log and 0 <= low < 0.3 * high else low - room), high + room


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers from low to high, about ``count`` of them."""
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in STEPS if m * size >= raw * (1 - 1e-9))
    return [float(f"{k * step:.12g}") for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Exponents of 1, 2 and 5 times powers of ten; of powers alone, where these are enough."""
    every = max(1, math.ceil((high - low) / count))
    powers = [k for k in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if k % every == 0]
    if len(powers) >= 3:
        return [float(k) for k in powers]
    fine = [k + math.log10(m) for k in range(math.floor(low), math.ceil(high)) for m in (1, 2, 5)]
    fine = [v for v in fine if low <= v <= high]
    return fine if len(fine) >= 2 else []


def tidy(v: float) -> str:
    """A short number for an axis."""
    text = f"{float(f'{v:.4g}'):.10g}"
    if v and not 1e-3 <= abs(v) < 1e5:
        mantissa, exponent = f"{v:.3e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return text.replace("-", "−")


def _axes(start: float, end: float, low: float, high: float, to_x, log: bool) -> str:
    marks = log_ticks(low, high, 6) if log else ticks(low, high, 6)
    if log and not marks:
        marks = [math.log10(v) for v in ticks(10**low, 10**high, 5)]
    y = [(BOTTOM - (v - low) / (high - low) * (BOTTOM - TOP), tidy(float(f"{10**v:.4g}") if log else v)) for v in marks]
    x = [(float(to_x(v)), tidy(v)) for v in ticks(start, end, 8)] if end > start else [(LEFT, tidy(end))]
    grid = "".join(f"M{LEFT} {v:.1f}H{RIGHT}" for v, _ in y)
    return (
        f'<path d="{grid}M{LEFT} {BOTTOM}H{RIGHT}" stroke="var(--dlb-line)" stroke-width=".7" fill="none"/>'
        '<g fill="var(--dlb-muted)"><g text-anchor="end">'
        + "".join(f'<text x="{LEFT - 6}" y="{v + 4:.1f}">{text}</text>' for v, text in y)
        + '</g><g text-anchor="middle">'
        + "".join(f'<text x="{v:.1f}" y="{BOTTOM + 16}">{text}</text>' for v, text in x)
        + "</g></g>"
    )


def _line(xs: np.ndarray, ys: np.ndarray) -> str:
    """Coordinates to a pixel, from point to point; a gap where y is no number."""
    d, pen, at = [], False, (0, 0)
    for x, y in zip(xs, ys):
        if not math.isfinite(y):
            pen = False
            continue
        x, y = round(float(x)), round(float(y))
        d.append(f"l{x - at[0]} {y - at[1]}".replace(" -", "-") if pen else f"M{x} {y}l0 0")
        pen, at = True, (x, y)
    return "".join(d)


def _labels(ends: list) -> str:
    """Each run is named at the end of its line; names that would touch are pushed apart."""
    ends.sort(key=lambda end: end[0])
    places = spread([end[0] for end in ends], TOP, BOTTOM, 13)
    parts = []
    for at, (_, i, run, px, py) in zip(places, ends):
        name = run.name if len(run.name) <= 15 else run.name[:14] + "…"
        point = f'<path d="M{px:.0f} {py:.0f}{mark(i)}" stroke-width="1.4" fill="var(--dlb-paper)"/>'
        point *= TOP <= py <= BOTTOM
        dots = ' stroke-dasharray="1 3"' * (px < RIGHT - 24)  # a line that is no curve
        lead = f'<path d="M{px + 5:.0f} {py:.0f}L{RIGHT + 14} {at:.0f}" stroke-width=".7"{dots}/>'
        parts.append(
            f'<g stroke="{color(i)}">{lead}{point}</g>'
            f'<text x="{RIGHT + 18}" y="{at + 4:.0f}" fill="{color(i)}">{escape(name)}</text>'
        )
    return "".join(parts)


def spread(places: list[float], low: float, high: float, gap: float) -> list[float]:
    """Sorted places moved apart to ``gap``, from ``low`` to ``high`` where they fit.

    >>> spread([5.0, 6.0, 30.0], 0, 40, 10)
    [0.5, 10.5, 30.0]
    """

    def inside(middle: float, half: float) -> float:
        return min(max(middle, low + half), max(high - half, low + half))

    groups: list[tuple[float, int]] = []  # middle, how many
    for place in places:
        middle, n = inside(place, 0), 1
        while groups and middle - groups[-1][0] < gap * (n + groups[-1][1]) / 2:
            other, m = groups.pop()
            middle, n = inside((middle * n + other * m) / (n + m), gap * (n + m - 1) / 2), n + m
        groups.append((middle, n))
    return [middle + gap * (k - (n - 1) / 2) for middle, n in groups for k in range(n)]
