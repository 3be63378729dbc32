"""What to say where a turn's border cannot be proven: the likely cause, both texts, the way out."""

from collections.abc import Sequence
from typing import Any

from chatshift.errors import BoundaryError, TemplateError
from chatshift.steps.tokens import tokenize
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.prefix import common_length

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
        "the template writes earlier messages differently once later ones are there.",
        "Train on a template that keeps earlier messages as they are, or on one row for each "
        "answer (unroll).",
    ),
    "BPE merge": (
        "a token reaches across the boundary: the end of the prompt and the start of the answer "
        "are merged into one token.",
        "Let the answer start with a character that does not merge, often by removing the white "
        "space at its start.",
    ),
}
WAY_OUT = "Or pass boundary='answer', which learns the answer where it stands."


def no_prefix(
    messages: Sequence[dict], k: int, text: str, prompt: str, template: ChatTemplate
) -> BoundaryError:
    """Return the error for a prompt that is no prefix of the text."""
    cause = _likely_cause(messages, k, text, prompt, template)
    character = common_length(text, prompt)
    what = f"is no prefix of the full text: they differ from character {character} on"
    return _explain(k, what, cause, (text, prompt), character, template.tokenizer)


def merged(k: int, text: str, character: int, tokenizer: Any) -> BoundaryError:
    """Return the error for a prompt whose ids are no prefix of the ids."""
    what = "is a prefix of the full text, but its ids are no prefix of the full ids"
    return _explain(k, what, "BPE merge", (text, text[:character]), character, tokenizer)


def across_the_end(k: int) -> BoundaryError:
    """Return the error for a turn that ends inside a token, where no offsets tell which."""
    return BoundaryError(
        f"messages[{k}]: a token reaches across the end of its turn, and this tokenizer has no "
        "offsets that would tell which.\n"
        "What to do: Use the fast tokenizer of this model, or pass supervise='last'.",
        "BPE merge",
        0,
    )


def not_located(k: int) -> BoundaryError:
    """Return the error for an answer that cannot be told from the template's text around it."""
    return BoundaryError(
        f"messages[{k}]: the template writes other text around this answer than around another, so "
        "it cannot be proven where this answer stands.\n"
        "What to do: Pass supervise='last' with boundary='prompt' and without mask_tail, which "
        "need only the prompt, or use another template.",
        "answer not located",
        0,
    )


def _likely_cause(
    messages: Sequence[dict], k: int, text: str, prompt: str, template: ChatTemplate
) -> str:
    bos = template.tokenizer.bos_token
    if bos and text.startswith(bos) != prompt.startswith(bos):
        return "BOS"
    for message in messages[:k]:
        if message["role"] in ("system", "developer") and isinstance(message["content"], str):
            said = message["content"].strip()
            if (said in text) != (said in prompt):
                return "system message dropped"
    try:
        history = template.render(messages[:k])
    except TemplateError:
        return "history rewritten"
    if text.startswith(history) and prompt.startswith(history):
        return "generation prompt not in the render"
    return "history rewritten"


def _explain(
    k: int, what: str, cause: str, texts: tuple[str, str], character: int, tokenizer: Any
) -> BoundaryError:
    full, prompt = (tokenize(text, tokenizer) for text in texts)
    position = common_length(full, prompt)
    meaning, remedy = CAUSES[cause]
    return BoundaryError(
        f"messages[{k}]: its prompt {what}. First differing token: {position}.\n"
        f"  prompt: {_token(tokenizer, prompt, position)}; {_around(texts[1], character)}\n"
        f"  full:   {_token(tokenizer, full, position)}; {_around(texts[0], character)}\n"
        f"Likely cause ({cause}): {meaning}\n"
        f"What to do: {remedy} {WAY_OUT}",
        cause,
        position,
    )


def _token(tokenizer: Any, ids: Sequence[int], position: int) -> str:
    if position >= len(ids):
        return "no token"
    return f"token {ids[position]} {tokenizer.convert_ids_to_tokens(ids[position])!r}"


def _around(text: str, character: int, reach: int = 24) -> str:
    """Quote what stands around a character."""
    return (
        f"{text[max(0, character - reach) : character]!r} + {text[character : character + reach]!r}"
    )
