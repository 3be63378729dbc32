"""Step 6: the labels move one place to the left."""

from collections.abc import Sequence
from typing import NamedTuple

from chatshift.errors import LabelError
from chatshift.steps.mask import IGNORE_INDEX


class Shifted(NamedTuple):
    """Inputs and labels of one length: at each position i, `input_ids[i]` predicts `labels[i]`.

    Example:
        >>> from chatshift import Shifted
        >>> pair = Shifted(input_ids=[5, 6], labels=[-100, 7])
        >>> list(zip(*pair))
        [(5, -100), (6, 7)]

    Chapter: 6, Shift.
    """

    input_ids: list[int]
    labels: list[int]


def shift(input_ids: Sequence[int], labels: Sequence[int]) -> Shifted:
    """Return the pair for a loss you write yourself: the labels stand one place further left.

    Do this once. A transformers model given `labels=` does it inside, so it gets the unshifted
    pair. Mask before you shift: afterwards only `prompt_length - 1` labels belong to the prompt.

    Args:
        input_ids: the ids of the full conversation, T of them, at least 2.
        labels: the masked labels, T of them, not yet shifted.

    Returns:
        The inputs without their last, and the labels without their first, as new lists of T - 1.

    Raises:
        LabelError: the lengths differ, there are fewer than two tokens, or the labels have been
            shifted already.

    Example:
        >>> from chatshift import shift
        >>> shift([440, 261, 461, 398, 4], [-100, -100, 461, 398, 4])
        Shifted(input_ids=[440, 261, 461, 398], labels=[-100, 461, 398, 4])

    Chapter: 6, Shift.
    """
    if len(input_ids) != len(labels):
        raise LabelError(
            f"There are {len(input_ids)} input_ids and {len(labels)} labels. Shift takes two lists "
            "of one length: the full ids, and their masked copy."
        )
    if len(input_ids) < 2:
        raise LabelError(
            f"There are {len(input_ids)} tokens. A shift needs at least two: one to read and one "
            "to predict."
        )
    if _already_shifted(input_ids, labels):
        raise LabelError(
            "These labels are shifted already: each one is the id that follows its position. "
            "Shifting twice trains on the token after the next."
        )
    return Shifted(list(input_ids[:-1]), list(labels[1:]))


def _already_shifted(input_ids: Sequence[int], labels: Sequence[int]) -> bool:
    # The last label has no following id here to be compared with, so it has no say.
    kept = [i for i, label in enumerate(labels[:-1]) if label != IGNORE_INDEX]
    follows = bool(kept) and all(labels[i] == input_ids[i + 1] for i in kept)
    return follows and any(labels[i] != input_ids[i] for i in kept)
