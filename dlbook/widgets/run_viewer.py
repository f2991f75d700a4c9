"""Loss curves and what goes on inside the layers: the records of real runs, while they train and afterwards."""

from __future__ import annotations

import difflib
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from pathlib import Path

import traitlets

from dlbook.widgets import run_columns, run_csv, run_numbers, run_poster
from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.run_records import KINDS, SPLITS, Runs, flat

TAIL = 24_000  # bytes that may be sent again and again while a loop runs; then everything is packed anew
PLACES = ("epoch", "step", "seconds")


class RunViewer(Widget):
    """The records of one or more runs of ``dlbook.train``, of scratch or PyTorch models, on any device.

    ``records``: a list of records (``run`` tells several runs apart), or a dict of name -> records, or nothing yet.

    >>> viewer = RunViewer({"a": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}]}, log=True)
    >>> viewer.add({"run": "b", "step": 1, "loss": 2.2})
    >>> viewer
    RunViewer(log_scale=True, runs=['a', 'b'])

    ``metric`` "loss" or a metric of the records · ``log`` scale, as a trait ``log_scale`` · ``smoothing`` 0 to 0.999,
    the weight of the past in an exponential moving average · ``x`` "epoch", "step" or "seconds" · ``at`` place of the
    cursor on x, None: the end · ``splits`` "train", "val" · ``hidden`` runs, by name or number · ``histograms``
    "activation", "gradient" or None · ``layer`` one layer, "" for all · ``focus`` the run whose layers are shown

    Up to 20 runs (ten have a color of their own), 16 metrics, 64 layers, 256 bins.  The page gets what fits into
    150 KB, such as ten runs of a thousand steps with a loss and one metric; of longer runs it shows every stretch by
    its lowest and highest values, of histograms every k-th, and says so.  ``records`` and ``to_csv`` have everything.

    ValueError for records that are not in order, TraitError for a name that is not known or a number out of range.
    """

    _esm = bundle("run_viewer")
    metric = traitlets.Unicode("loss").tag(sync=True)
    log_scale = traitlets.Bool(False).tag(sync=True)
    smoothing = traitlets.Float(0.0).tag(sync=True)
    x = traitlets.Unicode("epoch").tag(sync=True)
    at = traitlets.Float(None, allow_none=True, help="place of the cursor on the x axis, None: the end").tag(sync=True)
    splits = traitlets.List(traitlets.Unicode(), default_value=list(SPLITS)).tag(sync=True)
    hidden = traitlets.List(help="numbers of the runs that are not drawn").tag(sync=True)
    histograms = traitlets.Unicode("activation", allow_none=True).tag(sync=True)
    layer = traitlets.Unicode("").tag(sync=True)
    focus = traitlets.Any(0, help="number of the run whose layers are shown").tag(sync=True)
    # what run_columns makes of the records: nearly everything, and what has come since
    head = traitlets.Dict().tag(sync=True)
    head_bytes = traitlets.Bytes().tag(sync=True)
    tail = traitlets.Dict().tag(sync=True)
    tail_bytes = traitlets.Bytes().tag(sync=True)

    def __init__(self, records=None, *, log: bool | None = None, **kwargs):
        if log is not None:  # as a trait the name is taken: each widget has a logger of that name
            kwargs["log_scale"] = log
        self._runs, self._pace = Runs(), _Pace()
        self._since: dict[str, dict[str, int]] = {}  # how much of each run the head has
        self._stale = False  # whether the head is to be made anew
        self._late = False  # whether the end of the cell is waited for
        for name, record in flat(records):
            self._runs.add(record, name)
        kwargs["head"], kwargs["head_bytes"] = run_columns.pack(self._runs)
        self._since = run_columns.counts(self._runs)
        super().__init__(**kwargs)

    # ---- records in
    def add(self, record: Mapping) -> None:
        """Takes one record in.  In a loop the page hears of it a few times a second, and at the end of the cell."""
        self._runs.add(record)
        if self._pace.ready():
            self._show()
        else:
            self._show_after_cell()

    def extend(self, records) -> None:
        """Takes records in, as the constructor does."""
        for name, record in flat(records):
            self._runs.add(record, name)
        self._show(settle=True)

    def watch(self, records: Iterable[Mapping]) -> list[dict]:
        """Runs the loop ``records = viewer.watch(train(...))`` and shows its records while they come; returns them.

        A run of the same name that is already there is replaced, so that a cell may run twice.  The last state is shown
        too if the loop raises.  Ctrl-C ends the loop and keeps its records, as it does in ``train``.
        """
        _check_iterable(records)
        loop, seen, old = iter(records), [], set(self._runs.runs)

        def take(record) -> None:
            name = record.get("run", "run") if isinstance(record, Mapping) else None
            if name in old:
                old.discard(name)
                self._runs.restart(name)
                self._stale = True
            self._runs.add(record)
            seen.append(record)
            if self._pace.ready():
                self._show()

        try:
            while True:
                try:
                    take(next(loop))
                except StopIteration:
                    return seen
                except KeyboardInterrupt:  # it may hit us and not the loop, which shall end in order all the same
                    for record in _interrupt(loop):
                        take(record)
        finally:
            self._show(settle=True)

    @property
    def records(self) -> list[dict]:
        """All records, with plain values, in the order in which they came."""
        return [dict(record) for record in self._runs.records]

    def to_csv(self, path=None) -> str | None:
        """The curves as comma-separated values, one record a line; as text, or into the file ``path``."""
        text = run_csv.text(self._runs)
        if path is None:
            return text
        Path(path).write_text(text, "utf8")
        return None

    # ---- records out, to the page
    def _show(self, settle: bool = False) -> None:
        """What is new goes into the tail, which is sent again and again; once it is long, all goes into the head."""
        start = time.monotonic()
        whole = settle or self._stale
        tail = ({}, b"") if whole else run_columns.pack(self._runs, self._since)
        with self.hold_sync():
            if whole or len(tail[1]) > TAIL:
                self.head, self.head_bytes = run_columns.pack(self._runs)
                self._since, self._stale, tail = run_columns.counts(self._runs), False, ({}, b"")
            self.tail, self.tail_bytes = tail
            if settle:
                self._fallback = self.fallback()
        self._pace.spent(time.monotonic() - start, len(self.tail_bytes) or len(self.head_bytes))

    def _show_after_cell(self) -> None:
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is None or self._late:
            return
        self._late = True

        def send(*_):
            shell.events.unregister("post_run_cell", send)
            self._late = False
            self._show(settle=True)

        shell.events.register("post_run_cell", send)

    # ---- settings
    @traitlets.validate("metric")
    def _check_metric(self, proposal):
        known = self._runs.metrics
        return _known("metric", proposal["value"], known) if self._runs.runs else proposal["value"]

    @traitlets.validate("x")
    def _check_x(self, proposal):
        return _known("x", proposal["value"], PLACES)

    @traitlets.validate("histograms")
    def _check_histograms(self, proposal):
        return _known("histograms", proposal["value"] or "none", [*KINDS, "none"])

    @traitlets.validate("layer")
    def _check_layer(self, proposal):
        layers = self._runs.layers()
        return _known("layer", proposal["value"], ["", *layers]) if layers else proposal["value"]

    @traitlets.validate("smoothing")
    def _check_smoothing(self, proposal):
        return _within("smoothing", proposal["value"], 0, 0.999)

    @traitlets.validate("at")
    def _check_at(self, proposal):
        return None if proposal["value"] is None else _within("at", proposal["value"], 0, 1e12)

    @traitlets.validate("splits")
    def _check_splits(self, proposal):
        wanted = [_known("splits", split, SPLITS) for split in proposal["value"]]
        return [split for split in SPLITS if split in wanted]

    @traitlets.validate("hidden")
    def _check_hidden(self, proposal):
        return sorted({self._number("hidden", run) for run in proposal["value"]})

    @traitlets.validate("focus")
    def _check_focus(self, proposal):
        return self._number("focus", proposal["value"])

    def _number(self, trait: str, run) -> int:
        names = list(self._runs.runs)
        if isinstance(run, str):
            return names.index(_known(trait, run, names))
        if isinstance(run, bool) or not isinstance(run, int) or not 0 <= run < max(1, len(names)):
            known = f"a run is a name or a number from 0 to {len(names) - 1}" if names else "there are no runs yet"
            raise traitlets.TraitError(f"{trait}: got {run!r}; {known}")
        return run

    def _own_traits(self) -> list[str]:
        packed = {"head", "head_bytes", "tail", "tail_bytes"}
        return [name for name in super()._own_traits() if name not in packed]

    def __repr__(self):
        text = super().__repr__()
        runs = f"runs={list(self._runs.runs)}"
        return f"{text[:-1]}{'' if text.endswith('()') else ', '}{runs})"

    # ---- print and readers without scripts
    def _shown(self) -> list:
        return [(i, run) for i, run in enumerate(self._runs.runs.values()) if i not in self.hidden]

    def poster(self) -> str:
        look = {"log": self.log_scale, "smoothing": self.smoothing, "x": self.x, "splits": self.splits}
        return run_poster.draw(self._shown(), metric=self.metric, **look)

    def table(self) -> str:
        runs = list(self._runs.runs.values())
        seen = [i for i, run in enumerate(runs) if run.histograms]
        focus = self.focus if self.focus in seen else next(iter(seen), None)
        layers = [] if focus is None else run_numbers.layers(runs[focus], self.histograms)
        curves = run_poster.table(self._shown(), self.metric)
        return curves + run_poster.layer_table(self._shown(), layers, self.histograms)


