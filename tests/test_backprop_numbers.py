"""The numbers and the words of the backprop stepper: its JavaScript modules against ``dlbook.scratch``."""

from __future__ import annotations

import functools
import itertools
import math
import random
import re

import numpy as np
import pytest
from node import node

from dlbook import scratch
from dlbook.widgets import BackpropStepper, backprop_graph, backprop_words
from dlbook.widgets.backprop_examples import EXAMPLES, FUNCTIONS, WORDS
from dlbook.widgets.backprop_expression import ExpressionError
from dlbook.widgets.backprop_graph import example_graph, expression_graph


# ---- numbers
def outside(a: float, b: float) -> float:
    """How far two numbers are apart, relative where they are large."""
    return abs(a - b) / max(1.0, abs(b))


def browser_runs(cases):
    """{value, slope, grad, differences, order, wrong} of each (example or formula, {leaf: value})."""
    program = """import { exampleGraph, expressionGraph, run, finiteDifference, documentGradients } from "./graph.mjs";
        import { EXAMPLES } from "./backprop_examples.mjs";
        import { formula, slopeFormula, nodeLabel } from "./backprop_words.mjs";
        console.log(JSON.stringify(data.map(([name, given]) => {
          const graph = EXAMPLES.some((e) => e.name === name) ? exampleGraph(name) : expressionGraph(name);
          const at = graph.nodes.map(({ name, start }) => given[name] ?? start), numbers = run(graph, at);
          const difference = (_, i) => (graph.needs[i] ? finiteDifference(graph, at, i) : null);
          return { ...numbers, differences: graph.nodes.map(difference),
            forward: graph.forward, backward: graph.backward, edges: graph.edges, level: graph.level,
            ...documentGradients(graph, numbers), labels: graph.nodes.map(nodeLabel),
            says: graph.nodes.map(({ op }, i) => (op ? formula(graph, i) : "")),
            slopes: graph.edges.map((e) => slopeFormula(graph, e)) };
        }), (key, v) => (typeof v === "number" && !Number.isFinite(v) ? `number ${v}` : v)));"""
    return numbers_again(node(program, cases))


def numbers_again(found):
    """What JSON cannot say, NaN and infinity, as a number."""
    if isinstance(found, list):
        return [numbers_again(v) for v in found]
    if isinstance(found, dict):
        return {k: numbers_again(v) for k, v in found.items()}
    return float(found[7:]) if isinstance(found, str) and found.startswith("number ") else found


def graph_of(name: str):
    return example_graph(name) if name in EXAMPLES else expression_graph(name)


def random_formula(dice: random.Random, depth: int = 4) -> str:
    if depth == 0 or dice.random() < 0.15:
        return dice.choice(["a", "b", "c", "x1", "x1", "a", "2", "0.5", "3"])
    kind, deeper = dice.random(), functools.partial(random_formula, dice, depth - 1)
    if kind < 0.35:
        return f"{dice.choice(FUNCTIONS)}({deeper()})"
    if kind < 0.5:
        return f"({deeper()})^{dice.choice(['2', '3', '0.5', '-1', '-2'])}"
    if kind < 0.55:
        return f"-({deeper()})"
    return f"({deeper()}) {dice.choice('+-*/')} ({deeper()})"


def python_reads(formula: str, tensors: dict[str, scratch.Tensor]) -> scratch.Tensor:
    """The formula as Python itself understands it, on tensors: no code is shared with the widget."""

    def op(f, df):
        return lambda x: scratch.apply(lambda a: (f(a), (lambda d: d * df(a),)), lift(x))

    def lift(x):
        return x if isinstance(x, scratch.Tensor) else scratch.Tensor(np.float64(x))

    names = {name: (lambda f: lambda x: f(lift(x)))(getattr(scratch, name)) for name in ("tanh", "sigmoid", "relu")}
    names |= {name: (lambda n: lambda x: getattr(lift(x), n)())(name) for name in ("exp", "log", "sqrt", "abs")}
    names |= {"sin": op(np.sin, np.cos), "cos": op(np.cos, lambda a: -np.sin(a))}
    return lift(eval(formula.replace("^", "**"), {"__builtins__": {}}, names | tensors))


