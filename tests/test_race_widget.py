"""The optimizer race without a browser: arguments, messages, what print and readers without scripts get."""

from __future__ import annotations

import gzip
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from traitlets import TraitError

from dlbook.widgets import OptimizerRace, digits_slice
from dlbook.widgets.base import JS, bundle
from dlbook.widgets.optimizer_race import PRESETS, SETTINGS
from dlbook.widgets.race_run import OPTIMIZERS
from dlbook.widgets.race_surfaces import SURFACES


def well_formed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html}</div>")


# ---- arguments
def test_it_starts_with_a_surface_or_a_preset():
    assert repr(OptimizerRace()) == repr(OptimizerRace("quadratic")) == "OptimizerRace()"
    assert repr(OptimizerRace(surface="beale", key="race")) == "OptimizerRace(key='race', surface='beale')"
    race = OptimizerRace(preset="saddle", at=40)
    assert (race.preset, race.surface, race.start, race.at) == ("saddle", "saddle", [-1.6, 0.001], 40)


def test_what_is_not_given_is_the_surfaces_own():
    for name, own in SURFACES.items():
        settings = OptimizerRace(name).settings()
        assert [settings.lr, settings.steps, settings.factors] == [own["lr"], own["steps"], own["factors"]]
        assert list(settings.start) == own["start"]
    settings = OptimizerRace("beale", lr=0.5, steps=7, start=[9, -9]).settings()
    assert (settings.lr, settings.steps, settings.start) == (0.5, 7, (4.5, -2.5))  # a start off the map, on its edge


def test_it_takes_arrays_and_rates_by_name():
    race = OptimizerRace("quadratic", start=np.array([1.0, -1.0]), factors={"adam": 3, "sgd": 0.5})
    assert race.start == [1, -1] and race.factors == [0.5, 0.25, 0.25, 5, 10, 0.5, 3, 1]
    assert OptimizerRace(factors=np.ones(8)).factors == [1] * 8
    assert OptimizerRace(optimizers=["adam", "sgd"]).optimizers == ["sgd", "adam"]
    assert OptimizerRace(optimizers="adam").optimizers == ["adam"]
    assert [path.name for path in OptimizerRace(optimizers=["adam", "sgd"]).paths()] == ["sgd", "adam"]


