"""Templates that raise, reach out or never end: each row is named, the rest is still audited."""

import pytest

from chatshift import ChatshiftError, audit, load_tokenizer
from chatshift.template import sandbox

HEAD = "{{- bos_token -}}"
BAD = {
    "raises": ("{{ raise_exception('not this one') }}", "not this one"),
    "divides": ("{{ 1 // 0 }}", "integer division or modulo by zero"),
    "reaches out": ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
    "never ends": (
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "still at work",
    ),
    "fills memory": ("{{ 'a' * 999999999 }}", "too large"),
    "recurses": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
}


def talk(question):
    return {
        "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": "Yes"}]
    }


def tokenizer_with(what):
    tokenizer = load_tokenizer()
    source = tokenizer.chat_template
    assert HEAD in source
    tokenizer.chat_template = source.replace(HEAD, HEAD + what)
    return tokenizer


@pytest.mark.parametrize("name", BAD)
def test_a_template_that_fails_in_some_rows(name, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    what, words = BAD[name]
    condition = "{% if messages[0]['content'] == 'bad' %}" + what + "{% endif %}"
    report = audit([talk("a"), talk("bad"), talk("b")], tokenizer_with(condition))
    assert (report.prepared, report.rejected) == (2, 1)
    (finding,) = [one for one in report.findings if one.id == "refused"]
    assert [place.line for place in finding.rows] == [2]
    assert finding.causes == {"the template raised": 1}
    assert finding.example is not None
    assert words in finding.example.reason


@pytest.mark.parametrize("name", BAD)
def test_a_template_that_fails_in_every_row(name, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    what, words = BAD[name]
    if name == "never ends":  # each of the rows would take as long
        with pytest.raises(ChatshiftError, match=words):
            audit([talk("a"), talk("b")], tokenizer_with(what))
        return
    report = audit([talk("a"), talk("b")], tokenizer_with(what))
    assert report.rejected == 2
    assert words in str(report)


def test_a_template_that_is_no_template():
    with pytest.raises(ChatshiftError, match="cannot be read"):
        audit([talk("a")], tokenizer_with("{% if %}"))
