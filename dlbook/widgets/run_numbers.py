"""The numbers behind the run viewer, in NumPy: the reference that js/run_numbers.mjs is tested against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

from dlbook.widgets.run_records import Curve, Histogram, Run

FAR = 10  # a linear axis ends below values that are more than this often the usual ones
FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)


def smooth(y: np.ndarray, beta: float, gaps: np.ndarray | None = None) -> np.ndarray:
    """Exponential moving average with bias correction, s_t = β s_{t-1} + (1 - β) y_t, shown as s_t / (1 - β^t).

    A number that is not finite stays and is left out.  ``gaps`` (n,): β to this power where records are further apart.

    >>> smooth(np.array([4.0, 2.0, np.nan, 2.0]), 0.5).round(3).tolist()
    [4.0, 2.667, nan, 2.286]
    """
    out, mean, weight = np.array(y, float), 0.0, 0.0
    for i, value in enumerate(y):
        if math.isfinite(value):
            keep = beta if gaps is None else beta ** gaps[i]
            mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
            out[i] = mean / weight
    return out


def gaps(run: Run, curve: Curve) -> np.ndarray:
    """How many records of the denser split of ``run`` lie between the records of ``curve`` (n,).

    With them smoothing looks equally far back on every curve of a run.
    """
    spans = [(c.step[-1] - c.step[0]) / (len(c.step) - 1) for c in run.curves.values() if len(c.step) > 1]
    far = np.diff(curve.step, prepend=curve.step[0])
    return np.where(far > 0, far / min(spans), 1.0) if spans and min(spans) > 0 else np.ones(len(far))


def decimate(x: np.ndarray, y: np.ndarray, left: float, right: float, columns: int) -> np.ndarray:
    """Indices to draw: in each of ``columns`` between ``left`` and ``right`` the first, lowest, highest and last.

    Drawn at that width the line is the same, spikes included.  Of neighbors that are not finite the first one stays,
    so that the line breaks there.  x is sorted.

    >>> decimate(np.arange(6), np.array([1.0, 3, 2, 0, 5, 4]), 0, 6, 1).tolist()
    [0, 3, 4, 5]
    """
    column = np.floor((np.asarray(x, float) - left) / (right - left) * columns)
    kept: list[int] = []
    first = low = high = last = -1

    def flush() -> None:
        if first >= 0:
            kept.extend(sorted({first, low, high, last}))

    for i, value in enumerate(y):
        if not math.isfinite(value):
            flush()
            first = -1
            if i == 0 or math.isfinite(y[i - 1]):
                kept.append(i)
            continue
        if first < 0 or column[i] != column[first]:
            flush()
            first = low = high = i
        low, high, last = (i if value < y[low] else low), (i if value > y[high] else high), i
    flush()
    return np.array(kept, int)


def last_at(x: Sequence[float], at: float) -> int:
    """Index of the last x that is not beyond ``at``, to nine digits; -1 if there is none."""
    return int(np.searchsorted(np.asarray(x, float), at + 1e-9 * abs(at), side="right")) - 1


def read_at(run: Run, split: str, metric: str, x: str, at: float, smoothing: float = 0.0) -> float | None:
    """What the cursor reads: the last value known at ``at``; None before the first.

    NaN is read where a loss is no number, but not from the record of an interrupted run or one without the metric.
    """
    curve = run.curves[split]
    y, i = values(curve, metric), last_at(getattr(curve, x), at)
    if metric != "loss" or (run.stopped and run.stopped[0] == "interrupted"):
        while i >= 0 and math.isnan(y[i]):
            i -= 1
    return None if i < 0 else float(smooth(y, smoothing, gaps(run, curve))[i])


# ---- histograms
def layers(run: Run, kind: str) -> list[str]:
    """Names of the layers that ``run`` has histograms of, in the order of the forward pass if it is known."""

    def names(kind: str) -> list[str]:
        return list(dict.fromkeys(layer for frame in run.histograms for layer in frame.get(kind, {})))

    order = {layer: i for i, layer in enumerate(names("activation"))}  # gradients come from the last to the first
    return sorted(names(kind), key=lambda layer: order.get(layer, -1))


def quantile(histogram: Histogram, q: float) -> float:
    """Where the share ``q`` of the values lies below, values spread evenly within each bin.

    >>> quantile(Histogram(0.0, 4.0, np.array([1, 0, 0, 4])), 0.6)
    3.5
    """
    low, high, counts = histogram.low, histogram.high, histogram.counts
    width, below, wanted = (high - low) / len(counts), 0, q * counts.sum()
    for i, count in enumerate(counts):
        if count and below + count >= wanted:
            return float(low + width * (i + (wanted - below) / count))
        below += count
    return float(high)


def moments(histogram: Histogram) -> tuple[float, float]:
    """Mean and standard deviation, every value taken at the middle of its bin."""
    low, high, counts = histogram.low, histogram.high, histogram.counts
    middle = low + (high - low) / len(counts) * (np.arange(len(counts)) + 0.5)
    share = counts / counts.sum()
    mean = float(share @ middle)
    return mean, math.sqrt(float(share @ (middle - mean) ** 2))


def near_zero(histogram: Histogram) -> float:
    """Share of the values in the bin that holds 0."""
    low, high, counts = histogram.low, histogram.high, histogram.counts
    if low > 0 or high < 0:
        return 0.0
    at = min(len(counts) - 1, math.floor(-low / (high - low) * len(counts)))
    return float(counts[at] / counts.sum())


def beyond(histogram: Histogram, low: float, high: float) -> float:
    """Share of the values in the bins that reach below ``low`` or above ``high``."""
    a, b, counts = histogram.low, histogram.high, histogram.counts
    starts = a + (b - a) / len(counts) * np.arange(len(counts))
    far = (starts < low) | (starts + (b - a) / len(counts) > high)
    return float(counts[far].sum() / counts.sum())


def flat_ends(histograms: Sequence[Histogram]) -> tuple[float, float] | None:
    """Beyond which values a layer is flat, if all that it gave looks like a tanh (±0.95) or a sigmoid (0.05, 0.95)."""
    low, high = min(h.low for h in histograms), max(h.high for h in histograms)
    if high > 1 + 1e-6 or high < 0.9:
        return None
    if -1 - 1e-6 <= low <= -0.9:
        return -0.95, 0.95
    return (0.05, 0.95) if 0 < low <= 0.1 else None


# ---- what is shown
def y_range(curves: Sequence[np.ndarray], log: bool, wild: Sequence[bool] = ()) -> tuple[float, float, bool]:
    """Lowest and highest value of the axis, before padding, and whether the axis cuts something off.

    A linear axis ends at twice the usual size where curves go beyond ten times of it.  The usual size is the largest
    first value or median; of a curve that diverged (``wild``) only the first value counts.
    """
    values = [c[np.isfinite(c) & ((c > 0) | (not log))] for c in curves]
    every = np.concatenate([*values, []])
    if not len(every):
        return (0.1, 1.0, False) if log else (0.0, 1.0, False)
    low, high = float(every.min()), float(every.max())
    sizes = [abs(v[0]) for v in values if len(v)]
    sizes += [abs(np.sort(v)[len(v) // 2]) for i, v in enumerate(values) if len(v) and not (i < len(wild) and wild[i])]
    usual = float(max(sizes))
    cut = not log and usual > 0 and max(high, -low) > FAR * usual
    return (max(low, -2 * usual), min(high, 2 * usual), True) if cut else (low, high, False)


def four(value: float) -> str:
    """The number with four significant digits, ties away from zero, as the page shows it.

    >>> [four(v) for v in (0.65625, 1.0, -123456.0, 0.00002, float("nan"))]
    ['0.6563', '1.000', '−1.235e5', '2.000e−5', 'NaN']
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    d = FOUR_DIGITS.create_decimal(float(value))
    exponent = d.adjusted()
    fixed = -4 < exponent < 4
    text = f"{d:.{3 - exponent}f}" if fixed else f"{d.scaleb(-exponent):.3f}e{exponent}"
    return text.replace("-", "−")


def diverged(run: Run) -> bool:
    return run.stopped[0] == "diverged" if run.stopped else ending(run) != ""


def ending(run: Run) -> str:
    """How a run ended, if not by itself: "diverged at step 12"."""
    if run.stopped is None:
        for curve in run.curves.values():
            for step, loss in zip(curve.step, curve.values["loss"]):
                if not math.isfinite(loss):
                    return f"loss is {four(loss)} at step {step}"
        return ""
    why, step, epoch, _ = run.stopped
    if why == "no improvement":
        return f"stopped at {f'epoch {position(epoch)}' if epoch is not None else f'step {step}'}: no improvement"
    return f"{why} at step {step}" if why in ("diverged", "interrupted") else f"stopped at step {step}: {why}"


def position(value: float) -> str:
    """A place on the x axis with up to two decimals.

    >>> position(3.0), position(0.125)
    ('3', '0.13')
    """
    text = f"{Decimal(float(value)).quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") or "0"


def values(curve: Curve, metric: str) -> np.ndarray:
    return np.array(curve.values.get(metric, [math.nan] * len(curve.step)), float)