@functools.cache
def random_cases():
    """Formulas with finite, moderate numbers and no kink nearby."""
    dice, cases = random.Random(7), []
    while len(cases) < 60:
        formula = random_formula(dice)
        start = {name: dice.choice([-1, 1]) * dice.uniform(0.3, 2.5) for name in ("a", "b", "c", "x1")}
        try:
            graph = expression_graph(formula)
        except ExpressionError:
            continue
        numbers = backprop_graph.run(graph, start)
        found = [v for v in [*numbers.value, *numbers.grad, *itertools.chain(*numbers.slopes)] if v is not None]
        kinks = any(node.op in ("relu", "abs") and abs(numbers.value[node.inputs[0]]) < 0.01 for node in graph.nodes)
        if all(math.isfinite(v) and abs(v) < 1e4 for v in found) and not kinks:
            cases.append((formula, {name: start[name] for name in graph.leaves}))
    return cases, browser_runs(cases)


def test_random_formulas_have_the_numbers_of_the_tape():
    cases, found = random_cases()
    assert len({op for f, _ in cases for op in re.findall("[a-z]{3,}|[-+*/^]", f)} - {"x1"}) == len(FUNCTIONS) + 5
    for (formula, start), numbers in zip(cases, found):
        tensors = {name: scratch.Tensor(np.float64(v), requires_grad=True) for name, v in start.items()}
        with np.errstate(all="ignore"):
            end = python_reads(formula, tensors)
            end.backward()
        assert outside(numbers["value"][-1], end.item()) < 1e-12, formula
        for name, grad in zip(expression_graph(formula).leaves, gradients_of_leaves(formula, numbers)):
            assert outside(grad, tensors[name].grad.item()) < 1e-10, (formula, name)


def gradients_of_leaves(formula: str, numbers) -> list[float]:
    graph = graph_of(formula)
    return [g for g, node in zip(numbers["grad"], graph.nodes) if node.kind == "variable"]


def test_the_gradients_are_the_finite_differences():
    for (formula, _), numbers in zip(*random_cases()):
        for grad, difference in zip(numbers["grad"], numbers["differences"]):
            if grad is not None:
                noise = 1e-6 * max(1, abs(numbers["value"][-1]))
                assert grad == pytest.approx(difference, rel=1e-4, abs=noise), formula


def some_values(name: str, dice: random.Random) -> dict[str, float]:
    return {
        leaf: dice.uniform(max(node.low, -2), min(node.high, 2)) for leaf, node in example_graph(name).leaves.items()
    }


@functools.cache
def example_cases():
    dice = random.Random(3)
    cases = [(name, {}) for name in EXAMPLES]
    cases += [(name, some_values(name, dice)) for name in EXAMPLES for _ in range(8)]
    cases += [("a^b", {"a": 1.7, "b": -2.3}), ("a^b", {"a": -2, "b": 3}), ("2^a - a^(b*a)", {"a": 0.4, "b": 5})]
    return cases, browser_runs(cases)


def test_every_number_is_that_of_the_package():
    for (name, start), found in [*zip(*example_cases()), *zip(*random_cases())]:
        graph = graph_of(name)
        numbers = backprop_graph.run(graph, {leaf: start.get(leaf, n.start) for leaf, n in graph.leaves.items()})
        slopes = [numbers.slopes[e["to"]][e["slot"]] for e in found["edges"]]
        pairs = [*zip(found["value"], numbers.value), *zip(found["grad"], numbers.grad), *zip(found["slope"], slopes)]
        for ours, theirs in pairs:
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert math.isnan(ours) and math.isnan(theirs) or outside(ours, theirs) < 1e-11, (name, start)
        noise = 1e-8 * max(1, abs(numbers.value[-1]))
        for ours, theirs in zip(found["differences"], numbers.differences):
            assert ours is theirs is None or ours == pytest.approx(theirs, rel=1e-5, abs=noise, nan_ok=True)


