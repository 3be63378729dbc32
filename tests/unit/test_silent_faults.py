"""Faults that end in plausible labels, each as the book's gallery shows it: one test, one fault."""

import pyarrow as pa
import pytest

from chatshift import (
    BoundaryError,
    MessageError,
    TablePreparer,
    TemplateError,
    prepare,
    prepare_batch,
    render,
    tokenize,
    unroll,
)
from chatshift.tiny.formats import load_format

USER = {"role": "user", "content": "What is the capital of France?"}
PARIS = {"role": "assistant", "content": "It is Paris."}
NEXT = {"role": "user", "content": "And of Italy?"}
ROME = {"role": "assistant", "content": "It is Rome."}
TALK = [USER, PARIS, NEXT, ROME]
LAST_THOUGHT_ONLY = """{% for m in messages %}
{{- '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' %}
{{- '<think>' + (m.thinking if loop.last else '') + '</think>' }}{% endif %}
{{- m.content + '<|im_end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""


@pytest.fixture
def chatml():
    return load_format("chatml")


def learned(messages, tokenizer, **settings):
    """The text that is learned of each turn; `prepare_batch` has to learn the same."""
    row = prepare(messages, tokenizer, **settings)
    batch = prepare_batch([messages], tokenizer, shifted=False, **settings)
    assert batch[0]["labels"] == list(row.masked_labels)
    return [tokenizer.decode(row.full_ids[turn.start : turn.stop]) for turn in row.turns]


def refusal_in_a_batch(messages, tokenizer):
    batch = prepare_batch([messages], tokenizer, shifted=False, errors="collect")
    return batch.rejected[0].reason


@pytest.mark.parametrize("content", ["", None, "One moment."])
def test_a_call_that_the_template_does_not_write_is_refused(chatml, content):
    call = {"type": "function", "function": {"name": "look_up", "arguments": {"city": "Rome"}}}
    asks = [USER, {"role": "assistant", "content": content, "tool_calls": [call]}]
    assert "look_up" not in render(asks, chatml)
    with pytest.raises(TemplateError, match=r"leaves out the call of messages\[1\].*'look_up'"):
        prepare(asks, chatml)
    assert "leaves out the call of messages[1]" in refusal_in_a_batch(asks, chatml)


def test_the_thought_of_an_earlier_answer_is_noted_and_unroll_keeps_it(chatml):
    chatml.chat_template = LAST_THOUGHT_ONLY
    talk = [USER, {**PARIS, "thinking": "I know France."}, NEXT, {**ROME, "thinking": "Italy."}]
    assert learned(talk, chatml, supervise="all", mask_tail=True) == [
        "<think></think>It is Paris.<|im_end|>",
        "<think>Italy.</think>It is Rome.<|im_end|>",
    ]
    noted = prepare(talk, chatml, supervise="all").notes
    lost = [(note.message, note.text) for note in noted if note.name == "thought left out"]
    assert [message for message, _ in lost] == [1]
    assert "I know France." in lost[0][1]
    assert "thought left out" in str(prepare_batch([talk], chatml, shifted=False).notes)
    parts = list(unroll(talk))
    assert [learned(part, chatml, mask_tail=True) for part in parts] == [
        ["<think>I know France.</think>It is Paris.<|im_end|>"],
        ["<think>Italy.</think>It is Rome.<|im_end|>"],
    ]
    in_parts = [prepare(part, chatml).notes for part in parts]
    assert [[n.message for n in notes if "thought" in n.name] for notes in in_parts] == [[], [1]]


def test_a_flag_is_honoured_or_refused_and_never_ignored(chatml):
    settings = {"supervise": "all", "mask_tail": True}
    off = [USER, {**PARIS, "weight": 0}, NEXT, ROME]
    assert learned(off, chatml, **settings) == ["It is Rome.<|im_end|>"]
    on = [USER, {**PARIS, "weight": 1}, NEXT, ROME]
    assert learned(on, chatml, **settings) == learned(TALK, chatml, **settings)
    for flag in ("train", "training", "trainable", "loss", "loss_weight", "mask", "unmask"):
        flagged: list[dict] = [USER, {**PARIS, flag: False}, NEXT, ROME]
        with pytest.raises(MessageError, match=rf"messages\[1\].*has the flag '{flag}'"):
            prepare(flagged, chatml)
        assert f"has the flag '{flag}'" in refusal_in_a_batch(flagged, chatml)


def test_an_answer_that_another_message_quotes_keeps_its_place(chatml):
    settings = {"supervise": "all", "mask_tail": True}
    quotes = [
        {"role": "system", "content": "Say: It is Paris.\nassistant\nIt is Rome."},
        {**USER, "content": "It is Paris. It is Rome."},
        PARIS,
        {**NEXT, "content": "It is Paris."},
        {**ROME, "content": "It is Paris. No: It is Rome."},
    ]
    assert learned(quotes, chatml, **settings) == [
        "It is Paris.<|im_end|>",
        "It is Paris. No: It is Rome.<|im_end|>",
    ]


def test_parts_that_join_to_a_control_token_are_refused(chatml):
    chatml.chat_template = chatml.chat_template.replace(
        "message['content']", "(message['content'] | map(attribute='text') | join)"
    )

    def talk(*parts):
        content = [{"type": "text", "text": part} for part in parts]
        return [
            {"role": "user", "content": content},
            {"role": "assistant", "content": [{"type": "text", "text": "Yes"}]},
        ]

    smuggled = talk("Bye<|im_", "end|>")
    assert tokenize(render(smuggled, chatml), chatml).count(chatml.eos_token_id) == 3
    with pytest.raises(MessageError, match=r"messages\[0\] \('user'\) becomes a control token"):
        prepare(smuggled, chatml)
    assert "becomes a control token" in refusal_in_a_batch(smuggled, chatml)
    assert learned(talk("Bye<|im_", " end|>"), chatml, mask_tail=True) == ["Yes<|im_end|>"]


def test_a_bad_row_first_changes_no_other_row(chatml):
    bad = [USER, {**PARIS, "content": "\nIt is Paris."}]
    with pytest.raises(BoundaryError):
        prepare(bad, chatml)
    worse = [[], [USER], [{**USER, "content": 7}, PARIS], [{**USER, "content": "<|im_end|>"}, ROME]]
    good = [TALK[:2], TALK, [NEXT, ROME]]

    def rows(*conversations):
        return prepare_batch(
            conversations, chatml, shifted=False, supervise="all", errors="collect"
        )

    alone = [rows(conversation)[0] for conversation in good]
    for first in (bad, *worse):
        batch = rows(first, *good)
        assert [rejected.row for rejected in batch.rejected] == [0]
        assert batch.to_lists() == alone


def test_keys_of_other_rows_arguments_are_not_learned_from_a_table(chatml):
    chatml.chat_template = chatml.chat_template.replace(
        "message['content']",
        "message['content'] + (message.tool_calls | tojson if message.tool_calls else '')",
    )

    def asks(**arguments):
        call = {"type": "function", "function": {"name": "look_up", "arguments": arguments}}
        return [USER, {"role": "assistant", "content": "", "tool_calls": [call]}]

    talks = [asks(city="Rome"), asks(month="May")]
    table = pa.table({"messages": talks})
    (call,) = table["messages"].to_pylist()[0][1]["tool_calls"]
    assert call["function"]["arguments"] == {"city": "Rome", "month": None}
    rows = TablePreparer(chatml, shifted=False)(table)
    assert rows.to_pylist() == prepare_batch(talks, chatml, shifted=False).to_lists()
    assert "month" not in chatml.decode(rows["input_ids"].to_pylist()[0])
