"""Rows and templates that once gave labels nobody expects, without a word: stated by hand."""

import re
from collections import Counter

import numpy as np
import pytest
from agentic import assistant, call, kinds_of_notes, supervised, user
from kinds import tokenizer_of
from tokenizers import AddedToken
from tokenizers.normalizers import Lowercase
from transformers import ByT5Tokenizer

from chatshift import (
    IGNORE_INDEX,
    BoundaryError,
    LabelError,
    MessageError,
    TemplateError,
    TokenizeError,
    audit,
    prepare,
    prepare_batch,
)
from chatshift.tiny.formats import load_format

CHATML = """{%- for m in messages -%}
{{- '<|im_start|>' + m.role + '\\n' -}}%BODY%{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}%PROMPT%{%- endif -%}"""


def chatml(body="{{- m.content -}}", prompt=""):
    tokenizer = load_format("chatml")
    tokenizer.chat_template = CHATML.replace("%BODY%", body).replace("%PROMPT%", prompt)
    return tokenizer


def refusal(error, messages, tokenizer, **settings):
    """The words of a refusal; `prepare_batch` has to refuse with the same."""
    with pytest.raises(error) as caught:
        prepare(messages, tokenizer, **settings)
    batch = prepare_batch([messages], tokenizer, shifted=False, errors="collect", **settings)
    assert [one.reason for one in batch.rejected] == [str(caught.value)]
    return str(caught.value)


@pytest.mark.parametrize("tag", ["</think>", "<think></think>", "\n</think>\n\n"])
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_an_answer_of_tags_alone_that_the_template_takes_away(tag, boundary):
    tokenizer = chatml("{{- m.content.split('</think>')[-1].strip() -}}")
    assert supervised(prepare([user("a"), assistant("<think>b")], tokenizer)) == [
        "<think>b<|im_end|>\n"
    ]
    said = refusal(TemplateError, [user("a"), assistant(tag)], tokenizer, boundary=boundary)
    assert said.startswith("The template writes other words than the content of messages[1]: ''")


@pytest.mark.parametrize("control_tokens", ["error", "text", "allow"])
@pytest.mark.parametrize("place", [0, 1])
def test_the_character_that_marks_places(control_tokens, place):
    talk = [user("a"), assistant("b")]
    talk[place]["content"] += "\ue0f5c"
    said = refusal(MessageError, talk, chatml(), control_tokens=control_tokens)
    assert said.startswith("The text has the character U+E0F5 after ")
    assert ("user\\na'. It is", "assistant\\nb'. It is")[place] in said


def test_a_call_under_its_former_name():
    talk = [user("a"), assistant("", function_call={"name": "look", "arguments": "{}"})]
    said = refusal(MessageError, talk, chatml())
    assert said.startswith("messages[1] ('assistant') has a 'function_call', which templates do")
    talk = [user("a"), assistant("b", function_call=None)]
    assert supervised(prepare(talk, chatml(), mask_tail=True)) == ["b<|im_end|>"]


@pytest.mark.parametrize("name", ["tool_plan", "thought"])
def test_a_thought_under_another_name(name):
    talk = [user("a"), assistant("b", **{name: "I will look."})]
    assert "thought left out" in kinds_of_notes(prepare(talk, chatml()))
    written = chatml("{{- m." + name + " or '' -}}{{- m.content -}}")
    trace = prepare(talk, written, mask_tail=True)
    assert supervised(trace) == ["I will look.b<|im_end|>"]
    assert "thought left out" not in kinds_of_notes(trace)


def test_a_generation_prompt_that_goes_on_otherwise_after_a_word():
    """With other words the prompt is a prefix, and with these it is none."""
    prompt = "{%- if 'quickly' in messages[-1].content -%}{{- '<think></think>' -}}{%- endif -%}"
    tokenizer = chatml(prompt=prompt)
    slow, quick = ([user(word), assistant("b")] for word in ("slowly", "quickly"))
    for talk, noted in ((slow, False), (quick, True)):
        trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
        assert supervised(trace) == ["b<|im_end|>"]
        assert ("generation prompt not matched" in kinds_of_notes(trace)) is noted


def test_a_generation_prompt_that_supplies_less_after_a_word():
    """What it does not supply the model must write."""
    prompt = "{%- if 'free' not in messages[-1].content -%}{{- '<a>' -}}{%- endif -%}{{- '<b>' -}}"
    tokenizer = chatml("{{- ('<a>' if m.role == 'assistant' else '') + m.content -}}", prompt)
    talk = [user("free"), assistant("c")]
    trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["<a>c<|im_end|>"]


