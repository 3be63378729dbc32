"""Which format a row has."""

from collections.abc import Mapping
from typing import Any

from chatshift.errors import ChatshiftError
from chatshift.formats import alpaca, chat, completion, preference, sharegpt, token_rows, typed
from chatshift.formats.records import Broken, Ids, Record, RowError, Talk

# The first one that fits is taken.
FORMATS: dict[str, Any] = {
    module.NAME: module
    for module in (token_rows, preference, typed, chat, sharegpt, alpaca, completion)
}


def check_format(name: str | None) -> None:
    """Raise unless a format is known; `None` is to be detected."""
    if name is not None and name not in FORMATS:
        raise ChatshiftError(f"format={name!r} is not known; choose from {list(FORMATS)}.")


def read_row(
    record: Record, chosen: str | None = None
) -> tuple[str, list[Talk] | list[Ids]] | Broken:
    """Return the row's format and its conversations, or what is wrong with it."""
    row = record.value
    if isinstance(row, list) and row and all(isinstance(m, Mapping) and "role" in m for m in row):
        row = {"messages": row}
    if not isinstance(row, Mapping):
        return Broken(record.place, "bad-row", f"a row must be a JSON object, not {_kind(row)}")
    name = chosen or next((name for name, one in FORMATS.items() if one.fits(row)), None)
    if name is None:
        return Broken(record.place, "bad-row", _unknown(row))
    try:
        talks = FORMATS[name].read(row)
    except RecursionError:
        return Broken(record.place, "bad-row", f"as {name}: it is nested too deeply")
    except RowError as error:
        return Broken(record.place, "bad-row", f"as {name}: {error}")
    if row.get("label") is False:
        talks = [one._replace(unwanted=True) if isinstance(one, Talk) else one for one in talks]
    return name, talks


def _unknown(row: Mapping) -> str:
    """Return what to say of a row that no format fits."""
    columns = f"no known format has these columns: {sorted(map(str, row))[:12]}"
    if isinstance(row.get("text"), str):
        return (
            f"{columns}. A text that is rendered already does not say which part is an answer; "
            "audit the messages it was made of"
        )
    return columns


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "number")
