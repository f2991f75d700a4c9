"""Packs one folder for a teacher: the built book, the notebooks, the package, the licenses, how to use them.

    make zip      (python -m website.bundle [folder of the built book])

The same book gives the same file, byte for byte: names in order, one time for all, nothing of this computer.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from website import names

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
LICENSES = ["LICENSE", "LICENSE-prose"]
TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell
EPOCH = "315532800"  # the same in seconds, for the files in the wheel
START = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>dlbook</title>
<meta http-equiv="refresh" content="0; url=book/intro.html">
<p><a href="book/intro.html">Open the book</a></p>
</html>
"""


def wheel() -> tuple[str, bytes]:
    """Name and content of the package as pip installs it, built without the network."""
    with tempfile.TemporaryDirectory() as folder:
        code = f"from flit_core import buildapi; buildapi.build_wheel({folder!r})"
        environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
        [path] = Path(folder).iterdir()
        return path.name, path.read_bytes()


def contents(book: Path) -> dict[str, bytes]:
    """What the folder holds, by name.  FileNotFoundError where ``book`` holds no built book."""
    if not (book / "intro.html").is_file():
        raise FileNotFoundError(f"{book} holds no built book; run `make book`, or name the folder of one")
    package, data = wheel()
    guide = (HERE / "bundle.txt").read_text("utf8").replace("WHEEL", package).replace("VERSION", package.split("-")[1])
    pages = {path.relative_to(book).as_posix(): path for path in book.rglob("*") if path.is_file()}
    return {
        "index.html": START.encode(),
        "README.txt": guide.replace("\n", "\r\n").encode(),  # so that every editor shows its lines
        package: data,
        **{name: (ROOT / name).read_bytes() for name in LICENSES},
        **{f"notebooks/{path.name}": path.read_bytes() for path in names.finished().values()},
        **{f"book/{name}": path.read_bytes() for name, path in pages.items() if not name.startswith(".")},
    }


def pack(book: Path, folder: Path) -> Path:
    """Writes ``dlbook-<version>.zip`` into ``folder``, and returns its path; raises what ``contents`` raises."""
    files = contents(book)
    [package] = [name for name in files if name.endswith(".whl")]
    title = "-".join(package.split("-")[:2])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{title}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{title}/{name}", TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as Unix writes it, on every system
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
    return folder / f"{title}.zip"


def main(arguments: list[str]) -> int:
    try:
        path = pack(Path(arguments[0]) if arguments else ROOT / "_build" / "html", ROOT / "dist")
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB.  Unpack it, and open index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
