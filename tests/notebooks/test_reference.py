"""The reference page: every public name of a module with its chapters and its tests."""
from __future__ import annotations

import html
import re
import subprocess
import sys

from sphinx import addnodes

from website import names
from website.names import ROOT, Row
from website.reference import _table

BUILD = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-D", "extensions=myst_parser,website.reference"]


def build(tmp_path, text):
    (tmp_path / "index.md").write_text("# Reference\n\n" + text)
    (tmp_path / "chapters").mkdir()
    for path in names.finished().values():
        (tmp_path / "chapters" / f"{path.stem}.md").write_text("---\norphan: true\n---\n# A chapter\n")
    command = [*BUILD, "-C", str(tmp_path), str(tmp_path / "out")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_row():
    row = Row("dlbook.scratch.linear", "``y`` = x Wᵀ + b.", [], 5, ["tests/test_ops.py", "tests/website/test_a.py"])
    cells = [entry.astext() for entry in _table([row]).findall(lambda node: node.tagname == "entry")]
    assert cells[4:] == ["linear", "y = x Wᵀ + b.", "planned: 5", "test_ops.py, website/test_a.py"]


def test_chapters_are_links(monkeypatch):
    monkeypatch.setattr(names, "finished", lambda: {"02": ROOT / "chapters" / "02_neurons.ipynb"})
    [link] = _table([Row("dlbook.scratch.linear", "", ["02"], None, [])]).findall(addnodes.pending_xref)
    assert link["reftarget"] == "/chapters/02_neurons" and link.astext() == "2"


def test_the_page_shows_every_name_of_a_module(tmp_path):
    run = build(tmp_path, "```{dlbook-names} dlbook.scratch.init\n```\n")
    assert run.returncode == 0, run.stderr
    page = html.unescape((tmp_path / "out" / "index.html").read_text("utf8"))
    shown = re.findall(r'<td><p><code class="docutils literal notranslate"><span class="pre">(\w+)</span>', page)
    public = [name.rpartition(".") for name in names.public_names()]
    assert shown == [name for module, _, name in public if module == "dlbook.scratch.init"] != []
    assert "test_init.py" in page


def test_a_module_that_does_not_exist(tmp_path):
    run = build(tmp_path, "```{dlbook-names} dlbook.skratch\n```\n")
    assert run.returncode != 0 and "no module 'dlbook.skratch'; there are dlbook, " in run.stderr
