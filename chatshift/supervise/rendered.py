"""One row as phase 1 sees it: its text, and the frame that fits it."""

from typing import NamedTuple

from chatshift.supervise.frame import Edge, Frame, Matched
from chatshift.supervise.spans import MARK, Said
from chatshift.supervise.stand_ins import Part


class Rendered(NamedTuple):
    """A rendered row, compared with its frame."""

    messages: list[dict]
    """As the template got them."""
    supervised: list[int]
    text: str
    matched: Matched

    @property
    def frame(self) -> Frame:
        """The render with stand-ins."""
        return self.matched.frame

    def parts(self, message: int) -> list[Part]:
        """Return everything that a message says, written or not."""
        return self.matched.stand_ins.of_message.get(message, [])

    @property
    def edges(self) -> list[Edge] | None:
        """Where the frame's pieces stand in the text."""
        return self.matched.edges

    def around(self, message: int) -> tuple[int, int] | None:
        """Return the indices of the pieces before and after what a message says.

        The same twice for a message that says nothing: it stands somewhere within that piece.
        """
        stretches = self.frame.stretches
        if stretch := stretches.get(message):
            return stretch.first, stretch.last + 1
        piece = max((one.last + 1 for k, one in stretches.items() if k < message), default=0)
        later = (one.first for k, one in stretches.items() if k > message)
        return (piece, piece) if piece <= min(later, default=piece) else None

    def stands_apart(self, message: int) -> bool:
        """Return whether its content stands in another place, too: which one is its turn?"""
        first, last = self.frame.stretches.get(message, (0, -1))
        others = [*self.frame.parts[:first], *self.frame.parts[last + 1 :]]
        return any(part.message == message and part.kind == "content" for part in others)

    def lead(self, message: int) -> tuple[str | None, int]:
        """Return the template's text before what a message says, and where it starts."""
        pieces = self.around(message)
        if pieces is None or self.edges is None:
            return None, 0
        return self.frame.pieces[pieces[0]], self.edges[pieces[0]][0]

    def said(self, message: int) -> tuple[int, int] | None:
        """Return the characters from the first to the last thing that a message says.

        Tags at the edges of its content belong to it, where they still stand there.
        """
        pieces = self.around(message)
        if pieces is None or self.edges is None or pieces[0] == pieces[1]:
            return None
        start, stop = self.edges[pieces[0]][1], self.edges[pieces[1]][0]
        before, after = self.matched.stand_ins.tags.get(message, ("", ""))
        if before and self.text[:start].rstrip().endswith(before):
            start = len(self.text[:start].rstrip()) - len(before)
        if after and self.text[stop:].lstrip().startswith(after):
            stop = len(self.text) - len(self.text[stop:].lstrip()) + len(after)
        return start, stop


def said_spans(row: Rendered) -> tuple[Said, ...]:
    """Return where what the messages say stands."""
    if row.edges is None:
        return ()
    found = []
    for part, (_, start), (end, _) in zip(row.frame.parts, row.edges, row.edges[1:], strict=False):
        shift = row.text.count(MARK, 0, start)
        end -= row.text.count(MARK, 0, end)
        found.append(Said(start - shift, end, part.kind, part.message))
    return tuple(found)
