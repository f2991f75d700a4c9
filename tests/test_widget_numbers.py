"""The numbers in the widgets are the numbers of the book: the JavaScript modules against ``dlbook.scratch``."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from node import node

from dlbook import scratch
from dlbook.widgets import activation_explorer as explorer
from dlbook.widgets.activation_explorer import ActivationExplorer
from dlbook.widgets.markup import pieces
from dlbook.widgets.quiz import Quiz

X = np.unique(np.r_[np.linspace(-8, 8, 641), -40, -20, 25, 40])  # holds 0, where some have a kink
PARAMETER = {"leaky_relu": [0.01, 0.0, 0.5], "elu": [1.0, 0.0, 1.7], "softplus": [1.0, 0.2, 5.0]}
CASES = [(name, a) for name in explorer.LABELS for a in PARAMETER.get(name, [None])]


@functools.cache
def activations():
    return node(
        """import { ACTIVATIONS, SATURATED, erf } from "./activation.mjs";
        import { ORDER } from "./activation_look.mjs";
        const out = data.cases.map(([name, a]) => ({
          f: data.x.map((x) => ACTIVATIONS[name].f(x, a ?? undefined)),
          df: data.x.map((x) => ACTIVATIONS[name].df(x, a ?? undefined)),
          range: ACTIVATIONS[name].range(a ?? undefined),
        }));
        const facts = Object.entries(ACTIVATIONS).map(([name, { label, param }]) => [name, label, param ?? null]);
        console.log(JSON.stringify({ out, facts, erf: data.x.map(erf), saturated: SATURATED, order: ORDER },
          (k, v) => (v === Infinity ? "inf" : v === -Infinity ? "-inf" : v)));""",
        {"x": X.tolist(), "cases": CASES},
    )


def browser(name, a):
    out = activations()["out"][CASES.index((name, a))]
    return np.array(out["f"]), np.array(out["df"]), out["range"]


def test_erf():
    np.testing.assert_allclose(activations()["erf"], [math.erf(x) for x in X], atol=1e-15, rtol=0)


@pytest.mark.parametrize(("name", "a"), CASES)
def test_activation_and_derivative_equal_scratch(name, a):
    parameter = {} if a is None else {explorer.PARAMETERS[name][0]: a}
    f, df, _ = browser(name, a)
    expected, slope = ActivationExplorer(functions=[name], **parameter).values(name, X)
    np.testing.assert_allclose(f, expected, atol=1e-13, rtol=1e-13)
    np.testing.assert_allclose(df, slope, atol=1e-13, rtol=1e-13)


@pytest.mark.parametrize(("name", "a"), CASES)
def test_derivative_is_the_slope_of_the_function(name, a):
    f, df, _ = browser(name, a)
    grid = np.abs(X) <= 8
    x, f, df = X[grid], f[grid], df[grid]
    h = x[1] - x[0]
    away = np.abs(x[2:-2]) > 3 * h  # from the kink
    # fourth-order central difference, error of the order h^4
    slope = (f[:-4] - 8 * f[1:-3] + 8 * f[3:-1] - f[4:]) / (12 * h)
    np.testing.assert_allclose(slope[away], df[2:-2][away], atol=5e-4 if a == 5 else 2e-6)


@pytest.mark.parametrize(("name", "a"), CASES)
def test_range_holds_every_value_and_is_tight(name, a):
    f, _, stated = browser(name, a)
    low, high = float(stated["low"]), float(stated["high"])
    assert (f >= low - 1e-15).all() and (f <= high).all()
    assert f.min() < (low + 2e-3 if math.isfinite(low) else -0.3)  # the grid comes this near to a minimum
    assert f.max() > (high - 1e-3 if math.isfinite(high) else 30)
    assert stated["text"][0] == ("[" if stated["closed"] else "(")
    assert stated["text"].endswith("∞)" if high == math.inf else f"{high:g})")


def test_python_and_the_browser_agree_on_the_facts():
    facts = activations()["facts"]
    assert {name: label for name, label, _ in facts} == explorer.LABELS
    assert list(explorer.LABELS) == [name for name, _, _ in facts] == activations()["order"]
    found = {name: (p["name"], p["min"], p["max"]) for name, _, p in facts if p}
    assert found == explorer.PARAMETERS
    for _, _, p in facts:
        if p:
            assert ActivationExplorer.class_traits()[p["name"]].default() == p["default"]
    assert activations()["saturated"] == explorer.SATURATED


Z = [[2, 1, -1], [0, 0, 0], [1002, 1001, 999], [-1000, 0, 1000], [5, -5, 0.3]]


def test_softmax_and_log_softmax_equal_scratch():
    found = node(
        """import { softmax, logSoftmax, softmaxJacobian, logSoftmaxJacobian } from "./activation.mjs";
        const all = (z, p = softmax(z)) => [p, logSoftmax(z), softmaxJacobian(p), logSoftmaxJacobian(p)];
        console.log(JSON.stringify(data.map((z) => all(z))));""",
        Z,
    )
    for z, (p, log_p, jacobian, log_jacobian) in zip(Z, found):
        z = np.array(z, float)
        for op, y, jac in ((scratch.softmax, p, jacobian), (scratch.log_softmax, log_p, log_jacobian)):
            for i in range(3):
                t = scratch.Tensor(z, requires_grad=True)
                out = op(t, dim=0)
                out.backward(scratch.Tensor(np.eye(3)[i]))
                np.testing.assert_allclose(y[i], out.array[i], atol=1e-14, rtol=1e-14)
                np.testing.assert_allclose(jac[i], t.grad.array, atol=1e-14)


TEXTS = [
    "plain",
    "",
    "`code` and *emphasis* and W_1 x + b_{ij}^2",
    "e^{-x} 10^3 10^{-3} x^n x_i (a + b)^2",
    "snake_case stays, f_names too, layer1_weights",
    "2 * 3 * 4 and w*x*y",
    "*a* *b c*",
    "* no *",
    "`x_1` <b>",
    "α_1 and W_{ij}^T",
    "x_ij x_12 x_i, y_n.",
    "a_",
    "x^",
    "`open",
    "_x_",
    "**no**",
    "x^-1 x^−1 e^-x",
]


def test_markup_is_read_alike():
    assert pieces("`a_1` *b* W_{ij}^T") == [
        ("code", "a_1"),
        ("text", " "),
        ("em", "b"),
        ("text", " W"),
        ("sub", "ij"),
        ("sup", "T"),
    ]
    found = node("""import { pieces } from "./markup.mjs";\nconsole.log(JSON.stringify(data.map(pieces)));""", TEXTS)
    assert [[tuple(p) for p in line] for line in found] == [pieces(text) for text in TEXTS]


NUMBERS = {"8": 8, " 0.5 ": 0.5, ".5": 0.5, "5.": 5, "1/3": 1 / 3, "-1 / 4": -0.25, "1e-3": 1e-3, "−2": -2, "+3E2": 300}
NO_NUMBERS = {"0,5": "decimal point", "1,000": "decimal point", "": "first", "1/0": "zero", "1e999": "too large"}
NO_NUMBERS |= dict.fromkeys(
    ["x", "1/2/3", "/2", "1/", "Infinity", "NaN", "0x10", "1_000", "8 9", "a()"], "not a number"
)


@functools.cache
def read():
    texts = [*NUMBERS, *NO_NUMBERS]
    program = """import { readNumber } from "./quiz_answer.mjs";\nconsole.log(JSON.stringify(data.map(readNumber)));"""
    return dict(zip(texts, node(program, texts)))


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read(text):
    assert read()[text] == {"value": NUMBERS[text]}


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_gets_a_hint(text):
    assert NO_NUMBERS[text] in read()[text]["problem"]


def test_python_and_the_browser_judge_alike():
    options = {"a": "A.", "b": "B.", "c": "C."}
    asked = [
        (
            Quiz.number("?", 0.3, tolerance=0.01, explain="E.", wrong={3: "W."}),
            [0.3, 0.31, 0.1 + 0.2, 0.3101, 3, 3.005, -0.3],
        ),
        (Quiz.number("?", 1 / 3, tolerance=0, explain="E."), [1 / 3, 0.333]),
        (Quiz.choice("?", options, "b"), ["a", "b"]),
        (Quiz.choices("?", options, ["a", "c"]), [["a"], ["a", "c"], ["c", "a"], ["a", "b", "c"], ["b"]]),
        (Quiz.prediction("?", options), ["a"]),
    ]
    data = [[quiz.kind, quiz.options, quiz.sealed, response] for quiz, responses in asked for response in responses]
    found = node(
        """import { unseal, judge } from "./quiz_answer.mjs";
        const verdict = ([kind, options, sealed, response]) => judge(kind, options, unseal(sealed), response);
        console.log(JSON.stringify(data.map(verdict)));""",
        data,
    )
    verdicts = iter(found)
    for quiz, responses in asked:
        for response in responses:
            quiz.response = response
            assert next(verdicts)["right"] is quiz.correct, (quiz.kind, response)
    told = dict(zip([f"{kind} {response}" for kind, _, _, response in data], [verdict["text"] for verdict in found]))
    assert told["number 3"] == told["number 3.005"] == "W." and told["number -0.3"] == ""
    assert told["choice a"] == told["prediction a"] == "A."
    assert told["choices ['a']"] == "1 option is missing."
    assert told["choices ['b']"] == "Your mark does not belong, and 2 options are missing."
    assert told["choices ['a', 'b', 'c']"] == "1 of your 3 marks does not belong."
