"""Where turns start and stop when a template makes it hard: stated by hand for each."""

import json

import pytest
from agentic import (
    CONTENT,
    END,
    HEADER,
    OPENING,
    agentic_tokenizer,
    assistant,
    call,
    kinds_of_notes,
    result,
    supervised,
    template,
    user,
)
from kinds import tokenizer_of
from tokenizers import AddedToken
from tokenizers.normalizers import Replace
from transformers import ByT5Tokenizer

from chatshift import (
    BoundaryError,
    LabelError,
    MessageError,
    TemplateError,
    load_tokenizer,
    prepare,
)
from chatshift.supervise.stand_ins import NUMBER, WORD
from chatshift.tiny.formats import load_format

TALK = [user("a"), assistant("b"), user("c"), assistant("d")]
WORDS = "{% for m in messages %}\n### {{ m.role }}:{{ m.content }}{% endfor %}"
ASKING = "{% if add_generation_prompt %}\n### assistant:{% endif %}"


def plain_tokenizer(source):
    tokenizer = load_tokenizer()
    tokenizer.chat_template = source
    return tokenizer


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_template_without_control_tokens(boundary):
    """A turn that no token ends has what the template writes after it, also if it is the last."""
    tokenizer = plain_tokenizer(WORDS.replace("{{ m.content }}", "{{ m.content }}.") + ASKING)
    trace = prepare(TALK, tokenizer, supervise="all", boundary=boundary)
    assert supervised(trace) == ["b.", "d."]
    assert kinds_of_notes(trace) == ["no end of turn"] * 2


def test_many_turns_without_control_tokens_are_those_of_few():
    tokenizer = plain_tokenizer(WORDS + ASKING)
    talk = [user("Is it so?"), assistant("It is.")] * 20
    trace = prepare(talk, tokenizer, supervise="all")
    assert supervised(trace) == ["It is."] * 20
    assert kinds_of_notes(trace).count("prompts sampled") == 1


def test_many_turns_with_a_token_across_every_start():
    tokenizer = plain_tokenizer(WORDS.replace(":", "'") + ASKING.replace(":", "'"))
    talk = [user("Is it?"), assistant("s it")] * 20
    with pytest.raises(BoundaryError, match="BPE merge"):
        prepare(talk, tokenizer, supervise="all")
    trace = prepare(talk, tokenizer, supervise="all", boundary="answer")
    assert supervised(trace) == [" it"] * 20
    assert kinds_of_notes(trace).count("token across the start") == 20


def test_a_last_message_that_is_closed_otherwise_and_an_opened_thought():
    """The history ends in another way when it is the last, so the texts agree nowhere at first."""
    tokenizer = load_format("chatml")
    tokenizer.add_tokens([AddedToken("<fin>", special=True)], special_tokens=True)
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
        "{{ '<fin>' if loop.last else '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n<think>{% endif %}"
    )
    trace = prepare(TALK, tokenizer, supervise="all", boundary="answer")
    assert supervised(trace) == ["b<|im_end|>", "d<fin>"]
    assert "generation prompt not matched" in kinds_of_notes(trace)


def test_a_header_after_the_last_answer_belongs_to_no_turn():
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, END) + OPENING)
    always = "{{- '<|im_start|>assistant\n' -}}"
    tokenizer.chat_template = template(HEADER, CONTENT, END, opening="{{- '' -}}") + always
    trace = prepare(TALK, tokenizer, supervise="all", boundary="answer")
    assert supervised(trace) == ["b<|im_end|>", "d<|im_end|>\n"]
    assert trace.pieces[trace.turns[-1].stop] == "<|im_start|>"
    assert trace.rows()[-1].part == "tail"


def test_an_earlier_answer_that_is_written_like_no_other():
    """A word changes the template's text after it: then nothing tells where its turn ends."""
    odd = "{{ '---' if m.content == 'c' else '###' }}"
    tokenizer = plain_tokenizer(WORDS.replace("###", odd) + ASKING)
    with pytest.raises(BoundaryError) as refusal:
        prepare(TALK, tokenizer, supervise="all")
    assert refusal.value.cause == "answer not located"
    assert str(refusal.value).startswith("messages[1]: the template writes other text around this")


