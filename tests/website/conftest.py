"""Fixtures of the browser tests.  Two books are looked at:

* ``site``    the real book, as built in ``_build/html`` (environment variable BOOK_HTML names another folder);
* ``sample``  a small book made once per test session from ``tests/website/book/*.md`` with the real ``_config.yml``.
              A widget is tested there, independent of the chapters: ``book/<widget>.md`` is a MyST notebook that
              shows the widget, ``test_<widget>.py`` tests it.  A page that does not build fails the tests of
              that page and ``test_build.py``, nobody else's.

Both have ``.http`` and ``.file`` (base addresses) and ``.url(page, scheme="http")``:

    @pytest.mark.parametrize("scheme", ["http", "file"])
    def test_quiz(sample, open_page, scheme):
        page = open_page(sample.url("quiz.html?q1.choice=2", scheme), theme="dark", width=390, touch=True)
        group = page.get_by_role("group", name="...")            # playwright's sync API from here on

``open_page(url, *, theme="light", motion="no-preference", width=1280, height=900, touch=False, js=True,
media="screen", allow=None)`` opens a page in a context of its own, waits until the widgets in it are alive, and
fails the test in the end on any message in the console, any failed request and any request to another host.
``allow`` is a regular expression for messages that a test provokes on purpose.  With ``js=False`` no script runs.

``walk(page)`` (to be imported) goes through a page to its end, so that all that waits to come near has come.

``axe(page, selector=None)`` returns axe-core's violations, ``[{"id", "impact", "nodes", "widget"}, ...]``, in the page
or below ``selector``; ``widget`` says whether one of the nodes is part of a widget.

``lab`` is a JupyterLab server.  ``lab.open([source, ...])`` opens a new notebook with these cells and returns it:

    notebook = lab.open(["from dlbook.widgets import Quiz\\nw = Quiz(...)\\nw", "w.choice"])
    notebook.run(0)                                # waits until the cell has run
    notebook.cell(0)                               # locator of the cell with its outputs
    notebook.outputs(1)                            # locator of the outputs, for expect(...).to_contain_text([...])
    notebook.answers(1, "3")                       # runs the cell until it shows this: what happens on the page
                                                   # reaches Python a moment later
    notebook.theme("JupyterLab Dark")              # or "JupyterLab Light"
    notebook.page                                  # playwright page; console errors and warnings, failed
                                                   # and foreign requests fail the test
"""
from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import yaml
from playwright.sync_api import Locator, Page, expect, sync_playwright

from website import preview

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(__file__).parent / "book"
OWN_ADDRESS = re.compile(r"(file|data|blob):|https?://127\.0\.0\.1[:/]|wss?://127\.0\.0\.1[:/]")


# ---- the two books
@dataclass
class Site:
    """A built book: its folder and its two base addresses."""

    folder: Path
    http: str
    log: str = ""

    @property
    def file(self) -> str:
        return self.folder.as_uri()

    def url(self, page: str, scheme: str = "http") -> str:
        path = page.partition("?")[0].partition("#")[0]
        broken = re.search(rf"^ERROR: {path.removesuffix('.html')}: ", self.log, re.M)
        if broken or not (self.folder / path).is_file():
            pytest.fail(f"{path} was not built well.\n{self.log[broken.start() if broken else 0:]}", pytrace=False)
        return f"{getattr(self, scheme)}/{page}"


@pytest.fixture(scope="session")
def site():
    folder = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html")).resolve()
    if not (folder / "index.html").is_file():
        pytest.fail(f"{folder} holds no book: build it first (`make book`) or set BOOK_HTML", pytrace=False)
    with preview.serve(folder) as address:
        yield Site(folder, address)


