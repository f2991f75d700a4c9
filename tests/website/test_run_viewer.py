"""The run viewer in the built page and in JupyterLab (book/run_viewer.md)."""

from __future__ import annotations

import functools
import html
import re
import sys

import numpy as np
import pytest
from playwright.sync_api import expect
from waiting import after_paint, settled

from conftest import BOOK
from dlbook.widgets import RunViewer, run_numbers
from dlbook.widgets.run_numbers import four, read_at

REAL, TEN, ENDS, NONE = range(4)
LAYERS = "layers.0, layers.1, layers.2, layers.3, layers.4"
PAGE = (BOOK / "run_viewer.md").read_text("utf8")


@functools.cache
def python(index) -> RunViewer:
    """The viewer of the page, made here."""
    sys.path.insert(0, str(BOOK))
    space: dict = {}
    for cell in re.findall(r"```\{code-cell\} ipython3\n(.*?)```", PAGE, re.S)[: index + 1]:
        *body, last = cell.strip().split("\n")
        exec("\n".join(body), space)
        value = eval(last, space)
    return value


def runs(index):
    return list(python(index)._runs.runs.values())


def at_host(page, index):
    """One of the viewers of the page, drawn and in view."""
    hosts = page.locator(".dlb-host")
    for host in [hosts.nth(k) for k in range(index + 1)]:  # those above move it when they come to life
        host.scroll_into_view_if_needed()
        group = host.get_by_role("group", name="Training runs")
        group.and_(page.locator("[data-painted]")).wait_for()
        group.scroll_into_view_if_needed()
    return settled(group)


@pytest.fixture
def viewer(sample, open_page):
    def viewer(index=REAL, query="", scheme="http", **options):
        return at_host(open_page(sample.url("run_viewer.html" + query, scheme), **options), index)

    return viewer


def slider(group):
    return group.get_by_role("slider", name="Cursor")


def cells(group, run: int):
    return group.locator(".dlb-rv-table tbody tr").nth(run).locator("td")


def axes(plot) -> tuple[dict, dict]:
    """Where the labels of the two axes stand."""
    ticks = plot.locator(".dlb-tick").evaluate_all(
        """(all) => all.map((g) => [g.lastChild.textContent,
                                    ...['x1', 'x2', 'y1'].map((a) => +g.firstChild.getAttribute(a))])"""
    )
    return {t: x1 for t, x1, x2, _ in ticks if x1 == x2}, {t: y for t, x1, x2, y in ticks if x1 != x2}


def expected(index, run, metric, x, at, smoothing=0.0):
    """The two cells of a run, by NumPy."""
    run = runs(index)[run]
    parts = [split if split in run.curves else None for split in ("train", "val")]
    found = [split and read_at(run, split, metric, x, at, smoothing) for split in parts]
    return ["–" if v is None else four(v) for v in found]


# ---- what it shows
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_it_starts_at_the_end_of_real_runs(viewer, scheme, theme):
    group = viewer(scheme=scheme, theme=theme)
    assert slider(group).get_attribute("aria-valuetext") == "epoch 8"
    expect(group.locator(".dlb-rv-table caption")).to_have_text("loss at epoch 8")
    for k in range(2):
        assert cells(group, k).all_text_contents() == expected(REAL, k, "loss", "epoch", 8)
    expect(group.locator(".dlb-rv-plot .dlb-rv-labels text")).to_have_count(2)
    expect(group.locator(".dlb-rv-layer")).to_have_count(5)
    words = re.compile("^loss of tanh, validation, from 2.* to .*; relu, validation")
    expect(group.get_by_role("img", name=words)).to_be_visible()


def test_the_cursor_reads_what_numpy_reads(viewer):
    group = viewer()
    positions = sorted({e for run in runs(REAL) for curve in run.curves.values() for e in curve.epoch})
    slider(group).press("Home")
    for k, at in enumerate(positions):
        if k:
            slider(group).press("ArrowRight")
        expect(slider(group)).to_have_attribute("aria-valuetext", f"epoch {run_numbers.position(at)}")
        settled(group)
        for run in range(2):
            assert cells(group, run).all_text_contents() == expected(REAL, run, "loss", "epoch", at)
    expect(slider(group)).to_have_js_property("value", "8")
    moves = {"PageDown": positions[-5], "ArrowUp": positions[-4], "End": 8, "ArrowRight": 8, "ArrowLeft": positions[-2]}
    for key, at in moves.items():
        slider(group).press(key)
        expect(slider(group)).to_have_attribute("aria-valuetext", f"epoch {run_numbers.position(at)}")


