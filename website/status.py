"""The directive behind the status page.

    ```{dlbook-status} cells
    ```

``cells`` is what the cells ran with, ``seconds`` how long each page took, ``site`` what the pages were built with.
MyST-NB's own ``nb-exec-table`` dates each execution, one time zone off, and knows neither versions nor devices.
"""
from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib.metadata import version

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from website import assets, provenance
from website.reference import separated, table_row

Cell = list[nodes.Node]
PACKAGES = {"Jupyter Book": "jupyter-book", "Sphinx": "Sphinx", "MyST-NB": "myst-nb", "Theme": "sphinx-book-theme"}
MARK = "has_status"


class Placeholder(nodes.General, nodes.Element):
    """Stands for a table until every page has been read."""


class StatusDirective(SphinxDirective):
    required_arguments = 1

    def run(self):
        if self.arguments[0] not in TABLES:
            raise self.error(f"dlbook-status: no table {self.arguments[0]!r}; there are {', '.join(TABLES)}")
        NbMetadataCollector.set_doc_data(self.env, self.env.docname, MARK, True)
        return [Placeholder(table=self.arguments[0])]


class Fill(SphinxPostTransform):
    default_priority = 8  # before links are resolved

    def run(self, **kwargs):
        for place in list(self.document.findall(Placeholder)):
            place.replace_self(TABLES[place["table"]](self.env))


def outdated(app, env) -> list[str]:
    """``env-updated``: the pages to be written anew, because another page may have been executed."""
    return [name for name, data in NbMetadataCollector.get_doc_data(env).items() if data.get(MARK)]


# ---- the tables
def cells(env) -> nodes.Node:
    """One column for each environment; as a rule there is one."""
    columns: list[tuple[dict, list[str]]] = []
    for name, data in _executed(env):
        for values, pages in columns:
            if values == data[provenance.KEY]:
                pages.append(name)
                break
        else:
            columns.append((data[provenance.KEY], [name]))
    if not columns:
        return nothing()
    keys = list(dict.fromkeys(key for values, _ in columns for key in values))
    rows = [[_text(key), *(_text(values.get(key, "–")) for values, _ in columns)] for key in keys]
    titles = [separated([_link(env, page) for page in pages]) for _, pages in columns]
    return _table([[], *titles] if columns[1:] else None, rows)


def seconds(env) -> nodes.Node:
    took = {name: data["exec_data"]["runtime"] for name, data in _executed(env)}
    if not took:
        return nothing()
    rows = [[[_link(env, name)], _text(f"{time:.1f}")] for name, time in took.items()]
    rows += [[_text("Together"), _text(f"{sum(took.values()):.1f}")]] * (len(took) > 1)
    table = _table([_text("Page"), _text("Seconds")], rows)
    table["classes"].append("dlbook-seconds")
    return table


def site(env) -> nodes.Node:
    katex = json.loads((assets.ROOT / "node_modules" / "katex" / "package.json").read_text("utf8"))
    packages = {name: version(package) for name, package in PACKAGES.items()}
    versions = {"Python": platform.python_version()} | packages | {"KaTeX": katex["version"]}
    return _table(None, [[_text(name), _text(value)] for name, value in versions.items()])


TABLES = {"cells": cells, "seconds": seconds, "site": site}


def nothing() -> nodes.Node:
    return nodes.paragraph(text="No page of this book has cells.")


def _executed(env) -> Iterator[tuple[str, dict]]:
    """The pages whose cells were executed, in the order of the book."""
    known = NbMetadataCollector.get_doc_data(env)
    for name in _pages(env, env.config.root_doc):
        if provenance.KEY in known.get(name, {}):
            yield name, known[name]


def _pages(env, name: str) -> Iterator[str]:
    yield name
    for inner in env.toctree_includes.get(name, []):
        yield from _pages(env, inner)


# ---- nodes
def _table(head: list[Cell] | None, rows: list[list[Cell]]) -> nodes.table:
    group = nodes.tgroup(cols=len(rows[0]))
    group += nodes.colspec(colwidth=1, stub=1)  # the first cell of a row is its heading
    group += [nodes.colspec(colwidth=1) for _ in rows[0][1:]]
    if head:
        group += nodes.thead("", table_row(head))
    group += nodes.tbody("", *map(table_row, rows))
    return nodes.table("", group, classes=["colwidths-auto", "dlbook-status"])


def _text(text: str) -> Cell:
    return [nodes.Text(text)]


def _link(env, page: str) -> nodes.Node:
    title = nodes.inline("", env.titles[page].astext())
    to = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page}"}
    return addnodes.pending_xref("", title, **to, refexplicit=True, refwarn=True)


def setup(app):
    app.add_node(Placeholder)
    app.add_directive("dlbook-status", StatusDirective)
    app.add_post_transform(Fill)
    app.connect("doctree-read", provenance.note)
    app.connect("env-updated", outdated)
