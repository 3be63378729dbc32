"""Coverage: what a supervised message says must stand in its turn; the rest is noted."""

import json
import re

from chatshift.errors import TemplateError
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.stand_ins import Part, booleans_in, forms
from chatshift.supervise.turns import closing_length
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.turn_format import TurnFormat

REMEDY = {
    "content": "use a template that writes it, or give this message weight 0.",
    "thought": "use a template that writes thoughts, or give this message weight 0.",
    "call": "use a template that writes tool calls (pass tools= if it needs them), or give this "
    "message weight 0.",
}


def check_coverage(row: Rendered, tokens: ControlTokens, turn_format: TurnFormat) -> list[Finding]:
    """Return notes on what is left out; raise `TemplateError` where it is supervised."""
    findings = []
    for message in range(len(row.messages)):
        missing = row.frame.missing(message, row.parts(message))
        lost = {part.kind: part.text for part in reversed(missing)}
        if "call" not in lost and (boolean := _missing_boolean(row, message, tokens, turn_format)):
            lost["call"] = boolean
        only = len(missing) == sum(bool(part.text.strip()) for part in row.parts(message))
        for kind, text in lost.items():
            findings.append(_left_out(row, message, kind, text, only=only))
    return findings


def check_words(row: Rendered) -> list[Finding]:
    """Return notes on what is written in other words; raise where it is supervised.

    Where the template changed what is said, more than white space must not be lost.
    """
    findings = []
    in_frame = set(row.frame.parts)
    for message in range(len(row.messages)):
        said = row.said(message)
        where = row.text[slice(*said)] if said else row.text
        squeezed = _squeeze(where)
        mine = [part for part in row.parts(message) if part in in_frame]
        lost = {part.kind: part.text for part in reversed(mine) if not _stands(part, squeezed)}
        for kind, text in lost.items():
            if message in row.supervised and kind != "thought":
                raise TemplateError(
                    f"The template writes other words than the {kind} of messages[{message}]: "
                    f"{quote(where)} for {quote(text)}. What would be learned is not what the "
                    "message says. What to do: " + REMEDY[kind],
                    cause="answer changed",
                )
            findings.append(_note(row, message, kind, text))
    return findings


def _left_out(row: Rendered, message: int, kind: str, text: str, *, only: bool) -> Finding:
    """Return a note, or raise; `only`: of what the message says, nothing is written."""
    if message in row.supervised and (kind != "thought" or only):
        raise TemplateError(
            f"The template leaves out the {kind} of messages[{message}], or writes it outside of "
            f"its turn: {quote(text)}. A model cannot learn what is not in its text. What to do: "
            + REMEDY[kind],
            cause=f"{kind} left out",
        )
    return _note(row, message, kind, text)


def _note(row: Rendered, message: int, kind: str, text: str) -> Finding:
    role = row.messages[message]["role"]
    wording = f"The template does not write the {kind} of this {role!r} message: {quote(text)}."
    return Finding(f"{kind} left out", message, wording)


def _missing_boolean(
    row: Rendered, message: int, tokens: ControlTokens, turn_format: TurnFormat
) -> str:
    """Return `true` or `false` where the arguments have more of them than the turn's frame."""
    calls = row.messages[message].get("tool_calls", [])
    said = [b for call in calls for b in booleans_in(call["function"].get("arguments"))]
    stretch = row.frame.stretches.get(message)
    if not said or stretch is None:
        return ""
    pieces = row.frame.pieces[stretch.first + 1 : stretch.last + 2]
    length, ended = closing_length(pieces[-1], tokens, turn_format)
    written = "\n".join([*pieces[:-1], pieces[-1][:length] if ended else pieces[-1]])
    for value in (True, False):
        pattern = rf"\b(?:{json.dumps(value)}|{value})\b"
        if len(re.findall(pattern, written)) < said.count(value):
            return json.dumps(value)
    return ""


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _stands(part: Part, squeezed: str) -> bool:
    return any(_squeeze(form) in squeezed for form in forms(part.text))
