"""A render with stand-ins: the template's own pieces of text, and the parts between them."""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from chatshift.errors import TemplateError
from chatshift.supervise.stand_ins import Marks, Part, StandIns, forms
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import AddedTokens

Edge = tuple[int, int]


class Stretch(NamedTuple):
    """The parts of one message that stand together in a frame: the first and the last."""

    first: int
    last: int


class Frame:
    """What the template writes around the parts; part i stands between piece i and piece i + 1."""

    def __init__(self, text: str, parts: Sequence[Part], marks: Marks, tokens: AddedTokens) -> None:
        self._tokens = tokens
        found = list(marks.pattern().finditer(text))
        self.text = text
        self.parts = [parts[int(match[1] or match[2])] for match in found]
        """In the order of the text; one that is written twice stands here twice."""
        borders = [0, *(border for match in found for border in match.span()), len(text)]
        self.edges: list[Edge] = [(one, other) for one, other in pairwise(borders)][::2]
        """Start and end of each piece."""
        self.pieces = [text[start:end] for start, end in self.edges]
        self.stretches = self._stretches()

    @cached_property
    def control(self) -> list[int]:
        """The ids of the control tokens that the template writes."""
        return [token.id for token in self._tokens.find(self.text)]

    def _stretches(self) -> dict[int, Stretch]:
        """The parts of each message that stand together.

        What stands apart is an echo, such as a tool's name beside its result; and so is a part
        that comes again after a control token.
        """
        found: dict[int, Stretch] = {}
        for i, part in enumerate(self.parts):
            first, last = found.get(part.message, (i, i - 1))
            again = part in self.parts[first:i]
            if last == i - 1 and not (again and self._tokens.find(self.pieces[i])):
                found[part.message] = Stretch(first, i)
        return found

    def missing(self, message: int, parts: Sequence[Part]) -> list[Part]:
        """Return those of a message's parts that the template does not write in its place."""
        first, last = self.stretches.get(message, (0, -1))
        written = {part.word for part in self.parts[first : last + 1]}
        return [part for part in parts if part.text.strip() and part.word not in written]


class Matched(NamedTuple):
    """A frame, and where its pieces stand in the text of the row."""

    frame: Frame
    stand_ins: StandIns
    edges: list[Edge] | None
    """`None`: nowhere that could be told."""
    exact: bool
    """Whether every part stands there as it is, trimmed, or as JSON."""


def match_frames(
    text: str,
    messages: list[dict],
    marks: Marks,
    template: ChatTemplate,
    tokens: AddedTokens,
    *,
    allowed: bool,
) -> Matched:
    """Return the frame that fits the text: of plain stand-ins, with tags, or without blank ones.

    `allowed`: what is said may hold control tokens, so these cannot tell where it ends.
    """
    telling = AddedTokens() if allowed else tokens
    tried: list[tuple[Frame, StandIns]] = []
    for blanks, tagged in ((True, False), (True, True), (False, False), (False, True)):
        stand_ins = StandIns(messages, marks, tagged=tagged, blanks=blanks)
        written = _written(stand_ins, template)
        frame = Frame(written, stand_ins.parts, marks, tokens)
        if tagged:
            _leave_to_template(stand_ins, tried[0][0])
        if edges := match(text, frame, telling, exact=True):
            return Matched(frame, stand_ins, edges, exact=True)
        tried.append((frame, stand_ins))
    for frame, stand_ins in reversed(tried):
        if edges := match(text, frame, telling, exact=False):
            return Matched(frame, stand_ins, edges, exact=False)
    return Matched(*tried[-1], None, exact=False)


def _leave_to_template(stand_ins: StandIns, plain: Frame) -> None:
    """Drop the tags at the start of a content that the template writes without them, too.

    It takes the thought out of the content and writes tags of its own, which a generation prompt
    may supply; those of the content itself are what the message says.
    """
    for k, (before, after) in stand_ins.tags.items():
        stretch = plain.stretches.get(k)
        if stretch and before and before in plain.pieces[stretch.first]:
            stand_ins.tags[k] = ("", after)


def _written(stand_ins: StandIns, template: ChatTemplate) -> str:
    try:
        return template.render(stand_ins.messages)
    except TemplateError as refusal:
        raise TemplateError(
            "It cannot be told what of the text is the template's own: with other words in place "
            f"of what the messages say, it refuses them. {refusal}"
        ) from refusal


def match(text: str, frame: Frame, tokens: AddedTokens, *, exact: bool) -> list[Edge] | None:
    """Return where the frame's pieces stand in the text, one after the other."""
    if not text.startswith(frame.pieces[0]):
        return None
    cursor = len(frame.pieces[0])
    edges = [(0, cursor)]
    for i, (part, piece) in enumerate(zip(frame.parts, frame.pieces[1:], strict=True)):
        is_last = i == len(frame.parts) - 1
        end = _end_of_part(text, cursor, part, piece, is_last)
        if end is None and not exact:
            end = _end_of_changed(text, cursor, piece, frame.text, tokens, is_last)
        if end is None:
            return None
        cursor = end + len(piece)
        edges.append((end, cursor))
    return edges if cursor == len(text) else None


def _end_of_part(text: str, start: int, part: Part, piece: str, is_last: bool) -> int | None:
    """Return where a part ends that starts here in one of its forms, with the piece after it."""
    for form in forms(part.text):
        end = start + len(form)
        whole = not is_last or end + len(piece) == len(text)
        if whole and text.startswith(form, start) and text.startswith(piece, end):
            return end
    return None


def _end_of_changed(
    text: str, start: int, piece: str, written: str, tokens: AddedTokens, is_last: bool
) -> int | None:
    """Return where a part ends that is written in another way: where the next piece stands.

    Only where that cannot be mistaken: the piece holds a control token, which nothing that is said
    can be, or stands in the text as often as in the frame.
    """
    if is_last:
        end = len(text) - len(piece)
    else:
        unique = piece and text.count(piece) == written.count(piece)
        end = text.find(piece, start) if unique or tokens.find(piece) else -1
    return end if end >= start and text.startswith(piece, end) else None
