"""What a `Trace` says beside its labels: pieces, turns, notes, and where each token comes from."""

from typing import NamedTuple

from chatshift.supervise.confirm import Row
from chatshift.supervise.notes import NOTES
from chatshift.supervise.origins import Bounds, origins_of, pieces_of
from chatshift.supervise.spans import Spans
from chatshift.supervise.supervision import Source, Supervision
from chatshift.trace import Note, Origin, Turn


class Details(NamedTuple):
    """All of it, for one row."""

    pieces: tuple[str, ...]
    turns: tuple[Turn, ...]
    notes: tuple[Note, ...]
    origins: tuple[Origin, ...]


def details_of(source: Source, spans: Spans, row: Row, supervision: Supervision) -> Details:
    """Return the details of a row that went through both phases."""
    ids = row.ids.tolist()
    pieces = pieces_of(spans.text, ids, supervision.encoder)
    rule = supervision.rule(source.tools, source.template_kwargs)
    bounds = _bounds(ids, spans, row, supervision, rule.finder.format.ends)
    turns = tuple(
        Turn(one.message, one.start, one.end - 1 if one.end > one.end_from else None, one.stop)
        for one in bounds
    )
    said = rule.said(source.messages, spans)
    is_last = bounds[-1].message == len(source.messages) - 1
    origins = origins_of(pieces, bounds, said, ends_with_answer=is_last)
    return Details(tuple(pieces), turns, _notes(row, bounds), tuple(origins))


def _bounds(
    ids: list[int], spans: Spans, row: Row, supervision: Supervision, ends: frozenset[int]
) -> list[Bounds]:
    control = [i for i, token_id in enumerate(ids) if token_id in supervision.tokens.ids]
    aligned = len(control) == len(spans.control)
    bounds = []
    for border, (start, stop) in zip(spans.borders, row.turns.tolist(), strict=True):
        end = control[border.end] + 1 if border.end >= 0 and aligned else start
        end_from = end
        while end_from > start and ids[end_from - 1] in ends:
            end_from -= 1
        bounds.append(Bounds(border.message, start, end_from, end, stop))
    return bounds


def _notes(row: Row, bounds: list[Bounds]) -> tuple[Note, ...]:
    """Return the notes with their positions, in the order of the messages."""
    of_message = {one.message: one for one in bounds}
    notes = []
    for name, message, text in row.findings:
        position = 0
        if turn := of_message.get(message):
            places = {"start": turn.start, "end": turn.end, "last": turn.stop - 1}
            position = places[NOTES[name].at]
        notes.append(Note(name, message, position, text))
    return tuple(sorted(dict.fromkeys(notes), key=lambda note: (note.message, note.position)))
