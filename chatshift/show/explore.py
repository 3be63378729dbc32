"""What would happen if: frames for the choices of each step."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from chatshift.show.page import STYLE, Picture, framed, table, visible
from chatshift.show.steps import strip
from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    from chatshift.trace import Trace


def growth_frame(before: str, after: str, caption: str) -> str:
    """Return a text with what was added to it marked."""
    if not after.startswith(before):
        return f"<p>{escape(caption)}</p><pre>{escape(after)}</pre>"
    added = escape(after[len(before) :])
    return f"<p>{escape(caption)}</p><pre>{escape(before)}<mark>{added}</mark></pre>"


def mask_verdict(trace: "Trace", length: int) -> str:
    """Return in one sentence whether `length` labels are the right number to mask."""
    off = length - trace.prompt_length
    if off == 0:
        return "Right: the loss counts the answer, its end, and nothing else."
    if off < 0:
        return f"Too short by {-off}: the loss also counts tokens of the prompt."
    return f"Too long by {off}: the answer's first tokens are never learned."


def masks_table(trace: "Trace") -> Picture:
    """Return every length that could be masked, with its verdict, as a table."""
    total = len(trace.full_ids)
    lines = [(n, total - n, mask_verdict(trace, n)) for n in range(1, total)]
    return table(lines, ("masked", "trained", "verdict"))


def mask_frame(trace: "Trace", length: int) -> str:
    """Return what would be learned if the first `length` labels were masked."""
    kept = "".join(f"<code>{escape(visible(piece))}</code> " for piece in trace.pieces[length:])
    return (
        f"<p><strong>{mask_verdict(trace, length)}</strong></p><p>{length} labels masked, "
        f"{len(trace.full_ids) - length} trained:</p><p>{kept}</p>"
    )


def alias_frame(trace: "Trace", copied: bool) -> str:
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


def pairs_frame(trace: "Trace", places: int, loss: float | None = None) -> str:
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


def ends_frame(trace: "Trace", from_inputs: str, from_labels: str) -> str:
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


def policy_frame(trace: "Trace") -> str:
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


def cut_verdict(trace: "Trace", length: int) -> str:
    """Return in one sentence what is left to learn of the first `length` tokens."""
    if length >= len(trace.full_ids):
        return "Whole: nothing is cut."
    left = [label for label in trace.masked_labels[:length] if label != IGNORE_INDEX]
    if not left:
        return "Nothing to learn: the mean over no label is NaN."
    return "Cut: the end of the answer is never learned."


def cut_frame(trace: "Trace", length: int) -> str:
    """Return what is read, learned and lost of a row that is cut to `length` tokens."""
    marks = [label != IGNORE_INDEX for label in trace.masked_labels]
    parts: dict[str, list[str]] = {"read only": [], "read and learned": [], "cut off": []}
    for position, (piece, learned) in enumerate(zip(trace.pieces, marks, strict=True)):
        name = "cut off" if position >= length else "read and learned" if learned else "read only"
        parts[name].append(f"<code>{escape(visible(piece))}</code>")
    counts = f"max_length {length}: {sum(marks[:length])} of {sum(marks)} supervised tokens left."
    shown = "".join(f"<p>{name}: {' '.join(kept) or 'none'}</p>" for name, kept in parts.items())
    return f"<p><strong>{cut_verdict(trace, length)}</strong></p><p>{counts}</p>{shown}"


def cuts_table(trace: "Trace") -> Picture:
    """Return every length that a row can be cut to, with its verdict, as a table."""
    marks = [label != IGNORE_INDEX for label in trace.masked_labels]
    lengths = range(1, len(marks) + 1)
    lines = [(n, sum(marks[:n]), cut_verdict(trace, n)) for n in lengths]
    return table(lines, ("max_length", "supervised", "verdict"))
