"""What a conversation must look like before anything is done with it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatshift.errors import MessageError
from chatshift.values import find_lone_surrogate, plain, quote, texts_of

Message = Mapping[str, Any]
Conversation = Sequence[Message]

ROLES = ("system", "developer", "user", "assistant", "tool")
# Names that other formats use for the same roles, so that the error can say what to write instead.
RENAMED = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant"}
FLAG, NOTHING = "a flag", "nothing supervised"
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
# Other tools' names for "do not train on this". Each is refused: ignored, it would be trained on.
FLAGS = frozenset(
    ("train", "training", "trainable", "loss", "loss_weight", "loss_scale", "mask", "unmask")
)


def check_messages(messages: Conversation) -> list[dict[str, Any]]:
    """Return new messages as templates want them; raise `MessageError` at the first wrong one.

    In them every value is plain JSON, what was None is left out, arguments are dicts, absent
    content beside calls is `""`, and a thought stands under the names that templates read.
    """
    if isinstance(messages, (str, Mapping)) or not isinstance(messages, Sequence):
        raise MessageError(
            f"messages must be a list of {{'role': ..., 'content': ...}} dicts, "
            f"not {type(messages).__name__}."
        )
    if not messages:
        raise MessageError("There are no messages. Pass at least one user message and an answer.")
    return [_checked(f"messages[{index}]", message) for index, message in enumerate(messages)]


def check_ends_with_answer(messages: Conversation) -> None:
    """Raise `MessageError` unless there is a prompt, and an assistant message after it."""
    last = len(messages) - 1
    role = messages[last]["role"]
    if role != "assistant":
        raise MessageError(
            f"messages[{last}] is the last message and its role is {role!r}: there is no answer "
            "to learn from. End the conversation with an assistant message.",
            cause=NOTHING,
        )
    if last == 0:
        raise MessageError(
            "The prompt is empty: messages[0] is the answer and nothing comes before it. "
            "Put at least one user message in front.",
            cause="no prompt",
        )


def without_weights(messages: Conversation) -> list[dict[str, Any]]:
    """Return the messages as a template sees them: it has no use for `weight`."""
    return [{name: value for name, value in m.items() if name != "weight"} for m in messages]


def _checked(where: str, message: Any) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        raise MessageError(
            f"{where} is {quote(message)}, a {type(message).__name__}. "
            "Each message must be a dict with 'role' and 'content'."
        )
    if "role" not in message:
        raise MessageError(f"{where} has no 'role'; it has {sorted(map(str, message))}.")
    checked = {key: value for key, value in message.items() if value is not None}
    role = _check_role(where, message["role"])
    where = f"{where} ({role!r})"
    if "function_call" in checked:
        raise MessageError(
            f"{where} has a 'function_call', which templates do not write: the call would be lost. "
            "Say tool_calls=[{'type': 'function', 'function': {'name': ..., 'arguments': {...}}}]."
        )
    _check_flags(where, checked)
    calls = _check_calls(where, role, checked.pop("tool_calls", []))
    checked |= {"tool_calls": calls} if calls else {}
    _check_content(where, checked, message)
    _check_thought(where, checked)
    checked = {
        key: value if type(value) is str else plain(f"{where}[{key!r}]", value)
        for key, value in checked.items()
    }
    texts = texts_of(checked)
    for text in texts if find_lone_surrogate("\0".join(texts)) is not None else ():
        if (position := find_lone_surrogate(text)) is not None:
            raise MessageError(
                f"{where} has {text[position]!r} at character {position}: half of a "
                "surrogate pair, which cannot be encoded. Repair the text where it was decoded."
            )
    return checked


def _check_role(where: str, role: Any) -> str:
    if not isinstance(role, str) or role not in ROLES:
        renamed = RENAMED.get(str(role))
        hint = f" In this format {role!r} is {renamed!r}." if renamed else ""
        raise MessageError(f"{where} has the role {quote(role)}; known are {list(ROLES)}.{hint}")
    return role


def _check_flags(where: str, message: dict) -> None:
    """Refuse what would switch training off in another tool; keep `weight` 0 or 1."""
    content = message.get("content")
    parts = [p for p in content if isinstance(p, Mapping)] if isinstance(content, list) else []
    in_parts = {name for part in parts for name, value in part.items() if value is not None}
    for name in sorted((FLAGS & message.keys()) | (in_parts & (FLAGS | {"weight"}))):
        raise MessageError(
            f"{where} has the flag {name!r}, which is not known here: ignored, it would train what "
            "it switches off. Say weight=0 on an assistant message that is not to be learned, and "
            "remove the flag.",
            cause=FLAG,
        )
    weight = message.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight not in (0, 1):
        raise MessageError(
            f"{where} has weight={quote(weight)}. A weight must be 0 or 1.", cause=FLAG
        )
    if "weight" in message:
        if message["role"] != "assistant":
            raise MessageError(
                f"{where} has weight={weight!r}. Only assistant messages are learned, so only "
                "they have a weight. Remove it.",
                cause=FLAG,
            )
        message["weight"] = int(weight)


def _check_content(where: str, message: dict, given: Mapping) -> None:
    if "tool_calls" in message:
        message.setdefault("content", "")
    elif "content" not in given:
        raise MessageError(f"{where} has no 'content'; it has {sorted(map(str, given))}.")
    content = message.get("content")
    if not isinstance(content, str) and not _is_text_parts(content):
        raise MessageError(
            f"{where} has content {quote(content)}, a {type(content).__name__}. "
            "Content must be text, or a list of {'type': 'text', 'text': ...} parts; write '' for "
            "none."
        )


def _is_text_parts(content: object) -> bool:
    return isinstance(content, list) and content != [] and all(map(_is_text_part, content))


def _is_text_part(part: object) -> bool:
    if not isinstance(part, Mapping):
        return False
    return part.get("type") == "text" and isinstance(part.get("text"), str)


def _check_thought(where: str, message: dict) -> None:
    thoughts = {name: message[name] for name in THOUGHTS if name in message}
    if wrong := [name for name, thought in thoughts.items() if not isinstance(thought, str)]:
        raise MessageError(f"{where}: {wrong[0]} must be a text, not {quote(thoughts[wrong[0]])}.")
    if len(set(thoughts.values())) > 1:
        raise MessageError(
            f"{where} has different thoughts under {sorted(thoughts)}. Keep one of them: a "
            "template reads one and drops the others."
        )
    for thought in thoughts.values():  # under the names that templates read, as transformers 5 does
        message |= {"reasoning_content": thought, "thinking": thought}


def _check_calls(where: str, role: str, calls: Any) -> list[dict]:
    """Return the calls, each in OpenAI's form with its arguments as a dict."""
    if not isinstance(calls, (list, tuple)):
        raise MessageError(f"{where} has tool_calls {quote(calls)}: they must be a list.")
    if calls and role != "assistant":
        raise MessageError(f"{where} has tool_calls; only assistant messages call tools.")
    checked = []
    for number, call in enumerate(calls):
        place = f"{where}: tool_calls[{number}]"
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise MessageError(
                f"{place} is {quote(call)}. A call must be "
                "{'type': 'function', 'function': {'name': ..., 'arguments': {...}}}."
            )
        function = {key: value for key, value in function.items() if value is not None}
        if "arguments" in function:
            function["arguments"] = _arguments(place, function["arguments"])
        call = {key: value for key, value in call.items() if value is not None}
        checked.append({**call, "function": function})
    return checked


def _arguments(place: str, arguments: Any) -> dict:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as error:
            raise MessageError(
                f"{place} has arguments that are no JSON ({error}): {quote(arguments)}. Write "
                "them as a dict, or as the JSON text of one."
            ) from None
    if not isinstance(arguments, Mapping):
        raise MessageError(
            f"{place} has arguments {quote(arguments)}, a {type(arguments).__name__}. They must "
            "be a dict, or the JSON text of one."
        )
    return dict(arguments)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict:
    """Refuse `{"a": 1, "a": 2}`, of which only the last would be learned."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return found
