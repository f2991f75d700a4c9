"""The language model playground in the built page and in JupyterLab (book/language_model.md)."""

from __future__ import annotations

import re
from urllib.parse import quote

import numpy as np
import pytest
from address import refused
from playwright.sync_api import expect
from waiting import after_paint, leave, passes, settled

from dlbook.widgets import LanguageModel

TITLE, START = "Language model", "The gradient of the loss "


@pytest.fixture
def lm(sample, open_page):
    def lm(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("language_model.html" + query, scheme), **options)
        page.locator(".dlb-host").nth(index).scroll_into_view_if_needed()
        group = page.get_by_role("group", name=TITLE, exact=True).nth(index)
        group.locator("xpath=self::*[@data-painted]").wait_for()
        return settled(group)

    return lm


def press(group, *names):
    for name in names:
        group.get_by_role("button", name=name, exact=True).click()


def written(group, n):
    expect(group).to_have_attribute("data-length", str(n))


def text(group) -> str:
    return settled(group).locator(".dlb-lm-text > .dlb-sr").text_content()


def bars(group) -> dict[str, str]:
    rows = settled(group).locator(".dlb-lm-bars button:visible")
    return dict(rows.evaluate_all(
        "(all) => all.map((e) => [\".dlb-sr\", \".dlb-lm-value\"].map((c) => e.querySelector(c).textContent.trim()))"
    ))  # fmt: skip


def figure(group, i) -> str:
    return settled(group).locator(".dlb-lm-card b").nth(i).inner_text()


def agree(group, widget):
    """The page holds the numbers of the package."""
    names = {" ": "space", "\n": "line feed", "<unk>": "unknown", "<pad>": "padding"}
    p = list(widget.probabilities().items())[:12]
    shown = {c: "cut" if v == 0 else "< 0.001" if v < 0.0005 else f"{v:.3f}" for c, v in p}
    assert bars(group) == {names.get(c, f"“{c}”"): v for c, v in shown.items()}
    bits, own = widget.surprises(), len(widget.prompt)
    assert figure(group, 0) == f"{widget.entropy():.2f} bits"
    assert figure(group, 1) == (f"{2 ** bits[:own - 1].mean():.2f}" if own > 1 else "–")
    assert figure(group, 2) == (f"{2 ** bits[own - 1:].mean():.2f}" if widget.written else "–")


def slide(group, name, position):
    after_paint(group, lambda: group.get_by_role("slider", name=name, exact=True).fill(str(position)))


# ---- the numbers
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_writes_what_the_package_writes(lm, scheme, theme):
    group, widget = lm(scheme=scheme, theme=theme), LanguageModel()
    agree(group, widget)
    press(group, "Write 100")
    written(group, 100)
    widget.write(100)
    assert text(group) == START + widget.written
    agree(group, widget)
    slide(group, "Temperature", 8)
    slide(group, "Top k", 4)
    press(group, "Write one", "Write 100")
    written(group, 201)
    widget.temperature, widget.top_k = 0.5, 5
    widget.write(101)
    assert text(group) == START + widget.written
    agree(group, widget)
    assert not re.search("NaN|Infinity|undefined", group.evaluate("(e) => e.outerHTML"))


def test_a_network_of_the_reader(lm):
    group = lm(index=1)
    assert len(bars(group)) == 11 and figure(group, 0).endswith("bits")
    expect(group.locator(".dlb-lm-rest")).to_be_hidden()
    expect(group.get_by_role("group", name="Prompts to try")).to_be_hidden()
    press(group, "Write 100")
    written(group, 100)


def test_weights_come_with_the_widget_alone(lm):
    group = lm()
    sizes = group.page.evaluate(
        """() => performance.getEntriesByType("resource").filter((e) => /\\/d-\\w+\\.js/.test(e.name))
             .map((e) => e.decodedBodySize)"""
    )
    assert 100_000 < max(sizes) < 150_000


