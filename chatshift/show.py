"""A `Trace` as HTML and as plain text.

Every function here reads the record and computes nothing again. Colour is never the only sign:
each token also says in a word what happens to it. White space in a token is made visible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any

from chatshift.steps.mask import IGNORE_INDEX
from chatshift.trace import Row, Trace

STEPS = (
    ("render", "the whole conversation becomes one text"),
    ("render_prompt", "everything before the answer becomes a text of its own"),
    ("tokenize", "both texts become ids; the prompt's ids are the first of the full ids"),
    ("copy_labels", "the labels start as a copy of the ids"),
    ("mask_prompt", f"the prompt's labels become {IGNORE_INDEX}"),
    ("shift", "the labels move one place to the left"),
)

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


def picture(trace: Trace, step: int = 6) -> Picture:
    """Return the trace after one of its six steps: one box for each token."""
    rows = trace.rows()
    text = table([_text_cells(row, step) for row in rows], TEXT_HEADERS[: TEXT_COLUMNS[step]]).text
    return Picture(framed(step_frame(trace, step)), text)


TEXT_HEADERS = ("position", "token", "part", "id", "label", "state")
TEXT_COLUMNS = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 6}


def _text_cells(row: Row, step: int) -> tuple:
    cells = (row.position, visible(row.piece), row.part, row.token_id)
    return (*cells, label_at(row, step), state_at(row, step))[: TEXT_COLUMNS[step]]


def label_at(row: Row, step: int) -> str:
    """Return the label that stands at this row's position after the step, as text."""
    if step < 4:
        return ""
    if step == 4:
        return str(row.token_id)
    label = row.label if step == 5 else row.target
    return "none" if label is None else str(label)


def state_at(row: Row, step: int) -> str:
    """Return in one word what the step does with this row's position."""
    if step < 5:
        return row.part if step > 1 else ""
    if step == 5:
        return "masked" if row.label == IGNORE_INDEX else "trained"
    if row.target is None:
        return "dropped"
    return "trained" if row.counted else "masked"


def cell(row: Row, step: int) -> str:
    """Return one token as a list item: position, text, id, label, state; always five lines."""
    state = state_at(row, step)
    lines = (row.token_id if step > 2 else "", label_at(row, step), state)
    spans = "".join(f"<span>{line or '&nbsp;'}</span>" for line in lines)
    return (
        f'<li class="{state}"><small>{row.position}</small>'
        f"<b>{escape(visible(row.piece))}</b>{spans}</li>"
    )


def strip(rows: Iterable[Row], step: int) -> str:
    """Return the tokens as boxes in reading order."""
    return f"<ol>{''.join(cell(row, step) for row in rows)}</ol>"


def step_frame(trace: Trace, step: int) -> str:
    """Return step 1 to 6 of the walk, with what it does above the tokens and its sum below."""
    return f"<p>{_caption(step)}</p>{strip(trace.rows(), step)}<p>{_sum(trace, step)}</p>"


def walk_frame(trace: Trace, step: int) -> str:
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


def _sum(trace: Trace, step: int) -> str:
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


def steps_table(trace: Trace) -> Picture:
    """Return all six steps as one table: a line for each position, a column for each value."""
    lines = [
        (r.position, visible(r.piece), r.part, r.token_id, *(label_at(r, s) for s in (4, 5, 6)))
        for r in trace.rows()
    ]
    headers = ("position", "token", "part", "id", "label", "masked label", "shifted label")
    return table(lines, headers)


def tokens_table(trace: Trace) -> Picture:
    """Return the tokens as a table."""
    lines = [(row.position, visible(row.piece), row.token_id, row.part) for row in trace.rows()]
    return table(lines, ("position", "token", "id", "part"))


def positions_table(trace: Trace) -> Picture:
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


def position_frame(trace: Trace, position: int) -> str:
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


def token_frame(trace: Trace, position: int) -> str:
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


