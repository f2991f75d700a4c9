"""A stock Firefox for the smoke test, driven by WebDriver BiDi, which the browser itself speaks over a web socket.

Playwright drives only a Firefox of its own (its BiDi mode asks the long-term release for a command that it does not
have), and Selenium needs a second program, geckodriver.

    with Firefox(find_firefox(), folder) as firefox:
        page = firefox.page()                          # a tab with cookies and storage of its own
        page.open("http://127.0.0.1:8000/intro.html")  # waits for the load event
        page.wait("document.title")                    # the value of the expression, once it is true
        page.click("button", "Check")                  # a real pointer, on the first that has this text or label
        page.press("8", ENTER)                         # real keys
        page.noise                                     # what a quiet page does not do, one line each
"""
from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

from websocket import create_connection

OWN_ADDRESS = re.compile(r"(file|data|blob|about):|https?://127\.0\.0\.1[:/]")
NAMES = ["firefox", "firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox"]
ENTER = "\ue007"  # as WebDriver writes it
SECONDS = 30  # for one answer
EVENTS = ["log.entryAdded", "network.beforeRequestSent", "network.fetchError", "network.responseCompleted"]
# The remote agent relaxes a browser that it drives; a page opened by double click must do with the rules of a reader's
PREFERENCES = """
user_pref("security.fileuri.strict_origin_policy", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
"""
FIND = """(css, text) => [...document.querySelectorAll(css)].find((e) => e.checkVisibility()
  && (!text || [e.textContent.trim(), e.ariaLabel, e.title].includes(text)))"""
POLL = """async (ms) => { for (const end = performance.now() + ms; performance.now() < end;) {
  const value = EXPRESSION; if (value) return JSON.stringify(value); await new Promise((r) => setTimeout(r, 50)); } }"""


def find_firefox() -> str | None:
    """The program that the environment variable FIREFOX names, else the one of the system, else None."""
    return next(filter(None, map(shutil.which, [os.environ.get("FIREFOX", "")] + NAMES)), None)


class Firefox:
    def __init__(self, program: str, profile: Path):
        profile.mkdir()
        (profile / "user.js").write_text(PREFERENCES)
        command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
        quiet = os.environ | {"MOZ_CRASHREPORTER_DISABLE": "1"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env=quiet
        )
        self.numbers, self.pages = itertools.count(1), {}
        alarm = threading.Timer(60, self.process.kill)  # ends the wait for a line that does not come
        alarm.start()
        try:
            address = self._address()
            self.socket = create_connection(f"{address}/session", timeout=SECONDS, suppress_origin=True)
            self.call("session.new", capabilities={})
            self.call("session.subscribe", events=EVENTS)
        except BaseException:
            self.process.kill()
            raise
        finally:
            alarm.cancel()

    def _address(self) -> str:
        said = []
        for line in self.process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                self.rest = threading.Thread(target=self.process.stderr.read)  # or the pipe fills up
                self.rest.start()
                return found[1]
            said.append(line)
        raise RuntimeError(f"{self.process.args[0]} did not start:\n{''.join(said[-20:])}")

    def __enter__(self) -> Firefox:
        return self

    def __exit__(self, *_) -> None:
        try:
            self.call("browser.close")
            self.process.wait(20)
        finally:
            self.process.kill()
            self.rest.join(20)
            self.process.stderr.close()
            self.socket.close()

    def call(self, method: str, **params) -> dict:
        """The result of a BiDi command; RuntimeError with the browser's words when it refuses."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message["type"] == "event":
                self._hear(message["method"], message["params"])
            elif message["id"] == number:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]

    def _hear(self, event: str, params: dict) -> None:
        page = self.pages.get(params.get("context") or params.get("source", {}).get("context"))
        if not page:
            return
        url = params["request"]["url"][:200] if "request" in params else ""
        if event == "log.entryAdded":
            page.noise.append(f"console {params['level']}: {params['text']}")
        elif event == "network.beforeRequestSent" and not OWN_ADDRESS.match(url):
            page.noise.append(f"foreign request: {url}")
        elif event == "network.fetchError" and params["errorText"] != "NS_BINDING_ABORTED":  # the page was left
            page.noise.append(f"failed request: {url} {params['errorText']}")
        elif event == "network.responseCompleted" and params["response"]["status"] >= 400:
            page.noise.append(f"status {params['response']['status']}: {url}")

    def page(self, width: int = 1280, height: int = 900) -> Page:
        person = self.call("browser.createUserContext")["userContext"]
        context = self.call("browsingContext.create", type="tab", userContext=person)["context"]
        self.call("browsingContext.setViewport", context=context, viewport={"width": width, "height": height})
        self.pages[context] = Page(self, context)
        return self.pages[context]


class Page:
    def __init__(self, firefox: Firefox, context: str):
        self.firefox, self.context, self.noise = firefox, context, []

    def open(self, url: str) -> None:
        self.firefox.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, function: str, *arguments):
        """What a JavaScript function answers, as BiDi writes it; RuntimeError when it throws."""
        answer = self.firefox.call(
            "script.callFunction", functionDeclaration=function, awaitPromise=True, target={"context": self.context},
            arguments=[{"type": "number" if isinstance(a, int) else "string", "value": a} for a in arguments],
        )  # fmt: skip
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"]

    def wait(self, expression: str, seconds: int = 20):
        """The value of the expression as soon as it is true; TimeoutError when it never is."""
        answer = self.run(POLL.replace("EXPRESSION", expression), 1000 * seconds)
        if answer["type"] == "undefined":
            raise TimeoutError(f"not true within {seconds} s: {expression}\n" + "\n".join(self.noise))
        return json.loads(answer["value"])

    def click(self, css: str, text: str = "", drag: int = 0) -> None:
        """Presses the pointer on the middle of an element, moves it ``drag`` pixels to the right, and lets go."""
        center = f"async (css, text) => {{ const e = ({FIND})(css, text); e?.scrollIntoView({{ block: 'center' }}); \
            await new Promise(requestAnimationFrame); return e; }}"
        element = self.run(center, css, text)
        if "sharedId" not in element:
            raise LookupError(f"nothing to be seen matches {css} {text!r}")
        origin = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        self._act("pointer", [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "x": drag, "y": 0, "origin": "pointer", "duration": 100},
            {"type": "pointerUp", "button": 0},
        ])  # fmt: skip

    def press(self, *keys: str) -> None:
        self._act("key", [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")])

    def _act(self, kind: str, actions: list[dict]) -> None:
        actions = [{"type": kind, "id": kind, "actions": actions}]
        self.firefox.call("input.performActions", context=self.context, actions=actions)