def test_a_template_that_refuses_other_words():
    tokenizer = agentic_tokenizer(
        "{% if messages[0].content != 'a' %}{{ raise_exception('say a') }}{% endif %}"
        + template(HEADER, CONTENT, END)
    )
    with pytest.raises(TemplateError) as refusal:
        prepare(TALK, tokenizer)
    assert str(refusal.value) == (
        "It cannot be told what of the text is the template's own: with other words in place of "
        "what the messages say, it refuses them. The chat template refused these messages (user, "
        "assistant, user, assistant): say a"
    )


def test_messages_that_say_what_stands_in_for_others():
    said = [user(f"{WORD}0x {NUMBER}000001"), assistant(f"{WORD}1x", reasoning_content=WORD)]
    calls = [call("f", {"n": int(f"{NUMBER}000002"), "x": 0.5, f"{WORD}q": f"{WORD}q5x"})]
    said += [user("go"), assistant("", tool_calls=calls), result(WORD), assistant(f"{WORD}2x")]
    trace = prepare(said, agentic_tokenizer(), supervise="all", mask_tail=True)
    assert [text.endswith("<|im_end|>") for text in supervised(trace)] == [True] * 3
    assert supervised(trace)[2] == f"{WORD}2x<|im_end|>"
    assert f'"n": {NUMBER}000002' in supervised(trace)[1]


def test_a_control_token_of_one_character_cannot_stay_text():
    tokenizer = load_format("chatml")
    tokenizer.add_tokens([AddedToken("§", special=True)], special_tokens=True)
    with pytest.raises(MessageError, match="'§' is a control token of one character"):
        prepare([user("§"), assistant("b")], tokenizer, control_tokens="text")


@pytest.mark.parametrize("kind", ["byte-level", "WordPiece", "with ▁", "without offsets"])
def test_a_token_that_takes_the_space_before_it(kind):
    """Where a control token is not always split off, no place is counted from it."""
    tokenizer = tokenizer_of(kind, "chatml")
    template_before = tokenizer.chat_template
    try:
        tokenizer.add_tokens(
            [AddedToken("<|end|>", lstrip=True, special=True)], special_tokens=True
        )
        tokenizer.chat_template = template_before.replace("<|im_end|>", "<|end|>")
        trace = prepare([user("it is"), assistant("what is it ")], tokenizer, mask_tail=True)
    finally:
        tokenizer.chat_template = template_before
    (turn,) = trace.turns
    assert tokenizer.decode(trace.full_ids[turn.start : turn.stop]).endswith("<|end|>")


def test_a_token_that_takes_the_last_space_of_the_prompt():
    """The ids of the prompt, which has that space, are no prefix of the row's."""
    tokenizer = load_format("chatml")
    tokenizer.add_tokens([AddedToken("<|go|>", lstrip=True, special=True)], special_tokens=True)
    said = "{%- if message.role == 'assistant' -%}{{- ' <|go|>' -}}{%- endif -%}"
    prompt = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n ' -}}{%- endif -%}"
    tokenizer.chat_template = template(HEADER, said, CONTENT, END, opening=prompt)
    talk = [user("a"), assistant("b")]
    with pytest.raises(BoundaryError, match="ids are no prefix") as caught:
        prepare(talk, tokenizer)
    assert caught.value.cause == "BPE merge"
    trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
    (turn,) = trace.turns
    learned = tokenizer.convert_ids_to_tokens(trace.full_ids[turn.start : turn.stop])
    assert learned == ["<|go|>", "b", "<|im_end|>"]


def look(city: str):
    """Look at the weather.

    Args:
        city: The city to look at.
    """


