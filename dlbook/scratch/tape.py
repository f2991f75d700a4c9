"""What the tape is made of: the clock that orders the notes, the switch, hooks, and the checks of each gradient."""
from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import numpy as np

clock = itertools.count()
recording = True


class no_grad(contextlib.ContextDecorator):
    """Nothing that happens inside ``with no_grad():`` is noted on the tape."""

    def __enter__(self):
        global recording
        self._before, recording = recording, False

    def __exit__(self, *exc):
        global recording
        recording = self._before


class RemovableHandle:
    """What ``register_hook`` and ``register_forward_hook`` return; ``remove()`` takes the hook away again."""

    def __init__(self, hooks: dict[int, Callable], hook: Callable):
        self._hooks, self._key = hooks, next(clock)
        hooks[self._key] = hook

    def remove(self) -> None:
        self._hooks.pop(self._key, None)


def first_gradient(y: np.ndarray, gradient: np.ndarray | None, kept: bool) -> np.ndarray:
    """``gradient`` itself, or a copy if it will be ``kept``, so that nobody else can change what is kept."""
    if gradient is None:
        if y.size != 1:
            raise RuntimeError(f"grad can be implicitly created only for scalar outputs; this one has shape {y.shape}: "
                               "take a sum or a mean, or pass gradient=")
        return np.ones_like(y)
    gradient = np.array(gradient, dtype=y.dtype, copy=True if kept else None)
    if gradient.shape != y.shape:
        raise RuntimeError(f"backward: got a gradient of shape {gradient.shape} for an output of shape {y.shape}")
    return gradient


def gradients(vjp: Callable | tuple, dy: np.ndarray, needed: list[bool]) -> list:
    """The gradient of each input, None for those that need none."""
    if callable(vjp):
        return [g if need else None for need, g in zip(needed, vjp(dy), strict=True)]
    return [dx(dy) if need else None for need, dx in zip(needed, vjp, strict=True)]


def checked(g, input: np.ndarray, output: np.ndarray) -> np.ndarray:
    g = np.asarray(g)
    if g.shape != input.shape:
        raise RuntimeError(f"the gradient of an input has shape {g.shape}, the input {input.shape}; "
                           f"the operation that made the output of shape {output.shape} is wrong")
    return g.astype(input.dtype, copy=False)


def freed(dy):
    raise RuntimeError("Trying to backward through the graph a second time: the notes on the tape were dropped by the "
                       "first call. Specify retain_graph=True for the first call of backward().")
