"""Many conversations at once: the same two phases as in `prepare`, the second on flat arrays."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any

from chatshift.batch.arrays import assemble
from chatshift.batch.notes import count_notes
from chatshift.batch.nulls import rows_without_nulls
from chatshift.batch.record import Batch, Rejected, Truncated
from chatshift.errors import ChatshiftError, LabelError
from chatshift.messages import Conversation
from chatshift.settings import BatchSettings, Settings
from chatshift.supervise.confirm import Row
from chatshift.supervise.spans import Spans
from chatshift.supervise.supervision import Source, Supervision

# So many texts are tokenized in one call: enough to be fast, few enough to stay small.
CHUNK = 1000


def prepare_batch(
    rows: Iterable[Conversation | Mapping[str, Any]],
    tokenizer: Any,
    *,
    shifted: bool,
    max_length: int | None = None,
    errors: str = "raise",
    tools: Any = None,
    supervise: str = "last",
    boundary: str = "prompt",
    strip_bos: bool = False,
    mask_tail: bool = False,
    control_tokens: str = "error",
    stop_tokens: Iterable[str] | None = None,
    template_kwargs: dict | None = None,
    progress: bool = False,
) -> Batch:
    """Return the rows that `prepare` would give for each conversation, and much faster.

    Args:
        rows: lists of messages, each with the assistant's answer last; or dicts with `messages`
            and, each row its own, `tools` and `chat_template_kwargs`. A `datasets.Dataset` of such
            rows loses the nulls that Arrow put into them.
        tokenizer: a transformers tokenizer with a chat template.
        shifted: whether the labels are to be shifted here. `False` for everything that shifts
            inside, such as `transformers`, TRL and PEFT; `True` for a loss you write yourself.
        max_length: the most tokens of a row. A longer one loses tokens at its end and is listed in
            `truncated`; one that would lose every supervised token is rejected.
        errors: `"raise"` stops with a list of all conversations that are refused; `"collect"` keeps
            the good ones and lists the others in `rejected`.
        tools: as in `prepare`, for rows without tools of their own.
        supervise: as in `prepare`; so are the following six.
        boundary: see `prepare`.
        strip_bos: see `prepare`.
        mask_tail: see `prepare`.
        control_tokens: see `prepare`.
        stop_tokens: see `prepare`.
        template_kwargs: see `prepare`; a row's own keywords come before these.
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

    Chapter: 19, At scale.
    """
    batch_settings = BatchSettings(shifted, max_length, errors)
    settings = Settings.of(
        supervise=supervise,
        boundary=boundary,
        strip_bos=strip_bos,
        mask_tail=mask_tail,
        control_tokens=control_tokens,
        stop_tokens=stop_tokens,
        template_kwargs=template_kwargs,
    )
    supervision = Supervision(tokenizer, settings)
    return batch_of(rows, supervision, batch_settings, tools=tools, progress=progress)


def batch_of(
    rows: Iterable[Any],
    supervision: Supervision,
    settings: BatchSettings,
    *,
    tools: Any = None,
    progress: bool = False,
) -> Batch:
    """Return the rows of one batch."""
    supervision.rule(tools)  # what is wrong with the template is no matter of a single row
    longest = None if settings.max_length is None else settings.max_length + settings.shifted
    kept: list[tuple[int, Row]] = []
    rejected: list[Rejected] = []
    truncated: list[Truncated] = []
    for number, result in enumerate(_results(rows, supervision, tools, progress)):
        if isinstance(result, Row) and longest is not None and len(result.ids) > longest:
            result = _cut(number, result, longest, truncated)
        if isinstance(result, Row):
            kept.append((number, result))
        else:
            rejected.append(Rejected(number, str(result)))
    if rejected and settings.errors == "raise":
        raise _all_refusals(rejected)
    return Batch(
        *assemble([row for _, row in kept], shifted=settings.shifted),
        rows=_numbers(kept),
        shifted=settings.shifted,
        rejected=tuple(rejected),
        truncated=tuple(truncated),
        notes=count_notes(kept),
    )


def _numbers(kept: list[tuple[int, Row]]) -> Any:
    import numpy as np

    return np.array([number for number, _ in kept], dtype=np.int64)


def _results(
    rows: Iterable[Any], supervision: Supervision, tools: Any, progress: bool
) -> Iterator[Row | ChatshiftError]:
    """Yield what becomes of each row, in order; one chunk of rows is in memory at a time."""
    from tqdm.auto import tqdm

    if isinstance(rows, (str, Mapping)) or not isinstance(rows, Iterable):
        raise ChatshiftError(f"rows must be lists of messages, not {type(rows).__name__}.")
    total = len(rows) if isinstance(rows, Sized) else None
    stream = rows_without_nulls(rows)
    with tqdm(total=total, unit=" conversations", disable=not progress) as bar:
        while chunk := list(islice(stream, CHUNK)):
            yield from prepare_chunk([source_of(row, tools) for row in chunk], supervision)
            bar.update(len(chunk))


def source_of(row: Any, tools: Any = None) -> Source:
    """Return a row's messages with its own tools and keywords."""
    if not isinstance(row, Mapping):
        return Source(row, tools)
    own = row.get("tools")
    return Source(
        row.get("messages"), tools if own is None else own, row.get("chat_template_kwargs")
    )


def prepare_chunk(
    sources: Sequence[Source], supervision: Supervision
) -> list[Row | ChatshiftError]:
    """Return what becomes of each row: phase 1 row by row, then phase 2 for all of them."""
    first = [_phase_one(source, supervision) for source in sources]
    found = [(s, one) for s, one in zip(sources, first, strict=True) if isinstance(one, Spans)]
    if not found:
        return [one for one in first if isinstance(one, ChatshiftError)]
    ids, lengths = supervision.encoder.flat([spans.text for _, spans in found])
    second = iter(supervision.rows([s for s, _ in found], [one for _, one in found], ids, lengths))
    results: list[Row | ChatshiftError] = []
    for one in first:
        result = next(second) if isinstance(one, Spans) else one
        results.append(result if isinstance(result, ChatshiftError) else result[1])
    return results


def _phase_one(source: Source, supervision: Supervision) -> Spans | ChatshiftError:
    try:
        return supervision.spans(source)
    except ChatshiftError as refusal:
        return refusal


def _cut(number: int, row: Row, longest: int, truncated: list[Truncated]) -> Row | ChatshiftError:
    """Return the row without its end; refuse it where nothing would be left to learn."""
    import numpy as np

    turns = row.turns.clip(max=longest)
    if turns[0, 0] == longest:
        return LabelError(
            f"Cut to {longest} of {len(row.ids)} tokens, this conversation would keep no "
            f"supervised token: the first is token {row.turns[0, 0]}. Raise max_length, or shorten "
            "the prompt.",
            cause="truncated away",
        )
    lost = int(np.diff(row.turns).sum() - np.diff(turns).sum())
    truncated.append(Truncated(number, len(row.ids) - longest, lost))
    return Row(row.ids[:longest], turns, row.findings)


def _all_refusals(rejected: list[Rejected], most: int = 20) -> ChatshiftError:
    lines = [f"  rows[{row}]: {reason}" for row, reason in rejected[:most]]
    if len(rejected) > most:
        others = ", ".join(str(row) for row, _ in rejected[most:])
        lines.append(f"  and also: {others}")
    return ChatshiftError(
        f"{len(rejected)} conversations are refused:\n"
        + "\n".join(lines)
        + "\nMend them, or pass errors='collect' to keep the others."
    )
