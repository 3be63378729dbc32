"""Text of a data set in a terminal: harmless, on one line, with what is supervised marked."""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from chatshift.audit.examples import around
from chatshift.audit.parts import Example
from chatshift.steps.mask import IGNORE_INDEX

# How a refusal names an argument of `prepare`, and the option that is the same.
ARGUMENTS = re.compile(r"\b(supervise|boundary|control_tokens)=['\"](\w+)['\"]")
SWITCHES = re.compile(r"\b(mask_tail|strip_bos)(?:=True)?(?![\w=])")
LEARNED = "black on green"
BEFORE, AFTER = 60, 240


def own_words(reason: str) -> str:
    """Return a reason without what to do, which is said for all rows of a finding."""
    return reason.split("What to do:")[0].strip()


def as_options(refusal: str) -> str:
    """Return a refusal with options of the command in the place of arguments."""
    named = ARGUMENTS.sub(lambda m: f"--{m[1].replace('_', '-')} {m[2]}", refusal)
    return SWITCHES.sub(lambda m: f"--{m[1].replace('_', '-')}", named)


def marked(example: Example) -> Any:
    """Return the text with what is supervised between ⟦ and ⟧, from a little before its focus."""
    from rich.padding import Padding
    from rich.text import Text

    first = example.focus
    before = "".join(example.pieces[:first])
    text = Text("…" if len(before) > BEFORE else "", style="dim")
    text.append(visible(before[-BEFORE:]), style="dim")
    ends = accumulate(map(len, example.pieces[first:]))
    last = next((i for i, end in enumerate(ends, first + 1) if end > AFTER), None)
    text.append(bracketed(example.pieces[first:last], example.labels[first:last], last is None))
    text.append("" if last is None else "…", style="dim")
    return Padding(text, (0, 0, 0, 4), expand=False)


def bracketed(
    pieces: Sequence[str],
    labels: Sequence[int],
    is_whole: bool = True,
    written: Callable[[str, bool], str] | None = None,
) -> Any:
    """Return the text of tokens, with ⟦ and ⟧ as well as a colour around what is supervised.

    A part that goes on is not closed. `written` says how a token, supervised or not, is written.
    """
    from rich.text import Text

    text, inside = Text(), False
    for piece, label in zip(pieces, labels, strict=True):
        learned = label != IGNORE_INDEX
        if learned != inside:
            text.append("⟦" if learned else "⟧", style=LEARNED)
        inside = learned
        shown = written(piece, learned) if written else visible(piece)
        text.append(shown, style=LEARNED if learned else "dim")
    text.append("⟧" if inside and is_whole else "", style=LEARNED)
    return text


def excerpt(example: Example) -> Any:
    """Return what is said around what the reason is about."""
    from rich.padding import Padding
    from rich.text import Text

    said, _ = around(example.said, example.focus, BEFORE, AFTER)
    lines = [safe(line) for line in said.split("\n")]
    return Padding(Text("\n".join(lines), style="dim"), (0, 0, 0, 4), expand=False)


def visible(text: str) -> str:
    """Return a text on one line that can do nothing to a terminal."""
    return safe(text.replace("\n", "↵"))


def safe(text: str) -> str:
    """Return a text that can do nothing to a terminal: control characters are spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
