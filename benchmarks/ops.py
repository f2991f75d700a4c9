"""Forward and backward of each operation, dlbook.scratch beside PyTorch on the CPU, with the same number of threads.

    python benchmarks/ops.py [name of a row ...]

README.md beside this file says how it is measured and holds the table.  A row is one function that makes a step: it
gets the library, ours or PyTorch, and builds the same thing with either, for the names are the same.
"""
from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import ctypes
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from threadpoolctl import threadpool_info

from dlbook import pt, scratch

THREADS = int(os.environ["OPENBLAS_NUM_THREADS"])
ROUNDS, SECONDS = 9, 0.08
clock = time.process_time if THREADS == 1 else time.perf_counter  # one thread: what others do on the machine is out
MEMORY_TARGET, MEMORY_LEAST = 1.5, 1.0  # the ratio, and MB from which on it says something
Step = Callable[[], None]


@dataclass(frozen=True)
class Library:
    """Where a library keeps its layers, functions, optimizers and networks; ``tensor`` wraps an array."""

    layers: ModuleType
    functions: ModuleType
    optimizers: ModuleType
    networks: ModuleType
    tensor: Callable


LIBRARIES = {
    "scratch": Library(scratch, scratch, scratch, scratch, scratch.as_tensor),
    "PyTorch": Library(torch.nn, torch.nn.functional, torch.optim, pt, torch.as_tensor),
}


# ---- the rows
def layer(make: Callable, *shape: int) -> Callable[[Library], Step]:
    """A row: the layer ``make(lib.layers)`` on a random input of ``shape``, gradients of parameters and input."""
    def row(lib: Library) -> Step:
        module = make(lib.layers)
        x = random(lib, *shape).requires_grad_()
        return module_step(lib, module, x, x)
    return row


def attention(batch: int, length: int, width: int, heads: int) -> Callable[[Library], Step]:
    """A row: self-attention, without the weights that nobody asks for."""
    def row(lib: Library) -> Step:
        module = lib.layers.MultiheadAttention(width, heads, batch_first=True)
        x = random(lib, batch, length, width).requires_grad_()
        return module_step(lib, lambda x: module(x, x, x, need_weights=False), x, x, *module.parameters())
    return row


def cross_entropy(n: int, k: int) -> Callable[[Library], Step]:
    def row(lib: Library) -> Step:
        z, y = random(lib, n, k).requires_grad_(), labels(lib, n, k)

        def step() -> None:
            lib.functions.cross_entropy(z, y).backward()
            z.grad = None
        return step
    return row


