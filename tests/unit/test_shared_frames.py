"""Rows of plain text share what is read of the template: each is rendered once, with its prompts.

Characters that the template writes are counted, not seconds.
"""

import pytest
from agentic import assistant, user

from chatshift import load_tokenizer, prepare, prepare_batch
from chatshift.lessons.many_turns import characters_rendered
from chatshift.tiny.formats import FORMATS, load_format

LOOP = (
    "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>{% endfor %}"
)
OPENING = "{% if add_generation_prompt %}<start_of_turn>assistant\n<think>{% endif %}"
SETTINGS: list[dict] = [
    {},
    {"supervise": "all", "mask_tail": True},
    {"supervise": "all", "boundary": "answer"},
]


def tokenizer_of(name):
    if name in FORMATS:
        return load_format(name)
    tokenizer = load_tokenizer()
    words = "{% for m in messages %}\n### {{ m.role }}:{{ m.content }}{% endfor %}"
    asking = "{% if add_generation_prompt %}\n### assistant:{% endif %}"
    tokenizer.chat_template = LOOP + OPENING if name == "no prefix" else words + asking
    return tokenizer


def talk_of(number, space=""):
    """A question and an answer, twice; all rows are of the same length."""
    words = [f"{space}word {number}{i}{space}" for i in range(4)]
    return [user(words[0]), assistant(words[1]), user(words[2]), assistant(words[3])]


def written_for(rows, tokenizer, **settings):
    return characters_rendered(prepare_batch, rows, tokenizer, shifted=False, **settings)


def test_rows_without_control_tokens_have_frames_of_their_own_and_are_read_once():
    tokenizer = tokenizer_of("words")
    rows = [talk_of(number) for number in range(10, 30)]
    few, many = (written_for(rows[:count], tokenizer, supervise="all") for count in (10, 20))
    trace = prepare(rows[0], tokenizer, supervise="all")
    prompts = characters_rendered(prompts_of, rows[0], tokenizer, trace=trace)
    assert many - few < 10 * (4 * len(trace.full_text) + prompts)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: "-".join(map(str, one)))
@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("name", [*FORMATS, "no prefix"])
def test_a_row_costs_its_text_and_its_prompts(name, space, settings):
    tokenizer = tokenizer_of(name)
    if name == "no prefix" and settings.get("boundary") != "answer":
        return  # refused
    if name == "think" and space:
        return  # it trims answers alone, and such rows have frames of their own
    if name == "think" and settings.get("supervise") == "all":
        settings = {**settings, "boundary": "answer"}
    rows = [talk_of(number, space) for number in range(10, 30)]
    few, many = (written_for(rows[:count], tokenizer, **settings) for count in (10, 20))
    trace = prepare(rows[0], tokenizer, **settings)
    prompts = characters_rendered(prompts_of, rows[0], tokenizer, trace=trace)
    assert many - few == 10 * (len(trace.full_text) + prompts)


def prompts_of(messages, tokenizer, trace):
    """Render the prompt of each supervised turn."""
    from chatshift import render_prompt

    for turn in trace.turns:
        render_prompt(messages[: turn.message + 1], tokenizer)
