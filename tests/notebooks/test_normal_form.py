"""Every notebook of the book is in normal form; each rule of that form refuses what breaks it."""
from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from website.notebooks import CHAPTERS, IGNORED, WIDGET_VIEW, dumps, main, normalise, problems

WIDGET_STATE = {"application/vnd.jupyter.widget-state+json": {"state": {}}}


def good() -> nbformat.NotebookNode:
    """A notebook in normal form: a text, a print, a figure, a value."""
    figure = new_output("display_data", data={"text/plain": "<Figure size 520x320 with 1 Axes>"})
    cells = [
        new_markdown_cell("# One", id="one"),
        new_code_cell("print(1)", id="two", outputs=[new_output("stream", name="stdout", text="1\n")]),
        new_code_cell("draw()", id="three", outputs=[figure], metadata={"mystnb": {"image": {"alt": "A line"}}}),
        new_code_cell("6 * 7", id="four", outputs=[new_output("execute_result", data={"text/plain": "42"})]),
    ]
    return normalise(new_notebook(cells=cells))


def test_a_good_notebook_is_accepted():
    assert problems(dumps(good())) == []


@pytest.mark.parametrize("path", sorted(CHAPTERS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_notebooks_of_the_book(path):
    assert problems(path.read_text("utf8")) == []


def _printed(text, name="stdout"):
    return lambda nb: nb.cells[1].update(outputs=[new_output("stream", name=name, text=text)])


def _shown(mime, value):
    return lambda nb: nb.cells[2].outputs[0].data.update({mime: value})


def _failed(nb):
    nb.cells[1].outputs = [new_output("error", ename="ValueError", evalue="shapes", traceback=[])]


def _failed_with_traceback(nb):
    _failed(nb)
    nb.cells[1].metadata["tags"] = ["raises-exception"]
    nb.cells[1].outputs[0].traceback = ["\x1b[31mValueError\x1b[39m: shapes"]


def _ignored(nb):
    nb.cells[1].metadata["tags"] = [IGNORED]


def _cut(nb):
    nb.cells[1].outputs = [new_output("stream", text="1"), new_output("stream", text="\n")]


FAULTS = {
    "kernelspec": (lambda nb: nb.metadata.kernelspec.update(name="my-kernel"), "the notebook's metadata"),
    "no kernelspec": (lambda nb: nb.metadata.pop("kernelspec"), "the notebook's metadata"),
    "version of python": (lambda nb: nb.metadata.language_info.update(version="3.11.7"), "the notebook's metadata"),
    "widget state": (lambda nb: nb.metadata.update(widgets=WIDGET_STATE), "the notebook's metadata"),
    "old format": (lambda nb: nb.update(nbformat_minor=4), "the notebook's nbformat_minor"),
    "no id": (lambda nb: nb.cells[1].pop("id"), "cell 2 (print(1)): id"),
    "id twice": (lambda nb: nb.cells[2].update(id="two"), "cell 3 (draw()): id"),
    "times": (lambda nb: nb.cells[1].metadata.update(execution={"iopub.status.busy": "noon"}), "(print(1)): metadata"),
    "not executed": (lambda nb: nb.cells[1].update(execution_count=None), "(print(1)): execution_count"),
    "executed out of order": (lambda nb: nb.cells[1].update(execution_count=7), "(print(1)): execution_count"),
    "count of the output": (lambda nb: nb.cells[3].outputs[0].update(execution_count=9), "(6 * 7): outputs"),
    "PNG": (_shown("image/png", "iVBORw0KGgo="), "(draw()): outputs"),
    "SVG": (_shown("image/svg+xml", "<svg/>"), "(draw()): outputs"),
    "widget view": (_shown(WIDGET_VIEW, {"model_id": "1"}), "(draw()): outputs"),
    "output metadata": (lambda nb: nb.cells[2].outputs[0].metadata.update(width=1), "(draw()): outputs"),
    "ignored output kept": (_ignored, "(print(1)): outputs"),
    "long line": (lambda nb: nb.cells[1].update(source="print(1)" + " " * 70 + "# one"), "has a line of 83 characters"),
    "traceback": (_failed_with_traceback, "(print(1)): outputs"),
    "text cut in two": (_cut, "(print(1)): outputs"),
    "picture in HTML": (_shown("text/html", '<img src="data:image/png;base64,iVBO">'), "shows a picture inside HTML"),
    "picture attached": (lambda nb: nb.cells[0].update(attachments={"a.png": {}}), "has a picture attached"),
    "semicolon": (lambda nb: nb.cells[3].update(source="6 * 7;  "), "ends in a semicolon"),
    "empty cell": (lambda nb: nb.cells[1].update(source=" \n", outputs=[]), "is an empty code cell"),
    "skipped": (lambda nb: nb.cells[1].metadata.update(tags=["nbval-skip"]), "is steered by nbval-skip"),
    "comment": (lambda nb: nb.cells[1].update(source="# NBVAL_IGNORE_OUTPUT\nprint(1)"), "is steered by"),
    "stderr": (_printed("UserWarning: careful\n", "stderr"), "writes to stderr: UserWarning: careful"),
    "failed": (_failed, "fails with ValueError: shapes"),
    "path": (_printed("saved to /somewhere/else/model.npz"), "shows a path of this machine: /somewhere/else/model.npz"),
    "path at home": (_printed("~/data/digits.npz"), "shows a path of this machine: ~/data/digits.npz"),
    "path on Windows": (_printed(r"C:\data\digits.npz"), r"shows a path of this machine: C:\data\digits.npz"),
    "address": (_shown("text/plain", "<A object at 0x7f3a5c0d1e50>"), "shows an address in memory (at 0x7f3a5c0d1e50)"),
}


@pytest.mark.parametrize(("break_it", "message"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_named(break_it, message):
    nb = good()
    break_it(nb)
    found = problems(dumps(nb))
    assert len(found) == 1 and message in found[0], found


@pytest.mark.parametrize("text", ["a/b and/or c, 3 m/s, </div>", "loss: 0.1 / 0.2", "https://a.org/b/c", "at 0x10"])
def test_what_only_looks_like_a_path_may_stand(text):
    nb = good()
    _printed(text)(nb)
    assert problems(dumps(nb)) == []


@pytest.mark.parametrize("change", [str.rstrip, lambda text: json.dumps(json.loads(text), indent=2) + "\n"])
def test_the_layout_is_part_of_the_form(change):
    assert problems(change(dumps(good()))) == ["the layout of the JSON not in normal form; run `make notebooks`"]


def test_normalising_cures_all_but_faults_and_is_stable():
    nb = good()
    for break_it, message in FAULTS.values():
        if message.endswith(("metadata", ": outputs", ": execution_count", ": id")):
            break_it(nb)
    once = normalise(nb)
    assert normalise(once) == once
    assert len({cell.id for cell in once.cells}) == len(once.cells)
    nbformat.validate(once)


SOURCES = [
    "import os\nimport matplotlib.pyplot as plt\nfrom dlbook import figures\nfigures.use()",
    "print('one', flush=True)\nprint('two')",
    "fig, ax = plt.subplots()\n_ = ax.plot([0, 1])",
    "import ipywidgets\nipywidgets.IntSlider(3)",
    "1 / 0",
    "os.getpid()",
    "6 * 7",
]


def notebook_file(path):
    """Writes a notebook nobody has executed yet."""
    cells = [new_code_cell(source) for source in SOURCES]
    cells[4].metadata["tags"], cells[5].metadata["tags"] = ["raises-exception"], [IGNORED]
    path.write_text(dumps(new_notebook(cells=cells)), "utf8")
    return path


def test_executing_twice_gives_the_same_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("website.execution.cache_path", lambda: tmp_path / "cache")
    path = notebook_file(tmp_path / "a.ipynb")
    assert main(["--check", str(path)]) == 1
    assert "not executed yet; run `make notebooks`" in capsys.readouterr().out
    assert main([str(path)]) == 0
    first = path.read_bytes()
    nb = nbformat.read(path, as_version=4)
    assert [[output.output_type for output in cell.outputs] for cell in nb.cells] == [
        [], ["stream"], ["display_data"], ["execute_result"], ["error"], [], ["execute_result"]
    ]
    assert nb.cells[1].outputs[0].text == "one\ntwo\n"
    assert nb.cells[2].outputs[0].data == {"text/plain": "<Figure size 520x320 with 1 Axes>"}
    assert b"<svg" not in first and str(tmp_path).encode() not in first
    assert main([str(path)]) == 0
    assert path.read_bytes() == first
    assert main(["--check", str(path)]) == 0


def test_a_cell_that_fails_leaves_the_file_alone(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    path.write_text(dumps(new_notebook(cells=[new_code_cell("print(1)"), new_code_cell("undefined")])), "utf8")
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert path.read_bytes() == before
    streams = capsys.readouterr()
    assert "the file is as it was" in streams.err and "NameError" in streams.err
    assert "0 of 1 notebooks are in order" in streams.out


def test_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit):
        main(["chapters/99_nothing.ipynb"])
    assert "no such file: chapters/99_nothing.ipynb" in capsys.readouterr().err
