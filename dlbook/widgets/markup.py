"""The little markup of questions: `code`, *emphasis*, x_1, x_{ij}, x^2, e^{-x}.  The twin of js/markup.mjs."""

from __future__ import annotations

import re
from html import escape

_RULE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|(?<![^\W_*])(?<!\*)\*(?P<em>[^\s*](?:[^*]*[^\s*])?)\*(?![^\W_])(?!\*)"
    r"|(?:(?<=(?<!\w)[^\W\d_])|(?<=[)\]}]))_(?:\{(?P<sub>[^{}]+)\}|(?P<sub1>\d+|[^\W\d_](?![^\W\d_])))"
    r"|(?:(?<=[^\W_])|(?<=[)\]}]))\^(?:\{(?P<sup>[^{}]+)\}|(?P<sup1>[-−]?\d+|[^\W\d_](?![^\W\d_])))"
)


def pieces(text: str) -> list[tuple[str, str]]:
    """The text cut into ``(kind, words)``, kind one of text, code, em, sub, sup.

    >>> pieces("`W x` has weight w_1 and e^{-x}")
    [('code', 'W x'), ('text', ' has weight w'), ('sub', '1'), ('text', ' and e'), ('sup', '-x')]
    """
    out, end = [], 0
    for m in _RULE.finditer(text):
        if m.start() > end:
            out.append(("text", text[end : m.start()]))
        out.append((m.lastgroup.rstrip("1"), m[m.lastgroup]))
        end = m.end()
    if end < len(text):
        out.append(("text", text[end:]))
    return out


def to_html(text: str) -> str:
    """The text as HTML, everything in it escaped.

    >>> to_html("a < b_1")
    'a &lt; b<sub>1</sub>'
    """
    return "".join(
        escape(words) if kind == "text" else f"<{kind}>{escape(words)}</{kind}>" for kind, words in pieces(text)
    )
