"""Readers of every format and every kind of file, as they should be and broken on purpose."""

import gzip
import io
import json
import sys
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from datasets import Dataset, DatasetDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatshift import ChatshiftError, audit, load_tokenizer
from chatshift.audit.run import rows_of
from chatshift.formats import lines
from chatshift.formats.detect import FORMATS, read_row
from chatshift.formats.lines import Line, parse
from chatshift.formats.records import Broken, Ids, Place, Record, Talk

USER, ANSWER = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}
TALK = [USER, ANSWER]
TOOL = {"name": "look", "description": "Look.", "parameters": {"type": "object"}}
CALL = {"name": "look", "arguments": {"city": "Paris"}}
WRAPPED = {"type": "function", "function": CALL}
RESULT = {"role": "tool", "content": "18"}


def read(row):
    """The format of a row, and its conversations or what is wrong."""
    found = read_row(Record(Place("f", 1), row))
    return found.reason if isinstance(found, Broken) else found


# A row, its format, and the messages of each conversation in it.
ROWS = [
    ({"messages": TALK}, "messages", [TALK]),
    (TALK, "messages", [TALK]),
    (
        {"messages": [{**USER, "loss_weight": 0.0}, {**ANSWER, "loss_weight": 1.0}]},
        "messages",
        [[USER, {**ANSWER, "weight": 1}]],
    ),
    (
        {"messages": [USER, {**ANSWER, "train": False}]},
        "messages",
        [[USER, {**ANSWER, "weight": 0}]],
    ),
    ({"messages": [USER, {**ANSWER, "mask": 1}]}, "messages", [[USER, {**ANSWER, "weight": 0}]]),
    (
        {"messages": [USER, {**ANSWER, "trainable": "true", "weight": 0}]},
        "messages",
        [[USER, {**ANSWER, "weight": 0}]],
    ),
    (
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]},
        "sharegpt",
        [TALK],
    ),
    (
        {
            "system": "Be brief.",
            "tools": json.dumps([TOOL]),
            "conversations": [
                {"from": "human", "value": "Hi"},
                {"from": "function_call", "value": json.dumps(CALL)},
                {"from": "observation", "value": "18"},
                {"from": "gpt", "value": "Yes", "weight": 0},
            ],
        },
        "sharegpt",
        [
            [
                {"role": "system", "content": "Be brief."},
                USER,
                {"role": "assistant", "content": "", "tool_calls": [WRAPPED]},
                RESULT,
                {**ANSWER, "weight": 0},
            ]
        ],
    ),
    (
        {
            "conversations": [
                {"from": "user", "value": "Hi"},
                {"from": "function_call", "value": json.dumps([CALL, CALL])},
            ]
        },
        "sharegpt",
        [[USER, {"role": "assistant", "content": "", "tool_calls": [WRAPPED, WRAPPED]}]],
    ),
    ({"conversations": TALK}, "sharegpt", [TALK]),
    ({"instruction": "Hi", "input": "", "output": "Yes"}, "alpaca", [TALK]),
    (
        {
            "instruction": "Hi",
            "input": "there",
            "output": "Yes",
            "system": "Be brief.",
            "history": [["a", "b"]],
        },
        "alpaca",
        [
            [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "Hi\nthere"},
                ANSWER,
            ]
        ],
    ),
    ({"prompt": "Hi", "completion": "Yes"}, "prompt-completion", [TALK]),
    ({"prompt": [USER], "completion": [ANSWER]}, "prompt-completion", [TALK]),
    (
        {"prompt": "Hi", "chosen": "Yes", "rejected": "No"},
        "preference",
        [TALK, [USER, {**ANSWER, "content": "No"}]],
    ),
    (
        {"chosen": TALK, "rejected": [USER, {**ANSWER, "content": "No"}]},
        "preference",
        [TALK, [USER, {**ANSWER, "content": "No"}]],
    ),
    (
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Yes"},
            "rejected": {"from": "gpt", "value": "No"},
        },
        "preference",
        [TALK, [USER, {**ANSWER, "content": "No"}]],
    ),
    (
        {"instruction": "Hi", "input": "", "chosen": "Yes", "rejected": "No"},
        "preference",
        [TALK, [USER, {**ANSWER, "content": "No"}]],
    ),
    (
        {
            "chosen_messages": [
                {**m, "content": [{"type": "text", "value": m["content"]}]} for m in TALK
            ],
            "rejected_messages": TALK,
        },
        "preference",
        [TALK, TALK],
    ),
    (
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "value": "Hi"}], "loss_weight": 0.0},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "reasoning", "value": "so"},
                        {"type": "text", "value": "Yes"},
                        {"type": "tool_call", "value": json.dumps(CALL)},
                    ],
                },
            ]
        },
        "typed-parts",
        [[USER, {**ANSWER, "reasoning_content": "so", "tool_calls": [WRAPPED]}]],
    ),
]


