"""Training records made by formula: ten long runs, and runs that end in different ways."""
from __future__ import annotations

import math

import numpy as np

SPIKE = 37.5  # one value of one run


def long_runs(runs: int = 10, steps: int = 1000, per_epoch: int = 50) -> list[dict]:
    records = []
    for k in range(runs):
        random = np.random.default_rng(k)
        for step in range(1, steps + 1):
            loss = (2.3 - 0.02 * k) * math.exp(-step / (120 + 60 * k)) + 0.02 * (k + 1)
            common = {"run": f"lr = {0.5 / 2**k:.3g}", "epoch": step / per_epoch, "step": step}
            ends = {"seconds": 0.011 * step * (1 + 0.1 * k) + 1e-4 * random.random(), "device": "cpu"}
            noisy = SPIKE if (k, step) == (3, 641) else loss * (1 + 0.4 * random.random())
            records.append(common | {"split": "train", "loss": noisy, "accuracy": 1 - loss / 3} | ends)
            if step % per_epoch == 0:
                val = 1.1 * loss + 0.0001 * step * (k == 0)
                records.append(common | {"split": "val", "loss": val, "accuracy": 1 - val / 3} | ends)
    return records


def endings() -> dict[str, list[dict]]:
    def run(losses, val=(), **last):
        both = [(split, i + 1, v) for split, part in (("train", losses), ("val", val)) for i, v in enumerate(part)]
        records = [{"epoch": i / 2, "step": i, "split": s, "loss": v} for s, i, v in sorted(both, key=lambda b: b[1])]
        records[-1] |= last
        return records

    fall = [2 * 0.9**i for i in range(20)]
    return {
        "lr = 10": run([2.0, 40.0, 3e4, 5e9, math.nan], stopped="diverged"),
        "stopped by hand": run([v + 0.1 for v in fall[:8]] + [math.nan], fall[:8], stopped="interrupted"),
        'patient, "best" <b>': run(fall[:15], [v + 0.2 for v in fall[:15]], stopped="no improvement"),
        "complete": run([v + 0.3 for v in fall], fall),
        "one record": run([1.4]),
        "infinite in between": run([1.9, 1.7, math.inf, 1.4, 1.2, 1.0]),
    }
