"""The optimizer race in the built page and in JupyterLab (book/optimizer_race.md)."""

from __future__ import annotations

import re

import pytest
from address import refused
from playwright.sync_api import expect
from waiting import after_paint, come_back, leave, passes, settled

from conftest import walk
from dlbook.widgets import OptimizerRace, race_run
from dlbook.widgets.optimizer_race import PRESETS
from dlbook.widgets.race_run import OPTIMIZERS
from dlbook.widgets.race_surfaces import SURFACES

TITLE = "Optimizer race"


@pytest.fixture
def race(sample, open_page):
    def race(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("optimizer_race.html" + query, scheme), **options)
        group = page.get_by_role("group", name=TITLE).nth(index)
        group.scroll_into_view_if_needed()
        group.locator("xpath=self::*[@data-painted]").wait_for()
        return settled(group)

    return race


def at(group, step):
    expect(group).to_have_attribute("data-at", str(step))


def press(group, *names):
    for name in names:
        group.get_by_role("button", name=name, exact=True).click()


ROWS = """(all) => all.map(({ cells }) => { const [loss, place] = cells[2].querySelectorAll("span");
    return [loss, place, cells[3]].map((e) => e.innerText); })"""


def rows(group) -> dict[str, list[str]]:
    """The cells of each optimizer: loss, place, step of arrival."""
    return dict(zip(OPTIMIZERS, settled(group).locator(".dlb-or-table tbody tr").evaluate_all(ROWS), strict=True))


def row(group, name) -> list[str]:
    return rows(group)[name]


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def agree(group, widget):
    """The table of the page at its last step holds the numbers of the package."""
    settings = widget.settings()
    low, shown = race_run.lowest(settings.surface), rows(group)
    for path in widget.paths():
        loss, place, end = shown[path.name]
        if path.stop:
            words = {"left": "left the map"}.get(path.stop, path.stop)
            assert (loss, place) == (words, f"at step {path.last + 1}")
            continue
        assert number(loss) == pytest.approx(path.loss[-1], rel=0.06), path.name
        assert [number(v) for v in place.strip("()").split(", ")] == pytest.approx(path.places[-1], abs=0.0051)
        done = race_run.finish(path, low)
        assert end.strip("★\u202f ") == ("–" if done is None else str(done)), path.name


def handle(group):
    return group.get_by_role("slider", name="Start, to be moved with the arrow keys")


# ---- the numbers
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_and_ends_with_the_numbers_of_the_package(race, scheme, theme):
    group = race(scheme=scheme, theme=theme)
    expect(group.locator(".dlb-or-verdict")).to_have_text("All start at (−1.80, 1.20) with a loss of 16.")
    press(group, "End")
    at(group, 200)
    agree(group, OptimizerRace())
    expect(group.locator(".dlb-or-verdict")).to_contain_text("are 99 % of the way down, Adagrad first, at step 8.")
    expect(group.locator(".dlb-or-first")).to_have_count(1)


def test_every_surface(race):
    group = race("?race.surface=rosenbrock")
    for name, surface in SURFACES.items():
        after_paint(group, lambda name=name: group.get_by_label("Surface", exact=True).select_option(name))
        expect(group.locator(".dlb-or-says")).to_have_text(surface["says"])
        press(group, "End")
        at(group, surface["steps"])
        agree(group, OptimizerRace(name))
        expect(group.get_by_role("slider", name="Condition number κ")).to_be_visible(visible=name == "quadratic")
        assert "NaN" not in group.evaluate("(e) => e.outerHTML")


def test_presets_set_everything_and_say_what_happens(race):
    group = race("?race.noise=0.4&race.start=1,1")
    for name, item in PRESETS.items():
        after_paint(group, lambda name=name: group.get_by_label("Preset from the text").select_option(name))
        expect(group.locator(".dlb-or-says")).to_have_text(item["says"])
        at(group, 0)
        press(group, "End")
        widget = OptimizerRace(preset=name)
        at(group, widget.settings().steps)
        agree(group, widget)
        assert "NaN" not in group.evaluate("(e) => e.outerHTML")
    group.get_by_label("Steps a second").select_option("60")
    expect(group.get_by_label("Preset from the text")).to_have_value(name)
    group.get_by_role("slider", name="Gradient noise").press("ArrowRight")
    expect(group.get_by_label("Preset from the text")).to_have_value("")


