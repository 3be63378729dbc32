"""What phase 1 hands to phase 2: a text, its control tokens, and the places where turns border."""

from bisect import bisect_right
from typing import NamedTuple

from chatshift.supervise.notes import Finding
from chatshift.template.control_tokens import Found

# Stands inside content that would be a control token, where it is to stay text: the text is
# tokenized in pieces there. A character of the private use area, which no template writes.
MARK = "\ue0f5"


class Place(NamedTuple):
    """A character, said in a way that ids can confirm: so much text after a control token."""

    control: int
    """The index of the control token in the row; -1 for the start of the text."""
    head: str
    """The text from that token on, itself included."""


class Edges(NamedTuple):
    """The supervised part of one assistant message, in characters."""

    message: int
    start: int
    stop: int
    end: int
    """Where the tokens that end the turn end; -1 where there are none."""


class Said(NamedTuple):
    """Where something that a message says stands, in characters without marks."""

    start: int
    stop: int
    kind: str
    """`thought`, `content` or `call`."""
    message: int


class Border(NamedTuple):
    """The same as places; `stop` is `None` at the end of the text."""

    message: int
    start: Place
    stop: Place | None
    end: int
    """The index, among the row's control tokens, of the last one that ends the turn; or -1."""


class Spans(NamedTuple):
    """A row after phase 1."""

    text: str
    """With a `MARK` inside each control token that is to stay text."""
    control: tuple[int, ...]
    """The ids of its control tokens."""
    borders: tuple[Border, ...]
    findings: tuple[Finding, ...]
    edges: tuple[Edges, ...] = ()
    """Empty where the row shares its borders with all rows of the same roles."""
    said: tuple[Said, ...] = ()
    """Empty there, too: `said_in` finds it."""


def borders_of(
    text: str, control: list[Found], edges: list[Edges], loose: frozenset[int]
) -> tuple[Border, ...]:
    """Return the places of the edges."""
    begins = [token.start for token in control]
    ends = {token.end: index for index, token in enumerate(control)}

    def place(character: int) -> Place:
        """Return the place of a character, after the nearest token that always splits."""
        index = bisect_right(begins, character) - 1
        while index >= 0 and control[index].id in loose:
            index -= 1
        return Place(index, text[begins[index] if index >= 0 else 0 : character])

    return tuple(
        Border(
            one.message,
            place(one.start),
            None if one.stop == len(text) else place(one.stop),
            ends.get(one.end, -1),
        )
        for one in edges
    )
