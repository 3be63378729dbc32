"""A conversation with other words: a stand-in for each thing that its messages say."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from chatshift.template.control_tokens import TAG

WORD, NUMBER = "Quokka", "86420975"


class Part(NamedTuple):
    """One thing that a message says, and what stands in for it."""

    message: int
    kind: str
    """`thought`, `content` or `call`."""
    text: str
    word: str


class Marks(NamedTuple):
    """What the stand-ins of one conversation are made of: a word and digits found nowhere else."""

    word: str = WORD
    number: str = NUMBER

    def pattern(self) -> re.Pattern:
        """Return what finds the stand-ins; one of the two groups is the index of the part."""
        return re.compile(rf"{self.word}(\d+)x|{self.number}(\d{{6}})(?:\.5)?")


def marks_for(*texts: str) -> Marks:
    """Return marks that stand in none of the texts."""
    word, number = WORD, NUMBER
    while any(word in text for text in texts):
        word += "q"
    while any(number in text for text in texts):
        number = str(int(number) + 1)
    return Marks(word, number)


class StandIns:
    """The messages with stand-ins, and the parts that these stand for.

    `tagged` keeps the tags inside a content, with a stand-in for each run between them. `blanks`
    puts one into an answer that says nothing, too, to see where it would stand.
    """

    def __init__(
        self, messages: Sequence[dict], marks: Marks, *, tagged: bool = False, blanks: bool = True
    ) -> None:
        self.marks = marks
        self.parts: list[Part] = []
        self.tags: dict[int, tuple[str, str]] = {}
        """The tags at the edges of a message's content, which have no stand-in."""
        self._tagged, self._blanks = tagged, blanks
        self._renamed: dict[str, str] = {}
        self.messages = [self._message(index, message) for index, message in enumerate(messages)]
        self.of_message: dict[int, list[Part]] = {}
        for part in self.parts:
            self.of_message.setdefault(part.message, []).append(part)

    def _message(self, index: int, message: dict) -> dict:
        new = dict(message)
        if "reasoning_content" in message:
            new |= dict.fromkeys(
                (name for name in ("reasoning_content", "reasoning", "thinking") if name in new),
                self._text(index, "thought", message["reasoning_content"]),
            )
        said = message["content"]
        if isinstance(said, str) and said.strip():
            new["content"] = self._content(index, said)
        elif isinstance(said, str):
            if self._blanks and message["role"] == "assistant" and "tool_calls" not in message:
                new["content"] = self._stand_in(index, "content", said)
        else:
            new["content"] = [
                {**part, "text": self._text(index, "content", part["text"])} for part in said
            ]
        if "tool_calls" in message:
            new["tool_calls"] = [self._call(index, call) for call in message["tool_calls"]]
        if message.get("tool_call_id") in self._renamed:
            new["tool_call_id"] = self._renamed[message["tool_call_id"]]
        return new

    def _text(self, index: int, kind: str, text: str) -> str:
        """Return a word for a text; a blank text says nothing and stays."""
        return self._stand_in(index, kind, text) if text.strip() else text

    def _stand_in(self, index: int, kind: str, text: str) -> str:
        word = f"{self.marks.word}{len(self.parts)}x"
        self.parts.append(Part(index, kind, text, word))
        return word

    def _number(self, index: int, number: float) -> float:
        """Return another number of the same type; as digits it stands nowhere else."""
        other = int(f"{self.marks.number}{len(self.parts):06d}")
        self.parts.append(Part(index, "call", json.dumps(number), str(other)))
        return other if isinstance(number, int) else other + 0.5

    def _content(self, index: int, said: str) -> str:
        runs = TAG.split(said.strip()) if self._tagged else []
        words = [i for i, run in enumerate(runs) if run.strip() and i % 2 == 0]
        if len(runs) < 2 or not words:  # no tags, or tags are all that it says
            return self._text(index, "content", said)
        edges = "".join(runs[: words[0]]), "".join(runs[words[-1] + 1 :])
        self.tags[index] = edges[0].strip(), edges[1].strip()
        for i in words:
            kind = "content" if i == words[-1] else "thought"
            run = runs[i].strip()
            runs[i] = runs[i].replace(run, self._text(index, kind, run))
        return "".join(runs)

    def _call(self, index: int, call: dict) -> dict:
        function = dict(call["function"])
        name = function["name"]
        function["name"] = self._text(index, "call", name)
        if "arguments" in function:
            function["arguments"] = self._argument(index, function["arguments"])
        new = {**call, "function": function}
        if name in str(call.get("id", "")):  # Kimi's way: the name stands in the id, and only there
            new["id"] = self._renamed[call["id"]] = call["id"].replace(name, function["name"])
        return new

    def _argument(self, index: int, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(index, "call", value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(index, value)
        if isinstance(value, dict):
            # In the order of the alphabet, since a template may sort them.
            keys = {key: self._text(index, "call", key) for key in sorted(value)}
            return {keys[key]: self._argument(index, item) for key, item in value.items()}
        return [self._argument(index, item) for item in value] if isinstance(value, list) else value


def forms(text: str) -> Iterator[str]:
    """Yield how a template may write a text without changing its words, edges and JSON aside."""
    yield text
    yield text.strip()
    yield text.rstrip()
    yield text.lstrip()
    yield text.lstrip("\n")
    yield text.strip("\n")
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(text)[1:-1]
    yield repr(text)[1:-1]


def booleans_in(value: Any) -> Iterator[bool]:
    """Yield the booleans in the arguments of a call: they have no stand-in."""
    if isinstance(value, bool):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from booleans_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from booleans_in(item)
