"""The command that opens a row of a report, with the settings of the audit."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from chatshift.formats.records import Place

OpenRow = Callable[[Place], str]
# By the setting: its option, and the value that needs none.
OPTIONS = {
    "supervise": ("--supervise", "last"),
    "boundary": ("--boundary", "prompt"),
    "control_tokens": ("--control-tokens", "error"),
    "format": ("--format", None),
    "stop_tokens": ("--stop-token", None),
    "mask_tail": ("--mask-tail", False),
    "strip_bos": ("--strip-bos", False),
}


def opener(
    tokenizer: str | None, template_kwargs: str | None, settings: Mapping[str, Any]
) -> OpenRow:
    """Return what gives the command for a row; it is empty for what was piped in."""
    options = ["--tokenizer", tokenizer] if tokenizer else []
    for name, (option, usual) in OPTIONS.items():
        value = settings.get(name)
        for one in value if isinstance(value, list) else [value]:
            if one and one != usual:
                options += [option] if one is True else [option, one]
    options += ["--template-kwargs", template_kwargs] if template_kwargs else []

    def command(place: Place) -> str:
        if place.file == "-":
            return ""
        return shlex.join(["chatshift", "show", place.file, "--row", str(place.number), *options])

    return command
