"""The graphs of the backprop stepper, their values and gradients by ``dlbook.scratch``.

The browser does the same in js/graph.mjs; tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dlbook import scratch
from dlbook.widgets.backprop_examples import EXAMPLES, LIMITS, STARTS
from dlbook.widgets.backprop_expression import read_expression


# ---- graphs
class Node(NamedTuple):
    """One step of the computation, or a leaf of ``kind`` variable, data or constant."""

    name: str
    op: str = ""
    inputs: tuple[int, ...] = ()
    exponent: float | None = None
    kind: str = ""
    start: float = 0.0
    low: float = -float(LIMITS["value"])
    high: float = float(LIMITS["value"])


@dataclass
class Graph:
    """Nodes, each after its inputs; the last one is L."""

    nodes: list[Node]
    units: list[tuple[int, int]] = field(default_factory=list)  # hidden unit and the weight through which it is heard

    def __post_init__(self):
        self.needs: list[bool] = []  # whether a variable is behind it
        for node in self.nodes:
            self.needs.append(any(self.needs[i] for i in node.inputs) if node.op else node.kind == "variable")

    @property
    def leaves(self) -> dict[str, Node]:
        """The leaves that have a value of their own, by name."""
        return {node.name: node for node in self.nodes if node.kind in ("variable", "data")}

    @property
    def steps(self) -> int:
        """Steps forward and back."""
        return sum(bool(node.op) for node in self.nodes) + sum(self.needs)

    def levels(self) -> list[int]:
        """The column of each node: the longest way from a leaf; a leaf stands before the first node that uses it."""
        level = [0] * len(self.nodes)
        for i, node in enumerate(self.nodes):
            level[i] = 1 + max(level[j] for j in node.inputs) if node.op else 0
        for i, node in enumerate(self.nodes):
            if not node.op:
                level[i] = min(level[k] - 1 for k, user in enumerate(self.nodes) if i in user.inputs)
        return level


def example_graph(name: str) -> Graph:
    """One of ``EXAMPLES``."""
    example = EXAMPLES[name]
    nodes, at = [], {}
    for leaf, *numbers in example["leaves"]:
        at[leaf] = len(nodes)
        kind = "data" if leaf in example["data"] else "variable"
        nodes.append(Node(leaf, kind=kind, **dict(zip(("start", "low", "high"), map(float, numbers)))))
    for step, op, inputs, *exponent in example["steps"]:
        at[step] = len(nodes)
        nodes.append(Node(step, op, tuple(at[i] for i in inputs), *exponent))
    return Graph(nodes, [(at[unit], at[weight]) for unit, weight in example.get("units", [])])


def expression_graph(text: str) -> Graph:
    """The graph of a formula such as ``(a*b + sin(c))^2``.  ExpressionError, with the position, if it is none."""
    leaves, steps = read_expression(text)
    letter = next(c for c in "uvpqsrmnkhz" if not any(re.fullmatch(rf"{c}\d*", str(leaf)) for leaf in leaves))
    starts = iter(STARTS)
    nodes = [
        Node(leaf, kind="variable", start=next(starts))
        if isinstance(leaf, str)
        else Node(f"{leaf:g}", kind="constant", start=leaf)
        for leaf in leaves
    ]
    for k, (op, inputs, exponent) in enumerate(steps, 1):
        nodes.append(Node("L" if k == len(steps) else f"{letter}{k}", op, inputs, exponent))
    return Graph(nodes)


# ---- numbers
def _sin(x):
    return np.sin(x), (lambda d: d * np.cos(x),)


def _cos(x):
    return np.cos(x), (lambda d: -d * np.sin(x),)


def _power(x, y):
    """x ** y with both free; 0 · log 0 is 0."""
    z = x**y
    return z, (lambda d: d * y * x ** (y - 1), lambda d: d * (z * np.log(x) if z else 0 * z))


def _binary_cross_entropy(p, t):
    """-t log p - (1 - t) log (1 - p), where 0 · log 0 is 0."""
    loss = -(t * np.log(p) if t else 0) - ((1 - t) * np.log(1 - p) if t != 1 else 0)
    return loss, (
        lambda d: d * (((1 - t) / (1 - p) if t != 1 else 0) - (t / p if t else 0)),
        lambda d: d * (np.log(1 - p) - np.log(p)),
    )


RULES: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: scratch.apply(_power, a, b),
    "neg": lambda a: -a,
    "sin": lambda a: scratch.apply(_sin, a),
    "cos": lambda a: scratch.apply(_cos, a),
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "sqrt": lambda a: a.sqrt(),
    "abs": lambda a: a.abs(),
    "tanh": scratch.tanh,
    "sigmoid": scratch.sigmoid,
    "relu": scratch.relu,
    "linear": lambda *x: sum((a * b for a, b in zip(x[:-1:2], x[1::2])), 0) + x[-1],
    "squared_error": lambda a, b: (a - b) ** 2,
    "cross_entropy": lambda p, t: scratch.apply(_binary_cross_entropy, p, t),
}


def _apply(node: Node, inputs: list[scratch.Tensor]) -> scratch.Tensor:
    return inputs[0] ** node.exponent if node.op == "power" else RULES[node.op](*inputs)


class Numbers(NamedTuple):
    """What ``run`` finds, node by node; None where nobody asks for a gradient."""

    value: list[float]
    grad: list[float | None]
    slopes: list[list[float | None]]  # of each node, its derivative by each input
    differences: list[float | None]  # the gradient again, by finite differences


def run(graph: Graph, given: dict[str, float]) -> Numbers:
    """Values, gradients and local derivatives by ``dlbook.scratch``.  ``given`` holds a value for each leaf."""
    with np.errstate(all="ignore"):  # a logarithm of a negative number is shown as such
        tensors = _forward(graph, given)
        for tensor, needed in zip(tensors, graph.needs):
            if needed:
                tensor.retain_grad()
        tensors[-1].backward()
        grad = [t.grad.item() if needed else None for t, needed in zip(tensors, graph.needs)]
        value = [t.item() for t in tensors]
        slopes = [_slopes(node, value, graph.needs) for node in graph.nodes]

        def moved(i: int) -> float:
            end = lambda by: _forward(graph, given, i, by[0])[-1].item()  # noqa: E731
            return float(scratch.numerical_gradient(end, np.zeros(1))[0])

        differences = [moved(i) if needed else None for i, needed in enumerate(graph.needs)]
    return Numbers(value, grad, slopes, differences)


def _forward(graph: Graph, given: dict[str, float], moved: int = -1, by: float = 0.0) -> list[scratch.Tensor]:
    tensors: list[scratch.Tensor] = []
    for i, node in enumerate(graph.nodes):
        if node.op:
            tensor = _apply(node, [tensors[j] for j in node.inputs])
        else:
            start = node.start if node.kind == "constant" else given[node.name]
            tensor = scratch.Tensor(np.float64(start), requires_grad=graph.needs[i])
        tensors.append(tensor + by if i == moved else tensor)
    return tensors


def _slopes(node: Node, value: list[float], needs: list[bool]) -> list[float | None]:
    wanted = [needs[j] for j in node.inputs]
    if not any(wanted):
        return [None] * len(wanted)
    inputs = [scratch.Tensor(np.float64(value[j]), requires_grad=want) for j, want in zip(node.inputs, wanted)]
    _apply(node, inputs).backward()
    return [x.grad.item() if want else None for x, want in zip(inputs, wanted)]


def document_gradients(graph: Graph, numbers: Numbers) -> list[float | None]:
    """What document 001 gives for the hidden units, ∂L/∂hᵢ = ∂L/∂ŷ · vᵢ · σ′(vᵢ hᵢ + b), and for what stands before."""
    wrong: list[float | None] = [None] * len(graph.nodes)
    for unit, weight in graph.units:
        total = next(i for i, node in enumerate(graph.nodes) if unit in node.inputs)
        answer = next(i for i, node in enumerate(graph.nodes) if total in node.inputs)
        v, h, b = numbers.value[weight], numbers.value[unit], numbers.value[graph.nodes[total].inputs[-1]]
        s = 1 / (1 + np.exp(-(v * h + b)))
        wrong[unit] = float(numbers.grad[answer] * v * s * (1 - s))
    for i in reversed(range(len(graph.nodes))):
        if graph.needs[i] and wrong[i] is None:
            found = [
                wrong[k] * numbers.slopes[k][slot]
                for k, node in enumerate(graph.nodes)
                for slot, j in enumerate(node.inputs)
                if j == i and wrong[k] is not None
            ]
            wrong[i] = sum(found) if found else None
    return wrong
