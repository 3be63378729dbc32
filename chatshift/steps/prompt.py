"""Step 2: everything before the answer becomes a text of its own."""

from typing import Any

from chatshift.messages import (
    Conversation,
    check_ends_with_answer,
    check_messages,
    without_weights,
)
from chatshift.template.chat_template import ChatTemplate


def render_prompt(
    messages: Conversation, tokenizer: Any, *, tools: Any = None, **template_kwargs: Any
) -> str:
    """Return the text that stands before the answer: the prompt and the generation prompt.

    Args:
        messages: the whole conversation, the assistant's answer last; it is left out here.
        tokenizer: a transformers tokenizer with a chat template.
        tools: the same as for `render`.
        **template_kwargs: the same as for `render`.

    Returns:
        All messages but the last, rendered with `add_generation_prompt=True`.

    Raises:
        MessageError: as in `render`; also if the last message is no answer, or the first one is.
        TemplateError: as in `render`.

    Example:
        >>> from chatshift import load_tokenizer, render_prompt
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> render_prompt(messages, load_tokenizer())
        '<bos><start_of_turn>user\\nHi<end_of_turn>\\n<start_of_turn>model\\n'

    Chapter: 2, The prompt only.
    """
    checked = check_messages(messages)
    check_ends_with_answer(checked)
    template = ChatTemplate(tokenizer, tools=tools, template_kwargs=template_kwargs)
    return template.render(without_weights(checked)[:-1], add_generation_prompt=True)
