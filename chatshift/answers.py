"""Where each answer stands in the rendered text: found by a render with stand-in answers."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from chatshift.messages import Conversation, content_text, printed_forms
from chatshift.rendering import Rendering

# Where an assistant message may say something; each of them gets its own stand-in.
FIELDS = ("content", "reasoning_content", "reasoning", "thinking")
# Templates look for tags such as <think> in an answer and write the rest accordingly.
TAG = re.compile(r"(<[^<>\s]{1,40}>|\[/?[A-Z_]{2,20}\])")


class Answer(NamedTuple):
    """A rendered answer, in characters of the full text."""

    message: int
    """The index of its message."""
    start: int
    end: int
    changed: bool
    """Whether the template wrote something else than the message's content, trimmed or not."""


class Unlocated(NamedTuple):
    """Why the answers could not be placed."""

    message: int
    reason: str


def find_answers(
    messages: Conversation, rendering: Rendering, full_text: str
) -> list[Answer] | Unlocated:
    """Return the place of each rendered answer, by comparing the text with one of stand-ins.

    The answers are replaced by words that stand nowhere else, and the conversation is rendered
    again: the text between those words is the template's own and must stand in the full text too.
    The answer's words are never searched for. An answer that the template leaves out has no place.
    """
    word = "standin"
    while word in full_text:
        word += "q"
    plain = _compare(messages, rendering, full_text, word, len(messages))
    if not isinstance(plain, Unlocated):
        return plain
    # Where a template writes a thought in its own way, only a stand-in with its tags will fit: it
    # is tried from the first answer on for which a plain one does not, and then for all.
    for structured_from in (plain.message, 0):
        found = _compare(messages, rendering, full_text, word, structured_from)
        if not isinstance(found, Unlocated):
            return found
    return plain


def _compare(
    messages: Conversation, rendering: Rendering, full_text: str, word: str, structured_from: int
) -> list[Answer] | Unlocated:
    """Compare with one render; from `structured_from` on its stand-ins keep the answers' tags."""
    written = [
        _stand_in(message, f"{word}{index}x", index >= structured_from)
        if message["role"] == "assistant"
        else message
        for index, message in enumerate(messages)
    ]
    text = rendering.text(written)
    places = _places(written, word, text)
    return places if isinstance(places, Unlocated) else _match(messages, text, places, full_text)


def _stand_in(message: Any, word: str, structured: bool) -> dict:
    """The message with other words: one for all of a text, or one for each run between tags."""
    fields = {
        name: _replace(message[name], f"{word}{letter}", structured)
        for name, letter in zip(FIELDS, "abcd", strict=True)
        if message.get(name) is not None
    }
    return {**message, **fields}


def _replace(content: Any, word: str, structured: bool) -> Any:
    if not isinstance(content, str):
        texts = [
            _replace(part["text"], f"{word}{i}y", structured) for i, part in enumerate(content)
        ]
        return [{**part, "text": text} for part, text in zip(content, texts, strict=True)]
    if not structured:
        return f"{word}z"
    runs = TAG.split(content.strip())
    return "".join(
        run.replace(run.strip(), f"{word}{i}z") if run.strip() and not TAG.fullmatch(run) else run
        for i, run in enumerate(runs)
    )


def _places(written: Conversation, word: str, text: str) -> list[tuple[int, int, int]] | Unlocated:
    """Message, start and end of each stand-in that the template rendered, in the stand-in text."""
    places = []
    found = [
        (match.start(), match.end(), int(match[1]), match[0])
        for match in re.finditer(rf"{word}(\d+)x[a-d](?:\d+y)?(?:\d+)?z", text)
    ]
    order = [message for _, _, message, _ in found]
    if len({word for *_, word in found}) < len(found) or order != sorted(order):
        return Unlocated(
            found[0][2],
            "the template writes this answer twice, or changes the order of the answers",
        )
    for index in dict.fromkeys(message for _, _, message, _ in found):
        mine = [one for one in found if one[2] == index]
        start, end = mine[0][0], mine[-1][1]
        content = content_text(written[index])
        before, word_first, _ = content.partition(mine[0][3])
        _, word_last, after = content.rpartition(mine[-1][3])
        before, after = before.strip(), after.strip()
        # Tags at the edges have no stand-in; they belong to the answer where they still touch it.
        if word_first and before and text[:start].rstrip().endswith(before):
            start = len(text[:start].rstrip()) - len(before)
        if word_last and after and text[end:].lstrip().startswith(after):
            end = len(text) - len(text[end:].lstrip()) + len(after)
        for printed in printed_forms(written[index]):
            if printed in text:
                start = text.index(printed)
                end = start + len(printed)
        places.append((index, start, end))
    last = len(written) - 1
    if not places or places[-1][0] != last:
        return Unlocated(last, "the template does not write a stand-in for this answer")
    return places


def _match(
    messages: Conversation, text: str, places: Sequence[tuple[int, int, int]], full_text: str
) -> list[Answer] | Unlocated:
    """Carry the places over to the full text, piece by piece of what the template wrote itself."""
    edges = [0, *(edge for _, start, end in places for edge in (start, end)), len(text)]
    pieces = [text[one:other] for one, other in pairwise(edges)][::2]
    answers: list[Answer] = []
    cursor = 0
    for (index, _, _), before, after in zip(places, pieces, pieces[1:], strict=False):
        differs = Unlocated(
            index, "the template writes other text around this answer than around a stand-in"
        )
        if not full_text.startswith(before, cursor):
            return differs
        start = cursor + len(before)
        is_last = len(answers) == len(places) - 1
        content = content_text(messages[index])
        variants = dict.fromkeys([content, content.strip(), content.rstrip(), content.lstrip()])
        end = next(
            (
                start + len(variant)
                for variant in variants
                if full_text.startswith(variant + after, start)
                and (not is_last or start + len(variant) + len(after) == len(full_text))
            ),
            None,
        )
        changed = end is None
        if end is None:
            end = len(full_text) - len(after) if is_last else full_text.find(after, start)
            if not after and not is_last:
                return differs
            if end < start or not full_text.startswith(after, end):
                # What follows is written differently: because of this answer or of the next.
                return differs if is_last else differs._replace(message=places[len(answers) + 1][0])
        answers.append(Answer(index, start, end, changed))
        cursor = end
    return answers
