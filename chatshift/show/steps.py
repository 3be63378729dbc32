"""A `Trace` after each of its six steps, as boxes and as tables.

Every function here reads the record and computes nothing again. Colour is never the only sign:
each token also says in a word what happens to it. White space in a token is made visible.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import escape

from chatshift.show.page import Picture, framed, table, visible
from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    from chatshift.trace import Row, Trace

STEPS = (
    ("render", "the whole conversation becomes one text"),
    ("render_prompt", "everything before the answer becomes a text of its own"),
    ("tokenize", "both texts become ids; the prompt's ids are the first of the full ids"),
    ("copy_labels", "the labels start as a copy of the ids"),
    ("mask_prompt", f"the prompt's labels become {IGNORE_INDEX}"),
    ("shift", "the labels move one place to the left"),
)


def picture(trace: "Trace", step: int = 6) -> Picture:
    """Return the trace after one of its six steps: one box for each token."""
    rows = trace.rows()
    text = table([_text_cells(row, step) for row in rows], TEXT_HEADERS[: TEXT_COLUMNS[step]]).text
    return Picture(framed(step_frame(trace, step)), text)


TEXT_HEADERS = ("position", "token", "part", "id", "label", "state")

TEXT_COLUMNS = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 6}


def _text_cells(row: "Row", step: int) -> tuple:
    cells = (row.position, visible(row.piece), row.part, row.token_id)
    return (*cells, label_at(row, step), state_at(row, step))[: TEXT_COLUMNS[step]]


def label_at(row: "Row", step: int) -> str:
    """Return the label that stands at this row's position after the step, as text."""
    if step < 4:
        return ""
    if step == 4:
        return str(row.token_id)
    label = row.label if step == 5 else row.target
    return "none" if label is None else str(label)


def state_at(row: "Row", step: int) -> str:
    """Return in one word what the step does with this row's position."""
    if step < 5:
        return row.part if step > 1 else ""
    if step == 5:
        return "masked" if row.label == IGNORE_INDEX else "trained"
    if row.target is None:
        return "dropped"
    return "trained" if row.counted else "masked"


def cell(row: "Row", step: int) -> str:
    """Return one token as a list item: position, text, id, label, state; always five lines."""
    state = state_at(row, step)
    lines = (row.token_id if step > 2 else "", label_at(row, step), state)
    spans = "".join(f"<span>{line or '&nbsp;'}</span>" for line in lines)
    return (
        f'<li class="{state}"><small>{row.position}</small>'
        f"<b>{escape(visible(row.piece))}</b>{spans}</li>"
    )


def strip(rows: Iterable["Row"], step: int) -> str:
    """Return the tokens as boxes in reading order."""
    return f"<ol>{''.join(cell(row, step) for row in rows)}</ol>"


def step_frame(trace: "Trace", step: int) -> str:
    """Return step 1 to 6 of the walk, with what it does above the tokens and its sum below."""
    return f"<p>{_caption(step)}</p>{strip(trace.rows(), step)}<p>{_sum(trace, step)}</p>"


def walk_frame(trace: "Trace", step: int) -> str:
    """Return a step of the walk such that nothing on the page moves from step to step."""
    steps = range(1, len(STEPS) + 1)
    captions = one_of([_caption(number) for number in steps], step - 1)
    sums = one_of([_sum(trace, number) for number in steps], step - 1)
    return f"{captions}{strip(trace.rows(), step)}{sums}"


def one_of(paragraphs: Iterable[str], shown: int) -> str:
    """Return one of several paragraphs, in the room that the longest of them takes."""
    stacked = "".join(
        f'<p style="grid-area:1/1{"" if number == shown else ";visibility:hidden"}">{html}</p>'
        for number, html in enumerate(paragraphs)
    )
    return f'<div style="display:grid">{stacked}</div>'


def _caption(step: int) -> str:
    name, what = STEPS[step - 1]
    return f"<strong>Step {step} of {len(STEPS)}, <code>{name}</code>:</strong> {what}."


