"""What nbval executes, the site shows: `pytest --nbval` fills the cache from which the pages are built."""
from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from website.notebooks import CHAPTERS, IGNORED, WIDGET_VIEW, dumps, execute, normalise

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ROOT = CHAPTERS.parent
CELLS = [
    new_markdown_cell("# Page"),
    new_code_cell(
        "import matplotlib.pyplot as plt\n"
        "from dlbook import figures\n"
        "from dlbook.widgets.base import Widget\n"
        "figures.use()\n"
        "print('printed')"
    ),
    new_code_cell("fig, ax = plt.subplots()\n_ = ax.plot([0, 1])"),
    new_code_cell(
        "class Page(Widget):\n"
        "    _esm = 'export default { params: {}, render() {} }'\n"
        "    poster = table = lambda self: '<p>poster</p>'\n"
        "Page(key='page')"
    ),
    new_code_cell("int('one')", metadata={"tags": ["raises-exception"]}),
    new_code_cell("import time\ntime.time()", metadata={"tags": [IGNORED]}),
    new_code_cell("6 * 7"),
]


FAULTY = {  # one cell each, and what its file says it printed
    "other": ("print('new')", "old\n"),
    "fails": ("undefined", ""),
    "missing": ("quiet = 1", "old\n"),
}
AGAIN = ("numbers = [1, 2]", "numbers.append(3)\nprint(len(numbers))")  # shows something else the second time
CHANGES = "from IPython.display import display\nhandle = display('a', display_id='x')\nhandle.update('b')"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Several notebooks executed by one call of nbval: the call, their folder, and ``page`` as nbclient executes it."""
    folder = tmp_path_factory.mktemp("notebooks")

    def write(name, nb):
        (folder / f"{name}.ipynb").write_text(dumps(normalise(nb)), "utf8")

    write("page", new_notebook(cells=CELLS))
    executed, _ = execute(folder / "page.ipynb")
    write("page", executed)
    for name, (source, printed) in FAULTY.items():
        shown = [new_output("stream", name="stdout", text=printed)] if printed else []
        write(name, new_notebook(cells=[new_code_cell(source, outputs=shown)]))
    write("changes", new_notebook(cells=[new_code_cell(CHANGES, metadata={"tags": [IGNORED]})]))
    shown = [new_output("stream", name="stdout", text="3\n")]
    write("again", new_notebook(cells=[new_code_cell(AGAIN[0]), new_code_cell(AGAIN[1], outputs=shown)]))
    write("part", new_notebook(cells=[new_code_cell("a = 1"), new_code_cell("b = 2")]))
    files = [f"{name}.ipynb" for name in ("page", *FAULTY, "again", "changes")] + ["part.ipynb::Cell 0"]
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-q", "-rN", "--nbval"]
    command += [f"--site-cache={folder / 'cache'}", *(str(folder / file) for file in files)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return result, folder, executed


def cached(folder, name):
    """The notebook as MyST-NB would show it, or None when it would have to execute it."""
    nb = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    cache = get_cache(str(folder / "cache"))
    try:
        return cache.merge_match_into_notebook(nb)[1]
    except KeyError:
        return None
    finally:
        cache.db.dispose()


def outputs(nb):
    """All outputs but the random id of the widget."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and IGNORED not in cell.metadata.get("tags", [])]
    kept = [output for cell in cells for output in cell.outputs]
    for output in kept:
        output.get("data", {}).get(WIDGET_VIEW, {}).pop("model_id", None)
    return kept


def test_the_site_gets_what_an_execution_shows(run):
    _, folder, executed = run
    nb = cached(folder, "page")
    [view] = [output.data[WIDGET_VIEW] for output in nb.cells[3].outputs]
    state = nb.metadata.widgets[WIDGET_STATE]["state"][view["model_id"]]["state"]
    assert state["key"] == "page" and "poster" in state["_fallback"]
    assert "<svg" in nb.cells[2].outputs[0].data["image/svg+xml"]
    assert nb.cells[5].outputs[0].data["text/plain"]  # ignored by nbval, shown by the site
    assert outputs(nb) == outputs(executed)


def test_a_widget_has_the_same_state_either_way(run):
    _, folder, executed = run
    found = []
    for nb in (executed, cached(folder, "page")):
        models = nb.metadata.widgets[WIDGET_STATE]["state"].values()
        [state] = [model["state"] for model in models if "key" in model["state"]]
        found.append({name: value for name, value in state.items() if name != "layout"})  # a reference by random id
    assert found[0] == found[1]


def test_nbval_compares_as_ever(run):
    result, _, _ = run
    assert result.returncode == 1
    assert f"{len(FAULTY) + 1} failed, 9 passed" in result.stdout, result.stdout


def test_a_cell_that_shows_something_else_the_second_time_fails(run):
    result, _, _ = run
    assert result.stdout.count("Run again after the end, cell 1 is different: Cell outputs differ") == 1


@pytest.mark.parametrize("name", [*FAULTY, "changes", "part"])
def test_nothing_is_kept_of_a_notebook_that_fails_changes_later_or_ran_in_part(run, name):
    _, folder, _ = run
    assert cached(folder, name) is None
