"""The audit of some rows: both phases for all of them, then account and findings row by row."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from chatshift.audit.checks import RowChecks
from chatshift.audit.report import Report
from chatshift.audit.settings import AuditSettings
from chatshift.audit.tallies import Collector
from chatshift.errors import ChatshiftError
from chatshift.formats.detect import read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Ids, Place, Record, Talk
from chatshift.supervise.account import TurnReader, account_of
from chatshift.supervise.confirm import Row
from chatshift.supervise.encoder import Located
from chatshift.supervise.spans import Spans
from chatshift.supervise.supervision import Source, Supervision


class Item(NamedTuple):
    """A conversation on its way through the audit."""

    place: Place
    talk: Talk
    source: Source


class Prepared(NamedTuple):
    """A conversation after both phases."""

    item: Item
    spans: Spans
    row: Row
    located: Located


class Auditor:
    """Audits rows for one tokenizer and one way to learn."""

    def __init__(self, tokenizer: Any, settings: AuditSettings) -> None:
        self.settings = settings
        self.supervision = Supervision(tokenizer, settings.supervision)
        self.turns = TurnReader(self.supervision.tokens)
        self.checks = RowChecks(self.supervision, settings)
        self.fingerprint = self.checks.fingerprint()

    def report(self, rows: Iterable[Line | Record | Broken]) -> Report:
        """Return the report of these rows."""
        collector = Collector(self.fingerprint)
        items: list[Item] = []
        for raw in rows:
            self._read(raw, items, collector)
        self._audit(items, collector)
        return collector.report()

    def _read(self, raw: Any, items: list[Item], collector: Collector) -> None:
        record = parse(raw) if isinstance(raw, Line) else raw
        collector.count_row(record.place)
        if isinstance(record, Broken):
            collector.broken(record)
            return
        found = read_row(record, self.settings.format)
        if isinstance(found, Broken):
            collector.broken(found)
            return
        name, talks = found
        collector.count_format(record.place, name)
        for talk in talks:
            if isinstance(talk, Ids):
                continue
            self.checks.flags(record.place, talk, collector)
            source = Source(talk.messages, talk.tools, talk.template_kwargs)
            items.append(Item(record.place, talk, source))

    def _audit(self, items: list[Item], collector: Collector) -> None:
        found: list[tuple[Item, Spans]] = []
        for item in items:
            try:
                found.append((item, self.supervision.spans(item.source)))
            except ChatshiftError as refusal:
                self.checks.refused(item, refusal, collector)
        for prepared in self._prepared(found, collector):
            self._account(prepared, collector)

    def _prepared(
        self, found: Sequence[tuple[Item, Spans]], collector: Collector
    ) -> Iterable[Prepared]:
        """Yield the conversations after phase 2, all of them tokenized in one call."""
        import numpy as np

        located = self.supervision.encoder.located([spans.text for _, spans in found])
        flat = np.concatenate([np.empty(0, np.int32), *(one.ids for one in located)])
        lengths = np.array([len(one.ids) for one in located], dtype=np.int64)
        sources, spans = [item.source for item, _ in found], [one for _, one in found]
        results = self.supervision.rows(sources, spans, flat.astype(np.int32), lengths)
        for (item, _), result, one in zip(found, results, located, strict=True):
            if isinstance(result, ChatshiftError):
                self.checks.refused(item, result, collector)
            else:
                yield Prepared(item, *result, one)

    def _account(self, prepared: Prepared, collector: Collector) -> None:
        item, spans, row, located = prepared
        rule = self.supervision.rule(item.source.tools, item.source.template_kwargs)
        cut, lost = self.checks.cut(prepared, collector)
        if cut is None:
            return
        row = cut
        turns = self.turns.turns(row, spans, rule.finder.format.ends)
        messages = item.source.messages
        account = account_of(
            len(row.ids),
            turns,
            rule.said(messages, spans),
            located,
            ends_with_answer=turns[-1].message == len(messages) - 1 and not lost,
        )
        collector.count(account, [message.get("role") for message in messages])
        collector.remember(item.place, *_digest(row))
        self.checks.row(prepared, row, turns, collector)


def _digest(row: Row) -> tuple[int, int]:
    """Return a hash of the labelled row, and one of its last prompt."""
    labelled = row.ids.tobytes() + row.turns.tobytes()
    return _hash(labelled), _hash(row.ids[: row.turns[-1][0]].tobytes())


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
