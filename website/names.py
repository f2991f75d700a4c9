"""Which names of the package the chapters use: the table of the reference page, and what its tests ask.

    python -m website.names        # what a chapter uses that does not exist, and what no chapter uses

A chapter cites a name by importing it or by using it as an attribute: ``from dlbook.scratch import Linear``,
``data.two_moons(200)``.  Public is what a module lists in ``__all__``.  ``reference.py`` makes a table of it all.
"""
from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import inspect
import json
import pkgutil
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOR_AUTHORS = {"dlbook.exercises"}  # what one writes checkers with; a chapter uses the checkers


class Use(NamedTuple):
    """One use of a name: ``dlbook.data.two_moons``, with the keywords of the call if it is one."""

    name: str
    keywords: tuple[str, ...] = ()


# What there is --------------------------------------------------------------------------------------------------


def public_names() -> dict[str, object]:
    """Every public name of the package and its object, each object once under its shortest name."""
    package = importlib.import_module("dlbook")
    found: dict[str, object] = {}
    seen: set[int] = set()

    def collect(module: ModuleType) -> None:
        for name in _listed(module):
            thing = getattr(module, name)
            if isinstance(thing, ModuleType):
                collect(thing)
            elif not (_has_identity(thing) and id(thing) in seen):
                seen.add(id(thing))
                found[f"{module.__name__}.{name}"] = thing

    collect(package)
    for info in pkgutil.iter_modules(package.__path__, "dlbook."):
        if info.name not in FOR_AUTHORS and not info.name.startswith("dlbook._"):
            collect(importlib.import_module(info.name))
    return found


def _listed(module: ModuleType) -> list[str]:
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = (name for name, thing in vars(module).items() if getattr(thing, "__module__", None) == module.__name__)
    return [name for name in own if not name.startswith("_")]


def _has_identity(thing) -> bool:
    """Whether the same object under two names is one thing; equal numbers or strings are not."""
    return inspect.isclass(thing) or inspect.isroutine(thing)


def finished(root: Path = ROOT) -> dict[str, Path]:
    """The chapters that the table of contents names, by number: {"02": …/chapters/02_neurons.ipynb}."""
    text = (root / "_toc.yml").read_text("utf8")
    stems = re.findall(r"^\s*-\s*file:\s*chapters/((\d\d)_\w+)", text, re.M)
    return {number: root / "chapters" / f"{stem}.ipynb" for stem, number in stems}


def planned(root: Path = ROOT) -> dict[str, int]:
    """Public names that no chapter cites yet, and the number of the chapter that will."""
    return yaml.safe_load((root / "chapters" / "planned.yml").read_text("utf8")) or {}


# What the chapters use ------------------------------------------------------------------------------------------


