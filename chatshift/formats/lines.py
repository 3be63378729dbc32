"""Lines of a file, one row each, with a limit to what is held in memory."""

import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from chatshift.formats.records import Broken, Place, Record

# A longer line is no conversation: it is skipped, and never held in memory as a whole.
LONGEST_LINE = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
# What a damaged or cut off compressed file raises; zstandard's own error is a RuntimeError below.
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError)


class Line(NamedTuple):
    """A line that is not yet parsed, so that a worker can do it."""

    place: Place
    data: bytes


def lines_of(stream: IO[bytes], file: str) -> Iterator[Line | Broken]:
    """Yield the lines of a stream that are not blank, and those that cannot be read."""
    number = row = 0
    while True:
        number += 1
        place = Place.of(file, number, row + 1)
        try:
            data = stream.readline(LONGEST_LINE)
            cut = len(data) == LONGEST_LINE and not data.endswith(b"\n")
            if cut:
                _skip_line(stream)
        except UNREADABLE as error:
            yield Broken(
                place, "bad-line", f"the file cannot be read from here on: {_words(error)}"
            )
            return
        if not data:
            return
        if not cut and not data.strip():
            continue
        row += 1
        if cut:
            most = LONGEST_LINE // 1024 // 1024
            yield Broken(place, "bad-line", f"the line is longer than {most} MiB")
        else:
            yield Line(place, data.removeprefix(BOM) if number == 1 else data)


def parse(line: Line) -> Record | Broken:
    """Return the row of a line, or what is wrong with it."""
    try:
        return Record(line.place, loads(line.data))
    except ValueError as error:
        return Broken(line.place, "bad-line", str(error))


def loads(data: bytes) -> Any:
    """Return the value of a line; raise `ValueError` that says in words what is wrong."""
    if b"\0" in data:
        raise ValueError(
            f"it holds a NUL byte, at {data.index(0) + 1}: the line is damaged, or not UTF-8"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: {error.reason} at byte {error.start + 1}") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # A text that never ends is reported where it begins.
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise ValueError(f"it breaks off after character {len(text.rstrip())}") from None
        raise ValueError(f"it is no JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _skip_line(stream: IO[bytes]) -> None:
    """Read on to the end of a line that is too long."""
    while (rest := stream.readline(1024 * 1024)) and not rest.endswith(b"\n"):
        pass


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
