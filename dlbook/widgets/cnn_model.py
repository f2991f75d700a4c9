"""A convolutional network read from a model: its layers in a row, its weights, and both as bytes for the page."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.scratch.window import pair

SIZES = (28, 32, 8)  # sides of the images that a model is tried with
MOST_MAPS, MOST_UNITS, LONGEST_SIDE, MOST_BYTES = 64, 1024, 64, 4_000_000
POINTWISE: dict[str, Callable] = {"relu": scratch.relu, "tanh": scratch.tanh, "sigmoid": scratch.sigmoid}
NOTHING = {"Flatten", "Identity", "Dropout", "Dropout1d", "Dropout2d"}  # what changes no number of a trained network
LAST = {"Softmax", "LogSoftmax"}  # what may end a model; the page has its own
SHOWN = "Conv2d, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1), ReLU, Tanh, Sigmoid, Flatten, Dropout, Linear"


class Network(NamedTuple):
    """``layers``: what each computes, as in js/cnn_net.mjs · ``tensors``: weights by name · ``side`` of the image."""

    layers: list[dict]
    tensors: dict[str, np.ndarray]
    side: int
    classes: int


class Call(NamedTuple):
    """A layer as it was called: its name in the model, what went in (None if it works in place) and what came out."""

    name: str
    module: object
    taken: np.ndarray | None
    given: np.ndarray

    def __str__(self) -> str:
        return f"{self.name or 'the model'} ({type(self.module).__name__})"


def read(model, size: int | None = None) -> Network:
    """The network of ``model``, a model of ``dlbook.scratch`` or PyTorch that is a row of layers.

    It is run once, on noise of 1 × ``size`` × ``size`` pixels (None: 28, 32 or 8, whichever fits first), and what
    each layer is given must be what the one before it gave; relu, tanh and sigmoid may be functions between layers.
    ValueError that names the layer for anything else.
    """
    if not (hasattr(model, "named_modules") and hasattr(model, "register_forward_hook")):
        way = "; pass the model itself" if isinstance(model, (dict, str)) or hasattr(model, "keys") else ""
        raise ValueError(f"InsideCNN: got {type(model).__name__}; expected a model of dlbook.scratch or PyTorch{way}")
    image, calls, output = _tried(model, SIZES if size is None else (size,))
    if not calls:
        raise ValueError(f"InsideCNN: {type(model).__name__} has no layers; it shows {SHOWN}")
    if output.ndim != 2 or output.shape[1] < 2:
        raise ValueError(f"InsideCNN: the output has shape {output.shape}; expected (n, classes), two or more")
    if type(calls[-1].module).__name__ in LAST:
        calls.pop()
    tensors = {name: value for call in calls for name, value in _tensors(call)}
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise ValueError(f"InsideCNN: {name} holds numbers that are not finite; was the training stable?")
    layers, before, last = [], image, "the image"
    for call in calls:
        if call.taken is not None:
            layers += _between(before, call.taken, last, str(call))
        layers += _layer(call)
        before, last = call.given, str(call)
    if not _same(before, output):
        layers += _between(before, output, last, "the output")
    network = Network(layers, tensors, image.shape[-1], output.shape[-1])
    _check(network, output, image)
    return network


# ---- the model is run once, each layer noted as it is called
def _tried(model, sizes) -> tuple[np.ndarray, list[Call], np.ndarray]:
    for size in sizes:
        image = np.random.default_rng(0).random((1, 1, size, size)).astype(np.float32)
        try:
            return image, *_run(model, image)
        except (ValueError, RuntimeError, TypeError) as error:
            failed = error
    tried = " or ".join(map(str, sizes))
    raise ValueError(
        f"InsideCNN: {type(model).__name__} takes no image of shape (1, 1, s, s) with s = {tried}; a drawing has one "
        f"channel, and size= names another s. The model says: {failed}"
    ) from failed


def _run(model, image: np.ndarray) -> tuple[list[Call], np.ndarray]:
    calls: list[Call] = []
    leaves = [(name, m) for name, m in model.named_modules() if not list(m.named_children())]

    def note(name: str):
        def hook(module, args, given):
            taken = None if getattr(module, "inplace", False) else array(args[0])
            calls.append(Call(name, module, taken, array(given)))

        return hook

    modes = [(m, m.training) for m in model.modules()]
    hooks = [module.register_forward_hook(note(name)) for name, module in leaves]
    try:
        model.eval()
        output = array(_call(model, image))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes:
            module.training = mode
    return calls, output


def _call(model, image: np.ndarray):
    dtype = next((p.dtype for p in model.parameters()), None)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        device = next((p.device for p in model.parameters()), None)
        with torch.no_grad():
            return model(torch.tensor(image, dtype=dtype, device=device))
    with scratch.no_grad():
        return model(scratch.Tensor(image.astype(dtype or np.float32)))


def array(value) -> np.ndarray:
    """A copy as an array, of a tensor of any kind."""
    for method in ("detach", "cpu"):
        value = getattr(value, method)() if hasattr(value, method) else value
    return np.asarray(value).copy()


# ---- layers
def _between(before: np.ndarray, after: np.ndarray, one: str, other: str) -> list[dict]:
    """What happens from one layer to the next: nothing, or a known function.  ValueError for anything else."""
    flat, wanted = before.reshape(-1), after.reshape(-1)
    if flat.shape == wanted.shape:
        if np.array_equal(flat, wanted):
            return []
        for kind, function in POINTWISE.items():
            if np.allclose(function(scratch.Tensor(flat)).array, wanted, 1e-4, 1e-6):
                return [{"kind": kind}]
    raise ValueError(
        f"InsideCNN: between {one}, which gives {before.shape}, and {other}, {after.shape}, the model computes "
        f"something that is no layer of its own; write it as one. It shows, in a row: {SHOWN}"
    )


def _layer(call: Call) -> list[dict]:
    module, kind = call.module, type(call.module).__name__
    if kind in NOTHING:
        return []
    if kind.lower() in POINTWISE:
        return [{"kind": kind.lower()}]
    if kind == "Linear" and call.taken.ndim == 2:
        return [{"kind": "linear", "name": call.name}]
    if kind == "Conv2d" and getattr(module, "padding_mode", "zeros") == "zeros":
        return [{"kind": "conv", "name": call.name, "groups": module.groups, **_window(call)}]
    if kind == "AdaptiveAvgPool2d" and call.given.shape[-2:] == (1, 1):
        window = {"kernel": call.taken.shape[-2:], "stride": (1, 1), "dilation": (1, 1)}
        return [{"kind": "avgpool", "padding": ((0, 0), (0, 0)), **window}]
    if kind in ("MaxPool2d", "AvgPool2d") and not getattr(module, "ceil_mode", False):
        window = _window(call) | {"kernel": pair("kernel_size", module.kernel_size, 1)}
        plain = window["padding"] == ((0, 0), (0, 0)) and getattr(module, "divisor_override", None) is None
        if kind == "MaxPool2d" or plain:
            return [{"kind": kind[:3].lower() + "pool", **window}]
    raise ValueError(f"InsideCNN: {call.name} is {module!r}, which it does not show. It shows, in a row: {SHOWN}")


def _window(call: Call) -> dict:
    module = call.module
    dilation, kernel = (pair(name, getattr(module, name, 1), 1) for name in ("dilation", "kernel_size"))
    if isinstance(module.padding, str):
        total = [d * (k - 1) * (module.padding == "same") for k, d in zip(kernel, dilation)]
        padding = tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    else:
        padding = (pair("padding", module.padding, 0),) * 2
    return {"stride": pair("stride", module.stride, 1), "padding": padding, "dilation": dilation}


def _tensors(call: Call):
    if type(call.module).__name__ in ("Conv2d", "Linear"):
        for part in ("weight", "bias"):
            if getattr(call.module, part) is not None:
                value = array(getattr(call.module, part))
                yield f"{call.name}.{part}", value.astype(np.float32)


def _same(z: np.ndarray, output: np.ndarray) -> bool:
    """Whether ``output`` is z, softmax(z) or log softmax(z), all (1, k)."""
    if z.shape != output.shape:
        return False
    p = probabilities(z)
    return any(np.allclose(output, value, 1e-3, 1e-4) for value in (z, p, np.log(p + 1e-300)))


def _check(network: Network, output: np.ndarray, image: np.ndarray) -> None:
    if (size := sum(value.nbytes for value in network.tensors.values())) > MOST_BYTES:
        raise ValueError(f"InsideCNN: the weights are {size:,} bytes; up to {MOST_BYTES:,} are shown")
    found = outputs(network, image)
    for y in found:
        c, *side = y.shape[1:]
        if side and (c > MOST_MAPS or max(side) > LONGEST_SIDE) or not side and c > MOST_UNITS:
            raise ValueError(
                f"InsideCNN: a layer gives {y.shape[1:]}; up to {MOST_MAPS} maps of {LONGEST_SIDE} × {LONGEST_SIDE} "
                f"and {MOST_UNITS} units are shown"
            )
    if not _same(found[-1], output):
        raise ValueError(f"InsideCNN: the model computes something else than its layers in a row. It shows: {SHOWN}")


# ---- the same network in dlbook.scratch
def modules(network: Network) -> list[scratch.Module]:
    """One module of ``dlbook.scratch`` for each layer, float64."""
    return [_module(layer, network.tensors) for layer in network.layers]


def _module(layer: dict, tensors: dict[str, np.ndarray]) -> scratch.Module:
    kind, window = layer["kind"], {k: layer[k] for k in ("stride", "dilation") if k in layer}
    if kind in POINTWISE:
        return {"relu": scratch.ReLU, "tanh": scratch.Tanh, "sigmoid": scratch.Sigmoid}[kind]()
    if kind in ("maxpool", "avgpool"):
        if kind == "avgpool":
            return scratch.AvgPool2d(layer["kernel"], layer["stride"])
        return scratch.MaxPool2d(layer["kernel"], padding=layer["padding"][0], **window)
    weight, bias = (tensors.get(f"{layer['name']}.{part}") for part in ("weight", "bias"))
    if kind == "linear":
        module = scratch.Linear(weight.shape[1], len(weight), bias=bias is not None)
    else:
        before, after = layer["padding"]
        module = scratch.Conv2d(
            weight.shape[1] * layer["groups"], len(weight), weight.shape[2:], groups=layer["groups"],
            padding=before if before == after else "same", bias=bias is not None, **window,
        )  # fmt: skip
    module.double().load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return module


def outputs(network: Network, image: np.ndarray) -> list[np.ndarray]:
    """The numbers after each layer, (1, C, H, W) or (1, units), of an image (1, 1, side, side); the last are (1, k)."""
    x, found = scratch.Tensor(np.asarray(image, np.float64)), []
    with scratch.no_grad():
        for module in modules(network):
            if isinstance(module, scratch.Linear) and x.ndim == 4:
                x = x.flatten(1)
            x = module(x)
            found.append(x.array)
    return [*found[:-1], found[-1].reshape(1, -1)]


def probabilities(z: np.ndarray) -> np.ndarray:
    """softmax(z) along the last axis."""
    return scratch.softmax(scratch.Tensor(z), -1).array


# ---- bytes for the page
def pack(network: Network, labels: list[str], about: str, quantized: dict[str, np.ndarray] | None = None) -> bytes:
    """A safetensors file with the weights, or with int8 weights and their scales, and the layers in its header."""
    from safetensors.numpy import save

    tensors = network.tensors if quantized is None else quantized
    text = {"layers": network.layers, "side": network.side, "labels": labels, "about": about}
    ordered = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    return save(ordered, {"network": json.dumps(text, ensure_ascii=False)})
