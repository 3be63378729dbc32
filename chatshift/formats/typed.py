"""LLaMA-Factory's typed parts: a content is a list of `{"type": ..., "value": ...}`."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.chat import talk_of
from chatshift.formats.records import RowError, Talk
from chatshift.formats.values import call_of, json_of, list_of_dicts, quote

NAME = "typed-parts"


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    messages = row.get("messages")
    if not isinstance(messages, (list, tuple)):
        return False
    return any(_is_typed(m.get("content")) for m in messages if isinstance(m, Mapping))


def read(row: Mapping) -> list[Talk]:
    """Return the conversation of a row."""
    return [talk(row, "messages")]


def talk(row: Mapping, column: str) -> Talk:
    """Return a column's messages with what belongs to their row."""
    messages = row[column]
    list_of_dicts(messages, column)
    read_ones = [_message(message, f"{column}[{i}]") for i, message in enumerate(messages)]
    return talk_of(read_ones, row, column)


def _is_typed(content: Any) -> bool:
    return isinstance(content, list) and any(
        isinstance(part, Mapping) and "value" in part for part in content
    )


def _message(message: Mapping, where: str) -> dict[str, Any]:
    if not _is_typed(message.get("content")):
        return dict(message)
    new, calls = dict(message), []
    texts: list[str] = []
    thoughts: list[str] = []
    for number, part in enumerate(message["content"]):
        place = f"{where}: part {number}"
        kind, value = (part.get("type"), part.get("value")) if isinstance(part, Mapping) else (0, 0)
        if kind == "tool_call":
            calls.append(call_of(json_of(value, place), place))
        elif kind in ("text", "reasoning") and isinstance(value, str):
            (texts if kind == "text" else thoughts).append(value)
        else:
            raise RowError(f"{place} is {quote(part)}; only text, reasoning and tool_call are read")
    new["content"] = "".join(texts)
    if thoughts:
        new["reasoning_content"] = "".join(thoughts)
    return {**new, "tool_calls": calls} if calls else new