def test_divergence_is_shown_as_such(race):
    group = race("?race.preset=too_large&race.at=30")
    assert row(group, "nesterov")[:2] == ["diverged", "at step 7"] and row(group, "sgd")[0] != "diverged"
    group.get_by_role("slider", name="Step", exact=True).fill("200")
    assert row(group, "sgd") == ["diverged", "at step 37", "–"]
    expect(group.locator(".dlb-or-verdict")).to_contain_text("Diverged: SGD at step 37, Nesterov at step 7.")
    expect(group.locator(".dlb-or-map .dlb-or-lost")).to_have_count(2)
    expect(group.locator(".dlb-or-losses .dlb-or-lost")).to_have_count(2)
    trail = settled(group).locator(".dlb-or-map .dlb-or-trail").first.get_attribute("d")
    assert 2 <= trail.count("L") <= 6  # it ends where it leaves the map, and does not hatch it
    assert not re.search("NaN|Infinity", group.evaluate("(e) => e.outerHTML"))


def test_a_path_that_leaves_the_measured_map(race):
    group = race("?race.surface=digits&race.lr=5&race.at=100")
    assert row(group, "sgd")[0] == "left the map"
    assert not re.search("NaN|Infinity", group.evaluate("(e) => e.outerHTML"))


# ---- controls
def test_each_control_changes_its_setting(race):
    group = race("?race.at=200")
    sliders = {
        "Learning rate": "0.1", "Momentum μ, Adam's β₁": "0.95", "Gradient noise": "0.01", "Condition number κ": "50",
        "Steps": "300", "Weight decay λ": "0.001", "Adam's β₂": "0.9999", "α of RMSprop, ρ of Adadelta": "0.95",
    }  # fmt: skip
    for name, text in sliders.items():
        slider = group.get_by_role("slider", name=name, exact=True)
        after_paint(group, lambda slider=slider: slider.press("ArrowRight"))
        expect(slider).to_have_attribute("aria-valuetext", text)
    after_paint(group, lambda: group.get_by_label("Schedule of the rate").select_option("warmup_cosine"))
    after_paint(group, lambda: group.get_by_label("Start x").fill("-1.25"))
    after_paint(group, lambda: press(group, "Other noise"))
    press(group, "End")
    at(group, 300)
    given = {"lr": 0.1, "momentum": 0.95, "noise": 0.01, "condition": 50, "steps": 300, "weight_decay": 0.001,
             "beta2": 0.9999, "alpha": 0.95, "schedule": "warmup_cosine", "start": [-1.25, 1.2], "seed": 2}  # fmt: skip
    agree(group, OptimizerRace(**given))