def _sum(trace: "Trace", step: int) -> str:
    total, masked = len(trace.full_ids), len(trace.full_ids) - len(trace.supervised)
    last, first = escape(visible(trace.pieces[-1])), trace.dropped.label
    lines = "Lines of a box: position, token, "
    return (
        f"{len(trace.full_text)} characters of text.",
        f"The prompt has {len(trace.prompt_text)} of the {len(trace.full_text)} characters; "
        "the rest is the answer.",
        f"{total} tokens, {trace.prompt_length} of them prompt. {lines}id.",
        f"{total} labels, each equal to the id above it. {lines}id, label.",
        f"{masked} labels masked, {total - masked} trained. {lines}id, label.",
        f"{total - 1} pairs. The last input <code>{last}</code> and the first label "
        f"<code>{first}</code> are dropped. {lines}id, label moved here from the right.",
    )[step - 1]


def steps_table(trace: "Trace") -> Picture:
    """Return all six steps as one table: a line for each position, a column for each value."""
    lines = [
        (r.position, visible(r.piece), r.part, r.token_id, *(label_at(r, s) for s in (4, 5, 6)))
        for r in trace.rows()
    ]
    headers = ("position", "token", "part", "id", "label", "masked label", "shifted label")
    return table(lines, headers)


def tokens_table(trace: "Trace") -> Picture:
    """Return the tokens as a table."""
    lines = [(row.position, visible(row.piece), row.token_id, row.part) for row in trace.rows()]
    return table(lines, ("position", "token", "id", "part"))


def positions_table(trace: "Trace") -> Picture:
    """Return what each position must predict, as a table."""
    lines = [
        (
            row.position,
            visible(row.piece),
            visible(row.target_piece or ""),
            row.target,
            "yes" if row.counted else "no",
        )
        for row in trace.rows()[:-1]
    ]
    return table(lines, ("position", "has just read", "must predict", "label", "counted"))


def position_frame(trace: "Trace", position: int) -> str:
    """Return what happens at one position of the shifted pair."""
    row = trace.rows()[position]
    first = max(0, position - 39)  # a long conversation is shown by its last 40 tokens
    read = escape(("…" if first else "") + "".join(trace.pieces[first : position + 1]))
    target = escape(visible(row.target_piece or ""))
    counted = (
        f"<strong>Counted</strong>: the label is {row.target}, the id of <code>{target}</code>."
        if row.counted
        else f"<strong>Not counted</strong>: the label is {row.target}, so the loss skips it."
    )
    return (
        f"<p>At position {row.position} the model has read {row.position + 1} tokens, the last one "
        f"<code>{escape(visible(row.piece))}</code>:</p><pre>{read}</pre>"
        f"<p>It must now predict <code>{target}</code>. {counted}</p>"
    )


def token_frame(trace: "Trace", position: int) -> str:
    """Return one token in its text."""
    row = trace.rows()[position]
    before, after = trace.pieces[:position], trace.pieces[position + 1 :]
    text = (
        f"{escape(''.join(before))}<mark>{escape(visible(row.piece))}</mark>"
        f"{escape(''.join(after))}"
    )
    return (
        f"<p>Token {row.position}: <code>{escape(visible(row.piece))}</code>, id {row.token_id}, "
        f"part of the {row.part}.</p><pre>{text}</pre>"
    )


def step_map(lit: int = 0) -> Picture:
    """Return the six steps in a row, one of them lit; 0 lights none."""
    names = [f"{number} {name}" for number, (name, _) in enumerate(STEPS, start=1)]
    boxes = "".join(
        f'<li class="{"trained" if number == lit else ""}"><b>{escape(name)}</b>'
        f"<span>{'you are here' if number == lit else '&nbsp;'}</span></li>"
        for number, name in enumerate(names, start=1)
    )
    text = " → ".join(f"[{n}]" if i == lit else n for i, n in enumerate(names, start=1))
    return Picture(framed(f"<ol>{boxes}</ol>"), text)