@pytest.mark.parametrize(
    ("metric", "x", "smoothing", "log"),
    [("loss", "step", 0.9, True), ("accuracy", "epoch", 0, False)],
)
def test_ten_long_runs_read_what_numpy_reads(viewer, metric, x, smoothing, log):
    query = f"?ten.metric={metric}&ten.x={x}&ten.smoothing={smoothing}&ten.log_scale={str(log).lower()}"
    group = viewer(TEN, query)
    for at in (1, 333, 641, 1000):
        at = at / 50 if x == "epoch" else at
        slider(group).evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })) }", at)
        expect(slider(settled(group))).to_have_attribute("aria-valuetext", f"{x} {run_numbers.position(at)}")
        for run in range(10):
            got, ours = cells(group, run).all_text_contents(), expected(TEN, run, metric, x, at, smoothing)
            if not smoothing:
                assert got == ours
            for a, b in zip(got, ours):  # what is smoothed was measured with four digits
                assert a == b or float(a) == pytest.approx(float(b), rel=1.1e-3)


def test_smoothing_shows_both_curves(viewer):
    group = viewer(TEN)
    raw = group.locator(".dlb-rv-raw")
    assert all(not d for d in raw.evaluate_all("(all) => all.map((e) => e.getAttribute('d'))"))
    before = group.locator(".dlb-rv-pale").first.get_attribute("d")
    smoothing = group.get_by_role("slider", name="Smoothing")
    for _ in range(6):
        smoothing.press("ArrowRight")
    expect(smoothing).to_have_attribute("aria-valuetext", "0.9")
    expect(raw.first).to_have_attribute("d", before)  # the measured curve stays, pale
    assert settled(group).locator(".dlb-rv-pale").first.get_attribute("d") != before
    expect(group.locator(".dlb-rv-table caption")).to_have_text("loss, smoothed, at epoch 20")


def test_no_spike_is_lost(viewer):
    group, spike = viewer(TEN), max(runs(TEN)[3].curves["train"].values["loss"])
    wide = group.locator(".dlb-rv-plot").get_attribute("viewBox")
    for width in (1280, 390):
        if width == 390:
            group.page.set_viewport_size({"width": 390, "height": 900})
            expect(group.locator(".dlb-rv-plot")).not_to_have_attribute("viewBox", wide)
        settled(group)
        line = group.locator(".dlb-rv-lines > g[data-run='3'] > .dlb-rv-pale")
        points = re.findall(r"[ML]([-\d.]+) ([-\d.]+)", line.get_attribute("d"))
        top = min(((float(x), float(y)) for x, y in points), key=lambda p: p[1])
        across, up = axes(group.locator(".dlb-rv-plot"))
        decade = up["1"] - up["10"]
        assert top[1] == pytest.approx(up["10"] - decade * np.log10(spike / 10), abs=0.15)
        assert top[0] == pytest.approx(across["10"] + (across["15"] - across["10"]) * (641 / 50 - 10) / 5, abs=0.15)


# ---- ten runs stay legible
def test_ten_runs_are_told_apart(viewer):
    group = viewer(TEN)
    expect(group.locator(".dlb-rv-lines > g")).to_have_count(20)
    names = group.locator(".dlb-rv-labels text")
    assert sorted(names.all_text_contents()) == sorted(run.name for run in runs(TEN))
    tops = sorted(names.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().top)"))
    assert min(b - a for a, b in zip(tops, tops[1:])) >= 13
    rows = group.locator(".dlb-rv-table tbody tr")
    looks = rows.evaluate_all(
        """(all) => all.map((r) => [getComputedStyle(r.querySelector('.dlb-sample')).color,
                                    r.querySelector('.dlb-marker').getAttribute('d')])"""
    )
    assert len({color for color, _ in looks}) == len({mark for _, mark in looks}) == 10
    train, val = (group.locator(f".dlb-rv-lines > g[data-run='4'] > {c}") for c in (".dlb-rv-pale", ".dlb-rv-solid"))
    assert train.evaluate("(e) => getComputedStyle(e).stroke") == val.evaluate("(e) => getComputedStyle(e).stroke")
    # the key of the two parts looks like the lines: many points are pale, few are dashed
    expect(group.locator("thead .dlb-sample path").first).to_have_class("dlb-rv-pale")
    expect(group.locator("thead .dlb-sample path").last).to_have_class("dlb-rv-solid")


def test_runs_and_parts_are_hidden_and_shown(viewer):
    group = viewer(TEN)
    lines = group.locator(".dlb-rv-lines > g")
    group.get_by_role("checkbox", name="lr = 0.5").uncheck()
    expect(lines).to_have_count(18)
    expect(cells(group, 0).first).to_be_hidden()
    group.get_by_role("checkbox", name="lr = 0.125").press("Space")
    expect(lines).to_have_count(16)
    expect(group.locator(".dlb-rv-labels text")).to_have_count(8)
    group.get_by_role("checkbox", name="train").uncheck()
    expect(lines).to_have_count(8)
    expect(cells(group, 1).first).to_have_text("–")
    group.get_by_role("checkbox", name="val").uncheck()
    expect(lines).to_have_count(0)
    expect(group.get_by_role("img", name="No run with numbers for loss is shown.")).to_have_count(1)
    group.get_by_role("checkbox", name="val").check()
    group.get_by_role("checkbox", name="lr = 0.5").check()
    expect(lines).to_have_count(9)
    # training alone is drawn as solid lines
    group.get_by_role("checkbox", name="train").check()
    group.get_by_role("checkbox", name="val").uncheck()
    expect(group.locator(".dlb-rv-lines .dlb-rv-solid")).to_have_count(9)
    expect(group.locator("thead .dlb-sample path").first).to_have_class("dlb-rv-solid")


