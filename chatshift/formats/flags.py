"""Other tools' flags on messages become `weight`: what they switch off is not learned."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatshift.messages import FLAGS

# These say what to leave out; all others what to learn.
INVERTED = frozenset(("mask",))


def with_weights(messages: Sequence[Mapping]) -> tuple[list[dict], tuple[str, ...], tuple]:
    """Return the messages with weights, the names of the flags, and what these ask in vain.

    A flag is taken out. On an assistant message it becomes the weight; on another message only
    "do not learn this" is what happens anyway.
    """
    done: list[dict] = []
    names: list[str] = []
    ignored: list[str] = []
    for index, message in enumerate(messages):
        message, found = _weighted(message, index, ignored)
        done.append(message)
        names += found
    return done, tuple(names), tuple(ignored)


def _weighted(message: Mapping, index: int, ignored: list[str]) -> tuple[dict, list[str]]:
    found = [n for n in (*FLAGS, "weight") if n in message]
    if not found and not isinstance(message.get("content"), list):
        return dict(message), []
    flags = {name: message[name] for name in found if message[name] is not None}
    plain = {name: value for name, value in message.items() if name not in flags}
    plain = {name: value for name, value in plain.items() if name not in FLAGS}
    plain = _without_part_flags(plain, index, ignored)
    role = message.get("role")
    for name, value in flags.items():
        weight = _weight_of(name, value)
        if weight is None:
            ignored.append(
                f"messages[{index}] ({role!r}) has {name}={value!r}, which is neither on nor off"
            )
        elif role == "assistant":
            plain["weight"] = min(weight, plain.get("weight", 1))
        elif weight:
            ignored.append(
                f"messages[{index}] has {name}={value!r}, and a message of the {role} is never "
                "learned here"
            )
    if plain.get("weight") is None:
        plain.pop("weight", None)
    return plain, sorted(flags)


def _weight_of(name: str, value: Any) -> int | None:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, (bool, int, float)) or value not in (0, 1):
        return None
    return int(not value if name in INVERTED else bool(value))


def _without_part_flags(message: dict, index: int, ignored: list[str]) -> dict:
    """Return the message without flags on parts of its content; a part cannot have its own."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = []
    for part in content:
        if isinstance(part, Mapping) and (flags := (FLAGS | {"weight"}) & part.keys()):
            given = {name: part[name] for name in flags if part[name] is not None}
            part = {name: value for name, value in part.items() if name not in flags}
            for name, value in given.items():
                ignored.append(f"a part of messages[{index}] has {name}={value!r} of its own")
        parts.append(part)
    return {**message, "content": parts}