@pytest.mark.parametrize(("row", "name", "expected"), ROWS)
def test_rows_of_each_format(row, name, expected):
    before = json.dumps(row)
    found, talks = read(row)
    assert found == name
    assert [talk.messages for talk in talks] == expected
    assert json.dumps(row) == before  # what is given is never changed


def test_every_format_is_read():
    assert {name for _, name, _ in ROWS} | {"token-rows"} == set(FORMATS)


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ({"labels": [-100, 6]}, [-100, 6]),
        ({"loss_mask": [0, 1]}, [-100, 6]),
        ({"completion_mask": [False, True]}, [-100, 6]),
    ],
)
def test_rows_of_ids(columns, labels):
    assert read({"input_ids": [5, 6], **columns}) == ("token-rows", [Ids([5, 6], labels)])


def test_tools_and_keywords_of_each_row():
    row = {"messages": TALK, "tools": [TOOL], "chat_template_kwargs": {"enable_thinking": False}}
    ((talk,), name) = reversed(read(row))
    assert name == "messages"
    wrapped = [{"type": "function", "function": TOOL}]
    assert talk == Talk(TALK, wrapped, {"enable_thinking": False})


def test_flags_are_counted_by_their_names(tmp_path):
    rows = [{"messages": [USER, {**ANSWER, "train": True}]}, {"messages": [USER, ANSWER]}]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = audit(path, load_tokenizer())
    assert report.files[str(path)].flags == {"train": 1}
    assert "flags read as weights: train (1)" in str(report)


LINES = b"".join(json.dumps({"messages": TALK}).encode() + b"\n" for _ in range(5))
LIST = json.dumps([{"messages": TALK}] * 5, indent=2).encode()
TABLE = pa.table({"messages": [TALK] * 5})


def parquet():
    out = io.BytesIO()
    pq.write_table(TABLE, out)
    return out.getvalue()


def arrow(writer):
    out = io.BytesIO()
    with writer(out, TABLE.schema) as stream:
        stream.write_table(TABLE)
    return out.getvalue()


FILES = {
    "data.jsonl": LINES,
    "data.json": LIST,
    "list over lines.jsonl": LIST,
    "list of lines.jsonl": b"[" + b",\n".join(LINES.splitlines()) + b"]",
    "one line.json": json.dumps([{"messages": TALK}] * 5).encode(),
    "lists.jsonl": b"".join(json.dumps(TALK).encode() + b"\n" for _ in range(5)),
    "many lines.json": b"".join(
        json.dumps({"messages": TALK}, indent=1).encode() + b"\n" for _ in "12345"
    ),
    "data.parquet": parquet(),
    "file.arrow": arrow(pa.ipc.new_file),
    "stream.arrow": arrow(pa.ipc.new_stream),
    "BOM.jsonl": b"\xef\xbb\xbf" + LINES,
    "BOM.json": b"\xef\xbb\xbf" + LIST,
    "no last newline.jsonl": LINES.rstrip(),
    "blank lines.jsonl": LINES.replace(b"\n", b"\r\n\r\n"),
}


PACKED: dict[str, Any] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}
# Tables are packed inside; nobody packs them as a whole.
KINDS = [
    (name, packed)
    for name in FILES
    for packed in PACKED
    if not (packed and name.endswith((".parquet", ".arrow")))
]


@pytest.mark.parametrize(("name", "packed"), KINDS)
def test_every_kind_of_file(name, packed, tmp_path):
    path = tmp_path / (name + packed)
    path.write_bytes(PACKED[packed](FILES[name]))
    report = audit(path, load_tokenizer())
    assert (report.rows, report.prepared) == (5, 5), report
    assert report.files[str(path)].rows == 5


def test_lines_are_those_of_the_file(tmp_path):
    path = tmp_path / "data.json"
    path.write_bytes(LIST)
    text = LIST.decode().splitlines()
    places = [record.place.line for record in rows_of(path)]
    assert [text[line - 1].strip() for line in places] == ["{"] * 5
    assert places[0] == 2


def test_folders(tmp_path):
    rows = Dataset.from_list([{"messages": TALK}] * 7)
    rows.save_to_disk(tmp_path / "one", num_shards=2)
    DatasetDict({"train": rows, "test": rows}).save_to_disk(tmp_path / "two")
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / "a.jsonl").write_bytes(LINES)
    (tmp_path / "three" / "notes.txt").write_bytes(b"none of it")
    tokenizer = load_tokenizer()
    counts = [audit(tmp_path / name, tokenizer).rows for name in ("one", "two", "three")]
    assert counts == [7, 14, 5]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ChatshiftError, match="holds no file that ends in"):
        audit(tmp_path / "empty", tokenizer)


