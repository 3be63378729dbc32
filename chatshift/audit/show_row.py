"""What the command `chatshift show` does: one row of a file, after one of the six steps."""

from itertools import islice
from pathlib import Path
from typing import Any

from chatshift.audit.command import parse_keywords, write
from chatshift.audit.examples import CHARACTERS, around, as_json, shown_messages
from chatshift.audit.hub import tokenizer_of
from chatshift.audit.plain_text import as_options, bracketed, safe, visible
from chatshift.audit.run import rows_of
from chatshift.errors import ChatshiftError
from chatshift.formats.detect import check_format, read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Ids, Record, Talk
from chatshift.prepare import prepare
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.supervise.encoder import Encoder
from chatshift.trace import Trace

CAPTIONS = (
    "the whole conversation, as the template writes it",
    "what the model sees before it answers",
    "the tokens and their ids",
    "the labels start as a copy of the ids",
    f"the labels of all that is not to be supervised become {IGNORE_INDEX}",
    "each position's label is the token that comes next",
)


def show_row(
    file: Path,
    row: int,
    tokenizer: str | None,
    template_kwargs: str | None,
    settings: dict[str, Any],
    form: str | None,
    step: int | None,
    html: Path | None,
) -> int:
    """Print a row; return the exit code."""
    from rich.console import Console

    from chatshift.audit.row_page import traces_as_html

    console = Console()
    keywords = parse_keywords(template_kwargs) or {}
    check_format(form)
    given = row_of(file, row, form, console)
    if tokenizer is None:
        console.print("No --tokenizer: the bundled Gemma-style one is used, not your model's.\n")
    loaded = tokenizer_of(tokenizer)
    if ids := [one for one in given if isinstance(one, Ids)]:
        if step or html:
            raise ChatshiftError("This row is tokenized already: it has no steps, and no page.")
        _print_ids(ids[0], Encoder(loaded), console)
        return 0
    talks = [
        talk._replace(template_kwargs={**keywords, **(talk.template_kwargs or {})} or None)
        for talk in given
        if isinstance(talk, Talk)
    ]
    traces = [_trace_or_text(talk, loaded, settings, console) for talk in talks]
    if html:
        names = [talk.side or "The conversation" for talk in talks]
        write(html, traces_as_html(f"{file}, row {row}", dict(zip(names, traces, strict=True))))
        console.print(f"{safe(str(html))} is written.")
        return 0
    for talk, trace in zip(talks, traces, strict=True):
        if talk.side:
            console.print(f"[bold]{talk.side}[/bold]")
        _print(trace, step, console)
    return 0


def row_of(file: Path, row: int, form: str | None, console: Any) -> list[Talk] | list[Ids]:
    """Return what stands in a row, counted from 1; of one that is broken, print it and raise."""
    from rich.text import Text

    raw = next(islice(rows_of([file]), row - 1, None), None)
    if raw is None:
        raise ChatshiftError(f"{file} has no row {row}; the first is row 1.")
    record = parse(raw) if isinstance(raw, Line) else raw
    found = record if isinstance(record, Broken) else read_row(record, form)
    if not isinstance(found, Broken):
        return found[1]
    data = raw.data.decode("utf-8", "replace") if isinstance(raw, Line) else ""
    text = as_json(raw.value) if isinstance(raw, Record) else data
    console.print(Text(_lines(around(text, 0, 0, CHARACTERS)[0])))
    raise ChatshiftError(f"{found.place}: {found.reason}.")


def _trace_or_text(talk: Talk, tokenizer: Any, settings: dict[str, Any], console: Any) -> Trace:
    """Return the trace; of a conversation that is refused, print the text and raise."""
    from rich.text import Text

    try:
        kwargs = {"tools": talk.tools, "template_kwargs": talk.template_kwargs, **settings}
        return prepare(talk.messages, tokenizer, **kwargs)
    except ChatshiftError as refusal:
        which = f"The {talk.side} side" if talk.side else "This row"
        console.print(Text(f"{which} is refused. Its messages:\n"))
        console.print(Text(_lines(shown_messages(talk.messages, str(refusal))["said"]) + "\n"))
        raise ChatshiftError(as_options(str(refusal))) from refusal


def _print(trace: Trace, step: int | None, console: Any) -> None:
    from rich.text import Text

    learned = len(trace.supervised)
    console.print(
        Text(
            f"{len(trace.messages)} messages, {len(trace.full_ids)} tokens, {learned} of them "
            "supervised.\n"
        )
    )
    if step is None:
        console.print(bracketed(trace.pieces, trace.masked_labels, written=_over_lines))
        console.print(
            Text("\nWhat stands in ⟦ ⟧ is supervised; the rest is only read.", style="dim")
        )
    else:
        console.print(Text(f"Step {step} of 6: {CAPTIONS[step - 1]}.\n", style="bold"))
        if step < 3:
            console.print(Text(_lines((trace.full_text, trace.prompt_text)[step - 1])))
        else:
            console.print(_table(trace, step))
    for note in trace.notes:
        console.print(Text(f"note: {safe(note.text)}", style="yellow"))
    console.print()


def _lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.split("\n"))


def _print_ids(row: Ids, encoder: Encoder, console: Any) -> None:
    """Print a row that is tokenized already."""
    from rich.text import Text

    learned = sum(label != IGNORE_INDEX for label in row.labels)
    head = f"A row of {len(row.labels)} ids, {learned} of them supervised.\n"
    console.print(Text(head))
    pieces = encoder.decoded(row.input_ids)
    console.print(bracketed(pieces, row.labels, written=_over_lines))


def _over_lines(piece: str, learned: bool) -> str:
    """Return a token in a text over several lines; what is supervised shows its line breaks."""
    return visible(piece) + ("\n" if "\n" in piece else "") if learned else _lines(piece)


def _table(trace: Trace, step: int) -> Any:
    from rich.table import Table
    from rich.text import Text

    names = ["position", "token", "id"] + (["label"] if step > 3 else [])
    names += ["must predict"] if step == 6 else []
    table = Table(*names, box=None, pad_edge=False)
    for row in trace.rows():
        label = {4: row.token_id, 5: row.label, 6: row.target}.get(step)
        learned = row.counted if step == 6 else step == 5 and row.label != IGNORE_INDEX
        cells = [str(row.position), visible(row.piece), str(row.token_id)]
        if step > 3:
            cells.append("dropped" if label is None else str(label))
        if step == 6:
            cells.append(visible(row.target_piece or "") if learned else "")
        table.add_row(*map(Text, cells), style="bold green" if learned else "")
    return table
