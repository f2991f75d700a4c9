"""What the tests of the widgets wait for."""

from __future__ import annotations

REST = """async ([e, name]) => {
  for (let n = 0, last = null; last !== e.dataset[name]; n++) {
    if (n === 30) throw new Error(`data-${name} does not come to rest`);
    last = e.dataset[name];
    await new Promise((done) => setTimeout(done, 300));
  }
  return e.dataset[name];
}"""


def settled(group):
    """The group, once what was done to it is painted: a widget paints in the next frame."""
    group.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return group


def after_paint(group, act) -> None:
    """Does something and waits until the widget has painted."""
    before = int(group.get_attribute("data-painted"))
    act()
    group.page.wait_for_function("([e, n]) => +e.dataset.painted > n", arg=[group.element_handle(), before])


def rests(group, name: str) -> str:
    """Waits until `data-<name>` has stood still for 300 ms, and gives it: a pause shows one frame later."""
    return group.page.evaluate(REST, [group.element_handle(), name])
