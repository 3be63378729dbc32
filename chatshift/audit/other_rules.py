"""What axolotl and LLaMA-Factory supervise by default, as slow plain rules of their own.

Both take conversations that a chat template writes. Neither is imported: the rules say again what
their sources do, and the tests hold them against these sources.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chatshift.errors import ChatshiftError
from chatshift.supervise.encoder import Encoder
from chatshift.template.chat_template import ChatTemplate

Messages = Sequence[dict[str, Any]]
PLACE, PLACEHOLDER = "{{content}}", re.compile(r"\{\{[a-zA-Z_]\w*\}\}")
DUMMY, NEAR = "[[dummy_message]]", 3
THOUGHT = "<think>\n", "\n</think>\n\n"


def by_dummy(
    messages: Messages, ids_of: Callable[[Messages], Sequence[int]], eos: int | None
) -> int | None:
    """Return how many tokens axolotl supervises of a conversation; `None` of one without text.

    Of each assistant message, those where the conversation up to it differs from the same with
    another content in it, and the EOS token that stands at most three tokens after them.
    """
    if not (whole := ids_of(messages)):
        return None
    learned: set[int] = set()
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        mine = ids_of(messages[: index + 1])
        other = ids_of([*messages[:index], {"role": "assistant", "content": DUMMY}])
        start, stop = _differing(mine, other)
        learned.update(range(start, min(stop, len(whole))))
        end = next((i for i in range(stop, len(whole)) if whole[i] == eos), -1)
        if end != -1 and abs(end - stop) <= NEAR:
            learned.add(end)
    return len(learned)


def _differing(mine: Sequence[int], other: Sequence[int]) -> tuple[int, int]:
    """Return where ids begin and end to differ from others; -1 and -1 where they do not."""
    shorter = min(len(mine), len(other))
    start = next((i for i in range(shorter) if mine[i] != other[i]), -1)
    back = next((i for i in range(1, shorter + 1) if mine[-i] != other[-i]), None)
    stop = len(mine) - back + 1 if back else -1
    return (start, stop) if -1 < start < stop else (-1, -1)


class AnswerSlot(NamedTuple):
    """What LLaMA-Factory reads from a chat template as the text of an answer."""

    text: str
    """With `{{content}}` where the answer says something, its end and what follows included."""
    thinks: bool
    """Whether it puts an empty thought before each answer that has none."""

    def learned(self, messages: Messages, encoder: Encoder) -> int | None:
        """Return how many tokens it supervises: each answer's; `None` for what is no plain talk."""
        talk = messages[1:] if messages and messages[0]["role"] == "system" else messages
        roles = [message["role"] for message in talk]
        plain = all(isinstance(message.get("content"), str) for message in talk)
        if not plain or any("tool_calls" in message for message in talk):
            return None
        if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
            return None
        total = 0
        for message in talk[1::2]:
            content = message["content"]
            total += len(encoder.ids(self.text.replace(PLACE, content, 1)))
            if self.thinks and not any(word.strip() in content for word in THOUGHT):
                total += len(encoder.ids("".join(THOUGHT)))
        return total


def answer_slot(tokenizer: Any) -> AnswerSlot | None:
    """Return the slot that is read from the tokenizer's template; `None` where that fails."""
    template = ChatTemplate(tokenizer)
    prefix = tokenizer.decode(tokenizer.encode(""))

    def written(*said: tuple[str, str], opened: bool = False) -> str:
        messages = [{"role": role, "content": content} for role, content in said]
        return template.render(messages, add_generation_prompt=opened)[len(prefix) :]

    user = ("user", PLACE)
    try:
        system = written(("system", PLACE))
        after_none = written(("system", ""), user, opened=True)
        asked = written(user, opened=True)
        answer = written(user, ("assistant", PLACE))[len(asked) :]
    except ChatshiftError:
        return None
    thinks = "<think>" in answer
    answer = answer.replace("<think>", "").replace("</think>", "").lstrip("\n")
    if len(asked) > len(after_none):  # the template has a system message of its own
        asked = asked[len(system.replace(PLACE, _left_out(after_none, asked), 1)) :]
    slots = (system, asked, answer)
    return AnswerSlot(answer, thinks) if all(map(PLACEHOLDER.search, slots)) else None


def _left_out(short: str, long: str) -> str:
    """Return the characters of a long text that a short one leaves out."""
    rest, left = iter(short), ""
    wanted = next(rest, None)
    for character in long:
        if wanted is None:
            break
        if character == wanted:
            wanted = next(rest, None)
        else:
            left += character
    return left
