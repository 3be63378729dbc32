"""Control tokens in message content: text that would open or close a turn."""

from typing import Any

from chatshift.errors import MessageError
from chatshift.messages import Conversation


def control_tokens(tokenizer: Any) -> dict[str, int]:
    """Return text and id of each added token that is marked special.

    Not every added token is one: Gemma's list also holds blank lines, and Qwen3's `<think>`.
    """
    added = tokenizer.added_tokens_decoder
    return {token.content: token_id for token_id, token in added.items() if token.special}


def check_control_tokens(messages: Conversation, tokenizer: Any) -> None:
    """Raise `MessageError` where message content would become a control token."""
    tokens = control_tokens(tokenizer)
    for index, message in enumerate(messages):
        content = message["content"]
        found = [(content.find(text), -len(text), text) for text in tokens if text in content]
        if found:
            position, _, text = min(found)
            raise MessageError(
                f"messages[{index}] ({message['role']!r}) contains {text!r} at character "
                f"{position}: {content[max(0, position - 20) : position + len(text) + 20]!r}. The "
                f"tokenizer would make it the control token {tokens[text]}, not text. Remove it "
                "from the content, or pass control_tokens='allow' if it is meant."
            )
