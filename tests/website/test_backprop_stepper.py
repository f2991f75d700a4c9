"""The backprop stepper in the built page and in JupyterLab (book/backprop_stepper.md)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from waiting import after_paint, come_back, leave, passes, settled

from dlbook.widgets import BackpropStepper
from dlbook.widgets.backprop_examples import EXAMPLES
from dlbook.widgets.backprop_words import label, tidy

TITLE = "Backpropagation, step by step"


@pytest.fixture
def stepper(sample, open_page):
    def stepper(query="", scheme="http", index=0, **options):
        page = open_page(sample.url("backprop_stepper.html" + query, scheme), **options)
        group = page.get_by_role("group", name=TITLE).nth(index)
        group.locator(".dlb-bp-node").first.wait_for()
        return settled(group)

    return stepper


def card(group, name):
    return group.locator(".dlb-bp-node", has=group.page.locator(".dlb-bp-name", has_text=re.compile(f"^{name}$")))


CARDS = """(e) => Object.fromEntries([...e.querySelectorAll(".dlb-bp-node")].map((card) =>
    [".dlb-bp-name", ".dlb-bp-value", ".dlb-bp-grad"].map((part) => card.querySelector(part).innerText.trim()))
    .map(([name, ...texts]) => [name, texts]))"""


def shown(group, name) -> tuple[str, str]:
    """Value and gradient on the card of a node."""
    return tuple(settled(group).evaluate(CARDS)[name])


def press(group, *names):
    for name in names:
        group.get_by_role("button", name=name, exact=True).click()


def at(group, step):
    expect(group).to_have_attribute("data-at", str(step))


def panel(group):
    return group.locator(".dlb-bp-panel")


def on_card(v: float) -> str:
    """The number with as many digits as a card has room for."""
    return next(text for text in (tidy(v, digits) for digits in (4, 3, 2)) if len(text) <= 7)


def fill(group, name: str, text: str):
    """Types into the field of a leaf and waits until it is painted."""
    after_paint(group, lambda: group.get_by_label(name, exact=True).fill(text))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def formula(group) -> str:
    """What the panel says, as one line of text."""
    return plain(" ".join(settled(group).locator(".dlb-bp-formula").all_text_contents()))


# ---- stepping
@pytest.mark.parametrize(("scheme", "theme"), [("http", "light"), ("file", "dark")])
def test_forward_and_back_through_a_neuron(stepper, scheme, theme):
    group = stepper(scheme=scheme, theme=theme)
    assert shown(group, "w₁") == ("0.5", "") and shown(group, "z") == ("·", "")
    press(group, "Next →")
    at(group, 1)
    assert formula(group) == "z = w₁ · x₁ + w₂ · x₂ + b = 0.5 · 2 + (−1) · 1 + 0.5 = 0.5"
    assert shown(group, "z") == ("0.5", "") and shown(group, "ŷ") == ("·", "")
    assert card(group, "z").get_attribute("data-now") == "forward"
    press(group, "Next →", "Next →")
    at(group, 3)
    assert formula(group) == "L = (ŷ − y)² = (0.6225 − 1)² = 0.1425"
    press(group, "Next →")
    expect(panel(group)).to_contain_text("start at the end")
    assert shown(group, "L") == ("0.1425", "∂\u20091")
    press(group, "Next →")
    expect(panel(group)).to_contain_text("When ŷ moves a little, L moves −0.7551 times as far. Nothing lies between")
    press(group, "Next →")
    at(group, 6)
    assert formula(group) == "∂L/∂z = ∂L/∂ŷ · ∂ŷ/∂z ∂L/∂z = −0.7551 · 0.235 = −0.1774"
    expect(panel(group)).to_contain_text("Local derivative: ∂ŷ/∂z = ŷ · (1 − ŷ) = 0.6225 · (1 − 0.6225) = 0.235")
    expect(panel(group)).to_contain_text("Check by finite differences: −0.1774")
    expect(panel(group)).to_contain_text(
        "When z moves a little, ŷ moves 0.235 times as far; and when ŷ moves, L moves −0.7551 times as far."
    )
    assert card(group, "z").get_attribute("data-now") == "backward"
    expect(group.locator(".dlb-bp-tag.dlb-bp-live")).to_have_text("ŷ·(1−ŷ)0.235")
    expect(group.locator(".dlb-bp-tag.dlb-bp-shown")).to_have_count(2)
    press(group, "Next →", "Next →", "Next →")
    expect(panel(group)).to_contain_text("When b moves a little, z moves just as far; and when z moves,")
    expect(panel(group)).to_contain_text("The way back ends here. It has changed no leaf")
    expect(group.get_by_role("button", name="Next →")).to_have_attribute("aria-disabled", "true")
    press(group, "← Back")
    at(group, 8)
    press(group, "Start over")
    at(group, 0)
    assert shown(group, "ŷ") == ("·", "")


def test_each_example_shows_the_numbers_of_the_package(stepper):
    group = stepper()
    for name, example in EXAMPLES.items():
        group.get_by_label("Graph", exact=True).select_option(label=example["title"])
        expect(group.locator(".dlb-bp-says")).to_have_text(example["says"])
        at(group, 0)
        press(group, "All backward")
        python = BackpropStepper(name)
        numbers = python.numbers()
        at(group, python.graph().steps)
        assert settled(group).evaluate(CARDS) == {
            label(node.name): [on_card(value), "" if grad is None else f"∂\u2009{on_card(grad)}"]
            for node, value, grad in zip(python.graph().nodes, numbers.value, numbers.grad)
        }, name


def test_the_cross_entropy_leaves_the_difference(stepper):
    group = stepper("?step.example=neuron_ce&step.at=6")
    assert formula(group).endswith("= −1.607 · 0.235 = −0.3775")  # 0.6225 − 1
    expect(panel(group)).to_contain_text("they cancel, and what is left is ŷ − y")


def test_a_node_used_twice_adds_its_ways(stepper):
    group = stepper("?step.example=twice&step.at=7")
    lines = "∂L/∂a = ∂L/∂u · ∂u/∂a + ∂L/∂v · ∂v/∂a ∂L/∂a = 16 · 3 + 16 · 1 = 48 + 16 = 64"
    assert formula(group) == lines
    expect(panel(group)).to_contain_text("a is used twice: one product for each way to L, added up.")
    expect(panel(group)).to_contain_text("Local derivatives: ∂u/∂a = b = 3, ∂v/∂a = 1")
    expect(group.locator(".dlb-bp-line.dlb-bp-live")).to_have_count(2)
    fill(group, "b", "-3")  # what is negative stands in brackets, except at the beginning of a line
    assert formula(group).endswith("= −8 · (−3) + (−8) · 1 = 24 + (−8) = 16")


def test_a_relu_that_is_off_stops_the_gradient(stepper):
    group = stepper("?step.example=relu_dead&step.at=6")
    assert formula(group).endswith("= −2 · 0 = 0")
    expect(panel(group)).to_contain_text("The ReLU is flat at z = −2.5")
    fill(group, "w", "0.5")  # and comes back when it is on
    assert formula(group).endswith("= 0 · 1 = 0")
    fill(group, "w", "0.2")
    expect(panel(group)).not_to_contain_text("flat")
    assert formula(group).endswith("= −0.6 · 1 = −0.6")


# ---- leaves
def test_editing_a_leaf_recomputes_up_to_the_step(stepper):
    group = stepper("?step.at=6")
    fill(group, "w₂", "1")
    python = BackpropStepper(values={"w2": 1})
    numbers = dict(zip((n.name for n in python.graph().nodes), zip(python.numbers().value, python.numbers().grad)))
    expect(card(group, "z").locator(".dlb-bp-value")).to_have_text("2.5")
    for name in ("z", "yhat", "L"):
        assert shown(group, label(name)) == tuple(["", "∂\u2009"][k] + on_card(v) for k, v in enumerate(numbers[name]))
    assert shown(group, "w₁")[1] == ""  # not reached yet
    slider = group.get_by_label("w₂, slider")
    expect(slider).to_have_value("1")
    slider.press("ArrowRight")
    expect(group.get_by_label("w₂", exact=True)).to_have_value("1.1")
    press(group, "Start values")
    expect(group.get_by_label("w₂", exact=True)).to_have_value("-1")
    expect(group.get_by_role("button", name="Start values")).to_be_hidden()


def test_a_value_that_is_none_is_marked_and_not_used(stepper):
    group = stepper("?step.at=3")
    field = group.get_by_label("y", exact=True)
    for text in ("7", "", "-1"):
        field.fill(text)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(card(group, "y").locator(".dlb-bp-value")).to_have_text("1")
    field.blur()
    expect(field).to_have_value("1")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_arrows_up_and_down_on_a_leaf_change_it(stepper):
    group = stepper()
    leaf = card(group, "w₁")
    leaf.focus()
    for _ in range(3):
        leaf.press("ArrowUp")
    expect(leaf).to_have_accessible_name("w₁, value 0.8")
    leaf.press("ArrowDown")
    expect(group.get_by_label("w₁", exact=True)).to_have_value("0.7")
    card(group, "z").press("ArrowUp")  # only leaves
    settled(group)
    expect(card(group, "z")).to_have_accessible_name("z = w₁ · x₁ + w₂ · x₂ + b, no value yet")


def test_a_lost_number_is_said(stepper):
    group = stepper("?step.expression=log(a)*b&step.at=5")
    expect(group.locator(".dlb-note")).to_be_hidden()
    fill(group, "a", "-1")
    expect(group.locator(".dlb-note")).to_have_text(
        "u₁ has no finite value here, and neither has what is computed from it. Change a leaf."
    )
    expect(card(group, "u₁").locator(".dlb-bp-value")).to_have_text("no number")
    fill(group, "a", "1")
    expect(group.locator(".dlb-note")).to_be_hidden()


# ---- keys, playing
def test_keys(stepper):
    group = stepper()
    page = group.page
    group.get_by_role("button", name="Next →").focus()
    for key, step in {"ArrowRight": 1, "End": 9, "ArrowLeft": 8, "Home": 0}.items():
        page.keyboard.press(key)
        at(group, step)
    card(group, "w₁").focus()
    page.keyboard.press("ArrowRight")
    at(group, 1)
    expect(card(group, "w₁")).to_be_focused()
    reached = []
    for _ in range(9):  # from card to card
        reached.append(page.evaluate("document.activeElement.querySelector('.dlb-bp-name').textContent"))
        page.keyboard.press("Tab")
    assert sorted(reached) == sorted(["w₁", "x₁", "w₂", "x₂", "b", "z", "ŷ", "y", "L"])
    slider = group.get_by_role("slider", name="Step")
    slider.press("ArrowRight")
    at(group, 2)
    expect(slider).to_have_attribute("aria-valuetext", "2 of 9, forward: the value of ŷ")
    field = group.get_by_label("w₁", exact=True)
    field.press("ArrowRight")  # belongs to the field
    field.press("Home")
    at(settled(group), 2)
    page.keyboard.press("Alt+ArrowLeft")  # belongs to the browser
    at(settled(group), 2)


def test_two_keys_within_a_frame_are_two_steps(stepper):
    group = stepper()
    group.evaluate(
        """(e) => { for (let i = 0; i < 2; i++)
             e.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true })); }"""
    )
    at(settled(group), 2)


def test_a_button_that_leads_nowhere_keeps_the_focus(stepper):
    group = stepper("?step.at=8")
    forward = group.get_by_role("button", name="Next →")
    forward.press("Enter")
    at(group, 9)
    expect(forward).to_be_focused()
    forward.press("Enter")
    at(settled(group), 9)
    forward.press("ArrowLeft")
    at(group, 8)


def test_all_forward_and_all_backward(stepper):
    group = stepper("?step.example=two_layer")
    press(group, "All forward")
    at(group, 7)
    press(group, "All backward")
    at(group, 19)
    press(group, "All forward")
    at(group, 7)
    expect(group.get_by_role("button", name="All forward")).to_have_attribute("aria-disabled", "true")


def stopped_clock(page):
    """The clock of the page, which only ``run_for`` moves from here on: timers and frames."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    return page.clock


