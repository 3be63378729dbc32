"""What a report is made of: counts with their first rows, and an example of each finding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chatshift.audit.batch_findings import KINDS
from chatshift.audit.findings import LEVELS
from chatshift.formats.records import Place

ROWS_SHOWN = 20


class Example(NamedTuple):
    """A row to look at."""

    place: Place
    reason: str
    """What is the matter in this row, in words."""
    said: str = ""
    """The messages as they were given, long ones in part; of a row that was refused."""
    pieces: tuple[str, ...] = ()
    """The text of each token; of a row that was prepared. Long ones are shown in part."""
    ids: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    """Before the shift."""
    level: str = LEVELS[0]
    focus: int = 0
    """What the reason is about: the index of a piece, or of a character of `said`."""


def _order(example: Example) -> tuple[int, Place]:
    """Return what puts the example of the highest level first, and of these the first row's."""
    return -LEVELS.index(example.level), example.place


@dataclass(frozen=True)
class Tally:
    """How many rows have something, which first, and an example of it."""

    count: int
    level: str
    rows: tuple[Place, ...]
    """The first rows, in the order of files and lines."""
    causes: Mapping[str, int] = field(default_factory=dict)
    example: Example | None = None
    refused: int = 0
    """In how many of these rows a conversation is rejected for it; the others are trained on."""

    def __add__(self, other: "Tally") -> "Tally":
        examples = [one.example for one in (self, other) if one.example]
        return Tally(
            self.count + other.count,
            max(self.level, other.level, key=LEVELS.index),
            tuple(sorted({*self.rows, *other.rows})[:ROWS_SHOWN]),
            added(self.causes, other.causes),
            min(examples, key=_order, default=None),
            self.refused + other.refused,
        )


@dataclass(frozen=True)
class FileAccount:
    """What was read from one file."""

    rows: int = 0
    formats: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "FileAccount") -> "FileAccount":
        return FileAccount(
            self.rows + other.rows,
            added(self.formats, other.formats),
            added(self.flags, other.flags),
        )


@dataclass(frozen=True)
class Finding:
    """A finding of the whole report."""

    id: str
    level: str
    count: int
    share: float
    rows: tuple[Place, ...]
    meaning: str
    remedy: str
    causes: Mapping[str, int]
    example: Example | None
    refused: int = 0

    @property
    def is_of_rows(self) -> bool:
        """Whether it is about single rows, not about the data set as a whole."""
        return self.id != "other-defaults"

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return KINDS[self.id].title


def added(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the sums of two counts, key by key."""
    total = dict(one)
    for key, count in other.items():
        total[key] = total[key] + count if key in total else count
    return total
