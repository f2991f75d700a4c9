"""Inside a recurrent network, in the built page and in JupyterLab (book/inside_recurrent.md)."""
from __future__ import annotations

import re
from urllib.parse import quote

import numpy as np
import pytest
from address import refused
from playwright.sync_api import expect
from waiting import after_paint, settled

from dlbook.widgets import InsideRecurrent
from dlbook.widgets.inside_recurrent import SHOWN, TEXT

TITLE = "Inside a recurrent network"


@pytest.fixture
def inside(sample, open_page):
    def inside(query="", scheme="http", name=TITLE, **options):
        page = open_page(sample.url("inside_recurrent.html" + query, scheme), **options)
        group = page.get_by_role("group", name=name, exact=True)
        group.scroll_into_view_if_needed()
        group.locator("xpath=self::*[@data-painted]").wait_for()
        return group

    return inside


def shown(group) -> list[list[str]]:
    """Names and shares of the bars."""
    rows = group.locator(".dlb-ir-next li:visible")
    return [[row.locator(".dlb-ir-name").inner_text(), row.locator(".dlb-ir-value").inner_text()] for row in rows.all()]


def agree(group, widget):
    """What the page shows at its step has the numbers of the package."""
    settled(group)
    trace, tokens = widget.trace(), widget.about["classes"] or widget.about["tokens"]
    step = widget._step(len(trace.p))
    p, signs = trace.p[step], {" ": "␣", "\n": "↵", "<unk>": "�"}
    order = np.argsort(-p, kind="stable")[:5]
    for (name, share), k in zip(shown(group), order, strict=True):
        assert name == signs.get(tokens[k], tokens[k])
        assert float(share.strip("< %")) == pytest.approx(100 * p[k], abs=0.051)
    now = {letter: values[step, widget.unit] for letter, values in trace.values.items()}
    last = {letter: values[step - 1, widget.unit] if step else 0 for letter, values in trace.values.items()}
    if widget.cell == "lstm":
        wanted = [now["f"], last["c"], now["i"], now["g"], now["c"], now["o"], np.tanh(now["c"]), now["h"]]
    else:
        wanted = [now["z"], last["h"], 1 - now["z"], now["n"], now["h"]] if widget.cell == "gru" else [now["h"]]
    terms = group.locator(".dlb-ir-equation .dlb-ir-number").all_inner_texts()
    assert [float(text.strip("()").replace("−", "-")) for text in terms] == pytest.approx(wanted, abs=0.0051)
    expect(group).to_have_attribute("data-at", str(step + 1))


# ---- the numbers
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_with_the_numbers_of_the_package(inside, scheme, theme):
    group = inside(scheme=scheme, theme=theme)
    agree(group, InsideRecurrent())
    expect(group.locator(".dlb-ir-verdict")).to_contain_text(f"LSTM, step {len(TEXT)} of {len(TEXT)}")
    expect(group.locator(".dlb-ir-tokens text")).to_have_count(len(TEXT))
    for cell, name in (("gru", "GRU"), ("rnn", "Simple RNN")):
        after_paint(group, lambda name=name: group.get_by_text(name, exact=True).click())
        agree(group, InsideRecurrent(cell=cell))
        assert group.get_by_label("Heat map").locator("option").all_inner_texts() == list(SHOWN[cell].values())
    assert "NaN" not in group.evaluate("(e) => e.outerHTML")


