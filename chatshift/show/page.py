"""Tables and texts to look at, and white space made visible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

# Tints of the text's own surroundings, so that one style serves light and dark pages.
STYLE = """<style>
.cs{line-height:1.35;margin:.5em 0;color:inherit;overflow-wrap:anywhere}
.cs p{margin:.3em 0}
.cs pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4em 0;padding:.5em .7em;
border:1px solid rgba(128,128,128,.45);border-radius:4px;background:transparent;color:inherit}
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
