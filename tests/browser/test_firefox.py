"""The views in Firefox: they are drawn, and answer to keys and to the pointer."""

import pytest
from view_page import view_page

from chatshift import load_tokenizer, prepare, show
from chatshift.lessons import data_point

RIGHT, END = "\ue014", "\ue010"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    tokenizer = load_tokenizer()
    trace = prepare(data_point(), tokenizer, strip_bos=True)
    losses = [float(i + 1) for i in range(40)]
    views = {
        "text": show.text(trace),
        "rule": show.rule(trace, losses={1: losses}),
        "ladder": show.ladder(trace, losses),
        "compare": show.compare(trace),
        "batch": show.batch([trace.for_transformers()], tokenizer, max_length=30),
        "curves": show.curves({"falls": losses[::-1]}),
    }
    path = tmp_path_factory.mktemp("firefox") / "views.html"
    path.write_text(view_page(views), "utf-8")
    return path.as_uri()


def said(firefox, name):
    return firefox.evaluate(f"document.querySelector('#{name} .cs-said').innerText")


SETTLED = "Promise.all(document.getAnimations().map(one => one.finished)).then(() => 0)"
UNDER = """[...document.querySelectorAll('#rule .cs-input')].map(input => {
  const middle = one => (one.getBoundingClientRect().left + one.getBoundingClientRect().right) / 2;
  const labels = [...document.querySelectorAll('#rule .cs-strip .cs-cell')];
  const under = labels.filter(label => Math.abs(middle(label) - middle(input)) < 2);
  return under.map(label => label.innerText.replaceAll('\\u200b', '')).join('|');
})"""


@pytest.mark.parametrize("width", [360, 1280])
def test_every_view_is_drawn_and_fits(firefox, address, width):
    firefox.goto(address, width)
    assert firefox.evaluate("document.querySelectorAll('.cs-body').length") == 6
    assert firefox.evaluate("document.documentElement.scrollWidth") <= width
    assert firefox.evaluate("document.querySelectorAll('#text [role=option]').length") == 41


def test_keys_move_the_text_and_the_steps(firefox, address):
    firefox.goto(address)
    firefox.evaluate("document.querySelector('#text [tabindex=\"0\"][role]').focus()")
    firefox.press(RIGHT)
    assert "has read 32 tokens" in said(firefox, "text")
    firefox.press(END)
    assert "Token 40" in said(firefox, "text")
    firefox.evaluate("document.querySelectorAll('#text [type=radio]')[3].focus()")
    firefox.press(RIGHT)
    assert firefox.evaluate("window.views.text.get('step')") == 5


def test_labels_are_dragged_and_stand_under_the_right_input(firefox, address):
    firefox.goto(address)
    firefox.evaluate("document.querySelector('#rule').scrollIntoView()")
    place = "document.querySelector('#rule .cs-drag').getBoundingClientRect().toJSON()"
    box = firefox.evaluate(place)
    pieces = firefox.evaluate("window.views.rule.get('data').trace.pieces")
    firefox.drag(box["x"] + 300, box["y"] + 20, -60)
    assert firefox.evaluate("window.views.rule.get('places')") == 2
    firefox.evaluate(SETTLED)
    found = firefox.evaluate(UNDER)
    # The start of the answer, two places on; where it ends, two labels are left out.
    columns = range(29, 29 + len(found) - 2)
    assert len(found) >= 7
    assert found == [*(show.visible(pieces[i + 2]) for i in columns), "", ""]


def test_a_slider_cuts_the_rows(firefox, address):
    firefox.goto(address)
    assert "11 cut off" in said(firefox, "batch")
    firefox.evaluate("document.querySelector('#batch input').focus()")
    firefox.press(RIGHT)
    assert "10 cut off" in said(firefox, "batch")