def test_one_run_stands_out(viewer):
    group = viewer(TEN)
    lit = group.locator(".dlb-rv-lines > .dlb-rv-lit")

    def shown(run):
        expect(group.locator(f".dlb-rv-lines > .dlb-rv-lit[data-run='{run}']")).to_have_count(2)
        expect(lit).to_have_count(2)
        settled(group)
        others = group.locator(".dlb-rv-lines > g:not(.dlb-rv-lit)").first
        assert float(others.evaluate("(e) => getComputedStyle(e).opacity")) < 0.3
        assert float(lit.first.evaluate("(e) => getComputedStyle(e).opacity")) == 1

    group.locator(".dlb-rv-table tbody tr").nth(2).hover()
    shown(2)
    expect(group.locator(".dlb-rv-table tr.dlb-focus")).to_contain_text("lr = 0.125")
    group.page.mouse.move(2, 2)
    expect(lit).to_have_count(0)
    group.get_by_role("checkbox", name="lr = 0.5").focus()
    shown(0)
    group.get_by_role("checkbox", name="lr = 0.5").blur()
    box = settled(group).locator(".dlb-rv-labels text", has_text="lr = 0.25").bounding_box()
    group.page.mouse.move(box["x"] + 5, box["y"] + 7)
    shown(1)
    # over a line: its own end
    path = settled(group).locator(".dlb-rv-lines > g[data-run='0'] > .dlb-rv-solid")
    spot = path.evaluate(
        """(e) => { const p = e.getPointAtLength(e.getTotalLength() * 0.99), m = e.getScreenCTM();
                    return [p.x * m.a + m.e, p.y * m.d + m.f]; }"""
    )
    group.page.mouse.move(*spot)
    shown(0)
    group.page.mouse.move(2, 2)
    expect(lit).to_have_count(0)


def test_runs_that_end_differently(viewer):
    group = viewer(ENDS)
    notes = group.locator(".dlb-rv-note")
    assert notes.all_text_contents() == [
        "diverged at step 5",
        "interrupted at step 9",
        "stopped at epoch 7.5: no improvement",
        "",
        "",
        "loss is ∞ at step 3",
    ]
    assert notes.all_text_contents() == [run_numbers.ending(run) for run in runs(ENDS)]
    assert cells(group, 0).all_text_contents() == ["NaN", "–"]
    assert cells(group, 1).all_text_contents() == expected(ENDS, 1, "loss", "epoch", 10) != ["NaN", "–"]
    assert cells(group, 4).all_text_contents() == ["1.400", "–"]
    stops = group.locator(".dlb-rv-stop").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
    assert sorted("m-5-5" in d for d in stops) == [False, False, False, True]
    remark = group.locator(".dlb-rv-remark")
    expect(remark).to_contain_text("The plot ends at 4.600, and some values lie far outside")
    broken = re.compile("^M[^M]*M[^M]*$")  # at ∞
    expect(group.locator("[data-run='5'] .dlb-rv-dashed")).to_have_attribute("d", broken)
    group.get_by_label("logarithmic").check()
    expect(remark).to_have_count(0)
    expect(group.locator(".dlb-rv-plot .dlb-tick text").last).to_have_text(re.compile("1e(8|9|10)"))
    group.get_by_label("logarithmic").uncheck()
    group.get_by_role("checkbox", name="lr = 10").uncheck()
    expect(remark).to_have_count(0)
    settled(group)
    assert group.evaluate("(e) => e.querySelectorAll('b').length") == 0  # a name is never read as HTML
    assert not re.search(r"NaN|Infinity", group.locator(".dlb-rv-plot").evaluate("(e) => e.innerHTML"))
    expect(group.get_by_label("Curve of")).to_be_hidden()  # there is only the loss
    expect(group.get_by_label("Inside the network")).to_be_hidden()


def test_nothing_yet(viewer):
    group = viewer(NONE)
    expect(group.locator(".dlb-rv-empty")).to_have_text("No records yet.")
    expect(group.get_by_role("button")).to_have_count(0)


# ---- inside the network
def test_layers_say_what_numpy_says(viewer):
    group = viewer(query="?run.focus=1&run.at=5")
    for kind in ("activation", "gradient"):
        group.get_by_label("Inside the network").select_option(kind)
        settled(group)
        (run,) = [run for run in runs(REAL) if run.name == "relu"]
        frame = run.histograms[run_numbers.last_at(run.frames.epoch, 5)][kind]
        rows = group.locator(".dlb-rv-layer")
        expect(rows).to_have_count(5)
        assert rows.locator("strong").all_text_contents() == [f"layers.{i}" for i in range(5)]  # forward order
        for row in rows.all():
            histogram = frame[row.locator("strong").text_content()]
            mean, std = run_numbers.moments(histogram)
            near = f"{100 * run_numbers.near_zero(histogram):.0f} % near 0"
            said = row.locator(".dlb-read").text_content()
            # the page has the ends of a histogram as float32
            numbers = [float(t.replace("−", "-")) for t in re.findall(r"(?:mean|std) (\S+)", said)]
            np.testing.assert_allclose(numbers, [mean, std], rtol=2e-3, atol=1e-7)
            assert said.endswith(near) or 0 < run_numbers.near_zero(histogram) < 0.01


