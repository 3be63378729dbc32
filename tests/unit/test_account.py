"""The account of an audit counts just what a `Trace` lists, position by position."""

from collections import Counter

import pytest
from agentic import CONTENT, END, HEADER, agentic_tokenizer, assistant, template, user
from conversations import conversations
from hypothesis import HealthCheck, assume, given, settings
from kinds import CONVERSATIONS, KINDS, NAMES, tokenizer_of

from chatshift import ChatshiftError, audit, prepare
from chatshift.formats.flags import with_weights
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.tiny.formats import FORMATS, load_format

SETTINGS: list[dict] = [
    {"supervise": "last", "control_tokens": "error"},
    {"supervise": "all", "control_tokens": "text", "mask_tail": True},
    {"supervise": "all", "control_tokens": "allow", "boundary": "answer"},
]


def listed(row, tokenizer, **chosen):
    """What the trace of a row lists; nothing where it is refused."""
    kwargs = {"template_kwargs": row.get("chat_template_kwargs"), "tools": row.get("tools")}
    messages, _ = with_weights(row["messages"])  # as the reader maps other tools' flags
    try:
        trace = prepare(messages, tokenizer, **kwargs, **chosen)
    except ChatshiftError:
        return Counter()
    rows = trace.rows()
    return Counter((row.origin, row.label != IGNORE_INDEX) for row in rows)


def counted(rows, tokenizer, **chosen):
    return {key: count for key, count in audit(rows, tokenizer, **chosen).origins.items() if count}


def compare(rows, tokenizer, **chosen):
    """Row by row first, so that a difference names its row; then all of them in one chunk."""
    expected: Counter = Counter()
    for row in rows:
        one = listed(row, tokenizer, **chosen)
        assert counted([row], tokenizer, **chosen) == one, row
        expected += one
    assert counted(rows, tokenizer, **chosen) == expected


def every_conversation():
    return [
        {"messages": m, "tools": tools, "chat_template_kwargs": kwargs or None}
        for _, m, tools, kwargs, _ in conversations()
    ]


@pytest.mark.parametrize("chosen", SETTINGS, ids=lambda one: "-".join(map(str, one.values())))
@pytest.mark.parametrize("name", ["gemma3", "think", "tools"])
def test_every_kind_of_conversation(name, chosen):
    tokenizer = agentic_tokenizer() if name == "tools" else load_format(name)
    compare(every_conversation(), tokenizer, **chosen)


@pytest.mark.parametrize("name", list(FORMATS))
def test_characters_of_many_tokens(name):
    said = ["🦘", "Yes 🦘", "🦘 Yes", "é🦘\n", " 🦘🦘 "]
    rows = [
        {"messages": [{"role": "user", "content": one}, {"role": "assistant", "content": other}]}
        for one in said
        for other in said
    ]
    tokenizer = load_format(name)
    compare(rows, tokenizer)
    if name == "walkthrough":
        (row,) = [r for r in rows if [m["content"] for m in r["messages"]] == ["🦘", "🦘"]]
        # Four bytes are four tokens, and all of them are what the assistant says.
        assert counted([row], tokenizer)["content", True] == 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@given(messages=CONVERSATIONS)
def test_every_kind_of_tokenizer(kind, name, messages):
    tokenizer = tokenizer_of(kind, name)
    if kind == "without offsets":  # it cannot tell where a character of many bytes stands
        assume("".join(message["content"] for message in messages).isascii())
    for chosen in ({}, {"supervise": "all", "boundary": "answer", "control_tokens": "text"}):
        compare([{"messages": messages}], tokenizer, **chosen)


def test_a_token_that_two_parts_share_belongs_to_the_later_one():
    tokenizer = agentic_tokenizer(template(HEADER, "{{- message.thinking -}}", CONTENT, END))
    row = {"messages": [user("a"), assistant("s it", thinking="it'")]}
    assert len(tokenizer.encode("'s")) == 1
    counts = counted([row], tokenizer, mask_tail=True)
    assert (counts["thought", True], counts["content", True]) == (1, 2)
    assert counts == listed(row, tokenizer, mask_tail=True)


def test_a_token_that_a_part_shares_with_the_template_belongs_to_the_part():
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, "s", END))
    row = {"messages": [user("it'"), assistant("it'")]}
    assert len(tokenizer.encode("'s")) == 1
    report = audit([row], tokenizer, mask_tail=True)
    assert report.roles["user", False] == report.roles["assistant", True] == 2  # it, 's
    counts = counted([row], tokenizer, mask_tail=True)
    assert counts["content", True] == 2
    assert counts == listed(row, tokenizer, mask_tail=True)


def test_what_is_cut_away_is_not_counted():
    row = {"messages": [user("a"), assistant("one two three")]}
    tokenizer = load_format("chatml")
    whole = counted([row], tokenizer)
    length = sum(whole.values())
    cut = counted([row], tokenizer, max_length=length - 3)
    assert cut["content", True] == whole["content", True] - 1  # and the end, and the tail
    assert sum(cut.values()) == length - 3


def test_an_answer_that_says_nothing_has_no_token():
    """The token around the place where it would stand is the template's."""
    tokenizer = agentic_tokenizer(
        template(HEADER, '{{- "it\'" + message.content.strip() -}}s', END)
    )
    row = {"messages": [user("a"), assistant(" "), user("b"), assistant("c")]}
    assert len(tokenizer.encode("'s")) == 1
    report = audit([row], tokenizer)
    assert report.roles.get(("assistant", False), 0) == 0
    assert report.roles["assistant", True] > 0