def test_nulls_that_arrow_puts_in_are_taken_out_again(tmp_path):
    messages = [USER, {"role": "assistant", "content": "", "tool_calls": [WRAPPED]}]
    other = {"type": "function", "function": {"name": "f", "arguments": {"limit": 3}}}
    others = [USER, {"role": "assistant", "content": "", "tool_calls": [other]}]
    Dataset.from_list([{"messages": messages}, {"messages": others}]).to_parquet(
        tmp_path / "d.parquet"
    )
    first = next(iter(rows_of(tmp_path / "d.parquet")))
    (call,) = first.value["messages"][1]["tool_calls"]
    assert call["function"]["arguments"] == {"city": "Paris"}


BROKEN = {
    "empty.jsonl": (b"", "the file is empty", 1),
    "blank.jsonl": (b"\n \n", "the file is empty", 1),
    "utf16.jsonl": (LINES.decode().encode("utf-16"), "the file is UTF-16", 1),
    "utf16le.jsonl": (
        LINES[:-1].splitlines()[0].decode().encode("utf-16-le"),
        "it holds a NUL byte",
        1,
    ),
    "latin.jsonl": (LINES + '{"messages": "é"}'.encode("latin-1"), "it is not UTF-8", 6),
    "cut.jsonl": (LINES[:-20], "it breaks off after character", 5),
    "cut.json": (LIST[:-30], "the file breaks off within this row", 50),
    "open.json": (LIST[:-2], "its list of rows is never closed", 61),
    "wrong.json": (
        LIST.replace(b'"Yes"', b"Yes", 1),
        "it is no JSON: Expecting value in line 10",
        2,
    ),
    "latin.json": ('[{"messages": "é"}]'.encode("latin-1"), "can't decode byte", 1),
    "cut.jsonl.gz": (gzip.compress(LINES * 2000)[:-50], "cannot be read from here on", None),
    "cut.jsonl.zst": (zstandard.compress(LINES * 2000)[:40], "", None),
    "damaged.jsonl.gz": (b"\x1f\x8b" + bytes(50), "the file cannot be read", 1),
    "cut.parquet": (parquet()[:-20], "the table cannot be read from row 1 on", 1),
    "cut.arrow": (arrow(pa.ipc.new_file)[:-20], "the table cannot be read from row 1 on", 1),
    "deep first.jsonl": (b"[" * 100_000 + b"\n" + LINES, "it is nested too deeply", 1),
    "cut first.jsonl": (b'[{"role": "us\n' + LINES, "it breaks off after character 13", 1),
    "null.jsonl": (LINES + b"null\n", "a row must be a JSON object, not null", 6),
    "huge number.jsonl": (LINES + b'{"messages": ' + b"9" * 5000 + b"}\n", "Exceeds the limit", 6),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_its_line_and_the_rest_is_audited(name, tmp_path):
    data, words, line = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "whole.jsonl").write_bytes(LINES)
    report = audit([tmp_path / name, tmp_path / "whole.jsonl"], load_tokenizer())
    assert report.prepared >= (10 if "first" in name else 5)
    (finding,) = [one for one in report.findings if one.id in ("bad-line", "bad-row")]
    assert finding.count == 1
    assert finding.rows[0].file == str(tmp_path / name)
    assert line in (None, finding.rows[0].line)
    assert finding.example is not None
    assert words in finding.example.reason


def test_a_line_that_is_too_long_is_never_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    path = tmp_path / "data.jsonl"
    path.write_bytes(LINES + b'{"messages": "' + b"a" * 100_000 + b'"}\n' + LINES)
    report = audit(path, load_tokenizer())
    assert (report.prepared, report.rows) == (10, 11)
    (finding,) = [one for one in report.findings if one.id == "bad-line"]
    assert finding.rows == (Place(str(path), 6),)
    assert finding.example is not None
    assert "the line is longer than" in finding.example.reason


