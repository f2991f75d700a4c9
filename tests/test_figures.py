from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from dlbook import figures  # noqa: E402


@pytest.fixture
def fig():
    with matplotlib.rc_context(figures.STYLE):
        fig, ax = plt.subplots()
        for i in range(6):
            ax.plot([0, 1], [0, i], label=f"line {i}")
        ax.set(xlabel="x (cm)", ylabel="y")
        ax.legend()
        yield fig
        plt.close(fig)


def test_every_color_follows_the_page(fig):
    svg = figures.to_svg(fig)
    ET.fromstring(svg)
    body = svg[svg.index("</style>"):]
    assert not re.findall(r"#[0-9a-f]{6}\b", body), "a color that does not change with the theme"
    for name in ("ink", "paper", "blue", "orange", "green", "purple", "gold", "grey", "line", "muted"):
        assert f"var(--{name})" in body and f"--{name}:" in svg


def test_inline_it_takes_the_colors_of_the_page_and_shares_no_id(fig):
    svg = figures.to_svg(fig, inline=True)
    assert "var(--dlb-ink)" in svg and "prefers-color-scheme" not in svg and 'id="figure' not in svg


def test_text_stays_text_and_equal_figures_give_equal_files(fig):
    fig.axes[0].set_title("error 0.00123")
    assert "x (cm)</text>" in figures.to_svg(fig) and ">error 0.00123</text>" in figures.to_svg(fig)
    assert figures.to_svg(fig) == figures.to_svg(fig)


def luminance(color: str) -> float:
    rgb = np.array([int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)])
    return float(np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name, least", [("ink", 7), ("muted", 4.5)] + [(n, 4.5) for n in list(figures.COLORS)[4:]])
def test_contrast_to_the_paper(theme, name, least):
    assert contrast(figures.COLORS[name][theme], figures.COLORS["paper"][theme]) >= least


def test_the_stand_ins_are_distinct():
    assert len({light for light, _ in figures.COLORS.values()}) == len(figures.COLORS)


# what a dichromat sees (Machado, Oliveira and Fernandes, 2009), and the distance between two colors in CIELAB
PROTAN = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])


def lab(color: str, matrix: np.ndarray) -> np.ndarray:
    rgb = np.array([int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.clip(matrix @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", [np.eye(3), PROTAN, DEUTAN], ids=["usual", "protan", "deutan"])
def test_the_first_two_series_colors_stay_apart_for_everyone(theme, eyes):
    blue, orange = (lab(figures.COLORS[n][theme], eyes) for n in ("blue", "orange"))
    assert np.linalg.norm(blue - orange) > 40
