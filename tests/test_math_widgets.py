"""The widgets of chapter 1 without a browser: arguments, messages, what print and readers without scripts get."""

from __future__ import annotations

import gzip
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from traitlets import TraitError

from dlbook.widgets import ChainRule, Distributions, MatrixPlane
from dlbook.widgets.base import bundle, style

SVG = "{http://www.w3.org/2000/svg}svg"


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


def rows(html: str) -> dict[str, list[str]]:
    return {row[0].text: [cell.text or "" for cell in row[1:]] for row in well_formed(html).findall(".//tbody/tr")}


# ---- arguments and messages
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: MatrixPlane(), "MatrixPlane()"),
        (lambda: MatrixPlane([[1, 2], [3, -3]], key="a"), "MatrixPlane(key='a', matrix=[[1.0, 2.0], [3.0, -3.0]])"),
        (lambda: MatrixPlane(path="svd", t=0.5, x=np.ones(2)), "MatrixPlane(path='svd', t=0.5, x=[1.0, 1.0])"),
        (lambda: ChainRule(), "ChainRule()"),
        (lambda: ChainRule(chain=("exp", "tanh", "sin"), h=1e-16), "ChainRule(chain=['exp', 'tanh', 'sin'], h=1e-16)"),
        (lambda: Distributions(), "Distributions()"),
        (lambda: Distributions([0.75, 0.25], unit="nats"), "Distributions(p=[0.75, 0.25], q=[0.5, 0.5], unit='nats')"),
        (lambda: Distributions(np.array([1, 0.0]), np.array([0.5, 0.5])), "Distributions(p=[1.0, 0.0], q=[0.5, 0.5])"),
    ],
)  # fmt: skip
def test_text_form(make, text):
    assert repr(make()) == text


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (MatrixPlane, {"matrix": [[1, 2]]}, "two rows of two numbers are expected"),
        (MatrixPlane, {"matrix": np.eye(3)}, "two rows of two numbers are expected"),
        (MatrixPlane, {"matrix": [[1, 2], [3, 4]]}, "matrix: got 4.0; a number from -3 to 3"),
        (MatrixPlane, {"matrix": [[1, math.nan], [0, 1]]}, "matrix: got nan; a number from -3 to 3"),
        (MatrixPlane, {"preset": "sheer"}, "preset: 'sheer' is not known; did you mean 'shear'.*Known are identity"),
        (MatrixPlane, {"path": "direct"}, "path: 'direct' is not known.*Known are straight, svd"),
        (MatrixPlane, {"t": 1.5}, "t: got 1.5; a number from 0 to 1"),
        (MatrixPlane, {"x": [1, 2, 3]}, r"x: got \[1.0, 2.0, 3.0\]; two numbers are expected"),
        (MatrixPlane, {"x": [1, math.inf]}, "x: got inf; a number from -3 to 3"),
        (ChainRule, {"function": "sine"}, "function: 'sine' is not known; did you mean 'sin'"),
        (ChainRule, {"view": "chains"}, "view: 'chains' is not known; did you mean 'chain'"),
        (ChainRule, {"chain": ["sin"]}, r"chain: got \['sin'\]; two or three functions"),
        (ChainRule, {"chain": ["sin", "cos"]}, "chain: 'cos' is not known.*Known are square, sin"),
        (ChainRule, {"x": -3.5}, "x: got -3.5; a number from -3 to 3"),
        (ChainRule, {"h": 0}, "h: got 0.0; a number from 1e-16 to 2"),
        (ChainRule, {"x": math.nan}, "x: got nan"),
        (Distributions, {"p": [0.5, 0.4]}, r"p: \[0.5, 0.4\] sums to 0.9, .* divide each number by 0.9"),
        (Distributions, {"p": [1]}, "[pq]: got 1 numbers; 2 to 6 outcomes"),
        (Distributions, {"p": [1 / 7] * 7}, "[pq]: got 7 numbers; 2 to 6 outcomes"),
        (Distributions, {"p": [1.5, -0.5]}, "p: got 1.5; a number from 0 to 1"),
        (Distributions, {"p": [math.nan, 1]}, "p: got nan; a number from 0 to 1"),
        (Distributions, {"p": [0.5, 0.5], "q": [0.2, 0.3, 0.5]}, "got 2 outcomes, q has 3|got 3 outcomes, p has 2"),
        (Distributions, {"unit": "bit"}, "unit: 'bit' is not known; did you mean 'bits'"),
    ],
)
def test_it_refuses(kind, arguments, message):
    with pytest.raises(TraitError, match=message):
        kind(**arguments)


def test_it_refuses_what_says_two_things():
    with pytest.raises(ValueError, match="give a matrix or preset='shear', not both"):
        MatrixPlane(np.eye(2), preset="shear")
    with pytest.raises(ValueError, match="give p with q"):
        Distributions(q=[0.5, 0.5])
    with pytest.raises(TypeError, match="no argument 'f'; it takes central, chain, function, h, key, view, x, zoom"):
        ChainRule(f="sin")


