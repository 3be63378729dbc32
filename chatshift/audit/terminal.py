"""A report in the terminal."""

from typing import Any

from chatshift.audit.report import Finding, Report

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
MEANS = {
    "content": "what the assistant says",
    "thought": "the assistant's thoughts",
    "call": "tool calls",
    "template": "the template's text inside answers",
    "end": "tokens that end answers",
    "tail": "after the end of answers",
    "prompt": "prompts: system, user, tool, template",
}


def print_report(report: Report, console: Any) -> None:
    """Print the whole report."""
    _summary(report, console)
    if report.tokens:
        _account(report, console)
    _findings(report, console)


def _summary(report: Report, console: Any) -> None:
    from rich.text import Text

    for name, one in sorted(report.files.items()):
        formats = ", ".join(f"{count:,} {name}" for name, count in sorted(one.formats.items()))
        line = f"{safe(name)}: {one.rows:,} rows ({formats or 'no row of a known format'})"
        console.print(Text(line))
    console.print(
        Text(
            f"{report.prepared:,} conversations become {report.tokens:,} tokens; "
            f"{report.supervised:,} of them are learned "
            f"({report.supervised / max(1, report.tokens):.1%}). {report.rejected:,} rejected."
        )
    )


def _account(report: Report, console: Any) -> None:
    from rich.table import Table

    table = Table(title="What the tokens are", title_justify="left", box=None, pad_edge=False)
    table.add_column("origin")
    table.add_column("learned", justify="right")
    table.add_column("masked", justify="right")
    table.add_column("")
    for origin, words in MEANS.items():
        learned, masked = (report.origins.get((origin, side), 0) for side in (True, False))
        if learned or masked:
            table.add_row(origin, f"{learned:,}", f"{masked:,}", words)
    console.print()
    console.print(table)


def _findings(report: Report, console: Any) -> None:
    from rich.text import Text

    console.print()
    if not report.findings:
        console.print(Text("No findings.", style="green"))
    for finding in report.findings:
        _finding(finding, console)


def _finding(finding: Finding, console: Any) -> None:
    from rich.padding import Padding
    from rich.text import Text

    colour = COLOURS[finding.level]
    head = Text()
    head.append(f"{finding.level} ", style=f"bold {colour}")
    head.append(f"{finding.id}: {finding.title}", style="bold")
    head.append(f"  {finding.count:,} ({finding.share:.1%})")
    console.print(head)
    rows = ", ".join(safe(str(place)) for place in finding.rows[:5])
    more = ", …" if finding.count > 5 else ""
    lines = [f"first at {rows}{more}"]
    if len(finding.causes) > 1:
        causes = sorted(finding.causes.items(), key=lambda item: -item[1])[:5]
        lines.append("; ".join(f"{safe(cause)}: {count:,}" for cause, count in causes))
    if finding.example and finding.example.reason:
        lines.append(f"there: {safe(finding.example.reason)}")
    lines += [finding.meaning, f"What to do: {finding.remedy}"]
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2)))
    console.print()


def safe(text: str) -> str:
    """Return a text that can do nothing to a terminal: control characters are spelled out."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
