"""Real templates, read by hand, against conversations that try to mislead: labels and notes."""

import pytest
from conversations import PLAIN, Conversation, Quotes, conversations, turns
from families import FAMILIES
from families.form import Family, Place, of
from kinds import byte_level
from oracle import Oracle, tokenizer_of
from real_templates import load_templates
from verdict import Settings, complaint, outcome

from chatshift import ChatshiftError, prepare

CASES = {name: family for family in FAMILIES for name in family.templates}
MODES = [Settings(supervise, b) for supervise in ("last", "all") for b in ("prompt", "answer")]
MASKED = [mode._replace(mask_tail=True) for mode in MODES]
ANSWERED = turns("", "x")


def quotes_of(family: Family) -> Quotes:
    """Words of the family's own template."""
    header = of(family.header, Place(ANSWERED, 1, None, {}))
    for token in family.special:
        header = header.replace(token, "")
    marker = next(iter(family.markers), "<tool_call>")
    return Quotes(family.eos or "<|im_end|>", header or "assistant\n", marker)


def rows_of(family: Family) -> list[Conversation]:
    """The conversations that the table has a word on."""
    rows = []
    for row in conversations(quotes_of(family)):
        calls = any(m.get("role") == "tool" or m.get("tool_calls") for m in row.messages)
        if row.name not in family.unclear and not (calls and family.calls_break):
            rows.append(row)
    return rows


def modes_of(row: Conversation) -> list[Settings]:
    """All settings that make a difference to a conversation."""
    answers = sum(message.get("role") == "assistant" for message in row.messages)
    modes = MODES + (MASKED if row.name in PLAIN else [])
    return [mode for mode in modes if mode.supervise == "last" or answers > 1]


@pytest.mark.parametrize("name", CASES)
def test_labels_and_notes_are_those_of_the_table(name):
    family = CASES[name]
    tokenizer = tokenizer_of(byte_level(), family, load_templates()[name])
    oracle, found, learned = Oracle(tokenizer, family), [], 0
    for row in rows_of(family):
        for mode in modes_of(row):
            verdict = oracle.verdict(row, mode)
            settings = {**mode._asdict(), "template_kwargs": dict(row.template_kwargs)}
            result = outcome(
                prepare, ChatshiftError, row.messages, tokenizer, tools=row.tools, **settings
            )
            learned += verdict.supervised is not None
            if wrong := complaint(verdict, result):
                found.append((row.name, *mode, wrong))
    assert found == []
    assert learned > 80


def test_the_table_has_a_word_on_every_conversation_for_some_family():
    names = {row.name for family in FAMILIES for row in rows_of(family)}
    assert names == {row.name for row in conversations()}
    assert len(CASES) >= 60


# What each template ends a turn with, spelled out: no table, no oracle.
ENDS = {
    "openai-gpt-oss-120b": [
        "<|channel|>final<|message|>One.<|end|>",
        "<|channel|>final<|message|>Two.<|return|>",
    ],
    "allenai-Olmo-3-7B-Instruct": ["One.<|im_end|>", "Two.<|endoftext|>"],
    "Qwen-Qwen3-0.6B": ["One.<|im_end|>", "<think>\n\n</think>\n\nTwo.<|im_end|>\n"],
    "microsoft-Phi-3-mini-4k-instruct": ["One.<|end|>", "Two.<|end|>\n<|endoftext|>"],
    "mistralai-Mistral-7B-Instruct-v0.3": [" One.</s>", " Two.</s>"],
    "GLM-4.6": ["\n<think></think>\nOne.", "\n<think></think>\nTwo."],
}


def supervised_texts(trace) -> list[str]:
    """The text of each supervised turn."""
    return ["".join(trace.pieces[turn.start : turn.stop]) for turn in trace.turns]


@pytest.mark.parametrize("name", ENDS)
def test_how_a_turn_ends(name):
    tokenizer = tokenizer_of(byte_level(), CASES[name], load_templates()[name])
    trace = prepare(turns("Hi", "One.", "And?", "Two."), tokenizer, supervise="all")
    assert supervised_texts(trace) == ENDS[name]


def test_a_stop_token_of_the_model_ends_a_turn_though_it_opens_the_next():
    tokenizer = tokenizer_of(byte_level(), CASES["GLM-4.6"], load_templates()["GLM-4.6"])
    trace = prepare(
        turns("Hi", "One.", "And?", "Two."),
        tokenizer,
        supervise="all",
        stop_tokens=["<|user|>", "<|observation|>"],
    )
    ends = ["\n<think></think>\nOne.<|user|>", "\n<think></think>\nTwo."]
    assert supervised_texts(trace) == ends
    assert [(n.name, n.message) for n in trace.notes if n.name == "no end of turn"] == [
        ("no end of turn", 3)
    ]
