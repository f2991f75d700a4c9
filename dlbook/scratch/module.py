"""A module is a function with parameters: numbers that training changes."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from dlbook.scratch.tensor import RemovableHandle, Tensor


class Parameter(Tensor):
    """A tensor that a module owns and training changes: ``requires_grad`` is True from the start."""

    __slots__ = ()

    def __init__(self, data, requires_grad: bool = True):
        super().__init__(data, requires_grad=requires_grad)


class Module:
    """Base class.  Parameters and modules that are assigned as attributes are found by looking at the attributes."""

    def __init__(self):
        self.training = True
        self._forward_hooks: dict[int, Callable] = {}
        self._buffers: dict[str, bool] = {}  # name: whether it is saved

    def forward(self, *args):
        raise NotImplementedError(f"{type(self).__name__} has no forward()")

    def __call__(self, *args, **kwargs):
        output = self.forward(*args, **kwargs)
        for hook in list(self._forward_hooks.values()):
            output = output if (changed := hook(self, args, output)) is None else changed
        return output

    def register_forward_hook(self, hook: Callable) -> RemovableHandle:
        """Calls ``hook(module, args, output)`` after each forward pass; what it returns, unless None, is the output."""
        return RemovableHandle(self._forward_hooks, hook)

    # ---- what is inside
    def named_children(self) -> Iterator[tuple[str, Module]]:
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all inside it, each once, under its first name."""
        yield from _once(self._tree(prefix))

    def _tree(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self.named_children():
            yield from child._tree(f"{prefix}.{name}" if prefix else name)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Each parameter once, under its first name; a weight that two layers share is one parameter."""
        yield from _once((name, tensor) for name, tensor in self._tensors() if isinstance(tensor, Parameter))

    def _tensors(self, saved: bool = False) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers, module by module, under all their names; the buffers that are ``saved``, or all."""
        for prefix, module in self._tree():
            names = [name for name, value in vars(module).items() if isinstance(value, Parameter)]
            names += [name for name, persistent in module._buffers.items() if persistent or not saved]
            for name in names:
                if getattr(module, name) is not None:
                    yield f"{prefix}.{name}" if prefix else name, getattr(module, name)

    def parameters(self) -> Iterator[Parameter]:
        for _, parameter in self.named_parameters():
            yield parameter

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Makes ``tensor`` the attribute ``name``: no parameter, yet saved with them if ``persistent``.

        TypeError if it is no tensor, KeyError if the name is taken.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer({name!r}): got {type(tensor).__name__}; pass a Tensor or None")
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute {name!r} already exists")
        self._buffers[name] = persistent
        setattr(self, name, tensor)

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        yield from _once((name, tensor) for name, tensor in self._tensors() if not isinstance(tensor, Parameter))

    def buffers(self) -> Iterator[Tensor]:
        for _, buffer in self.named_buffers():
            yield buffer

    def modules(self) -> Iterator[Module]:
        for _, module in self.named_modules():
            yield module

    # ---- modes and types
    def train(self, mode: bool = True) -> Module:
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        return self.train(False)

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = None

    def double(self) -> Module:
        """Makes every parameter and every buffer of floats float64."""
        return self._cast(np.float64)

    def float(self) -> Module:
        """Makes every parameter and every buffer of floats float32."""
        return self._cast(np.float32)

    def _cast(self, dtype) -> Module:
        for parameter in self.parameters():
            parameter.array, parameter.grad = parameter.array.astype(dtype), None
        for buffer in self.buffers():
            if np.issubdtype(buffer.dtype, np.floating):
                buffer.array = buffer.array.astype(dtype)
        return self

    # ---- saving and loading
    def state_dict(self) -> dict[str, Tensor]:
        """Name to tensor.  The tensors share the module's memory; ``clone()`` them to keep a copy."""
        return {name: tensor.detach() for name, tensor in self._tensors(saved=True)}

    def load_state_dict(self, state_dict) -> IncompatibleKeys:
        """Copies values (tensors or arrays, PyTorch's on the CPU too) into the parameters and buffers.

        Raises RuntimeError that lists every missing or unexpected name and every shape that does not fit; then
        nothing has been changed.
        """
        own = dict(self._tensors(saved=True))
        given = {name: np.asarray(value) for name, value in state_dict.items()}
        wrong = [f"missing: {name}, shape {p.shape}" for name, p in own.items() if name not in given]
        wrong += [f"unexpected: {name}, shape {a.shape}" for name, a in given.items() if name not in own]
        wrong += [f"{name}: got shape {given[name].shape}, expected {p.shape}"
                  for name, p in own.items() if name in given and given[name].shape != p.shape]
        if wrong:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n  " + "\n  ".join(wrong))
        for name, tensor in own.items():
            tensor.array[...] = given[name]
        return IncompatibleKeys([], [])

    def __repr__(self) -> str:
        inside = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if inside:
            return f"{type(self).__name__}(\n  " + "\n  ".join(inside) + "\n)"
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""


def _once(named: Iterator[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    """Each thing under the first of its names."""
    seen = set()
    for name, thing in named:
        if id(thing) not in seen:
            seen.add(id(thing))
            yield name, thing


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns; both lists are empty, because anything else raises."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Sequential(Module):
    """Modules in a row; their names are "0", "1", ..."""

    def __init__(self, *args: Module):
        super().__init__()
        for i, module in enumerate(args):
            setattr(self, str(i), module)

    def forward(self, input):
        for module in self:
            input = module(input)
        return input

    def __iter__(self) -> Iterator[Module]:
        return (child for _, child in self.named_children())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]
