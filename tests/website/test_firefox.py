"""The book in a stock Firefox: what the tests in Chromium look at closely must live in another kind of browser too."""
from __future__ import annotations

import json

import pytest
from firefox import ENTER, Firefox, find_firefox

CHAPTER = "chapters/02_neurons.html"
schemes = pytest.mark.parametrize("scheme", ["http", "file"])
# each widget is brought near, and has drawn itself
ALIVE = """await (async () => { const hosts = [...document.querySelectorAll(".dlb-host")];
  for (const host of hosts) { host.scrollIntoView(); await new Promise((r) => setTimeout(r, 30)); }
  return hosts.length && hosts.every((host) => host.dataset.state === "ready") && hosts.length; })()"""
PAPER = "getComputedStyle(document.body).backgroundColor"
EXPLORER = '.dlb[aria-label="Activation functions"]'
PLAYGROUND = '.dlb[aria-label="Network playground"]'
QUESTION = '.dlb[aria-label^="Check yourself: Three inputs, two neurons"]'


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    if not (program := find_firefox()):
        pytest.skip("no Firefox on this computer, so the pages were tried in Chromium alone; install firefox or "
                    "firefox-esr, or name one in the environment variable FIREFOX")  # fmt: skip
    with Firefox(program, tmp_path_factory.mktemp("firefox") / "profile") as firefox:
        yield firefox


@pytest.fixture
def page(firefox):
    page = firefox.page()
    yield page
    assert page.noise == []


@schemes
def test_the_first_page_is_alive(site, page, scheme):
    page.open(site.url("intro.html", scheme))
    page.wait(ALIVE)
    assert page.wait(f"document.querySelector('{PLAYGROUND}').dataset.epoch") == "0"
    page.click(f"{PLAYGROUND} button", "One epoch")
    page.wait(f"document.querySelector('{PLAYGROUND}').dataset.epoch === '1'")


@schemes
def test_the_widgets_of_a_chapter_answer(site, page, scheme):
    page.open(site.url(CHAPTER, scheme))
    assert page.wait(ALIVE) > 5

    x = f"document.querySelector('{EXPLORER} input[type=range]').value"
    tanh = f"[...document.querySelectorAll('{EXPLORER} .dlb-readout tr')].find((e) => /Tanh/.test(e.textContent))"
    assert page.wait(f"{tanh}.cells[1].textContent") == "0.7616"
    page.click(f"{EXPLORER} input[type=range]", drag=60)  # from the middle
    assert 0.5 < float(page.wait(x)) < 4.5
    page.wait(f"{tanh}.cells[1].textContent === Math.tanh({x}).toFixed(4)")

    page.click(f"{PLAYGROUND} button", "One epoch")
    page.wait(f"document.querySelector('{PLAYGROUND}').dataset.epoch === '1'")

    page.click(f"{QUESTION} input")
    page.press("6", ENTER)
    verdict = page.wait(f"document.querySelector('{QUESTION} [role=status]').textContent")
    assert "Not yet." in verdict and "Those are the weights." in verdict
    page.click(f"{QUESTION} button", "Try again")
    page.press("8", ENTER)
    page.wait(f"document.querySelector('{QUESTION} [role=status]').textContent.includes('Right.')")


# the page, the widget, what is pressed, and what is true then
TRAINED = [
    ("05_convolution", "Inside a convolutional network", "Draw a 7",
     "e.querySelector('.dlb-ic-answer').textContent.startsWith('It is read as 7')"),
    ("05_convolution", "Convolution explorer", "→", "e.dataset.at !== old.at"),
    ("06_recurrent", "Inside a recurrent network", "One step back", "+e.dataset.at === +old.at - 1"),
    ("06_recurrent", "Language model", "Write one", "e.dataset.length === '1'"),
]  # fmt: skip


def test_trained_networks_answer(site, page):
    for chapter in dict.fromkeys(chapter for chapter, *_ in TRAINED):
        page.open(site.url(f"chapters/{chapter}.html", "file"))
        assert page.wait(ALIVE, 60) > 10
        for _, name, button, true in (row for row in TRAINED if row[0] == chapter):
            widget = f'.dlb[aria-label^="{name}"]'
            old = page.wait(f"({{ ...document.querySelector('{widget}').dataset }})")
            page.click(f"{widget} button", button)
            page.wait(f"((e, old) => {true})(document.querySelector('{widget}'), {json.dumps(old)})")


@schemes
def test_formulas_are_set_in_their_own_letters(site, page, scheme):
    page.open(site.url(CHAPTER, scheme))
    page.wait("document.querySelectorAll('article .katex').length > 100")
    page.wait("document.fonts.status === 'loaded'")
    state = "[...document.fonts].filter((f) => /KaTeX/.test(f.family) && f.status !== 'unloaded').map((f) => f.status)"
    assert set(page.wait(state)) == {"loaded"}
    page.wait("document.querySelector('article .katex-display .katex-html').getBoundingClientRect().width > 50")


@schemes
def test_dark_is_a_choice_that_stays(site, page, scheme):
    page.open(site.url(CHAPTER, scheme))
    assert page.wait(PAPER) == "rgb(255, 255, 255)"
    for _ in range(3):
        page.click("button.theme-switch-button")
        if page.wait("document.documentElement.dataset.mode") == "dark":
            break
    page.wait(f"{PAPER} === 'rgb(20, 24, 30)'")
    page.wait(ALIVE)  # a module that is under way when the page is left would be heard as one that failed
    # Firefox keeps what a page opened by double click stores from all other files, so there it stays for this page
    page.open(site.url("intro.html" if scheme == "http" else CHAPTER, scheme))
    page.wait(f"{PAPER} === 'rgb(20, 24, 30)'")


@schemes
def test_what_is_not_quiet_is_heard(firefox, tmp_path, site, scheme):
    """The tests above would find every page quiet if they listened to nothing."""
    (tmp_path / "page.html").write_text(
        "<title>Page</title><img src='https://elsewhere.invalid/a.png'>"
        "<script>console.error('loud'); addEventListener('load', () => undefined_name)</script>"
    )
    page = firefox.page()
    page.open((tmp_path / "page.html").as_uri() if scheme == "file" else f"{site.http}/nothing.html")
    page.wait("document.readyState === 'complete'")
    if scheme == "http":
        assert f"status 404: {site.http}/nothing.html" in page.noise
        return
    heard = "\n".join(page.noise)
    for words in ("console error: loud", "console error: ReferenceError: undefined_name",
                  "foreign request: https://elsewhere.invalid/a.png", "failed request: https://elsewhere.invalid/a.png"):
        assert words in heard
