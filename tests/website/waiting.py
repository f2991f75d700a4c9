"""What the tests of the widgets wait for.  A widget paints in the frame after an act, so a value that is read once,
without the patience of ``expect``, is read through one of these."""
from __future__ import annotations

FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"""
PAINTED = """async (e, n) => {
  for (let frames = 0; frames < 2 || !(+e.dataset.painted > n); frames++) {
    if (frames === 900) throw new Error("the widget has not painted");
    await new Promise(requestAnimationFrame);
  }
}"""
REST = """async (e, name) => {
  for (let n = 0, last = null; last !== e.dataset[name]; n++) {
    if (n === 30) throw new Error(`data-${name} does not come to rest`);
    last = e.dataset[name];
    await new Promise((done) => setTimeout(done, 300));
  }
  return e.dataset[name];
}"""
SEEN = """(e, wanted) => new Promise((done) => new IntersectionObserver(([entry], observer) => {
  if (entry.isIntersecting === wanted) { observer.disconnect(); done(); }
}).observe(e))"""
FAR = "document.querySelector('main').style.paddingBottom = '5000px'; scrollTo(0, document.body.scrollHeight)"


def settled(part):
    """The widget, part of it or page, once what was done before is painted, and what that brings about as well."""
    getattr(part, "page", part).evaluate(FRAMES)
    return part


def after_paint(group, act) -> None:
    """Does something and waits until the widget has painted it."""
    before = int(group.get_attribute("data-painted"))
    act()
    group.evaluate(PAINTED, before)


def rests(group, name: str) -> str:
    """Waits until `data-<name>` has stood still for 300 ms, and gives it."""
    return group.evaluate(REST, name)


def passes(part, ms: int) -> None:
    """Lets time pass in the page: what the page itself does within fewer ms is done then, however slow it is."""
    settled(part)  # what starts the clock may be the paint
    getattr(part, "page", part).evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", ms)


def leave(group) -> None:
    """Scrolls away until the widget knows that nobody sees it."""
    group.page.evaluate(FAR)
    group.evaluate(SEEN, False)


def come_back(group) -> None:
    """Scrolls to the widget, until it knows that it is seen."""
    group.scroll_into_view_if_needed()
    group.evaluate(SEEN, True)
