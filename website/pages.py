"""The finishing of each page: its scripts, its widgets, its pictures, its folded parts."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.builders.html._assets import _CascadingStyleSheet, _JavaScript
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from website import assets, execution, trim, widgets

HERE = Path(__file__).resolve().parent
DROPPED = {"_static/scripts/sphinx-book-theme.js", "scripts/sphinx-book-theme.js"}  # site.js takes its place
# markup of other extensions that misleads a screen reader
MENDED = {
    '<summary aria-label="Toggle hidden content">': "<summary>",  # hides the words that stand there
    '<div role="list" class="citation-list">': '<div class="citation-list">',  # its children are not all list items
    ' role="doc-biblioentry"': "",
}
# a folded cell with the tag `solution` says so
SOLUTION = re.compile(
    r'(<div class="cell [^"]*\btag_solution\b[^"]*">\s*<details[^>]*>\s*<summary[^>]*>)(.*?)(</summary>)', re.S
)
# MyST names each amsmath formula at random
RANDOM = re.compile(r"equation-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IMG = re.compile(r"<img\b([^>]*?)\s*/?>")
log = logging.getLogger(__name__)


def configure(app, config) -> None:
    """``config-inited``: our templates, and the buttons that need the repository's address."""
    config.templates_path.insert(0, str(HERE / "templates"))
    config.html_theme_options |= {"navbar_persistent": [], "back_to_top_button": False}
    # a change in this package makes Sphinx write every page again
    own = sorted(p for p in HERE.rglob("*") if p.is_file() and p.suffix != ".pyc")
    config.website_fingerprint = hashlib.sha256(b"".join(p.read_bytes() for p in own)).hexdigest()
    if config.html_theme_options.get("repository_url"):
        config.html_theme_options |= dict.fromkeys(
            ["use_repository_button", "use_edit_page_button", "use_issues_button"], True
        )


def begin(app) -> None:
    """``builder-inited``."""
    app.website_problems = []
    app.add_css_file("dlb/site.css", priority=900)
    app.add_js_file("dlb/site.js", loading_method="defer")


# ---- folded parts: an admonition with the class `dropdown` is a <details>, which needs no script
def visit_admonition(self: HTML5Translator, node: nodes.Element, name: str = "") -> None:
    if "dropdown" not in node["classes"]:
        HTML5Translator.visit_admonition(self, node, name)
        return
    self.body.append(self.starttag(node, "details", CLASS="admonition"))
    title = node[0]
    node.remove(title)
    self.body.append('<summary class="admonition-title">')
    for child in title.children:
        child.walkabout(self)
    self.body.append("</summary>\n")


def depart_admonition(self: HTML5Translator, node: nodes.Element | None = None) -> None:
    if node is not None and "dropdown" in node["classes"]:
        self.body.append("</details>\n")
    else:
        HTML5Translator.depart_admonition(self, node)


# ---- each page
def finish_page(app, pagename, templatename, context, doctree) -> None:
    """``html-page-context``, after everybody else."""
    # "auto" is what the script in our layout.html falls back to; without scripts the page is light
    context["default_mode"] = "light"
    saved, scripts = None, []
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", None) or {}
        if attributes.get("type") == widgets.STATE_TYPE:
            saved = json.loads(attributes["body"])
        elif script not in scripts and str(getattr(script, "filename", "")) not in DROPPED:
            scripts.append(script)
    context["script_files"] = scripts
    if not context.get("body"):
        return
    if widgets.VIEW.search(context["body"]):
        try:
            page = widgets.rewrite(context["body"], (saved or {}).get("state", {}), pagename)
        except widgets.WidgetError as error:
            app.website_problems.append(str(error))
        else:
            _add_widgets(app, context, page)
    names: dict[str, str] = {}
    context["body"] = RANDOM.sub(lambda m: names.setdefault(m[0], f"equation-{len(names) + 1}"), context["body"])
    for faulty, mended in MENDED.items():
        context["body"] = context["body"].replace(faulty, mended)
    context["body"] = SOLUTION.sub(lambda m: f"{m[1]}<p>Solution</p>{m[3]}", context["body"])
    sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    context["body"] = IMG.sub(lambda m: picture(m[1], sources), context["body"])


