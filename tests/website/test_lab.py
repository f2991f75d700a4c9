"""One widget in JupyterLab: the page and Python hear of each other, and the theme reaches it."""
from __future__ import annotations

from playwright.sync_api import expect

from conftest import BOOK


def test_a_widget_in_jupyterlab(lab):
    source = f"import sys\nsys.path.insert(0, {str(BOOK)!r})\nfrom made_up import Counter\nw = Counter(n=3)\nw"
    notebook = lab.open([source, "w.n = 7", "w.n", "Counter(m=3)"])
    notebook.run(0)
    button = notebook.cell(0).get_by_role("button", name="n is")
    expect(button).to_have_text("n is 3")
    notebook.run(1)
    expect(button).to_have_text("n is 7")
    button.click()
    expect(button).to_have_text("n is 8")
    notebook.answers(2, "8")
    notebook.run(3)
    expect(notebook.outputs(3)).to_contain_text(["has no argument 'm'; it takes key, n, word"])
    light = button.evaluate("e => getComputedStyle(e.closest('.dlb')).backgroundColor")
    notebook.theme("JupyterLab Dark")
    dark = button.evaluate("e => getComputedStyle(e.closest('.dlb')).backgroundColor")
    assert light != dark
    expect(notebook.cell(0).locator(".dlb-fallback")).to_have_count(0)
