"""The views from Python: what they hold, what they say without scripts, what they refuse."""

import gzip
import json
import re
import sys

import pytest
import torch
from book_platform import classic
from traitlets import TraitError

from chatshift import IGNORE_INDEX, collate, prepare, show
from chatshift.lessons import many_turns
from chatshift.show.still import HERE, style
from chatshift.tiny.formats import load_format

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def views(trace, tokenizer):
    row = trace.for_transformers()
    return {
        "text": show.text(trace),
        "rule": show.rule(trace),
        "ladder": show.ladder(trace),
        "compare": show.compare(trace),
        "batch": show.batch([row], tokenizer),
        "curves": show.curves({"one": [1.0, 0.5]}),
    }


def test_the_script_and_the_style_are_small():
    script = classic((HERE / "views.js").read_text(encoding="utf-8"))
    assert len(gzip.compress(script.encode(), 9)) <= 8192
    sheet = (HERE / "views.css").read_text(encoding="utf-8")
    assert len(gzip.compress(sheet.encode(), 9)) <= 4096
    assert len(style()) <= 4096


def test_every_class_has_the_prefix():
    sheet = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", (HERE / "views.css").read_text(encoding="utf-8"))
    selectors = re.findall(r"([^{}]+)\{", sheet)
    found = {name for one in selectors for name in re.findall(r"\.([a-z][\w-]*)", one)}
    assert found
    assert {name for name in found if not name.startswith("cs-")} == set()


def test_each_view_is_a_widget_with_a_picture_and_words(views):
    for name, view in views.items():
        assert view.view == name
        bundle, _ = view._repr_mimebundle_()
        assert WIDGET in bundle
        assert bundle["text/html"].startswith(f'{style()}<div class="cs-view">')
        assert bundle["text/plain"] == repr(view)
        assert json.loads(json.dumps(view.data)) == view.data


def test_without_anywidget_the_picture_alone_is_shown(trace, monkeypatch):
    from chatshift.show import view

    live = show.text(trace)
    view.widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    alone = show.text(trace)
    monkeypatch.undo()
    assert type(alone).__name__ == "Still"
    assert alone._repr_html_() == live._repr_html_()
    assert repr(alone) == repr(live)


def test_values_are_attributes(trace):
    view = show.text(trace, 3, position=7, ids=True)
    assert (view.step, view.position, view.ids) == (3, 7, True)
    assert show.text(trace).position == 30
    assert show.rule(trace, 2).places == 2
    assert show.ladder(trace).position == 30
    with pytest.raises(TraitError, match="step"):
        view.step = 7


def test_a_blind_guess_stands_beside_losses_only(trace):
    losses = {1: [1.0] * (len(trace.full_ids) - 1)}
    assert show.rule(trace, losses=losses, vocabulary=952).data["guess"] == 6.85857
    assert "guess" not in show.rule(trace, vocabulary=952).data
    assert "guess" not in show.rule(trace, losses=losses).data


def test_a_view_reads_the_columns_of_the_trace(trace):
    columns = show.text(trace).data["trace"]
    assert columns["pieces"] == list(trace.pieces)
    assert columns["ids"] == list(trace.full_ids)
    assert columns["labels"] == list(trace.masked_labels)
    assert columns["prompt"] == trace.prompt_length
    assert len(json.dumps(columns)) < 1500


def test_a_trace_is_shown_as_its_text(trace):
    assert trace._repr_html_() == show.text(trace)._repr_html_()


@pytest.mark.parametrize(
    ("step", "labels", "sums"),
    [
        (1, ["", "", ""], "41 tokens"),
        (2, ["", "answer", ""], "41 tokens"),
        (3, ["261", "461", "398"], "41 tokens"),
        (4, ["↵", "based", "·on"], "41 tokens"),
        (5, ["", "based", "·on"], "41 tokens: 31 masked, 10 supervised"),
        (6, ["based", "·on", "·what"], "41 tokens: 30 masked, 10 supervised, 1 dropped"),
    ],
)
def test_the_text_without_scripts_after_each_step(trace, step, labels, sums):
    html = show.text(trace, step)._repr_html_()
    assert html.count("<ruby ") == 41
    assert re.findall(r'<rt class="cs-label">([^<]*)</rt>', html)[30:33] == labels
    assert f"<p>{sums}</p>" in html


def test_the_text_in_a_terminal(trace):
    assert repr(show.text(trace)).splitlines() == [
        "41 tokens: 30 masked, 10 supervised, 1 dropped",
        "0 to 29     masked      <start_of_turn>system↵You·are·a·as … "
        "<end_of_turn>↵<start_of_turn>model",
        "30 to 39    supervised  ↵based·on·what·you·described·it's·depression'",
        "            labels      based·on·what·you·described·it's·depression'<end_of_turn>",
        "40          dropped     <end_of_turn>",
    ]


def test_of_a_long_conversation_the_part_around_the_position_is_told(tokenizer):
    messages = [
        {"role": "user", "content": "Why? " * 500},
        {"role": "assistant", "content": "Because."},
    ]
    trace = prepare(messages, tokenizer)
    html = trace._repr_html_()
    assert html.count("<ruby ") == 400
    assert f"<p>… {len(trace.full_ids) - 400:,} tokens before</p>" in html


