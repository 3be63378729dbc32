"""Page hygiene at build time: scripts that do not block, fallbacks in widgets, ids of cells."""

import json
import re
from html import escape
from pathlib import Path
from textwrap import shorten

from docutils import nodes
from rjsmin import jsmin

from chatshift.show.still import HERE as VIEWS
from chatshift.show.still import style

VIEW = "application/vnd.jupyter.widget-view+json"
VIEW_SCRIPT = re.compile(
    rf'<script type="{re.escape(VIEW)}">(.*?)</script>', re.DOTALL
)
# These must run while the page is being parsed; everything else can wait.
AT_ONCE = ("documentation_options", "views.js", "widgets.js")


def widget_fallbacks(notebook: Path) -> dict[str, str]:
    """Return the HTML that stands for each widget, by the widget's model id."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    bundles = [
        output.get("data", {})
        for cell in cells
        for output in cell.get("outputs", [])
    ]
    return {
        data[VIEW]["model_id"]: "".join(data["text/html"])
        for data in bundles
        if VIEW in data
    }


def defer(script):
    """Return the script with `defer`, as a new object: Sphinx shares these between pages."""
    name = str(getattr(script, "filename", None) or "")
    if not name or any(part in name for part in AT_ONCE):
        return script
    return type(script)(
        name,
        priority=script.priority,
        **{**script.attributes, "defer": "defer"},
    )


def meta_tags(title: str, about: str, book: str) -> str:
    """Return the tags that tell search engines and link previews about a page."""
    text = shorten(about, width=180, placeholder="…")
    values = {
        "og:title": title,
        "og:description": text,
        "og:site_name": book,
        "og:type": "article",
    }
    tags = [
        f'<meta property="{name}" content="{escape(value)}">'
        for name, value in values.items()
    ]
    return f'<meta name="description" content="{escape(text)}">' + "".join(tags)


def finish_page(app, pagename, templatename, context, doctree):
    """Defer the page's scripts; put each widget's fallback where the widget will be."""
    book = app.config.html_title
    if pagename == "search":  # its template loads the search script in place
        context["metatags"] = meta_tags(
            "Search", f"Search the book {book}.", book
        )
        return
    context["script_files"] = [
        defer(script) for script in context.get("script_files", [])
    ]
    if doctree is None:
        return
    title = doctree.next_node(nodes.title).astext()
    about = doctree.next_node(nodes.paragraph).astext()
    context["metatags"] += meta_tags(title, about, book)
    # A label that is not what the fold visibly says, and a role that a list of
    # references may not have.
    body = context["body"].replace(' aria-label="Toggle hidden content"', "")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')
    source = Path(app.env.doc2path(pagename))
    if source.suffix != ".ipynb":
        return
    fallbacks = widget_fallbacks(source)

    def with_fallback(match):
        model_id = json.loads(match[1])["model_id"]
        return f'<div data-widget="{model_id}">{fallbacks[model_id]}</div>'

    body = VIEW_SCRIPT.sub(with_fallback, context["body"])
    # Stored pictures bring a style of their own; here it is in the style sheet of all pages.
    context["body"] = body.replace(style(), "")


def name_cells(app, doctree):
    """Give each code cell the id that JupyterLab knows it by, so that links can lead to it."""
    page = app.env.docname
    source = Path(app.env.doc2path(page))
    if source.suffix != ".ipynb":
        return
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    code = [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and "remove-cell" not in cell["metadata"].get("tags", [])
    ]
    boxes = [
        box
        for box in doctree.findall(nodes.container)
        if box.get("nb_element") == "cell_code"
    ]
    # What MyST looks a link's fragment up in, beside the headings.
    known = app.env.metadata[page].setdefault("myst_slugs", {})
    for cell, box in zip(code, boxes, strict=True):
        name = f"cell-id={cell['id']}"
        box["ids"].append(name)
        known[name] = (0, name, "")


def classic(module: str) -> str:
    """Return the module of the views as a classic script, which a page from disk may load."""
    head, exported = jsmin(module).rsplit("export default", 1)
    return f'"use strict";(()=>{{{head}globalThis.chatshiftViews={exported}}})();\n'


def write_package_data(app, exception):
    """Put the views beside the pages."""
    if exception is not None:
        return
    static = Path(app.outdir) / "_static"
    views = (VIEWS / "views.js").read_text("utf-8")
    (static / "views.js").write_text(classic(views), "utf-8")
    (static / "views.mjs").write_text(views, "utf-8")
    views = (VIEWS / "views.css").read_text("utf-8")
    (static / "views.css").write_text(views, "utf-8")


# What stands at the root only leads on; it is a page all the same, with a language and a title.
ROOT_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ font: 1.1rem/1.5 system-ui, sans-serif; color: #212529; background: #fff; }}
a {{ color: #0b5cad; }}
@media (prefers-color-scheme: dark) {{
  :root {{ color: #ced6dd; background: #121416; }}
  a {{ color: #8ab8f5; }}
}}
</style>
<link rel="icon" href="_static/favicon.svg">
<meta http-equiv="refresh" content="0; url={first}">
</head>
<body><main><h1>{title}</h1><p><a href="{first}">To the first page</a></p></main></body>
</html>
"""


def write_root_page(app, exception):
    """Put a page at the root that leads on to the first page."""
    if exception is not None or app.builder.format != "html":
        return
    page = ROOT_PAGE.format(
        language=app.config.language or "en",
        title=escape(app.config.html_title),
        first=f"{app.config.root_doc}.html",
    )
    (Path(app.outdir) / "index.html").write_text(page, "utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", write_package_data)
    app.connect("build-finished", write_root_page)
    # After MyST has listed the headings, which it does at 500.
    app.connect("doctree-read", name_cells, priority=900)
    app.connect("html-page-context", finish_page, priority=900)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
