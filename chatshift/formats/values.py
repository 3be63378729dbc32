"""What the readers ask of the values in a row."""

import json
from collections.abc import Mapping
from typing import Any

from chatshift.formats.records import RowError


def quote(value: Any, most: int = 40) -> str:
    """Return a value in one short line."""
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def text_of(row: Mapping, column: str) -> str:
    """Return a column that must be text; empty where it is missing or null."""
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowError(f"{column} must be text, not {type(value).__name__}: {quote(value)}")
    return value


def list_of_dicts(value: Any, column: str) -> None:
    """Raise unless a column holds a list of dicts."""
    if not isinstance(value, (list, tuple)):
        raise RowError(f"{column} must be a list of messages, not {type(value).__name__}")
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            raise RowError(f"{column}[{index}] must be a dict, not {type(item).__name__}")


def json_of(value: Any, where: str) -> Any:
    """Return what a JSON text holds; other values as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{where} is no JSON ({error}): {quote(value)}") from None


def tools_of(value: Any) -> list | None:
    """Return a row's tools, which may be written as JSON text; `None` where it has none."""
    if value is None or value == "":
        return None
    tools = json_of(value, "tools")
    if not isinstance(tools, (list, tuple)) or not all(isinstance(t, Mapping) for t in tools):
        raise RowError(f"tools must be a list of JSON schemas, not {quote(value)}")
    return [_wrapped(tool) for tool in tools] or None


def _wrapped(tool: Mapping) -> dict:
    """Return a tool as OpenAI writes it; others leave the outer part away."""
    if "function" in tool or "name" not in tool:
        return dict(tool)
    return {"type": "function", "function": dict(tool)}


def call_of(call: Any, where: str) -> dict[str, Any]:
    """Return a call of a name and arguments in OpenAI's form."""
    if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
        raise RowError(f"{where} must call a tool by 'name' and 'arguments', not {quote(call)}")
    return {"type": "function", "function": dict(call)}