def build(source: Path, pages: list[str], *, repository: str = "", **sphinx) -> tuple[int, str]:
    """Runs jupyter-book on the folder with the real configuration; returns the exit status and what it printed.

    ``repository`` is the address to configure, ``sphinx`` options of Sphinx that differ from those in ``_config.yml``.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
    config["sphinx"]["local_extensions"] = {"website": str(ROOT)}
    config["repository"]["url"] = repository
    config["sphinx"]["config"] |= sphinx
    config["html"]["favicon"] = str(ROOT / config["html"]["favicon"])
    (source / "_config.yml").write_text(yaml.safe_dump(config), "utf8")
    toc = {"format": "jb-book", "root": pages[0]}
    if pages[1:]:
        toc["chapters"] = [{"file": page} for page in pages[1:]]
    (source / "_toc.yml").write_text(yaml.safe_dump(toc), "utf8")
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(source), "-n", "-W", "--keep-going"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample") / "book"
    shutil.copytree(BOOK, folder, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    names = sorted(path.stem for path in BOOK.glob("*.md"))
    names.sort(key=lambda name: name != "intro")
    status, log = build(folder, names)
    with preview.serve(folder / "_build" / "html") as address:
        sample = Site(folder / "_build" / "html", address, log)
        sample.status = status
        yield sample


# ---- the browser
@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            path = preview.find_chromium(playwright.chromium.executable_path)
        except FileNotFoundError as error:
            pytest.fail(str(error), pytrace=False)
        browser = playwright.chromium.launch(executable_path=path, args=preview.FLAGS)
        yield browser
        browser.close()


def listen(page: Page, allow: str | None = None, silent: bool = True) -> list[str]:
    """A list that fills with everything a clean page does not do; a ``silent`` one writes nothing to the console."""
    noise = []

    def add(text: str):
        if not (allow and re.search(allow, text)):
            noise.append(text)

    page.on("console", lambda m: (silent or m.type in ("error", "warning")) and add(f"console {m.type}: {m.text}"))
    page.on("pageerror", lambda e: add(f"error: {e}"))
    # where scripts are switched off they are refused with "csp"; what a page still waits for when it is left is aborted
    known = {"csp", "net::ERR_ABORTED"}
    page.on("requestfailed", lambda r: r.failure in known or add(f"failed request: {r.url} {r.failure}"))
    page.on("response", lambda r: r.status >= 400 and add(f"status {r.status}: {r.url}"))
    page.on("request", lambda r: OWN_ADDRESS.match(r.url) or add(f"foreign request: {r.url}"))
    return noise


@pytest.fixture
def open_page(browser):
    contexts, noises = [], []

    def open_page(
        url, *, theme="light", motion="no-preference", width=1280, height=900, touch=False, js=True, media="screen",
        allow=None, **options,
    ) -> Page:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion=motion, has_touch=touch,
            is_mobile=touch, java_script_enabled=js, **options,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        noises.append((url, listen(page, allow)))
        if media != "screen":
            page.emulate_media(media=media, color_scheme=theme, reduced_motion=motion)
        page.goto(url)
        if js:
            settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for url, noise in noises:
        assert noise == [], f"{url} was not silent"


def settled(page: Page) -> None:
    """Waits until no widget near the viewport is waiting."""
    page.wait_for_function(
        """() => [...document.querySelectorAll(".dlb-host[data-state=waiting]")]
             .every((host) => { const box = host.getBoundingClientRect();
                                return !box.height || box.top > innerHeight + 400 || box.bottom < -400; })"""
    )


def walk(page: Page) -> None:
    """Goes through the page to its end, so that all that waits to come near has come."""
    page.evaluate(
        """async () => { const frame = () => new Promise(requestAnimationFrame);
             for (let y = 0; y < document.scrollingElement.scrollHeight; y += innerHeight) {
               scrollTo(0, y); await frame(); await frame(); } scrollTo(0, 0); }"""
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll(".dlb-host[data-state=waiting]")]
             .every((host) => !host.getBoundingClientRect().height)"""
    )
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth)")


