"""Draw the README's picture from the book's conversation: inputs above, labels below."""

from html import escape
from pathlib import Path

from chatshift import IGNORE_INDEX, load_tokenizer, prepare
from chatshift.lessons import data_point
from chatshift.show import visible

FILE = Path(__file__).parents[1] / "book" / "_assets" / "shift.svg"
FIRST, WIDTH, HEIGHT, LEFT = 28, 84, 34, 92


def box(x: float, y: int, text: str, kind: str) -> str:
    """Return one token as a rectangle with its text."""
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{WIDTH - 6}" height="{HEIGHT}" rx="4"/>'
        f'<text x="{x + (WIDTH - 6) / 2}" y="{y + 22}">{escape(text)}</text>'
    )


def draw(messages: list[dict], first: int) -> str:
    """Return the picture of the last pairs: the end of the prompt, and the answer."""
    trace = prepare(messages, load_tokenizer(), strip_bos=True)
    parts = []
    for row in trace.rows()[first:]:
        x = LEFT + (row.position - first) * WIDTH
        piece = visible(row.piece).replace("start_of_turn", "start").replace("end_of_turn", "end")
        parts.append(box(x, 10, piece, "dropped" if row.target is None else "input"))
        if row.target is None:
            parts.append(f'<text x="{x + (WIDTH - 6) / 2}" y="82">dropped</text>')
            continue
        target = visible(row.target_piece or "").replace("end_of_turn", "end")
        label = str(IGNORE_INDEX) if row.target == IGNORE_INDEX else target
        parts.append(box(x, 60, label, "trained" if row.counted else "masked"))
    width = LEFT + (len(trace.full_ids) - first) * WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 104" role="img">'
        "<title>Inputs above, labels below: each label is the next input</title>"
        "<style>svg{background:#fff}text{font:13px monospace;text-anchor:middle;fill:#111}"
        ".name{text-anchor:start;font-weight:bold}rect{stroke:#777;fill:#fff}"
        ".masked{fill:#eee;stroke-dasharray:4 3}.trained{fill:#d8e6f8;stroke:#3b7dd8}"
        ".dropped{fill:#f8e6d8;stroke:#b3531f;stroke-dasharray:2 3}</style>"
        '<text class="name" x="8" y="32">input_ids</text>'
        '<text class="name" x="8" y="82">labels</text>' + "".join(parts) + "</svg>\n"
    )


if __name__ == "__main__":
    FILE.write_text(draw(data_point(), FIRST), encoding="utf-8")
