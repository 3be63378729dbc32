"""Keys that no rule knows: a note where the template does not read them, and none where it does."""

from typing import Any

import pytest

from chatshift import load_tokenizer, prepare, prepare_batch
from chatshift.template.chat_template import ChatTemplate
from chatshift.tiny.formats import load_format

ASKED, YES = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}
CALL: dict[str, Any] = {
    "type": "function",
    "id": "call00001",
    "function": {"name": "look", "arguments": {}},
}
OPENING = "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"


def with_body(body):
    """A tokenizer whose template writes this of each message `m`."""
    tokenizer = load_tokenizer()
    tokenizer.chat_template = (
        "{% for m in messages %}<start_of_turn>{{ m.role }}\n"
        + body
        + "<end_of_turn>{% endfor %}"
        + OPENING
    )
    return tokenizer


def unread(messages, tokenizer, **settings):
    notes = prepare(messages, tokenizer, **settings).notes
    return [(note.message, note.text) for note in notes if note.name == "key not read"]


@pytest.mark.parametrize(
    ("key", "value", "quoted"),
    [
        ("refusal", "I will not.", "'I will not.'"),
        ("annotations", [{"url": "a.b"}], "[{'url': 'a.b'}]"),
        ("audio", {"id": "x"}, "{'id': 'x'}"),
        ("citations", ["y" * 99], "['" + "y" * 57 + "…"),
        ("good", False, "False"),
        ("score", 0, "0"),
        ("name", "Ada", "'Ada'"),
    ],
)
def test_it_is_noted_with_its_message_its_key_and_what_it_says(key, value, quoted):
    found = unread([ASKED, {**YES, key: value}], load_format("chatml"))
    said = f"The template does not read {key!r} of this 'assistant' message: {quoted}."
    assert found == [(1, said)]


@pytest.mark.parametrize("value", [None, "", " \n", [], {}])
def test_a_value_that_says_nothing_is_not_noted(value):
    assert unread([ASKED, {**YES, "refusal": value}], load_format("chatml")) == []


def test_the_name_of_a_speaker_is_noted_and_that_of_a_result_is_not():
    talk = [
        {**ASKED, "name": "Ada"},
        {**YES, "tool_calls": [CALL]},
        {"role": "tool", "name": "look", "tool_call_id": "call00001", "content": "3"},
        YES,
    ]
    calls = "{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}{% endfor %}"
    assert [message for message, _ in unread(talk, with_body(calls))] == [0]


def test_the_keys_of_parts_and_calls_are_noted_with_the_way_to_them():
    parts = [{"type": "text", "text": "Y"}, {"type": "text", "text": "es", "cache": {"on": True}}]
    function = {**CALL["function"], "strict": True}
    calls = [{**CALL, "index": 0}, {**CALL, "function": function}]
    talk = [ASKED, {**YES, "content": parts, "tool_calls": calls}, ASKED, YES]
    body = "{% for p in m.content %}{{ p.text or p }}{% endfor %}"
    body += "{% for c in m.tool_calls %}{{ c.function.name }} {% endfor %}"
    ways = ("content[1].cache", "tool_calls[0].index", "tool_calls[1].function.strict")
    found = unread(talk, with_body(body))
    assert [text.split("'")[1] for _, text in found] == list(ways)
    assert {message for message, _ in found} == {1}


@pytest.mark.parametrize(
    "body",
    [
        "{{ m.content }}{{ m.refusal }}",
        "{{ m.content }}{{ m['refusal'] or '-' }}",
        "{{ m.get('refusal', '') }}{{ m.content }}",
        "{{ m.content }}{{ m | tojson }}",
        "{{ m.content }}{% for key in m %}{{ key }} {% endfor %}",
        "{{ m.content }}{{ 'refused' if 'refusal' in m }}",
        "{% if not m.refusal and m.role != 'user' %}{{ raise_exception('no') }}{% endif %}"
        "{{ m.content }}",
    ],
)
def test_what_the_template_reads_in_any_way_is_not_noted(body):
    talk = [ASKED, {**YES, "refusal": "I will not."}]
    assert unread(talk, with_body(body), control_tokens="allow", boundary="answer") == []


def test_only_those_that_it_does_not_read_are_noted():
    talk = [{**ASKED, "id": "one"}, {**YES, "id": "two", "refusal": "No.", "at": "noon"}]
    found = unread(talk, with_body("{{ m.refusal }}{{ m.content }}"))
    assert [(k, text.split("'")[1]) for k, text in found] == [(0, "id"), (1, "id"), (1, "at")]


