"""A reader jumps: cells may be run twice and out of order.

A cell may take a name from another cell only if no other cell gives that name another meaning; then it finds what it
needs, or nothing, and never something else.  (That a cell which is run again shows what it showed before is checked
while nbval runs the notebooks: conftest.py.)
"""
from __future__ import annotations

import ast
import builtins
import symtable

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from website.notebooks import CHAPTERS

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))


def makes(source: str) -> set[str]:
    """The global names that a cell assigns or imports."""
    return {s.get_name() for s in symtable.symtable(source, "cell", "exec").get_symbols()
            if s.is_assigned() or s.is_imported()}


def takes(source: str) -> set[str]:
    """The global names that a cell reads before it has made them."""


    made, taken = set(), set()
    everything = makes(source)
    for statement in ast.parse(source).body:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        assigned = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        read = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
        if isinstance(statement, ast.For | ast.While | ast.With | ast.If | ast.Try):
            read -= assigned  # it may assign before it reads
        inside = set().union(*map(_globals, table.get_children()))  # read when the function is called: later
        taken |= (read - made) | (inside - everything)
        made |= assigned
    return {name for name in taken if not hasattr(builtins, name)}


def _globals(table) -> set[str]:
    own = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return own.union(*map(_globals, table.get_children()))


def confusions(nb) -> list[str]:
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    makers: dict[str, list[int]] = {}
    for i, cell in enumerate(cells):
        for name in makes(cell.source):
            makers.setdefault(name, []).append(i)
    found = []
    for i, cell in enumerate(cells):
        for name in sorted(takes(cell.source)):
            by = makers.get(name, [])
            if len(by) != 1 or by[0] >= i:
                found.append(f"{cell.id} takes {name}, which is made by {[cells[k].id for k in by] or 'nobody'}")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_name_that_cells_share_has_one_meaning(path):
    assert confusions(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("cells, complaint", [
    (["x = 1", "x = 2", "print(x)"], "cell2 takes x, which is made by ['cell0', 'cell1']"),
    (["print(x)", "x = 1"], "cell0 takes x, which is made by ['cell1']"),
    (["def f():\n    return y", "y = 1"], "cell0 takes y, which is made by ['cell1']"),
    (["x = x + 1"], "cell0 takes x"),
])
def test_the_rule_finds(cells, complaint):
    nb = new_notebook(cells=[new_code_cell(source, id=f"cell{i}") for i, source in enumerate(cells)])
    assert any(complaint in line for line in confusions(nb))


@pytest.mark.parametrize("cells", [
    ["x = 1", "print(x)\ny = x"],
    ["for i in range(3):\n    print(i)"],
    ["def f():\n    return g()\n\ndef g():\n    return 1"],
    ["x = [i for i in range(3)]", "i = 4\nprint(i, x)"],
])
def test_the_rule_allows(cells):
    nb = new_notebook(cells=[new_code_cell(source, id=f"cell{i}") for i, source in enumerate(cells)])
    assert confusions(nb) == []


def test_a_cell_that_is_run_too_early_says_the_way_out(tmp_path):
    cells = [new_code_cell("from dlbook.notebook import setup\nsetup()"), new_code_cell("moons + 1")]
    nb = new_notebook(cells=cells)
    NotebookClient(nb, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": tmp_path}}).execute()
    error = nb.cells[1].outputs[0]
    assert error.ename == "NameError"
    assert "name 'moons' is not defined. If it is not misspelt, an earlier cell makes it" in error.evalue
