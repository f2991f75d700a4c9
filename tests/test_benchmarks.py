"""The benchmark compares like with like, and its README lists its rows."""
from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "benchmarks" / "README.md").read_text("utf8")


@pytest.fixture(scope="module")
def ops():
    spec = importlib.util.spec_from_file_location("benchmarks_ops", ROOT / "benchmarks" / "ops.py")
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_row_makes_a_step_in_both_libraries(ops):
    for row, *_ in ops.ROWS.values():
        for library in ops.LIBRARIES.values():
            row(library)()


def test_the_readme_lists_the_rows_and_their_targets(ops):
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", README, re.M)]
    heads = [i for i, line in enumerate(lines) if line[0] == "---"]
    assert len(heads) == 2                                            # AVX2 kernels, AVX-512 kernels
    for i, column in zip(heads, (2, 1)):
        table = lines[i + 1:i + 1 + len(ops.ROWS)]
        assert [line[0] for line in table] == list(ops.ROWS)
        assert [line[4] for line in table] == [ops.judged(0, row[column])[1] for row in ops.ROWS.values()]


@pytest.mark.parametrize("ratio, target, expected", [
    (0.5, 0.6, ("0.50", "≤ 0.6")), (0.7, 0.6, ("**0.70**", "≤ 0.6")), (3.0, None, ("3.00", "")),
])
def test_a_ratio_that_misses_its_target_is_bold(ops, ratio, target, expected):
    assert ops.judged(ratio, target) == expected
