"""The bibliography holds only works that can be found, once each, and the chapters cite only what it holds."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pybtex.database import Entry, parse_file, parse_string

ROOT = Path(__file__).resolve().parent.parent
BIBLIOGRAPHY = parse_file(ROOT / "references.bib")
IDENTIFIERS = {
    "doi": r"10\.\d{4,9}/\S+",
    "eprint": r"\d{4}\.\d{4,5}",
    "isbn": r"97[89][-\d]{10,14}",
    "note": r"(PMLR|JMLR) \d+(\(\d+\))?:\d+--\d+",
}


def problems(key: str, entry: Entry) -> list[str]:
    found = [name for name, form in IDENTIFIERS.items() if re.fullmatch(form, entry.fields.get(name, ""))]
    wrong = [f"{key}: {name} = {entry.fields[name]!r} has not the form of one" for name in ("doi", "eprint", "isbn")
             if name in entry.fields and name not in found]
    missing = [f"{key}: no {field}" for field in ("title", "year") if field not in entry.fields]
    return wrong + missing + ([] if found else [f"{key}: no DOI, arXiv number, ISBN, PMLR or JMLR pages"])


@pytest.mark.parametrize("key", BIBLIOGRAPHY.entries)
def test_each_entry_can_be_found(key):
    assert problems(key, BIBLIOGRAPHY.entries[key]) == []


@pytest.mark.parametrize("text, complaint", [
    ("@misc{A, title={T}, year={2018}}", "no DOI"),
    ("@misc{A, title={T}, year={2018}, doi={doi.org/x}}", "has not the form"),
    ("@misc{A, title={T}, eprint={1812.01187}}", "no year"),
])
def test_an_entry_that_cannot_be_found_is_refused(text, complaint):
    (key, entry), = parse_string(text, "bibtex").entries.items()
    assert any(complaint in p for p in problems(key, entry))


def test_no_work_stands_twice():
    def normal(text):
        return re.sub(r"[^a-z0-9]", "", text.lower())

    for field in ("title", "doi", "eprint"):
        values = [normal(e.fields[field]) for e in BIBLIOGRAPHY.entries.values() if field in e.fields]
        assert len(values) == len(set(values)), field


def cited() -> set[str]:
    text = ""
    for path in [*ROOT.glob("*.md"), *(ROOT / "chapters").glob("*.ipynb")]:
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text("utf8"))["cells"]
            text += "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        else:
            text += path.read_text("utf8")
    return {key.strip() for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text) for key in keys.split(",")}


def test_what_is_cited_is_there_and_what_is_there_is_cited():
    assert cited() == set(BIBLIOGRAPHY.entries)
