"""What messages say under keys that this package does not know: does the template read them?

Some templates read a `tool_plan` or a `name`, others lose it. The template itself tells: without a
key that it does not read, it writes the same text.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from chatshift.errors import TemplateError
from chatshift.messages import THOUGHTS
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.template.chat_template import ChatTemplate
from chatshift.values import quote as shown

# What a message, a part, a call and its function hold. A `name` is known beside a tool's result
# only, where the call says it too: lost elsewhere, two speakers become one.
KNOWN = {
    "message": ("role", "content", "tool_calls", "tool_call_id", *THOUGHTS),
    "part": ("type", "text"),
    "call": ("type", "id", "function"),
    "function": ("name", "arguments"),
}
# Other names of a thought, which some templates read.
OTHER_THOUGHTS = ("tool_plan", "thought")


class Extra(NamedTuple):
    """Something that a message says under a key that is not known."""

    message: int
    kind: str
    """What holds it: one of `KNOWN`."""
    where: str
    """The key, with the way to it."""
    key: str
    value: Any


def unread_keywords(row: Rendered, template: ChatTemplate) -> list[Finding]:
    """Return a note on tools and keywords that the template never looks up."""
    if not template.unread:
        return []
    names = ", ".join(template.unread)
    wording = f"The template does not read {names}: it writes the same text without."
    return [Finding("keyword not read", row.supervised[-1], wording)]


def check_keys(row: Rendered, template: ChatTemplate) -> list[Finding]:
    """Return notes on what stands under keys that the template does not read."""
    extras = [extra for k, one in enumerate(row.messages) for extra in _extras(k, one)]
    names = list(dict.fromkeys((extra.kind, extra.key) for extra in extras))
    if not names:
        return []
    if _written(row, names, template):
        names = [name for name in names if not _written(row, [name], template)]
    return [_finding(extra, row) for extra in extras if (extra.kind, extra.key) in names]


def _holders(message: dict) -> Iterator[tuple[str, str, dict]]:
    """Yield the dicts of a message: what each is, the way to it, and the dict itself."""
    yield "message", "", message
    content = message["content"]
    for i, part in enumerate(content if isinstance(content, list) else ()):
        yield "part", f"content[{i}].", part
    for i, call in enumerate(message.get("tool_calls", ())):
        yield "call", f"tool_calls[{i}].", call
        yield "function", f"tool_calls[{i}].function.", call["function"]


def _extras(index: int, message: dict) -> Iterator[Extra]:
    is_result = message["role"] == "tool"
    for kind, way, holder in _holders(message):
        for key, value in holder.items():
            known = key in KNOWN[kind] or (is_result and key == "name")
            if not known and value not in ([], {}, None) and str(value).strip():
                yield Extra(index, kind, way + key, key, value)


def _written(row: Rendered, names: list[tuple[str, str]], template: ChatTemplate) -> bool:
    """Return whether the template writes another text without these keys."""
    messages = deepcopy(row.messages)
    for index, message in enumerate(row.messages):
        removed = {(e.kind, e.key) for e in _extras(index, message)}.intersection(names)
        for kind, _, holder in _holders(messages[index]):
            for one, key in removed:
                if one == kind:
                    holder.pop(key, None)
    try:
        return template.render(messages) != row.text
    except TemplateError:
        return True  # it asks for them


def _finding(extra: Extra, row: Rendered) -> Finding:
    role = row.messages[extra.message]["role"]
    said = quote(extra.value) if isinstance(extra.value, str) else shown(extra.value)
    if extra.kind == "message" and extra.key in OTHER_THOUGHTS:
        wording = f"The template does not write the thought of this {role!r} message: {said}."
        return Finding("thought left out", extra.message, wording)
    wording = f"The template does not read {extra.where!r} of this {role!r} message: {said}."
    return Finding("key not read", extra.message, wording)
