"""The turn format of a template: which tokens open a turn, and which end an answer's."""

import pytest
from agentic import assistant, kinds_of_notes, supervised, user
from tokenizers import AddedToken

from chatshift import ChatshiftError, load_tokenizer, prepare
from chatshift.settings import Settings
from chatshift.supervise.supervision import Supervision
from chatshift.tiny.formats import load_format

HARMONY = (
    "{% for m in messages %}<|start|>{{ m.role }}"
    "{% if m.role == 'assistant' %}<|channel|>final{% endif %}<|message|>{{ m.content }}"
    "{{ '<|return|>' if loop.last and m.role == 'assistant' else '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
MARKERS = (
    "[gMASK]{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
PREAMBLE = (
    "<BOS><|START|><|SYSTEM|>Be kind.<|END|>{% for m in messages %}<|START|><|{{ m.role }}|>"
    "{% if m.role == 'assistant' %}<|RESPONSE|>{{ m.content }}<|/RESPONSE|>"
    "{% else %}{{ m.content }}{% endif %}<|END|>{% endfor %}"
    "{% if add_generation_prompt or messages[-1].role != 'user' %}<|START|><|assistant|>{% endif %}"
)
PREFIX = "{% for m in messages %}{{ '[INST]' + m.content + '[/INST]' if m.role == 'user' else "
PREFIX += "' ' + m.content + '</s>' }}{% endfor %}"
CASES = {
    "harmony": (HARMONY, "<|start|> <|channel|> <|message|> <|end|> <|return|>"),
    "markers": (MARKERS, "[gMASK] <|user|> <|assistant|>"),
    "preamble": (
        PREAMBLE,
        "<BOS> <|START|> <|SYSTEM|> <|END|> <|user|> <|assistant|> <|RESPONSE|> <|/RESPONSE|>",
    ),
    "prefix": (PREFIX, "[INST] [/INST] </s>"),
}
# By hand: of the tokens above, which open a turn and which end an answer's. What opens one needs to
# be no more than the first token after an end.
EXPECTED = {
    "harmony": ("<|start|>", "<|end|> <|return|>"),
    "markers": ("<|user|>", ""),
    "preamble": ("<|START|>", "<|/RESPONSE|> <|END|>"),
    "prefix": ("[INST]", "</s>"),
}
TALK = [user("a"), assistant("b"), user("c"), assistant("d")]


def tokenizer_of(case):
    source, control = CASES[case]
    tokenizer = load_tokenizer()
    added = [AddedToken(text, normalized=False, special=True) for text in control.split()]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.chat_template = source
    return tokenizer


@pytest.mark.parametrize("case", CASES)
def test_openers_and_ends(case):
    tokenizer = tokenizer_of(case)
    found = Supervision(tokenizer, Settings()).rule().finder.format
    openers, ends = (set(text.split()) for text in EXPECTED[case])
    assert openers <= set(tokenizer.convert_ids_to_tokens(sorted(found.openers)))
    without_eos = found.ends - {tokenizer.eos_token_id}
    assert set(tokenizer.convert_ids_to_tokens(sorted(without_eos))) == ends


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "harmony",
            ["<|channel|>final<|message|>b<|end|>", "<|channel|>final<|message|>d<|return|>"],
        ),
        ("markers", ["b", "d"]),
        ("preamble", ["<|RESPONSE|>b<|/RESPONSE|><|END|>", "<|RESPONSE|>d<|/RESPONSE|><|END|>"]),
        ("prefix", [" b</s>", " d</s>"]),
    ],
)
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_what_is_learned(case, expected, boundary):
    trace = prepare(TALK, tokenizer_of(case), supervise="all", boundary=boundary)
    assert supervised(trace) == expected
    assert ("no end of turn" in kinds_of_notes(trace)) == (case == "markers")


def test_a_stop_token_that_is_the_next_turns_marker():
    tokenizer = tokenizer_of("markers")
    trace = prepare(TALK, tokenizer, supervise="all", stop_tokens=["<|user|>"])
    assert supervised(trace) == ["b<|user|>", "d"]
    assert [(note.name, note.message) for note in trace.notes] == [("no end of turn", 3)]


@pytest.mark.parametrize(
    ("stops", "words"),
    [
        (["<|nothing|>"], "stop_tokens has '<|nothing|>', which is no control token"),
        ("<|im_end|>", "must be a list of tokens"),
        ([5], "must be a list of tokens"),
    ],
)
def test_stop_tokens_that_are_none(stops, words):
    with pytest.raises(ChatshiftError) as refusal:
        prepare(TALK, load_format("chatml"), stop_tokens=stops)
    assert words in str(refusal.value)


@pytest.mark.parametrize("case", CASES)
def test_words_that_quote_the_template_change_nothing(case):
    tokenizer = tokenizer_of(case)
    plain = prepare(TALK, tokenizer, supervise="all")
    words = ["Be kind.", "user", "final", "Quokka0x Quokka1x", "b", " ", "assistant\n", "[", "a"]
    for said in words:
        talk = [user(said), assistant("b"), user("Quokka" + said), assistant("d")]
        trace = prepare(talk, tokenizer, supervise="all", boundary="answer")
        assert supervised(trace) == supervised(plain), said
