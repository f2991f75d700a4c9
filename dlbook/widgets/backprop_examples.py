"""The words and the ready-made graphs of the backprop stepper, as js/backprop_examples.mjs has them."""

from __future__ import annotations

import json
import re

from dlbook.widgets.base import JS


def _json(name: str):
    source = (JS / "backprop_examples.mjs").read_text("utf8")
    return json.loads(re.search(rf"^export const {name} = (.*?);$", source, re.M | re.S)[1])


WORDS, LIMITS, FUNCTIONS, STARTS = _json("WORDS"), _json("LIMITS"), _json("FUNCTIONS"), _json("STARTS")
EXAMPLES = {example["name"]: example for example in _json("EXAMPLES")}
