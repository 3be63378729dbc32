"""Draw the README's picture: the slide rule of the views, whose labels move one token to the left.

It moves once, when it is seen first, and stands still for those who asked for that; where nothing
can move it shows the end. It is drawn from what `show.rule` holds, in its words, and like there the
middle of the answer is folded away.
"""

from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from chatshift import IGNORE_INDEX, load_tokenizer, prepare, show
from chatshift.lessons import data_point

FILE = Path(__file__).parents[1] / "book" / "_assets" / "shift.svg"
LEFT, COLUMN, FOLD, HIGH = 104, 86, 44, 46
INPUTS, LABELS = 6, 92
HEAD, TAIL = 6, 3
STYLE = """
svg { color: #1f2328; --blue: #2a5fae; --rust: #9a4a1c; --fill: #2f7de122; font: 12px ui-monospace,
"DejaVu Sans Mono", Menlo, Consolas, monospace }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; --blue: #7db0f5; --rust: #e59a6b;
--fill: #2f7de144 } }
text { fill: currentColor; text-anchor: middle }
rect { fill: none; stroke: currentColor; stroke-opacity: .45 }
.name, .what { text-anchor: start; font-family: system-ui, "DejaVu Sans", sans-serif }
.name { font-size: 15px; font-weight: 600 }
.word { font-family: system-ui, "DejaVu Sans", sans-serif }
.masked rect { stroke-dasharray: 1.5 3 }
.supervised rect { fill: var(--fill); stroke: var(--blue); stroke-opacity: 1; stroke-width: 1.5 }
.supervised text, .next { fill: var(--blue); font-weight: 600 }
.dropped rect { stroke: var(--rust); stroke-opacity: 1; stroke-dasharray: 6 4 }
.dropped text, .repeats, .next.dropped { fill: var(--rust) }
.dropped .piece { text-decoration: line-through }
.tie { stroke: currentColor; stroke-opacity: .6 }
.repeats { opacity: 0; font-weight: 600 }
@media (prefers-reduced-motion: no-preference) {
.strip { animation: slide 1.6s ease-in-out 1.5s backwards }
.repeats { animation: leave 1.6s 1.5s backwards }
.next { animation: come 1.6s 1.5s backwards } }
@keyframes slide { from { transform: translateX(86px) } }
@keyframes leave { from { opacity: 1 } 40% { opacity: 0 } }
@keyframes come { from { opacity: 0 } 60% { opacity: 0 } }
"""


def windows(columns: dict[str, Any]) -> list[tuple[int, int]]:
    """Return the positions that are shown: around the start of the answer, and at its end."""
    labels = columns["labels"]
    first = next(i for i, label in enumerate(labels) if label != IGNORE_INDEX)
    start, total = max(0, first - 2), len(labels)
    if total - start <= HEAD + TAIL + 1:
        return [(start, total)]
    return [(start, start + HEAD), (total - TAIL, total)]


def cell(x: float, y: int, piece: str, state: str) -> str:
    """Return one token as a box with its text, a long one in two lines."""
    words = show.visible(piece) if state != "masked" else state
    half = words.rfind("_") + 1 or len(words) // 2
    lines = [words] if len(words) <= 11 else [words[:half], words[half:]]
    texts = "".join(
        f'<text class="piece" x="{x + COLUMN / 2}" '
        f'y="{y + HIGH / 2 + 4 + 15 * (n - (len(lines) - 1) / 2):.1f}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    box = f'<rect x="{x + 1}" y="{y}" width="{COLUMN - 2}" height="{HIGH}"/>'
    return f'<g class="{state}">{box}{texts}</g>'


def tie(x: float, first: str, then: str) -> str:
    """Return what stands between an input and its label: before the shift, and after it."""
    middle, y = x + COLUMN / 2, (INPUTS + HIGH + LABELS) / 2 + 4
    marks = f'<path class="tie" d="M{middle} {INPUTS + HIGH}v9M{middle} {LABELS}v-9"/>'
    words = "".join(
        f'<text class="word {kind}" x="{middle}" y="{y}">{word}</text>'
        for kind, word in (("repeats", first), (f"next {then}", then))
        if word
    )
    return (marks if then == "next" else "") + words


def window(columns: dict[str, Any], x: float, start: int, stop: int) -> str:
    """Return some columns of the rule: inputs, ties, and the labels, which may move."""
    pieces, labels = columns["pieces"], columns["labels"]
    counts = [label != IGNORE_INDEX for label in labels]
    body, strip = "", ""
    for i in range(start, stop):
        at, last = x + (i - start) * COLUMN, i + 1 == len(labels)
        body += cell(at, INPUTS, pieces[i], "dropped" if last else "input")
        then = "dropped" if last else "next" if counts[i + 1] else ""
        body += tie(at, "repeats" if counts[i] else "", then)
    for i in range(start, min(stop + 1, len(labels))):
        state = "supervised" if counts[i] else "masked"
        strip += cell(x + (i - start - 1) * COLUMN, LABELS, pieces[i], state)
    clip = f'<clipPath id="c{start}"><rect x="{x}" y="0" width="{(stop - start) * COLUMN}" '
    clip += 'height="150"/></clipPath>'
    return f'{clip}{body}<g clip-path="url(#c{start})"><g class="strip">{strip}</g></g>'


def draw(messages: list[dict]) -> str:
    """Return the picture of a conversation's last answer."""
    trace = prepare(messages, load_tokenizer(), strip_bos=True)
    columns = show.rule(trace).data["trace"]
    parts, x = "", float(LEFT)
    shown = windows(columns)
    for (start, stop), following in pairwise([*shown, (len(columns["labels"]), 0)]):
        parts += window(columns, x, start, stop)
        x += (stop - start) * COLUMN
        if following[0] > stop:
            middle = x + FOLD / 2
            parts += f'<text x="{middle}" y="{INPUTS + HIGH / 2 + 4}">⋯</text>'
            parts += f'<text x="{middle}" y="{LABELS + HIGH / 2 + 4}">⋯</text>'
            x += FOLD
    names = "".join(
        f'<text class="name" x="2" y="{y + 20}">{name}</text>'
        f'<text class="what" x="2" y="{y + 38}">{what}</text>'
        for y, name, what in ((INPUTS, "inputs", "has read"), (LABELS, "← labels", "must write"))
    )
    style = " ".join(STYLE.split())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x + 2:.0f} 146" role="img">'
        "<title>The labels move one token to the left: under each input stands the next token; "
        f"the last input is dropped</title><style>{style}</style>{names}{parts}</svg>\n"
    )


if __name__ == "__main__":
    FILE.write_text(draw(data_point()), encoding="utf-8")
