"""What every widget of the book has in common.

A widget is one Python class (traits that JupyterLab keeps in step with the page) and one ES module in
``js/`` (it computes and draws in the browser).  The module alone is what the built HTML page runs, so a
widget may never need Python to answer.
"""
from __future__ import annotations

import functools
import re
from pathlib import Path

import anywidget
import traitlets

JS = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.mjs";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.M)
_COMMENT = re.compile(r"^ *//.*\n", re.M)  # lines for those who read the source
_NAME = re.compile(r"^export (?:async )?(?:function\*?|const|class) (\w+)", re.M)


@functools.cache
def bundle(name: str) -> str:
    """The module ``js/<name>.mjs`` with what it imports from its neighbours, as one self-contained ES module.

    anywidget takes one module, and a page opened by double click cannot import a second one, so each imported module
    becomes a closure in front of the widget.  A module imports with ``import { a, b } from "./other.mjs";`` on one
    line, and exports functions, classes and constants, one a line.
    """
    closures: dict[str, str] = {}

    def link(module: str) -> str:
        """The text of the module, its imports bound to closures."""
        source = _COMMENT.sub("", (JS / f"{module}.mjs").read_text("utf8"))
        for names, other in _IMPORT.findall(source):
            exported = _NAME.findall((JS / f"{other}.mjs").read_text("utf8"))
            if unknown := {n.strip() for n in names.split(",")} - set(exported):
                raise ValueError(f"{module}.mjs imports {', '.join(sorted(unknown))}, not exported by {other}.mjs")
            if other not in closures:
                body = _EXPORT.sub("", link(other))
                closures[other] = f"const __{other} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"
        body = _IMPORT.sub(lambda m: f"const {{{m[1]}}} = __{m[2]};\n", source)
        if re.search(r"^import ", body, re.M):
            raise ValueError(f'{module}.mjs: write every import as import {{ a, b }} from "./other.mjs"; on one line')
        return body

    body = link(name)
    if len(re.findall(r"^export default ", body, re.M)) != 1:
        raise ValueError(f"{name}.mjs: a widget module has exactly one `export default {{ params, render }}`")
    return "".join(closures.values()) + body


def style() -> str:
    """The style sheet of all widgets: what they share, in ``js/widget.css``, then one file for each widget.

    They share one text, so that a page loads it once and the order of its widgets does not matter.
    """
    own = sorted(path for path in JS.glob("*.css") if path.name != "widget.css")
    return "\n".join(path.read_text("utf8") for path in [JS / "widget.css", *own])


class Widget(anywidget.AnyWidget):
    """Base class: shared style sheet, a stable text form, and what a page without scripts shows instead.

    A subclass sets ``_esm = bundle("its_module")``, declares its traits with ``.tag(sync=True)``, and
    gives ``poster()`` and ``table()``.
    """

    _css = style()
    key = traitlets.Unicode("", help="its name in a shareable address: page.html?key.trait=value").tag(sync=True)
    _fallback = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs):
        unknown = sorted(set(kwargs) - set(self.trait_names()))
        if unknown:
            known = ", ".join(sorted(self._own_traits()))
            raise TypeError(f"{type(self).__name__} has no argument {unknown[0]!r}; it takes {known}")
        super().__init__(**kwargs)
        self._fallback = self.fallback()

    def poster(self) -> str:
        """An SVG of the widget as it starts, drawn with the NumPy reference."""
        raise NotImplementedError

    def table(self) -> str:
        """The numbers behind the poster as an HTML table."""
        raise NotImplementedError

    def fallback(self) -> str:
        """What print and readers without scripts get: the poster, and its numbers folded away."""
        return f'{self.poster()}<details><summary>The same as a table</summary>{self.table()}</details>'

    def _own_traits(self) -> list[str]:
        foreign = {"layout", "tabbable", "tooltip", "comm"}
        return [k for k in self.traits(sync=True) if not k.startswith("_") and k not in foreign]

    def __repr__(self):  # the same on every run: notebooks are compared as text
        given = {k: getattr(self, k) for k in sorted(self._own_traits()) if not _is_default(self, k)}
        return f"{type(self).__name__}({', '.join(f'{k}={_short(v)}' for k, v in given.items())})"

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        bundle = data[0] if isinstance(data, tuple) else data
        if bundle:
            bundle["text/plain"] = repr(self)
        return data


def _is_default(widget: Widget, name: str) -> bool:
    default = widget.traits()[name].default()
    return repr(getattr(widget, name)) == repr(default)


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"<{type(value).__name__} of {len(value)}>"
