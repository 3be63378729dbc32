"""`AuditCallback`: a trainer looks at its first batch before it trains on it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatshift.audit.batch_audit import BatchReport, audit_batch
from chatshift.errors import ChatshiftError, LabelError


class AuditCallback:
    """Audit the first batch of a transformers `Trainer`, or one of its kind, before the first step.

    The batch is what the trainer's own data loader gives, so it has passed through every collator.
    The random numbers of the training stay what they would have been. What a loss function does
    outside of the model (`compute_loss_func`) cannot be seen.

    Args:
        tokenizer: the model's; `None` for the trainer's own.
        stop: raise at an error, so that the training does not begin; `False` only warns.

    Attributes:
        report: the `BatchReport` of the first batch, once there is one.

    Raises:
        LabelError: when the training begins, with everything that was found in the first batch.

    Example:
        >>> from types import SimpleNamespace
        >>> from chatshift import AuditCallback, collate, load_tokenizer, prepare, tiny_model
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> tokenizer = load_tokenizer()
        >>> rows = [prepare(messages, tokenizer).for_transformers()]
        >>> callback = AuditCallback(tokenizer)  # Trainer(..., callbacks=[callback])
        >>> loader = [collate(rows, pad_token_id=0)]
        >>> callback.on_train_begin(None, None, None, model=tiny_model(), train_dataloader=loader)
        >>> callback.report.labels_are, callback.report.times_shifted
        ('unshifted', 1)

    Chapter: 8, Who shifts?
    """

    def __init__(self, tokenizer: Any = None, *, stop: bool = True) -> None:
        self.tokenizer, self.stop = tokenizer, stop
        self.report: BatchReport | None = None

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        *,
        model: Any = None,
        train_dataloader: Any = None,
        processing_class: Any = None,
        **others: Any,
    ) -> None:
        """Audit the first batch of the loader."""
        tokenizer = self.tokenizer or processing_class
        tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # of a processor
        if tokenizer is None:
            raise ChatshiftError(
                "The trainer has no tokenizer. Pass it: AuditCallback(tokenizer), or "
                "Trainer(processing_class=tokenizer)."
            )
        with _same_randomness():
            batch = next(iter(getattr(train_dataloader, "base_dataloader", train_dataloader)))
        self.report = audit_batch(batch, tokenizer, model=model)
        wrong = [finding for finding in self.report.findings if finding.level != "note"]
        if any(finding.level == "error" for finding in wrong) and self.stop:
            raise LabelError(f"The first batch is not fit to train on.\n{self.report}")
        if wrong:
            warnings.warn(f"The first batch of the training:\n{self.report}", stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        """Do nothing at every other event of a trainer."""
        if name.startswith("on_"):
            return _nothing
        raise AttributeError(name)


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Leave the trainer alone."""


@contextmanager
def _same_randomness() -> Iterator[None]:
    """Put Python's, NumPy's and PyTorch's random numbers back as they were."""
    import random

    import numpy as np
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