def test_the_neuron_by_hand():
    found = browser_runs([("neuron", {}), ("neuron_ce", {}), ("relu_dead", {}), ("twice", {})])
    z = 0.5 * 2 - 1 * 1 + 0.5
    p = 1 / (1 + math.exp(-z))
    squared, entropy, dead, twice = ({n: g for n, g in zip(f["labels"], f["grad"]) if g is not None} for f in found)
    assert squared["z"] == pytest.approx(2 * (p - 1) * p * (1 - p), rel=1e-14)
    assert entropy["z"] == pytest.approx(p - 1, rel=1e-14)  # the slope of the sigmoid has gone
    assert squared["w₁"] == pytest.approx(2 * squared["z"], rel=1e-14)
    assert dead == {"w": 0, "b": 0, "z": 0, "ŷ": -2, "L": 1}
    assert twice == {"a": 64, "b": 32, "u": 16, "v": 16, "L": 1}  # 16 · 3 + 16 · 1, and 16 · 2
    assert "x₁" not in squared and "y" not in squared  # nobody asks for the gradient of data


def test_each_step_has_what_it_needs():
    cases, found = random_cases()
    for case, f in [*zip(cases, found), *zip(*example_cases())]:
        known = {i for i, text in enumerate(f["says"]) if not text}
        for i in f["forward"]:
            assert {e["from"] for e in f["edges"] if e["to"] == i} <= known, case
            known.add(i)
        assert known == set(range(len(f["value"])))
        back = []
        for i in f["backward"]:
            assert {e["to"] for e in f["edges"] if e["from"] == i} <= set(back), case
            back.append(i)
        assert {i for i, g in enumerate(f["grad"]) if g is not None} == set(back)
        graph = graph_of(case[0])
        assert (graph.steps, graph.levels()) == (len(f["forward"]) + len(back), f["level"])


def test_a_cross_entropy_at_a_certain_answer():
    for y, w1 in itertools.product((0.0, 1.0), (-1000.0, 1000.0)):  # the sigmoid is exactly 0 or 1
        (found,) = browser_runs([("neuron_ce", {"y": y, "w1": w1, "x1": 1})])
        loss, slope = found["value"][-1], found["grad"][found["labels"].index("ŷ")]
        right = (w1 > 0) == (y == 1)
        assert (loss, slope) == ((0, -1 if y else 1) if right else (math.inf, -math.inf if y else math.inf))


# ---- the wrong equation of document 001
def document_001(x, w, v, b, y):
    """∂E/∂hᵢ = Σⱼ ∂E/∂yⱼ · wⱼ · g′(wⱼ hᵢ + bⱼ) with one output j, the first layer from it; and the truth."""
    g = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    h = np.tanh(w * x)
    z = v @ h + b
    de_dy = 2 * (g(z) - y)
    said = de_dy * v * g(v * h + b) * (1 - g(v * h + b))
    true = de_dy * v * g(z) * (1 - g(z))
    return said, said * (1 - h**2) * x, true, true * (1 - h**2) * x


def test_document_001_is_transcribed_rightly():
    for (name, _), found in zip(*example_cases()):
        if name != "two_layer":
            assert "wrong" not in found
            continue
        at = dict(zip(found["labels"], found["value"]))
        w, v = np.array([at["w₁"], at["w₂"]]), np.array([at["v₁"], at["v₂"]])
        said_h, said_w, true_h, true_w = document_001(at["x"], w, v, at["b"], at["y"])
        wrong, grad = (dict(zip(found["labels"], found[key])) for key in ("wrong", "grad"))
        np.testing.assert_allclose([wrong["h₁"], wrong["h₂"]], said_h, rtol=1e-12)
        np.testing.assert_allclose([wrong["w₁"], wrong["w₂"]], said_w, rtol=1e-12)
        np.testing.assert_allclose([grad["h₁"], grad["h₂"]], true_h, rtol=1e-12)
        np.testing.assert_allclose([grad["w₁"], grad["w₂"]], true_w, rtol=1e-12)
        assert wrong["v₁"] is wrong["b"] is wrong["ŷ"] is None  # what lies after the units is right
        stepper = BackpropStepper("two_layer", values={n.name: at[la] for n, la in labels_of("two_layer")}, wrong=True)
        numbers = stepper.numbers()
        ours = backprop_graph.document_gradients(stepper.graph(), numbers)
        np.testing.assert_allclose([np.nan if v is None else v for v in ours],
                                   [np.nan if v is None else v for v in found["wrong"]], rtol=1e-12)  # fmt: skip


