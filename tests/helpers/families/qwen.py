"""Families of Qwen: ChatML with thoughts, and calls between `<tool_call>` marks."""

from dataclasses import replace

from families.chatml import HEADER, chatml
from families.form import Piece, Pieces, Place, as_json, dropped, results, split_think, think

EMPTY_THOUGHT = "<think>\n\n</think>\n\n"
TOOL_RUN = results("<|im_start|>user", "\n<tool_response>\n{}\n</tool_response>", "<|im_end|>\n")


def json_calls(place: Place, text: str) -> Pieces:
    """One JSON object a call, each on lines of its own."""
    pieces = []
    for number, function in enumerate(place.functions):
        pieces.append(Piece("template", "\n" if number or text else ""))
        inside = f'{{"name": "{function["name"]}", "arguments": {as_json(function["arguments"])}}}'
        pieces.append(Piece("call", f"<tool_call>\n{inside}\n</tool_call>"))
    return pieces


def with_calls(place: Place, text: str) -> Pieces:
    return [Piece("content", text), *json_calls(place, text)]


def qwen3(place: Place, text: str) -> Pieces:
    """After the last question: a thought, or an empty one in the last message."""
    thought, said = split_think(place, text)
    if not place.answers_question or not (place.last or thought):
        return with_calls(place, said)
    return [
        *think(thought.strip("\n")),
        Piece("content", said.lstrip("\n")),
        *json_calls(place, said),
    ]


def qwen3_thinking(place: Place, text: str) -> Pieces:
    """A question in parts is not taken for a question."""
    messages = [
        m if isinstance(m["content"], str) or m["role"] != "user" else {**m, "role": "parts"}
        for m in place.messages
    ]
    return qwen3(replace(place, messages=messages), text)


def qwen35(place: Place, text: str) -> Pieces:
    """After the last question a thought, an empty one too; calls with one element a parameter."""
    thought, said = split_think(place, text.strip())
    pieces = think(thought.strip()) if place.answers_question else []
    pieces.append(Piece("content", said))
    for number, function in enumerate(place.functions):
        pieces.append(Piece("template", "\n" if number else "\n\n" if said.strip() else ""))
        call = f"<tool_call>\n<function={function['name']}>\n"
        for key, value in function["arguments"].items():
            shown = as_json(value) if isinstance(value, (dict, list)) else str(value)
            call += f"<parameter={key}>\n{shown}\n</parameter>\n"
        pieces.append(Piece("call", f"{call}</function>\n</tool_call>"))
    return pieces


def qwq(place: Place, text: str) -> Pieces:
    """Earlier turns lose the thought in their content."""
    said = text if place.last else text.split("</think>")[-1].lstrip("\n")
    return [Piece("content", said), *json_calls(place, text)]


def qwen3_prompt(place: Place) -> str:
    off = place.keywords.get("enable_thinking") is False
    return HEADER + (EMPTY_THOUGHT if off else "")


def qwen35_prompt(place: Place) -> str:
    on = place.keywords.get("enable_thinking") is True
    return HEADER + ("<think>\n" if on else EMPTY_THOUGHT)


def qwq_prompt(place: Place) -> str:
    on = place.keywords.get("enable_thinking") is True
    return f"{HEADER}<think>\n" + ("" if on else "</think>")


QWEN_FAMILIES = [
    chatml("Qwen-Qwen2.5-7B-Instruct", body=with_calls, result=TOOL_RUN),
    chatml("Qwen-Qwen3-0.6B", body=qwen3, prompt=qwen3_prompt, result=TOOL_RUN, splits=True),
    chatml("Qwen-Qwen3-4B-Instruct-2507", body=with_calls, result=TOOL_RUN, parts=dropped),
    chatml(
        "Qwen-Qwen3-4B-Thinking-2507",
        body=qwen3_thinking,
        prompt=f"{HEADER}<think>\n",
        result=TOOL_RUN,
        parts=dropped,
        splits=True,
    ),
    chatml(
        "Qwen-Qwen3.5-0.8B",
        body=qwen35,
        prompt=qwen35_prompt,
        result=TOOL_RUN,
        asks=str.strip,
        splits=True,
    ),
    chatml(
        "Qwen-QwQ-32B",
        body=qwq,
        prompt=qwq_prompt,
        result=TOOL_RUN,
        splits=True,
    ),
]
