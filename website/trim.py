"""Files of the theme and of KaTeX, reduced to what the pages use: icons, letters of formulas, rules of style sheets.

Everything starts from the packages' own files, so that trimming twice gives the same as trimming once.
"""
from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

ROOT = Path(__file__).resolve().parent.parent
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
FORMULA_FONTS = ROOT / "node_modules" / "katex" / "dist" / "fonts"
ICON_FONTS = THEME / "vendor" / "fontawesome" / "webfonts"
SHEET = THEME / "styles" / "pydata-sphinx-theme.css"
UNUSED = ["*webpack-macros.html", "scripts/*", "styles/theme.css", "**/*.map", "**/*.ttf", "**/*.LICENSE.txt"]
_ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
_WORD = re.compile(r"[A-Za-z_][\w-]*")


def trim(outdir: Path) -> None:
    """Rewrites style sheets and fonts in ``outdir/_static``, and removes what no page asks for."""
    static = outdir / "_static"
    if not (static / "styles" / SHEET.name).is_file():
        return
    pages = [path.read_text("utf8") for path in outdir.rglob("*.html")]
    scripts = [path.read_text("utf8") for path in static.rglob("*.js") if path.parent.name != "scripts"]
    words = {word for text in pages + scripts for word in _WORD.findall(text)}

    sheet, points = icons(SHEET.read_text("utf8"), words)
    (static / "styles" / SHEET.name).write_text(purge(sheet, words), "utf8")
    for path in static.glob("sphinx-design*.css"):
        path.write_text(purge(path.read_text("utf8"), words), "utf8")
    for font in ICON_FONTS.glob("*.woff2"):
        shrink(font, static / "vendor" / "fontawesome" / "webfonts" / font.name, points)
    letters = {ord(char) for page in pages for char in set(html.unescape(re.sub(r"<[^>]*>", "", page)))}
    for font in FORMULA_FONTS.glob("*.woff2"):
        shrink(font, static / "vendor" / "katex" / "fonts" / font.name, letters)
    for path in (static / "dlb").glob("[cdw]-*"):  # code and data of widgets as they were in earlier builds
        if not any(path.stem[2:] in page for page in pages):
            path.unlink()
    for pattern in UNUSED:
        for path in static.glob(pattern):
            path.unlink()


def icons(sheet: str, words: set[str]) -> tuple[str, set[int]]:
    """The theme's style sheet with the rules of the icons in use only, and the code points that are left."""
    sheet = _ICON.sub(lambda m: m[0] if words & set(re.findall(r"\.(fa-[\w-]+):", m[1])) else "", sheet)
    sheet = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", sheet)
    points = {int(point, 16) for point in re.findall(r'"\\([ef][0-9a-f]{3})"', sheet)}
    return sheet, points | {ord(char) for char in re.findall("[\ue000-\uf8ff]", sheet)}


def shrink(font: Path, target: Path, points: set[int]) -> None:
    """Writes the font with the given code points only."""
    options = subset.Options(flavor="woff2", notdef_outline=True)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(target), options)


def purge(sheet: str, words: set[str]) -> str:
    """The style sheet without the rules whose selectors name a class or id that is not among ``words``.

    >>> purge(".a{x:1}.b,.a:hover{y:2}@media print{.c{z:3}}", {"a"})
    '.a{x:1}.a:hover{y:2}'
    """
    out = []
    for prelude, body in _rules(re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)):
        if prelude.startswith(("@media", "@supports", "@layer", "@container")):
            if inner := purge(body, words):
                out.append(f"{prelude}{{{inner}}}")
        elif body is None or prelude.startswith("@"):  # @import and the like; @font-face, @keyframes
            out.append(prelude if body is None else f"{prelude}{{{body}}}")
        elif kept := [selector for selector in _split(prelude) if _used(selector, words)]:
            out.append(f"{','.join(kept)}{{{body}}}")
    return "".join(out)


def _rules(sheet: str) -> Iterator[tuple[str, str | None]]:
    """The rules of one level as (what stands before the brace, what stands in it)."""
    start = 0
    while match := re.compile(r"[^{};]*([{;])").match(sheet, start):
        prelude, end = match[0][:-1].strip(), match.end()
        if match[1] == ";":
            yield prelude + ";", None
        else:
            depth = 1
            for brace in re.compile(r'"(?:[^"\\]|\\.)*"|[{}]').finditer(sheet, end):
                depth += {"{": 1, "}": -1}.get(brace[0], 0)
                if depth == 0:
                    break
            else:
                raise ValueError(f"a style sheet ends inside the rule {prelude[:60]!r}")
            yield prelude, sheet[end : brace.start()]
            end = brace.end()
        start = end


def _split(selectors: str) -> list[str]:
    """``a:is(b, c), d`` into ``a:is(b, c)`` and ``d``."""
    return [part.strip() for part in re.findall(r"(?:\((?:[^()]|\([^()]*\))*\)|[^,(])+", selectors)]


def _used(selector: str, words: set[str]) -> bool:
    required = re.sub(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]", "", selector)
    names = re.findall(r"[.#]((?:[\w-]|\\.)+)", required)
    return all(name.replace("\\", "") in words for name in names)
