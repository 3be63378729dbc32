"""No message may bring a control token into the text: only the template writes them."""

from typing import Any

from chatshift.errors import MessageError, TemplateError
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.spans import MARK
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import ControlTokens, Found
from chatshift.values import texts_of

KEEP = "control_tokens='text' to keep it as ordinary text, or "
CONTROL = "control tokens"


def check_contents(row: Rendered, tokens: ControlTokens) -> None:
    """Raise `MessageError` where something that a message says would become a control token."""
    for index, message in enumerate(row.messages):
        for text in texts_of(message):
            if wrong := _first_control(text, tokens):
                text = text.replace(MARK, "")
                position = text.index(wrong)
                way_out = "" if wrong == tokens.unknown else KEEP
                quoted = text[max(0, position - 20) : position + len(wrong) + 20]
                raise MessageError(
                    f"messages[{index}] ({message['role']!r}) contains {wrong!r} at character "
                    f"{position}: {quoted!r}. The tokenizer would make it the control token "
                    f"{tokens.get(wrong, wrong)}, not text. Remove it from the content, or pass "
                    f"{way_out}control_tokens='allow' if it is meant.",
                    cause=CONTROL,
                )


def _first_control(text: str, tokens: ControlTokens) -> str:
    if found := tokens.find(text):
        return text[found[0].start : found[0].end]
    return tokens.unknown if tokens.unknown and tokens.unknown in text else ""


def check_joined(
    row: Rendered, control: list[Found], template: ChatTemplate, tokens: ControlTokens
) -> None:
    """Raise `MessageError` unless the text has just the control tokens that the template writes.

    These are the tokens of the stand-ins' text. What is checked is the result, since parts that
    are joined can make a token together.
    """
    expected = row.frame.control
    if [token.id for token in control] == expected:
        return
    stand_ins = row.matched.stand_ins.messages
    for index, message in enumerate(row.messages):
        alone = [*stand_ins[:index], message, *stand_ins[index + 1 :]]
        found = tokens.ids_in(template.render(alone))
        if len(found) < len(expected):
            raise other_words(f"messages[{index}]")
        if found != expected:
            raise MessageError(
                f"messages[{index}] ({message['role']!r}) becomes a control token together with "
                "the template's text, or its parts with each other. Separate or remove them, or "
                "pass control_tokens='allow' if it is meant.",
                cause=CONTROL,
            )
    raise other_words(_alike(row.messages))


def _alike(messages: list[dict]) -> str:
    """Return which messages are the same: a template that compares them tells them from others."""
    for index, message in enumerate(messages):
        if message in messages[:index]:
            return f"messages[{messages.index(message)}] and messages[{index}], which are the same,"
    return "these messages"


def other_words(what: str) -> TemplateError:
    """Return the error for control tokens that depend on what is said."""
    return TemplateError(
        f"The template writes other control tokens for {what} than for other words, so it cannot "
        "be told which are its own. What to do: leave this conversation out, or use another "
        "template."
    )


def check_given(template: ChatTemplate, tokens: ControlTokens) -> None:
    """Raise `MessageError` where tools or keywords hold a control token."""
    for name, given in (("tools", template.tools), ("template_kwargs", template.kwargs)):
        for text in texts_of(given):
            if found := tokens.find(text):
                wrong = text[found[0].start : found[0].end]
                raise MessageError(
                    f"{name} contain {wrong!r}: {text!r:.80}. It would become the control token "
                    f"{tokens[wrong]}, not text. Remove it, or pass control_tokens='allow' if it "
                    "is meant.",
                    cause=CONTROL,
                )


def check_unmarked(text: str) -> None:
    """Raise `MessageError` where a text has the character that marks places here."""
    if (position := text.find(MARK)) >= 0:
        raise MessageError(
            f"The text has the character U+{ord(MARK):X} after "
            f"{text[max(0, position - 20) : position]!r}. It is of the private use area, and marks "
            "places here: remove it from the messages."
        )


def broken(messages: list[dict], tokens: ControlTokens) -> list[dict]:
    """Return the messages with a `MARK` inside each control token that they say."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            for start, end, _ in reversed(tokens.find(value)):
                if end - start == 1:
                    raise MessageError(
                        f"{value[start:end]!r} is a control token of one character: it cannot be "
                        "kept as text. Remove it from the content."
                    )
                value = value[: start + 1] + MARK + value[start + 1 :]
        if isinstance(value, dict):
            return {k: v if k in ("role", "type") else walk(v) for k, v in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return [walk(message) for message in messages]


def keep_as_text(
    messages: list[dict], text: str, template: ChatTemplate, tokens: ControlTokens
) -> tuple[list[dict], str]:
    """Return the messages and their text with marks where a control token is to stay text."""
    marked = broken(messages, tokens)
    rendered = template.render(marked)
    if rendered.replace(MARK, "") != text:
        raise MessageError(
            "control_tokens='text' cannot keep the control tokens in this conversation as "
            "text: the template treats them as more than text. Remove them from the content."
        )
    return marked, rendered