@pytest.mark.parametrize("before", ["", "On "])
def test_a_generation_prompt_that_repeats_the_question(before):
    """Plain rows are learned from where any other row is."""
    tokenizer = chatml(prompt="{{- '" + before + "' + messages[-1].content -}}")
    for question in (user("a"), user("a", name=None)):
        talk = [question, assistant("b"), question, assistant("d")]
        trace = prepare(talk, tokenizer, supervise="all", boundary="answer", mask_tail=True)
        assert supervised(trace) == ["b<|im_end|>", "d<|im_end|>"]
        assert kinds_of_notes(trace) == ["generation prompt not matched"] * 2


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_prompt_that_is_shorter_after_a_word(boundary):
    """With either words it is a prefix, but not to the same place."""
    prompt = "{%- if 'free' not in messages[-1].content -%}{{- '<a>' -}}{%- endif -%}"
    tokenizer = chatml("{{- ('<a>' if m.role == 'assistant' else '') + m.content -}}", prompt)
    for word, learned in (("bound", "c<|im_end|>"), ("free", "<a>c<|im_end|>")):
        trace = prepare([user(word), assistant("c")], tokenizer, boundary=boundary, mask_tail=True)
        assert supervised(trace) == [learned]


@pytest.mark.parametrize("supervise", ["last", "all"])
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_plain_rows_without_an_answer_or_a_prompt(supervise, boundary):
    settings: dict = {"supervise": supervise, "boundary": boundary}
    said = refusal(MessageError, [user("a"), assistant("b"), user("c")], chatml(), **settings)
    assert said.startswith("messages[2] is the last message and its role is 'user': there is no")
    said = refusal(MessageError, [assistant("b")], chatml(), **settings)
    assert said.startswith("The prompt is empty: messages[0] is the answer and nothing comes")


def test_a_control_token_that_the_tokenizer_does_not_see():
    """It must stand alone, and here a word follows: no token is told to end the turn."""
    body = "{{- '<go>' + m.content -}}"
    tokenizer = chatml(body)
    tokenizer.add_tokens([AddedToken("<go>", single_word=True, special=True)], special_tokens=True)
    talk = [user("a"), assistant("b"), user("c"), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
    assert supervised(trace) == ["<go>b<|im_end|>", "<go>d<|im_end|>"]
    assert [turn.end for turn in trace.turns] == [None, None]
    origins = audit([talk], tokenizer, supervise="all", mask_tail=True).origins
    listed = Counter((row.origin, row.label != IGNORE_INDEX) for row in trace.rows())
    assert {key: count for key, count in origins.items() if count} == listed


def test_an_answer_that_begins_with_what_the_generation_prompt_supplies():
    """Of other answers the prompt is no prefix, and of this one it is."""
    tokenizer = chatml(prompt="{{- '<think>' -}}")
    other, same = ([user("a"), assistant(said)] for said in ("b", "<think>b"))
    for talk, noted in ((other, True), (same, False)):
        trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
        assert supervised(trace) == ["b<|im_end|>"]
        assert ("generation prompt not matched" in kinds_of_notes(trace)) is noted
    assert supervised(prepare(same, tokenizer, mask_tail=True)) == ["b<|im_end|>"]


def test_a_template_of_its_own_for_tools():
    """Its turns end with another token."""
    tokenizer = chatml()
    plain = tokenizer.chat_template
    for_tools = plain.replace("<|im_end|>\\n", "<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|endoftext|>"]})
    tokenizer.chat_template = {"default": plain, "tool_use": for_tools}
    talk = [user("a"), assistant("b"), user("c"), assistant("d")]
    settings: dict = {"supervise": "all", "mask_tail": True}
    assert supervised(prepare(talk, tokenizer, **settings)) == ["b<|im_end|>", "d<|im_end|>"]
    trace = prepare(talk, tokenizer, tools=[{"name": "look"}], **settings)
    assert supervised(trace) == ["b<|endoftext|>", "d<|endoftext|>"]
    assert "no end of turn" not in kinds_of_notes(trace)
    rows = [{"messages": talk, "tools": tools} for tools in (None, [{"name": "look"}])]
    for order in (rows, rows[::-1]):
        batch = prepare_batch(order, tokenizer, shifted=False, **settings)
        tools = [row["tools"] for row in order]
        expected = [prepare(talk, tokenizer, tools=one, **settings) for one in tools]
        assert [batch[i]["labels"] for i in (0, 1)] == [list(t.masked_labels) for t in expected]


