"""The loader of the built page, with widgets made for the purpose (book/made_up.py)."""
from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

BROKEN = r"(broken|late) on purpose"


@pytest.fixture(params=["http", "file"])
def counters(request, sample, open_page):
    def counters(query="", **options):
        return open_page(sample.url("counter.html" + query, request.param), allow=BROKEN, **options)

    return counters


def test_a_widget_answers_in_all_its_views(counters):
    page = counters()
    expect(page.get_by_role("button", name="n is 3")).to_have_count(2)
    page.get_by_role("button", name="n is 3").first.click()
    expect(page.get_by_role("button", name="n is 4")).to_have_count(2)
    expect(page.get_by_role("button", name="n is 5")).to_have_count(1)
    assert page.evaluate("performance.getEntriesByName('dlb:ready').length") == 1


def test_a_broken_widget_says_so_and_shows_its_drawing(counters):
    page = counters()
    failed = page.locator(".dlb-host[data-state=failed]")
    expect(failed).to_have_count(2)
    for host, n in zip(failed.all(), (7, 8)):
        expect(host).to_contain_text("could not start")
        expect(host.locator("+ .dlb-fallback")).to_be_visible()
        expect(host.locator("+ .dlb-fallback")).to_contain_text(f"n = {n}")


def test_without_scripts_the_drawing_stands_there(counters):
    page = counters(js=False)
    expect(page.locator(".dlb-fallback")).to_have_count(5)
    for drawing in page.locator(".dlb-fallback").all():
        expect(drawing).to_be_visible()
    expect(page.locator(".dlb-host")).to_have_count(0)
    # the style sheet is linked, not added by a script
    assert page.locator(".dlb-fallback").first.evaluate("e => getComputedStyle(e).borderTopLeftRadius") != "0px"


def test_print_shows_the_drawing_instead_of_the_widget(counters):
    page = counters()
    expect(page.locator(".dlb-fallback").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".dlb-host").first).to_be_hidden()
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-fallback table").first).to_be_visible()
    page.emulate_media(media="screen")
    expect(page.locator(".dlb-host").first).to_be_visible()
    expect(page.locator(".dlb-fallback").first).to_be_hidden()
    expect(page.locator("details[open]")).to_have_count(0)


def test_ids_in_drawings_are_unique(counters):
    ids = re.findall(r'\sid="([^"]+)"', counters(js=False).content())
    assert len(ids) == len(set(ids))
    assert {"w1-c", "w2-c"} <= set(ids)


def test_big_data_comes_when_the_widget_comes_near(counters):
    page = counters()
    data = "document.querySelectorAll('script[src*=\"/d-\"]').length"
    host = page.locator(".dlb-host").last
    expect(host).to_have_attribute("data-state", "waiting")
    assert page.evaluate(data) == 0
    host.scroll_into_view_if_needed()
    expect(host).to_contain_text("2000 values, 3 bytes, the last is 250")
    assert page.evaluate(data) == 1


def test_an_address_sets_and_keeps_traits(counters):
    page = counters("?a.n=8&other=kept&b.word=deep#far-below")
    expect(page.get_by_role("button", name="n is 8")).to_have_count(2)
    expect(page.locator(".dlb-note", has_text="address")).to_have_count(0)
    page.get_by_role("button", name="n is 5").click()
    page.wait_for_function("location.search.includes('b.n=6')")
    query = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    assert query == {"a.n": "8", "other": "kept", "b.word": "deep", "b.n": "6"}
    assert page.evaluate("location.hash") == "#far-below"
    # what the address cannot hold (two digits) is not put there
    b = page.locator(".dlb-host").nth(1).get_by_role("button")
    for _ in range(4):
        b.click()
    expect(b).to_have_text("n is 10")
    page.wait_for_function("!location.search.includes('b.n')")


NONSENSE = {
    "a.n=12": "The address asks for a.n = “12”. Accepted is a digit. Shown instead: 3.",
    "a.n=": "The address asks for a.n = “”. Accepted is a digit. Shown instead: 3.",
    "a.n=NaN": "“NaN”",
    "a.n=1e308": "“1e308”",
    "a.__proto__=1": "This widget has no such setting; it has n, word.",
    "a.constructor=1": "no such setting",
    "a.toString=1": "no such setting",
    "a._fallback=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E": "“<img src=x onerror=alert(1)>”",
    "a.n=" + "9" * 5000: "9" * 60 + "…",
    "a." + "x" * 5000 + "=1": "x" * 50,
}


def test_an_address_that_asks_for_nonsense_is_refused_in_words(counters):
    page = counters("?" + "&".join(NONSENSE))
    notes = page.locator(".dlb-host").first.locator(".dlb-note")
    expect(notes).to_have_count(len(NONSENSE))
    for note, words in zip(notes.all(), NONSENSE.values()):
        expect(note).to_contain_text(words)
        assert len(note.inner_text()) < 300
    expect(page.get_by_role("button", name="n is 3")).to_have_count(2)
    assert page.locator(".dlb-host img").count() == 0
    assert page.evaluate("({}).n") is None


@pytest.mark.parametrize("query", ["?zzz.n=12&a=1&__proto__.n=1&.n=4", "?%E0%A4%A"])
def test_an_address_that_means_nobody_is_left_alone(counters, query):
    page = counters(query)
    expect(page.get_by_role("button", name="n is 5")).to_have_count(1)
    expect(page.locator(".dlb-host").nth(1).locator(".dlb-note")).to_have_count(0)