def mlp(sizes: list[int], batch: int, optimizer_name: str = "SGD") -> Callable[[Library], Step]:
    """A row: one whole training step."""
    def row(lib: Library) -> Step:
        net = lib.networks.MLP(sizes)
        optimizer = getattr(lib.optimizers, optimizer_name)(net.parameters(), lr=1e-3)
        x, y = random(lib, batch, sizes[0]), labels(lib, batch, sizes[-1])

        def step() -> None:
            lib.functions.cross_entropy(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
        return step
    return row


# Each row with its targets, the ratio to PyTorch with AVX-512 kernels and with AVX2 kernels in NumPy's BLAS.
ROWS = {
    "MLP step 784-256-10, batch 128": (mlp([784, 256, 10], 128), 0.6, 0.95),
    "MLP step 64-32-10, batch 32": (mlp([64, 32, 10], 32), None, None),
    "MLP step 256-256-256-10, batch 128": (mlp([256, 256, 256, 10], 128), None, None),
    "the same with AdamW": (mlp([256, 256, 256, 10], 128, "AdamW"), None, None),
    "Conv2d 16→32, 3×3, padding 1, (32, 16, 28, 28)":
        (layer(lambda nn: nn.Conv2d(16, 32, 3, padding=1), 32, 16, 28, 28), 1.8, 2.9),
    "MaxPool2d 2×2, (32, 32, 28, 28)": (layer(lambda nn: nn.MaxPool2d(2), 32, 32, 28, 28), 0.4, 0.4),
    "BatchNorm2d, (32, 32, 28, 28)": (layer(lambda nn: nn.BatchNorm2d(32), 32, 32, 28, 28), 1.1, 1.1),
    "LSTM 64→128, T 50, batch 32": (layer(lambda nn: nn.LSTM(64, 128), 50, 32, 64), 1.4, 2.4),
    "GRU 64→128, T 50, batch 32": (layer(lambda nn: nn.GRU(64, 128), 50, 32, 64), 0.5, 0.75),
    "MultiheadAttention d 128, 4 heads, (16, 64, 128)": (attention(16, 64, 128, 4), 0.65, 1.0),
    "cross_entropy, (1024, 1000)": (cross_entropy(1024, 1000), 1.3, 1.3),
}


def random(lib: Library, *shape: int):
    return lib.tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


def labels(lib: Library, n: int, k: int):
    return lib.tensor(np.random.default_rng(1).integers(0, k, n))


def module_step(lib: Library, module: Callable, x, *leaves) -> Step:
    """Forward, backward with a fixed gradient, and away with the gradients of ``leaves`` and of the parameters."""
    def forward():
        y = module(x)
        return y[0] if isinstance(y, tuple) else y

    leaves = (*leaves, *getattr(module, "parameters", tuple)())
    gradient = random(lib, *forward().shape)

    def step() -> None:
        forward().backward(gradient)
        for leaf in leaves:
            leaf.grad = None
    return step


# ---- time
def median_time(f: Step) -> float:
    times, end = [], clock() + SECONDS
    while clock() < end:
        start = clock()
        f()
        times.append(clock() - start)
    return statistics.median(times)


def keep_memory() -> None:
    """Makes the allocator keep what is freed; otherwise a step pays for getting its pages from the system anew."""
    np.empty(31 << 20, np.uint8)


def compare(ours: Step, theirs: Step) -> tuple[float, float, float]:
    """Milliseconds of both, in turns, and the median of the ratios of the rounds."""
    for warm_up in (ours, theirs):
        median_time(warm_up)
    pairs = [(median_time(ours), median_time(theirs)) for _ in range(ROUNDS)]
    a, b = (statistics.median(column) * 1000 for column in zip(*pairs))
    return a, b, statistics.median(x / y for x, y in pairs)


def gemm_rate(n: int = 1024) -> float:
    """Billions of float32 operations a second in a matrix product."""
    a = np.ones((n, n), np.float32)
    return 2 * n**3 / statistics.median(median_time(lambda: a @ a) for _ in range(ROUNDS)) / 1e9


# ---- memory
def peak_growth(step: Step, times: int = 7) -> float:
    """MB by which one step after warm-up lifts the resident memory above where it was; Linux only."""
    trim = ctypes.CDLL(None).malloc_trim
    for _ in range(3):
        step()
    growth = []
    for _ in range(times):
        trim(0)                                             # what is free goes back to the system, in both libraries
        Path("/proc/self/clear_refs").write_text("5")       # the peak starts again from here
        before = resident("VmRSS")
        step()
        growth.append(resident("VmHWM") - before)
    return statistics.median(growth) / 1024


def resident(field: str) -> int:
    return int(re.search(rf"{field}:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])


def memory(name: str, library: str) -> float:
    """``peak_growth`` of a row in a process of its own; nan where the system does not tell."""
    if not Path("/proc/self/clear_refs").exists():
        return float("nan")
    return float(subprocess.check_output([sys.executable, __file__, "--memory", name, library], text=True))


# ---- the table
def main(names: list[str]) -> None:
    keep_memory()
    blas = next(i for i in threadpool_info() if i["user_api"] == "blas" and "numpy" in i["filepath"])
    kernels = blas.get("architecture", "unknown")
    wide = kernels in ("SkylakeX", "Cooperlake", "SapphireRapids")
    print(f"NumPy {np.__version__}, {blas['internal_api']} for {kernels}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}, {gemm_rate():.0f} GF/s; "
          f"PyTorch {torch.__version__}; threads: {THREADS}\n")
    header = ["float32", "scratch ms", "PyTorch ms", "ratio", "target", "scratch MB", "PyTorch MB", "ratio", "target"]
    line = "| {:48} | {:>10} | {:>10} | {:>6} | {:>8} | {:>10} | {:>10} | {:>6} | {:>6} |"
    print(line.format(*header), line.format("---", *["--:"] * 8), sep="\n", flush=True)
    for name in names:
        row, avx512, avx2 = ROWS[name]
        ours, theirs, ratio = compare(*(row(lib) for lib in LIBRARIES.values()))
        a, b = (memory(name, library) for library in LIBRARIES)
        target = avx512 if wide else avx2
        print(line.format(name, f"{ours:.3f}", f"{theirs:.3f}", *judged(ratio, target), f"{a:.1f}", f"{b:.1f}",
                          *(judged(a / b, MEMORY_TARGET) if b >= MEMORY_LEAST else ("", ""))), flush=True)


def judged(ratio: float, target: float | None) -> tuple[str, str]:
    """The ratio, in bold where it misses its target, and the target."""
    if target is None:
        return f"{ratio:.2f}", ""
    return f"{ratio:.2f}" if ratio <= target else f"**{ratio:.2f}**", f"≤ {target}"


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    if sys.argv[1:2] == ["--memory"]:
        print(peak_growth(ROWS[sys.argv[2]][0](LIBRARIES[sys.argv[3]])))
    else:
        main([name for name in ROWS if not sys.argv[1:] or any(part in name for part in sys.argv[1:])])
