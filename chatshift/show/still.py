"""The views without scripts: HTML for a page, plain text for a terminal.

They stand for a view where nothing can move: in a page without scripts, in a notebook that is not
trusted, on paper. The HTML uses the classes of `views.css`, and is readable without them.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import escape

from chatshift.show.page import visible
from chatshift.steps.mask import IGNORE_INDEX

HERE = Path(__file__).parent
WINDOW = 480
"""So many tokens of a long conversation are shown."""


class Token(NamedTuple):
    """A token, and the word under it."""

    piece: str
    label: str
    state: str


@cache
def style() -> str:
    """Return the part of the style sheet that a picture without scripts needs, on one line."""
    source = (HERE / "views.css").read_text(encoding="utf-8").split("/* moving parts */")[0]
    rules = source.split("*/", 1)[1]
    return f"<style>{' '.join(rules.split())}</style>"


def framed(body: str) -> str:
    """Wrap HTML so that the style applies to it, and to nothing else."""
    return f'{style()}<div class="cs-view">{body}</div>'


def state_at(labels: Sequence[int], i: int, step: int) -> str:
    """Return in one word what step 5 or 6 does with a position; nothing before step 5."""
    if step < 5:
        return "plain" if step > 2 else ""
    if step == 6 and i == len(labels) - 1:
        return "dropped"
    label = labels[i + 1] if step == 6 else labels[i]
    return "masked" if label == IGNORE_INDEX else "supervised"


def tokens_at(columns: dict[str, Any], step: int) -> list[Token]:
    """Return each token with what stands under it after a step: words, or ids in step 3."""
    pieces, ids, labels = columns["pieces"], columns["ids"], columns["labels"]
    found = []
    for i, piece in enumerate(pieces):
        state = state_at(labels, i, step)
        if step < 3:
            label = ""
        elif step == 3:
            label = str(ids[i])
        elif state in ("masked", "dropped"):
            label = state
        else:
            label = visible(pieces[i + 1] if step == 6 else piece)
        found.append(Token(piece, label, state))
    return found


def lines_of(tokens: Iterable[Token]) -> list[list[Token]]:
    """Return the tokens line by line, as the text breaks."""
    lines: list[list[Token]] = [[]]
    for token in tokens:
        lines[-1].append(token)
        if "\n" in token.piece:
            lines.append([])
    return [line for line in lines if line]


def line_html(line: Sequence[Token]) -> str:
    """Return a line of tokens, each above its label; a run of masked tokens says so once."""
    html, before = "", ""
    for piece, label, state in line:
        word = "" if state == before and state in ("masked", "padding") else label
        before = state
        html += (
            f'<ruby class="cs-token{f" cs-{state}" if state else ""}" '
            f'style="--wide:{len(word) * 0.86:.0f}ch"><span class="cs-piece">'
            f'{escape(visible(piece))}</span><rt class="cs-label">{escape(word)}</rt></ruby>'
        )
    return f'<div class="cs-line">{html}</div>'


def text_html(tokens: Sequence[Token], around: int) -> str:
    """Return the tokens as lines; of a long conversation those around a position."""
    start = max(0, min(around - WINDOW // 2, len(tokens) - WINDOW))
    stop = start + WINDOW
    folds = (start, "before"), (max(0, len(tokens) - stop), "after")
    before, after = (f"<p>… {n:,} tokens {where}</p>" if n else "" for n, where in folds)
    body = "".join(line_html(line) for line in lines_of(tokens[start:stop]))
    return f'{before}<div class="cs-text">{body}</div>{after}'


def text_plain(tokens: Sequence[Token]) -> str:
    """Return the tokens run by run: what holds for them, and what they say."""
    runs: list[tuple[str, list[int]]] = []
    for i, token in enumerate(tokens):
        if not runs or runs[-1][0] != token.state:
            runs.append((token.state, []))
        runs[-1][1].append(i)
    return "\n".join(
        f"{of[0]:>5}-{of[-1]:<5} {state:<10} {''.join(visible(tokens[i].piece) for i in of)}"
        for state, of in runs
    )


def counts(tokens: Sequence[Token]) -> str:
    """Return how many tokens are masked, supervised, dropped."""
    states = [token.state for token in tokens]
    words = [f"{len(tokens):,} tokens"]
    for state in ("masked", "supervised", "dropped", "padding", "cut off"):
        if state in states:
            words.append(f"{states.count(state):,} {state}")
    return f"{words[0]}: {', '.join(words[1:])}" if words[1:] else words[0]


def compare_html(sides: Sequence[dict[str, Any]], at: int, verdict: str) -> str:
    """Return two texts, what differs from character `at` on marked."""
    figures = ""
    for side in sides:
        text = side["text"]
        rest = f"<mark>{escape(text[at:])}</mark>" if text[at:] else "<b>ends here</b>"
        figures += (
            f"<figure><figcaption>{escape(side['name'])} <small>{len(text)} characters</small>"
            f"</figcaption><pre>{escape(text[:at])}{rest}</pre></figure>"
        )
    return f'<div class="cs-two">{figures}</div><p>{escape(verdict)}</p>'
