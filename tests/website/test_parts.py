"""What a page is made of, each part once (book/kitchen.md)."""
from __future__ import annotations

import html
import re

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

from conftest import walk
from website import trim


@pytest.fixture
def kitchen(sample, open_page):
    return lambda **options: open_page(sample.url("kitchen.html"), **options)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_part_is_open_to_everybody(kitchen, axe, theme, width):
    page = kitchen(theme=theme, width=width, motion="reduce")
    walk(page)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert axe(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_what_is_wide_scrolls_in_itself_and_by_keyboard(kitchen):
    page = kitchen(width=390)
    wide = page.locator("div.math > .katex-display").last
    wide.scroll_into_view_if_needed()
    expect(wide).to_have_attribute("tabindex", "0")
    expect(page.locator("div.math > .katex-display").first).not_to_have_attribute("tabindex", "0")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(box) => box.scrollLeft > 0", arg=wide.element_handle())


def test_formulas_are_numbered_and_found(kitchen):
    page = kitchen()
    expect(page.locator("#equation-layer .eqno")).to_contain_text("(1)")
    page.get_by_role("link", name="(1)").click()
    expect(page.locator("#equation-layer")).to_be_in_viewport()
    assert page.locator("annotation, mjx-container, script[src*=mathjax], script[src*=katex]").count() == 0
    used = page.evaluate(
        """async () => { await document.fonts.ready;
             return [...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family); }"""
    )
    assert {"KaTeX_Main", "KaTeX_Math"} <= set(used)


def test_a_trimmed_font_has_every_letter_of_the_formulas(sample):
    """Every letter that stands in a formula and is in the full font is in the font of the book too."""
    letters = {ord(c) for path in sample.folder.glob("*.html") for c in formula_letters(path.read_text("utf8"))}
    assert {ord(c) for c in "ℝ∂∑⊤−"} & letters
    for full in trim.FORMULA_FONTS.glob("*.woff2"):
        ours = sample.folder / "_static" / "vendor" / "katex" / "fonts" / full.name
        assert set(TTFont(full).getBestCmap()) & letters <= set(TTFont(ours).getBestCmap()), full.name
        assert ours.stat().st_size < full.stat().st_size


def formula_letters(page: str) -> str:
    formulas = re.findall(r'<span class="katex-html".*?(?=</p>|</div>|</td>|</li>)', page, re.S)
    return html.unescape(re.sub(r"<[^>]*>", "", "".join(formulas)))


def test_a_solution_opens_without_scripts(kitchen):
    page = kitchen(js=False)
    answer = page.get_by_text("weights and two biases.")
    expect(answer).to_be_hidden()
    page.locator("summary", has_text="Solution").click()
    expect(answer).to_be_visible()


def test_folded_code_opens_by_keyboard(kitchen):
    page = kitchen()
    cell = page.locator("div.cell.tag_hide-input").first
    expect(cell.locator("pre")).to_be_hidden()
    cell.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(cell.locator("pre")).to_be_visible()
    expect(cell.locator("summary")).to_contain_text("Hide source")


def test_a_figure_keeps_its_room_and_has_its_words(kitchen):
    page = kitchen(js=False)
    picture = page.locator("figure img").first
    for name, value in {"loading": "lazy", "decoding": "async", "width": "499", "height": "307"}.items():
        expect(picture).to_have_attribute(name, value)
    expect(picture).to_have_attribute("alt", re.compile("Two curves, tanh rising from minus one to one"))
    expect(page.locator("figcaption").first).to_contain_text("Fig. 1 tanh and its slope.")


def test_code_can_be_copied(sample, open_page):
    page = open_page(sample.url("kitchen.html"), permissions=["clipboard-read", "clipboard-write"])
    cell = page.locator("div.cell_input").first
    cell.hover()
    cell.get_by_role("button", name="Copy").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('import numpy as np')")
