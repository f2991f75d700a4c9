"""Training records, checked and sorted into runs.  The schema of a record stands in ``dlbook.train``."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real

import numpy as np

SPLITS = ("train", "val")
KINDS = ("activation", "gradient")
MOST_RUNS, MOST_METRICS, MOST_LAYERS, MOST_BINS = 20, 16, 64, 256
_TEXTS = ("run", "split", "device", "stopped")
_COUNTS = ("epoch", "step", "seconds")  # of these a number that is not finite makes no sense


@dataclass(frozen=True)
class Histogram:
    """Counts (n,) of values in n bins of equal width from ``low`` to ``high``."""

    low: float
    high: float
    counts: np.ndarray

    @cached_property
    def packed(self) -> bytes:
        """As the page gets it: the number of bins, the ends as float32, the counts; seven bits of a number a byte."""
        ends = struct.pack("<ff", self.low, self.high)
        return _varints([len(self.counts)]) + ends + _varints(self.counts.tolist())


def _varints(counts: list[int]) -> bytes:
    if max(counts) < 128:
        return bytes(counts)
    out = bytearray()
    for count in counts:
        while count > 127:
            out.append(count & 127 | 128)
            count >>= 7
        out.append(count)
    return bytes(out)


@dataclass
class Curve:
    """The records of one split of a run; every list is as long as ``step``."""

    step: list[int] = field(default_factory=list)
    epoch: list[float] = field(default_factory=list)  # empty if the records do not say it
    seconds: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)  # NaN where a record lacks the metric


@dataclass
class Run:
    name: str
    device: str = ""
    stopped: tuple[str, int, float | None, str] | None = None  # why, at which step and epoch, in which split
    curves: dict[str, Curve] = field(default_factory=dict)
    frames: Curve = field(default_factory=Curve)  # the training records that hold histograms
    histograms: list[dict[str, dict[str, Histogram]]] = field(default_factory=list)  # kind, layer: one of each of them
    sizes: list[int] = field(default_factory=list)  # bytes of these


class Runs:
    """Runs by name, in the order in which they came; and the records as they came, with plain values."""

    def __init__(self):
        self.records: list[dict] = []
        self.runs: dict[str, Run] = {}
        self.metrics: list[str] = ["loss"]

    def add(self, record: Mapping, name: str | None = None) -> None:
        """Takes a record in; ``name`` overrides its run.  ValueError, and nothing changes, if it is not in order."""
        record, histograms = clean(record, name)
        run = self.runs.get(record["run"])
        if run is None:
            if len(self.runs) == MOST_RUNS:
                raise ValueError(f"RunViewer: {record['run']!r} is run {MOST_RUNS + 1}; up to {MOST_RUNS} are shown")
            run = Run(record["run"])
        curve = run.curves.get(record["split"], Curve())
        _check_order(run, curve, record)
        own = [key for key in record if key not in (*_TEXTS, *_COUNTS, *KINDS)]
        if len(metrics := list(dict.fromkeys(self.metrics + own))) > MOST_METRICS:
            raise ValueError(f"RunViewer: more than {MOST_METRICS} metrics: {', '.join(metrics)}")

        self.records.append(record)
        self.metrics = metrics
        self.runs[run.name] = run
        run.curves[record["split"]] = curve
        run.device = record.get("device", run.device)
        if "stopped" in record:
            run.stopped = (record["stopped"], record["step"], record.get("epoch"), record["split"])
        _append(curve, record)
        for metric in dict.fromkeys([*curve.values, *own]):
            values = curve.values.setdefault(metric, [math.nan] * (len(curve.step) - 1))
            values.append(record.get(metric, math.nan))
        if histograms and record["split"] == "train":
            _append(run.frames, record)
            run.histograms.append(histograms)
            run.sizes.append(sum(len(h.packed) for layers in histograms.values() for h in layers.values()))

    def restart(self, name: str) -> None:
        """Forgets what a run has recorded; it keeps its place."""
        self.runs[name] = Run(name)
        self.records = [r for r in self.records if r["run"] != name]
        self.metrics = list(dict.fromkeys(["loss", *(m for _, _, curve in self.curves() for m in curve.values)]))

    def curves(self) -> Iterator[tuple[Run, str, Curve]]:
        for run in self.runs.values():
            for split in SPLITS:
                if split in run.curves:
                    yield run, split, run.curves[split]

    def layers(self) -> list[str]:
        """Names of the layers that some histogram belongs to."""
        frames = (frame for run in self.runs.values() for frame in run.histograms)
        return list(dict.fromkeys(layer for frame in frames for layers in frame.values() for layer in layers))


def clean(record, name: str | None = None) -> tuple[dict, dict[str, dict[str, Histogram]]]:
    """The record with plain Python values, ``run`` and ``split`` filled in, and its histograms as arrays."""
    if not isinstance(record, Mapping):
        raise ValueError(f"RunViewer: a record is a dict as dlbook.train yields it, got {type(record).__name__}")
    for key in ("step", "loss"):
        if record.get(key) is None:
            has = ", ".join(map(str, record)) or "nothing"
            raise ValueError(f"RunViewer: a record needs {key!r}; this one has {has}")
    plain = {"run": _name(record.get("run", "run") if name is None else name)}
    histograms = {}
    for key, value in record.items():
        if key == "run" or value is None:
            continue
        if not isinstance(key, str):
            raise ValueError(f"RunViewer: the keys of a record are texts, got {key!r}")
        if key in KINDS:
            plain[key], found = _layers(key, value)
            if found:
                histograms[key] = found
        elif key in _TEXTS:
            if not isinstance(value, str):
                raise ValueError(f"RunViewer: {key} is a text, got {value!r}")
            plain[key] = value
        else:
            plain[key] = _number(key, value)
    if plain.setdefault("split", "train") not in SPLITS:
        raise ValueError(f"RunViewer: split is 'train' or 'val', got {plain['split']!r}")
    for key in _COUNTS:
        if key in plain and not (math.isfinite(plain[key]) and plain[key] >= 0):
            raise ValueError(f"RunViewer: {key} is a finite number from 0, got {plain[key]}")
    if plain["step"] != int(plain["step"]) or plain["step"] > 2**32 - 1:
        raise ValueError(f"RunViewer: step counts updates, got {plain['step']}")
    plain["step"] = int(plain["step"])
    return plain, histograms


def _name(run) -> str:
    if isinstance(run, bool) or not isinstance(run, (str, int, float)) or not str(run).strip():
        raise ValueError(f"RunViewer: run is the name of a run, got {run!r}")
    return str(run)


def _number(key: str, value) -> float:
    """int or float from a number of Python, NumPy or PyTorch, on whatever device."""
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (ValueError, RuntimeError):
            shape = tuple(value.shape)
            raise ValueError(f"RunViewer: {key} is one number, got a {type(value).__name__} of shape {shape}") from None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"RunViewer: {key} is a number, got {value!r}; metrics are numbers by name")
    return value if isinstance(value, int) else float(value)


def _layers(kind: str, layers) -> tuple[dict, dict[str, Histogram]]:
    if not isinstance(layers, Mapping):
        raise ValueError(f"RunViewer: {kind} maps names of layers to histograms, got {type(layers).__name__}")
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"RunViewer: {kind} has {len(layers)} layers; up to {MOST_LAYERS} are shown")
    plain, found = {}, {}
    for layer, histogram in layers.items():
        where = f"RunViewer: {kind} of {layer!r}"
        if not isinstance(histogram, Mapping) or not {"edges", "counts"} <= histogram.keys():
            raise ValueError(f'{where} is {{"edges": [...], "counts": [...]}}, got {histogram!r:.80}')
        edges, counts = (_array(where, part, histogram[part]) for part in ("edges", "counts"))
        if len(edges) != len(counts) + 1 or not 1 <= len(counts) <= MOST_BINS:
            raise ValueError(
                f"{where} has {len(edges)} edges and {len(counts)} counts; n counts (up to {MOST_BINS}) "
                "need n + 1 edges"
            )
        whole = counts.astype(np.int64)
        if counts.min() < 0 or (whole != counts).any() or not whole.any():
            raise ValueError(f"{where}: counts are whole numbers from 0, not all 0; got {counts[:5].tolist()} ...")
        low, high = float(edges[0]), float(edges[-1])
        width = (high - low) / len(counts)
        slack = 1e-3 * width + 1e-6 * max(abs(low), abs(high))  # edges may be float32
        if not width > 0 or np.abs(edges[1:] - edges[:-1] - width).max() > slack:
            raise ValueError(
                f"{where}: edges rise in equal steps, as np.histogram(values, 30) gives them; "
                f"got {edges[:4].tolist()} ..."
            )
        plain[str(layer)] = {"edges": edges.tolist(), "counts": whole.tolist()}
        found[str(layer)] = Histogram(low, high, whole)
    return plain, found


def _array(where: str, part: str, value) -> np.ndarray:
    for method in ("detach", "cpu"):  # of a tensor that has a gradient or lives on a device
        value = getattr(value, method)() if hasattr(value, method) else value
    try:
        a = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: {part} are numbers, got {value!r:.80}") from None
    if a.ndim != 1 or not np.isfinite(a).all():
        raise ValueError(f"{where}: {part} are a list of finite numbers, got {value!r:.80}")
    return a


def _check_order(run: Run, curve: Curve, record: dict) -> None:
    for key in ("step", "epoch", "seconds"):
        if key in record and getattr(curve, key) and record[key] < getattr(curve, key)[-1]:
            raise ValueError(
                f"RunViewer: run {run.name!r} goes back from {key} {getattr(curve, key)[-1]:g} to {record[key]:g}; two "
                "runs need two names: train(..., run='other') or RunViewer({'one': records, 'other': others})"
            )
    for earlier in run.curves.values():
        for key in ("epoch", "seconds"):
            if (key in record) != bool(getattr(earlier, key)):
                raise ValueError(f"RunViewer: run {run.name!r}: all of its records have {key!r}, or none of them")


def _append(curve: Curve, record: dict) -> None:
    for key in ("step", "epoch", "seconds"):
        if key in record:
            getattr(curve, key).append(record[key])


def flat(records) -> list[tuple[str | None, Mapping]]:
    """(name of the run or None, record) of each record."""
    if records is None:
        return []
    if isinstance(records, Mapping):
        if "loss" in records or "step" in records:
            raise ValueError("RunViewer: got one record; put it into a list, RunViewer([record]), or use viewer.add")
        return [(name, record) for name, part in records.items() for _, record in _flat_list(part, f" for {name!r}")]
    return _flat_list(records)


def _flat_list(records, where: str = "") -> list[tuple[None, Mapping]]:
    if isinstance(records, (list, tuple)):
        return [(None, record) for record in records]
    if hasattr(records, "__next__"):
        raise ValueError("RunViewer: got a loop that has not run; use viewer = RunViewer(); viewer.watch(train(...))")
    hint = "; pass frame.to_dict('records')" if hasattr(records, "to_dict") else ""
    raise ValueError(f"RunViewer: expected a list of records{where}, got {type(records).__name__}{hint}")
