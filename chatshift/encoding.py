"""From characters to token positions: which tokens lie before a place, and which one crosses it."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from chatshift.steps.tokens import tokenize


class Encoded:
    """A text, its ids, and where its tokens stand.

    `cuts` are characters at which the text is tokenized in pieces, so that no token crosses them.
    """

    def __init__(self, text: str, tokenizer: Any, cuts: Sequence[int] = ()) -> None:
        self.text = text
        self.tokenizer = tokenizer
        self.cuts = tuple(cuts)
        self.ids = self._ids(0, len(text))
        self._starts: list[int] = []
        self._reached: list[int] = []
        if tokenizer.is_fast:
            self._read_offsets()

    def _ids(self, start: int, end: int) -> list[int]:
        """The ids of a part of the text, tokenized as if it stood alone."""
        edges = [start, *(cut for cut in self.cuts if start < cut < end), end]
        pieces = [self.text[one:other] for one, other in pairwise(edges)]
        return [token_id for piece in pieces for token_id in tokenize(piece, self.tokenizer)]

    def _read_offsets(self) -> None:
        edges = [0, *self.cuts, len(self.text)]
        spans = []
        for one, other in pairwise(edges):
            read = self.tokenizer(
                self.text[one:other],
                add_special_tokens=False,
                return_offsets_mapping=True,
                verbose=False,
            )
            spans += [(one + start, one + end) for start, end in read["offset_mapping"]]
        self._starts = [start for start, _ in spans]
        # A token of white space alone may be given no width: it reaches as far as the one before.
        self._reached = list(accumulate((end for _, end in spans), max))

    def tokens_before(self, character: int) -> int:
        """Return how many tokens end at or before `character`.

        Without offsets only the ids can tell: -1 where a token crosses this place.
        """
        if character == len(self.text):
            return len(self.ids)
        if self.tokenizer.is_fast:
            return bisect_right(self._reached, character)
        ids = self._ids(0, character)
        return len(ids) if ids == self.ids[: len(ids)] else -1

    def starts_at(self, position: int, character: int, since: tuple[int, int] = (0, 0)) -> bool:
        """Whether the token at `position` has nothing of the text before `character` in it."""
        if not self.tokenizer.is_fast or position >= len(self.ids):
            return self.is_boundary(position, character, since)
        before = self._reached[position - 1] if position else 0
        if self._starts[position] < character:
            return False
        # Offsets may leave out the white space at a token's start: then only the ids can tell.
        return before == character or self.is_boundary(position, character, since)

    def is_boundary(self, position: int, character: int, since: tuple[int, int] = (0, 0)) -> bool:
        """Whether the text before `character`, alone, has just the first `position` ids.

        `since` is an earlier boundary, as position and character. The ids from there on are
        compared first, so that many boundaries take no longer than the text; only where those
        differ are the ids of the whole text before compared.
        """
        first, since_character = since
        if self._ids(since_character, character) == self.ids[first:position]:
            return True
        return since != (0, 0) and self._ids(0, character) == self.ids[:position]
