"""What the browser computes in the optimizer race: surfaces, optimizers and schedules as in ``dlbook.scratch``."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from node import node

from dlbook import scratch
from dlbook.widgets import OptimizerRace, digits_slice, race_poster, race_run
from dlbook.widgets.optimizer_race import DISPLAY, PRESETS, SETTINGS
from dlbook.widgets.race_run import OPTIMIZERS
from dlbook.widgets.race_surfaces import SURFACES, Surface

RNG = np.random.default_rng(0)
ALL = list(OPTIMIZERS)
STEPS = 200
GRID = digits_slice.grid().astype("<f4").ravel().tolist()


def spread(surface: str, n: int) -> np.ndarray:
    """Places (n, 2) on the map and at its corners."""
    low, high = np.array([SURFACES[surface][axis] for axis in "xy"]).T
    return np.concatenate([RNG.uniform(low, high, (n - 4, 2)), [low, high, [low[0], high[1]], [high[0], low[1]]]])


# ---- surfaces
PLACES = {name: spread(name, 60) for name in SURFACES}


@functools.cache
def browser_surfaces():
    return node(
        """import { createSurface } from "./race_surfaces.mjs";
        import { SURFACES } from "./race_settings.mjs";
        const grid = Float64Array.from(data.grid);
        console.log(JSON.stringify(Object.fromEntries(Object.entries(data.places).map(([name, places]) => {
          const surface = createSurface(name, SURFACES[name], { condition: 20, grid });
          return [name, places.map((p) => [...surface.at(...p), surface.known(...p)])];
        }))));""",
        {"places": {name: places.tolist() for name, places in PLACES.items()}, "grid": GRID},
    )


@pytest.mark.parametrize("name", SURFACES)
def test_losses_and_slopes_are_those_of_numpy(name):
    surface = Surface(name, 20.0)
    for place, (*browser, known) in zip(PLACES[name], browser_surfaces()[name], strict=True):
        np.testing.assert_allclose(browser, surface.at(*place), rtol=1e-12, atol=1e-12)
        assert known


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_are_those_of_finite_differences(name):
    surface, h = Surface(name, 20.0), 1e-6
    for x, y in PLACES[name][:-4]:
        _, slope_x, slope_y = surface.at(x, y)
        scale = 1 + abs(slope_x) + abs(slope_y)
        assert (surface.at(x + h, y)[0] - surface.at(x - h, y)[0]) / (2 * h) == pytest.approx(slope_x, abs=2e-7 * scale)
        assert (surface.at(x, y + h)[0] - surface.at(x, y - h)[0]) / (2 * h) == pytest.approx(slope_y, abs=2e-7 * scale)


@pytest.mark.parametrize("name", SURFACES)
def test_the_minima_are_minima(name):
    surface = Surface(name, 20.0)
    low, high = np.array([surface.x, surface.y]).T
    for place in SURFACES[name]["minima"]:
        loss, *slope = surface.at(*place)
        np.testing.assert_allclose(slope, 0, atol=2e-3 if name == "digits" else 1e-12)
        for way in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
            assert surface.at(*np.add(place, way))[0] > loss
        assert loss <= surface.map(33).min() + 1e-12 or name == "digits"
    assert (low < SURFACES[name]["start"]).all() and (SURFACES[name]["start"] < high).all()


def test_a_measured_surface_ends_at_its_edge():
    surface = Surface("digits")
    got = node(
        """import { createSurface } from "./race_surfaces.mjs";
        import { SURFACES } from "./race_settings.mjs";
        const { at, known } = createSurface("digits", SURFACES.digits, { grid: Float64Array.from(data) });
        console.log(JSON.stringify([[1.61, 0], [0, -1.7], [NaN, 0]].map((p) => [at(...p), known(...p)])));""",
        GRID,
    )
    assert got == [[[None] * 3, False]] * 3
    assert np.isnan(surface.at(1.61, 0)).all() and not surface.known(0, -1.7)


# ---- the stored slice
def test_the_slice_is_what_its_script_measures():
    a, b = digits_slice.trained(1), digits_slice.trained(2)
    grid, places = digits_slice.grid(), digits_slice.places()
    assert grid.shape == (digits_slice.SIZE,) * 2 and digits_slice.FILE.stat().st_size < 20_000
    assert places[1] == -digits_slice.REACH and places[-2] == digits_slice.REACH
    for j, i in RNG.integers(0, digits_slice.SIZE, (25, 2)):
        weights = {name: places[i] * a[name] + places[j] * b[name] for name in a}
        assert grid[j, i] == pytest.approx(digits_slice.loss(weights), rel=1e-4)


def test_the_interpolation_stays_close_to_the_network():
    a, b = digits_slice.trained(1), digits_slice.trained(2)
    off = [
        abs(Surface("digits").at(x, y)[0] - digits_slice.loss({name: x * a[name] + y * b[name] for name in a}))
        for x, y in RNG.uniform(-1.6, 1.6, (50, 2))
    ]
    assert max(off) < 5e-4


def test_what_the_page_says_of_the_slice():
    a = digits_slice.trained(1)
    assert sum(value.size for value in a.values()) == 1210 and "its 1210 weights" in SURFACES["digits"]["says"]
    at = Surface("digits").at
    assert at(0, 0)[0] > 2.3 and at(1, 0)[0] < 0.116 and at(0, 1)[0] < 0.116  # ln 10, and trained
    assert at(-1, 0)[0] < 0.118 and at(0, -1)[0] < 0.118  # all signs turned


# ---- the race
CASES = (
    [{"surface": name} for name in SURFACES]
    + [{"surface": name, "schedule": s} for name in SURFACES for s in SETTINGS["schedule"]["oneOf"][1:]]
    + [
        {"surface": name, "momentum": momentum, "beta2": 0.99, "alpha": 0.95, "weight_decay": 0.1}
        for name in SURFACES
        for momentum in (0.0, 0.5, 0.95)
    ]
    + [{"surface": name, "noise": 0.05, "seed": 7, "weight_decay": 0.01} for name in SURFACES]
    + [{"preset": name} for name in ("too_large", "narrow_valley", "noise", "decay")]
    + [
        {"surface": "quadratic", "condition": 1000, "lr": 5},
        {"surface": "beale", "lr": 1, "steps": 500},
        {"surface": "digits", "lr": 3, "noise": 1},
        {"surface": "quadratic", "factors": [0] * 8, "start": [10, -10]},
        {"surface": "saddle", "steps": 1, "schedule": "warmup_cosine"},
        {"surface": "saddle", "steps": 7, "schedule": "warmup_cosine"},
        {"surface": "saddle", "steps": 3, "schedule": "step"},
    ]
)


@functools.cache
def browser_races():
    return node(
        """import { START, effective, presetSettings } from "./race_settings.mjs";
        import { createSurface } from "./race_surfaces.mjs";
        import { race, finish } from "./race_optim.mjs";
        const grid = Float64Array.from(data.grid);
        console.log(JSON.stringify(data.cases.map((given) => {
          const now = effective({ ...START, ...presetSettings(given.preset ?? ""), ...given });
          const surface = createSurface(now.surface, now.own, { condition: now.condition, grid });
          const lowest = Math.min(...now.own.minima.map(([x, y]) => surface.at(x, y)[0]));
          return race(surface, now).map((path) => {
            const [x, y, loss] = [path.x, path.y, path.loss].map((list) => [...list.slice(0, path.last + 1)]);
            return { ...path, x, y, loss, finish: finish(path, lowest) };
          });
        })));""",
        {"grid": GRID, "cases": [{"steps": STEPS} | case for case in CASES]},
    )


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda k: " ".join(str(v) for v in CASES[k].values()))
def test_every_path_is_that_of_the_package(case):
    widget = OptimizerRace(**{"steps": STEPS} | CASES[case] | {"optimizers": ALL})
    settings = widget.settings()
    low = race_run.lowest(settings.surface)
    for browser, path in zip(browser_races()[case], widget.paths(), strict=True):
        assert (browser["name"], browser["stop"], browser["last"]) == (path.name, path.stop, path.last)
        got = np.array([browser["x"], browser["y"], browser["loss"]], float).T
        wanted = np.column_stack([path.places, path.loss])
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12, err_msg=path.name)
        assert browser["finish"] == race_run.finish(path, low)


def test_the_cases_hold_what_they_should():
    races = browser_races()
    ends = {path["stop"] for paths in races for path in paths}
    assert ends == {"", "diverged", "left"}
    numbers = [path[part] for paths in races for path in paths for part in ("x", "y", "loss")]
    assert all(np.isfinite(np.array(list_, float)).all() for list_ in numbers)
    whole = [path["last"] for paths in races[: 7 * len(SURFACES)] for path in paths]
    assert sum(last == STEPS for last in whole) > 0.9 * len(whole)  # most of them race to the end


def test_the_twin_uses_the_settings_of_the_package():
    settings = OptimizerRace(weight_decay=0.3, momentum=0.8, beta2=0.98, alpha=0.7, lr=0.5, factors=[1] * 8).settings()
    p = scratch.Parameter(np.zeros(2))
    made = {name: race_run.optimizer(name, p, settings).param_groups[0] for name in ALL}
    assert all(group["lr"] == 0.5 and group["weight_decay"] == 0.3 for group in made.values())
    assert (made["sgd"]["momentum"], made["momentum"]["momentum"], made["nesterov"]["nesterov"]) == (0, 0.8, True)
    assert made["adam"]["betas"] == made["adamw"]["betas"] == (0.8, 0.98)
    assert (made["rmsprop"]["alpha"], made["adadelta"]["rho"]) == (0.7, 0.7)
    assert isinstance(race_run.optimizer("adamw", p, settings), scratch.AdamW)


@pytest.mark.parametrize("steps", [1, 2, 7, 50, 200])
@pytest.mark.parametrize("schedule", SETTINGS["schedule"]["oneOf"])
def test_the_schedules_are_those_of_the_package(schedule, steps):
    got = node(
        """import { share } from "./race_optim.mjs";
        console.log(JSON.stringify(Array.from({ length: data[1] }, (_, t) => share(data[0], t, data[1]))));""",
        [schedule, steps],
    )
    optim = scratch.SGD([scratch.Parameter(np.zeros(2))], lr=1.0)
    scheduler, rates = race_run.scheduler(schedule, optim, steps), []
    for _ in range(steps):
        rates.append(optim.param_groups[0]["lr"])
        optim.step()
        scheduler.step()
    np.testing.assert_allclose(got, rates, atol=1e-14)
    assert 0 <= min(got) and max(got) <= 1


# ---- what the presets say
def ran(preset: str, *optimizers: str, **change) -> dict:
    widget = OptimizerRace(preset=preset, optimizers=optimizers or ALL, **change)
    return {path.name: path for path in widget.paths()}


def ends(paths: dict, surface: str, condition: float = 20.0) -> dict:
    low = race_run.lowest(Surface(surface, condition))
    return {name: race_run.finish(path, low) for name, path in paths.items()}


def test_preset_too_large():
    paths = ran("too_large")
    assert paths["sgd"].stop == paths["nesterov"].stop == "diverged"
    y = np.abs(paths["sgd"].places[:, 1])
    assert (y[1:] > y[:-1]).all() and (np.diff(np.sign(paths["sgd"].places[:, 1])) != 0).all()
    done = ends(paths, "quadratic")
    assert done["momentum"] and done["adam"]
    assert ran("too_large", "sgd", lr=0.099)["sgd"].stop == ""
    assert ran("too_large", "sgd", lr=0.101, steps=1000)["sgd"].stop == "diverged"


def test_preset_narrow_valley():
    shown = PRESETS["narrow_valley"]["set"]["optimizers"]
    paths = ran("narrow_valley", *shown)
    done = ends(paths, "quadratic", 200.0)
    assert not any(paths[name].stop for name in shown)
    assert 1.6 < done["sgd"] / done["momentum"] < 2.5
    assert paths["sgd"].loss[-1] > 1e4 * paths["momentum"].loss[-1]
    assert ran("narrow_valley", "sgd", lr=0.0101, steps=1000)["sgd"].stop == "diverged"


def test_preset_rosenbrock():
    paths = ran("rosenbrock")
    assert paths["sgd"].last == 500 and paths["sgd"].places[-1, 0] < 0
    assert min(paths["momentum"].places[-1, 0], paths["adam"].places[-1, 0]) > 0.8
    assert paths["sgd"].loss[5] < 0.25 * paths["sgd"].loss[0]


def test_preset_saddle():
    paths = ran("saddle")
    done = ends(paths, "saddle")
    assert np.hypot(*paths["sgd"].places[100]) < 0.25
    assert done["sgd"] > 100 and max(done["adagrad"], done["rmsprop"], done["adam"]) < 45


def test_preset_saddle_line():
    paths = ran("saddle_line")
    assert all((path.places[:, 1] == 0).all() for path in paths.values())
    assert all(path.loss[-1] > 0.2499 for path in paths.values())
    for seed in (1, 2, 3):
        noisy = ran("saddle_line", noise=0.05, seed=seed)
        assert all(abs(path.places[-1, 1]) > 0.5 for path in noisy.values())


def test_preset_noise():
    constant, cosine = ran("noise", "sgd"), ran("noise", "sgd", schedule="cosine")

    def rest(paths):
        return np.mean(paths["sgd"].loss[-10:])

    assert rest(constant) > 20 * rest(cosine)


def test_preset_decay():
    paths = ran("decay", "adam", "adamw", steps=2000)
    off = {name: np.hypot(*(paths[name].places[-1] - 1)) for name in ("adam", "adamw")}
    assert 0.1 < off["adam"] < off["adamw"] and (paths["adamw"].places[-1] > 0).all()
    short = {name: np.hypot(*(path.places[-1] - 1)) for name, path in ran("decay", *off).items()}
    assert short["adam"] < 0.7 * short["adamw"]


def test_preset_digits():
    for start, end in (([0.1, 0.16], [0, 1]), ([0.16, 0.1], [1, 0])):
        for name, path in ran("digits", start=start, steps=300).items():
            assert path.stop == "" and (name == "adadelta" or np.abs(path.places[-1] - end).max() < 0.15), name


def test_every_preset_has_a_test_and_known_settings():
    assert {name for name in PRESETS if f"test_preset_{name}" in globals()} == set(PRESETS)
    for name, item in PRESETS.items():
        widget = OptimizerRace(preset=name)
        assert widget.preset == name and all(getattr(widget, k) == v for k, v in item["set"].items())
        assert item["says"].endswith(".") and len(item["says"]) < 260


# ---- how it is drawn
def test_python_and_the_browser_agree_on_the_looks():
    got = node(
        """import { LOOK } from "./race_look.mjs";
        import { levels } from "./race_surfaces.mjs";
        import { bounds } from "./race_losses.mjs";
        const paths = (loss) => [{ loss: Float64Array.from(loss), last: loss.length - 1 }];
        const found = data.losses.map((losses) => bounds(paths(losses)));
        console.log(JSON.stringify({ LOOK, levels: levels(data.z, 8), bounds: found }));""",
        {"z": Surface("beale").map(20).ravel().tolist(), "losses": LOSSES},
    )
    assert {name: tuple(look) for name, look in got["LOOK"].items()} == race_poster.LOOK
    assert len({mark for _, mark, _ in race_poster.LOOK.values()}) == len(OPTIMIZERS)
    assert len({color for color, _, _ in race_poster.LOOK.values()}) == len(OPTIMIZERS)
    np.testing.assert_allclose(got["levels"], race_poster.levels(Surface("beale").map(20), 8))
    np.testing.assert_allclose(got["bounds"], [race_poster.bounds(np.array(losses)) for losses in LOSSES])


LOSSES = [[16, 4, 0.3], [2.3, 0.114], [1, 0], [5, 1e9], [1e-5, 2e-5], [24, 24], [0.2, 0.1], [0, 0], [16, 1e-30]]


@pytest.mark.parametrize("name", SURFACES)
def test_contour_lines_lie_on_their_level(name):
    got = node(
        """import { createSurface, sampled, levels, contour } from "./race_surfaces.mjs";
        import { SURFACES } from "./race_settings.mjs";
        const own = SURFACES[data.name], grid = Float64Array.from(data.grid);
        const z = sampled(createSurface(data.name, own, { condition: 20, grid }).at, own.x, own.y, 97);
        const lines = levels(z, 13).map((level) => [level, contour(z, 97, level)]);
        console.log(JSON.stringify({ finite: z.every(Number.isFinite), lines }));""",
        {"name": name, "grid": GRID},
    )
    surface = Surface(name, 20.0)
    span = max(level for level, _ in got["lines"])
    assert got["finite"]
    for level, pieces in got["lines"]:
        assert pieces, level
        u = np.array(pieces)[:, :2] / 96
        x, y = (low + u[:, k] * (high - low) for k, (low, high) in enumerate((surface.x, surface.y)))
        off = np.abs([surface.at(*p)[0] - level for p in zip(x, y)])
        assert np.median(off) < 0.05 * level + 1e-3 * span


# ---- addresses
def test_what_an_address_may_set():
    good = {"preset": "saddle", "surface": "beale", "start": "-1,0.5", "optimizers": "adam,sgd", "lr": "0.01",
            "factors": "1,1,1,1,1,1,1,1", "speed": "60", "schedule": "cosine", "at": "7"}  # fmt: skip
    bad = {"preset": "__proto__", "surface": "toString", "start": "1", "optimizers": "adam,adam", "lr": "-1",
           "factors": "1,2", "speed": "7", "schedule": "", "at": "1.5", "steps": "2001", "condition": "0",
           "momentum": "1", "noise": "NaN", "seed": "1e3", "beta2": "1", "alpha": "Infinity"}  # fmt: skip
    got = node(
        """import race from "./optimizer_race.mjs";
        const { params } = race, expects = Object.values(params).every((p) => typeof p.expects === "string");
        const read = (set) => Object.fromEntries(Object.entries(set).map(([k, v]) => [k, params[k](v) ?? null]));
        console.log(JSON.stringify({ names: Object.keys(params), good: read(data.good), bad: read(data.bad), expects,
          none: [params.start(""), params.optimizers(""), params.preset("")] }));""",
        {"good": good, "bad": bad},
    )
    assert got["names"] == list(SETTINGS) and got["expects"] and set(DISPLAY) <= set(SETTINGS)
    assert got["good"] == {
        "preset": "saddle", "surface": "beale", "start": [-1, 0.5], "optimizers": ["sgd", "adam"], "lr": 0.01,
        "factors": [1] * 8, "speed": 60, "schedule": "cosine", "at": 7,
    }  # fmt: skip
    assert set(got["bad"].values()) == {None} and got["none"] == [[], [], ""]


def test_every_number_of_a_text_is_in_the_settings():
    assert re.search(r"2/κ = 0\.1\b", PRESETS["too_large"]["says"]) and SETTINGS["condition"]["start"] == 20
    assert PRESETS["too_large"]["set"]["lr"] == 0.11 and PRESETS["narrow_valley"]["set"]["condition"] == 200
    assert SURFACES["rosenbrock"]["steps"] == 500
