"""The directive behind the reference page: a table of every public name, with its chapters and its tests.

    ```{dlbook-names} dlbook.scratch
    ```

Without an argument the directive shows all modules, one table for each.
"""
from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from website import names

COLUMNS = {"Name": 20, "What it is": 45, "Chapters": 10, "Tests": 25}  # title: share of the width


class NamesDirective(SphinxDirective):
    optional_arguments = 1

    def run(self):
        for folder, pattern in (("chapters", "*.*"), ("dlbook", "**/*.py"), ("tests", "**/*.py")):
            for path in sorted((names.ROOT / folder).glob(pattern)):
                self.env.note_dependency(str(path))
        modules: dict[str, list[names.Row]] = {}
        for row in names.table():
            modules.setdefault(row.name.rpartition(".")[0], []).append(row)
        if not self.arguments:
            return [part for module, rows in modules.items() for part in (_heading(module), _table(rows))]
        if self.arguments[0] not in modules:
            raise self.error(f"dlbook-names: no module {self.arguments[0]!r}; there are {', '.join(modules)}")
        return [_table(modules[self.arguments[0]])]


def _heading(module: str) -> nodes.rubric:
    return nodes.rubric("", "", nodes.literal(text=module))


def _table(rows: list[names.Row]) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for width in COLUMNS.values()]
    group += nodes.thead("", table_row([[nodes.Text(title)] for title in COLUMNS]))
    group += nodes.tbody("", *(table_row(_cells(row)) for row in rows))
    return nodes.table("", group, classes=["dlbook-names"])


def table_row(cells: list[list[nodes.Node]]) -> nodes.row:
    """A row of a table, given what stands in each of its cells."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *content)) for content in cells))


def _cells(row: names.Row) -> list[list[nodes.Node]]:
    chapters = [_link(number) for number in row.chapters]
    if row.planned:
        chapters.append(nodes.Text(f"planned: {row.planned}"))
    return [
        [nodes.literal(text=row.name.rpartition(".")[2])],
        _inline(row.summary),
        separated(chapters),
        separated([nodes.literal(text=path.removeprefix("tests/")) for path in row.tests]),
    ]


def _inline(text: str) -> list[nodes.Node]:
    """Text in which ``code`` is code and nothing else has a meaning."""
    parts = re.split(r"``(.+?)``", text)
    return [nodes.literal(text=part) if i % 2 else nodes.Text(part) for i, part in enumerate(parts)]


def separated(items: list[nodes.Node]) -> list[nodes.Node]:
    """The items with commas between them."""
    return [node for item in items for node in (nodes.Text(", "), item)][1:]


def _link(number: str) -> nodes.Node:
    target = f"/chapters/{names.finished()[number].stem}"
    text = nodes.inline("", str(int(number)))
    to = {"refdomain": "std", "reftype": "doc", "reftarget": target}
    return addnodes.pending_xref("", text, **to, refexplicit=True, refwarn=True)


def setup(app):
    app.add_directive("dlbook-names", NamesDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