def growth_frame(before: str, after: str, caption: str) -> str:
    """Return a text with what was added to it marked."""
    if not after.startswith(before):
        return f"<p>{escape(caption)}</p><pre>{escape(after)}</pre>"
    added = escape(after[len(before) :])
    return f"<p>{escape(caption)}</p><pre>{escape(before)}<mark>{added}</mark></pre>"


def mask_verdict(trace: Trace, length: int) -> str:
    """Return in one sentence whether `length` labels are the right number to mask."""
    off = length - trace.prompt_length
    if off == 0:
        return "Right: the loss counts the answer, its end, and nothing else."
    if off < 0:
        return f"Too short by {-off}: the loss also counts tokens of the prompt."
    return f"Too long by {off}: the answer's first tokens are never learned."


def masks_table(trace: Trace) -> Picture:
    """Return every length that could be masked, with its verdict, as a table."""
    total = len(trace.full_ids)
    lines = [(n, total - n, mask_verdict(trace, n)) for n in range(1, total)]
    return table(lines, ("masked", "trained", "verdict"))


def mask_frame(trace: Trace, length: int) -> str:
    """Return what would be learned if the first `length` labels were masked."""
    kept = "".join(f"<code>{escape(visible(piece))}</code> " for piece in trace.pieces[length:])
    return (
        f"<p><strong>{mask_verdict(trace, length)}</strong></p><p>{length} labels masked, "
        f"{len(trace.full_ids) - length} trained:</p><p>{kept}</p>"
    )


def alias_frame(trace: Trace, copied: bool) -> str:
    """Return the inputs after masking, if the labels were copied or are the same list."""
    rows = trace.rows()[trace.prompt_length - 3 :]
    ids = [row.token_id if copied else row.label for row in rows]
    lines = [
        (row.position, visible(row.piece), token_id, row.label)
        for row, token_id in zip(rows, ids, strict=True)
    ]
    code = "labels = list(input_ids)" if copied else "labels = input_ids"
    verdict = (
        "masking the labels leaves the inputs as they are."
        if copied
        else f"masking wrote {IGNORE_INDEX} into the inputs, which is no token id."
    )
    shown = table(lines, ("position", "token", "input_ids", "labels")).html
    return f"<p><code>{code}</code>: {verdict}</p>{shown.removeprefix(STYLE)}"


def pairs_frame(trace: Trace, places: int, loss: float | None = None) -> str:
    """Return the pairs around the answer if the labels moved `places` to the left."""
    start = trace.prompt_length - 2
    length = len(trace.full_ids)
    rows = []
    for i in range(start, length - places):
        label = trace.masked_labels[i + places]
        counted = label != IGNORE_INDEX
        target = visible(trace.pieces[i + places]) if counted else "(skipped)"
        rows.append((i, visible(trace.pieces[i]), label, target))
    what = ("itself", "the next token", "the token after the next")[places]
    found = "" if loss is None else f" Loss: {loss:.4f}."
    plural = "place" if places == 1 else "places"
    shown = table(rows, ("position", "input", "label", "must predict")).html
    return (
        f"<p><strong>{places} {plural}:</strong> each token must predict {what}.{found}</p>"
        f"{shown.removeprefix(STYLE)}"
    )


