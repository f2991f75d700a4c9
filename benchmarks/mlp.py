"""One training step of the MLP, dlbook.scratch beside PyTorch on the CPU, one thread each.

Both run in turns in the same process, so that a busy machine slows both; the ratio is the number to compare.
"""
from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import statistics
import time

import numpy as np
import torch
from threadpoolctl import threadpool_info

from dlbook import pt, scratch

SHAPES = [([64, 32, 10], 32), ([784, 256, 10], 128), ([256, 256, 256, 10], 128)]
ROUNDS, SECONDS = 9, 0.08


def our_step(sizes, X, y):
    net = scratch.MLP(sizes)
    optimizer = scratch.SGD(net.parameters(), lr=0.1)
    X, y = scratch.as_tensor(X), scratch.as_tensor(y)

    def step():
        optimizer.zero_grad()
        scratch.cross_entropy(net(X), y).backward()
        optimizer.step()

    return step


def their_step(sizes, X, y):
    net = pt.MLP(sizes)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    X, y = torch.tensor(X), torch.tensor(y)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(X), y).backward()
        optimizer.step()

    return step


def median_time(f) -> float:
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def gemm_rate(n: int = 1024) -> float:
    """Billions of float32 operations a second in a matrix product."""
    a = np.ones((n, n), np.float32)
    return 2 * n**3 / median_time(lambda: a @ a) / 1e9


def main() -> None:
    torch.set_num_threads(1)
    blas = next(i for i in threadpool_info() if i["user_api"] == "blas" and "numpy" in i["filepath"])
    print(f"NumPy {np.__version__}, {blas['internal_api']} for {blas.get('architecture', 'unknown')}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}, {gemm_rate():.0f} GF/s; "
          f"PyTorch {torch.__version__}; one thread")
    print(f"{'layers':18} {'batch':>5} {'scratch ms':>11} {'PyTorch ms':>11} {'ratio':>6}")
    rng = np.random.default_rng(0)
    for sizes, batch in SHAPES:
        X = rng.standard_normal((batch, sizes[0])).astype(np.float32)
        y = rng.integers(0, sizes[-1], batch)
        ours, theirs = our_step(sizes, X, y), their_step(sizes, X, y)
        for warm_up in (ours, theirs):
            median_time(warm_up)
        pairs = [(median_time(ours), median_time(theirs)) for _ in range(ROUNDS)]
        a, b = (statistics.median(column) * 1000 for column in zip(*pairs))
        ratio = statistics.median(x / y for x, y in pairs)
        print(f"{'-'.join(map(str, sizes)):18} {batch:5} {a:11.3f} {b:11.3f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
