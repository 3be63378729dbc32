"""Conversations with tools: calls first, in the middle, last; alone or with words beside them."""

import json
from typing import Any

Message = dict[str, Any]
MISSING = object()

ASK = {"role": "user", "content": "What is 6 * 7?"}
DONE = {"role": "assistant", "content": "It is 42."}


def tool(name: str, description: str = "Multiply two numbers.") -> dict:
    """A tool, as it is declared."""
    number = {"type": "integer", "description": "A number."}
    parameters = {"type": "object", "properties": {"a": number, "b": number}, "required": ["a"]}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


def call(name: str = "multiply", number: int = 1, **arguments: Any) -> dict:
    """A call; its identity has nine characters, as Mistral's templates demand."""
    function = {"name": name, "arguments": arguments}
    return {"id": f"call{number:05}", "type": "function", "function": function}


def calling(*calls: dict, content: Any = "", **keys: Any) -> Message:
    """An assistant message with calls."""
    message = {"role": "assistant", "content": content, "tool_calls": list(calls), **keys}
    if content is MISSING:
        del message["content"]
    return message


def result(content: str = "42", number: int = 1, name: str = "multiply") -> Message:
    """What a tool gave back."""
    identity = f"call{number:05}"
    return {"role": "tool", "content": content, "tool_call_id": identity, "name": name}


def as_text(one: dict) -> dict:
    """The call with its arguments as JSON text."""
    function = {**one["function"], "arguments": json.dumps(one["function"]["arguments"])}
    return {**one, "function": function}


CALL = call(a=6, b=7)
TOOLS = [tool("multiply")]
WORDS = call("find", query="big cats")
NESTED = call("find", filters={"age": [3, 4.5], "safe": True}, note=None)
STRANGE = call("find", query='He said "no"\n<b>é🙂</b> \\ {"a": 1}')


def without_tools() -> dict[str, list[Message]]:
    """Calls and results in a row that declares no tools."""
    after = [{"role": "user", "content": "Thanks."}, {"role": "assistant", "content": "Sure."}]
    return {
        "call last": [ASK, calling(CALL)],
        "call, result, answer": [ASK, calling(CALL), result(), DONE],
        "call in an earlier turn": [ASK, calling(CALL), result(), DONE, *after],
        "two calls one after the other": [
            *[ASK, calling(CALL), result()],
            *[calling(call(number=2, a=1, b=2)), result("2", 2), DONE],
        ],
        "parallel calls": [
            *[ASK, calling(CALL, call("add", 2, a=1, b=2))],
            *[result(), result("3", 2, "add"), DONE],
        ],
        "parallel calls last": [ASK, calling(CALL, call("add", 2, a=1, b=2))],
        "content beside a call": [ASK, calling(CALL, content="Let me see."), result(), DONE],
        "content beside a last call": [ASK, calling(CALL, content="Let me see.")],
        "blank content beside a call": [ASK, calling(CALL, content=" \n"), result(), DONE],
        "content None beside a call": [ASK, calling(CALL, content=None), result(), DONE],
        "no content beside a call": [ASK, calling(CALL, content=MISSING), result(), DONE],
        "thought beside a call": [
            *[ASK, calling(CALL, reasoning_content="I should multiply."), result()],
            {**DONE, "reasoning_content": "I have it."},
        ],
        "thought beside a last call": [ASK, calling(CALL, reasoning_content="I should multiply.")],
        "thought, content and a last call": [
            ASK,
            calling(CALL, content="Let me see.", reasoning_content="I should multiply."),
        ],
        "arguments as JSON text": [ASK, calling(as_text(CALL)), result(), DONE],
        "no arguments": [ASK, calling(call("now")), result("noon", 1, "now"), DONE],
        "words as arguments": [ASK, calling(WORDS), result("lions", 1, "find"), DONE],
        "arguments in arguments": [ASK, calling(NESTED)],
        "strange arguments": [ASK, calling(STRANGE)],
        "the name of the tool as words": [
            *[{"role": "user", "content": "multiply"}, calling(CALL), result("multiply")],
            {"role": "assistant", "content": "multiply"},
        ],
        "the answer is the result": [ASK, calling(CALL), result("It is 42."), DONE],
        "a tool named assistant": [ASK, calling(call("assistant", a=1)), result(), DONE],
        "a call quoted in an answer": [
            ASK,
            {"role": "assistant", "content": '{"name": "multiply", "arguments": {"a": 6}}'},
        ],
        "weight 0 of a call": [ASK, calling(CALL, weight=0), result(), {**DONE, "weight": 1}],
        "tool message without a call": [ASK, {"role": "tool", "content": "42"}, DONE],
        "question after a call": [ASK, calling(CALL), ASK, DONE],
    }


def tool_conversations(control: str) -> dict[str, tuple[list[Message], list | None]]:
    """All of them, each with its tools; `control` is a control token of the template."""
    rows: dict[str, tuple[list[Message], list | None]] = {
        name: (messages, None) for name, messages in without_tools().items()
    }
    declared = ["call last", "call, result, answer", "call in an earlier turn", "parallel calls"]
    rows |= {f"{name}, tools declared": (rows[name][0], TOOLS) for name in declared}
    system = {"role": "system", "content": "Use tools."}
    rows["tools and no call"] = ([ASK, DONE], TOOLS)
    rows["tools and two turns"] = ([ASK, DONE, ASK, DONE], TOOLS)
    rows["tools and a system message"] = ([system, ASK, calling(CALL), result(), DONE], TOOLS)
    rows["control token in a tool"] = ([ASK, DONE], [tool("multiply", f"a{control}b")])
    rows["control token in an argument"] = ([ASK, calling(call("find", query=control))], None)
    rows["control token in a result"] = ([ASK, calling(CALL), result(f"a{control}b"), DONE], None)
    return rows
