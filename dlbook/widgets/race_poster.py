"""The optimizer race as a still picture: the map with all paths, and the loss of each over its steps."""

from __future__ import annotations

from html import escape

import numpy as np

from dlbook.widgets.race_run import OPTIMIZERS, Path, Settings
from dlbook.widgets.race_surfaces import SURFACES, Surface

WIDTH, HEIGHT = 720, 372
MAP = (34, 12, 320)  # x, y, side
LOSS = (432, 24, 268, 192)  # x, y, width, height
KEYS = (396, 266)
PLACES, LEVELS = 33, 7  # of the grid whose contour lines are drawn
FINE = 2.5  # pixels that a line moves at least from point to point

# color, mark, dash of each optimizer, as in js/race_look.mjs
LOOK = {
    "sgd": ("ink", "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z", ""),
    "momentum": ("blue", "m-3.5-3.5h7v7h-7z", ""),
    "nesterov": ("green", "m0-4.6l4.4 7.6h-8.8z", "7 3"),
    "adagrad": ("gold", "m0 4.6l4.4-7.6h-8.8z", "2 3"),
    "adadelta": ("brown", "m-3.8-4.2h7.6l-7.6 8.4h7.6z", "2 3"),
    "rmsprop": ("purple", "m0-5l5 5l-5 5l-5-5z", "9 2 2 2"),
    "adam": ("orange", "m0-4.9l1.4 3.2h3.6l-2.7 2.4l1.1 3.6l-3.4-2.1l-3.4 2.1l1.1-3.6l-2.7-2.4h3.6z", ""),
    "adamw": ("pink", "m-4.2-4.2l8.4 8.4m0-8.4l-8.4 8.4", "5 3"),
}


def draw(settings: Settings, paths: list[Path], title: str) -> str:
    """The poster as SVG text."""
    names = ", ".join(OPTIMIZERS[path.name] for path in paths)
    words = f"{title} seen from above, and the loss over {settings.steps} steps: {names or 'no optimizer is shown'}."
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(words)}" style="max-width:100%;height:auto" font-size="12" fill="var(--dlb-ink)">'
        f"{_map(settings, paths)}{_losses(settings, paths)}{_keys(paths)}</svg>"
    )


# ---- the map
def _map(settings: Settings, paths: list[Path]) -> str:
    x, y, side = MAP
    surface = settings.surface

    def put(places: np.ndarray) -> np.ndarray:
        low, high = np.array([surface.x, surface.y]).T
        u = (np.asarray(places) - low) / (high - low)
        return np.stack([x + side * u[..., 0], y + side * (1 - u[..., 1])], -1)

    z = surface.map(PLACES)
    lines = "".join(_segments(put(_contour(surface, z, level))) for level in levels(z, LEVELS))
    minima = "".join(f"M{a:.0f} {b:.0f}m-5 0h10m-5-5v10" for a, b in put(SURFACES[surface.name]["minima"]))
    trails = "".join(_trail(path, put(path.places), (x, y, side, side), _inside(path, surface)) for path in paths)
    start = put(settings.start)
    return (
        f'<clipPath id="map"><path d="M{x} {y}h{side}v{side}h-{side}z"/></clipPath>'
        f'<g fill="none" stroke="var(--dlb-muted)" stroke-width=".7" opacity=".8"><path d="{lines}"/></g>'
        f'<path d="{minima}" fill="none" stroke="var(--dlb-ink)" stroke-width="1.5"/>{trails}'
        f'<path d="M{start[0]:.0f} {start[1]:.0f}m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z" fill="none" '
        f'stroke="var(--dlb-ink)" stroke-width="2"/>'
        f'<path d="M{x} {y}v{side}h{side}" fill="none" stroke="var(--dlb-line)"/>{_ticks(surface, put)}'
    )


