"""The real book in a real browser: quiet, light, usable by everybody, over http and opened by double click."""
from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from playwright.sync_api import expect
from waiting import passes, settled

from conftest import ROOT, walk

KILOBYTES, REQUESTS = 300, 45  # of one page, without data of widgets and pictures
# numbers of the formulas that reach into their number or out of their room
CUT = """() => [...document.querySelectorAll("div.math")].filter((formula) => {
  const number = formula.querySelector(".eqno"), room = formula.getBoundingClientRect();
  const signs = [...formula.querySelectorAll(".katex-html .base")].map((sign) => sign.getBoundingClientRect().right);
  return Math.max(...signs) > (number ? number.getBoundingClientRect().left : room.right) + 1;
}).map((formula) => formula.id || formula.textContent)"""
PICTURES = re.compile(r"/_images/|/_static/dlb/d-")


def files(toc) -> list[str]:
    """The pages that a table of contents names."""
    if isinstance(toc, list):
        return [page for part in toc for page in files(part)]
    if isinstance(toc, dict):
        inner = [page for value in toc.values() if isinstance(value, list) for page in files(value)]
        return [toc[key] for key in ("root", "file") if key in toc] + inner
    return []


PAGES = [f"{page}.html" for page in files(yaml.safe_load((ROOT / "_toc.yml").read_text("utf8")))]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]
everywhere = pytest.mark.parametrize("page_name", [*PAGES, "search.html", "genindex.html"])
schemes = pytest.mark.parametrize("scheme", ["http", "file"])
themes = pytest.mark.parametrize("theme", ["light", "dark"])


def faults(found: list[dict]) -> list[dict]:
    """In a widget everything that axe finds; in the rest of the page, much of which is the theme's, what is serious."""
    return [v for v in found if v["widget"] or v["impact"] in ("serious", "critical")]


def alive_and_described(page) -> None:
    """Every widget of the page lives, and every picture has words."""
    expect(page.locator(".dlb-host:not([data-state=ready])")).to_have_count(0)
    for image in page.locator("img").all():
        assert (image.get_attribute("alt") or "").strip(), f"no alternative text: {image.get_attribute('src')}"


def open_to_everybody(page, axe, theme) -> None:
    page.emulate_media(color_scheme=theme)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    settled(page).evaluate("document.getAnimations().forEach((a) => a instanceof CSSTransition && a.finish())")
    assert faults(axe(page)) == [], theme


def light(answers) -> None:
    """What came for a page is small and not much."""
    weights = {}
    for answer in answers:
        if not PICTURES.search(answer.url):
            body = answer.body()
            weights[answer.url] = min(len(body), len(gzip.compress(body, 6)))
    table = "\n".join(f"{size:8d} {url}" for url, size in sorted(weights.items(), key=lambda item: -item[1]))
    assert sum(weights.values()) <= KILOBYTES * 1024, table
    assert len(weights) <= REQUESTS, table


# A page is opened three times, and all that can be seen in one of them is looked at there.
@everywhere
def test_a_page_is_quiet_and_light_and_open_to_everybody(site, open_page, axe, page_name):
    page = open_page("about:blank")
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(site.url(page_name))
    walk(page)
    light(answers)
    alive_and_described(page)
    for theme in ("light", "dark"):
        open_to_everybody(page, axe, theme)