def test_a_preset_that_is_changed_is_none():
    assert OptimizerRace(preset="too_large", lr=0.11, at=3, speed=5).preset == "too_large"
    changed = OptimizerRace(preset="too_large", lr=0.2)
    assert (changed.preset, changed.lr, changed.optimizers) == ("", 0.2, ["sgd", "momentum", "nesterov", "adam"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"surface": "rosenbrok"}, "surface: 'rosenbrok' is not known; did you mean 'rosenbrock'.*Known are quadratic"),
        ({"preset": "sadle"}, "preset: 'sadle' is not known; did you mean 'saddle'"),
        ({"schedule": "linear"}, "schedule: 'linear' is not known.*constant, step, cosine, warmup_cosine"),
        ({"optimizers": ["adm"]}, "optimizers: 'adm' is not known; did you mean 'adam'"),
        ({"optimizers": ["adam", "adam"]}, "none twice"),
        ({"start": [1]}, "start: got 1 numbers; 2 are expected, x and y"),
        ({"start": [1, math.nan]}, "start: got nan; a number from -10 to 10"),
        ({"start": [1, 11]}, "start: got 11"),
        ({"factors": [1, 2]}, "factors: got 2 numbers; 8 are expected, one for each of sgd, momentum"),
        ({"factors": {"adma": 1}}, "factors: 'adma' is not known; did you mean 'adam'"),
        ({"factors": [-1] + [1] * 7}, "factors: got -1"),
        ({"lr": -0.1}, "lr: got -0.1; a number from 0 to 100"),
        ({"lr": math.inf}, "lr: got inf"),
        ({"lr": "fast"}, "'lr' trait"),
        ({"condition": 0}, "condition: got 0.0; a number from 1 to 1000"),
        ({"momentum": 1}, "momentum: got 1.0; a number from 0 to 0.999"),
        ({"noise": -1}, "noise: got -1.0"),
        ({"steps": 2001}, "steps: got 2001; a whole number from 0 to 2000"),
        ({"steps": 1.5}, "'steps' trait"),
        ({"at": -1}, "at: got -1; a whole number from 0 to 2000"),
        ({"seed": 10000}, "seed: got 10000"),
        ({"speed": 7}, "speed: '7' is not known.*5, 20, 60, 240"),
        ({"grid": b"123"}, "grid: it comes with the package"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(TraitError, match=message):
        OptimizerRace(**arguments)


def test_it_refuses_an_argument_that_it_has_not():
    with pytest.raises(TypeError, match="OptimizerRace has no argument 'rate'; it takes .*lr"):
        OptimizerRace(rate=0.1)


def test_it_refuses_later_too_and_keeps_what_it_had():
    race = OptimizerRace("beale", lr=0.01)
    for name, value in {"surface": "bale", "lr": -1.0, "start": [1.0], "at": 5000}.items():
        with pytest.raises(TraitError):
            setattr(race, name, value)
    assert (race.surface, race.lr, race.start, race.at) == ("beale", 0.01, [], 0)


# ---- the modules
def test_the_modules_are_small_and_one_piece():
    text = bundle("optimizer_race")
    assert len(re.findall(r"^export default ", text, re.M)) == 1 and not re.search(r"^import\b", text, re.M)
    assert len(gzip.compress(text.encode())) < 22_000
    for path in [JS / "optimizer_race.mjs", *JS.glob("race_*.mjs")]:
        assert len(path.read_text("utf8")) < 14_000, path.name
    assert not re.search(r"\beval\b|new Function|innerHTML", text)


def test_the_page_gets_the_grid():
    grid = np.frombuffer(OptimizerRace().grid, "<f4").reshape(digits_slice.SIZE, -1)
    np.testing.assert_array_equal(grid, digits_slice.grid())
    assert len(OptimizerRace().grid) < 20_000


def test_settings_and_presets_fit_together():
    assert list(SETTINGS["optimizers"]["some"]) == list(OPTIMIZERS)
    for own in SURFACES.values():
        assert len(own["factors"]) == len(OPTIMIZERS) and own["steps"] in range(1, 2001)
    assert all(set(preset["set"]) <= set(SETTINGS) for preset in PRESETS.values())


# ---- print and readers without scripts
WITHOUT = [{"surface": name} for name in SURFACES] + [{"preset": name} for name in PRESETS]
WITHOUT += [{"optimizers": []}, {"optimizers": list(OPTIMIZERS), "steps": 2000}, {"surface": "digits", "lr": 5}]


@pytest.mark.parametrize("arguments", WITHOUT, ids=lambda a: " ".join(map(str, a.values())))
def test_without_scripts(arguments):
    race = OptimizerRace(**arguments)
    page = well_formed(race._fallback)
    svg = page.find(".//svg")
    assert svg.get("role") == "img" and f"over {race.settings().steps} steps" in svg.get("aria-label")
    rows = page.findall(".//table/tbody/tr")
    assert [row.find("th").text for row in rows] == [OPTIMIZERS[name] for name in race.optimizers]
    words = " ".join(svg.itertext())
    assert all(OPTIMIZERS[name] in words for name in race.optimizers)
    assert "nan" not in race._fallback.lower() and "inf" not in race._fallback
    assert "var(--dlb-" in race._fallback and not re.search("#[0-9a-f]{3}", race._fallback)
    assert len(race._fallback) < (20_000 if race.settings().steps <= 500 else 30_000)


def test_the_table_holds_the_numbers():
    race = OptimizerRace("quadratic", condition=10, start=[1, 1], lr=0.1, factors=[1] * 8, steps=2, optimizers=["sgd"])
    table = well_formed(race.table())
    caption = "Quadratic bowl, ½(x² + 10y²), from (1.00, 1.00): every optimizer after 2 steps"
    assert table.find(".//caption").text == caption
    assert [cell.text for cell in table.findall(".//tbody//td")] == ["0.1", "0.81", "0.00", "0.33", "not reached"]


def test_the_table_says_who_diverged():
    rows = well_formed(OptimizerRace(preset="too_large").table()).findall(".//tbody/tr")
    last = {row.find("th").text: row.findall("td")[-1].text for row in rows}
    assert last["SGD"] == "diverged at step 37" and last["Nesterov"] == "diverged at step 7"
    assert last["Momentum"].startswith("from step ")
    rows = well_formed(OptimizerRace("digits", lr=5, optimizers=["momentum"]).table()).findall(".//tbody//td")
    assert rows[-1].text.startswith("left at step ")
