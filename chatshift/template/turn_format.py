"""A template's turn format: the control tokens that open a turn, and those that end an answer's."""

from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from chatshift.errors import TemplateError
from chatshift.template.chat_template import ChatTemplate, is_too_long
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.prefix import common_length

# Words of the probes; they stand in no template.
ONE, TWO, THREE, FOUR = ("Quokka0x", "Quokka1x", "Quokka2x", "Quokka3x")
SYSTEM = {"role": "system", "content": "Quokka4x"}
USER, ANSWER = {"role": "user", "content": ONE}, {"role": "assistant", "content": TWO}
MORE, LAST = {"role": "user", "content": THREE}, {"role": "assistant", "content": FOUR}
FUNCTION = {"name": "f", "arguments": {"a": TWO}}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"type": "function", "id": "call00001", "function": FUNCTION}],
}
RESULT = {"role": "tool", "name": "f", "tool_call_id": "call00001", "content": THREE}


class TurnFormat(NamedTuple):
    """Constants of a template and its keywords."""

    openers: frozenset[int]
    ends: frozenset[int]
    generation_prompt: str
    """Empty where the template has none, or none that can be told."""
    dangling: str
    """The generation prompt that the template writes after the last answer, too."""

    is_known: bool
    """Whether the template writes the conversations that it is read from."""


class Probe:
    """Renders of conversations whose words stand nowhere else."""

    def __init__(self, template: ChatTemplate, tokens: ControlTokens) -> None:
        self.template, self.tokens = template, tokens
        self.in_parts = False
        self.in_parts = ONE not in self.render(USER)

    def render(self, *messages: dict, opened: bool = False) -> str:
        """Return the text; empty where the template refuses such a conversation.

        A template may write no content but lists of parts.
        """
        if self.in_parts:
            messages = tuple(
                {**m, "content": [{"type": "text", "text": m["content"]}]} for m in messages
            )
        try:
            return self.template.render(list(messages), add_generation_prompt=opened)
        except TemplateError as refusal:
            if is_too_long(refusal):
                raise  # each of the rows would take as long
            return ""

    def control(self, text: str, after: str = "", before: str = "") -> list[int]:
        """Return the control tokens of a text, or of what stands between two words in it."""
        if after not in text or before not in text:
            return []
        text = text.rpartition(after)[2] if after else text
        return self.tokens.ids_in(text.partition(before)[0] if before else text)

    def at_start(self, text: str) -> list[int]:
        """Return the control tokens at the very start of a text: they can only open a turn."""
        found, end = [], 0
        for token in self.tokens.find(text):
            if token.start > end:
                break
            found.append(token.id)
            end = token.end
        return found


def read_turn_format(
    template: ChatTemplate, tokens: ControlTokens, stops: frozenset[int]
) -> TurnFormat:
    """Return the turn format, read from renders alone.

    Ends are the control tokens after an answer that are the same whether it is the last message or
    not; where there are none, those up to the first opener. Openers are the control tokens before
    the first message, the last one before the first user's words, those of the generation prompt,
    and those that stand only between an answer, or a call, and what follows it. A stop token of the
    model opens nothing, nor does what stands first after the last answer, or inside a turn.
    """
    probe = Probe(template, tokens)
    talk = probe.render(USER, ANSWER, MORE, LAST)
    if ONE not in talk or TWO not in talk:  # only the last ones may be written
        talk = probe.render(USER, ANSWER)
    dangling = _dangling(probe, talk)
    closing = probe.control(probe.render(USER, ANSWER).removesuffix(dangling), TWO)
    between = probe.control(talk, TWO, THREE)
    openers = _openers(probe, talk, closing, between) - stops - set(closing[:1])
    common = between[: common_length(closing, between)]
    ends = {*_until(closing, openers), *_until(common or between, openers)}
    openers |= set(between[len(common) :] if common else ()) - ends - stops

    after_call = probe.control(probe.render(USER, CALL), TWO)
    before_result = probe.control(probe.render(USER, CALL, RESULT, LAST), TWO, THREE)
    common = after_call[: common_length(after_call, before_result)]
    openers |= set(before_result[len(common) :]) - set(common) - ends - stops
    after = list(_until(common, openers))
    first = next((i for i, token in enumerate(after) if token in ends), len(after) - 1)
    ends |= set(after[max(0, first) :])
    history, prompt = probe.render(USER), probe.render(USER, opened=True)
    added = prompt.removeprefix(history) if history and prompt.startswith(history) else ""
    openers -= _inside(probe)
    return TurnFormat(frozenset(openers), frozenset(ends | stops), added, dangling, bool(talk))


