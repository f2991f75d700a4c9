"""Small questions with feedback, the same in the built page and in JupyterLab."""

from __future__ import annotations

import base64
import difflib
import json
import math
from collections.abc import Iterable, Mapping
from numbers import Real

import traitlets

from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.markup import pieces, to_html

KINDS = ("choice", "choices", "number", "prediction")


class Quiz(Widget):
    """One question.  Write it with ``Quiz.choice``, ``Quiz.choices``, ``Quiz.number`` or ``Quiz.prediction``.

    Texts may hold `code`, *emphasis*, x_1, x_{ij}, x^2, e^{-x}.  ``response`` is what the reader has answered (the text
    of an option, a list of texts, a number), ``None`` before and after "try again"; ``correct`` judges it.

    >>> quiz = Quiz.number("How much is 6 · 7?", 42, explain="Six sevens.", wrong={13: "That is 6 + 7."})
    >>> quiz.response = 13
    >>> quiz.correct
    False

    ValueError when the question cannot be answered: no right option, an empty text, an option twice, NaN.
    """

    _esm = bundle("quiz")
    kind = traitlets.Unicode("choice", read_only=True).tag(sync=True)
    question = traitlets.Unicode("", read_only=True).tag(sync=True)
    options = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    hint = traitlets.Unicode("", read_only=True).tag(sync=True)
    response = traitlets.Any(None, allow_none=True, help="what the reader has answered").tag(sync=True)
    sealed = traitlets.Unicode("", read_only=True, help="answers and feedback, not readable at a glance").tag(sync=True)

    def __init__(
        self,
        question: str,
        options: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        *,
        kind: str,
        answer=None,
        tolerance: float | None = None,
        wrong: Mapping[float, str] | None = None,
        explain: str = "",
        hint: str = "",
        key: str = "",
    ):
        if kind not in KINDS:
            raise ValueError(
                f"Quiz: kind={kind!r} is not known{_nearest(kind, KINDS)}; it is one of {', '.join(KINDS)}"
            )
        for name, text in {"question": question, "explain": explain, "hint": hint}.items():
            if not isinstance(text, str):
                raise ValueError(f"Quiz: {name} must be a text, got {text!r}")
        if not question.strip():
            raise ValueError("Quiz: the question is empty")
        secret = {"explain": explain}
        texts: list[str] = []
        if kind == "number":
            if options is not None:
                raise ValueError("Quiz.number takes no options: the reader types the number")
            secret |= _number_key(answer, tolerance, wrong, explain)
        else:
            if tolerance is not None or wrong is not None:
                raise ValueError(f"Quiz.{kind} takes no tolerance and no wrong; these belong to Quiz.number")
            texts, feedback = _options(kind, options)
            secret |= {"feedback": feedback, "right": _right(kind, texts, answer)}
        self._secret = secret
        sealed = base64.b64encode(json.dumps(secret).encode()).decode()
        for name, value in {
            "kind": kind,
            "question": question,
            "options": texts,
            "hint": hint,
            "sealed": sealed,
        }.items():
            self.set_trait(name, value)  # before the page is told anything, so that it is told once
        super().__init__(key=key)

    @classmethod
    def choice(cls, question: str, options, answer: str, *, explain: str = "", hint: str = "", key: str = "") -> Quiz:
        """One option is right.  ``options``: {text of the option: what the reader is told about it}."""
        return cls(question, options, kind="choice", answer=answer, explain=explain, hint=hint, key=key)

    @classmethod
    def choices(cls, question: str, options, answer, *, explain: str = "", hint: str = "", key: str = "") -> Quiz:
        """Several options are right; ``answer`` lists them."""
        return cls(question, options, kind="choices", answer=answer, explain=explain, hint=hint, key=key)

    @classmethod
    def number(
        cls,
        question: str,
        answer: float,
        *,
        explain: str,
        tolerance: float | None = None,
        wrong=None,
        hint: str = "",
        key: str = "",
    ) -> Quiz:
        """The reader types a number; right within ``tolerance`` (0 for a whole number unless you say otherwise).

        ``wrong`` = {a number one gets by a mistake: what the mistake was}.
        """
        return cls(
            question,
            kind="number",
            answer=answer,
            tolerance=tolerance,
            wrong=wrong,
            explain=explain,
            hint=hint,
            key=key,
        )

    @classmethod
    def prediction(cls, question: str, options, *, explain: str = "", hint: str = "", key: str = "") -> Quiz:
        """The reader commits to what she expects; then the text of her option and ``explain`` say what happens."""
        return cls(question, options, kind="prediction", explain=explain, hint=hint, key=key)

    @property
    def correct(self) -> bool | None:
        """Whether ``response`` is right; None without a response, and always for a prediction."""
        if self.response is None or self.kind == "prediction":
            return None
        if self.kind == "number":
            return _close(self.response, self._secret["value"], self._secret["tolerance"])
        given = self.response if self.kind == "choices" else [self.response]
        return sorted(self.options.index(text) for text in given) == self._secret["right"]

    @traitlets.validate("response")
    def _check_response(self, proposal):
        value = proposal["value"]
        if value is None:
            return None
        if self.kind == "number":
            return _finite("response", value)
        given = value if self.kind == "choices" else [value]
        if not isinstance(given, list) or not given or len(set(map(str, given))) < len(given):
            raise traitlets.TraitError(
                f"response of a question with several answers is a list of options, got {value!r}"
            )
        for text in given:
            if text not in self.options:
                raise traitlets.TraitError(
                    f"response {text!r} is not an option{_nearest(text, self.options)}; the options are {self.options}"
                )
        return value

    def fallback(self) -> str:
        """Question, options and, folded, the answer: for print and for readers without scripts."""
        secret = self._secret
        title, folded = ("Predict first", "What happens") if self.kind == "prediction" else ("Check yourself", "Answer")
        parts = [f"<p><strong>{title}.</strong> {to_html(self.question)}</p>"]
        if self.options:
            parts.append(_list(to_html(text) for text in self.options))
        if self.hint:
            parts.append(f"<p>Hint: {to_html(self.hint)}</p>")
        if self.kind == "number":
            answer = f"<p>{secret['value']:.6g}. {to_html(secret['explain'])}</p>"
        else:
            answer = _list(
                f"<em>{to_html(text)}</em>{' (right)' * (i in secret['right'])}: {to_html(words)}"
                for i, (text, words) in enumerate(zip(self.options, secret["feedback"]))
            )
            answer += f"<p>{to_html(secret['explain'])}</p>" * bool(secret["explain"])
        parts.append(f"<details><summary>{folded}</summary>{answer}</details>")
        return "".join(parts)

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name != "sealed"]


