"""Step 4: the labels start as a copy of the ids."""

from collections.abc import Sequence


def copy_labels(input_ids: Sequence[int]) -> list[int]:
    """Return the first version of the labels: the same ids in a new list.

    Args:
        input_ids: the ids of the full conversation, T of them.

    Returns:
        A new list of T labels. Masking it later leaves `input_ids` as they are.

    Example:
        >>> from chatshift import copy_labels
        >>> input_ids = [461, 398, 4]
        >>> labels = copy_labels(input_ids)
        >>> labels == input_ids, labels is input_ids
        (True, False)

    Chapter: 4, The initial labels.
    """
    return list(input_ids)
