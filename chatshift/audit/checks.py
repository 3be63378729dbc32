"""What is looked at in each conversation: each finding has its rule here."""

from collections.abc import Sequence
from typing import Any

from chatshift.audit.settings import AuditSettings
from chatshift.audit.tallies import Collector
from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.errors import BoundaryError, ChatshiftError
from chatshift.formats.records import Talk
from chatshift.messages import FLAG, NOTHING
from chatshift.supervise.account import TurnCount
from chatshift.supervise.confirm import Row

# What refuses a row, by its cause.
REFUSED = {
    NOTHING: "nothing-supervised",
    "control tokens": "control-tokens",
    "content left out": "message-left-out",
    "call left out": "call-left-out",
    "thought left out": "thought-left-out",
    "answer changed": "answer-changed",
    FLAG: "flag-ignored",
}
# What is noted in a row, with the level that it has there.
NOTED = {
    "content left out": ("message-left-out", "warning"),
    "call left out": ("call-left-out", "warning"),
    "thought left out": ("thought-left-out", "warning"),
    "key not read": ("key-not-read", "note"),
    "keyword not read": ("keyword-not-read", "warning"),
    "answer changed": ("answer-changed", "warning"),
    "list content printed": ("answer-changed", "warning"),
    "answer not located": ("template-text-supervised", "warning"),
    "text before the answer": ("template-text-supervised", "warning"),
    "header learned": ("template-text-supervised", "warning"),
    "generation prompt not matched": ("prompt-no-prefix", "warning"),
    "token across the start": ("prompt-no-prefix", "warning"),
    "no end of turn": ("end-not-supervised", "error"),
    "tail after the end of turn": ("tail-supervised", "note"),
}
# What there is nothing to do about; a kind that stands nowhere here is something left out.
HARMLESS = frozenset(("prompts sampled",))
UNKNOWN = ("message-left-out", "warning")


class RowChecks:
    """The rules, for one tokenizer and one way to learn."""

    def __init__(self, facts: TokenizerFacts, settings: AuditSettings) -> None:
        self.facts = facts
        self.settings = settings

    def flags(self, talk: Talk, collector: Collector) -> None:
        """Count flags, and those that ask for what is not done."""
        if talk.unwanted:
            reason = "the row has label: false, a bad answer; it is supervised like any other"
            collector.found("flag-ignored", reason=reason, cause="label: false", level="warning")
        if not talk.flags:
            return
        collector.count_flags(talk.flags)
        if self.settings.supervision.supervise == "last":
            for index, message in enumerate(talk.messages[:-1]):
                if message.get("role") == "assistant" and message.get("weight") == 1:
                    reason = (
                        f"messages[{index}] is flagged to be supervised; only the last answer is"
                    )
                    collector.found("flag-ignored", reason=reason, level="warning")
                    return

    def refused(self, refusal: ChatshiftError, collector: Collector) -> None:
        """Count a conversation that is refused."""
        name = REFUSED.get(refusal.cause, "refused")
        if isinstance(refusal, BoundaryError):
            name = "prompt-no-prefix"
        cause = refusal.cause or type(refusal).__name__
        collector.reject(name, reason=str(refusal), cause=cause)

    def cut(self, row: Row, collector: Collector) -> tuple[Row | None, int]:
        """Return the row within the maximum length, and how many supervised tokens it loses."""
        most = self.settings.max_length
        if most is None or len(row.ids) <= most:
            return row, 0
        turns = row.turns.clip(max=most)
        if turns[0, 0] == most:
            reason = f"its first supervised token is token {row.turns[0, 0]} of {len(row.ids)}"
            collector.reject("truncated-away", reason=reason)
            return None, 0
        lost = int(sum(row.turns[:, 1] - row.turns[:, 0]) - sum(turns[:, 1] - turns[:, 0]))
        if lost:
            reason = f"it has {len(row.ids)} tokens and loses {lost} supervised ones"
            collector.found("truncated-answer", reason=reason)
        kept = turns[turns[:, 0] < turns[:, 1]]
        return Row(row.ids[:most], kept, row.findings), lost

    def row(
        self,
        messages: Sequence[Any],
        row: Row,
        turns: Sequence[TurnCount],
        collector: Collector,
    ) -> None:
        """Look at a row that was prepared."""
        for finding in row.findings:
            if finding.name not in HARMLESS:
                name, level = NOTED.get(finding.name, UNKNOWN)
                reason = f"messages[{finding.message}]: {finding.text}"
                collector.found(name, reason=reason, cause=finding.name, level=level)
        for turn in turns:
            self.end(row.ids[turn.end_from : turn.end].tolist(), collector)
            if _is_empty(messages[turn.message]):
                reason = f"messages[{turn.message}] says nothing and calls no tool"
                collector.found("empty-answer", reason=reason)
        self.start(row.ids[:2].tolist(), collector)

    def end(self, ids: Sequence[int], collector: Collector) -> None:
        """Look at the tokens that end an answer."""
        facts = self.facts
        if ids and facts.stops.isdisjoint(ids):
            ends = facts.name(ids[0])
            reason = f"this answer ends with {ends}; {facts.stops_in_words()}"
            collector.found("end-not-a-stop", reason=reason, cause=ends)
        if facts.pad is not None and facts.pad in ids:
            reason = f"both are {facts.name(facts.pad)}"
            collector.found("pad-is-eos", reason=reason)

    def start(self, ids: Sequence[int], collector: Collector) -> None:
        """Look at the first two tokens of a row."""
        facts = self.facts
        if facts.bos is None or not ids:
            return
        if list(ids) == [facts.bos, facts.bos]:
            collector.found("double-bos", reason=f"both are {facts.name(facts.bos)}")
        elif ids[0] != facts.bos and facts.expects_bos:
            level = "warning" if facts.expects_bos == "template" else "note"
            who = f"the {facts.expects_bos} writes {facts.name(facts.bos)} first"
            reason = f"{who}; this row starts with {facts.name(ids[0])}"
            collector.found("missing-bos", reason=reason, level=level)


def _is_empty(message: Any) -> bool:
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content)
    return not (content and content.strip()) and not message.get("tool_calls")
