"""Reads a formula such as (a*b + sin(c))^2 and takes it apart into single operations.  The twin of js/expression.mjs.

sum = product {(+|-) product}    product = signed {(*|/) signed}    signed = (-|+) signed | power
power = atom [^ signed]          atom = number | variable | function(sum) | (sum)
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from dlbook.widgets.backprop_examples import FUNCTIONS, LIMITS


class ExpressionError(ValueError):
    """A formula that cannot be read; ``at`` counts its characters from 1 and is 0 where no place is to blame."""

    def __init__(self, at: int, words: str):
        super().__init__(f"position {at}: {words}" if at else words)
        self.at, self.words = at, words


def read_expression(text: str) -> tuple[list[str | float], list[tuple]]:
    """The formula taken apart: leaves (names and numbers) in the order of reading, and operations.

    An operation is (name, places of its inputs in leaves + operations, fixed exponent or None).  ExpressionError, with
    the position, if the text is no formula.

    >>> read_expression("(a + 2)^2")
    (['a', 2.0], [('add', (0, 1), None), ('power', (2,), 2.0)])
    """
    return _flatten(_Parser(text).tree())


class _Token(NamedTuple):
    kind: str
    word: str
    at: int

    def __str__(self):
        return self.word if self.kind == "end" else f"“{self.word}”"


_TOKEN = re.compile(r" *(?:((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)|([A-Za-z][A-Za-z0-9]*)|(\*\*|[-+*/^()]))")


def _tokens(text: str) -> list[_Token]:
    if len(text) > LIMITS["length"]:
        raise ExpressionError(0, f"the formula has {len(text)} characters; at most {LIMITS['length']} are read")
    plain = text.translate(str.maketrans("−·×÷", "-**/")).rstrip(" ")
    if not plain:
        raise ExpressionError(0, "the formula is empty")
    out, end = [], 0
    while end < len(plain):
        found = _TOKEN.match(plain, end)
        if not found:
            at = end + len(plain[end:]) - len(plain[end:].lstrip(" "))
            raise ExpressionError(at + 1, f"“{text[at]}” does not belong in a formula")
        number, name, sign = found.groups()
        word, end = number or name or sign, found.end()
        kind = "number" if number else "name" if name else "^" if sign == "**" else sign
        out.append(_Token(kind, word, end - len(word) + 1))
    return [*out, _Token("end", "the end", len(plain) + 1)]


class _Parser:
    """Recursive descent; a tree node is a number, a name, or (operation, inputs, exponent or None)."""

    def __init__(self, text: str):
        self.tokens, self.i, self.variables = _tokens(text), 0, []

    def tree(self):
        tree = self.sum()
        if self.now.kind != "end":
            self.missing()
        return tree

    @property
    def now(self) -> _Token:
        return self.tokens[self.i]

    def next(self, *kinds: str) -> _Token | None:
        if self.now.kind not in kinds:
            return None
        self.i += 1
        return self.tokens[self.i - 1]

    def sum(self):
        left = self.product()
        while sign := self.next("+", "-"):
            left = ("add" if sign.kind == "+" else "sub", [left, self.product()], None)
        return left

    def product(self):
        left = self.signed()
        while sign := self.next("*", "/"):
            left = ("mul" if sign.kind == "*" else "div", [left, self.signed()], None)
        return left

    def signed(self):
        if self.next("+"):
            return self.signed()
        if not self.next("-"):
            return self.power()
        inner = self.signed()
        return _Number(-inner.value) if isinstance(inner, _Number) else ("neg", [inner], None)

    def power(self):
        base = self.atom()
        if not self.next("^"):
            return base
        exponent = self.signed()
        if isinstance(exponent, _Number):
            return ("power", [base], exponent.value)
        return ("pow", [base, exponent], None)

    def atom(self):
        token = self.now
        self.i += 1
        if token.kind == "number":
            if not math.isfinite(float(token.word)):
                raise ExpressionError(token.at, f"{token.word} is too large for a number")
            return _Number(float(token.word))
        if token.kind == "(":
            return self.closed(token)
        if token.kind == "name":
            return self.call(token) if self.now.kind == "(" else self.variable(token)
        raise ExpressionError(token.at, f"expected a number, a variable or “(”, got {token}")

    def closed(self, opening: _Token):
        inner = self.sum()
        if not self.next(")"):
            if self.now.kind == "end":
                raise ExpressionError(opening.at, "this “(” is never closed")
            self.missing()
        return inner

    def call(self, name: _Token):
        if name.word not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            words = f"{name.word} is not a function here; known are {known}. For a product write {name.word}*(…)"
            raise ExpressionError(name.at, words)
        self.i += 1
        return (name.word, [self.closed(self.tokens[self.i - 1])], None)

    def variable(self, name: _Token):
        word, at = name.word, name.at
        if word in FUNCTIONS:
            raise ExpressionError(at, f"{word} takes its input in parentheses: {word}(…)")
        if word == "L":
            raise ExpressionError(at, "L is the name of the result; give the variable another one")
        if len(word) > LIMITS["letters"]:
            raise ExpressionError(at, f"the name {word} is longer than {LIMITS['letters']} letters")
        if word not in self.variables:
            self.variables.append(word)
        if (count := len(self.variables)) > LIMITS["variables"]:
            raise ExpressionError(at, f"{word} is variable number {count}; at most {LIMITS['variables']} are drawn")
        return word

    def missing(self):
        if self.now.kind == ")":
            raise ExpressionError(self.now.at, "this “)” closes nothing")
        words = f"an operator is missing before {self.now}; a product is written with *"
        raise ExpressionError(self.now.at, words)


class _Number:
    """A number in a formula; two equal ones are two leaves."""

    def __init__(self, value: float):
        self.value = value


def _flatten(tree) -> tuple[list, list]:
    """Leaves in the order of reading, and operations (name, places of the inputs, exponent), each after its inputs."""
    leaves, steps = [], []

    def visit(node):
        if not isinstance(node, tuple):
            if node not in leaves:
                leaves.append(node)
            return
        for inner in node[1]:
            visit(inner)
        steps.append(node)

    visit(tree)
    if not any(isinstance(leaf, str) for leaf in leaves):
        raise ExpressionError(0, "the formula has no variable, so there is nothing to differentiate by")
    if not steps:
        raise ExpressionError(0, "the formula is a single variable; it needs an operation")
    everything = [*leaves, *steps]
    if (count := len(everything)) > LIMITS["nodes"]:
        words = f"the formula has {count} nodes (variables, numbers and operations)"
        raise ExpressionError(0, f"{words}; at most {LIMITS['nodes']} are drawn")

    def place(node) -> int:
        same = (lambda other: other == node) if isinstance(node, str) else (lambda other: other is node)
        return next(i for i, other in enumerate(everything) if same(other))

    named = [leaf.value if isinstance(leaf, _Number) else leaf for leaf in leaves]
    return named, [(op, tuple(place(i) for i in inputs), exponent) for op, inputs, exponent in steps]