class _Pace:
    """When to send: ten times a second, in bursts of three; a fifth of the time at most, and 400 KB a second.

    Jupyter's server drops messages of more than 1 MB a second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock, self.credit, self.last, self.price = clock, 3.0, clock(), 0.1

    def ready(self) -> bool:
        now = self.clock()
        self.credit, self.last = min(3.0, self.credit + (now - self.last) / self.price), now
        return self.credit >= 1

    def spent(self, seconds: float, size: int) -> None:
        self.credit = max(0.0, self.credit - 1)
        self.price = max(0.1, 5 * seconds, size / 400_000)


def _check_iterable(records) -> None:
    if isinstance(records, (str, Mapping)) or not isinstance(records, Iterable):
        raise ValueError(
            f"RunViewer.watch: expected the records of a loop, as in watch(train(...)), got {records!r:.80}"
        )


def _interrupt(loop) -> Iterable[Mapping]:
    """Hands a Ctrl-C on to a loop that may still run; gives the record with which it ends, if it has one."""
    if not hasattr(loop, "throw"):
        raise KeyboardInterrupt
    try:
        return [loop.throw(KeyboardInterrupt())]
    except StopIteration:
        return []


def _known(trait: str, value, known):
    if value in known:
        return value
    near = difflib.get_close_matches(str(value), [str(k) for k in known], 1)
    hint = f"; did you mean {near[0]!r}?" if near and near[0] else ""
    names = ", ".join(repr(k) if k == "" else str(k) for k in known)
    raise traitlets.TraitError(f"{trait}: {value!r} is not known{hint}. Known are {names}")


def _within(trait: str, value, low: float, high: float) -> float:
    if not isinstance(value, Real) or not math.isfinite(value) or not low <= value <= high:
        raise traitlets.TraitError(f"{trait}: got {value!r}; a number from {low} to {high} is expected")
    return float(value)
