"""Each way in which the prompt can fail to be a prefix, and what the error says."""

import pickle

import pytest

from chatshift import BoundaryError, TemplateError, prepare

LOOP = (
    "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
)
OPENING = "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"


def refusal_of(messages, tokenizer, template=None, **settings):
    if template is not None:
        tokenizer.chat_template = template
    with pytest.raises(BoundaryError) as refusal:
        prepare(messages, tokenizer, **settings)
    return refusal.value


def test_a_token_across_the_boundary(messages, tokenizer):
    messages[-1]["content"] = "\nbased on what"
    error = refusal_of(messages, tokenizer, strip_bos=True)
    assert (error.cause, error.position) == ("BPE merge", 30)
    assert str(error) == (
        "messages[2]: its prompt is a prefix of the full text, but its ids are no prefix of the "
        "full ids. First differing token: 30.\n"
        "  prompt: token 261 '\\n'; 'n>\\n<start_of_turn>model\\n' + ''\n"
        "  full:   token 463 '\\n\\n'; 'n>\\n<start_of_turn>model\\n' + "
        "'\\nbased on what<end_of_tu'\n"
        "Likely cause (BPE merge): a token reaches across the boundary: the end of the prompt and "
        "the start of the answer are merged into one token.\n"
        "What to do: Let the answer start with a character that does not merge, often by removing "
        "the white space at its start. Or pass boundary='answer', which learns the answer where it "
        "stands."
    )


def test_generation_prompt_not_in_the_render(messages, tokenizer):
    opening = OPENING.replace("assistant\n", "assistant\n<think>")
    error = refusal_of(messages, tokenizer, LOOP + opening)
    assert (error.cause, error.position) == ("generation prompt not in the render", 33)
    assert str(error) == (
        "messages[2]: its prompt is no prefix of the full text: they differ from character 194 on. "
        "First differing token: 33.\n"
        "  prompt: token 289 '<'; 'start_of_turn>assistant\\n' + '<think>'\n"
        "  full:   token 461 'based'; 'start_of_turn>assistant\\n' + 'based on what you descri'\n"
        "Likely cause (generation prompt not in the render): the template opens an answer with "
        "text that it does not write before a finished answer.\n"
        "What to do: Pass the template's keywords that switch it off (template_kwargs), or mend "
        "the template. Or pass boundary='answer', which learns the answer where it stands."
    )


def test_history_rewritten(tokenizer):
    conversation = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Is it true?"},
        {"role": "assistant", "content": "Yes"},
    ]
    last_two = LOOP.replace("in messages", "in messages[-2:]")
    error = refusal_of(conversation, tokenizer, last_two + OPENING)
    assert error.cause == "history rewritten"
    assert "Likely cause (history rewritten): the template writes earlier messages" in str(error)


def test_system_message_dropped(messages, tokenizer):
    only_before_a_user = (
        "{% for m in messages %}{% if m.role != 'system' or messages[-1].role == 'user' %}"
        "<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endif %}{% endfor %}"
    )
    error = refusal_of(messages, tokenizer, only_before_a_user + OPENING)
    assert error.cause == "system message dropped"
    assert error.position == 1
    assert "What to do: Put the instructions into the first user message." in str(error)


def test_bos_in_one_text_only(messages, tokenizer):
    error = refusal_of(
        messages, tokenizer, "{% if add_generation_prompt %}<bos>{% endif %}" + LOOP + OPENING
    )
    assert (error.cause, error.position) == ("BOS", 0)
    trace = prepare(messages, tokenizer, strip_bos=True)
    assert trace.pieces[trace.prompt_length] == "based"


def test_the_error_survives_a_worker_process(messages, tokenizer):
    messages[-1]["content"] = "\nbased"
    error = refusal_of(messages, tokenizer)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.cause, copy.position) == (str(error), error.cause, error.position)


def test_answer_not_rendered(messages, tokenizer):
    tokenizer.chat_template = LOOP.replace("in messages", "in messages if m.role != 'assistant'")
    with pytest.raises(TemplateError) as refusal:
        prepare(messages, tokenizer)
    assert str(refusal.value) == (
        "The template leaves out the content of messages[2], or writes it outside of its turn: "
        "\"based on what you described it's depression'\". A model cannot learn what is not in its "
        "text. What to do: use a template that writes it, or give this message weight 0."
    )


def test_answer_not_rendered_though_its_words_are_there(tokenizer):
    tokenizer.chat_template = (
        "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
        "{% if not add_generation_prompt %} Yes{% endif %}"
    )
    with pytest.raises(TemplateError, match="leaves out the content"):
        prepare(
            [{"role": "user", "content": "Yes?"}, {"role": "assistant", "content": "Yes"}],
            tokenizer,
        )


def test_a_stripped_answer_is_still_the_answer(messages, tokenizer):
    tokenizer.chat_template = LOOP.replace("m.content", "m.content | trim") + OPENING
    messages[-1]["content"] = "  based on what  "
    trace = prepare(messages, tokenizer)
    answer = "".join(trace.pieces[position] for position in trace.supervised)
    assert answer == "based on what<end_of_turn>\n"


def test_no_prompt_at_all(tokenizer):
    tokenizer.chat_template = "{% if not add_generation_prompt %}{{ messages }}{% endif %}"
    with pytest.raises(TemplateError) as refusal:
        prepare(
            [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}], tokenizer
        )
    assert str(refusal.value) == (
        "The template wrote no prompt for 1 messages: ''. There is nothing to predict the answer "
        "from."
    )
