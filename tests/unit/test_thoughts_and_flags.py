"""Thoughts are learned where the model must write them; flags are honoured or refused by name."""

import pytest
from agentic import (
    CONTENT,
    END,
    HEADER,
    OPENING,
    THOUGHT,
    agentic_tokenizer,
    assistant,
    kinds_of_notes,
    supervised,
    template,
    user,
)

from chatshift import MessageError, prepare, prepare_batch, unroll

TWO = [
    user("1"),
    assistant("2", reasoning_content="one"),
    user("3"),
    assistant("4", reasoning_content="three"),
]
OPENED = OPENING.replace("assistant\n'", "assistant\n<think>\n'")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_thought_is_learned_where_the_model_must_write_it(name, boundary):
    talk = [user("1"), {"role": "assistant", "content": "2", name: "one"}]
    trace = prepare(talk, agentic_tokenizer(), boundary=boundary, mask_tail=True)
    assert supervised(trace) == ["<think>\none\n</think>\n\n2<|im_end|>"]


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_what_the_generation_prompt_supplies_is_not_learned(boundary):
    tokenizer = agentic_tokenizer(template(HEADER, THOUGHT, CONTENT, END, opening=OPENED))
    trace = prepare(TWO, tokenizer, supervise="all", boundary=boundary, mask_tail=True)
    assert supervised(trace) == [
        "one\n</think>\n\n2<|im_end|>",
        "three\n</think>\n\n4<|im_end|>",
    ]
    assert trace.notes == ()


def test_an_opened_thought_that_the_row_does_not_have():
    tokenizer = agentic_tokenizer(template(HEADER, THOUGHT, CONTENT, END, opening=OPENED))
    trace = prepare([user("1"), assistant("2")], tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["2<|im_end|>"]
    assert kinds_of_notes(trace) == ["generation prompt not matched"]


def test_a_marker_is_never_cut():
    """`<th>` and `<think>` begin alike; a common prefix would end inside of them."""
    opened = OPENING.replace("assistant\n'", "assistant\n<think>'")
    tokenizer = agentic_tokenizer(template(HEADER, "{{- '<th>' -}}", CONTENT, END, opening=opened))
    trace = prepare([user("1"), assistant("2")], tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) in (["<th>2<|im_end|>"], ["2<|im_end|>"])
    assert supervised(trace) == ["<th>2<|im_end|>"]


LAST_ONLY = THOUGHT.replace("is defined", "is defined and loop.last")


def test_thoughts_that_are_dropped_from_history_are_noted_and_unrolled():
    tokenizer = agentic_tokenizer(template(HEADER, LAST_ONLY, CONTENT, END))
    trace = prepare(TWO, tokenizer, supervise="all", mask_tail=True)
    assert supervised(trace) == ["2<|im_end|>", "<think>\nthree\n</think>\n\n4<|im_end|>"]
    assert [(note.name, note.message) for note in trace.notes] == [("thought left out", 1)]
    rows = prepare_batch(unroll(TWO), tokenizer, shifted=False, mask_tail=True)
    assert rows.notes == {"thought left out": rows.notes["thought left out"]}
    assert rows.notes["thought left out"].rows == (1,)  # of the history, which is not learned
    one, other = (prepare(part, tokenizer, mask_tail=True) for part in unroll(TWO))
    assert supervised(one) == ["<think>\none\n</think>\n\n2<|im_end|>"]
    assert supervised(other) == ["<think>\nthree\n</think>\n\n4<|im_end|>"]


def test_a_thought_inside_the_content_that_the_template_takes_apart():
    apart = (
        "{%- set said = message.content.split('</think>')[-1].lstrip('\n') -%}"
        "{%- if '</think>' in message.content and loop.last -%}"
        "{%- set thought = message.content.split('</think>')[0].split('<think>')[-1] -%}"
        "{{- '<think>\n' + thought.strip('\n') -}}"
        "{{- '\n</think>\n\n' -}}{%- endif -%}{{- said -}}"
    )
    tokenizer = agentic_tokenizer(template(HEADER, apart, END))
    talk = [
        user("1"),
        assistant("<think>one</think>2"),
        user("3"),
        assistant("<think>three</think>4"),
    ]
    trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
    assert supervised(trace) == ["2<|im_end|>", "<think>\nthree\n</think>\n\n4<|im_end|>"]
    assert ("thought left out", 1) in [(note.name, note.message) for note in trace.notes]


@pytest.mark.parametrize("weight", [0, 0.0])
def test_weight_0_takes_an_answer_out(weight):
    talk = [user("1"), assistant("2", weight=weight), user("3"), assistant("4", weight=1.0)]
    trace = prepare(talk, agentic_tokenizer(), supervise="all", mask_tail=True)
    assert supervised(trace) == ["4<|im_end|>"]
    assert "weight" not in trace.full_text
    assert [len(part) for part in unroll(talk)] == [4]


def test_weight_0_at_the_end():
    talk = [user("1"), assistant("2"), user("3"), assistant("4", weight=0)]
    assert supervised(prepare(talk, agentic_tokenizer(), supervise="all")) == ["2<|im_end|>"]
    with pytest.raises(MessageError) as refusal:
        prepare(talk, agentic_tokenizer())
    assert str(refusal.value) == (
        "messages[3] is the last message and has weight 0, so supervise='last' has nothing to "
        "learn. Remove the weight, or pass supervise='all'."
    )
    origins = {row.origin for row in prepare(talk, agentic_tokenizer(), supervise="all").rows()}
    assert origins == {"prompt", "content", "end"}


def test_no_answer_is_left_to_learn():
    with pytest.raises(MessageError, match="Every assistant message has weight 0"):
        prepare([user("1"), assistant("2", weight=0)], agentic_tokenizer(), supervise="all")


@pytest.mark.parametrize("weight", [0.5, 2, -1, True, "0", [0]])
def test_another_weight(weight):
    with pytest.raises(MessageError, match="A weight must be 0 or 1"):
        prepare([user("1"), assistant("2", weight=weight)], agentic_tokenizer())


def test_a_weight_on_another_message():
    with pytest.raises(MessageError, match=r"messages\[0\] \('user'\) has weight=0"):
        prepare([user("1", weight=0), assistant("2")], agentic_tokenizer())


FLAGS = ["train", "training", "trainable", "loss", "loss_weight", "loss_scale", "mask", "unmask"]


@pytest.mark.parametrize("flag", FLAGS)
def test_every_other_flag_is_refused_by_name(flag):
    for value in (True, False, 0, 1):
        with pytest.raises(MessageError, match=f"has the flag '{flag}'"):
            prepare([user("1"), assistant("2", **{flag: value})], agentic_tokenizer())
    assert prepare([user("1"), assistant("2", **{flag: None})], agentic_tokenizer())


@pytest.mark.parametrize("flag", [*FLAGS, "weight"])
def test_a_flag_in_a_part(flag):
    parts = [{"type": "text", "text": "2", flag: 0}]
    with pytest.raises(MessageError, match=rf"messages\[1\].* has the flag '{flag}'"):
        prepare([user("1"), assistant(parts)], agentic_tokenizer())


def test_different_thoughts_under_two_names():
    with pytest.raises(MessageError, match="different thoughts under"):
        prepare([user("1"), assistant("2", reasoning="a", thinking="b")], agentic_tokenizer())
