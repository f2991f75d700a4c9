"""The checkers behind the exercises, one module for each chapter.

A checker takes the reader's answer and says whether it is right, or gives a hint.  It never raises: an answer that is
missing, of the wrong kind, or that fails by itself gets a sentence, so that "run all cells" always goes through.
"""
from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable

import numpy as np


class Hint(Exception):
    """Raised inside a checker: what is not right yet, as a sentence that helps."""


def checker(check: Callable[..., str]) -> Callable[..., None]:
    """Turns ``check(answer) -> praise``, which raises ``Hint`` for a wrong answer, into one that prints a verdict."""

    @functools.wraps(check)
    def tell(*answer) -> None:
        if any(a is None or a is Ellipsis for a in answer):
            verdict = "Not answered yet."
        else:
            try:
                verdict = f"Right. {check(*answer)}"
            except Hint as hint:
                verdict = f"Not yet. {hint}"
            except Exception as error:
                verdict = f"Not yet. Your answer stopped with {type(error).__name__}: {error}"
        print(textwrap.fill(verdict, 76))

    return tell


def number(answer, name: str = "the answer") -> float:
    """The answer as a float, or a hint."""
    if answer is None or answer is Ellipsis:
        raise Hint(f"Your function returned nothing: {name} is missing.")
    try:
        value = float(answer)
    except (TypeError, ValueError):
        raise Hint(f"{name} should be a number; it is {answer!r}.") from None
    if not np.isfinite(value):
        raise Hint(f"{name} should be a finite number; it is {value}.")
    return value


def array(answer, shape: tuple[int, ...], name: str = "the answer") -> np.ndarray:
    """The answer as an array of this shape, or a hint."""
    if answer is None or answer is Ellipsis:
        raise Hint(f"Your function returned nothing: {name} is missing.")
    try:
        value = np.asarray(answer, float)
    except (TypeError, ValueError):
        raise Hint(f"{name} should be an array of numbers; it is {answer!r}.") from None
    if value.shape != shape:
        raise Hint(f"{name} should have shape {shape}; it has shape {value.shape}.")
    return value
