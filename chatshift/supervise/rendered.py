"""One row as phase 1 sees it: its text, and the frame that fits it."""

from typing import NamedTuple

from chatshift.supervise.frame import Edge, Frame, Matched
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
        """Return the indices of the pieces before and after what a message says."""
        stretch = self.frame.stretches.get(message)
        return None if self.edges is None or stretch is None else (stretch.first, stretch.last + 1)

    def lead(self, message: int) -> tuple[str | None, int]:
        """Return the template's text before what a message says, and where it starts."""
        pieces = self.around(message)
        if pieces is None or self.edges is None:
            return None, 0
        return self.frame.pieces[pieces[0]], self.edges[pieces[0]][0]

    def said(self, message: int) -> tuple[int, int] | None:
        """Return the characters from the first to the last thing that a message says."""
        pieces = self.around(message)
        if pieces is None or self.edges is None:
            return None
        before, after = pieces
        return self.edges[before][1], self.edges[after][0]
