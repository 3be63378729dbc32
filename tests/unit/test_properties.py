"""What holds for any conversation, on tokenizers of several kinds."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import CONVERSATIONS, ENDS, KINDS, NAMES, tokenizer_of

from chatshift import IGNORE_INDEX, BoundaryError, ChatshiftError, prepare
from chatshift.tiny.formats import load_format


def prepared(messages, tokenizer, **policy):
    try:
        return prepare(messages, tokenizer, **policy)
    except ChatshiftError:
        return None


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    messages=CONVERSATIONS,
    name=st.sampled_from(NAMES),
    supervise=st.sampled_from(["last", "all"]),
    boundary=st.sampled_from(["prompt", "answer"]),
    control_tokens=st.sampled_from(["text", "error"]),
    mask_tail=st.booleans(),
)
def test_what_always_holds(kind, messages, name, **policy):
    tokenizer = tokenizer_of(kind, name)
    before = deepcopy(messages)
    trace = prepared(messages, tokenizer, **policy)
    assert messages == before
    if trace is None:
        return
    assert trace == prepared(messages, tokenizer, **policy)
    total = len(trace.full_ids)
    assert len(trace.unmasked_labels) == len(trace.masked_labels) == total
    assert len(trace.input_ids) == len(trace.labels) == total - 1
    following = zip(trace.labels, trace.full_ids[1:], strict=True)
    assert all(label in (IGNORE_INDEX, token_id) for label, token_id in following)
    assert trace.full_ids.count(tokenizer.bos_token_id) <= 1
    turns = [position for turn in trace.turns for position in range(turn.start, turn.stop)]
    assert trace.supervised == tuple(turns)
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    expected = answers if policy["supervise"] == "all" else answers[-1:]
    assert [turn.message for turn in trace.turns] == expected
    for turn in trace.turns:
        assert turn.end in trace.supervised
        assert trace.full_ids[turn.end] == tokenizer.convert_tokens_to_ids(ENDS[name])
        if policy["mask_tail"] or turn.message < len(messages) - 1:
            assert turn.stop == turn.end + 1


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(messages=CONVERSATIONS, name=st.sampled_from(NAMES))
def test_all_turns_are_the_last_turns_of_the_conversations_inside(kind, messages, name):
    tokenizer = tokenizer_of(kind, name)
    tokenizer.chat_template = load_format(name).chat_template.replace("if loop.last", "if false")
    policy: dict[str, Any] = {"mask_tail": True, "control_tokens": "text"}
    trace = prepared(messages, tokenizer, supervise="all", **policy)
    if trace is None:
        return
    expected: list[int] = []
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            part = prepare(messages[: index + 1], tokenizer, **policy)
            assert trace.full_ids[: part.turns[-1].stop] == part.full_ids[: part.turns[-1].stop]
            expected += part.supervised
    assert trace.supervised == tuple(expected)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(messages=CONVERSATIONS, name=st.sampled_from(NAMES))
def test_both_boundaries_agree_where_both_hold(kind, messages, name):
    tokenizer = tokenizer_of(kind, name)
    policy: dict[str, Any] = {"supervise": "all", "control_tokens": "text"}
    strict = prepared(messages, tokenizer, **policy)
    answer = prepared(messages, tokenizer, boundary="answer", **policy)
    if strict is not None:
        assert answer == strict
        assert answer.turns == strict.turns


@pytest.mark.parametrize("kind", KINDS)
def test_plain_conversations_are_never_refused(kind):
    for name in NAMES:
        tokenizer = tokenizer_of(kind, name)
        messages = [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "what is it"},
        ] * 2
        for boundary in ("prompt", "answer"):
            trace = prepare(messages, tokenizer, supervise="all", boundary=boundary)
            assert len(trace.turns) == 2


def test_a_boundary_inside_a_token_is_refused_by_ids():
    tokenizer = tokenizer_of("with ▁", "chatml")
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "\nYes"}]
    with pytest.raises(BoundaryError, match="BPE merge"):
        prepare(messages, tokenizer)
