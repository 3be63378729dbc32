"""The one place that calls a chat template."""

from collections.abc import Iterable, Iterator
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
    except refusals() as error:
        roles = ", ".join(message["role"] for message in messages)
        raise TemplateError(
            f"The chat template refused these messages ({roles}): {error}"
        ) from error


def apply_template_to_all(
    conversations: Iterable[Conversation],
    tokenizer: Any,
    *,
    add_generation_prompt: bool,
    template_kwargs: dict,
) -> Iterator[str | None]:
    """Yield the text of each conversation, `None` where the template refuses it.

    The messages must be plain dicts of a role and a text. That is why the template, compiled and
    sandboxed by transformers, can be called without the copying and the look-ups of
    `apply_chat_template`, which take a third of the time.
    """
    # It has no public name. `prepare_batch` compares rows with those of `apply_chat_template`.
    from transformers.utils.chat_template_utils import _compile_jinja_template

    compiled = _compile_jinja_template(tokenizer.get_chat_template())
    variables = variables_of(tokenizer, add_generation_prompt, template_kwargs)
    for messages in conversations:
        try:
            yield compiled.render(messages=messages, **variables)
        except refusals():
            yield None


def variables_of(
    tokenizer: Any, add_generation_prompt: bool, template_kwargs: dict
) -> dict[str, Any]:
    """Return what a template sees beside the messages."""
    variables = {"tools": None, "documents": None, **tokenizer.special_tokens_map}
    return variables | {"add_generation_prompt": add_generation_prompt, **template_kwargs}


def refusals() -> tuple[type[Exception], ...]:
    """Return what a template refuses with.

    The sandbox raises its own errors; a template that adds None to text raises Python's.
    """
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