def test_mixed_formats_are_counted(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [
        {"messages": TALK},
        {"instruction": "Hi", "output": "No"},
        {"prompt": "a", "completion": "b"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = audit(path, load_tokenizer())
    assert report.files[str(path)].formats == {"messages": 1, "alpaca": 1, "prompt-completion": 1}
    chosen = audit(path, load_tokenizer(), format="messages")
    assert (chosen.prepared, chosen.rejected) == (1, 2)


@pytest.mark.parametrize("name", ["data.csv", "data.tsv"])
def test_csv_is_refused_with_what_to_do(name, tmp_path):
    (tmp_path / name).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ChatshiftError, match=r"Convert it to JSON Lines .*\.to_json"):
        audit(tmp_path / name, load_tokenizer())


def test_links_are_followed_once_and_circles_are_not(tmp_path):
    (tmp_path / "real.jsonl").write_bytes(LINES)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
    (folder / "circle").symlink_to(folder)
    assert audit(folder, load_tokenizer()).rows == 5
    (folder / "nowhere.jsonl").symlink_to(tmp_path / "gone.jsonl")
    with pytest.raises(ChatshiftError, match=r"nowhere\.jsonl cannot be opened"):
        audit(folder, load_tokenizer())


@pytest.mark.parametrize("depth", [50, 70, 300, 700, 900, 960, 985])
def test_deep_nesting_is_named_wherever_it_stands(depth, tmp_path):
    deep = "[" * depth + "]" * depth
    rows = [
        *(
            f'{{"messages": {deep}}}',
            f'{{"messages": [{deep}]}}',
            f'{{"instruction": {deep}, "output": 1}}',
        ),
        f'{{"messages": [{{"role": {deep}, "content": "Hi"}}]}}',
        f'{{"messages": [{{"role": "user", "content": {deep}}}]}}',
        f'{{"messages": [{{"role": "user", "content": "Hi", "more": {deep}}}]}}',
        f'{{"conversations": [{{"from": {deep}, "value": 1}}]}}',
        f'{{"messages": [{{"role": "user", "content": "Hi"}}], "tools": {deep}}}',
        f'{{"messages": [{{"role": "user"}}], "chat_template_kwargs": {{"a": {deep}}}}}',
        f'{{"input_ids": {deep}, "labels": [1]}}',
        f'{{"input_ids": [{10**40}], "labels": [{10**40}]}}',
    ]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(rows) + "\n" + LINES.decode(), encoding="utf-8")
    report = audit(path, load_tokenizer())
    assert (report.rows, report.prepared) == (len(rows) + 5, 5)
    assert report.rejected == len(rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
COLUMNS = st.sampled_from(
    [
        *("messages", "conversations", "conversation", "instruction", "input", "output", "system"),
        *("history", "prompt", "completion", "chosen", "rejected", "chosen_messages", "tools"),
        *("rejected_messages", "chat_template_kwargs", "input_ids", "labels", "loss_mask", "text"),
    ]
)
KEYS = st.sampled_from(
    [
        *("role", "content", "from", "value", "weight", "train", "loss", "tool_calls", "type"),
        "name",
    ]
)
WORDS: st.SearchStrategy = st.sampled_from(
    [
        "user",
        "assistant",
        "human",
        "gpt",
        "function_call",
        "Hi",
        "",
        "{",
        "text",
        0,
        1,
        None,
        -1,
        [],
    ]
)
MESSAGES = st.lists(st.dictionaries(KEYS, WORDS | JSON, max_size=4) | JSON, max_size=3)
FUZZED = st.dictionaries(COLUMNS, MESSAGES | JSON | WORDS, max_size=4)


@settings(deadline=None, max_examples=3000, suppress_health_check=list(HealthCheck))
@given(row=FUZZED)
def test_any_row_is_read_or_named(row):
    found = read(row)
    if isinstance(found, str):
        assert found
    else:
        name, talks = found
        assert name in FORMATS
        assert talks


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(FUZZED, max_size=4))
def test_any_rows_can_be_audited(rows):
    report = audit(rows, TOKENIZER)
    assert report.rows == len(rows)
    assert report.prepared + report.rejected >= len(rows)


@settings(deadline=None, max_examples=3000, suppress_health_check=list(HealthCheck))
@given(
    data=st.binary(max_size=60)
    | st.sampled_from([LINES, LIST]).flatmap(
        lambda whole: st.tuples(st.integers(0, len(whole)), st.binary(max_size=3)).map(
            lambda cut: whole[: cut[0]] + cut[1] + whole[cut[0] :]
        )
    )
)
def test_any_bytes_are_read_or_named(data, tmp_path_factory):
    path = FOLDER(tmp_path_factory) / "data.json"
    path.write_bytes(data)
    for raw in rows_of(path):
        record = parse(raw) if isinstance(raw, Line) else raw
        assert record.place.line >= 1
        assert not isinstance(record, Broken) or record.reason


TOKENIZER = load_tokenizer()
_folders: list = []


def FOLDER(factory):  # noqa: N802
    """One folder for all examples."""
    if not _folders:
        _folders.append(factory.mktemp("fuzz"))
    return _folders[0]


def test_what_is_piped_in(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(LINES))))
    assert audit("-", load_tokenizer()).rows == 5
