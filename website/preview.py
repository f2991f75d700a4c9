"""Looking at the built site: a small server and a Chromium, for the tests, the benchmarks and the drawings."""
from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

# a clean browser: no calls home, and every host but this machine is unknown
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge"]
_PLACES = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"{PROGRAMFILES}\Google\Chrome\Application\chrome.exe",
    r"{PROGRAMFILES(X86)}\Google\Chrome\Application\chrome.exe",
    r"{LOCALAPPDATA}\Google\Chrome\Application\chrome.exe",
    r"{LOCALAPPDATA}\Chromium\Application\chrome.exe",
    r"{PROGRAMFILES(X86)}\Microsoft\Edge\Application\msedge.exe",
]
MISSING = """no Chromium was found. Any one of these brings it:
  Debian, Ubuntu:  sudo apt install chromium
  macOS:           brew install --cask chromium
  everywhere:      python -m playwright install chromium
or set the environment variable CHROMIUM to the path of a Chromium, Chrome or Edge."""


def find_chromium(playwright_path: str | None = None) -> str:
    """The path of a Chromium on Linux, macOS or Windows.

    ``playwright_path`` is where playwright would put its own.  Raises FileNotFoundError that says how to get one.
    """
    if named := os.environ.get("CHROMIUM"):
        if path := shutil.which(named):
            return path
        raise FileNotFoundError(f"CHROMIUM={named} is not a program; unset it or name a Chromium, Chrome or Edge")
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    places = [p.format_map(os.environ) for p in _PLACES if "{" not in p or p[1 : p.index("}")] in os.environ]
    for place in [*places, playwright_path]:
        if place and Path(place).is_file():
            return place
    raise FileNotFoundError(MISSING)


@functools.lru_cache(256)
def _compressed(path: Path, mtime: float) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, compressed where that helps, as a web server would."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
        ".ipynb": "application/x-ipynb+json",
    }
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        packed = path.suffix not in {".woff2", ".png"} and "gzip" in self.headers.get("Accept-Encoding", "")
        body = _compressed(path, path.stat().st_mtime) if packed else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a server of ``folder`` that lives as long as the block."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
