"""What is shown of a row: its messages, or its tokens with their labels; long rows in part."""

import json
from collections.abc import Sequence
from typing import Any

from chatshift.steps.mask import IGNORE_INDEX
from chatshift.supervise.confirm import Row
from chatshift.supervise.encoder import Encoder
from chatshift.supervise.origins import pieces_of

CHARACTERS = 2000
TOKENS, BEFORE = 400, 120


def shown_messages(messages: Any) -> dict[str, Any]:
    """Return the messages of a row that was refused, as text."""
    lines = []
    for message in messages:
        content = message.get("content")
        text = content if isinstance(content, str) else _as_json(content)
        others = {name: value for name, value in message.items() if name not in ("role", "content")}
        lines.append(f"{message.get('role')}: {text}" + (f" {_as_json(others)}" if others else ""))
    said = "\n".join(lines)
    return {"said": said if len(said) <= CHARACTERS else said[:CHARACTERS] + "…"}


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def shown_tokens(text: str, row: Row, encoder: Encoder) -> dict[str, Any]:
    """Return the tokens of a row with their labels, from a little before the first that counts."""
    ids = row.ids.tolist()
    pieces = pieces_of(text, ids, encoder)
    labels = labels_of(ids, row.turns.tolist())
    first = next(i for i, label in enumerate(labels) if label != IGNORE_INDEX)
    place = slice(max(0, first - BEFORE) if len(ids) > TOKENS else 0, None)
    place = slice(place.start, place.start + TOKENS)
    return {
        "pieces": tuple(pieces[place]),
        "ids": tuple(ids[place]),
        "labels": tuple(labels[place]),
    }


def labels_of(ids: Sequence[int], turns: Sequence[Sequence[int]]) -> list[int]:
    """Return the labels of a row, before the shift."""
    labels = [IGNORE_INDEX] * len(ids)
    for start, stop in turns:
        labels[start:stop] = ids[start:stop]
    return labels
