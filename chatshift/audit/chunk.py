"""The audit of some rows: both phases for all of them, then account and findings row by row."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from chatshift.audit.checks import RowChecks
from chatshift.audit.defaults import Defaults
from chatshift.audit.examples import labels_of, message_in, shown_messages, shown_tokens
from chatshift.audit.report import Report
from chatshift.audit.settings import AuditSettings
from chatshift.audit.tallies import Collector
from chatshift.audit.token_rows import TokenRows
from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.errors import ChatshiftError, MessageError
from chatshift.formats.detect import read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Ids, Place, Record, Talk
from chatshift.supervise.account import TurnReader, account_of
from chatshift.supervise.confirm import Row
from chatshift.supervise.encoder import Located
from chatshift.supervise.origins import pieces_of
from chatshift.supervise.spans import Spans
from chatshift.supervise.supervision import Source, Supervision

NESTED = "nested too deeply"


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
        self.tokenizer, self.settings = tokenizer, settings
        self._shown: set[tuple[str, str]] = set()
        self.supervision = Supervision(tokenizer, settings.supervision)
        self.supervision.rule()  # what is wrong with the template is no matter of a single row
        facts = TokenizerFacts(self.supervision)
        self.turns = TurnReader(self.supervision.tokens)
        self.checks = RowChecks(facts, settings)
        self.token_rows = TokenRows(self.checks)
        self.defaults = Defaults(facts)
        self.tokenizer_name = facts.called
        self.fingerprint = {**facts.fingerprint(), "settings": settings.as_json()}

    def __reduce__(self) -> tuple:
        return Auditor, (self.tokenizer, self.settings)  # a worker compiles its own template

    def report(self, rows: Iterable[Line | Record | Broken]) -> Report:
        """Return the report of these rows."""
        collector = Collector(self.fingerprint, self._shown)
        items: list[Item] = []
        for raw in rows:
            self._read(raw, items, collector)
        self._audit(items, collector)
        return collector.report()

    def _read(self, raw: Any, items: list[Item], collector: Collector) -> None:
        record = parse(raw) if isinstance(raw, Line) else raw
        collector.at(record.place)
        collector.count_row()
        found = record if isinstance(record, Broken) else read_row(record, self.settings.format)
        if isinstance(found, Broken):
            collector.broken(found.id, found.reason)
            return
        name, talks = found
        collector.count_format(name)
        for talk in talks:
            if isinstance(talk, Ids):
                collector.at(record.place, partial(self.token_rows.shown, talk))
                self.token_rows.audit(talk, collector)
                continue
            self.checks.flags(talk, collector)
            source = Source(talk.messages, talk.tools, talk.template_kwargs)
            items.append(Item(record.place, talk, source))

    def _audit(self, items: list[Item], collector: Collector) -> None:
        found: list[tuple[Item, Spans]] = []
        for item in items:
            try:
                found.append((item, self.supervision.spans(item.source)))
            except ChatshiftError as refusal:
                self._refuse(item, refusal, collector)
            except RecursionError:
                nested = MessageError("The messages are nested too deeply.", cause=NESTED)
                self._refuse(item, nested, collector)
        for prepared in self._prepared(found, collector):
            self._account(prepared, collector)

    def _refuse(self, item: Item, refusal: ChatshiftError, collector: Collector) -> None:
        collector.at(item.place, partial(shown_messages, item.source.messages))
        self.checks.refused(refusal, collector)

    def _prepared(
        self, found: Sequence[tuple[Item, Spans]], collector: Collector
    ) -> Iterable[Prepared]:
        """Yield the conversations after phase 2, all of them tokenized in one call."""
        import numpy as np

        located = self.supervision.encoder.located([spans.text for _, spans in found])
        arrays = [np.array(one.ids, dtype=np.int32) for one in located]
        flat = np.concatenate([np.empty(0, np.int32), *arrays])
        lengths = np.array([len(one.ids) for one in located], dtype=np.int64)
        sources, spans = [item.source for item, _ in found], [one for _, one in found]
        results = self.supervision.rows(sources, spans, flat, lengths)
        for (item, _), result, one in zip(found, results, located, strict=True):
            if isinstance(result, ChatshiftError):
                self._refuse(item, result, collector)
            else:
                yield Prepared(item, *result, one)

    def _account(self, prepared: Prepared, collector: Collector) -> None:
        item, spans, whole, located = prepared
        collector.at(item.place, partial(self._excerpt, prepared))
        row, lost = self.checks.cut(whole, collector)
        if row is None:
            return
        messages = item.source.messages
        rule = self.supervision.rule(item.source.tools, item.source.template_kwargs)
        turns = self.turns.turns(row, spans, rule.finder.format.ends)
        account = account_of(
            len(row.ids),
            turns,
            rule.said(messages, spans),
            located,
            ends_with_answer=turns[-1].message == len(messages) - 1 and not lost,
        )
        collector.count(account, [message.get("role") for message in messages])
        prompt = row.ids[: row.turns[-1][0]].tobytes() + item.talk.side.encode()
        collector.remember(row.ids.tobytes(), row.turns.tobytes(), prompt)
        collector.count_others(self.defaults.count(item.place, item.talk, account))
        self.checks.row(messages, row, turns, collector)

    def _excerpt(self, prepared: Prepared, reason: str) -> dict[str, Any]:
        """Return the tokens of a row around the message that a reason names, or its answer."""
        item, spans, row, located = prepared
        named, focus = message_in(reason), None
        if named is not None:
            rule = self.supervision.rule(item.source.tools, item.source.template_kwargs)
            said = rule.said(item.source.messages, spans)
            # Of what is left out of the text, the message after it stands where it would have been.
            starts = [located.token_at(one.start) for one in said if one.message >= named]
            focus = min(starts, default=None)
        ids = row.ids.tolist()
        pieces = pieces_of(spans.text, ids, self.supervision.encoder)
        return shown_tokens(pieces, ids, labels_of(ids, row.turns.tolist()), focus)