def ends_frame(trace: Trace, from_inputs: str, from_labels: str) -> str:
    """Return the pairs that come of dropping the `"first"` or `"last"` of inputs and labels."""
    start, length = trace.prompt_length - 2, len(trace.full_ids) - 1
    at_input = 1 if from_inputs == "first" else 0
    at_label = 1 if from_labels == "first" else 0
    rows = [
        (visible(trace.pieces[i + at_input]), visible(trace.pieces[i + at_label]))
        for i in range(start, length)
    ]
    verdict = (
        "it must predict what it has just read: itself.",
        "right: it must predict the next token.",
        "the labels moved right: it must predict the token before.",
    )[at_label - at_input]
    shown = table(rows, ("input", "label")).html
    return (
        f"<p>Drop the {from_inputs} input and the {from_labels} label. At each position, "
        f"{verdict}</p>{shown.removeprefix(STYLE)}"
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


# Colour, dashes, width and opacity of up to four lines; any two differ in more than colour.
STROKES = (
    ("#3b7dd8", "", 9, 0.55),
    ("currentColor", "2 6", 2.5, 1),
    ("#c2571a", "9 4", 2, 1),
    ("#8a63d2", "", 1.5, 1),
)


def curves(losses: Mapping[str, Sequence[float]], shown: Sequence[int]) -> Picture:
    """Return up to four losses as lines on a logarithmic scale; `shown` are the steps as text."""
    lines, legend = "", ""
    last = max(len(values) for values in losses.values()) - 1
    for (name, values), (colour, dashes, width, opacity) in zip(
        losses.items(), STROKES, strict=False
    ):
        points = [
            f"{40 + 350 * step / last:.0f},{_height(value):.0f}"
            for step, value in enumerate(values)
            if step % 2 == 0
        ]
        stroke = (
            f'fill="none" stroke="{colour}" stroke-dasharray="{dashes}" stroke-width="{width}" '
            f'stroke-opacity="{opacity}"'
        )
        lines += f'<polyline points="{" ".join(points)}" {stroke}/>'
        swatch = (
            f'<svg width="60" height="10" aria-hidden="true"><path d="M0 5H60" {stroke}/></svg>'
        )
        legend += (
            f'<li class="curve"><b>{escape(name)}</b>{swatch}<span>{values[-1]:.4f}</span></li>'
        )
    axes = "".join(
        f'<path d="M40 {_height(level):.0f}H390" stroke="currentColor" stroke-opacity=".25"/>'
        f'<text x="34" y="{_height(level) + 4:.0f}" text-anchor="end">{level:g}</text>'
        for level in (10, 1, 0.1, 0.01, 0.001)
    ) + "".join(
        f'<text x="{40 + 350 * step / last:.0f}" y="236" text-anchor="middle">{step}</text>'
        for step in (0, last // 2, last)
    )
    drawing = (
        '<svg viewBox="0 0 400 256" role="img" aria-label="The loss over the steps, as lines; the '
        'table has the numbers" style="width:100%;max-width:600px;font-size:12px" '
        f'fill="currentColor">{axes}<text x="215" y="252" text-anchor="middle">step</text>'
        f"{lines}</svg>"
    )
    rows = [[name, *(f"{values[step]:.4f}" for step in shown)] for name, values in losses.items()]
    numbers = table(rows, ["loss at step", *map(str, shown)])
    html = f"{drawing}<ol>{legend}</ol>{numbers.html.removeprefix(STYLE)}"
    return Picture(framed(html), numbers.text)


def _height(loss: float) -> float:
    return 20 + 50 * (1 - log10(loss))


def answers_frame(rows: Sequence[tuple[str, float, str]], step: int) -> str:
    """Return the losses and answers of several runs after the same number of steps."""
    lines = [(name, f"{loss:.4f}", visible(answer)) for name, loss, answer in rows]
    shown = table(lines, ("who shifts", "its own loss", "its answer")).html
    return f"<p>After {step} steps:</p>{shown.removeprefix(STYLE)}"


def text_box(text: str, caption: str = "") -> Picture:
    """Return a text as it is, line breaks kept and control tokens written out."""
    html = f"<p>{escape(caption)}</p><pre>{escape(text)}</pre>"
    return Picture(framed(html), f"{caption}\n{text}".strip())


def policy_frame(trace: Trace) -> str:
    """Return what is learned of each answer, and the labels of the whole conversation."""
    learned = "".join(
        f"<p><code>{escape(visible(''.join(trace.pieces[turn.start : turn.stop])))}</code></p>"
        for turn in trace.turns
    )
    return (
        f"<p>{len(trace.supervised)} of {len(trace.full_ids)} tokens are learned:</p>"
        f"{learned}{strip(trace.rows(), 5)}"
    )


def batch_rows(batch: Mapping[str, Any], tokenizer: Any) -> Picture:
    """Return a padded batch, row by row: position, token, label, and what it is there for."""
    lines, strips = [], ""
    for number in range(len(batch["input_ids"])):
        columns = [batch[name][number].tolist() for name in ("input_ids", "attention_mask")]
        labels = batch["labels"][number].tolist()
        boxes = ""
        for position, (token_id, read, label) in enumerate(zip(*columns, labels, strict=True)):
            state = ("masked" if label == IGNORE_INDEX else "trained") if read else "padding"
            piece = visible(tokenizer.decode([token_id]))
            lines.append((number, position, piece, label, state))
            boxes += (
                f'<li class="{state}"><small>{position}</small><b>{escape(piece)}</b>'
                f"<span>{label}</span><span>{state}</span></li>"
            )
        strips += f"<p>Row {number}:</p><ol>{boxes}</ol>"
    text = table(lines, ("row", "position", "token", "label", "state")).text
    return Picture(framed(strips), text)


def cut_verdict(trace: Trace, length: int) -> str:
    """Return in one sentence what is left to learn of the first `length` tokens."""
    if length >= len(trace.full_ids):
        return "Whole: nothing is cut."
    left = [label for label in trace.masked_labels[:length] if label != IGNORE_INDEX]
    if not left:
        return "Nothing to learn: the mean over no label is NaN."
    return "Cut: the end of the answer is never learned."


def cut_frame(trace: Trace, length: int) -> str:
    """Return what is read, learned and lost of a row that is cut to `length` tokens."""
    marks = [label != IGNORE_INDEX for label in trace.masked_labels]
    parts: dict[str, list[str]] = {"read only": [], "read and learned": [], "cut off": []}
    for position, (piece, learned) in enumerate(zip(trace.pieces, marks, strict=True)):
        name = "cut off" if position >= length else "read and learned" if learned else "read only"
        parts[name].append(f"<code>{escape(visible(piece))}</code>")
    counts = f"max_length {length}: {sum(marks[:length])} of {sum(marks)} supervised tokens left."
    shown = "".join(f"<p>{name}: {' '.join(kept) or 'none'}</p>" for name, kept in parts.items())
    return f"<p><strong>{cut_verdict(trace, length)}</strong></p><p>{counts}</p>{shown}"


def cuts_table(trace: Trace) -> Picture:
    """Return every length that a row can be cut to, with its verdict, as a table."""
    marks = [label != IGNORE_INDEX for label in trace.masked_labels]
    lengths = range(1, len(marks) + 1)
    lines = [(n, sum(marks[:n]), cut_verdict(trace, n)) for n in lengths]
    return table(lines, ("max_length", "supervised", "verdict"))


def bars(lengths: Mapping[str, float], caption: str) -> Picture:
    """Return numbers from 0 on as bars, each with its name and its number in words."""
    lines = [
        f"{name}: {length:.2f}\n{'━' * round(20 * length)}" for name, length in lengths.items()
    ]
    return text_box("\n".join(lines), caption)


def duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills.

    >>> duration(21), duration(1320), duration(13320), duration(1296000)
    ('21 s', '22 min', '3.7 h', '15.0 days')
    """
    for unit, size, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def times_table(rates: Mapping[str, float], cores: int) -> Picture:
    """Return how long each way takes for up to a trillion tokens, at its tokens/s on one core."""
    sizes = {"1 billion": 1e9, "10 billion": 1e10, "100 billion": 1e11, "1 trillion": 1e12}
    rows = [
        (way, *(duration(tokens / rate / cores) for tokens in sizes.values()))
        for way, rate in rates.items()
    ]
    return table(rows, ("tokens", *sizes))
