"""The widgets of chapter 1 in the built page and in JupyterLab: book/{matrix_plane,chain_rule,distributions}.md."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from waiting import passes, settled

from dlbook.widgets import ChainRule, Distributions, MatrixPlane

TITLES = {
    "matrix_plane": "A matrix moves the plane",
    "chain_rule": "Slopes and the chain rule",
    "distributions": "Two distributions, p and q",
}


@pytest.fixture
def show(sample, open_page):
    def show(name, query="", index=0, scheme="http", **options):
        page = open_page(sample.url(f"{name}.html{query}", scheme), **options)
        group = page.get_by_role("group", name=TITLES[name]).nth(index)
        group.scroll_into_view_if_needed()
        expect(group).to_have_attribute("data-painted", re.compile(r"\d"))
        return settled(group)

    return show


def in_turn(page, name):
    """The three widgets of the page, each in view."""
    for index in range(3):
        group = page.get_by_role("group", name=TITLES[name]).nth(index)
        group.scroll_into_view_if_needed()
        expect(group).to_have_attribute("data-painted", re.compile(r"\d"))
        yield settled(group)


def press(group, name):
    group.get_by_role("button", name=name, exact=True).click()


def drag(group, handle, dx, dy):
    """Takes the handle and moves it by so many pixels."""
    handle.scroll_into_view_if_needed()
    box = settled(handle).locator(".dlb-hit").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = group.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx, y + dy, steps=5)
    mouse.up()


# ---- the matrix plane
def tip(group, name):
    return group.get_by_role("slider", name=f"Tip of {name}")


def cells(group):
    return settled(group).locator(".dlb-mp-edit input").evaluate_all("(all) => all.map((e) => +e.value)")


def facts(group):
    shown = settled(group).locator(".dlb-mp-numbers strong").all_inner_texts()
    return dict(zip(("det", "rank", "sigma", "condition"), shown))


@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_the_plane_starts(show, scheme, theme):
    group = show("matrix_plane", scheme=scheme, theme=theme)
    assert cells(group) == [1, 1, 0, 1]
    assert facts(group) == {"det": "1.000", "rank": "2", "sigma": "1.618, 0.618", "condition": "2.62"}
    expect(group.locator("svg [role=img]")).to_have_attribute("aria-label", re.compile("half axes 1.62 and 0.62"))


def test_columns_are_dragged_and_typed(show):
    group = show("matrix_plane", "?plane.t=0.5")
    unit = group.locator(".dlb-mp-plane").bounding_box()["width"] / 6
    drag(group, tip(group, "a₁"), unit, -unit)  # from (1, 0)
    expect(tip(group, "a₁")).to_have_attribute("aria-valuetext", "a₁ = (2.00, 1.00)")
    assert cells(group) == [2, 1, 1, 1]
    expect(group.get_by_label("t", exact=True)).to_have_value("1")  # what is moved is A
    drag(group, tip(group, "a₂"), 9 * unit, 0)
    expect(tip(group, "a₂")).to_have_attribute("aria-valuetext", "a₂ = (3.00, 1.00)")  # not out of the picture
    group.get_by_label("A, row 2, column 1").fill("-1.25")
    expect(tip(group, "a₁")).to_have_attribute("aria-valuetext", "a₁ = (2.00, −1.25)")
    assert facts(group)["det"] == "5.750"
    field = group.get_by_label("A, row 1, column 1")
    for wrong in ("", "9"):
        field.fill(wrong)
        expect(field).to_have_attribute("aria-invalid", "true")
    field.blur()
    expect(field).to_have_value("2")


def test_keys_move_a_column(show):
    group = show("matrix_plane")
    point = tip(group, "a₂")
    for key, told in {
        "ArrowRight": "(1.10, 1.00)", "ArrowDown": "(1.10, 0.90)", "Shift+ArrowUp": "(1.10, 0.91)",
        "PageUp": "(1.10, 1.91)", "PageDown": "(1.10, 0.91)", "Home": "(−3.00, 0.91)", "End": "(3.00, 0.91)",
    }.items():  # fmt: skip
        point.press(key)
        expect(point).to_have_attribute("aria-valuetext", f"a₂ = {told}")
    settled(group)
    assert point.evaluate("(e) => getComputedStyle(e.lastElementChild).strokeWidth") == "3px"  # visible focus


def test_presets_show_the_numbers_of_numpy(show):
    group = show("matrix_plane")
    numbers, factors = group.locator(".dlb-mp-numbers strong"), group.locator(".dlb-mp-factor .dlb-mp-matrix span")
    for preset in ("rotation", "scaling", "identity", "reflection", "projection", "near-singular"):
        group.get_by_label("Preset").select_option(preset)
        plane = MatrixPlane(preset=preset)
        s = plane.singular_values()
        expect(settled(numbers).nth(2)).to_have_text(", ".join(f"{v:.3f}" for v in s + 1e-9))
        expect(numbers.nth(1)).to_have_text("1" if preset == "projection" else "2")
        u, sigma, vt = np.array([float(v.replace("−", "-")) for v in factors.all_inner_texts()]).reshape(3, 2, 2)
        np.testing.assert_allclose(u @ sigma @ vt, plane.matrix, atol=0.05, err_msg=preset)
        expect(group.locator(".dlb-mp-over")).to_have_count(int(preset == "reflection"))
        if preset == "projection":
            expect(group.locator(".dlb-m-says")).to_contain_text("The circle collapses to a line")
            assert facts(group)["condition"] == "∞"


def test_three_steps_and_playing(show):
    group = show("matrix_plane", motion="reduce")
    group.get_by_text("In three steps").click()
    expect(group.get_by_role("button", name="Play")).to_be_hidden()  # steps jump
    ellipse = group.locator(".dlb-mp-ellipse")
    seen = set()
    for name, told in {
        "Start": "I, nothing moved", "1 Turn Vᵀ": "turned by Vᵀ", "2 Stretch Σ": "turned and stretched, ΣVᵀ",
        "3 Turn U": "A",
    }.items():  # fmt: skip
        press(group, name)
        expect(group.locator(".dlb-mp-t")).to_have_text(told)
        expect(group.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        seen.add(settled(ellipse).get_attribute("d"))
    assert len(seen) == 4
    group = show("matrix_plane", "?plane.t=0")
    press(group, "Play")
    expect(group.get_by_role("button", name="Pause")).to_be_visible()
    expect(group.locator(".dlb-mp-t")).to_have_text("A")
    expect(group.get_by_role("button", name="Play")).to_be_visible()
    group.get_by_label("t", exact=True).press("Home")
    expect(group.locator(".dlb-mp-t")).to_have_text("I, nothing moved")


def test_a_vector_and_its_image(show):
    group = show("matrix_plane")
    expect(tip(group, "x")).to_be_hidden()
    group.get_by_label("a vector x and its image").check()
    expect(group.locator(".dlb-mp-xrow")).to_contain_text("Ax = (−0.50, 1.00)")
    group.get_by_label("x, number 1").fill("2")
    expect(group.locator(".dlb-mp-xrow")).to_contain_text("Ax = (3.00, 1.00)")
    tip(group, "x").press("ArrowLeft")
    expect(group.locator(".dlb-mp-xrow")).to_contain_text("Ax = (2.90, 1.00)")
    group.get_by_label("singular vectors").uncheck()
    expect(group.locator(".dlb-mp-v")).to_have_count(0)
    group.get_by_text("The same as a table").click()
    expect(group.locator("details table")).to_contain_text("Ax")


# ---- the chain rule
def lines(group):
    return settled(group).locator(".dlb-cr-line strong").all_inner_texts()


@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_the_slope_starts(show, scheme, theme):
    group = show("chain_rule", scheme=scheme, theme=theme)
    assert lines(group) == ["0.540302", "0.0678264", "−0.472"]
    told = group.locator("svg [role=img]").first
    expect(told).to_have_attribute("aria-label", re.compile("slope 0.5403.*slope 0.0678"))


def test_the_point_and_the_step_are_moved(show):
    group = show("chain_rule")
    point = group.get_by_role("slider", name="Point x on the curve")
    for key, x in {"ArrowRight": "1.1", "ArrowDown": "1", "PageUp": "2", "End": "3", "Home": "-3"}.items():
        point.press(key)
        expect(point).to_have_attribute("aria-valuenow", x)
    drag(group, point, 60, 0)
    expect(point).not_to_have_attribute("aria-valuenow", "-3")
    group.get_by_label("x", exact=True).fill("0")
    expect(point).to_have_attribute("aria-valuetext", "x = 0.00, y = 0, slope 1.000")
    group.get_by_label("step h", exact=True).press("Home")
    expect(group.locator(".dlb-cr-moves .dlb-out").last).to_have_text("1.00·10⁻¹⁶")
    box = settled(group).locator(".dlb-cr-errors").bounding_box()
    group.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 60)  # the error plot sets the step too
    expect(group.locator(".dlb-cr-moves .dlb-out").last).to_have_text(re.compile(r"·10⁻⁶|·10⁻⁷"))


def test_smaller_steps_help_until_rounding_wins(show):
    group = show("chain_rule", "?slope.h=1e-8")
    assert abs(float(lines(group)[1]) - np.cos(1)) < 1e-6
    group = show("chain_rule", "?slope.h=1e-16")
    assert lines(group)[1] == "0"
    expect(group.locator(".dlb-m-says")).to_contain_text("1.00 + h is 1.00 again")
    group = show("chain_rule", "?slope.h=1e-15&slope.zoom=true")
    assert lines(group)[1] == f"{ChainRule(h=1e-15).slopes().forward:.6f}"
    curve = group.locator(".dlb-cr-f").get_attribute("d")
    assert len({v.split(" ")[1] for v in re.findall(r"[\d.-]+ [\d.-]+", curve)}) < 40  # a staircase of 481 points
    group.get_by_label("secant on both sides").check()
    expect(group.locator(".dlb-cr-line")).to_have_count(5)


@pytest.mark.parametrize(("view", "index"), [("", 1), ("?chain.chain=exp,sin&chain.x=-1.5&chain.h=0.1", 1)])
def test_slopes_in_a_chain_multiply(show, view, index):
    group = show("chain_rule", view, index=index)
    chain = {"x": 0.5, "h": 0.5, "chain": ["affine", "square", "sin"]}
    if view:
        chain = {"x": -1.5, "h": 0.1, "chain": ["exp", "sin"]}
    found = ChainRule(view="chain", **chain).run()
    rows = group.locator("[role=region] table").first.locator("tbody tr")
    shown = [[float(v.replace("−", "-")) for v in row.locator("td").all_inner_texts() if v] for row in rows.all()]
    for row, *expected in zip(shown, found.values, found.values[1:], found.slopes, found.secants):
        np.testing.assert_allclose(row, expected, rtol=1e-3)
    np.testing.assert_allclose(shown[-1], [found.product, found.secant], rtol=1e-3)
    expect(group.locator(".dlb-cr-plots svg")).to_have_count(len(chain["chain"]) + 2)


def test_links_of_the_chain_are_chosen(show):
    group = show("chain_rule")
    group.get_by_text("A chain").click()
    expect(group.get_by_label("y =", exact=True).locator("visible=true")).to_have_value("sin")
    group.get_by_label("u =", exact=True).select_option("affine")
    product = group.locator(".dlb-cr-product")
    expect(product).to_contain_text("dy/dx = dy/du · du/dx = cos u · 2 = (−0.9900) · 2.000 = −1.980")
    press(group, "+ a third function")
    expect(product).to_contain_text("dy/dv · dv/du · du/dx = (1 − tanh² v) · cos u · 2 = ")
    press(group, "− the third function")
    group.get_by_label("u =", exact=True).select_option("relu")
    group.get_by_label("x", exact=True).fill("-1")
    expect(group.locator(".dlb-m-says")).to_contain_text("One slope is 0")
    group.get_by_text("One curve").click()
    expect(group.locator("select:visible")).to_have_count(1)
    group.locator("select:visible").select_option("square")
    assert lines(group)[0] == "−2.00000"


# ---- distributions
def values(group, name):
    bars = settled(group).get_by_role("slider", name=f"{name} of")
    return bars.evaluate_all("(all) => all.map((e) => +e.getAttribute('aria-valuenow'))")


def sums(group):
    shown = settled(group).locator(".dlb-ds-sum strong").all_inner_texts()
    return [float(v.replace("∞", "inf")) for v in shown]


def expected(p, q, unit="bits"):
    n = Distributions(p=p, q=q, unit=unit).numbers()
    return [n[k] for k in ("H(p)", "KL(p‖q)", "H(p, q)", "H(q)", "KL(q‖p)", "H(q, p)")]


@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_the_bars_start(show, scheme, theme):
    group = show("distributions", scheme=scheme, theme=theme)
    np.testing.assert_allclose(sums(group), expected(values(group, "p"), values(group, "q")), atol=6e-4)


def test_bars_are_dragged_and_the_others_make_room(show):
    group = show("distributions")
    plot = group.locator(".dlb-ds-bars").bounding_box()["height"]
    drag(group, group.get_by_role("slider", name="p of A"), 0, 0.3 * plot)
    p = values(group, "p")
    assert p[0] < 0.2 and sum(p) == pytest.approx(1, abs=1e-5)
    assert p[1] == pytest.approx(2 * p[2], abs=1e-5)  # in proportion
    np.testing.assert_allclose(sums(group), expected(np.array(p) / sum(p), values(group, "q")), atol=6e-4)
    bar = group.get_by_role("slider", name="q of B")
    for key, v in {"ArrowUp": 0.21, "ArrowLeft": 0.2, "PageUp": 0.3, "End": 1, "Home": 0}.items():
        bar.press(key)
        expect(bar).to_have_attribute("aria-valuenow", f"{v:g}")
    expect(group.locator(".dlb-note:visible")).to_have_text(
        "KL(p‖q) = ∞: for q, B never happens; under p it does, and the surprise −log 0 has no end."
    )
    assert sums(group)[1:3] == [np.inf, np.inf]


def test_presets_swap_units_and_outcomes(show):
    group = show("distributions")
    before = settled(group).locator(".dlb-ds-sum strong").all_inner_texts()
    press(group, "Swap p and q")
    expect(group.locator(".dlb-ds-sum strong")).to_have_text([*before[3:], *before[:3]])
    press(group, "q = p")
    expect(group.locator(".dlb-m-says")).to_contain_text("q equals p: the divergence is 0")
    group.get_by_label("Preset").select_option("One-hot label, a classifier's answer")
    group.get_by_text("nats", exact=True).click()
    expect(group.locator(".dlb-ds-u").first).to_have_text("nats")
    np.testing.assert_allclose(sums(group), expected([0, 1, 0], [0.15, 0.7, 0.15], "nats"), atol=6e-4)
    expect(group.locator(".dlb-note:visible")).to_contain_text("for p, A and C never happen; under q they do")
    press(group, "p uniform")
    press(group, "q uniform")
    expect(group.locator(".dlb-ds-sum strong").nth(1)).to_have_text("0.000")
    for n in ("6", "2"):
        group.get_by_label("Outcomes", exact=True).select_option(n)
        expect(group.get_by_role("slider", name="p of")).to_have_count(int(n))
        assert [len(values(group, name)) for name in "pq"] == [int(n)] * 2
        assert sum(values(group, "p")) == pytest.approx(1, abs=1e-5)
    group.get_by_text("The same as a table").click()
    expect(group.locator("details tbody tr")).to_have_count(4)


def test_distributions_of_different_length_are_matched_and_said(show):
    group = show("distributions", "?pq.p=0.2,0.3,0.5")
    expect(group.locator(".dlb-note:visible")).to_have_text("p has 3 outcomes and q has 4. Shown is q with 3.")
    assert values(group, "q") == pytest.approx([1 / 6, 1 / 3, 1 / 2], abs=1e-5)


# ---- the address
@pytest.mark.parametrize(
    ("name", "query", "move", "written"),
    [
        ("matrix_plane", "?plane.matrix=2,1,0,-1&plane.path=svd&plane.t=0.25&plane.x=1,1&plane.show_x=true",
         lambda g: tip(g, "a₁").press("ArrowUp"), r"plane\.matrix=2%2C1%2C0\.1%2C-1"),
        ("chain_rule", "?slope.view=chain&slope.chain=exp,tanh,sin&slope.x=-1&slope.h=0.001",
         lambda g: g.get_by_label("u =", exact=True).select_option("square"), r"slope\.chain=square%2Ctanh%2Csin"),
        ("distributions", "?pq.p=0.5,0.5&pq.q=0.25,0.75&pq.unit=nats",
         lambda g: g.get_by_role("slider", name="q of A").press("ArrowUp"), r"pq\.q=0\.26%2C0\.74"),
    ],
)  # fmt: skip
def test_the_address_sets_and_keeps_the_state(show, name, query, move, written):
    group = show(name, query)
    expect(group.page.locator(".dlb-host").first.locator(".dlb-note:visible")).to_have_count(0)
    move(group)
    group.page.wait_for_url(re.compile(written))
    told = settled(group).locator("svg [role=img]").first
    before = told.get_attribute("aria-label")
    group.page.reload()
    expect(group.page.get_by_role("group", name=TITLES[name]).first.locator("svg [role=img]").first).to_have_attribute(
        "aria-label", before
    )


HOSTILE = {
    "matrix_plane": {
        "plane.matrix=1,2,3": "four values, separated by commas, each a number from -3 to 3",
        "plane.matrix=1,2,3,1e9": "four values",
        "plane.t=NaN": "a number from 0 to 1",
        "plane.path=__proto__": "one of straight, svd",
        "plane.x=1": "two values",
        "plane.svd=<img src=x onerror=alert(1)>": "true or false",
        "plane.__proto__=1": "has no such setting",
    },
    "chain_rule": {
        "slope.view=constructor": "one of slope, chain",
        "slope.function=alert(1)": "one of square, sin",
        "slope.x=1e999": "a number from -3 to 3",
        "slope.h=0": "a number from 1e-16 to 2",
        "slope.chain=sin": "two or three values, separated by commas, each one of square",
        "slope.chain=" + "sin," * 400: "two or three values",
    },
    "distributions": {
        "pq.p=0.5,0.6": "two to 6 numbers from 0 to 1 that sum to 1",
        "pq.q=1": "two to 6 numbers",
        "pq.q=-0.5,1.5": "two to 6 numbers",
        "pq.unit=bytes": "one of bits, nats",
        "pq.toString=1": "has no such setting",
    },
}


@pytest.mark.parametrize("name", TITLES)
def test_a_bad_address_is_refused_with_a_sentence(show, name):
    group = show(name)
    before = group.locator("svg [role=img]").first.get_attribute("aria-label")
    group = show(name, "?" + "&".join(HOSTILE[name]))
    notes = group.page.locator(".dlb-host").first.locator(".dlb-note:visible")
    expect(notes).to_have_count(len(HOSTILE[name]))
    for note, message in zip(notes.all(), HOSTILE[name].values()):
        expect(note).to_contain_text(message)
    assert group.locator("svg [role=img]").first.get_attribute("aria-label") == before


# ---- for everyone
@pytest.mark.parametrize("name", TITLES)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(show, axe, name, theme, width):
    page = show(name, theme=theme, width=width).page
    for group in in_turn(page, name):
        group.locator("summary").click()
        assert axe(settled(page), ".dlb:not(.dlb-fallback)") == []
        group.locator("summary").click()


FAULTS = """(widget) => {
    const { left, right } = widget.getBoundingClientRect(), faults = [];
    const say = (what, e) => faults.push(`${what}: ${e.className.baseVal ?? e.className} ${e.textContent}`);
    const tall = ".dlb-btn, select, summary, input:is([type=number], [type=range]), .dlb-seg label, .dlb-hit, "
      + ".dlb-check";
    const scrolled = ".dlb-scroll > *, clipPath, pattern, [clip-path], .dlb-sr";
    for (const e of [...widget.querySelectorAll("*")].filter((e) => e.checkVisibility())) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (e.matches("g") || e.closest(scrolled)) continue;
      const outside = box.left < left - 1 || box.right > right + 1;
      if (box.width > 1 && outside && !e.closest(".dlb-handle")) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) < 11) say("tiny", e);
      if (e.matches(tall) && box.width && box.height < 39.9) say("flat", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""


TIPS = {"matrix_plane": "Tip of a₁", "chain_rule": "Point x", "distributions": "p of A"}


@pytest.mark.parametrize("name", TITLES)
def test_a_phone_shows_it_whole_and_moves_a_point_and_not_the_page(show, name):
    group = show(name, width=390, height=844, touch=True)
    hit = group.get_by_role("slider", name=TIPS[name]).locator(".dlb-hit")
    assert hit.evaluate("(e) => getComputedStyle(e).touchAction") == "none"
    assert group.locator("svg").first.evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"
    for widget in in_turn(group.page, name):
        widget.locator("summary").click()
        assert settled(widget).evaluate(FAULTS) == []


@pytest.mark.parametrize("name", TITLES)
def test_what_is_said_aloud(show, name):
    group = show(name)
    said = group.locator("p.dlb-sr[role=status]")
    passes(group, 650)
    expect(said).to_be_empty()  # a page that opens stays silent
    group.get_by_role("slider").locator("visible=true").first.press("ArrowRight")
    expect(said).to_have_text(re.compile(r"\d"))


@pytest.mark.parametrize("name", TITLES)
def test_several_on_a_page_do_not_share_ids(show, name):
    page = show(name).page
    assert len(list(in_turn(page, name))) == 3
    ids = page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})


