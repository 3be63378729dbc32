"""What an oracle expects of `prepare`, and whether it was so."""

from typing import Any, NamedTuple

# The notes that an oracle decides, message by message; others are for the reader.
DECIDED = (
    "thought left out",
    "content left out",
    "call left out",
    "generation prompt not matched",
    "no end of turn",
    "header learned",
    "token across the start",
)
ANY_ERROR = ("MessageError", "TemplateError", "TokenizeError", "BoundaryError", "LabelError")


class TableError(AssertionError):
    """The table does not say what the template writes: the table is wrong."""


class Settings(NamedTuple):
    """How a row is prepared."""

    supervise: str = "last"
    boundary: str = "prompt"
    mask_tail: bool = False


class Refused(Exception):  # noqa: N818
    """The row must be refused with one of these errors."""

    def __init__(self, reason: str, *errors: str):
        super().__init__(reason)
        self.errors = errors or ANY_ERROR


class Verdict(NamedTuple):
    """What must come out of one row."""

    supervised: frozenset[int] | None = None
    """The positions of the labels; `None` where the row must be refused."""
    notes: frozenset[tuple[str, int]] = frozenset()
    """Each decided note, and its message."""
    refused: tuple[str, ...] = ()
    """The errors that are right, too; the only right outcome where nothing is supervised."""
    optional: frozenset[tuple[str, int]] = frozenset()
    """Notes that may be there or not."""
    named: frozenset[int] = frozenset()
    """Messages of which at least some note must speak, if the row is not refused."""
    reason: str = ""
    """Why it must, or may, be refused."""


def outcome(prepare: Any, error: type[Exception], *args: Any, **settings: Any) -> Any:
    """A trace, or the name of the error."""
    try:
        return prepare(*args, **settings)
    except error as refusal:
        return type(refusal).__name__


def complaint(verdict: Verdict, found: Any, pieces: Any = None) -> str:
    """What is wrong with an outcome; empty if nothing is."""
    if isinstance(found, str):
        if found in verdict.refused:
            return ""
        return f"refused with {found}, expected {verdict.refused or 'labels'} ({verdict.reason})"
    if verdict.supervised is None:
        return f"labels, expected {verdict.refused} ({verdict.reason})"
    if frozenset(found.supervised) != verdict.supervised:
        shown = [
            "".join(found.pieces[i] for i in sorted(positions))
            for positions in (found.supervised, verdict.supervised)
        ]
        return f"labels {shown[0]!r}, expected {shown[1]!r}"
    notes = frozenset((note.name, note.message) for note in found.notes if note.name in DECIDED)
    allowed = verdict.notes | verdict.optional
    extra = {note for note in notes - allowed if note[1] not in verdict.named}
    if extra or not verdict.notes <= notes:
        return f"notes {sorted(notes)}, expected {sorted(verdict.notes)}"
    unnamed = verdict.named - {note.message for note in found.notes}
    return f"no note names the messages {sorted(unnamed)} ({verdict.reason})" if unnamed else ""
