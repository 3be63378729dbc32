"""Prompt and completion: texts, or lists of messages (TRL)."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.chat import talk_of
from chatshift.formats.records import RowError, Talk
from chatshift.formats.values import list_of_dicts, quote

NAME = "prompt-completion"


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return "prompt" in row and "completion" in row


def read(row: Mapping) -> list[Talk]:
    """Return the conversation of a row."""
    answer = said(row.get("completion"), "completion", "assistant")
    talk = talk_of([*said(row.get("prompt"), "prompt", "user"), *answer], row, "messages")
    kind = "text" if isinstance(row["completion"], str) else "messages"
    return [talk._replace(completion=kind)]


def said(value: Any, column: str, role: str) -> list[dict[str, Any]]:
    """Return a text as a message of this role; messages as they are."""
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if isinstance(value, (list, tuple)):
        list_of_dicts(value, column)
        return list(value)
    raise RowError(f"{column} must be text or a list of messages, not {quote(value)}")
