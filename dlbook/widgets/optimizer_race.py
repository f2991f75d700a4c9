"""Eight optimizers on one loss surface, from one start: the race."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral

import traitlets

from dlbook.widgets import digits_slice, race_poster, race_run
from dlbook.widgets.base import Widget, bundle
from dlbook.widgets.race_run import OPTIMIZERS, Path, Settings
from dlbook.widgets.race_surfaces import SURFACES, Surface, constant
from dlbook.widgets.values import Numbers, fixed, html_table, known, power, within

SETTINGS, DISPLAY, PRESETS = constant("SETTINGS"), constant("DISPLAY"), constant("PRESETS")


def _trait(name: str):
    rule = SETTINGS[name]
    if isinstance(rule["start"], list):
        inner = traitlets.Unicode() if "some" in rule else traitlets.Float()
        return Numbers(inner, default_value=rule["start"]).tag(sync=True)
    kind = float if "number" in rule else type(rule["start"])
    kinds = {str: traitlets.Unicode, int: traitlets.Int, float: traitlets.Float}
    return kinds[kind](kind(rule["start"])).tag(sync=True)


class OptimizerRace(Widget):
    """SGD, momentum, Nesterov, Adagrad, Adadelta, RMSprop, Adam and AdamW on a loss of two parameters, step by step.

    ``surface``: quadratic (½(x² + κy²), κ is ``condition``), rosenbrock, beale, saddle, digits (the measured loss of a
    network on a plane through its weights) · ``start`` (x, y) · ``optimizers``: those that are shown · ``lr`` times
    ``factors`` is the rate of each optimizer; factors are a dict such as {"adam": 5}, or a list for all eight ·
    ``schedule``: constant, step, cosine, warmup_cosine · ``momentum`` is also Adam's β₁, ``beta2`` its β₂, ``alpha`` is
    α of RMSprop and ρ of Adadelta · ``noise`` is the standard deviation of the shift at which a gradient is taken,
    ``seed`` its random numbers · ``at`` is the step shown of ``steps`` · ``preset`` names one of ``PRESETS``; every
    other setting may be given beside it.  A ``start``, ``lr``, ``factors`` or ``steps`` that is not given is the
    surface's own.

    >>> race = OptimizerRace("quadratic", condition=10, start=[1, 1], lr=0.1, optimizers=["sgd"], steps=1)
    >>> race.paths()[0].places.tolist()
    [[1.0, 1.0], [0.9, 0.0]]

    TraitError for an unknown name or a number out of range.
    """

    _esm = bundle("optimizer_race")
    preset = _trait("preset")
    surface = _trait("surface")
    condition = _trait("condition")
    start = _trait("start")
    optimizers = _trait("optimizers")
    lr = _trait("lr")
    factors = _trait("factors")
    schedule = _trait("schedule")
    momentum = _trait("momentum")
    beta2 = _trait("beta2")
    alpha = _trait("alpha")
    weight_decay = _trait("weight_decay")
    noise = _trait("noise")
    seed = _trait("seed")
    steps = _trait("steps")
    at = _trait("at")
    speed = _trait("speed")
    grid = traitlets.Bytes(help="the losses of the digits slice, float32").tag(sync=True)

    def __init__(self, surface: str | None = None, **kwargs):
        kwargs |= {} if surface is None else {"surface": surface}
        if kwargs.get("preset"):
            given, name = kwargs, known("preset", kwargs["preset"], PRESETS)
            kwargs = PRESETS[name]["set"] | given
            wanted = {setting: rule["start"] for setting, rule in SETTINGS.items()} | PRESETS[name]["set"]
            fixed_ones = SETTINGS.keys() - set(DISPLAY) - {"preset"}
            if any(given[setting] != wanted[setting] for setting in fixed_ones & given.keys()):
                kwargs["preset"] = ""  # what is shown is no longer the preset
        if isinstance(kwargs.get("factors"), Mapping):
            name = known("surface", kwargs.get("surface", SETTINGS["surface"]["start"]), SURFACES)
            own = dict(zip(OPTIMIZERS, SURFACES[name]["factors"]))
            given = {known("factors", key, own): value for key, value in kwargs["factors"].items()}
            kwargs["factors"] = list((own | given).values())
        super().__init__(**kwargs)

    def settings(self) -> Settings:
        """The settings with the surface's own in place of those that were not given."""
        own = SURFACES[self.surface]
        start = [min(max(v, low), high) for v, (low, high) in zip(self.start or own["start"], (own["x"], own["y"]))]
        given = {name: getattr(self, name) for name in Settings._fields}
        return Settings(**given | {
            "surface": Surface(self.surface, self.condition), "start": tuple(start), "lr": self.lr or own["lr"],
            "factors": self.factors or own["factors"], "steps": self.steps or own["steps"],
        })  # fmt: skip

    def paths(self) -> list[Path]:
        """The whole path of every optimizer that is shown, by ``dlbook.scratch``."""
        return race_run.race(self.settings(), self.optimizers)

    @traitlets.validate(*SETTINGS)
    def _check_setting(self, proposal):
        return _check(proposal["trait"].name, proposal["value"])

    @traitlets.default("grid")
    def _grid(self):
        return digits_slice.grid().astype("<f4").tobytes()

    @traitlets.validate("grid")
    def _check_grid(self, proposal):
        if len(proposal["value"]) != 4 * digits_slice.SIZE**2:
            raise traitlets.TraitError("grid: it comes with the package and is not to be set")
        return proposal["value"]

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name != "grid"]

    # ---- print and readers without scripts
    def poster(self) -> str:
        return race_poster.draw(self.settings(), self.paths(), self._title())

    def table(self) -> str:
        settings = self.settings()
        low = race_run.lowest(settings.surface)
        rows = [_row(path, settings, low) for path in self.paths()]
        place = f"({fixed(settings.start[0])}, {fixed(settings.start[1])})"
        caption = f"{self._title()} from {place}: every optimizer after {settings.steps} steps"
        return html_table(caption, ["optimizer", "learning rate", "x", "y", "loss", "99 % of the way down"], rows)

    def _title(self) -> str:
        own = SURFACES[self.surface]
        formula = own["formula"].replace("κ", f"{self.condition:g}") if self.surface == "quadratic" else own["formula"]
        return f"{own['title']}, {formula},"