@pytest.mark.parametrize("name", TITLES)
def test_it_redraws_when_the_room_changes(show, name):
    group = show(name)
    plot = group.locator("svg.dlb-plot").first
    wide = plot.get_attribute("viewBox")
    group.page.set_viewport_size({"width": 420, "height": 900})
    expect(plot).not_to_have_attribute("viewBox", wide)


@pytest.mark.parametrize("name", TITLES)
def test_without_scripts_and_in_print(sample, open_page, name):
    page = open_page(sample.url(f"{name}.html"), js=False)
    for poster in page.locator(".dlb-fallback").all():
        assert poster.locator("svg[role=img]").get_attribute("aria-label")
        assert poster.locator("table tbody tr").count() >= 3
    page = open_page(sample.url(f"{name}.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import ChainRule, Distributions, MatrixPlane\nw = MatrixPlane(preset='scaling')\nw",
            "w.matrix = [[1, 2], [2, 1]]; w.path = 'svd'",
            "print(w.matrix, w.path)",
            "r = ChainRule(x=0)\nr",
            "print(r.x, r.view)",
            "d = Distributions([0.5, 0.5], [0.25, 0.75])\nd",
            "print(d.p, d.q)",
            "w.matrix = [[5, 0], [0, 5]]",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLES["matrix_plane"])
    expect(group.locator(".dlb-mp-numbers strong").first).to_have_text("1.000")
    notebook.run(1)
    expect(group.locator(".dlb-mp-numbers strong").first).to_have_text("−3.000")
    tip(group, "a₁").press("ArrowDown")  # JupyterLab must not take it for its own
    notebook.answers(2, "[[1.0, 2.0], [1.9, 1.0]] svd")
    notebook.run(3)
    rule = notebook.cell(3).get_by_role("group", name=TITLES["chain_rule"])
    rule.get_by_role("slider", name="Point x").press("ArrowUp")
    rule.get_by_text("A chain").click()
    notebook.answers(4, "0.1 chain")
    notebook.run(5)
    pair = notebook.cell(5).get_by_role("group", name=TITLES["distributions"])
    pair.get_by_role("slider", name="q of A").press("ArrowUp")
    pair.get_by_label("Outcomes", exact=True).select_option("3")  # p and q change together
    notebook.theme("JupyterLab Dark")
    notebook.answers(6, re.compile(r"^\[0\.33\d*, 0\.33\d*, 0\.33\d*\] \[0\.17\d*, 0\.49\d*, 0\.33\d*\]\s*$"))
    notebook.run(7)
    expect(notebook.outputs(7)).to_contain_text(["matrix: got 5.0; a number from -3 to 3 is expected"])
