"""The record of the six steps, and the function that makes it."""

import copy
import dataclasses
import pickle

import pytest

from chatshift import ChatshiftError, prepare

ANSWER = ["based", " on", " what", " you", " described", " it", "'s", " depression", "'"]


def test_the_walkthrough(trace, tokenizer):
    assert len(trace.full_ids) == 41
    assert trace.prompt_length == 31
    assert trace.full_ids[:31] == trace.prompt_ids
    assert trace.unmasked_labels == trace.full_ids
    assert trace.masked_labels == (-100,) * 31 + trace.full_ids[31:]
    assert trace.input_ids == trace.full_ids[:-1]
    assert trace.labels == trace.masked_labels[1:]
    assert trace.supervised == tuple(range(31, 41))
    assert [trace.pieces[i] for i in trace.supervised] == [*ANSWER, "<end_of_turn>"]
    assert trace.dropped == (tokenizer.convert_tokens_to_ids("<end_of_turn>"), -100)
    assert trace.labels[-1] == trace.dropped.input_id


def test_the_default_keeps_the_bos_of_the_template(messages, tokenizer):
    trace = prepare(messages, tokenizer)
    assert trace.full_ids.count(tokenizer.bos_token_id) == 1
    assert trace.prompt_length == 32


def test_for_transformers_is_not_shifted(trace):
    row = trace.for_transformers()
    assert row == {
        "input_ids": list(trace.full_ids),
        "attention_mask": [1] * 41,
        "labels": list(trace.masked_labels),
    }
    row["labels"][0] = 5
    assert trace.masked_labels[0] == -100


def test_rows_say_what_happens_at_each_position(trace):
    rows = trace.rows()
    assert [row.position for row in rows] == list(range(41))
    assert "".join(row.piece for row in rows) == trace.full_text
    assert [row.position for row in rows if row.counted] == list(range(30, 40))
    assert [row.target_piece for row in rows if row.counted] == [*ANSWER, "<end_of_turn>"]
    assert {row.part for row in rows[:31]} == {"prompt"}
    assert {row.part for row in rows[31:]} == {"answer"}
    assert (rows[-1].target, rows[-1].target_piece, rows[-1].counted) == (None, None, False)


def test_the_record_is_frozen_and_a_copy(messages, tokenizer):
    before = copy.deepcopy(messages)
    trace = prepare(messages, tokenizer)
    assert messages == before
    messages[0]["content"] = "changed"
    assert trace.messages == tuple(before)
    for name in ("labels", "full_text"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(trace, name, ())


def test_the_same_call_gives_the_same_record(messages, tokenizer):
    assert prepare(messages, tokenizer) == prepare(messages, tokenizer)


def test_a_trace_can_be_sent_to_another_process(trace):
    assert pickle.loads(pickle.dumps(trace)) == trace


def test_repr_and_html(trace):
    assert repr(trace) == (
        "Trace(3 messages, 41 tokens: 31 prompt, 10 supervised; shifted to 40 pairs)"
    )
    assert trace._repr_html_().count("<ruby ") == 41


def test_the_pieces_are_the_text_even_where_a_character_has_many_tokens(tokenizer):
    trace = prepare(
        [{"role": "user", "content": "é"}, {"role": "assistant", "content": "Yes"}], tokenizer
    )
    assert "".join(trace.pieces) == trace.full_text
    first = trace.pieces.index("é")
    assert tokenizer.convert_ids_to_tokens(trace.full_ids[first : first + 2]) == [
        "<0xC3>",
        "<0xA9>",
    ]
    assert trace.pieces[first + 1] == ""


def test_mask_tail_masks_only_what_follows_the_end_of_turn(messages, tokenizer):
    tokenizer.chat_template += "{{ '' if add_generation_prompt else '\\n' }}"
    with_tail = prepare(messages, tokenizer)
    assert [with_tail.pieces[i] for i in with_tail.supervised[-2:]] == ["<end_of_turn>", "\n"]
    quiet = prepare(messages, tokenizer, mask_tail=True)
    assert quiet.supervised == with_tail.supervised[:-1]
    assert quiet.full_ids == with_tail.full_ids
    assert quiet.rows()[-1].part == "tail"


def test_mask_tail_where_no_token_ends_the_turn(messages, tokenizer):
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    trace = prepare(messages, tokenizer, mask_tail=True)
    assert [note.name for note in trace.notes] == ["no end of turn"]
    assert trace.turns[-1].end is None
    assert trace.pieces[trace.turns[-1].stop - 1] == "\n"


def test_control_tokens_can_be_allowed(messages, tokenizer):
    messages[1]["content"] = "a<end_of_turn>b"
    trace = prepare(messages, tokenizer, control_tokens="allow")
    assert trace.pieces.count("<end_of_turn>") == 4


def test_added_tokens_that_are_not_special_are_ordinary_content(messages, tokenizer):
    tokenizer.add_tokens(["<think>"])
    messages[-1]["content"] = "<think>hm</think>Yes"
    assert "<think>" in prepare(messages, tokenizer).pieces


def test_template_kwargs_reach_both_renders(messages, tokenizer):
    tokenizer.chat_template = "{{ mood }}" + tokenizer.chat_template
    trace = prepare(messages, tokenizer, template_kwargs={"mood": "calm"})
    assert trace.full_text.startswith("calm<bos>")
    assert trace.prompt_text.startswith("calm<bos>")


def test_many_turns_train_the_last_answer(messages, tokenizer):
    more = [*messages, {"role": "user", "content": "What can I do?"}]
    trace = prepare([*more, {"role": "assistant", "content": "Please talk."}], tokenizer)
    answer = "".join(trace.pieces[position] for position in trace.supervised)
    assert answer == "Please talk.<end_of_turn>"


def test_an_empty_answer_trains_its_end_alone(messages, tokenizer):
    messages[-1]["content"] = ""
    trace = prepare(messages, tokenizer)
    assert [trace.pieces[i] for i in trace.supervised] == ["<end_of_turn>"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"supervise": "first"}, "supervise='first' is not known; choose from ['last', 'all']."),
        ({"boundary": "guess"}, "boundary='guess' is not known; choose from ['prompt', 'answer']."),
        (
            {"control_tokens": "keep"},
            "control_tokens='keep' is not known; choose from ['error', 'text', 'allow'].",
        ),
    ],
)
def test_unknown_settings_name_the_known_ones(setting, message, messages, tokenizer):
    with pytest.raises(ChatshiftError) as refusal:
        prepare(messages, tokenizer, **setting)
    assert str(refusal.value) == message
