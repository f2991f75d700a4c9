"""Brings what the pages need from node_modules into the build.  Nothing of it is committed."""
from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
# file in node_modules: folder below _static
VENDOR = {
    "katex/dist/katex.min.css": "vendor/katex",
    "katex/dist/fonts/*.woff2": "vendor/katex/fonts",
}
OWN = ["loader.js", "site.css", "site.js"]


def stage(app) -> None:
    """``builder-inited``: collects the files in a folder of its own, after Jupyter Book has looked for ``_static``.

    Jupyter Book links every script and style sheet that it finds in a static folder on every page.
    """
    if app.builder.format != "html":
        return
    folder = Path(tempfile.mkdtemp(prefix="website-static-"))
    app.website_staged = folder
    for pattern, target in VENDOR.items():
        found = sorted((ROOT / "node_modules").glob(pattern))
        if not found:
            raise ExtensionError(f"node_modules/{pattern} is missing: run `npm ci` in {ROOT}")
        (folder / target).mkdir(parents=True, exist_ok=True)
        for path in found:
            shutil.copy(path, folder / target)
    for name in OWN:
        (folder / "dlb").mkdir(exist_ok=True)
        shutil.copy(HERE / name, folder / "dlb")
    app.config.html_static_path.append(str(folder))


def unstage(app) -> None:
    """Removes that folder."""
    if folder := getattr(app, "website_staged", None):
        shutil.rmtree(folder, ignore_errors=True)