def test_it_plays_and_pauses_and_stops_at_the_end(stepper):
    group = stepper("?step.at=6")
    clock = stopped_clock(group.page)
    press(group, "Play")
    clock.run_for(50)
    at(group, 7)
    expect(group.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    press(group, "Pause")
    clock.run_for(5000)
    at(group, 7)
    press(group, "Play")
    clock.run_for(1800)
    at(group, 9)
    clock.run_for(2000)
    expect(group.get_by_role("button", name="Play")).to_be_visible()
    press(group, "Play")  # from the beginning
    clock.run_for(50)
    at(group, 1)
    press(group, "Next →")  # a step by hand ends it
    clock.run_for(50)
    expect(group.get_by_role("button", name="Play")).to_be_visible()
    at(group, 2)


def test_playing_rests_out_of_sight(stepper):
    group = stepper("?step.at=1")
    clock = stopped_clock(group.page)
    press(group, "Play")
    clock.run_for(50)
    at(group, 2)
    leave(group)
    clock.run_for(10_000)
    at(group, 2)
    come_back(group)
    clock.run_for(50)
    at(group, 3)


def test_a_dot_runs_along_the_lines_except_with_reduced_motion(stepper):
    for motion in ("no-preference", "reduce"):
        group = stepper("?step.at=5", motion=motion)
        group.evaluate(
            """(e) => { window.dots = 0;
                new MutationObserver((all) => { for (const m of all) window.dots += m.addedNodes.length; })
                  .observe(e.querySelector(".dlb-bp-lines").lastElementChild, { childList: true }); }"""
        )
        press(group, "Next →")
        at(group, 6)
        assert settled(group.page).evaluate("window.dots") == (1 if motion == "no-preference" else 0)
        expect(group.get_by_role("button", name="Play")).to_be_visible(visible=motion == "no-preference")


def test_looking_at_a_node_and_back(stepper):
    group = stepper("?step.at=9")
    card(group, "z").click()
    expect(panel(group)).to_contain_text("Looking at")
    assert formula(group).endswith("= −0.7551 · 0.235 = −0.1774")
    expect(card(group, "z")).to_have_attribute("aria-pressed", "true")
    at(group, 9)
    card(group, "x₁").click()
    expect(panel(group)).to_contain_text("Data: training does not move it, so no gradient is computed for it.")
    card(group, "x₁").click()
    expect(panel(group)).to_contain_text("Backward")
    card(group, "z").press("Enter")
    expect(panel(group)).to_contain_text("Looking at")
    press(group, "← Back")
    expect(panel(group)).to_contain_text("the gradient of w₂")
    expect(card(group, "z")).to_have_attribute("aria-pressed", "false")
    press(group, "Start over")
    card(group, "z").click()
    expect(panel(group)).to_contain_text("Its value is not computed yet.")


# ---- a formula of one's own
def test_a_formula_of_ones_own(stepper):
    group = stepper()
    group.get_by_label("Graph", exact=True).select_option(label="Your own formula")
    box = group.get_by_role("textbox", name="L =")
    expect(box).to_be_focused()
    expect(box).to_have_value("(a*b + sin(c))^2")
    fill(group, "b", "4")
    press(group, "All backward")
    python = BackpropStepper(expression="(a*b + sin(c))^2", values={"a": 2, "b": 4, "c": 0.5})
    for name, grad in python.gradients().items():
        assert shown(group, label(name))[1] == f"∂\u2009{on_card(grad)}"
    box.fill("b*x - exp(b/20)")
    at(group, 0)
    expect(group.locator(".dlb-bp-node")).to_have_count(7)
    expect(group.get_by_label("b", exact=True)).to_have_value("4")  # kept
    expect(group.get_by_label("x", exact=True)).to_have_value("-1")
    expect(group.get_by_label("a", exact=True)).to_have_count(0)
    group.get_by_label("Graph", exact=True).select_option(label="A variable used twice")
    expect(box).to_be_hidden()
    assert shown(group, "a") == ("2", "")


def test_a_formula_that_cannot_be_read_keeps_the_graph(stepper):
    group = stepper("?step.expression=a*b&step.at=4")
    box, problem = group.get_by_role("textbox", name="L ="), group.locator(".dlb-bp-problem")
    for text, message in {
        "a*(b": "Position 3: this “(” is never closed.",
        "a b": "Position 3: an operator is missing before “b”; a product is written with *.",
        "a*foo(b)": "Position 3: foo is not a function here",
        "": "The formula is empty.",
        "*".join("a" * 16): "The formula has 16 nodes",
        "<img src=x onerror=alert(1)>": "Position 1: “<” does not belong in a formula.",
    }.items():
        box.fill(text)
        expect(problem).to_contain_text(message)
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(settled(group).locator(".dlb-bp-node")).to_have_count(3)
        at(group, 4)
    box.fill("a*b^")
    expect(problem.locator("mark")).to_have_text("␣")
    assert box.get_attribute("maxlength") == "80"
    box.fill("a*b^2")
    expect(problem).to_be_empty()
    expect(group.locator(".dlb-bp-node")).to_have_count(4)


# ---- right beside wrong
def test_document_001_beside_the_right_gradient(stepper):
    group = stepper("?step.example=two_layer&step.at=7")
    group.get_by_label("Document 001's equation beside the right one").check()
    table = group.locator(".dlb-bp-compare table")
    expect(table.locator("tbody td")).to_have_text(["–"] * 16)
    group.get_by_role("slider", name="Step").fill("12")
    expect(card(group, "h₁").locator(".dlb-bp-doc")).to_have_text("001 −0.588")
    expect(panel(group)).to_contain_text("∂L/∂h₁ = ∂L/∂ŷ · σ′(v₁ · h₁ + b) · v₁ = −1.582 · 0.2477 · 1.5 = −0.5876")
    expect(panel(group)).to_contain_text(
        "It takes the slope σ′ at v₁ · h₁ + b = 0.1932. "
        "But what went into the sigmoid was z = −1.33, where the slope is 0.1654."
    )
    expect(group.locator(".dlb-bp-verdict")).to_have_text("The rows fill as you step back.")
    press(group, "All backward")
    row = table.locator("tbody tr")
    expect(row.nth(0).locator("td")).to_have_text(["−0.3924", "−0.5876", "49.7 %", "−0.3924"])
    expect(row.nth(1).locator("td")).to_have_text(["−0.5233", "−0.3263", "37.6 %", "−0.5233"])
    expect(row.nth(2).locator("td")).to_have_text(["−0.3086", "−0.4621", "49.7 %", "−0.3086"])
    expect(row.nth(3).locator("th")).to_have_text("∂L/∂w₂")
    expect(group.locator(".dlb-bp-verdict")).to_contain_text("Document 001 is off by up to 49.7 %")
    press(group, "Silence the second unit: v₂ = 0")
    expect(group.get_by_label("v₂", exact=True)).to_have_value("0")
    expect(row.nth(0).locator("td").nth(2)).to_have_text("0 %")
    expect(group.locator(".dlb-bp-verdict")).to_contain_text("Here the two agree: one unit adds nothing to the sum")
    group.get_by_label("Document 001's").uncheck()
    expect(table).to_be_hidden()
    expect(group.locator(".dlb-bp-doc:visible")).to_have_count(0)
    group.get_by_label("Graph", exact=True).select_option(label="A variable used twice")
    expect(group.get_by_label("Document 001's")).to_be_hidden()


def test_everything_as_a_table(stepper):
    group = stepper("?step.example=two_layer&step.at=13&step.wrong=true")
    group.get_by_text("The same as a table").click()
    rows = group.locator(".dlb-bp-table tbody tr")
    expect(settled(rows)).to_have_count(14)
    cells = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows.all()}
    assert cells["h₁"] == ["tanh(z₁)", "0.4621", "–", "−0.3924", "−0.5876", "−0.3924"]
    assert cells["h₂"] == ["tanh(z₂)", "−0.7616", "–", "–", "–", "–"]  # not reached
    assert cells["x"] == ["data", "1", "–", "–", "–", "–"]
    assert "∂z/∂v₂ = h₂ = −0.7616" in cells["z"][2]
    press(group, "Start over")
    expect(rows.nth(7).locator("td").nth(1)).to_have_text("–")


