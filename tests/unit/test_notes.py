"""What the template did that nobody expects: each kind of note by its name, place and words."""

from typing import Any

import pytest

from chatshift import load_tokenizer, prepare, prepare_batch
from chatshift.supervise.notes import NOTES
from chatshift.tiny.formats import load_format

USER, YES = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}
SYSTEM = {"role": "system", "content": "Be brief."}
OPENING = "{% if add_generation_prompt %}<start_of_turn>assistant\n{% endif %}"
LOOP = (
    "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>{% endfor %}"
)
PARTS = [{"type": "text", "text": "Yes"}, {"type": "text", "text": "!"}]
CALL = {
    "role": "assistant",
    "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": {}}}],
}
RESULT = {"role": "tool", "content": "42"}

# The template (a bundled format or its source), the messages, the settings, and the note: its name,
# its message, the token at its position, and its words.
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
        LOOP.replace("m.content", "m.content | replace('Yes', 'Oh, Yes')") + OPENING,
        [USER, YES],
        {},
        (
            "answer changed",
            1,
            "O",
            "The template rewrote the answer: it wrote 'Oh, Yes' for 'Yes'.",
        ),
    ),
    "system message left out": (
        LOOP.replace("in messages", "in messages if m.role != 'system'") + OPENING,
        [SYSTEM, USER, YES],
        {},
        (
            "content left out",
            0,
            "<start_of_turn>",
            "The template does not write the content of this 'system' message: 'Be brief.'.",
        ),
    ),
    "a call that is not learned": (
        "chatml",
        [USER, CALL, RESULT, YES],
        {},
        (
            "call left out",
            1,
            "<|im_start|>",
            "The template does not write the call of this 'assistant' message: 'look'.",
        ),
    ),
    "thought": (
        "chatml",
        [USER, {**YES, "reasoning_content": "Hm."}],
        {},
        (
            "thought left out",
            1,
            "Yes",
            "The template does not write the thought of this 'assistant' message: 'Hm.'.",
        ),
    ),
    "a key that no template knows": (
        "chatml",
        [USER, {**YES, "refusal": "I will not."}],
        {},
        (
            "key not read",
            1,
            "Yes",
            "The template does not read 'refusal' of this 'assistant' message: 'I will not.'.",
        ),
    ),
    "a keyword that the template does not know": (
        "chatml",
        [USER, YES],
        {"template_kwargs": {"enable_thinkng": False}},
        (
            "keyword not read",
            1,
            "Yes",
            "The template does not read enable_thinkng: it writes the same text without.",
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
            "'text': 'Yes'}, {'type': 'text', 'text': …\".",
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
    "header": (
        LOOP,
        [USER, YES],
        {},
        (
            "header learned",
            1,
            "<start_of_turn>",
            "The template wrote '<start_of_turn>assistant\\n' before the answer; it is learned "
            "too.",
        ),
    ),
    "generation prompt": (
        LOOP + OPENING.replace("assistant\n", "assistant\n<think>"),
        [USER, YES],
        {"boundary": "answer"},
        (
            "generation prompt not matched",
            1,
            "Yes",
            "The generation prompt goes on with '<think>'; the row does not.",
        ),
    ),
    "many answers": (
        "llama3",
        [USER, YES] * 17,
        {"supervise": "all"},
        ("prompts sampled", 33, "Yes", "6 of 17 prompts were rendered."),
    ),
    "token across": (
        LOOP.replace("\n", "'") + OPENING.replace("\n", "'"),
        [USER, {**YES, "content": "s it"}],
        {"boundary": "answer"},
        (
            "token across the start",
            1,
            " it",
            'The token after "\'" holds the start of the answer, so it is masked.',
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
    "of another shape": (
        "{% if messages | length > 1 and messages[-1].content == 'Yes' %}"
        "<start_of_turn>user\nHi<end_of_turn><start_of_turn>assistant\nYes<end_of_turn>!"
        "{% else %}" + LOOP + OPENING + "{% endif %}",
        [USER, YES],
        {},
        (
            "answer not located",
            1,
            "Yes",
            "Not compared: the template writes this answer in another way than others.",
        ),
    ),
}


def case_of(name):
    template, messages, settings, expected = CASES[name]
    if "{" not in template:
        return load_format(template), messages, settings, expected
    tokenizer = load_tokenizer()
    tokenizer.chat_template = template
    return tokenizer, messages, settings, expected


@pytest.mark.parametrize("name", CASES)
def test_note(name):
    tokenizer, messages, settings, expected = case_of(name)
    trace = prepare(messages, tokenizer, **settings)
    found = [(n.name, n.message, trace.pieces[n.position], n.text) for n in trace.notes]
    assert [note for note in found if note[0] == expected[0]] == [expected]


@pytest.mark.parametrize("name", CASES)
def test_a_batch_counts_it(name):
    tokenizer, messages, settings, expected = case_of(name)
    rows = [[USER], messages, messages]
    batch = prepare_batch(rows, tokenizer, shifted=False, errors="collect", **settings)
    noted = batch.notes[expected[0]]
    assert (noted.count, noted.rows, noted.text) == (2, (1, 2), expected[3])
    assert set(batch.notes) == {
        note.name for note in prepare(messages, tokenizer, **settings).notes
    }


def test_every_kind_of_note_has_a_case():
    assert {expected[0] for *_, expected in CASES.values()} == set(NOTES)


def test_a_list_that_is_printed_is_noted_once():
    tokenizer, messages, settings, _ = case_of("list as Python")
    trace = prepare(messages, tokenizer, mask_tail=True, **settings)
    assert "answer changed" not in [note.name for note in trace.notes]


@pytest.mark.parametrize("said", ["<think>so</think>Yes!", "<think>\nso\n</think>\n\nYes!"])
def test_a_thought_that_is_left_out_is_noted_once(tokenizer, said):
    written = "{{ m.content.split('</think>')[-1].strip() }}"
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", written) + OPENING
    trace = prepare([USER, {**YES, "content": said}], tokenizer)
    assert [note.name for note in trace.notes] == ["thought left out"]
    assert trace.full_text.endswith("Yes!<end_of_turn>")


def test_nothing_to_note(trace):
    assert trace.notes == ()


def test_a_call_before_the_end_is_no_missing_end():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = (
        "{%- for m in messages -%}{{- '<|im_start|>' + m.role + '\n' + m.content -}}"
        "{%- for c in m.tool_calls -%}{{- '<call>' + c.function.name + '</call>' -}}{%- endfor -%}"
        "{{- '<|im_end|>\n' -}}{%- endfor -%}"
        "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
    )
    trace = prepare([USER, CALL], tokenizer, mask_tail=True)
    assert trace.notes == ()
    (turn,) = trace.turns
    assert "".join(trace.pieces[turn.start : turn.stop]) == "<call>look</call><|im_end|>"


def test_an_answer_as_parts_is_learned_as_their_text(tokenizer):
    parts = "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    parts += "{{ p.text }}{% endfor %}{% endif %}"
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", parts) + OPENING
    joined = prepare([USER, {**YES, "content": "Yes!"}], tokenizer)
    for boundary in ("prompt", "answer"):
        trace = prepare([USER, {**YES, "content": PARTS}], tokenizer, boundary=boundary)
        assert trace.labels == joined.labels
        assert trace.notes == ()


@pytest.mark.parametrize(
    ("written", "texts", "found"),
    [
        ("p.text | trim", ["Yes, ", "it is."], "rewrote the answer: it wrote 'Yes,it is.'"),
        ("p.text | trim", ["Yes", " ", "sir, no"], "rewrote the answer: it wrote 'Yessir, no'"),
        ("p.text | trim", [" Yes", "!"], "removed white space at the answer's edges: it wrote"),
        ("p.text | trim", ["Yes", " "], "removed white space at the answer's edges: it wrote"),
        ("p.text | trim", ["Yes", "!"], ""),
        ("p.text + '|'", ["Yes ", " ", "!"], ""),
    ],
)
def test_white_space_that_parts_lose_is_noted(tokenizer, written, texts, found):
    """Some templates trim each part, so that two words become one."""
    parts = "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    parts += "{{ " + written + " }}{% endfor %}{% endif %}"
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", parts) + OPENING
    content = [{"type": "text", "text": text} for text in texts]
    notes = prepare([USER, {**YES, "content": content}], tokenizer).notes
    changed = [note.text for note in notes if note.name == "answer changed"]
    assert len(changed) == bool(found)
    assert all(found in text and text.endswith(f"for {''.join(texts)!r}.") for text in changed)


def test_white_space_of_what_is_not_supervised_is_no_matter():
    talk: list[dict[str, Any]] = [
        {**USER, "content": " Hi ", "name": "Ada"},
        {**YES, "content": " Yes "},
        {**USER, "content": [{"type": "text", "text": "And "}, {"type": "text", "text": " now"}]},
        YES,
    ]
    tokenizer = load_tokenizer()
    parts = "{% if m.content is string %}{{ m.content | trim }}{% else %}{% for p in m.content %}"
    parts += "{{ p.text | trim }}{% endfor %}{% endif %}"
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", parts) + OPENING
    assert [note.name for note in prepare(talk, tokenizer).notes] == ["key not read"]


def of(messages, written, tokenizer, name="answer changed"):
    """The words of the notes of one name, with a template that writes this of each message."""
    tokenizer.chat_template = LOOP.replace("{{ m.content }}", written) + OPENING
    notes = prepare(messages, tokenizer, mask_tail=True).notes
    return [(note.message, note.text) for note in notes if note.name == name]


def test_a_line_after_the_answer_is_not_its_own():
    talk = [USER, {**YES, "name": "Ada"}]
    assert of(talk, "{{ m.content }}\n", load_tokenizer()) == []


def test_a_tag_at_the_end_of_an_answer_is_part_of_it():
    """The template's own text depends on it, so the tags stay in the frame."""
    talk = [USER, {**YES, "content": "Yes</b>"}]
    marked = "{{ '! ' if '</b>' in m.content }}"
    assert of(talk, marked + "{{ m.content }}", load_tokenizer()) == []
    lost = marked + "{{ m.content | replace('</b>', '') }}"
    assert of(talk, lost, load_tokenizer()) == [
        (1, "The template rewrote the answer: it wrote 'Yes' for 'Yes</b>'.")
    ]


def test_tags_in_a_message_that_is_left_out():
    talk = [{**SYSTEM, "content": "<i>Be brief.</i>"}, USER, {**YES, "content": "Yes</b>"}]
    written = "{{ '! ' if '</b>' in m.content }}{{ m.content if m.role != 'system' }}"
    (lost,) = of(talk, written, load_tokenizer(), "content left out")
    said = "The template does not write the content of this 'system' message: 'Be brief.'."
    assert lost == (0, said)


def test_a_printed_list_whose_words_are_escaped_is_noted_once():
    talk = [USER, {**YES, "content": [{"type": "text", "text": "Yes,\nso"}]}]
    assert of(talk, "{{ m.content | string }}", load_tokenizer()) == []


def test_an_answer_that_is_trimmed_behind_its_thought():
    """The user's words are trimmed, too, which is no matter."""
    talk = [{**USER, "content": " Hi "}, {**YES, "content": " Yes", "reasoning_content": "so"}]
    assert of(talk, "{{ m.reasoning_content }}|{{ m.content | trim }}", load_tokenizer()) == [
        (1, "The template removed white space at the answer's edges: it wrote 'so|Yes' for ' Yes'.")
    ]


def test_a_thought_in_other_words_is_noted_and_no_reason_to_refuse():
    talk = [USER, {**YES, "reasoning_content": "so it is"}]
    written = "{{ m.reasoning_content | replace('so', 'thus') }}|{{ m.content }}"
    assert of(talk, written, load_tokenizer(), "thought left out") == [
        (1, "The template does not write the thought of this 'assistant' message: 'so it is'.")
    ]
