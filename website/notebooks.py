"""Executes the notebooks of the book and keeps their files in one form.

    python -m website.notebooks [--check] [chapters/02_neurons.ipynb ...]

A notebook file is source: people read its differences and ``pytest --nbval`` compares its outputs.  So it holds
what a cell prints, and nothing that differs from run to run or from machine to machine: no pictures, no state of
widgets, no times, no paths.  Executing twice gives the same file, byte for byte.
"""
from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
TIMEOUT = 300  # seconds for one cell
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}
NOTEBOOK_METADATA = {"myst", "mystnb"}  # what else may stand in the metadata of a notebook
CELL_METADATA = {"jupyter", "myst", "mystnb", "tags"}  # ... and of a cell
IGNORED = "nbval-ignore-output"
UNSEEN = {"remove-input", "remove-cell"}  # tags of cells whose code the page does not show
WIDTH = 78  # characters of a line of code that a page shows without scrolling
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# an address in memory; a path from the root of a disk or from the home folder
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
LOCAL_PATH = re.compile(r"""(?:^|[\s"'(=,])((?:/[A-Za-z_][\w.+-]*/|~/|[A-Za-z]:\\)[\w.][^\s"'),]*)""", re.M)


# The form -------------------------------------------------------------------------------------------------------


def normalise(nb: NotebookNode) -> NotebookNode:
    """The executed notebook as it is kept in its file; the argument stays as it is."""
    cells, ids, count = [], set(), 0
    for position, cell in enumerate(nb.cells):
        key = cell.get("id") or hashlib.sha256(f"{position} {cell.source}".encode()).hexdigest()[:8]
        while key in ids:
            key = hashlib.sha256(f"{key} {position}".encode()).hexdigest()[:8]
        ids.add(key)
        metadata = {k: v for k, v in cell.metadata.items() if k in CELL_METADATA}
        new = {"cell_type": cell.cell_type, "id": key, "metadata": metadata, "source": cell.source}
        if cell.cell_type == "code":
            count += 1
            new |= {"execution_count": count, "outputs": _outputs(cell, count)}
        cells.append(new)
    metadata = {k: v for k, v in nb.metadata.items() if k in NOTEBOOK_METADATA}
    metadata |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _outputs(cell: NotebookNode, count: int) -> list[NotebookNode]:
    if IGNORED in _tags(cell):
        return []
    kept: list[NotebookNode] = []
    for output in cell.outputs:
        kind = output.output_type
        if kind == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text  # how a text is cut into messages is chance
            else:
                kept.append(new_output(kind, name=output.name, text=output.text))
        elif kind == "error":  # the traceback names files of this machine
            kept.append(new_output(kind, ename=output.ename, evalue=output.evalue, traceback=[]))
        else:
            data = {m: v for m, v in output.data.items() if not m.startswith("image/") and m != WIDGET_VIEW}
            kept.append(new_output(kind, data=data, **({"execution_count": count} if kind == "execute_result" else {})))
    return kept


def dumps(nb: NotebookNode) -> str:
    return nbformat.v4.writes(nb) + "\n"


def problems(text: str) -> list[str]:
    """What is wrong with the text of a notebook file, one line each; an empty list when it is in normal form."""
    nb = nbformat.v4.reads(text)
    found = [f"{_where(nb, cell)}: {message}" for cell in nb.cells for message in _faults(cell)]
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    if code and not any(cell.execution_count for cell in code):
        return [*found, "not executed yet; run `make notebooks`"]
    normal = normalise(nb)
    changed = [f"the notebook's {key}" for key in ("metadata", "nbformat_minor") if nb.get(key) != normal[key]]
    for cell, should in zip(nb.cells, normal.cells):
        for key in sorted({*cell, *should} - {"attachments"}):
            if cell.get(key) != should.get(key):
                changed.append(f"{_where(nb, cell)}: {key}")
    if not found and not changed and text != dumps(normal):
        changed.append("the layout of the JSON")
    return found + [f"{what} not in normal form; run `make notebooks`" for what in changed]


