"""How numbers, nodes and formulas of the backprop stepper are written.  The twin of js/backprop_words.mjs."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from dlbook.widgets.backprop_examples import WORDS
from dlbook.widgets.backprop_graph import Graph, Node

_LOW, _HIGH = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def tidy(v: float, digits: int = 4) -> str:
    """The number with ``digits`` that count, a true minus sign, and a power of ten where it is large or small.

    >>> tidy(-0.123456), tidy(12345.6), tidy(-2.5e-7), tidy(3.0)
    ('−0.1235', '12346', '−2.5·10⁻⁷', '3')
    """
    if math.isnan(v):
        return "no number"
    size, sign = abs(v), "−" if v < 0 else ""
    if math.isinf(size):
        return f"{sign}∞"
    exact = Decimal(size)  # and ties upward, as the browser rounds
    if size and not 1e-4 <= size < 1e5:
        rounded = Context(max(1, digits - 1), ROUND_HALF_UP).create_decimal(exact)
        first, power = f"{rounded:e}".split("e")
        return f"{sign}{float(first):g}·10{str(int(power)).translate(_HIGH)}"
    if size >= 1000:
        return f"{sign}{exact.quantize(Decimal(1), ROUND_HALF_UP)}"
    return f"{sign}{float(Context(digits, ROUND_HALF_UP).create_decimal(exact)):.15g}"


def label(name: str) -> str:
    """
    >>> label("w1"), label("yhat")
    ('w₁', 'ŷ')
    """
    return "ŷ" if name == "yhat" else re.sub(r"[0-9]+$", lambda m: m[0].translate(_LOW), name)


def node_label(node: Node) -> str:
    return tidy(node.start) if node.kind == "constant" else label(node.name)


def words_of(node: Node) -> dict:
    """The sign of its operation, its formula and its derivatives as templates with {0}, {1}, … and {y}."""
    if node.op == "power":
        return _power_words(node.exponent)
    if node.op != "linear":
        return WORDS[node.op]
    last = len(node.inputs) - 1
    places = range(last + 1)
    return {
        "sign": "Σ",
        "slopes": ["1" if k == last else f"{{{k ^ 1}}}" for k in places],
        "says": "".join(f"{{{k}}}" + ("" if k == last else " + " if k % 2 else " · ") for k in places),
    }


def _power_words(n: float) -> dict:
    def to(e: float) -> str:
        if e == 1:
            return ""
        if float(e).is_integer() and abs(e) < 1000:
            return str(int(e)).translate(_HIGH)
        return f"^({tidy(e)})" if e < 0 else f"^{tidy(e)}"

    slope = "0" if n == 0 else "1" if n == 1 else f"{tidy(n)} · {{0}}{to(n - 1)}"
    return {"sign": f"( ){to(n) or '¹'}", "says": f"{{0}}{to(n)}", "slopes": [slope]}


def fill(template: str, texts: list[str], result: str = "") -> str:
    """Puts texts for the places; what is negative or has a factor of its own stands in parentheses, except first.

    >>> fill("{0} · {1}", ["−2", "−3"]), fill("{0}²", ["−2"])
    ('−2 · (−3)', '(−2)²')
    """

    def put(m: re.Match) -> str:
        text = result if m[1] == "y" else texts[int(m[1])]
        before, after = template[max(0, m.start() - 1) : m.start()], template[m.end() : m.end() + 1]
        first = before in ("", "(") and not (after and after in "^⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
        return f"({text})" if re.search("^−|·", text) and not first else text

    return re.sub(r"\{(\w)\}", put, template)


def formula(graph: Graph, i: int) -> str:
    """The operation of node i: w₁ · x₁ + b."""
    node = graph.nodes[i]
    return fill(words_of(node)["says"], [node_label(graph.nodes[j]) for j in node.inputs])


def slope_formula(graph: Graph, i: int, slot: int) -> str:
    """The derivative of node i by its input number ``slot``."""
    node = graph.nodes[i]
    names = [node_label(graph.nodes[j]) for j in node.inputs]
    return fill(words_of(node)["slopes"][slot], names, node_label(node))


def partial(top: str, bottom: str) -> str:
    return f"∂{top}/∂{bottom}"