def test_a_key_is_another_one_in_a_call():
    """Templates that read the id of a call do not read that of a message."""
    talk = [{**ASKED, "id": "one"}, {**YES, "tool_calls": [CALL]}, ASKED, YES]
    body = "{{ m.content }}{% for c in m.tool_calls %}{{ c.id }}{{ c.function.name }}{% endfor %}"
    assert [message for message, _ in unread(talk, with_body(body))] == [0]


def test_words_that_stand_elsewhere_do_not_hide_a_thought_that_is_lost():
    talk = [ASKED, {**YES, "tool_plan": "Yes"}]
    notes = prepare(talk, load_format("chatml")).notes
    said = "The template does not write the thought of this 'assistant' message: 'Yes'."
    assert [note.text for note in notes if note.name == "thought left out"] == [said]
    written = prepare(talk, with_body("{{ m.tool_plan }}{{ m.content }}")).notes
    assert [note for note in written if note.name == "thought left out"] == []


def test_a_batch_counts_rows_and_labels_them_as_without_the_key():
    talk: Any = [{**ASKED, "id": 1}, {**YES, "id": 2, "model": "x"}]
    rows: Any = [[ASKED, YES], talk, [ASKED, YES], talk]
    batch = prepare_batch(rows, load_format("chatml"), shifted=False)
    assert (batch.notes["key not read"].count, batch.notes["key not read"].rows) == (2, (1, 3))
    assert batch[0] == batch[1] == batch[2] == batch[3]


TOOL = {"type": "function", "function": {"name": "look", "description": "Looks."}}


def unread_keywords(tokenizer, **settings):
    notes = prepare([ASKED, YES], tokenizer, **settings).notes
    return [note.text for note in notes if note.name == "keyword not read"]


def test_tools_and_keywords_that_the_template_does_not_read_are_noted():
    found = unread_keywords(load_format("chatml"), tools=[TOOL], template_kwargs={"mood": "calm"})
    assert found == ["The template does not read mood, tools: it writes the same text without."]
    found = unread_keywords(load_format("chatml"), template_kwargs={"mood": False})
    assert found == ["The template does not read mood: it writes the same text without."]


@pytest.mark.parametrize("settings", [{"tools": []}, {"template_kwargs": {"mood": None}}, {}])
def test_what_is_not_given_is_not_noted(settings):
    assert unread_keywords(load_format("chatml"), **settings) == []


@pytest.mark.parametrize(
    "body",
    [
        "{{ mood }}",
        "{% if mood is defined and mood %}!{% endif %}",
        "{% set ns = namespace(how=mood) %}{{ ns.how }}",
        "{{ m.content | default(mood) }}",
    ],
)
def test_a_keyword_that_the_template_reads_is_not_noted(body):
    tokenizer = with_body("{{ m.content }}" + body)
    assert unread_keywords(tokenizer, template_kwargs={"mood": "calm"}) == []


@pytest.mark.parametrize(
    "body", ["{{ m.mood }}", "{% set mood = 'x' %}", "{{ 'mood' }}", "{# mood #}"]
)
def test_a_name_that_only_looks_like_the_keyword_reads_nothing(body):
    tokenizer = with_body("{{ m.content }}" + body)
    assert len(unread_keywords(tokenizer, template_kwargs={"mood": "calm"})) == 1


def test_each_row_of_a_batch_has_its_own_keywords():
    rows = [
        {"messages": [ASKED, YES], "tools": tools, "chat_template_kwargs": keywords}
        for tools, keywords in ((None, None), ([TOOL], None), (None, {"mood": 1}), ([], {}))
    ]
    batch = prepare_batch(rows, load_format("chatml"), shifted=False)
    assert (batch.notes["keyword not read"].count, batch.notes["keyword not read"].rows) == (
        2,
        (1, 2),
    )


@pytest.mark.parametrize(("fields", "times"), [({"refusal": "No."}, 2), ({}, 1)])
def test_a_row_is_rendered_again_only_if_it_has_such_keys(monkeypatch, fields, times):
    asked, render = [], ChatTemplate.render

    def counted(self, messages, **settings):
        asked.append([message["content"] for message in messages])
        return render(self, messages, **settings)

    monkeypatch.setattr(ChatTemplate, "render", counted)
    talk = [ASKED, {**YES, "content": [{"type": "text", "text": "Yes"}], **fields}]
    prepare(talk, with_body("{{ m.content if m.content is string else m.content[0].text }}"))
    assert asked.count(["Hi", talk[1]["content"]]) == times