def test_tools_may_be_functions():
    trace = prepare(TALK, agentic_tokenizer(), tools=[look])
    assert '"name": "look"' in trace.prompt_text


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ("look", "tools must be a list of functions or of JSON schemas, not str."),
        ([5], "tools[0] is a int, not a JSON schema."),
        ([lambda x: x], "tools[0] cannot be described: "),
    ],
)
def test_tools_that_are_none(tools, words):
    with pytest.raises(TemplateError) as refusal:
        prepare(TALK, agentic_tokenizer(), tools=tools)
    assert str(refusal.value).startswith(words)


def test_tools_that_are_given_twice():
    with pytest.raises(TemplateError, match="'tools' is given twice"):
        prepare(TALK, agentic_tokenizer(), tools=[look], template_kwargs={"tools": [look]})


# What a template writes for an answer, by whether it says something; and what is learned of none.
SAYS_NOTHING = {
    "the same": ("{{- m.content -}}", ["<|im_end|>", "d<|im_end|>"]),
    "a line less": (
        "{%- if m.content -%}{{- '\n' + m.content -}}{%- endif -%}",
        ["<|im_end|>", "\nd<|im_end|>"],
    ),
    "a word": ("{{- m.content or 'nothing' -}}", ["nothing<|im_end|>", "d<|im_end|>"]),
}


@pytest.mark.parametrize("case", SAYS_NOTHING)
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_an_answer_that_says_nothing(case, boundary):
    written, expected = SAYS_NOTHING[case]
    tokenizer = load_format("chatml")
    tokenizer.chat_template = (
        "{%- for m in messages -%}{{- '<|im_start|>' + m.role -}}"
        + written
        + "{{- '<|im_end|>' -}}"
        "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant' -}}{%- endif -%}"
    )
    talk = [user("a"), assistant(""), user("c"), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all", boundary=boundary)
    assert supervised(trace) == expected
    (last,) = supervised(prepare(talk[:2], tokenizer, boundary=boundary))
    assert last == expected[0]


def test_a_thought_that_is_all_that_is_said_and_not_written():
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, END))
    with pytest.raises(TemplateError, match=r"leaves out the thought of messages\[1\]"):
        prepare([user("a"), assistant("", reasoning_content="so")], tokenizer)


def test_two_answers_in_a_row_where_the_template_goes_on_with_the_first():
    """Its prompt for the second ends in the first, unfinished: no turn is opened there."""
    tokenizer = load_format("chatml")
    tokenizer.chat_template = (
        "{% for m in messages %}{% if not (loop.last and m.role == 'assistant' and "
        "add_generation_prompt) %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% else %}<|im_start|>assistant\n{{ m.content }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt and messages[-1].role != 'assistant' %}"
        "<|im_start|>assistant\n<think>{% endif %}"
    )
    talk = [user("a"), assistant("b"), assistant("c")]
    trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
    assert trace.full_text.endswith(supervised(trace)[0] + "\n")
    assert supervised(trace)[0].endswith("c<|im_end|>")


SPLIT = (
    "{%- set parts = m.content.split('</think>') -%}"
    "{%- if parts | length > 1 -%}{%- set thought = parts[0].split('<think>')[-1].strip() -%}"
)


def test_a_tag_that_the_content_says_is_learned_and_one_of_the_templates_own_is_not():
    own = SPLIT + "{%- else -%}{%- set thought = '' -%}{%- endif -%}"
    own += "{{- '<think>\n' + thought + '\n</think>\n\n' + parts[-1].strip() -}}"
    said = SPLIT + "{%- endif -%}{{- m.content if loop.last else parts[-1].strip() -}}"
    opening = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n<think>\n</think>' -}}"
    talk = [
        user("a"),
        assistant("<think>so</think>b"),
        user("c"),
        assistant("<think>\nno</think>d"),
    ]
    for written, expected in ((own, "no\n</think>\n\nd"), (said, "<think>\nno</think>d")):
        tokenizer = load_format("chatml")
        tokenizer.chat_template = (
            "{%- for m in messages -%}{{- '<|im_start|>' + m.role + '\n' -}}"
            "{%- if m.role == 'user' -%}{{- m.content -}}{%- else -%}" + written + "{%- endif -%}"
            "{{- '<|im_end|>\n' -}}{%- endfor -%}" + opening + "{%- endif -%}"
        )
        trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
        assert supervised(trace) == [expected + "<|im_end|>"]
        assert "generation prompt not matched" in kinds_of_notes(trace)


