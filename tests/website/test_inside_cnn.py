"""Inside a convolutional network, in the built page and in JupyterLab (book/inside_cnn.md)."""
from __future__ import annotations

import re

import numpy as np
import pytest
from address import refused
from playwright.sync_api import expect
from waiting import after_paint, passes, settled

from dlbook import data, scratch
from dlbook.widgets import InsideCNN, cnn_ink

TITLE = "Inside a convolutional network"
TWO_STROKES = cnn_ink.SAMPLES[4]
SEVEN = [(0.25, 0.2), (0.6, 0.16), (0.72, 0.2), (0.6, 0.6), (0.45, 0.9)]  # parts of the sheet, for the mouse


@pytest.fixture
def cnn(sample, open_page):
    def cnn(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("inside_cnn.html" + query, scheme), **options)
        page.locator(".dlb-host").nth(index).scroll_into_view_if_needed()
        group = page.get_by_role("group", name=TITLE).nth(index)
        group.locator("xpath=self::*[@data-painted]").wait_for()
        return settled(group)

    return cnn


def press(group, name):
    after_paint(group, group.get_by_role("button", name=name, exact=True).click)


def take(group, name):
    """Chooses a feature map."""
    after_paint(group, lambda: group.get_by_label(name, exact=True).check(force=True))  # its label lies on it


def number(text: str) -> float:
    return float(re.search(r"−?\d+\.\d+", text)[0].replace("−", "-"))


def agree(group, widget):
    """The page shows the probabilities of the package, and its answer."""
    p = widget.probabilities()
    shown = settled(group).locator(".dlb-bar-row .dlb-bar-value").all_inner_texts()
    assert [number(text) for text in shown] == pytest.approx(100 * p, abs=0.101)
    best = np.argsort(-p)[:2]
    strong = group.locator(".dlb-ic-answer strong").all_inner_texts()
    assert strong == [str(k) for k in best[: 1 if p.max() >= 0.8 else 2]]


def title(group) -> str:
    return settled(group).locator(".dlb-ic-title").inner_text()


def stroke(group, places):
    """Draws with the mouse; places are parts of the sheet."""
    group.locator(".dlb-ic-pad").scroll_into_view_if_needed()
    box, mouse = settled(group).locator(".dlb-ic-pad").bounding_box(), group.page.mouse
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point, steps=4)
    mouse.up()


def ink(group) -> str:
    """The drawing as the address has it."""
    passes(group, 350)
    return group.page.evaluate("new URLSearchParams(location.search).get('cnn.ink')")


# ---- the numbers
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_with_the_numbers_of_the_package(cnn, scheme, theme):
    group = cnn(scheme=scheme, theme=theme)
    widget = InsideCNN()
    agree(group, widget)
    value = f"{widget.outputs()[0][2, 14, 14]:.3f}".replace("-", "−")
    assert title(group) == f"Convolution 1, map 3 · row 15, column 15 = {value}"
    expect(group.get_by_role("radio")).to_have_count(3 * 4 + 3 * 10)
    expect(group.get_by_text("it reads 358 of 359 others correctly")).to_be_visible()


def test_every_sample_is_read_and_all_layers_follow(cnn):
    group = cnn()
    canvas = group.locator(".dlb-ic-map canvas").nth(14)
    for digit in (7, 8):
        before = canvas.evaluate("(c) => c.toDataURL()")
        press(group, f"Draw a {digit}")
        agree(group, InsideCNN(digit=digit))
        assert canvas.evaluate("(c) => c.toDataURL()") != before
        expect(group.get_by_role("button", name=f"Draw a {digit}")).to_have_attribute("aria-pressed", "true")


