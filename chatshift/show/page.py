"""What every view is made of: a style, frames of HTML, tables, and white space made visible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

# Tints of the text's own surroundings, so that one style serves light and dark pages.
STYLE = """<style>
.cs{line-height:1.35;margin:.5em 0;color:inherit;overflow-wrap:anywhere}
.cs p{margin:.3em 0}
.cs ol{display:flex;flex-wrap:wrap;gap:4px;list-style:none;margin:.4em 0;padding:0}
.cs li{display:flex;flex-direction:column;align-items:center;box-sizing:border-box;margin:0;
min-width:5.4em;padding:1px 4px;border:1px solid rgba(128,128,128,.6);border-radius:4px;
font-size:.8rem}
.cs code,.cs b{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;color:inherit}
.cs li b{white-space:pre}
.cs li small{font-size:.75rem}
.cs .masked{border-style:dashed;background:rgba(128,128,128,.12)}
.cs .trained{border-color:#3b7dd8;background:rgba(59,125,216,.18)}
.cs .dropped{border-style:dotted;border-color:#b3531f;background:rgba(214,120,50,.16)}
.cs .dropped b{text-decoration:line-through}
.cs pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4em 0;padding:.5em .7em;
border:1px solid rgba(128,128,128,.45);border-radius:4px;background:transparent;color:inherit}
.cs mark{background:rgba(59,125,216,.22);color:inherit;border-bottom:2px solid #3b7dd8}
.cs .scroll{overflow-x:auto}
.cs table{border-collapse:collapse;margin:.4em 0;font-size:.9rem}
.cs th,.cs td{padding:2px 10px;text-align:left;border-bottom:1px solid rgba(128,128,128,.35);
background:transparent;color:inherit;white-space:pre-wrap;overflow-wrap:normal}
</style>"""

VISIBLE = str.maketrans({" ": "·", "\n": "↵", "\r": "␍", "\t": "⇥"})


@dataclass(frozen=True)
class Picture:
    """Something to look at: HTML for a page, plain text for everything else."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def visible(piece: str) -> str:
    """Return the text of a token with its white space made visible.

    >>> visible(" on"), visible("\\n")
    ('·on', '↵')
    """
    return piece.translate(VISIBLE) or "∅"


def framed(body: str) -> str:
    """Wrap HTML so that the style applies to it, and to nothing else."""
    return f'{STYLE}<div class="cs">{body}</div>'


def table(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> Picture:
    """Return rows as a table; every cell is text, shown as it is."""
    from tabulate import tabulate

    cells = [[str(cell) for cell in row] for row in rows]
    html = tabulate(cells, headers, tablefmt="html", disable_numparse=True)
    text = tabulate(cells, headers, tablefmt="simple", disable_numparse=True)
    return Picture(framed(f'<div class="scroll" tabindex="0">{html}</div>'), text)


def text_box(text: str, caption: str = "") -> Picture:
    """Return a text as it is, line breaks kept and control tokens written out."""
    html = f"<p>{escape(caption)}</p><pre>{escape(text)}</pre>"
    return Picture(framed(html), f"{caption}\n{text}".strip())
