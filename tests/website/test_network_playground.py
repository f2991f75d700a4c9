"""The network playground in the built page and in JupyterLab (book/network_playground.md)."""

from __future__ import annotations

import re

import pytest
from address import refused
from playwright.sync_api import expect
from waiting import after_paint, come_back, leave, passes, settled

from dlbook.widgets import network_start as net
from dlbook.widgets.network_playground import PRESETS, NetworkPlayground


@pytest.fixture
def playground(sample, open_page):
    def playground(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("network_playground.html" + query, scheme), **options)
        group = page.get_by_role("group", name="Network playground").nth(index)
        group.locator(".dlb-pg-unit").first.wait_for()
        return settled(group)

    return playground


def seen(group) -> dict:
    return settled(group).evaluate("(e) => ({ ...e.dataset })")


def press(group, name):
    after_paint(group, group.get_by_role("button", name=name, exact=True).click)


def unit(group, name):
    return group.get_by_role("button", name=name, exact=True)


def pixels(group, name):
    return unit(settled(group), name).locator("canvas").evaluate("(c) => c.toDataURL()")


def number(group, row, column=0):
    """A cell of the table of numbers."""
    return group.locator(".dlb-pg-numbers tr", has_text=row).locator("td").nth(column)


# ---- start, training
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_with_the_numbers_of_the_package(playground, scheme, theme):
    group = playground(scheme=scheme, theme=theme)
    widget = NetworkPlayground()
    start = net.start(widget)
    for column, part in enumerate((start.train, start.test)):
        expect(number(group, "Loss", column)).to_have_text(f"{start.loss(part, 'cross_entropy'):.3f}")
        expect(number(group, "Accuracy", column)).to_have_text(f"{100 * start.accuracy(part):.1f} %")
    expect(number(group, "Parameters")).to_have_text("17")
    expect(
        group.get_by_role("img", name=re.compile("54.0 % of the training points are on the right side"))
    ).to_be_visible()


def test_a_network_from_elsewhere(playground):
    group = playground(index=1)
    expect(number(group, "Accuracy", 0)).to_have_text("100.0 %")
    expect(group.get_by_label("Start weights")).to_have_value("own")
    expect(group.get_by_role("spinbutton", name="weight from x₁")).to_have_value("4")
    after_paint(group, group.get_by_role("button", name="Add a unit to layer 1, which has 2").click)
    expect(group.get_by_role("alert").first).to_contain_text("Your model's weights do not fit this network")
    after_paint(group, group.get_by_role("button", name="Remove a unit from layer 1, which has 3").click)
    expect(number(group, "Accuracy", 0)).to_have_text("100.0 %")


def test_train_pause_step_reset(playground):
    group = playground()
    start = seen(group)["loss"]
    unit(group, "Train").click()
    group.page.wait_for_function("(e) => +e.dataset.epoch >= 100", arg=group.element_handle())
    unit(group, "Pause").click()
    rested = seen(group)
    assert float(rested["loss"]) < 0.2 < float(start)
    press(group, "One epoch")
    assert int(seen(group)["epoch"]) == int(rested["epoch"]) + 1
    press(group, "One batch")
    expect(number(group, "Epoch")).to_have_text(f"{int(rested['epoch']) + 1} + 1 batches")
    press(group, "Reset")
    assert (seen(group)["epoch"], seen(group)["loss"]) == ("0", start)
    press(group, "New start")
    assert seen(group)["loss"] != start
    expect(number(group, "Start")).to_have_text("2")


def test_reduced_motion_jumps(playground):
    group = playground(motion="reduce")
    before = int(seen(group)["painted"])
    press(group, "Train 100 epochs")
    assert (int(seen(group)["painted"]), seen(group)["epoch"]) == (before + 1, "100")
    press(group, "Train 100 epochs")
    assert seen(group)["epoch"] == "200"


def test_training_rests_while_it_is_out_of_sight(playground):
    group = playground(height=700)
    unit(group, "Train").click()
    leave(group)
    away = seen(group)["epoch"]
    passes(group, 200)
    assert seen(group)["epoch"] == away
    come_back(group)
    group.page.wait_for_function("([e, n]) => +e.dataset.epoch > n", arg=[group.element_handle(), int(away)])
    unit(group, "Pause").click()