# ---- the address
def test_the_address_sets_and_keeps_the_state(stepper):
    group = stepper("?step.example=two_layer&step.values=v2,0,w1,-1.5&step.at=12&step.wrong=true")
    at(group, 12)
    expect(group.get_by_label("w₁", exact=True)).to_have_value("-1.5")
    expect(group.locator(".dlb-bp-compare")).to_be_visible()
    press(group, "Next →")
    group.page.wait_for_url(re.compile(r"step\.at=13"))
    fill(group, "v₁", "0.25")
    group.page.wait_for_url(re.compile(r"v1%2C0\.25"))
    group.page.reload()
    group = group.page.get_by_role("group", name=TITLE).first
    at(group, 13)
    expect(group.get_by_label("v₁", exact=True)).to_have_value("0.25")
    group.get_by_label("Graph", exact=True).select_option(label="Your own formula")
    group.get_by_role("textbox", name="L =").fill("p^2 + q")
    group.page.wait_for_url(re.compile(r"step\.expression=p%5E2\+%2B\+q"))
    group.page.reload()
    expect(group.page.get_by_role("textbox", name="L =").first).to_have_value("p^2 + q")


def test_the_address_of_a_formula_can_ask_for_an_example(stepper):
    group = stepper("?own.expression=&own.example=twice", index=1)
    expect(group.get_by_label("Graph", exact=True)).to_have_value("twice")
    at(group, 8)  # step 9 is one too many


