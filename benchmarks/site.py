"""Speed of the built site: weight of the pages, time until the first widget is there, act to repaint.

    python benchmarks/site.py [folder of the book, default _build/html]

Times are medians over LOADS loads without a cache; a slider is dragged with a real mouse, and each input event is
timed until after the next paint; so is what a reader does in a widget by other means (ACTS).  The aims: 300 KB,
45 requests, 500 ms, 16 ms, and 4 ms for each of the 100 characters that the language model writes at a press.
"""
from __future__ import annotations

import gzip
import re
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from website import preview  # noqa: E402

LOADS = 7
MOVES = 60
PICTURES = re.compile(r"/_images/|/_static/dlb/d-")
WALK = """async () => { // what is scrolled over grows, and a widget is fetched when it comes near
  const frame = () => new Promise(requestAnimationFrame);
  const end = () => document.scrollingElement.scrollHeight;
  for (let y = 0; y < end(); y += 700) { scrollTo(0, y); await frame(); await frame(); }
  const waits = (host) => host.getBoundingClientRect().height;
  while ([...document.querySelectorAll(".dlb-host[data-state=waiting]")].some(waits)) await frame();
}"""
UNFOLD = """() => { // settings, not the tables of numbers, which cost time while they are open
  for (const part of document.querySelectorAll(".dlb-host details:has(input)")) part.open = true;
}"""
LABEL = """(input) => {
  const widget = input.closest(".dlb")?.getAttribute("aria-label") ?? "";
  return `${widget}: ${input.labels[0]?.textContent ?? input.ariaLabel}`;
}"""
WATCH = """(part, event) => {
  globalThis.delays = [];
  part.addEventListener(event, () => {
    const start = performance.now();
    requestAnimationFrame(() => { const after = new MessageChannel();
      after.port1.onmessage = () => delays.push(performance.now() - start); after.port2.postMessage(0); });
  });
}"""
# what a reader does besides: widget, words, part of the widget, its event, keys; a pointer is moved, a button pressed
ACTS = [
    ("Convolution explorer", "window moved by a key", "[role=slider]", "keydown", ["ArrowRight", "ArrowLeft"]),
    ("Inside a convolutional network", "drawing", ".dlb-ic-pad", "pointermove", []),
    ("Inside a recurrent network", "typing", "textarea", "input", ["a", "Backspace"]),
    ("Language model", "100 characters", "button:text-is('Write 100')", "click", []),
]


def weigh(page: Page, address: str) -> tuple[int, int, int]:
    """Requests, bytes sent and bytes unpacked of a page, without pictures and data of widgets."""
    answers = []
    page.on("response", lambda answer: PICTURES.search(answer.url) or answers.append(answer))
    page.goto(address)
    page.evaluate(WALK)
    page.wait_for_timeout(300)
    bodies = [answer.body() for answer in answers]
    return len(bodies), sum(min(len(body), len(gzip.compress(body, 6))) for body in bodies), sum(map(len, bodies))


def first_widget(page: Page, address: str) -> float | None:
    """Milliseconds from the start of the navigation until the first widget has drawn; None without widgets."""
    page.goto(address)
    if not page.locator(".dlb-host").count():
        return None
    page.wait_for_function("performance.getEntriesByName('dlb:ready').length")
    return page.evaluate("performance.getEntriesByName('dlb:ready')[0].startTime")


def drag(page: Page, slider) -> list[float]:
    """Milliseconds from each input event of a drag until after the next paint."""
    slider.scroll_into_view_if_needed()
    slider.evaluate(WATCH, "input")
    trace(page, slider)
    return page.evaluate("delays")


def trace(page: Page, part) -> None:
    """Moves a pressed mouse from the left to the right of a part of the page."""
    box = part.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.15, y)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(box["x"] + box["width"] * (0.15 + 0.7 * step / MOVES), y)
        page.wait_for_timeout(12)
    page.mouse.up()
    page.wait_for_timeout(100)


def act(page: Page, part, event: str, keys: list[str]) -> list[float]:
    """Milliseconds from each event of a part that is drawn on, gets keys or is pressed until after the next paint."""
    part.scroll_into_view_if_needed()
    part.evaluate(WATCH, event)
    if event == "pointermove":
        trace(page, part)
    for key in keys * (MOVES // 2):
        part.press(key)
        page.wait_for_timeout(12)
    if event == "click":
        for _ in range(LOADS):
            part.click()
            page.wait_for_timeout(100)
    return page.evaluate("delays")


def show(label: str, delays: list[float]) -> None:
    if delays := sorted(delays):
        p95 = delays[min(len(delays) - 1, round(0.95 * len(delays)))]
        print(f"{label[:63]:64}{len(delays):7}{statistics.median(delays):10.1f}{p95:8.1f}", flush=True)


def main(folder: Path) -> None:
    if not (folder / "index.html").is_file():
        sys.exit(f"{folder} holds no book: build it first (`make book`)")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    names.remove("index.html")  # only leads to the first page
    with sync_playwright() as playwright, preview.serve(folder) as address:
        path = preview.find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=preview.FLAGS)

        def fresh() -> Page:
            return browser.new_context(viewport={"width": 1280, "height": 900}).new_page()

        print(f"{'page':32}{'requests':>9}{'KB gzip':>9}{'KB':>7}{'first widget ms':>17}")
        for name in names:
            page = fresh()
            requests, packed, unpacked = weigh(page, f"{address}/{name}")
            page.context.close()
            times = []
            for _ in range(LOADS):
                page = fresh()
                times.append(first_widget(page, f"{address}/{name}"))
                page.context.close()
                if times == [None]:
                    break
            ready = "" if None in times else f"{statistics.median(times):.0f}"
            print(f"{name:32}{requests:9}{packed / 1024:9.0f}{unpacked / 1024:7.0f}{ready:>17}", flush=True)

        print(f"\n{'act':64}{'events':>7}{'median ms':>10}{'p95 ms':>8}")
        seen = set()
        for name in names:
            page = fresh()
            page.goto(f"{address}/{name}")
            page.evaluate(WALK)
            page.wait_for_timeout(500)
            page.evaluate(UNFOLD)
            for slider in page.locator(".dlb-host input[type=range]").all():
                label = slider.evaluate(LABEL)
                if label in seen or not slider.is_visible():
                    continue
                seen.add(label)
                show(label, drag(page, slider))
            for title, words, css, event, keys in ACTS:
                part = page.get_by_role("group", name=title, exact=True).locator(css)
                if part.count() and (label := f"{title}: {words}") not in seen:
                    seen.add(label)
                    show(label, act(page, part.first, event, keys))
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "html").resolve())
