"""Where each token of a prepared row comes from, and which text it has."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from chatshift.supervise.encoder import Encoder
from chatshift.supervise.spans import MARK, Said
from chatshift.trace import Origin


class Bounds(NamedTuple):
    """A supervised turn in tokens."""

    message: int
    start: int
    end_from: int
    """The first of the tokens that end it; the same as `end` where there are none."""
    end: int
    """One past the last of them."""
    stop: int


def pieces_of(text: str, ids: Sequence[int], encoder: Encoder) -> list[str]:
    """Return the text of each token; together they are the text, marks aside.

    Of the bytes of one character, the first has it. A tokenizer without offsets can only decode:
    there a part of a character has the name of its token.
    """
    reached = encoder.reached(text)
    if not reached:
        return encoder.decoded(ids)
    plain = text.replace(MARK, "")
    borders = [0, *reached[:-1], len(plain)]
    return [plain[one:other] for one, other in pairwise(borders)]


def origins_of(
    pieces: Sequence[str],
    bounds: Sequence[Bounds],
    said: Sequence[Said],
    *,
    ends_with_answer: bool,
) -> list[Origin]:
    """Return the origin of each token.

    Args:
        pieces: the text of each token.
        bounds: the supervised turns.
        said: where what the messages say stands, in characters.
        ends_with_answer: whether the last message is supervised, so that a tail follows it.
    """
    last = bounds[-1].stop
    origins: list[Any] = ["prompt"] * last + ["tail" if ends_with_answer else "prompt"] * (
        len(pieces) - last
    )
    borders = [0, *accumulate(map(len, pieces))]
    begins = [one[0] for one in said]
    for _, start, end_from, end_to, stop in bounds:
        for position in range(start, stop):
            if end_from <= position < end_to:
                origins[position] = "end"
            elif end_from < end_to <= position:
                origins[position] = "tail"
            else:
                begin = borders[position]
                end = max(borders[position + 1], begin + 1)
                nearest = bisect_left(begins, end) - 1
                touched = nearest >= 0 and said[nearest][1] > begin
                origins[position] = said[nearest][2] if touched else "template"
                if position > start and not pieces[position]:  # more bytes of one character
                    origins[position] = origins[position - 1]
    return origins
