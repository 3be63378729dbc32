"""Step 1: a conversation becomes one text."""

from typing import Any

from chatshift.messages import Conversation, check_messages, without_weights
from chatshift.template.chat_template import ChatTemplate


def render(
    messages: Conversation, tokenizer: Any, *, tools: Any = None, **template_kwargs: Any
) -> str:
    """Return the conversation as the one text that the model reads.

    Args:
        messages: the conversation, `{"role": ..., "content": ...}` each; at least one.
        tokenizer: a transformers tokenizer with a chat template.
        tools: functions, or JSON schemas of them, that the model may call.
        **template_kwargs: passed to the template, for instance `enable_thinking=False`.

    Returns:
        The rendered text, control tokens written out, without a generation prompt at its end.

    Raises:
        MessageError: a message has a wrong type, role or content; its index is named.
        TemplateError: there is no template, or it refused; its own words are kept.

    Example:
        >>> from chatshift import load_tokenizer, render
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> text = render(messages, load_tokenizer())
        >>> print(text)
        <bos><start_of_turn>user
        Hi<end_of_turn>
        <start_of_turn>model
        Yes<end_of_turn>

    Chapter: 1, The chat template.
    """
    checked = check_messages(messages)
    template = ChatTemplate(tokenizer, tools=tools, template_kwargs=template_kwargs)
    return template.render(without_weights(checked))


def strip_bos(text: str, tokenizer: Any) -> str:
    """Return `text` without the one BOS token that a template wrote at its start.

    Args:
        text: a rendered conversation.
        tokenizer: a transformers tokenizer; one without a BOS token changes nothing.

    Returns:
        The text after `tokenizer.bos_token`, or `text` itself where it does not start with it.

    Example:
        >>> from chatshift import load_tokenizer, strip_bos
        >>> strip_bos("<bos><start_of_turn>user", load_tokenizer())
        '<start_of_turn>user'

    Chapter: 1, The chat template.
    """
    return text.removeprefix(tokenizer.bos_token or "")
