"""Which tokens a conversation should teach: told by the table of families, without inference.

Every text is rendered whole, every prompt again; each message of the table is written out and
laid end to end, so that the place of a turn is a sum of lengths. Nothing is searched for.
"""

from typing import Any

from families.form import Family
from reading import Reading
from tokenizers import AddedToken
from verdict import ANY_ERROR, Refused, Settings, Verdict


def tokenizer_of(base: Any, family: Family, template: str) -> Any:
    """A tokenizer with the tokens of a family."""
    for texts, special in ((family.special, True), (family.markers, False)):
        added = [AddedToken(text, normalized=False, special=special) for text in texts]
        base.add_tokens(added, special_tokens=special)
    base.bos_token, base.eos_token = family.bos, family.eos
    base.chat_template = template
    return base


class Oracle:
    """The rule for a turn, for one family and its tokenizer."""

    def __init__(self, tokenizer: Any, family: Family):
        self.tokenizer, self.family = tokenizer, family

    def verdict(self, row: Any, settings: Settings) -> Verdict:
        """What must come out of a conversation."""
        may: tuple[str, ...] = (
            ANY_ERROR if settings.supervise == "all" and begins_with_answer(row) else ()
        )
        try:
            reading = Reading(self.tokenizer, self.family, row)
        except Refused as refusal:
            return Verdict(refused=refusal.errors + may, reason=str(refusal))
        may += reading.errors(settings)
        try:
            verdict = reading.verdict(settings)
        except Refused as refusal:
            return Verdict(refused=refusal.errors + may, reason=str(refusal))
        return verdict._replace(refused=verdict.refused + may)


def begins_with_answer(row: Any) -> bool:
    """Whether the prompt of the first answer is empty."""
    return row.messages[0].get("role") == "assistant"