def test_divergence_stops_with_a_sentence(playground):
    group = playground("?net.preset=lr_too_large")
    unit(group, "Train").click()
    expect(group.get_by_role("alert").first).to_contain_text("the learning rate is too large")
    expect(unit(group, "Train")).to_be_visible()
    loss = group.get_by_role("img", name=re.compile("^Loss over"))
    assert "NaN" not in loss.evaluate("(e) => e.outerHTML")
    press(group, "Reset")
    expect(group.get_by_role("alert").first).to_be_hidden()


# ---- every control
def test_each_slider_and_list_changes_its_setting(playground):
    group = playground()
    for name, text in {
        "Learning rate": "1",
        "Batch size": "32",
        "Noise": "0.11",
        "Share for training": "55 %",
        "L1 penalty": "1e−4",
        "L2 penalty": "1e−4",
    }.items():
        slider = group.get_by_role("slider", name=name, exact=True)
        after_paint(group, lambda slider=slider: slider.press("ArrowRight"))
        expect(slider).to_have_attribute("aria-valuetext", text)
    for name, value in {"Activation": "relu", "Loss": "squared_error", "Start weights": "he"}.items():
        before = seen(group)["loss"]
        after_paint(group, lambda name=name, value=value: group.get_by_label(name, exact=True).select_option(value))
        assert seen(group)["loss"] != before, name
    expected = NetworkPlayground(noise=0.11, share=0.55, activation="relu", loss="squared_error", init="he")
    start = net.start(expected)
    assert float(seen(group)["loss"]) == pytest.approx(start.loss(start.train, "squared_error"), abs=1e-12)
    points = group.locator(".dlb-pg-result .dlb-pg-point")
    expect(points).to_have_count(110)
    group.get_by_label("Show the test points").check()
    expect(points).to_have_count(200)
    group.get_by_label("logarithmic").check()
    expect(group.locator(".dlb-pg-curve-row .dlb-tick text").last).to_have_text("1")
    press(group, "New data")
    assert float(seen(group)["loss"]) != start.loss(start.train, "squared_error")


def test_each_data_set(playground):
    group = playground()
    for name, kind in {
        "XOR": "xor",
        "Moons": "moons",
        "Spirals": "spirals",
        "Blobs": "blobs",
        "Curve": "regression",
        "Circles": "circles",
    }.items():
        after_paint(group, lambda name=name: group.get_by_role("radio", name=name).check())
        start = net.start(NetworkPlayground(data=kind))
        assert float(seen(group)["loss"]) == pytest.approx(start.loss(start.train, "cross_entropy"), abs=1e-12)
        expect(group.get_by_label("Loss", exact=True)).to_be_enabled(enabled=kind != "regression")
        expect(group.get_by_role("button", name=re.compile("^Input"))).to_have_count(3 if kind == "regression" else 7)
        expect(number(group, "Accuracy")).to_be_visible(visible=kind != "regression")


def test_layers_units_and_inputs(playground):
    group = playground()
    for name, count in {
        "Add a hidden layer": 37,
        "Remove a unit from layer 1, which has 4": 30,
        "Add a unit to layer 2, which has 4": 35,
        "Input x₁²": 38,
        "Input x₁": 35,
        "Input x₂": 32,
        "Remove a hidden layer": 10,
    }.items():
        press(group, name)
        expect(number(group, "Parameters")).to_have_text(str(count))
    unit(group, "Input x₁²").click()  # the last input stays
    expect(unit(group, "Input x₁²")).to_have_attribute("aria-pressed", "true")
    press(group, "Remove a hidden layer")
    expect(unit(group, "Remove a hidden layer")).to_be_disabled()
    expect(number(group, "Parameters")).to_have_text("2")
    for _ in range(4):
        press(group, "Add a hidden layer")
    expect(unit(group, "Add a hidden layer")).to_be_disabled()