def test_what_is_drawn_with_the_mouse_is_read_like_the_same_drawing_in_python(cnn):
    group = cnn()
    press(group, "Clear")
    expect(group.locator(".dlb-ic-answer")).to_contain_text("Nothing is drawn yet. The network must answer even so: ")
    stroke(group, SEVEN)
    expect(group.locator(".dlb-ic-answer strong")).to_have_text("7")
    text = ink(group)
    strokes = cnn_ink.read(text)
    assert len(strokes) == 1 and strokes[0][0] == pytest.approx([40, 32], abs=2) and 4 <= len(strokes[0]) < 16
    agree(group, InsideCNN(ink=text))
    stroke(group, [(0.35, 0.55), (0.7, 0.55)])
    assert len(cnn_ink.read(ink(group))) == 2
    press(group, "Undo")
    assert ink(group) == text
    press(group, "Undo")
    expect(group.get_by_text("Draw a digit")).to_be_visible()
    press(group, "Undo")
    agree(group, InsideCNN())
    expect(group.get_by_role("button", name="Undo")).to_be_enabled()  # its own stroke may go, too
    press(group, "Undo")
    expect(group.get_by_role("button", name="Undo")).to_be_disabled()


# ---- a number taken apart
def test_a_convolution_is_a_sum_of_windows_times_filters(cnn):
    group = cnn("?cnn.layer=3&cnn.channel=6&cnn.cell=5,3")
    outputs = InsideCNN().outputs()
    assert title(group).startswith("Convolution 2, map 7 · row 6, column 4") and number(title(group)) == pytest.approx(
        outputs[3][6, 5, 3], abs=6e-4
    )
    parts = [number(text) for text in group.locator(".dlb-ic-row:not(.dlb-ic-head) .dlb-ic-number").all_inner_texts()]
    assert len(parts) == 4 + 2 and sum(parts[:-1]) == pytest.approx(parts[-1], abs=4e-3)
    expect(group.locator(".dlb-ic-seen .dlb-ic-box")).to_have_attribute("width", "14")
    box = group.locator(".dlb-ic-seen .dlb-ic-box")
    assert [box.get_attribute(name) for name in ("x", "y", "height")] == ["4", "8", "14"]


def test_each_layer_explains_itself(cnn):
    group = cnn()
    says, outputs = group.locator(".dlb-m-says"), InsideCNN().outputs()
    take(group, "Max pooling 1, map 4")
    assert number(title(group)) == pytest.approx(outputs[2][3].max(), abs=6e-4)  # the largest, as none is chosen
    expect(says).to_contain_text("The largest of 2 × 2 numbers of the map before")
    grid = [number(text) for text in group.locator(".dlb-ic-grid span").all_inner_texts()]
    assert max(grid) == pytest.approx(number(title(group)), abs=6e-3)
    assert max(grid) == number(group.locator(".dlb-ic-hit").inner_text())
    take(group, "ReLU 1, map 1")
    zeros = round(100 * (outputs[1][0] == 0).mean())
    expect(says).to_contain_text(f"what is below 0 becomes 0. {zeros} % of this map is 0. It has seen 4 × 5 pixels")
    for name, layer, words in [("Linear layer 1", 6, "the 250 numbers"), ("Linear layer 2", 8, "the 80 numbers")]:
        unit = group.get_by_role("slider", name=f"{name}, unit")
        after_paint(group, lambda unit=unit: unit.press("ArrowRight"))
        assert number(title(group).split("=")[1]) == pytest.approx(outputs[layer][1], abs=6e-4)
        expect(says).to_contain_text(words)
        expect(says).to_contain_text("It has seen the whole input.")
        parts = [number(t) for t in group.locator(".dlb-ic-row:not(.dlb-ic-head) .dlb-ic-number").all_inner_texts()]
        assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=6e-3)
    after_paint(group, lambda: group.get_by_role("slider", name="Softmax, unit").press("ArrowUp"))
    assert title(group) == "Softmax, class 1 = 0.000"
    expect(group.locator(".dlb-ic-sum tr.dlb-focus th")).to_have_text("1")


