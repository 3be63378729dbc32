"""The control tokens of a tokenizer: what only a template may write."""

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, NamedTuple

# Templates look for tags such as <think> in a content and write the rest accordingly.
TAG = re.compile(r"(<[^<>\s]{1,40}>|\[/?[A-Z_]{2,20}\])")


class Found(NamedTuple):
    """An added token in a text."""

    start: int
    end: int
    id: int


class AddedTokens(dict[str, int]):
    """Text and id of added tokens, to be found in texts as the tokenizer finds them."""

    @cached_property
    def _shortest(self) -> int:
        return min(map(len, self), default=1)

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """For each beginning, as long as the shortest token: lengths of tokens, longest first."""
        lengths: dict[str, set[int]] = {}
        for text in self:
            lengths.setdefault(text[: self._shortest], set()).add(len(text))
        return {begin: sorted(found, reverse=True) for begin, found in lengths.items()}

    @cached_property
    def _first_characters(self) -> Callable:
        first = re.escape("".join({text[0]: None for text in self}))
        return re.compile(f"[{first}]" if self else "(?!)").finditer

    def find(self, text: str) -> list[Found]:
        """Return the tokens in a text, the longest at each place."""
        found: list[Found] = []
        end = 0
        for match in self._first_characters(text):
            start = match.start()
            if start < end:
                continue
            for length in self._lengths.get(text[start : start + self._shortest], ()):
                piece = text[start : start + length]
                if piece in self:
                    end = start + len(piece)
                    found.append(Found(start, end, self[piece]))
                    break
        return found


class ControlTokens(AddedTokens):
    """The added tokens that are marked special, and the tokenizer's own special tokens.

    `stops` are those at which the model's generation stops: they count as control tokens too. The
    unknown token is none: the tokenizer itself writes it, for what it does not know.
    """

    def __init__(self, tokenizer: Any, stops: Iterable[str] = ()) -> None:
        added = {i: token for i, token in tokenizer.added_tokens_decoder.items() if token.content}
        named = {*tokenizer.all_special_tokens, *stops}
        self.unknown: str | None = tokenizer.unk_token
        super().__init__(
            (token.content, i)
            for i, token in added.items()
            if (token.special or token.content in named) and token.content != self.unknown
        )
        self.added = AddedTokens((token.content, i) for i, token in added.items())
        """All of them: `<think>` may be one that is not special."""
        self.ids = frozenset(self.values())
        self.loose = frozenset(
            i for i, token in added.items() if token.lstrip or token.single_word or token.normalized
        )
        """Those before which the text is not always split."""

    def whole_in(self, text: str) -> list[tuple[int, int]]:
        """Return where the added tokens and the tags of a text stand: none is ever cut in two."""
        tokens = [(token.start, token.end) for token in self.added.find(text)]
        return tokens + [tag.span() for tag in TAG.finditer(text)]

    def ids_in(self, text: str) -> list[int]:
        """Return the ids of the control tokens in a text."""
        return [token.id for token in self.find(text)]
