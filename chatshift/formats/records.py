"""What readers hand over: a conversation with its place, or what is wrong with a row."""

from typing import Any, NamedTuple

from chatshift.errors import ChatshiftError


class Place(NamedTuple):
    """Where a row stands; lines count from 1, rows of a table likewise."""

    file: str
    line: int
    row: int = 0
    """Its number among the rows of its file, where that is not the line; else 0."""

    @classmethod
    def of(cls, file: str, line: int, row: int) -> "Place":
        """Return a place by both its numbers."""
        return cls(file, line, 0 if row == line else row)

    @property
    def number(self) -> int:
        """Its number among the rows of its file, from 1."""
        return self.row or self.line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" (row {self.row})" if self.row else "")


class Record(NamedTuple):
    """A row as it stands in a file, not yet read as a conversation."""

    place: Place
    value: Any


class Broken(NamedTuple):
    """A line that holds no row, or a row that holds no conversation."""

    place: Place
    id: str
    """`bad-line` or `bad-row`."""
    reason: str


class Talk(NamedTuple):
    """One conversation of a row."""

    messages: Any
    tools: Any = None
    template_kwargs: Any = None
    flags: tuple[str, ...] = ()
    """The flags of other tools that were mapped to weights: their names, one for each message."""
    completion: str = ""
    """Of prompt and completion: `messages` or `text`, as the completion is written."""
    side: str = ""
    """Of a preference pair: `chosen` or `rejected`."""
    unwanted: bool = False
    """Whether the row has `label: false`, as rows for KTO have: its answer is a bad one."""


class Ids(NamedTuple):
    """A row that is tokenized and labelled already, before the shift."""

    input_ids: list[int]
    labels: list[int]


class RowError(ChatshiftError):
    """A row does not hold what its format says."""
