"""What the command `chatshift show` does: one row of a file, after one of the six steps."""

import re
from itertools import islice
from pathlib import Path
from typing import Any

from chatshift.audit.command import parse_keywords, tokenizer_of, write
from chatshift.audit.examples import shown_messages
from chatshift.audit.plain_text import safe, visible
from chatshift.audit.run import rows_of
from chatshift.errors import ChatshiftError
from chatshift.formats.detect import read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Ids, Talk
from chatshift.prepare import prepare
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.trace import Trace

# How a refusal names an argument of `prepare`, and the option that is the same.
ARGUMENTS = re.compile(r"\b(supervise|boundary|control_tokens)=['\"](\w+)['\"]")
SWITCHES = re.compile(r"\b(mask_tail|strip_bos)(?:=True)?(?![\w=])")
LEARNED = "bold black on green"
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
    step: int | None,
    html: Path | None,
) -> int:
    """Print a row; return the exit code."""
    from rich.console import Console

    from chatshift.audit.row_page import traces_as_html

    console = Console()
    keywords = parse_keywords(template_kwargs) or {}
    talks = [
        talk._replace(template_kwargs={**keywords, **(talk.template_kwargs or {})} or None)
        for talk in talks_of(file, row)
    ]
    if tokenizer is None:
        console.print("No --tokenizer: the bundled Gemma-style one is used, not your model's.\n")
    loaded = tokenizer_of(tokenizer)
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


def talks_of(file: Path, row: int) -> list[Talk]:
    """Return the conversations of a row, counted from 1."""
    raw = next(islice(rows_of([file]), row - 1, None), None)
    if raw is None:
        raise ChatshiftError(f"{file} has no row {row}; the first is row 1.")
    record = parse(raw) if isinstance(raw, Line) else raw
    found = record if isinstance(record, Broken) else read_row(record)
    if isinstance(found, Broken):
        raise ChatshiftError(f"{found.place}: {found.reason}.")
    talks = [talk for talk in found[1] if not isinstance(talk, Ids)]
    if not talks:
        raise ChatshiftError(
            f"{record.place}: this row is tokenized already; chatshift audit reads it."
        )
    return talks


def trace_of(talk: Talk, tokenizer: Any, settings: dict[str, Any]) -> Trace:
    """Return the trace of a conversation."""
    return prepare(
        talk.messages, tokenizer, tools=talk.tools, template_kwargs=talk.template_kwargs, **settings
    )


def _trace_or_text(talk: Talk, tokenizer: Any, settings: dict[str, Any], console: Any) -> Trace:
    """Return the trace; of a conversation that is refused, print the text and raise."""
    from rich.text import Text

    try:
        return trace_of(talk, tokenizer, settings)
    except ChatshiftError as refusal:
        which = f"The {talk.side} side" if talk.side else "This row"
        console.print(Text(f"{which} is refused. Its messages:\n"))
        console.print(Text(_lines(shown_messages(talk.messages, str(refusal))["said"]) + "\n"))
        raise ChatshiftError(as_options(str(refusal))) from refusal


def as_options(refusal: str) -> str:
    """Return a refusal with options of the command in the place of arguments."""
    named = ARGUMENTS.sub(lambda m: f"--{m[1].replace('_', '-')} {m[2]}", refusal)
    return SWITCHES.sub(lambda m: f"--{m[1].replace('_', '-')}", named)


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
        console.print(_marked(trace))
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


def _marked(trace: Trace) -> Any:
    """Return the text, with `[` and `]` as well as a colour around what is supervised."""
    from rich.text import Text

    text, inside = Text(), False
    for piece, label in zip(trace.pieces, trace.masked_labels, strict=True):
        learned = label != IGNORE_INDEX
        if learned != inside:
            text.append("⟦" if learned else "⟧", style=LEARNED)
        inside = learned
        shown = visible(piece) + ("\n" if "\n" in piece else "") if learned else _lines(piece)
        text.append(shown, style=LEARNED if learned else "dim")
    if inside:
        text.append("⟧", style=LEARNED)
    return text


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
