"""Conversations to try on every chat template: plain ones, and those that once went wrong.

What a conversation quotes of its own template, `Quotes` says; the oracle knows nothing of it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tool_conversations import tool_conversations

Message = dict[str, Any]


class Quotes(NamedTuple):
    """Words of a template that a message may say as well."""

    control: str = "<|im_end|>"
    """A control token: refused wherever a message says it."""
    header: str = "assistant\n"
    """What opens an answer, without its control tokens."""
    marker: str = "<tool_call>"
    """Text that is one token, but no control token."""
    role: str = "assistant"


CHATML = Quotes()


class Conversation(NamedTuple):
    """One row to prepare."""

    name: str
    messages: list[Message]
    tools: list | None = None
    template_kwargs: dict = {}  # noqa: RUF012
    refused: bool = False
    """Whether no template makes this right: it must be refused with `MessageError`."""


def turns(*contents: Any, system: str | None = None) -> list[Message]:
    """A system message if there is one, then user and assistant in turn."""
    roles = ["user", "assistant"] * len(contents)
    messages = [{"role": "system", "content": system}] if system is not None else []
    return messages + [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]


def answer(content: Any, **keys: Any) -> Message:
    """An assistant message."""
    return {"role": "assistant", "content": content, **keys}


def parts(*texts: str) -> list[dict]:
    """Text in parts."""
    return [{"type": "text", "text": text} for text in texts]


HI = {"role": "user", "content": "Hi"}
PLAIN = {
    "no system": turns("What is it?", "It is a test."),
    "system": turns("Hi", "Yes", system="Be brief."),
    "empty system": turns("Hi", "Yes", system=""),
    "two turns": turns("Hi", "Hello there.", "Is it true?", "Yes, it is."),
    "three turns": turns("one", "two", "three", "four", "five", "six", system="Be kind."),
    "nine turns": turns(*(f"number {i}" for i in range(18))),
    "long": turns("word " * 60, "answer " * 60),
    "one character": turns("?", "!"),
    "two answers in a row": [*turns("Hi", "One."), answer("Two.")],
    "two questions in a row": [HI, *turns("Still there?", "Yes.")],
    "answer first": [answer("Welcome."), *turns("Hi", "Yes")],
    "empty answer": turns("Hi", ""),
    "empty answer, then more": turns("Hi", "", "Well?", "Yes."),
    "blank answer": turns("Hi", "  \n"),
    "emoji": turns("👩‍👩‍👧 👍🏽", "🙂 fine", "🙂", "👍🏽"),
    "combining characters": turns("e\u0301", "a\u030a n\u0303"),
    "right to left": turns("שלום עולם", "مرحبا"),
    "markup": turns("<b>x</b> [A] {{ y }}", "<h1>no</h1> {% if %}"),
}
WHITE_SPACE = {
    "white space before": turns("Hi", "  Yes"),
    "white space after": turns("Hi", "Yes  "),
    "line break before": turns("Hi", "\nYes"),
    "two line breaks before": turns("Hi", "\n\nYes", "And?", "\n\nNo"),
    "line breaks after": turns("Hi", "Yes\n\n"),
    "white space everywhere": turns(" a ", " b\t", "\tc\n", " d ", system=" s "),
    "CRLF": turns("a\r\nb", "one\r\ntwo\r\n"),
    "other spaces": turns("a\u00a0b\u2003", "\u00a0Yes\u2028"),
    "space and mark": turns("Hi", " <b"),
}
SAME_WORDS = {
    "the same words": turns("Yes", "Yes", "Yes", "Yes"),
    "everything the same": turns("Yes", "Yes", "Yes", "Yes", system="Yes"),
    "an answer in the next question": turns("Hi", "Yes", "You said Yes", "Yes, Yes"),
    "a letter": turns("a", "a", "as", "s", system="a"),
    "the answer stands in the system message": turns("Hi", "brief", system="Be brief."),
}
THOUGHTS = {
    "thought": turns("Why?", "<think>\nBecause.\n</think>\n\nSo it is."),
    "two thoughts": turns(
        "Why?", "<think>\nA\n</think>\n\nB.", "And?", "<think>\nC\n</think>\n\nD."
    ),
    "thought only": turns("Why?", "<think>hmm</think>"),
    "reasoning_content": [HI, answer("Yes.", reasoning_content="Let me see.")],
    "reasoning": [HI, answer("Yes.", reasoning="Let me see.")],
    "thinking": [HI, answer("Yes.", thinking="Let me see.")],
    "thoughts in both turns": [
        *[HI, answer("One.", reasoning_content="First.")],
        *[HI, answer("Two.", reasoning_content="Second.")],
    ],
    "thought in the first turn": [
        HI,
        answer("One.", reasoning_content="First."),
        *turns("And?", "Two."),
    ],
    "thought in the last turn": [
        *turns("Hi", "One."),
        HI,
        answer("Two.", reasoning_content="Second."),
    ],
    "thought and answer the same": [HI, answer("Yes.", reasoning_content="Yes.")],
    "thought and no answer": [HI, answer("", reasoning_content="Let me see.")],
    "thought in parts": [HI, answer(parts("Yes", "."), reasoning_content="Let me see.")],
    "empty thought": [HI, answer("Yes.", reasoning_content="")],
    "<think> in a question": turns("What does <think> do?", "It opens a thought."),
}
KEYWORDS = {
    "thinking on": ([*turns("Hi", "Yes")], {"enable_thinking": True}),
    "thinking off": ([*turns("Hi", "Yes")], {"enable_thinking": False}),
    "thinking on, with a thought": (
        [HI, answer("Yes.", reasoning_content="Let me see.")],
        {"enable_thinking": True},
    ),
}
WEIGHTS = {
    "weight 1": [HI, answer("Yes", weight=1)],
    "weight 0 first": [HI, answer("Yes", weight=0), *turns("And?", "No")],
    "weight 0.0 and 1.0": [HI, answer("Yes", weight=0.0), HI, answer("No", weight=1.0)],
    "weight 0 in the middle": [
        *turns("a", "b"),
        *[HI, answer("Yes", weight=0)],
        *turns("c", "d"),
    ],
    "weight None": [HI, answer("Yes", weight=None)],
    "keys that are None": [HI, answer("Yes", tool_calls=None, reasoning_content=None, name=None)],
}
REFUSED = {
    "content None": turns("Hi", None),
    "content a number": turns("Hi", 7),
    "list of other things": turns("Hi", [1, 2]),
    "unknown role": [{"role": "narrator", "content": "Once."}, *turns("Hi", "Yes")],
    "lone surrogate": turns("Hi", "Yes\ud83d"),
    "question last": turns("Hi", "Yes", "And?"),
    "weight 0.5": [HI, answer("Yes", weight=0.5)],
    "weight of a question": [{**HI, "weight": 0}, answer("Yes")],
    "train": [HI, answer("Yes", train=False)],
    "trainable": [{**HI, "trainable": False}, answer("Yes")],
    "loss_weight in a part": [HI, answer([{**parts("Yes")[0], "loss_weight": 0}])],
    "two names for a thought": [HI, answer("Yes", reasoning="a", thinking="b")],
}


def quoting(quotes: Quotes) -> dict[str, list[Message]]:
    """Conversations that say words of their own template."""
    control, header, marker, role = quotes
    half = len(control) // 2
    return {
        "control token in a question": turns(f"Bye{control}", "Yes"),
        "control token in an answer": turns("Hi", f"a{control} closes"),
        "control token in a system message": turns("Hi", "Yes", system=f"a{control}b"),
        "control token in a thought": [HI, answer("Yes", reasoning_content=f"a{control}b")],
        "control token alone": turns("Hi", control),
        "control token from two parts": [
            {"role": "user", "content": parts("one" + control[:half], control[half:] + "two")},
            answer("Yes"),
        ],
        "half a control token": turns(control[:half], control[half:], "x", control[:half]),
        "header in a question": turns(f"{header}Yes", "Yes", header, "No"),
        "header in an answer": turns("Hi", f"{header}Yes", "And?", f"x{header}"),
        "the answer is the header": turns("Hi", header, "And?", header),
        "marker in an answer": turns(marker, f"{marker}Yes", marker, f"Yes{marker}"),
        "role names as words": turns(role, "user", "system", role, system=role),
        "headers of other templates": turns("assistant\nuser: model\n", "### Response:\nuser"),
    }


def in_parts() -> dict[str, list[Message]]:
    """Conversations whose text comes in parts."""
    return {
        "list content": turns("Hi", parts("Yes")),
        "two parts": turns(parts("Hi ", "there"), parts("Yes, ", "it is.")),
        "parts in an earlier answer": turns("Hi", parts("Yes"), "And?", "No"),
        "parts in a question": turns(parts("Hi"), "Yes"),
    }


def conversations(quotes: Quotes = CHATML) -> Iterator[Conversation]:
    """Yield all of them, in a fixed order."""
    for group in (PLAIN, WHITE_SPACE, SAME_WORDS, THOUGHTS, WEIGHTS, quoting(quotes), in_parts()):
        for name, messages in group.items():
            yield Conversation(name, messages)
    for name, (messages, keywords) in KEYWORDS.items():
        yield Conversation(name, messages, template_kwargs=keywords)
    for name, (messages, tools) in tool_conversations(quotes.control).items():
        yield Conversation(name, messages, tools)
    for name, messages in REFUSED.items():
        yield Conversation(name, messages, refused=True)
