"""What a report shows in tables and pictures, in a terminal and on a page alike."""

from collections.abc import Mapping
from typing import NamedTuple

from chatshift.audit.report import Report

MEANS = {
    "content": "what the assistant says",
    "thought": "what it thinks",
    "call": "the tools it calls",
    "template": "text of the template inside answers",
    "end": "the tokens that end answers",
    "tail": "text of the template after the end",
    "prompt": "all that stands before answers",
}
ROLES = ("system", "developer", "user", "tool", "assistant", "template")


class Counted(NamedTuple):
    """A line of a table: so many tokens."""

    name: str
    words: str
    supervised: int
    masked: int


class Table(NamedTuple):
    """A table of tokens."""

    title: str
    what: str
    lines: list[Counted]


class Chart(NamedTuple):
    """Counts in an order, with what stands under the first and the last of them."""

    title: str
    counts: Mapping[int, int]
    first: str
    last: str


def tables(report: Report) -> list[Table]:
    """Return where the tokens come from, and who says them where that is known."""
    roles = dict.fromkeys((*ROLES, *sorted({role for role, _ in report.roles})), "")
    found = [
        Table("Where the tokens come from", "origin", _lines(MEANS, report.origins)),
        Table("Who says them", "role", _lines(roles, report.roles)),
    ]
    return found if any(role != "template" for role, _ in report.roles) else found[:1]


def _lines(names: Mapping[str, str], counts: Mapping[tuple[str, bool], int]) -> list[Counted]:
    lines = [
        Counted(name, words, counts.get((name, True), 0), counts.get((name, False), 0))
        for name, words in names.items()
    ]
    return [line for line in lines if line.supervised or line.masked]


def charts(report: Report) -> list[Chart]:
    """Return how long rows are, how much of them is supervised, and of which answers."""
    sizes = [min(report.lengths)]
    while sizes[-1] < max(report.lengths):
        sizes.append(2 * sizes[-1])
    lengths = {size: report.lengths.get(size, 0) for size in sizes}
    shares = {tenth: report.shares.get(tenth, 0) for tenth in range(11)}
    answers = max(report.turns, default=1)
    turns = {number: report.turns.get(number, 0) for number in range(1, answers + 1)}
    return [
        Chart("Rows by their length", lengths, f"{sizes[0]:,}", f"{sizes[-1]:,} tokens"),
        Chart("Rows by the share that is supervised", shares, "0 %", "100 %"),
        Chart("Supervised tokens by the answer", turns, "answer 1", f"answer {answers}"),
    ]
