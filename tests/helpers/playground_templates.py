"""Rows and templates that are hard to read, for the playground."""

from typing import Any

from playground_cases import ASKED, answer, called, turns

CHATML = """{%- for m in messages -%}
{{- '<|im_start|>' + m.role + '\\n' -}}%BODY%{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}%PROMPT%{%- endif -%}"""


def chatml(body: str = "{{- m.content -}}", prompt: str = "") -> str:
    """A template of the kind of ChatML, with a body for each message and a longer prompt."""
    return CHATML.replace("%BODY%", body).replace("%PROMPT%", prompt)


FROM_ANSWER = {"boundary": "answer", "mask_tail": True}
TAKES_AWAY = chatml("{{- m.content.split('</think>')[-1].strip() -}}")
THINKS = chatml(
    prompt="{%- if 'quickly' in messages[-1].content -%}{{- '<think></think>' -}}{%- endif -%}"
)
SUPPLIES = chatml(
    "{{- ('<a>' if m.role == 'assistant' else '') + m.content -}}",
    "{%- if 'free' not in messages[-1].content -%}{{- '<a>' -}}{%- endif -%}{{- '<b>' -}}",
)
OPENED = chatml(prompt="{{- '<think>' -}}")
COMPARES = chatml("{{- '<|im_start|>' if m == messages[0] else '' -}}{{- m.content -}}")
NOTHING = chatml("{{- m.content or 'nothing' -}}")
ANOTHER_TURN = chatml(
    "{%- for c in m.tool_calls or [] -%}{{- c.function.name -}}{{- '<|im_end|>\n' -}}"
    "{{- '<|im_start|>assistant\n' -}}{%- endfor -%}{{- m.content -}}"
)
# It writes a system message of its own, with the token that ends an answer, and the last two turns.
OWN_SYSTEM = "{{- '<|im_start|>system\nBrief.<|im_end|>\n' -}}" + chatml()
LAST_ONES = chatml().replace("in messages", "in messages[-2:]")
DANGLES = chatml() + "{%- if not add_generation_prompt -%}{{- '<|im_start|>user\n' -}}{%- endif -%}"
LOOP = "{% for m in messages %}"
ALWAYS_WORDS = (
    LOOP + "### {{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}### assistant{{ '\n' }}"
)
ALWAYS_TOKENS = LOOP + "<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"
# The conversation stands inside a question, whose end comes before the next header.
JUDGED = "<|user|>" + LOOP + "{{ m.role }}: {{ m.content }}\n{% endfor %}"
JUDGED += "##\nIs it safe?<|end|><|assistant|>"
LAST_ALONE = "{% set last = messages[-1].content if messages[-1].role == 'assistant' else '' %}"
LAST_ALONE += "%FIRST%<|user|>judge {{ last }}|<|end|><|user|>assistant<|end|>"
# Rows and templates for which a small change of the rule gives other labels or notes.
HOSTILE: dict[str, tuple[str, list, dict[str, Any]]] = {
    "tags taken away": (TAKES_AWAY, turns("a", "</think>"), {}),
    "tags taken away, from the answer": (
        TAKES_AWAY,
        turns("a", "\n</think>\n\n"),
        {"boundary": "answer"},
    ),
    "half a tag": (TAKES_AWAY, turns("a", "<think>b"), {}),
    "a plan that is written": (
        chatml("{{- m.tool_plan or '' -}}{{- m.content -}}"),
        [ASKED, answer("b", tool_plan="I will look.")],
        {"mask_tail": True},
    ),
    "a plan that is not": (chatml(), [ASKED, answer("b", tool_plan="I will look.")], {}),
    "an answer that is told before its turn": (
        chatml("{{- messages[-1].content if loop.first -}}{{- m.content -}}"),
        turns("a", "b"),
        FROM_ANSWER,
    ),
    "keywords that it reads and others": (
        chatml("{{- mood or '' -}}{{- m.content -}}{{- m.when or '' -}}"),
        turns("a", "b"),
        {"template_kwargs": {"mood": "so", "when": "now", "é": False, "z": None}, "tools": []},
    ),
    "a prompt that goes on after a word": (THINKS, turns("quickly", "b"), FROM_ANSWER),
    "a prompt that does not": (THINKS, turns("slowly", "b"), FROM_ANSWER),
    "a prompt that supplies less": (SUPPLIES, turns("free", "c"), FROM_ANSWER),
    "a prompt that supplies more": (SUPPLIES, turns("bound", "c"), FROM_ANSWER),
    "an answer other than the prompt": (OPENED, turns("a", "b"), FROM_ANSWER),
    "an answer with the prompt": (OPENED, turns("a", "<think>b"), FROM_ANSWER),
    "two questions alike": (COMPARES, turns("a", "b", "a", "c"), {}),
    "two questions apart": (COMPARES, turns("a", "b", "d", "c"), {}),
    "words for nothing": (NOTHING, turns("a", ""), {}),
    "nothing": (chatml(), turns("a", ""), {}),
    "a call written as two turns": (ANOTHER_TURN, [ASKED, called() | {"content": ""}], {}),
    "a system message of its own": (
        OWN_SYSTEM,
        turns("a", "b", "c", "d"),
        {"supervise": "all"},
    ),
    "only the last ones": (LAST_ONES, turns("a", "b", "c", "d"), {"boundary": "answer"}),
    "an opened turn at the end": (DANGLES, turns("a", "b", "c", "d"), {"supervise": "all"}),
    "half a thought that is taken away": (TAKES_AWAY, turns("a", "<think>so</think>Yes!"), {}),
    "an opened turn in words": (ALWAYS_WORDS, turns("a", "b", "c", "d."), {"supervise": "all"}),
    "an opened turn in tokens": (
        ALWAYS_TOKENS,
        turns("a", "b", "c", "d."),
        {"supervise": "all", "boundary": "answer"},
    ),
    "a question around it all": (
        JUDGED,
        turns("a", "b", "c", "d."),
        {"supervise": "all", "boundary": "answer"},
    ),
    "a question around it all, without a tail": (
        JUDGED,
        turns("a", "b", "c", "d."),
        {"supervise": "all", **FROM_ANSWER},
    ),
    "the last one alone": (
        LAST_ALONE.replace("%FIRST%", ""),
        turns("a", "b"),
        {"boundary": "answer"},
    ),
    "the last one alone, after a system message": (
        LAST_ALONE.replace("%FIRST%", "<|user|>system<|fin|>"),
        turns("a", "b"),
        {"boundary": "answer"},
    ),
    "an opened turn after nothing": (DANGLES, turns("a", ""), {"boundary": "answer"}),
}
