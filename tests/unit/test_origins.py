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

from chatshift import prepare
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
