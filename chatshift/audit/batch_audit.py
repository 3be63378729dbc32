"""`audit_batch`: what a batch of any trainer teaches, and how often its labels are shifted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatshift.audit.batch_rows import MOVED, BatchRow, offset_of, rows_of_batch
from chatshift.audit.checks import RowChecks
from chatshift.audit.report import Report
from chatshift.audit.settings import AuditSettings
from chatshift.audit.tallies import Collector
from chatshift.audit.token_rows import TokenRows
from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.errors import LabelError
from chatshift.formats.records import Place
from chatshift.loss.who_shifts import who_shifts
from chatshift.settings import Settings
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.supervise.supervision import Supervision

NAME = "batch"


@dataclass(frozen=True, repr=False)
class BatchReport(Report):
    """The report of one batch."""

    labels_are: str = ""
    """`unshifted`, `shifted`, `shifted twice`, or `unrelated`, against the input ids."""
    model_shifts: bool | None = None
    """Whether the model shifts by itself, as measured; `None` where no model was given."""
    times_shifted: int | None = None
    """How often labels are shifted in all, by the data and the model; once is right."""
    learned: tuple[str, ...] = ()
    """What is supervised of each row, as text; stretches are parted by `…`."""

    def __str__(self) -> str:
        who = {None: "no model was given", True: "the model shifts", False: "the model does not"}
        lines = [f"The labels are {self.labels_are}; {who[self.model_shifts]}."]
        if self.times_shifted is not None:
            lines[0] += f" In all they are shifted {_times(self.times_shifted)}."
        lines.append(f"{self.supervised} of {self.tokens} tokens are supervised.")
        for finding in self.findings:
            rows = ", ".join(str(place.line) for place in finding.rows)
            reason = f" ({finding.example.reason})" if finding.example else ""
            lines.append(
                f"{finding.level} {finding.id}, rows {rows}{reason}: {finding.meaning} What to "
                f"do: {finding.remedy}"
            )
        return "\n".join(lines)


def audit_batch(batch: Mapping[str, Any], tokenizer: Any, *, model: Any = None) -> BatchReport:
    """Return what a batch teaches, and how often its labels are shifted.

    Args:
        batch: what a data loader gives: `input_ids` and `labels`, or a loss mask, of shape (B, T);
            with `attention_mask` and `position_ids`, where it has them. Nothing in it is changed.
        tokenizer: the model's.
        model: the model that is trained. Whether it shifts is measured with `who_shifts`, which
            leaves it as it was.

    Returns:
        A `BatchReport`: a `Report` whose lines are the batch's rows, counted from 1.

    Raises:
        ChatshiftError: the batch has no ids or labels, or what the model does cannot be measured.

    Example:
        >>> from chatshift import audit_batch, collate, load_tokenizer, prepare, tiny_model
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> tokenizer = load_tokenizer()
        >>> trace = prepare(messages, tokenizer)
        >>> pair = {"input_ids": trace.input_ids, "labels": trace.labels}
        >>> batch = collate([pair], pad_token_id=0)
        >>> report = audit_batch(batch, tokenizer, model=tiny_model())
        >>> report.labels_are, report.times_shifted, report.learned
        ('shifted', 2, ('Yes<end_of_turn>',))
        >>> [finding.id for finding in report.findings]
        ['shifted-twice']

    Chapter: 8, Who shifts?
    """
    return BatchAuditor(tokenizer, model).report(batch)


class BatchAuditor:
    """Audits batches for one tokenizer and one model, whose own shift is measured once."""

    def __init__(self, tokenizer: Any, model: Any = None) -> None:
        self.tokenizer = tokenizer
        facts = TokenizerFacts(Supervision(tokenizer, Settings()))
        self.checks = RowChecks(facts, AuditSettings())
        self.own = _own_shift(model)

    def report(self, batch: Mapping[str, Any]) -> BatchReport:
        """Return the report of one batch."""
        pad = self.checks.facts.pad
        offset = offset_of(batch, pad)
        collector = Collector({}, set())
        rows = rows_of_batch(batch, offset or 0, pad)
        learned = []
        for number, row in enumerate(rows, start=1):
            collector.at(Place(NAME, number))
            collector.count_row()
            _look(row, self.checks, collector)
            if offset is not None:
                learned.append(_decoded(row, self.tokenizer))
        _judge(offset, self.own, rows, collector)
        report = collector.report()
        return BatchReport(
            **{name: getattr(report, name) for name in Report.__dataclass_fields__},
            labels_are="unrelated" if offset is None else MOVED[offset],
            model_shifts=None if self.own is None else bool(self.own),
            times_shifted=None if offset is None or self.own is None else offset + self.own,
            learned=tuple(learned),
        )


def _own_shift(model: Any) -> int | None:
    """Return how often the model shifts by itself."""
    if model is None:
        return None
    try:
        return int(who_shifts(model) == "model")
    except LabelError as refusal:
        if "shifts the labels twice" in str(refusal):
            return 2
        raise


def _judge(offset: int | None, own: int | None, rows: list[BatchRow], collector: Collector) -> None:
    """Find what is wrong with the shift of the whole batch."""
    supervised = [n for n, row in enumerate(rows, 1) if {*row.labels} - {IGNORE_INDEX}]
    if not supervised:
        return
    for number in supervised:
        collector.at(Place(NAME, number))
        if offset is None:
            reason = "most labels differ from the ids at their places and from the next ones"
            collector.found("labels-unrelated", reason=reason)
        elif own is not None and offset + own > 1:
            reason = f"the batch shifts {_times(offset)}, the model {_times(own)}"
            collector.found("shifted-twice", reason=reason)
        elif own is None and offset > 1:
            collector.found("shifted-twice", reason="the batch alone shifts twice")
        elif own is not None and offset + own == 0:
            reason = "labels stand at their own ids, and the model compares them there"
            collector.found("never-shifted", reason=reason)


def _look(row: BatchRow, checks: RowChecks, collector: Collector) -> None:
    """Find what is wrong in one row."""
    learned = [label != IGNORE_INDEX for label in row.labels]
    real = [i for i, one in enumerate(row.read) if one]
    if not any(learned):
        collector.found("all-masked", reason=f"all {len(learned)} labels are {IGNORE_INDEX}")
        return
    if any(learned[i] for i, one in enumerate(row.read) if not one):
        collector.found("pad-supervised", reason="labels stand where the attention mask is 0")
    firsts = set(row.starts)
    whole = all(learned[i] for i in real if i not in firsts)
    if whole:
        collector.found("all-supervised", reason=f"all {len(real)} tokens are supervised")
    for start in row.starts[1:]:
        if learned[start]:
            name = checks.facts.name(row.ids[start])
            reason = f"at position {start}, where a conversation begins, {name} is supervised"
            collector.found("packed-leak", reason=reason)
            break
    bos = checks.facts.bos
    packed = [i for i in real[1:] if row.ids[i] == bos and i - 1 in set(real)]
    if len(row.starts) < 2 and packed and row.ids[real[0]] == bos and packed[0] > real[0] + 1:
        reason = f"position {packed[0]} has {checks.facts.name(row.ids[packed[0]])} again"
        collector.found("packed-together", reason=reason)
    _count(row, learned, real, checks, collector, whole=whole)


def _count(
    row: BatchRow,
    learned: list[bool],
    real: list[int],
    checks: RowChecks,
    collector: Collector,
    *,
    whole: bool,
) -> None:
    """Count the row's tokens, and look at the ends of its answers."""
    import numpy as np

    ids = np.array([row.ids[i] for i in real], dtype=np.int64)
    marked = np.array([learned[i] for i in real], dtype=bool)
    if marked.any():
        TokenRows(checks).count(ids, marked, collector, whole=whole)


def _decoded(row: BatchRow, tokenizer: Any) -> str:
    """Return what is supervised of a row, its stretches parted by `…`."""
    stretches: list[list[int]] = []
    for i, (label, before) in enumerate(zip(row.labels, [IGNORE_INDEX, *row.labels], strict=False)):
        if label != IGNORE_INDEX:
            if before == IGNORE_INDEX:
                stretches.append([])
            stretches[-1].append(row.ids[i])
    return " … ".join(tokenizer.decode(one) for one in stretches)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