# ---- units and weights
def test_keys_move_between_units(playground):
    group = playground("?net.hidden=3,2")
    unit(group, "Output").focus()
    focused = group.page.locator(":focus")
    for key, name in [
        ("ArrowLeft", "Layer 2, unit 1"),
        ("ArrowDown", "Layer 2, unit 2"),
        ("ArrowDown", "Layer 2, unit 2"),
        ("ArrowLeft", "Layer 1, unit 2"),
        ("ArrowUp", "Layer 1, unit 1"),
        ("ArrowLeft", "Input x₁²"),
        ("ArrowUp", "Input x₂"),
        ("ArrowDown", "Input x₁²"),
    ]:
        group.page.keyboard.press(key)
        expect(focused).to_have_attribute("aria-label", name)
    expect(group.get_by_label("Selected unit").locator("p").first).to_have_text("Layer 1, unit 1")
    expect(group.locator(".dlb-pg-unit[tabindex='0']")).to_have_count(1)
    after_paint(group, lambda: group.page.keyboard.press("Space"))
    expect(unit(group, "Input x₁²")).to_have_attribute("aria-pressed", "true")
    expect(unit(group, "Input x₁²")).to_be_focused()
    assert unit(group, "Input x₁²").evaluate("(e) => getComputedStyle(e).outlineWidth") == "3px"


def test_a_weight_is_edited_and_every_map_follows(playground):
    group = playground()
    names = ["Layer 1, unit 1", "Layer 1, unit 2", "Output"]
    before, loss = [pixels(group, name) for name in names], seen(group)["loss"]
    field = group.get_by_role("spinbutton", name="weight from x₂")
    after_paint(group, lambda: field.fill("5.5"))
    after = [pixels(group, name) for name in names]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False]
    assert seen(group)["loss"] != loss
    expect(group.get_by_label("weight from x₂, slider")).to_have_value("5.5")
    expect(group.locator(".dlb-pg-about").last).to_contain_text("+ 5.50 x₂")
    for bad in ("", "1e9"):
        field.fill(bad)
        expect(field).to_have_attribute("aria-invalid", "")
    field.blur()
    expect(field).to_have_value("5.5")
    after_paint(group, lambda: group.get_by_label("bias, slider").press("End"))
    expect(group.get_by_role("spinbutton", name="bias")).to_have_value("6")
    after_paint(group, unit(group, "Output").click)
    expect(group.get_by_role("spinbutton", name="weight from unit 4 of layer 1")).to_be_visible()


def test_an_edge_leads_to_its_weight(playground):
    group = playground()
    group.locator(".dlb-pg-net").scroll_into_view_if_needed()
    spot = (
        settled(group).locator(".dlb-pg-hits path")
        .nth(1)
        .evaluate(  # from the second input to the first unit
            """(e) => { const p = e.getPointAtLength(e.getTotalLength() * 0.6), m = e.getScreenCTM();
                    return [p.x * m.a + m.e, p.y * m.d + m.f]; }"""
        )
    )
    group.page.mouse.move(*spot)
    expect(group.locator(".dlb-pg-pointed")).to_contain_text("Weight from x₂ to layer 1, unit 1: ")
    group.page.mouse.click(*spot)
    expect(group.get_by_role("spinbutton", name="weight from x₂")).to_be_focused()
    expect(group.locator(".dlb-pg-edge.dlb-pg-marked")).to_have_count(1)


# ---- presets and addresses
def test_presets_set_everything_and_say_what_happens(playground):
    group = playground("?net.noise=0.4&net.hidden=1")
    for name, item in PRESETS.items():
        after_paint(group, lambda name=name: group.get_by_label("Preset from the text").select_option(name))
        expect(group.locator(".dlb-pg-says")).to_have_text(item["says"])
        widget = NetworkPlayground(preset=name)
        start = net.start(widget)
        assert float(seen(group)["loss"]) == pytest.approx(start.loss(start.train, widget.loss), rel=1e-10)
    group.get_by_label("Speed").select_option("1")
    expect(group.get_by_label("Preset from the text")).to_have_value(name)
    group.get_by_role("slider", name="Noise").press("ArrowRight")
    expect(group.get_by_label("Preset from the text")).to_have_value("")
    expect(group.locator(".dlb-pg-says")).to_be_hidden()


