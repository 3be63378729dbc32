"""The audit of files, or of rows in memory; in this process or in several."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from chatshift.audit.chunk import Auditor
from chatshift.audit.copies import text_of
from chatshift.audit.report import Report
from chatshift.audit.settings import AuditSettings
from chatshift.errors import ChatshiftError
from chatshift.formats.files import find_files, read_file
from chatshift.formats.lines import Line
from chatshift.formats.records import Place, Record
from chatshift.tiny import load_tokenizer

CHUNK = 1000
CHUNK_BYTES = 8 * 1024 * 1024
WAITING = 3  # chunks for each worker, those at work among them
Advance = Callable[[list[Any]], None]


def audit(
    source: Any,
    tokenizer: Any = None,
    *,
    max_length: int | None = None,
    format: str | None = None,
    sample: int | None = None,
    workers: int = 1,
    name: str = "rows",
    start: int = 1,
    advance: Advance | None = None,
    **settings: Any,
) -> Report:
    """Return what a data set trains, token by token, and what is wrong in it.

    Args:
        source: a file or a folder, a list of them, or rows in memory: dicts in any known format,
            or lists of messages.
        tokenizer: a transformers tokenizer with a chat template, a folder or a hub name; `None`
            for the bundled one.
        max_length: the most tokens of a row; what would be cut off is reported.
        format: the name of the rows' format; `None` to see it from each row.
        sample: audit so many rows, drawn at random (always the same); `None` for all.
        workers: how many processes share the work.
        name: stands for the file in places, where the rows are in memory.
        start: the line of the first of these rows.
        advance: called with each list of rows when they are done.
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
        [('control-tokens', 2), ('other-defaults', 1)]

    Chapter: 18, Your own data.
    """
    chosen = AuditSettings.of(max_length=max_length, format=format, sample=sample, **settings)
    if not isinstance(workers, int) or workers < 1:
        raise ChatshiftError(f"workers={workers!r} must be a number of processes, 1 or more.")
    if tokenizer is None or isinstance(tokenizer, (str, Path)):
        tokenizer = load_tokenizer(tokenizer)
    auditor = Auditor(tokenizer, chosen)
    rows = rows_of(source, name, start)
    report = Report(fingerprint=auditor.fingerprint, tokenizer=auditor.tokenizer_name)
    if sample is not None:
        drawn, read = _draw(rows, sample)
        report += Report(read=read)
        rows = iter(drawn)
    for chunk, part in _in_workers(rows, auditor, workers) if workers > 1 else _here(rows, auditor):
        report += part
        if advance:
            advance(chunk)
    if (copies := report.seen.copies(1)) and _is_kept(source):
        text = text_of(copies, rows_of(source, name, start), format)
        report = replace(report, copied={copies.shown: text})
    return report


def rows_of(source: Any, name: str = "rows", start: int = 1) -> Iterator[Any]:
    """Yield the rows of files, or of what is in memory already."""
    paths = [source] if isinstance(source, (str, Path)) else source
    if isinstance(paths, list) and _are_paths(paths):
        for path in find_files([Path(one) for one in paths]):
            yield from read_file(path)
        return
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise ChatshiftError(
            f"There are no rows in a {type(source).__name__}. Pass a file, a list of them, or rows."
        )
    for number, row in enumerate(source, start=start):
        yield Record(Place(name, number), row)


def _is_kept(source: Any) -> bool:
    """Return whether the rows can be read again: files and lists, not what is piped in."""
    paths = source if isinstance(source, (list, tuple)) else [source]
    return "-" not in map(str, paths) if _are_paths(paths) else isinstance(source, Sequence)


def _are_paths(paths: Any) -> bool:
    return bool(paths) and all(isinstance(one, (str, Path)) for one in paths)


def chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the rows in lists that are neither long nor large."""
    chunk: list[Any] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.data) if isinstance(row, Line) else 0
        if len(chunk) == CHUNK or size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _draw(rows: Iterable[Any], count: int) -> tuple[list[Any], int]:
    """Return so many rows drawn at random, in their order, and how many there were.

    All are read, and no more than are drawn are in memory; the seed is always the same.
    """
    chooser = random.Random(0)
    stream = iter(rows)
    drawn = list(enumerate(islice(stream, count)))
    number = len(drawn)
    for row in stream:
        place = chooser.randint(0, number)
        if place < count:
            drawn[place] = (number, row)
        number += 1
    return [row for _, row in sorted(drawn, key=lambda one: one[0])], number


def _here(rows: Iterable[Any], auditor: Auditor) -> Iterator[tuple[list[Any], Report]]:
    """Yield the reports of chunks in this process."""
    return ((chunk, auditor.report(chunk)) for chunk in chunks(rows))


_auditor: Auditor | None = None


def _start_worker(auditor: Auditor) -> None:
    global _auditor
    _auditor = auditor


def _audit_chunk(chunk: list[Any]) -> Report:
    assert _auditor is not None
    return _auditor.report(chunk)


def _in_workers(
    rows: Iterable[Any], auditor: Auditor, workers: int
) -> Iterator[tuple[list[Any], Report]]:
    """Yield the reports of chunks in order; few chunks wait at a time."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_worker, initargs=(auditor,)
    )
    with pool:
        waiting: deque = deque()
        for chunk in chunks(rows):
            waiting.append((chunk, pool.submit(_audit_chunk, chunk)))
            if len(waiting) >= WAITING * workers:
                done, part = waiting.popleft()
                yield done, part.result()
        for done, part in waiting:
            yield done, part.result()
