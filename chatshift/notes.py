"""What the template did to a conversation that its author may not expect."""

from typing import NamedTuple

from chatshift.answers import Answer, Unlocated
from chatshift.encoding import Encoded
from chatshift.messages import Conversation, content_text, printed_forms
from chatshift.turns import Start, Turn


class Note(NamedTuple):
    """A finding that is no error.

    Example:
        >>> from chatshift import prepare
        >>> from chatshift.tiny.formats import load_format
        >>> messages = [
        ...     {"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Yes"}
        ... ]
        >>> for note in prepare(messages, load_format("gemma3")).notes:
        ...     print(note.name, note.message, note.position)
        answer changed 1 11
        tail after the end of turn 1 13

    Chapter: 10, Real templates.
    """

    name: str
    """What kind of finding it is; one of `NOTES`."""
    message: int
    """The index of the message."""
    position: int
    """The position in `full_ids` where it shows."""
    text: str
    """What was found there, in words."""


# Every kind of finding; the tests show each of them.
NOTES = (
    "answer changed",
    "answer not located",
    "message missing",
    "list content printed",
    "text before the answer",
    "token across the start",
    "no end of turn",
    "tail after the end of turn",
)


def find_notes(
    messages: Conversation,
    encoded: Encoded,
    answers: list[Answer] | Unlocated,
    turns: list[Turn],
    starts: list[Start],
) -> tuple[Note, ...]:
    """Return the findings of one conversation, in the order of the text.

    `answers` are all that were rendered; `turns` and `starts` are those that are learned.
    """
    notes = _about_other_messages(messages, encoded)
    if isinstance(answers, Unlocated):
        wording = f"Not compared: {answers.reason}."
        return (*notes, Note("answer not located", answers.message, turns[-1].start, wording))
    for answer in answers:
        notes += _about_answer(messages, encoded, answer)
    places = {answer.message: answer for answer in answers}
    for turn, start in zip(turns, starts, strict=True):
        notes += _about_turn(encoded, places[turn.message], turn, start)
    return tuple(sorted(notes, key=lambda note: (note.message, note.position)))


def _about_other_messages(messages: Conversation, encoded: Encoded) -> list[Note]:
    notes = []
    for index, message in enumerate(messages):
        text = content_text(message).strip()
        printed = next((form for form in printed_forms(message) if form in encoded.text), None)
        if printed:
            notes.append(
                Note(
                    "list content printed",
                    index,
                    max(0, encoded.tokens_before(encoded.text.index(printed))),
                    f"The template wrote the list itself: {_quote(printed)}. Join the parts "
                    "into one string.",
                )
            )
        elif message["role"] != "assistant" and text not in encoded.text:
            notes.append(
                Note(
                    "message missing",
                    index,
                    0,
                    f"The text of this {message['role']!r} message is not in the render as it "
                    f"stands: {_quote(text)}.",
                )
            )
    return notes


def _about_answer(messages: Conversation, encoded: Encoded, answer: Answer) -> list[Note]:
    content = content_text(messages[answer.message])
    written = encoded.text[answer.start : answer.end]
    if written == content or written in printed_forms(messages[answer.message]):
        return []
    how = (
        "The template removed white space at the answer's edges"
        if written == content.strip()
        else "The template rewrote the answer"
    )
    return [
        Note(
            "answer changed",
            answer.message,
            max(0, encoded.tokens_before(answer.start)),
            f"{how}: it wrote {_quote(written)} for {_quote(content)}.",
        )
    ]


def _about_turn(encoded: Encoded, answer: Answer, turn: Turn, start: Start) -> list[Note]:
    notes = []
    if start.crossed:
        notes.append(
            Note(
                "token across the start",
                turn.message,
                start.position - 1,
                "This token holds text of the template and the start of the answer, so it is "
                "masked.",
            )
        )
    before = encoded.text[start.character : answer.start]
    if before:
        notes.append(
            Note(
                "text before the answer",
                turn.message,
                turn.start,
                f"The template wrote {_quote(before)} before the answer; it is learned too.",
            )
        )
    if turn.end is None:
        notes.append(
            Note(
                "no end of turn",
                turn.message,
                turn.stop - 1,
                "No control token ends this answer, so the model does not learn to stop.",
            )
        )
    elif turn.stop > turn.end + 1:
        tail = encoded.tokenizer.decode(encoded.ids[turn.end + 1 : turn.stop])
        notes.append(
            Note(
                "tail after the end of turn",
                turn.message,
                turn.end + 1,
                f"The template wrote {_quote(tail)} after the end of the turn; it is learned too. "
                "mask_tail=True masks it.",
            )
        )
    return notes


def _quote(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "…")
