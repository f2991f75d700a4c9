"""A small computational graph, walked through node by node: values forward, gradients backward."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from html import escape
from numbers import Real

import traitlets

from dlbook.widgets import backprop_graph, backprop_poster
from dlbook.widgets.backprop_examples import EXAMPLES
from dlbook.widgets.backprop_expression import ExpressionError
from dlbook.widgets.backprop_graph import Graph, Node, Numbers
from dlbook.widgets.backprop_words import formula, node_label, partial, slope_formula, tidy
from dlbook.widgets.base import Widget, bundle

_LEGEND = (
    '<p class="dlb-bp-legend"><span class="dlb-bp-key dlb-bp-v">value</span>'
    '<span class="dlb-bp-key dlb-bp-g">∂ gradient of L</span>'
    '<span class="dlb-bp-key dlb-bp-s">local derivative, on its line</span></p>'
)


class BackpropStepper(Widget):
    """A graph of at most 15 nodes; the reader steps forward through its values and back through its gradients.

    ``example``: neuron, neuron_ce (cross-entropy), twice (a variable used twice), two_layer, relu_dead.  Or
    ``expression``, a formula of up to 6 variables with + - * / ^, parentheses and sin, cos, exp, log, sqrt, tanh,
    sigmoid, relu, abs.  ``values`` sets leaves: some of an example, all of a formula.  ``at`` is the step, 0 before the
    first.  ``wrong`` shows, in two_layer, document 001's equation for the hidden units beside the right one.

    >>> BackpropStepper(expression="(a*b + c)^2", values={"a": 2, "b": -1, "c": 0.5}, at=3).gradients()["a"]
    3.0

    TraitError for an unknown example or leaf, a formula that cannot be read (with the position) and NaN.
    """

    _esm = bundle("backprop_stepper")
    example = traitlets.Unicode("neuron").tag(sync=True)
    expression = traitlets.Unicode("", help="a formula, shown in place of the example").tag(sync=True)
    values = traitlets.Dict(help="values of leaves that differ from their start").tag(
        sync=True,
        # the page has pairs in a list: they keep their order, and an address can hold them
        to_json=lambda values, _: [[name, value] for name, value in values.items()],
        from_json=lambda pairs, _: dict(pairs),
    )
    at = traitlets.Int(0, help="the step").tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)

    def __init__(self, example: str | None = None, expression: str | None = None, **kwargs):
        if example is not None and expression:
            raise ValueError(f"BackpropStepper: give example={example!r} or expression={expression!r}, not both")
        given = {"example": example, "expression": expression, "values": kwargs.get("values")}
        super().__init__(**kwargs | {name: value for name, value in given.items() if value is not None})
        graph = self.graph()
        if expression and self.values and (missing := [name for name in graph.leaves if name not in self.values]):
            given = ", ".join([*(f"{name!r}: {v:g}" for name, v in self.values.items()), f"{missing[0]!r}: …"])
            raise traitlets.TraitError(f"values: {missing[0]} of {expression!r} has none; write values={{{given}}}")
        for node, value in zip(graph.nodes, self.numbers().value):
            if not math.isfinite(value):
                what = "L" if node.name == "L" else f"{node_label(node)} = {formula(graph, graph.nodes.index(node))}"
                at = ", ".join(f"{name} = {v:g}" for name, v in self._given().items())
                raise traitlets.TraitError(f"values: {what} is {value} at {at}; start where it is finite")
        self.observe(self._another_graph, "example")

    def graph(self) -> Graph:
        """The graph that is shown."""
        if self.expression:
            return backprop_graph.expression_graph(self.expression)
        return backprop_graph.example_graph(self.example)

    def numbers(self) -> Numbers:
        """Values, gradients, local derivatives and finite differences of all nodes, by ``dlbook.scratch``."""
        return backprop_graph.run(self.graph(), self._given())

    def gradients(self) -> dict[str, float]:
        """∂L/∂ of every node that depends on a variable, by name."""
        numbers = self.numbers()
        return {node.name: g for node, g in zip(self.graph().nodes, numbers.grad) if g is not None}

    def _given(self) -> dict[str, float]:
        return {name: float(self.values.get(name, leaf.start)) for name, leaf in self.graph().leaves.items()}

    def _another_graph(self, change) -> None:
        with self.hold_trait_notifications():
            self.expression, self.values, self.at = "", {}, 0

    # ---- checks
    @traitlets.validate("example")
    def _check_example(self, proposal):
        name = proposal["value"]
        if name in EXAMPLES:
            return name
        if name == "own":
            raise traitlets.TraitError("example: for a formula of your own pass expression='(a*b + c)^2'")
        near = difflib.get_close_matches(name.lower(), list(EXAMPLES), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise traitlets.TraitError(f"example: {name!r} is not known{hint}. Known are {', '.join(EXAMPLES)}")

    @traitlets.validate("expression")
    def _check_expression(self, proposal):
        text = proposal["value"]
        if text:
            try:
                backprop_graph.expression_graph(text)
            except ExpressionError as error:
                raise traitlets.TraitError(f"expression {text!r}: {error}") from None
        return text

    @traitlets.validate("values")
    def _check_values(self, proposal):
        leaves = self.graph().leaves
        return {name: _leaf_value(name, value, leaves) for name, value in _mapping(proposal["value"]).items()}

    @traitlets.validate("at")
    def _check_at(self, proposal):
        last = self.graph().steps
        if not 0 <= proposal["value"] <= last:
            raise traitlets.TraitError(f"at: got {proposal['value']}; this graph has the steps 0 to {last}")
        return proposal["value"]

    # ---- print and readers without scripts
    def poster(self) -> str:
        says = f"L = {self.expression}" if self.expression else EXAMPLES[self.example]["says"]
        picture = backprop_poster.draw(self.graph(), self.numbers())
        return f'<p class="dlb-bp-says">{escape(says)}</p>{picture}{_LEGEND}'

    def table(self) -> str:
        graph, numbers = self.graph(), self.numbers()
        wrong = backprop_graph.document_gradients(graph, numbers) if self.wrong and graph.units else None
        heads = ["node", "operation", "value", "local derivatives", "gradient", "finite differences"]
        heads[5:5] = ["document 001"] * (wrong is not None)
        rows = []
        for i, node in enumerate(graph.nodes):
            cells = [formula(graph, i) if node.op else node.kind, tidy(numbers.value[i]), _locals(graph, numbers, i)]
            found = [numbers.grad[i], *([wrong[i]] if wrong is not None else []), numbers.differences[i]]
            cells += ["–" if v is None else tidy(v) for v in found]
            body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            rows.append(f'<tr><th scope="row">{escape(node_label(node))}</th>{body}</tr>')
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        caption = "Values forward, gradients of L backward"
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )


def _locals(graph: Graph, numbers: Numbers, i: int) -> str:
    """The derivatives of node i by its inputs: ∂z/∂w₁ = x₁ = 2."""
    name, parts = node_label(graph.nodes[i]), []
    for slot, j in enumerate(graph.nodes[i].inputs):
        if numbers.slopes[i][slot] is not None:
            words, number = slope_formula(graph, i, slot), tidy(numbers.slopes[i][slot])
            chain = [partial(name, node_label(graph.nodes[j])), *dict.fromkeys([words, number])]
            parts.append(" = ".join(chain))
    return "; ".join(parts) or "–"


def _mapping(values) -> Mapping:
    if not isinstance(values, Mapping):
        raise traitlets.TraitError(f"values: got {values!r}; a dict such as {{'a': 2}} is expected")
    return values


def _leaf_value(name: str, value, leaves: dict[str, Node]) -> float:
    if name not in leaves:
        raise traitlets.TraitError(f"values: there is no leaf {name!r}; the leaves are {', '.join(leaves)}")
    low, high = leaves[name].low, leaves[name].high
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= high:  # false for NaN too
        raise traitlets.TraitError(f"values: {name} is {value!r}; a number from {low:g} to {high:g} is expected")
    return float(value)
