"""Rows that say nothing but plain text share one frame for each sequence of roles."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chatshift.errors import BoundaryError, LabelError, MessageError, TemplateError
from chatshift.messages import ROLES
from chatshift.settings import Settings
from chatshift.supervise.answers import supervised_messages
from chatshift.supervise.frame import Frame, Matched
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.spans import MARK, Border, Said, Spans, borders_of
from chatshift.supervise.stand_ins import StandIns, marks_for
from chatshift.supervise.starts import proven_turns
from chatshift.supervise.turns import TurnFinder

KNOWN_ROLES = frozenset(ROLES)


class PlainRow(NamedTuple):
    """What a row of plain text says."""

    roles: tuple[str, ...]
    contents: list[str]


class Prompt(NamedTuple):
    """What the prompt of a message must be, for a row to share its shape's turns."""

    message: int
    template_length: int
    """How many characters the template itself writes into it."""
    parts: int
    """How many parts stand in it; -1: it is no prefix."""
    frame: Frame | None = None
    """Of one that is no prefix: what it must be."""


class PlainShape(NamedTuple):
    """What all rows with the same roles share."""

    pieces: list[str]
    order: list[int]
    """The message of each part."""
    control: tuple[int, ...]
    borders: tuple[Border, ...]
    prompts: list[Prompt]
    findings: tuple[Finding, ...]

    def spans(
        self, messages: list[dict], contents: list[str], text: str, finder: TurnFinder
    ) -> Spans | None:
        """Return the spans of a row; `None` unless its text and prompts are the shape's."""
        said = [contents[message] for message in self.order]
        findings = self.findings
        if text != _filled(self.pieces, said):
            contents = list(map(str.strip, contents))
            said = [contents[message] for message in self.order]
            if text != _filled(self.pieces, said):
                return None
            findings = (*self._trimmed(messages), *findings)
        for prompt in self.prompts:
            if prompt.frame is not None:
                written = finder.starts.prompt(messages, prompt.message)
                if text.startswith(written) or written != _framed(prompt.frame, contents):
                    return None
                continue
            if not self._has_prompt(prompt, text, said, messages, finder):
                return None
        return Spans(text, self.control, self.borders, findings)

    def said(self, contents: list[str], text: str) -> tuple[Said, ...]:
        """Return where the contents of a row with this text stand."""
        texts = [contents[message] for message in self.order]
        if sum(map(len, texts)) + sum(map(len, self.pieces)) != len(text):
            texts = [content.strip() for content in texts]
        found, end = [], 0
        for message, piece, content in zip(self.order, self.pieces, texts, strict=False):
            start = end + len(piece)
            end = start + len(content)
            found.append(Said(start, end, "content", message))
        return tuple(found)

    def _has_prompt(
        self, prompt: Prompt, text: str, said: list[str], messages: list[dict], finder: TurnFinder
    ) -> bool:
        written = finder.starts.prompt(messages, prompt.message)
        length = prompt.template_length + sum(map(len, said[: prompt.parts]))
        return len(written) == length and text.startswith(written)

    def _trimmed(self, messages: list[dict]) -> list[Finding]:
        """Return notes on answers whose edges were trimmed."""
        findings = []
        for k in (border.message for border in self.borders):
            content = messages[k]["content"]
            if content != content.strip():
                wording = (
                    "The template removed white space at the answer's edges: it wrote "
                    f"{quote(content.strip())} for {quote(content)}."
                )
                findings.append(Finding("answer changed", k, wording))
        return findings


def _filled(pieces: list[str], said: list[str]) -> str:
    filled = [""] * (2 * len(said) + 1)
    filled[::2], filled[1::2] = pieces, said
    return "".join(filled)


def _framed(frame: Frame, contents: list[str]) -> str:
    return _filled(frame.pieces, [contents[part.message] for part in frame.parts])


def plain_contents(messages: Any, unknown: str | None) -> PlainRow | None:
    """Return what a row says, if it is dicts of a role and a text."""
    if type(messages) is not list or len(messages) < 2 or set(map(type, messages)) != {dict}:
        return None
    if set(map(len, messages)) != {2}:
        return None
    roles = tuple([message.get("role") for message in messages])
    contents = [message.get("content") for message in messages]
    if set(map(type, roles)) != {str} or set(map(type, contents)) != {str}:
        return None
    if roles[-1] != "assistant" or not KNOWN_ROLES.issuperset(roles):
        return None
    joined = "\0".join(contents)
    if MARK in joined or (unknown and unknown in joined) or not _can_be_encoded(joined):
        return None
    return PlainRow(roles, contents)


def _can_be_encoded(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_shape(roles: Sequence[str], settings: Settings, finder: TurnFinder) -> PlainShape | None:
    """Return what rows with these roles share; `None` where each needs a frame of its own."""
    messages = [{"role": role, "content": "text"} for role in roles]
    marks = marks_for()
    stand_ins = StandIns(messages, marks)
    try:
        supervised = supervised_messages(messages, settings.supervise)
        text = finder.template.render(stand_ins.messages)
        frame = Frame(text, stand_ins.parts, marks, finder.tokens)
        if sorted(frame.parts) != sorted(stand_ins.parts):
            return None
        matched = Matched(frame, stand_ins, frame.edges, exact=True)
        row = Rendered(stand_ins.messages, supervised, text, matched)
        edges, findings = finder.find(row)
    except (MessageError, TemplateError, BoundaryError, LabelError):
        return None
    control = finder.tokens.find(text)
    borders = borders_of(text, control, edges, finder.tokens.loose)
    heads = [place.head for b in borders for place in (b.start, b.stop) if place]
    if any(marks.word in head for head in heads):
        return None
    prompts = _prompts(row, finder, {one.message: one.start for one in edges})
    if any(p.frame and len(set(p.frame.parts)) < len(p.frame.parts) for p in prompts):
        return None  # a generation prompt that repeats what was said is another in each row
    return PlainShape(
        frame.pieces,
        [part.message for part in frame.parts],
        tuple(token.id for token in control),
        borders,
        prompts,
        tuple(findings),
    )


def _prompts(row: Rendered, finder: TurnFinder, starts: dict[int, int]) -> list[Prompt]:
    prompts = []
    for k in proven_turns(row.supervised):
        prompt = finder.starts.prompt(row.messages, k)
        if prompt != row.text[: starts[k]]:
            stand_ins = row.matched.stand_ins
            frame = Frame(prompt, stand_ins.parts, stand_ins.marks, finder.tokens)
            prompts.append(Prompt(k, 0, -1, frame))
            continue
        before = [i for i, (_, end) in enumerate(row.frame.edges[:-1]) if end < starts[k]]
        words = sum(len(row.frame.parts[i].word) for i in before)
        prompts.append(Prompt(k, starts[k] - words, len(before)))
    return prompts
