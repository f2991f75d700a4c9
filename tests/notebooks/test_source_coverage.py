"""Every row of the five source documents has its place in the book, and the places of finished chapters exist."""
from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from website.names import ROOT, finished

TEXT = (ROOT / "chapters" / "coverage.yml").read_text("utf8")
ROWS = {"S0": 57, "S1": 63, "S2": 87, "S3": 64, "S4": 72}  # as counted in the documents
LINE = re.compile(r'^(S\d-[\w.]+): "([^"]+)" +# (\w+: )?\S')


def rows(text: str) -> list[tuple[str, str]]:
    """The rows (id, place) of the file, in order; ValueError for a line that is neither row nor comment."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line and not line.startswith("#"):
            if not (match := LINE.match(line)):
                raise ValueError(f'line {number}: expected a row such as  S0-1a: "02"  # concept: …; got {line}')
            found.append((match[1], match[2]))
    return found


def anchors(notebook) -> set[str]:
    """The targets ``(name)=`` in the Markdown cells of a notebook."""
    cells = json.loads(notebook.read_text("utf8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return set(re.findall(r"^\(([\w:.-]+)\)=\s*$", text, re.M))


def faults(text: str, chapters: dict[str, set[str]]) -> list[str]:
    """What is wrong with the file, given the anchors of each finished chapter: {"02_neurons": {"one-neuron", …}}."""
    table = rows(text)
    counts = Counter(key for key, _ in table)
    found = [f"{key} stands there {count} times" for key, count in counts.items() if count > 1]
    by_number = {stem[:2]: stem for stem in chapters}
    for key, place in table:
        stem, hash_, anchor = place.partition("#")
        if not hash_ and stem in by_number:
            found.append(f'{key}: chapter {stem} is finished; name the place, "{by_number[stem]}#anchor"')
        elif not hash_ and not ("01" <= stem <= "16" and len(stem) == 2):
            found.append(f"{key}: {place!r} is no number of a chapter")
        elif hash_ and stem not in chapters:
            found.append(f"{key}: {stem} is not in _toc.yml; a chapter to come has its number alone")
        elif hash_ and anchor not in chapters[stem]:
            found.append(f"{key}: no ({anchor})= in the Markdown of {stem}")
    return found


def test_no_row_is_lost():
    assert Counter(key[:2] for key, _ in rows(TEXT)) == ROWS


def test_every_row_has_its_place():
    assert faults(TEXT, {path.stem: anchors(path) for path in finished().values()}) == []


GOOD = 'S0-1a: "02_neurons#start"  # concept: a\nS0-1b: "05"  # code: b\n'


def test_a_good_file_is_accepted(tmp_path):
    text = {"cell_type": "markdown", "source": ["(start)=\n", "# One"]}
    code = {"cell_type": "code", "source": ["(end)=\n"]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [text, code]}))
    assert anchors(tmp_path / "a.ipynb") == {"start"}
    assert faults(GOOD, {"02_neurons": {"start"}}) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("S0-1b", "S0-1a", "S0-1a stands there 2 times"),
        ("02_neurons#start", "02", 'S0-1a: chapter 02 is finished; name the place, "02_neurons#anchor"'),
        ("02_neurons#start", "02_neurons#stop", "S0-1a: no (stop)= in the Markdown of 02_neurons"),
        ('"05"', '"05_cnn#kernel"', "S0-1b: 05_cnn is not in _toc.yml; a chapter to come has its number alone"),
        ('"05"', '"17"', "S0-1b: '17' is no number of a chapter"),
        ('"05"', '"5"', "S0-1b: '5' is no number of a chapter"),
    ],
)
def test_each_fault_is_named(old, new, message):
    assert faults(GOOD.replace(old, new), {"02_neurons": {"start"}}) == [message]


def test_a_line_that_is_no_row():
    with pytest.raises(ValueError, match="line 2: expected a row"):
        rows(GOOD.replace("S0-1b: ", "S0-1b "))
