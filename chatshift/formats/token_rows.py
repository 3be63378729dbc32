"""Rows that are tokenized already: `input_ids` with `labels`, or with a mask of 0 and 1."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.records import Ids, RowError
from chatshift.formats.values import quote
from chatshift.steps.mask import IGNORE_INDEX

NAME = "token-rows"
LARGEST = 2**31
# 1 where a token is learned.
MASKS = (
    "loss_mask",
    "assistant_masks",
    "assistant_mask",
    "completion_mask",
    "response_mask",
    "label_mask",
    "labels_mask",
)


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return "input_ids" in row


def read(row: Mapping) -> list[Ids]:
    """Return the ids and labels of a row, before the shift."""
    ids = _numbers(row["input_ids"], "input_ids")
    if row.get("labels") is not None:
        labels = _numbers(row["labels"], "labels")
    elif mask_name := next((name for name in MASKS if row.get(name) is not None), None):
        mask = _numbers(row[mask_name], mask_name)
        if set(mask) - {0, 1}:
            raise RowError(f"{mask_name} must hold 0 and 1, not {quote(sorted(set(mask))[:6])}")
        pairs = zip(ids, mask, strict=False)
        labels = [i if learned else IGNORE_INDEX for i, learned in pairs] if mask else []
        labels += [IGNORE_INDEX] * (len(mask) - len(labels))
    else:
        raise RowError(
            "it has input_ids, and neither labels nor a mask: a trainer would learn every token. "
            f"Add labels, or one of {', '.join(MASKS)}"
        )
    if len(labels) != len(ids):
        raise RowError(f"it has {len(ids)} input_ids and {len(labels)} labels: each id needs one")
    if not ids:
        raise RowError("it has no input_ids")
    return [Ids(ids, labels)]


def _numbers(value: Any, column: str) -> list[int]:
    """Return a row of whole numbers."""
    if not isinstance(value, (list, tuple)):
        raise RowError(f"{column} must be a list of whole numbers, not {quote(value)}")
    if wrong := [one for one in value if not isinstance(one, int)]:
        raise RowError(f"{column} must hold whole numbers, not {quote(wrong[0])}")
    if wrong := [one for one in value if abs(one) >= LARGEST]:
        raise RowError(f"{column} holds {quote(wrong[0])}, which is no id of a token")
    return [int(one) for one in value]