def test_two_questions_that_are_the_same_and_a_template_that_compares_them():
    """It writes a token before each message that is the last question."""
    tokenizer = chatml("{{- '<|im_start|>' if m == messages[0] else '' -}}{{- m.content -}}")
    talk = [user("a"), assistant("b"), user("a"), assistant("c")]
    said = refusal(TemplateError, talk, tokenizer)
    assert said.startswith(
        "The template writes other control tokens for messages[0] and messages[2], which are the "
        "same, than for other words"
    )


def test_words_for_an_answer_that_says_nothing():
    trace = prepare([user("a"), assistant("")], chatml("{{- m.content or 'nothing' -}}"))
    assert supervised(trace) == ["nothing<|im_end|>\n"]
    (note,) = [note for note in trace.notes if note.name == "text before the answer"]
    assert "'nothing' for an answer that says nothing" in note.text
    silent = prepare([user("a"), assistant("")], chatml())
    assert "text before the answer" not in kinds_of_notes(silent)


def test_a_call_and_an_empty_content_that_is_written_as_another_turn():
    """As some templates do; the model stops before it."""
    body = "{%- for c in m.tool_calls or [] -%}{{- c.function.name -}}{{- '<|im_end|>\n' -}}"
    body += "{{- '<|im_start|>assistant\n' -}}{%- endfor -%}{{- m.content -}}"
    talk = [user("a"), assistant("", tool_calls=[call("look", {})])]
    trace = prepare(talk, chatml(body))
    assert supervised(trace) == ["look<|im_end|>\n"]


@pytest.mark.parametrize("arguments", ['{"n": 1e400}', '{"n": [NaN]}', {"n": float("inf")}])
def test_a_number_that_no_json_can_hold(arguments):
    one = {"type": "function", "function": {"name": "look", "arguments": arguments}}
    talk = [user("a"), assistant("", tool_calls=[one])]
    body = "{{- m.content -}}{%- if m.tool_calls -%}{{- m.tool_calls | tojson -}}{%- endif -%}"
    said = refusal(MessageError, talk, chatml(body))
    assert said.startswith("messages[1] ('assistant')['tool_calls'] holds ")


@pytest.mark.parametrize("control_tokens", ["error", "text"])
def test_the_unknown_token_cannot_stay_text(control_tokens):
    tokenizer = tokenizer_of("WordPiece", "chatml")
    talk = [user("a<|im_end|>" if control_tokens == "text" else "a"), assistant("b [UNK]")]
    said = refusal(MessageError, talk, tokenizer, control_tokens=control_tokens)
    assert "contains '[UNK]' at character 2: 'b [UNK]'." in said
    assert "control_tokens='text'" not in said
    assert said.endswith(
        "Remove it from the content, or pass control_tokens='allow' if it is meant."
    )


def test_keywords_that_only_look_alike_are_not_taken_for_the_same():
    """Long arrays are printed with dots in the middle: two such rows shared one text."""
    tokenizer = chatml()
    tokenizer.chat_template = "{{ documents[500] }}" + tokenizer.chat_template
    ones, others = np.zeros(2000, dtype=int), np.zeros(2000, dtype=int)
    others[500] = 7
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    rows = [
        {"messages": talk, "chat_template_kwargs": {"documents": documents}}
        for documents in (ones.tolist(), others.tolist(), ones, others)
    ]
    batch = prepare_batch(rows, tokenizer, shifted=False, errors="collect")
    assert [tokenizer.decode(row["input_ids"])[0] for row in batch.to_lists()] == ["0", "7"]
    assert [one.row for one in batch.rejected] == [2, 3]
    assert "chat_template_kwargs holds array(" in batch.rejected[0].reason


def test_tools_that_only_look_alike_are_not_taken_for_the_same():
    tokenizer = chatml()
    tokenizer.chat_template = "{{ tools[0].choices[500] }}" + tokenizer.chat_template
    ones, others = np.zeros(2000, dtype=int), np.zeros(2000, dtype=int)
    others[500] = 7
    rows = [
        {"messages": [user("Hi"), assistant("Yes")], "tools": [{"name": "f", "choices": choices}]}
        for choices in (ones.tolist(), others.tolist(), ones, others)
    ]
    batch = prepare_batch(rows, tokenizer, shifted=False, errors="collect")
    assert [tokenizer.decode(row["input_ids"])[0] for row in batch.to_lists()] == ["0", "7"]
    assert [one.row for one in batch.rejected] == [2, 3]
    assert "tools holds array(" in batch.rejected[0].reason


