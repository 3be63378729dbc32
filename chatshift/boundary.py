"""Where the prompt ends: proven for the one conversation at hand, or refused with the reason."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from chatshift.errors import BoundaryError, TemplateError
from chatshift.messages import Conversation
from chatshift.template import apply_template

# What each cause means, and what to do about it.
CAUSES = {
    "BOS": (
        "only one of the two texts starts with the BOS token.",
        "Let the template write it always or never, or prepare with strip_bos=True.",
    ),
    "system message dropped": (
        "the template writes the system message into only one of the two texts.",
        "Put the instructions into the first user message.",
    ),
    "generation prompt not in the render": (
        "the template opens an answer with text that it does not write before a finished answer.",
        "Pass the template's keywords that switch it off (template_kwargs), or mend the template.",
    ),
    "history rewritten": (
        "the template writes earlier messages differently once the answer is there.",
        "Train on a template that keeps earlier messages as they are.",
    ),
    "BPE merge": (
        "a token reaches across the boundary: the end of the prompt and the start of the answer "
        "are merged into one token.",
        "Let the answer start with a character that does not merge, often by removing the white "
        "space at its start.",
    ),
}


def prove_boundary(
    messages: Conversation,
    tokenizer: Any,
    full: tuple[str, Sequence[int]],
    prompt: tuple[str, Sequence[int]],
    template_kwargs: dict,
) -> int:
    """Return the number of prompt tokens, after comparing texts and ids from their start.

    Args:
        messages: the conversation; only asked for the cause of a failure.
        tokenizer: the tokenizer that made the ids.
        full: text and ids of the whole conversation.
        prompt: text and ids of the prompt.
        template_kwargs: what both were rendered with.

    Raises:
        TemplateError: the template did not render the answer.
        BoundaryError: the prompt is no prefix of the full text, or its ids of the full ids.
    """
    (full_text, full_ids), (prompt_text, prompt_ids) = full, prompt
    if not prompt_ids:
        raise TemplateError(
            f"The template wrote no prompt for {len(messages) - 1} messages: {prompt_text!r}. "
            "There is nothing to predict the answer from."
        )
    _check_answer_rendered(messages, tokenizer, template_kwargs)
    text_fits = full_text.startswith(prompt_text)
    if text_fits and list(full_ids[: len(prompt_ids)]) == list(prompt_ids):
        return len(prompt_ids)
    cause = (
        "BPE merge"
        if text_fits
        else _likely_cause(messages, tokenizer, full_text, prompt_text, template_kwargs)
    )
    position = _common_length(full_ids, prompt_ids)
    raise BoundaryError(_explain(cause, position, tokenizer, full, prompt), cause, position)


def _check_answer_rendered(messages: Conversation, tokenizer: Any, template_kwargs: dict) -> None:
    """Another answer must give another text; otherwise the template ignores the answer."""
    stand_in = {**messages[-1], "content": messages[-1]["content"] + "stand-in"}

    def text(last):
        return apply_template(
            [*messages[:-1], last],
            tokenizer,
            add_generation_prompt=False,
            template_kwargs=template_kwargs,
        )

    if text(stand_in) == text(messages[-1]):
        raise TemplateError(
            f"The template does not render the answer, messages[{len(messages) - 1}]: "
            f"{messages[-1]['content']!r:.60}. A model cannot learn what is not in its text; use a "
            "template that writes assistant messages."
        )


def _likely_cause(
    messages: Conversation, tokenizer: Any, full_text: str, prompt_text: str, template_kwargs: dict
) -> str:
    bos = tokenizer.bos_token
    if bos and full_text.startswith(bos) != prompt_text.startswith(bos):
        return "BOS"
    system = [m["content"].strip() for m in messages if m["role"] in ("system", "developer")]
    if any((text in full_text) != (text in prompt_text) for text in system):
        return "system message dropped"
    history = apply_template(
        messages[:-1], tokenizer, add_generation_prompt=False, template_kwargs=template_kwargs
    )
    if bos and not full_text.startswith(bos):
        history = history.removeprefix(bos)
    if full_text.startswith(history) and prompt_text.startswith(history):
        return "generation prompt not in the render"
    return "history rewritten"


def _explain(cause, position, tokenizer, full, prompt) -> str:
    (full_text, full_ids), (prompt_text, prompt_ids) = full, prompt
    character = _common_length(full_text, prompt_text)
    what = (
        "The prompt's text is a prefix of the full text, but its ids are no prefix of the full ids"
        if cause == "BPE merge"
        else f"The prompt is no prefix of the full text: they differ from character {character} on"
    )
    meaning, remedy = CAUSES[cause]
    return (
        f"{what}. First differing token: {position}.\n"
        f"  prompt: {_token(tokenizer, prompt_ids, position)}; {_tail(prompt_text, character)}\n"
        f"  full:   {_token(tokenizer, full_ids, position)}; {_tail(full_text, character)}\n"
        f"Likely cause ({cause}): {meaning}\n"
        f"What to do: {remedy}"
    )


def _common_length(one: Sequence, other: Sequence) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _token(tokenizer: Any, ids: Sequence[int], position: int) -> str:
    if position >= len(ids):
        return "no token"
    return f"token {ids[position]} {tokenizer.convert_ids_to_tokens(ids[position])!r}"


def _tail(text: str, character: int, reach: int = 24) -> str:
    return (
        f"{text[max(0, character - reach) : character]!r} + {text[character : character + reach]!r}"
    )
