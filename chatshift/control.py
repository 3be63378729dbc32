"""Control tokens, and message content that would become one: text that opens or closes a turn."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from chatshift.errors import MessageError
from chatshift.messages import Conversation, Message


class ControlTokens(dict[str, int]):
    """Text and id of each control token."""

    def __init__(self, added_tokens: Mapping[int, Any]) -> None:
        """Keep those of a tokenizer's added tokens that are marked special."""
        special = {i: token for i, token in added_tokens.items() if token.special and token.content}
        super().__init__((token.content, i) for i, token in special.items())
        self.splitting = frozenset(
            i
            for i, token in special.items()
            if not (token.lstrip or token.rstrip or token.single_word or token.normalized)
        )
        """The ids of those that take nothing of the text beside them, and always split it."""

    @cached_property
    def ids(self) -> frozenset[int]:
        """The ids alone."""
        return frozenset(self.values())

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """For each first character, the lengths of the tokens that start with it, longest first."""
        lengths: dict[str, set[int]] = {}
        for text in self:
            lengths.setdefault(text[0], set()).add(len(text))
        return {first: sorted(found, reverse=True) for first, found in lengths.items()}

    @cached_property
    def _first_characters(self) -> re.Pattern:
        return re.compile("|".join(map(re.escape, self._lengths)) or "(?!)")

    def find_all(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield position and text of each control token in `text`, from its start on."""
        if not any(first in text for first in self._lengths):
            return  # as most texts do, and much faster than the search
        end = 0
        for match in self._first_characters.finditer(text):
            position = match.start()
            if position >= end:
                lengths = self._lengths[match[0]]
                pieces = (text[position : position + length] for length in lengths)
                piece = next((piece for piece in pieces if piece in self), None)
                if piece:
                    yield position, piece
                    end = position + len(piece)


# Reading them from a tokenizer with thousands of added tokens takes longer than all the rest.
_READ: WeakKeyDictionary[Any, tuple[int, ControlTokens]] = WeakKeyDictionary()


def control_tokens(tokenizer: Any) -> ControlTokens:
    """Return text and id of each added token that is marked special.

    Not every added token is one: Gemma's list also holds blank lines, and Qwen3's `<think>`.
    """
    size = len(tokenizer)
    read_at, tokens = _READ.get(tokenizer, (-1, ControlTokens({})))
    if read_at != size:
        tokens = ControlTokens(tokenizer.added_tokens_decoder)
        _READ[tokenizer] = (size, tokens)
    return tokens


def check_control_tokens(messages: Conversation, tokens: ControlTokens) -> None:
    """Raise `MessageError` where message content would become one of these control tokens."""
    for index, message in enumerate(messages):
        for content in texts_of(message):
            for position, text in tokens.find_all(content):
                quoted = content[max(0, position - 20) : position + len(text) + 20]
                raise MessageError(
                    f"messages[{index}] ({message['role']!r}) contains {text!r} at character "
                    f"{position}: {quoted!r}. The tokenizer would make it the control token "
                    f"{tokens[text]}, not text. Remove it from the content, or pass "
                    "control_tokens='text' to keep it as ordinary text, or "
                    "control_tokens='allow' if it is meant."
                )


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a message but its role, and the types of its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ("role", "type"):
                yield from texts_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_of(item)


def break_control_tokens(messages: Conversation, tokenizer: Any, mark: str) -> list[Message]:
    """Return the messages with `mark` after the first character of each control token in them."""
    tokens = control_tokens(tokenizer)

    def broken(value: Any) -> Any:
        if isinstance(value, str):
            for position, text in reversed(list(tokens.find_all(value))):
                if len(text) == 1:
                    raise MessageError(
                        f"{text!r} is a control token of one character: it cannot be kept as text. "
                        "Remove it from the content."
                    )
                value = value[: position + 1] + mark + value[position + 1 :]
            return value
        if isinstance(value, Mapping):
            return {k: v if k in ("role", "type") else broken(v) for k, v in value.items()}
        return [broken(item) for item in value] if isinstance(value, (list, tuple)) else value

    return [broken(message) for message in messages]
