"""How a template writes around an answer, learnt from a row prepared in full.

Most rows of a data set are written in one way and differ only in their words. `prepare` finds out
what that way is, with all its proofs; a mold keeps the template's own text and ids, so that other
rows can be compared with it. A row that does not fit a mold exactly is prepared in full.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from chatshift.answers import Answer
from chatshift.control import ControlTokens, control_tokens
from chatshift.encoding import Encoded
from chatshift.learned import Learned
from chatshift.messages import Conversation, content_text
from chatshift.policy import Policy
from chatshift.turns import Start, Turn


class Mold(NamedTuple):
    """The template's own text and ids around one answer."""

    before: str
    """The text before the learned tokens, from the previous message or a control token on."""
    control_text: str
    """The last control token in it: the tokenizer always splits there."""
    control_id: int
    head_ids: tuple[int, ...]
    """The ids from that control token to the first learned one."""
    lead: str
    """What is learned before the answer."""
    after: str
    """The text after the answer: all of it for the last one, else up to the next message."""
    after_ids: tuple[int, ...]
    """The ids that follow the answer, from its first control token on; empty if all is learned."""
    learned_after: int
    """How many of them are learned."""

    def head(self, start: int) -> int:
        """Return where the control token stands, if the learned part starts at `start`."""
        return start - len(self.before) + self.before.rfind(self.control_text)

    def place(self, text: str, content: str, start: int) -> int | None:
        """Return where the answer ends in `text`, if its learned part may start at `start`."""
        for words in (content, content.strip()):
            if text.startswith(self.lead + words + self.after, start):
                return start + len(self.lead) + len(words)
        return None

    def last_start(self, text: str, content: str) -> int | None:
        """Return where the learned part of the last answer starts, if the text ends like this."""
        for words in (content, content.strip()):
            rest = self.lead + words + self.after
            start = len(text) - len(rest)
            if text.endswith(rest) and text.endswith(self.before, 0, start):
                return start
        return None


class Molds(NamedTuple):
    """The molds found so far: for last answers, and for the answers before them."""

    last: list[Mold]
    earlier: list[Mold]

    def learn(
        self, messages: Conversation, full: Encoded, learned: Learned, policy: Policy
    ) -> None:
        """Add what a prepared conversation shows and is not known yet."""
        full_already = len(self.last) + len(self.earlier) >= MOST
        if not learned.answers or full_already or _answers_in_a_row(messages):
            return
        control = control_tokens(full.tokenizer)
        keeps_all = policy.boundary == "prompt" and not policy.mask_tail
        places = zip(learned.answers, learned.starts, learned.turns, strict=True)
        for answer, start, turn in places:
            is_last = answer is learned.answers[-1]
            mold = _mold(
                messages, full, answer, start, turn, is_last, keeps_all and is_last, control
            )
            known = self.last if is_last else self.earlier
            if mold and mold not in known:
                known.append(mold)


# Data that needs more molds than this is of many kinds, or of none.
MOST = 8


def _mold(
    messages: Conversation,
    full: Encoded,
    answer: Answer,
    start: Start,
    turn: Turn,
    is_last: bool,
    keeps_all: bool,
    control: ControlTokens,
) -> Mold | None:
    backwards = range(start.position - 1, -1, -1)
    at = next((i for i in backwards if full.ids[i] in control.ids), None)
    if start.crossed or at is None or not content_text(messages[answer.message]).strip():
        return None
    control_id = full.ids[at]
    if control_id not in control.splitting:
        return None
    control_text = full.tokenizer.convert_ids_to_tokens(control_id)
    head = full.text.rfind(control_text, 0, start.character)
    if head < 0 or full.tokens_before(head) != at:
        return None
    previous = head if is_last else _end_of_previous(messages, full, answer, head)
    rest = full.tokens_before(answer.end)
    after = full.text[answer.end :]
    after_ids: tuple[int, ...] = ()
    if not is_last:
        after = after[: _start_of_next(messages, full, answer) - answer.end]
    if not keeps_all:
        # One more id, so that what follows the learned ones is the same too.
        stop = len(full.ids) if is_last else turn.stop + 1
        after_ids = tuple(full.ids[rest:stop])
        if turn.end != rest or full.ids[rest] not in control.ids:
            return None
    inside = full.ids[start.position : rest]
    if previous > head or any(token_id in control.ids for token_id in inside):
        return None
    return Mold(
        before=full.text[previous : start.character],
        control_text=control_text,
        control_id=control_id,
        head_ids=tuple(full.ids[at : start.position]),
        lead=full.text[start.character : answer.start],
        after=after,
        after_ids=after_ids,
        learned_after=turn.stop - rest,
    )


def _answers_in_a_row(messages: Conversation) -> bool:
    """Whether an answer follows another: then the token that ends a turn is told otherwise."""
    roles = [message["role"] for message in messages]
    return any(one == other == "assistant" for one, other in pairwise(roles))


def _end_of_previous(messages: Conversation, full: Encoded, answer: Answer, head: int) -> int:
    words = content_text(messages[answer.message - 1]).strip()
    place = full.text.rfind(words, 0, head)
    return place + len(words) if words and place >= 0 else len(full.text)


def _start_of_next(messages: Conversation, full: Encoded, answer: Answer) -> int:
    words = content_text(messages[answer.message + 1]).strip()
    place = full.text.find(words, answer.end)
    return place if words and place >= 0 else len(full.text)


class Found(NamedTuple):
    """An answer of a row that fits a mold; to be confirmed by the row's ids."""

    message: int
    mold: Mold
    start: int
    """The character where its learned part starts."""
    nth: int
    """How many control tokens of the mold's kind stand before its own."""
    is_last: bool


def fit(text: str, messages: Conversation, molds: Molds, supervise: str) -> list[Found] | None:
    """Return the learned answers of a text, or `None` if it fits no mold."""
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    content = messages[-1]["content"]
    fitting = ((mold, mold.last_start(text, content)) for mold in molds.last)
    last = next(((mold, start) for mold, start in fitting if start is not None), None)
    if last is None or not content.strip() or _answers_in_a_row(messages):
        return None
    earlier = []
    if supervise == "all" and len(answers) > 1:
        earlier = list(_fit_earlier(text, [messages[i]["content"] for i in answers[:-1]], molds))
        if len(earlier) < len(answers) - 1 or answers[0] == 0:
            return None
        # As many openings as answers: none was left out, and none taken for another.
        end = last[0].head(last[1])
        openings = sum(text.count(opening, 0, end) for opening in {m.before for m, _ in earlier})
        if openings != len(earlier) or earlier[-1][1] >= last[1]:
            return None
    found, nth, character = [], 0, 0
    for message, (mold, start) in zip(answers[-len(earlier) - 1 :], [*earlier, last], strict=True):
        head = mold.head(start)
        if mold.control_text != last[0].control_text:
            return None
        nth += text.count(mold.control_text, character, head)
        character = head
        found.append(Found(message, mold, start, nth, message == answers[-1]))
    return found


def _fit_earlier(text: str, contents: list[str], molds: Molds) -> Iterator[tuple[Mold, int]]:
    """Yield mold and start of each earlier answer, as far as they fit one after the other."""
    cursor = 0
    for content in contents:
        for mold in molds.earlier:
            place = text.find(mold.before, cursor)
            start = place + len(mold.before)
            end = mold.place(text, content, start) if place >= 0 and content.strip() else None
            if end is not None:
                yield mold, start
                cursor = end
                break
        else:
            return
