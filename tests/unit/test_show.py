"""Pictures: escaped, legible without colour, the same every time."""

import pytest

from chatshift import collate, prepare, show


def test_tokens_that_look_like_markup_show_as_themselves(tokenizer):
    messages = [
        {"role": "user", "content": "<script>alert(1)</script> <bos>"},
        {"role": "assistant", "content": "<img src=x>"},
    ]
    trace = prepare(messages, tokenizer, control_tokens="allow")
    frames = [show.step_frame(trace, step) for step in range(1, 7)]
    frames += [
        show.walk_frame(trace, 6),
        show.token_frame(trace, 3),
        show.position_frame(trace, 20),
    ]
    frames += [show.mask_frame(trace, 2), show.pairs_frame(trace, 1), show.alias_frame(trace, True)]
    frames += [show.growth_frame(trace.prompt_text, trace.full_text, "<i>")]
    frames += [show.ends_frame(trace, "last", "first")]
    for html in frames:
        assert "<script" not in html
        assert "<bos>" not in html
        assert "<img" not in html
    assert "&lt;bos&gt;" in frames[0]


def test_white_space_is_visible():
    assert show.visible(" a\n\t\r") == "·a↵⇥␍"
    assert show.visible("") == "∅"


def test_each_box_says_in_a_word_what_happens(trace):
    html = show.step_frame(trace, 6)
    assert html.count("<span>masked</span>") == 30
    assert html.count("<span>trained</span>") == 10
    assert html.count("<span>dropped</span>") == 1


@pytest.mark.parametrize("step", range(1, 7))
def test_every_step_has_the_same_boxes(trace, step):
    html = show.step_frame(trace, step)
    assert html.count("<li ") == 41
    assert html.count("<span>") == 3 * 41


def test_the_plain_text_of_a_picture(trace):
    lines = repr(show.picture(trace)).splitlines()
    assert lines[0].split() == ["position", "token", "part", "id", "label", "state"]
    assert lines[2 + 30].split() == ["30", "↵", "prompt", "261", "461", "trained"]
    assert lines[2 + 40].split() == ["40", "<end_of_turn>", "answer", "4", "none", "dropped"]
    assert len(repr(show.picture(trace, step=1)).splitlines()[0].split()) == 2


def test_the_mask_explorer_has_one_right_length(trace):
    right = [n for n in range(1, 41) if "Right:" in show.mask_frame(trace, n)]
    assert right == [31]


def test_which_ends_are_right(trace):
    assert "right: it must predict the next token" in show.ends_frame(trace, "last", "first")
    assert "the token before" in show.ends_frame(trace, "first", "last")
    assert "itself" in show.ends_frame(trace, "last", "last")
    assert "itself" in show.ends_frame(trace, "first", "first")


def test_tables_show_cells_as_they_are():
    picture = show.table([("<b>", 1.0)], ("a", "b"))
    assert "&lt;b&gt;" in picture.html
    assert "1.0" in picture.text


def test_the_map_lights_one_step():
    assert "[5 mask_prompt]" in show.step_map(5).text
    assert "[" not in show.step_map().text


def test_a_batch_says_what_is_padding_and_what_is_trained(tokenizer):
    end = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    rows = [
        {"input_ids": [5, 6, end], "labels": [-100, 6, end]},
        {"input_ids": [7, end], "labels": [-100, end]},
    ]
    drawn = show.batch_rows(collate(rows, pad_token_id=end), tokenizer)
    lines = [line.split() for line in drawn.text.splitlines()[2:]]
    assert " ".join(line[-1] for line in lines) == ("masked trained trained masked trained padding")
    assert lines[4] == ["1", "1", "<end_of_turn>", "4", "trained"]
    assert lines[5] == ["1", "2", "<end_of_turn>", "-100", "padding"]
    assert drawn.html.count("<li ") == 6
    assert "&lt;end_of_turn&gt;" in drawn.html
    assert "<end_of_turn>" not in drawn.html


def test_bars_are_as_long_as_their_numbers():
    assert show.bars({"limit": 1.0, "<half>": 0.5}, "of the limit").text.splitlines() == [
        "of the limit",
        "limit: 1.00",
        "━" * 20,
        "<half>: 0.50",
        "━" * 10,
    ]


def test_a_billion_tokens_at_a_million_a_second_take_a_thousand_seconds():
    lines = show.times_table({"fast": 1e6, "slow": 1e5}, cores=1).text.splitlines()
    assert lines[2].split("  ")[0] == "fast"
    assert "17 min" in lines[2]
    assert "2.8 h" in lines[2]
    assert "2.8 h" in lines[3]
    assert "2 min" in show.times_table({"fast": 1e6}, cores=10).text
