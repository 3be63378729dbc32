"""What is looked at in each row, and in the tokenizer: each finding has its rule here."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from chatshift.audit.settings import AuditSettings
from chatshift.audit.tallies import Collector
from chatshift.errors import BoundaryError, ChatshiftError
from chatshift.formats.records import Place, Talk
from chatshift.messages import FLAG, NOTHING
from chatshift.supervise.account import TurnCount
from chatshift.supervise.confirm import Row
from chatshift.supervise.supervision import Supervision

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
# What is noted in a row; the level where it is not the finding's own.
NOTED = {
    "content left out": ("message-left-out", "warning"),
    "call left out": ("call-left-out", "warning"),
    "thought left out": ("thought-left-out", "warning"),
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


class RowChecks:
    """The rules, for one tokenizer and one way to learn."""

    def __init__(self, supervision: Supervision, settings: AuditSettings) -> None:
        self.supervision = supervision
        self.settings = settings

    def fingerprint(self) -> dict[str, Any]:
        """Return what the labels depend on."""
        tokenizer = self.supervision.tokenizer
        return {
            "template": _hash(json.dumps(tokenizer.chat_template, sort_keys=True)),
            "tokenizer": _hash(_as_text(tokenizer)),
            "settings": self.settings.as_json(),
        }

    def flags(self, place: Place, talk: Talk, collector: Collector) -> None:
        """Count flags, and those that ask for what is not done."""
        if talk.flags:
            collector.count_flags(place, talk.flags)
        asked = [
            index
            for index, message in enumerate(talk.messages[:-1])
            if message.get("role") == "assistant" and message.get("weight") == 1
        ]
        if asked and self.settings.supervision.supervise == "last":
            reason = f"messages[{asked[0]}] is flagged to be learned; only the last answer is"
            collector.found("flag-ignored", place, reason=reason, level="warning")

    def refused(self, item: Any, refusal: ChatshiftError, collector: Collector) -> None:
        """Count a conversation that is refused."""
        collector.rejected += 1
        name = REFUSED.get(refusal.cause, "refused")
        if isinstance(refusal, BoundaryError):
            name = "prompt-no-prefix"
        cause = refusal.cause or type(refusal).__name__
        collector.found(
            name, item.place, reason=str(refusal), cause=cause, level="error", example=lambda: ()
        )

    def cut(self, prepared: Any, collector: Collector) -> tuple[Row | None, int]:
        """Return the row within the maximum length, and how many supervised tokens it loses."""
        row, most = prepared.row, self.settings.max_length
        if most is None or len(row.ids) <= most:
            return row, 0
        place = prepared.item.place
        turns = row.turns.clip(max=most)
        if turns[0, 0] == most:
            collector.rejected += 1
            reason = f"its first supervised token is token {row.turns[0, 0]} of {len(row.ids)}"
            collector.found("truncated-away", place, reason=reason)
            return None, 0
        lost = int((row.turns - turns)[:, 1].sum() - (row.turns - turns)[:, 0].sum())
        if lost:
            reason = f"it loses {lost} supervised tokens of {len(row.ids)} tokens"
            collector.found("truncated-answer", place, reason=reason)
        return Row(row.ids[:most], turns, row.findings), lost

    def row(
        self, prepared: Any, row: Row, turns: Sequence[TurnCount], collector: Collector
    ) -> None:
        """Look at a row that was prepared."""
        place = prepared.item.place
        for finding in row.findings:
            if finding.name in NOTED:
                name, level = NOTED[finding.name]
                collector.found(name, place, reason=finding.text, cause=finding.name, level=level)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _as_text(tokenizer: Any) -> str:
    if tokenizer.is_fast:
        return tokenizer.backend_tokenizer.to_str()
    return json.dumps(sorted(tokenizer.get_vocab().items()))