def test_words_of_a_question_that_the_template_changes_are_noted():
    tokenizer = chatml("{{- m.content | replace('much', 'little') -}}")
    trace = prepare([user("How much?"), assistant("Yes")], tokenizer)
    said = "The template does not write the content of this 'user' message: 'How much?'."
    assert [(n.name, n.message, n.text) for n in trace.notes[:1]] == [("content left out", 0, said)]


def test_a_control_token_that_only_the_normalizer_makes():
    """In the text it cannot be seen; the ids have one more than the template wrote."""
    tokenizer = tokenizer_of("byte-level", "chatml")
    source = tokenizer.chat_template
    lowered = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer)
    lowered.backend_tokenizer.normalizer = Lowercase()
    lowered.add_tokens([AddedToken("<stop>", normalized=True, special=True)], special_tokens=True)
    lowered.chat_template = source
    assert supervised(prepare([user("a"), assistant("b")], lowered)) == ["b<|im_end|>\n"]
    said = refusal(TokenizeError, [user("a"), assistant("b<STOP>c")], lowered)
    assert said.startswith("The tokenizer makes 5 control tokens of this text, and only 4 of them")


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_an_empty_answer_that_no_token_ends(boundary):
    tokenizer = chatml()
    tokenizer.chat_template = (
        "{% for m in messages %}\n{{ m.role }}: {{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}\nassistant: {% endif %}"
    )
    said = refusal(LabelError, [user("a"), assistant("")], tokenizer, boundary=boundary)
    assert said.startswith("No token of messages[1] can be learned: where its turn starts, the")


