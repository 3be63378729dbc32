"""One conversation, rendered and written out: where its turns stand, and what is left out."""

from functools import cached_property
from typing import Any, NamedTuple

import jinja2
from families.form import Family, Message, Place, written
from real_templates import with_both_names
from said import SAID, cleaned, compare, quoted, spoken, strings, text_of
from verdict import ANY_ERROR, Refused, Settings, TableError, Verdict

# What a template may raise: its own word, or Python's where it did not expect a value.
TEMPLATE_ERRORS = (jinja2.TemplateError, TypeError, AttributeError, ValueError, LookupError)
ENCODING = {"add_special_tokens": False, "verbose": False}


class Turn(NamedTuple):
    """The text of an assistant's turn, by its places in the whole text."""

    start: int
    first: int
    """Where the message begins to speak."""
    end: int
    """Where it has ended."""
    stop: int
    """Where its tail has ended."""
    ended: bool
    """Whether a control token ends it."""


class Learned(NamedTuple):
    """The supervised tokens of a turn."""

    positions: set[int]
    notes: set[str]
    optional: set[str]
    """Notes that may be there or not."""
    unsure: bool
    """Whether a refusal is as good."""


class Reading:
    """One conversation, rendered and written out."""

    def __init__(self, tokenizer: Any, family: Family, row: Any):
        self.tokenizer, self.family, self.row = tokenizer, family, row
        if row.refused:
            raise Refused("never right", "MessageError")
        self.messages = cleaned(row.messages)
        try:
            self.full = self.render(self.messages)
        except TEMPLATE_ERRORS as error:
            raise Refused(f"the template: {error}", "TemplateError") from error
        self.skipped = int(self.messages[0]["role"] == "system")
        rest = self.messages[self.skipped :]
        self.places = [Place(rest, i, row.tools, row.template_kwargs) for i in range(len(rest))]
        self.written = [written(self.family, place) for place in self.places]
        self.starts = self.laid_out()

    def laid_out(self) -> list[int]:
        """Where each message starts: counted from the end of the text."""
        texts = ["".join(piece.text for piece in pieces) for pieces in self.written]
        whole = "".join(texts) + self.family.dangling
        opened = len(self.written[0][0].text) if self.written[0] else 0
        if not self.full.endswith(whole[opened:]):
            raise TableError(f"{self.family.name}: {self.row.name}: {whole!r} in {self.full!r}")
        start = len(self.full) - len(whole)
        return [start + sum(map(len, texts[:i])) for i in range(len(texts))]

    def render(self, messages: list[Message], opened: bool = False) -> str:
        """The template's own text."""
        return self.tokenizer.apply_chat_template(
            with_both_names(messages),
            tools=self.row.tools,
            tokenize=False,
            add_generation_prompt=opened,
            **self.row.template_kwargs,
        )

    def errors(self, settings: Settings) -> tuple[str, ...]:
        """The errors that are right whatever the labels would be."""
        errors: tuple[str, ...] = ()
        if self.says_control_tokens():
            errors += ("MessageError",)
        if self.row.name in self.family.reacts:
            errors += ("TemplateError", "BoundaryError")
        learned = self.supervised_messages(settings.supervise)
        left, named = self.left_out()
        mute = {i for i in learned if not self.speaks(i)}
        if learned & named or mute & {i for _, i in left}:
            errors += ("TemplateError",)
        answers = [i for i, m in enumerate(self.messages) if m["role"] == "assistant"]
        if any(i >= self.skipped and not self.speaks(i) for i in answers):
            # Where an answer says nothing, its place, or the next one's, need not show itself.
            errors += ("BoundaryError", "LabelError")
        if any(text_of(self.messages[i]).strip() for i in mute):
            errors += ("TemplateError",)
        return errors

    def speaks(self, index: int) -> bool:
        """Whether anything that a message says is written."""
        return any(p.kind in SAID and p.text.strip() for p in self.written[index - self.skipped])

    def verdict(self, settings: Settings) -> Verdict:
        """The positions and notes, or why the row must be refused."""
        if any(
            t.strip() in self.full or quoted(t) in self.full for t in self.says_control_tokens()
        ):
            raise Refused("a control token is said", "MessageError", "TemplateError")
        learned = self.supervised_messages(settings.supervise)
        left, named = self.left_out()
        lost = [(kind, i) for kind, i in left if i in learned and kind != "thought"]
        if lost:
            raise Refused(f"{lost} left out of a supervised message", "TemplateError")
        positions: set[int] = set()
        notes = {(f"{kind} left out", index) for kind, index in left}
        refused: tuple[str, ...] = ()
        optional = self.behind_results()
        for index in sorted(learned):
            turn = self.learned(index, self.turn(index), settings)
            positions |= turn.positions
            notes |= {(name, index) for name in turn.notes}
            optional |= {(name, index) for name in turn.optional}
            refused += ANY_ERROR if turn.unsure else () if turn.positions else ("LabelError",)
        if not positions:
            raise Refused("nothing to learn")
        return Verdict(frozenset(positions), frozenset(notes), refused, frozenset(optional), named)

    def behind_results(self) -> set[tuple[str, int]]:
        """A careful reader may note a content that stands behind its own tool's result."""
        pairs = zip(self.places, self.written, strict=True)
        indices = [p.index for p, pieces in pairs if any(x.kind == "result" for x in pieces)]
        return {("content left out", index + self.skipped) for index in indices}

    def says_control_tokens(self) -> list[str]:
        """The texts of the row that say a control token."""
        texts = strings(self.row.tools) + [t for m in self.messages for t in spoken(m)]
        return [t for t in texts if any(token in t for token in self.family.special)]

    def supervised_messages(self, supervise: str) -> set[int]:
        """The indices of the messages that are learned."""
        last = len(self.messages) - 1
        answers = [i for i, m in enumerate(self.messages) if m["role"] == "assistant"]
        weights = {i: self.row.messages[i].get("weight") for i in answers}
        return {i for i in answers if weights[i] != 0} if supervise == "all" else {last}

    def left_out(self) -> tuple[set[tuple[str, int]], frozenset[int]]:
        """What is said and not written, and the messages that are not written as they are."""
        left: set[tuple[str, int]] = set()
        named: set[int] = set()
        if self.skipped and self.messages[0]["content"] and not self.family.system:
            left.add(("content", 0))
        within = [p.text for pieces in self.written for p in pieces if p.kind == "result"]
        for place, pieces in zip(self.places, self.written, strict=True):
            index = place.index + self.skipped
            if place.message["role"] == "tool" and place.message["content"] in within:
                continue
            missing, changed = compare(self.family, place, pieces)
            left |= {(kind, index) for kind in missing}
            if changed:
                named.add(index)
        return left, frozenset(named)

    def turn(self, index: int) -> Turn:
        """Where an assistant's turn stands."""
        pieces = self.written[index - self.skipped]
        said = [i for i, p in enumerate(pieces) if p.kind in SAID and p.text.strip()]
        last = said[-1] if said else 0
        if any(p.kind == "result" for p in pieces[said[0] if said else 0 : last]):
            raise Refused("a result stands in what is said", "TemplateError")
        if not any(p.text for p in pieces):
            raise Refused("no turn at all")
        ends = [i for i, p in enumerate(pieces) if p.kind == "end" and i > last]
        lengths = [len(p.text) for p in pieces]
        start = self.starts[index - self.skipped]
        first = next((i for i, p in enumerate(pieces) if p.kind in SAID and p.text), ends[0])
        return Turn(
            start,
            start + sum(lengths[:first]),
            start + sum(lengths[: ends[0] + 1]),
            start + sum(lengths),
            bool(pieces[ends[0]].text),
        )

    def learned(self, index: int, turn: Turn, settings: Settings) -> Learned:
        """The positions of a turn, and its notes."""
        place, (ids, spans) = self.places[index - self.skipped], self.encoded
        notes = set() if turn.ended else {"no end of turn"}
        optional = set() if self.family.prompt_at(place) else {"header learned"}
        try:
            prompt = self.render(self.messages[:index], opened=True)
        except TEMPLATE_ERRORS:
            prompt = None
        begin, crossed = None, False
        if prompt is not None and self.full.startswith(prompt):
            if prompt[turn.start :] != self.family.prompt_at(place):
                raise TableError(f"{self.family.name}: {self.row.name}: {prompt[turn.start :]!r}")
            start = len(prompt)
            prompt_ids = self.tokenizer(prompt, **ENCODING)["input_ids"]
            if ids[: len(prompt_ids)] == prompt_ids:
                begin = len(prompt_ids)
        else:
            start = self.departure(place, turn)
            lacking = start - turn.start < len(self.family.prompt_at(place))
            (notes if lacking else optional).add("generation prompt not matched")
        unsure = prompt is None or index == 0
        if begin is None and settings.boundary == "prompt":
            raise Refused("the prompt is no prefix", *(ANY_ERROR if unsure else ("BoundaryError",)))
        if begin is None:
            begin, crossed = first_token(self.full, spans, start)
        notes |= {"token across the start"} if crossed else set()
        last = index == len(self.messages) - 1 and not settings.mask_tail
        stop = turn.stop if last else turn.end
        found = {i for i, span in enumerate(spans) if i >= begin and within(self.full, span, stop)}
        return Learned(found, notes, optional, unsure)

    def departure(self, place: Place, turn: Turn) -> int:
        """Where the text leaves the generation prompt, before it begins to speak."""
        lead, prompt = self.full[turn.start : turn.first], self.family.prompt_at(place)
        count = 0
        while lead[count : count + 1] == prompt[count : count + 1] != "":
            count += 1
        for text in (lead + self.full[turn.first :], prompt):
            for token in (*self.family.special, *self.family.markers):
                for cut in range(max(0, count - len(token) + 1), count):
                    if text.startswith(token, cut) and cut < count < cut + len(token):
                        count = cut
        return turn.start + count

    @cached_property
    def encoded(self) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of the text, and where each stands."""
        encoded = self.tokenizer(self.full, return_offsets_mapping=True, **ENCODING)
        return encoded["input_ids"], encoded["offset_mapping"]


def within(full: str, span: tuple[int, int], stop: int) -> bool:
    """Whether a token ends before a place, white space aside."""
    left, right = span
    return left < stop and not full[stop:right].strip()


def first_token(full: str, spans: list[tuple[int, int]], start: int) -> tuple[int, bool]:
    """The first token from a place on: one that reaches across it, if only by white space."""
    for position, (left, right) in enumerate(spans):
        if left >= start:
            return position, False
        if left < start < right:
            across = not full[left:start].isspace()
            return position + across, across
    return len(spans), False
