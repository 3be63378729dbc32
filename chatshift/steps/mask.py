"""Step 5: the prompt's labels are taken out of the loss."""

from collections.abc import Sequence

from chatshift.errors import LabelError

IGNORE_INDEX = -100
"""The label that PyTorch's cross entropy skips. It is no token id and never reaches the model."""


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
    return [IGNORE_INDEX] * prompt_length + list(labels[prompt_length:])