def test_maps_cells_and_units_are_chosen_with_the_mouse(cnn):
    group = cnn()
    after_paint(group, group.locator(".dlb-ic-map").nth(13).click)
    assert title(group).startswith("Convolution 2, map 2 ·")
    place = group.locator(".dlb-ic-own .dlb-ic-frame")
    side = place.bounding_box()["width"]
    after_paint(group, lambda: place.click(position={"x": 0.85 * side, "y": 0.25 * side}))
    assert title(group).startswith("Convolution 2, map 2 · row 3, column 9")
    units = group.get_by_role("slider", name="Linear layer 3, unit")
    width = units.bounding_box()["width"]
    after_paint(group, lambda: units.click(position={"x": 0.45 * width, "y": 20}))
    assert title(group).startswith("Linear layer 3, class 4 =")
    expect(group.locator(".dlb-ic-own")).to_be_hidden()


def test_the_window_slides(cnn):
    group = cnn("?cnn.cell=0,26")
    group.get_by_role("button", name="Slide the window").click()
    group.page.wait_for_function("(e) => /row 2, column [2-9]/.test(e.textContent)",
                                 arg=group.locator(".dlb-ic-title").element_handle())  # fmt: skip
    group.get_by_role("button", name="Stop").click()
    expect(group.get_by_role("button", name="Slide the window")).to_be_visible()
    rested = title(group)
    passes(group, 200)
    assert title(group) == rested


def test_reduced_motion_slides_nothing(cnn):
    expect(cnn(motion="reduce").get_by_role("button", name="Slide the window")).to_be_hidden()


# ---- keys
def test_keys(cnn):
    group = cnn()
    press(group, "Clear")
    pad = group.get_by_role("application", name=re.compile("Sheet to draw on. Arrows move the pen, space puts it down"))
    pad.focus()
    state = group.locator(".dlb-ic-draw [role=status]")
    keys = group.page.keyboard
    for _ in range(10):
        keys.press("ArrowUp")
    assert ink(group) == ""  # the pen is up
    keys.press(" ")
    expect(state).to_have_text("The pen is down.")
    for _ in range(20):
        keys.press("ArrowDown")
    keys.press("Shift+ArrowRight")
    keys.press(" ")
    expect(state).to_have_text("The pen is up.")
    assert cnn_ink.read(ink(group)) == [[(80, 40), (80, 120), (82, 120)]]
    agree(group, InsideCNN(ink=ink(group)))
    keys.press("Backspace")
    assert ink(group) == ""
    cell = group.get_by_role("slider", name="Convolution 1, map 3: the number that is taken apart")
    for key, place in {"ArrowRight": "row 15, column 16", "ArrowUp": "row 14, column 16"}.items():
        after_paint(group, lambda key=key: cell.press(key))
        expect(cell).to_have_attribute("aria-valuetext", re.compile(place))
    group.get_by_label("Convolution 1, map 3", exact=True).focus()
    after_paint(group, lambda: keys.press("ArrowRight"))
    assert title(group).startswith("Convolution 1, map 4 · row 14, column 16")


# ---- the address
def test_the_address_keeps_the_state(cnn):
    group = cnn()
    press(group, "Draw a 4")
    take(group, "Convolution 2, map 3")
    group.page.wait_for_function("location.search.includes('cnn.layer=3')")
    query = group.page.evaluate("location.search")
    assert "cnn.channel" not in query and "network" not in query and f"cnn.ink={TWO_STROKES}" in query
    again = cnn(query)
    assert title(again) == title(group)
    agree(again, InsideCNN(digit=4))


def test_a_bad_address_is_refused_with_a_sentence(cnn):
    asked = {"ink=zzz": "a drawing as this page writes it", "layer=__proto__": "a whole number from 0 to 99",
             "cell=1,2,3": "up to 2 values", "network=1": "no such", "ink=" + "000" * 2000: "a drawing"}  # fmt: skip
    group = cnn("?" + "&".join(f"cnn.{setting}" for setting in asked))
    refused(group, asked.values())
    agree(group, InsideCNN())


