"""Tables of rows: Parquet, Arrow files, and the streams that `datasets` saves."""

from collections.abc import Iterator
from typing import Any

from chatshift.batch.nulls import row_without_nulls
from chatshift.errors import ChatshiftError
from chatshift.formats.records import Broken, Place, Record

PARQUET, ARROW_FILE, ARROW_STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
ROWS = 1000


def rows_of_table(stream: Any, name: str, head: bytes) -> Iterator[Record | Broken]:
    """Yield the rows of a table, counted from 1, without the nulls of other rows."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ChatshiftError(
            f"{name} is a table: pip install 'chatshift[audit]' to read Parquet and Arrow."
        ) from error
    number = 0
    try:
        for batch in _batches(pa, stream, head):
            for row in batch.to_pylist():
                number += 1
                yield Record(Place(name, number), row_without_nulls(row))
    except (pa.ArrowException, OSError) as error:
        reason = f"the table cannot be read from row {number + 1} on: {error}"
        yield Broken(Place(name, number + 1), "bad-line", reason)
    if not number:
        yield Broken(Place(name, 1), "bad-line", "the table has no rows")


def _batches(pa: Any, stream: Any, head: bytes) -> Iterator[Any]:
    if head.startswith(PARQUET):
        import pyarrow.parquet as parquet

        yield from parquet.ParquetFile(stream).iter_batches(batch_size=ROWS)
    elif head.startswith(ARROW_FILE):
        reader = pa.ipc.open_file(stream)
        for i in range(reader.num_record_batches):
            yield from _cut(reader.get_batch(i))
    else:
        for batch in pa.ipc.open_stream(stream):
            yield from _cut(batch)


def _cut(batch: Any) -> Iterator[Any]:
    """Yield a batch in pieces, so that few rows are in memory as Python objects."""
    for start in range(0, batch.num_rows, ROWS):
        yield batch.slice(start, ROWS)