def test_the_address_keeps_the_state(playground):
    group = playground()
    group.get_by_label("Preset from the text").select_option("overfitting")
    expect(group.locator(".dlb-pg-says")).to_be_visible()
    group.page.wait_for_function("location.search.includes('net.preset=overfitting')")
    group.get_by_role("button", name="Add a hidden layer").click()
    press(group, "Input x₁x₂")
    press(group, "New start")
    group.page.wait_for_function("location.search.includes('net.seed=2')")
    query = group.page.evaluate("location.search")
    for part in (
        "net.hidden=8%2C8%2C4",
        "net.features=x1%2Cx2%2Cx1_x2",
        "net.data=moons",
        "net.noise=0.3",
        "net.batch=0",
    ):
        assert part in query
    assert "net.preset" not in query and "weights" not in query and "rows" not in query
    again = playground(query)
    assert seen(again)["loss"] == seen(group)["loss"]
    expect(again.get_by_label("Show the test points")).to_be_checked()


def test_a_bad_address_is_refused_with_a_sentence(playground):
    asked = "hidden=9 hidden=1,1,1,1,1 data=own data=__proto__ features=x1,x1 noise=1e9 lr=NaN rows=1".split()
    group = playground("?" + "&".join(f"net.{setting}" for setting in asked))
    refused(group, (f"The address asks for net.{setting.split('=')[0]}" for setting in asked))
    assert seen(group)["loss"] == "0.6983153364718795"


# ---- own data
def test_own_data_as_csv(playground):
    group = playground()
    before = seen(group)["loss"]
    group.get_by_role("radio", name="Yours").click(force=True)
    text = group.get_by_role("textbox", name="One point a line")
    expect(text).to_be_focused()
    expect(group.get_by_role("radio", name="Circles")).to_be_checked()
    text.fill("x1,x2,label\n1,2,0\n1,two,1\n3,4\n<b>,2,1")
    unit(group, "Use these data").click()
    messages = group.locator(".dlb-pg-errors p")
    expect(messages).to_have_text(
        [
            re.compile("Line 3: .*“two”"),
            re.compile("Line 4: .*2 values"),
            re.compile("Line 5: .*“<b>”"),
            "Nothing was changed.",
        ]
    )
    settled(group)
    assert seen(group)["loss"] == before
    text.fill("x1,x2,label\n100,2,0\n110,3,1\n105,5,0\n120,1,1\n130,4,1")
    press(group, "Use these data")
    expect(group.get_by_role("radio", name="Yours")).to_be_checked()
    expect(group.locator(".dlb-pg-result .dlb-tick text").first).to_have_text("100")
    rows = [[100, 2, 0], [110, 3, 1], [105, 5, 0], [120, 1, 1], [130, 4, 1]]
    for scale in (True, False):
        start = net.start(NetworkPlayground(rows=rows, data="own", scale=scale))
        assert float(seen(group)["loss"]) == pytest.approx(start.loss(start.train, "cross_entropy"), abs=1e-12)
        if scale:
            after_paint(group, group.get_by_label("Scale every column").uncheck)
    text.fill("x,y\n1,2\n2,4\n3,1\n4,5\n5,0")
    press(group, "Use these data")
    expect(group.get_by_role("button", name=re.compile("^Input"))).to_have_count(3)
    after_paint(group, group.get_by_role("radio", name="XOR").check)
    group.get_by_role("button", name="Write the current data here").click()
    expect(text).to_have_value(re.compile(r"^x1,x2,label\n(.+\n){199}.+$"))
    expect(group.page).not_to_have_url(re.compile("own|rows"))


