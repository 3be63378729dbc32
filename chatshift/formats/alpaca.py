"""Alpaca: `instruction`, `input` and `output`, perhaps with `system` and `history`."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats.chat import talk_of
from chatshift.formats.records import RowError, Talk
from chatshift.formats.values import text_of

NAME = "alpaca"


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return "instruction" in row and "output" in row


def read(row: Mapping) -> list[Talk]:
    """Return the conversation of a row."""
    answer = {"role": "assistant", "content": text_of(row, "output")}
    return [talk_of([*prompt_of(row), answer], row, "messages")]


def prompt_of(row: Mapping) -> list[dict[str, Any]]:
    """Return the messages before the answer: the input stands in a line below the instruction."""
    messages = []
    if system := text_of(row, "system"):
        messages.append({"role": "system", "content": system})
    history = row.get("history") or []
    if not isinstance(history, (list, tuple)):
        raise RowError(f"history must be a list of pairs, not {type(history).__name__}")
    for index, pair in enumerate(history):
        texts = isinstance(pair, (list, tuple)) and all(isinstance(text, str) for text in pair)
        if not texts or len(pair) != 2:
            raise RowError(f"history[{index}] must be a pair of texts")
        messages.append({"role": "user", "content": pair[0]})
        messages.append({"role": "assistant", "content": pair[1]})
    parts = [text_of(row, "instruction"), text_of(row, "input")]
    messages.append({"role": "user", "content": "\n".join(part for part in parts if part)})
    return messages
