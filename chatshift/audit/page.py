"""One page that needs nothing else: style, scripts, data and text in a single file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from chatshift.show.still import HERE as VIEWS
from chatshift.steps.mask import IGNORE_INDEX

HERE = Path(__file__).parent
# Nothing may be requested, sent, or put into a frame; what is not inside the file does not exist.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def page(title: str, body: Markup, data: dict[str, Any]) -> str:
    """Return the whole page; `data` has what the views read, each by its key."""
    # In a script element only "</script" and "<!--" have a meaning, and both start with "<".
    values = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    style = _read(VIEWS / "views.css") + _read(HERE / "report.css")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="data">{values}</script>\n'
        f"<script>\n{_views_script()}{_read(HERE / 'report.js')}</script>\n</body>\n</html>\n"
    )


def _views_script() -> str:
    """Return the views as a classic script: a page that is opened from disk loads no modules."""
    head, exported = _read(VIEWS / "views.js").rsplit("export default", 1)
    exported = exported.strip().rstrip(";")
    return f'"use strict";\nconst chatshiftViews = (() => {{\n{head}\nreturn {exported};\n}})();\n'


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def short(text: str, most: int = 200) -> str:
    """Return a text, its end cut off where it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def element(name: str, *children: Any, **attributes: Any) -> Markup:
    """Return an HTML element; what is no markup is escaped. `class_` is written `class`."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)


def marked(pieces: Sequence[str], labels: Sequence[int]) -> Markup:
    """Return the text of tokens, with a mark on what is supervised: what a view stands in for."""
    return Markup("").join(
        element("mark", piece) if label != IGNORE_INDEX else escape(piece)
        for piece, label in zip(pieces, labels, strict=True)
    )
