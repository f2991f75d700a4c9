"""The pure parts of the extension: saved widgets into pages, style sheets into what is used, names of caches."""
from __future__ import annotations

import doctest
import gzip
import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from website import execution, formulas, pages, preview, trim, widgets

MODULE = "const __ui = 1;\nexport function helper() {}\nexport default { render() {} };\n"


def saved(**state):
    """One saved widget of the package."""
    own = {"_anywidget_id": "dlbook.widgets.quiz.Quiz", "_esm": MODULE, "_css": ".dlb{}", "_fallback": "<b>b</b>"}
    return {"model_name": "AnyModel", "model_module": "anywidget", "model_module_version": "1", "state": own | state}


SLIDER = {"model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls", "state": {}}
LONG = list(range(2000))


def view(name):
    return f'<p>text</p><script type="{widgets.VIEW_TYPE}">{{"version_major": 2, "model_id": "{name}"}}</script>'


def test_a_page_becomes_light_and_stays_standard():
    models = {"77aa": saved(n=1, key="q", layout="IPY_MODEL_55"), "55": {"unused": True}, "88bb": saved(n=2)}
    page = widgets.rewrite(view("88bb") + view("77aa") + view("88bb"), models, "chapter")
    assert [json.loads(v)["model_id"] for v in widgets.VIEW.findall(page.body)] == ["w1", "w2", "w1"]
    states = {name: spec["state"] for name, spec in page.state["state"].items()}
    assert states == {"w1": {"n": 2}, "w2": {"n": 1, "key": "q"}}
    assert page.body.count('<div class="dlb dlb-fallback"><b>b</b></div>') == 2  # once for each widget
    assert len(page.modules) == len(page.styles) == 1 and set(page.files) == {*page.modules, *page.styles}


def test_equal_books_give_equal_pages():
    one = widgets.rewrite(view("aa") + view("bb"), {"aa": saved(n=1), "bb": saved(n=2)}, "page")
    two = widgets.rewrite(view("cc") + view("dd"), {"dd": saved(n=2), "cc": saved(n=1)}, "page")
    assert one == two


def test_the_state_cannot_end_its_script():
    page = widgets.rewrite(view("aa"), {"aa": saved(text="</script><script>alert(1)</script><!--")}, "page")
    text = widgets.to_json(page.state)
    assert "<" not in text
    assert json.loads(text)["state"]["w1"]["state"]["text"].startswith("</script>")


@pytest.mark.parametrize(
    "model, words",
    [
        (SLIDER, "IntSliderModel needs a running kernel"),
        (saved(_anywidget_id="somewhere.else.Widget"), r"somewhere\.else\.Widget needs a running kernel"),
        (saved(child="IPY_MODEL_0123"), "refers to another widget"),
        (saved(children=["IPY_MODEL_0123"]), "refers to another widget"),
        (saved(_esm="import x from './y.mjs';\nexport default {};"), "must be one piece"),
        (saved(_esm="export function render() {}"), "must be one piece"),
        (saved(values=LONG * 20, key="big"), r"Quiz \(key='big'\) carries \d+ KB of data and may carry 150 KB"),
    ],
)
def test_a_widget_that_would_be_dead_is_refused(model, words):
    with pytest.raises(widgets.WidgetError, match=f"^chapters/02: widget .*{words}"):
        widgets.rewrite(view("aa"), {"aa": model}, "chapters/02")


def test_a_widget_without_state_is_refused():
    with pytest.raises(widgets.WidgetError, match="chapters/02: .*state was not saved"):
        widgets.rewrite(view("aa"), {}, "chapters/02")


def test_two_widgets_need_two_keys():
    with pytest.raises(widgets.WidgetError, match="chapters/02: two widgets have key='q'"):
        widgets.rewrite(view("aa") + view("bb"), {"aa": saved(key="q"), "bb": saved(key="q")}, "chapters/02")


