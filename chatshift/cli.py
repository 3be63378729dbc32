"""The command `chatshift`: audit a data set, or show one conversation."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chatshift.errors import ChatshiftError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Exactly what a chat model is trained on.",
)
Level = ("note", "warning", "error")


@app.callback()
def _main() -> None:
    """Exactly what a chat model is trained on."""


@app.command("audit")
def audit_command(
    files: Annotated[list[Path], typer.Argument(help="The files of the data set.")],
    tokenizer: Annotated[str, typer.Option(help="A folder or a hub name.")],
    supervise: Annotated[str, typer.Option(help="last or all answers")] = "last",
    boundary: Annotated[str, typer.Option(help="prompt or answer")] = "prompt",
    max_length: Annotated[int | None, typer.Option(help="the most tokens of a row")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write JSON here")] = None,
    fail_on: Annotated[str, typer.Option(help="error, warning or never")] = "error",
) -> None:
    """Say what a data set trains, token by token, and what is wrong in it."""
    from rich.console import Console

    from chatshift.audit.as_json import as_json
    from chatshift.audit.run import audit
    from chatshift.audit.terminal import print_report

    console = Console()
    try:
        report = audit(
            files,
            tokenizer,
            max_length=max_length,
            supervise=supervise,
            boundary=boundary,
        )
    except (ChatshiftError, OSError) as error:
        print(f"chatshift: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print_report(report, console)
    if json_file:
        json_file.write_text(json.dumps(as_json(report), indent=1) + "\n", encoding="utf-8")
    raise typer.Exit(exit_code(report, fail_on))


def exit_code(report: Any, fail_on: str) -> int:
    """Return 1 where there is a finding of this level or above."""
    if fail_on == "never":
        return 0
    return int(
        any(Level.index(finding.level) >= Level.index(fail_on) for finding in report.findings)
    )


def main() -> None:
    """Run the command."""
    app()
