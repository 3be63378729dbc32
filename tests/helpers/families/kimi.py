"""Families of Kimi K2: calls have an identity, in one form or another."""

from families.form import Family, Piece, Pieces, Place, as_json, think

KIMI = (
    *("<|im_user|>", "<|im_assistant|>", "<|im_system|>", "<|im_middle|>", "<|im_end|>"),
    *("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>"),
    *("<|tool_call_argument_begin|>", "<|tool_call_end|>", "[EOS]"),
)
KIMI_USER = "<|im_user|>user<|im_middle|>{}<|im_end|>"
KIMI_HEADER = "<|im_assistant|>assistant<|im_middle|>"


def identities(place: Place) -> Pieces:
    """Of a call, its identity and its arguments: the name is lost, if it is not part of it."""
    pieces = [Piece("template", "<|tool_calls_section_begin|>" if place.functions else "")]
    for call in place.message.get("tool_calls") or []:
        function = call["function"]
        kind = "call" if function["name"] in call["id"] else "nameless"
        inside = f"{call['id']}<|tool_call_argument_begin|>{as_json(function['arguments'])}"
        pieces.append(Piece(kind, f"<|tool_call_begin|>{inside}<|tool_call_end|>"))
    return [*pieces, Piece("template", "<|tool_calls_section_end|>" if place.functions else "")]


def identity_result(place: Place) -> Pieces:
    message = place.message
    name, identity = message.get("name") or "tool", message.get("tool_call_id", "")
    opened = f"<|im_system|>{name}<|im_middle|>## Return of {identity}\n"
    return [
        Piece("template", opened),
        Piece("content", message["content"]),
        Piece("template", "<|im_end|>"),
    ]


def kimi_calls(place: Place) -> Pieces:
    """A call is known by its name and its number in the conversation."""
    functions = place.functions
    if not functions:
        return []
    earlier = [m for m in place.messages[: place.index] if m["role"] == "assistant"]
    number = sum(len(m.get("tool_calls") or []) for m in earlier)
    pieces = [Piece("template", "<|tool_calls_section_begin|>")]
    for offset, function in enumerate(functions):
        name = f"functions.{function['name']}:{number + offset}"
        arguments = as_json(function["arguments"])
        inside = f"{name}<|tool_call_argument_begin|>{arguments}"
        pieces.append(Piece("call", f"<|tool_call_begin|>{inside}<|tool_call_end|>"))
    return [*pieces, Piece("template", "<|tool_calls_section_end|>")]


def kimi_result(place: Place) -> Pieces:
    """The names of the calls, in their order, whatever the identities say."""
    names: list[str] = []
    for message in place.messages[: place.index]:
        for call in message.get("tool_calls") or []:
            names.append(f"functions.{call['function']['name']}:{len(names)}")
    done = sum(m["role"] == "tool" for m in place.messages[: place.index])
    called = place.message.get("name")
    known = names[done] if done < len(names) else f"functions.{called or 'unknown'}:{len(names)}"
    opened = f"<|im_system|>{called or 'tool'}<|im_middle|>## Return of {known}\n"
    return [
        Piece("template", opened),
        Piece("content", place.message["content"]),
        Piece("template", "<|im_end|>"),
    ]


def plain_answers(place: Place) -> list[int]:
    """The assistant's messages without calls."""
    return [
        i
        for i, m in enumerate(place.messages)
        if m["role"] == "assistant" and not m.get("tool_calls")
    ]


def kimi(place: Place, text: str) -> Pieces:
    return [Piece("content", text), *kimi_calls(place)]


def kimi_by_identity(place: Place, text: str) -> Pieces:
    return [Piece("content", text), *identities(place)]


def kimi_thinking(place: Place, text: str) -> Pieces:
    """Up to the first answer without a call, thoughts are left out."""
    kept = (place.thought or "") if place.index > min(plain_answers(place), default=-1) else ""
    return [*think(kept, "</think>", "<think>"), Piece("content", text), *kimi_calls(place)]


def kimi_thinking_by_identity(place: Place, text: str) -> Pieces:
    """Up to the last answer without a call, thoughts are left out."""
    kept = (place.thought or "") if place.index > max(plain_answers(place), default=-1) else ""
    return [*think(kept, "</think>", "<think>"), Piece("content", text), *identities(place)]


KIMI_FAMILIES = [
    Family(
        ("moonshotai-Kimi-K2-Instruct",),
        user=KIMI_USER,
        header=KIMI_HEADER,
        end="<|im_end|>",
        body=kimi_by_identity,
        result=identity_result,
        control=KIMI,
        eos="<|im_end|>",
    ),
    Family(
        ("moonshotai-Kimi-K2-Thinking",),
        user=KIMI_USER,
        header=KIMI_HEADER,
        end="<|im_end|>",
        body=kimi_thinking_by_identity,
        result=identity_result,
        control=KIMI,
        eos="<|im_end|>",
    ),
    Family(
        ("Kimi-K2-Instruct",),
        user=KIMI_USER,
        header=KIMI_HEADER,
        end="<|im_end|>",
        body=kimi,
        result=kimi_result,
        control=KIMI,
        eos="<|im_end|>",
    ),
    Family(
        ("Kimi-K2-Thinking",),
        user=KIMI_USER,
        header=KIMI_HEADER,
        end="<|im_end|>",
        body=kimi_thinking,
        result=kimi_result,
        control=KIMI,
        eos="<|im_end|>",
    ),
]
