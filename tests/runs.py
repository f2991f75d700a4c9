"""Training records for the tests, and what the page makes of them."""

from __future__ import annotations

import base64
import math

import numpy as np
from node import node

from dlbook.widgets import RunViewer


def record(step=1, loss=1.0, **more) -> dict:
    return {"run": "a", "epoch": step / 4, "step": step, "split": "train", "loss": loss, **more}


def histogram(values, bins=30) -> dict:
    counts, edges = np.histogram(values, bins)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def long_runs(runs: int, steps: int, metrics=("accuracy",), spikes=()) -> list[dict]:
    out = []
    for k in range(runs):
        random = np.random.default_rng(k)
        for i in range(1, steps + 1):
            loss = dict(spikes).get((k, i), math.exp(-i / steps) + random.random())
            out.append(
                {
                    "run": f"run {k}",
                    "epoch": i / 50,
                    "step": i,
                    "split": "train",
                    "loss": loss,
                    **{m: random.random() for m in metrics},
                    "seconds": i * 0.013 + random.random() * 1e-3,
                    "device": "cpu",
                }
            )
            if i % 50 == 0:
                out.append({**out[-1], "split": "val", "loss": 1.1 * out[-1]["loss"]})
    return out


def unpacked(*states: tuple[dict, bytes]):
    """Runs as js/run_data.mjs reads them, the second state behind the first; NaN and infinities as texts."""
    packed = [[index, base64.b64encode(content).decode()] for index, content in states]
    return node(
        """import { unpack, merge } from "./run_data.mjs";
        const [head, tail] = data.map(([index, b]) => unpack(index, new Uint8Array(Buffer.from(b, "base64"))));
        const text = (v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
        const plain = (k, v) => (ArrayBuffer.isView(v) ? Array.from(v) : text(v));
        console.log(JSON.stringify(tail ? merge(head, tail) : head, plain));""",
        packed,
    )


def shown(viewer: RunViewer):
    return unpacked((viewer.head, viewer.head_bytes), (viewer.tail, viewer.tail_bytes))


def floats(values) -> np.ndarray:
    return np.array([float(v) for v in values])
