"""The Python side of the widgets: arguments, messages, text form, what print and readers without scripts get."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from fractions import Fraction

import numpy as np
import pytest
from traitlets import TraitError

from dlbook.widgets import ActivationExplorer, Quiz
from dlbook.widgets.base import bundle
from dlbook.widgets.markup import to_html

OPTIONS = {"one": "Too few.", "two": "Yes.", "three": "Too many."}


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- what every widget has
def test_importing_the_widgets_loads_neither_torch_nor_sklearn_nor_matplotlib():
    program = "import sys, dlbook.widgets; print({'torch', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["activation_explorer", "quiz"])
def test_the_module_is_one_piece(name):
    text = bundle(name)
    assert len(re.findall(r"^export default ", text, re.M)) == 1
    assert not re.search(r"^import\b", text, re.M)
    assert len(text) < 45_000


def test_unknown_argument_names_the_known_ones():
    with pytest.raises(TypeError, match="no argument 'function'; it takes alpha, beta, derivative, focus, functions"):
        ActivationExplorer(function="relu")
    with pytest.raises(TypeError, match="anwser"):
        Quiz.choice("?", OPTIONS, anwser="two")


# ---- activation explorer
@pytest.mark.parametrize(
    ("arguments", "functions", "focus"),
    [
        ({}, ["sigmoid", "tanh", "relu"], "tanh"),
        ({"focus": "gelu"}, ["gelu"], "gelu"),
        ({"functions": ["elu", "relu"]}, ["elu", "relu"], "elu"),
        ({"functions": "elu"}, ["elu"], "elu"),
        ({"functions": ["elu"], "focus": "relu"}, ["elu"], "relu"),
    ],
)
def test_which_functions_are_shown(arguments, functions, focus):
    explorer = ActivationExplorer(**arguments)
    assert (explorer.functions, explorer.focus) == (functions, focus)
    assert set(explorer.shown()) == {*functions, focus}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"focus": "reul"}, "focus: 'reul' is not known; did you mean 'relu'.*Known are identity, sigmoid"),
        ({"functions": ["tanh", "Gelu"]}, "functions: 'Gelu' is not known; did you mean 'gelu'"),
        ({"functions": ["softmax"]}, "'softmax' mixes several inputs and has no curve; use view='softmax'"),
        ({"functions": ["relu", "relu"]}, "names a function twice"),
        ({"view": "sofmax"}, "view: 'sofmax' is not known; did you mean 'softmax'"),
        ({"x": float("nan")}, "x: got nan; a number from -5 to 5"),
        ({"x": 5.1}, "x: got 5.1; a number from -5 to 5"),
        ({"alpha": -1}, "alpha: got -1.0; a number from 0 to 2"),
        ({"negative_slope": float("inf")}, "negative_slope: got inf; a number from 0 to 0.5"),
        ({"beta": 0}, "beta: got 0.0; a number from 0.2 to 5"),
        ({"logits": [1, 2]}, "logits: got 2 numbers; the explorer shows three"),
        ({"logits": [1, 2, float("nan")]}, "logits: got nan"),
        ({"shift": -1}, "shift: got -1.0; a number from 0 to 1000"),
        ({"x": "left"}, "'x' trait"),
    ],
)
def test_explorer_refuses(arguments, message):
    with pytest.raises(TraitError, match=message):
        ActivationExplorer(**arguments)


def test_explorer_refuses_later_too_and_keeps_the_value():
    explorer = ActivationExplorer(x=2)
    with pytest.raises(TraitError, match="x: got 9"):
        explorer.x = 9
    assert explorer.x == 2


def test_explorer_text_form_is_stable_and_short():
    assert repr(ActivationExplorer()) == "ActivationExplorer()"
    explorer = ActivationExplorer(functions=["sigmoid", "tanh"], key="act", x=2)
    assert repr(explorer) == "ActivationExplorer(focus='sigmoid', functions=['sigmoid', 'tanh'], key='act', x=2.0)"
    assert explorer._repr_mimebundle_()[0]["text/plain"] == repr(explorer)


def test_values_are_those_of_the_package():
    y, slope = ActivationExplorer(alpha=0.5).values("elu", np.array([-1.0, 2.0]))
    np.testing.assert_allclose(y, [0.5 * (np.exp(-1) - 1), 2])
    np.testing.assert_allclose(slope, [0.5 * np.exp(-1), 1])


def test_softmax_outputs_do_not_feel_the_shift():
    calm, shifted = (ActivationExplorer(view="softmax", logits=[3, 1, -2], shift=s).outputs() for s in (0, 1000))
    np.testing.assert_allclose(shifted[0] - calm[0], 1000)
    np.testing.assert_allclose(calm[1], shifted[1], atol=1e-12)
    np.testing.assert_allclose(calm[1].sum(), 1)
    np.testing.assert_allclose(calm[2].sum(1), 0, atol=1e-15)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"functions": ["elu", "gelu_tanh"], "derivative": False},
        {"view": "softmax"},
        {"view": "log_softmax", "shift": 10},
    ],
)
def test_explorer_without_scripts(arguments):
    explorer = ActivationExplorer(**arguments)
    page = well_formed(explorer._fallback)
    assert page.find(".//{http://www.w3.org/2000/svg}svg") is not None
    assert "var(--dlb-" in explorer._fallback and "#ffffff" not in explorer._fallback
    rows = page.findall(".//table/tbody/tr")
    assert len(rows) == (11 if explorer.view == "elementwise" else 3)
    assert len(explorer._fallback) < 30_000


def test_explorer_table_holds_the_numbers():
    table = well_formed(ActivationExplorer(focus="relu").table())
    cells = {row[0].text: [cell.text for cell in row[1:]] for row in table.findall(".//tbody/tr")}
    assert cells["−2"] == ["0.0000", "0.0000"] and cells["3"] == ["3.0000", "1.0000"]
    table = ActivationExplorer(view="log_softmax", logits=[0, 0, 0]).table()
    assert "−1.099" in table and ">0.67<" in table and "−0.33" in table


# ---- quiz
def test_the_four_kinds():
    assert Quiz.choice("?", OPTIONS, "two").kind == "choice"
    assert Quiz.choices("?", OPTIONS, ["one", "two"]).kind == "choices"
    assert Quiz.number("?", 8, explain="Count.").kind == "number"
    assert Quiz.prediction("?", OPTIONS).kind == "prediction"
    same = Quiz(
        "?", kind="number", answer=8, tolerance=0, explain="Six and two.", wrong={5: "Nodes.", 6: "Biases."}, key="q"
    )
    assert repr(same) == "Quiz(key='q', kind='number', question='?')"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quiz("?", OPTIONS, kind="chioce", answer="two"), "kind='chioce' is not known; did you mean 'choice'"),
        (lambda: Quiz.choice(" ", OPTIONS, "two"), "the question is empty"),
        (lambda: Quiz.choice("?", OPTIONS, None), "no option is marked right"),
        (lambda: Quiz.choice("?", OPTIONS, "tow"), "the answer 'tow' is not among the options; did you mean 'two'"),
        (lambda: Quiz.choice("?", OPTIONS, ["one", "two"]), "one right option.*use Quiz.choices"),
        (lambda: Quiz.choice("?", {"one": "Only one."}, "one"), "at least two options, got 1"),
        (lambda: Quiz.choice("?", None, "one"), "must map each option to its feedback, got None"),
        (lambda: Quiz.choice("?", ["one", "two"], "one"), "each option needs a text and a feedback"),
        (lambda: Quiz.choice("?", {"one": "", "two": "Yes."}, "two"), "both not empty; got \\('one', ''\\)"),
        (lambda: Quiz.choice("?", {"": "Hm.", "two": "Yes."}, "two"), "both not empty"),
        (lambda: Quiz.choice("?", [("one", "A."), ("one", "B.")], "one"), "the option 'one' is there twice"),
        (lambda: Quiz.choice("?", {"`one`": "A.", "One ": "B."}, "`one`"), "is there twice"),
        (lambda: Quiz.choices("?", OPTIONS, []), "no option is marked right"),
        (lambda: Quiz.choices("?", OPTIONS, "one"), "answer is a list"),
        (lambda: Quiz.choices("?", OPTIONS, None), "answer is a list"),
        (lambda: Quiz.choices("?", OPTIONS, ["one", "four"]), "'four' is not among the options"),
        (lambda: Quiz.choices("?", OPTIONS, ["one", "one"]), "names an option twice"),
        (lambda: Quiz("?", OPTIONS, kind="prediction", answer="one"), "a? ?prediction has no right answer"),
        (lambda: Quiz("?", OPTIONS, kind="choice", answer="one", wrong={1: "No."}), "belong to Quiz.number"),
        (lambda: Quiz("?", OPTIONS, kind="number", answer=1, explain="E."), "takes no options"),
        (lambda: Quiz.number("?", float("nan"), explain="E."), "answer must be a finite number, got nan"),
        (lambda: Quiz.number("?", "8", explain="E."), "answer must be a finite number, got '8'"),
        (lambda: Quiz.number("?", True, explain="E."), "got True"),
        (lambda: Quiz.number("?", 0.3, explain="E."), "0.3 is not whole; say with tolerance="),
        (lambda: Quiz.number("?", 3, tolerance=-1, explain="E."), "must not be negative, got -1"),
        (lambda: Quiz.number("?", 3, tolerance=float("nan"), explain="E."), "tolerance must be a finite number"),
        (lambda: Quiz.number("?", 3, explain=" "), "explain is empty"),
        (lambda: Quiz.number("?", 3, explain=None), "explain must be a text, got None"),
        (lambda: Quiz.number("?", 3, explain="E.", wrong={3: "No."}), "wrong has 3, which counts as right"),
        (lambda: Quiz.number("?", 3, explain="E.", tolerance=1, wrong={4: "No."}), "wrong has 4, which counts"),
        (lambda: Quiz.number("?", 3, explain="E.", wrong={4: ""}), "the feedback for 4 is empty"),
        (lambda: Quiz.number("?", 3, explain="E.", wrong={"4": "No."}), "a key of wrong must be a finite number"),
    ],
)  # fmt: skip
def test_quiz_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("quiz", "response", "correct"),
    [
        (Quiz.choice("?", OPTIONS, "two"), "two", True),
        (Quiz.choice("?", OPTIONS, "two"), "one", False),
        (Quiz.choices("?", OPTIONS, ["one", "two"]), ["two", "one"], True),
        (Quiz.choices("?", OPTIONS, ["one", "two"]), ["two"], False),
        (Quiz.number("?", Fraction(1, 3), tolerance=0.01, explain="E."), 0.34, True),
        (Quiz.number("?", Fraction(1, 3), tolerance=0.01, explain="E."), 0.35, False),
        (Quiz.number("?", np.int64(8), explain="E."), 8, True),
        (Quiz.prediction("?", OPTIONS), "one", None),
    ],
)
def test_correct(quiz, response, correct):
    assert quiz.correct is None
    quiz.response = response
    assert quiz.correct is correct
    quiz.response = None
    assert quiz.correct is None


@pytest.mark.parametrize(
    ("quiz", "response"),
    [
        (Quiz.choice("?", OPTIONS, "two"), "four"),
        (Quiz.choice("?", OPTIONS, "two"), 1),
        (Quiz.choices("?", OPTIONS, ["one"]), "one"),
        (Quiz.choices("?", OPTIONS, ["one"]), ["one", "one"]),
        (Quiz.choices("?", OPTIONS, ["one"]), []),
    ],
)
def test_a_response_must_be_one_of_the_options(quiz, response):
    with pytest.raises(TraitError, match="response"):
        quiz.response = response
    assert quiz.response is None


def test_a_question_cannot_be_changed_behind_its_answer():
    with pytest.raises(TraitError, match="read-only"):
        Quiz.choice("?", OPTIONS, "two").options = ["one"]


def test_the_answer_is_not_readable_at_a_glance():
    quiz = Quiz.choice("?", OPTIONS, "two", explain="Because.")
    state = json.dumps({k: v for k, v in quiz.get_state().items() if not k.startswith("_")})
    assert "Yes." not in state and "Because" not in state
    assert json.loads(base64.b64decode(quiz.sealed)) == {
        "explain": "Because.",
        "feedback": list(OPTIONS.values()),
        "right": [1],
    }


def test_quiz_without_scripts():
    quiz = Quiz.choices(
        "Is `a < b` and x_1?", {"yes, x^2": "Right & good.", "no": "Wrong."}, ["yes, x^2"], explain="See.", hint="Look."
    )
    page = well_formed(quiz._fallback)
    assert [item.text for item in page.findall("ul/li")] == ["yes, x", "no"]
    assert page.find("details/summary").text == "Answer"
    text = "".join(page.itertext())
    for part in ("Is a < b and x1?", "yes, x2 (right): Right & good.", "Hint: Look.", "See."):
        assert part in text
    number = Quiz.number("?", 0.25, tolerance=0.01, explain="A quarter.")
    assert "<p>0.25. A quarter.</p>" in number._fallback
    assert "What happens" in Quiz.prediction("?", OPTIONS)._fallback


def test_nothing_in_a_text_is_html():
    quiz = Quiz.choice(
        "<script>x</script>", {"<b>1</b>": "<i>", "`<u>`": "</p>"}, "<b>1</b>", hint="<img>", explain="<a>"
    )
    assert not re.search(r"<(script|b|i|u|img|a)>", quiz._fallback)
    assert to_html("`<x>` & y") == "<code>&lt;x&gt;</code> &amp; y"
    well_formed(quiz._fallback)
