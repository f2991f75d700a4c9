"""Where the backprop stepper puts the nodes of a graph: js/backprop_layout.mjs."""

from __future__ import annotations

import functools
import itertools
import re

import numpy as np
from node import node
from test_backprop_numbers import graph_of, random_cases

from dlbook.widgets.backprop_examples import EXAMPLES


# ---- places
@functools.cache
def places():
    formulas = [f for f, _ in random_cases()[0]] + ["*".join("a" * 15), "a*b+c*d-e*f", "sin(a)*b/(c+cos(a))-exp(b)"]
    cases = [[name, width] for name in [*EXAMPLES, *formulas] for width in (320, 400, 734, 900)]
    program = """import { exampleGraph, expressionGraph } from "./graph.mjs";
        import { placeGraph } from "./backprop_layout.mjs";
        import { EXAMPLES } from "./backprop_examples.mjs";
        console.log(JSON.stringify(data.map(([name, width]) => {
          const graph = EXAMPLES.some((e) => e.name === name) ? exampleGraph(name) : expressionGraph(name);
          const sizes = graph.edges.map((e) => (graph.needs[e.from] ? [50, 30] : null));
          return placeGraph(graph, width, 62, sizes);
        })));"""
    return list(zip(cases, node(program, cases)))


def test_no_card_lies_on_another_or_outside():
    for (name, width), plan in places():
        cards = plan["cards"]
        for c in cards:
            assert c["w"] / 2 - 0.6 <= c["x"] <= width - c["w"] / 2 + 0.6, (name, width)
            assert c["h"] / 2 - 0.6 <= c["y"] <= plan["height"] - c["h"] / 2 + 0.6, (name, width)
            assert c["w"] >= 60
        for c, d in itertools.combinations(cards, 2):
            apart = max(abs(c["x"] - d["x"]) - (c["w"] + d["w"]) / 2, abs(c["y"] - d["y"]) - (c["h"] + d["h"]) / 2)
            assert apart > 5, (name, width)


def samples(path: str, n: int = 24):
    """Points on a path of cubics and straight lines."""
    numbers = [float(v) for v in re.findall(r"-?[0-9.]+", path)]
    kinds, i, at = re.findall("[MLC]", path), 0, (0.0, 0.0)
    for kind in kinds:
        points = [at] + [(numbers[i + 2 * k], numbers[i + 2 * k + 1]) for k in range({"M": 1, "L": 1, "C": 3}[kind])]
        i, at = i + 2 * len(points) - 2, points[-1]
        for t in np.linspace(0, 1, n) if kind != "M" else []:
            p = np.array(points)
            while len(p) > 1:
                p = p[:-1] + t * (p[1:] - p[:-1])
            yield tuple(p[0])


def test_no_line_runs_behind_a_card():
    for (name, width), plan in places():
        for edge, other in itertools.product(plan["edges"], plan["cards"]):
            for x, y in samples(edge["d"]):
                inside = min(other["w"] / 2 - abs(x - other["x"]), other["h"] / 2 - abs(y - other["y"]))
                assert inside < 2, (name, width)


def test_computation_runs_one_way_and_a_phone_gets_rows():
    for (name, width), plan in places():
        graph = graph_of(name)
        axis = "y" if plan["vertical"] else "x"
        for k, user in enumerate(graph.nodes):
            for i in user.inputs:
                assert plan["cards"][i][axis] < plan["cards"][k][axis]
        columns = max(graph.levels()) + 1
        assert plan["vertical"] == (columns * 74 + (columns - 1) * 53 > width)
        if name in EXAMPLES:
            assert plan["vertical"] == (width < 500)


def test_lines_of_the_examples_do_not_cross():
    for (name, width), plan in places():
        if name in EXAMPLES:
            lines = [np.array(list(samples(edge["d"], 12))) for edge in plan["edges"]]
            assert not any(cross(a, b) for a, b in itertools.combinations(lines, 2)), (name, width)


def cross(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two chains of segments cut each other."""
    p, r, q, s = a[:-1, None], np.diff(a, axis=0)[:, None], b[None, :-1], np.diff(b, axis=0)[None]
    area = lambda u, v: u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]  # noqa: E731
    with np.errstate(all="ignore"):
        t, u = area(q - p, s) / area(r, s), area(q - p, r) / area(r, s)
    return bool(((t > 0) & (t < 1) & (u > 0) & (u < 1)).any())


def test_labels_of_the_examples_do_not_overlap():
    for (name, width), plan in places():
        if name not in EXAMPLES:
            continue
        labels = [edge["label"] for edge in plan["edges"] if edge.get("label")]
        for a, b in itertools.combinations(labels, 2):
            apart = max(abs(a["x"] - b["x"]) - (a["w"] + b["w"]) / 2, abs(a["y"] - b["y"]) - (a["h"] + b["h"]) / 2)
            assert apart > -3, (name, width)


def test_a_widget_that_is_hidden_has_no_room_and_still_an_end():
    program = """import { exampleGraph } from "./graph.mjs";
        import { placeGraph } from "./backprop_layout.mjs";
        console.log(JSON.stringify(data.map((width) => placeGraph(exampleGraph("two_layer"), width, 62, []).cards)));"""
    for cards in node(program, [0, 1, 50]):
        assert len({(c["x"], c["y"]) for c in cards}) == len(cards)
