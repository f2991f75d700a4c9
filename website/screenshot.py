"""The picture in the README, taken from the built book: the network playground after it has solved the spiral.

    make screenshot
"""
from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from website.preview import FLAGS, find_chromium, serve

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "website" / "screenshot.png"


def main() -> None:
    with serve(ROOT / "_build" / "html") as address, sync_playwright() as playwright:
        chromium = playwright.chromium
        browser = chromium.launch(executable_path=find_chromium(chromium.executable_path), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400}, device_scale_factor=1.5)
        page.goto(f"{address}/intro.html?spiral.speed=0")
        widget = page.get_by_role("group", name="Network playground")
        widget.get_by_role("button", name="Train", exact=True).click()
        trained = "() => +document.querySelector('.dlb[data-epoch]')?.dataset.epoch > 1500"
        page.wait_for_function(trained, timeout=120_000)
        widget.get_by_role("button", name="Pause").click()
        picture = widget.screenshot()
        browser.close()
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(96, method=Image.Quantize.MAXCOVERAGE)
    image.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {image.width} x {image.height}, {PICTURE.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
