"""Many conversations at once: `prepare_batch`, and the rows it returns."""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from chatshift.engines import batch_encoder
from chatshift.errors import ChatshiftError, LabelError
from chatshift.fast import FastPath, Row
from chatshift.messages import Conversation
from chatshift.policy import Policy, check_policy
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.template import check_template

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import pyarrow

# So many texts are tokenized in one call: enough to be fast, few enough to stay small.
CHUNK = 1000


class Rejected(NamedTuple):
    """A conversation that became no row."""

    row: int
    """Its index among the conversations given."""
    reason: str
    """The words of the error with which `prepare` refuses it."""


class Truncated(NamedTuple):
    """A row that was cut at `max_length`."""

    row: int
    """The index of its conversation."""
    tokens: int
    """How many tokens were cut from its end."""
    supervised: int
    """How many of them would have been learned."""


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    """Prepared rows, in flat arrays: row i is what stands between two offsets.

    Example:
        >>> from chatshift import load_tokenizer, prepare_batch
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> batch = prepare_batch([messages, []], load_tokenizer(), shifted=False, errors="collect")
        >>> batch
        Batch(1 rows, 13 tokens, 2 supervised, labels not shifted; 1 rejected)
        >>> batch.rejected[0].row, batch.rejected[0].reason[:22]
        (1, 'There are no messages.')

    Chapter: 13, At scale.
    """

    input_ids: "np.ndarray"
    """The ids of all rows, one after the other; int32."""
    labels: "np.ndarray"
    """Their labels, as long as `input_ids`; int32."""
    offsets: "np.ndarray"
    """Where each row starts, and where the last one ends; int64, one more than rows."""
    rows: "np.ndarray"
    """The index of the conversation that each row was made of; int64."""
    shifted: bool
    """Whether the labels are shifted already."""
    rejected: tuple[Rejected, ...]
    """The conversations that became no row, and why."""
    truncated: tuple[Truncated, ...]
    """The rows that were cut at `max_length`, and what that cost."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        """Return one row as lists, ready for `collate`."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"There is no row {index}; the batch has {len(self)}.")
        index %= len(self)
        place = slice(self.offsets[index], self.offsets[index + 1])
        input_ids = self.input_ids[place].tolist()
        return {
            "input_ids": input_ids,
            "attention_mask": [1] * len(input_ids),
            "labels": self.labels[place].tolist(),
        }

    def __repr__(self) -> str:
        supervised = int((self.labels != IGNORE_INDEX).sum())
        return (
            f"Batch({len(self)} rows, {len(self.input_ids)} tokens, {supervised} supervised, "
            f"labels {'' if self.shifted else 'not '}shifted; {len(self.rejected)} rejected)"
        )

    def to_lists(self) -> list[dict[str, list[int]]]:
        """Return every row as a dict of lists: `input_ids`, `attention_mask` and `labels`."""
        return [self[index] for index in range(len(self))]

    def to_arrow(self) -> "pyarrow.Table":
        """Return the rows as a table of list columns; no Python list is made."""
        import numpy as np
        import pyarrow as pa

        # Offsets of 32 bits are what every reader knows; beyond them the type must be a larger one.
        small = len(self.input_ids) < 2**31
        kind = pa.ListArray if small else pa.LargeListArray
        offsets = pa.array(self.offsets.astype(np.int32) if small else self.offsets)
        columns = {
            "input_ids": self.input_ids,
            "attention_mask": np.ones(len(self.input_ids), dtype=np.int8),
            "labels": self.labels,
        }
        return pa.table(
            {name: kind.from_arrays(offsets, pa.array(flat)) for name, flat in columns.items()}
        )

    def to_dataset(self) -> "datasets.Dataset":
        """Return the rows as a `datasets.Dataset`."""
        from datasets import Dataset

        return Dataset(self.to_arrow())


def prepare_batch(
    conversations: Iterable[Conversation],
    tokenizer: Any,
    *,
    shifted: bool,
    max_length: int | None = None,
    errors: str = "raise",
    supervise: str = "last",
    boundary: str = "prompt",
    strip_bos: bool = False,
    mask_tail: bool = False,
    control_tokens: str = "error",
    template_kwargs: dict | None = None,
    engine: str = "tokenizers",
    progress: bool = False,
) -> Batch:
    """Return the rows that `prepare` would give for each conversation, and much faster.

    Args:
        conversations: lists of messages, each with the assistant's answer last.
        tokenizer: a transformers tokenizer with a chat template.
        shifted: whether the labels are to be shifted here. `False` for everything that shifts
            inside, such as `transformers`, TRL and PEFT; `True` for a loss you write yourself.
        max_length: the most tokens of a row. A longer one loses tokens at its end and is listed in
            `truncated`; one that would lose every supervised token is rejected.
        errors: `"raise"` stops with a list of all conversations that are refused; `"collect"` keeps
            the good ones and lists the others in `rejected`.
        supervise: as in `prepare`; so are the following five.
        boundary: see `prepare`.
        strip_bos: see `prepare`.
        mask_tail: see `prepare`.
        control_tokens: see `prepare`.
        template_kwargs: see `prepare`.
        engine: `"tokenizers"`, or `"kitoken"` for that package, faster, and used only after its
            ids were found equal in a self-test.
        progress: show a progress bar.

    Returns:
        A `Batch` with the rows in the order of the conversations.

    Raises:
        ChatshiftError: a setting is wrong, or conversations are refused and `errors="raise"`.

    Example:
        >>> from chatshift import load_tokenizer, prepare, prepare_batch
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> tokenizer = load_tokenizer()
        >>> batch = prepare_batch([messages] * 3, tokenizer, shifted=False)
        >>> batch[2] == prepare(messages, tokenizer).for_transformers()
        True

    Chapter: 13, At scale.
    """
    check_settings(shifted, max_length, errors)
    policy = Policy(
        supervise, boundary, strip_bos, mask_tail, control_tokens, dict(template_kwargs or {})
    )
    fast = fast_path(tokenizer, policy, engine)
    return batch_of(conversations, fast, shifted, max_length, errors, progress)


