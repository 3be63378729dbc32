"""Text of a data set in a terminal: harmless, on one line, with what is supervised marked."""

import re
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
    """Return the text with what is supervised between ⟦ and ⟧, from a little before it."""
    from rich.padding import Padding
    from rich.text import Text

    learned = [label != IGNORE_INDEX for label in example.labels]
    first = example.focus
    before = "".join(example.pieces[:first])
    text = Text("…" if len(before) > BEFORE else "", style="dim")
    text.append(visible(before[-BEFORE:]), style="dim")
    room = AFTER
    inside = False
    for piece, is_learned in zip(example.pieces[first:], learned[first:], strict=True):
        if is_learned != inside:
            text.append("⟦" if is_learned else "⟧", style=LEARNED)
        inside = is_learned
        text.append(visible(piece), style=LEARNED if is_learned else "dim")
        room -= len(piece)
        if room < 0:
            text.append("…", style="dim")
            break
    text.append("⟧" if inside and room >= 0 else "", style=LEARNED)
    return Padding(text, (0, 0, 0, 4), expand=False)


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
