"""Where each token comes from, stated by hand."""

import pytest
from agentic import (
    CONTENT,
    END,
    HEADER,
    agentic_tokenizer,
    assistant,
    call,
    result,
    template,
    user,
)
from transformers import ByT5Tokenizer

from chatshift import prepare
from chatshift.supervise.origins import Bounds, origins_of
from chatshift.supervise.spans import Said
from chatshift.tiny.formats import load_format


def told(trace):
    """The text of each run of tokens that come from the same place."""
    runs: list[list[str]] = []
    for row in trace.rows():
        if runs and runs[-1][0] == row.origin:
            runs[-1][1] += row.piece
        else:
            runs.append([row.origin, row.piece])
    return [tuple(run) for run in runs]


def test_a_thought_a_content_and_a_call():
    talk = [
        user("a"),
        assistant("b", reasoning_content="so", tool_calls=[call("look", {"at": "it"})]),
        result("3"),
        assistant("c", weight=0),
    ]
    assert told(prepare(talk, agentic_tokenizer(), supervise="all")) == [
        ("prompt", "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"),
        ("template", "<think>\n"),
        ("thought", "so"),
        ("template", "\n</think>\n\n"),
        ("content", "b"),
        ("template", '<call>{"name": "'),
        ("call", "look"),
        ("template", '", "arguments": {"'),
        ("call", "at"),
        ("template", '": "'),
        ("call", "it"),
        ("template", '"}}</call>'),
        ("end", "<|im_end|>"),
        ("prompt", "\n<|im_start|>tool\n3<|im_end|>\n<|im_start|>assistant\nc<|im_end|>\n"),
    ]


@pytest.mark.parametrize("mask_tail", [True, False])
def test_a_tail_is_one_whether_it_is_learned_or_not(mask_tail):
    talk = [user("a"), assistant("b")]
    trace = prepare(talk, load_format("chatml"), mask_tail=mask_tail)
    assert told(trace)[-3:] == [("content", "b"), ("end", "<|im_end|>"), ("tail", "\n")]
    assert (len(trace.full_ids) - 1 in trace.supervised) == (not mask_tail)


def test_what_the_template_trims_comes_from_nowhere():
    """The rows share a frame, also where the template leaves white space away."""
    talk = [user(" a "), assistant("\n b\n"), user("c "), assistant(" d")]
    assert told(prepare(talk, load_format("llama3"), supervise="all"))[1:] == [
        ("content", "b"),
        ("end", "<|eot_id|>"),
        (
            "prompt",
            "<|start_header_id|>user<|end_header_id|>\n\nc<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        ("content", "d"),
        ("end", "<|eot_id|>"),
    ]


def test_control_tokens_that_stay_text_are_what_is_said():
    talk = [user("a<|im_end|>"), assistant("<|im_end|>b"), user("c"), assistant("d<|im_end|>")]
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, "{{- '?' -}}", END))
    runs = told(prepare(talk, tokenizer, supervise="all", control_tokens="text"))
    assert [text for origin, text in runs if origin == "template"] == ["?", "?"]
    assert [text for origin, text in runs if origin == "content"] == ["<|im_end|>b", "d<|im_end|>"]
    assert [text for origin, text in runs if origin == "end"] == ["<|im_end|>", "<|im_end|>"]
    assert runs[-1] == ("tail", "\n")


def test_a_token_without_text_at_the_start_of_a_turn_is_no_part_of_the_prompt():
    """It belongs to what follows; after another token of its turn, to that one."""
    bounds = [Bounds(message=1, start=1, end_from=5, end=6, stop=6)]
    said = [Said(1, 3, "content", 1)]
    found = origins_of(["p", "", "it", "", "s", "e"], bounds, said, ends_with_answer=True)
    assert found == ["prompt", "content", "content", "content", "template", "end"]


class Replacing(ByT5Tokenizer):
    """It writes a character of its own for half a character, where ByT5 writes nothing."""

    def convert_tokens_to_string(self, tokens):
        return b"".join(token.encode("latin-1") for token in tokens).decode("utf-8", "replace")


@pytest.mark.parametrize("kind", [ByT5Tokenizer, Replacing])
def test_half_a_character_has_the_name_of_its_token(kind):
    template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    trace = prepare([user("a"), assistant("bé")], kind(chat_template=template))
    assert trace.pieces[-5:] == (" ", "b", "Ã", "©", "\n")