def test_it_refuses_later_too_and_keeps_what_it_had():
    plane, rule, pair = MatrixPlane(preset="scaling"), ChainRule(x=2), Distributions([0.5, 0.5], [1, 0])
    for widget, name, value in [(plane, "matrix", [[9, 0], [0, 1]]), (rule, "x", 9), (pair, "p", [0.2, 0.3, 0.5])]:
        with pytest.raises(TraitError):
            setattr(widget, name, value)
    assert plane.preset == "scaling" and rule.x == 2 and pair.p == [0.5, 0.5]
    plane.preset = "projection"
    assert plane.matrix == [[0.8, 0.4], [0.4, 0.2]]
    with pair.hold_trait_notifications():
        pair.p, pair.q = [0.2, 0.3, 0.5], [0.5, 0.25, 0.25]
    assert len(pair.q) == 3


# ---- the modules
@pytest.mark.parametrize("name", ["matrix_plane", "chain_rule", "distributions"])
def test_the_modules_are_small_and_one_piece(name):
    text = bundle(name)
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(gzip.compress(text.encode())) < 12 * 1024
    assert not re.search(r"\beval\b|new Function|innerHTML", text)
    assert not re.search(r"#[0-9a-f]{3,6}\b", text)  # colors are those of the style sheet


def test_each_widget_has_its_style_after_the_shared_one():
    text = style()
    assert text.index(".dlb-mp-main") > text.index(".dlb-title") < text.index(".dlb-ds-plots")


# ---- print and readers without scripts
@pytest.mark.parametrize(
    ("widget", "label"),
    [
        (lambda: MatrixPlane(), r"A sends \(1, 0\) to \(1.00, 0.00\) and \(0, 1\) to \(1.00, 1.00\)"),
        (lambda: MatrixPlane([[0, 0], [0, 0]], show_x=True), "half axes 0.00 and 0.00"),
        (lambda: MatrixPlane(preset="near-singular", path="svd", t=0.5), "half axes 2.51 and 0.01"),
        (lambda: MatrixPlane(preset="reflection", svd=False), "multiplied by −1.00"),
        (lambda: ChainRule(), "sin x at x = 1.00: tangent 0.5403, secant 0.0678 for h = 1.0"),
        (lambda: ChainRule(function="relu", x=0, h=1e-16, central=True), "for h = 1.0·10⁻¹⁶"),
        (lambda: ChainRule(view="chain", chain=["affine", "square"]), r"dy/dx = 6.000 · 2.000 = 12.00"),
        (lambda: ChainRule(view="chain", chain=["exp"] * 3, x=3), "dy/dx = ∞"),
        (lambda: Distributions(), "Cross-entropy of p and q 2.624 bits: entropy of p 1.750 and divergence 0.874"),
        (lambda: Distributions([0.5, 0.5], [1, 0], unit="nats"), "q ∞ nats: entropy of p 0.693 and divergence ∞"),
    ],
)
def test_without_scripts(widget, label):
    html = widget()._fallback
    assert re.search(label, well_formed(html).find(f".//{SVG}").get("aria-label"))
    assert "var(--dlb-" in html and not re.search("#[0-9a-f]{6}", html) and len(html) < 30_000
    assert well_formed(html).find("details/table/caption") is not None


def test_tables_hold_the_numbers():
    table = rows(MatrixPlane([[3, 0], [0, -2]], show_x=True, x=[1, 1]).table())
    assert table["determinant, rank"] == ["−6.000", "2"] and table["singular values"] == ["3.000", "2.000"]
    assert table["σ₂u₂"] == ["0.00", "−2.00"] and table["Ax"] == ["3.00", "−2.00"] and table["σ₁ / σ₂"] == ["1.50", ""]
    assert rows(MatrixPlane(preset="projection").table())["σ₁ / σ₂"][0] == "∞"
    table = rows(ChainRule(function="square", x=3, h=0.5).table())
    assert table["0.50"] == ["6.50000000", "0.50", "6.00000000", "0"]
    table = rows(ChainRule(view="chain", chain=["affine", "square"], x=1, h=1).table())
    assert table["u = 2x + 1"] == ["1.00000", "3.00000", "2.00000", "2.00000"]
    assert table["y = u²"] == ["3.00000", "9.00000", "6.00000", "8.00000"]
    assert table["dy/dx, the product"] == ["", "", "12.0000", "16.0000"]
    table = rows(Distributions([0.5, 0.25, 0.25], [0.25, 0.5, 0.25]).table())
    assert table["A"] == ["0.500", "0.250", "1.000", "0.500"] and table["KL(p‖q)"][-1] == "0.250"


def test_a_product_that_is_not_finite_is_said_so():
    chain = ChainRule(view="chain", chain=["exp", "exp", "exp"], x=3)
    assert chain.run().product == math.inf and rows(chain.table())["dy/dx, the product"][2] == "∞"
    flat = ChainRule(view="chain", chain=["relu", "sin"], x=-1)
    assert flat.run().product == 0 and rows(flat.table())["y = sin u"][-1] == "–"  # u does not move: 0 / 0
