"""The activation explorer in the built page and in JupyterLab (book/activation_explorer.md)."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from waiting import settled

from dlbook import scratch
from dlbook.widgets import ActivationExplorer
from dlbook.widgets.activation_explorer import LABELS


@pytest.fixture
def explorer(sample, open_page):
    def explorer(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("activation_explorer.html" + query, scheme), **options)
        group = page.get_by_role("group", name="Activation functions").nth(index)
        group.locator(".dlb-pane:visible").wait_for()
        return settled(group)

    return explorer


def row(group, name):
    """Cells of the read-out: value, slope, range."""
    return group.locator(".dlb-readout tbody tr", has=group.page.get_by_text(name, exact=True)).locator("td")


@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts(explorer, scheme, theme):
    group = explorer(scheme=scheme, theme=theme)
    expect(row(group, "Tanh")).to_have_text(["0.7616", "0.4200", "(−1, 1)"])
    expect(row(group, "Sigmoid")).to_have_text(["0.7311", "0.1966", "(0, 1)"])
    expect(row(group, "ReLU")).to_have_text(["1.0000", "1.0000", "[0, ∞)"])
    expect(group.locator("svg [role=img]")).to_have_attribute(
        "aria-label",
        re.compile(r"Tanh and 2 more .*values in \(−1, 1\) and is flat from −5.00 to −2.18 and from 2.18 to 5.00"),
    )


def test_the_numbers_in_the_page_are_those_of_the_package(explorer):
    functions = ",".join(LABELS)
    group = explorer(f"?act.functions={functions}&act.x=-1.37&act.alpha=1.5&act.beta=2&act.negative_slope=0.2")
    python = ActivationExplorer(alpha=1.5, beta=2, negative_slope=0.2)
    for name, label in LABELS.items():
        y, slope = python.values(name, np.array([-1.37]))
        shown = [float(text.replace("−", "-")) for text in row(group, label).all_inner_texts()[:2]]
        assert shown == [round(y[0], 4), round(slope[0], 4)], name


def test_keys_move_the_point(explorer):
    group = explorer()
    point = group.get_by_role("slider", name="Point x on the curve")
    point.focus()
    for key, x in {
        "ArrowRight": "1.1",
        "ArrowUp": "1.2",
        "ArrowLeft": "1.1",
        "PageUp": "2.1",
        "PageDown": "1.1",
        "End": "5",
        "Home": "-5",
    }.items():
        point.press(key)
        expect(point).to_have_attribute("aria-valuenow", x)
    expect(point).to_have_attribute("aria-valuetext", "x = −5.00, f(x) = −1.000, slope 0.000")
    expect(group.get_by_label("x", exact=True)).to_have_value("-5")
    settled(group)
    assert point.evaluate("(e) => getComputedStyle(e.lastElementChild).strokeWidth") == "3px"  # visible focus


def test_the_point_is_dragged(explorer):
    group = explorer()
    plot, point = group.locator(".dlb-curves"), group.get_by_role("slider", name="Point x")
    box, start = plot.bounding_box(), point.locator("circle").last.bounding_box()
    mouse = group.page.mouse
    mouse.move(start["x"] + 7, start["y"] + 7)
    mouse.down()
    mouse.move(box["x"] + 30, box["y"] + 100, steps=8)
    expect(point).to_have_attribute("aria-valuenow", "-5")
    mouse.move(box["x"] - 300, box["y"] + 100)
    settled(group)
    expect(point).to_have_attribute("aria-valuenow", "-5")  # not past the end
    mouse.up()
    mouse.move(box["x"] + 300, box["y"] + 100)
    settled(group)
    expect(point).to_have_attribute("aria-valuenow", "-5")  # let go


def test_touch_on_a_phone(explorer):
    group = explorer(width=390, height=800, touch=True)
    plot = group.locator(".dlb-curves")
    plot.scroll_into_view_if_needed()
    box = settled(plot).bounding_box()
    group.page.touchscreen.tap(box["x"] + 31, box["y"] + 60)
    expect(group.get_by_role("slider", name="Point x")).to_have_attribute(
        "aria-valuenow", re.compile(r"^-(5|4\.9\d?)$")
    )
    assert plot.evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"  # the page still scrolls
    heights = group.locator(".dlb-chip label, .dlb-seg label, .dlb-check, .dlb-range").evaluate_all(
        "(all) => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().height)"
    )
    assert heights and min(heights) >= 24


def test_functions_are_added_and_taken_away(explorer):
    group = explorer()
    names = group.locator(".dlb-readout tbody th label")
    group.get_by_text("GELU (tanh)", exact=True).click()
    expect(names).to_have_text(["Sigmoid", "Tanh", "ReLU", "GELU (tanh)"])
    expect(group.locator(".dlb-about strong")).to_have_text("GELU (tanh)")  # what is added has the tangent
    expect(row(group, "GELU (tanh)").last).to_have_text("[−0.17, ∞)")
    for name in ("GELU (tanh)", "Tanh", "Sigmoid"):
        group.get_by_role("checkbox", name=name, exact=True).press("Space")
    expect(names).to_have_text(["ReLU"])
    expect(group.locator(".dlb-about strong")).to_have_text("ReLU")
    group.get_by_role("checkbox", name="ReLU", exact=True).press("Space")
    settled(group)
    expect(names).to_have_text(["ReLU"])  # one stays
    expect(group.get_by_role("status")).to_have_text("One function stays on the plot.")


def test_the_tangent_goes_where_it_is_asked(explorer):
    group = explorer()
    group.get_by_role("radio", name="Sigmoid").check()
    expect(group.locator(".dlb-slope")).to_have_text("slope 0.20")
    expect(group.locator(".dlb-curve.dlb-focus")).to_have_count(1)
    group.get_by_role("radio", name="ReLU").check()
    expect(group.locator(".dlb-slope")).to_have_text("slope 1.00")


def test_parameters(explorer):
    group = explorer("?act.functions=elu,leaky_relu&act.focus=elu&act.x=-2")
    alpha = group.get_by_label("ELU: alpha α")
    expect(row(group, "ELU")).to_have_text(["−0.8647", "0.1353", "(−1, ∞)"])
    for _ in range(10):
        alpha.press("ArrowRight")
    expect(row(group, "ELU")).to_have_text(["−1.2970", "0.2030", "(−1.50, ∞)"])
    group.get_by_label("Leaky ReLU: negative slope a").press("End")
    expect(row(group, "Leaky ReLU")).to_have_text(["−1.0000", "0.5000", "(−∞, ∞)"])
    expect(group.get_by_label("Softplus: beta β")).to_be_hidden()  # not on the plot


def test_derivative_shade_and_table_are_switched(explorer):
    group = explorer()
    dashes, shade = group.locator(".dlb-curve .dlb-dash"), group.locator(".dlb-shade rect")
    expect(dashes).to_have_count(3)
    expect(shade).to_have_count(2)
    group.get_by_label("derivative f′").uncheck()
    expect(dashes).to_have_count(0)
    group.get_by_label("shade where").uncheck()
    expect(shade).to_have_count(0)
    group.get_by_text("The same as a table").click()
    cells = group.locator("details table tbody tr").nth(6)
    expect(cells.locator("td")).to_have_text(["0.7616", "0.4200"])
    group.get_by_role("radio", name="Sigmoid").check()
    expect(cells.locator("td")).to_have_text(["0.7311", "0.1966"])


def test_lines_differ_by_more_than_color(explorer):
    group = explorer("?act.functions=" + ",".join(LABELS))
    expect(group.locator(".dlb-curve")).to_have_count(10)
    shapes = group.locator(".dlb-readout .dlb-marker").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
    assert len(set(shapes)) == 10
    labels = group.locator(".dlb-labels text").all_text_contents()
    assert set(LABELS.values()) <= set(labels)
    tops = sorted(
        group.locator(".dlb-labels text").evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().top)")
    )
    assert min(b - a for a, b in zip(tops, tops[1:])) >= 12  # no name lies on another


def test_softmax_does_not_feel_what_is_added_to_all(explorer):
    group = explorer(index=1)
    out = group.locator(".dlb-bar-value")
    expect(out).to_have_text(["0.705", "0.259", "0.035"])
    cells = group.locator(".dlb-jacobian tbody td:not(.dlb-sum)")
    expect(cells).to_have_text(["+0.21", "−0.18", "−0.02", "−0.18", "+0.19", "−0.01", "−0.02", "−0.01", "+0.03"])
    group.get_by_role("button", name="Add 10 to every logit").click()
    expect(group.locator(".dlb-shifted")).to_contain_text("+10 on every logit changed the outputs by 0.000.")
    expect(group.locator(".dlb-shifted")).not_to_contain_text("fails")
    group.get_by_role("button", name="Add 1000").click()
    expect(group.locator(".dlb-shifted")).to_contain_text("The formula as it is written fails here")
    expect(out).to_have_text(["0.705", "0.259", "0.035"])
    group.get_by_role("button", name="Take it away").click()
    expect(group.locator(".dlb-total").first).to_have_text("")
    group.get_by_label("logit z₃").press("End")
    expect(out).to_have_text(["0.047", "0.017", "0.936"])
    group.get_by_text("Log-softmax", exact=True).click()
    y = scratch.log_softmax(scratch.Tensor(np.array([2.0, 1, 5])), dim=0).array
    expect(out).to_have_text([f"{v:.3f}".replace("-", "−") for v in y])
    expect(group.locator(".dlb-sum")).to_have_text(["0.00"] * 3)


def test_the_address_sets_and_keeps_the_state(explorer):
    group = explorer("?act.functions=gelu,elu&act.focus=elu&act.x=-1.5&act.alpha=2&act.derivative=false")
    expect(row(group, "ELU")).to_have_text(["−1.5537", "0.4463", "(−2, ∞)"])
    expect(group.locator(".dlb-curve .dlb-dash")).to_have_count(0)
    group.get_by_role("slider", name="Point x").press("ArrowRight")
    group.page.wait_for_url(re.compile(r"act\.x=-1\.4(&|$)"))
    group.page.reload()
    group = group.page.get_by_role("group", name="Activation functions").first
    expect(group.get_by_role("slider", name="Point x")).to_have_attribute("aria-valuenow", "-1.4")


@pytest.mark.parametrize(
    "asked",
    [
        {
            "x=NaN": "a number from -5 to 5",
            "focus=__proto__": "one of identity, sigmoid",
            "functions=tanh,constructor": "up to 10 values, separated by commas, each one of identity",
            "logits=1,2": "three values, separated by commas, each a number from -5 to 5",
            "shift=-5": "a number from 0 to 1000",
            "view=<img src=x onerror=alert(1)>": "one of elementwise, softmax, log_softmax",
            "__proto__=1": "has no such setting",
        },
        {
            "x=1e999": "a number from -5 to 5",
            "functions=" + "relu," * 50: "up to 10 values",
            "alpha=0x1": "from 0 to 2",
        },
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(explorer, asked):
    group = explorer("?" + "&".join(f"act.{setting}" for setting in asked))
    notes = group.page.locator(".dlb-note")
    expect(notes).to_have_count(len(asked))
    for note, message in zip(notes.all(), asked.values()):
        expect(note).to_contain_text(message)
    expect(row(group, "Tanh")).to_have_text(["0.7616", "0.4200", "(−1, 1)"])


def test_two_explorers_on_a_page_do_not_share_ids(explorer):
    group = explorer()
    ids = group.page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})
    third = group.page.get_by_role("group", name="Activation functions").nth(2)
    third.scroll_into_view_if_needed()
    third.locator(".dlb-chip label", has_text="SiLU").click()
    expect(row(third, "SiLU")).to_have_count(3)
    expect(row(group, "SiLU")).to_have_count(0)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(explorer, axe, theme, width):
    group = explorer("?act.shift=1000", theme=theme, width=width)
    group.locator("summary").click()
    for view in ("Elementwise", "Softmax", "Log-softmax"):
        group.get_by_text(view, exact=True).click()
        assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []


OUTSIDE = """(root) => { const { right } = root.getBoundingClientRect();
    return [...root.querySelectorAll("svg text, td, th, label, .dlb-total, .dlb-bar-value")]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }))
      .map((e) => [e.textContent, e.getBoundingClientRect()])
      .filter(([, b]) => b.width > 1 && b.right > right + 1).map(([words]) => words); }"""


@pytest.mark.parametrize("view", ["elementwise", "softmax"])
def test_legible_on_a_phone(explorer, view):
    group = explorer(
        f"?act.view={view}&act.shift=1000&act.functions=elu,gelu_tanh,leaky_relu", width=390, height=800, touch=True
    )
    page = group.page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert group.evaluate(OUTSIDE) == []
    if view == "elementwise":
        plot = group.locator(".dlb-curves")
        assert plot.evaluate("(e) => e.viewBox.baseVal.width - e.clientWidth") == pytest.approx(0, abs=1)
        sizes = plot.locator("text").evaluate_all("(all) => all.map((t) => parseFloat(getComputedStyle(t).fontSize))")
        assert min(sizes) >= 11


def test_it_redraws_when_the_room_changes(explorer):
    group = explorer()
    plot = group.locator(".dlb-curves")
    wide = plot.get_attribute("viewBox")
    group.page.set_viewport_size({"width": 420, "height": 800})
    expect(plot).not_to_have_attribute("viewBox", wide)


def test_without_scripts_and_in_print(explorer, sample, open_page):
    page = open_page(sample.url("activation_explorer.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.locator("svg[role=img]")).to_have_attribute("aria-label", "Tanh at x = 1.00: value 0.76, slope 0.42")
    expect(first.locator("table")).to_contain_text("0.7616")


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import ActivationExplorer\n"
            "w = ActivationExplorer(focus='elu', functions=['elu', 'tanh'], x=-1)\nw",
            "w.x, w.alpha, w.focus = 1.5, 2.0, 'tanh'",
            "print(round(w.x, 2), w.functions, w.focus, w.view)",
            "w.logits = [0, 0, 0]; w.view = 'softmax'",
            "w.x = 99",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Activation functions")
    expect(row(group, "ELU")).to_have_text(["−0.6321", "0.3679", "(−1, ∞)"])
    notebook.run(1)
    expect(row(group, "Tanh")).to_have_text(["0.9051", "0.1807", "(−1, 1)"])
    expect(row(group, "ELU").last).to_have_text("(−2, ∞)")
    point = group.get_by_role("slider", name="Point x")
    for _ in range(3):
        point.press("ArrowDown")  # JupyterLab must not take it for its own
    group.locator(".dlb-chip label", has_text="SiLU").click()
    notebook.answers(2, "1.2 ['tanh', 'elu', 'silu'] silu elementwise")
    notebook.run(3)
    expect(group.locator(".dlb-bar-value")).to_have_text(["0.333"] * 3)
    notebook.theme("JupyterLab Dark")
    dark = group.evaluate("(e) => getComputedStyle(e).getPropertyValue('--dlb-blue')")
    assert dark.strip() == "#6cb6ff"
    notebook.run(4)
    expect(notebook.outputs(4)).to_contain_text(["x: got 99.0; a number from -5 to 5 is expected"])