@pytest.mark.parametrize("model", [saved(values=LONG), saved(n=1) | {"buffers": [{"path": ["raw"], "data": "AQI="}]}])
def test_big_data_goes_to_its_own_script(model):
    page = widgets.rewrite(view("aa"), {"aa": model}, "page")
    (name,) = [name for name in page.files if name.startswith("d-")]
    spec = page.state["state"]["w1"]
    assert spec["state"] == {} and name == f"d-{spec['data']}.js"
    assert name not in page.modules
    content = json.loads(page.files[name].partition("] = ")[2].rstrip(";\n"))
    assert content == {key: model[key] for key in ("buffers",) if key in model} | {
        "state": {k: v for k, v in model["state"].items() if not k.startswith("_")}
    }


def test_a_module_becomes_a_classic_script(tmp_path):
    key, script = widgets.compile_module(MODULE)
    (tmp_path / "try.cjs").write_text(f'{script}\nconsole.log(typeof DLB.modules["{key}"]().render);')
    run = subprocess.run([formulas.find_node(), tmp_path / "try.cjs"], capture_output=True, text=True)
    assert run.stdout == "function\n", run.stderr


def test_ids_in_a_drawing_become_the_widgets_own():
    html = '<svg><clipPath id="c"/><g clip-path="url(#c)"/><use xlink:href="#c"/></svg><a href="#c" title="id=c">#c</a>'
    assert widgets.fallback(html, "w3") == (
        '<div class="dlb dlb-fallback"><svg><clipPath id="w3-c"/><g clip-path="url(#w3-c)"/>'
        '<use xlink:href="#w3-c"/></svg><a href="#w3-c" title="id=c">#c</a></div>'
    )


# ---- caches
def test_whatever_changes_the_package_changes_the_cache(tmp_path):
    (tmp_path / "dlbook" / "js").mkdir(parents=True)
    seen = [execution.cache_path(tmp_path)]
    for name in ("a.py", "js/b.mjs", "js/c.css", "data.npz"):
        (tmp_path / "dlbook" / name).write_text("1")
        seen.append(execution.cache_path(tmp_path))
    (tmp_path / "dlbook" / "a.py").write_text("2")
    seen.append(execution.cache_path(tmp_path))
    (tmp_path / "dlbook" / "a.py").rename(tmp_path / "dlbook" / "z.py")
    seen.append(execution.cache_path(tmp_path))
    (tmp_path / "requirements.lock").write_text("numpy==2.0")
    seen.append(execution.cache_path(tmp_path))
    assert len(set(seen)) == len(seen)
    (tmp_path / "dlbook" / "__pycache__").mkdir()
    (tmp_path / "dlbook" / "__pycache__" / "a.pyc").write_text("3")
    (tmp_path / "chapter.md").write_text("prose")
    assert execution.cache_path(tmp_path) == seen[-1]


# ---- formulas
@pytest.fixture(scope="module")
def katex():
    katex = formulas.Katex({r"\R": r"\mathbb{R}"})
    yield katex
    katex.close()


def test_formulas(katex):
    html, remarks = katex.render(r"x \in \R^2", display=False)
    assert "<math" in html and "katex-html" in html and "katex-display" not in html and remarks == []
    assert "katex-display" in katex.render("x", display=True)[0]
    with pytest.raises(ValueError, match=r"Undefined control sequence: \\wrong"):
        katex.render(r"\wrong", display=False)
    assert "é" in katex.render("é", display=False)[1][0]  # a letter that KaTeX has no metrics for
    assert katex.render("y", display=False)[1] == []  # an error does not end the process