def test_typing(inside):
    group = inside()
    field = group.get_by_label(re.compile("^Text"))
    after_paint(group, lambda: field.fill("A small loss"))
    agree(group, InsideRecurrent(text="A small loss"))
    field.press("End")
    after_paint(group, lambda: field.press_sequentially(" is €"))
    group.locator("xpath=self::*[@data-at='17']").wait_for()
    agree(group, InsideRecurrent(text="A small loss is €"))
    expect(group.locator(".dlb-note")).to_have_text("Unknown to the network: “€”")
    expect(group.locator(".dlb-ir-unknown")).to_have_text("€")
    for _ in range(8):
        field.press("ArrowLeft")
    after_paint(group, lambda: field.press("x"))
    expect(group).to_have_attribute("data-at", "10")  # the step goes with the caret
    agree(group, InsideRecurrent(text="A small lxoss is €", at=9))
    after_paint(group, lambda: field.fill(""))
    expect(group.locator(".dlb-ir-verdict")).to_have_text("Type a text above, and the network reads it.")
    assert "10⁻³⁰" not in group.locator(".dlb-ir-margin").text_content()
    after_paint(group, lambda: field.fill("<b>&nbsp;\n深"))
    agree(group, InsideRecurrent(text="<b>&nbsp;\n深"))
    after_paint(group, lambda: field.fill("Q"))
    agree(group, InsideRecurrent(text="Q"))
    expect(group.get_by_role("slider", name="Step")).to_be_disabled()
    expect(group.locator(".dlb-ir-says")).not_to_contain_text("on average")
    assert not re.search("NaN|Infinity", group.evaluate("(e) => e.outerHTML"))


def test_a_text_that_is_too_long(inside):
    group = inside("?lstm.text=ab")
    note, long = group.locator(".dlb-note"), "The loss falls. " * 19
    expect(note).to_be_hidden()
    group.get_by_label(re.compile("^Text")).press("End")
    after_paint(group, lambda: group.page.keyboard.insert_text(long[:300]))
    expect(group).to_have_attribute("data-at", "200")
    expect(note).to_have_text("The text is full: 200 characters.")
    agree(group, InsideRecurrent(text="ab" + long[:198]))
    after_paint(group, lambda: group.page.keyboard.press("Backspace"))
    expect(note).to_be_hidden()


def test_weights_come_with_the_widget_alone(inside):
    group = inside()
    sizes = group.page.evaluate(
        """() => performance.getEntriesByType("resource").filter((e) => /\\/d-\\w+\\.js/.test(e.name))
             .map((e) => e.decodedBodySize)"""
    )
    assert 40_000 < max(sizes) < 150_000


def test_the_heat_map_shows_every_letter(inside):
    group = inside("?lstm.text=ab")
    picture = "(c) => c.toDataURL()"
    canvas, seen = group.locator("canvas"), set()
    for cell in ("LSTM", "GRU", "Simple RNN"):
        group.get_by_text(cell, exact=True).click()
        expect(group.get_by_role("radio", name=cell)).to_be_checked()
        expect(group.locator(".dlb-ir-verdict")).to_contain_text(cell)
        for name in group.get_by_label("Heat map").locator("option").all_inner_texts():
            group.get_by_label("Heat map").select_option(label=name)
            expect(group.locator(".dlb-ir-key")).to_contain_text(f"{name} of 32 units")
            seen.add(canvas.evaluate(picture))
    assert len(seen) == 11


def test_rows_are_the_units_in_their_order(inside):
    group = inside("?lstm.order=number&lstm.shows=f&lstm.at=5")
    values = InsideRecurrent().trace().values["f"]
    memory = InsideRecurrent().trace().memory

    def agree_with(units):
        rows = group.page.evaluate(
            """async (address) => { const image = Object.assign(new Image(), { src: address });
                 await image.decode();
                 const c = Object.assign(document.createElement("canvas"), { width: 1, height: image.height });
                 c.getContext("2d").drawImage(image, -5, 0);
                 const { data } = c.getContext("2d").getImageData(0, 0, 1, image.height);
                 return Array.from({ length: image.height }, (_, r) => data[4 * r]); }""",
            group.locator("canvas").evaluate("(c) => c.toDataURL()"),
        )
        np.testing.assert_allclose(rows, 255 * (1 - values[5][units]), atol=1)  # from white to a blue without red

    agree_with(np.arange(32))
    for order, units in (("memory", np.argsort(-memory, kind="stable")), ("now", np.argsort(-values[5]))):
        after_paint(group, lambda order=order: group.get_by_label("Order").select_option(order))
        box = group.locator(".dlb-ir-heat").bounding_box()
        group.page.mouse.click(box["x"] + 5.5 * box["width"] / len(TEXT), box["y"] + 2)
        expect(group).to_have_attribute("data-unit", str(units[0]))
        expect(group).to_have_attribute("data-at", "6")
        agree_with(units)


