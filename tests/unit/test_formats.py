"""The bundled chat templates: each gives labels, or says what is in the way."""

import pytest

from chatshift import BoundaryError, ChatshiftError, prepare
from chatshift.lessons import data_point
from chatshift.tiny.formats import FORMATS, TEMPLATES, load_format

LEARNED = {
    "walkthrough": "<end_of_turn>",
    "gemma3": "<end_of_turn>\n",
    "chatml": "<|im_end|>\n",
    "llama3": "<|eot_id|>",
    "mistral": "</s>",
    "think": "<|im_end|>\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_learned_from_one_question(name):
    trace = prepare(data_point()[1:], load_format(name))
    learned = "".join(trace.pieces[position] for position in trace.supervised)
    thought = {"think": "<think>\n\n</think>\n\n", "mistral": " "}.get(name, "")
    assert learned == thought + data_point()[-1]["content"] + LEARNED[name]


def test_every_template_is_a_format():
    assert {path.stem for path in TEMPLATES.glob("*.jinja")} == set(FORMATS)


def test_the_walkthroughs_format_is_the_default(tokenizer):
    assert load_format("walkthrough").chat_template == tokenizer.chat_template


def test_mistral_writes_the_system_message_into_the_prompt_alone():
    with pytest.raises(BoundaryError) as refusal:
        prepare(data_point(), load_format("mistral"))
    assert refusal.value.cause == "system message dropped"


def test_unknown_format():
    with pytest.raises(ChatshiftError, match="There is no format 'x'; choose from"):
        load_format("x")