def test_every_optimizer_is_switched_and_has_a_rate_of_its_own(race):
    group = race("?race.at=200")
    trails = group.locator(".dlb-or-map .dlb-or-trail")
    expect(trails).to_have_count(6)
    after_paint(group, group.get_by_label("AdamW", exact=True).check)
    expect(trails).to_have_count(7)
    for name in ("SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "AdamW"):
        after_paint(group, group.get_by_label(name, exact=True).uncheck)
    expect(trails).to_have_count(0)
    expect(group.locator(".dlb-or-verdict")).to_have_text("No optimizer is shown.")
    after_paint(group, group.get_by_label("Adam", exact=True).check)
    field = group.get_by_role("spinbutton", name="Learning rate of Adam", exact=True)
    expect(field).to_have_value("0.09")
    after_paint(group, lambda: field.fill("0.3"))
    agree(group, OptimizerRace(optimizers=["adam"], factors={"adam": 0.3 / 0.09}))
    for bad in ("", "-1"):
        field.fill(bad)
        expect(field).to_have_attribute("aria-invalid", "")
    field.blur()
    expect(field).to_have_value("0.3")
    after_paint(group, lambda: press(group, "Rates of the surface"))
    expect(field).to_have_value("0.09")


def test_the_start_is_dragged(race):
    group = race("?race.at=50")
    box = settled(group).locator(".dlb-or-shade").bounding_box()
    place = lambda x, y: (box["x"] + (x + 2) / 4 * box["width"], box["y"] + (2 - y) / 4 * box["height"])  # noqa: E731
    mouse = group.page.mouse
    mouse.move(*place(-1.8, 1.2))
    mouse.down()
    mouse.move(*place(0, 0.5), steps=5)
    mouse.move(*place(1.5, -1), steps=5)
    mouse.up()
    expect(handle(group)).to_have_attribute("aria-valuetext", re.compile(r"x = 1\.(49|5.), y = −(0\.99|1\.0.)"))
    at(group, 50)
    mouse.click(*place(-1, 1))  # a press somewhere puts it there
    expect(handle(group)).to_have_attribute("aria-valuetext", re.compile(r"x = −(0\.99|1\.00|1\.01), y = "))
    mouse.move(*place(0, 0))
    mouse.down()
    mouse.move(*place(9, 9), steps=3)
    mouse.up()
    expect(handle(group)).to_have_attribute("aria-valuetext", "x = 2.00, y = 2.00")  # it stays on the map
    after_paint(group, lambda: group.get_by_label("Start y").fill("-0.5"))
    expect(handle(group)).to_have_attribute("aria-valuetext", "x = 2.00, y = −0.50")


def test_keys(race):
    group = race()
    start = handle(group)
    start.focus()
    for key, text in {"ArrowRight": "x = −1.75, y = 1.20", "ArrowDown": "x = −1.75, y = 1.15",
                      "Shift+ArrowUp": "x = −1.75, y = 1.16", "ArrowLeft": "x = −1.80, y = 1.16"}.items():  # fmt: skip
        after_paint(group, lambda key=key: start.press(key))
        expect(start).to_have_attribute("aria-valuetext", text)
    at(group, 0)
    play = group.get_by_role("button", name="Play")
    for key, step in {"ArrowRight": 1, "End": 200, "ArrowLeft": 199, "Home": 0}.items():
        play.press(key)
        at(group, step)
    scrub = group.get_by_role("slider", name="Step", exact=True)
    scrub.press("ArrowRight")
    at(group, 1)
    expect(scrub).to_have_attribute("aria-valuetext", "step 1 of 200")


def test_the_plot_of_the_losses_goes_to_a_step(race):
    group = race()
    plot = group.locator(".dlb-or-losses")
    box = settled(plot).bounding_box()
    plot.click(position={"x": 42 + (box["width"] - 78) / 2, "y": 100})
    expect(group).to_have_attribute("data-at", re.compile("^(99|100|101)$"))


# ---- in time
def test_it_plays_and_pauses_and_stops_at_the_end(race):
    group = race("?race.steps=50&race.speed=60")
    press(group, "Play")
    group.page.wait_for_function("(e) => +e.dataset.at >= 5", arg=group.element_handle())
    press(group, "Pause")
    rested = settled(group).get_attribute("data-at")
    assert 5 <= int(rested) < 50
    passes(group, 200)
    at(group, rested)
    press(group, "+1 step")
    at(group, int(rested) + 1)
    press(group, "−1 step")
    at(group, rested)
    press(group, "Play")
    at(group, 50)
    expect(group.get_by_role("button", name="Play")).to_be_visible()
    press(group, "Reset")
    at(group, 0)
    passes(group, 350)
    assert "race.at" not in group.page.url


def test_playing_rests_out_of_sight(race):
    group = race("?race.steps=2000&race.speed=20")
    press(group, "Play")
    leave(group)
    away = settled(group).get_attribute("data-at")
    passes(group, 200)
    at(group, away)
    come_back(group)
    group.page.wait_for_function("([e, n]) => +e.dataset.at > n", arg=[group.element_handle(), int(away)])
    press(group, "Pause")


def test_reduced_motion_jumps(race):
    group = race(motion="reduce")
    before = int(group.get_attribute("data-painted"))
    press(group, "Run")
    at(group, 200)
    assert int(settled(group).get_attribute("data-painted")) == before + 1


# ---- the address
def test_the_address_keeps_the_state(race):
    group = race()
    group.get_by_label("Preset from the text").select_option("narrow_valley")
    press(group, "End")
    at(group, 300)
    group.page.wait_for_function("location.search.includes('race.preset=narrow_valley')")
    after_paint(group, lambda: handle(group).press("ArrowUp"))
    after_paint(group, group.get_by_label("SGD", exact=True).uncheck)
    group.page.wait_for_function("location.search.includes('race.optimizers=momentum')")
    query = group.page.evaluate("location.search")
    assert "race.start=-1.8%2C0.65" in query and "race.at=300" in query and "race.condition=200" in query
    assert "preset" not in query and "grid" not in query
    again = race(query)
    assert row(again, "momentum") == row(group, "momentum") and row(again, "sgd") == ["", "", ""]


def test_an_address_may_ask_for_a_preset_at_a_step(race):
    group = race("?race.preset=saddle&race.at=60&race.speed=240")
    at(group, 60)
    expect(group.get_by_label("Preset from the text")).to_have_value("saddle")
    expect(group.get_by_label("Steps a second")).to_have_value("240")


@pytest.mark.parametrize(
    "asked",
    [
        {"surface=__proto__": "one of quadratic, rosenbrock", "start=1": "2 numbers from -10 to", "grid=1": "no such"},
        {"optimizers=adam,adam": "none twice", "lr=1e999": "a number from 0 to 100", "at=-1": "a whole number"},
        {"factors=" + "1," * 5000 + "1": "8 numbers", "preset=constructor": "one of ", "speed=7": "one of 5, 20"},
        {"start=<img src=x onerror=alert(1)>,1": "2 numbers", "schedule=toString": "one of constant", "steps=2e3": "a"},
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(race, asked):
    group = race("?" + "&".join(f"race.{setting}" for setting in asked))
    refused(group, asked.values())
    expect(group.locator(".dlb-or-verdict")).to_have_text("All start at (−1.80, 1.20) with a loss of 16.")


def test_a_start_off_the_map_is_put_on_its_edge(race):
    group = race("?race.start=9,-9&race.at=1999")
    expect(handle(group)).to_have_attribute("aria-valuetext", "x = 2.00, y = −2.00")
    at(group, 200)


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(race, axe, theme, width):
    group = race("?race.optimizers=" + ",".join(OPTIMIZERS), theme=theme, width=width)
    group.evaluate("(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }")
    press(group, "End")
    at(group, 200)
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []
    after_paint(group, lambda: group.get_by_label("Preset from the text").select_option("too_large"))
    group.get_by_role("slider", name="Step", exact=True).fill("100")
    at(group, 100)
    group.get_by_label("Start x").fill("99")
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []


def test_what_is_said_aloud(race):
    group = race()
    said = group.locator("p.dlb-sr[role=status]")
    passes(group, 650)
    expect(said).to_be_empty()  # a page that opens stays silent
    press(group, "End")
    expect(said).to_contain_text("Step 200: 6 of 6 are 99 % of the way down, Adagrad first, at step 8.")
    expect(group.get_by_role("img", name=re.compile("Quadratic bowl seen from above. Step 200: "))).to_be_visible()
    expect(group.get_by_role("img", name=re.compile("Loss over the steps, logarithmic. Step 200"))).to_be_visible()


FAULTS = """(root) => {
    const seen = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility()), faults = [];
    const { left, right } = root.getBoundingClientRect(), say = (what, e) => faults.push(`${what}: ${e.tagName} ${e.className} ${e.textContent}`);
    for (const e of seen) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (box.width > 1 && !e.closest(".dlb-or-scroll > *, svg") && (box.left < left || box.right > right + 1)) say("outside", e);
      if (text && parseFloat(getComputedStyle(e).fontSize) * Math.abs(e.getScreenCTM?.()?.a ?? 1) < 10.9) say("tiny", e);
      if (e.matches(".dlb-btn, select, input:not([type=checkbox]), summary, .dlb-or-table label") && box.height < 40) say("flat", e);
      if (e.matches(".dlb-or-table :is(td, th, label), .dlb-or-verdict") && e.scrollWidth > e.clientWidth + 1) say("cut", e);
    }
    const hit = root.querySelector(".dlb-hit").getBoundingClientRect();
    if (hit.width < 40) faults.push("the start is too small for a finger");
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""  # noqa: E501


def test_legible_on_a_phone(race):
    group = race(width=390, height=844, touch=True)
    group.evaluate("(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }")
    for preset in PRESETS:
        after_paint(group, lambda preset=preset: group.get_by_label("Preset from the text").select_option(preset))
        press(group, "End")
        at(group, OptimizerRace(preset=preset).settings().steps)
        assert settled(group).evaluate(FAULTS) == [], preset


def test_touch(race):
    group = race("?race.at=30", width=390, height=844, touch=True)
    group.locator(".dlb-or-shade").scroll_into_view_if_needed()
    box = settled(group).locator(".dlb-or-shade").bounding_box()
    x, y = box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"]
    after_paint(group, lambda: group.page.touchscreen.tap(x, y))
    expect(handle(group)).to_have_attribute("aria-valuetext", re.compile(r"x = (0\.9|1\.0).*, y = (0\.9|1\.0)"))
    group.get_by_role("button", name="End").tap()
    at(group, 200)


def test_it_fits_its_room(race):
    group = race("?race.at=20")
    table, picture = group.locator(".dlb-or-table"), group.locator(".dlb-or-map")
    assert table.bounding_box()["x"] > picture.bounding_box()["x"] + picture.bounding_box()["width"]
    after_paint(group, lambda: group.page.set_viewport_size({"width": 500, "height": 900}))
    assert table.bounding_box()["y"] >= picture.bounding_box()["y"] + picture.bounding_box()["height"]


def test_the_theme_changes(race):
    group = race(theme="light")
    shade = group.locator(".dlb-or-shade")
    before = shade.evaluate("(c) => c.toDataURL()")
    group.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    group.page.wait_for_function("([e, old]) => e.toDataURL() !== old", arg=[shade.element_handle(), before])


def test_several_on_a_page_do_not_share_ids(race):
    group = race(index=1)
    at(group, 500)
    walk(group.page)
    ids = group.page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})
    agree(group, OptimizerRace(preset="rosenbrock"))


def test_everything_as_a_table(race):
    group = race("?race.preset=too_large&race.steps=40")
    group.get_by_text("The same as a table").click()
    table = group.get_by_role("table", name="Loss at each step")
    expect(table.locator("thead th")).to_have_text(["step", "SGD", "Momentum", "Nesterov", "Adam"])
    expect(table.locator("tbody tr")).to_have_count(21)
    expect(table.locator("tbody tr").last.locator("td").first).to_have_text("diverged")


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("optimizer_race.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.get_by_role("img", name=re.compile("Quadratic bowl.* seen from above, and the loss"))).to_be_visible()
    expect(first.locator("table")).to_contain_text("Adagrad0.45")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("optimizer_race.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import OptimizerRace\nw = OptimizerRace('beale')\nw",
            "w.at = 100; w.optimizers = ['adam', 'sgd']",
            "print(w.at, w.start, w.optimizers, w.surface)",
            "w.surface = 'digits'",
            "w.lr = -1.0",
            "w.preset = 'too_large'",
            "print(w.surface, w.lr, w.optimizers, w.at, len(w.factors))",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLE)
    at(group, 0)
    notebook.run(1)
    at(group, 100)
    expect(group.locator(".dlb-or-map .dlb-or-trail")).to_have_count(2)
    handle(group).focus()
    for _ in range(2):
        notebook.page.keyboard.press("ArrowRight")  # JupyterLab must not take it for its own
    group.get_by_role("button", name="+1 step", exact=True).press("ArrowRight")
    at(group, 101)
    notebook.answers(2, "101 [1.1, 1.6] ['sgd', 'adam'] beale")
    notebook.run(3)
    expect(group.locator(".dlb-or-says")).to_contain_text("real network")
    at(group, 0)
    notebook.run(4)
    expect(notebook.outputs(4)).to_contain_text(["lr: got -1.0; a number from 0 to 100 is expected"])
    notebook.run(5)
    expect(group.get_by_label("Surface", exact=True)).to_have_value("quadratic")
    press(group, "End")
    at(group, 200)
    notebook.answers(6, "quadratic 0.11 ['sgd', 'momentum', 'nesterov', 'adam'] 200 8")
    before = group.locator(".dlb-or-shade").evaluate("(c) => c.toDataURL()")
    notebook.theme("JupyterLab Dark")
    notebook.page.wait_for_function(
        "([e, old]) => e.toDataURL() !== old", arg=[group.locator(".dlb-or-shade").element_handle(), before]
    )