def fast_path(tokenizer: Any, policy: Policy, engine: str) -> FastPath:
    """Return what prepares conversations in this way; it can be used for many batches."""
    check_policy(policy)
    check_template(tokenizer, policy.template_kwargs)
    return FastPath(tokenizer, policy, batch_encoder(tokenizer, engine))


def batch_of(
    conversations: Iterable[Conversation],
    fast: FastPath,
    shifted: bool,
    max_length: int | None,
    errors: str,
    progress: bool,
) -> Batch:
    """Return the rows of one batch."""
    longest = None if max_length is None else max_length + shifted
    rows: list[tuple[int, Row]] = []
    rejected: list[Rejected] = []
    truncated: list[Truncated] = []
    for number, result in enumerate(_results(conversations, fast, progress)):
        if isinstance(result, Row) and longest is not None and len(result.ids) > longest:
            result = _cut(number, result, longest, truncated)
        if isinstance(result, Row):
            rows.append((number, result))
        else:
            rejected.append(Rejected(number, str(result)))
    if rejected and errors == "raise":
        raise _all_refusals(rejected)
    return _batch(rows, shifted, tuple(rejected), tuple(truncated))


def check_settings(shifted: object, max_length: object, errors: object) -> None:
    """Raise `ChatshiftError` where one of these is not what it must be."""
    if not isinstance(shifted, bool):
        raise ChatshiftError(
            f"shifted={shifted!r} must be True or False: False for a model or trainer that shifts "
            "inside, True for a loss you write yourself."
        )
    if max_length is not None and (not isinstance(max_length, int) or max_length < 1):
        raise ChatshiftError(f"max_length={max_length!r} must be a number of tokens, 1 or more.")
    if errors not in ("raise", "collect"):
        raise ChatshiftError(f"errors={errors!r} is not known; choose from ['raise', 'collect'].")


def _results(
    conversations: Iterable[Conversation], fast: FastPath, progress: bool
) -> Iterator[Row | ChatshiftError]:
    from tqdm.auto import tqdm

    if isinstance(conversations, str) or not isinstance(conversations, Iterable):
        raise ChatshiftError(
            f"conversations must be lists of messages, not {type(conversations).__name__}."
        )
    total = len(conversations) if isinstance(conversations, Sized) else None
    stream = iter(conversations)
    with tqdm(total=total, unit=" conversations", disable=not progress) as bar:
        while chunk := list(islice(stream, CHUNK)):
            yield from fast.prepare(chunk)
            bar.update(len(chunk))


def _cut(number: int, row: Row, longest: int, truncated: list[Truncated]) -> Row | ChatshiftError:
    """The row without its end; refused where nothing would be left to learn."""
    import numpy as np

    spans = row.spans.clip(max=longest)
    if spans[0, 0] == longest:
        return LabelError(
            f"Cut to {longest} of {len(row.ids)} tokens, this conversation would keep no "
            f"supervised token: the first is token {row.spans[0, 0]}. Raise max_length, or shorten "
            "the prompt."
        )
    lost = int(np.diff(row.spans).sum() - np.diff(spans).sum())
    truncated.append(Truncated(number, len(row.ids) - longest, lost))
    return Row(row.ids[:longest], spans)


def _all_refusals(rejected: list[Rejected], most: int = 20) -> ChatshiftError:
    lines = [f"  conversations[{row}]: {reason}" for row, reason in rejected[:most]]
    if len(rejected) > most:
        others = ", ".join(str(row) for row, _ in rejected[most:])
        lines.append(f"  and also: {others}")
    return ChatshiftError(
        f"{len(rejected)} conversations are refused:\n"
        + "\n".join(lines)
        + "\nMend them, or pass errors='collect' to keep the others."
    )


def _batch(
    rows: list[tuple[int, Row]],
    shifted: bool,
    rejected: tuple[Rejected, ...],
    truncated: tuple[Truncated, ...],
) -> Batch:
    import numpy as np

    lengths = np.array([len(row.ids) for _, row in rows], dtype=np.int64)
    ends = np.cumsum(lengths)
    begins = ends - lengths
    input_ids = np.concatenate([np.empty(0, dtype=np.int32), *(row.ids for _, row in rows)])
    edges = np.zeros(len(input_ids) + 1, dtype=np.int8)
    spans = [np.empty((0, 2), dtype=np.int64), *(row.spans for _, row in rows)]
    starts, stops = np.concatenate(spans).T + np.repeat(begins, [len(s) for s in spans[1:]])
    np.add.at(edges, starts, 1)
    np.add.at(edges, stops, -1)
    labels = np.where(np.cumsum(edges[:-1], dtype=np.int8) > 0, input_ids, np.int32(IGNORE_INDEX))
    if shifted:
        input_ids = np.delete(input_ids, ends - 1)
        labels = np.delete(labels, begins)
        lengths -= 1
    return Batch(
        input_ids=input_ids,
        labels=labels,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rows=np.array([number for number, _ in rows], dtype=np.int64),
        shifted=shifted,
        rejected=rejected,
        truncated=truncated,
    )
