"""A small network to watch, change and train: the playground."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from html import escape
from numbers import Real

import numpy as np
import traitlets

from dlbook.widgets import network_input, network_poster
from dlbook.widgets import network_start as net
from dlbook.widgets.base import JS, Widget, bundle


def _json(name: str):
    """A constant of js/playground_settings.mjs; the browser and Python share its text."""
    source = (JS / "playground_settings.mjs").read_text("utf8")
    return json.loads(re.search(rf"^export const {name} = (.*?);$", source, re.M | re.S)[1])


SETTINGS, DISPLAY = _json("SETTINGS"), _json("DISPLAY")
PRESETS = {preset["name"]: preset for preset in _json("PRESETS")}


def _trait(name: str):
    start = SETTINGS[name]["start"]
    if isinstance(start, list):
        inner = traitlets.Unicode() if "some" in SETTINGS[name] else traitlets.Int()
        return traitlets.List(inner, default_value=start).tag(sync=True)
    kind = float if "number" in SETTINGS[name] else type(start)
    kinds = {str: traitlets.Unicode, bool: traitlets.Bool, int: traitlets.Int, float: traitlets.Float}
    return kinds[kind](kind(start)).tag(sync=True)


class NetworkPlayground(Widget):
    """A multilayer perceptron with one output on points of the plane, or on a curve of one input.

    ``preset`` names one of ``PRESETS``; every other setting may be given beside it.  ``X`` (n, 2) and ``y`` (n,) with
    labels 0 and 1 are your own classes, ``X`` (n,) or (n, 1) and numbers ``y`` your own regression; ``scale`` maps each
    column to [-1, 1].  ``from_state_dict`` starts from your own trained weights, ``state_dict`` gives them back.

    ``data``: xor, moons, circles, spirals, blobs, regression · ``features``: x1, x2, x1_squared, x2_squared, x1_x2,
    sin_x1, sin_x2 · ``hidden``: units of each of up to 4 hidden layers · ``loss``: cross_entropy, squared_error ·
    ``init``: glorot, he, large, constant, zeros · ``batch`` 0 takes all points · ``share`` of the points is trained on

    >>> NetworkPlayground(data="xor", hidden=[2])
    NetworkPlayground(data='xor', hidden=[2])

    TraitError for an unknown name or a number out of range; ValueError for data or weights that do not fit.
    """

    _esm = bundle("network_playground")
    preset = _trait("preset")
    data = _trait("data")
    noise = _trait("noise")
    share = _trait("share")
    data_seed = _trait("data_seed")
    scale = _trait("scale")
    features = _trait("features")
    hidden = _trait("hidden")
    activation = _trait("activation")
    loss = _trait("loss")
    lr = _trait("lr")
    l1 = _trait("l1")
    l2 = _trait("l2")
    batch = _trait("batch")
    init = _trait("init")
    seed = _trait("seed")
    speed = _trait("speed")
    show_test = _trait("show_test")
    log_scale = _trait("log_scale")
    rows = traitlets.List(help="own points, (x1, x2, label) or (x, y)").tag(sync=True)
    start = traitlets.Dict(help="own weights to start from").tag(sync=True)
    weights = traitlets.Dict(help="the weights as the browser has them").tag(sync=True)

    def __init__(self, X=None, y=None, **kwargs):
        if X is not None or y is not None:
            if "rows" in kwargs:
                raise ValueError("NetworkPlayground: give the points as X and y or as rows, not both")
            kwargs = {"data": "own"} | kwargs | {"rows": network_input.rows(X, y)}
        if kwargs.get("preset"):
            given, name = kwargs, _check("preset", kwargs["preset"])
            kwargs = PRESETS[name]["set"] | given
            fixed = SETTINGS.keys() - set(DISPLAY) - {"preset"}
            wanted = {setting: SETTINGS[setting]["start"] for setting in fixed} | PRESETS[name]["set"]
            if any(given[setting] != wanted[setting] for setting in fixed & given.keys()):
                kwargs["preset"] = ""  # what is shown is no longer the preset
        self._names: list[str] = []
        super().__init__(**kwargs)

    @classmethod
    def from_state_dict(
        cls, state_dict: Mapping, activation: str = "tanh", *, X=None, y=None, **kwargs
    ) -> NetworkPlayground:
        """The playground with your own weights: linear layers in order, names ending in .weight and .bias.

        2 inputs get x1 and x2, 1 input gets x1 of the regression; for other inputs name ``features``.  Values are
        anything that NumPy reads, tensors included.  Your data are taken as they are unless you say ``scale=True``.

        >>> own = NetworkPlayground.from_state_dict({"0.weight": np.ones((1, 2)), "0.bias": np.zeros(1)})
        >>> own.state_dict()["0.weight"]
        array([[1., 1.]])
        """
        layers = network_input.layers(state_dict)
        inputs = layers[0][1].shape[1]
        hidden = [weight.shape[0] for _, weight, _ in layers[:-1]]
        own = {"scale": False, "init": "own", "hidden": hidden, "activation": activation}
        if inputs == 1 and X is None and "data" not in kwargs:
            own["data"] = "regression"
        features = list(kwargs.get("features", {1: ["x1"]}.get(inputs, ["x1", "x2"])))
        if (ordered := _check("features", features)) != features:
            raise ValueError(f"from_state_dict: the playground has its inputs in the order {ordered}, got {features}")
        if len(features) != inputs:
            raise ValueError(
                f"from_state_dict: {layers[0][0]}.weight takes {inputs} inputs, features names {len(features)}: "
                f"{features}. Pass features= with as many of {', '.join(net.FEATURES)}"
            )
        own["features"] = features
        start = {
            f"layers.{2 * i}.{part}": value.tolist()
            for i, (_, weight, bias) in enumerate(layers)
            for part, value in (("weight", weight), ("bias", bias))
        }
        widget = cls(X, y, **own | kwargs | {"start": start})
        task = net.start(widget).points.task
        given = net.active_features(features, task)
        if given != features:
            raise ValueError(
                f"from_state_dict: the weights take the inputs {', '.join(features)}, but "
                f"{'your data' if X is not None else repr(widget.data)} is a {task} and gives {', '.join(given)}"
            )
        widget._names = [name for name, _, _ in layers]
        return widget

    def state_dict(self) -> dict[str, np.ndarray]:
        """The weights as they are in the browser now; before it has shown anything, those of the start.

        Under the names of ``from_state_dict``, else under those of ``dlbook.scratch.MLP``.
        """
        now = self.weights or {name: p.numpy() for name, p in net.start(self).model.state_dict().items()}
        names = self._names if 2 * len(self._names) == len(now) else [f"layers.{i}" for i in range(0, len(now), 2)]
        return {
            f"{names[i // 2]}.{'bias' if i % 2 else 'weight'}": np.array(value, float)
            for i, value in enumerate(now.values())
        }

    @traitlets.validate(*SETTINGS)
    def _check_setting(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if value == "own" and name == "data" and not self.rows:
            raise traitlets.TraitError("data: 'own' needs points; pass X= and y=")
        if value == "own" and name == "init" and not self.start:
            raise traitlets.TraitError("init: 'own' needs weights; use NetworkPlayground.from_state_dict")
        return _check(name, value)

    @traitlets.validate("rows")
    def _check_rows(self, proposal):
        rows = proposal["value"]
        if not rows:
            return []
        widths = {len(row) if isinstance(row, (list, tuple)) else 0 for row in rows}
        if widths not in ({2}, {3}):
            raise ValueError("rows: every row is (x1, x2, label), or every row is (x, y)")
        a = network_input.array("rows", rows)
        return network_input.rows(a[:, :-1], a[:, -1])

    def _own_traits(self) -> list[str]:
        return [name for name in super()._own_traits() if name != "weights"]

    # ---- print and readers without scripts
    def poster(self) -> str:
        return network_poster.draw(net.start(self))

    def table(self) -> str:
        begin = net.start(self)
        points = begin.points
        flat = points.task == "regression"
        sizes = [len(begin.features), *self.hidden, 1]
        rows = [
            ("Preset", PRESETS[self.preset]["title"]) if self.preset else None,
            ("Data", f"{self.data}, {len(points.y)} points, {len(begin.train)} of them to train on"),
            ("Noise", f"{self.noise:g}") if self.data != "own" else None,
            ("Inputs", ", ".join(net.FEATURES[name][1] for name in begin.features)),
            ("Units", " → ".join(map(str, sizes))),
            ("Parameters", sum(p.numel() for p in begin.model.parameters())),
            ("Activation", self.activation),
            ("Loss", "squared error" if flat else self.loss.replace("_", "-" if self.loss == "cross_entropy" else " ")),
            ("Learning rate", f"{self.lr:g}"),
            ("Batch size", self.batch or "all"),
            ("L1 and L2 penalty", f"{self.l1:g} and {self.l2:g}"),
            ("Start weights", f"{self.init}, start {self.seed}"),
            ("Training loss before the first step", f"{begin.loss(begin.train, self.loss):.4f}"),
            ("Test loss", f"{begin.loss(begin.test, self.loss):.4f}"),
        ]
        if not flat:
            rows += [
                ("Training accuracy", f"{begin.accuracy(begin.train):.1%}"),
                ("Test accuracy", f"{begin.accuracy(begin.test):.1%}"),
            ]
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
            for name, value in filter(None, rows)
        )
        return f"<table><caption>The playground as it starts</caption><tbody>{body}</tbody></table>"


# ---- checks
def _check(name: str, value):
    """The value of a setting, or a TraitError that says what it may be."""
    rule = SETTINGS[name]
    if "preset" in rule:
        return value if not value else _known(name, value, PRESETS)
    if "oneOf" in rule:
        return _known(name, value, rule["oneOf"])
    for kind, words in (("number", "a number"), ("integer", "a whole number")):
        if kind in rule:
            low, high = rule[kind]
            if not isinstance(value, Real) or not low <= value <= high:  # false for NaN too
                raise traitlets.TraitError(f"{name}: got {value!r}; {words} from {low} to {high} is expected")
    if "some" in rule:
        for item in value:
            _known(name, item, rule["some"])
        if not value or len(set(value)) < len(value):
            raise traitlets.TraitError(
                f"{name}: got {value}; one or more of {', '.join(rule['some'])} are expected, none twice"
            )
        return [item for item in rule["some"] if item in value]
    if "integers" in rule:
        low, high = rule["integers"]
        if len(value) > rule["most"] or not all(low <= n <= high for n in value):
            raise traitlets.TraitError(
                f"{name}: got {value}; up to {rule['most']} layers of {low} to {high} units are expected, as in [4, 2]"
            )
    return value


def _known(name: str, value, known):
    if value in known:
        return value
    near = difflib.get_close_matches(str(value).lower(), [str(k) for k in known], 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise traitlets.TraitError(f"{name}: {value!r} is not known{hint}. Known are {', '.join(map(str, known))}")