def test_bands_and_histogram_stand_where_the_numbers_are(viewer):
    group = viewer(query="?run.layer=layers.4&run.at=3")
    expect(group.locator(".dlb-rv-layer")).to_have_count(1)
    run = runs(REAL)[0]
    ticks = group.locator(".dlb-rv-layer .dlb-tick").evaluate_all(
        "(all) => all.map((g) => [+g.lastChild.textContent.replace('−', '-'), +g.firstChild.getAttribute('y1')])"
    )
    (v0, y0), (v1, y1) = ticks[0], ticks[-1]
    value = lambda y: v0 + (y - y0) / (y1 - y0) * (v1 - v0)  # noqa: E731
    median = group.locator(".dlb-rv-median").get_attribute("d")
    got = [value(float(y)) for y in re.findall(r"[ML][-\d.]+ ([-\d.]+)", median)]
    expected = [run_numbers.quantile(frame["activation"]["layers.4"], 0.5) for frame in run.histograms]
    room = abs(value(0.1) - value(0))
    np.testing.assert_allclose(got, expected, atol=room)
    outer = group.locator(".dlb-rv-band").first.get_attribute("d")
    places = [value(float(pair.split(" ")[1])) for pair in outer[1:-1].split("L")]
    n = len(run.histograms)
    for got, q in ((places[:n], 0.05), (places[n:][::-1], 0.95)):
        right = [run_numbers.quantile(frame["activation"]["layers.4"], q) for frame in run.histograms]
        np.testing.assert_allclose(got, right, atol=room)
    bars = group.locator(".dlb-rv-bars").get_attribute("d")
    histogram = run.histograms[run_numbers.last_at(run.frames.epoch, 3)]["activation"]["layers.4"]
    edges = [value(float(y)) for y in re.findall(r"V([-\d.]+)", bars)]
    np.testing.assert_allclose(edges, np.linspace(histogram.low, histogram.high, 31)[1:], atol=room)
    ends = [float(x) for x in re.findall(r"H([-\d.]+)V", bars)]
    start = float(re.match(r"M([-\d.]+)", bars)[1])
    lengths = np.array(ends) - start
    np.testing.assert_allclose(lengths / lengths.max(), histogram.counts / histogram.counts.max(), atol=0.005)


def test_a_saturated_layer_is_pointed_out(viewer):
    group = viewer()
    said = group.locator(".dlb-rv-layer", has_text="layers.3").locator(".dlb-read")  # the second tanh
    histogram = runs(REAL)[0].histograms[-1]["activation"]["layers.3"]
    share = run_numbers.beyond(histogram, -0.95, 0.95)
    expect(said).to_contain_text(f"{100 * share:.0f} % saturated (near ±1)")
    slider(group).press("Home")
    expect(said).not_to_contain_text("saturated")
    group.get_by_label("of run").select_option("relu")
    expect(group.locator(".dlb-rv-layers")).not_to_contain_text("saturated")


def test_sizes_stand_where_the_numbers_are(viewer):
    group = viewer(query="?run.histograms=gradient&run.at=5")
    sizes = group.locator(".dlb-rv-sizes")
    across, up = axes(sizes)
    assert list(across) == LAYERS.split(", ")
    (v0, y0), *_, (v1, y1) = [(np.log10(float(v.replace("−", "-"))), y) for v, y in up.items()]
    words = []
    for i, run in enumerate(runs(REAL)):
        frame = run.histograms[run_numbers.last_at(run.frames.epoch, 5)]["gradient"]
        std = [run_numbers.moments(frame[layer])[1] for layer in across]
        d = sizes.locator(f".dlb-rv-lines > g[data-run='{i}'] > .dlb-rv-solid").get_attribute("d")
        x, y = np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", d), float).T
        np.testing.assert_allclose(x, list(across.values()), atol=0.06)
        np.testing.assert_allclose(y, y0 + (np.log10(std) - v0) / (v1 - v0) * (y1 - y0), atol=0.12)
        words.append(f"{run.name} from {four(std[0])} in layers.0 to {four(std[-1])} in layers.4")
    said = f"Standard deviation of the gradients by layer at epoch 5: {'; '.join(words)}."
    expect(sizes).to_have_attribute("aria-label", said)
    names = sizes.locator(".dlb-rv-labels text")
    assert sorted(names.all_text_contents()) == ["relu", "tanh"]
    group.locator(".dlb-rv-table tbody tr").nth(1).hover()
    expect(sizes.locator(".dlb-rv-lines > .dlb-rv-lit")).to_have_attribute("data-run", "1")
    group.get_by_role("checkbox", name="tanh").uncheck()
    expect(names).to_have_text(["relu"])
    group.get_by_label("Inside the network").select_option("activation")
    expect(sizes).to_have_attribute("aria-label", re.compile("^Standard deviation of the activations"))
    # on a phone the names of the layers are cut to what they do not share
    group.page.set_viewport_size({"width": 390, "height": 800})
    expect(sizes.locator(".dlb-tick text").first).to_have_text("0")