def source_of(notebook: Path) -> str:
    """The code of a notebook in one piece, without what is not Python (``%time``, ``!ls``)."""
    cells = json.loads(notebook.read_text("utf8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", text, flags=re.M)


def uses(source: str) -> list[Use]:
    """Every use of a name of the package, in order."""
    reader = _Reader()
    reader.visit(ast.parse(source))
    return reader.found


class _Reader(ast.NodeVisitor):
    """Follows the imports from dlbook; a name that the code gives to something else is no longer followed."""

    def __init__(self):
        self.bound: dict[str, str] = {}  # name in the code: name in the package
        self.found: list[Use] = []

    def visit_Import(self, node):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            self.bound.pop(alias.asname or first, None)
            if first == "dlbook":
                self.bound[alias.asname or first] = alias.name if alias.asname else first

    def visit_ImportFrom(self, node):
        for alias in node.names:
            self.bound.pop(alias.asname or alias.name, None)
            if (node.module or "").partition(".")[0] == "dlbook":
                self.bound[alias.asname or alias.name] = name = f"{node.module}.{alias.name}"
                self.found.append(Use(name))

    def visit_Call(self, node):
        if name := self._name(node.func):
            self.found.append(Use(name, tuple(keyword.arg for keyword in node.keywords if keyword.arg)))
            for child in [*node.args, *node.keywords]:
                self.visit(child)
        else:
            self.generic_visit(node)

    def visit_Attribute(self, node):
        if name := self._name(node):
            self.found.append(Use(name))
        else:
            self.generic_visit(node)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bound.pop(node.id, None)

    def visit_Assign(self, node):
        self.visit(node.value)  # the value is read before its name is bound
        for target in node.targets:
            self.visit(target)

    def visit_FunctionDef(self, node):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.bound.pop(node.name, None)
        outside = dict(self.bound)
        if not isinstance(node, ast.ClassDef):
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    self.bound.pop(argument.arg, None)
        self.generic_visit(node)
        self.bound = outside

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef

    def visit_ListComp(self, node):
        outside = dict(self.bound)
        for field in ("generators", "key", "value", "elt"):  # names are bound before they are used
            part = getattr(node, field, [])
            for child in part if isinstance(part, list) else [part]:
                self.visit(child)
        self.bound = outside

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _name(self, node) -> str | None:
        """``dlbook.data.xor`` for ``data.xor``, when ``data`` is bound to that module."""
        if isinstance(node, ast.Name):
            return self.bound.get(node.id)
        if isinstance(node, ast.Attribute) and (base := self._name(node.value)):
            return f"{base}.{node.attr}"
        return None


def resolve(name: str) -> list[object]:
    """The objects along a dotted name, from ``dlbook`` on; what follows an instance or a function is not looked at.

    Raises LookupError when a module or a class has no such name.
    """
    first, *rest = name.split(".")
    things, so_far = [importlib.import_module(first)], first
    for part in rest:
        owner = things[-1]
        if not (inspect.ismodule(owner) or inspect.isclass(owner)):
            break
        if not hasattr(owner, part) and inspect.ismodule(owner):
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(f"{so_far}.{part}")
        if not hasattr(owner, part):
            close = difflib.get_close_matches(part, dir(owner), 1)
            raise LookupError(f"{so_far} has no {part!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
        things.append(getattr(owner, part))
        so_far += f".{part}"
    return things


def faults(source: str) -> list[str]:
    """Names and keywords of the package that the code uses and that do not exist."""
    found = []
    for use in uses(source):
        try:
            things = resolve(use.name)
        except LookupError as error:
            found.append(str(error))
            continue
        if len(things) == use.name.count(".") + 1 and callable(things[-1]):
            known = _keywords(things[-1])
            unknown = [word for word in use.keywords if known is not None and word not in known]
            found += [f"{use.name} has no argument {word!r}" for word in unknown]
    return list(dict.fromkeys(found))


def _keywords(thing) -> set[str] | None:
    """The keywords that a call may use; None when anything goes."""
    if hasattr(thing, "class_trait_names"):  # a widget
        return set(thing.class_trait_names())
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name for parameter in parameters if parameter.kind is not parameter.POSITIONAL_ONLY}


def cited(source: str, public: dict[str, object]) -> set[str]:
    """The public names that the code uses, under whatever name it imports them."""
    by_object = {id(thing): name for name, thing in public.items() if _has_identity(thing)}
    found = set()
    for use in uses(source):
        with contextlib.suppress(LookupError):
            found |= {by_object[id(thing)] for thing in resolve(use.name) if id(thing) in by_object}
        found |= {name for name in public if use.name == name or use.name.startswith(f"{name}.")}
    return found


# The table ------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    name: str
    summary: str  # the first paragraph of its docstring: what it is, as a formula where it is one
    chapters: list[str]  # numbers of the finished chapters that cite it
    planned: int | None  # number of the chapter that will
    tests: list[str]  # files that use the name


def table(root: Path = ROOT) -> list[Row]:
    """One row for each public name."""
    public, later = public_names(), planned(root)
    by_chapter = {number: cited(source_of(path), public) for number, path in finished(root).items()}
    tests = {path.relative_to(root).as_posix(): _identifiers(path) for path in sorted((root / "tests").rglob("*.py"))}
    return [
        Row(
            name,
            " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()) if _has_identity(thing) else "",
            [number for number, names in by_chapter.items() if name in names],
            later.get(name),
            [path for path, words in tests.items() if name.rpartition(".")[2] in words],
        )
        for name, thing in public.items()
    ]


def _identifiers(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text("utf8"))))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    return names | {alias.name for node in imports for alias in node.names}


def main() -> int:
    public, later = public_names(), planned()
    known, wrong = set(later), 0
    for path in finished().values():
        source = source_of(path)
        known |= cited(source, public)
        for fault in faults(source):
            print(f"{path.relative_to(ROOT)}: {fault}")
            wrong += 1
    if left := sorted(set(public) - known):
        print("Cited by no chapter; for chapters/planned.yml, with the number of the chapter that will:")
        print(*(f"{name}: " for name in left), sep="\n")
    return int(bool(wrong or left))


if __name__ == "__main__":
    sys.exit(main())
