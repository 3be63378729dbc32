"""Rows of different lengths become one batch of tensors."""

from collections.abc import Iterable, Mapping
from typing import Any

from chatshift.errors import ChatshiftError, LabelError
from chatshift.steps.mask import IGNORE_INDEX


def collate(
    examples: Iterable[Mapping[str, Any]],
    *,
    pad_token_id: int | None,
    pad_to_multiple_of: int | None = None,
) -> dict[str, Any]:
    """Return the examples as one batch, padded on the right to one length.

    Nothing is shifted here: shifted pairs stay shifted, unshifted rows stay unshifted. Padding is
    known by its position, never by its id, so a pad token that also ends the answers is no danger.

    Args:
        examples: the rows, B of them. Each has `input_ids` and `labels`, and may have an
            `attention_mask`: lists, tuples, or arrays and tensors of one dimension, all of the
            row's length. A row without a mask is attended to from end to end. Other keys are left
            out.
        pad_token_id: what fills the `input_ids`; any token of the model will do.
        pad_to_multiple_of: round the common length T up to a multiple of this.

    Returns:
        `input_ids`, `attention_mask` and `labels`, each an int64 tensor of shape (B, T). The mask
        is filled with 0 and the labels with `IGNORE_INDEX`.

    Raises:
        LabelError: a row has no label to learn from, or not one for each id.
        ChatshiftError: there are no examples, an example lacks a key or holds something else than
            a row of whole numbers, its mask has another length, there is no pad token, or
            `pad_to_multiple_of` is below 1.

    Example:
        >>> from chatshift import collate
        >>> rows = [
        ...     {"input_ids": [5, 6, 4], "labels": [-100, 6, 4]},
        ...     {"input_ids": [7, 4], "labels": [-100, 4]},
        ... ]
        >>> batch = collate(rows, pad_token_id=4)  # the token that ends the answers
        >>> batch["input_ids"].tolist(), batch["labels"].tolist()
        ([[5, 6, 4], [7, 4, 4]], [[-100, 6, 4], [-100, 4, -100]])
        >>> batch["attention_mask"].tolist()
        [[1, 1, 1], [1, 1, 0]]

    Chapter: 14, Batches.
    """
    if pad_token_id is None:
        raise ChatshiftError(
            "pad_token_id is None: the tokenizer has no pad token. Pass tokenizer.eos_token_id; "
            "the labels of the padding stay masked."
        )
    if pad_to_multiple_of is not None and pad_to_multiple_of < 1:
        raise ChatshiftError(f"pad_to_multiple_of={pad_to_multiple_of} is below 1; leave it out.")
    rows = [_row(example, index) for index, example in enumerate(examples)]
    if not rows:
        raise ChatshiftError("There are no examples. A batch needs at least one row.")
    padding = {"input_ids": pad_token_id, "attention_mask": 0, "labels": IGNORE_INDEX}
    return {
        name: _padded([row[name] for row in rows], value, pad_to_multiple_of or 1)
        for name, value in padding.items()
    }


def _padded(tensors: list, value: int, multiple: int) -> Any:
    """Return rows of different lengths as one tensor, padded on the right."""
    from torch.nn.functional import pad
    from torch.nn.utils.rnn import pad_sequence

    padded = pad_sequence(tensors, batch_first=True, padding_value=value)
    return pad(padded, (0, -padded.shape[1] % multiple), value=value)


def _row(example: Any, index: int) -> dict[str, Any]:
    """Return the example's three tensors, of one length and with something to learn."""
    import torch

    if not isinstance(example, Mapping):
        raise ChatshiftError(
            f"Example {index} is a {type(example).__name__}, not a dict with input_ids and labels. "
            "Of a Trace, pass trace.for_transformers()."
        )
    for name in ("input_ids", "labels"):
        if name not in example:
            raise ChatshiftError(
                f"Example {index} has no {name!r}, only {sorted(example)}. Pass rows that are "
                "prepared, and let the trainer remove neither column."
            )
    names = ("input_ids", "attention_mask", "labels")
    row = {name: _tensor(example[name], name, index) for name in names if name in example}
    size = len(row["input_ids"])
    row.setdefault("attention_mask", torch.ones(size, dtype=torch.int64))
    for name, error in (("labels", LabelError), ("attention_mask", ChatshiftError)):
        if len(row[name]) != size:
            raise error(
                f"Example {index} has {size} input_ids and a row of {len(row[name])} for {name}. "
                "Each id needs one of its own."
            )
    if row["labels"].eq(IGNORE_INDEX).all():
        raise LabelError(
            f"All {size} labels of example {index} are {IGNORE_INDEX}: there is nothing to learn. "
            "Was the answer cut off? Leave this row out."
        )
    return row


def _tensor(values: Any, name: str, index: int) -> Any:
    import torch

    tensor = torch.as_tensor(values)
    if tensor.ndim != 1 or tensor.is_floating_point():
        raise ChatshiftError(
            f"{name} of example {index} has the shape {tuple(tensor.shape)} and the type "
            f"{tensor.dtype}. Pass one row of whole numbers."
        )
    return tensor.to(torch.int64)
