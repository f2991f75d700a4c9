"""A graph of the backprop stepper as a still picture: every value, every gradient, every local derivative.

The SVG is written by hand, in the colors of the page.  Columns run from left to right; a graph of many levels is
turned, so that its letters stay legible.
"""

from __future__ import annotations

from html import escape
from itertools import accumulate

from dlbook.widgets.backprop_graph import Graph, Numbers
from dlbook.widgets.backprop_words import label, node_label, partial, tidy, words_of

WIDTH = 720
HIGH = 56  # of a card
LANE = 14  # what a line needs that passes a level
MOST = 6  # levels beside each other
DASHES = ' stroke-dasharray="2 4"'


def draw(graph: Graph, numbers: Numbers) -> str:
    """The poster as SVG text."""
    columns = max(graph.levels()) + 1
    turned = columns > MOST
    card = 92 if turned else min(92, round(0.62 * WIDTH / columns))
    chains, ranks = _lanes(graph)
    size = card if turned else HIGH
    across = _spread(ranks, size, 10)
    extent = {item: size if isinstance(item, int) else LANE for item in across}
    low = min(across[item] - extent[item] / 2 for item in across)
    high = max(across[item] + extent[item] / 2 for item in across)
    pitch = HIGH + 44 if turned else (WIDTH - card) / (columns - 1)
    room, length = high - low, (columns - 1) * pitch + (HIGH if turned else card)
    start = (HIGH if turned else card) / 2
    level = {item: r for r, rank in enumerate(ranks) for item in rank}

    def place(item) -> tuple[float, float]:
        along, aside = start + level[item] * pitch, across[item] - low
        return (aside, along) if turned else (along, aside)

    width, height = (room, length) if turned else (WIDTH, room)
    lines, tags = [], []
    for (i, k, slot), chain in chains.items():
        points = [place(item) for item in chain]
        if graph.nodes[k].inputs.count(i) > 1:  # a · a: two lines side by side
            shift = 16 * (slot - 0.5)
            points = [(x + shift, y) if turned else (x, y + shift) for x, y in points]
        lines.append(f'<path d="{_curve(points, turned)}"{"" if graph.needs[i] else DASHES}/>')
        if (slope := numbers.slopes[k][slot]) is not None:
            (x0, y0), (x1, y1) = points[0], points[1]
            tags.append(f'<text x="{(x0 + x1) / 2:.0f}" y="{(y0 + y1) / 2 + 4:.0f}">{tidy(slope, 3)}</text>')
    cards = "".join(_card(graph, numbers, i, place(i), card) for i in range(len(graph.nodes)))
    words, wide = message(graph, numbers), "" if turned else ' class="dlb-bp-wide"'
    return (
        f'<svg{wide} viewBox="-1 -1 {width + 2:.0f} {height + 2:.0f}" '
        f'width="{width + 2:.0f}" height="{height + 2:.0f}" '
        f'role="img" aria-label="{escape(words)}" style="max-width:100%;height:auto" '
        f'font-size="{13 if card > 80 else 12}" fill="var(--dlb-ink)" text-anchor="middle">'
        f'<g fill="none" stroke="var(--dlb-muted)">{"".join(lines)}</g>{cards}'
        '<g font-size="12" font-weight="600" fill="var(--dlb-purple)" stroke="var(--dlb-paper)" stroke-width="6" '
        f'stroke-linejoin="round" paint-order="stroke">{"".join(tags)}</g></svg>'
    )


def message(graph: Graph, numbers: Numbers) -> str:
    """What the picture shows, for readers who do not see it."""
    asked = [
        f"{partial('L', label(node.name))} = {tidy(numbers.grad[i])}"
        for i, node in enumerate(graph.nodes)
        if node.kind == "variable"
    ]
    return f"A graph of {len(graph.nodes)} nodes with L = {tidy(numbers.value[-1])}; {', '.join(asked)}."