def _options(kind: str, options) -> tuple[list[str], list[str]]:
    """The texts and the feedback, each complete and no text twice."""
    if isinstance(options, str) or not isinstance(options, (Mapping, Iterable)):
        raise ValueError(f"Quiz.{kind}: options must map each option to its feedback, got {options!r}")
    pairs = list(options.items() if isinstance(options, Mapping) else options)
    for pair in pairs:
        if not (
            isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(text, str) and text.strip() for text in pair)
        ):
            raise ValueError(f"Quiz.{kind}: each option needs a text and a feedback, both not empty; got {pair!r}")
    if len(pairs) < 2:
        raise ValueError(f"Quiz.{kind} needs at least two options, got {len(pairs)}")
    texts = [text for text, _ in pairs]
    looks = ["".join(words for _, words in pieces(text)).strip().casefold() for text in texts]
    for text, look in zip(texts, looks):
        if looks.count(look) > 1:
            raise ValueError(f"Quiz.{kind}: the option {text!r} is there twice")
    return texts, [feedback for _, feedback in pairs]


def _right(kind: str, texts: list[str], answer) -> list[int]:
    """Positions of the right options."""
    if kind == "prediction":
        if answer is not None:
            raise ValueError("Quiz.prediction has no right answer; say in explain what happens")
        return []
    if kind == "choice":
        if answer is None:
            raise ValueError("Quiz.choice: no option is marked right; pass answer=, the text of the right one")
        if not isinstance(answer, str):
            raise ValueError(f"Quiz.choice has one right option, a text, got {answer!r}; for several use Quiz.choices")
        answer = [answer]
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise ValueError(f"Quiz.choices: answer is a list of the right options, got {answer!r}")
    answer = list(answer)
    if not answer:
        raise ValueError("Quiz.choices: no option is marked right; add one that is, such as 'None of these'")
    for text in answer:
        if text not in texts:
            raise ValueError(
                f"Quiz.{kind}: the answer {text!r} is not among the options{_nearest(text, texts)}; they are {texts}"
            )
    if len(set(answer)) < len(answer):
        raise ValueError(f"Quiz.{kind}: the answer names an option twice: {answer}")
    return sorted(texts.index(text) for text in answer)


def _number_key(answer, tolerance, wrong, explain: str) -> dict:
    value = _finite("answer", answer)
    if tolerance is None:
        if not value.is_integer():
            raise ValueError(
                f"Quiz.number: the answer {value} is not whole; say with tolerance= how close is close enough"
            )
        tolerance = 0.0
    tolerance = _finite("tolerance", tolerance)
    if tolerance < 0:
        raise ValueError(f"Quiz.number: tolerance must not be negative, got {tolerance}")
    if not explain.strip():
        raise ValueError("Quiz.number: explain is empty; say why the answer is right")
    known = []
    for number, text in (wrong or {}).items():
        number = _finite("a key of wrong", number)
        if _close(number, value, tolerance):
            raise ValueError(
                f"Quiz.number: wrong has {number:g}, which counts as right (answer {value:g}, tolerance {tolerance:g})"
            )
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"Quiz.number: the feedback for {number:g} is empty")
        known.append([number, text])
    return {"value": value, "tolerance": tolerance, "wrong": known}


def _finite(name: str, value) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"Quiz.number: {name} must be a finite number, got {value!r}")
    return float(value)


def _close(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= tolerance + 1e-12 * max(1, abs(b))


def _nearest(text, known) -> str:
    found = difflib.get_close_matches(str(text), list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
