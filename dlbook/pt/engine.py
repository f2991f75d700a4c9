"""Where PyTorch computes.  Nothing else in the package chooses a device."""
from __future__ import annotations

import torch


def device(name: str = "auto") -> torch.device:
    """The device called ``name``: "cpu", "cuda", "cuda:1", "mps"; "auto" takes the best there is.

    Raises RuntimeError if it is not there, and says what is.

    >>> device("cpu")
    device(type='cpu')
    """
    there = available()
    if name == "auto":
        return torch.device(there[0])
    try:
        wanted = torch.device(name)
    except RuntimeError as error:
        raise RuntimeError(f"device: unknown device {name!r}; on this computer there is {', '.join(there)}") from error
    full = str(wanted) if wanted.index is not None or wanted.type != "cuda" else "cuda:0"
    if full not in there:
        raise RuntimeError(f"device: {name!r} is not there; on this computer there is {', '.join(there)}. "
                           "Use device('auto') for the best of these" + _why(wanted.type))
    return wanted


def available() -> list[str]:
    """The devices of this computer, the best first."""
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def _why(kind: str) -> str:
    if kind == "cuda" and torch.version.cuda is None:
        return f". This PyTorch ({torch.__version__}) was built without CUDA; the README says how to install the other"
    return ""
