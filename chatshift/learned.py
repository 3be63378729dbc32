"""What of a conversation is learned: the turns under each policy, and what is worth a note."""

from typing import Any, NamedTuple

from chatshift.answers import Answer, Unlocated, find_answers
from chatshift.boundary import (
    check_answer_rendered,
    common_length,
    not_rendered,
    prove_boundary,
    tail,
)
from chatshift.control import check_control_tokens, control_tokens
from chatshift.encoding import Encoded
from chatshift.errors import BoundaryError, MessageError, TemplateError
from chatshift.messages import Conversation, check_ends_with_answer, check_messages
from chatshift.notes import Note, find_notes
from chatshift.policy import Policy
from chatshift.rendering import Rendering
from chatshift.turns import Start, Turn, find_turns, starts_after_prompts, starts_of_answers


class Learned(NamedTuple):
    """The learned turns of one conversation."""

    prompt_text: str
    prompt_length: int
    turns: list[Turn]
    notes: tuple[Note, ...]
    answers: list[Answer]
    """The places of the learned answers; empty where they could not be located."""
    starts: list[Start]
    """Where their turns start."""


def learn(messages: Conversation, tokenizer: Any, policy: Policy) -> tuple[Encoded, Learned]:
    """Return the rendered and tokenized conversation, and what of it is learned."""
    check_messages(messages)
    check_ends_with_answer(messages)
    if policy.control_tokens == "error":
        check_control_tokens(messages, control_tokens(tokenizer))
    as_text = policy.control_tokens == "text"
    rendering = Rendering(tokenizer, policy.strip_bos, as_text, policy.template_kwargs)
    full = rendering.encoded(messages)
    return full, _find_learned(messages, rendering, full, policy)


def _find_learned(
    messages: Conversation, rendering: Rendering, full: Encoded, policy: Policy
) -> Learned:
    supervise, boundary, mask_tail = policy.supervise, policy.boundary, policy.mask_tail
    found = find_answers(messages, rendering, full.text)
    if isinstance(found, Unlocated):
        check_answer_rendered(messages, rendering)
    prompt = None
    if boundary == "prompt":
        prompt = rendering.encoded(messages[:-1], add_generation_prompt=True)
        prove_boundary(messages, rendering, full, prompt)
    if isinstance(found, Unlocated):
        if prompt is None or supervise == "all" or mask_tail:
            raise _unlocated(found)
        turns = [Turn(len(messages) - 1, len(prompt.ids), None, len(full.ids))]
        notes = find_notes(messages, full, found, turns, [])
        return Learned(prompt.text, len(prompt.ids), turns, notes, [], [])

    answers = found if supervise == "all" else found[-1:]
    if supervise == "all":
        _check_all_rendered(messages, found)
    opening = _opening(messages, rendering, prompt)
    if prompt is None:
        starts = starts_of_answers(answers, full)
    else:
        starts = starts_after_prompts(answers, full, (prompt.text, len(prompt.ids)), opening)
        if len(answers) > 1:
            _check_first_prompt(messages[: answers[0].message], rendering, full, starts[0])
    turns = find_turns(
        messages,
        answers,
        starts,
        full,
        rendering.tokenizer,
        opening,
        with_tail=boundary == "prompt" and not mask_tail,
        need_end=mask_tail,
    )
    if not starts[-1].position:
        raise TemplateError(
            f"The template wrote no prompt for {len(messages) - 1} messages. There is nothing to "
            "predict the answer from."
        )
    notes = find_notes(messages, full, found, turns, starts)
    text = full.text[: starts[-1].character]
    return Learned(text, starts[-1].position, turns, notes, answers, starts)


def _opening(messages: Conversation, rendering: Rendering, prompt: Encoded | None) -> str | None:
    """The generation prompt: what the prompt has and its messages alone have not."""
    try:
        history = rendering.text(messages[:-1])
        prompt_text = prompt.text if prompt else rendering.text(messages[:-1], True)
    except TemplateError:
        return None  # some templates refuse a conversation that ends with the user
    return prompt_text.removeprefix(history) if prompt_text.startswith(history) else None


def _check_all_rendered(messages: Conversation, found: list[Answer]) -> None:
    rendered = {answer.message for answer in found}
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        if index == 0:
            raise MessageError(
                "messages[0] is an answer and nothing comes before it, so supervise='all' has no "
                "prompt to learn it from. Remove it, or pass supervise='last'."
            )
        if index not in rendered:
            raise not_rendered(messages, index)


def _check_first_prompt(
    messages: Conversation, rendering: Rendering, full: Encoded, start: Start
) -> None:
    """The strict rule for the first turn too: what stands before it is its own prompt."""
    text = rendering.text(messages, add_generation_prompt=True)
    if text == full.text[: start.character]:
        return
    character = common_length(text, full.text[: start.character])
    position = max(0, full.tokens_before(character))
    raise BoundaryError(
        f"messages[{len(messages)}]: the prompt of this turn alone is no prefix of the "
        f"conversation: they differ from character {character} on. First differing token: "
        f"{position}.\n"
        f"  prompt alone: {tail(text, character)}\n"
        f"  conversation: {tail(full.text, character)}\n"
        "Likely cause (history rewritten): the template writes earlier messages differently once "
        "later ones are there.\n"
        "What to do: Pass supervise='last', or boundary='answer', which learns each answer where "
        "it stands.",
        "history rewritten",
        position,
    )


def _unlocated(found: Unlocated) -> BoundaryError:
    return BoundaryError(
        f"messages[{found.message}]: {found.reason}, so it cannot be proven where "
        "this answer stands.\nWhat to do: Pass supervise='last' with boundary='prompt' and without "
        "mask_tail, which need only the prompt, or use another template.",
        "answer not located",
        0,
    )
