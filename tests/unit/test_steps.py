"""The six steps, each on its own."""

import pytest

from chatshift import (
    IGNORE_INDEX,
    LabelError,
    MessageError,
    TemplateError,
    TokenizeError,
    copy_labels,
    mask_prompt,
    render,
    render_prompt,
    shift,
    strip_bos,
    tokenize,
)

FULL = (
    "<bos><start_of_turn>system\n"
    "You are a assistant responsible for classifying mental health status.<end_of_turn>\n"
    "<start_of_turn>user\nI am depressed and want to die<end_of_turn>\n"
    "<start_of_turn>model\nbased on what you described it's depression'<end_of_turn>"
)


def test_render_writes_the_walkthroughs_text(messages, tokenizer):
    assert render(messages, tokenizer) == FULL


def test_render_prompt_ends_with_the_generation_prompt(messages, tokenizer):
    assert render_prompt(messages, tokenizer) == FULL[: FULL.index("based")]


def test_render_prompt_needs_an_answer_to_leave_out(messages, tokenizer):
    with pytest.raises(MessageError, match=r"messages\[1\] is the last message"):
        render_prompt(messages[:2], tokenizer)


def test_render_passes_keywords_to_the_template(messages, tokenizer):
    tokenizer.chat_template += "{{ mood }}"
    assert render(messages, tokenizer, mood="calm") == FULL + "calm"


def test_the_words_of_the_template_are_kept(messages, tokenizer):
    tokenizer.chat_template = "{{ raise_exception('System role not supported') }}"
    with pytest.raises(TemplateError) as refusal:
        render(messages, tokenizer)
    assert str(refusal.value) == (
        "The chat template refused these messages (system, user, assistant): "
        "System role not supported"
    )


def test_an_error_of_python_inside_the_template_is_ours_too(messages, tokenizer):
    tokenizer.chat_template = "{{ 'a' + 1 }}"
    with pytest.raises(TemplateError, match=r"refused these messages .*can only concatenate str"):
        render(messages, tokenizer)


def test_no_template(messages, tokenizer):
    tokenizer.chat_template = None
    with pytest.raises(TemplateError) as refusal:
        render(messages, tokenizer)
    assert str(refusal.value) == (
        f"{type(tokenizer).__name__} has no chat template. Load the tokenizer of the model's "
        "instruction-tuned version, or set tokenizer.chat_template."
    )


def test_settings_of_a_step_cannot_be_overridden(messages, tokenizer):
    with pytest.raises(TemplateError) as refusal:
        render(messages, tokenizer, tokenize=True)
    assert str(refusal.value) == "'tokenize' is set by this step. Leave it out of the keywords."


def test_strip_bos_takes_one_and_only_from_the_front(tokenizer):
    assert strip_bos("<bos><bos>a<bos>", tokenizer) == "<bos>a<bos>"
    assert strip_bos("a<bos>", tokenizer) == "a<bos>"
    tokenizer.bos_token = None
    assert strip_bos("<bos>a", tokenizer) == "<bos>a"


def test_tokenize_adds_nothing(messages, tokenizer):
    ids = tokenize(FULL, tokenizer)
    assert len(ids) == 42
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids) == FULL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Only text can be tokenized, not NoneType: None"),
        (["a"], "Only text can be tokenized, not list: ['a']"),
        (
            "ab\udc00",
            "The text has '\\udc00' at character 2: half of a surrogate pair, which cannot be "
            "encoded. Repair the text where it was decoded.",
        ),
    ],
)
def test_tokenize_refuses(text, message, tokenizer):
    with pytest.raises(TokenizeError) as refusal:
        tokenize(text, tokenizer)
    assert str(refusal.value) == message


def test_copy_labels_is_a_new_list():
    ids = [1, 2, 3]
    labels = copy_labels(ids)
    labels[0] = IGNORE_INDEX
    assert ids == [1, 2, 3]
    assert labels == [-100, 2, 3]


def test_mask_prompt_masks_exactly_the_prompt():
    labels = [5, 6, 7, 8]
    assert mask_prompt(labels, 0) == [5, 6, 7, 8]
    assert mask_prompt(labels, 3) == [-100, -100, -100, 8]
    assert labels == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (-1, "prompt_length is -1. It counts from the start: pass len(prompt_ids)."),
        (
            4,
            "prompt_length is 4 and there are 4 labels: all of them would be masked, and nothing "
            "is left to learn from. Is the answer cut off?",
        ),
        (True, "prompt_length must be a number of tokens, not True. Pass len(prompt_ids)."),
        (1.0, "prompt_length must be a number of tokens, not 1.0. Pass len(prompt_ids)."),
    ],
)
def test_mask_prompt_refuses(length, message):
    with pytest.raises(LabelError) as refusal:
        mask_prompt([5, 6, 7, 8], length)
    assert str(refusal.value) == message


def test_shift_moves_labels_left():
    pair = shift((5, 6, 7, 8), (-100, -100, 7, 8))
    assert pair.input_ids == [5, 6, 7]
    assert pair.labels == [-100, 7, 8]


@pytest.mark.parametrize(
    ("input_ids", "labels", "message"),
    [
        (
            [1, 2, 3],
            [2, 3],
            "There are 3 input_ids and 2 labels. Shift takes two lists of one length: the full "
            "ids, and their masked copy.",
        ),
        (
            [1],
            [1],
            "There are 1 tokens. A shift needs at least two: one to read and one to predict.",
        ),
        (
            [1, 2, 3, 4],
            [-100, 3, 4, 5],
            "These labels are shifted already: each one is the id that follows its position. "
            "Shifting twice trains on the token after the next.",
        ),
    ],
)
def test_shift_refuses(input_ids, labels, message):
    with pytest.raises(LabelError) as refusal:
        shift(input_ids, labels)
    assert str(refusal.value) == message


def test_repeated_tokens_are_not_taken_for_shifted_labels():
    assert shift([7, 7, 7], [-100, 7, 7]) == ([7, 7], [7, 7])


def test_labels_that_are_no_copy_are_shifted_as_they_are():
    assert shift([1, 2, 3], [9, 8, 7]) == ([1, 2], [8, 7])