def test_what_the_network_has_not_is_brought_into_its_range(cnn):
    group = cnn("?cnn.layer=99&cnn.channel=1000&cnn.cell=63")
    assert title(group).startswith("Softmax, class 9")
    group = cnn("?cnn.layer=5&cnn.channel=77&cnn.cell=63,0")
    assert title(group).startswith("Max pooling 2, map 10 · row 5, column 1 =")


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(cnn, axe, theme, width):
    group = cnn("?cnn.layer=5&cnn.cell=", theme=theme, width=width)
    group.get_by_text("The same as a table").click()
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []
    after_paint(group, lambda: group.get_by_role("slider", name="Softmax, unit").press("ArrowRight"))
    press(group, "Clear")
    assert axe(group.page, ".dlb:not(.dlb-fallback)") == []


def test_what_is_said_aloud(cnn):
    group = cnn()
    said = group.locator("> p.dlb-sr[role=status]")
    passes(group, 650)
    expect(said).to_be_empty()  # a page that opens stays silent
    press(group, "Draw a 9")
    expect(said).to_contain_text("It is read as 9 with 99.")
    take(group, "ReLU 2, map 1")
    expect(said).to_contain_text(re.compile("^.* becomes .*: what is below 0 becomes 0."))
    expect(group.get_by_role("img", name=re.compile("Probabilities: 9 99.* %, "))).to_be_visible()


