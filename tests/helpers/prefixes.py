"""Which tokens a conversation should teach, for a template that nobody has read.

Three rules: a generation prompt that is a prefix says where a turn starts; the conversation
closed after a turn, where it is a prefix, says where that turn ends; and what a message says must
stand there. Where no rule tells, the turn must at least hold its own words and no others. What a
template writes after the last answer to open another turn, `unasked` says, belongs to none.
"""

from functools import cached_property
from typing import Any, NamedTuple

from reading import ENCODING, TEMPLATE_ERRORS
from real_templates import with_both_names
from said import cleaned, quoted, required, spoken, squeezed, strings, text_of
from verdict import ANY_ERROR, Refused, Settings

ROLES = ("system", "user", "assistant")
REFUSABLE = ("TemplateError", "BoundaryError")


class Expected(NamedTuple):
    """A supervised turn: where it starts and where it may stop, `None` where no rule tells."""

    message: int
    start: int | None
    stops: frozenset[int] | None

    @property
    def told(self) -> bool:
        """Whether the rules tell both."""
        return self.start is not None and self.stops is not None and 0 not in self.stops


class Prefixes:
    """One conversation: its text, its prompts, and its text closed after each message."""

    def __init__(self, tokenizer: Any, row: Any, unasked: str = ""):
        self.tokenizer, self.row, self.unasked = tokenizer, row, unasked
        added = tokenizer.added_tokens_decoder
        self.control = {number for number, token in added.items() if token.special}
        self.messages = [] if row.refused else cleaned(row.messages)
        self.rendered: dict[tuple[int, bool], str | None] = {}

    def render(self, count: int, opened: bool) -> str | None:
        """The first messages, with a generation prompt or without; `None` if that is refused."""
        if (count, opened) not in self.rendered:
            try:
                self.rendered[count, opened] = self.text(self.messages[:count], opened)
            except TEMPLATE_ERRORS:
                self.rendered[count, opened] = None
        return self.rendered[count, opened]

    def text(self, messages: list[dict], opened: bool) -> str:
        """What the template writes."""
        return self.tokenizer.apply_chat_template(
            with_both_names(messages),
            tools=self.row.tools,
            tokenize=False,
            add_generation_prompt=opened,
            **self.row.template_kwargs,
        )

    @cached_property
    def full(self) -> str:
        text = self.render(len(self.messages), False)
        if text is None:
            raise Refused("the template refuses it", "TemplateError")
        return text

    @cached_property
    def ids(self) -> list[int]:
        return self.ids_of(self.full)

    def ids_of(self, text: str) -> list[int]:
        return self.tokenizer(text, **ENCODING)["input_ids"]

    def prefix(self, text: str | None) -> int | None:
        """How many tokens a text has, if it is a prefix as text and as ids."""
        if text is None or not self.full.startswith(text):
            return None
        ids = self.ids_of(text)
        return len(ids) if self.ids[: len(ids)] == ids else None

    def supervised(self, supervise: str) -> list[int]:
        """The messages that are learned."""
        answers = [i for i, m in enumerate(self.messages) if m["role"] == "assistant"]
        if supervise == "last":
            return answers[-1:]
        return [i for i in answers if self.row.messages[i].get("weight") != 0]

    def expected(self, settings: Settings) -> list[Expected]:
        """The turns, as far as the rules tell; raise `Refused` where there can be no labels."""
        if self.row.refused:
            raise Refused("the row is wrong", "MessageError")
        said = [t for m in self.messages for t in spoken(m)] + strings(self.row.tools)
        said = [t for t in said if self.control & set(self.ids_of(t))]
        if any(t.strip() in self.full or quoted(t) in self.full for t in said):
            raise Refused("a control token is said", "MessageError", *REFUSABLE)
        try:
            return self.turns(settings)
        except Refused as refusal:
            if said:
                refusal.errors += ("MessageError",)
            raise

    def turns(self, settings: Settings) -> list[Expected]:
        """The supervised turns."""
        turns = [self.turn(i, settings.boundary) for i in self.supervised(settings.supervise)]
        for turn in turns:
            self.check_said(turn)
        if all(turn.stops == {turn.start} for turn in turns):
            raise Refused("nothing is there to learn", "LabelError", *REFUSABLE)
        return turns

    def turn(self, index: int, boundary: str) -> Expected:
        """Where a turn stands."""
        if index == 0:
            raise Refused("the prompt is empty", *ANY_ERROR)
        prompt = self.render(index, True)
        if prompt is None:
            raise Refused("the template refuses it", "TemplateError")
        if not prompt:
            raise Refused("the prompt is empty", "TemplateError")
        silent = not any(required(self.messages[index]))
        if prompt == self.full or (silent and prompt.startswith(self.full)):
            raise Refused("nothing is there to learn", "LabelError", *REFUSABLE)
        start = self.prefix(prompt)
        if start is None and boundary == "prompt":
            raise Refused("the prompt is no prefix", *REFUSABLE)
        return Expected(index, start, self.stops(index))

    def stops(self, index: int) -> frozenset[int] | None:
        """Where a turn may stop."""
        last = index == len(self.messages) - 1
        closed = self.render(index + 1, False)
        if self.unasked and closed and self.unasked in closed:
            closed = closed[: closed.rindex(self.unasked)]
            if last:  # white space before it is a tail, or belongs to it
                first, stop = map(self.prefix, (closed.rstrip(), closed))
                if first is None or stop is None:
                    return None
                return frozenset(range(first, stop + 1))
        length = self.prefix(closed)
        if length is None:
            return None
        if last:
            return frozenset([length])
        if not self.unasked and self.render(index + 1, True) == closed:
            return None  # a next turn may be opened already
        runs = [self.before_opener(run) for run in self.ends(length)]
        return frozenset(stop for _, stop in runs) or None

    @cached_property
    def openers(self) -> set[int]:
        """The control tokens of all generation prompts."""
        found: set[int] = set()
        for index, message in enumerate(self.messages):
            prompt, closed = self.render(index, True), self.render(index, False)
            if message["role"] == "assistant" and prompt and closed and prompt.startswith(closed):
                found |= self.control & set(self.ids_of(prompt[len(closed) :]))
        return found

    def before_opener(self, run: tuple[int, int]) -> tuple[int, int]:
        """A run of control tokens, as far as none of them opens a turn."""
        start, stop = run
        opened = [p for p in range(start + 1, stop) if self.ids[p] in self.openers]
        return start, min([stop, *opened])

    def ends(self, length: int) -> list[tuple[int, int]]:
        """The runs of control tokens at the end of the first tokens, white space aside."""
        runs: list[tuple[int, int]] = []
        for position in range(length - 1, self.last_word(length) - 1, -1):
            if self.ids[position] not in self.control:
                continue
            if runs and runs[0][0] == position + 1:
                runs[0] = (position, runs[0][1])
            else:
                runs.insert(0, (position, position + 1))
        return runs

    def last_word(self, length: int) -> int:
        """One past the last token that is no white space and no control token."""
        while length and (
            self.ids[length - 1] in self.control
            or not self.tokenizer.decode([self.ids[length - 1]]).strip()
        ):
            length -= 1
        return length

    def check_said(self, turn: Expected) -> None:
        """Raise `Refused` where a supervised message says what does not stand in its turn."""
        if self.unwritten(turn.message):
            raise Refused("what is said is not written", *REFUSABLE)
        ids = self.ids[turn.start : max(turn.stops or [])] if turn.told else self.ids
        if lacking := self.lacking(ids, turn.message):
            raise Refused("what is said is not written", *REFUSABLE) from KeyError(lacking)

    def unwritten(self, index: int) -> bool:
        """Whether the text is the same without the calls of a message, or with other content."""
        message = self.messages[index]
        others = []
        if isinstance(message["content"], str) and message["content"].strip():
            others.append({**message, "content": "Wombat"})
        if "tool_calls" in message:
            others.append({key: message[key] for key in message if key != "tool_calls"})
        return any(self.full == self.rendered_with(index, other) for other in others)

    def rendered_with(self, index: int, message: dict) -> str | None:
        """The text with another message in place of one; `None` if that is refused."""
        messages = [*self.messages[:index], message, *self.messages[index + 1 :]]
        try:
            return self.text(messages, False)
        except TEMPLATE_ERRORS:
            return None

    def lacking(self, ids: list[int], index: int) -> str | None:
        """The first thing that a message says and that does not stand in the tokens."""
        text = squeezed(self.tokenizer.decode(ids))
        for said in required(self.messages[index]):
            if squeezed(said) not in text and squeezed(quoted(said)) not in text:
                return said
        return None

    def fault(self, expected: Expected, turn: Any, crossed: bool) -> str:
        """What is wrong with a turn; a token across its start may have been masked, with a note."""
        if expected.start is not None and turn.start != expected.start:
            return f"starts at {turn.start}, not {expected.start}"
        if expected.stops is not None and turn.stop not in expected.stops:
            return f"stops at {turn.stop}, not {sorted(expected.stops)[-2:]}"
        ids = self.ids[turn.start : turn.stop]
        lacking = self.lacking(ids, expected.message)
        if lacking is not None and not crossed:
            return f"lacks {lacking!r}"
        text = squeezed(self.tokenizer.decode(ids))
        own = squeezed("".join(spoken(self.messages[expected.message])))
        for index, other in enumerate(self.messages):
            word = squeezed(text_of(other))
            if other["role"] == "system" or word in ROLES:  # a template may repeat it anywhere
                continue
            if len(word) > 3 and word in text and word not in own:
                return f"holds the words of message {index}: {word!r}"
        return ""
