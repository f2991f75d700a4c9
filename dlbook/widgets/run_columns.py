"""Runs as a small index and one piece of binary data, which js/run_data.mjs reads.

Each column of numbers says how it is stored:

    by   whole numbers at equal distances: the first and the distance            exact
    per  the steps divided by one whole number, the steps of an epoch            exact
    u4   whole numbers of four bytes                                             exact
    f8   float64, as long as all of them fit into ``EXACT`` bytes                exact
    d3   three bytes: four decimal digits and a power of ten                     exact in the four digits that are shown
    u2   two bytes, evenly between the lowest and the highest                    to 1/131,070 of the range (places in x)

A histogram is the number of its bins, its ends as float32, and its counts, which stay exact: seven bits in each byte,
the last byte below 128.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from dlbook.widgets.run_numbers import FOUR_DIGITS, values
from dlbook.widgets.run_records import KINDS, Curve, Run, Runs

EXACT = 24_000
ALL, INSIDE = 106_000, 20_000  # bytes in all, 150 KB of script with base64 and index; what histograms have at least
_SPAN, _LOWEST = 19_999, -330  # mantissas from -9999 to 9999; power of ten of the last digit
_SPECIAL = {"nan": 1, "inf": 2, "-inf": 3}  # stored as mantissa 0 and this power


def pack(runs: Runs, since: Mapping[str, Mapping[str, int]] | None = None) -> tuple[dict, bytes]:
    """Index and data of all runs, thinned to ``ALL`` bytes; or, whole, of what came after ``since`` (``counts(runs)``).

    Thinning keeps, of every stretch of a curve, the lowest and the highest value of each metric, and the first of the
    values that are no numbers; of the histograms it keeps every k-th.  The index says what was left out.
    """
    thin = since is None
    since = since or {}
    parts = [(run, split, _rows(curve, since.get(run.name, {}).get(split, 0))) for run, split, curve in runs.curves()]
    exact = 8 * sum(len(rows) * (3 + len(run.curves[split].values)) for run, split, rows in parts) <= EXACT
    if thin and not exact:
        parts = _thin(parts, ALL - INSIDE * any(run.histograms for run in runs.runs.values()))
    data = bytearray()
    index = {run.name: {"name": run.name} for run in runs.runs.values()}
    for run, split, rows in parts:
        if not len(rows):
            continue
        entry, curve = index[run.name], run.curves[split]
        if run.device:
            entry["device"] = run.device
        if run.stopped:
            entry["stopped"] = run.stopped
        columns = _places(curve, rows, exact, data)
        columns += [[metric, *_numbers(values(curve, metric)[rows], exact, data)] for metric in curve.values]
        entry[split] = {"n": len(rows), "of": len(curve.step), "columns": columns}
    every, left_out = _stride(runs, ALL - len(data)) if thin else (1, set())
    for run in runs.runs.values():
        frames = _rows(run.frames, since.get(run.name, {}).get("frames", 0))
        if run.name in left_out:
            index[run.name]["frames"] = {"n": 0, "of": len(run.histograms)}
        elif len(frames):
            kept = frames[(len(frames) - 1 - frames) % every == 0] if thin else frames  # the last one stays
            index[run.name]["frames"] = _frames(run, kept, exact, data)
    return {"metrics": runs.metrics, "runs": list(index.values())}, bytes(data)


def counts(runs: Runs) -> dict[str, dict[str, int]]:
    """How many records each curve has, and how many histograms each run."""
    return {
        run.name: {split: len(curve.step) for split, curve in run.curves.items()} | {"frames": len(run.histograms)}
        for run in runs.runs.values()
    }


def _rows(curve: Curve, start: int) -> np.ndarray:
    return np.arange(start, len(curve.step))


# ---- columns
def _places(curve: Curve, rows: np.ndarray, exact: bool, data: bytearray) -> list[list]:
    step = np.array(curve.step, np.int64)[rows]
    columns = [["step", *_whole(step, data)]]
    for name in ("epoch", "seconds"):
        if x := getattr(curve, name):
            x = np.array(x, float)[rows]
            columns.append([name, *(_per(x, step) or _numbers(x, exact, data, _even))])
    return columns


def _whole(v: np.ndarray, data: bytearray) -> list:
    by = int(v[1] - v[0]) if len(v) > 1 else 0
    if len(v) and (np.diff(v) == by).all():
        return ["by", int(v[0]), by]
    data += v.astype("<u4").tobytes()
    return ["u4"]


def _per(x: np.ndarray, step: np.ndarray) -> list:
    if len(x) and x[-1] > 0:
        k = round(step[-1] / x[-1])
        if k and (step / k == x).all():
            return ["per", k]
    return []


def _numbers(v: np.ndarray, exact: bool, data: bytearray, short: Callable | None = None) -> list:
    if exact:
        data += v.astype("<f8").tobytes()
        return ["f8"]
    if short:
        return short(v, data)
    data += decimals(v)
    return ["d3"]


def _even(v: np.ndarray, data: bytearray) -> list:
    low, high = (float(v.min()), float(v.max())) if len(v) else (0.0, 0.0)
    data += np.rint((v - low) / ((high - low) or 1) * 65535).astype("<u2").tobytes()
    return ["u2", low, high]


def decimals(v: np.ndarray) -> bytes:
    """Three bytes for each number of (n,): m · 10^e with m of four digits, ties rounded away from zero."""
    v = np.asarray(v, float)
    m, e = np.zeros(len(v), np.int64), np.full(len(v), _LOWEST)
    usual = np.isfinite(v) & (np.abs(v) > 1e-290) & (np.abs(v) < 1e290)
    a = np.abs(v[usual])
    power = np.floor(np.log10(a)).astype(int) - 3
    scaled = a / 10.0**power
    m[usual], e[usual] = np.sign(v[usual]) * np.floor(scaled + 0.5), power
    # what floating point cannot decide: ties, ends of a decade, and numbers of another world
    close = (np.abs(scaled - np.floor(scaled) - 0.5) < 1e-6) | (scaled < 1000.001) | (scaled > 9999.499)
    slow = ~usual & (v != 0)
    slow[np.flatnonzero(usual)[close]] = True
    for i in np.flatnonzero(slow):
        if not np.isfinite(v[i]):
            m[i], e[i] = 0, _LOWEST + _SPECIAL[str(float(v[i]))]
            continue
        sign, digits, power = FOUR_DIGITS.create_decimal(float(v[i])).as_tuple()
        size = int("".join(map(str, digits)).ljust(4, "0"))
        m[i], e[i] = (-size if sign else size), power - (4 - len(digits))
    code = m + 9999 + _SPAN * (e - _LOWEST)
    return np.stack([code & 255, code >> 8 & 255, code >> 16], 1).astype(np.uint8).tobytes()


# ---- histograms
def _frames(run: Run, kept: np.ndarray, exact: bool, data: bytearray) -> dict:
    entry = {"n": len(kept), "of": len(run.histograms), "columns": _places(run.frames, kept, exact, data)}
    for kind in KINDS:
        names = list(dict.fromkeys(layer for i in kept for layer in run.histograms[i].get(kind, {})))
        if names:
            entry[kind] = names
    for i in kept:
        for kind in KINDS:
            for layer in entry.get(kind, []):
                found = run.histograms[i].get(kind, {}).get(layer)
                data += found.packed if found else b"\0"
    return entry


def _stride(runs: Runs, room: int) -> tuple[int, set[str]]:
    """The smallest k so that every k-th histogram fits into ``room`` bytes; and runs of which not even one fits."""
    sizes = {
        run.name: np.array(run.sizes)[::-1] + 20 for run in runs.runs.values() if run.sizes
    }  # 20: where they stand
    longest, left_out = max(map(len, sizes.values()), default=0), set()
    while sizes:
        for every in range(1, longest + 1):
            if sum(s[::every].sum() for s in sizes.values()) <= room:
                return every, left_out
        left_out.add(sizes.popitem()[0])
    return 1, left_out


# ---- thinning
def _thin(parts: list[tuple[Run, str, np.ndarray]], room: int) -> list[tuple[Run, str, np.ndarray]]:
    """Rows of every curve so that all of them fit into ``room`` bytes; the same number for all that are cut."""
    sizes = [(len(rows), _width(run.curves[split])) for run, split, rows in parts]
    if sum(n * width for n, width in sizes) <= room:
        return parts
    low, high = 0, max(n for n, _ in sizes)  # once rows are left out, the steps need four bytes
    while low < high:
        most = (low + high + 1) // 2
        fits = sum(min(n, most) * (width + 4) for n, width in sizes) <= room
        low, high = (most, high) if fits else (low, most - 1)
    return [(run, split, _extremes(run.curves[split], rows, low)) for run, split, rows in parts]


def _width(curve: Curve) -> int:
    """Bytes of a row, if none is left out."""
    rows, data = _rows(curve, 0), bytearray()
    _places(curve, rows, False, data)
    return -(-len(data) // max(1, len(rows))) + 3 * len(curve.values)


def _extremes(curve: Curve, rows: np.ndarray, most: int) -> np.ndarray:
    """At most ``most`` rows: of each stretch the lowest, the highest and the first that is no number."""
    if len(rows) <= most:
        return rows
    columns = [values(curve, metric) for metric in curve.values]
    for marks in (2, 3):  # of a stretch and a column; three only if many values are no numbers
        kept = {int(rows[0]), int(rows[-1])}
        for stretch in np.array_split(rows, max(1, (most - 2) // (marks * len(columns)))):
            for column in columns:
                kept.update(_marks(column, stretch))
        if len(kept) <= most:
            break
    return np.array(sorted(kept))


def _marks(column: np.ndarray, stretch: np.ndarray) -> Iterator[int]:
    finite = np.isfinite(column[stretch])
    if finite.any():
        numbers = stretch[finite]
        yield int(numbers[column[numbers].argmin()])
        yield int(numbers[column[numbers].argmax()])
    if not finite.all():
        yield int(stretch[~finite][0])
