"""The next-token loss of labels that are already shifted."""

from typing import Any

from chatshift.errors import LabelError
from chatshift.steps.mask import IGNORE_INDEX

REDUCTIONS = ("mean", "sum", "none")


def next_token_loss(logits: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """Return the cross entropy of logits and shifted labels, place by place.

    Args:
        logits: a float tensor of shape (T, vocabulary) or (batch, T, vocabulary): what the model
            gives for the shifted `input_ids`.
        labels: shifted labels, a list or tensor of shape (T,) or (batch, T).
        reduction: `"mean"` over the labels that count, `"sum"`, or `"none"` for one loss a place,
            0 where the label is `IGNORE_INDEX`.

    Returns:
        A tensor with one number, in nats; for `"none"` one number for each label.

    Raises:
        LabelError: the shapes do not fit, no label counts, a label is no token id, or the
            reduction is unknown.

    Example:
        >>> import torch
        >>> from chatshift import next_token_loss
        >>> logits = torch.zeros(3, 8)  # each of 8 tokens is equally likely
        >>> round(next_token_loss(logits, [-100, 5, 1]).item(), 4)  # log(8)
        2.0794

    Chapter: 6, Shift.
    """
    import torch
    from torch.nn import functional

    labels = torch.as_tensor(labels, device=logits.device)
    if reduction not in REDUCTIONS:
        raise LabelError(f"reduction={reduction!r} is not known; choose from {list(REDUCTIONS)}.")
    if logits.shape[:-1] != labels.shape:
        raise LabelError(
            f"logits have the shape {tuple(logits.shape)} and labels {tuple(labels.shape)}. Each "
            "label needs the logits at its own position: give the model the shifted input_ids."
        )
    counted = labels != IGNORE_INDEX
    if not counted.any():
        raise LabelError(
            f"All {labels.numel()} labels are {IGNORE_INDEX}: there is nothing to learn, and the "
            "mean over no label is NaN. Was the answer cut off?"
        )
    wrong = counted & ((labels < 0) | (labels >= logits.shape[-1]))
    if wrong.any():
        where = wrong.nonzero()[0].tolist()
        raise LabelError(
            f"The label at position {where[-1]} is {labels[tuple(where)].item()}, which is neither "
            f"{IGNORE_INDEX} nor one of the {logits.shape[-1]} token ids that the model knows."
        )
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()  # half precision loses digits in the sum over the vocabulary
    losses = functional.cross_entropy(
        logits.flatten(end_dim=-2),
        labels.flatten(),
        ignore_index=IGNORE_INDEX,
        reduction=reduction,
    )
    return losses.view(labels.shape) if reduction == "none" else losses
