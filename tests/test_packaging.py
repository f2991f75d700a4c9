"""What is installed, what is imported, what is shipped, and what no file may name."""
from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]


# Imports --------------------------------------------------------------------------------------------------------

def loaded(module: str) -> set[str]:
    """The top-level modules outside the standard library that importing ``module`` loads in a fresh interpreter."""
    code = f"import sys; before = set(sys.modules); import {module}; print(*(set(sys.modules) - before))"
    names = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT / "chapters").split()
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"dlbook"}


@pytest.mark.parametrize("name", ["", ".scratch", ".data", ".train", ".images", ".receptive", ".quantize", ".text",
                                  ".sequences", ".series", ".corpus", ".ngrams",
                                  ".checkpoint", ".widgets", ".figures"])
def test_only_pt_loads_torch(name):
    assert "torch" not in loaded("dlbook" + name)


def test_pt_loads_torch():
    assert "torch" in loaded("dlbook.pt.models")


@pytest.mark.parametrize("module", ["dlbook", "dlbook.scratch"])
def test_scratch_needs_numpy_alone(module):
    assert "numpy" in loaded(module) and loaded(module) <= loaded("numpy, numpy.random")


# Requirements ---------------------------------------------------------------------------------------------------


def requirements(path: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def test_requirements_repeat_the_ranges_of_pyproject():
    assert requirements(ROOT / "requirements.txt") == DEPENDENCIES + EXTRAS["book"]


LOCK = (ROOT / "requirements.lock").read_text("utf8")
ENTRY = re.compile(r"^([\w.-]+)==([\w.!+-]+)(?: ; [^\\\n]*?)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.M)
LOCKED = [(canonicalize_name(name), version, hashes.count("--hash")) for name, version, hashes in ENTRY.findall(LOCK)]


def test_the_lock_is_read_completely():
    assert len(LOCKED) == len(re.findall(r"^\S", LOCK, re.M)) > 100


def test_every_entry_of_the_lock_has_hashes():
    assert [name for name, _, hashes in LOCKED if not hashes] == []


@pytest.mark.parametrize("text", sum(EXTRAS.values(), DEPENDENCIES + PROJECT["build-system"]["requires"]))
def test_the_lock_fits_the_ranges(text):
    wanted = Requirement(text)
    versions = [version for name, version, _ in LOCKED if name == canonicalize_name(wanted.name)]
    if wanted.name == "torch":  # its builds differ by machine: the Makefile names its version
        assert versions == []
        versions = re.findall(r"^TORCH \?= torch==(\S+)$", (ROOT / "Makefile").read_text("utf8"), re.M)
    assert versions and all(version in wanted.specifier for version in versions)


def test_the_lock_holds_what_torch_requires():
    names = {name for name, _, _ in LOCKED}
    for requirement in map(Requirement, importlib.metadata.requires("torch")):
        by_machine = re.match(r"nvidia|cuda|triton|intel|mkl|tbb", requirement.name)
        if not by_machine and "extra" not in str(requirement.marker):
            assert canonicalize_name(requirement.name) in names


def test_the_locks_name_no_host():
    assert set(re.findall(r"--[\w-]+|://", LOCK)) == {"--hash"}
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf8")


# The wheel ------------------------------------------------------------------------------------------------------


def test_the_wheel_holds_all_of_the_package_and_nothing_else(tmp_path):
    code = f"from flit_core import buildapi; buildapi.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.iterdir()
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = (path for path in (ROOT / "dlbook").rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert shipped == {path.relative_to(ROOT).as_posix() for path in package}
    assert {"dlbook/widgets/js/widget.css", "dlbook/widgets/js/ui.mjs", "dlbook/scratch/tensor.py"} <= shipped


# What no file may name ------------------------------------------------------------------------------------------

# written in two halves, so that this file passes too
HALVES = """py pi.org|python hosted.org|npm js.org|npm js.com|npm mirror|yarn pkg.com|download. pytorch|deb. debian|
proxy. golang|tuna. tsinghua|file: ///|/work /|/root /|/home /|/Users /"""
FORBIDDEN = [entry.strip().replace(" ", "") for entry in HALVES.split("|")]


def files() -> list[Path]:
    """All files of the repository that are text and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        paths = {ROOT / name for name in listed.stdout.split("\0") if name}
    else:  # a copy without git: leave out what .gitignore names
        skip = set((ROOT / ".gitignore").read_text("utf8").replace("/", "").split()) | {".git"}
        paths = {path for path in ROOT.rglob("*") if not skip & set(path.relative_to(ROOT).parts)}
    return sorted(path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192])


def test_no_file_names_a_host_of_packages_or_a_local_path():
    found = []
    for path in files():
        for number, line in enumerate(path.read_text("utf8").splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{number}: {name}" for name in FORBIDDEN if name in line]
    assert found == []


def test_the_files_are_found():
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    assert {"Makefile", ".ci/run", "package-lock.json", "dlbook/scratch/tensor.py", "dlbook/widgets/js/ui.mjs"} <= names
    assert not any(name.startswith((".venv/", "node_modules/", "_build/", ".git/")) for name in names)