# ---- controls
def test_keys(inside):
    group = inside("?lstm.order=number&lstm.unit=3", motion="reduce")
    picture = group.get_by_role("group", name=re.compile("Steps and units"))
    picture.focus()
    n = len(TEXT)
    for key, at, unit in [("ArrowLeft", n - 1, 3), ("ArrowDown", n - 1, 4), ("ArrowUp", n - 1, 3),
                          ("ArrowUp", n - 1, 2), ("Home", 1, 2), ("ArrowRight", 2, 2), ("End", n, 2)]:
        picture.press(key)
        expect(group).to_have_attribute("data-at", str(at))
        expect(group).to_have_attribute("data-unit", str(unit))
    scrub = group.get_by_role("slider", name="Step")
    scrub.press("ArrowLeft")
    expect(scrub).to_have_attribute("aria-valuetext", f"step {n - 1} of {n}, “t”")
    agree(group, InsideRecurrent(unit=2, at=n - 2))
    for name, at in (("One step back", n - 2), ("One step on", n - 1)):
        group.get_by_role("button", name=name).click()
        expect(group).to_have_attribute("data-at", str(at))
    group.get_by_role("button", name="The unit below").click()
    expect(group).to_have_attribute("data-unit", "3")
    field = group.get_by_role("spinbutton", name="Unit")
    after_paint(group, lambda: field.fill("31"))
    agree(group, InsideRecurrent(unit=31, at=n - 2))
    field.fill("99")
    field.blur()
    expect(field).to_have_value("31")


def test_the_picture_is_scrubbed(inside):
    group = inside()
    group.locator(".dlb-ir-scroll").evaluate("(e) => e.scrollIntoView({ block: 'center' })")
    box = group.locator(".dlb-ir-over").bounding_box()
    x = lambda t: box["x"] + (t + 0.5) * box["width"] / len(TEXT)  # noqa: E731
    mouse, y = group.page.mouse, box["y"] + box["height"] - 30
    mouse.move(x(10), y)
    mouse.down()
    expect(group).to_have_attribute("data-at", "11")
    mouse.move(x(20), y - 450, steps=4)
    expect(group).to_have_attribute("data-at", "21")
    expect(group).to_have_attribute("data-unit", "7")  # dragging over the heat map keeps the unit
    mouse.move(x(900), y)
    mouse.up()
    expect(group).to_have_attribute("data-at", str(len(TEXT)))
    bars = group.locator(".dlb-ir-over .dlb-ir-bars").get_attribute("d")
    assert bars.count("M") == len(TEXT)
    mouse.click(x(10), y)
    expect(group).to_have_attribute("data-at", "11")
    assert group.locator(".dlb-ir-over .dlb-ir-bars").get_attribute("d").count("M") == 11


# ---- the address
def test_the_address_keeps_the_state(inside):
    group = inside()
    group.get_by_label(re.compile("^Text")).fill("A loss & a rate?\n€")
    group.get_by_text("GRU", exact=True).click()
    settled(group).get_by_label("Heat map").select_option("z")
    group.get_by_label("Order").select_option("now")
    group.get_by_role("button", name="One step back").click()
    group.page.wait_for_function("location.search.includes('lstm.at=')")
    query = group.page.evaluate("location.search")
    assert "weights" not in query and "about" not in query
    again = inside(query)
    agree(again, InsideRecurrent(text="A loss & a rate?\n€", cell="gru", at=16))
    expect(again.get_by_label("Heat map")).to_have_value("z")
    expect(again.get_by_label("Order")).to_have_value("now")


