"""Which executed notebooks a build may take from the cache: those made by the same code.

Sphinx and jupyter-cache look at the notebook alone.  A page also depends on the package that its cells import,
so the cache folder carries a fingerprint of the package: another package, another (empty) folder.
"""
from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SKIP = {"__pycache__", ".ipynb_checkpoints"}


def fingerprint(root: Path = ROOT) -> str:
    """A name for all that can change what a cell prints: the package, the lock file, the version of Python."""
    digest = hashlib.sha256(sys.version.encode())
    files = [p for p in (root / "dlbook").rglob("*") if p.is_file() and not _SKIP & set(p.parts) and p.suffix != ".pyc"]
    lock = root / "requirements.lock"
    for path in sorted(files) + [lock] * lock.is_file():
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def cache_path(root: Path = ROOT, *, build: Path | None = None) -> Path:
    """The jupyter-cache folder of the present code, under ``build`` (``_build`` of the book)."""
    return (build or root / "_build") / ".jupyter_cache" / fingerprint(root)


def use_cache(app, config) -> None:
    """``config-inited``: names the cache, which also makes Sphinx read every page again after a change."""
    path = cache_path(Path(config.website_root), build=Path(app.outdir).parent)
    if path.parent.is_dir():
        for old in path.parent.iterdir():
            if old.name != path.name:
                shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink()
    config.nb_execution_cache_path = str(path)


def forget(app) -> None:
    """Makes the next build read every page again (cells that ran well stay in the cache).

    After a build with a warning or an error Sphinx would take the faulty page as done, and report success.
    """
    (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
