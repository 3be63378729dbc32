"""The notes of many rows, counted by their kind: nobody trains from `prepare` alone."""

from collections.abc import Iterable

from chatshift.batch.record import Noted
from chatshift.supervise.confirm import Row
from chatshift.supervise.notes import NOTES

SHOWN = 20


def count_notes(rows: Iterable[tuple[int, Row]]) -> dict[str, Noted]:
    """Return each kind of note with its count and the first rows that have it."""
    found: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    for number, row in rows:
        for finding in row.findings:
            members = found.setdefault(finding.name, [])
            texts.setdefault(finding.name, finding.text)
            if not members or members[-1] != number:
                members.append(number)
    return {
        name: Noted(len(found[name]), tuple(found[name][:SHOWN]), texts[name])
        for name in NOTES
        if name in found
    }
