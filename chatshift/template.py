"""The one place that calls a chat template."""

from typing import Any

from chatshift.errors import TemplateError
from chatshift.messages import Conversation, check_messages

# These decide what is rendered; a step sets them itself.
RESERVED = ("tokenize", "add_generation_prompt", "continue_final_message", "return_dict")


def apply_template(
    messages: Conversation, tokenizer: Any, *, add_generation_prompt: bool, template_kwargs: dict
) -> str:
    """Return the text that the tokenizer's chat template writes for `messages`."""
    from jinja2.exceptions import TemplateError as JinjaError

    check_messages(messages)
    for name in RESERVED:
        if name in template_kwargs:
            raise TemplateError(f"{name!r} is set by this step. Leave it out of the keywords.")
    if not getattr(tokenizer, "chat_template", None):
        raise TemplateError(
            f"{type(tokenizer).__name__} has no chat template. Load the tokenizer of the model's "
            "instruction-tuned version, or set tokenizer.chat_template."
        )
    try:
        return tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            **template_kwargs,
        )
    # The sandbox raises its own errors; a template that adds None to text raises Python's.
    except (JinjaError, TypeError, ValueError, LookupError, AttributeError) as error:
        roles = ", ".join(message["role"] for message in messages)
        raise TemplateError(
            f"The chat template refused these messages ({roles}): {error}"
        ) from error