FORMS: dict = {
    "m.content": str,
    "m.content.strip()": str.strip,
    "m.content.rstrip()": str.rstrip,
    "m.content.lstrip()": str.lstrip,
    "m.content.lstrip('\n')": lambda text: text.lstrip("\n"),
    "m.content.strip('\n')": lambda text: text.strip("\n"),
    "m.content | tojson": lambda text: json.dumps(text, ensure_ascii=False),
    "m.content | tojson(ensure_ascii=true)": json.dumps,
    "[m.content] | string": lambda text: repr([text]),
}


@pytest.mark.parametrize("written", FORMS)
@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_each_form_of_a_text_that_quotes_the_template(written, boundary):
    """No control token tells where a text ends; that it stands there whole does."""
    tokenizer = plain_tokenizer(WORDS.replace("m.content", written) + ASKING)
    said = '\n "a\u00e9"\n### user:b\n### assistant:c\n'
    talk = [user(said), assistant(said), user(said), assistant(said + "d" + said)]
    trace = prepare(talk, tokenizer, supervise="all", boundary=boundary)
    assert supervised(trace) == [FORMS[written](said), FORMS[written](said + "d" + said)]


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_a_long_text_without_control_tokens_before_the_answer(boundary):
    tokenizer = plain_tokenizer(
        "{% for m in messages %}{{ '<bos>' if m.role == 'user' }}### {{ m.role }}:{{ m.content }}"
        "{{ '<eos>' if m.role == 'assistant' }}{% endfor %}"
        "{% if add_generation_prompt %}### assistant:{% endif %}"
    )
    talk = [user("so " * 200), assistant("b"), user("it " * 200), assistant("d " * 200 + "e")]
    trace = prepare(talk, tokenizer, supervise="all", boundary=boundary)
    assert supervised(trace) == ["b<eos>", "d " * 200 + "e<eos>"]
    assert supervised(prepare(talk, tokenizer, boundary=boundary)) == ["d " * 200 + "e<eos>"]


def test_an_answer_that_the_tokenizer_drops():
    tokenizer = plain_tokenizer(
        WORDS.replace("\n### {{", "<bos>{{") + ASKING.replace("\n### ", "<bos>")
    )
    tokenizer.backend_tokenizer.normalizer = Replace("zzz", "")
    assert supervised(prepare([user("a"), assistant("zb")], tokenizer)) == ["zb"]
    with pytest.raises(LabelError, match=r"No token of messages\[1\] can be learned: after token"):
        prepare([user("a"), assistant("zzz")], tokenizer)


@pytest.mark.parametrize("words", [f"{WORD}1x", f"{NUMBER}000000", f"{WORD}q1x {NUMBER}000001.5"])
def test_tools_that_say_what_stands_in_for_messages(words):
    tool = {"type": "function", "function": {"name": "look", "description": words}}
    talk = [user("a"), assistant("b", tool_calls=[call("look", {"n": 3})])]
    trace = prepare(talk, agentic_tokenizer(), tools=[tool], mask_tail=True)
    assert words in trace.full_text
    assert supervised(trace) == [
        'b<call>{"name": "look", "arguments": {"n": 3}}</call><|im_end|>',
    ]


def test_long_texts_without_control_tokens_and_without_offsets():
    tokenizer = ByT5Tokenizer(chat_template=WORDS + ASKING)
    talk = [user("so " * 99), assistant("it " * 99 + "b"), user("c"), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all")
    assert supervised(trace) == ["it " * 99 + "b", "d"]


def test_many_long_texts_without_control_tokens_and_without_offsets():
    """Only some of the prompts are rendered, and all are proven by their ids."""
    tokenizer = ByT5Tokenizer(chat_template=WORDS + ASKING)
    talk = [user("so " * 99), *[assistant("b"), user("c")] * 17, assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all")
    assert supervised(trace) == [*["b"] * 17, "d"]


@pytest.mark.parametrize("boundary", ["prompt", "answer"])
def test_what_closes_an_answer_up_to_the_next_turn(boundary):
    """No token ends it; the next one is opened by one, and the last answer is closed otherwise."""
    closing = "{{- '.' if message.role == 'assistant' and not loop.last -}}"
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, closing))
    trace = prepare(TALK, tokenizer, supervise="all", boundary=boundary)
    assert supervised(trace) == ["b.", "d"]
    assert kinds_of_notes(trace) == ["no end of turn", "no end of turn"]


