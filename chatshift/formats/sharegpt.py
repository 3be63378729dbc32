"""ShareGPT: `conversations` of `from` and `value`, tools as JSON text (LLaMA-Factory, axolotl)."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.chat import talk_of
from chatshift.formats.records import RowError, Talk
from chatshift.formats.values import call_of, json_of, list_of_dicts, quote, text_of

NAME = "sharegpt"
ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "assistant": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool": "tool",
    "system": "system",
    "developer": "developer",
}


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return isinstance(row.get("conversations", row.get("conversation")), (list, tuple))


def read(row: Mapping) -> list[Talk]:
    """Return the conversation of a row."""
    column = "conversations" if "conversations" in row else "conversation"
    return [talk_of(messages_of(row, column), row, column)]


def messages_of(row: Mapping, column: str) -> list[dict[str, Any]]:
    """Return a column's turns as messages, with the row's own system message in front."""
    turns = row.get(column)
    list_of_dicts(turns, column)
    messages = [message_of(turn, f"{column}[{i}]") for i, turn in enumerate(turns or [])]
    system = text_of(row, "system")
    return [{"role": "system", "content": system}, *messages] if system else messages


def message_of(turn: Mapping, where: str) -> dict[str, Any]:
    """Return a turn as a message; what else it holds, such as flags, it keeps."""
    if not isinstance(turn, Mapping):
        raise RowError(f"{where} must be a dict, not {type(turn).__name__}")
    if "from" not in turn and "role" in turn:
        return dict(turn)
    speaker, value = turn.get("from"), turn.get("value")
    if not isinstance(speaker, str) or speaker not in ROLES:
        raise RowError(f"{where} is from {quote(speaker)}; known are {', '.join(ROLES)}")
    others = {name: item for name, item in turn.items() if name not in ("from", "value")}
    message = {**others, "role": ROLES[speaker], "content": value}
    if speaker == "function_call":
        calls = json_of(value, f"{where} (function_call)")
        calls = calls if isinstance(calls, list) else [calls]
        message |= {"content": "", "tool_calls": [call_of(call, where) for call in calls]}
    return message
