"""Widgets: the right frame is shown, and the frames are there without any script."""

import ipywidgets
import pytest

from chatshift import prepare, show
from chatshift.lessons import many_turns
from chatshift.show import widgets
from chatshift.tiny.formats import load_format

MADE = {
    "step_through": (6, lambda trace: widgets.step_through(trace)),
    "growing_render": (2, lambda trace: widgets.growing_render(["a", "ab"])),
    "compare_renders": (3, lambda trace: widgets.compare_renders(trace)),
    "token_inspector": (41, lambda trace: widgets.token_inspector(trace, start=5)),
    "copy_or_alias": (2, lambda trace: widgets.copy_or_alias(trace)),
    "mask_explorer": (40, lambda trace: widgets.mask_explorer(trace)),
    "position_inspector": (40, lambda trace: widgets.position_inspector(trace, start=30)),
    "shift_explorer": (3, lambda trace: widgets.shift_explorer(trace, {0: 1.0, 1: 2.0, 2: 3.0})),
    "which_end": (4, lambda trace: widgets.which_end(trace)),
    "choose_policy": (2, lambda trace: widgets.choose_policy({"a": trace, "b": trace})),
    "truncation": (41, lambda trace: widgets.truncation(trace, start=34)),
}


@pytest.mark.parametrize("name", MADE)
def test_every_frame_is_in_the_widget_and_in_its_fallback(name, trace):
    count, make = MADE[name]
    frames = make(trace)
    assert len(frames.frames) == count
    bundle = frames._repr_mimebundle_()
    assert bundle["text/plain"] == f"Frames({frames.name!r}, {count} frames)"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for title, html in frames.frames:
        in_a_row = f"<td>{title} " in bundle["text/html"] or f"<th>{title} " in bundle["text/html"]
        assert html in bundle["text/html"] or in_a_row or name == "step_through"


def test_the_table_for_the_steps_has_a_column_for_each_value(trace):
    html = widgets.step_through(trace)._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == 1 + 41
    assert html.count("<th>") == 7


@pytest.mark.parametrize("name", MADE)
def test_the_control_and_the_stack_agree(name, trace):
    frames = MADE[name][1](trace)
    _, control, stack = frames.widget.children
    number = control.index if isinstance(control, ipywidgets.ToggleButtons) else control.value
    assert stack.selected_index == number
    assert len(stack.children) > number
    shown = stack.children[number].value
    assert any(html in shown for _, html in frames.frames)


def test_the_sliders_number_is_what_it_is_about(trace):
    _, control, stack = widgets.mask_explorer(trace).widget.children
    assert (control.min, control.value, control.max) == (1, 31, 40)
    assert "Right:" in stack.children[31].value
    _, control, stack = widgets.step_through(trace).widget.children
    assert "Step 4 of 6" in stack.children[4].value


def test_choose_policy_shows_what_each_trace_learns():
    talk, chatml = many_turns.talk(), load_format("chatml")
    traces = {way: prepare(talk, chatml, supervise=way) for way in ("last", "all")}
    (last, one), (every, both) = widgets.choose_policy(traces).frames
    assert (last, every) == ("last", "all")
    first, second = "It·is·Paris.&lt;|im_end|&gt;</code>", "It·is·Rome.&lt;|im_end|&gt;↵</code>"
    assert (first in one, second in one) == (False, True)
    assert (first in both, second in both) == (True, True)
    assert f"{both.count(chr(34) + 'trained' + chr(34))} of 45 tokens are learned" in both


def test_truncation_says_what_is_left_to_learn(trace):
    explorer = widgets.truncation(trace, start=34)
    verdicts = [show.cut_verdict(trace, length).split(":")[0] for length in range(1, 42)]
    assert verdicts == ["Nothing to learn"] * 31 + ["Cut"] * 9 + ["Whole"]
    frames = dict(explorer.frames)
    assert "0 of 10 supervised" in frames["31"]
    assert "3 of 10 supervised" in frames["34"]
    assert "<p>cut off: <code>&lt;end_of_turn&gt;</code></p>" in frames["40"]
    assert "<p>cut off: none</p>" in frames["41"]
    _, control, stack = explorer.widget.children
    assert control.value == 34
    assert "max_length 34:" in stack.children[34].value


def test_choose_format_shows_text_and_labels():
    talk = many_turns.talk()
    traces = {name: prepare(talk, load_format(name)) for name in ("gemma3", "chatml")}
    (_, gemma), (name, chatml) = widgets.choose_format(traces).frames
    assert name == "chatml"
    assert ("&lt;|im_start|&gt;user" in gemma, "&lt;|im_start|&gt;user" in chatml) == (False, True)
    assert "<mark>" not in chatml
    learned = len(traces["chatml"].supervised)
    assert f"{learned} of {len(traces['chatml'].full_ids)} tokens are learned" in chatml


def test_times_is_shorter_with_more_cores():
    frames = widgets.times({"one way": 1e6}, most=4)
    assert [title for title, _ in frames.frames] == ["1", "2", "3", "4"]
    assert "17 min" in frames.frames[0][1]
    assert "4 min" in frames.frames[3][1]
    assert frames.instead == show.times_table({"one way": 1e6}, 1)
