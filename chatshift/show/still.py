"""The views without scripts: HTML for a page, plain text for a terminal.

They stand for a view where nothing can move: in a page without scripts, in a notebook that is not
trusted, on paper. The HTML uses the classes of `views.css`, and is readable without them.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import escape

from chatshift.show.page import Picture, visible
from chatshift.steps.mask import IGNORE_INDEX

HERE = Path(__file__).parent
WINDOW = 400
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
    rules = " ".join(source.split("*/", 1)[1].split())
    # Not before a colon: there a space means something.
    return f"<style>{re.sub(r'(?<=[{};:,]) | (?=[{}])', '', rules)}</style>"


def framed(body: str) -> str:
    """Wrap HTML so that the style applies to it, and to nothing else."""
    return f'{style()}<div class="cs-view">{body}</div>'


def state_at(columns: dict[str, Any], i: int, step: int) -> str:
    """Return what a step does with a position: nothing before step 5 but to part the answer."""
    labels = columns["labels"]
    if step < 5:
        return {1: "", 2: "rest" if i >= columns["prompt"] else ""}.get(step, "plain")
    if step == 6 and i == len(labels) - 1:
        return "dropped"
    label = labels[i + 1] if step == 6 else labels[i]
    return "masked" if label == IGNORE_INDEX else "supervised"


def label_at(columns: dict[str, Any], i: int, step: int) -> str:
    """Return the word that stands under a position after a step; an id in step 3."""
    pieces, state = columns["pieces"], state_at(columns, i, step)
    if step == 2:
        return {0: "prompt", columns["prompt"]: "answer"}.get(i, "")
    if step == 3:
        return str(columns["ids"][i])
    if state in ("", "masked", "dropped"):
        return state
    return visible(pieces[i + 1] if step == 6 else pieces[i])


def tokens_at(columns: dict[str, Any], step: int) -> list[Token]:
    """Return each token with what stands under it after a step."""
    return [
        Token(piece, label_at(columns, i, step), state_at(columns, i, step))
        for i, piece in enumerate(columns["pieces"])
    ]


def row_tokens(columns: dict[str, Any], max_length: int | None) -> list[Token]:
    """Return the tokens of a batch's row, each with its label or what it is there for."""
    pieces, labels = columns["pieces"], columns["labels"]
    read = columns.get("read", [1] * len(pieces))
    tokens = []
    for i, piece in enumerate(pieces):
        if max_length is not None and i >= max_length:
            state = "cut"
        elif not read[i]:
            state = "padding"
        else:
            state = "masked" if labels[i] == IGNORE_INDEX else "supervised"
        label = visible(columns["words"][i]) if state == "supervised" else word(state)
        tokens.append(Token(piece, label, state))
    return tokens


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
        under = "" if state == before and state in ("masked", "padding", "cut") else label
        before = state
        html += (
            f'<ruby class="cs-token{f" cs-{state}" if state else ""}" '
            f'style="--wide:{len(under) * 0.86:.1f}ch"><span class="cs-piece">'
            f'{escape(visible(piece))}</span><rt class="cs-label">{escape(under)}</rt></ruby>'
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
    """Return the tokens run by run: what holds for them, what they say, and their labels."""
    lines, start = [], 0
    for state, run in groupby(tokens, key=lambda token: token.state):
        of = list(run)
        place = str(start) if len(of) == 1 else f"{start} to {start + len(of) - 1}"
        pieces = visible("".join(token.piece for token in of))
        name = {"plain": "", "rest": "answer"}.get(state, word(state))
        lines.append(f"{place:<12}{name:<12}{_middle(pieces)}".rstrip())
        if state == "supervised":
            lines.append(f"{'':<12}{'labels':<12}{_middle(''.join(token.label for token in of))}")
        start += len(of)
    return "\n".join(lines)


def _middle(text: str, most: int = 72) -> str:
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def word(state: str) -> str:
    """Return what is said of a state."""
    return "cut off" if state == "cut" else state


def counts(tokens: Sequence[Token]) -> str:
    """Return how many tokens are masked, supervised, dropped."""
    states = [token.state for token in tokens]
    words = [f"{len(tokens):,} tokens"]
    for state in ("masked", "supervised", "dropped", "padding", "cut"):
        if state in states:
            words.append(f"{states.count(state):,} {word(state)}")
    return f"{words[0]}: {', '.join(words[1:])}" if words[1:] else words[0]


def sides_html(sides: Sequence[dict[str, Any]], at: int, verdict: str) -> str:
    """Return two texts, what differs from character `at` on marked."""
    figures = ""
    for side in sides:
        text = side["text"]
        rest = f"<mark>{escape(text[at:])}</mark>" if text[at:] else "<b>ends here</b>"
        figures += (
            f"<figure><figcaption>{escape(side['name'])} <small>{len(text):,} characters</small>"
            f"</figcaption><pre>{escape(text[:at])}{rest}</pre></figure>"
        )
    return f'<div class="cs-two">{figures}</div><p>{escape(verdict)}</p>'


def sides_table(sides: Sequence[dict[str, Any]], verdict: str) -> str:
    """Return two texts as plain text, one after the other."""
    texts = (f"{side['name']}, {len(side['text']):,} characters:\n{side['text']}" for side in sides)
    return "\n\n".join((*texts, verdict))


def rows_table(lines: Iterable[Sequence[str]], headers: Sequence[str]) -> Picture:
    """Return rows as a table; every cell is text, shown as it is."""
    from tabulate import tabulate

    rows = [list(line) for line in lines]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headers)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    html = f'<div class="cs-scroll" tabindex="0">{table}</div>'
    return Picture(html, tabulate(rows, headers, tablefmt="simple", disable_numparse=True))


def _cell(text: str) -> str:
    number = ' class="cs-number"' if re.fullmatch(r"[\d.]+", text) else ""
    return f"<td{number}>{escape(text)}</td>"
