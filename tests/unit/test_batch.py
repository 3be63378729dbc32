"""`prepare_batch`: the rows of `prepare`, every one of them, and nothing lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import CONVERSATIONS, KINDS, NAMES, tokenizer_of

from chatshift import ChatshiftError, prepare, prepare_batch
from chatshift.tiny.formats import load_format


def talk(*contents):
    return [
        {"role": "assistant" if i % 2 else "user", "content": content}
        for i, content in enumerate(contents)
    ]


WRONG = talk("no answer")
LONG = talk("what you described " * 20, "it is a test " * 10)


def one_by_one(conversations, tokenizer, **policy):
    rows: list[Any] = []
    for messages in conversations:
        try:
            rows.append(prepare(messages, tokenizer, **policy).for_transformers())
        except ChatshiftError as refusal:
            rows.append(str(refusal))
    return rows


def as_rows(batch, total):
    rows = dict(zip(batch.rows.tolist(), batch.to_lists(), strict=True))
    rows |= {rejected.row: rejected.reason for rejected in batch.rejected}
    return [rows[i] for i in range(total)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    conversations=st.lists(CONVERSATIONS, min_size=1, max_size=6),
    name=st.sampled_from(NAMES),
    supervise=st.sampled_from(["last", "all"]),
    boundary=st.sampled_from(["prompt", "answer"]),
    control_tokens=st.sampled_from(["error", "text", "allow"]),
    mask_tail=st.booleans(),
    strip_bos=st.booleans(),
)
def test_each_row_is_that_of_prepare(kind, conversations, name, **policy):
    tokenizer = tokenizer_of(kind, name)
    # Plain rows beside them, which share a frame.
    conversations = [talk("a", "b", "it is", "a test"), talk("what", "is it"), *conversations]
    batch = prepare_batch(conversations, tokenizer, shifted=False, errors="collect", **policy)
    assert as_rows(batch, len(conversations)) == one_by_one(conversations, tokenizer, **policy)


def test_rows_that_only_look_like_the_others():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "<|im_start|>assistant\\n' -}}{%- endif",
        "<|im_start|>assistant\\n' + ('/think' in messages[-1].content) * '<think>' -}}{%- endif",
    )
    conversations = [talk("a", "b"), talk("c /think", "d"), talk("e", "f")]
    batch = prepare_batch(conversations, tokenizer, shifted=False, errors="collect")
    assert as_rows(batch, 3) == one_by_one(conversations, tokenizer)
    assert [rejected.row for rejected in batch.rejected] == [1]


def test_a_blank_content_is_written_as_the_template_writes_it():
    tokenizer = load_format("chatml")
    written = "message['content'] + '<|im_end|>"
    assert written in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(
        written, "(message['content'] if message['content'] else 'nothing') + '<|im_end|>"
    )
    conversations = [talk("a", "b"), talk("c", "d"), talk("", "f"), talk(" ", "h")]
    batch = prepare_batch(conversations, tokenizer, shifted=False)
    assert as_rows(batch, 4) == one_by_one(conversations, tokenizer)


def test_a_system_message_that_only_the_prompt_has_is_found_in_every_row():
    tokenizer = load_format("mistral")
    instructed = [[{"role": "system", "content": "Be brief."}, *talk(q, "x")] for q in "abc"]
    conversations = [talk("a", "b"), talk("c", "d"), *instructed]
    batch = prepare_batch(conversations, tokenizer, shifted=False, errors="collect")
    assert as_rows(batch, 5) == one_by_one(conversations, tokenizer)
    assert [rejected.row for rejected in batch.rejected] == [2, 3, 4]


def test_a_turn_that_the_template_writes_itself_is_taken_for_no_answer():
    tokenizer = load_format("chatml")
    example = r"{{ '<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n' }}"
    start = "{%- for message"
    tokenizer.chat_template = tokenizer.chat_template.replace(start, example + start, 1)
    conversations = [talk("a", "b", "c", "d"), talk("a", "b", "e", "f")]
    for boundary in ("prompt", "answer"):
        policy: dict[str, Any] = {"supervise": "all", "boundary": boundary}
        batch = prepare_batch(conversations, tokenizer, shifted=False, **policy)
        assert as_rows(batch, 2) == one_by_one(conversations, tokenizer, **policy)


def test_answers_in_a_row_are_prepared_in_full():
    tokenizer = load_format("chatml")
    # Some templates open the next turn whatever comes, and have no other generation prompt.
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}<|im_start|>"
    )
    twice = [*talk("a", "b"), {"role": "assistant", "content": "c"}]
    for conversations in ([talk("a", "b"), twice], [twice, talk("a", "b")]):
        batch = prepare_batch(conversations, tokenizer, shifted=False, boundary="answer")
        assert as_rows(batch, 2) == one_by_one(conversations, tokenizer, boundary="answer")


def test_a_first_prompt_that_is_written_otherwise_is_found():
    tokenizer = load_format("chatml")
    alone = "{%- if messages | length == 1 and 'x' in messages[0].content %}!{% endif -%}"
    tokenizer.chat_template = alone + tokenizer.chat_template
    conversations = [talk("a", "b", "c", "d"), talk("x", "b", "c", "d")]
    for supervise in ("all", "last"):
        batch = prepare_batch(
            conversations, tokenizer, shifted=False, errors="collect", supervise=supervise
        )
        assert as_rows(batch, 2) == one_by_one(conversations, tokenizer, supervise=supervise)


def test_shifted_rows_are_the_pair_of_the_trace():
    tokenizer = load_format("gemma3")
    conversations = [talk("a", "b"), LONG]
    batch = prepare_batch(conversations, tokenizer, shifted=True)
    for row, messages in zip(batch.to_lists(), conversations, strict=True):
        trace = prepare(messages, tokenizer)
        assert (row["input_ids"], row["labels"]) == (list(trace.input_ids), list(trace.labels))
        assert row["attention_mask"] == [1] * len(trace.input_ids)


def test_nothing_is_lost():
    conversations = [talk("a", "b"), WRONG, talk("c", "d"), [], talk("e", "f")]
    batch = prepare_batch(conversations, load_format("chatml"), shifted=False, errors="collect")
    assert batch.rows.tolist() == [0, 2, 4]
    assert [row for row, _ in batch.rejected] == [1, 3]
    assert repr(batch) == "Batch(3 rows, 42 tokens, 9 supervised, labels not shifted; 2 rejected)"


def test_all_refusals_are_told_at_once():
    with pytest.raises(ChatshiftError) as refusal:
        prepare_batch([talk("a", "b"), WRONG, []], load_format("chatml"), shifted=False)
    assert str(refusal.value) == (
        "2 conversations are refused:\n"
        "  rows[1]: messages[0] is the last message and its role is 'user': there is no "
        "answer to learn from. End the conversation with an assistant message.\n"
        "  rows[2]: There are no messages. Pass at least one user message and an answer.\n"
        "Mend them, or pass errors='collect' to keep the others."
    )


def test_one_refusal_is_one():
    with pytest.raises(ChatshiftError) as refusal:
        prepare_batch([talk("a", "b"), []], load_format("chatml"), shifted=False)
    assert str(refusal.value) == (
        "1 conversation is refused:\n"
        "  rows[1]: There are no messages. Pass at least one user message and an answer.\n"
        "Mend it, or pass errors='collect' to keep the others."
    )


def test_many_refusals_are_all_named():
    with pytest.raises(ChatshiftError) as refusal:
        prepare_batch([WRONG] * 23, load_format("chatml"), shifted=False)
    assert "23 conversations are refused" in str(refusal.value)
    assert "\n  and also: 20, 21, 22\n" in str(refusal.value)


@pytest.mark.parametrize("shifted", [False, True])
def test_a_cut_answer_is_listed_and_a_lost_one_is_rejected(shifted):
    tokenizer = load_format("chatml")
    trace = prepare(LONG, tokenizer)
    total, prompt = len(trace.full_ids) - shifted, trace.prompt_length - shifted
    short = talk("a", "b")

    def cut(length):
        return prepare_batch(
            [LONG, short], tokenizer, shifted=shifted, max_length=length, errors="collect"
        )

    assert cut(total).truncated == cut(None).truncated == ()
    batch = cut(total - 5)
    assert batch.truncated == ((0, 5, 5),)
    whole = trace.labels if shifted else trace.masked_labels
    assert batch[0]["labels"] == list(whole[:-5])
    assert cut(prompt + 1).truncated == ((0, total - prompt - 1, len(trace.supervised) - 1),)
    batch = cut(prompt)
    assert batch.rows.tolist() == [1]
    assert batch.rejected == (
        (
            0,
            f"Cut to {prompt + shifted} of {total + shifted} tokens, this conversation would keep "
            f"no supervised token: the first is token {prompt + shifted}. Raise max_length, or "
            "shorten the prompt.",
        ),
    )
    with pytest.raises(ChatshiftError, match=r"rows\[0\]: Cut to"):
        prepare_batch([LONG], tokenizer, shifted=shifted, max_length=prompt)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"shifted": "model"},
            "shifted='model' must be True or False: False for a model or trainer that shifts "
            "inside, True for a loss you write yourself.",
        ),
        ({"max_length": 0}, "max_length=0 must be a number of tokens, 1 or more."),
        ({"errors": "drop"}, "errors='drop' is not known; choose from ['raise', 'collect']."),
        ({"supervise": "x"}, "supervise='x' is not known; choose from ['last', 'all']."),
        (
            {"template_kwargs": {"tokenize": True}},
            "'tokenize' is set by this step. Leave it out of the keywords.",
        ),
    ],
)
def test_settings(setting, message):
    with pytest.raises(ChatshiftError) as refusal:
        prepare_batch([talk("a", "b")], load_format("chatml"), **{"shifted": False, **setting})
    assert str(refusal.value) == message


def test_shifted_has_no_default():
    with pytest.raises(TypeError, match="shifted"):
        prepare_batch([talk("a", "b")], load_format("chatml"))  # type: ignore[call-arg]


def test_conversations_may_be_a_stream_of_more_than_a_chunk():
    stream = (talk(f"a {i}", "b") for i in range(1003))
    batch = prepare_batch(stream, load_format("chatml"), shifted=False)
    assert len(batch) == 1003
    assert batch[1002] == prepare(talk("a 1002", "b"), load_format("chatml")).for_transformers()


def test_no_conversations_are_no_rows():
    batch = prepare_batch([], load_format("chatml"), shifted=True)
    assert (len(batch), batch.to_lists(), batch.to_arrow().num_rows) == (0, [], 0)


def test_a_missing_row_is_an_index_error():
    batch = prepare_batch([talk("a", "b")], load_format("chatml"), shifted=False)
    assert batch[-1] == batch[0]
    with pytest.raises(IndexError, match="There is no row 1; the batch has 1"):
        batch[1]


def test_arrow_and_dataset_hold_the_same_rows():
    batch = prepare_batch([talk("a", "b"), LONG], load_format("chatml"), shifted=False)
    assert batch.to_arrow().to_pylist() == batch.to_lists()
    assert batch.to_dataset().to_list() == batch.to_lists()
    assert str(batch.to_arrow().schema.field("input_ids").type) == "list<item: int32>"


def test_the_tokenizer_may_be_set_to_pad_and_to_cut():
    tokenizer = load_format("chatml")
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.backend_tokenizer.enable_padding(length=300)
    batch = prepare_batch([talk("a", "b"), LONG], tokenizer, shifted=False)
    assert batch.to_lists() == one_by_one([talk("a", "b"), LONG], load_format("chatml"))


def test_the_tokenizer_may_be_set_to_pad_with_an_ordinary_token():
    """Its ids look like the end of a text that no token ends."""
    tokenizer = load_format("llama3")
    tokenizer.chat_template = tokenizer.chat_template.replace("<|eot_id|>", "")
    expected = one_by_one([talk("a", "b")], tokenizer)
    pad = tokenizer.encode("so", add_special_tokens=False)[0]
    tokenizer.backend_tokenizer.enable_padding(pad_id=pad, pad_token="so", length=300)
    assert prepare_batch([talk("a", "b")], tokenizer, shifted=False).to_lists() == expected


def test_progress_can_be_shown(capsys):
    prepare_batch([talk("a", "b")] * 3, load_format("chatml"), shifted=False, progress=True)
    assert "3/3" in capsys.readouterr().err


@pytest.mark.parametrize("role", [None, 5, ["user"], {}, "narrator", "User"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_row_with_no_role_is_refused_as_prepare_refuses_it(role, place, tokenizer):
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    wrong = [dict(message) for message in talk]
    wrong[place]["role"] = role
    batch = prepare_batch([talk, wrong, talk], tokenizer, shifted=False, errors="collect")
    with pytest.raises(ChatshiftError) as refused:
        prepare(wrong, tokenizer)
    assert [(one.row, one.reason) for one in batch.rejected] == [(1, str(refused.value))]


@pytest.mark.parametrize("content", [None, 5, [], {}, [5]])
@pytest.mark.parametrize("place", [0, 1])
def test_a_row_with_no_content_is_refused_as_prepare_refuses_it(content, place, tokenizer):
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    wrong: list[dict] = [dict(message) for message in talk]
    wrong[place]["content"] = content
    batch = prepare_batch([talk, wrong, talk], tokenizer, shifted=False, errors="collect")
    with pytest.raises(ChatshiftError) as refused:
        prepare(wrong, tokenizer)
    assert [(one.row, one.reason) for one in batch.rejected] == [(1, str(refused.value))]


@pytest.mark.parametrize("keywords", ["enable_thinking", ["a"], 5])
def test_keywords_of_a_row_that_are_no_dict(keywords, tokenizer):
    row = {"messages": talk("a", "b"), "chat_template_kwargs": keywords}
    batch = prepare_batch([row, talk("a", "b")], tokenizer, shifted=False, errors="collect")
    assert [one.reason for one in batch.rejected] == [
        f"chat_template_kwargs must be a dict, not {keywords!r}."
    ]
