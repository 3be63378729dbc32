"""A short conversation with two answers, templates that mark answers, and a count of renders."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from chatshift.template.chat_template import ChatTemplate

QUESTIONS = ("What is the capital of France?", "And of Italy?")
ANSWERS = ("It is Paris.", "It is Rome.")
THOUGHTS = ("I know France.", "I know Italy.")

# What a ChatML template writes for an answer, in Jinja. The marks stand around some of it.
PIECES = ("'<|im_start|>assistant\\n'", "message['content']", "'<|im_end|>'", "'\\n'")
OTHERS = "'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n'"
STRETCHES = {"content": (1, 2), "content and end": (1, 3), "whole message": (0, 4)}


def talk() -> list[dict[str, str]]:
    """Return a conversation of two questions and two answers.

    >>> [message["content"] for message in talk()][1:3]
    ['It is Paris.', 'And of Italy?']
    """
    return _conversation(ANSWERS)


def talk_with_thoughts() -> list[dict[str, str]]:
    """Return the same conversation with a think block before each answer.

    >>> talk_with_thoughts()[1]["content"]
    '<think>\\nI know France.\\n</think>\\n\\nIt is Paris.'
    """
    return _conversation(
        [
            f"<think>\n{thought}\n</think>\n\n{answer}"
            for thought, answer in zip(THOUGHTS, ANSWERS, strict=True)
        ]
    )


def _conversation(answers: Any) -> list[dict[str, str]]:
    return [
        {"role": role, "content": content}
        for pair in zip(QUESTIONS, answers, strict=True)
        for role, content in zip(("user", "assistant"), pair, strict=True)
    ]


def marked_template(stretch: str) -> str:
    """Return a ChatML template with `{% generation %}` around one stretch of each answer.

    Args:
        stretch: one of `STRETCHES`.
    """
    start, stop = STRETCHES[stretch]
    pieces = [f"{{{{- {piece} -}}}}" for piece in PIECES]
    marked = ["{%- generation -%}", *pieces[start:stop], "{%- endgeneration -%}"]
    return "\n".join(
        [
            "{%- for message in messages -%}",
            "{%- if message['role'] == 'assistant' -%}",
            *pieces[:start],
            *marked,
            *pieces[stop:],
            "{%- else -%}",
            f"{{{{- {OTHERS} -}}}}",
            "{%- endif -%}",
            "{%- endfor -%}",
        ]
    )


def characters_rendered(work: Callable, messages: Any, tokenizer: Any, **settings: Any) -> int:
    """Return how many characters the template writes during `work(messages, tokenizer, ...)`.

    Characters are counted, not seconds: the count is the same on every machine.
    """
    render, lengths = ChatTemplate.render, []

    def recorded(*args: Any, **kwargs: Any) -> str:
        text = render(*args, **kwargs)
        lengths.append(len(text))
        return text

    with patch.object(ChatTemplate, "render", recorded):
        work(messages, tokenizer, **settings)
    return sum(lengths)
