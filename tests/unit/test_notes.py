"""What the template did that nobody expects: each finding by its name, place and words."""

from typing import Any

import pytest

from chatshift import prepare
from chatshift.notes import NOTES
from chatshift.tiny.formats import load_format

USER, YES = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}
OPENING = "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"
LOOP = (
    "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>{% endfor %}"
)
PARTS = [{"type": "text", "text": "Yes"}, {"type": "text", "text": "!"}]

# The template (a bundled format or its source), the messages, the settings, and the finding:
# its name, its message, the token at its position, and its words.
CASES: dict[str, Any] = {
    "stripped": (
        "llama3",
        [USER, {**YES, "content": " Yes\n"}],
        {},
        (
            "answer changed",
            1,
            "Yes",
            "The template removed white space at the answer's edges: it wrote 'Yes' for ' Yes\\n'.",
        ),
    ),
    "rewritten": (
        LOOP.replace("m.content", "m.content | replace('Yes', 'No')") + OPENING,
        [USER, YES],
        {},
        ("answer changed", 1, "No", "The template rewrote the answer: it wrote 'No' for 'Yes'."),
    ),
    "system message left out": (
        LOOP.replace("in messages", "in messages if m.role != 'system'") + OPENING,
        [{"role": "system", "content": "Be brief."}, USER, YES],
        {},
        (
            "message missing",
            0,
            "<start_of_turn>",
            "The text of this 'system' message is not in the render as it stands: 'Be brief.'.",
        ),
    ),
    "user message rewritten": (
        LOOP.replace("m.content", "m.content | upper") + OPENING,
        [USER, {**YES, "content": "YES"}],
        {},
        (
            "message missing",
            0,
            "<start_of_turn>",
            "The text of this 'user' message is not in the render as it stands: 'Hi'.",
        ),
    ),
    "list as Python": (
        LOOP.replace("{{ m.content }}", "{{ m.content | string }}") + OPENING,
        [USER, {**YES, "content": PARTS}],
        {"boundary": "answer"},
        (
            "list content printed",
            1,
            "[",
            "The template wrote the list itself: \"[{'type': 'text', "
            "'text': 'Yes'}, {'type': 'text', 'text': …\". Join the parts into one string.",
        ),
    ),
    "think block": (
        "think",
        [USER, YES],
        {"mask_tail": True},
        (
            "text before the answer",
            1,
            "<think>",
            "The template wrote '<think>\\n\\n</think>\\n\\n' before "
            "the answer; it is learned too.",
        ),
    ),
    "token across": (
        "mistral",
        [USER, {**YES, "content": "Hello"}],
        {"boundary": "answer"},
        (
            "token across the start",
            1,
            " Hel",
            "This token holds text of the template and the start of the answer, so it is masked.",
        ),
    ),
    "no end": (
        LOOP.replace("<end_of_turn>", "") + OPENING,
        [USER, YES],
        {},
        (
            "no end of turn",
            1,
            "Yes",
            "No control token ends this answer, so the model does not learn to stop.",
        ),
    ),
    "tail": (
        "gemma3",
        [USER, YES],
        {},
        (
            "tail after the end of turn",
            1,
            "\n",
            "The template wrote '\\n' after the end of the turn; "
            "it is learned too. mask_tail=True masks it.",
        ),
    ),
    "twice": (
        LOOP.replace("{{ m.content }}", "{{ m.content }}{{ m.content }}") + OPENING,
        [USER, YES],
        {},
        (
            "answer not located",
            1,
            "Yes",
            "Not compared: the template writes this answer twice, or "
            "changes the order of the answers.",
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_note(case, tokenizer):
    template, messages, settings, expected = CASES[case]
    if "{" in template:
        tokenizer.chat_template = template
    else:
        tokenizer = load_format(template)
    trace = prepare(messages, tokenizer, **settings)
    found = [(n.name, n.message, trace.pieces[n.position], n.text) for n in trace.notes]
    assert [note for note in found if note[0] == expected[0]] == [expected]


def test_every_kind_of_note_has_a_case():
    assert {expected[0] for *_, expected in CASES.values()} == set(NOTES)


def test_nothing_to_note(trace):
    assert trace.notes == ()


def test_an_answer_as_parts_is_learned_as_their_text(tokenizer):
    parts = "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    parts += "{{ p.text }}{% endfor %}{% endif %}"
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", parts) + OPENING
    joined = prepare([USER, {**YES, "content": "Yes!"}], tokenizer)
    for boundary in ("prompt", "answer"):
        trace = prepare([USER, {**YES, "content": PARTS}], tokenizer, boundary=boundary)
        assert trace.labels == joined.labels
        assert trace.notes == ()