def _add_widgets(app, context, page: widgets.Page) -> None:
    context["body"] = page.body
    folder = Path(app.outdir) / "_static" / "dlb"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in page.files.items():
        (folder / name).write_text(text, "utf8")
    context["css_files"] = [
        *context["css_files"],
        *(_CascadingStyleSheet(f"_static/dlb/{name}", priority=800) for name in page.styles),
    ]
    context["script_files"] = [
        *context["script_files"],
        _JavaScript(None, priority=500, type=widgets.STATE_TYPE, body=widgets.to_json(page.state)),
        *(_JavaScript(f"_static/dlb/{name}", priority=700, defer="defer") for name in page.modules),
        _JavaScript("_static/dlb/loader.js", priority=720, defer="defer"),
    ]


def picture(attributes: str, sources: dict[str, Path]) -> str:
    """An <img> that loads when it comes near, and whose room is kept until then."""
    name = re.search(r'\bsrc="[^"]*?([^"/]+)"', attributes)
    path = sources.get(name[1]) if name else None
    extra = ['loading="lazy"', 'decoding="async"']
    if path and not re.search(r'\b(width|height)="|\bstyle="', attributes) and (size := picture_size(path)):
        extra += [f'width="{size[0]}"', f'height="{size[1]}"']
    extra = [text for text in extra if text.partition("=")[0] + "=" not in attributes]
    tag = f"<img{attributes} {' '.join(extra)} />"
    if sized := re.search(r'\bwidth="(\d+)"', tag):  # a box in which a wide picture may scroll
        return f'<span class="picture" style="--width: {sized[1]}px">{tag}</span>'
    return tag


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an SVG or PNG in CSS pixels; None when the file does not say."""
    head = path.read_bytes()[:4096] if path.is_file() else b""
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    tag = re.search(r"<svg\b[^>]*>", head.decode("utf8", "ignore"))
    if not tag:
        return None
    sides = [re.search(rf'\s{side}="([\d.]+)(pt|px)?"', tag[0]) for side in ("width", "height")]
    if all(sides):
        return tuple(round(float(side[1]) * (4 / 3 if side[2] == "pt" else 1)) for side in sides)
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', tag[0])
    return (round(float(box[1])), round(float(box[2]))) if box else None


# ---- the end
def report(app, exception) -> None:
    """``build-finished``: tidies up, and fails the build when a page is not what a reader should get.

    Not by an exception: after one Sphinx calls every handler a second time.
    """
    assets.unstage(app)
    app.website_katex.close()
    if exception:
        return
    problems = app.website_problems
    for name, data in NbMetadataCollector.get_doc_data(app.env).items():
        if (run := data.get("exec_data")) and not run["succeeded"]:
            problems.append(f"{name}: a cell failed.\n{_readable(run['traceback'])}")
    for problem in problems:
        log.error(problem)
        app.statuscode = 1
    if app._warncount:
        execution.forget(app)
    if app.builder.format == "html":
        for path in Path(app.outdir, "_sources").rglob("*"):
            if path.suffix in {".ipynb", ".md"}:
                script = f"DLB.file = {widgets.to_json(path.read_text('utf8'))};\n"
                path.with_name(f"{path.name}.js").write_text(script, "utf8")
        trim.trim(Path(app.outdir))


def _readable(traceback: str) -> str:
    """The cell and its error, without terminal colors and without the frames of the machinery that ran it."""
    traceback = re.sub(r"\x1b\[[\d;]*m", "", traceback)
    return traceback.partition("CellExecutionError: ")[2] or traceback