def test_layers_are_chosen_or_left_out(viewer):
    group = viewer()
    group.get_by_label("Layer", exact=True).select_option("layers.1")
    expect(group.locator(".dlb-rv-layer")).to_have_count(1)
    assert settled(group).locator(".dlb-rv-ghost").get_attribute("d")  # the first histogram for comparison
    expect(group.locator(".dlb-rv-sizes")).to_be_hidden()
    group.get_by_label("Inside the network").select_option("none")
    expect(group.locator(".dlb-rv-layers")).to_be_hidden()
    expect(group.get_by_label("of run")).to_be_hidden()


# ---- pointing
def test_the_cursor_follows_mouse_and_finger(viewer):
    group = viewer()
    plot = group.locator(".dlb-rv-plot")
    plot.scroll_into_view_if_needed()
    box = settled(plot).bounding_box()
    x = dict(
        plot.locator(".dlb-tick").evaluate_all(
            "(all) => all.map((g) => [g.lastChild.textContent, g.firstChild.getBoundingClientRect().left])"
        )
    )
    mouse = group.page.mouse
    mouse.move(x["3"] + 2, box["y"] + 100)
    settled(group)
    expect(slider(group)).to_have_attribute("aria-valuetext", "epoch 8")  # moving alone does nothing
    mouse.down()
    expect(slider(group)).to_have_attribute("aria-valuetext", "epoch 3")
    mouse.move(x["5"] + 2, box["y"] + 120, steps=4)
    expect(slider(group)).to_have_attribute("aria-valuetext", "epoch 5")
    mouse.move(box["x"] - 200, box["y"] + 120)
    expect(slider(group)).to_have_attribute("aria-valuetext", re.compile("epoch 0.2"))
    mouse.up()
    mouse.move(x["5"], box["y"] + 120)
    settled(group)
    expect(slider(group)).to_have_attribute("aria-valuetext", re.compile("epoch 0.2"))
    layer = group.locator(".dlb-rv-layer svg").nth(2)
    layer.scroll_into_view_if_needed()
    low = settled(layer).bounding_box()
    mouse.click(x["6"] + 1, low["y"] + 20)
    expect(slider(group)).to_have_attribute("aria-valuetext", "epoch 6")
    line = settled(group).locator(".dlb-rv-layer .dlb-rv-cursor").nth(2).bounding_box()
    thumb = group.locator(".dlb-rv-plot .dlb-rv-cursor").bounding_box()
    assert line["x"] == pytest.approx(thumb["x"], abs=0.6) == pytest.approx(x["6"], abs=0.6)


def test_touch_on_a_phone(viewer):
    group = viewer(width=390, height=800, touch=True)
    plot = group.locator(".dlb-rv-plot")
    plot.scroll_into_view_if_needed()
    box, end = settled(plot).bounding_box(), plot.locator(".dlb-rv-cursor").bounding_box()["x"]
    group.page.touchscreen.tap(box["x"] + 46 + (end - box["x"] - 46) / 2, box["y"] + 80)
    expect(slider(group)).to_have_attribute("aria-valuetext", re.compile("epoch (3.9|4|4.1)"))
    assert plot.evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"  # the page still scrolls


# ---- addresses
def test_the_address_sets_and_keeps_the_state(viewer):
    asked = "metric=accuracy log_scale=false smoothing=0.7 x=step at=500 hidden=0,9 splits=val"
    group = viewer(TEN, "?" + "&".join(f"ten.{setting}" for setting in asked.split()))
    expect(group.get_by_label("Curve of")).to_have_value("accuracy")
    expect(group.get_by_label("Over")).to_have_value("step")
    expect(group.get_by_label("logarithmic")).not_to_be_checked()
    expect(group.get_by_role("slider", name="Smoothing")).to_have_attribute("aria-valuetext", "0.7")
    expect(group.locator(".dlb-rv-lines > g")).to_have_count(8)
    assert cells(settled(group), 1).last.text_content() == expected(TEN, 1, "accuracy", "step", 500, 0.7)[1]
    slider(group).press("ArrowRight")
    group.get_by_label("Curve of").select_option("loss")
    group.get_by_role("checkbox", name="lr = 0.25").uncheck()
    for kept in ("ten.at=550", "ten.hidden=0%2C1%2C9"):
        group.page.wait_for_function("(kept) => location.search.includes(kept)", arg=kept)
    assert "metric" not in group.page.evaluate("location.search")
    again = viewer(TEN, group.page.evaluate("location.search"))
    expect(slider(again)).to_have_attribute("aria-valuetext", "step 550")
    expect(again.locator(".dlb-rv-lines > g")).to_have_count(7)
    slider(again).press("End")
    again.page.wait_for_function("!location.search.includes('ten.at')")


