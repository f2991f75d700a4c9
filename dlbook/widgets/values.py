"""What several widgets need: traits that take arrays, checks with a message, numbers and tables as text."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Real

import numpy as np
import traitlets

_HIGH = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Numbers(traitlets.List):
    """A list of numbers, or of lists of numbers; an array is taken too."""

    def validate(self, obj, value):
        return super().validate(obj, value.tolist() if isinstance(value, np.ndarray) else value)


def within(trait: str, value: float, low: float, high: float) -> float:
    """The value as a float.  TraitError if it is no number from ``low`` to ``high``."""
    if not isinstance(value, Real) or not low <= value <= high:  # false for NaN too
        raise traitlets.TraitError(f"{trait}: got {value!r}; a number from {low:g} to {high:g} is expected")
    return float(value)


def known(trait: str, name: str, names: Iterable[str]) -> str:
    """The name.  TraitError, with the nearest one, if it is not among ``names``."""
    names = list(names)
    if name in names:
        return name
    near = difflib.get_close_matches(str(name).lower(), names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise traitlets.TraitError(f"{trait}: {name!r} is not known{hint}. Known are {', '.join(names)}")


def fixed(value: float, digits: int = 2) -> str:
    """The number with a true minus sign, and no minus zero.

    >>> fixed(-0.004), fixed(-1.5), fixed(float("inf"))
    ('0.00', '−1.50', '∞')
    """
    return f"{value:z.{digits}f}".replace("-", "−").replace("inf", "∞").replace("nan", "–")


def power(value: float, digits: int = 2) -> str:
    """The number with a power of ten where it is small or large.

    >>> power(-0.00012), power(0.25), power(0), power(123456.0), power(float("nan"))
    ('−1.2·10⁻⁴', '0.25', '0', '1.2·10⁵', '–')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else fixed(value)
    first, exponent = f"{value:.{digits - 1}e}".split("e")
    if -3 <= int(exponent) < 4:
        return fixed(value, max(0, digits - 1 - int(exponent)))
    return f"{first.replace('-', '−')}·10{str(int(exponent)).translate(_HIGH)}"


def html_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first cell of each row is its heading."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(text)}</td>" for text in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