@pytest.fixture(scope="session")
def axe():
    source = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.fail("node_modules/axe-core is missing: run `npm ci`", pytrace=False)

    def axe(page: Page, selector: str | None = None) -> list[dict]:
        if not page.evaluate("'axe' in globalThis"):
            page.evaluate(source.read_text("utf8"))
        return page.evaluate(
            # preload asks for style sheets by XMLHttpRequest, which a page opened from a file may not do
            """async (scope) => (await axe.run(scope ?? document, { preload: false })).violations.map((v) => ({
                 id: v.id, impact: v.impact, nodes: v.nodes.map((n) => `${n.target} ${n.html.slice(0, 200)}`),
                 widget: v.nodes.some((n) => document.querySelector(n.target[0])?.closest(".dlb-host")),
               }))""",
            selector,
        )

    return axe


# ---- JupyterLab
@dataclass
class Notebook:
    page: Page

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def outputs(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-OutputArea-output")

    def answers(self, index: int, wanted: str | re.Pattern) -> None:
        for last in [False] * 15 + [True]:
            self.run(index)
            try:
                return expect(self.outputs(index)).to_have_text([wanted], timeout=400)
            except AssertionError:
                if last:
                    raise

    def run(self, index: int, timeout: float = 30_000) -> None:
        before = self.cell(index).locator(".jp-InputPrompt").inner_text()
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            """([index, before]) => { const text = document.querySelectorAll(".jp-Notebook .jp-Cell")[index]
                .querySelector(".jp-InputPrompt").innerText; return text !== before && /\\[\\d+\\]/.test(text); }""",
            arg=[index, before], timeout=timeout,
        )  # fmt: skip

    def theme(self, name: str) -> None:
        self.page.evaluate("(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=name)


class Lab:
    """JupyterLab in one page, which loads slowly: a notebook takes the place of the one before."""

    def __init__(self, browser, folder: Path, url: str):
        self.browser, self.folder, self.url = browser, folder, url
        self.page, self.noise = None, []

    def open(self, cells: list[str]) -> Notebook:
        path = self.folder / f"notebook{time.monotonic_ns()}.ipynb"
        kernel = {"name": "python3", "display_name": "Python 3"}
        cells = [nbformat.v4.new_code_cell(source) for source in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        if self.page:
            self.page.evaluate("(path) => jupyterapp.commands.execute('docmanager:open', { path })", path.name)
        else:
            self.page = self.browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
            self.noise = listen(self.page, silent=False)
            self.page.goto(f"{self.url}/lab/tree/{path.name}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        # a cell that is run before the kernel answers is lost
        self.page.wait_for_function(
            """() => [...jupyterapp.shell.widgets("main")]
                 .some((widget) => widget.sessionContext?.session?.kernel?.status === "idle")""",
            timeout=60_000,
        )
        notebook = Notebook(self.page)
        notebook.theme("JupyterLab Light")  # the server remembers what an earlier test chose
        return notebook

    def close(self) -> list[str]:
        """Closes the notebook and its kernel; returns what the page complained about."""
        noise = list(self.noise)
        if not self.page:
            return noise
        if noise or self.page.locator(".jp-Dialog").count():
            self.page.context.close()
            self.page = None
        else:
            self.page.evaluate(
                """async () => { for (const widget of [...jupyterapp.shell.widgets("main")]) {
                     await widget.sessionContext?.shutdown(); widget.dispose(); } }"""
            )
            self.noise.clear()
        return noise


@pytest.fixture(scope="session")
def _lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
    homes = {name: str(folder / name) for name in names}
    options = {
        "--ip": "127.0.0.1", "--port": port, "--port-retries": 0, "--ServerApp.token": "", "--ServerApp.password": "",
        "--ServerApp.disable_check_xsrf": True, "--ServerApp.root_dir": folder, "--LabApp.news_url": None,
        "--LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "--LabApp.expose_app_in_browser": True,
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"{name}={value}" for name, value in options.items()]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, env=os.environ | homes | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/api", timeout=1)
                break
            if server.poll() is not None:
                break
            time.sleep(0.25)
        else:
            server.kill()
        if server.poll() is not None:
            pytest.fail(f"JupyterLab did not start:\n{(folder / 'log').read_text()[-3000:]}", pytrace=False)
        yield Lab(browser, folder, url)
        server.terminate()
        server.wait(20)


@pytest.fixture
def lab(_lab):
    yield _lab
    assert _lab.close() == [], "JupyterLab was not silent"
