"""Arrow tables of conversations become tables of rows: for `datasets` and for Ray Data."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from chatshift.batch.nulls import row_without_nulls
from chatshift.batch.prepare_batch import batch_of
from chatshift.errors import ChatshiftError
from chatshift.settings import BatchSettings, Settings
from chatshift.supervise.supervision import Supervision
from chatshift.tiny import load_tokenizer

if TYPE_CHECKING:
    import pyarrow

OWN = ("tools", "chat_template_kwargs")


class TablePreparer:
    """Prepare one Arrow table of conversations after the other, in this process or in workers.

    Columns `tools` and `chat_template_kwargs`, where there are any, belong to each row. Nulls that
    Arrow put there, or into the arguments of a call, for keys of other rows are taken out again.

    Args:
        tokenizer: a folder or hub name, then each worker loads its own tokenizer once; or a
            transformers tokenizer, which `datasets` writes out to compare it with earlier runs.
        shifted: see `prepare_batch`.
        column: the column that holds the messages, a list of structs with `role` and `content`.
        errors: `"raise"` stops at a table with a conversation that is refused; `"collect"` keeps
            every row, null where it was refused, and adds a column `rejected` with the reason.
        max_length: see `prepare_batch`.
        tools: see `prepare_batch`.
        **settings: the settings that `prepare_batch` shares with `prepare`.

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

    Chapter: 19, At scale.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        shifted: bool,
        column: str = "messages",
        errors: str = "raise",
        max_length: int | None = None,
        tools: Any = None,
        **settings: Any,
    ) -> None:
        self.source = tokenizer
        self.column = column
        self.tools = tools
        self.batch_settings = BatchSettings(shifted, max_length, errors)
        self.settings = Settings.of(**settings)

    @cached_property
    def supervision(self) -> Supervision:
        """What prepares the rows: with a tokenizer loaded when this process first needs it."""
        tokenizer = load_tokenizer(self.source) if isinstance(self.source, str) else self.source
        return Supervision(tokenizer, self.settings)

    def __getstate__(self) -> dict:
        # A worker gets the name, not the megabytes behind it.
        return {name: value for name, value in vars(self).items() if name != "supervision"}

    def __call__(self, table: "pyarrow.Table") -> "pyarrow.Table":
        """Return `input_ids`, `attention_mask` and `labels` for each row of the table."""
        import pyarrow as pa

        if self.column not in table.column_names:
            raise ChatshiftError(
                f"The table has no column {self.column!r}; it has {table.column_names}. Name the "
                "one with the messages: column=..."
            )
        rows = rows_of(table, self.column)
        batch = batch_of(rows, self.supervision, self.batch_settings, tools=self.tools)
        prepared = batch.to_arrow()
        if self.batch_settings.errors == "raise":
            return prepared
        place = {int(row): index for index, row in enumerate(batch.rows)}
        reasons = dict(batch.rejected)
        every = range(table.num_rows)
        prepared = prepared.take(pa.array([place.get(row) for row in every], type=pa.int64()))
        return prepared.append_column(
            "rejected", pa.array([reasons.get(row) for row in every], type=pa.string())
        )


def rows_of(table: "pyarrow.Table", column: str) -> list[dict[str, Any]]:
    """Return the rows of a table as `prepare_batch` takes them."""
    columns = {"messages": table[column]}
    columns |= {name: table[name] for name in OWN if name in table.column_names}
    values = [one.to_pylist() for one in columns.values()]
    return [
        row_without_nulls(dict(zip(columns, row, strict=True))) for row in zip(*values, strict=True)
    ]