FAULTS = """(root) => {
    const seen = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility()), faults = [];
    const { left, right } = root.getBoundingClientRect(), say = (what, e) => faults.push(`${what}: ${e.tagName} ${e.className} ${e.textContent}`);
    for (const e of seen) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (box.width > 1 && !e.closest(".dlb-scroll > *, svg") && (box.left < left || box.right > right + 1)) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) < 10.9) say("tiny", e);
      if (e.matches(".dlb-btn, summary, [role=slider], .dlb-ic-map") && (box.height < 40 || box.width < 40)) say("small", e);
      if (e.matches("p, span, .dlb-ic-label") && !e.closest(".dlb-sr") && e.scrollWidth > e.clientWidth + 1 && e.clientWidth) say("cut", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""  # noqa: E501


def test_legible_on_a_phone(cnn):
    group = cnn("?cnn.layer=3&cnn.cell=", width=390, height=844, touch=True)
    group.get_by_text("The same as a table").click()
    assert settled(group).evaluate(FAULTS) == []
    take(group, "Max pooling 2, map 1")
    assert group.evaluate(FAULTS) == []
    for name in ("Linear layer 1", "Linear layer 2", "Softmax"):
        unit = group.get_by_role("slider", name=f"{name}, unit")
        after_paint(group, lambda unit=unit: unit.press("ArrowRight"))
        assert title(group).startswith(name)
        assert group.evaluate(FAULTS) == [], name


def test_touch(cnn):
    group = cnn(width=390, height=844, touch=True)
    choice = group.locator(".dlb-ic-map").nth(17)
    choice.scroll_into_view_if_needed()
    before = settled(choice).bounding_box()["y"]
    after_paint(group, choice.tap)
    assert title(group).startswith("Convolution 2, map 6")
    assert choice.bounding_box()["y"] == pytest.approx(before, abs=2)  # what is above changes its height, the map stays
    block = choice.locator("xpath=ancestor::*[contains(@class, 'dlb-ic-block')]").bounding_box()
    assert group.locator(".dlb-ic-detail").bounding_box()["y"] - block["y"] - block["height"] < 20
    assert group.locator(".dlb-ic-pad").evaluate("(e) => getComputedStyle(e).touchAction") == "none"


def test_the_theme_changes(cnn):
    group = cnn(theme="light")
    for part in (".dlb-ic-pad canvas", ".dlb-ic-map canvas"):
        canvas = group.locator(part).first
        before = canvas.evaluate("(c) => c.toDataURL()")
        dark = group.page.evaluate("document.documentElement.dataset.theme") == "dark"
        group.page.evaluate(f"document.documentElement.dataset.theme = '{'light' if dark else 'dark'}'")
        group.page.wait_for_function("([e, old]) => e.toDataURL() !== old", arg=[canvas.element_handle(), before])


def test_several_on_a_page_and_a_network_of_the_reader(cnn):
    group = cnn(index=1)
    model = scratch.LeNet(width=2, activation="tanh", pooling="avg", generator=np.random.default_rng(0))
    agree(group, InsideCNN(model, digit=data.digits().X[5]))
    expect(group.locator(".dlb-ic-step:visible")).to_have_count(2)  # a digit of the data set has no bitmap
    expect(group.get_by_role("group", name="Mean pooling 2 5 × 5 × 5")).to_be_visible()
    ids = group.page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    stroke(group, [(0.5, 0.2), (0.5, 0.8)])
    expect(group.locator(".dlb-ic-step:visible")).to_have_count(3)
    press(group, "Undo")
    expect(group.locator(".dlb-ic-step:visible")).to_have_count(2)


def test_everything_as_a_table(cnn):
    group = cnn()
    group.get_by_text("The same as a table").click()
    rows = settled(group).get_by_role("table", name="The network's answer").locator("tbody tr")
    logit = number(rows.nth(3).locator("td").nth(1).inner_text())
    assert logit == pytest.approx(InsideCNN().outputs()[-1][3], abs=6e-3)
    layers = group.get_by_role("table", name="The numbers after each layer").locator("tbody tr")
    expect(layers).to_have_count(11)
    expect(layers.nth(6).locator("td").first).to_have_text("80")


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("inside_cnn.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.get_by_role("img", name=re.compile("Read as 3 with 100.0 %: the drawing"))).to_be_visible()
    expect(first.locator("table").first).to_contain_text("class 3100.0 %")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("inside_cnn.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import InsideCNN\nw = InsideCNN()\nw",
            "w.digit = 8; w.layer = 5; w.channel = 1; w.cell = [2, 3]",
            "print(w.probabilities().argmax(), w.layer, w.channel, w.cell, len(w.ink) > 10)",
            "from dlbook import data, scratch\nw.model = scratch.LeNet(width=1)\nw.digit = data.digits().X[4]",
            "w.layer = 50",
            "print(len(w.outputs()[0]), w.ink, w.picture)",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLE)
    expect(group.locator(".dlb-ic-answer strong")).to_have_text("3")
    notebook.run(1)
    expect(group.locator(".dlb-ic-answer strong")).to_have_text("8")
    expect(group.locator(".dlb-ic-title")).to_contain_text("Max pooling 2, map 2 · row 3, column 4 =")
    press(group, "Clear")
    stroke(group, SEVEN)
    expect(group.locator(".dlb-ic-answer strong")).to_have_text("7")
    cell = group.locator(".dlb-ic-own .dlb-ic-frame")
    cell.focus()
    notebook.page.keyboard.press("ArrowDown")  # JupyterLab must not take it for its own
    expect(group.locator(".dlb-ic-title")).to_contain_text("row 4, column 4")
    notebook.answers(2, "7 5 1 [3, 3] True")
    notebook.run(3)
    expect(group.get_by_role("group", name="Convolution 1 1 × 28 × 28")).to_be_visible()
    expect(group.locator(".dlb-ic-step:visible")).to_have_count(2)
    notebook.run(4)
    expect(notebook.outputs(4)).to_contain_text(["layer: got 50; a whole number from 0 to 11 is expected"])
    press(group, "Draw a 2")
    notebook.answers(5, f"1 {cnn_ink.SAMPLES[2]} {{}}")
