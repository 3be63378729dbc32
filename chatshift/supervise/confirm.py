"""Phase 2, in tokens: the places of phase 1, found in one flat array of ids.

The ids of a row's control tokens must be those of its text, one for one. A place is the nth of them
and the ids of the text after it: the tokenizer always splits at a control token, so where those ids
stand, all ids before the place are proven to be the ids of the text before it.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from chatshift.supervise.encoder import Encoder
from chatshift.supervise.notes import Finding
from chatshift.supervise.spans import Place, Spans
from chatshift.template.control_tokens import ControlTokens

if TYPE_CHECKING:
    import numpy as np


# Longer ones hold what is said: no other row has the same, and `resolve` reads each only once.
LONGEST_HEAD = 200


class Row(NamedTuple):
    """A row after phase 2."""

    ids: "np.ndarray"
    turns: "np.ndarray"
    """Start and stop of each supervised turn, in tokens."""
    findings: tuple[Finding, ...]


class Flat(NamedTuple):
    """The ids of many rows in one array, and what is known of them."""

    ids: "np.ndarray"
    begins: "np.ndarray"
    """Where each row begins."""
    ends: "np.ndarray"
    control: "np.ndarray"
    """Where the control tokens of all rows stand."""
    first: "np.ndarray"
    """The index in `control` of each row's first."""
    counts: "np.ndarray"
    """How many each row has."""


def confirm(
    spans: Sequence[Spans],
    ids: "np.ndarray",
    lengths: "np.ndarray",
    encoder: Encoder,
    tokens: ControlTokens,
) -> list[Row | None]:
    """Return the supervised turns of each row, `None` where its ids do not show what its text says.

    Args:
        spans: the rows after phase 1.
        ids: their ids, one row after the other.
        lengths: the number of each one's ids.
        encoder: gives the ids of the text after a control token.
        tokens: the control tokens.
    """
    import numpy as np

    flat = _read(ids, lengths, tokens)
    good = _same_control(spans, flat)
    row_of = np.repeat(np.arange(len(spans)), [2 * len(row.borders) for row in spans])
    places = [place for row in spans for b in row.borders for place in (b.start, b.stop)]
    found, confirmed = _find(places, row_of, flat, encoder)
    np.logical_and.at(good, row_of, confirmed)
    edges, owner = found.reshape(-1, 2), row_of[::2]
    starts, stops = edges[:, 0], edges[:, 1]
    fits = (flat.begins[owner] < starts) & (starts < stops) & (stops <= flat.ends[owner])
    np.logical_and.at(good, owner, fits)
    edges = edges - flat.begins[owner, None]
    borders = np.searchsorted(owner, np.arange(len(spans) + 1)).tolist()
    sides = [0, *flat.ends.tolist()]
    return [
        Row(ids[sides[r] : sides[r + 1]], edges[borders[r] : borders[r + 1]], row.findings)
        if good[r]
        else None
        for r, row in enumerate(spans)
    ]


def _read(ids: "np.ndarray", lengths: "np.ndarray", tokens: ControlTokens) -> Flat:
    import numpy as np

    ends = np.cumsum(lengths)
    begins = ends - lengths
    is_control = np.zeros(max([int(ids.max(initial=0)), *tokens.ids]) + 1, dtype=bool)
    is_control[list(tokens.ids)] = True
    control = np.flatnonzero(is_control[ids])
    first = np.searchsorted(control, begins)
    return Flat(ids, begins, ends, control, first, np.searchsorted(control, ends) - first)


def _same_control(spans: Sequence[Spans], flat: Flat) -> "np.ndarray":
    """Whether the control tokens of each row are those of its text, one for one."""
    import numpy as np

    good = flat.counts == [len(row.control) for row in spans]
    expected = np.fromiter(
        chain.from_iterable(row.control for row, same in zip(spans, good, strict=True) if same),
        dtype=np.int32,
    )
    there = flat.ids[flat.control[np.repeat(good, flat.counts)]]
    rows = np.repeat(np.arange(len(spans)), np.where(good, flat.counts, 0))
    good[rows[there != expected]] = False
    return good


def _find(
    places: Sequence[Place | None], row_of: "np.ndarray", flat: Flat, encoder: Encoder
) -> tuple["np.ndarray", "np.ndarray"]:
    """Return the position of each place, and whether the ids before it are those of its head."""
    import numpy as np

    index = np.array([-1 if place is None else place.control for place in places], dtype=np.int64)
    padded = np.append(flat.control, len(flat.ids))
    nth = np.minimum(flat.first[row_of] + index, len(flat.control))
    at = np.where(index < 0, flat.begins[row_of], padded[nth])
    confirmed = np.ones(len(places), dtype=bool)
    alike: dict[str, list[int]] = {}
    for i, place in enumerate(places):
        if place is None:
            at[i] = flat.ends[row_of[i]]
        elif len(place.head) > LONGEST_HEAD:
            confirmed[i] = False
        else:
            alike.setdefault(place.head, []).append(i)
    longest = max((len(encoder.head(head)) for head in alike), default=0)
    long = np.append(flat.ids, np.full(longest + 1, -1, dtype=np.int32))
    for head, members in alike.items():
        here, ids = np.array(members), encoder.head(head)
        for step, token_id in enumerate(ids.tolist()):
            confirmed[here] &= long[np.minimum(at[here] + step, len(flat.ids))] == token_id
        at[here] += len(ids)
    return at, confirmed
