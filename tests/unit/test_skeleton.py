"""What a template writes around contents: found without knowing them, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import NAMES

from chatshift.skeleton import find_skeleton
from chatshift.tiny.formats import load_format
from chatshift.watched import CLOSE, OPEN

ROLES = ("user", "assistant", "user", "assistant")
# Contents that a template might treat in its own way.
WORDS = st.sampled_from(["a", " b\n", "\nc", "<think>d</think>e", "f\\", "'g\"", "x", "0"])


def skeleton_of(template, roles=ROLES, **settings):
    tokenizer = load_format("chatml")
    tokenizer.chat_template = template
    settings = {"add_generation_prompt": False, "template_kwargs": {}, **settings}
    return find_skeleton(roles, tokenizer, **settings), tokenizer


def loop(body):
    return "{% for message in messages %}[" + body + "]{% endfor %}"


# Each does with a content what a skeleton can repeat.
UNSEEN = [
    "{{ message.content }}",
    "{{ message['content'] | trim }}",
    "{{ message.content.strip() + '!' }}",
    "{{ '<' + message.content.lstrip('\\n') | trim + '>' }}",
    "{% if message.content %}{{ message.content }}{% endif %}",
    "{% if message.content is string and message.role in ['user'] %}{{ message.content }}{%endif%}",
    "{% if '</think>' in message.content %}thought{% else %}{{ message.content }}{% endif %}",
    "{% if message.content.startswith('x') %}x!{% endif %}{{ message.content.rstrip() }}",
    "{{ message.content.split('</think>')[-1] | trim }}",
    "{% if message.content == 'x' %}x!{% endif %}{{ message.content }}",
    "{% set ns = namespace(text=message.content) %}{{ ns.text }}",
    "{{ messages[0].content if loop.first else message.get('content', '') }}",
    "{{ messages | length }}{{ message.content | default('') | string }}",
    "{% for letter in message.tool_calls or [] %}{{ letter }}{% endfor %}{{ message.content }}",
]
# Each lets the text depend on a content in a way that no skeleton shows.
SEEN = [
    "{{ message.content | length }}",
    "{{ message.content[0] }}",
    "{{ message.content.split()[-1] }}",
    "{{ message.content | upper }}",
    "{{ message.content.upper() }}",
    "{{ message.content | replace('a', 'b') }}",
    "{{ message.content | tojson }}",
    "{{ message | tojson }}",
    "{{ message }}",
    "{{ '%s!' % message.content }}",
    "{{ '%s%s' % ('!', message.content) }}",
    "{{ '{}!'.format(message.content) }}",
    "{{ 'abc'.replace('a', message.content) }}",
    "{{ ', '.join([message.content]) }}",
    "{{ [message.content] | join }}",
    "{{ message.content in 'abc' }}",
    "{{ message.content ~ '!' }}",
    "{{ message.content * 2 }}",
    "{{ message.content < 'b' }}",
    "{{ {'a': 'b'}[message.content] }}",
    "{{ (message.content + ' ') | trim }}",
    "{{ 'x' in message.content + 'x' }}",
    "{{ message.content == messages[0].content }}",
    "{% if message.content.strip('abc') %}!{% endif %}",
    "{% for letter in message.content %}{{ letter }}{% endfor %}",
    "{% set text %}{{ message.content }}{% endset %}{{ text | length }}",
    "{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}{{ twice(message.content) | trim }}",
    "{% filter trim %}{{ message.content }}{% endfilter %}",
    "{{ messages | map(attribute='content') | join }}",
    "{{ strftime_now('%H') }}{{ message.content }}",
    "{{ raise_exception('no') }}",
    OPEN + "{{ message.content }}" + CLOSE,
]


@pytest.mark.parametrize("body", UNSEEN)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(contents=st.lists(WORDS, min_size=4, max_size=4))
def test_a_skeleton_gives_the_text_of_the_template(body, contents):
    skeleton, tokenizer = skeleton_of(loop(body))
    assert skeleton is not None
    if any(word in content for word in skeleton.absent for content in contents):
        return
    messages = [{"role": r, "content": c} for r, c in zip(ROLES, contents, strict=True)]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    assert skeleton.fill(contents) == text


@pytest.mark.parametrize("body", SEEN)
def test_a_template_that_looks_into_a_content_has_none(body):
    assert skeleton_of(loop(body))[0] is None


def test_words_that_a_template_looks_for_are_listed():
    skeleton, _ = skeleton_of(loop("{{ '</think>' in message.content }}{{ message.content }}"))
    assert skeleton is not None
    assert skeleton.absent == {"</think>"}


@pytest.mark.parametrize("name", NAMES)
def test_the_bundled_templates_have_one(name):
    tokenizer = load_format(name)
    for opened, roles in ((False, ROLES), (True, ROLES[:-1])):
        skeleton = find_skeleton(
            roles, tokenizer, add_generation_prompt=opened, template_kwargs={}, prefix="<bos>"
        )
        assert skeleton is not None
        messages = [{"role": role, "content": f"{i}!"} for i, role in enumerate(roles)]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=opened)
        assert skeleton.fill([m["content"] for m in messages]) == text.removeprefix("<bos>")


def test_the_mark_of_a_content_is_that_of_its_only_place():
    skeleton, _ = skeleton_of("{{ messages[0].content }}{{ messages[0].content | trim }}")
    assert skeleton is not None
    assert [skeleton.mark_of(message) for message in (0, 1)] == ["", ""]
    skeleton, _ = skeleton_of("a{{ messages[1].content | trim }}b")
    assert skeleton is not None
    assert skeleton.marked == f"a{skeleton.mark_of(1)}b"


@pytest.mark.parametrize("mark", [OPEN, CLOSE])
def test_a_text_that_has_marks_of_its_own_has_none(mark):
    template = "{{ first }}{{ messages[0].content }}"
    assert skeleton_of(template, template_kwargs={"first": "!"})[0] is not None
    assert skeleton_of(template, template_kwargs={"first": mark})[0] is None
