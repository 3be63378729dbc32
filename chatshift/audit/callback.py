"""`AuditCallback`: a trainer looks at its first batches before it trains on them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from chatshift.audit.batch_audit import BatchAuditor, BatchReport
from chatshift.audit.findings import LEVELS
from chatshift.errors import ChatshiftError, LabelError


class AuditCallback:
    """Audit the first batches of a transformers `Trainer`, or one of its kind, before it trains.

    A batch is what the trainer's own data loader gives, so it has passed through every collator.
    The random numbers of the training stay what they would have been.

    What it cannot see: a loss that is computed outside of the model (`compute_loss_func`, label
    smoothing, a fused loss), batches after those that it looks at, and those of other processes,
    each of which looks at its own. It was not tried with weights in shards (FSDP, ZeRO): there,
    run it once in one process.

    Args:
        tokenizer: the model's; `None` for the trainer's own.
        stop: raise at an error, so that the training does not begin; `False` only warns.
        batches: how many batches to look at. The loader starts anew when the training begins.

    Attributes:
        reports: the `BatchReport` of each of these batches, once the training begins.
        report: the worst of them, of equals the first; `None` before.

    Raises:
        LabelError: when the training begins, with everything that was found in the worst batch.

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

    def __init__(self, tokenizer: Any = None, *, stop: bool = True, batches: int = 1) -> None:
        if not isinstance(batches, int) or batches < 1:
            raise ChatshiftError(f"batches={batches!r} must be a number of batches, 1 or more.")
        self.tokenizer, self.stop, self.batches = tokenizer, stop, batches
        self.reports: list[BatchReport] = []

    @property
    def report(self) -> BatchReport | None:
        """The worst report, of equals the first."""
        return max(self.reports, key=_badness, default=None)

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
        """Audit the first batches of the loader."""
        tokenizer = self.tokenizer or processing_class
        tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # of a processor
        if tokenizer is None:
            raise ChatshiftError(
                "The trainer has no tokenizer. Pass it: AuditCallback(tokenizer), or "
                "Trainer(processing_class=tokenizer)."
            )
        auditor = BatchAuditor(tokenizer, model)
        loader = getattr(train_dataloader, "base_dataloader", train_dataloader)
        with _same_randomness():
            self.reports = [auditor.report(batch) for batch in islice(loader, self.batches)]
        if self.report is None:
            raise ChatshiftError("The trainer's data loader has no batch.")
        number = self.reports.index(self.report) + 1
        which = "The first batch" if number == 1 else f"Batch {number}"
        level = _badness(self.report)
        if level == LEVELS.index("error") and self.stop:
            raise LabelError(f"{which} is not fit to train on.\n{self.report}")
        if level >= LEVELS.index("warning"):
            warnings.warn(f"{which} of the training:\n{self.report}", stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        """Do nothing at every other event of a trainer."""
        if name.startswith("on_"):
            return _nothing
        raise AttributeError(name)


def _badness(report: BatchReport) -> int:
    """Return the level of the worst finding, as a number."""
    return max((LEVELS.index(finding.level) for finding in report.findings), default=-1)


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
