"""A template is a program: however it fails, it is refused, and its own words are kept."""

import threading
from typing import Any

import pytest

from chatshift import ChatshiftError, TemplateError, prepare, prepare_batch
from chatshift.template import sandbox

TALK: Any = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
NESTED = "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"
DEEP = (
    "{% for n in [60] recursive %}{% if n %}{{ loop([n - 1]) }}{{ loop([n - 1]) }}{% endif %}"
    "{% endfor %}"
)
TREE = "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(90) }}"
FAILURES = {
    "divides by zero": ("{{ 1 // 0 }}", "integer division or modulo by zero"),
    "overflows": ("{{ 2.0 ** 5000 }}", "Numerical result out of range"),
    "a huge number": ("{% set n = messages | length %}{{ n ** (10**9) }}", "would be too large"),
    "a huge text": ("{{ messages[0].content * 10**9 }}", "would be too large"),
    "recurses": (
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "maximum recursion depth exceeded",
    ),
    "a missing key": ("{{ messages[0].a.b }}", "has no attribute 'a'"),
    "a missing message": ("{{ messages[7].content }}", "list object has no element 7"),
    "its own words": ("{{ raise_exception('no, thanks') }}", "no, thanks"),
    "a type": ("{{ 'a' + 1 }}", "can only concatenate str"),
    "a private attribute": ("{{ ''.__class__.__mro__ }}", "is unsafe"),
    "a changed message": ("{{ messages.append(1) }}", "is unsafe"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_refused(case, tokenizer):
    tokenizer.chat_template, words = FAILURES[case]
    with pytest.raises(TemplateError) as refusal:
        prepare(TALK, tokenizer)
    assert str(refusal.value).startswith("The chat template refused these messages (user, assist")
    assert words in str(refusal.value)


def test_a_template_that_cannot_be_read(tokenizer):
    tokenizer.chat_template = "{% if %}"
    with pytest.raises(TemplateError, match="The chat template cannot be read: Expected an expr"):
        prepare(TALK, tokenizer)


@pytest.mark.parametrize("source", [NESTED, TREE, DEEP])
@pytest.mark.parametrize("in_thread", [False, True])
def test_a_template_that_never_ends(source, in_thread, tokenizer, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)
    tokenizer.chat_template = source
    refusals = []

    def run():
        for work in (prepare, lambda *given: prepare_batch(*given, shifted=False)):
            try:
                work([TALK] if work is not prepare else TALK, tokenizer)
            except ChatshiftError as refusal:
                refusals.append(str(refusal))

    if in_thread:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        run()
    expected = "refused these messages (user, assistant): it was still at work after 0 seconds"
    assert len(refusals) == 2
    assert expected in refusals[0]
    assert "it was still at work" in refusals[1]


# What templates do with values, each in a way of its own.
DEEDS = (
    "{% set ns = namespace(found=false, n=0, t='') %}{% for m in messages %}"
    "{% set ns.n = ns.n + 1 %}{% set ns.t = ns.t ~ loop.index ~ loop.last ~ loop.previtem %}"
    "{{ m.role.upper().strip() }}|{{ m.missing is defined }}|{{ m['content'].split('e')[0] }}|"
    "{{ m.keys() | list }}|{{ m.items() | list | length }}|{{ m.get('role') }}|{{ '%s' % ns.n }}|"
    "{{ '{} {}'.format(m.role, 1) }}|{{ m.content.startswith(('Y', 'H')) }}|"
    "{{ m.update is defined }}"
    "{% endfor %}{{ ns.t }}{{ ns.missing is defined }}{{ [1, 2] | tojson }}{{ strftime_now('%Y') }}"
    "{% generation %}x{% endgeneration %}{% for i in range(5) %}{% if i == 2 %}{% break %}"
    "{% endif %}{{ i }}{% endfor %}"
)


def test_it_writes_what_transformers_writes(tokenizer):
    tokenizer.chat_template = DEEDS
    from chatshift import render

    assert render(TALK, tokenizer) == tokenizer.apply_chat_template(TALK, tokenize=False)


# Names that the shorter ways must not take for others.
NAMES = {
    "a key that is a method of dicts": "{% set d = {'items': 1} %}{{ d['items'] }}{{ d.items() }}",
    "a key like a place in a loop": (
        "{% for m in messages %}{% set d = {'first': m} %}{{ d.first.role }}{{ loop.first }}"
        "{{ m.first is defined }}{{ m.index0 is defined }}{{ loop['first'] }}{% endfor %}"
    ),
    "a name of a namespace that is a method of dicts": (
        "{% set ns = namespace({'keys': 1}, update=2) %}{{ ns.keys }}{{ ns.update }}"
        "{{ ns['keys'] }}{{ ns.get is defined }}{{ ns is mapping }}{{ ns.role is defined }}"
    ),
    "a look-up in a look-up": (
        "{% set d = {'a': {'b': {'c': 3}}, 'c': 'a'} %}{{ d[d.c].b['c'] }}{{ d.a.b.c }}"
        "{{ d.get(d.c, d.a)['b'].c }}{{ d.x is defined and d.x.y }}"
    ),
    "a look-up in a macro, and in the condition of a loop": (
        "{% macro f(m) %}{{ m.role }}{{ m.content.upper() }}{% endmacro %}"
        "{% for m in messages if m.role == 'user' %}{{ f(m) }}{{ m['content'] }}{% endfor %}"
    ),
    "a loop in itself": (
        "{% for m in messages recursive %}{% if m.role %}{{ loop([m.content]) }}{% else %}{{ m }}"
        "{{ loop.depth }}{% endif %}{% endfor %}"
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_shorter_ways_lead_where_the_long_ones_do(case, tokenizer):
    tokenizer.chat_template = NAMES[case]
    from chatshift import render

    assert render(TALK, tokenizer) == tokenizer.apply_chat_template(TALK, tokenize=False)


@pytest.mark.parametrize(
    "source",
    ["{% set ns = namespace(_a=1) %}", "{% set ns = namespace() %}{% set ns.__class__ = 1 %}"],
)
def test_a_namespace_has_no_private_names(source, tokenizer):
    tokenizer.chat_template = source
    with pytest.raises(TemplateError, match="a namespace has no name such as '_"):
        prepare(TALK, tokenizer)


def test_another_transformers_is_asked_in_public(tokenizer, monkeypatch):
    expected = prepare(TALK, tokenizer)

    def gone(source):
        raise ImportError("cannot import name '_compile_jinja_template'")

    monkeypatch.setattr(sandbox, "compile_template", gone)
    asked = []
    public = tokenizer.apply_chat_template

    def ask(*given, **more):
        asked.append(given)
        return public(*given, **more)

    tokenizer.apply_chat_template = ask
    assert prepare(TALK, tokenizer) == expected
    assert asked
