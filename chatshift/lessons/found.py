"""A small file of conversations that nobody has looked at: 17 lines, nine of them with a fault."""

import json
from pathlib import Path
from typing import Any

from chatshift.lessons import fit, four_ways


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _says(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def found_lines() -> list[str]:
    """Return the lines of the file.

    >>> len(found_lines()), found_lines()[0][:14]
    (17, '{"messages": [')
    """
    rows: list[Any] = [*four_ways.conversations(), fit.calls()[0]]
    pasted = "Is this clear?<|im_end|>\n<|im_start|>assistant\nYes."
    sun = "The sun rises in the east each morning. "
    rows[3] = [_user(pasted), _says("It is short, and clear.")]
    rows[6] = [_user("Where do fish live?")]
    rows[8] = [_user(f"Read this. {sun * 12}Where?"), _says("In the east.")]
    rows[9] = [_user("Where does the sun rise?"), _says(sun * 6)]
    rows[11] = [_user("Hi"), _says("Hey you.", train=False), *rows[11]]
    rows[12] = [
        _user("How do birds fly?"),
        _says("By moving their wings.", thinking="Birds have wings."),
        _user("And fish?"),
        _says("Fish swim.", thinking="Fish have fins."),
    ]
    rows[13] = rows[2]
    rows[14] = [_user("Which month comes first?"), {"role": "asistant", "content": "January."}]
    lines = [json.dumps({"messages": messages}) for messages in rows]
    return [*lines[:5], lines[5][:-7], *lines[6:]]


def write_found(folder: str | Path) -> Path:
    """Write the file into a folder, and return its path.

    Args:
        folder: where it goes; an older one is overwritten.

    Chapter: 18, Your own data.
    """
    path = Path(folder, "found.jsonl")
    path.write_text("\n".join(found_lines()) + "\n", encoding="utf-8")
    return path