@pytest.mark.parametrize(
    "asked",
    [
        {
            "example=own": "one of neuron, neuron_ce, twice, two_layer, relu_dead",
            "expression=a*": "a formula of at most 80 characters and 15 nodes",
            "values=a,NaN": "names and values in turn",
            "at=-1": "a whole number from 0 to 30",
            "wrong=1": "true or false",
            "__proto__=1": "has no such setting",
            "constructor=1": "has no such setting",
        },
        {
            "example=__proto__": "one of neuron",
            "expression=constructor.constructor('alert(1)')()": "a formula of at most 80",
            "values=__proto__,1": "names and values",
            "at=1e9": "a whole number",
        },
        {
            "expression=" + "a*" * 5000 + "a": "a formula of at most 80",
            "values=" + ",".join(f"a{i},1" for i in range(2000)): "names and values",
            "at=99999999999999": "a whole number",
        },
        {"expression=<img src=x onerror=alert(1)>": "a formula", "values=w1,1,w1,2": "names and values"},
        {"expression=" + "(" * 80: "a formula", "values=w1,1e999": "names and values"},
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(stepper, asked):
    group = stepper("?" + "&".join(f"step.{setting}" for setting in asked))
    notes = group.page.locator(".dlb-note:visible")
    expect(notes).to_have_count(len(asked))
    for note, message in zip(notes.all(), asked.values()):
        expect(note).to_contain_text(message)
    at(group, 0)
    assert shown(group, "w₁") == ("0.5", "")


def test_values_for_leaves_that_are_not_there_are_left_out_and_said(stepper):
    group = stepper("?step.example=twice&step.values=a,5,q7,1&step.at=30")
    expect(group.locator(".dlb-note")).to_have_text(
        "q₇ = 1 is left out: this graph has no such leaf, or not with this value."
    )
    assert shown(group, "a")[0] == "5"
    at(group, 8)


# ---- for everyone
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(stepper, axe, theme, width):
    group = stepper("?step.example=two_layer&step.wrong=true", theme=theme, width=width)
    group.locator("summary").click()
    for step in ("4", "14"):
        group.get_by_role("slider", name="Step").fill(step)
        at(group, step)
        assert axe(group.page, ".dlb:not(.dlb-fallback)") == []
    press(group, "All backward")
    card(group, "h₁").click()
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []
    group.get_by_label("Graph", exact=True).select_option(label="Your own formula")
    group.get_by_role("textbox", name="L =").fill("log(a*")
    group.get_by_label("a", exact=True).fill("5000")
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []
    group.get_by_role("textbox", name="L =").fill("log(-a)")
    expect(group.locator(".dlb-note")).to_be_visible()
    assert axe(settled(group.page), ".dlb:not(.dlb-fallback)") == []


def test_what_is_said_aloud(stepper):
    group = stepper("?step.at=5")
    said = group.locator("p.dlb-sr[role=status]")
    passes(group, 650)  # it waits for a still moment
    expect(said).to_be_empty()  # a page that opens stays silent
    press(group, "Next →")
    expect(said).to_have_text(
        "Step 6 of 9, backward: ∂L/∂z = −0.7551 · 0.235 = −0.1774."
    )
    expect(card(group, "z")).to_have_accessible_name("z = w₁ · x₁ + w₂ · x₂ + b, value 0.5, gradient −0.1774")
    expect(group.locator(".dlb-bp-graph")).to_have_attribute(
        "aria-label", "Graph of 9 nodes from the leaves to L. Step 6 of 9. ∂L/∂z = −0.7551 · 0.235 = −0.1774."
    )


FAULTS = """(widget) => {
    const seen = [...widget.querySelectorAll("*")].filter((e) => e.checkVisibility());
    const { left, right } = widget.getBoundingClientRect(), within = (b) => b.left >= left && b.right <= right + 1;
    const faults = [], say = (what, e) => faults.push(`${what}: ${e.className} ${e.textContent}`), px = parseFloat;
    const tall = ".dlb-btn, select, input:not([type=checkbox]), .dlb-bp-node, summary";
    const cut = ".dlb-bp-value, .dlb-bp-grad, .dlb-bp-doc, .dlb-bp-head, .dlb-bp-compare";
    for (const e of seen) {
      const box = e.getBoundingClientRect(), text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (box.width > 1 && !e.closest(".dlb-bp-scroll > *, svg") && !within(box)) say("outside", e);
      if (text && px(getComputedStyle(e).fontSize) < 11) say("tiny", e);
      if (e.matches(tall) && box.height < 24) say("flat", e);
      if (e.matches(cut) && e.scrollWidth > e.clientWidth + 1) say("cut", e);
    }
    if (document.documentElement.scrollWidth !== innerWidth) faults.push("the page is wider than the window");
    return faults;
}"""


def test_legible_on_a_phone(sample, stepper):
    page = stepper(width=390, height=844, touch=True).page
    for example in [*EXAMPLES, "sin(a)*b/(c+cos(a))-exp(b)", "a*b+c*d-e*f"]:
        query = f"example={example}" if example in EXAMPLES else f"expression={example.replace('+', '%2B')}"
        page.goto(sample.url(f"backprop_stepper.html?step.{query}&step.at=30&step.wrong=true"))
        group = page.get_by_role("group", name=TITLE).first
        expect(card(group, "L").locator(".dlb-bp-grad")).to_have_text("∂\u20091")
        group.locator("summary").click()
        group.locator(".dlb-bp-table").wait_for()
        assert settled(group).evaluate(FAULTS) == [], example


def test_touch(stepper):
    group = stepper("?step.example=two_layer", width=390, height=844, touch=True)
    group.get_by_role("button", name="Next →").tap()
    at(group, 1)
    group.get_by_role("button", name="All backward").tap()
    at(group, 19)
    card(group, "w₁").tap()
    expect(panel(group)).to_contain_text("Looking at")
    bar = group.locator(".dlb-bp-bar")  # stays in sight while the graph is scrolled
    assert bar.evaluate("(e) => getComputedStyle(e).position") == "sticky"


def test_the_step_is_brought_into_view_on_a_phone(stepper):
    group = stepper("?step.example=two_layer", width=390, height=844, touch=True, motion="reduce")

    def in_sight(name: str) -> bool:
        box, bar = settled(card(group, name)).bounding_box(), group.locator(".dlb-bp-bar").bounding_box()
        return 40 <= box["y"] and box["y"] + box["height"] <= bar["y"] + 1

    press(group, "All forward")
    at(group, 7)
    assert in_sight("L") and in_sight("ŷ")
    press(group, "All backward")
    at(group, 19)
    assert in_sight("w₂") and in_sight("z₂")  # with the node that its gradient comes from


def test_numbers_fit_their_cards(stepper):
    group = stepper("?step.example=two_layer&step.at=19&step.wrong=true&step.values=w1,-123.456,x,0.01234,v1,-0.001234")
    expect(card(group, "w₁").locator(".dlb-bp-doc")).not_to_be_empty()
    assert settled(group).evaluate(FAULTS) == []


def test_the_buttons_stay_where_they_are(stepper):
    group = stepper("?step.example=two_layer")
    places = []
    for step in range(1, 20):
        press(group, "Next →")
        at(group, step)
        places.append(settled(group).evaluate(
            """(e) => e.querySelector(".dlb-bp-transport").getBoundingClientRect().y - e.getBoundingClientRect().y"""
        ))  # fmt: skip
    assert max(places) - min(places) < 1.5


def test_it_is_laid_out_again_when_the_room_changes(stepper):
    group = stepper("?step.example=two_layer")
    graph = group.locator(".dlb-bp-graph")
    wide = graph.bounding_box()["height"]
    group.page.set_viewport_size({"width": 420, "height": 900})
    expect(group).to_have_class(re.compile("dlb-bp-tall"))
    assert settled(graph).bounding_box()["height"] > wide


def test_several_on_a_page_do_not_share_ids(stepper):
    group = stepper(index=1)
    group.page.get_by_role("group", name=TITLE).nth(2).scroll_into_view_if_needed()
    ids = group.page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})
    at(group, 9)
    assert shown(group, "a") == ("2", "∂\u20093")