def test_an_answer_that_is_written_like_no_other_and_has_no_end():
    tokenizer = chatml()
    tokenizer.chat_template = (
        "{% if messages[0].content == 'Hi' %}!{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    trace = prepare([user("Hi"), assistant("Yes")], tokenizer)
    assert kinds_of_notes(trace) == ["answer not located", "no end of turn"]


def test_a_text_with_two_control_tokens_is_quoted_as_it_is():
    """Where one may stay text and the other may not, no mark shows in the words of the refusal."""
    tokenizer = tokenizer_of("WordPiece", "chatml")
    talk = [user("a"), assistant("so<|im_end|> [UNK] it")]
    said = refusal(MessageError, talk, tokenizer, control_tokens="text")
    assert "contains '[UNK]' at character 13: 'so<|im_end|> [UNK] it'." in said


@pytest.mark.parametrize("named", [True, False])
def test_tools_in_the_keywords_are_tools(named):
    """Also for a template that writes nothing without them, or is there for tools alone."""
    tokenizer = chatml()
    tokenizer.eos_token = "<eos>"  # so the template alone says what ends a turn
    for_tools = "{% if tools %}" + tokenizer.chat_template + "{% endif %}"
    if named:
        tokenizer.chat_template = {"default": "{{ messages[0].content }}", "tool_use": for_tools}
    else:
        tokenizer.chat_template = for_tools
    tools = [{"type": "function", "function": {"name": "look", "description": "Looks."}}]
    talk = [user("a"), assistant("b"), user("c"), assistant("d")]
    for settings in ({"tools": tools}, {"template_kwargs": {"tools": tools}}):
        trace = prepare(talk, tokenizer, supervise="all", mask_tail=True, **settings)
        assert supervised(trace) == ["b<|im_end|>", "d<|im_end|>"]


def test_control_tokens_that_hang_on_two_messages_at_once():
    """No single message can be named: with other words in one of them, nothing is told."""
    tokenizer = chatml(
        "{%- if messages[0].content == 'a' and messages[1].content == 'b' -%}{{- '<|im_end|>' -}}"
        "{%- endif -%}{{- m.content -}}"
    )
    said = refusal(TemplateError, [user("a"), assistant("b")], tokenizer, boundary="answer")
    assert said.startswith("The template writes other control tokens for these messages than for")


def test_a_prompt_that_cannot_be_compared_with_the_history():
    """The template refuses a conversation that ends with a question, unless it is to go on."""
    tokenizer = chatml(prompt="!")
    tokenizer.chat_template = (
        "{%- if messages[-1].role == 'user' and not add_generation_prompt -%}"
        "{{- raise_exception('no answer') -}}{%- endif -%}"
    ) + tokenizer.chat_template
    with pytest.raises(BoundaryError) as caught:
        prepare([user("a"), assistant("b")], tokenizer)
    assert caught.value.cause == "history rewritten"
    trace = prepare([user("a"), assistant("b")], tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["b<|im_end|>"]
    (note,) = trace.notes
    assert note.text == "The generation prompt goes on with '!'; the row does not."


def test_a_control_token_that_the_template_leaves_out_for_a_word():
    tokenizer = chatml(
        "{{- m.content -}}{%- if m.content != 'a' -%}{{- '<|im_end|>' -}}{%- endif -%}"
    )
    said = refusal(TemplateError, [user("a"), assistant("b")], tokenizer, boundary="answer")
    assert said.startswith("The template writes other control tokens for messages[0] than for")


@pytest.mark.parametrize("lost", [[True], {"deep": [False]}, [{"deep": [True, [False]]}]])
def test_a_boolean_in_a_list_that_the_template_does_not_write(lost):
    body = (
        "{%- for c in m.tool_calls -%}{{- c.function.name -}}{%- for k in c.function.arguments -%}"
    )
    body += "{{- k -}}{%- endfor -%}{{- 'deep' -}}{%- endfor -%}"
    talk = [user("a"), assistant("", tool_calls=[call("look", {"at": lost})])]
    assert "leaves out the call of messages[1]" in refusal(TemplateError, talk, chatml(body))


@pytest.mark.parametrize("odd", range(16))
def test_every_prompt_of_sixteen_is_rendered(odd):
    """Each is proven: where one prompt is no prefix, the row is refused."""
    words = "{%- if messages[-1].content == 'odd' -%}{{- '!' -}}{%- endif -%}"
    tokenizer, talk = chatml(prompt=words), [user("even"), assistant("b")] * 16
    assert "prompts sampled" not in kinds_of_notes(prepare(talk, tokenizer, supervise="all"))
    talk[2 * odd] = user("odd")
    with pytest.raises(BoundaryError) as caught:
        prepare(talk, tokenizer, supervise="all")
    assert str(caught.value).startswith(f"messages[{2 * odd + 1}]: its prompt is no prefix")


class Merging(ByT5Tokenizer):
    """It has no offsets, and makes one token of a full stop and a line break."""

    def _tokenize(self, text):
        return re.findall(r"[.]\n|.", text, re.DOTALL)

    def _convert_token_to_id(self, token):
        return 258 if token == ".\n" else super()._convert_token_to_id(token)

    def _convert_id_to_token(self, index):
        return ".\n" if index == 258 else super()._convert_id_to_token(index)


def test_a_token_across_the_end_of_a_turn():
    """It holds the end of the turn, and what the template writes next: it is learned."""
    template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}.{{ '' if loop.last else '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}\nassistant: {% endif %}"
    )
    talk = [user("a"), assistant("b"), user("c"), assistant("d")]
    tokenizer = tokenizer_of("byte-level", "chatml")
    before, tokenizer.chat_template = tokenizer.chat_template, template
    try:
        trace = prepare(talk, tokenizer, supervise="all", boundary="answer")
        assert supervised(trace) == ["b.\n", "d."]
    finally:
        tokenizer.chat_template = before
    blind = Merging(chat_template=template)
    said = refusal(BoundaryError, talk, blind, supervise="all", boundary="answer")
    assert said.startswith("messages[1]: a token reaches across the end of its turn, and this")


def test_an_answer_that_is_written_like_no_other_after_another_prompt():
    body, prompt = "{{- m.content -}}", "{{- '?' -}}"
    tokenizer = chatml(body, prompt)
    tokenizer.chat_template = (
        "{%- if messages[0].content == 'Hi' -%}{{- '!' -}}{%- endif -%}" + tokenizer.chat_template
    )
    said = refusal(BoundaryError, [user("Hi"), assistant("b")], tokenizer, boundary="answer")
    assert said.startswith("messages[1]: the template writes other text around this answer than")


@pytest.mark.parametrize(
    "body",
    [
        "{{- m.content -}}{%- if loop.nextitem is defined -%}{{- ' before ' -}}"
        "{{- loop.nextitem.content -}}{%- endif -%}",
        "{%- if loop.first -%}{{- messages[-1].content + '|' -}}{%- endif -%}{{- m.content -}}",
    ],
)
def test_an_answer_that_is_told_before_its_turn(body):
    """Its words stand twice, and the first time in the turn of somebody else."""
    said = refusal(BoundaryError, [user("a"), assistant("b")], chatml(body), boundary="answer")
    assert said.startswith("messages[1]: the template writes other text around this answer than")
