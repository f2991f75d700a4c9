"""The default source of randomness.  Every function that draws takes ``generator=`` and falls back to this one."""
from __future__ import annotations

import sys

import numpy as np

_default = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Seeds the default generator of ``dlbook.scratch``, and PyTorch's too if PyTorch is loaded; returns the former.

    >>> a = manual_seed(0).random()
    >>> a == manual_seed(0).random()
    True
    """
    global _default
    _default = np.random.default_rng(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return _default


def default_generator(generator: np.random.Generator | None = None) -> np.random.Generator:
    """``generator`` itself, or the default one when it is ``None``."""
    if generator is None:
        return _default
    if not isinstance(generator, np.random.Generator):
        raise TypeError(f"generator: got {type(generator).__name__}; pass a numpy.random.Generator, "
                        "for example np.random.default_rng(0)")
    return generator
