"""How far two sequences agree."""

from collections.abc import Sequence
from itertools import takewhile


def common_length(one: Sequence, other: Sequence) -> int:
    """Return how many items two texts, or two lists of ids, have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
