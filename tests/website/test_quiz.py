"""The questions in the built page and in JupyterLab (book/quiz.md)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def quiz(sample, open_page):
    def quiz(start, scheme="http", **options):
        page = open_page(sample.url("quiz.html", scheme), **options)
        return page.get_by_role("group", name=re.compile(f"^(Check yourself|Predict first): {start}")).first

    return quiz


def status(group):
    return group.get_by_role("status")


def press(group, name):
    group.get_by_role("button", name=name).click()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_number(quiz, scheme):
    group = quiz("Three inputs", scheme)
    answer = group.get_by_label("Your answer")
    answer.fill("5")
    answer.press("Enter")
    expect(status(group)).to_contain_text("Not yet.")
    expect(status(group)).to_contain_text("That is one weight a node: 3 + 2.")
    expect(status(group).locator("code")).to_have_text("3 + 2")
    press(group, "Try again")
    expect(answer).to_be_focused()
    expect(answer).to_have_value("")
    expect(status(group)).to_be_empty()
    answer.fill("16/2")
    press(group, "Check")
    expect(status(group)).to_contain_text("Right.")
    expect(status(group)).to_contain_text("Six weights and two biases.")
    expect(answer).to_be_disabled()
    press(group, "Start over")
    expect(answer).to_be_enabled()
    answer.fill("7")
    press(group, "Check")
    expect(status(group)).to_have_text("✗Not yet.")  # no mistake that is known
    answer.fill("8")  # a correction takes the verdict back
    expect(status(group)).to_be_empty()
    press(group, "Check")
    expect(status(group)).to_contain_text("Right.")


def test_what_is_no_number_gets_a_hint(quiz):
    group = quiz("Three inputs")
    answer = group.get_by_label("Your answer")
    for text, hint in {
        "": "Type a number first",
        "0,5": "decimal point",
        "eight": "like 8, 0.5, 1/3 or 1e-3",
        "1/0": "divided by zero",
    }.items():
        answer.fill(text)
        answer.press("Enter")
        expect(status(group)).to_contain_text(hint)
        expect(answer).to_have_attribute("aria-invalid", "true")
    answer.fill("8")
    press(group, "Check")
    expect(answer).not_to_have_attribute("aria-invalid", "true")


def test_hint_and_answer_on_request(quiz):
    group = quiz("Three inputs")
    hint = group.get_by_role("button", name="Hint")
    expect(hint).to_have_attribute("aria-expanded", "false")
    hint.press("Enter")
    expect(hint).to_have_attribute("aria-expanded", "true")
    expect(group.locator(".dlb-quiz-hint em")).to_have_text("edges")
    show = group.get_by_role("button", name="Show the answer")
    expect(show).to_be_hidden()  # only after a try
    group.get_by_label("Your answer").fill("6")
    press(group, "Check")
    show.click()
    expect(status(group)).to_have_text("→The answer is 8.Six weights and two biases.")
    expect(hint).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_choice(quiz, theme):
    group = quiz("What is W2", theme=theme)
    expect(group.locator("legend sub").first).to_have_text("2")
    press(group, "Check")
    expect(status(group)).to_have_text("Choose an option first.")
    group.get_by_role("radio", name="Linear").press("ArrowDown")  # arrows move the choice
    expect(group.get_by_role("radio", name="Quadratic")).to_be_checked()
    group.get_by_role("radio", name="Quadratic").press("Enter")
    expect(status(group)).to_contain_text("Not yet.")
    expect(status(group)).to_contain_text("Nothing is squared.")
    expect(group.locator("[data-mark=wrong]")).to_have_text("Quadratic in x✗ not this")
    expect(group.locator("[data-mark=right]")).to_have_count(0)  # the right one stays secret
    press(group, "Try again")
    group.get_by_text("Linear in x").click()
    press(group, "Check")
    expect(status(group)).to_have_text("✓Right.The product is one matrix.Depth alone buys nothing.")
    expect(group.locator("[data-mark=right]")).to_have_text("Linear in x✓ right")
    expect(group.get_by_text("Nothing is squared.")).to_be_visible()  # and why the other is not
    expect(group.get_by_role("button", name="Start over")).to_be_focused()
    colors = group.locator(".dlb-verdict").evaluate("(e) => getComputedStyle(e).borderLeftColor")
    assert colors == {"light": "rgb(0, 128, 92)", "dark": "rgb(79, 209, 165)"}[theme]


def test_several_choices(quiz):
    group = quiz("Which stay")
    sigmoid, tanh, relu = (group.get_by_role("checkbox", name=n) for n in ("Sigmoid", "Tanh", "ReLU"))
    press(group, "Check")
    expect(status(group)).to_have_text("Mark at least one option first.")
    tanh.press("Space")
    relu.press("Space")
    press(group, "Check")
    expect(status(group)).to_contain_text("1 of your 2 marks does not belong, and 1 option is missing.")
    expect(group.get_by_text("relu(1000) is 1000.")).to_be_visible()
    expect(group.get_by_text("It follows x.")).to_be_hidden()  # nothing about what was not marked
    relu.uncheck()
    expect(status(group)).to_be_empty()
    sigmoid.check()
    press(group, "Check")
    expect(status(group)).to_contain_text("Right.")
    expect(group.get_by_text("It follows x.")).to_be_visible()


def test_the_answer_to_several_choices_on_request(quiz):
    group = quiz("Which stay")
    group.get_by_role("checkbox", name="GELU").check()
    press(group, "Check")
    expect(status(group)).to_contain_text("Your mark does not belong, and 2 options are missing.")
    press(group, "Show the answer")
    expect(status(group)).to_have_text("→The answer is marked above.")
    expect(group.locator("[data-mark=right]")).to_have_count(2)
    press(group, "Start over")
    expect(group.get_by_role("checkbox", name="GELU")).not_to_be_checked()
    expect(group.locator("[data-mark=right], [data-mark=wrong]")).to_have_count(0)


def test_a_prediction_is_not_judged(quiz):
    group = quiz("All weights")
    group.get_by_text("Fall", exact=True).click()
    expect(group.get_by_text("It stays at 0.693.")).to_have_count(0)  # first commit
    press(group, "Commit to this prediction")
    expect(status(group)).to_have_text("→You predicted: FallIt cannot.It stays at 0.693.")
    assert not re.search("right|wrong|not yet", status(group).inner_text(), re.I)
    expect(group.get_by_role("radio", name="Stay")).to_be_disabled()
    expect(group.get_by_text("All units stay equal.")).to_be_visible()
    press(group, "Start over")
    expect(group.get_by_role("radio", name="Stay")).to_be_enabled()


def test_nothing_in_a_text_becomes_html(quiz):
    group = quiz("<img src=x")
    expect(group.locator("legend")).to_have_text("<img src=x onerror=alert(1)>")
    group.get_by_role("radio", name="<b>bold</b>").check()
    press(group, "Check")
    expect(status(group)).to_contain_text("<script>alert(2)</script>")
    expect(group.locator("img, script, b, u, a")).to_have_count(0)
    expect(group.locator("legend, label, p").locator("em")).to_have_text("<u>")


def test_questions_do_not_share_ids_or_answers(quiz):
    group = quiz("Three inputs")
    ids = group.page.evaluate("() => [...document.querySelectorAll('.dlb [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    group.page.locator(".dlb-quiz").get_by_text("Stay", exact=True).click()
    expect(group.page.locator("input:checked")).to_have_count(1)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(quiz, axe, theme, width):
    group = quiz("Three inputs", theme=theme, width=width)
    page = group.page
    assert axe(page, ".dlb:not(.dlb-fallback)") == []
    group.get_by_label("Your answer").fill("5")
    for option in ("Quadratic in x", "ReLU", "Fall"):
        page.locator(".dlb-quiz").get_by_text(option, exact=True).click()
    for button in page.locator(".dlb-quiz button[type=submit]").all():
        button.click()
    expect(page.locator(".dlb-right, .dlb-wrong, .dlb-neutral")).to_have_count(4)
    assert axe(page, ".dlb:not(.dlb-fallback)") == []
    for group in page.locator(".dlb-quiz[data-state=wrong]").all()[::-1]:
        press(group, "Show the answer")
    expect(page.locator(".dlb-quiz[data-state=done]")).to_have_count(4)
    assert axe(page, ".dlb:not(.dlb-fallback)") == []


def test_on_a_phone(quiz):
    group = quiz("Which stay", width=390, height=800, touch=True)
    group.get_by_text("Tanh", exact=True).tap()
    group.get_by_text("Sigmoid", exact=True).tap()
    group.get_by_role("button", name="Check").tap()
    expect(status(group)).to_contain_text("Right.")
    assert group.page.evaluate("document.documentElement.scrollWidth") == 390
    for part in group.page.locator(".dlb-quiz label, .dlb-quiz button").all():
        if part.is_visible() and part.inner_text() != "Your answer":
            assert part.bounding_box()["height"] >= 24


def test_without_scripts(sample, open_page):
    page = open_page(sample.url("quiz.html"), js=False)
    first = page.locator(".dlb-fallback").nth(1)
    expect(first).to_contain_text("What is W2 (W1 x)?")
    expect(first.locator("ul").first.locator("li")).to_have_text(["Linear in x", "Quadratic in x"])
    expect(first.get_by_text("The product is one matrix.")).to_be_hidden()
    first.get_by_text("Answer", exact=True).click()
    expect(first.get_by_text("The product is one matrix.")).to_be_visible()


def test_the_state_of_the_page_does_not_spell_the_answer(sample):
    page = (sample.folder / "quiz.html").read_text("utf8")
    state = re.search(r"widget-state\+json\">(.*?)</script>", page, re.S)[1]
    assert "how many numbers" in state and "Six weights" not in state and "Nothing is squared" not in state


def test_jupyterlab_both_ways(lab):
    notebook = lab.open(
        [
            "from dlbook.widgets import Quiz\n"
            "q = Quiz.number('How many?', 8, explain='Six and two.', wrong={5: 'Nodes.'})\nq",
            "print(q.response, q.correct)",
            "q.response = 8",
            "q.response = None",
            "c = Quiz.choices('Which?', {'a': 'A.', 'b': 'B.'}, ['a', 'b'])\nc",
            "c.response = ['a']\nprint(c.correct)",
            "print(c.response, c.correct)",
        ]
    )
    notebook.run(0)
    group = notebook.cell(0).get_by_role("group", name="Check yourself: How many?")
    group.get_by_label("Your answer").click()
    notebook.page.keyboard.type("5.0")  # JupyterLab must not take the keys for its own
    notebook.page.keyboard.press("Enter")
    expect(status(group)).to_contain_text("Nodes.")
    notebook.answers(1, "5.0 False")
    notebook.run(2)
    expect(status(group)).to_contain_text("Right.")
    expect(group.get_by_label("Your answer")).to_have_value("8")
    notebook.run(3)
    expect(status(group)).to_be_empty()
    notebook.run(4)
    group = notebook.cell(4).get_by_role("group", name="Check yourself: Which?")
    notebook.answers(5, "False")
    expect(status(group)).to_contain_text("1 option is missing.")
    expect(group.get_by_role("checkbox", name="a")).to_be_checked()
    group.get_by_role("checkbox", name="b").check()
    press(group, "Check")
    expect(status(group)).to_contain_text("Right.")
    notebook.answers(6, "['a', 'b'] True")
    notebook.theme("JupyterLab Dark")
    assert group.evaluate("(e) => getComputedStyle(e).getPropertyValue('--dlb-green')").strip() == "#4fd1a5"