def test_the_address_of_the_inside(viewer):
    group = viewer(query="?run.histograms=gradient&run.layer=layers.2&run.focus=1&run.at=4")
    group.get_by_label("of run").select_option("tanh")
    group.page.wait_for_function("!location.search.includes('focus')")
    group.get_by_label("Inside the network").select_option("none")
    group.page.wait_for_function("location.search.includes('histograms=none')")
    expect(viewer(query="?run.histograms=none").locator(".dlb-rv-layers")).to_be_hidden()


HOSTILE = {
    "smoothing=1": "a number from 0 to 0.999",
    "at=NaN": "a number from 0 to 1000000000000",
    "x=__proto__": "one of epoch, step, seconds",
    "log_scale=1": "true or false",
    "splits=train,train,val": "up to 2 values, separated by commas, each one of train, val",
    "hidden=1,2,-1": "up to 20 values, separated by commas, each a whole number from 0 to 19",
    "histograms=weights": "one of activation, gradient, none",
    "metric=<img src=x onerror=alert(1)>": "a name of up to 60 letters",
    "layer=" + "a" * 200: "a name of up to 120 letters",
    "focus=1.5": "a whole number from 0 to 19",
    "head=1": "has no such setting",
    "__proto__=1": "has no such setting",
}


def test_a_bad_address_is_refused_with_a_sentence_each(viewer):
    group = viewer(query="?" + "&".join(f"run.{asked}" for asked in HOSTILE))
    notes = group.page.locator(".dlb-host .dlb-note[role=status]")
    expect(notes).to_have_count(len(HOSTILE))
    notes = notes.all_text_contents()
    for note, (asked, message) in zip(notes, HOSTILE.items(), strict=True):
        assert f"asks for run.{asked.partition('=')[0]} = " in note and message in note
    assert cells(group, 0).all_text_contents() == expected(REAL, 0, "loss", "epoch", 8)
    assert group.locator("img").count() == 0


@pytest.mark.parametrize(
    ("query", "sentences"),
    [
        (
            "run.metric=f1&run.layer=constructor",
            [
                "These runs have no metric “f1”; they have loss, accuracy. Shown: loss.",
                f"These runs have no layer “constructor”; they have {LAYERS}. Shown: all layers.",
            ],
        ),
        ("run.metric=__proto__", ["These runs have no metric “__proto__”; they have loss, accuracy. Shown: loss."]),
        ("run.hidden=7,19&run.focus=19&run.at=1e9", []),
    ],
)
def test_what_these_runs_do_not_have_is_said(viewer, query, sentences):
    group = viewer(query=f"?{query}")
    expect(group.locator(".dlb-rv-remark")).to_have_text(sentences)
    assert cells(group, 0).all_text_contents() == expected(REAL, 0, "loss", "epoch", 8)
    expect(group.locator(".dlb-rv-layer")).to_have_count(5)


# ---- numbers out
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_csv_is_saved(viewer, scheme, tmp_path):
    group = viewer(ENDS, scheme=scheme)
    with group.page.expect_download() as waiting:
        group.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == "end.csv"
    waiting.value.save_as(tmp_path / "end.csv")
    assert (tmp_path / "end.csv").read_text("utf8") == python(ENDS).to_csv()


def given(markup: str) -> list[list[str]]:
    """The cells of each row of a table that Python made."""
    rows = re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", markup)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def tables(group) -> list[list[str]]:
    group.get_by_text("The same as a table").click()
    rows = group.locator("details tbody tr")
    rows.first.wait_for()
    return rows.evaluate_all("(all) => all.map((r) => [...r.cells].map((c) => c.textContent))")


def test_the_same_as_a_table(viewer):
    group = viewer(ENDS)
    rows = given(python(ENDS).table())
    assert sorted(tables(group)) == sorted(rows)
    group.get_by_role("checkbox", name="complete").uncheck()
    expect(group.locator("details tbody tr")).to_have_count(len(rows) - 2)


def test_the_layers_as_a_table(viewer):
    rows, ours = tables(viewer()), given(python(REAL).table())
    assert rows[:4] == ours[:4] and [row[0] for row in rows[4:]] == LAYERS.split(", ") == [row[0] for row in ours[4:]]
    numbers = [[float(cell) for cell in row[1:]] for row in rows[4:]]
    np.testing.assert_allclose(numbers, [[float(cell) for cell in row[1:]] for row in ours[4:]], rtol=2e-3)


def test_data_are_small(sample):
    scripts = {path: path.stat().st_size for path in (sample.folder / "_static" / "dlb").glob("d-*.js")}
    ten = [size for path, size in scripts.items() if "lr = 0.000977" in path.read_text("utf8")]
    assert len(ten) == 1 and ten[0] < 125_000
    assert max(scripts.values()) < 150 * 1024