# ---- for everybody
def open_all(group):
    group.evaluate("(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(playground, axe, theme, width):
    group = playground("?net.hidden=8,8,8,8&net.show_test=true", theme=theme, width=width)
    open_all(group)
    assert axe(settled(group.page), ".dlb-host") == []
    after_paint(group, group.get_by_role("radio", name="Curve").check)
    assert axe(group.page, ".dlb-host") == []
    press(group, "One epoch")
    expect(group.locator("[role=status]")).to_contain_text("Epoch 1: training loss")


@pytest.mark.parametrize("query", ["?net.hidden=8,8,8,8", "?net.preset=hinges", "?net.preset=overfitting"])
def test_a_phone(playground, query):
    group = playground(query, width=390, touch=True)
    page = group.page
    open_all(group)
    assert settled(page).evaluate("document.documentElement.scrollWidth") <= 390
    small = group.evaluate(
        """(root) => [...root.querySelectorAll("button, input:not(.dlb-pg-radio), select, summary, .dlb-pg-thumb")]
            .filter((e) => e.checkVisibility())
            .map((e) => [e.getAttribute("aria-label") ?? e.textContent, e.type, e.getBoundingClientRect()])
            .filter(([, type, b]) => (type === "checkbox" ? b.width < 13 : Math.min(b.width, b.height) < 24))"""
    )
    assert small == []
    tiny = group.evaluate(
        """(root) => [...root.querySelectorAll("*")]
            .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => [e.textContent, parseFloat(getComputedStyle(e).fontSize)
              * Math.abs(e.getScreenCTM?.().a ?? 1)])
            .filter(([, size]) => size < 10.9)"""
    )
    assert tiny == []
    unit(group, "Layer 1, unit 3").tap()
    expect(group.get_by_label("Selected unit").locator("p").first).to_have_text("Layer 1, unit 3")
    press(group, "One epoch")
    assert seen(group)["epoch"] == "1"


def test_the_theme_changes_while_it_trains(playground):
    group = playground(theme="light")
    unit(group, "Train").click()
    before = pixels(group, "Input x₁")
    group.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    group.page.wait_for_function(
        "([e, old]) => e.toDataURL() !== old", arg=[unit(group, "Input x₁").locator("canvas").element_handle(), before]
    )
    unit(group, "Pause").click()


def test_it_fits_its_room(playground):
    group = playground(width=1280)
    wide = settled(group).locator(".dlb-pg-net").bounding_box()
    assert group.locator(".dlb-pg-result").bounding_box()["x"] > wide["x"] + wide["width"]
    after_paint(group, lambda: group.page.set_viewport_size({"width": 500, "height": 900}))
    narrow = group.locator(".dlb-pg-net").bounding_box()
    assert group.locator(".dlb-pg-result").bounding_box()["y"] >= narrow["y"] + narrow["height"]


def test_without_scripts(sample, open_page):
    page = open_page(sample.url("network_playground.html"), js=False)
    pictures = page.get_by_role("img", name=re.compile("The network before training and its output"))
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_be_visible()
    expect(page.locator(".dlb-fallback table").first).to_contain_text("Training loss before the first step0.6983")


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "import torch, numpy as np\nfrom dlbook.widgets.network_playground import NetworkPlayground\n"
            "model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()\n"
            "w = NetworkPlayground.from_state_dict(model.state_dict(), data='xor')\nw",
            "list(w.state_dict()), all(np.allclose(v, model.state_dict()[k]) for k, v in w.state_dict().items())",
            "w.lr = 1.0; w.show_test = True",
            "model.load_state_dict({k: torch.tensor(v) for k, v in w.state_dict().items()})\n"
            "w.state_dict()['0.bias'].tolist()[0], w.hidden, w.lr",
            "w.hidden = [9]",
            "w.preset = 'zeros'",
            "w.init, w.data, w.hidden, float(np.abs(w.state_dict()['0.weight']).max())",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Network playground")
    expect(group.get_by_label("Start weights")).to_have_value("own")
    notebook.answers(1, "(['0.weight', '0.bias', '2.weight', '2.bias'], True)")
    notebook.run(2)
    expect(group.get_by_label("Show the test points")).to_be_checked()
    expect(group.get_by_role("slider", name="Learning rate")).to_have_attribute("aria-valuetext", "1")
    bias = group.get_by_role("spinbutton", name="bias")
    bias.fill("0.75")
    group.get_by_role("slider", name="Learning rate").press("ArrowLeft")
    notebook.answers(3, re.compile(r"\(0\.75, \[3\], 0\.3\)\s*$"))
    notebook.run(4)
    expect(notebook.outputs(4)).to_contain_text(["hidden: got [9]; up to 4 layers of 1 to 8 units are expected"])
    notebook.run(5)
    expect(group.locator(".dlb-pg-says")).to_contain_text("no weight ever moves")
    group.get_by_role("button", name="One epoch").click()
    notebook.answers(6, "('zeros', 'xor', [4], 0.0)")
    before = pixels(group, "Input x₁")
    notebook.theme("JupyterLab Dark")
    notebook.page.wait_for_function(
        "([e, old]) => e.toDataURL() !== old", arg=[unit(group, "Input x₁").locator("canvas").element_handle(), before]
    )
