"""What the command `chatshift audit` does: load, audit with a progress bar, print and write."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from chatshift.audit.as_json import as_json
from chatshift.audit.baseline import changes, load_baseline
from chatshift.audit.findings import LEVELS
from chatshift.audit.hub import tokenizer_of
from chatshift.audit.open_row import opener
from chatshift.audit.report import Report
from chatshift.audit.run import audit
from chatshift.audit.terminal import print_changes, print_report
from chatshift.errors import ChatshiftError
from chatshift.formats.files import find_files
from chatshift.formats.lines import Line


class Outputs(NamedTuple):
    """Where a report goes, and what it is held against."""

    html: Path | None
    json: Path | None
    baseline: Path | None
    fail_on: str


def run_audit(
    files: list[Path],
    tokenizer: str | None,
    template_kwargs: str | None,
    settings: dict[str, Any],
    workers: int,
    outputs: Outputs,
) -> int:
    """Audit, print and write; return the exit code."""
    from rich.console import Console

    console = Console()
    paths = find_files(files)
    _check_outputs(outputs, paths)
    before = load_baseline(outputs.baseline) if outputs.baseline else None
    keywords = parse_keywords(template_kwargs)
    if tokenizer is None:
        console.print("No --tokenizer: the bundled Gemma-style one is used, not your model's.\n")
    loaded = tokenizer_of(tokenizer)
    with _progress(paths, console) as advance:
        report = audit(
            paths, loaded, workers=workers, advance=advance, template_kwargs=keywords, **settings
        )
    open_row = opener(tokenizer, template_kwargs, settings)
    print_report(report, console, open_row)
    plain = as_json(report)
    if outputs.json:
        write(outputs.json, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    if outputs.html:
        from chatshift.audit.html import as_html

        write(outputs.html, as_html(report, open_row))
    found = changes(plain, before) if before else []
    if before:
        print_changes(found, str(outputs.baseline), console)
    return max(exit_code(report, outputs.fail_on), int(bool(found)))


def exit_code(report: Report, fail_on: str) -> int:
    """Return 1 where there is a finding of this level or above."""
    if fail_on == "never":
        return 0
    worst = LEVELS.index(fail_on)
    return int(any(LEVELS.index(finding.level) >= worst for finding in report.findings))


def parse_keywords(text: str | None) -> dict[str, Any] | None:
    """Return the keywords for the template."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ChatshiftError(f"--template-kwargs is no JSON ({error}): {text!r:.80}") from error
    if not isinstance(found, dict):
        raise ChatshiftError(f"--template-kwargs must be a JSON object, not {text!r:.80}")
    return found


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all; a link is replaced, not followed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _check_outputs(outputs: Outputs, inputs: list[Path]) -> None:
    """Raise before the work where a result could not be written, or would overwrite the data."""
    read = {path.resolve() for path in inputs if str(path) != "-"}
    for path in (outputs.html, outputs.json):
        if path is None:
            continue
        if path.resolve() in read:
            raise ChatshiftError(f"{path} is read by this audit; write the report elsewhere.")
        if path.is_dir() or not path.parent.is_dir():
            raise ChatshiftError(
                f"{path} cannot be written: there is no such folder, or it is one."
            )


def _progress(paths: list[Path], console: Any) -> Any:
    """Return a progress bar as a context that gives what moves it on."""
    from contextlib import contextmanager

    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def shown() -> Any:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        plain = all(path.suffix in (".jsonl", ".ndjson") for path in paths)
        total = sum(path.stat().st_size for path in paths) if plain else None
        rows = 0
        quiet = not console.is_terminal  # a pipe or a log gets no bar
        with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
            task = bar.add_task("reading", total=total)

            def advance(chunk: list[Any]) -> None:
                nonlocal rows
                rows += len(chunk)
                read = sum(len(row.data) for row in chunk if isinstance(row, Line))
                bar.update(task, advance=read, description=f"{rows:,} rows")

            yield advance

    return shown()
