"""The convolution explorer in the built page and in JupyterLab (book/convolution_explorer.md)."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from waiting import come_back, leave, passes, settled

from dlbook.widgets import ConvolutionExplorer
from dlbook.widgets.convolution_explorer import short
from dlbook.widgets.convolution_samples import PRESETS

TITLE = "Convolution explorer"


@pytest.fixture
def show(sample, open_page):
    def show(query="", index=0, scheme="http", **options):
        page = open_page(sample.url("convolution_explorer.html" + query, scheme), **options)
        group = page.get_by_role("group", name=TITLE).nth(index)
        group.scroll_into_view_if_needed()
        expect(group).to_have_attribute("data-painted", re.compile(r"\d"))
        return settled(group)

    return show


def in_turn(page, count):
    """The widgets of the page, each in view."""
    for index in range(count):
        group = page.get_by_role("group", name=TITLE).nth(index)
        group.scroll_into_view_if_needed()
        yield settled(group)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def agree(group, widget):
    """The page shows the numbers of the package: map, window, sum, sizes."""
    settled(group)
    maps, (i, j) = widget.maps(), widget.cell()
    assert group.get_attribute("data-at") == f"{i},{j}"
    assert [number(e) for e in group.locator(".dlb-cx-window span").all_inner_texts()] == pytest.approx(
        widget.window().ravel(), abs=0.0051
    )
    value = maps.convolution[i, j]
    assert number(group.locator(".dlb-cx-sum strong").inner_text()[2:]) == pytest.approx(value, abs=6e-4)
    sizes = group.locator(".dlb-cx-map:visible .dlb-cx-size").all_inner_texts()
    assert sizes[1] == " × ".join(map(str, maps.convolution.shape))
    if maps.pooled is not None:
        assert sizes[2] == " × ".join(map(str, maps.pooled.shape))
    group.locator(".dlb-folded").evaluate("(e) => { e.open = true; }")
    settled(group)
    tables = group.locator(".dlb-folded table")
    for table, expected in zip(tables.all()[1:], [a for a in (maps.convolution, maps.pooled) if a is not None]):
        rows = table.evaluate("(t) => [...t.tBodies[0].rows].map((r) => [...r.cells].slice(1).map((c) => c.innerText))")
        np.testing.assert_allclose([[number(v) for v in row] for row in rows], expected, atol=0.0051)


def choose(group, label, value):
    group.get_by_label(label, exact=True).select_option(value)


def cell(group, name, i, j, n=22):
    """The middle of a cell of a map, in pixels of the page."""
    box = settled(group).locator(".dlb-cx-map").nth(name).locator("svg").bounding_box()
    return box["x"] + (j + 0.5) * box["width"] / n, box["y"] + (i + 0.5) * box["height"] / n


def at(group, text):
    expect(group).to_have_attribute("data-at", text)


# ---- the numbers
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_with_the_numbers_of_the_package(show, scheme, theme):
    group = show(scheme=scheme, theme=theme)
    agree(group, ConvolutionExplorer())
    expect(group.locator(".dlb-cx-facts")).to_contain_text("⌊(24 + 2·0 − 1·(3 − 1) − 1) / 1⌋ + 1 = 22")
    deep, third = (group.page.get_by_role("group", name=TITLE).nth(i) for i in (1, 2))
    widget = ConvolutionExplorer("china", "learned", padding="same", relu=True, pooling="max", stage="pooling")
    agree(deep, widget)
    expect(deep.locator(".dlb-cx-sum")).to_contain_text(f"= {short(widget.maps().pooled[5, 2])}.")
    agree(third, ConvolutionExplorer(
        [[1, 2, 0, 1, 3], [0, 1, 3, 1, 0], [2, 2, 0, 0, 1], [1, 0, 1, 2, 2], [0, 1, 2, 1, 0]], [[1, 0], [0, -1]]
    ))  # fmt: skip


def test_kernels_and_settings(show):
    group = show()
    for name, preset in PRESETS.items():
        choose(group, "Kernel", name)
        expect(group.locator(".dlb-m-says")).to_have_text(preset["says"])
        agree(group, ConvolutionExplorer(kernel=name))
    choose(group, "Kernel", "gaussian")
    choose(group, "Size", "5")
    expect(group.get_by_label("Weight in row 3, column 3")).to_have_value("0.1406")
    expect(group.get_by_label("Kernel", exact=True)).to_have_value("gaussian")
    choose(group, "Kernel", "vertical edge")
    for label, value in {"Stride": "2", "Padding": "1", "Dilation": "3", "Pooling 2 × 2": "avg"}.items():
        choose(group, label, value)
    group.get_by_label("ReLU", exact=True).check()
    agree(group, ConvolutionExplorer(stride=2, padding=1, dilation=3, relu=True, pooling="avg"))
    expect(group.locator(".dlb-cx-map").nth(2)).to_contain_text("ReLU, mean pooling")
    expect(group.locator(".dlb-cx-facts")).to_contain_text("⌊(24 + 2·1 − 3·(3 − 1) − 1) / 2⌋ + 1 = 10")
    expect(group.locator(".dlb-cx-facts")).to_contain_text("7 + 2 = 9")


def test_every_weight_is_edited(show):
    group = show()
    kernel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    field = group.get_by_label("Weight in row 1, column 2")
    field.fill("-0.25")
    kernel[0][1] = -0.25
    agree(group, ConvolutionExplorer(kernel=kernel))
    expect(group.get_by_label("Kernel", exact=True)).to_have_value("")
    for wrong in ("", "1000"):
        field.fill(wrong)
        expect(field).to_have_attribute("aria-invalid", "true")
    field.blur()
    expect(field).to_have_value("-0.25")
    agree(group, ConvolutionExplorer(kernel=kernel))


def test_settings_that_do_not_fit_are_said_and_mended(show):
    group = show("?conv.padding=same&conv.stride=2", index=0)
    note = group.locator(".dlb-note:visible")
    expect(note).to_contain_text("Padding “same” keeps the size of the image, and a stride of 2 cannot.")
    expect(group.locator(".dlb-cx-map:visible")).to_have_count(1)
    note.get_by_role("button", name="Stride 1").click()
    agree(group, ConvolutionExplorer(padding="same"))
    small = show(index=2)
    choose(small, "Size", "3")
    choose(small, "Dilation", "3")
    expect(small.locator(".dlb-note:visible")).to_contain_text("spans 7 × 7 pixels and the image with")
    expect(small.locator(".dlb-cx-facts")).to_contain_text("= 0 or less")
    small.get_by_role("button", name="Dilation 1").click()
    choose(small, "Stride", "3")
    choose(small, "Pooling 2 × 2", "max")
    expect(small.locator(".dlb-note:visible")).to_contain_text("Pooling takes 2 × 2 cells and the map has 1 × 1.")
    expect(small.locator(".dlb-cx-map:visible")).to_have_count(2)
    small.get_by_role("button", name="No pooling").click()
    expect(small.locator(".dlb-note:visible")).to_have_count(0)
    assert "NaN" not in small.inner_html() and "Infinity" not in small.inner_html()


# ---- the window moves
def test_the_pointer_moves_the_window_and_a_click_holds_it(show):
    group = show()
    mouse = group.page.mouse
    mouse.move(*cell(group, 1, 3, 4))
    at(group, "3,4")
    agree(group, ConvolutionExplorer(at=[3, 4]))
    mouse.click(*cell(group, 1, 7, 2))
    mouse.move(*cell(group, 1, 12, 12))
    settled(group)
    at(group, "7,2")
    expect(group.locator(".dlb-cx-hold")).to_contain_text("It rests here")
    mouse.click(*cell(group, 1, 7, 2))
    mouse.move(*cell(group, 0, 20, 9, 24))  # over the image: the window with this middle
    at(group, "19,8")


def test_keys_and_buttons_move_the_window(show):
    group = show()
    slider = group.get_by_role("slider", name="Cell of the convolution")
    for key, place in {"ArrowDown": "11,5", "ArrowLeft": "11,4", "Home": "11,0", "ArrowLeft ": "11,0", "End": "11,21",
                       "PageUp": "0,21", "ArrowUp": "0,21", "PageDown": "21,21"}.items():  # fmt: skip
        slider.press(key.strip())
        at(settled(group), place)
    value = ConvolutionExplorer().maps().convolution[21, 21]
    expect(slider).to_have_attribute("aria-valuetext", f"row 22, column 22: {short(value)}")
    group.get_by_role("button", name="Window up").click()
    group.get_by_role("button", name="Window left").click()
    at(group, "20,20")
    slider.press("Escape")
    expect(group.locator(".dlb-cx-hold")).to_contain_text("follows the pointer")


def test_a_cell_after_the_pooling_shows_what_it_has_seen(show):
    group = show("?conv.pooling=max&conv.stride=2")
    group.page.mouse.click(*cell(group, 2, 2, 3, 5))
    widget = ConvolutionExplorer(pooling="max", stride=2, stage="pooling", at=[4, 6])
    agree(group, widget)
    expect(group.locator(".dlb-cx-facts")).to_contain_text("rows 9 to 13 and columns 13 to 17 of the image")
    box = group.locator(".dlb-cx-map").first.locator("rect.dlb-cx-pool")
    side = group.locator(".dlb-cx-map").first.locator("svg").bounding_box()["width"] / 24
    assert float(box.get_attribute("width")) / side == pytest.approx(5, abs=0.01)
    assert float(box.get_attribute("y")) / side == pytest.approx(8, abs=0.01)
    group.get_by_role("slider", name="Cell after ReLU and pooling").press("ArrowRight")
    expect(group).to_have_attribute("data-stage", "pooling")
    widget.at = [4, 8]
    agree(group, widget)
    choose(group, "Pooling 2 × 2", "none")
    expect(group).to_have_attribute("data-stage", "convolution")


def test_it_plays_row_by_row_and_rests_out_of_sight(show):
    group = show("?conv.stride=3")
    group.get_by_role("button", name="Play", exact=True).click()
    group.page.wait_for_function("(e) => /^0,[1-7]/.test(e.dataset.at)", arg=group.element_handle())
    assert drawn(group, 1)[-1, -1] == 0  # what the window has not reached yet is blank
    group.get_by_role("button", name="Pause").click()
    assert drawn(group, 1).min() == 1
    rested = settled(group).get_attribute("data-at")
    passes(group, 200)
    at(group, rested)
    choose(group, "Pace", "25")
    group.get_by_role("button", name="Play", exact=True).click()
    leave(group)
    away = settled(group).get_attribute("data-at")
    passes(group, 200)
    at(group, away)
    come_back(group)
    at(group, "7,7")
    expect(group.get_by_role("button", name="Play", exact=True)).to_be_visible()
    still = show(motion="reduce")
    expect(still.get_by_role("button", name="Play")).to_have_count(0)
    still.get_by_role("button", name="Window right").click()
    at(still, "10,6")


# ---- images
def test_digits_and_photographs(show):
    group = show()
    for name, label in {"china": "Temple", "flower": "Flower", "digit": "Digit"}.items():
        group.get_by_role("radio", name=label).check()
        agree(group, ConvolutionExplorer(name))
    choose(group, "Which digit", "7")
    agree(group, ConvolutionExplorer("digit", digit=7))


def drawn(group, name=0) -> np.ndarray:
    """The gray of every pixel of the image, 0 to 1; of another map its opacity."""
    settled(group)
    data = group.locator(".dlb-cx-map canvas").nth(name).evaluate(
        """(c) => { const copy = new OffscreenCanvas(c.width, c.height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(c, 0, 0); return [c.height, ...copy.getImageData(0, 0, c.width, c.height).data]; }"""
    )
    return np.array(data[1:]).reshape(data[0], -1, 4)[..., 3 if name else 0] / 255


def test_the_reader_draws(show):
    group = show()
    group.get_by_role("radio", name="Your own").check()
    assert drawn(group).max() == 0
    mouse = group.page.mouse
    mouse.move(*cell(group, 0, 5, 5, 24))
    mouse.down()
    mouse.move(*cell(group, 0, 5, 15, 24), steps=4)
    mouse.up()
    image = drawn(group)
    assert (image[5, 5:16] == 1).all() and image[:4].max() == image[7:].max() == 0
    assert image[4, 10] == pytest.approx(0.5, abs=0.01)
    group.get_by_role("button", name="Eraser").click()
    mouse.click(*cell(group, 0, 5, 10, 24))
    assert drawn(group)[4:7, 10].tolist() == [0, 0, 0]
    group.get_by_role("button", name="Pencil").click()
    pencil = group.get_by_role("slider", name="Pencil on the image")
    for key in ["PageDown", "Home", "ArrowRight", "Space"]:
        pencil.press(key)
    assert drawn(group)[23, 0:4] == pytest.approx([0.5, 1, 0.5, 0], abs=0.01)
    kept = drawn(group)
    group.get_by_role("radio", name="Flower").check()
    expect(pencil).to_have_count(0)
    group.get_by_role("radio", name="Your own").check()  # the drawing is still there
    np.testing.assert_array_equal(drawn(group), kept)
    group.get_by_role("button", name="Clear").click()
    assert drawn(group).max() == 0
    assert "image" not in group.page.url
    choose(group, "Padding", "2")
    group.get_by_role("button", name="Pencil").click()
    mouse.click(*cell(group, 0, 0, 0, 28))  # the padding is no paper
    expect(pencil).to_have_attribute("aria-valuetext", "row 1, column 1: 0; space draws")


def png(blocks: np.ndarray) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(blocks.astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


GIVE = """(el, [kind, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "a", { type }));
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  el.dispatchEvent(event);
}"""


def shows(group, picture):
    """Waits until the picture is on the sheet: the browser takes its time to read one."""
    for _ in range(100):
        if np.abs(drawn(group) - picture).max() < 0.006:
            break
    np.testing.assert_allclose(drawn(group), picture, atol=0.006)


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_pictures_are_opened_dropped_and_pasted(show, scheme):
    group = show(scheme=scheme)
    levels = np.random.default_rng(0).integers(0, 256, (24, 24))
    data = png(levels.repeat(3, 0).repeat(3, 1))
    expected = np.floor(100 * levels / 255 + 0.5) / 100
    group.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": data})
    expect(group.get_by_role("radio", name="Your own")).to_be_checked()
    shows(group, expected)
    agree(group, ConvolutionExplorer(expected))
    for kind, picture in {"paste": levels.T, "drop": levels[::-1]}.items():
        group.evaluate(GIVE, [kind, "image/png", list(png(picture))])
        shows(group, picture / 255)
    for name, content in {"text/plain": b"hello", "image/png": b"no picture"}.items():
        group.evaluate(GIVE, ["drop", name, list(content)])
        expect(group.locator(".dlb-note:visible")).to_contain_text("is not a picture that this browser can read")
    np.testing.assert_allclose(drawn(group), levels[::-1] / 255, atol=0.006)  # nothing is lost


# ---- the address
def test_the_address_keeps_the_state(show):
    group = show()
    group.get_by_role("radio", name="Temple").check()
    choose(group, "Kernel", "laplacian")
    choose(group, "Padding", "same")
    choose(group, "Pooling 2 × 2", "max")
    group.get_by_role("slider", name="Cell after ReLU and pooling").press("ArrowDown")
    group.page.wait_for_function("location.search.includes('conv.stage=pooling')")
    query = group.page.evaluate("location.search")
    assert "conv.image=china" in query and "conv.kernel=0%2C1%2C0%2C1%2C-4%2C1%2C0%2C1%2C0" in query
    widget = ConvolutionExplorer("china", "laplacian", padding="same", pooling="max", stage="pooling", at=[12, 4])
    agree(group, widget)
    agree(show(query), widget)
    agree(show("?conv.kernel=sharpen&conv.image=flower"), ConvolutionExplorer("flower", "sharpen"))


HOSTILE = {
    "image=__proto__": "one of digit, china, flower",
    "image=own": "one of digit",
    "digit=12": "from 0 to 9",
    "kernel=constructor": "one of identity, mean",
    "kernel=1,2,3": "1, 4, 9, 16 or 25 numbers",
    "kernel=" + "1e999," * 9: "numbers from -100",
    "stride=0": "a whole number from 1 to 3",
    "padding=toString": "0, 1, 2",
    "dilation=NaN": "a whole number",
    "relu=<img src=x onerror=alert(1)>": "true or false",
    "pooling=null": "one of none",
    "at=1": "two whole numbers",
    "at=-1,0": "two whole numbers",
    "stage=relu": "one of convolution",
    "pixels=1": "no such",
}


def test_a_bad_address_is_refused_with_a_sentence(show):
    group = show("?" + "&".join(f"conv.{asked}" for asked in HOSTILE))
    notes = group.page.locator(".dlb-host").first.locator("> .dlb-note")
    expect(notes).to_have_count(len(HOSTILE))
    for note, message in zip(notes.all(), HOSTILE.values()):
        expect(note).to_contain_text(message)
    agree(group, ConvolutionExplorer())
    agree(show("?conv.at=99,99&conv.stage=pooling"), ConvolutionExplorer(at=[21, 21]))


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(show, axe, theme, width):
    group = show("?conv.padding=same&conv.stride=2", index=1, theme=theme, width=width)
    group.locator("summary").click()
    group.get_by_role("button", name="Pencil").click()
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []


FAULTS = """(widget) => {
    const { left, right } = widget.getBoundingClientRect(), faults = [];
    const say = (what, e) => faults.push(`${what}: ${e.className.baseVal ?? e.className} ${e.textContent}`);
    const tall = ".dlb-btn, select, summary, input[type=number], .dlb-check, .dlb-cx-thumb";
    for (const e of [...widget.querySelectorAll("*")].filter((e) => e.checkVisibility())) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (e.matches("g") || e.closest(".dlb-scroll > *, .dlb-sr")) continue;
      if (box.width > 1 && (box.left < left - 1 || box.right > right + 1)) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) < 11) say("tiny", e);
      if (e.matches(tall) && box.width && box.height < 39.9) say("flat", e);
      if (e.matches(".dlb-cx-cells span, .dlb-btn") && e.scrollWidth > e.clientWidth + 1) say("cut", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""


def test_legible_on_a_phone(show):
    page = show("?conv.relu=true&conv.pooling=max&conv.padding=2", width=390, height=844, touch=True).page
    for group in in_turn(page, 3):
        group.locator("summary").click()
        assert settled(group).evaluate(FAULTS) == []


def test_touch(show):
    group = show(width=390, height=844, touch=True)
    image = group.locator(".dlb-cx-map svg").first
    assert image.evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"
    group.locator(".dlb-cx-map").nth(1).scroll_into_view_if_needed()
    group.page.touchscreen.tap(*cell(group, 1, 8, 12))
    at(group, "8,12")
    group.get_by_role("button", name="Pencil").tap()
    settled(group)
    assert image.evaluate("(e) => getComputedStyle(e).touchAction") == "none"  # a stroke does not move the page
    image.scroll_into_view_if_needed()
    group.page.touchscreen.tap(*cell(group, 0, 12, 11, 24))
    assert drawn(group)[12, 11] == 1


def test_what_is_said_aloud(show):
    group = show()
    said = group.locator("p.dlb-sr[role=status]")
    passes(group, 650)
    expect(said).to_be_empty()  # a page that opens stays silent
    group.get_by_role("button", name="Window down").click()
    expect(said).to_have_text(re.compile(r"Row 12, column 6 of the map: −?[\d.]+, from rows 12 to 14 and columns 6 to"))


def test_it_fits_its_room_and_follows_the_theme(show):
    group = show("?conv.pooling=max")
    maps = group.locator(".dlb-cx-grid")
    tops = {round(box.bounding_box()["y"]) for box in maps.all()}
    assert len(tops) == 1
    before = maps.nth(1).locator("canvas").evaluate("(c) => c.toDataURL()")
    group.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    group.page.wait_for_function(
        "([c, old]) => c.toDataURL() !== old", arg=[maps.nth(1).locator("canvas").element_handle(), before]
    )
    group.page.set_viewport_size({"width": 500, "height": 900})
    group.page.wait_for_function("(e) => !e.classList.contains('dlb-cx-wide')", arg=group.element_handle())
    settled(group)
    assert maps.nth(1).bounding_box()["y"] > maps.nth(0).bounding_box()["y"] + 100


def test_several_on_a_page_do_not_share_ids(show):
    page = show().page
    for group in in_turn(page, 3):
        expect(group).to_have_attribute("data-painted", re.compile(r"\d"))
    ids = page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})
    names = page.evaluate("() => [...document.querySelectorAll('.dlb-cx-radio:checked')].map((e) => e.value)")
    assert names == ["digit", "china", "own"]


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("convolution_explorer.html"), js=False, width=390)
    for poster in page.locator(".dlb-fallback").all():
        assert "convolved with" in poster.locator("svg[role=img]").get_attribute("aria-label")
        assert poster.locator("table tbody tr").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("convolution_explorer.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import ConvolutionExplorer\nw = ConvolutionExplorer('flower', stride=2)\nw",
            "w.kernel = [[1, 0], [0, -1]]; w.pooling = 'max'; w.at = [2, 3]",
            "print(w.at, w.kernel, w.stage, w.stride)",
            "import numpy as np\nw.image = np.eye(9)",
            "w.kernel = 'blur'",
            "print(type(w.image).__name__, w.pixels().shape, w.pixels()[0, 8])",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLE)
    agree(group, ConvolutionExplorer("flower", stride=2))
    notebook.run(1)
    at(group, "2,3")
    widget = ConvolutionExplorer("flower", [[1, 0], [0, -1]], stride=2, pooling="max", at=[2, 3])
    agree(group, widget)
    group.get_by_label("Weight in row 1, column 2").fill("0.5")
    slider = group.get_by_role("slider", name="Cell of the convolution")
    slider.press("ArrowDown")
    slider.press("ArrowRight")  # JupyterLab must not take it for its own
    at(group, "3,4")
    notebook.answers(2, "[3, 4] [[1.0, 0.5], [0.0, -1.0]] convolution 2")
    notebook.run(3)
    expect(group.get_by_role("radio", name="Your own")).to_be_checked()
    group.get_by_role("button", name="Pencil").click()
    pencil = group.get_by_role("slider", name="Pencil on the image")
    pencil.press("End")
    pencil.press("Space")
    notebook.theme("JupyterLab Dark")
    notebook.answers(5, "list (9, 9) 1.0")
    notebook.run(4)
    expect(notebook.outputs(4)).to_contain_text(["kernel: 'blur' is not known"])
