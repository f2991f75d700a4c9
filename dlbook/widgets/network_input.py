"""What a reader brings to the network playground: points and trained weights, checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

MAX_ROWS, MIN_ROWS, LARGEST = 1000, 4, 1e9
MOST_LAYERS, MOST_UNITS = 4, 8


def array(name: str, value) -> np.ndarray:
    """float64 from arrays, lists and tensors of any kind."""
    for method in ("detach", "cpu"):  # of a tensor that has a gradient or lives on a device
        value = getattr(value, method)() if hasattr(value, method) else value
    try:
        a = np.asarray(value, float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected numbers, got {type(value).__name__} ({error})") from None
    if not np.isfinite(a).all():
        bad = np.argwhere(~np.isfinite(a))[0].tolist()
        raise ValueError(f"{name}: {a[tuple(bad)]} at index {bad}; every number must be finite")
    return a


def rows(X, y) -> list[list[float]]:
    """X (n, 2) with labels y in {0, 1}, or X (n,) or (n, 1) with numbers y, as rows."""
    if X is None or y is None:
        raise ValueError("NetworkPlayground: X and y belong together; " + ("y" if y is None else "X") + " is missing")
    X, y = array("X", X), array("y", y)
    if X.ndim not in (1, 2) or X.ndim == 2 and X.shape[1] not in (1, 2):
        raise ValueError(f"X: got shape {X.shape}; expected (n, 2) for two classes, (n,) or (n, 1) for a regression")
    X = X.reshape(len(X), -1)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (len(X),):
        raise ValueError(f"y: got shape {y.shape} for X of shape {X.shape}; expected ({len(X)},)")
    if not MIN_ROWS <= len(X) <= MAX_ROWS:
        raise ValueError(f"X: got {len(X)} points; from {MIN_ROWS} to {MAX_ROWS} are shown")
    if X.shape[1] == 2 and sorted(set(y.tolist())) != [0, 1]:
        raise ValueError(
            f"y: got the labels {sorted(set(y.tolist()))[:5]}; both 0 and 1 are expected, and nothing else"
        )
    if max(np.abs(X).max(), np.abs(y).max()) > LARGEST:
        raise ValueError(f"X, y: numbers up to {LARGEST:g} are shown, got {max(np.abs(X).max(), np.abs(y).max()):g}")
    return np.column_stack([X, y]).tolist()


def layers(state_dict: Mapping) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, weight (k, d), bias (k,)) of each linear layer, in order and fitting."""
    if not isinstance(state_dict, Mapping) or not state_dict:
        raise ValueError(
            f"from_state_dict: expected a mapping of names to arrays, got {type(state_dict).__name__}"
            f"{'; pass model.state_dict()' if hasattr(state_dict, 'state_dict') else ''}"
        )
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, value in state_dict.items():
        layer, _, part = str(name).rpartition(".")
        if part not in ("weight", "bias"):
            raise ValueError(
                f"from_state_dict: {name!r} is neither a weight nor a bias; names look like 'layers.0.weight'"
            )
        parts.setdefault(layer, {})[part] = array(str(name), value)
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    before = None
    for name, part in parts.items():
        for missing in {"weight", "bias"} - part.keys():
            raise ValueError(f"from_state_dict: {name}.{missing} is missing; every layer has a weight and a bias")
        weight, bias = part["weight"], part["bias"]
        if weight.ndim != 2 or 0 in weight.shape:
            raise ValueError(f"{name}.weight: got shape {weight.shape}; expected (outputs, inputs)")
        if bias.shape != weight.shape[:1]:
            raise ValueError(
                f"{name}.bias: got shape {bias.shape}; expected {weight.shape[:1]}, one number for each row of the "
                f"weight {weight.shape}"
            )
        if before is not None and weight.shape[1] != before:
            raise ValueError(f"{name}.weight: takes {weight.shape[1]} inputs, the layer before it gives {before}")
        before = weight.shape[0]
        found.append((name, weight, bias))
    if before != 1:
        raise ValueError(f"{found[-1][0]}.weight: gives {before} outputs; the playground shows networks with 1 output")
    widths = [weight.shape[0] for _, weight, _ in found[:-1]]
    if len(widths) > MOST_LAYERS or max(widths, default=0) > MOST_UNITS:
        raise ValueError(
            f"from_state_dict: hidden layers of {widths} units; the playground shows up to {MOST_LAYERS} of up to "
            f"{MOST_UNITS} units"
        )
    return found