# ---- print, no scripts, JupyterLab
def test_without_scripts_and_in_print(sample, open_page):
    page = open_page(sample.url("backprop_stepper.html"), js=False)
    first = page.locator(".dlb-fallback").first
    expect(first.locator("svg[role=img]")).to_have_attribute(
        "aria-label", "A graph of 9 nodes with L = 0.1425; ∂L/∂w₁ = −0.3549, ∂L/∂w₂ = −0.1774, ∂L/∂b = −0.1774."
    )
    expect(first.locator("table")).to_contain_text("∂ŷ/∂z = ŷ · (1 − ŷ) = 0.235")
    expect(page.locator(".dlb-fallback").nth(2).locator("table")).to_contain_text("−0.5876")
    page.set_viewport_size({"width": 390, "height": 844})  # scrolls in its frame, so that it stays legible
    assert first.locator("svg").bounding_box()["width"] == 660
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page = open_page(sample.url("backprop_stepper.html"), media="print")
    expect(page.locator(".dlb-fallback").first).to_be_visible()
    expect(page.locator(".dlb-host").first).to_be_hidden()


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import BackpropStepper\n"
            "w = BackpropStepper(expression='(a*b + c)^2', values={'a': 2, 'b': -1, 'c': 0.5}, at=3)\nw",
            "w.at = 5; w.values = {'a': 3, 'b': -1, 'c': 0.5}",
            "print(w.at, w.values, w.gradients()['a'])",
            "w.example = 'two_layer'; w.wrong = True; w.at = 19",
            "w.expression = 'a*'",
            "w.expression = 'p*q'",
            "print(w.example, w.values, w.at, repr(w.expression))",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name=TITLE)
    at(group, 3)
    assert shown(group, "L") == ("2.25", "")
    notebook.run(1)
    at(group, 5)
    expect(card(group, "L").locator(".dlb-bp-value")).to_have_text("6.25")
    group.get_by_role("button", name="Next →").focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowRight")  # JupyterLab must not take it for its own
    at(group, 8)
    fill(group, "b", "2")
    notebook.answers(2, "8 {'a': 3.0, 'b': 2.0, 'c': 0.5} 26.0")
    notebook.run(2)  # what the page still had to send has been answered now, and cannot undo the next cell
    notebook.run(3)
    at(group, 19)
    expect(group.locator(".dlb-bp-verdict")).to_contain_text("off by up to 49.7 %")
    notebook.theme("JupyterLab Dark")
    assert group.evaluate("(e) => getComputedStyle(e).getPropertyValue('--dlb-blue')").strip() == "#6cb6ff"
    notebook.run(4)
    words = "position 3: expected a number, a variable or “(”, got the end"
    expect(notebook.outputs(4)).to_contain_text([words])
    notebook.run(5)
    expect(group.get_by_role("textbox", name="L =")).to_have_value("p*q")
    expect(group.get_by_label("Graph", exact=True)).to_have_value("own")
    group.get_by_label("Graph", exact=True).select_option(label="A variable used twice")
    press(group, "All forward")
    notebook.answers(6, "twice {} 3 ''")