def _ticks(surface: Surface, put) -> str:
    x, y, side = MAP
    below = "".join(
        f'<text x="{put([v, surface.y[0]])[0]:.0f}" y="{y + side + 16}">{_sign(v)}</text>' for v in whole(surface.x)
    )
    beside = "".join(
        f'<text x="{x - 5}" y="{put([surface.x[0], v])[1] + 4:.0f}">{_sign(v)}</text>' for v in whole(surface.y)
    )
    ticks = f'<g text-anchor="middle">{below}</g><g text-anchor="end">{beside}</g>'
    return f'<g font-size="11" fill="var(--dlb-muted)">{ticks}</g>'


def _contour(surface: Surface, z: np.ndarray, level: float) -> np.ndarray:
    """Where the losses z of the map cross the level: pieces (n, 2, 2) of lines, by marching squares."""
    xs, ys = np.linspace(*surface.x, PLACES), np.linspace(*surface.y, PLACES)
    i, j = np.meshgrid(np.arange(PLACES - 1), np.arange(PLACES - 1))
    corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
    cuts, crossed = [], []
    for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1]):
        p, q = z[b, a], z[d, c]
        t = (level - p) / np.where(p == q, 1, q - p)
        cuts.append(np.stack([xs[a] + t * (xs[c] - xs[a]), ys[b] + t * (ys[d] - ys[b])], -1))
        crossed.append((p > level) != (q > level))
    found = np.argwhere(np.stack(crossed, -1).any(-1))
    pieces = []
    for r, c in found:
        ends = [cuts[k][r, c] for k in range(4) if crossed[k][r, c]]
        pieces += [ends[k : k + 2] for k in range(0, len(ends) - 1, 2)]
    return np.array(pieces).reshape(-1, 2, 2)


def levels(z: np.ndarray, count: int) -> np.ndarray:
    """Log-spaced levels between a low and a high loss of the map, as in js/race_surfaces.mjs."""
    s = np.sort(z.ravel())
    low, high = s[int(0.01 * (len(s) - 1))], s[int(0.99 * (len(s) - 1))]
    return np.exp(np.log(low) + (np.arange(count) + 0.5) / count * (np.log(high) - np.log(low)))


# ---- the loss over the steps
def _losses(settings: Settings, paths: list[Path]) -> str:
    x, y, width, height = LOSS
    seen = np.concatenate([path.loss for path in paths]) if paths else np.ones(1)
    low, high = np.log10(bounds(seen))

    def put(steps, losses) -> np.ndarray:
        v = (np.log10(np.clip(losses, 10.0**low, 10.0**high)) - low) / (high - low)
        return np.stack([x + width * np.asarray(steps) / settings.steps, y + height * (1 - v)], -1)

    trails = "".join(_trail(path, put(np.arange(n), path.loss[:n]), LOSS, None) for path, n in _rising(paths, high))
    beside = "".join(
        f'<text x="{x - 5}" y="{put(0, 10.0**k)[1] + 4:.0f}">{_power(k)}</text>' for k in _powers(low, high)
    )
    return (
        f'<path d="M{x} {y}v{height}h{width}" fill="none" stroke="var(--dlb-line)"/>{trails}'
        f'<g font-size="11" fill="var(--dlb-muted)"><g text-anchor="end">{beside}</g>'
        f'<g text-anchor="middle"><text x="{x}" y="{y + height + 16}">0</text>'
        f'<text x="{x + width}" y="{y + height + 16}">{settings.steps}</text></g></g>'
        f'<text x="{x + width / 2:.0f}" y="{y + height + 16}" text-anchor="middle">step</text>'
        f'<text x="{x - 5}" y="{y - 8}" text-anchor="end">loss</text>'
    )


def _rising(paths: list[Path], high: float) -> list[tuple[Path, int]]:
    """The paths with the number of their losses to the first that rises out of the plot."""
    out = [np.append(np.flatnonzero(path.loss > 10.0**high), path.last) for path in paths]
    return [(path, int(beyond[0]) + 1) for path, beyond in zip(paths, out)]


