"""A file that is one list of rows, or values over several lines: one value at a time."""

import codecs
import json
from collections.abc import Iterator
from typing import IO

from chatshift.formats.lines import LONGEST_LINE, UNREADABLE
from chatshift.formats.records import Broken, Place, Record

STEP = 1 << 20
NEAR = 16  # a literal or an escape that the buffer cuts in two ends within so many characters
SPACE = " \t\r\n"


class _Buffer:
    """The text of a stream that is not yet read as values, and the line where it starts."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.text, self.position, self.line, self.ended = stream, "", 0, 1, False
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode

    def more(self) -> bool:
        """Read as much again as is there; return whether anything came."""
        if self.ended:
            return False
        data = self.stream.read(max(STEP, len(self.text) - self.position))
        self.ended = not data
        self.text = self.text[self.position :] + self._decode(data, final=not data)
        self.position = 0
        return not self.ended

    def skip(self, characters: str) -> None:
        """Go on to the next character that is none of these."""
        while True:
            start = self.position
            while self.position < len(self.text) and self.text[self.position] in characters:
                self.position += 1
            self.line += self.text.count("\n", start, self.position)
            if self.position < len(self.text) or not self.more():
                return

    def next(self) -> str:
        """Return the next character; empty at the end."""
        return self.text[self.position : self.position + 1]

    def value(self) -> object:
        """Return the value that starts here; raise `ValueError` in words."""
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self.text, self.position)
            except json.JSONDecodeError as error:
                open_string = error.msg.startswith("Unterminated string")
                if not (open_string or error.pos >= len(self.text) - NEAR):
                    line = self.line + self.text.count("\n", self.position, error.pos)
                    raise ValueError(f"it is no JSON: {error.msg} in line {line}") from None
                if len(self.text) - self.position > LONGEST_LINE:
                    raise ValueError(
                        "a row is longer than 64 MiB, or its text never ends"
                    ) from None
                if not self.more():
                    raise ValueError("the file breaks off within this row") from None
            except RecursionError:
                raise ValueError("it is nested too deeply") from None
            else:
                # A number at the end of the buffer may go on.
                if end < len(self.text) or not self.more():
                    self.line += self.text.count("\n", self.position, end)
                    self.position = end
                    return value


def values_of(stream: IO[bytes], file: str) -> Iterator[Record | Broken]:
    """Yield the items of a list, or values that follow each other, with the lines they start in."""
    buffer, row = _Buffer(stream), 0
    try:
        buffer.skip(SPACE)
        is_list = buffer.next() == "["
        if is_list:
            buffer.position += 1
        while True:
            buffer.skip(SPACE)
            if is_list and row and buffer.next() == ",":
                buffer.position += 1
                buffer.skip(SPACE)
            if buffer.next() == "]" and is_list:
                return
            if not buffer.next():
                if is_list:
                    reason = "the file breaks off: its list of rows is never closed"
                    yield Broken(Place.of(file, buffer.line, row + 1), "bad-line", reason)
                return
            yield Record(Place.of(file, buffer.line, row + 1), buffer.value())
            row += 1
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        place = Place.of(file, buffer.line, row + 1)
        yield Broken(place, "bad-line", f"{reason}; the rest of the file is not read")
