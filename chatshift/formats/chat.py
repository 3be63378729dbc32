"""OpenAI's format: `messages`, with `tools` and `chat_template_kwargs`, each row its own."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.flags import with_weights
from chatshift.formats.records import RowError, Talk
from chatshift.formats.values import list_of_dicts, tools_of

NAME = "messages"


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return isinstance(row.get("messages"), (list, tuple))


def read(row: Mapping) -> list[Talk]:
    """Return the conversation of a row."""
    return [talk_of(row.get("messages"), row, "messages")]


def talk_of(messages: Any, row: Mapping, column: str) -> Talk:
    """Return messages with what else belongs to their row."""
    list_of_dicts(messages, column)
    kwargs = row.get("chat_template_kwargs")
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise RowError(f"chat_template_kwargs must be a dict, not {type(kwargs).__name__}")
    messages, flags = with_weights(messages)
    return Talk(messages, tools_of(row.get("tools")), kwargs, flags)
