"""What all optimizers share: groups of parameters with their settings, what is remembered of each, saving, loading."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from dlbook.scratch.module import Parameter
from dlbook.scratch.tensor import Tensor, as_tensor


class Optimizer:
    """Base class: ``param_groups`` holds the parameters and their settings, ``state`` what is remembered of each.

    ``params`` are parameters, or dicts with "params" and the settings that differ from the defaults for them.  An
    optimizer of your own has ``__init__``, ``_update`` and, if it remembers something, ``_memory``.
    """

    def __init__(self, params: Iterable[Parameter] | Iterable[dict], defaults: dict):
        if isinstance(params, Tensor):
            raise TypeError(f"{self._name}: got a single tensor; put it in a list, [tensor]")
        self.defaults, self.param_groups, self.state = defaults, [], {}
        self.stepped = False  # a schedule asks
        params = list(params)
        if not params:
            raise ValueError("optimizer got an empty parameter list; pass model.parameters()")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, param_group: dict) -> None:
        """Adds parameters with settings of their own; ValueError for a setting or a parameter that cannot be."""
        name = self._name
        params = param_group["params"]
        group = {**self.defaults, **param_group, "params": [params] if isinstance(params, Tensor) else list(params)}
        if unknown := group.keys() - self.defaults.keys() - {"params", "initial_lr"}:
            raise ValueError(f"{name}: unknown settings {sorted(unknown)}; known are {', '.join(self.defaults)}")
        known = {p for other in self.param_groups for p in other["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: got {type(p).__name__}; an optimizer changes tensors")
            if not p.is_leaf:
                raise ValueError(f"{name}: can't optimize a non-leaf tensor: this one is the result of an operation")
            if p in known:
                raise ValueError(f"{name}: some parameters appear twice; each can be in one group only")
            known.add(p)
        self._check(**self._settings(group))
        self.param_groups.append(group)

    def zero_grad(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def step(self) -> None:
        """Changes every parameter that has a gradient, in place."""
        self.stepped = True
        for group in self.param_groups:
            settings = self._settings(group)
            for p in group["params"]:
                if p.grad is not None:
                    if p not in self.state:
                        self.state[p] = self._memory(p.array, **settings)
                    self._update(p.array, p.grad.array, self.state[p], **settings)

    def _settings(self, group: dict) -> dict:
        return {key: group[key] for key in self.defaults}

    def _memory(self, p: np.ndarray, **settings) -> dict:
        """What is remembered of a parameter before its first step: arrays of its shape, and "step", how many it had."""
        return {}

    def _update(self, p: np.ndarray, g: np.ndarray, state: dict, **settings) -> None:
        """One step of one parameter: ``p`` and ``state`` are changed in place."""
        raise NotImplementedError(f"{self._name} has no _update()")

    def _check(self, **settings) -> None:
        """ValueError for settings that make no sense; here, numbers that are negative."""
        for key, value in settings.items():
            if key == "betas":
                if not all(0 <= beta < 1 for beta in value):
                    raise ValueError(f"{self._name}: betas must lie in [0, 1), got {value}")
            elif not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{self._name}: {key} must be a number >= 0, got {value}")

    # ---- saving and loading
    def state_dict(self) -> dict:
        """``{"state": {number: {name: tensor}}, "param_groups": [...]}`` as in PyTorch: numbers stand for parameters.

        The tensors share the optimizer's memory.
        """
        number = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        return {
            "state": {number[p]: {name: as_tensor(np.asarray(value, np.float32 if name == "step" else None))
                                  for name, value in state.items()} for p, state in self.state.items() if state},
            "param_groups": [{**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Takes over settings and memory from ``state_dict``, ours or PyTorch's (on the CPU); arrays are copied.

        ValueError for other groups, shapes or settings than this optimizer's; then nothing has been changed.
        """
        given = state_dict["param_groups"]
        sizes = [[len(group["params"]) for group in groups] for groups in (given, self.param_groups)]
        if sizes[0] != sizes[1]:
            raise ValueError(f"{self._name}: the loaded state has {sizes[0]} parameters in its groups, "
                             f"this optimizer {sizes[1]}")
        groups = [self._loaded_group(mine, theirs) for mine, theirs in zip(self.param_groups, given)]
        memory = {p: self._loaded_memory(p, number, state_dict["state"][number], group)
                  for group, theirs in zip(groups, given) for p, number in zip(group["params"], theirs["params"])
                  if number in state_dict["state"]}
        for mine, group in zip(self.param_groups, groups):
            mine.update(group)
        self.state = memory

    def _loaded_group(self, mine: dict, theirs: Mapping) -> dict:
        needed = {key for key, value in self.defaults.items() if not isinstance(value, bool)}
        if missing := needed - theirs.keys():
            raise ValueError(f"{self._name}: the loaded group has no {sorted(missing)}; is it of another optimizer?")
        if theirs.get("maximize"):
            raise ValueError(f"{self._name}: maximize=True is not there; minimize the negative")
        group = {**mine, **{key: theirs[key] for key in [*self.defaults, "initial_lr"] if key in theirs}}
        self._check(**self._settings(group))
        return group

    def _loaded_memory(self, p: Parameter, number: int, state: Mapping, group: dict) -> dict:
        memory = {name: int(value) if name == "step" else np.asarray(value).astype(p.dtype)
                  for name, value in state.items() if value is not None}
        if missing := self._memory(p.array, **self._settings(group)).keys() - memory.keys():
            raise ValueError(f"{self._name}: the loaded state of parameter {number} has no {sorted(missing)}")
        for name, value in memory.items():
            if name != "step" and value.shape != p.shape:
                raise ValueError(f"{self._name}: {name} of parameter {number} has shape {value.shape}, "
                                 f"the parameter {p.shape}")
        return memory