def _card(graph: Graph, numbers: Numbers, i: int, center: tuple[float, float], width: float) -> str:
    node, (x, y) = graph.nodes[i], center
    grad = numbers.grad[i]
    top = y - HIGH / 2
    sign = words_of(node)["sign"] if node.op else "data" if node.kind == "data" else ""
    shift = 17 if grad is not None else 24
    head = "" if node.kind == "constant" else (
        f'<text x="{x:.0f}" y="{top + shift - 1:.0f}"><tspan font-weight="600" font-style="italic">'
        f'{escape(node_label(node))}</tspan>'
        + (f'<tspan font-size="11" fill="var(--dlb-muted)" dx="4">{escape(sign)}</tspan>' if sign else "")
        + "</text>"
    )  # fmt: skip
    value = f'<text x="{x:.0f}" y="{top + shift + 16:.0f}" fill="var(--dlb-blue)">{tidy(numbers.value[i])}</text>'
    back = "" if grad is None else (
        f'<text x="{x:.0f}" y="{top + shift + 33:.0f}" fill="var(--dlb-orange)">∂ {tidy(grad)}</text>'
    )  # fmt: skip
    frame = (
        f'<rect x="{x - width / 2:.0f}" y="{top:.0f}" width="{width}" height="{HIGH}" rx="{7 if node.op else 16}" '
        f'fill="var(--dlb-paper)" stroke="var(--dlb-muted)"{DASHES if grad is None else ""}/>'
    )
    return frame + head + value + back


def _curve(points: list[tuple[float, float]], turned: bool) -> str:
    """A smooth line from the middle of one card to that of the next; the cards lie above it."""
    d = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        mid = (y0 + y1) / 2 if turned else (x0 + x1) / 2
        bend = f"{x0:.0f} {mid:.0f} {x1:.0f} {mid:.0f}" if turned else f"{mid:.0f} {y0:.0f} {mid:.0f} {y1:.0f}"
        d += f"C{bend} {x1:.0f} {y1:.0f}"
    return d


# ---- places
def _lanes(graph: Graph):
    """Each edge (from, to, slot) as a chain of items, and the items of each level in order.

    An item is a node (its number) or a lane (edge, level), where an edge passes a level.
    """
    level = graph.levels()
    chains, before = {}, {}
    for k, node in enumerate(graph.nodes):
        for slot, i in enumerate(node.inputs):
            edge = (i, k, slot)
            chain = [i, *((edge, r) for r in range(level[i] + 1, level[k])), k]
            chains[edge] = chain
            for a, b in zip(chain, chain[1:]):
                before.setdefault(b, []).append(a)
    ranks: list[list] = [[] for _ in range(max(level) + 1)]

    def visit(item):  # from the end, along the inputs: lines of a tree never cross in this order
        rank = ranks[level[item] if isinstance(item, int) else item[1]]
        if item not in rank:
            for inner in before.get(item, []):
                visit(inner)
            rank.append(item)

    visit(len(graph.nodes) - 1)
    return chains, _Ranks(ranks, before)


class _Ranks(list):
    """The items of each level, and the neighbors of each item."""

    def __init__(self, ranks, before):
        super().__init__(ranks)
        self.near = {item: list(items) for item, items in before.items()}
        for item, items in before.items():
            for other in items:
                self.near.setdefault(other, []).append(item)


def _spread(ranks: _Ranks, size: float, gap: float) -> dict:
    """A place across for each item, near the mean of its neighbors."""

    def gaps(rank) -> list[float]:
        extent = [size if isinstance(item, int) else LANE for item in rank]
        return [0.0, *((a + b) / 2 + gap for a, b in zip(extent, extent[1:]))]

    at = {}
    for rank in ranks:
        taken = list(accumulate(gaps(rank)))
        at |= {item: t - taken[-1] / 2 for item, t in zip(rank, taken)}
    for turn in range(100):
        for rank in ranks if turn % 2 else ranks[::-1]:
            wish = [sum(at[other] for other in ranks.near[item]) / len(ranks.near[item]) for item in rank]
            at |= dict(zip(rank, _apart(wish, gaps(rank))))
    return at


def _apart(wish: list[float], gaps: list[float]) -> list[float]:
    """The places nearest to the wishes (least squares) that keep the gaps: pools of neighbors that would collide."""
    taken = list(accumulate(gaps))
    pools: list[tuple[float, int]] = []
    for w, t in zip(wish, taken):
        total, n = w - t, 1
        while pools and pools[-1][0] / pools[-1][1] > total / n:
            last = pools.pop()
            total, n = total + last[0], n + last[1]
        pools.append((total, n))
    flat = [total / n for total, n in pools for _ in range(n)]
    return [z + t for z, t in zip(flat, taken)]
