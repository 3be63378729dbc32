"""A report against an earlier one: what moved the labels since."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatshift.errors import ChatshiftError

COUNTS = ("rows", "prepared", "rejected", "tokens", "supervised")
MEANS = {
    "template": "the chat template is another one",
    "tokenizer": "the tokenizer is another one",
    "labels": "the ids or labels of some rows are others",
}


def load_baseline(path: Path) -> dict[str, Any]:
    """Return an earlier report; raise where the file holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ChatshiftError(f"{path} cannot be read as a report: {error}") from error
    kept = isinstance(found, dict) and {"fingerprint", "findings", *COUNTS} <= found.keys()
    if not kept or found.get("version") != 1 or not isinstance(found["fingerprint"], dict):
        raise ChatshiftError(
            f"{path} is no report of version 1. Write one with chatshift audit … --json {path}"
        )
    return found


def changes(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return what changed between two reports, each in a sentence."""
    found = []
    mine, theirs = now["fingerprint"], before["fingerprint"]
    for name, words in MEANS.items():
        if mine.get(name) != theirs.get(name):
            found.append(f"{name}: {words} ({theirs.get(name)} before, {mine.get(name)} now)")
    mine, theirs = mine.get("settings", {}), theirs.get("settings", {})
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name) != theirs.get(name):
            found.append(f"setting {name}: {theirs.get(name)!r} before, {mine.get(name)!r} now")
    for name in COUNTS:
        if now[name] != before[name]:
            found.append(f"{name}: {before[name]:,} before, {now[name]:,} now")
    mine, theirs = ({one["id"]: one["count"] for one in r["findings"]} for r in (now, before))
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name, 0) != theirs.get(name, 0):
            found.append(f"{name}: {theirs.get(name, 0):,} before, {mine.get(name, 0):,} now")
    return found
