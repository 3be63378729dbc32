"""Turns with tool calls: what is learned of them is what the template writes, all of it."""

import json
from typing import Any

import pytest
from agentic import (
    CALLS,
    CONTENT,
    END,
    HEADER,
    THOUGHT,
    agentic_tokenizer,
    assistant,
    call,
    kinds_of_notes,
    result,
    supervised,
    template,
    user,
)

from chatshift import MessageError, TemplateError, prepare, prepare_batch, render

LOOK = call("look", {"city": "Paris", "days": 3, "metric": True})
WRITTEN = '<call>{"name": "look", "arguments": {"city": "Paris", "days": 3, "metric": true}}</call>'
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


@pytest.fixture
def tokenizer():
    return agentic_tokenizer()


@pytest.mark.parametrize("content", [{"content": None}, {"content": ""}, {}])
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_call_alone(content, boundary, tokenizer):
    message = {"role": "assistant", "tool_calls": [LOOK], **content}
    trace = prepare([user("Hi"), message], tokenizer, boundary=boundary, mask_tail=True)
    assert supervised(trace) == [WRITTEN + "<|im_end|>"]
    assert trace.notes == ()


def test_calls_first_in_the_middle_and_last(tokenizer):
    talk = [
        user("Hi"),
        assistant(None, tool_calls=[LOOK]),
        result("18"),
        assistant("I see. ", tool_calls=[call("tell", {}), LOOK]),
        result("ok"),
        result("19"),
        assistant("It is 19."),
        user("Again"),
        assistant("", tool_calls=[call("tell", {})]),
    ]
    trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
    tell = '<call>{"name": "tell", "arguments": {}}</call>'
    assert supervised(trace) == [
        WRITTEN + "<|im_end|>",
        "I see. " + tell + WRITTEN + "<|im_end|>",
        "It is 19.<|im_end|>",
        tell + "<|im_end|>",
    ]
    assert trace.notes == ()


def test_arguments_as_json_text_are_those_of_the_dict(tokenizer):
    arguments = LOOK["function"]["arguments"]
    as_text = call("look", json.dumps(arguments))
    one = prepare([user("Hi"), assistant("", tool_calls=[LOOK])], tokenizer)
    other = prepare([user("Hi"), assistant("", tool_calls=[as_text])], tokenizer)
    assert (one.full_text, one.labels) == (other.full_text, other.labels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "no JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("[1]", "must be a dict"),
        ([1], "must be a dict"),
        ({1: 2}, "keys must be texts"),
        ({"a": object()}, "Only texts, numbers"),
    ],
)
def test_arguments_that_are_none(arguments, words, tokenizer):
    with pytest.raises(MessageError, match=words) as refusal:
        prepare([user("Hi"), assistant("", tool_calls=[call("look", arguments)])], tokenizer)
    assert str(refusal.value).startswith("messages[1] ('assistant')")


def test_tools_reach_every_render(tokenizer):
    talk = [user("Hi"), assistant("", tool_calls=[LOOK])]
    trace = prepare(talk, tokenizer, tools=[TOOL])
    assert trace.full_text.startswith("<|im_start|>tools\n[{")
    assert trace.prompt_text.startswith("<|im_start|>tools\n[{")
    assert trace.full_text == render(talk, tokenizer, tools=[TOOL])
    assert trace.turns[0].start == len(trace.prompt_ids)


def test_each_row_of_a_batch_has_its_own_tools_and_keywords(tokenizer):
    tokenizer.chat_template = "{{ mood }}" + tokenizer.chat_template
    talk = [user("Hi"), assistant("", tool_calls=[LOOK])]
    rows: list[Any] = [
        talk,
        {"messages": talk, "tools": [TOOL]},
        {"messages": talk, "chat_template_kwargs": {"mood": "calm"}},
        {"messages": talk, "tools": None, "chat_template_kwargs": None},
    ]
    batch = prepare_batch(rows, tokenizer, shifted=False, template_kwargs={"mood": "glad"})
    expected = [
        prepare(talk, tokenizer, tools=tools, template_kwargs={"mood": mood})
        for tools, mood in ((None, "glad"), ([TOOL], "glad"), (None, "calm"), (None, "glad"))
    ]
    assert batch.to_lists() == [trace.for_transformers() for trace in expected]
    assert len({trace.full_text for trace in expected}) == 3


