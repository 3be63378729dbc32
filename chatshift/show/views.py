"""The views: each a plain function of a trace and of the few values that a reader moves.

What a function returns is shown when it is the last value of a cell. In a live kernel its values
(`step`, `position`, `places`, `ids`, `row`, `max_length`) are attributes, which follow the reader
and can be set.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Any

from chatshift.show.columns import (
    PLACES,
    batch_columns,
    batch_rows,
    first_pair,
    loss_column,
    number,
    pieces_of,
    plain,
    rule_losses,
    trace_columns,
)
from chatshift.show.page import Picture, visible
from chatshift.show.still import (
    counts,
    row_tokens,
    rows_table,
    sides_html,
    sides_table,
    text_html,
    text_plain,
    tokens_at,
)
from chatshift.show.view import shown
from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    from chatshift.trace import Trace

View = Any
"""A widget, or its HTML alone where `anywidget` is not installed."""
CURVES = 4
"""So many lines can be told apart without colour."""


def text(trace: "Trace", step: int = 6, *, position: int | None = None, ids: bool = False) -> View:
    """Show the conversation as it was rendered, its labels after one of the six steps under it.

    Args:
        trace: a conversation of T tokens.
        step: the step to start with, 1 to 6.
        position: the token that is looked at; by default the first at which a prediction counts.
        ids: show the labels as numbers, not as words.
    """
    at = first_pair(trace) if position is None else position
    still = still_text(trace, step, at)
    data = {"trace": trace_columns(trace)}
    return shown("text", data, still, step=step, position=at, ids=ids)


def still_text(trace: "Trace", step: int = 6, at: int | None = None) -> Picture:
    """Return the `text` view without scripts."""
    tokens = tokens_at(trace_columns(trace), step)
    html = text_html(tokens, first_pair(trace) if at is None else at)
    return Picture(f"{html}<p>{counts(tokens)}</p>", f"{counts(tokens)}\n{text_plain(tokens)}")


def rule(
    trace: "Trace", places: int = 1, losses: Any = None, *, vocabulary: int | None = None
) -> View:
    """Show inputs above labels, which a reader moves to the left by 0, 1 or 2 places.

    Args:
        trace: a conversation of T tokens.
        places: how far the labels are moved at first.
        losses: what a model was asked: for each number of places one loss for each of the T -
            `places` pairs, `None` where the label is masked; a dict or a list.
        vocabulary: of how many tokens the model chooses: the loss of a blind guess, its logarithm,
            is drawn across the losses.

    Raises:
        ValueError: there are losses for other places, or not one for each pair.
    """
    columns = trace_columns(trace)
    by_places = rule_losses(losses, columns["labels"])
    lines = _rule_lines(columns, by_places or {})
    still = rows_table(lines, ("input", "0 places", "1 place", "2 places"))
    data: dict[str, Any] = {"trace": columns}
    if by_places:
        data["losses"] = by_places
        if vocabulary:
            data["guess"] = number(log(vocabulary))
    return shown("rule", data, still, places=places)


def _rule_lines(columns: dict[str, Any], losses: Mapping[str, list]) -> list[list[str]]:
    """Return the pairs around the answer: an input, and its label after each number of places."""
    pieces, labels = columns["pieces"], columns["labels"]
    first = next(i for i, label in enumerate(labels) if label != IGNORE_INDEX)

    def label_of(i: int, places: int) -> str:
        if i + places >= len(pieces):
            return "dropped"
        if labels[i + places] == IGNORE_INDEX:
            return "masked"
        column = losses.get(str(places))
        loss = column[i] if column else None
        return visible(pieces[i + places]) + ("" if loss is None else f"  {loss:.2f}")

    return [
        ["…"] * (1 + PLACES)
        if i is None
        else [visible(pieces[i]), *(label_of(i, places) for places in range(PLACES))]
        for i in _window(max(0, first - 2), len(pieces), 24)
    ]


def _window(start: int, stop: int, most: int) -> list[int | None]:
    """Return the numbers from `start` on, the middle of many left out as one `None`."""
    numbers: list[int | None] = list(range(start, stop))
    half = most // 2
    return numbers if len(numbers) <= most else [*numbers[:half], None, *numbers[-half:]]


def ladder(trace: "Trace", losses: Any = None, *, position: int | None = None) -> View:
    """Show what the model has read and what it must write then, a line for each that counts.

    Args:
        trace: a conversation of T tokens.
        losses: one loss for each of the T - 1 positions, `None` where the label is masked.
        position: the position to start with; by default the first that counts.

    Raises:
        ValueError: there is not one loss for each position.
    """
    columns = trace_columns(trace)
    pieces = columns["pieces"]
    column = None if losses is None else loss_column(losses, columns["labels"], 1)
    counted = [i - 1 for i in trace.supervised if i]
    lines = []
    for n in _window(0, len(counted), 100):
        if n is None:
            lines.append(["…"] * 4)
            continue
        i = counted[n]
        read = ("…" if i > 5 else "") + visible("".join(pieces[max(0, i - 5) : i + 1]))
        loss = column[i] if column else None
        lines.append([str(i), read, visible(pieces[i + 1]), "" if loss is None else f"{loss:.4f}"])
    headers = ("position", "has read", "must write", "loss")[: 4 if column else 3]
    still = rows_table([line[: len(headers)] for line in lines], headers)
    data = {"trace": columns, **({"losses": column} if column else {})}
    at = first_pair(trace) if position is None else position
    return shown("ladder", data, still, position=at)


def compare(
    first: Any,
    second: str | None = None,
    tokenizer: Any = None,
    *,
    names: Sequence[str] = ("the first text", "the second text"),
    cause: str = "",
) -> View:
    """Show two renders side by side, their first difference marked in texts and tokens.

    Args:
        first: a trace, whose whole conversation and prompt are compared; or a text.
        second: the other text.
        tokenizer: what makes tokens of two texts.
        names: what the two texts are called.
        cause: why they differ, as a sentence.
    """
    if second is None:
        names = ("the whole conversation", "the prompt alone")
        texts = (first.full_text, first.prompt_text)
        pieces = [list(first.pieces), list(first.pieces[: first.prompt_length])]
    else:
        texts = (first, second)
        pieces = [
            pieces_of(tokenizer.encode(t, add_special_tokens=False), tokenizer) for t in texts
        ]
    sides = [
        {"name": name, "text": one, "pieces": its}
        for name, one, its in zip(names, texts, pieces, strict=True)
    ]
    a, b = texts
    pairs = enumerate(zip(a, b, strict=False))
    at = next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))
    verdict = (
        f"A prefix: the texts are alike for {at:,} characters, where the second ends."
        if at == len(b)
        else f"No prefix: the texts differ at character {at:,}."
    )
    verdict = f"{verdict} {cause}".strip()
    still = Picture(sides_html(sides, at, verdict), sides_table(sides, verdict))
    return shown("compare", {"sides": sides, **({"cause": cause} if cause else {})}, still)


def batch(rows: Any, tokenizer: Any, *, row: int = 0, max_length: int | None = None) -> View:
    """Show the rows of a batch under each other: padding, packed conversations, what is cut off.

    Args:
        rows: dicts with `input_ids` and `labels`, each of one length, and where there are any
            `attention_mask` (0 is padding) and `position_ids` (0 begins a packed conversation);
            or one such dict of columns, as `collate` returns it.
        tokenizer: what the ids are of.
        row: the row whose tokens are shown first.
        max_length: where rows are cut off; a reader can move it.

    Raises:
        ValueError: the columns of a row differ in length.
    """
    found = [batch_columns(one, n, tokenizer) for n, one in enumerate(batch_rows(rows))]
    html, lines = "", []
    for n, columns in enumerate(found):
        tokens = row_tokens(columns, max_length)
        html += f"<p>Row {n}, {counts(tokens)}</p>{text_html(tokens, 0)}"
        lines.append(f"Row {n}, {counts(tokens)}\n{text_plain(tokens)}")
    data = {"rows": found, **({} if max_length is None else {"max_length": max_length})}
    still = Picture(html, "\n".join(lines))
    return shown("batch", data, still, row=row, max_length=max_length)


def curves(losses: Mapping[str, Any], at: Sequence[int] = ()) -> View:
    """Show losses over the steps of training on a logarithmic scale, a line for each run.

    Args:
        losses: the losses of up to four runs, by name; `None` where there is none.
        at: the steps whose losses are told without scripts; by default five of them.

    Raises:
        ValueError: there are more runs than can be told apart.
    """
    if not 0 < len(losses) <= CURVES:
        raise ValueError(f"There are {len(losses)} runs; one to {CURVES} can be told apart.")
    runs = {name: [number(value) for value in plain(column)] for name, column in losses.items()}
    last = max(len(column) for column in runs.values()) - 1
    steps = at or sorted({round(last * n / 4) for n in range(5)})
    lines = []
    for name, column in runs.items():
        told = [column[n] if n < len(column) else None for n in steps]
        lines.append([name, *("" if loss is None else f"{loss:.4f}" for loss in told)])
    still = rows_table(lines, ("loss at step", *map(str, steps)))
    # A list: a stored notebook sorts the keys of a dict.
    data = {"runs": [{"name": name, "losses": column} for name, column in runs.items()]}
    return shown("curves", data, still, position=last)
