"""Where the prompt ends: proven for the one conversation at hand, or refused with the reason."""

from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from chatshift.encoding import Encoded
from chatshift.errors import BoundaryError, TemplateError
from chatshift.messages import Conversation, content_text
from chatshift.rendering import Rendering

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
WAY_OUT = "Or pass boundary='answer', which learns the answer where it stands."


def prove_boundary(
    messages: Conversation, rendering: Rendering, full: Encoded, prompt: Encoded
) -> None:
    """Raise an error unless the full text and its ids start with those of the prompt.

    Args:
        messages: the conversation; only asked for the cause of a failure.
        rendering: what rendered it.
        full: text and ids of the whole conversation.
        prompt: text and ids of the prompt.

    Raises:
        TemplateError: the template wrote no prompt.
        BoundaryError: the prompt is no prefix of the full text, or its ids of the full ids.
    """
    if not prompt.ids:
        raise TemplateError(
            f"The template wrote no prompt for {len(messages) - 1} messages: {prompt.text!r}. "
            "There is nothing to predict the answer from."
        )
    text_fits = full.text.startswith(prompt.text)
    if text_fits and full.ids[: len(prompt.ids)] == prompt.ids:
        return
    cause = "BPE merge" if text_fits else _likely_cause(messages, rendering, full, prompt)
    position = common_length(full.ids, prompt.ids)
    raise BoundaryError(_explain(cause, position, rendering, full, prompt), cause, position)


def check_answer_rendered(messages: Conversation, rendering: Rendering) -> None:
    """Raise `TemplateError` unless another answer gives another text."""
    content = messages[-1]["content"]
    more: Any = "stand-in" if isinstance(content, str) else [{"type": "text", "text": "stand-in"}]
    other = {**messages[-1], "content": content + more}
    if rendering.text([*messages[:-1], other]) == rendering.text(messages):
        raise not_rendered(messages, len(messages) - 1)


def not_rendered(messages: Conversation, index: int) -> TemplateError:
    """The error for an answer that the template leaves out."""
    return TemplateError(
        f"The template does not render the answer, messages[{index}]: "
        f"{content_text(messages[index])!r:.60}. A model cannot learn what is not in its text; use "
        "a template that writes assistant messages."
    )


def _likely_cause(
    messages: Conversation, rendering: Rendering, full: Encoded, prompt: Encoded
) -> str:
    bos = rendering.tokenizer.bos_token
    if bos and full.text.startswith(bos) != prompt.text.startswith(bos):
        return "BOS"
    system = [content_text(m).strip() for m in messages if m["role"] in ("system", "developer")]
    if any((text in full.text) != (text in prompt.text) for text in system):
        return "system message dropped"
    history = rendering.text(messages[:-1])
    if full.text.startswith(history) and prompt.text.startswith(history):
        return "generation prompt not in the render"
    return "history rewritten"


def _explain(
    cause: str, position: int, rendering: Rendering, full: Encoded, prompt: Encoded
) -> str:
    character = common_length(full.text, prompt.text)
    what = (
        "The prompt's text is a prefix of the full text, but its ids are no prefix of the full ids"
        if cause == "BPE merge"
        else f"The prompt is no prefix of the full text: they differ from character {character} on"
    )
    meaning, remedy = CAUSES[cause]
    token = partial(_token, rendering.tokenizer, position=position)
    return (
        f"{what}. First differing token: {position}.\n"
        f"  prompt: {token(prompt.ids)}; {tail(prompt.text, character)}\n"
        f"  full:   {token(full.ids)}; {tail(full.text, character)}\n"
        f"Likely cause ({cause}): {meaning}\n"
        f"What to do: {remedy} {WAY_OUT}"
    )


def common_length(one: Sequence, other: Sequence) -> int:
    """Return how many items two texts, or two lists of ids, have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _token(tokenizer: Any, ids: Sequence[int], position: int) -> str:
    if position >= len(ids):
        return "no token"
    return f"token {ids[position]} {tokenizer.convert_ids_to_tokens(ids[position])!r}"


def tail(text: str, character: int, reach: int = 24) -> str:
    """Quote what stands around a character."""
    return (
        f"{text[max(0, character - reach) : character]!r} + {text[character : character + reach]!r}"
    )
