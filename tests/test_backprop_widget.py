"""The backprop stepper without a browser: arguments, messages, formulas, what print and readers without scripts get."""

from __future__ import annotations

import gzip
import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node import node
from traitlets import TraitError

from dlbook.widgets import BackpropStepper, backprop_words
from dlbook.widgets.backprop_examples import EXAMPLES, LIMITS, STARTS
from dlbook.widgets.backprop_expression import ExpressionError, read_expression
from dlbook.widgets.backprop_graph import expression_graph
from dlbook.widgets.base import JS, bundle


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- arguments and messages
def test_it_starts_with_an_example_or_a_formula():
    assert repr(BackpropStepper()) == "BackpropStepper()"
    stepper = BackpropStepper("twice", values={"a": 1}, at=3, key="step")
    assert repr(stepper) == "BackpropStepper(at=3, example='twice', key='step', values={'a': 1.0})"
    assert stepper.gradients() == {"a": 32.0, "b": 8.0, "u": 8.0, "v": 8.0, "L": 1.0}
    assert BackpropStepper(expression="a*b").gradients() == {"a": STARTS[1], "b": STARTS[0], "L": 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"example": "neron"}, "example: 'neron' is not known; did you mean 'neuron'.*Known are neuron, neuron_ce"),
        ({"example": "own"}, "for a formula of your own pass expression="),
        ({"expression": "a+*b"}, r"expression 'a\+\*b': position 3: expected a number, a variable or “\(”, got “\*”"),
        ({"expression": "a*b", "values": {"a": 1}}, r"b of 'a\*b' has none; write values=\{'a': 1, 'b': …\}"),
        ({"expression": "a*b", "values": {"a": 1, "b": 2, "c": 3}}, "there is no leaf 'c'; the leaves are a, b"),
        ({"values": {"w3": 1}}, "there is no leaf 'w3'; the leaves are w1, x1, w2, x2, b, y"),
        ({"values": {"w1": math.nan}}, "w1 is nan; a number from -1000 to 1000"),
        ({"values": {"w1": math.inf}}, "w1 is inf; a number"),
        ({"values": {"w1": 1001}}, "w1 is 1001; a number from -1000 to 1000"),
        ({"values": {"w1": True}}, "w1 is True; a number"),
        ({"values": {"w1": "2"}}, "w1 is '2'; a number"),
        ({"values": {"y": 2}}, "y is 2; a number from 0 to 1"),
        ({"values": [["w1", 1]]}, "expected a dict"),
        ({"expression": "2*log(a)", "values": {"a": -1}}, r"u₁ = log\(a\) is nan at a = -1; start where it is finite"),
        ({"expression": "1/a", "values": {"a": 0}}, "L is inf at a = 0"),
        ({"at": -1}, "at: got -1; this graph has the steps 0 to 9"),
        ({"at": 10}, "at: got 10; this graph has the steps 0 to 9"),
        ({"wrong": "yes"}, "'wrong' trait"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(TraitError, match=message):
        BackpropStepper(**arguments)


def test_it_refuses_an_example_and_a_formula_at_once():
    with pytest.raises(ValueError, match=r"give example='twice' or expression='a\*b', not both"):
        BackpropStepper("twice", "a*b")


def test_it_refuses_later_too_and_keeps_what_it_had():
    stepper = BackpropStepper(expression="a*b", values={"a": 1, "b": 2}, at=4)
    for name, value in {"example": "thrice", "expression": "a*", "values": {"c": 1}, "at": 5}.items():
        with pytest.raises(TraitError):
            setattr(stepper, name, value)
    assert (stepper.expression, stepper.values, stepper.at) == ("a*b", {"a": 1, "b": 2}, 4)
    stepper.example = "twice"  # another example is shown from its beginning
    assert (stepper.expression, stepper.values, stepper.at) == ("", {}, 0)


def test_the_page_has_the_values_as_pairs():
    stepper = BackpropStepper("twice", values={"b": 4, "a": 1.5})
    assert stepper.get_state("values") == {"values": [["b", 4.0], ["a", 1.5]]}
    stepper.set_state({"values": [["a", 7]]})
    assert stepper.values == {"a": 7}


# ---- the modules
def test_the_modules_are_small_and_one_piece():
    text = bundle("backprop_stepper")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(gzip.compress(text.encode())) < 30_000
    for name in ("graph", "expression", *(path.stem for path in JS.glob("backprop_*.mjs"))):
        assert len((JS / f"{name}.mjs").read_text("utf8")) < 20_000, name
    assert not re.search(r"\beval\b|new Function|innerHTML", text)


# ---- reading a formula
FORMULAS = [
    "(a*b + sin(c))^2", "a^b", "2*a", "-a^2", "2^-a", "-(-3)*a", " a + − b ", "a**2", "a·b÷c", "a^b^c", "a-b-c",
    "a^-0.5", "a^0.1", "+a*--b", "sigmoid(relu(x1)*tanh(x2))", "1e3*a + .5", "sqrt(abs(a))*log(b)", "u1*v + u", "a*a*a",
    "2*a*2*a", "exp(a)*(a - 2.50)", "a/b/c", "cos(a)^3", "a*(-0)", "---a", "e*e", "yhat - y",
]  # fmt: skip
NO_FORMULAS = [
    "", "   ", "a", "3+4", "a b", "2a", "foo(a)", "sin a", "(a", "a)", "a+*b", "$", "a + $", "a*L", "abcdefgh*a",
    "a+b+c+d+e+f+g", "*".join("a" * 16), "1e999*a", "x" * 81, "(a+b", "sin(", "(a b)", "a😀", "a*😀", "()",
    "__proto__", "a*(b", "sin", "a^", "a..2", "a,b", "a\t+b", "a+٣", "((((a", "a*b)", "sin()", "a=b", "1.2.3*a", "a;b",
    "<img src=x onerror=alert(1)>", "a**", "constructor", "toString(a)", "alert(a)", "a.b", "a[0]",
]  # fmt: skip


def read(text: str):
    """What Python makes of the formula, in the form of the browser."""
    try:
        leaves, steps = read_expression(text)
    except ExpressionError as error:
        return {"problem": {"at": error.at, "text": error.words}}
    return {"leaves": leaves, "steps": [[op, list(i), *([n] if n is not None else [])] for op, i, n in steps]}


def browser_reads(texts):
    program = """import { readExpression } from "./expression.mjs";
        console.log(JSON.stringify(data.map(readExpression)));"""
    return node(program, texts)


def test_python_and_the_browser_read_alike():
    for text, found in zip(FORMULAS + NO_FORMULAS, browser_reads(FORMULAS + NO_FORMULAS)):
        assert found == read(text), text
        assert ("problem" in found) == (text in NO_FORMULAS), text


@settings(max_examples=4, deadline=None)
@given(st.lists(st.text("ab12.^*+-/() sincoe", max_size=14), min_size=150, max_size=150))
def test_they_read_any_text_alike(texts):
    assert browser_reads(texts) == [read(text) for text in texts]


def test_what_is_wrong_is_said_with_its_place():
    told = {text: read(text)["problem"] for text in NO_FORMULAS}
    assert told["a+*b"] == {"at": 3, "text": "expected a number, a variable or “(”, got “*”"}
    assert told["2a"] == {"at": 2, "text": "an operator is missing before “a”; a product is written with *"}
    assert told["a*(b"] == {"at": 3, "text": "this “(” is never closed"}
    assert told["a*b)"] == {"at": 4, "text": "this “)” closes nothing"}
    assert told["a + $"] == {"at": 5, "text": "“$” does not belong in a formula"}
    assert told["sin a"]["text"] == "sin takes its input in parentheses: sin(…)"
    assert told["alert(a)"]["text"].startswith("alert is not a function here; known are sin, cos, exp")
    assert told["a+b+c+d+e+f+g"] == {"at": 13, "text": "g is variable number 7; at most 6 are drawn"}
    assert "at most 80" in told["x" * 81]["text"] and "no variable" in told["3+4"]["text"]


def test_a_long_formula_has_too_many_nodes():
    assert len(expression_graph("*".join("a" * 15)).nodes) == LIMITS["nodes"]
    with pytest.raises(ExpressionError, match="the formula has 16 nodes .* at most 15"):
        expression_graph("*".join("a" * 16))


# ---- print and readers without scripts
@pytest.mark.parametrize(
    "arguments",
    [{"example": name} for name in EXAMPLES] + [{"expression": f} for f in ("a*a*exp(-b) + 2", "*".join("a" * 15))],
)
def test_without_scripts(arguments):
    stepper = BackpropStepper(**arguments)
    page = well_formed(stepper._fallback)
    svg = page.find(".//svg")
    nodes, edges = stepper.graph().nodes, sum(len(n.inputs) for n in stepper.graph().nodes)
    assert len(svg.findall(".//rect")) == len(nodes) and len(svg.findall(".//path")) == edges
    assert "L = " in svg.get("aria-label") and "∂L/∂" in svg.get("aria-label")
    says, legend = ("".join(p.itertext()) for p in page.findall("p"))
    assert says == (f"L = {stepper.expression}" if stepper.expression else EXAMPLES[stepper.example]["says"])
    assert "gradient of L" in legend
    text = " ".join(svg.itertext())
    for i, value in enumerate(stepper.numbers().value):
        assert backprop_words.tidy(value) in text
        assert backprop_words.node_label(nodes[i]) in text
    assert len(page.findall(".//table/tbody/tr")) == len(nodes)
    assert "var(--dlb-" in stepper._fallback and not re.search("#[0-9a-f]{3}", stepper._fallback)
    assert len(stepper._fallback) < 14_000


def test_the_table_holds_the_numbers():
    table = well_formed(BackpropStepper("two_layer", wrong=True).table())
    heads = [cell.text for cell in table.findall(".//thead//th")]
    assert heads[:4] == ["node", "operation", "value", "local derivatives"]
    assert heads[4:] == ["gradient", "document 001", "finite differences"]
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.findall(".//tbody/tr")}
    assert rows["h₁"] == ["tanh(z₁)", "0.4621", "∂h₁/∂z₁ = 1 − h₁² = 0.7864", "−0.3924", "−0.5876", "−0.3924"]
    assert rows["x"] == ["data", "1", "–", "–", "–", "–"]
    assert rows["z"][2].startswith("∂z/∂v₁ = h₁ = 0.4621; ∂z/∂h₁ = v₁ = 1.5; ")
    assert "document 001" not in BackpropStepper("two_layer").table() + BackpropStepper(wrong=True).table()
