"""A report in the terminal, for somebody who has never seen one."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from chatshift.audit.figures import Table, charts, tables
from chatshift.audit.open_row import OpenRow
from chatshift.audit.parts import Example, Finding
from chatshift.audit.plain_text import as_options, excerpt, marked, own_words, safe
from chatshift.audit.remarks import counted, remarks, rows_in_words, verdict
from chatshift.audit.report import Report
from chatshift.formats.records import Place

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
BLOCKS = " ▁▂▃▄▅▆▇█"
SHOWN = 5


def as_text(report: Report) -> str:
    """Return what `print_report` prints, without colours."""
    from rich.console import Console

    out = StringIO()
    print_report(report, Console(file=out, width=100, no_color=True))
    lines = out.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def print_report(report: Report, console: Any, open_row: OpenRow | None = None) -> None:
    """Print the whole report; `open_row` gives the command that opens a row of it."""
    _summary(report, console)
    if report.tokens:
        for shown in tables(report):
            _table(shown, console)
        _pictures(report, console)
    _findings(report, console, open_row)


def print_changes(changes: list[str], baseline: str, console: Any) -> None:
    """Print what changed since an earlier report."""
    from rich.text import Text

    if not changes:
        console.print(Text(f"Nothing changed since {safe(baseline)}.", style="green"))
        return
    console.print(Text(f"Changed since {safe(baseline)}:", style="bold red"))
    for change in changes:
        _indented(safe(change), console)


def _summary(report: Report, console: Any) -> None:
    from rich.text import Text

    for name, one in sorted(report.files.items()):
        formats = [f"{count:,} {kind}" for kind, count in sorted(one.formats.items())]
        known = f" in the format {', '.join(one.formats)}" if len(formats) == 1 else ""
        known = f" ({', '.join(formats)})" if len(formats) > 1 else known
        console.print(Text(f"{safe(name)}: {counted(one.rows, 'row')}{known}"))
        if one.flags:
            flags = ", ".join(f"{flag} ({n:,})" for flag, n in sorted(one.flags.items()))
            _indented(f"flags read as weights: {flags}", console)
    if report.read:
        console.print(Text(f"A sample of {report.rows:,} of {counted(report.read, 'row')}."))
    share = report.supervised / max(1, report.tokens)
    text = Text()
    text.append(counted(report.prepared, "conversation"))
    text.append(f", {counted(report.tokens, 'token')}, ")
    text.append(f"{report.supervised:,} of them supervised ({share:.1%})", style="bold")
    text.append("." if not report.rejected else f"; {report.rejected:,} rejected.")
    console.print(text)
    for remark in remarks(report):
        console.print(Text(remark))


def _table(shown: Table, console: Any) -> None:
    from rich import table as rich

    table = rich.Table(title=shown.title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("supervised", justify="right")
    table.add_column("masked", justify="right")
    table.add_column("", style="dim")
    for name, words, learned, masked in shown.lines:
        table.add_row(safe(name), f"{learned:,}", f"{masked:,}", words)
    console.print()
    console.print(table)


def _pictures(report: Report, console: Any) -> None:
    """Print how long the rows are, how much of them is supervised, and of which answer."""
    from rich.text import Text

    lengths, shares, turns = charts(report)
    console.print()
    last = f"up to {lengths.last}, doubling"
    console.print(Text(f"length           {_bars(lengths.counts)}  {last}"))
    console.print(Text(f"supervised share {_bars(shares.counts)}  0 % to 100 % of a row"))
    if len(report.turns) > 1:
        answers = f"answer 1 to {max(turns.counts)}, in tokens"
        console.print(Text(f"supervised in    {_bars(turns.counts)}  {answers}"))


def _bars(counts: Mapping[int, int]) -> str:
    most = max(counts.values()) or 1
    return "".join(BLOCKS[-(-8 * count // most)] for count in counts.values())


def _findings(report: Report, console: Any, open_row: OpenRow | None) -> None:
    from rich.text import Text

    console.print()
    found = report.findings
    wrong = any(finding.level != "note" for finding in found)
    words = verdict(report)
    if not wrong:
        console.print(Text(words, style="bold" if report.is_bundled else "bold green"))
    else:
        console.print(Text(f"{words}, the worst first:", style="bold"))
    console.print()
    for finding in found:
        _finding(finding, console, open_row)


def _finding(finding: Finding, console: Any, open_row: OpenRow | None) -> None:
    from rich.text import Text

    colour = COLOURS[finding.level]
    head = Text()
    head.append(finding.level, style=f"bold {colour}")
    head.append(f"  {finding.id}: {finding.title}", style="bold")
    head.append(f"  {rows_in_words(finding)} ({finding.share:.1%})")
    console.print(head)
    if finding.is_of_rows:
        _indented(f"at {places(finding)}", console, style="dim")
    if len(finding.causes) > 1:
        causes = sorted(finding.causes.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        _indented("; ".join(f"{safe(cause)} ({n:,})" for cause, n in causes), console)
    if finding.example:
        reason = own_words(finding.example.reason)
        # Who calls the command passes options; who calls the function, arguments.
        _example(finding.example, as_options(reason) if open_row else reason, console)
    _indented(f"This means: {finding.meaning}", console)
    _indented(f"What to do: {finding.remedy}", console)
    shown = finding.example if finding.is_of_rows else None
    if open_row and shown and (command := open_row(shown.place)):
        console.print(Text(f"  Open it: {safe(command)}"), soft_wrap=True)  # to be copied whole
    console.print()


def places(finding: Finding, most: int = SHOWN) -> str:
    """Return the first places; of rows of one file, its name once."""
    files: dict[str, list[Place]] = {}
    for place in finding.rows[:most]:
        files.setdefault(place.file, []).append(place)
    shown = "; ".join(f"{safe(name)}:{_numbers(inside)}" for name, inside in files.items())
    more = finding.count - len(finding.rows[:most])
    return shown + (f" and {more:,} more" if more else "")


def _numbers(places: list[Place]) -> str:
    """Return the lines of some rows, and the rows' own numbers where these are others."""
    lines = ", ".join(str(place.line) for place in places)
    rows = ", ".join(str(place.number) for place in places)
    return lines if lines == rows else f"{lines} ({'row' if len(places) == 1 else 'rows'} {rows})"


def _example(example: Example, reason: str, console: Any) -> None:
    for line in reason.split("\n"):
        _indented(safe(line.rstrip()), console)
    if example.pieces:
        console.print(marked(example))
    elif example.said:
        console.print(excerpt(example))


def _indented(text: str, console: Any, style: str = "") -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))
