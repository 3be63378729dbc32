"""What other tools learn by default, beside the tools themselves."""

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from agentic import agentic_tokenizer
from datasets import Dataset
from jinja2.exceptions import TemplateError
from other_tools import axolotl_learns, llama_factory_learns, supervised, version_of
from real_templates import load_templates
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from chatshift import audit, load_tokenizer
from chatshift.audit.defaults import MOST_MESSAGES, MOST_ROWS, TOOLS, Defaults
from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.lessons.families import FAMILIES, load_family
from chatshift.settings import Settings
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.supervise.supervision import Supervision
from chatshift.tiny.formats import FORMATS, load_format

TALKS = [
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}],
    [
        {"role": "user", "content": "What is it?"},
        {"role": "assistant", "content": "It is a test. 🦘"},
        {"role": "user", "content": "So?"},
        {"role": "assistant", "content": "No."},
    ],
]
MARKED = (
    "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\n' }}"
    "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] + '<end_of_turn>' }}"
    "{% endgeneration %}{% else %}{{ m['content'] + '<end_of_turn>' }}{% endif %}{{ '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>assistant\n' }}{% endif %}"
)


def learned_by_trl(rows, tokenizer, **settings):
    """How many labels TRL's own preparation and collator give the rows."""
    trainer: Any = SimpleNamespace(
        _tokenizer=tokenizer,
        chat_template=None,
        completion_only_loss=True if "prompt" in rows[0] else None,
    )
    given: dict = {
        "dataset_num_proc": None,
        "dataset_text_field": "text",
        "assistant_only_loss": False,
        "completion_only_loss": None,
        "max_length": None,
        "chat_template_path": None,
        "eos_token": None,
        "shuffle_dataset": False,
    }
    arguments: Any = SimpleNamespace(**{**given, **settings})
    prepared = SFTTrainer._prepare_dataset(
        trainer, Dataset.from_list(rows), tokenizer, arguments, False, None, "train"
    )
    collator = DataCollatorForLanguageModeling(pad_token_id=0)
    labels = collator(list(prepared))["labels"]
    return int((labels != IGNORE_INDEX).sum())


def counted(rows, tokenizer, tool, **settings):
    return audit(rows, tokenizer, **settings).others[tool, "tokens"]


def test_this_is_the_trl_that_the_table_names():
    installed = ".".join(version("trl").split(".")[:2])
    for key in ("trl", "trl-assistant"):
        assert TOOLS[key].checked == f"TRL {installed}"


@pytest.mark.parametrize("supervise", ["last", "all"])
@pytest.mark.parametrize("name", ["walkthrough", "chatml", "llama3"])
def test_trl_by_default(name, supervise):
    tokenizer = load_format(name)
    rows = [{"messages": talk} for talk in TALKS]
    assert counted(rows, tokenizer, "trl", supervise=supervise) == learned_by_trl(rows, tokenizer)


@pytest.mark.parametrize("name", ["walkthrough", "chatml"])
def test_trl_with_prompt_and_completion(name):
    tokenizer = load_format(name)
    rows = [{"prompt": talk[:-1], "completion": talk[-1:]} for talk in TALKS]
    assert counted(rows, tokenizer, "trl") == learned_by_trl(rows, tokenizer)


def test_trl_with_assistant_only_loss():
    tokenizer = load_tokenizer()
    tokenizer.chat_template = MARKED
    rows = [{"messages": talk} for talk in TALKS]
    expected = learned_by_trl(rows, tokenizer, assistant_only_loss=True)
    assert counted(rows, tokenizer, "trl-assistant") == expected
    # Every answer with its end: here `supervise="all"` learns the same, and the line break.
    assert audit(rows, tokenizer, supervise="all").supervised == expected + 2


def test_a_template_without_marks_gives_no_count_of_them():
    assert ("trl-assistant", "tokens") not in audit(TALKS, load_tokenizer()).others


def test_marks_are_counted_in_the_first_rows_only():
    tokenizer = load_tokenizer()
    tokenizer.chat_template = MARKED
    some, many = ([TALKS[0]] * count for count in (MOST_ROWS, MOST_ROWS + 50))
    one, other = (audit(rows, tokenizer).others for rows in (some, many))
    for what in ("tokens", "here"):
        assert one["trl-assistant", what] == other["trl-assistant", what]


def test_these_are_the_versions_that_the_table_names():
    assert TOOLS["axolotl"].checked == f"axolotl {version_of('axolotl')}"
    assert TOOLS["llama-factory"].checked == f"LLaMA-Factory {version_of('llamafactory')}"


CALL = {"type": "function", "function": {"name": "look", "arguments": {"city": "Paris"}}}
WITH_CALL = [
    {"role": "user", "content": "Paris?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "18"},
    {"role": "assistant", "content": "It is 18."},
]
THOUGHTFUL = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes", "reasoning_content": "So it is."},
]
EDGES = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "[[ two ]]"},
    {"role": "user", "content": "{{content}}"},
    {"role": "assistant", "content": "<think>\nso\n</think>\n\n{{content}} \U0001f998"},
    {"role": "user", "content": "And?"},
    {"role": "assistant", "content": " \nIt ends in white space. \n"},
]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("talk", [*TALKS, EDGES, THOUGHTFUL[1:]])
def test_axolotl_by_default(name, talk):
    tokenizer = load_format(name)
    report = audit([talk], tokenizer, boundary="answer")
    expected = supervised(axolotl_learns(talk, tokenizer))
    assert report.prepared == 1
    assert report.others["axolotl", "tokens"] == expected > 0


