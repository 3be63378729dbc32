"""The views: each a plain function of a trace and of the few values that a reader moves.

What a function returns is shown when it is the last value of a cell. In a live kernel its values
(`step`, `position`, `places`, `ids`, `row`, `max_length`) are attributes, which follow the reader
and can be set.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from chatshift.show.columns import (
    PLACES,
    Losses,
    batch_columns,
    batch_rows,
    first_pair,
    loss_column,
    pieces_of,
    plain,
    rule_losses,
    trace_columns,
)
from chatshift.show.page import table, visible
from chatshift.show.still import Token, compare_html, counts, text_html, text_plain, tokens_at
from chatshift.show.view import shown
from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    from chatshift.trace import Trace

View = Any
"""A widget, or its HTML alone where `anywidget` is not installed."""


def text(trace: "Trace", step: int = 6, *, position: int | None = None, ids: bool = False) -> View:
    """Show the conversation as it was rendered, its labels after one of the six steps under it."""
    at = first_pair(trace) if position is None else position
    html, said = still_text(trace, step, at)
    data = {"trace": trace_columns(trace)}
    return shown("text", data, html, said, step=step, position=at, ids=ids)


def still_text(trace: "Trace", step: int = 6, at: int | None = None) -> tuple[str, str]:
    """Return the `text` view without scripts: as HTML, and as plain text."""
    tokens = tokens_at(trace_columns(trace), step)
    html = text_html(tokens, first_pair(trace) if at is None else at)
    return f"{html}<p>{counts(tokens)}</p>", f"{counts(tokens)}\n{text_plain(tokens)}"


def rule(trace: "Trace", places: int = 1, losses: Any = None) -> View:
    """Show inputs above labels that a reader moves to the left by 0, 1 or 2 places."""
    columns = trace_columns(trace)
    total = len(columns["pieces"])
    by_places = rule_losses(losses, total)
    drawn = _table(_rule_lines(columns, by_places), ("input", "0 places", "1 place", "2 places"))
    data = {"trace": columns, **({"losses": by_places} if by_places else {})}
    return shown("rule", data, drawn.html, drawn.text, places=places)


def _rule_lines(columns: dict[str, Any], losses: Mapping[str, Losses] | None) -> list[list[str]]:
    pieces, labels = columns["pieces"], columns["labels"]
    first = next(i for i, label in enumerate(labels) if label != IGNORE_INDEX)
    lines = []
    for i in _window(max(0, first - 2), len(pieces)):
        if i is None:
            lines.append(["…"] * (1 + PLACES))
            continue
        line = [visible(pieces[i])]
        for places in range(PLACES):
            at = i + places
            if at >= len(pieces):
                line.append("dropped")
            elif labels[at] == IGNORE_INDEX:
                line.append("masked")
            else:
                loss = (losses or {}).get(str(places), [None] * len(pieces))[i]
                line.append(visible(pieces[at]) + ("" if loss is None else f" (loss {loss:.2f})"))
        lines.append(line)
    return lines


def _window(start: int, stop: int, most: int = 24) -> list[int | None]:
    """Return the numbers from `start` on, the middle of many left out as one `None`."""
    numbers: list[int | None] = list(range(start, stop))
    half = most // 2
    return numbers if len(numbers) <= most else [*numbers[:half], None, *numbers[-half:]]


def ladder(trace: "Trace", losses: Any = None, *, position: int | None = None) -> View:
    """Show what the model has read and what it must write then, a line for each that counts."""
    columns = trace_columns(trace)
    pieces = columns["pieces"]
    column = None if losses is None else loss_column(losses, len(pieces), 1)
    counted = [i - 1 for i in trace.supervised if i]
    lines = []
    for n in _window(0, len(counted), 100):
        if n is None:
            lines.append(["…"] * 4)
            continue
        i = counted[n]
        read = ("…" if i > 5 else "") + visible("".join(pieces[max(0, i - 5) : i + 1]))
        loss = None if column is None else column[i]
        lines.append([str(i), read, visible(pieces[i + 1]), "" if loss is None else f"{loss:.4f}"])
    width = 3 if column is None else 4
    headers = ("position", "has read", "must write", "loss")[:width]
    drawn = _table([line[:width] for line in lines], headers)
    data = {"trace": columns, **({"losses": column} if column else {})}
    at = first_pair(trace) if position is None else position
    return shown("ladder", data, drawn.html, drawn.text, position=at)


def compare(
    first: Any,
    second: str | None = None,
    tokenizer: Any = None,
    *,
    names: Sequence[str] = ("the first text", "the second text"),
    cause: str = "",
) -> View:
    """Show two renders side by side, their first difference marked in texts and tokens.

    They are the whole conversation and the prompt alone of a trace, or two texts.
    """
    if second is None:
        sides = [
            ("the whole conversation", first.full_text, list(first.pieces)),
            ("the prompt alone", first.prompt_text, list(first.pieces[: first.prompt_length])),
        ]
        data: dict[str, Any] = {"trace": trace_columns(first)}
    else:
        from chatshift.steps.tokens import tokenize

        texts = zip(names, (first, second), strict=True)
        sides = [(name, t, pieces_of(tokenize(t, tokenizer), tokenizer)) for name, t in texts]
        data = {}
    named = [dict(zip(("name", "text", "pieces"), side, strict=True)) for side in sides]
    data.update(
        {"sides": named} if second is not None else {}, **({"cause": cause} if cause else {})
    )
    (_, a, _), (_, b, _) = sides
    at = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    prefix = at == len(b)
    verdict = (
        f"A prefix: the texts are alike for {at} characters, where the second ends."
        if prefix
        else f"No prefix: the texts differ at character {at}: "
        f"{a[at : at + 20]!r} and {b[at : at + 20]!r}."
    )
    verdict = f"{verdict} {cause}".strip()
    return shown("compare", data, compare_html(named, at, verdict), verdict)


def batch(rows: Any, tokenizer: Any, *, row: int = 0, max_length: int | None = None) -> View:
    """Show the rows of a batch under each other: padding, packed conversations, what is cut off."""
    found = [batch_columns(one, n, tokenizer) for n, one in enumerate(batch_rows(rows))]
    html, said = "", []
    for n, columns in enumerate(found):
        tokens = _batch_tokens(columns, max_length)
        html += f"<p>Row {n}, {counts(tokens)}</p>{text_html(tokens, 0)}"
        said.append(f"row {n}, {counts(tokens)}\n{text_plain(tokens)}")
    data: dict[str, Any] = {"rows": found}
    if max_length is not None:
        data["max_length"] = max_length
    return shown("batch", data, html, "\n".join(said), row=row, max_length=max_length)


def _batch_tokens(columns: dict[str, Any], max_length: int | None) -> list[Token]:
    tokens = []
    read = columns.get("read", [1] * len(columns["pieces"]))
    for i, piece in enumerate(columns["pieces"]):
        state = "masked" if columns["labels"][i] == IGNORE_INDEX else "supervised"
        if not read[i]:
            state = "padding"
        if max_length is not None and i >= max_length:
            state = "dropped"
        words = {"supervised": visible(columns["words"][i]), "dropped": "cut off"}
        tokens.append(Token(piece, words.get(state, state), state))
    return tokens


def curves(losses: Mapping[str, Any], shown_steps: Sequence[int] = (), *, log: bool = True) -> View:
    """Show losses over the steps of training, a line for each run."""
    if shown_steps:  # the picture of the chapters that are not yet rewritten
        from chatshift.show.charts import curves as drawn_before

        return drawn_before(losses, shown_steps)
    runs = {name: [round(float(v), 6) for v in plain(values)] for name, values in losses.items()}
    length = max(len(values) for values in runs.values())
    steps = sorted({round((length - 1) * n / 4) for n in range(5)})
    lines = [
        [name, *(f"{values[n]:.4f}" if n < len(values) else "" for n in steps)]
        for name, values in runs.items()
    ]
    drawn = _table(lines, ["loss at step", *map(str, steps)])
    return shown("curves", {"runs": runs, "log": log}, drawn.html, drawn.text, position=length - 1)


class _Drawn:
    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text


def _table(lines: Sequence[Sequence[str]], headers: Sequence[str]) -> _Drawn:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
    )
    html = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _Drawn(html, table(lines, headers).text)
