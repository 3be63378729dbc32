"""Arrow tables of conversations become tables of rows: for `datasets` and for Ray Data."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from chatshift.batch import batch_of, check_settings, fast_path
from chatshift.errors import ChatshiftError
from chatshift.fast import FastPath
from chatshift.policy import Policy, check_policy
from chatshift.tiny import load_tokenizer

if TYPE_CHECKING:
    import pyarrow


class TablePreparer:
    """Prepare one Arrow table of conversations after the other, in this process or in workers.

    Args:
        tokenizer: a folder or hub name, then each worker loads its own tokenizer once; or a
            transformers tokenizer, which `datasets` writes out to compare it with earlier runs.
        shifted: see `prepare_batch`.
        column: the column that holds the messages, a list of structs with `role` and `content`.
        errors: `"raise"` stops at a table with a conversation that is refused; `"collect"` keeps
            every row, null where it was refused, and adds a column `rejected` with the reason.
        max_length: see `prepare_batch`.
        engine: see `prepare_batch`.
        **policy: the settings that `prepare_batch` shares with `prepare`.

    Raises:
        ChatshiftError: a setting is wrong; when called, also where conversations are refused.

    Example:
        >>> from datasets import Dataset
        >>> from chatshift import TablePreparer, load_tokenizer
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> dataset = Dataset.from_dict({"messages": [messages] * 2}).with_format("arrow")
        >>> prepare = TablePreparer(load_tokenizer(), shifted=False)
        >>> rows = dataset.map(prepare, batched=True, remove_columns=["messages"])
        >>> rows.column_names, len(rows)
        (['input_ids', 'attention_mask', 'labels'], 2)

    Chapter: 13, At scale.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        shifted: bool,
        column: str = "messages",
        errors: str = "raise",
        max_length: int | None = None,
        engine: str = "tokenizers",
        **policy: Any,
    ) -> None:
        check_settings(shifted, max_length, errors)
        self.source = tokenizer
        self.column = column
        self.shifted = shifted
        self.errors = errors
        self.max_length = max_length
        self.engine = engine
        self.policy = Policy(**{name: value for name, value in policy.items() if value is not None})
        check_policy(self.policy)

    @cached_property
    def fast(self) -> FastPath:
        """What prepares the rows: with a tokenizer loaded when this process first needs it."""
        tokenizer = load_tokenizer(self.source) if isinstance(self.source, str) else self.source
        return fast_path(tokenizer, self.policy, self.engine)

    def __getstate__(self) -> dict:
        # A worker gets the name, not the megabytes behind it.
        return {name: value for name, value in vars(self).items() if name != "fast"}

    def __call__(self, table: "pyarrow.Table") -> "pyarrow.Table":
        """Return `input_ids`, `attention_mask` and `labels` for each row of the table."""
        import pyarrow as pa

        if self.column not in table.column_names:
            raise ChatshiftError(
                f"The table has no column {self.column!r}; it has {table.column_names}. Name the "
                "one with the messages: column=..."
            )
        messages = _messages(table[self.column])
        batch = batch_of(messages, self.fast, self.shifted, self.max_length, self.errors, False)
        rows = batch.to_arrow()
        if self.errors == "raise":
            return rows
        place = {int(row): index for index, row in enumerate(batch.rows)}
        reasons = dict(batch.rejected)
        every = range(table.num_rows)
        rows = rows.take(pa.array([place.get(row) for row in every], type=pa.int64()))
        return rows.append_column(
            "rejected", pa.array([reasons.get(row) for row in every], type=pa.string())
        )


def _messages(column: "pyarrow.ChunkedArray") -> list[list]:
    """The conversations of a column; a field that a message does not have is left out."""
    import pyarrow as pa

    conversations = [conversation or [] for conversation in column.to_pylist()]
    kind = column.type
    structs = pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)
    if structs and {field.name for field in kind.value_type} == PLAIN:
        return conversations
    return [
        [
            {name: value for name, value in message.items() if value is not None or name in PLAIN}
            for message in conversation
        ]
        for conversation in conversations
    ]


PLAIN = {"role", "content"}
