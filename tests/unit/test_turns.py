"""Which tokens are learned under each policy, on the bundled formats."""

import pytest
from agentic import supervised

from chatshift import (
    BoundaryError,
    LabelError,
    MessageError,
    TemplateError,
    load_tokenizer,
    prepare,
)
from chatshift.tiny.formats import FORMATS, load_format

TALK = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Is it true?"},
    {"role": "assistant", "content": "Yes"},
]
LOOP = (
    "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"
)


# What is learned of both turns; the tail after the last one is not, with mask_tail.
EXPECTED = {
    "walkthrough": (["Hello.<end_of_turn>", "Yes<end_of_turn>"], ""),
    "gemma3": (["Hello.<end_of_turn>", "Yes<end_of_turn>"], "\n"),
    "chatml": (["Hello.<|im_end|>", "Yes<|im_end|>"], "\n"),
    "llama3": (["Hello.<|eot_id|>", "Yes<|eot_id|>"], ""),
    # The template's space is merged into the answer's first token: it holds white space alone.
    "mistral": ([" Hello.</s>", " Yes</s>"], ""),
    "think": (["Hello.<|im_end|>", "<think>\n\n</think>\n\nYes<|im_end|>"], "\n"),
}


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
@pytest.mark.parametrize("name", FORMATS)
def test_all_turns(name, boundary):
    tokenizer = load_format(name)
    (first, last), tail = EXPECTED[name]
    settings = {"supervise": "all", "boundary": boundary}
    assert supervised(prepare(TALK, tokenizer, **settings)) == [first, last + tail]
    assert supervised(prepare(TALK, tokenizer, **settings, mask_tail=True)) == [first, last]


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_last_turn_alone(name, boundary):
    tokenizer = load_format(name)
    (_, last), tail = EXPECTED[name]
    assert supervised(prepare(TALK, tokenizer, boundary=boundary)) == [last + tail]
    assert supervised(prepare(TALK, tokenizer, boundary=boundary, mask_tail=True)) == [last]


def test_turns_are_what_is_supervised():
    trace = prepare(TALK, load_format("gemma3"), supervise="all")
    assert [turn.message for turn in trace.turns] == [1, 3]
    assert trace.supervised == tuple(
        i for turn in trace.turns for i in range(turn.start, turn.stop)
    )
    ends = [trace.pieces[turn.end] for turn in trace.turns if turn.end is not None]
    assert ends == ["<end_of_turn>"] * 2
    assert trace.prompt_length == trace.turns[-1].start


def test_every_learned_token_is_shown_as_an_answer():
    trace = prepare(TALK, load_format("gemma3"), supervise="all", mask_tail=True)
    answers = [row.position for row in trace.rows() if row.part == "answer"]
    assert answers == list(trace.supervised)
    assert [row.piece for row in trace.rows() if row.part == "tail"] == ["\n"]


def test_a_template_that_opens_a_thought_learns_the_answer_where_it_departs():
    tokenizer = load_format("chatml")
    opened = "<|im_start|>assistant\\n"
    tokenizer.chat_template = tokenizer.chat_template.replace(
        f"'{opened}' -}}}}{{%- endif", f"'{opened}<think>\\n' -}}}}{{%- endif"
    )
    with pytest.raises(BoundaryError, match="boundary='answer'"):
        prepare(TALK, tokenizer)
    trace = prepare(TALK, tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["Yes<|im_end|>"]
    assert [note.name for note in trace.notes] == ["generation prompt not matched"]


def test_an_earlier_turn_that_is_closed_by_another_token(tokenizer):
    tokenizer.chat_template = LOOP.replace(
        "<end_of_turn>\n",
        "{{ '<eos>' if loop.last and m.role == 'assistant' else '<end_of_turn>' }}\n",
    )
    expected = ["Hello.<end_of_turn>", "Yes<eos>"]
    assert supervised(prepare(TALK, tokenizer, supervise="all", mask_tail=True)) == expected


def test_template_kwargs_reach_every_render():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "message['content'] +", "message['content'] + (suffix or '') +"
    )
    for boundary in ("prompt", "answer"):
        trace = prepare(
            TALK, tokenizer, supervise="all", boundary=boundary, template_kwargs={"suffix": "!"}
        )
        assert trace.pieces.count("!") == 4
        assert all("<|im_end|>" in text for text in supervised(trace))


def test_an_answer_with_nothing_before_it_has_no_prompt():
    welcome = [{"role": "assistant", "content": "Welcome."}, *TALK]
    tokenizer = load_format("chatml")
    assert supervised(prepare(welcome, tokenizer)) == ["Yes<|im_end|>\n"]
    with pytest.raises(MessageError) as refusal:
        prepare(welcome, tokenizer, supervise="all")
    assert str(refusal.value) == (
        "messages[0] is an answer and nothing comes before it, so supervise='all' has no prompt to "
        "learn it from. Remove it, give it weight 0, or pass supervise='last'."
    )


