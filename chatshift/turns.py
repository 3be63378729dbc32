"""Which tokens are learned: where each answer's turn starts and where it stops, in tokens."""

from collections.abc import Set
from typing import Any, NamedTuple

from chatshift.answers import Answer
from chatshift.boundary import common_length, tail
from chatshift.control import control_tokens
from chatshift.encoding import Encoded
from chatshift.errors import BoundaryError, LabelError
from chatshift.messages import Conversation, content_text


class Turn(NamedTuple):
    """The learned tokens of one assistant message, as positions in `full_ids`."""

    message: int
    """The index of the message."""
    start: int
    """The first learned token."""
    end: int | None
    """The control token that ends the turn; `None` where the template writes none."""
    stop: int
    """One past the last learned token."""


class Start(NamedTuple):
    """Where a turn's learned tokens start, and whether a token had to be left out there."""

    position: int
    character: int
    crossed: bool = False


def starts_of_answers(answers: list[Answer], encoded: Encoded) -> list[Start]:
    """Return the first whole token of each answer."""
    starts = []
    for answer in answers:
        position = encoded.tokens_before(answer.start)
        if position < 0:
            raise _crossed(answer.message, "start", answer.start, encoded)
        crossed = not encoded.starts_at(position, answer.start)
        starts.append(Start(position + crossed, answer.start, crossed))
    return starts


def starts_after_prompts(
    answers: list[Answer], encoded: Encoded, prompt: tuple[str, int], opening: str | None
) -> list[Start]:
    """Return where each generation prompt ends; the last one's text and tokens are `prompt`.

    `opening` is the generation prompt, `None` where the history alone is no prefix of `prompt`.
    """
    prompt_text, prompt_length = prompt
    lead = encoded.text[len(prompt_text) : answers[-1].start]
    starts: list[Start] = []
    before = Start(0, 0)
    for answer, previous in zip(answers[:-1], [None, *answers], strict=False):
        since = previous.end if previous else 0
        gap = encoded.text[since : answer.start]
        # The answer may take up the last part of the generation prompt, such as a <think> tag.
        reach = answer.start + len(opening or "") - 1
        if opening and (place := encoded.text.rfind(opening, since, reach)) >= 0:
            character = place + len(opening)
        elif opening == "" and gap.endswith(lead):
            character = answer.start - len(lead)
        else:
            raise BoundaryError(
                f"messages[{answer.message}]: the generation prompt {opening!r} does not stand "
                f"before this answer, but {gap[-40:]!r}. So it cannot be told where its turn "
                "starts.\nWhat to do: Pass boundary='answer', which learns each answer where it "
                "stands, or supervise='last'.",
                "generation prompt not in the render",
                max(0, encoded.tokens_before(answer.start)),
            )
        position = encoded.tokens_before(character)
        if position < 0 or not encoded.is_boundary(position, character, before[:2]):
            raise _crossed(answer.message, "start", character, encoded)
        before = Start(position, character)
        starts.append(before)
    return [*starts, Start(prompt_length, len(prompt_text))]


def find_turns(
    messages: Conversation,
    answers: list[Answer],
    starts: list[Start],
    encoded: Encoded,
    tokenizer: Any,
    opening: str | None,
    *,
    with_tail: bool,
    need_end: bool,
) -> list[Turn]:
    """Return the learned tokens of each answer, to the end of its turn.

    What the template writes after the last answer closes a turn; of an earlier turn that much
    belongs to it as follows in the same way. The first control token in there ends the turn,
    together with those that follow at once. The tail is what comes after it.

    Args:
        messages: the conversation.
        answers: as `find_answers` gives them.
        starts: one for each answer.
        encoded: the full text.
        tokenizer: the tokenizer of `encoded`.
        opening: the generation prompt; its control tokens end no turn.
        with_tail: learn the tail too.
        need_end: refuse a turn without a token that ends it.
    """
    control = control_tokens(tokenizer).ids
    opened_by = control.intersection(Encoded(opening or "", tokenizer).ids)
    header = _first_header(messages, encoded, control)
    closing = encoded.text[answers[-1].end :]
    turns = []
    for answer, start in zip(answers, starts, strict=True):
        is_last = answer is answers[-1]
        openers = set(opened_by)
        if messages[answer.message - 1]["role"] != "assistant":
            before = max(0, encoded.tokens_before(answer.start))
            if encoded.starts_at(before, answer.start):
                openers |= control.intersection(encoded.ids[:before][-1:])
        openers.discard(tokenizer.eos_token_id)
        after = common_length(encoded.text[answer.end : answer.end + len(closing)], closing)
        rest = encoded.tokens_before(answer.end)
        stop = encoded.tokens_before(answer.end + after)
        if rest < 0 or stop < 0:
            raise _crossed(answer.message, "end", answer.end, encoded)
        rest = max(rest, start.position)
        opened = next((at for at in range(rest, stop) if encoded.ids[at] in openers), stop)
        end = _end(encoded.ids[:opened], rest, control, openers)
        if end is None and not is_last:
            # An earlier turn may be closed in another way than the last one: by a control token
            # that follows at once. Only the first: the one after it may open the next turn.
            end = _end(encoded.ids[: rest + 1], rest, control, openers | {header})
            opened = opened if end is None else end + 1
        if end is None and need_end:
            raise LabelError(
                f"mask_tail=True needs a token that ends the answer's turn, and after "
                f"messages[{answer.message}] this template writes none: no control token follows "
                "the answer. Leave mask_tail off."
            )
        if not with_tail:
            stop = rest if end is None else end + 1
        elif not is_last:
            stop = opened
        if stop <= start.position:
            raise LabelError(
                f"No token of messages[{answer.message}] can be learned: after token "
                f"{start.position}, where its turn starts, the template wrote "
                f"{encoded.text[start.character :][:40]!r}. Is the answer empty, or is its only "
                "token merged with the template's text?"
            )
        turns.append(Turn(answer.message, start.position, end, stop))
    return turns


def _end(ids: list[int], rest: int, control: Set[int], openers: Set[int | None]) -> int | None:
    """The position of the control token that ends a turn whose answer ends before `rest`."""
    found = [at for at in range(rest, len(ids)) if ids[at] in control]
    if not found or ids[found[0]] in openers:
        return None
    end = found[0]
    while end + 1 < len(ids) and ids[end + 1] in control and ids[end + 1] not in openers:
        end += 1
    return end


def _first_header(messages: Conversation, encoded: Encoded, control: Set[int]) -> int | None:
    """The control token before the first user message: it opens a turn and ends none."""
    user = next((content_text(m).strip() for m in messages if m["role"] == "user"), "")
    place = encoded.text.find(user) if user else 0
    before = encoded.ids[: max(0, encoded.tokens_before(place))]
    return next((token_id for token_id in reversed(before) if token_id in control), None)


def _crossed(message: int, which: str, character: int, encoded: Encoded) -> BoundaryError:
    around = tail(encoded.text, character)
    position = max(0, encoded.tokens_before(character))
    return BoundaryError(
        f"messages[{message}]: at the {which} of its turn, token {position}, a token reaches "
        f"across: {around}.\nWhat to do: Let the answer start and end with a character that does "
        "not merge, often by removing the white space there; or pass boundary='answer', which "
        "masks such a token.",
        "BPE merge",
        position,
    )
