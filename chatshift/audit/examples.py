"""What is shown of a row: its messages, or its tokens with their labels; long rows in part."""

import json
import re
from collections.abc import Sequence
from typing import Any

from chatshift.steps.mask import IGNORE_INDEX

CHARACTERS = 2000
TOKENS, BEFORE = 400, 120
MESSAGE, CHARACTER = re.compile(r"messages\[(\d+)\]"), re.compile(r"at character (\d+)")


def message_in(reason: str) -> int | None:
    """Return the message that a reason names first."""
    named = MESSAGE.search(reason)
    return int(named[1]) if named else None


def shown_messages(messages: Any, reason: str = "") -> dict[str, Any]:
    """Return the messages of a row that was refused, as text around what the reason names."""
    lines = [line_of(message) for message in messages]
    named = min(message_in(reason) or 0, len(lines) - 1)
    focus = sum(len(line) + 1 for line in lines[:named])
    if lines and (character := CHARACTER.search(reason)):
        focus += len(f"{messages[named].get('role')}: ") + int(character[1])
    said, start = around("\n".join(lines), focus, CHARACTERS // 4, CHARACTERS)
    return {"said": said, "focus": max(0, focus - start)}


def around(text: str, focus: int, before: int, most: int) -> tuple[str, int]:
    """Return a text around one of its characters, and where what is left of it starts."""
    if len(text) <= most:
        return text, 0
    start = max(0, min(focus - before, len(text) - most))
    stop = start + most
    return ("…" if start else "") + text[start:stop] + ("…" if stop < len(text) else ""), start


def line_of(message: Any) -> str:
    """Return a message as text."""
    content = message.get("content")
    text = content if isinstance(content, str) else as_json(content)
    others = {name: value for name, value in message.items() if name not in ("role", "content")}
    return f"{message.get('role')}: {text}" + (f" {as_json(others)}" if others else "")


def as_json(value: Any) -> str:
    """Return a value as JSON on one line, as far as it can be written so."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"
    except (TypeError, ValueError):
        return repr(value)


def shown_tokens(
    pieces: Sequence[str], ids: Sequence[int], labels: Sequence[int], focus: int | None = None
) -> dict[str, Any]:
    """Return the tokens of a row with their labels, from a little before the `focus`.

    Without one, that is the first token that is supervised.
    """
    if focus is None:
        focus = next((i for i, label in enumerate(labels) if label != IGNORE_INDEX), 0)
    start = max(0, focus - BEFORE) if len(ids) > TOKENS else 0
    place = slice(start, start + TOKENS)
    return {
        "pieces": tuple(pieces[place]),
        "ids": tuple(ids[place]),
        "labels": tuple(labels[place]),
        "focus": focus - start,
    }


def labels_of(ids: Sequence[int], turns: Sequence[Sequence[int]]) -> list[int]:
    """Return the labels of a row, before the shift."""
    labels = [IGNORE_INDEX] * len(ids)
    for start, stop in turns:
        labels[start:stop] = ids[start:stop]
    return labels
