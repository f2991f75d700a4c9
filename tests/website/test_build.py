"""Building: what fails and with which words, what is executed again and what is not."""
from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import BOOK, build

NOTEBOOK = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  name: python3
  display_name: Python 3
---
# {title}

```{{code-cell}} ipython3
{code}
```
"""
COUNT = "from pathlib import Path\nwith open('runs.txt', 'a') as file:\n    file.write('x')\n"


def write(folder: Path, **pages: str) -> list[str]:
    """Writes the pages as notebooks of one cell; a page that begins with # is prose."""
    for name, code in pages.items():
        text = code if code.startswith("#") else NOTEBOOK.format(title=name, code=code)
        (folder / f"{name}.md").write_text(text, "utf8")
    return list(pages)


def test_the_sample_book_is_in_order(sample):
    assert sample.status == 0, sample.log[-6000:]


def test_faults_fail_the_build_in_words_and_do_so_again(tmp_path):
    shutil.copy(BOOK / "made_up.py", tmp_path)
    shutil.copy(BOOK / "references.bib", tmp_path)
    names = write(
        tmp_path,
        intro="# Start\n\nThe formula $\\wrong{x}$ and a [link](nowhere.md).\n",
        cell="x = 1\nprint(undefined_name)",
        kernel="import ipywidgets\nipywidgets.IntSlider(3)",
        twice="import IPython, made_up\nfor _ in range(2):\n    IPython.display.display(made_up.Counter(key='q'))",
        heavy="from made_up import Series\nSeries(values=list(range(40_000)))",
        state="# Status\n\n```{dlbook-status} minutes\n```\n",
    )
    for _ in range(2):  # Sphinx takes a page that it has written as done
        status, log = build(tmp_path, names)
        assert status == 1
        for words in (
            r"cell: a cell failed\.[^$]*print\(undefined_name\)[^$]*NameError: name 'undefined_name' is not defined",
            r"kernel: widget @jupyter-widgets/controls\.IntSliderModel needs a running kernel",
            r"twice: two widgets have key='q'",
            r"heavy: widget dlbook\.widgets\.made_up\.Series carries \d+ KB of data and may carry 150 KB",
            r"intro\.md:3: ERROR: formula '\\\\wrong\{x\}': .*Undefined control sequence: \\wrong",
            r"intro\.md:3: WARNING: .*nowhere\.md",
            r"dlbook-status: no table 'minutes'; there are cells, seconds, site",
        ):
            assert re.search(words, log), f"{words} is not in\n{log}"


def test_prose_is_cheap_and_output_is_never_stale(tmp_path):
    shutil.copy(BOOK / "references.bib", tmp_path)
    package = tmp_path / "dlbook"  # a stand-in, found before the real one
    package.mkdir()
    (package / "__init__.py").write_text("ANSWER = 'first answer'\n")
    cell = COUNT + "import sys\nsys.path.insert(0, '.')\nimport dlbook\nprint(dlbook.ANSWER)"
    names = write(tmp_path, intro="# Start\n", page=cell)

    def rebuild():
        status, log = build(tmp_path, names, website_root=str(tmp_path))
        assert status == 0, log
        return (tmp_path / "_build" / "html" / "page.html").read_text("utf8"), len((tmp_path / "runs.txt").read_text())

    html, runs = rebuild()
    assert "first answer" in html and runs == 1

    page = tmp_path / "page.md"
    page.write_text(page.read_text("utf8") + "\nMore words.\n", "utf8")
    html, runs = rebuild()
    assert "first answer" in html and "More words" in html and runs == 1

    (package / "__init__.py").write_text("ANSWER = 'second answer'\n")
    html, runs = rebuild()
    assert "second answer" in html and "first answer" not in html and runs == 2
    assert len(list((tmp_path / "_build" / ".jupyter_cache").iterdir())) == 1


def test_two_builds_give_equal_pages(tmp_path):
    names = ["intro", "counter", "kitchen", "plain"]

    def pages(folder: Path) -> list[str]:
        shutil.copytree(BOOK, folder, ignore=shutil.ignore_patterns("__pycache__", "*.md"))
        for name in names:
            shutil.copy(BOOK / f"{name}.md", folder)
        status, log = build(folder, names)
        assert status == 0, log
        return [(folder / "_build" / "html" / f"{name}.html").read_text("utf8") for name in names]

    with ThreadPoolExecutor() as together:
        one, two = together.map(pages, [tmp_path / "one" / "book", tmp_path / "two" / "book"])
    assert one == two


@pytest.mark.parametrize("name", ["genindex", "search"])
def test_pages_that_sphinx_adds_are_there(sample, name):
    assert (sample.folder / f"{name}.html").is_file()


def test_the_repository_is_linked_once_its_address_is_known(sample, tmp_path):
    address = "https://github.com/someone/somewhere"
    assert "/edit/" not in (sample.folder / "plain.html").read_text("utf8")
    shutil.copy(BOOK / "references.bib", tmp_path)
    status, log = build(tmp_path, write(tmp_path, intro="# Start\n\nWords.\n"), repository=address)
    assert status == 0, log
    page = (tmp_path / "_build" / "html" / "intro.html").read_text("utf8")
    assert f'href="{address}/edit/main/intro.md"' in page and f'href="{address}"' in page
