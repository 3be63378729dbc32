"""A batch of any trainer as rows: ids, labels before the shift, padding, packed conversations."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chatshift.errors import ChatshiftError
from chatshift.formats.token_rows import MASKS
from chatshift.steps.mask import IGNORE_INDEX

AGREE = 0.95  # some collators change a few ids
MOVED = {0: "unshifted", 1: "shifted", 2: "shifted twice"}


class BatchRow(NamedTuple):
    """A row with its labels before any shift."""

    ids: list[int]
    labels: list[int]
    read: list[bool]
    """False where the row is padding."""
    starts: list[int]
    """Where packed conversations begin, as position ids or a mask of documents tell."""


def offset_of(batch: Mapping, pad: int | None) -> int | None:
    """Return by how many places the labels are shifted: 0, 1 or 2; `None` if by none of them."""
    ids, labels = _columns(batch)
    masks = _lists(batch.get("attention_mask"), len(ids))
    shares: dict[int, float] = {}
    for places in MOVED:
        same = total = 0
        for number, (row, marked) in enumerate(zip(ids, labels, strict=True)):
            read = _read(row, masks[number] if masks else None, pad)
            # Where no id stands that a label could be compared with, it tells nothing.
            for token, real, label in zip(row[places:], read[places:], marked, strict=False):
                if label != IGNORE_INDEX and (real or not places):
                    total += 1
                    same += token == label
        shares[places] = same / total if total else 0.0
    best = max(shares, key=lambda places: (shares[places], -places))
    return best if shares[best] >= AGREE else None


def rows_of_batch(batch: Mapping, offset: int, pad: int | None) -> list[BatchRow]:
    """Return the rows, their labels moved back by `offset` places."""
    ids, labels = _columns(batch)
    masks = _lists(batch.get("attention_mask"), len(ids))
    positions = _lists(batch.get("position_ids"), len(ids))
    rows = []
    for number, (row, marked) in enumerate(zip(ids, labels, strict=True)):
        mask = masks[number] if masks else None
        place = positions[number] if positions else None
        read = _read(row, mask, pad)
        starts = _starts(place, mask, read)
        row, marked, read = _moved_back(row, marked, read, offset)
        rows.append(BatchRow(row, marked, read, starts))
    return rows


def _moved_back(
    ids: list[int], labels: list[int], read: list[bool], offset: int
) -> tuple[list[int], list[int], list[bool]]:
    """Return a row with its labels moved back; the last ones are ids that the inputs dropped."""
    if not offset:
        return ids, labels, read
    ids, read = ids + [IGNORE_INDEX] * offset, read + [False] * offset
    labels = [IGNORE_INDEX] * offset + labels
    end = max((i for i, one in enumerate(read) if one), default=-1) + 1
    for i in range(end, min(end + offset, len(ids))):
        if labels[i] != IGNORE_INDEX:
            ids[i], read[i] = labels[i], True
    while not read[-1] and labels[-1] == IGNORE_INDEX and len(ids) > end:
        ids, labels, read = ids[:-1], labels[:-1], read[:-1]
    return ids, labels, read


def _read(ids: list[int], mask: list[int] | None, pad: int | None) -> list[bool]:
    """Return which tokens are no padding; without a mask, the run of pad tokens at an edge is."""
    if mask is not None:
        return [bool(one) for one in mask]
    read = [True] * len(ids)
    if pad is None:
        return read
    for order in (range(len(ids)), range(len(ids) - 1, -1, -1)):
        # One pad token at the end may end the answer.
        run = []
        for i in order:
            if ids[i] != pad:
                break
            run.append(i)
        for i in run if order.step > 0 else run[:-1]:
            read[i] = False
    return read


def _starts(place: list[int] | None, mask: list[int] | None, read: list[bool]) -> list[int]:
    """Return where conversations begin: position 0, or another number in a mask of documents."""
    starts = {next((i for i, one in enumerate(read) if one), 0)}
    if place is not None:
        starts |= {i for i, one in enumerate(place) if one == 0 and i < len(read) and read[i]}
    if mask is not None and len({*mask} - {0}) > 1:
        starts |= {i for i in range(1, len(mask)) if mask[i] and mask[i] != mask[i - 1]}
    return sorted(starts)


def _columns(batch: Mapping) -> tuple[list[list[int]], list[list[int]]]:
    """Return the ids and the labels of a batch, as lists."""
    if not isinstance(batch, Mapping) or "input_ids" not in batch:
        found = sorted(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
        raise ChatshiftError(f"The batch must be a dict with input_ids and labels, not {found}.")
    ids = _lists(batch["input_ids"])
    names = ["labels", *MASKS]
    name = next((one for one in names if batch.get(one) is not None), None)
    if name is None:
        raise ChatshiftError(
            f"The batch has neither labels nor a loss mask, only {sorted(map(str, batch))}. Pass "
            "what the data loader gives to the model."
        )
    labels = _lists(batch[name], len(ids))
    mask = next((one for one in MASKS if batch.get(one) is not None), None)
    if mask is not None:
        source = ids if name == mask else labels
        kept = _lists(batch[mask], len(ids))
        labels = [
            [label if learned else IGNORE_INDEX for label, learned in zip(row, one, strict=False)]
            for row, one in zip(source, kept, strict=True)
        ]
    if [len(row) for row in ids] != [len(row) for row in labels]:
        raise ChatshiftError("The rows of input_ids and labels have not the same lengths.")
    return ids, labels


def _lists(value: Any, rows: int | None = None) -> list[list[int]]:
    """Return a column of a batch as lists of numbers; one flat row is a batch of one."""
    if value is None:
        return []
    plain = value.tolist() if hasattr(value, "tolist") else list(value)
    if plain and not isinstance(plain[0], (list, tuple)) and not hasattr(plain[0], "tolist"):
        plain = [plain]
    plain = [one.tolist() if hasattr(one, "tolist") else list(one) for one in plain]
    if rows is not None and len(plain) == 1 and rows > 1:
        plain = plain * rows  # one row of position ids for all
    if rows is not None and (len(plain) != rows or any(isinstance(r[0], list) for r in plain if r)):
        return []  # of another shape, such as a mask of four dimensions: it tells nothing here
    return plain