# ---- for everybody
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(viewer, axe, theme, width):
    group = viewer(query="?run.smoothing=0.5&run.histograms=gradient&run.metric=f1", theme=theme, width=width)
    at_host(group.page, NONE)
    for part in group.page.locator(".dlb-rv details:visible").all():
        part.locator("summary").click()
    assert axe(settled(group.page), ".dlb-host") == []
    group.locator(".dlb-rv-table tbody tr").first.hover()
    group.get_by_role("checkbox", name="relu").uncheck()
    group.get_by_label("Layer", exact=True).select_option("layers.2")
    assert axe(settled(group.page), ".dlb-host") == []


def test_what_is_said_aloud(viewer):
    group = viewer()
    slider(group).press("Home")
    expect(group.get_by_role("status")).to_have_text(re.compile(r"^epoch 0.\d+: tanh 2.\d+, relu 2.\d+\.$"))
    ten = at_host(group.page, TEN)
    slider(ten).press("ArrowLeft")
    words = re.compile(r"^epoch 19.98: loss from 0.05\d+, lr = 0.25, to 0.7\d+, lr = 0.000977\.$")
    expect(ten.get_by_role("status")).to_have_text(words)


TINY = """(root) => [...root.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => [e.textContent, parseFloat(getComputedStyle(e).fontSize) * Math.abs(e.getScreenCTM?.().a ?? 1)])
    .filter(([, size]) => size < 10.9)"""
SMALL = """(root) => [...root.querySelectorAll(
        "button, input[type=range], select, summary, .dlb-rv-table label:not(:empty)")]
    .filter((e) => e.checkVisibility()).map((e) => [e.textContent, e.getBoundingClientRect()])
    .filter(([, b]) => Math.min(b.width, b.height) < 24)"""
OUTSIDE = """(root) => { const { right } = root.getBoundingClientRect();
    return [...root.querySelectorAll("svg.dlb-plot text, td, th, label, p, summary")].filter((e) => e.checkVisibility())
      .map((e) => [e.textContent, e.getBoundingClientRect()])
      .filter(([, b]) => b.width > 1 && b.right > right + 1).map(([words]) => words); }"""

TOUCHING = """(root) => [...root.querySelectorAll("svg.dlb-plot")].filter((e) => e.checkVisibility()).flatMap((svg) => {
    const all = [...svg.querySelectorAll(".dlb-tick text")].map((e) => [e.textContent, e.getBoundingClientRect()]);
    const over = (a, b) => Math.min(a.right, b.right) > Math.max(a.left, b.left)
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
    return all.flatMap(([t, a], i) => all.slice(i + 1).filter(([, b]) => over(a, b)).map(([u]) => [t, u])); })"""


def test_legible_on_a_phone(viewer):
    group = viewer(query="?run.histograms=gradient", width=390, height=800, touch=True)
    assert group.page.evaluate("document.documentElement.scrollWidth") == 390
    for index in (REAL, TEN, ENDS):
        group = at_host(group.page, index)
        for measure in (TINY, SMALL, OUTSIDE, TOUCHING):
            assert group.evaluate(measure) == []


def test_it_redraws_when_the_room_changes(viewer):
    group = viewer(TEN)
    wide = group.locator(".dlb-rv-plot").get_attribute("viewBox")
    group.page.set_viewport_size({"width": 420, "height": 800})
    plot = group.locator(".dlb-rv-plot")
    expect(plot).not_to_have_attribute("viewBox", wide)
    settled(group)
    assert plot.evaluate("(e) => e.viewBox.baseVal.width - e.clientWidth") == pytest.approx(0, abs=1)


