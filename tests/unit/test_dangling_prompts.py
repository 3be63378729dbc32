"""Templates that open the next turn whatever comes, that need tools, or that write only parts."""

import pytest
from agentic import assistant, kinds_of_notes, supervised, user
from tokenizers import AddedToken

from chatshift import load_tokenizer, prepare

TALK = [user("a"), assistant("b"), user("c"), assistant("d.")]
LOOP = "{% for m in messages %}"
# Whatever comes last, each of these ends in what opens an answer.
ALWAYS = {
    "words": (
        LOOP + "### {{ m.role }}\n{{ m.content }}{% if m.role == 'assistant' %}<end>{% endif %}\n"
        "{% endfor %}### assistant{{ '\n' }}",
        ["b<end>", "d.<end>\n"],
    ),
    "tags": (
        LOOP + "<{{ m.role }}>{{ m.content }}</{{ m.role }}>\n{% endfor %}<assistant>",
        ["b</assistant>\n", "d.</assistant>\n"],
    ),
    "control tokens": (
        LOOP + "<{{ m.role }}_start>{{ m.content }}<end>{% endfor %}<assistant_start>",
        ["b<end>", "d.<end>"],
    ),
    "one end for all": (
        LOOP + "{{ m.role }}:{{ m.content }}<end>\n{% endfor %}assistant:",
        ["b<end>", "d.<end>\n"],
    ),
}


def tokenizer_of(source):
    tokenizer = load_tokenizer()
    control = ("<end>", "<fin>", "<assistant_start>", "<user_start>")
    added = [AddedToken(text, normalized=False, special=True) for text in control]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.chat_template = source
    return tokenizer


@pytest.mark.parametrize("case", ALWAYS)
def test_what_opens_the_next_answer_belongs_to_no_turn(case):
    source, expected = ALWAYS[case]
    trace = prepare(TALK, tokenizer_of(source), supervise="all")
    assert [text.rstrip("\n") for text in supervised(trace)] == [
        text.rstrip("\n") for text in expected
    ]
    last = trace.turns[-1]
    rest = trace.full_text[len("".join(trace.pieces[: last.stop])) :]
    assert rest.strip() in ("### assistant", "<assistant>", "<assistant_start>", "assistant:")


def test_what_closes_the_whole_text_is_the_tail_of_the_last_turn():
    source = LOOP + "{{ m.role }}:{{ m.content }}<end>{% endfor %}<fin>"
    trace = prepare(TALK, tokenizer_of(source), supervise="all", boundary="answer")
    assert supervised(trace)[1].endswith("d.<end><fin>")


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_the_last_character_of_an_answer_is_learned_with_the_token_that_holds_it(boundary):
    """No token ends the turn, and the answer's last one holds the template's text, too."""
    source = LOOP + "{{ m.role }}:\n{{ m.content }}\n\n{% endfor %}"
    source += "{% if add_generation_prompt %}assistant:\n{% endif %}"
    tokenizer = tokenizer_of(source)
    talk = [user("a"), assistant("b\n"), user("c"), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all", boundary=boundary)
    assert all(text.startswith(said) for text, said in zip(supervised(trace), "bd", strict=True))
    assert kinds_of_notes(trace).count("no end of turn") == 2


def test_a_template_that_writes_nothing_without_tools():
    source = "{% for tool in tools %}{{ tool.name }}{% endfor %}" + LOOP
    source += "<{{ m.role }}_start>{{ m.content }}<end>{% endfor %}"
    source += "{% if add_generation_prompt %}<assistant_start>{% endif %}"
    source = "{% if not tools %}{{ raise_exception('no tools') }}{% endif %}" + source
    trace = prepare(TALK, tokenizer_of(source), supervise="all", tools=[{"name": "look"}])
    assert supervised(trace) == ["b<end>", "d.<end>"]
    assert trace.notes == ()


def test_a_template_that_writes_only_parts():
    source = LOOP + "<{{ m.role }}_start>{% for p in m.content if p.type == 'text' %}{{ p.text }}"
    source += "{% endfor %}<end>{% endfor %}"
    source += "{% if add_generation_prompt %}<assistant_start>{% endif %}"
    talk = [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in TALK]
    trace = prepare(talk, tokenizer_of(source), supervise="all")
    assert supervised(trace) == ["b<end>", "d.<end>"]
    assert trace.notes == ()


@pytest.mark.parametrize("mask_tail", [False, True])
def test_what_a_judge_is_asked_after_the_last_answer_belongs_to_no_turn(mask_tail):
    """The conversation stands inside a question, whose end comes before the next header."""
    source = "<user_start>" + LOOP + "{{ m.role }}: {{ m.content }}\n{% endfor %}"
    source += "##\nIs it safe?<end><assistant_start>"
    trace = prepare(
        TALK, tokenizer_of(source), supervise="all", boundary="answer", mask_tail=mask_tail
    )
    assert [text.strip() for text in supervised(trace)] == ["assistant: b", "assistant: d."]
    assert kinds_of_notes(trace).count("no end of turn") == 2


@pytest.mark.parametrize("first", ["", "<user_start>system<fin>"])
def test_a_template_that_writes_only_the_last_exchange_and_then_a_header(first):
    source = "{% set last = messages[-1].content if messages[-1].role == 'assistant' else '' %}"
    source += f"{first}<user_start>judge {{{{ last }}}}|<end><user_start>assistant<end>"
    talk = [user("a"), assistant("b")]
    trace = prepare(talk, tokenizer_of(source), boundary="answer")
    assert [text.strip() for text in supervised(trace)] == ["b|<end>"]
    assert "content left out" in kinds_of_notes(trace)