def test_a_call_that_is_not_written_is_refused_and_not_learned_as_an_empty_answer():
    tokenizer = agentic_tokenizer(template(HEADER, THOUGHT, CONTENT, END))
    talk = [user("Hi"), assistant("", tool_calls=[LOOK]), result("18"), assistant("It is 18.")]
    with pytest.raises(TemplateError) as refusal:
        prepare(talk, tokenizer, supervise="all")
    assert str(refusal.value) == (
        "The template leaves out the call of messages[1], or writes it outside of its turn: "
        "'look'. A model cannot learn what is not in its text. What to do: use a template that "
        "writes tool calls (pass tools= if it needs them), or give this message weight 0."
    )
    trace = prepare(talk, tokenizer)
    assert kinds_of_notes(trace) == ["call left out", "tail after the end of turn"]
    talk[1]["weight"] = 0
    assert supervised(prepare(talk, tokenizer, supervise="all", mask_tail=True)) == [
        "It is 18.<|im_end|>"
    ]


def test_content_beside_a_call_that_is_not_written_is_refused():
    either = "{%- if message.tool_calls -%}" + "{{- '<call>' + message.tool_calls[0].function.name"
    either += " + (message.tool_calls[0].function.arguments | tojson) -}}{%- else -%}"
    tokenizer = agentic_tokenizer(template(HEADER, either, CONTENT, "{%- endif -%}", END))
    talk = [user("Hi"), assistant("Let me see.", tool_calls=[LOOK])]
    with pytest.raises(TemplateError, match=r"leaves out the content of messages\[1\]"):
        prepare(talk, tokenizer)


# How a template may lose a part of a call: what it writes of the arguments, and what that loses.
LOSSES = {
    "a number": ("(a | tojson) | replace(': 3', ': ')", "3"),
    "a key": ("(a | tojson) | replace('days', '')", "days"),
    "every key": ("a.values() | map('string') | join(', ')", "city"),
    "a boolean": ("(a | tojson) | replace('true', '') if a else ''", "true"),
    "a text": ("(a | tojson) | replace('Paris', 'Rome')", "Paris"),
    "all": ("''", "city"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_part_of_a_call_that_is_not_written_is_refused(loss):
    written, word = LOSSES[loss]
    calls = "{%- for c in message.tool_calls or [] -%}{%- set a = c.function.arguments -%}"
    calls += "{{- '<call>' + c.function.name + (" + written + ") -}}{%- endfor -%}"
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, calls, END))
    with pytest.raises(TemplateError, match=r"call of messages\[1\]") as refusal:
        prepare([user("Hi"), assistant("", tool_calls=[LOOK])], tokenizer)
    assert word in str(refusal.value)


def test_what_a_call_says_may_be_escaped_sorted_or_printed():
    arguments = {"z": 'a "quoted"\nline', "b": [1, 2.5, {"x": False}], "ä": "é"}
    for written in ("tojson", "tojson(sort_keys=True)", "string"):
        calls = "{%- for c in message.tool_calls or [] -%}{{- c.function.name + '(' + "
        calls += "(c.function.arguments | " + written + ") + ')' -}}{%- endfor -%}"
        tokenizer = agentic_tokenizer(template(HEADER, CONTENT, calls, END))
        talk = [user("Hi"), assistant("", tool_calls=[call("look", arguments)])]
        trace = prepare(talk, tokenizer, mask_tail=True)
        assert supervised(trace) == [trace.full_text.partition("assistant\n")[2][:-1]]


def test_the_name_of_a_tool_beside_its_result_is_no_part_of_the_call():
    named = (
        "{%- if message.role == 'tool' -%}{{- messages[1].tool_calls[0].function.name + ': ' -}}"
    )
    calls = (
        "{%- for c in message.tool_calls or [] -%}{{- '<call>' + c.function.name + '</call>' -}}"
    )
    tokenizer = agentic_tokenizer(
        template(HEADER, named, "{%- endif -%}", CONTENT, calls, "{%- endfor -%}", END)
    )
    talk = [
        user("Hi"),
        assistant("", tool_calls=[call("look", {})]),
        result("18"),
        assistant("It is 18."),
    ]
    trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
    assert supervised(trace) == ["<call>look</call><|im_end|>", "It is 18.<|im_end|>"]


