"""A page of views, live or as they stand without scripts, as the book hosts them."""

import json
from html import escape

from book_platform import classic

from chatshift.show.still import HERE

MOVED = ("step", "position", "places", "ids", "row", "max_length")
STYLE = """
:root { color-scheme: light dark }
body { max-width: 46rem; margin: 1rem auto; padding: 0 1rem; color: #212529; background: #fff;
       font: 17px/1.55 system-ui, "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { body { color: #ced6dd; background: #121416 } }
@media (forced-colors: active) { body { color: CanvasText; background: Canvas } }
"""
START = """
const data = JSON.parse(document.getElementById("data").textContent);
window.views = {};
for (const [name, [view, state]] of Object.entries(data))
  window.views[name] = chatshiftViews.mount(document.getElementById(name), view, state);
"""


def view_page(views, *, live=True, module=False):
    """The HTML of a page with the named views; `module` hosts the source as it is."""
    moved = {
        name: [view.view, {**view.data, **{key: getattr(view, key) for key in MOVED}}]
        for name, view in views.items()
    }
    data = json.dumps(moved).replace("<", "\\u003c")
    source = (HERE / "views.js").read_text("utf-8")
    wrapped = source.replace("export default", "globalThis.chatshiftViews =")
    script = f'<script type="module">{wrapped}\n{START}</script>'
    if not module:
        script = f"<script>{classic(source)}{START}</script>"
    boxes = "".join(
        f'<h2>{escape(name)}</h2><div id="{name}">{"" if live else view._repr_html_()}</div>'
        for name, view in views.items()
    )
    style = STYLE + ((HERE / "views.css").read_text("utf-8") if live else "")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Views</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{style}</style></head><body><main><h1>Views</h1>'
        f"{boxes}</main>"
        f'<script type="application/json" id="data">{data}</script>{script if live else ""}'
        "</body></html>"
    )
