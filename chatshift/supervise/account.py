"""How many tokens of a prepared row come from where: the counts of what a `Trace` lists."""

from collections.abc import Sequence
from typing import NamedTuple

from chatshift.supervise.confirm import Row
from chatshift.supervise.encoder import Located
from chatshift.supervise.spans import Said, Spans
from chatshift.template.control_tokens import ControlTokens


class TurnCount(NamedTuple):
    """The tokens of one supervised turn."""

    message: int
    start: int
    end_from: int
    """The first of the tokens that end it; the same as `end` where there are none."""
    end: int
    stop: int


class Account(NamedTuple):
    """The tokens of a row."""

    length: int
    origins: dict[tuple[str, bool], int]
    """By origin, and whether they are supervised."""
    said: dict[tuple[int, bool], int]
    """By the message that says them, and whether they are supervised."""
    turns: list[TurnCount]


class TurnReader:
    """Finds the tokens that end the turns of rows."""

    def __init__(self, tokens: ControlTokens) -> None:
        import numpy as np

        self._is_control = np.zeros(max(tokens.ids, default=0) + 1, dtype=bool)
        self._is_control[list(tokens.ids)] = True

    def turns(self, row: Row, spans: Spans, ends: frozenset[int]) -> list[TurnCount]:
        """Return the supervised turns of a row, which may be cut at its end."""
        import numpy as np

        ids, last = row.ids, len(self._is_control) - 1
        found = np.flatnonzero(self._is_control[np.minimum(ids, last)] & (ids <= last))
        # Where the tokenizer did not see a control token of the text, none can be counted off.
        aligned = tuple(ids[found].tolist()) == spans.control[: len(found)]
        control, total = found.tolist() if aligned else [], len(ids)
        turns = []
        for border, (start, stop) in zip(spans.borders, row.turns.tolist(), strict=False):
            known = 0 <= border.end < len(control)
            end = control[border.end] + 1 if known else start
            end_from = end
            while end_from > start and int(ids[end_from - 1]) in ends:
                end_from -= 1
            turns.append(TurnCount(border.message, start, end_from, min(end, total), stop))
        return turns


def account_of(
    length: int,
    turns: Sequence[TurnCount],
    said: Sequence[Said],
    located: Located,
    *,
    ends_with_answer: bool,
) -> Account:
    """Return the account of a row."""
    origins: dict[tuple[str, bool], int] = {}
    of_message: dict[tuple[int, bool], int] = {}
    turn_of = {turn.message: turn for turn in turns}
    own = {turn.message: 0 for turn in turns}
    for start, stop, kind, message in _in_tokens(said, located, length):
        inside = 0
        if turn := turn_of.get(message):
            last = turn.end_from if turn.end > turn.end_from else turn.stop
            inside = max(0, min(stop, last) - max(start, turn.start))
            own[message] += inside
            origins[kind, True] = origins.get((kind, True), 0) + inside
            of_message[message, True] = of_message.get((message, True), 0) + inside
        of_message[message, False] = of_message.get((message, False), 0) + stop - start - inside
    for turn in turns:
        size = turn.stop - turn.start
        end = turn.end - turn.end_from
        tail = turn.stop - turn.end if end else 0
        for kind, count in (("end", end), ("tail", tail), ("template", size - end - tail)):
            count -= own[turn.message] if kind == "template" else 0
            origins[kind, True] = origins.get((kind, True), 0) + count
    supervised = sum(origins.values())
    tail = length - turns[-1].stop if ends_with_answer else 0
    origins["tail", False] = tail
    origins["prompt", False] = length - supervised - tail
    return Account(length, origins, of_message, list(turns))


def _in_tokens(
    said: Sequence[Said], located: Located, length: int
) -> list[tuple[int, int, str, int]]:
    """Return the tokens of what is said; a token that two parts share belongs to the later one."""
    found: list[tuple[int, int, str, int]] = []
    total = len(located.ids)
    for start, stop, kind, message in said:
        if stop <= start:
            continue
        first, last = located.token_at(start), located.token_at(stop - 1)
        after = located.token_at(stop)
        after = min(max(after, last + 1), total)
        if found and found[-1][1] > first:
            found[-1] = (*found[-1][:1], first, *found[-1][2:])
        found.append((first, after, kind, message))
    return [(min(a, length), min(b, length), kind, k) for a, b, kind, k in found]
