"""Preference pairs: `chosen` and `rejected`; each side is a conversation of its own."""

from collections.abc import Mapping
from typing import Any

from chatshift.formats import alpaca, sharegpt, typed
from chatshift.formats.chat import talk_of
from chatshift.formats.completion import said
from chatshift.formats.records import RowError, Talk

NAME = "preference"
SIDES = ("chosen", "rejected")


def fits(row: Mapping) -> bool:
    """Return whether a row looks like this format."""
    return row.keys() >= {*SIDES} or row.keys() >= {"chosen_messages", "rejected_messages"}


def read(row: Mapping) -> list[Talk]:
    """Return the two conversations of a row."""
    return [_side(row, side)._replace(side=side) for side in SIDES]


def _side(row: Mapping, side: str) -> Talk:
    column = f"{side}_messages"
    if column in row:
        return typed.talk(row, column)
    value = row[side]
    if isinstance(value, Mapping):
        value = [sharegpt.message_of(value, side)]
    elif isinstance(value, list) and all(isinstance(turn, Mapping) for turn in value):
        value = [sharegpt.message_of(turn, f"{side}[{i}]") for i, turn in enumerate(value)]
    return talk_of([*_prompt(row), *said(value, side, "assistant")], row, side)


def _prompt(row: Mapping) -> list[dict[str, Any]]:
    """Return what both sides answer; empty where each side holds the whole conversation."""
    if "conversations" in row:
        return sharegpt.messages_of(row, "conversations")
    if "instruction" in row:
        return alpaca.prompt_of(row)
    if row.get("prompt") is not None:
        return said(row["prompt"], "prompt", "user")
    if isinstance(row["chosen"], str):
        raise RowError(
            "chosen and rejected are texts, and no column 'prompt' says what they answer"
        )
    return []
