"""The curves of runs as comma-separated values.  js/run_data.mjs writes the same text."""

from __future__ import annotations

import csv
import io
import math
from decimal import Decimal

from dlbook.widgets.run_records import Runs


def text(runs: Runs) -> str:
    """One record a line, run by run; numbers that are not there and NaN are empty."""
    names = ["run", "epoch", "step", "split", *runs.metrics, "seconds", "device", "stopped"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for run, split, curve in runs.curves():
        columns = {"epoch": curve.epoch, "step": curve.step, "seconds": curve.seconds, **curve.values}
        columns = {name: [number(v) for v in column] for name, column in columns.items() if column}
        for i in range(len(curve.step)):
            row = {"run": run.name, "split": split, "device": run.device}
            row |= {name: column[i] for name, column in columns.items()}
            if run.stopped and i == len(curve.step) - 1 and split == run.stopped[3]:
                row["stopped"] = run.stopped[0]
            writer.writerow([row.get(name, "") for name in names])
    return out.getvalue()


def number(value: float) -> str:
    """The shortest text that gives the number back, as JavaScript writes it; nothing for NaN.

    >>> number(1.0), number(1e-7), number(0.00001), number(1e16), number(float("nan"))
    ('1', '1e-7', '0.00001', '10000000000000000', '')
    """
    if not math.isfinite(value):
        return "" if math.isnan(value) else "inf" if value > 0 else "-inf"
    d = Decimal(repr(float(value)))
    if value == 0 or -7 < d.adjusted() < 21:
        text = f"{d:f}" if value else "0"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = "".join(map(str, d.as_tuple().digits)).rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{d.adjusted():+d}"