def test_nothing_is_animated_and_ids_are_not_shared(viewer):
    group = viewer(TEN, motion="reduce")
    after_paint(group, lambda: slider(group).press("Home"))
    animated = "document.getAnimations().filter((a) => a.effect.target.closest('.dlb-rv')).length"
    assert group.page.evaluate(animated) == 0
    ids = group.page.evaluate("[...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_without_scripts(sample, open_page):
    page = open_page(sample.url("run_viewer.html"), js=False)
    posters = page.locator(".dlb-fallback svg[role=img]")
    expect(posters).to_have_count(4)
    expect(posters.first).to_have_attribute("aria-label", re.compile("loss of tanh, validation, from"))
    expect(posters.nth(1)).to_be_visible()
    expect(page.locator(".dlb-fallback").nth(ENDS).locator("table")).to_contain_text("diverged at step 5")


# ---- JupyterLab
TRAIN = """
import time, warnings
import numpy as np
from dlbook import data, pt, scratch
from dlbook.train import train
from dlbook.widgets import RunViewer
moons = data.split(data.two_moons(200, generator=np.random.default_rng(0)))
def slowly(records):
    for record in records:
        time.sleep(0.07)
        yield record
"""
SCRATCH = """
model = scratch.MLP((2, 8, 2), "tanh")
optimizer = scratch.SGD(model.parameters(), lr=0.5)
records = viewer.watch(slowly(train(model, scratch.cross_entropy, optimizer, moons.train, val=moons.val, epochs=12,
                                    histograms=True, run="scratch")))
"""
TORCH = """
import torch
torch.set_num_threads(1)
model = pt.MLP((2, 8, 2), "tanh")
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
records = viewer.watch(slowly(train(model, torch.nn.functional.cross_entropy, optimizer, moons.train, val=moons.val,
                                    epochs=12, histograms=True, run="torch")))
"""
RECORD = """(e) => { globalThis.seen = []; new MutationObserver(() => {
    const looks = '.dlb-rv-dashed, .dlb-rv-pale, .dlb-rv-solid', prompts = '.jp-Notebook .jp-Cell .jp-InputPrompt';
    const lines = [...e.querySelectorAll('.dlb-rv-plot .dlb-rv-lines > g')]
      .map((g) => (g.querySelector(looks).getAttribute('d').match(/[ML]/g) ?? []).length);
    seen.push([document.querySelectorAll(prompts)[globalThis.watched].textContent.includes('*'), ...lines]);
  }).observe(e, { attributes: true, attributeFilter: ['data-painted'] }); }"""


def test_jupyterlab_shows_a_loop_while_it_runs(lab):
    last = "len(viewer.records), len(records), viewer"
    notebook = lab.open([TRAIN + "viewer = RunViewer()\nviewer", SCRATCH, TORCH, last])
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Training runs")
    expect(group.locator(".dlb-rv-empty")).to_have_text("No records yet.")
    group.evaluate(RECORD)
    for cell, first in ((1, 0), (2, 2)):
        notebook.page.evaluate("(n) => { globalThis.watched = n; globalThis.seen.length = 0; }", cell)
        notebook.run(cell)
        notebook.page.wait_for_function("(n) => seen.at(-1)?.[n + 1] === 12 && seen.at(-1)?.[n + 2] === 12", arg=first)
        growing = notebook.page.evaluate("seen")
        while_it_ran = {state[first + 1] for state in growing if state[0] and len(state) > first + 1}
        assert len(while_it_ran) >= 6, growing  # many states before the cell was done
        assert while_it_ran <= set(range(13))
    assert set(settled(group).locator(".dlb-rv-plot .dlb-rv-labels text").all_text_contents()) == {"scratch", "torch"}
    expect(group.locator(".dlb-rv-layer")).to_have_count(3)
    notebook.run(3)
    expect(notebook.outputs(3)).to_contain_text(["(48, 24, RunViewer(runs=['scratch', 'torch']))"])


def test_jupyterlab_both_ways(lab, tmp_path):
    notebook = lab.open(
        [
            TRAIN
            + "records = [{'run': r, 'step': i, 'loss': 1 / i, 'f1': i} for r in 'ab' for i in range(1, 9)]\n"
            + "viewer = RunViewer(records)\nviewer",
            "viewer.metric, viewer.at, viewer.log_scale, viewer.hidden = 'f1', 3, True, [1]",
            "print(viewer.metric, viewer.at, viewer.hidden, viewer.smoothing)",
            "for i in range(9, 400):\n    viewer.add({'run': 'a', 'step': i, 'loss': 1 / i})",
            "def broken():\n    yield {'run': 'c', 'step': 1, 'loss': 3.0}\n    raise RuntimeError('out of memory')\n"
            "viewer.watch(broken())",
            "viewer.at = None",
            "viewer.x = 'time'",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Training runs")
    expect(cells(group, 0).first).to_have_text("0.1250")
    notebook.run(1)
    expect(group.locator(".dlb-rv-table caption")).to_have_text("f1 at step 3")
    expect(cells(group, 0).first).to_have_text("3.000")
    expect(group.locator(".dlb-rv-lines > g")).to_have_count(1)
    slider(group).press("ArrowDown")  # JupyterLab must not take it for its own
    group.get_by_label("Curve of").select_option("loss")
    group.get_by_role("checkbox", name="b", exact=True).check()
    group.get_by_role("slider", name="Smoothing").press("ArrowRight")
    notebook.answers(2, "loss 2.0 [] 0.3")
    notebook.run(3)  # far more records than messages
    notebook.run(5)
    expect(group.locator(".dlb-rv-table caption")).to_have_text("loss, smoothed, at step 399")
    notebook.run(4)
    expect(notebook.outputs(4).last).to_contain_text("out of memory")
    expect(cells(group, 2).first).to_have_text("3.000")
    with notebook.page.expect_download() as waiting:
        group.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "runs.csv")
    lines = (tmp_path / "runs.csv").read_text("utf8").splitlines()
    assert lines[0] == "run,epoch,step,split,loss,f1,seconds,device,stopped" and len(lines) == 1 + 399 + 8 + 1
    notebook.theme("JupyterLab Dark")
    assert group.evaluate("(e) => getComputedStyle(e).getPropertyValue('--dlb-pink')").strip() == "#ff7ec0"
    notebook.run(6)
    expect(notebook.outputs(6)).to_contain_text(["x: 'time' is not known"])
