"""A chapter uses only names that exist, and every public name has a chapter."""
from __future__ import annotations

import json

import pytest

from website import names


@pytest.fixture(scope="module")
def public():
    return names.public_names()


@pytest.fixture(scope="module")
def by_chapter(public):
    return {number: names.cited(names.source_of(path), public) for number, path in names.finished().items()}


def test_chapters_use_only_what_exists():
    for path in names.finished().values():
        assert names.faults(names.source_of(path)) == [], path.name


def test_every_public_name_is_cited_or_planned(public, by_chapter):
    known = set(names.planned()).union(*by_chapter.values())
    assert sorted(set(public) - known) == [], "use it in a chapter, or add it to chapters/planned.yml"


def test_what_is_planned_exists_and_is_still_to_come(public, by_chapter):
    planned = names.planned()
    assert sorted(set(planned) - set(public)) == [], "chapters/planned.yml: no such public name"
    assert sorted(set(planned).intersection(*[set().union(*by_chapter.values())])) == [], "planned, but cited already"
    wrong = {name: n for name, n in planned.items() if not (n in range(1, 17) and f"{n:02}" not in by_chapter)}
    assert wrong == {}, "planned for a chapter that is finished, or that is none"


CODE = """
import dlbook
import dlbook.figures as f
from dlbook import data, scratch
from dlbook.pt.models import MLP as Twin
from dlbook.scratch import Linear, Tensor, relu

layer = Linear(2, bias=False, out_features=3)
splits = data.split(data.two_moons(200, noise=0.1), test=0.3)
y = [scratch.tanh(x) for x in [Tensor([1.0])]]
f.use()
%time relu(y[0]).sum().backward(gradient=None)
"""


def in_notebook(code, tmp_path):
    path = tmp_path / "a.ipynb"
    text = {"cell_type": "markdown", "source": ["import no"]}
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code.splitlines(keepends=True)}, text]}))
    return names.source_of(path)


def test_what_a_chapter_cites(public, tmp_path):
    source = in_notebook(CODE, tmp_path)
    assert names.faults(source) == []
    assert names.cited(source, public) == {
        "dlbook.data.split", "dlbook.data.two_moons", "dlbook.figures.use", "dlbook.pt.MLP",
        "dlbook.scratch.Linear", "dlbook.scratch.Tensor", "dlbook.scratch.relu", "dlbook.scratch.tanh",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Linear,", "Linaer,", "dlbook.scratch has no 'Linaer'; did you mean 'Linear'?"),
        ("two_moons", "three_moons", "dlbook.data has no 'three_moons'; did you mean 'two_moons'?"),
        ("from dlbook.pt.models import MLP", "from dlbook.pt.modles import MLP", "dlbook.pt has no 'modles'"),
        ("scratch.tanh", "scratch.loss.mse", "dlbook.scratch.loss has no 'mse'"),
        ("Tensor([1.0])", "Tensor.of([1.0])", "dlbook.scratch.Tensor has no 'of'"),
        ("noise=", "noize=", "dlbook.data.two_moons has no argument 'noize'"),
        ("out_features", "n_out", "dlbook.scratch.Linear has no argument 'n_out'"),
        ("f.use()", "import dlbook.widgets as w\nw.Quiz(colour=1)", "dlbook.widgets.Quiz has no argument 'colour'"),
    ],
)
def test_each_fault_is_named(old, new, message, tmp_path):
    [fault] = names.faults(in_notebook(CODE.replace(old, new), tmp_path))
    assert message in fault


@pytest.mark.parametrize(
    "code",
    [
        "data = data.xor(); data.shape",
        "def show(data): return data.shape",
        "shape = lambda data: data.shape",
        "[data.shape for data in [1]]",
        "import numpy as data\ndata.zeros(3)",
        "class data: shape = 1\ndata.shape",
    ],
)
def test_a_name_that_now_means_something_else_is_not_followed(code):
    assert names.faults("from dlbook import data\n" + code) == []


def test_each_object_is_listed_once(public):
    assert "dlbook.manual_seed" in public and "dlbook.scratch.manual_seed" not in public
    assert "dlbook.scratch.init.normal_" in public and "dlbook.scratch.init" not in public


def test_finished_chapters_are_those_of_the_table_of_contents(tmp_path):
    toc = "root: intro\nparts:\n- chapters:\n  - file: chapters/02_neurons\n  - file: glossary\n"
    (tmp_path / "_toc.yml").write_text(toc)
    assert names.finished(tmp_path) == {"02": tmp_path / "chapters" / "02_neurons.ipynb"}
