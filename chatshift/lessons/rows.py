"""The book's exercises on printed rows: fill in what is missing, find what is wrong."""

from collections.abc import Mapping, Sequence
from functools import cache

from chatshift.errors import ChatshiftError
from chatshift.lessons.four_ways import traces
from chatshift.show import Picture, framed, table, visible
from chatshift.steps.mask import IGNORE_INDEX

MASKED, BLANK = "masked", "_"
BUGS = {
    "A": "shifted twice",
    "B": "not shifted",
    "C": "prompt not masked",
    "D": "first word masked",
    "E": "end masked",
}


@cache
def sky(step: int) -> tuple[str, ...]:
    """Return the labels of the row about the sky after a step, 4 to 6, in words.

    >>> sky(6)[7:10]
    ('masked', 'The', '·sky')
    """
    trace = traces()[0]
    labels = {4: trace.unmasked_labels, 5: trace.masked_labels, 6: trace.labels}[step]
    pieces = trace.pieces[1:] if step == 6 else trace.pieces
    return tuple(
        MASKED if label == IGNORE_INDEX else visible(piece)
        for label, piece in zip(labels, pieces, strict=True)
    )


def show_row(step: int) -> Picture:
    """Return the tokens of the row about the sky, each with a blank for its label after a step."""
    pieces = traces()[0].pieces[: len(sky(step))]
    rows = [(i, visible(piece), BLANK) for i, piece in enumerate(pieces)]
    return table(rows, ("position", "token", "label"))


def check_labels(step: int, mine: Sequence[str]) -> Picture:
    """Return what became of your labels for the row about the sky.

    Args:
        step: after which step, 4 to 6.
        mine: one word for each position: the token that is the label, or `"masked"`.

    Returns:
        A sentence; and where a label is wrong, a table of yours beside the right ones.

    Example:
        >>> from chatshift.lessons.rows import check_labels
        >>> check_labels(6, ["_"] * 18)
        not attempted
        >>> check_labels(6, ["masked"] * 8 + "The sky is blue on a clear day . <end>".split())
        all 18 labels are right

    Chapter: 5 and 6.
    """
    read = [visible(piece) for piece in traces()[0].pieces[: len(sky(step))]]
    if len(mine) != len(read):
        raise ChatshiftError(
            f"There are {len(mine)} labels, and the row wants {len(read)} after step {step}."
        )
    return _compared(dict(enumerate(read)), dict(enumerate(sky(step))), dict(enumerate(mine)))


@cache
def five_rows() -> dict[str, tuple[str, ...]]:
    """Return the row's shifted labels in words five times, each time with one of the `BUGS`."""
    right, pieces = sky(6), [visible(piece) for piece in traces()[0].pieces]
    first = right.count(MASKED)
    return {
        "A": (*right[1:], MASKED),
        "B": sky(5)[:-1],
        "C": tuple(pieces[1:]),
        "D": (*right[:first], MASKED, *right[first + 1 :]),
        "E": (*right[:-1], MASKED),
    }


def show_five_rows() -> Picture:
    """Return the five rows as one table: what has just been read, and what five rows ask for."""
    columns = [traces()[0].pieces[:-1], *five_rows().values()]
    lines = [[visible(word) for word in line] for line in zip(*columns, strict=True)]
    lines = [["-" if word == MASKED else word for word in line] for line in lines]
    return table([(i, *line) for i, line in enumerate(lines)], ("position", "has just read", *BUGS))


def check_bugs(mine: Mapping[str, str]) -> Picture:
    """Return what became of your diagnoses: for each of the five rows one of the `BUGS`.

    >>> from chatshift.lessons.rows import check_bugs
    >>> check_bugs(dict.fromkeys("ABCDE", "_"))
    not attempted
    """
    if set(mine) != set(BUGS):
        raise ChatshiftError(f"The rows are {list(BUGS)}; yours are {sorted(mine)}.")
    unknown = set(mine.values()) - {BLANK, *BUGS.values()}
    if unknown:
        raise ChatshiftError(f"{unknown.pop()!r} is no bug of these; they are {_words()}.")
    return _compared(dict.fromkeys(BUGS, ""), BUGS, mine)


def _words() -> str:
    return ", ".join(sorted(BUGS.values()))


def _compared(read: Mapping, right: Mapping, mine: Mapping) -> Picture:
    """Return a verdict, and where something is wrong, a line for each place."""
    if all(word == BLANK for word in mine.values()):
        return _say("not attempted")
    same = {place: _plain(mine[place]) == _plain(right[place]) for place in right}
    kind = "labels" if any(read.values()) else "rows"
    if all(same.values()):
        return _say(f"all {len(same)} {kind} are right")
    headers = ("position", "has read") if kind == "labels" else ("row",)
    lines = [
        (
            *(place, read[place])[: len(headers)],
            *(right[place], mine[place], "same" if same[place] else "different"),
        )
        for place in right
    ]
    verdict = f"{sum(same.values())} of {len(same)} {kind} are right"
    shown = table(lines, (*headers, "expected", "yours", "compared"))
    return Picture(_say(verdict).html + shown.html, f"{verdict}\n{shown.text}")


def _plain(word: str) -> str:
    """Return a word without the signs of a space, which a reader need not type."""
    return word.replace("·", "").strip()


def _say(sentence: str) -> Picture:
    return Picture(framed(f"<p>{sentence}</p>"), sentence)
