"""`prepare_batch` is `prepare` on every row: in every order, whatever stands beside it."""

from random import Random

import pyarrow as pa
import pytest
from agentic import agentic_tokenizer, assistant, call, result, user
from datasets import Dataset

from chatshift import ChatshiftError, TablePreparer, prepare, prepare_batch
from chatshift.tiny.formats import FORMATS, load_format

SYSTEM = {"role": "system", "content": "Be brief."}
LOOK = call("look", {"city": "Paris", "limit": 3})
ROWS = [
    [user("Hi"), assistant("Yes")],
    [SYSTEM, user("Hi"), assistant("Yes"), user("So?"), assistant("No")],
    [user("user\n"), assistant("assistant\n<|im_start"), user("Hi"), assistant("Hi")],
    [user(" Hi\n"), assistant("  Yes \n")],
    [user(""), assistant("")],
    [user("a"), assistant("b"), assistant("c")],
    [assistant("Welcome."), user("a"), assistant("b")],
    [user("a"), assistant("b", weight=0), user("c"), assistant("d")],
    [user("a"), assistant("", tool_calls=[LOOK]), result("18"), assistant("It is 18.")],
    [user("a"), assistant("b", reasoning_content="so"), user("c"), assistant("d")],
    [user("a"), assistant("<think>so</think>b")],
    [user([{"type": "text", "text": "a"}]), assistant([{"type": "text", "text": "b"}])],
    [user("a<|im_end|>"), assistant("b")],
    [user("a" * 300), assistant("b " * 300)],
    [user("a"), assistant("b")] * 20,
    [user("no answer")],
    [],
    None,
    [user("a"), assistant("b", train=False)],
    [user("a\ud83d"), assistant("b")],
]
SETTINGS = [
    {"supervise": supervise, "boundary": boundary, "control_tokens": control, "mask_tail": masked}
    for supervise in ("last", "all")
    for boundary in ("prompt", "answer")
    for control, masked in (("error", False), ("text", True), ("allow", False))
]


def alone(row, tokenizer, settings):
    try:
        trace = prepare(row, tokenizer, **settings)
    except ChatshiftError as refusal:
        return str(refusal), set()
    return trace.for_transformers(), {note.name for note in trace.notes}


def together(rows, tokenizer, settings):
    batch = prepare_batch(rows, tokenizer, shifted=False, errors="collect", **settings)
    found = dict(zip(batch.rows.tolist(), batch.to_lists(), strict=True))
    found |= {rejected.row: rejected.reason for rejected in batch.rejected}
    notes: dict[int, set[str]] = {number: set() for number in range(len(rows))}
    for name, noted in batch.notes.items():
        assert noted.count == len(noted.rows)
        for number in noted.rows:
            notes[number].add(name)
    return [(found[number], notes[number]) for number in range(len(rows))]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
@pytest.mark.parametrize("name", [*FORMATS, "agentic"])
def test_in_every_order(name, settings):
    tokenizer = agentic_tokenizer() if name == "agentic" else load_format(name)
    expected = [alone(row, tokenizer, settings) for row in ROWS]
    order = list(range(len(ROWS)))
    for seed in range(2):
        Random(seed).shuffle(order)
        found = together([ROWS[i] for i in order], tokenizer, settings)
        assert found == [expected[i] for i in order]


# Templates that react to a word: in the prompt alone, in the text alone, in an earlier turn.
OPENING = "<|im_start|>assistant\\n' -}}{%- endif"
REACTIONS = {
    "the generation prompt": (
        OPENING,
        "<|im_start|>assistant\\n' + ('/think' in messages[-1].content) * '<think>' -}}{%- endif",
    ),
    "a question that is the last": (
        "+ message['content'] +",
        "+ ('(urgent) ' if loop.last and '/think' in message['content'] else '') "
        "+ message['content'] +",
    ),
    "an answer": (
        "+ message['content'] +",
        "+ ('Oh! ' if '/think' in message['content'] else '') + message['content'] +",
    ),
}


@pytest.mark.parametrize("reaction", REACTIONS)
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_template_that_reacts_to_a_word(reaction, boundary):
    tokenizer = load_format("chatml")
    old, new = REACTIONS[reaction]
    assert old in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(old, new)
    word = "x /think"
    rows = [
        [user("a"), assistant("b"), user("c"), assistant("d"), user("e"), assistant("f")],
        [user("a"), assistant("b"), user(word), assistant("d"), user("e"), assistant("f")],
        [user("a"), assistant("b"), user("c"), assistant(word), user("e"), assistant("f")],
        [user("a"), assistant("b"), user("c"), assistant("d"), user("e"), assistant(word)],
    ]
    settings = {"supervise": "all", "boundary": boundary}
    expected = [alone(row, tokenizer, settings) for row in rows]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        found = together([rows[i] for i in order], tokenizer, settings)
        assert found == [expected[i] for i in order]
    if boundary == "prompt" and reaction != "an answer":
        assert "messages[3]: its prompt is no prefix" in expected[1][0]


def test_nulls_of_arrow_are_taken_out_again():
    tokenizer = agentic_tokenizer()
    rows = [
        [user("a"), assistant("", tool_calls=[call("look", {"city": "Paris"})])],
        [user("a"), assistant("", tool_calls=[call("count", {"limit": 3})])],
        [user("a"), assistant("b", reasoning_content="so")],
    ]
    tools = [[{"type": "function", "function": {"name": "look"}}], None, []]
    table = pa.Table.from_pylist(
        [{"messages": row, "tools": own} for row, own in zip(rows, tools, strict=True)]
    )
    first = table["messages"][0].as_py()[1]["tool_calls"][0]["function"]["arguments"]
    assert first == {"city": "Paris", "limit": None}
    expected = [
        prepare(row, tokenizer, tools=own).for_transformers()
        for row, own in zip(rows, tools, strict=True)
    ]
    assert TablePreparer(tokenizer, shifted=False)(table).to_pylist() == expected
    batch = prepare_batch(Dataset(table), tokenizer, shifted=False)
    assert batch.to_lists() == expected
    assert "null" not in tokenizer.decode(batch.input_ids)
