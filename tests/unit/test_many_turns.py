"""The conversation of two answers: what the marks cover, and what the count counts."""

import pytest

from chatshift import prepare, render
from chatshift.lessons import many_turns
from chatshift.tiny.formats import load_format

MARKED = {
    "content": ["It is Paris.", "It is Rome."],
    "content and end": ["It is Paris.<|im_end|>", "It is Rome.<|im_end|>"],
    "whole message": [
        "<|im_start|>assistant\nIt is Paris.<|im_end|>\n",
        "<|im_start|>assistant\nIt is Rome.<|im_end|>\n",
    ],
}


@pytest.mark.parametrize("stretch", many_turns.STRETCHES)
def test_the_marks_cover_the_stretch_and_change_no_id(stretch):
    tokenizer = load_format("chatml")
    row = tokenizer.apply_chat_template(
        many_turns.talk(),
        chat_template=many_turns.marked_template(stretch),
        return_assistant_tokens_mask=True,
        return_dict=True,
        tokenize=True,
    )
    assert row["input_ids"] == list(prepare(many_turns.talk(), tokenizer).full_ids)
    marked = [
        token_id if learned else -1
        for token_id, learned in zip(row["input_ids"], row["assistant_masks"], strict=True)
    ]
    runs = "".join("|" if i < 0 else tokenizer.decode([i]) for i in marked)
    assert [run for run in runs.replace("<|im_", "<im_").split("|") if run] == [
        part
        for text in MARKED[stretch]
        for part in text.replace("<|im_", "<im_").split("|")
        if part
    ]


def test_thoughts_stand_before_the_same_answers():
    for plain, thoughtful in zip(many_turns.talk(), many_turns.talk_with_thoughts(), strict=True):
        assert thoughtful["role"] == plain["role"]
        assert thoughtful["content"].split("</think>\n\n")[-1] == plain["content"]
    assert many_turns.talk_with_thoughts() != many_turns.talk()


def test_every_render_is_counted():
    tokenizer = load_format("chatml")
    messages = many_turns.talk()
    length = len(render(messages, tokenizer))

    def twice(messages, tokenizer, times):
        for _time in range(times):
            render(messages, tokenizer)

    assert many_turns.characters_rendered(twice, messages, tokenizer, times=2) == 2 * length


def test_prepare_renders_no_more_for_many_turns_than_they_are_long():
    tokenizer = load_format("chatml")
    few, many = (
        many_turns.characters_rendered(
            prepare, many_turns.talk() * times, tokenizer, supervise="all"
        )
        for times in (5, 50)
    )
    assert many < 11 * few
