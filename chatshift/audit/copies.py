"""The texts of the first copy in a data set: only hashes were kept, so it is read once more."""

from collections.abc import Iterable
from typing import Any

from chatshift.audit.examples import around, line_of, shown_messages
from chatshift.audit.seen import Copies
from chatshift.formats.detect import read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Talk

MOST = 500


def text_of(copies: Copies, rows: Iterable[Any], form: str | None) -> str:
    """Return the conversation that stands again, or the prompt with its two answers.

    Args:
        copies: what was found.
        rows: all rows once more, in any order; no more of them are read than needed.
        form: the name of their format; `None` to see it from each row.
    """
    found: dict[Any, list[Talk]] = {}
    for raw in rows:
        if raw.place in (copies.shown, copies.of):
            found[raw.place] = _talks(raw, form)
            if found.keys() == {copies.shown, copies.of}:
                break
    again, first = found.get(copies.shown), found.get(copies.of)
    if not again or not first:
        return ""
    if copies.exact:
        return "\n\n".join(shown_messages(talk.messages)["said"] for talk in again)
    prompt = again[0].messages[-2:-1]
    answers = [(copies.of, first), (copies.shown, again)]
    said = [f"{place}, {_cut(talks[0].messages[-1])}" for place, talks in answers]
    return "\n".join([*map(_cut, prompt), *said])


def _talks(raw: Any, form: str | None) -> list[Talk]:
    """Return the conversations of a row; none of one that holds ids alone."""
    record = parse(raw) if isinstance(raw, Line) else raw
    found = record if isinstance(record, Broken) else read_row(record, form)
    talks = [] if isinstance(found, Broken) else found[1]
    return [talk for talk in talks if isinstance(talk, Talk)]


def _cut(message: Any) -> str:
    plain = {name: value for name, value in message.items() if name != "weight"}
    return around(line_of(plain), 0, 0, MOST)[0]
