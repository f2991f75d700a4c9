"""Turns the widget state that MyST-NB saves in a page into what the static page runs.

MyST-NB writes one JSON script with the state of every widget of the notebook, and one JSON script at each place
where a widget stands.  This module keeps those tags standard and makes them light: the code of a widget goes once
into ``_static/dlb``, big data into a script of its own that the loader fetches when the widget comes near, and
what print and readers without scripts see goes into the page as HTML.
"""
from __future__ import annotations

import hashlib
import json
import re
from typing import NamedTuple

VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.S)
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"
STATE_TYPE = "application/vnd.jupyter.widget-state+json"
INLINE_LIMIT = 4 * 1024  # bytes of JSON that may stand in the page itself
DATA_LIMIT = 150 * 1024  # bytes of a script that holds the data of one widget
OURS = "dlbook.widgets."
_NOT_IN_PAGE = {"layout", "tabbable", "tooltip", "comm"}  # traits of ipywidgets without a meaning here


class WidgetError(Exception):
    """A page shows a widget that would be dead in the built site."""


class Part(NamedTuple):
    """What one widget adds to its page."""

    spec: dict  # its entry in the state script
    html: str  # what stands before its view script
    style: str  # name of its style sheet
    module: str  # name of its script
    files: dict[str, str]  # name in _static/dlb: text


class Page(NamedTuple):
    body: str
    state: dict  # the content of the state script
    styles: list[str]
    modules: list[str]
    files: dict[str, str]


def rewrite(body: str, models: dict, page: str) -> Page:
    """The page with its widgets made ready.  ``models`` is the ``state`` of the saved state script.

    Raises WidgetError, naming page and widget, when a widget would not work without a kernel.
    """
    names: dict[str, str] = {}  # saved ids are random; the page counts, so that equal builds give equal pages
    parts: dict[str, Part] = {}
    keys: dict[str, str] = {}

    def view(match: re.Match) -> str:
        saved = json.loads(match[1])["model_id"]
        if saved not in models:
            raise WidgetError(f"{page}: a widget's state was not saved; let the build execute the notebook")
        name = names.setdefault(saved, f"w{len(names) + 1}")
        if name not in parts:
            parts[name] = part = prepare(models[saved], name, page)
            key = models[saved]["state"].get("key")
            if key and keys.setdefault(key, name) != name:
                raise WidgetError(f"{page}: two widgets have key={key!r}; the address of the page needs different keys")
            html = part.html
        else:
            html = ""  # a second view of the same widget: its fallback stands at the first
        tag = to_json({"version_major": 2, "version_minor": 0, "model_id": name})
        return f'{html}<script type="{VIEW_TYPE}">{tag}</script>'

    body = VIEW.sub(view, body)
    state = {"version_major": 2, "version_minor": 0, "state": {name: part.spec for name, part in parts.items()}}
    found = parts.values()
    return Page(
        body,
        state,
        styles=list(dict.fromkeys(part.style for part in found if part.style)),
        modules=list(dict.fromkeys(part.module for part in found)),
        files={name: text for part in found for name, text in part.files.items()},
    )


def prepare(model: dict, name: str, page: str) -> Part:
    """One saved widget, taken apart into page, module, style sheet and data."""
    state = model["state"]
    label = f"{page}: {_label(model)}"
    if model["model_module"] != "anywidget" or not str(state.get("_anywidget_id", "")).startswith(OURS):
        raise WidgetError(f"{label} needs a running kernel; a page may show only widgets of dlbook.widgets")
    key, script = compile_module(state["_esm"], label)
    css = state.get("_css", "")
    module, style = f"w-{key}.js", f"c-{_hash(css)}.css" if css else ""
    files = {module: script} | ({style: css} if style else {})
    values = {k: v for k, v in state.items() if not k.startswith("_") and k not in _NOT_IN_PAGE}
    if '"IPY_MODEL_' in json.dumps(values):
        raise WidgetError(f"{label} refers to another widget, which the static page does not support")

    spec = {"model_name": model["model_name"], "model_module": "anywidget", "module": key}
    content = {"state": values} | ({"buffers": model["buffers"]} if model.get("buffers") else {})
    if "buffers" in content or len(to_json(content).encode()) > INLINE_LIMIT:
        data = _hash(text := to_json(content))
        script = f'((globalThis.DLB ??= {{}}).data ??= {{}})["{data}"] = {text};\n'
        if (size := len(script.encode())) > DATA_LIMIT:
            raise WidgetError(
                f"{label} carries {size / 1024:.0f} KB of data and may carry {DATA_LIMIT // 1024} KB; "
                "store it smaller (fewer steps, int8 instead of float)"
            )
        files[f"d-{data}.js"] = script
        spec |= {"data": data, "state": {}}
    else:
        spec |= content
    return Part(spec, fallback(state.get("_fallback", ""), name), style, module, files)


def compile_module(source: str, label: str = "a widget") -> tuple[str, str]:
    """A name for the ES module, and the classic script that registers it under that name.

    A page opened by double click may load classic scripts but may not import modules.
    """
    if len(re.findall(r"^export default ", source, re.M)) != 1 or re.search(r"^import\b", source, re.M):
        raise WidgetError(
            f"{label}: its module must be one piece with one `export default`; make it with dlbook.widgets.base.bundle"
        )
    body = re.sub(r"^export default ", "return ", source, flags=re.M)
    body = re.sub(r"^export (?=(?:async )?function|const|let|class)", "", body, flags=re.M)
    key = _hash(body)
    return key, f'((globalThis.DLB ??= {{}}).modules ??= {{}})["{key}"] = () => {{\n"use strict";\n{body}\n}};\n'


def fallback(html: str, name: str) -> str:
    """The HTML for print and for readers without scripts; its ids become the widget's own."""
    html = re.sub(r'(\sid=")', rf"\g<1>{name}-", html)
    html = re.sub(r'(url\(#|href="#|aria-labelledby="|aria-describedby="| for=")', rf"\g<1>{name}-", html)
    return f'<div class="dlb dlb-fallback">{html}</div>'


def to_json(value) -> str:
    """Compact JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _label(model: dict) -> str:
    name = model["state"].get("_anywidget_id") or f"{model['model_module']}.{model['model_name']}"
    key = model["state"].get("key")
    return f"widget {name}" + (f" (key={key!r})" if key else "")