def bounds(losses: np.ndarray) -> tuple[float, float]:
    """The losses that are drawn, as in js/race_losses.mjs: from 10⁻⁸ to 10³ of the first at most, 1-2-5 numbers."""
    first = max(losses[0], 1e-290)

    def steps(v: float) -> np.ndarray:
        return np.array([float(f"{m}e{int(np.floor(np.log10(v) + 1e-9))}") for m in (1, 2, 5, 10)])

    low, high = max(losses.min(), 1e-8 * first), max(1e-290, min(losses.max(), 1e3 * first))
    bottom = float(steps(low)[steps(low) <= low * (1 + 1e-9)].max())
    return bottom, max(10 * bottom, float(steps(high)[steps(high) >= high * (1 - 1e-9)].min()))


def _powers(low: float, high: float) -> list[int]:
    """The powers of ten on the axis of the losses, at most seven."""
    every = max(1, int(np.ceil((high - low) / 6)))
    return list(range(int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9)) + 1, every))


# ---- small parts
def _trail(path: Path, places: np.ndarray, box, inside) -> str:
    """The line of a path with its mark at the end."""
    color, mark, dash = LOOK[path.name]
    x, y, width, height = box
    last = len(places) - 1 if inside is None else inside
    shown = np.clip(places[: last + 2], [x - 999, y - 999], [x + width + 999, y + height + 999])
    clip = "" if inside is None else ' clip-path="url(#map)"'
    end = np.clip(places[min(last, len(places) - 1)], [x, y], [x + width, y + height])
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<g stroke="var(--dlb-{color})" fill="none"><path{clip} d="{_line(shown)}" stroke-width="1.8"{dashes} '
        f'stroke-linejoin="round"/><path d="M{end[0]:.0f} {end[1]:.0f}{mark}" fill="var(--dlb-paper)" '
        f'stroke-width="1.8"/></g>'
    )


def _inside(path: Path, surface: Surface) -> int:
    """The last step of a path before it leaves the map for good, or its last step at all."""
    low, high = np.array([surface.x, surface.y]).T
    outside = ((path.places < low) | (path.places > high)).any(1)
    return path.last if not outside[-1] else int(np.flatnonzero(~outside)[-1])


def _keys(paths: list[Path]) -> str:
    parts = []
    for k, path in enumerate(paths):
        color, mark, dash = LOOK[path.name]
        x, y = KEYS[0] + 164 * (k % 2), KEYS[1] + 24 * (k // 2)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        end = f", {path.stop}" if path.stop else ""
        parts.append(
            f'<g fill="none" stroke="var(--dlb-{color})" stroke-width="1.8"><path d="M{x} {y}h34"{dashes}/>'
            f'<path d="M{x + 17} {y}{mark}" fill="var(--dlb-paper)"/></g>'
            f'<text x="{x + 42}" y="{y + 4}">{OPTIMIZERS[path.name]}{end}</text>'
        )
    return "".join(parts)


def whole(ends) -> list[int]:
    """The whole numbers of an axis."""
    return list(range(int(np.ceil(ends[0])), int(np.floor(ends[1])) + 1))


def _segments(pieces: np.ndarray) -> str:
    return "".join(f"M{a[0]} {a[1]}l{_pairs([b - a])}" for a, b in pieces.round().astype(int) if (a != b).any())


def _line(places: np.ndarray) -> str:
    """A line through those of the places that are FINE apart, in whole pixels."""
    kept = [places[0]]
    for place in places[1:]:
        if np.abs(place - kept[-1]).max() >= FINE:
            kept.append(place)
    whole_pixels = np.array([*kept, places[-1]]).round().astype(int)
    return f"M{whole_pixels[0, 0]} {whole_pixels[0, 1]}l{_pairs(np.diff(whole_pixels, axis=0))}"


def _pairs(steps) -> str:
    return " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-")


def _power(k: int) -> str:
    return {0: "1", 1: "10", 2: "100", -1: "0.1", -2: "0.01"}.get(k) or "10" + str(k).translate(
        str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
    )


def _sign(v: float) -> str:
    return f"{v:g}".replace("-", "−")
