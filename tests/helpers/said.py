"""What messages say, and whether a template has written it."""

import json
from typing import Any

from families.form import Family, Message, Pieces, Place, as_json

# The kinds of pieces that a message says; the others are the template's.
SAID = ("thought", "content", "call", "nameless")


def cleaned(messages: list[Message]) -> list[Message]:
    """The messages as they are rendered: no weight, nothing that is None, arguments as a dict."""
    rows = []
    for message in messages:
        kept = {k: v for k, v in message.items() if v is not None and k != "weight"}
        if kept.get("tool_calls"):
            kept.setdefault("content", "")
            kept["tool_calls"] = [parsed(call) for call in kept["tool_calls"]]
        rows.append(kept)
    return rows


def parsed(call: dict) -> dict:
    """A call whose arguments are a dict."""
    arguments = call["function"]["arguments"]
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    return {**call, "function": {**call["function"], "arguments": arguments}}


def squeezed(text: str) -> str:
    """Without white space."""
    return "".join(text.split())


def text_of(message: Message) -> str:
    """The content; parts are joined."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def compare(family: Family, place: Place, pieces: Pieces) -> tuple[set[str], bool]:
    """Which kinds of what a message says are missing, and whether some stand there changed."""
    message, text, missing = place.message, text_of(place.message), set()
    wrote = squeezed("".join(p.text for p in pieces if p.kind == "content"))
    thought, said = place.thought or "", text
    if family.splits and "</think>" in text and message["role"] == "assistant":
        opened, _, said = text.rpartition("</think>")
        thought = thought or opened.removeprefix("<think>")
    kept = any(p.kind == "thought" and p.text.strip() for p in pieces)
    if thought.strip() and not kept and "</think>" not in wrote:
        missing.add("thought")
    right = {squeezed(said), squeezed(text)}
    if message["role"] == "tool":
        right.add(squeezed(as_json(text)))
    content = message["content"]
    printed = {squeezed(str(content)), squeezed(as_json(content))} - {squeezed(text)}
    changed = not isinstance(content, str) and wrote in printed
    if not changed and wrote not in right:
        missing.add("content")
    nameless = any(p.kind == "nameless" for p in pieces)
    if sum(p.kind in ("call", "nameless") for p in pieces) < len(place.functions):
        missing.add("call")
    return missing, changed or nameless


def spoken(message: Message) -> list[str]:
    """All texts of a message."""
    others = {key: value for key, value in message.items() if key not in ("content", "role")}
    return [text_of(message), *strings(others)]


def strings(value: Any) -> list[str]:
    """All texts in a value."""
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value
    return [t for v in values for t in strings(v)] if isinstance(value, (dict, list)) else []


def quoted(text: str) -> str:
    """A text as JSON, without its quotes."""
    return as_json(text)[1:-1]


def required(message: Message) -> list[str]:
    """What a supervised message says and must not lose: a thought may be lost, with a note."""
    content = text_of(message)
    if content.startswith("<think>"):
        content = content.rpartition("</think>")[2]
    functions = [call["function"] for call in message.get("tool_calls") or []]
    values = [text for function in functions for text in leaves(function["arguments"])]
    return [content, *(function["name"] for function in functions), *values]


def leaves(value: Any) -> list[str]:
    """All keys, texts and numbers in arguments."""
    if isinstance(value, dict):
        return [*value, *(leaf for inner in value.values() for leaf in leaves(inner))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [str(value)] if isinstance(value, (str, int)) and not isinstance(value, bool) else []