def labels_of(name: str):
    return [(n, backprop_words.node_label(n)) for n in example_graph(name).leaves.values()]


def test_document_001_is_far_off_at_the_start_and_right_with_one_hidden_unit():
    start, one = browser_runs([("two_layer", {}), ("two_layer", {"v2": 0})])
    for found, close in ((start, False), (one, True)):
        errors = [abs(w - g) / abs(g) for w, g in zip(found["wrong"], found["grad"]) if w is not None and g]
        assert (max(errors) < 1e-12) is close
    h1, h2 = start["labels"].index("h₁"), start["labels"].index("h₂")
    assert [round(start["wrong"][i] / start["grad"][i] - 1, 2) for i in (h1, h2)] == [0.5, -0.38]


# ---- words
def test_numbers_are_written_alike():
    dice = random.Random(1)
    numbers = [dice.uniform(-1, 1) * 10 ** dice.uniform(-12, 12) for _ in range(400)]
    numbers += [0, -0.0, 0.5, 1 / 3, 999.96, 1000, 1234.5, 99999.5, 1e5, 1e-4, 9.9999e-5, -2.5, 100, 12.345, 0.00012345]
    numbers += [1.2345, 0.125, 2.00005, 1e300]
    program = """import { tidy } from "./backprop_words.mjs";
        console.log(JSON.stringify(data.map((v) => [4, 3, 2].map((digits) => tidy(v, digits)))));"""
    for v, found in zip(numbers, node(program, numbers)):
        assert found == [backprop_words.tidy(v, digits) for digits in (4, 3, 2)], v
    assert backprop_words.tidy(-2.5) == "−2.5" and backprop_words.tidy(1234567.0) == "1.23·10⁶"
    assert [backprop_words.tidy(v) for v in (math.nan, -math.inf)] == ["no number", "−∞"]


def test_formulas_are_written_alike():
    for (name, _), found in [*zip(*example_cases()), *zip(*random_cases())]:
        graph = graph_of(name)
        assert found["says"] == [backprop_words.formula(graph, i) if n.op else "" for i, n in enumerate(graph.nodes)]
        assert found["slopes"] == [backprop_words.slope_formula(graph, e["to"], e["slot"]) for e in found["edges"]]
        assert found["labels"] == [backprop_words.node_label(n) for n in graph.nodes]


WRITTEN = {
    "a^2": ("a²", ["2 · a"]),
    "a^-1": ("a⁻¹", ["−1 · a⁻²"]),
    "a^0.5": ("a^0.5", ["0.5 · a^(−0.5)"]),
    "a^1": ("a", ["1"]),
    "a^0": ("a⁰", ["0"]),
    "(-3)^a": ("(−3)^a", ["a · (−3)^(a − 1)", "L · log(−3)"]),
    "a*(-3)": ("a · (−3)", ["−3", "a"]),
    "a - 1e7": ("a − (1·10⁷)", ["1", "−1"]),
    "a/b": ("a / b", ["1 / b", "−a / b²"]),
    "-a": ("−a", ["−1"]),
    "sigmoid(a)": ("σ(a)", ["L · (1 − L)"]),
}


def test_how_a_formula_is_written():
    for (formula, (says, slopes)), found in zip(WRITTEN.items(), browser_runs([(f, {}) for f in WRITTEN])):
        graph = expression_graph(formula)
        last = len(graph.nodes) - 1
        assert backprop_words.formula(graph, last) == says == found["says"][-1]
        inputs = range(len(graph.nodes[last].inputs))
        assert [backprop_words.slope_formula(graph, last, slot) for slot in inputs] == slopes == found["slopes"]


def test_every_operation_has_words():
    used = {step[1] for example in EXAMPLES.values() for step in example["steps"]} | set(FUNCTIONS)
    assert used - {"linear", "power"} <= set(WORDS)
    assert set(WORDS) | {"linear"} == set(backprop_graph.RULES)
