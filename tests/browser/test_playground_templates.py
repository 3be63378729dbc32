"""Real templates in the page: the same as in Python, or the page says what it cannot do."""

from pathlib import Path

import pytest
from playground_cases import (
    WEATHER,
    answer,
    ask_all,
    called,
    check,
    expected,
    state_of,
    turns,
)
from playground_templates import HOSTILE
from real_templates import CONTROL, load_templates
from tokenizers import AddedToken

from chatshift import load_tokenizer

RESULT = {"role": "tool", "name": "weather", "tool_call_id": "call00001", "content": '{"t": 3}'}
CASES = {
    "turns": (turns("Hi ", "\nYes", "More 🙂é", "No", system="Be brief."), {}),
    "thoughts": (
        [{"role": "user", "content": "Hi"}, answer("<think>hm</think>\n\nYes")] * 2,
        {"supervise": "all", "boundary": "answer"},
    ),
    "a call": (
        [
            {"role": "user", "content": "Weather?"},
            called(city="Paris", n=3, yes=True) | {"content": ""},
            RESULT,
            answer("It is 3."),
        ],
        {"tools": [WEATHER]},
    ),
}
# What Python's Jinja and JavaScript do in different ways, each in front of a plain template.
HELPERS = Path(__file__).parents[1] / "helpers"
SNIPPETS = (HELPERS / "jinja_snippets.txt").read_text("utf-8").splitlines()
PLAIN = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
PLAIN += "{% if add_generation_prompt %}<|assistant|>{% endif %}"
# Some of 786: all of them take minutes.
TEMPLATES = dict(list(load_templates().items())[::16])


def tokenizer_for(source):
    """The bundled tokenizer with a template, and the control tokens that it writes."""
    tokenizer = load_tokenizer()
    known = set(tokenizer.get_added_vocab())
    control = [text for text in dict.fromkeys(CONTROL.findall(source)) if text not in known]
    added = [AddedToken(text, normalized=False, special=True) for text in control]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.chat_template = source
    return tokenizer, control


@pytest.mark.parametrize("name", CASES)
def test_real_templates_write_the_same_or_are_refused(open_page, name):
    page = open_page("book/playground.html")
    page.wait_for_selector("#try-it[data-ready=yes]")
    messages, settings = CASES[name]
    special = {"bos_token": "<bos>", "eos_token": "<eos>"}
    tokenizers = {title: tokenizer_for(source) for title, source in TEMPLATES.items()}
    states = [
        state_of(messages, settings)
        | {"template": {"text": TEMPLATES[title], "special": special, "control": control}}
        for title, (_, control) in tokenizers.items()
    ]
    answers = ask_all(page, states)
    refused, same = [], 0
    for (title, (tokenizer, _)), shown in zip(tokenizers.items(), answers, strict=True):
        if shown.get("error", {}).get("type") == "Not in this page":
            refused.append(title)
        else:
            check(shown, expected(messages, tokenizer, settings), f"{title}, {name}")
            same += 1
    assert same >= 45
    assert len(refused) <= 3, refused


def test_an_operation_means_what_it_means_in_python(open_page):
    page = open_page("book/playground.html")
    page.wait_for_selector("#try-it[data-ready=yes]")
    talk, special = turns("Hi", "Yes"), {"bos_token": "<bos>", "eos_token": "<eos>"}
    sources = [f"{snippet}{PLAIN}" for snippet in SNIPPETS]
    tokenizers = [tokenizer_for(source) for source in sources]
    states = [
        state_of(talk, {}) | {"template": {"text": source, "special": special, "control": control}}
        for source, (_, control) in zip(sources, tokenizers, strict=True)
    ]
    refused = []
    for snippet, (tokenizer, _), shown in zip(
        SNIPPETS, tokenizers, ask_all(page, states), strict=True
    ):
        if shown.get("error", {}).get("type") == "Not in this page":
            refused.append((snippet, shown["error"]["message"]))
        else:
            check(shown, expected(talk, tokenizer, {}), snippet)
    assert len(refused) <= 3, refused


def test_templates_that_are_hard_to_read_are_read_as_in_python(open_page):
    page = open_page("book/playground.html")
    page.wait_for_selector("#try-it[data-ready=yes]")
    special = {"bos_token": "<bos>", "eos_token": "<eos>"}
    tokenizers = [tokenizer_for(source) for source, _, _ in HOSTILE.values()]
    states = [
        state_of(talk, settings)
        | {"template": {"text": source, "special": special, "control": control}}
        for (source, talk, settings), (_, control) in zip(HOSTILE.values(), tokenizers, strict=True)
    ]
    kinds = []
    for (title, (_, talk, settings)), (tokenizer, _), shown in zip(
        HOSTILE.items(), tokenizers, ask_all(page, states), strict=True
    ):
        wanted = expected(talk, tokenizer, settings)
        check(shown, wanted, title)
        kinds.append(wanted.get("type", "labels"))
    assert kinds.count("labels") >= 12
    assert "TemplateError" in kinds
