"""What a template writes around contents that it does not look into.

All conversations with the same roles have it in common: their texts are put together from it, and
the template does not run again. What is shown on it, for instance that a prompt is a prefix, holds
for all of them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chatshift.template import refusals, variables_of


class Gap(NamedTuple):
    """A place for a content."""

    message: int
    trim: Callable[[str], str]
    mark: str
    """What stands there as long as the content is not known."""


class Skeleton(NamedTuple):
    """The text of a template with gaps; it holds for contents that are not blank."""

    pieces: list[str]
    """The template's own text; at every second place room for a content."""
    gaps: list[Gap]
    absent: set[str]
    """Words that the template looked for: it holds for contents without them."""
    marked: str
    """All of it as one text, with the mark in each gap."""

    def fill(self, contents: Sequence[str]) -> str:
        """Return the text with these contents."""
        pieces = self.pieces.copy()
        pieces[1::2] = [trim(contents[message]) for message, trim, _ in self.gaps]
        return "".join(pieces)

    def mark_of(self, message: int) -> str:
        """Return the mark of a message's content; empty unless it is written just once."""
        marks = [gap.mark for gap in self.gaps if gap.message == message]
        return marks[0] if len(marks) == 1 else ""


def find_skeleton(
    roles: Sequence[str],
    tokenizer: Any,
    *,
    add_generation_prompt: bool,
    template_kwargs: dict,
    prefix: str | None = None,
) -> Skeleton | None:
    """Return what the template writes for these roles, without `prefix` at its start.

    It is `None` where the text may depend on the contents in any other way than that they stand in
    it, trimmed or not.
    """
    # Here, since it imports jinja2.
    from chatshift.watched import CLOSE, OPEN, LookedAtError, Notes, stand_in, watched

    template = watched(tokenizer.get_chat_template())
    if template is None:
        return None
    notes = Notes({}, set())
    messages = [
        {"role": role, "content": stand_in(index, (), notes)} for index, role in enumerate(roles)
    ]
    variables = variables_of(tokenizer, add_generation_prompt, template_kwargs)
    try:
        marked = template.render(messages=messages, **variables).removeprefix(prefix or "")
    except LookedAtError:
        return None
    except refusals():
        return None
    pieces = re.split("(" + "|".join(map(re.escape, notes.made)) + ")", marked)
    if any(OPEN in piece or CLOSE in piece for piece in pieces[::2]):
        return None
    gaps = [Gap(*notes.made[mark], mark) for mark in pieces[1::2]]
    return Skeleton(pieces, gaps, notes.absent, marked)
