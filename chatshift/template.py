"""The one place that calls a chat template."""

from collections.abc import Sequence
from typing import Any

from chatshift.errors import TemplateError
from chatshift.messages import Conversation, check_messages

# These decide what is rendered; a step sets them itself.
RESERVED = ("tokenize", "add_generation_prompt", "continue_final_message", "return_dict")


def apply_template(
    messages: Conversation, tokenizer: Any, *, add_generation_prompt: bool, template_kwargs: dict
) -> str:
    """Return the text that the tokenizer's chat template writes for `messages`."""
    check_messages(messages)
    check_template(tokenizer, template_kwargs)
    try:
        return tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            **template_kwargs,
        )
    except _refusals() as error:
        roles = ", ".join(message["role"] for message in messages)
        raise TemplateError(
            f"The chat template refused these messages ({roles}): {error}"
        ) from error


def apply_template_to_all(
    conversations: Sequence[Conversation],
    tokenizer: Any,
    *,
    add_generation_prompt: bool,
    template_kwargs: dict,
) -> list[str | None]:
    """Return the text of each conversation, `None` where the template refuses it."""
    settings = {"add_generation_prompt": add_generation_prompt, **template_kwargs}
    try:
        if conversations:
            return tokenizer.apply_chat_template(conversations, tokenize=False, **settings)
        return []
    except _refusals():
        # One of them stopped all: each alone, and those that are refused are found again later.
        return [_text_or_none(messages, tokenizer, settings) for messages in conversations]


def _text_or_none(messages: Conversation, tokenizer: Any, settings: dict) -> str | None:
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, **settings)
    except _refusals():
        return None


def _refusals() -> tuple[type[Exception], ...]:
    """The sandbox raises its own errors; a template that adds None to text raises Python's."""
    from jinja2.exceptions import TemplateError as JinjaError

    return (JinjaError, TypeError, ValueError, LookupError, AttributeError)


def check_template(tokenizer: Any, template_kwargs: dict) -> None:
    """Raise `TemplateError` without a chat template, or with keywords that a step sets itself."""
    for name in RESERVED:
        if name in template_kwargs:
            raise TemplateError(f"{name!r} is set by this step. Leave it out of the keywords.")
    if not getattr(tokenizer, "chat_template", None):
        raise TemplateError(
            f"{type(tokenizer).__name__} has no chat template. Load the tokenizer of the model's "
            "instruction-tuned version, or set tokenizer.chat_template."
        )
