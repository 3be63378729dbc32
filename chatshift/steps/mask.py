"""Step 5: the prompt's labels are taken out of the loss."""

from collections.abc import Iterable, Sequence

from chatshift.errors import LabelError

IGNORE_INDEX = -100
"""The label that the loss skips: -100. It is no token id, and the model never sees it."""


def mask_prompt(labels: Sequence[int], prompt_length: int) -> list[int]:
    """Return the labels with the first `prompt_length` of them set to `IGNORE_INDEX`.

    Args:
        labels: the unshifted labels, T of them.
        prompt_length: the number of prompt tokens, from 0 to T - 1.

    Returns:
        A new list of T labels; those of the answer are unchanged.

    Raises:
        LabelError: `prompt_length` is no number of tokens, or leaves no label to learn from.

    Example:
        >>> from chatshift import mask_prompt
        >>> mask_prompt([440, 261, 461, 398, 4], prompt_length=2)
        [-100, -100, 461, 398, 4]

    Chapter: 5, Mask the prompt.
    """
    if isinstance(prompt_length, bool) or not isinstance(prompt_length, int):
        raise LabelError(
            f"prompt_length must be a number of tokens, not {prompt_length!r}. "
            "Pass len(prompt_ids)."
        )
    if prompt_length < 0:
        raise LabelError(
            f"prompt_length is {prompt_length}. It counts from the start: pass len(prompt_ids)."
        )
    if prompt_length >= len(labels):
        raise LabelError(
            f"prompt_length is {prompt_length} and there are {len(labels)} labels: all of them "
            "would be masked, and nothing is left to learn from. Is the answer cut off?"
        )
    return mask_outside(labels, [(prompt_length, len(labels))])


def mask_outside(labels: Sequence[int], spans: Iterable[tuple[int, int]]) -> list[int]:
    """Return the labels with all of them masked but those in the spans: step 5 for many turns.

    Args:
        labels: the unshifted labels, T of them.
        spans: start and stop of each stretch that is supervised.

    Returns:
        A new list of T labels.

    Example:
        >>> from chatshift.steps.mask import mask_outside
        >>> mask_outside([440, 261, 461, 398, 4], [(1, 2), (3, 5)])
        [-100, 261, -100, 398, 4]

    Chapter: 10, Many turns.
    """
    masked = [IGNORE_INDEX] * len(labels)
    for start, stop in spans:
        masked[start:stop] = labels[start:stop]
    return masked