def _faults(cell: NotebookNode) -> Iterator[str]:
    """What executing again does not cure."""
    if cell.get("attachments"):
        yield "has a picture attached; draw it in a code cell or refer to a file"
    if cell.cell_type != "code":
        return
    for line in cell.source.splitlines() if not UNSEEN & set(_tags(cell)) else []:
        if len(line) > WIDTH:
            yield f"has a line of {len(line)} characters; {WIDTH} fit on the page: {_short(line)}"
    last = cell.source.rstrip().rpartition("\n")[2]
    if not cell.source.strip():
        yield "is an empty code cell; remove it"
    if last.endswith(";"):
        yield "ends in a semicolon, which hides a value that strict nbval still compares; assign the value to _ instead"
    if "nbval-skip" in _tags(cell) or re.search(r"^\s*#\s*(NBVAL|PYTEST)_", cell.source, re.M):
        yield f"is steered by nbval-skip or an NBVAL comment; every cell runs, and the tag {IGNORED} drops its output"
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            yield f"writes to stderr: {_short(output.text)}"
        if output.output_type == "error" and "raises-exception" not in _tags(cell):
            yield f"fails with {output.ename}: {_short(output.evalue)}; the tag raises-exception allows it"
        for shown in _texts(output):
            if match := LOCAL_PATH.search(shown):
                yield f"shows a path of this machine: {match[1]}"
            if match := ADDRESS.search(shown):
                yield f"shows an address in memory ({match[0]}), which differs in every run; give the object a __repr__"
            if "data:image/" in shown:
                yield "shows a picture inside HTML; display the picture itself"


def _texts(output: NotebookNode) -> list[str]:
    values = [output.get("text"), output.get("evalue"), *output.get("data", {}).values()]
    return [value for value in values if isinstance(value, str)]


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _where(nb: NotebookNode, cell: NotebookNode) -> str:
    return f"cell {nb.cells.index(cell) + 1} ({_short(cell.source) or 'empty'})"


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 50 else line[:49] + "…"


# Executing ------------------------------------------------------------------------------------------------------


def execute(path: Path) -> tuple[NotebookNode, float]:
    """The notebook with all that its cells show, and the seconds it took.  Raises what nbclient raises."""
    nb = nbformat.read(path, as_version=4)
    nb.metadata["kernelspec"] = dict(KERNEL)
    start = time.perf_counter()
    place = {"metadata": {"path": path.parent}}
    NotebookClient(nb, timeout=TIMEOUT, kernel_name=KERNEL["name"], resources=place).execute()
    return nb, time.perf_counter() - start


def remember(nb: NotebookNode, path: Path, seconds: float, folder: str | Path | None = None) -> None:
    """Keeps an executed notebook where the next build of the site finds it (or in another jupyter-cache)."""
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    from website import provenance
    from website.execution import cache_path

    data = {"execution_seconds": seconds, provenance.KEY: provenance.environment()}
    bundle = CacheBundleIn(nb, str(path), data=data)
    cache = get_cache(str(folder or cache_path()))
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    cache.db.dispose()  # closes its connections, which nobody else does


def update(path: Path) -> float:
    """Executes the notebook, keeps the result for the site, and writes the file in normal form."""
    nb, seconds = execute(path)
    remember(nb, path, seconds)
    draft = path.with_suffix(".tmp")
    draft.write_text(dumps(normalise(nb)), "utf8")
    os.replace(draft, path)
    return seconds


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m website.notebooks", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files are in normal form")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in chapters/")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(CHAPTERS.glob("*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no such file: {', '.join(missing)}")
    faulty = 0
    for path in paths:
        took = ""
        if not options.check:
            try:
                took = f" in {update(path):.1f} s"
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                print(f"{path}: not executed to its end; the file is as it was\n{error}", file=sys.stderr)
                faulty += 1
                continue
        found = problems(path.read_text("utf8"))
        print(f"{path}:{took} {'in order' if not found else ''}".rstrip(), *found, sep="\n  ")
        faulty += bool(found)
    print(f"{len(paths) - faulty} of {len(paths)} notebooks are in order")
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
