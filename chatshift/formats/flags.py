"""Other tools' flags on messages become `weight`: what they switch off is not learned.

A flag that cannot be mapped stays where it is. The engine refuses it by name, since ignored it
would train what its author switched off.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chatshift.messages import FLAGS

# These say what to leave out; all others what to learn.
INVERTED = frozenset(("mask",))
NAMES = (*sorted(FLAGS), "weight")
KNOWN = frozenset(NAMES)


def with_weights(messages: Sequence[Mapping]) -> tuple[list[dict], tuple[str, ...]]:
    """Return the messages with weights, and the names of the flags that were mapped.

    On an assistant message a flag becomes the weight; on others only "do not learn this" can be
    mapped, since it is what happens anyway.
    """
    done, names = [], []
    for message in messages:
        if KNOWN.isdisjoint(message):
            done.append(dict(message))
            continue
        flags = {name: message[name] for name in NAMES if message.get(name) is not None}
        plain = dict(message)
        for name, value in flags.items():
            weight = _weight_of(name, value)
            if weight is None or (weight and message.get("role") != "assistant"):
                continue
            del plain[name]
            names.append(name)
            if message.get("role") == "assistant":
                plain["weight"] = min(weight, plain.get("weight", 1))
        done.append(plain)
    return done, tuple(names)


def _weight_of(name: str, value: Any) -> int | None:
    """Return 0 or 1; `None` for a value that is neither on nor off."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, (bool, int, float)) or value not in (0, 1):
        return None
    return int(not value if name in INVERTED else bool(value))
