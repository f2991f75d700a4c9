"""The language model playground as a still picture: the text with its surprises, and the next character."""

from __future__ import annotations

from html import escape

import numpy as np

from dlbook.widgets.values import fixed

WIDTH, MARGIN, PITCH, LINE = 720, 12, 9.0, 27  # of the picture, of a character, of a line, in pixels
LINES = 6  # of text at most: the last ones
LEVELS = (1, 2, 4, 7)  # bits at which the next tint begins, as in js/language_text.mjs
TINTS, WEIGHTS = (0, 0.09, 0.20, 0.32, 0.46), (0, 1, 2, 3, 5)
NAMES, SIGNS = {" ": "space", "\n": "line feed", "<pad>": "padding", "<unk>": "unknown"}, {" ": "␣", "\n": "↵"}
SHOWN, ROW = 12, 22  # bars, in two columns
_MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def name(c: str) -> str:
    return NAMES.get(c, f"“{c}”")


def small(p: float) -> str:
    return "< 0.001" if 0 < p < 0.0005 else fixed(p, 3)


def summary(widget) -> str:
    """Entropy and perplexity in words."""
    bits = widget.surprises()
    words = f"entropy {fixed(widget.entropy())} bits at temperature {widget.temperature:g}"
    words += f" and top {widget.top_k}" if widget.top_k else ""
    return words + (f", perplexity of the text {fixed(2 ** bits.mean())}" if len(bits) else "")


def draw(widget) -> str:
    """The poster of a LanguageModel as SVG text."""
    p = widget.probabilities()
    lines = _lines(widget)
    top = 2 * MARGIN + LINE * len(lines)
    rows = (min(SHOWN, len(p)) + 1) // 2
    height = top + 44 + ROW * (rows + 1) + MARGIN
    first = ", ".join(f"{name(c)} {fixed(p[c])}" for c in [*p][:4])
    words = f"A language model after “{(widget.prompt + widget.written)[-60:]}”: {first}; {summary(widget)}."
    text = "".join(_character(x, y, *cell) for y, line in enumerate(lines) for x, cell in enumerate(line))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(words)}" style="max-width:100%;height:auto" font-size="13" fill="var(--dlb-ink)">'
        f'<g font-family="{_MONO}" font-size="15" text-anchor="middle">{text}</g>'
        f'<g fill="var(--dlb-muted)"><text x="{MARGIN}" y="{top + 4}">Tint and line: the surprise at each character, '
        f'from 1, 2, 4 and 7 bits on.</text><text x="{MARGIN}" y="{top + 26}">The next character: '
        f"{escape(summary(widget))}.</text></g>{_bars(p, top + 38)}</svg>"
    )


# ---- the text
def _lines(widget) -> list[list[tuple[str, float]]]:
    """The last lines of the text: each character with the bits of its surprise, the first with 0."""
    bits = np.append(0, widget.surprises())
    start = widget.prompt or "\n"
    lines: list[list[tuple[str, float]]] = [[]]
    for c, b in zip(start + widget.written, bits):
        if len(lines[-1]) >= (WIDTH - 2 * MARGIN) // PITCH:
            lines.append([])
        lines[-1].append((c, float(b)))
        if c == "\n":
            lines.append([])
    return lines[-LINES:]


def _character(column: int, row: int, c: str, bits: float) -> str:
    x, y, k = MARGIN + PITCH * column, MARGIN + LINE * row, sum(bits >= b for b in LEVELS)
    back = (
        f'<rect x="{x:g}" y="{y}" width="{PITCH:g}" height="20" fill="var(--dlb-orange)" fill-opacity="{TINTS[k]}"/>'
        f'<rect x="{x:g}" y="{y + 20}" width="{PITCH:g}" height="{WEIGHTS[k]}" fill="var(--dlb-orange)"/>'
        if k
        else ""
    )
    letter = "" if c == " " else f'<text x="{x + PITCH / 2:g}" y="{y + 15}">{escape(SIGNS.get(c, c))}</text>'
    return back + letter


# ---- the bars
def _bars(p: dict[str, float], top: int) -> str:
    names, rest = [*p][:SHOWN], [*p][SHOWN:]
    most, rows = max(p.values()), (len(names) + 1) // 2
    parts = [
        _bar(SIGNS.get(c, c if c not in NAMES else name(c)), p[c], most, i // rows, top + ROW * (i % rows), "blue")
        for i, c in enumerate(names)
    ]
    if rest:
        left = sum(p[c] for c in rest)
        parts.append(_bar(f"+{len(rest)}", left, max(most, left), 0, top + ROW * rows, "grey"))
    return "".join(parts)


def _bar(label: str, p: float, most: float, column: int, y: int, color: str) -> str:
    x, indent = MARGIN + column * WIDTH // 2, 34
    room = WIDTH // 2 - 80 - indent
    return (
        f'<text x="{x + indent - 8}" y="{y + 16}" text-anchor="end" font-family="{_MONO}">{escape(label)}</text>'
        f'<rect x="{x + indent}" y="{y + 4}" width="{max(0.5, room * p / most):.1f}" height="14" rx="2" '
        f'fill="var(--dlb-{color})"/>'
        f'<text x="{x + indent + room + 50}" y="{y + 16}" text-anchor="end">{escape(small(p))}</text>'
    )