@pytest.mark.parametrize(
    "asked",
    [
        {"cell=__proto__": "one of lstm, gru, rnn", "shows=toString": "one of c, h", "weights=1": "no such setting"},
        {"text=" + "a" * 5000: "at most 200 characters", "order=": "one of memory", "at=-1": "a whole number from 0"},
        {"unit=1e1": "a whole number from 0 to 255", "at=NaN": "a whole number", "about=x": "no such setting"},
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(inside, asked):
    group = inside("?" + "&".join(f"lstm.{setting}" for setting in asked))
    refused(group, asked.values())
    agree(group, InsideRecurrent())


def test_a_strange_address_does_no_harm(inside):
    text = '<img src=x onerror=alert(1)>"\u202e\u0000'
    group = inside(f"?lstm.text={quote(text)}&lstm.at=199&lstm.unit=255&lstm.cell=gru&lstm.shows=o")
    expect(group).to_have_attribute("data-unit", "31")
    expect(group.get_by_label("Heat map")).to_have_value("h")
    agree(group, InsideRecurrent(text=text, cell="gru", unit=31))
    assert group.locator("img").count() == 0


# ---- a reader's own network
def test_a_network_of_words_and_classes(inside):
    group = inside(name="Inside a GRU")
    expect(group.get_by_role("radio")).to_have_count(0)
    expect(group.locator(".dlb-ir-tokens text")).to_have_text(
        ["the", "loss", "falls", ",", "and", "so", "does", "the", "rate"]
    )
    boxes = [word.bounding_box() for word in group.locator(".dlb-ir-tokens text").all()]
    assert all(a["x"] + a["width"] < b["x"] for a, b in zip(boxes, boxes[1:]))  # no word covers the next one
    expect(group.locator(".dlb-note")).to_have_text("Unknown to the network: “,” “so” “does”")
    expect(group.locator(".dlb-ir-verdict")).to_contain_text("the likeliest class is “")
    assert [name for name, _ in shown(group)] in ([*"abc"], [*"acb"], [*"bac"], [*"bca"], [*"cab"], [*"cba"])
    assert sum(float(share.strip(" %")) for _, share in shown(group)) == pytest.approx(100, abs=0.2)


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(inside, axe, theme, width):
    group = inside("?lstm.text=" + quote("A loss (1.5) of €?"), theme=theme, width=width)
    group.get_by_text("The same as a table").first.click()
    group.get_by_role("table", name=re.compile("Unit 7 at each step")).wait_for()
    assert axe(group.page, ".dlb:not(.dlb-fallback)") == []


FAULTS = """(root) => {
    const seen = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility()), faults = [];
    const { left, right } = root.getBoundingClientRect(), say = (what, e) => faults.push(`${what}: ${e.tagName} ${e.className} ${e.textContent}`);
    for (const e of seen) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (box.width > 1 && !e.closest(".dlb-scroll > *, .dlb-ir-scroll > *") && (box.left < left || box.right > right + 1)) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) < 10.9) say("tiny", e);
      if (e.matches(".dlb-btn, select, textarea, input:not([type=radio]), summary, .dlb-seg label") && (box.height < 40 || box.width < 40)) say("small", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""  # noqa: E501


@pytest.mark.parametrize("query", ["", "?lstm.cell=rnn&lstm.text=" + "Ωm" * 100])
def test_legible_on_a_phone(inside, query):
    group = inside(query, width=390, height=844, touch=True)
    group.get_by_text("The same as a table").click()
    group.get_by_role("table").wait_for()
    assert group.evaluate(FAULTS) == []
    assert group.locator(".dlb-ir-count").bounding_box()["height"] < 32  # one line
    scroll = group.locator(".dlb-ir-scroll")
    assert scroll.evaluate("(e) => e.scrollWidth > e.clientWidth && e.scrollLeft > 0")  # the last step is in sight
    scroll.evaluate("(e) => { e.scrollIntoView({ block: 'center' }); e.scrollLeft = 0; }")
    heat = group.locator(".dlb-ir-heat").bounding_box()
    after_paint(group, lambda: group.page.touchscreen.tap(heat["x"] + 32, heat["y"] + 100))
    expect(group).to_have_attribute("data-at", "4")
    touch = {"pointerType": "touch", "clientX": heat["x"] + 90, "clientY": heat["y"] + 100}
    group.locator(".dlb-ir-over").dispatch_event("pointerdown", touch)
    expect(settled(group)).to_have_attribute("data-at", "4")  # a finger that goes down may be about to scroll


def test_what_is_said_aloud(inside):
    group = inside()
    said = group.locator("p.dlb-sr[role=status]")
    group.page.wait_for_timeout(700)
    expect(said).to_be_empty()  # a page that opens stays silent
    group.get_by_role("button", name="One step back").click()
    n = len(TEXT)
    expect(said).to_contain_text(f"LSTM, step {n - 1} of {n}: after “t” the likeliest next character is ")
    expect(group.get_by_role("img", name=re.compile("^LSTM, step"))).to_be_visible()


def test_the_theme_changes(inside):
    group = inside(theme="light")
    canvas = group.locator("canvas")
    before = canvas.evaluate("(c) => c.toDataURL()")
    group.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    group.page.wait_for_function("([e, old]) => e.toDataURL() !== old", arg=[canvas.element_handle(), before])


def test_everything_as_a_table(inside):
    group = inside("?lstm.text=abc&lstm.at=1")
    group.get_by_text("The same as a table").first.click()
    table = group.get_by_role("table", name="Unit 7 at each step; slopes of the prediction after step 2")
    expect(table.locator("tbody tr")).to_have_count(3)
    widget = InsideRecurrent(text="abc", at=1)
    cells = re.findall(r"<td>([^<]*)</td>", widget.table())
    assert table.locator("td").all_inner_texts() == cells


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("inside_recurrent.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.get_by_role("img", name=re.compile("LSTM reading “.*Cell state c of 32 units"))).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("inside_recurrent.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook import scratch\nfrom dlbook.text import CharTokenizer\n"
            "from dlbook.widgets import InsideRecurrent\nimport numpy as np\ntokenizer = CharTokenizer(['the loss'])\n"
            "model = scratch.CharLM(len(tokenizer), 4, 6, 'lstm', generator=np.random.default_rng(0))\n"
            "w = InsideRecurrent(model, tokenizer, text='the loss')\nw",
            "w.at = 2; w.unit = 4",
            "print(w.text, w.at, w.unit, w.trace().p.argmax(1)[-1])",
            "w.cell = 'gru'",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Inside an LSTM", exact=True)
    expect(group).to_have_attribute("data-at", "8", timeout=20_000)
    notebook.run(1)
    expect(group).to_have_attribute("data-at", "3")
    expect(group).to_have_attribute("data-unit", "4")
    picture = group.get_by_role("group", name=re.compile("Steps and units"))
    picture.focus()
    for key in ("ArrowRight", "ArrowRight", "Home", "ArrowRight"):  # JupyterLab must not take them for its own
        picture.press(key)
    expect(group).to_have_attribute("data-at", "2")
    field = group.get_by_label(re.compile("^Text"))
    field.press("End")
    field.press_sequentially(" a b dd")
    expect(group).to_have_attribute("data-at", "15")
    notebook.answers(2, re.compile("^the loss a b dd None 4 "))
    notebook.run(3)
    expect(notebook.outputs(3)).to_contain_text(["cell: 'gru' is not known"])
    expect(notebook.outputs(3)).to_contain_text(["Known are lstm"])
    before = group.locator("canvas").evaluate("(c) => c.toDataURL()")
    notebook.theme("JupyterLab Dark")
    notebook.page.wait_for_function(
        "([e, old]) => e.toDataURL() !== old", arg=[group.locator("canvas").element_handle(), before]
    )
