"""What a file is, by its first bytes: each kind has its reader."""

from collections.abc import Iterator
from pathlib import Path

from chatshift.errors import ChatshiftError
from chatshift.formats.lines import Line, lines_of
from chatshift.formats.records import Broken, Record


def read_file(path: Path) -> Iterator[Line | Record | Broken]:
    """Yield the rows of a file, in order; one at a time is in memory."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise ChatshiftError(f"{path} cannot be opened: {error.strerror}.") from error
    with stream:
        yield from lines_of(stream, str(path))
