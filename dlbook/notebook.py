"""What every chapter sets up in its first cell, and how it shows an error that it provokes."""
from __future__ import annotations

import textwrap

from dlbook import figures

WIDTH = 76  # characters that fit on a line of the page


def setup() -> None:
    """The figures' style, and a way out where a cell misses what an earlier cell makes."""
    figures.use()
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if shell := get_ipython():
        shell.set_custom_exc((NameError,), _missing_name)


def complain(error: BaseException) -> None:
    """Prints an error on purpose: its type and message, in lines that fit on the page.

    >>> complain(ValueError("x must be positive"))
    ValueError: x must be positive
    """
    for line in f"{type(error).__name__}: {error}".split("\n"):
        print(textwrap.fill(line, WIDTH, subsequent_indent="  "))


def _missing_name(shell, etype, value, tb, tb_offset=None) -> None:
    if value.name:
        hint = "If it is not misspelt, an earlier cell makes it: choose Run, Run All Above Selected Cell"
        value = etype(f"{value}. {hint}", name=value.name).with_traceback(tb)
    shell.showtraceback((etype, value, tb), tb_offset=tb_offset)