def test_the_rule_holds_what_a_model_was_asked(trace):
    asked = {k: torch.arange(41 - k) + 1.0 for k in range(3)}
    view = show.rule(trace, losses=asked)
    one = view.data["losses"]["1"]
    assert one[:30] == [None] * 30
    assert one[30:] == [31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, None]
    lines = [line.split() for line in repr(view).splitlines()[2:]]
    assert lines[1] == ["↵", "masked", "based", "31.00", "·on", "31.00"]
    assert lines[-1] == ["<end_of_turn>", "<end_of_turn>", "41.00", "dropped", "dropped"]
    assert show.rule(trace, losses=[asked[0]]).data["losses"].keys() == {"0"}


def test_losses_that_fit_no_pair_are_refused(trace):
    with pytest.raises(ValueError, match="0, 1 or 2 places; there are losses for \\[3\\]"):
        show.rule(trace, losses={3: []})
    with pytest.raises(ValueError, match="Moved by 1, 41 tokens make 40 pairs, but there are 5"):
        show.rule(trace, losses={1: [1.0] * 5})
    with pytest.raises(ValueError, match="make 40 pairs, but there are 39 losses"):
        show.ladder(trace, [1.0] * 39)


def test_the_ladder_tells_the_pairs_that_count(trace):
    lines = [line.split() for line in repr(show.ladder(trace, [0.5] * 40)).splitlines()[2:]]
    assert [line[0] for line in lines] == [str(i) for i in range(30, 40)]
    assert [line[2] for line in lines] == [show.visible(trace.pieces[i]) for i in range(31, 41)]
    assert {line[3] for line in lines} == {"0.5000"}


def test_two_texts_are_compared(trace, tokenizer):
    drawn = show.compare(trace)
    assert "A prefix: the texts are alike for 190 characters" in repr(drawn)
    answer = "based on what you described it&#39;s depression&#39;&lt;end_of_turn&gt;"
    assert f"<mark>{answer}</mark>" in drawn._repr_html_()
    apart = show.compare("a b", "a <i>", tokenizer, names=("one", "two"), cause="So it is.")
    assert repr(apart).endswith("No prefix: the texts differ at character 2. So it is.")
    assert "<mark>&lt;i&gt;</mark>" in apart._repr_html_()
    assert [side["name"] for side in apart.data["sides"]] == ["one", "two"]


def test_a_batch_tells_padding_packing_and_what_is_cut_off(tokenizer):
    talk = prepare(many_turns.talk(), load_format("chatml"), supervise="all")
    rows = [{"input_ids": [5, 6, 4], "labels": [IGNORE_INDEX, 6, 4]}, talk.for_transformers()]
    view = show.batch(collate(rows[:1] * 2, pad_token_id=4), tokenizer)
    assert "Row 1, 3 tokens: 1 masked, 2 supervised" in repr(view)
    uneven = [rows[0], {name: column[:2] for name, column in rows[0].items()}]
    view = show.batch(collate(uneven, pad_token_id=4), tokenizer)
    assert "Row 1, 3 tokens: 1 masked, 1 supervised, 1 padding" in repr(view)
    assert view.data["rows"][1]["read"] == [1, 1, 0]
    packed = {**rows[0], "position_ids": [0, 0, 1]}
    assert show.batch([packed], tokenizer).data["rows"][0]["starts"] == [0, 1]
    cut = show.batch(rows[:1], tokenizer, max_length=1)
    assert "1 masked, 2 cut off" in repr(cut)
    assert cut.max_length == 1
    shifted = {"input_ids": [5, 6], "labels": [6, 4]}
    words = show.batch([shifted], tokenizer).data["rows"][0]["words"]
    assert words == [tokenizer.decode([6]), "<end_of_turn>"]
    with pytest.raises(ValueError, match="Row 0: the columns differ in length"):
        show.batch([{"input_ids": [1, 2], "labels": [1]}], tokenizer)


def test_curves_tell_their_numbers():
    view = show.curves({"a": [8.0, 4.0, float("nan")], "<b>": torch.tensor([1.0])}, (0, 2))
    named = {"name": "<b>", "losses": [1.0]}
    assert view.data["runs"] == [{"name": "a", "losses": [8.0, 4.0, None]}, named]
    assert [line.split() for line in repr(view).splitlines()[2:]] == [
        ["a", "8.0000"],
        ["<b>", "1.0000"],
    ]
    assert "&lt;b&gt;" in view._repr_html_()
    with pytest.raises(ValueError, match="There are 5 runs; one to 4 can be told apart"):
        show.curves({str(n): [1.0] for n in range(5)})


def test_hostile_words_are_escaped(tokenizer):
    word = "<script>alert(1)</script> <img src=x> <bos>"
    messages = [{"role": "user", "content": word}, {"role": "assistant", "content": word}]
    trace = prepare(messages, tokenizer, control_tokens="allow")
    drawn = [show.text(trace), show.rule(trace), show.ladder(trace)]
    drawn += [show.compare(trace, cause=word), show.batch([trace.for_transformers()], tokenizer)]
    drawn += [show.curves({word: [1.0]}), show.compare(word, word + "!", tokenizer)]
    for view in drawn:
        html = view._repr_html_().removeprefix(style())
        assert "<script" not in html
        assert "<img" not in html
        assert "<bos" not in html  # which is one piece
