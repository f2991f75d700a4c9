"""Widgets made for the tests.  They pretend to live in the package: a page may show only widgets of dlbook.widgets."""
from __future__ import annotations

import traitlets

from dlbook.widgets.base import Widget


class Counter(Widget):
    __module__ = "dlbook.widgets.made_up"
    _esm = """
const digit = Object.assign((t) => (/^[0-9]$/.test(t) ? +t : undefined), { expects: "a digit" });
const word = Object.assign((t) => (/^[a-z]{0,9}$/.test(t) ? t : undefined), { expects: "a short word" });
export default {
  params: { n: digit, word },
  render({ model, el }) {
    const button = document.createElement("button");
    const draw = () => {
      button.textContent = `n is ${model.get("n")}`;
      el.dataset.painted = +(el.dataset.painted ?? 0) + 1;
    };
    button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); };
    model.on("change:n", draw);
    el.classList.add("dlb");
    el.append(button);
    draw();
  },
};
"""
    n = traitlets.Int(3).tag(sync=True)
    word = traitlets.Unicode("").tag(sync=True)

    def poster(self):
        return (
            f'<svg viewBox="0 0 60 20" width="60" height="20" role="img" aria-label="n is {self.n}"><defs>'
            '<clipPath id="c"><path d="M0 0h60v20H0z"/></clipPath></defs>'
            f'<text clip-path="url(#c)" y="15">n = {self.n}</text></svg>'
        )

    def table(self):
        return f"<table><tr><th>n</th><td>{self.n}</td></tr></table>"


class Broken(Counter):
    """Breaks while it is built."""

    __module__ = "dlbook.widgets.made_up"
    _esm = 'export default { render() { throw new Error("broken on purpose"); } };\n'


class Late(Counter):
    """Breaks in its first frame."""

    __module__ = "dlbook.widgets.made_up"
    _esm = 'export default { render() { requestAnimationFrame(() => { throw new Error("late on purpose"); }); } };\n'


class Series(Counter):
    """Carries more data than a page should."""

    __module__ = "dlbook.widgets.made_up"
    _esm = """
export default {
  render({ model, el }) {
    const values = model.get("values"), raw = model.get("raw");
    el.classList.add("dlb");
    const last = raw.getUint8(raw.byteLength - 1);
    el.textContent = `${values.length} values, ${raw.byteLength} bytes, the last is ${last}`;
    el.dataset.painted = "1";
  },
};
"""
    values = traitlets.List().tag(sync=True)
    raw = traitlets.Bytes(None, allow_none=True).tag(sync=True)