def test_a_prompt_that_goes_on_where_the_text_is_over():
    asking = "{% if add_generation_prompt %}\n### assistant:!{% endif %}"
    with pytest.raises(BoundaryError) as refused:
        prepare([user("a"), assistant("")], plain_tokenizer(WORDS + asking))
    assert "  full:   no token; " in str(refused.value)


def test_a_template_that_refuses_the_beginning_of_a_conversation():
    """How an earlier answer is closed then shows at the end of the last one."""
    refuses = "{% if messages | length == 2 %}{{ raise_exception('too short') }}{% endif %}"
    words = WORDS.replace("{{ m.content }}", "{{ m.content }}.")
    trace = prepare(TALK, plain_tokenizer(refuses + words + ASKING), supervise="all")
    assert supervised(trace) == ["b.", "d."]


@pytest.mark.parametrize("joined", ["; ", "!"])
def test_two_answers_that_the_template_makes_one(joined):
    """The second has no header: the model writes on, and with it what the template puts between."""
    header = "{%- if not loop.first and loop.previtem.role == message.role == 'assistant' -%}"
    header += "{{- '" + joined + "' -}}{%- else -%}" + HEADER + "{%- endif -%}"
    end = "{%- if loop.last or loop.nextitem.role != 'assistant' or message.role == 'user' -%}"
    tokenizer = agentic_tokenizer(template(header, CONTENT, end + END + "{%- endif -%}"))
    talk = [user("a"), assistant("b"), assistant("c")]
    trace = prepare(talk, tokenizer, supervise="all", boundary="answer", mask_tail=True)
    assert trace.full_text.endswith(f"assistant\nb{joined}c<|im_end|>\n")
    assert supervised(trace)[1] == f"{joined}c<|im_end|>"


# An answer that comes last begins with tags: no prompt for a later answer is then a prefix.
LAST_THINKS = (
    "{%- if loop.last and message.role == 'assistant' -%}{{- '<think></think>' -}}{%- endif -%}"
)
PLAN = "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n<plan>' -}}{%- endif -%}"