@everywhere
def test_a_page_fits_a_telephone(site, open_page, axe, page_name):
    page = open_page(site.url(page_name), theme="dark", width=390, height=844, touch=True)
    assert page.locator("html").get_attribute("data-theme") == "dark"
    walk(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.evaluate(CUT) == []
    for theme in ("dark", "light"):
        open_to_everybody(page, axe, theme)


@everywhere
def test_a_page_opened_by_double_click_is_quiet_and_nothing_moves_for_those_who_do_not_want_it(
    site, open_page, page_name
):
    page = open_page(site.url(page_name, "file"), theme="dark", motion="reduce")
    assert page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length") == 0
    assert page.locator("html").get_attribute("data-theme") == "dark"
    walk(page)
    alive_and_described(page)


@schemes
def test_search_finds_a_word(site, open_page, scheme):
    page = open_page(site.url(PAGES[0], scheme))
    page.keyboard.press("Control+k")
    field = page.locator("dialog[open] input[name=q]")
    field.fill("perceptron")
    field.press("Enter")
    page.wait_for_url("**/search.html?q=perceptron*")
    result = page.locator("#search-results .search li a", has_text=re.compile("neurons", re.I)).first
    expect(result).to_be_visible()
    result.click()
    page.wait_for_url("**/chapters/02_neurons.html*")
    expect(page.locator("article")).to_contain_text(re.compile("perceptron", re.I))


@schemes
@pytest.mark.parametrize("page_name", CHAPTERS)
def test_the_notebook_can_be_downloaded(site, open_page, tmp_path, page_name, scheme):
    page = open_page(site.url(page_name, scheme), accept_downloads=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this page as a notebook").click()
    assert download.value.suggested_filename == page_name.split("/")[-1].replace(".html", ".ipynb")
    download.value.save_as(tmp_path / "page.ipynb")
    notebook = nbformat.read(tmp_path / "page.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name and len(notebook.cells) > 20


@schemes
def test_dark_is_a_choice_that_stays(site, open_page, scheme):
    page = open_page(site.url(CHAPTERS[0], scheme))
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    switch = page.get_by_role("button", name="Light, dark")
    for _ in range(3):
        switch.click()
        if page.locator("html").get_attribute("data-mode") == "dark":
            break
    page.wait_for_function(f"{paper} === 'rgb(20, 24, 30)'")  # the paper of the figures
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.goto(site.url(PAGES[0], scheme))
    page.wait_for_function(f"{paper} === 'rgb(20, 24, 30)'")


@schemes
def test_side_bars_open_where_there_is_no_room_for_them(site, open_page, scheme):
    page = open_page(site.url(CHAPTERS[0], scheme), width=390, height=844, touch=True)
    sections = page.locator("#pst-secondary-sidebar-modal")
    expect(sections).to_be_hidden()
    page.get_by_role("button", name="Show the list of sections").tap()
    sections.get_by_role("link", name="Exercises").tap()
    expect(sections).to_be_hidden()
    expect(page.get_by_role("heading", name="Exercises")).to_be_in_viewport()

    chapters = page.locator("#pst-primary-sidebar-modal")
    page.get_by_role("button", name="Show or hide the list of chapters").tap()
    expect(chapters.get_by_role("link", name="Notation")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(chapters).to_be_hidden()
    page.get_by_role("button", name="Show or hide the list of chapters").tap()
    chapters.get_by_role("link", name="Notation").tap()
    page.wait_for_url("**/notation.html")


def test_the_list_of_chapters_can_be_put_away(site, open_page):
    page = open_page(site.url(PAGES[0]))
    chapters = page.locator("#pst-primary-sidebar")
    for visible in (False, True):
        page.get_by_role("button", name="Show or hide the list of chapters").click()
        expect(chapters).to_be_visible(visible=visible)


@schemes
def test_an_address_can_name_a_place(site, open_page, scheme):
    page = open_page(site.url(f"{CHAPTERS[0]}#exercises", scheme))
    passes(page, 500)  # what comes to life above it may not move it
    top = page.get_by_role("heading", name="Exercises").bounding_box()["y"]
    assert 0 <= top < 200
    expect(page.locator("#pst-page-toc-nav a[aria-current=true]")).to_have_text("Exercises")


@themes
def test_a_figure_lies_in_the_page(site, open_page, theme):
    page = open_page(site.url(CHAPTERS[0]), theme=theme)
    picture = page.locator("figure img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_function("(image) => image.complete && image.naturalWidth", arg=picture.element_handle())
    box = settled(picture).bounding_box()
    shot = page.screenshot(clip={"x": box["x"] + 2, "y": box["y"] + 2, "width": 1, "height": 1})
    color = page.evaluate(
        """async (data) => { const image = new Image(); image.src = data; await image.decode();
           const c = document.createElement("canvas").getContext("2d"); c.drawImage(image, 0, 0);
           return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3); }""",
        f"data:image/png;base64,{base64.b64encode(shot).decode()}",
    )
    assert color == ([255, 255, 255] if theme == "light" else [20, 24, 30])


@pytest.mark.parametrize("page_name", CHAPTERS)
def test_paper_shows_drawings_and_all_that_is_folded(site, open_page, page_name):
    page = open_page(site.url(page_name), theme="dark")
    widgets = page.locator(".dlb-host").count()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("article h1")).to_be_visible()
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'")
    expect(page.locator(".dlb-host:visible")).to_have_count(0)
    assert page.locator(".dlb-fallback:visible > svg").count() >= 1
    assert page.locator(".dlb-fallback:visible").count() == page.locator(".dlb-fallback").count() >= min(widgets, 1)
    # the living widgets are not printed
    expect(page.locator("details:not([open], .dlb-host *)")).to_have_count(0)
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-area"):
        assert page.locator(f"{part}:visible").count() == 0
    page.emulate_media(media="screen", color_scheme="dark")
    expect(page.locator(".dlb-fallback:visible")).to_have_count(0)
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(20, 24, 30)'")


@pytest.mark.parametrize("page_name", PAGES)
def test_without_scripts_a_page_is_whole(site, open_page, page_name):
    page = open_page(site.url(page_name, "file"), js=False)
    expect(page.locator("article h1")).to_be_visible()
    assert page.locator(".dlb-fallback").count() == page.locator(".dlb-fallback:visible").count()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for button in page.locator("button:visible").all():
        pytest.fail(f"a button that does nothing: {button.inner_text() or button.get_attribute('title')}")


class Page(HTMLParser):
    """The links of a page and the places in it that a link can name."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(path.read_text("utf8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]


def test_every_link_inside_leads_somewhere(site):
    pages = {path: Page(path) for path in site.folder.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path.name}: {link}")
            elif target in pages and parts.fragment and unquote(parts.fragment) not in pages[target].places:
                broken.append(f"{path.name}: {link} has no such place")
    assert broken == []


def test_nothing_in_the_site_names_another_host_as_its_source(site):
    """Links may lead outside; scripts, styles, fonts and pictures may not come from there."""
    foreign = re.compile(
        r"""(?:(?:src|data)=["']|<link[^>]+rel="(?:stylesheet|preload|icon)"[^>]+href="|url\(["']?|@import ["'])"""
        r"""(?:https?:)?//"""
    )
    for path in [*site.folder.rglob("*.html"), *site.folder.rglob("*.css")]:
        assert not foreign.search(path.read_text("utf8")), path


def test_no_local_path_is_published(site):
    for path in site.folder.rglob("*"):
        if path.suffix in {".html", ".js", ".css", ".json", ".ipynb", ".svg"}:
            assert str(ROOT) not in path.read_text("utf8", errors="ignore"), path


def test_the_lock_file_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf8"))
    assert not any("resolved" in package for package in lock["packages"].values())
    # node takes the files of .venv below it for modules of its own kind when this is set
    assert "type" not in json.loads((ROOT / "package.json").read_text("utf8"))