# ---- the reader's hands
def test_drawing_and_choosing(lm):
    group = lm()
    fall = group.locator(".dlb-lm-main + .dlb-lm-cap")
    expect(fall).to_have_text("Drawing: the random number 1 of seed 1 is u = 0.938. It falls on “b”.")
    press(group, "Write one")
    written(group, 1)
    assert text(group) == START + "b"
    group.locator(".dlb-lm-bars button").nth(1).click()
    written(group, 2)
    chosen = text(group)
    widget = LanguageModel(written="b")
    assert chosen == START + "b" + list(widget.probabilities())[1]
    press(group, "Undo", "Undo")
    written(group, 0)
    press(group, "Write 100", "Clear")
    written(group, 0)
    press(group, "Undo")
    written(group, 100)
    expect(group.get_by_role("button", name="Clear")).to_be_enabled()
    press(group, "Undo")
    expect(group.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_seed_is_a_text(lm):
    group = lm()
    seed = group.get_by_label("Seed", exact=True)
    press(group, "Write 100")
    written(group, 100)
    first = text(group)
    seed.fill("7")
    press(group, "Clear", "Write 100", "Undo", "Undo")
    expect(group.locator(".dlb-lm-text > .dlb-sr")).to_have_text(first)
    press(group, "Clear", "Write 100")
    expect(group.locator(".dlb-lm-text > .dlb-sr")).not_to_have_text(first)
    press(group, "Next seed")
    expect(seed).to_have_value("8")
    for bad in ("", "-1", "1.5", "1000000"):
        seed.fill(bad)
        expect(seed).to_have_attribute("aria-invalid", "")
    seed.blur()
    expect(seed).to_have_value("8")
    seed.fill("1")
    press(group, "Clear", "Write 100")
    written(group, 100)
    assert text(group) == first


def test_a_new_prompt_ends_the_old_text(lm):
    group = lm()
    press(group, "Write 100")
    written(group, 100)
    prompt = group.get_by_label("Prompt", exact=True)
    after_paint(group, lambda: prompt.fill("The netwörk 中"))
    written(group, 0)
    note = group.locator(".dlb-note")
    expect(note).to_have_text("Not among the 80 characters that it knows: ö 中. It reads each of them as “unknown”.")
    agree(group, LanguageModel("The netwörk 中"))
    after_paint(group, lambda: prompt.fill(""))
    expect(note).to_have_text("The prompt is empty: the network reads line feed and goes on from there.")
    agree(group, LanguageModel(""))
    press(group, "q")
    expect(prompt).to_have_value("q")
    expect(note).to_be_hidden()
    agree(group, LanguageModel("q"))
    press(group, "Undo")
    written(group, 100)
    expect(prompt).to_have_value(START)


def test_looking_back(lm):
    group = lm("?lm.written=descent")
    scan = group.get_by_role("slider", name="Look back at a character")
    expect(scan).to_have_attribute("aria-valuetext", "the end, after 32 characters")
    scan.focus()
    after_paint(group, lambda: scan.press("ArrowLeft"))
    expect(scan).to_have_attribute("aria-valuetext", re.compile(r"^Character 32, “t”: p = 0\.\d+, \d\.\d bits$"))
    p = LanguageModel(written="descen").probabilities()
    expect(scan).to_have_attribute("aria-valuetext", re.compile(f"p = {p['t']:.3f}, {-np.log2(p['t']):.1f} bits"))
    expect(group.locator(".dlb-lm-taken")).to_contain_text("“t”")
    expect(group.locator(".dlb-lm-at")).to_have_text("t")
    after_paint(group, lambda: group.locator(".dlb-lm-text .dlb-lm-c").nth(27).click())
    expect(scan).to_have_value("27")
    group.get_by_role("button", name=re.compile("“a”")).click()
    written(group, 3)  # another character stands there, and what came after it is gone
    assert text(group) == START + "dea"
    after_paint(group, lambda: group.locator(".dlb-lm-text .dlb-lm-c").nth(4).click())
    group.locator(".dlb-lm-bars button").nth(2).click()
    written(group, 0)
    third = list(LanguageModel("The ").probabilities())[2]
    expect(group.get_by_label("Prompt", exact=True)).to_have_value(f"The {third}")
    press(group, "Undo", "Undo")
    written(group, 7)
    assert text(group) == START + "descent"


def test_surprise_is_seen_without_color(lm):
    group = lm("?lm.prompt=" + quote("The gradient falls, zq 7"))
    last = settled(group).locator(".dlb-lm-text .dlb-lm-c").last
    assert re.fullmatch(r"“7”: 1\d\.\d bits, p < 0\.001", last.get_attribute("title"))
    thick = group.locator(".dlb-lm-text .dlb-lm-c").evaluate_all(
        "(all) => all.map((e) => parseFloat(getComputedStyle(e).borderBottomWidth))"
    )
    assert set(thick) == {0, 1, 2, 3, 5}
    bits = np.append(0, LanguageModel("The gradient falls, zq 7").surprises())
    assert thick == [[0, 1, 2, 3, 5][sum(b >= edge for edge in (1, 2, 4, 7))] for b in bits]
    expect(group.locator(".dlb-lm-legend")).to_contain_text("under 1")


def test_keys(lm):
    group = lm()
    first = group.locator(".dlb-lm-bars button").first
    first.focus()
    for key, i in {"ArrowDown": 1, "End": 11, "ArrowUp": 10, "Home": 0, "ArrowLeft": 0, "ArrowRight": 1}.items():
        group.page.keyboard.press(key)
        expect(group.locator(".dlb-lm-bars button").nth(i)).to_be_focused()
    expected = list(LanguageModel().probabilities())[1]
    group.page.keyboard.press("Enter")
    written(group, 1)
    assert text(group) == START + expected
    expect(group.locator(".dlb-lm-bars button").nth(1)).to_be_focused()
    group.page.keyboard.press("Tab")
    expect(group.locator(".dlb-folded summary")).to_be_focused()


# ---- in time
def test_it_plays_and_stops(lm):
    group = lm()
    press(group, "Play")
    group.page.wait_for_function("(e) => +e.dataset.length >= 5", arg=group.element_handle())
    press(group, "Stop")
    rested = settled(group).get_attribute("data-length")
    passes(group, 250)
    written(group, rested)
    widget = LanguageModel()
    widget.write(int(rested))
    assert text(group) == START + widget.written
    press(group, "Undo")
    written(group, 0)
    press(group, "Play")
    group.page.wait_for_function("(e) => +e.dataset.length >= 2", arg=group.element_handle())
    leave(group)
    away = settled(group).get_attribute("data-length")
    passes(group, 300)
    written(group, away)


def test_the_page_is_full(lm):
    group = lm("?lm.written=" + quote("a" * 950))
    press(group, "Write 100")
    written(group, 1000)
    expect(group.locator(".dlb-note")).to_have_text("The page is full: 1000 characters. Clear it, or take some back.")
    for name in ("Write one", "Write 100", "Play"):
        expect(group.get_by_role("button", name=name, exact=True)).to_be_disabled()
    press(group, "Undo")
    written(group, 950)


def test_reduced_motion_writes_at_once(lm):
    group = lm(motion="reduce")
    expect(group.get_by_role("button", name="Play")).to_be_hidden()
    before = int(group.get_attribute("data-painted"))
    press(group, "Write 100")
    written(group, 100)
    assert int(settled(group).get_attribute("data-painted")) == before + 1


# ---- the address
def test_the_address_keeps_the_state(lm):
    group = lm()
    slide(group, "Temperature", 10)
    press(group, "Write 100", "Next seed")
    group.page.wait_for_function("location.search.includes('lm.seed=2')")
    query = group.page.evaluate("location.search")
    assert "lm.temperature=0.7" in query and "weights" not in query and "prompt" not in query
    again = lm(query)
    written(again, 100)
    assert text(again) == text(group) and bars(again) == bars(group)


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature=0": "a number from 0.1 to 3", "top_k=-1": "a whole number from 0 to", "weights=1": "no such"},
        {"prompt=" + "a" * 301: "a text of at most 300", "seed=1e3": "a whole number", "temperature=NaN": "a"},
        {"written=" + "%0A" * 1001: "a text of at most 1000", "__proto__=1": "no such setting", "top_k=all": "a whole"},
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(lm, asked):
    group = lm("?" + "&".join(f"lm.{setting}" for setting in asked))
    refused(group, asked.values())
    agree(group, LanguageModel())


def test_a_hostile_text_stays_text(lm):
    hostile = "<img src=x onerror=alert(1)>\u202e\x00𝔘\n"
    group = lm("?lm.prompt=" + quote(hostile) + "&lm.written=" + quote("<script>") + "&lm.top_k=9999&lm.seed=999999")
    assert text(group) == hostile + "<script>"
    expect(group.locator("img[src=x], script")).to_have_count(0)
    agree(group, LanguageModel(hostile, written="<script>", top_k=9999, seed=999999))


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(lm, axe, theme, width):
    group = lm("?lm.prompt=" + quote("The zq loss é"), theme=theme, width=width)
    group.evaluate("(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }")
    press(group, "Write 100")
    slide(group, "Temperature", 20)
    press(group, "Write 100")
    written(group, 200)
    slide(group, "Top k", 5)
    slide(group, "Look back at a character", 30)
    group.get_by_label("Seed", exact=True).fill("-1")
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []


def test_what_is_said_aloud(lm):
    group = lm()
    said = group.locator("p.dlb-sr[role=status]")
    passes(group, 650)
    expect(said).to_be_empty()  # a page that opens stays silent
    press(group, "Write one")
    expect(said).to_have_text(re.compile(r"^Written: b\. Entropy of the next character \d\.\d\d bits\.$"))
    expect(group.get_by_role("img", name=re.compile("the random number 2 of seed 1 is u = "))).to_be_visible()


FAULTS = """(root) => {
    const seen = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility()), faults = [];
    const { left, right } = root.getBoundingClientRect(), say = (what, e) => faults.push(`${what}: ${e.tagName} ${e.className} ${e.textContent}`);
    for (const e of seen) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (box.width > 1 && !e.closest(".dlb-scroll > *, svg") && (box.left < left || box.right > right + 1)) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) * Math.abs(e.getScreenCTM?.()?.a ?? 1) < 10.9) say("tiny", e);
      if (e.matches("button, select, input, textarea, summary") && (box.height < 40 || box.width < 40)) say("small for a finger", e);
      if (e.matches(".dlb-lm-name, .dlb-lm-value, .dlb-btn") && e.scrollWidth > e.clientWidth + 1) say("cut", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""  # noqa: E501


@pytest.mark.parametrize("query", ["", "?lm.temperature=3&lm.top_k=6&lm.prompt=" + "W" * 300])
def test_legible_on_a_phone(lm, query):
    group = lm(query, width=390, height=844, touch=True)
    group.evaluate("(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }")
    group.get_by_role("button", name="Write 100").tap()
    written(group, 100)
    assert settled(group).evaluate(FAULTS) == []
    group.locator(".dlb-lm-bars button").nth(2).tap()
    written(group, 101)
    slide(group, "Look back at a character", 20)
    assert group.evaluate(FAULTS) == []


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("language_model.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.get_by_role("img", name=re.compile("A language model after “The gradient of the"))).to_be_visible()
    expect(first.locator("table")).to_contain_text("70 others")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("language_model.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook import scratch\nfrom dlbook.text import CharTokenizer\n"
            "from dlbook.widgets import LanguageModel\ntokenizer = CharTokenizer(['abcd '])\n"
            "model = scratch.CharLM(len(tokenizer), 4, 8)\n"
            "w = LanguageModel('abcd', model=model, tokenizer=tokenizer)\nw",
            "w.prompt = 'dad'; w.temperature = 0.5; x = w.write(20)",
            "print(repr(w.prompt), len(w.written), w.top_k)",
            "model.linear.bias.array[:] = [0, 0, 0, 50, 0, 0, 0]; w.load(model, tokenizer)",
            "print(w.written == x + tokenizer.vocabulary.tokens[3], w.prompt == 'dad')",
            "LanguageModel(model=model.linear, tokenizer=tokenizer)",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLE, exact=True)
    written(group, 0)
    notebook.run(1)
    written(group, 20)
    expect(group.get_by_label("Prompt", exact=True)).to_have_value("dad")
    slider = group.get_by_role("slider", name="Top k")
    slider.focus()
    notebook.page.keyboard.press("ArrowLeft")  # JupyterLab must not take it for its own
    notebook.answers(2, "'dad' 20 80")
    notebook.run(3)
    expect(group.locator(".dlb-lm-bars button").first.locator(".dlb-lm-value")).to_have_text("1.000")
    press(group, "Write one")
    written(group, 21)
    notebook.answers(4, "True True")
    notebook.run(5)
    expect(notebook.outputs(5)).to_contain_text(["a CharLM of dlbook.scratch or dlbook.pt is expected"])
    notebook.theme("JupyterLab Dark")
    expect(group.locator(".dlb-lm-text")).to_be_visible()