def _row(path: Path, settings: Settings, low: float) -> list[str]:
    rate = settings.lr * settings.factors[list(OPTIMIZERS).index(path.name)]
    done = race_run.finish(path, low)
    if path.stop:
        end = f"{path.stop} at step {path.last + 1}"
    else:
        end = "not reached" if done is None else f"from step {done}"
    x, y = path.places[-1]
    return [OPTIMIZERS[path.name], f"{rate:.4g}", fixed(x), fixed(y), power(path.loss[-1]), end]


# ---- checks
def _check(name: str, value):
    """The value of a setting, or a TraitError that says what it may be."""
    rule = SETTINGS[name]
    if "preset" in rule:
        return known(name, value, PRESETS) if value else value
    if "oneOf" in rule:
        known(name, str(value), map(str, rule["oneOf"]))
        return value
    if "number" in rule:
        return within(name, value, *rule["number"])
    if "integer" in rule:
        low, high = rule["integer"]
        if not isinstance(value, Integral) or not low <= value <= high:
            raise traitlets.TraitError(f"{name}: got {value!r}; a whole number from {low} to {high} is expected")
        return value
    if "some" in rule:
        for item in value:
            known(name, item, rule["some"])
        if len(set(value)) < len(value):
            raise traitlets.TraitError(f"{name}: got {value}; none twice is expected")
        return [item for item in rule["some"] if item in value]
    if value and len(value) != rule["length"]:
        what = "x and y" if name == "start" else f"one for each of {', '.join(OPTIMIZERS)}"
        raise traitlets.TraitError(f"{name}: got {len(value)} numbers; {rule['length']} are expected, {what}")
    return [within(name, item, *rule["numbers"]) for item in value]
