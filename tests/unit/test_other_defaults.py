"""What other tools learn by default, beside the tools themselves."""

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from chatshift import audit, load_tokenizer
from chatshift.audit.defaults import MASKED_ROWS, TOOLS
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.tiny.formats import load_format

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
        assert f"TRL {installed}" in TOOLS[key].name
        assert f"TRL {installed}" in TOOLS[key].known


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
    some, many = ([TALKS[0]] * count for count in (MASKED_ROWS, MASKED_ROWS + 50))
    one, other = (audit(rows, tokenizer).others for rows in (some, many))
    for what in ("tokens", "here"):
        assert one["trl-assistant", what] == other["trl-assistant", what]


def by_dummy(messages, tokenizer):
    """A slow rule of our own for what axolotl's source does, message by message.

    The stretch where the render differs from one with another content, and the EOS token if it
    stands within three tokens after.
    """

    def ids_of(talk):
        text = tokenizer.apply_chat_template(talk, tokenize=False)
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    whole, learned = ids_of(messages), 0
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        other = ids_of([*messages[:index], {**message, "content": "[[another]]"}])
        mine = ids_of(messages[: index + 1])
        start = next(i for i, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b)
        back = zip(reversed(mine), reversed(other), strict=False)
        stop = len(mine) - next(i for i, (a, b) in enumerate(back) if a != b)
        after = whole[stop : stop + 4]
        learned += stop - start + (tokenizer.eos_token_id in after)
    return learned


@pytest.mark.parametrize("supervise", ["last", "all"])
@pytest.mark.parametrize("name", ["walkthrough", "gemma3", "chatml", "llama3"])
def test_axolotl_as_its_source_says(name, supervise):
    tokenizer = load_format(name)
    expected = sum(by_dummy(talk, tokenizer) for talk in TALKS)
    assert counted(TALKS, tokenizer, "axolotl", supervise=supervise) == expected


def test_what_is_the_same_is_not_named():
    rows = [{"prompt": talk[:-1], "completion": talk[-1:]} for talk in TALKS[:1]]
    report = audit(rows, load_format("llama3"))
    assert [finding.id for finding in report.findings] == []
    other = audit(TALKS, load_format("llama3"))
    (finding,) = [one for one in other.findings if one.id == "other-defaults"]
    assert finding.example is not None
    assert f"TRL 1.16, SFTTrainer: {other.tokens} tokens where" in finding.example.reason
    assert finding.count == 2
