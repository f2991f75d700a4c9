"""What the cells of a page ran with: versions, processor, devices.  It is kept with the executed notebook.

The numbers of a page come from the execution, which may have been an earlier build, a test run, another machine.
"""
from __future__ import annotations

import os
import platform
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbCacheRecord, session_context
from myst_nb.sphinx_ import NbMetadataCollector

# name on the page: name of the distribution
PACKAGES = {
    "NumPy": "numpy",
    "PyTorch": "torch",
    "scikit-learn": "scikit-learn",
    "Matplotlib": "matplotlib",
    "ipywidgets": "ipywidgets",
    "anywidget": "anywidget",
    "safetensors": "safetensors",
    "IPython kernel": "ipykernel",
}
KEY = "environment"  # in the data of a cached notebook, and in what is known of a page


@cache
def environment() -> dict[str, str]:
    """What a cell that is executed here and now runs with, in the order in which the page shows it."""
    import dlbook

    versions = {"Python": platform.python_version(), "dlbook": dlbook.__version__}
    versions |= {name: version(package) for name, package in PACKAGES.items()}
    system = f"{platform.system()} on {platform.machine()}"
    return versions | {"System": system, "Processor": processor(), "Devices of PyTorch": devices()}


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The name of the processor where the system tells it, and how many of its cores this process may use."""
    text = cpuinfo.read_text("utf8", "replace") if cpuinfo.is_file() else ""
    named = re.search(r"^model name\s*: *(\S.*)$", text, re.M)
    name = named[1] if named else platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{' '.join(name.split())}, {cores} core{'s' * (cores != 1)}"


def devices() -> str:
    """The devices that ``dlbook.pt`` finds, the best first, GPUs with their names."""
    import torch

    from dlbook.pt import engine

    names = engine.available()
    titles = [f" ({torch.cuda.get_device_name(name)})" if name.startswith("cuda") else "" for name in names]
    return ", ".join(name + title for name, title in zip(names, titles))


def recall(folder: str, seconds: float) -> dict[str, str]:
    """What the notebook ran with that took ``seconds``, from the jupyter-cache in ``folder``.

    MyST-NB tells neither which record it took nor whether it is new, but how long the execution took, to the
    last digit.  A record without an environment is new: this build has just made it.  A failed one has no record.
    """
    kept = get_cache(folder)
    try:
        with session_context(kept.db) as session:
            for record in session.query(NbCacheRecord):
                if record.data.get("execution_seconds") == seconds:
                    if KEY not in record.data:
                        record.data = record.data | {KEY: environment()}
                        session.commit()
                    return record.data[KEY]
    finally:
        kept.db.dispose()  # closes its connections, which nobody else does
    return environment()


def note(app, doctree) -> None:
    """``doctree-read``: keeps with a page what its cells ran with."""
    name = app.env.docname
    if run := NbMetadataCollector.get_doc_data(app.env).get(name, {}).get("exec_data"):
        ran_with = recall(app.config.nb_execution_cache_path, run["runtime"])
        NbMetadataCollector.set_doc_data(app.env, name, KEY, ran_with)