def test_an_empty_answer_after_an_empty_message():
    """Nothing is said before it, and its prompt is no prefix: a stand-in still tells its place."""
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, END, opening=PLAN))
    talk = [user(""), assistant(""), user("c"), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all", boundary="answer", mask_tail=True)
    assert supervised(trace) == ["<|im_end|>", "d<|im_end|>"]


def test_two_answers_in_a_row_with_a_header_each():
    """The prompt for the second goes on with the first; its header is supplied all the same."""
    goes_on = "loop.last and message.role == 'assistant' and add_generation_prompt"
    end = "{%- if not (" + goes_on + ") -%}" + END + "{%- endif -%}"
    opening = OPENING.replace(
        "add_generation_prompt", "add_generation_prompt and messages[-1].role != 'assistant'"
    )
    tokenizer = agentic_tokenizer(template(HEADER, LAST_THINKS, CONTENT, end, opening=opening))
    talk = [user("a"), assistant("b"), assistant("c")]
    trace = prepare(talk, tokenizer, supervise="all", boundary="answer", mask_tail=True)
    assert supervised(trace) == ["b<|im_end|>", "<think></think>c<|im_end|>"]


def test_two_answers_in_a_row_without_a_generation_prompt():
    tokenizer = agentic_tokenizer(template(HEADER, LAST_THINKS, CONTENT, END, opening=""))
    talk = [user("a"), assistant("b"), assistant("c")]
    trace = prepare(talk, tokenizer, supervise="all", boundary="answer", mask_tail=True)
    assert supervised(trace) == [
        "<|im_start|>assistant\nb<|im_end|>",
        "<|im_start|>assistant\n<think></think>c<|im_end|>",
    ]
    assert kinds_of_notes(trace).count("header learned") == 2


def test_words_of_the_template_in_a_turn_of_their_own_before_the_answer():
    """The prompt agrees with the first of two headers: there the answer's text begins."""
    words = "{%- if message.role == 'assistant' -%}" + HEADER + "{{- 'So<|im_end|>\n' -}}"
    tokenizer = agentic_tokenizer(
        template(words + "{%- endif -%}", HEADER, CONTENT, END, opening=PLAN)
    )
    trace = prepare([user("a"), assistant("b")], tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["So<|im_end|>\n<|im_start|>assistant\nb<|im_end|>"]
    assert kinds_of_notes(trace) == ["generation prompt not matched", "text before the answer"]


def test_a_header_beside_another_generation_prompt():
    """It is learned, but not for want of a generation prompt."""
    opening = OPENING.replace(
        "{{- '<|im_start|>", "{{- 'answer: ' if messages[0].bare else '<|im_start|>"
    )
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, END, opening=opening))
    talk = [user("a", bare=True), assistant("b")]
    trace = prepare(talk, tokenizer, boundary="answer", mask_tail=True)
    assert supervised(trace) == ["<|im_start|>assistant\nb<|im_end|>"]
    assert "text before the answer" in kinds_of_notes(trace)
    assert "header learned" not in kinds_of_notes(trace)


def test_an_answer_without_an_end_before_a_message_that_says_nothing():
    """The token that ends that message does not end the answer."""
    end = "{%- if message.role == 'user' -%}{{- '<|im_end|>' -}}{%- endif -%}{{- '\n' -}}"
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT, end))
    talk = [user("a"), assistant("b"), user(""), assistant("d")]
    trace = prepare(talk, tokenizer, supervise="all", mask_tail=True)
    assert supervised(trace) == ["b\n", "d\n"]


def with_fin(*pieces):
    """A tokenizer with one more control token, which no probe writes after an answer."""
    tokenizer = agentic_tokenizer(template(*pieces))
    tokenizer.add_tokens([AddedToken("<fin>", special=True)], special_tokens=True)
    return tokenizer


def test_a_control_token_after_some_answers_ends_none():
    tokenizer = with_fin(HEADER, CONTENT, "{{- '<fin>' if message.good -}}")
    talk = [user("a"), assistant("b", good=True), user("c"), assistant("d", good=True)]
    trace = prepare(talk, tokenizer, supervise="all")
    assert supervised(trace) == ["b<fin>", "d<fin>"]
    assert [turn.end for turn in trace.turns] == [None, None]
    assert kinds_of_notes(trace) == ["no end of turn"] * 2


def test_words_after_a_control_token_for_an_answer_that_says_nothing():
    tokenizer = with_fin(HEADER, "{{- message.content or '<fin>nothing' -}}", END)
    trace = prepare([user("a"), assistant("")], tokenizer, mask_tail=True)
    assert supervised(trace) == ["<fin>nothing<|im_end|>"]
    assert [note.text for note in trace.notes if note.name == "text before the answer"] == [
        "The template wrote '<fin>nothing' for an answer that says nothing."
    ]


def test_an_end_token_that_the_answer_says_is_its_own():
    """The template ends no turn: what stands last is said, and the trace names no end."""
    said = [user("a"), assistant("b<|im_end|>"), user("c"), assistant("d<|im_end|>")]
    tokenizer = agentic_tokenizer(template(HEADER, CONTENT))
    trace = prepare(said, tokenizer, supervise="all", control_tokens="allow")
    assert supervised(trace) == ["b<|im_end|>", "d<|im_end|>"]
    assert [turn.end for turn in trace.turns] == [None, None]
    assert kinds_of_notes(trace) == ["no end of turn"] * 2