def _dangling(probe: Probe, talk: str) -> str:
    """Return what the template writes after the last answer to open the next one.

    Only a template that ignores add_generation_prompt does so: then the end of a conversation is
    the same after a question and after an answer.
    """
    asked, answered = probe.render(USER), probe.render(USER, ANSWER)
    if asked != probe.render(USER, opened=True) or ONE not in asked or TWO not in answered:
        return ""
    if TWO not in talk or THREE not in talk:
        return ""
    question, closing = asked.rpartition(ONE)[2], answered.rpartition(TWO)[2]
    start = len(closing) - common_length(closing[::-1], question[::-1])
    if not closing[start:].strip():
        return ""
    # What is the same when a user goes on opens nothing; up to its last token it ends the answer.
    agreed = common_length(closing, talk.rpartition(TWO)[2].partition(THREE)[0])
    ends = [token.end for token in probe.tokens.find(closing) if token.end <= agreed]
    start = max(min(start, agreed), *ends, 0)
    whole = probe.tokens.whole_in(closing)
    start = max((end for begin, end in whole if begin < start < end), default=start)
    return closing[start:] if _opens(probe, closing[start:], talk) else ""


def _opens(probe: Probe, text: str, talk: str) -> bool:
    """Return whether a text after an answer opens a turn, and does not only close the whole."""
    control = probe.tokens.find(text)
    if sum(token.end - token.start for token in control) < len(text.strip()):
        return True
    header = probe.control(talk.partition(TWO)[0], ONE)
    return any(token.id in header for token in control)


def _openers(probe: Probe, talk: str, closing: list[int], between: list[int]) -> set[int]:
    """Return the control tokens that stand before words.

    `closing` are those after a last answer, `between` those between one and the next user's words.
    """
    history, prompt = probe.render(USER), probe.render(USER, opened=True)
    added = probe.control(prompt.removeprefix(history)) if prompt.startswith(history) else []
    added = added if history else []
    with_system = probe.render(SYSTEM, USER, ANSWER, MORE, LAST)
    before_first = probe.control(with_system, "", SYSTEM["content"])
    before_user = probe.control(talk, "", ONE)
    # A system message of the template's own may stand there, with its end.
    at_first = {*probe.at_start(talk), *(token for token in before_user if token not in closing)}
    openers = {*(before_first or at_first), *before_user[-1:], *added[:1]}
    # What stands between an answer and the token that opens the next turn ends the answer's.
    first = next((i for i in (*added[:1], *probe.at_start(talk)) if i in between), None)
    return openers if first is None else openers - set(_until(between, {first}))


def _until(found: list[int], stop: set[int]) -> Iterator[int]:
    return takewhile(lambda token: token not in stop, found)


def _inside(probe: Probe) -> set[int]:
    """Return the control tokens of an assistant's turn itself, between its prompt and its words."""
    prompt = probe.render(USER, opened=True)
    if prompt == probe.render(USER):
        return set()  # without a generation prompt, what stands there is the header
    texts = (probe.render(USER, message) for message in (ANSWER, CALL))
    found = (probe.control(text[common_length(text, prompt) :], "", TWO) for text in texts)
    return {token_id for ids in found for token_id in ids}