def test_where_each_token_comes_from(tokenizer):
    talk = [
        user("Hi"),
        assistant("Yes", reasoning_content="so", tool_calls=[call("look", {"n": 3})]),
    ]
    trace = prepare(talk, tokenizer)
    text: dict[str, str] = {}
    for row in trace.rows():
        text[row.origin] = text.get(row.origin, "") + row.piece
    assert text == {
        "prompt": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
        "thought": "so",
        "content": "Yes",
        "call": "lookn 3",  # one token: the template's space, and the number
        "template": '<think>\n\n</think>\n\n<call>{"name": "", "arguments": {"":}}</call>',
        "end": "<|im_end|>",
        "tail": "\n",
    }


def test_an_id_that_holds_the_name_still_leads_from_a_result_to_its_call():
    """Templates look up the call of a result by its id, and some ids are made of the name."""
    look_up = (
        "{%- if message.role == 'tool' -%}{%- set found = namespace(name='') -%}"
        "{%- for one in messages -%}{%- for c in one.tool_calls or [] -%}"
        "{%- if c.id == message.tool_call_id -%}{%- set found.name = c.function.name -%}"
        "{%- endif -%}{%- endfor -%}{%- endfor -%}"
        "{%- if not found.name -%}{{- raise_exception('whose result?') -}}{%- endif -%}"
        "{{- found.name + ': ' -}}{%- endif -%}"
    )
    tokenizer = agentic_tokenizer(template(HEADER, look_up, CONTENT, CALLS, END))
    for ids in (("one", "two"), ("functions.look:0", "functions.find:1")):
        talk = [
            user("a"),
            assistant(
                None,
                tool_calls=[
                    {**call(name, {"b": 1}), "id": one}
                    for name, one in zip(("look", "find"), ids, strict=True)
                ],
            ),
            *({**result(one), "tool_call_id": one} for one in ids),
            assistant("c"),
        ]
        trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
        assert f"look: {ids[0]}<|im_end|>" in trace.full_text
        assert supervised(trace) == [
            '<call>{"name": "look", "arguments": {"b": 1}}</call>'
            '<call>{"name": "find", "arguments": {"b": 1}}</call><|im_end|>',
            "c<|im_end|>",
        ]
        assert kinds_of_notes(trace) == []


def test_a_number_that_the_template_does_not_write():
    texts = "{%- for c in message.tool_calls -%}{{- c.function.name -}}"
    texts += "{%- for k, v in c.function.arguments.items() -%}{{- k -}}"
    texts += "{{- v if v is string -}}{%- endfor -%}{%- endfor -%}"
    tokenizer = agentic_tokenizer(template(HEADER, texts, END))
    words = [user("a"), assistant("", tool_calls=[call("look", {"at": "it"})])]
    assert supervised(prepare(words, tokenizer, mask_tail=True)) == ["lookatit<|im_end|>"]
    for lost in (3, 0, -1.5, [7]):
        talk = [user("7"), assistant("", tool_calls=[call("look", {"at": lost})])]
        with pytest.raises(TemplateError, match=r"leaves out the call of messages\[1\]"):
            prepare(talk, tokenizer)


def test_a_name_that_stands_in_the_id_alone():
    """Some templates write a call's id, which holds its name, and not the name itself."""
    ids = "{%- for c in message.tool_calls -%}{{- '<call>' + c.id + (c.function.arguments | tojson)"
    tokenizer = agentic_tokenizer(template(HEADER, ids + " -}}{%- endfor -%}", END))
    one = call("look", {"at": "it"})
    talk = [user("a"), assistant("", tool_calls=[{**one, "id": "functions.look:0"}])]
    assert supervised(prepare(talk, tokenizer, mask_tail=True)) == [
        '<call>functions.look:0{"at": "it"}<|im_end|>'
    ]
    talk = [user("look"), assistant("", tool_calls=[{**one, "id": "call00001"}])]
    with pytest.raises(TemplateError, match=r"leaves out the call of messages\[1\].*'look'"):
        prepare(talk, tokenizer)


def test_a_whole_number_stays_one():
    """A template may write it in another way than a fraction."""
    texts = "{%- for c in message.tool_calls -%}{{- '<call>' + c.function.name -}}"
    texts += "{%- for k, v in c.function.arguments.items() -%}"
    texts += "{{- ' ' + k + '=' + (v | string if v is integer else '%.2f' % v) -}}"
    tokenizer = agentic_tokenizer(
        template(HEADER, texts + "{%- endfor -%}{%- endfor -%}", CONTENT, END)
    )
    talk = [user("a"), assistant("", tool_calls=[call("look", {"n": 5})])]
    assert supervised(prepare(talk, tokenizer, mask_tail=True)) == ["<call>look n=5<|im_end|>"]