# ---- pictures and style sheets
@pytest.mark.parametrize(
    "head, size",
    [
        (b'<?xml version="1.0"?><svg width="374.4pt" height="230.4pt" viewBox="0 0 1 1">', (499, 307)),
        (b'<svg height="20" stroke-width="2" width="60px">', (60, 20)),
        (b'<svg viewBox="0 0 60 20.4">', (60, 20)),
        (b"<svg>", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\0\x20", (256, 32)),
        (b"anything", None),
    ],
)
def test_the_size_of_a_picture(tmp_path, head, size):
    (tmp_path / "p").write_bytes(head)
    assert pages.picture_size(tmp_path / "p") == size


def test_a_picture_gets_what_it_lacks(tmp_path):
    (tmp_path / "p.svg").write_text('<svg viewBox="0 0 60 20">')
    sources = {"p.svg": tmp_path / "p.svg"}
    assert pages.picture(' alt="a" src="../_images/p.svg"', sources) == (
        '<span class="picture" style="--width: 60px">'
        '<img alt="a" src="../_images/p.svg" loading="lazy" decoding="async" width="60" height="20" /></span>'
    )
    assert pages.picture(' src="p.svg" width="9" loading="eager"', sources) == (
        '<span class="picture" style="--width: 9px">'
        '<img src="p.svg" width="9" loading="eager" decoding="async" /></span>'
    )
    assert pages.picture(' src="nowhere.svg"', sources) == '<img src="nowhere.svg" loading="lazy" decoding="async" />'



def test_rules_that_nobody_uses_go():
    sheet = """@charset "utf-8";/* .c{} */a,.a>.c,.b:not(.c)::before{content:"}"}.c{x:1}#d{x:1}
    @media print{.c{x:1}.a:is(.c,.b){y:2}}@supports (x:1){.c{x:1}}@keyframes k{from{x:1}to{x:2}}
    @font-face{src:url(f.woff2)}.sm\\:a{x:1}:root{--x:1}"""
    assert trim.purge(sheet, {"a", "b"}) == (
        '@charset "utf-8";a,.b:not(.c)::before{content:"}"}@media print{.a:is(.c,.b){y:2}}'
        "@keyframes k{from{x:1}to{x:2}}@font-face{src:url(f.woff2)}:root{--x:1}"
    )
    with pytest.raises(ValueError, match="ends inside the rule '.a'"):
        trim.purge(".a{x:1", {"a"})


def test_icons_that_nobody_uses_go():
    sheet = r'.fa-sun:before{content:"\f185"}.fa-moon:before,.fa-night:before{content:"\f186"}'
    sheet += ':root{--pst-icon:"\uf05a"}'
    assert trim.icons(sheet, {"fa-night"}) == (sheet[sheet.index(".fa-moon") :], {0xF186, 0xF05A})


def test_the_trimmed_sheet_still_has_what_the_theme_is_made_of():
    words = {"bd-article", "fa-moon", "fa-solid"}
    sheet = trim.purge(trim.icons(trim.SHEET.read_text("utf8"), words)[0], words)
    assert "html[data-theme=dark]" in sheet and ".fa-moon:before" in sheet and "@font-face" in sheet
    assert ".navbar" not in sheet and len(sheet) < 60_000
    assert sheet.count("{") == sheet.count("}")
    assert not re.search(r"\.btn\b", sheet)


# ---- the browser
def test_a_missing_browser_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(preview, "_PLACES", [r"{PROGRAMFILES(X86)}\chrome.exe", str(tmp_path / "nowhere")])
    with pytest.raises(FileNotFoundError, match="(?s)apt install chromium.*brew install.*playwright install chromium"):
        preview.find_chromium(str(tmp_path / "not there either"))
    (tmp_path / "own").touch()
    assert preview.find_chromium(str(tmp_path / "own")) == str(tmp_path / "own")
    monkeypatch.setenv("PROGRAMFILES(X86)", "C:")
    with pytest.raises(FileNotFoundError):
        preview.find_chromium()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "wrong"))
    with pytest.raises(FileNotFoundError, match="CHROMIUM=.*wrong is not a program"):
        preview.find_chromium(str(tmp_path / "own"))


def test_the_server_compresses_what_gains_by_it(tmp_path):
    (tmp_path / "a.html").write_text("<p>text</p>" * 100)
    (tmp_path / "a.woff2").write_bytes(b"font")
    with preview.serve(tmp_path) as address:

        def get(name):
            request = urllib.request.Request(f"{address}/{name}", headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request) as answer:
                return answer.headers["Content-Encoding"], answer.read()

        assert get("a.woff2") == (None, b"font")
        encoding, body = get("a.html")
        assert encoding == "gzip" and gzip.decompress(body) == (tmp_path / "a.html").read_bytes()
        with pytest.raises(urllib.error.HTTPError, match="404") as error:
            get("b.html")
        error.value.close()


def test_the_examples_in_the_extension_are_right():
    assert doctest.testmod(trim) == (0, 1)
