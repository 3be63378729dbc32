"""Nulls that Arrow puts into a row for keys that only other rows have: they are taken out again.

Left in, they would be learned: `{"city": "Paris", "limit": null}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def rows_without_nulls(rows: Iterable[Any]) -> Iterator[Any]:
    """Return the rows; without nulls, if they come from a `datasets.Dataset`."""
    if hasattr(rows, "features"):
        return map(row_without_nulls, rows)
    return iter(rows)


def row_without_nulls(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of an Arrow table without its nulls.

    A role or a content that is null stays: a message without one is to be refused as such.
    """
    others = {name: _without(value) for name, value in row.items() if name != "messages"}
    if "messages" not in row:
        return others
    messages = row["messages"] or []
    return {**others, "messages": [_message(message) for message in messages]}


def _message(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    kept = ("role", "content")
    return {
        name: _without(value)
        for name, value in message.items()
        if value is not None or name in kept
    }


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(item) for name, item in value.items() if item is not None}
    return [_without(item) for item in value] if isinstance(value, list) else value
