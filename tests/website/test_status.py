"""The status page: versions, devices and times are those of the execution, not those of the build."""
from __future__ import annotations

import html
import platform
import re
import shutil
import tomllib
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbCacheRecord, session_context
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_build import write

from conftest import BOOK, ROOT, build
from website import notebooks, provenance, status

STATUS = "# Status\n" + "".join(f"\n```{{dlbook-status}} {name}\n```\n" for name in status.TABLES)


def records(folder) -> list[dict]:
    """What a jupyter-cache keeps of its notebooks."""
    kept = get_cache(str(folder))
    try:
        return [record.data for record in kept.list_cache_records()]
    finally:
        kept.db.dispose()


def rows(page) -> dict[str, list[str]]:
    """The rows of all tables of a page, by their first cell."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", page.read_text("utf8"), re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in found]
    texts = [[html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in row] for row in cells]
    return {first: rest for first, *rest in texts}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book built twice: as new, and after its cached results were marked as those of other computers."""
    folder = tmp_path_factory.mktemp("status")
    shutil.copy(BOOK / "references.bib", folder)
    slow = "import time\ntime.sleep(3)"
    names = write(folder, intro="# Start\n", zebra=slow, ape="print(1)", state=STATUS)

    def page() -> dict[str, list[str]]:
        code, log = build(folder, names)
        assert code == 0, log
        return rows(folder / "_build" / "html" / "state.html")

    first = page()
    [cache] = (folder / "_build" / ".jupyter_cache").iterdir()
    kept = get_cache(str(cache))
    with session_context(kept.db) as session:
        for record in session.query(NbCacheRecord):
            assert record.data[provenance.KEY] == provenance.environment()
            there = "cuda:0 (A GPU), cpu" if record.uri.endswith("zebra.md") else "cpu"
            record.data = record.data | {provenance.KEY: {"PyTorch": "9.8.7", "Devices of PyTorch": there}}
        session.commit()
    kept.db.dispose()
    shutil.rmtree(folder / "_build" / "html")
    shutil.rmtree(folder / "_build" / ".doctrees")
    return SimpleNamespace(first=first, second=page(), folder=folder)


def test_versions_and_devices_stand_there(book):
    assert book.first["PyTorch"] == [version("torch")]
    assert book.first["Python"] == [platform.python_version()]
    assert book.first["Devices of PyTorch"][0].endswith("cpu")
    assert re.search(r"\S, \d+ cores?$", book.first["Processor"][0])
    assert book.first["Jupyter Book"] == [version("jupyter-book")] and book.first["KaTeX"] == ["0.16.22"]


def test_the_seconds_are_those_of_the_cells_in_the_order_of_the_book(book):
    zebra, ape, together = (float(book.first[name][0]) for name in ("zebra", "ape", "Together"))
    assert zebra >= 3 and ape > 0 and together == pytest.approx(zebra + ape, abs=0.11)
    listed = list(book.first)
    assert listed.index("zebra") < listed.index("ape")
    assert "Start" not in listed  # has no cells


def test_a_result_from_the_cache_keeps_its_seconds_its_versions_and_its_devices(book):
    assert [book.second[name] for name in ("zebra", "ape")] == [book.first[name] for name in ("zebra", "ape")]
    assert book.second[""] == ["zebra", "ape"]  # one column for each environment
    assert book.second["PyTorch"] == ["9.8.7", "9.8.7"]
    assert book.second["Devices of PyTorch"] == ["cuda:0 (A GPU), cpu", "cpu"]


def test_the_page_follows_when_another_page_runs_again(book):
    page = book.folder / "ape.md"
    page.write_text(page.read_text("utf8").replace("print(1)", "import time; time.sleep(4)"), "utf8")
    code, log = build(book.folder, ["intro", "zebra", "ape", "state"])
    assert code == 0, log
    shown = rows(book.folder / "_build" / "html" / "state.html")
    assert float(shown["ape"][0]) >= 4 and shown["zebra"] == book.first["zebra"]
    assert shown["PyTorch"] == ["9.8.7", version("torch")]


def test_a_book_without_cells():
    env = SimpleNamespace(config=SimpleNamespace(root_doc="intro"), toctree_includes={}, nb_metadata={})
    assert [status.TABLES[name](env).astext() for name in ("cells", "seconds")] == [
        "No page of this book has cells."
    ] * 2


# ---- what is kept
def test_what_nbval_and_make_notebooks_execute_is_kept_with_its_environment(tmp_path):
    nb = new_notebook(cells=[new_code_cell("1", execution_count=1)])
    notebooks.remember(nb, tmp_path / "page.ipynb", 1.25, tmp_path / "cache")
    [data] = records(tmp_path / "cache")
    assert data == {"execution_seconds": 1.25, provenance.KEY: provenance.environment()}


def test_every_package_that_cells_may_import_is_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    needed = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert needed <= {canonicalize_name(name) for name in provenance.PACKAGES.values()}


@pytest.mark.parametrize("text, name", [
    ("processor\t: 0\nmodel name\t: A  Processor (R)\nmodel name\t: A second\n", "A Processor (R), "),
    ("processor\t: 0\nBogoMIPS\t: 50.00\n", f"{platform.processor() or platform.machine()}, "),
])
def test_the_processor(tmp_path, text, name):
    (tmp_path / "cpuinfo").write_text(text)
    assert provenance.processor(tmp_path / "cpuinfo").startswith(name)
    assert provenance.processor(tmp_path / "nothing").endswith(("core", "cores"))


def test_gpus_have_names(monkeypatch):
    import torch

    from dlbook.pt import engine

    monkeypatch.setattr(engine, "available", lambda: ["cuda:0", "cuda:1", "mps", "cpu"])
    monkeypatch.setattr(torch.cuda, "get_device_name", {"cuda:0": "Big", "cuda:1": "Small"}.get)
    assert provenance.devices() == "cuda:0 (Big), cuda:1 (Small), mps, cpu"