@pytest.mark.parametrize("talk", [*TALKS, EDGES, WITH_CALL, THOUGHTFUL])
def test_axolotl_with_calls_and_thoughts(talk):
    expected = supervised(axolotl_learns(talk, agentic_tokenizer()))
    assert counted([talk], agentic_tokenizer(), "axolotl", supervise="all") == expected


# A system message by itself, which LLaMA-Factory asks each template for, is lost in the others.
READABLE = ("walkthrough", "chatml", "llama3", "think")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("talk", [*TALKS, EDGES, THOUGHTFUL])
def test_llama_factory_by_default(name, talk):
    tokenizer = load_format(name)
    if name not in READABLE:
        with pytest.raises(ValueError, match="placeholder is required"):
            llama_factory_learns(talk, load_format(name))
        assert Defaults(facts_of(tokenizer)).slot is None
        return
    report = audit([talk], tokenizer, boundary="answer")
    assert report.prepared == 1
    expected = supervised(llama_factory_learns(talk, load_format(name)))
    assert report.others["llama-factory", "tokens"] == expected > 0


@pytest.mark.parametrize("talk", [TALKS[1], THOUGHTFUL[1:]], ids=["two turns", "a thought"])
@pytest.mark.parametrize("name", FAMILIES)
def test_both_with_real_templates(name, talk):
    tokenizer = load_family(name)
    tools = {"axolotl": axolotl_learns, "llama-factory": llama_factory_learns}
    report = audit([talk], tokenizer, boundary="answer")
    assert report.prepared == 1
    for tool, learns in tools.items():
        mine = report.others.get((tool, "tokens"))
        if mine is None:  # so it cannot use this template either
            with pytest.raises((ValueError, TemplateError)):
                learns(talk, load_family(name))
        else:
            assert mine == supervised(learns(talk, load_family(name)))


def test_axolotl_is_not_counted_where_the_name_of_a_thought_decides():
    talk = [THOUGHTFUL[1], {"role": "assistant", "content": "Yes", "thinking": "So it is."}]
    report = audit([talk], agentic_tokenizer())
    assert report.prepared == 1
    assert ("axolotl", "tokens") not in report.others


def facts_of(tokenizer):
    return TokenizerFacts(Supervision(tokenizer, Settings()))


OWN_SYSTEM = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe kind.<|im_end|>\n' }}"
    "{% endif %}"
)


def test_llama_factory_where_the_template_has_a_system_message_of_its_own():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = OWN_SYSTEM + tokenizer.chat_template
    expected = [supervised(llama_factory_learns(talk, tokenizer)) for talk in TALKS]
    for talk, one in zip(TALKS, expected, strict=True):
        assert counted([talk], tokenizer, "llama-factory") == one


def test_llama_factory_cannot_read_every_system_message_of_a_template():
    # What it takes for this template's own system message is cut off with the user's words.
    tokenizer = load_format("chatml")
    tokenizer.chat_template = load_templates()["arcee-ai-AFM-4.5B"]
    with pytest.raises(ValueError, match="placeholder is required"):
        llama_factory_learns(TALKS[0], tokenizer)
    assert Defaults(facts_of(tokenizer)).slot is None


@pytest.mark.parametrize(
    "talk", [WITH_CALL, TALKS[0] * 2 + TALKS[0][1:], [*TALKS[0], *TALKS[0][1:]]]
)
def test_llama_factory_is_not_counted_for_what_is_no_plain_talk(talk):
    report = audit([talk], agentic_tokenizer(), supervise="all")
    assert report.prepared == 1
    plain = ["user", "assistant"] * (len(talk) // 2) == [message["role"] for message in talk]
    assert (("llama-factory", "tokens") in report.others) is plain


def test_only_the_first_rows_are_rendered_again():
    many = [{"messages": [{"role": "user", "content": f"{n}"}, TALKS[0][1]]} for n in range(150)]
    report = audit(many, load_format("chatml"))
    assert report.others["trl", "here"] == report.supervised
    for tool in ("axolotl", "llama-factory"):
        assert report.others[tool, "here"] * 150 == report.supervised * MOST_ROWS
    (finding,) = [one for one in report.findings if one.id == "other-defaults"]
    assert finding.example is not None
    assert "in the 100 conversations counted" in finding.example.reason
    turns = [{**TALKS[1][n % 2], "content": f"{n}"} for n in range(MOST_MESSAGES + 2)]
    assert ("axolotl", "tokens") not in audit([turns], load_format("chatml")).others


def test_what_is_the_same_is_not_named():
    rows = [{"prompt": talk[:-1], "completion": talk[-1:]} for talk in TALKS[:1]]
    report = audit(rows, load_format("llama3"))
    assert report.others["trl", "tokens"] == report.supervised
    assert report.findings == []
    other = audit(TALKS, load_format("llama3"))
    (finding,) = [one for one in other.findings if one.id == "other-defaults"]
    assert finding.example is not None
    assert f"TRL's SFTTrainer supervises {other.tokens} tokens instead of" in finding.example.reason
    assert "compares this with LLaMA-Factory 0.9.5)" in finding.example.reason
    assert finding.count == 2
