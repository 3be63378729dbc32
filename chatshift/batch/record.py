"""The rows that `prepare_batch` returns, in flat arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chatshift.steps.mask import IGNORE_INDEX

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import pyarrow


class Rejected(NamedTuple):
    """A conversation that became no row."""

    row: int
    """Its index among the conversations given."""
    reason: str
    """The words of the error with which `prepare` refuses it."""


class Truncated(NamedTuple):
    """A row that was cut at `max_length`."""

    row: int
    """The index of its conversation."""
    tokens: int
    """How many tokens were cut from its end."""
    supervised: int
    """How many of them would have been supervised."""


@dataclass(frozen=True)
class Noted:
    """How many rows have a kind of note, and which ones."""

    count: int
    """How many conversations have it."""
    rows: tuple[int, ...]
    """The indices of the first of them."""
    text: str
    """What was found in the first one, in words."""


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    """Prepared rows, in flat arrays: row i is what stands between two offsets.

    Example:
        >>> from chatshift import load_tokenizer, prepare_batch
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> batch = prepare_batch([messages, []], load_tokenizer(), shifted=False, errors="collect")
        >>> batch
        Batch(1 rows, 13 tokens, 2 supervised, labels not shifted; 1 rejected)
        >>> batch.rejected[0].row, batch.rejected[0].reason[:22]
        (1, 'There are no messages.')

    Chapter: 19, At scale.
    """

    input_ids: "np.ndarray"
    """The ids of all rows, one after the other; int32."""
    labels: "np.ndarray"
    """Their labels, as long as `input_ids`; int32."""
    offsets: "np.ndarray"
    """Where each row starts, and where the last one ends; int64, one more than rows."""
    rows: "np.ndarray"
    """The index of the conversation that each row was made of; int64."""
    shifted: bool
    """Whether the labels are shifted already."""
    rejected: tuple[Rejected, ...]
    """The conversations that became no row, and why."""
    truncated: tuple[Truncated, ...]
    """The rows that were cut at `max_length`, and what that cost."""
    notes: dict[str, Noted]
    """Each kind of note that `prepare` would give, and the rows that have it."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        """Return one row as lists, ready for `collate`."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"There is no row {index}; the batch has {len(self)}.")
        index %= len(self)
        place = slice(self.offsets[index], self.offsets[index + 1])
        input_ids = self.input_ids[place].tolist()
        return {
            "input_ids": input_ids,
            "attention_mask": [1] * len(input_ids),
            "labels": self.labels[place].tolist(),
        }

    def __repr__(self) -> str:
        supervised = int((self.labels != IGNORE_INDEX).sum())
        return (
            f"Batch({len(self)} rows, {len(self.input_ids)} tokens, {supervised} supervised, "
            f"labels {'' if self.shifted else 'not '}shifted; {len(self.rejected)} rejected)"
        )

    def to_lists(self) -> list[dict[str, list[int]]]:
        """Return every row as a dict of lists: `input_ids`, `attention_mask` and `labels`."""
        return [self[index] for index in range(len(self))]

    def to_arrow(self) -> "pyarrow.Table":
        """Return the rows as a table of list columns; no Python list is made."""
        import numpy as np
        import pyarrow as pa

        # Offsets of 32 bits are what every reader knows; beyond them the type must be a larger one.
        small = len(self.input_ids) < 2**31
        kind = pa.ListArray if small else pa.LargeListArray
        offsets = pa.array(self.offsets.astype(np.int32) if small else self.offsets)
        columns = {
            "input_ids": self.input_ids,
            "attention_mask": np.ones(len(self.input_ids), dtype=np.int8),
            "labels": self.labels,
        }
        return pa.table(
            {name: kind.from_arrays(offsets, pa.array(flat)) for name, flat in columns.items()}
        )

    def to_dataset(self) -> "datasets.Dataset":
        """Return the rows as a `datasets.Dataset`."""
        from datasets import Dataset

        return Dataset(self.to_arrow())
