"""No message brings a control token into the ids: what is checked is the result."""

from typing import Any

import pytest
from agentic import (
    CONTENT,
    END,
    HEADER,
    OPENING,
    agentic_tokenizer,
    assistant,
    call,
    result,
    supervised,
    template,
    user,
)
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from chatshift import ChatshiftError, MessageError, prepare, prepare_batch
from chatshift.template.control_tokens import ControlTokens
from chatshift.tiny.formats import load_format

JOINED = "{%- for part in message.content -%}{{- part.text -}}{%- endfor -%}"
EITHER = (
    "{%- if message.content is string -%}" + CONTENT + "{%- else -%}" + JOINED + "{%- endif -%}"
)


def parts(*texts):
    return [{"type": "text", "text": text} for text in texts]


SMUGGLED = {
    "in a content": [user("a<|im_end|>"), assistant("b")],
    "in an answer": [user("a"), assistant("<|im_start|>b")],
    "in parts": [user(parts("a", "<|im_end|>")), assistant("b")],
    "in a thought": [user("a"), assistant("b", reasoning_content="<|im_end|>")],
    "in a call": [user("a"), assistant("", tool_calls=[call("f", {"x": "<|im_end|>"})])],
    "in a key": [user("a"), assistant("", tool_calls=[call("f", {"<|im_end|>": 1})])],
    "in a name": [user("a", name="<|im_end|>"), assistant("b")],
    "in a result": [
        user("a"),
        assistant("", tool_calls=[call("f", {})]),
        result("<|im_end|>"),
        assistant("b"),
    ],
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_a_control_token_that_a_message_says(case):
    tokenizer = agentic_tokenizer(agentic_tokenizer().chat_template.replace(CONTENT, EITHER))
    talk = SMUGGLED[case]
    with pytest.raises(MessageError) as refusal:
        prepare(talk, tokenizer)
    assert "would make it the control token" in str(refusal.value)
    wrong = next(i for i, message in enumerate(talk) if "<|im_" in str(message))
    assert str(refusal.value).startswith(
        f"messages[{wrong}] ({talk[wrong]['role']!r}) contains '<|"
    )


@pytest.mark.parametrize("joined", [parts("a<|im_", "end|>"), parts("<", "|im_start", "|>")])
def test_parts_that_join_to_a_control_token(joined):
    tokenizer = agentic_tokenizer(template(HEADER, EITHER, END))
    tries: list[dict[str, Any]] = [{}, {"control_tokens": "text"}]
    for settings in tries:
        with pytest.raises(MessageError) as refusal:
            prepare(
                [user("x"), assistant("y"), user(joined), assistant("b")], tokenizer, **settings
            )
        assert str(refusal.value) == (
            "messages[2] ('user') becomes a control token together with the template's text, or "
            "its parts with each other. Separate or remove them, or pass control_tokens='allow' if "
            "it is meant."
        )
    assert prepare([user(joined), assistant("b")], tokenizer, control_tokens="allow")


def test_what_a_message_says_joins_with_the_templates_text():
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, "{{- '|>' -}}", END))
    with pytest.raises(MessageError, match=r"messages\[0\] \('user'\) becomes a control token"):
        prepare([user("<|im_end"), assistant("b")], tokenizer)


@pytest.mark.parametrize(
    "given",
    [
        {"tools": [{"type": "function", "function": {"name": "<|im_end|>"}}]},
        {"template_kwargs": {"mood": "<|im_start|>"}},
    ],
)
def test_tools_and_keywords(given):
    talk = [user("a"), assistant("b")]
    with pytest.raises(ChatshiftError, match=r"(tools|template_kwargs) contain '<\|im_"):
        prepare(talk, agentic_tokenizer(), **given)
    assert prepare(talk, agentic_tokenizer(), control_tokens="allow", **given)


def test_an_eos_token_that_is_not_marked_special():
    tokenizer = load_format("chatml")
    tokenizer.add_tokens([AddedToken("<stop>", normalized=False, special=False)])
    assert prepare([user("a<stop>"), assistant("b")], tokenizer)
    tokenizer.eos_token = "<stop>"
    with pytest.raises(MessageError, match="contains '<stop>'"):
        prepare([user("a<stop>"), assistant("b")], tokenizer)


def test_added_tokens_that_are_not_special_are_content():
    tokenizer = load_format("think")
    assert "<think>" not in ControlTokens(tokenizer)
    trace = prepare([user("a"), assistant("<think>c</think>b")], tokenizer)
    assert "<think>" in trace.pieces


def test_a_token_that_is_added_later_is_seen():
    tokenizer = load_format("chatml")
    talk = [user("a<new>"), assistant("b")]
    assert prepare(talk, tokenizer)
    tokenizer.add_tokens([AddedToken("<new>", special=True)], special_tokens=True)
    with pytest.raises(MessageError, match="contains '<new>'"):
        prepare(talk, tokenizer)


def test_a_role_stays_a_control_token_where_contents_stay_text():
    tokenizer = agentic_tokenizer()
    tokenizer.add_tokens([AddedToken("user", special=True)], special_tokens=True)
    trace = prepare([user("a user"), assistant("b")], tokenizer, control_tokens="text")
    tokens = tokenizer.convert_ids_to_tokens(trace.full_ids)
    assert tokens[:2] == ["<|im_start|>", "user"]
    assert tokens.count("user") == 1
    assert supervised(trace) == ["b<|im_end|>\n"]


@pytest.mark.parametrize("scheme", ["first", "always", "never"])
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_kept_as_text_no_space_is_added(scheme, boundary):
    tokenizer = metaspace(scheme)
    talk = [user("Bye<|im_end|>Sure"), assistant("No<|im_end|>is it")]
    settings: dict[str, Any] = {"control_tokens": "text", "boundary": boundary, "mask_tail": True}
    trace = prepare(talk, tokenizer, **settings)
    assert supervised(trace) == ["No<|im_end|>is it<|im_end|>"]
    assert "".join(trace.pieces) == trace.full_text
    tokens = tokenizer.convert_ids_to_tokens(trace.full_ids)
    assert tokens.count("<|im_end|>") == 2
    learned = "".join(tokens[trace.turns[0].start : trace.turns[0].stop])
    assert learned.lstrip("▁") == "No<|im_end|>is▁it<|im_end|>"
    row = prepare_batch([talk], tokenizer, shifted=False, **settings)[0]
    assert row == trace.for_transformers()


def metaspace(scheme):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    alphabet = [*map(chr, range(33, 127)), "\n", "▁", "\ue0f5"]
    trainer = trainers.BpeTrainer(vocab_size=200, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["it is user\n assistant\n"] * 3, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    control = [AddedToken(text, normalized=False) for text in ("<|im_start|>", "<|im_end|>")]
    fast.add_tokens(control, special_tokens=True)
    fast.chat_template = template(HEADER, CONTENT, END, opening=OPENING)
    return fast
