"""Values that a message may hold: JSON's own types, and the texts in them."""

from collections.abc import Mapping
from typing import Any

from chatshift.errors import MessageError

DEEPEST = 60
SCALARS: tuple[type, ...] = (str, bool, int, float)


def texts_of(value: Any) -> list[str]:
    """Return every text in a message, its keys too, but its role and the types of its parts."""
    if isinstance(value, str):
        return [value]
    found: list[str] = []
    if isinstance(value, (dict, Mapping)):  # a dict is known at once, any mapping is not
        for key, item in value.items():
            if key not in ("role", "type"):
                found += texts_of(key)
                found += texts_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            found += texts_of(item)
    return found


def find_lone_surrogate(text: str) -> int | None:
    """Return the position of the first character that UTF-8 cannot encode, or `None`."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def plain(where: str, value: Any, depth: int = 0) -> Any:
    """Return the value made of JSON's own types: a template gets no object with methods."""
    if value is None or type(value) in SCALARS:
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of an enum, its value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)  # of numpy's, a plain one
    if depth > DEEPEST:
        raise MessageError(f"{where} is nested more than {DEEPEST} levels deep.")
    if isinstance(value, Mapping):
        if wrong := [key for key in value if not isinstance(key, str)]:
            raise MessageError(f"{where} has the key {quote(wrong[0])}; keys must be texts.")
        return {str(key): plain(where, item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(where, item, depth + 1) for item in value]
    raise MessageError(
        f"{where} holds {quote(value)}, a {type(value).__name__}. Only texts, numbers, lists and "
        "dicts can be rendered."
    )


def quote(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"
