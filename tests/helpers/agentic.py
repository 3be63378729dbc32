"""A template that writes thoughts, calls and results, and messages to try it with."""

from typing import Any

from chatshift.tiny.formats import load_format

HEADER = "{{- '<|im_start|>' + message.role + '\n' -}}"
THOUGHT = (
    "{%- if message.reasoning_content is defined -%}"
    "{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' -}}{%- endif -%}"
)
CONTENT = "{{- message.content -}}"
CALLS = (
    "{%- for call in message.tool_calls or [] -%}"
    '{{- \'<call>{"name": "\' + call.function.name + \'", "arguments": \' -}}'
    "{{- (call.function.arguments | tojson) + '}</call>' -}}{%- endfor -%}"
)
END = "{{- '<|im_end|>\n' -}}"
TOOLS = (
    "{%- if tools -%}{{- '<|im_start|>tools\n' + (tools | tojson) + '<|im_end|>\n' -}}{%- endif -%}"
)
OPENING = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"


def template(*pieces, opening=OPENING):
    """A ChatML template that writes these pieces for each message."""
    body = "".join(pieces)
    return TOOLS + "{%- for message in messages -%}" + body + "{%- endfor -%}" + opening


WHOLE = template(HEADER, THOUGHT, CONTENT, CALLS, END)


def agentic_tokenizer(source=WHOLE):
    """The bundled tokenizer with ChatML's control tokens and such a template."""
    tokenizer = load_format("chatml")
    tokenizer.chat_template = source
    return tokenizer


def user(content, **fields):
    return {"role": "user", "content": content, **fields}


def assistant(content, **fields):
    return {"role": "assistant", "content": content, **fields}


def result(content):
    return {"role": "tool", "content": content}


def call(name, arguments: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def supervised(trace):
    """The supervised text of each turn."""
    return ["".join(trace.pieces[turn.start : turn.stop]) for turn in trace.turns]


def kinds_of_notes(trace):
    return [note.name for note in trace.notes]
