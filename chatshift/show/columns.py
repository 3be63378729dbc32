"""What the views read: a trace, two texts or the rows of a batch, column by column.

One dict serves notebooks, pages and reports; it is small (about 1.4 KB for 41 tokens), since every
notebook stores it.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    from chatshift.trace import Trace

PLACES = 3
"""The labels can be moved by 0, 1 or 2 places."""


def trace_columns(trace: "Trace") -> dict[str, Any]:
    """Return what the views read of a trace of T tokens; each column has T entries."""
    return {
        "pieces": list(trace.pieces),
        "ids": list(trace.full_ids),
        "labels": list(trace.masked_labels),
        "prompt": trace.prompt_length,
        "full_text": trace.full_text,
        "prompt_text": trace.prompt_text,
    }


def first_pair(trace: "Trace") -> int:
    """Return the first position at which a prediction counts."""
    return max(0, trace.supervised[0] - 1)


def plain(values: Any) -> list:
    """Return a list, an array or a tensor as a list."""
    return values.tolist() if hasattr(values, "tolist") else list(values)


def number(value: Any) -> float | None:
    """Return a loss with six digits; nothing for one that is not there, or no number."""
    return None if value is None or not isfinite(value) else float(f"{value:.6g}")


def loss_column(losses: Any, labels: Sequence[int], places: int) -> list[float | None]:
    """Return one loss for each position, `None` where no prediction counts.

    Raises:
        ValueError: there are more or fewer losses than pairs.
    """
    given, total = plain(losses), len(labels)
    pairs = total - places
    if len(given) not in (pairs, total):
        raise ValueError(
            f"Moved by {places}, {total} tokens make {pairs} pairs, but there are {len(given)} "
            "losses. Give one for each pair, None where its label is masked."
        )
    targets = labels[places:]
    column = [
        None if label == IGNORE_INDEX else number(loss)
        for loss, label in zip(given, targets, strict=False)
    ]
    return column + [None] * places


def rule_losses(losses: Any, labels: Sequence[int]) -> dict[str, list[float | None]] | None:
    """Return the losses of the pairs by the number of places that the labels are moved.

    Raises:
        ValueError: labels are moved further than that, or `loss_column` refuses.
    """
    if losses is None:
        return None
    by_places = dict(losses) if isinstance(losses, Mapping) else dict(enumerate(losses))
    if not by_places or not set(by_places) <= set(range(PLACES)):
        raise ValueError(
            f"The labels move by 0, 1 or 2 places; there are losses for {list(by_places)}. Give a "
            "dict from the number of places to one loss for each pair."
        )
    return {str(k): loss_column(column, labels, k) for k, column in sorted(by_places.items())}


def pieces_of(ids: Iterable[int], tokenizer: Any) -> list[str]:
    """Return the text of each id by itself."""
    return [tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in ids]


def batch_rows(rows: Any) -> list[dict[str, list]]:
    """Return a batch as one dict of lists a row, whether its rows are dicts or one dict of rows."""
    if isinstance(rows, Mapping):
        count = len(rows["input_ids"])
        rows = [{name: column[n] for name, column in rows.items()} for n in range(count)]
    return [{name: plain(column) for name, column in row.items()} for row in rows]


def batch_columns(row: Mapping[str, list], number: int, tokenizer: Any) -> dict[str, Any]:
    """Return what the `batch` view reads of one row.

    `words` are the texts of the labels, `read` is 0 for padding, and `starts` are the positions at
    which a packed conversation begins.

    Raises:
        ValueError: the columns differ in length.
    """
    lengths = {name: len(column) for name, column in row.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"Row {number}: the columns differ in length: {lengths}.")
    labels = row["labels"]
    columns = {
        "pieces": pieces_of(row["input_ids"], tokenizer),
        "labels": labels,
        "words": ["" if i == IGNORE_INDEX else pieces_of([i], tokenizer)[0] for i in labels],
    }
    if 0 in row.get("attention_mask", []):
        columns["read"] = row["attention_mask"]
    if "position_ids" in row:
        columns["starts"] = [n for n, position in enumerate(row["position_ids"]) if position == 0]
    return columns
