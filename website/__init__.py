"""The Sphinx extension that turns the chapters into the site: offline, without a kernel, light.

    execution.py  which executed notebooks may be reused
    provenance.py what their cells ran with
    status.py     the tables of the status page
    assets.py     third-party files, from node_modules into the build
    formulas.py   TeX into HTML while building
    widgets.py    saved widget state into scripts, data and drawings
    pages.py      the finishing of each page (templates/, site.css)
    loader.js     brings the widgets to life in the page
    trim.py       the theme's icons, reduced to those in use
"""
from __future__ import annotations

from docutils import nodes

from website import assets, execution, formulas, pages, status


def setup(app):
    formulas.setup(app)
    status.setup(app)
    app.add_config_value("website_fingerprint", "", "html", str)
    app.add_config_value("website_root", str(execution.ROOT), "", str)  # where the package and the lock file are
    app.add_node(nodes.admonition, override=True, html=(pages.visit_admonition, pages.depart_admonition))
    app.connect("config-inited", execution.use_cache)
    app.connect("config-inited", pages.configure)
    app.connect("builder-inited", assets.stage)
    app.connect("builder-inited", formulas.begin)
    app.connect("builder-inited", pages.begin)
    app.connect("html-page-context", pages.finish_page, priority=900)
    app.connect("build-finished", pages.report)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
