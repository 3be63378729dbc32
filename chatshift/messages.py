"""What a conversation must look like before anything is done with it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatshift.errors import MessageError

Message = Mapping[str, Any]
Conversation = Sequence[Message]

ROLES = ("system", "developer", "user", "assistant", "tool")
# Names that other formats use for the same roles, so that the error can say what to write instead.
RENAMED = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant"}


def check_messages(messages: Conversation) -> None:
    """Raise `MessageError` at the first message that is not a role and a text."""
    if isinstance(messages, (str, Mapping)) or not isinstance(messages, Sequence):
        raise MessageError(
            f"messages must be a list of {{'role': ..., 'content': ...}} dicts, "
            f"not {type(messages).__name__}."
        )
    if not messages:
        raise MessageError("There are no messages. Pass at least one user message and an answer.")
    for index, message in enumerate(messages):
        _check_message(index, message)


def check_ends_with_answer(messages: Conversation) -> None:
    """Raise `MessageError` unless there is a prompt, and an assistant message after it."""
    last = len(messages) - 1
    role = messages[last]["role"]
    if role != "assistant":
        raise MessageError(
            f"messages[{last}] is the last message and its role is {role!r}: there is no answer "
            "to learn from. End the conversation with an assistant message."
        )
    if last == 0:
        raise MessageError(
            "The prompt is empty: messages[0] is the answer and nothing comes before it. "
            "Put at least one user message in front."
        )


def _check_message(index: int, message: Message) -> None:
    where = f"messages[{index}]"
    if not isinstance(message, Mapping):
        raise MessageError(
            f"{where} is {_quote(message)}, a {type(message).__name__}. "
            "Each message must be a dict with 'role' and 'content'."
        )
    for key in ("role", "content"):
        if key not in message:
            raise MessageError(f"{where} has no {key!r}; it has {sorted(map(str, message))}.")
    role, content = message["role"], message["content"]
    if role not in ROLES:
        renamed = RENAMED.get(str(role))
        hint = f" In this format {role!r} is {renamed!r}." if renamed else ""
        raise MessageError(f"{where} has the role {_quote(role)}; known are {list(ROLES)}.{hint}")
    if not isinstance(content, str) and not _is_text_parts(content):
        raise MessageError(
            f"{where} ({role!r}) has content {_quote(content)}, a {type(content).__name__}. "
            "Content must be text, or a list of {'type': 'text', 'text': ...} parts; write '' for "
            "none."
        )
    text = content_text(message)
    position = find_lone_surrogate(text)
    if position is not None:
        raise MessageError(
            f"{where} ({role!r}) has {text[position]!r} at character {position}: half of a "
            "surrogate pair, which cannot be encoded. Repair the text where it was decoded."
        )


def content_text(message: Message) -> str:
    """Return what a message says; the texts of its parts are joined."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def printed_forms(message: Message) -> list[str]:
    """How a template that expects text would print a list of parts: as Python, or as JSON."""
    content = message["content"]
    if isinstance(content, str):
        return []
    return [repr(content), json.dumps(content, ensure_ascii=False)]


def _is_text_parts(content: object) -> bool:
    return (
        isinstance(content, list)
        and bool(content)
        and all(
            isinstance(part, Mapping)
            and part.get("type") == "text"
            and isinstance(part.get("text"), str)
            for part in content
        )
    )


def find_lone_surrogate(text: str) -> int | None:
    """Return the position of the first character that UTF-8 cannot encode, or `None`."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def _quote(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"
