"""The command `chatshift`: audit a data set, or show one conversation."""

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from chatshift.errors import ChatshiftError


class Supervise(StrEnum):
    """Which answers are learned."""

    last = "last"
    all = "all"


class Boundary(StrEnum):
    """Where an answer starts."""

    prompt = "prompt"
    answer = "answer"


class Control(StrEnum):
    """What becomes of control tokens in messages."""

    error = "error"
    text = "text"
    allow = "allow"


class FailOn(StrEnum):
    """From which level on the exit code is 1."""

    error = "error"
    warning = "warning"
    never = "never"


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="See exactly what a chat model is trained on, before it is trained.",
)

Tokenizer = Annotated[
    str | None,
    typer.Option(help="Your model's tokenizer: a folder or a hub name.", show_default=False),
]
SuperviseOption = Annotated[Supervise, typer.Option(help="Learn the last answer, or all of them.")]
BoundaryOption = Annotated[
    Boundary,
    typer.Option(help="Start an answer where its prompt ends, or where the answer itself starts."),
]
ControlOption = Annotated[
    Control, typer.Option(help="Control tokens in messages: refuse, keep as text, allow.")
]
MaskTail = Annotated[
    bool, typer.Option("--mask-tail", help="Mask what follows the end of an answer.")
]
StripBos = Annotated[
    bool, typer.Option("--strip-bos", help="Remove the BOS that the template writes.")
]
StopToken = Annotated[
    list[str] | None, typer.Option(help="A further token at which generation stops.")
]
Format = Annotated[str | None, typer.Option(help="The rows' format, if it is guessed wrong.")]
TemplateKwargs = Annotated[
    str | None, typer.Option(help="Keywords for the chat template, as JSON.")
]


@app.callback()
def _main() -> None:
    """See exactly what a chat model is trained on, before it is trained."""


def _examples(*lines: str) -> str:
    """Return the end of a help text; each line is a paragraph, so that none is filled up."""
    return "\n\n".join(("For example:", *lines))


@app.command(
    "audit",
    epilog=_examples(
        "chatshift audit data.jsonl --tokenizer Qwen/Qwen3-0.6B",
        "chatshift audit data/ --tokenizer ./model --supervise all --html report.html",
    ),
)
def audit_command(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files or folders: JSON, JSON Lines, Parquet, Arrow; also packed."),
    ],
    tokenizer: Tokenizer = None,
    supervise: SuperviseOption = Supervise.last,
    boundary: BoundaryOption = Boundary.prompt,
    max_length: Annotated[
        int | None, typer.Option(min=1, help="The most tokens of a row in your training.")
    ] = None,
    format: Format = None,
    control_tokens: ControlOption = Control.error,
    mask_tail: MaskTail = False,
    strip_bos: StripBos = False,
    stop_token: StopToken = None,
    template_kwargs: TemplateKwargs = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Audit only so many rows, drawn at random.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="How many processes share the work.")] = 1,
    html: Annotated[Path | None, typer.Option(help="Write the report as one page.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report for other programs.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="An earlier --json; any change to it gives exit code 1.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 at findings of this level or above.")
    ] = FailOn.error,
) -> None:
    """Say what a data set really trains, token by token, and what is wrong in it.

    Exit code: 0 clean, 1 findings or changes, 2 the audit cannot run.
    """
    settings = {
        "supervise": supervise.value,
        "boundary": boundary.value,
        "max_length": max_length,
        "format": format,
        "control_tokens": control_tokens.value,
        "mask_tail": mask_tail,
        "strip_bos": strip_bos,
        "stop_tokens": stop_token,
        "sample": sample,
    }
    from chatshift.audit.command import Outputs, run_audit

    outputs = Outputs(html, json_file, baseline, fail_on.value)
    _run(lambda: run_audit(files, tokenizer, template_kwargs, settings, workers, outputs))


@app.command(
    "show",
    epilog=_examples(
        "chatshift show data.jsonl --row 4 --tokenizer Qwen/Qwen3-0.6B",
        "head -1 data.jsonl | chatshift show - --step 6",
    ),
)
def show_command(
    file: Annotated[Path, typer.Argument(help="A file, or - for what is piped in.")],
    row: Annotated[int, typer.Option(min=1, help="Which row, counted from 1.")] = 1,
    tokenizer: Tokenizer = None,
    supervise: SuperviseOption = Supervise.last,
    boundary: BoundaryOption = Boundary.prompt,
    control_tokens: ControlOption = Control.error,
    mask_tail: MaskTail = False,
    strip_bos: StripBos = False,
    stop_token: StopToken = None,
    template_kwargs: TemplateKwargs = None,
    format: Format = None,
    step: Annotated[
        int | None, typer.Option(min=1, max=6, help="Show it after one of the six steps.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as one page instead.")] = None,
) -> None:
    """Show one conversation: its text, and which tokens of it are learned."""
    from chatshift.audit.show_row import show_row

    settings = {
        "supervise": supervise.value,
        "boundary": boundary.value,
        "control_tokens": control_tokens.value,
        "mask_tail": mask_tail,
        "strip_bos": strip_bos,
        "stop_tokens": stop_token,
    }
    _run(lambda: show_row(file, row, tokenizer, template_kwargs, settings, format, step, html))


def _run(command: Callable[[], int]) -> Any:
    """Exit with a command's code, or with 2 and what prevents it."""
    try:
        code = command()
    except (ChatshiftError, OSError) as error:
        print(f"chatshift: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    raise typer.Exit(code)


def main() -> None:
    """Run the command."""
    # Of this process alone: whoever calls `app` keeps an environment of their own.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    app()