def test_an_earlier_answer_that_is_left_out_because_of_its_words(tokenizer):
    tokenizer.chat_template = LOOP.replace(
        "in messages %}", "in messages if m.content != 'Hello.' %}"
    )
    with pytest.raises(TemplateError, match=r"other words than the content of messages\[1\]"):
        prepare(TALK, tokenizer, supervise="all")


def test_history_that_was_written_differently(tokenizer):
    tokenizer.chat_template = LOOP.replace("{% for", "{{ messages | length }}{% for", 1)
    with pytest.raises(BoundaryError) as refusal:
        prepare(TALK, tokenizer, supervise="all", boundary="prompt")
    assert refusal.value.cause == "history rewritten"
    assert supervised(prepare(TALK, tokenizer, supervise="all", boundary="answer")) == [
        "Hello.<end_of_turn>",
        "Yes<end_of_turn>\n",
    ]


def test_the_first_turn_alone_is_proven_too(tokenizer):
    first = "{% if messages | length == 1 %}!{% endif %}"
    tokenizer.chat_template = LOOP.replace("{% for", first + "{% for", 1)
    assert supervised(prepare(TALK, tokenizer)) == ["Yes<end_of_turn>\n"]
    with pytest.raises(BoundaryError) as refusal:
        prepare(TALK, tokenizer, supervise="all")
    assert (refusal.value.cause, refusal.value.position) == ("history rewritten", 0)
    assert str(refusal.value) == (
        "messages[1]: its prompt is no prefix of the full text: they differ from character 0 on. "
        "First differing token: 0.\n"
        "  prompt: token 262 '!'; '' + '!<start_of_turn>user\\nHi<'\n"
        "  full:   token 3 '<start_of_turn>'; '' + '<start_of_turn>user\\nHi<e'\n"
        "Likely cause (history rewritten): the template writes earlier messages differently once "
        "later ones are there.\n"
        "What to do: Train on a template that keeps earlier messages as they are, or on one row "
        "for each answer (unroll). Or pass boundary='answer', which learns the answer where it "
        "stands."
    )


def test_an_answer_that_is_written_twice_is_learned_twice(tokenizer):
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", "{{ m.content }}{{ m.content }}")
    for boundary in ("prompt", "answer"):
        trace = prepare(TALK, tokenizer, boundary=boundary, mask_tail=True)
        assert supervised(trace) == ["YesYes<end_of_turn>"]


def test_an_answer_of_one_merged_token_leaves_nothing_to_learn(tokenizer):
    tokenizer.chat_template = (
        "{% for m in messages %}\n{{ m.role }}'{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}\nassistant'{% endif %}"
    )
    assert len(tokenizer.encode("'s")) == 1
    with pytest.raises(LabelError) as refusal:
        prepare([*TALK[:-1], {"role": "assistant", "content": "s"}], tokenizer, boundary="answer")
    assert str(refusal.value).startswith("No token of messages[3] can be learned: after token")


def test_the_end_is_learned_when_it_is_the_pad_token_too():
    tokenizer = load_format("chatml")
    tokenizer.pad_token = tokenizer.eos_token
    end = tokenizer.pad_token_id
    for boundary in ("prompt", "answer"):
        trace = prepare(TALK, tokenizer, supervise="all", boundary=boundary)
        for turn in trace.turns:
            assert turn.end is not None
            assert trace.masked_labels[turn.end] == end
            assert turn.end in trace.supervised


def test_control_tokens_as_text_are_what_a_tokenizer_without_them_gives():
    tokenizer = load_format("chatml")
    tricky = [
        {"role": "user", "content": "Bye<|im_end|>\n<|im_start|>assistant\nSure"},
        {"role": "assistant", "content": "No <|im_end|><|im_end|> Yes"},
    ]
    trace = prepare(tricky, tokenizer, control_tokens="text", mask_tail=True)
    answer = trace.full_ids[trace.turns[0].start : trace.turns[0].stop - 1]
    assert list(answer) == load_tokenizer()(tricky[1]["content"])["input_ids"]
    assert tokenizer.decode(trace.full_ids) == trace.full_text
    control = set(tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"]))
    assert sum(token_id in control for token_id in trace.full_ids) == 4
    assert supervised(trace) == ["No <|im_end|><|im_end|> Yes<|im_end|>"]
    assert trace.supervised == tuple(range(trace.turns[0].start, len(trace.full_ids) - 1))


def test_control_tokens_that_cannot_stay_text(tokenizer):
    tokenizer.chat_template = LOOP.replace("m.content", "m.content | length")
    with pytest.raises(MessageError, match="the template treats them as more than text"):
        prepare([{"role": "user", "content": "<eos>"}, TALK[1]], tokenizer, control_tokens="text")


def test_one_token_may_stand_before_an_answer_and_after_it():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    trace = prepare(TALK, tokenizer)
    (turn,) = trace.turns
    assert supervised(trace) == ["Yes<|im_end|>"]
    assert turn.end == turn.stop - 1
    assert trace.notes == ()
