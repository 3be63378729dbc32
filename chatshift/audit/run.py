"""The audit of files, or of rows in memory."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from chatshift.audit.chunk import Auditor
from chatshift.audit.report import Report
from chatshift.audit.settings import AuditSettings
from chatshift.formats.files import find_files, read_file
from chatshift.formats.records import Place, Record
from chatshift.tiny import load_tokenizer

CHUNK = 1000


def audit(
    source: Any,
    tokenizer: Any = None,
    *,
    max_length: int | None = None,
    format: str | None = None,
    **settings: Any,
) -> Report:
    """Return what a data set trains, token by token, and what is wrong in it.

    Args:
        source: a file, a list of files, or rows in memory: dicts in any known format, or lists of
            messages.
        tokenizer: a transformers tokenizer with a chat template, a folder or a hub name; `None`
            for the bundled one.
        max_length: the most tokens of a row; what would be cut off is reported.
        format: the name of the rows' format; `None` to see it from each row.
        **settings: as in `prepare`: `supervise`, `boundary`, `strip_bos`, `mask_tail`,
            `control_tokens`, `stop_tokens` and `template_kwargs`.

    Returns:
        A `Report`. Reports of parts add up to the report of the whole.

    Raises:
        ChatshiftError: a setting is wrong, a file cannot be opened, or the template cannot be used.

    Example:
        >>> from chatshift import audit, load_tokenizer
        >>> question, answer = {"role": "user", "content": "Hi"}, {"role": "assistant"}
        >>> rows = [
        ...     {"messages": [question, {**answer, "content": "Yes"}]},
        ...     {"messages": [question, {**answer, "content": "<end_of_turn>"}]},
        ... ]
        >>> report = audit(rows, load_tokenizer())
        >>> report.prepared, report.tokens, report.supervised
        (1, 13, 2)
        >>> [(finding.id, finding.rows[0].line) for finding in report.findings]
        [('control-tokens', 2)]

    Chapter: 14, Your own data.
    """
    chosen = AuditSettings.of(max_length=max_length, format=format, **settings)
    if tokenizer is None or isinstance(tokenizer, (str, Path)):
        tokenizer = load_tokenizer(tokenizer)
    auditor = Auditor(tokenizer, chosen)
    report = Report(fingerprint=auditor.fingerprint)
    for chunk in chunks(rows_of(source)):
        report += auditor.report(chunk)
    return report


def rows_of(source: Any) -> Iterator[Any]:
    """Yield the rows of files, or of what is in memory already."""
    paths = [source] if isinstance(source, (str, Path)) else source
    if isinstance(paths, list) and paths and all(isinstance(one, (str, Path)) for one in paths):
        for path in find_files([Path(one) for one in paths]):
            yield from read_file(path)
    else:
        for number, row in enumerate(source, start=1):
            value = row if isinstance(row, Mapping) else {"messages": row}
            yield Record(Place("rows", number), value)


def chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the rows in lists of `CHUNK`."""
    stream = iter(rows)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk
