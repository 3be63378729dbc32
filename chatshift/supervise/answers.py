"""Which answers are supervised: all or the last, by their weights; and one row for each."""

from collections.abc import Iterator
from typing import Any

from chatshift.errors import MessageError
from chatshift.messages import (
    NOTHING,
    Conversation,
    Message,
    check_ends_with_answer,
    check_messages,
)


def check_conversation(messages: Any, supervise: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the messages as templates want them, and the indices of those that are supervised."""
    checked = check_messages(messages)
    check_ends_with_answer(checked)
    return checked, supervised_messages(checked, supervise)


def supervised_messages(messages: Conversation, supervise: str) -> list[int]:
    """Return the indices of the messages that are supervised, by `supervise` and `weight`."""
    last = len(messages) - 1
    if supervise == "last":
        if messages[last].get("weight") == 0:
            raise MessageError(
                f"messages[{last}] is the last message and has weight 0, so supervise='last' has "
                "nothing to learn. Remove the weight, or pass supervise='all'.",
                cause=NOTHING,
            )
        return [last]
    answers = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    chosen = [index for index in answers if messages[index].get("weight") != 0]
    if not chosen:
        raise MessageError(
            "Every assistant message has weight 0, so there is nothing to learn. Leave this "
            "conversation out, or give one of them weight 1.",
            cause=NOTHING,
        )
    if chosen[0] == 0:
        raise MessageError(
            "messages[0] is an answer and nothing comes before it, so supervise='all' has no "
            "prompt to learn it from. Remove it, give it weight 0, or pass supervise='last'.",
            cause="no prompt",
        )
    return chosen


def unroll(messages: Conversation) -> Iterator[list[Message]]:
    """Yield one conversation for each supervised answer, each ending with it.

    Where a template rewrites earlier turns, as most thinking models' do, an answer must be learned
    with the history that it had when it was written: one row for each answer.

    Args:
        messages: a conversation; answers with `weight` 0, or with nothing before them, are left
            out as last messages, but stay in the history of the others.

    Yields:
        The beginning of the conversation up to each answer, as a new list.

    Raises:
        MessageError: as in `render`.

    Example:
        >>> from chatshift import unroll
        >>> talk = [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}] * 2
        >>> [len(part) for part in unroll(talk)]
        [2, 4]

    Chapter: 10, Many turns.
    """
    for index, message in enumerate(check_messages(messages)):
        if index and message["role"] == "assistant" and message.get("weight") != 0:
            yield list(messages[: index + 1])
