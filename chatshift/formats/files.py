"""What a file is, by its first bytes: each kind has its reader."""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from chatshift.errors import ChatshiftError
from chatshift.formats.json_values import values_of
from chatshift.formats.lines import BOM, UNREADABLE, Line, lines_of
from chatshift.formats.records import Broken, Place, Record
from chatshift.formats.tables import ARROW_FILE, ARROW_STREAM, PARQUET, rows_of_table

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
NAMES = (".jsonl", ".json", ".ndjson", ".parquet", ".arrow")
PACKED = (".gz", ".zst", ".zstd")
LINES = (".jsonl", ".ndjson")
HEAD = 1 << 16
Raw = Line | Record | Broken


def find_files(paths: list[Path]) -> list[Path]:
    """Return the files to read: those named, and those in the folders named."""
    found = []
    for path in paths:
        if str(path) == "-":
            found.append(path)
        elif path.is_dir():
            found += _in_folder(path)
        elif not path.exists():
            raise ChatshiftError(f"{path} does not exist.")
        else:
            found.append(path)
    return found


def read_file(path: Path) -> Iterator[Raw]:
    """Yield the rows of a file, in order; one at a time is in memory."""
    name = str(path)
    if path.suffix.lower() in (".csv", ".tsv", ".xlsx"):
        raise ChatshiftError(
            f"{path}: a table of text holds no conversations as such. Convert it to JSON Lines "
            'with a column "messages", or "prompt" and "completion", for instance with '
            "datasets.load_dataset('csv', data_files=...)['train'].to_json('data.jsonl')."
        )
    with _opened(path) as stream:
        head = stream.peek(HEAD)[:HEAD]
        if head.startswith((GZIP, ZSTD)):
            with _unpacked(path, stream, head) as unpacked:
                yield from _rows(unpacked, name, path.with_suffix(""))
        else:
            yield from _rows(stream, name, path)


def _rows(stream: Any, name: str, path: Path) -> Iterator[Raw]:
    """Yield the rows of a stream that is not packed (any more)."""
    try:
        head = stream.peek(HEAD)[:HEAD]
    except UNREADABLE as error:
        yield Broken(Place(name, 1), "bad-line", f"the file cannot be read: {error}")
        return
    if head.startswith((PARQUET, ARROW_FILE, ARROW_STREAM)):
        yield from rows_of_table(stream, name, head)
    elif head.startswith(UTF16):
        reason = "the file is UTF-16; convert it to UTF-8, for instance with iconv"
        yield Broken(Place(name, 1), "bad-line", reason)
    elif not head.strip():
        yield Broken(Place(name, 1), "bad-line", "the file is empty")
    elif _is_one_value(head.removeprefix(BOM), path):
        yield from values_of(stream, name)
    else:
        yield from lines_of(stream, name)


def _is_one_value(head: bytes, path: Path) -> bool:
    """Return whether a file holds one JSON value over many lines, such as a list of all rows."""
    first, newline, rest = head.lstrip().partition(b"\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError) as error:
        if path.suffix in LINES and (isinstance(error, RecursionError) or _is_broken(first, rest)):
            return False
        starts = first[:1] in b"[{"
        return starts and (first[:1] == b"[" or not first.strip(b"{ \r") or path.suffix == ".json")
    if not isinstance(value, list) or (newline and rest.strip()):
        return False
    return not value or not all(isinstance(one, dict) and "role" in one for one in value)


def _is_broken(first: bytes, rest: bytes) -> bool:
    """Return whether a first line is damaged: it ends within a value, and the next is one."""
    if first.rstrip().endswith((b"[", b"{", b",")):
        return False
    try:
        return isinstance(json.loads(rest.partition(b"\n")[0]), (dict, list))
    except (ValueError, RecursionError):
        return False


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise ChatshiftError(f"{path} cannot be opened: {error.strerror}.") from error
    with stream:
        yield stream


@contextmanager
def _unpacked(path: Path, stream: IO[bytes], head: bytes) -> Iterator[Any]:
    if head.startswith(GZIP):
        import gzip

        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield io.BufferedReader(unpacked, HEAD)
        return
    try:
        import zstandard
    except ImportError as error:
        raise ChatshiftError(
            f"{path} is packed with zstd: pip install 'chatshift[audit]' to read it."
        ) from error
    reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    with reader:
        yield io.BufferedReader(reader, HEAD)


def _in_folder(folder: Path) -> list[Path]:
    """Return the data files of a folder; of a saved `datasets` folder, those that it names."""
    state = folder / "state.json"
    if state.is_file():
        try:
            named = json.loads(state.read_text(encoding="utf-8"))["_data_files"]
            return [folder / Path(one["filename"]).name for one in named]
        except (KeyError, TypeError, ValueError) as error:
            raise ChatshiftError(f"{state} is no state of a datasets folder: {error}") from error
    found: list[Path] = []
    for home, folders, names in os.walk(folder):  # links to folders are not followed
        folders.sort()
        if home != str(folder) and "state.json" in names:
            found += _in_folder(Path(home))
            continue
        for name in sorted(names):
            plain = name.lower()
            for suffix in PACKED:
                plain = plain.removesuffix(suffix)
            if plain.endswith(NAMES) and name not in ("dataset_info.json", "dataset_dict.json"):
                found.append(Path(home) / name)
    if not found:
        raise ChatshiftError(f"{folder} holds no file that ends in {', '.join(NAMES)}.")
    return found
