"""`make zip`: one folder that opens by double click, on another computer, and that is the same each time."""
from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from conftest import ROOT, walk
from website import bundle, names
from website.notebooks import problems


@pytest.fixture(scope="module")
def zipped(site, tmp_path_factory):
    return bundle.pack(site.folder, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def folder(zipped, tmp_path_factory):
    """The one folder in it, unpacked where a teacher might."""
    place = tmp_path_factory.mktemp("Eigene Dateien é")
    zipfile.ZipFile(zipped).extractall(place)
    [folder] = place.iterdir()
    assert folder.name == zipped.stem
    return folder


def package(archive: zipfile.ZipFile) -> zipfile.ZipFile:
    """The wheel in it, which is an archive as well."""
    [wheel] = [name for name in archive.namelist() if name.endswith(".whl")]
    return zipfile.ZipFile(io.BytesIO(archive.read(wheel)))


def test_it_opens_by_double_click(folder, open_page):
    page = open_page("about:blank")
    asked = []
    page.on("request", lambda request: asked.append(unquote(request.url)))
    page.goto((folder / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    page.locator("#pst-primary-sidebar a", has_text="Neurons and feedforward networks").click()
    page.wait_for_url("**/book/chapters/02_neurons.html")
    walk(page)
    explorer = page.get_by_role("group", name="Activation functions")
    point = explorer.get_by_role("slider", name="Point x on the curve")
    expect(point).to_have_attribute("aria-valuenow", "1")
    point.press("ArrowRight")
    expect(point).to_have_attribute("aria-valuenow", "1.1")
    expect(explorer.locator(".dlb-readout")).to_contain_text("0.8005")  # tanh
    inside = unquote(folder.as_uri()) + "/"
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((inside, "data:", "blob:"))] == []


def test_the_start_page_needs_no_luck(folder, open_page):
    """Where a browser does not lead on by itself, a link does."""
    page = open_page("about:blank")
    page.set_content(bundle.START.replace("http-equiv", "data-off"))
    link = page.get_by_role("link", name="Open the book").get_attribute("href")
    assert (folder / link).is_file()


def test_the_package_can_be_installed_and_imported(folder, tmp_path):
    [wheel] = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path / "there", wheel], check=True)
    code = "import dlbook; from dlbook import scratch, widgets; widgets.ActivationExplorer(); print(dlbook.__file__)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "there")}
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=tmp_path, env=environment)
    assert shown.strip() == str(tmp_path / "there" / "dlbook" / "__init__.py")


def test_the_notebooks_are_there_and_clean(folder):
    packed = sorted((folder / "notebooks").iterdir())
    assert [path.name for path in packed] == sorted(path.name for path in names.finished().values()) != []
    for path in packed:
        assert problems(path.read_text("utf8")) == []


def test_the_guide_names_what_is_there(folder):
    guide = (folder / "README.txt").read_text("utf8")
    [wheel] = folder.glob("*.whl")
    assert f"pip install ./{wheel.name} jupyterlab" in guide and "jupyter lab notebooks" in guide
    listed = re.findall(r"^    (\S+)(?:  .*)?$", guide.partition("What is here:")[2], re.M)
    assert sorted(listed) == sorted(path.name for path in folder.iterdir() if path.name != "README.txt")
    assert not re.search("VERSION|WHEEL", guide)
    for name in bundle.LICENSES:
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_same_book_gives_the_same_file(zipped, site, tmp_path):
    again = bundle.pack(site.folder, tmp_path)
    assert again.read_bytes() == zipped.read_bytes()
    archive = zipfile.ZipFile(zipped)
    listed = archive.namelist()
    assert listed == sorted(listed) and len(listed) == len(set(listed))
    assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
    for packed in (archive, package(archive)):
        assert {entry.date_time for entry in packed.infolist()} == {bundle.TIME}


def test_nothing_of_this_computer_is_in_it(zipped):
    archive = zipfile.ZipFile(zipped)
    for packed in (archive, package(archive)):
        for name in packed.namelist():
            assert not re.search(r"(^|/)(\.|__pycache__)|^/|\\|\.pyc$", name), name
            assert str(ROOT).encode() not in packed.read(name), name


def test_without_a_book_it_says_what_to_do(tmp_path, capsys):
    assert bundle.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no built book; run `make book`, or name the folder of one\n"
