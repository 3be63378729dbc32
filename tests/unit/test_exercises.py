"""The checker: it passes what is right, and shows the first case of what is not."""

from collections.abc import Callable

import pytest

from chatshift import ChatshiftError
from chatshift.lessons.exercises import EXERCISES, check


@pytest.mark.parametrize("name", EXERCISES)
def test_our_solutions_pass_and_stubs_are_not_attempted(name):
    assert check(name, EXERCISES[name].solution).text == "all 200 cases are right"
    assert check(name, lambda *arguments: None).text == "not attempted"
    assert check(name, lambda *arguments: ...).text == "not attempted"


def _pad_by_id(rows, pad_id):
    longest = max(len(ids) for ids, _ in rows)
    gaps = [longest - len(ids) for ids, _ in rows]
    filled = [labels + [pad_id] * gap for (_, labels), gap in zip(rows, gaps, strict=True)]
    return (
        [ids + [pad_id] * gap for (ids, _), gap in zip(rows, gaps, strict=True)],
        [[1] * len(ids) + [0] * gap for (ids, _), gap in zip(rows, gaps, strict=True)],
        [[-100 if label == pad_id else label for label in row] for row in filled],
    )


WRONG: dict[str, Callable] = {
    "count_trained": lambda full, prompt: len(full) - len(prompt) - 1,
    "strip_bos": lambda text, bos: text.replace(bos, ""),
    "prompt_messages": lambda messages: messages[:-2],
    "is_prefix": lambda full, prompt: full[0] == prompt[0],
    "agree": lambda full, prompt: sum(a == b for a, b in zip(full, prompt, strict=False)),
    "copy_labels": lambda ids: ids,
    "mask_prompt": lambda labels, n: [-100] * (n - 1) + labels[n - 1 :],
    "shift": lambda ids, labels: (ids[1:], labels[:-1]),
    "dropped": lambda full, masked: (full[0], masked[-1]),
    "hand_over": lambda ids, n, who: (ids[:-1], ([-100] * n + ids[n:])[1:]),
    "verdict": lambda own, by_hand: "model" if own == by_hand[1] else "caller",
    "first_control": lambda text, tokens: text.find(tokens[0]),
    "after_marker": lambda ids, marker: [i + 1 for i, j in enumerate(ids) if j == marker[-1]],
    "label_turns": lambda ids, turns: list(ids),
    "pad_rows": lambda rows, pad_id: _pad_by_id(rows, pad_id),
}


def test_label_turns_keeps_the_answers_and_nothing_else():
    turns = [("user", 1, 2), ("assistant", 3, 5), ("user", 6, 7), ("assistant", 8, 9)]
    labels = EXERCISES["label_turns"].solution(list(range(10)), turns)
    assert labels == [-100, -100, -100, 3, 4, -100, -100, -100, 8, -100]


def test_after_marker_finds_whole_markers():
    after = EXERCISES["after_marker"].solution
    assert after([3, 4, 9, 3, 3, 4], [3, 4]) == [2, 6]
    assert after([4, 3], [3, 4]) == []


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_functions_fail(name):
    assert check(name, WRONG[name]).text.startswith("case ")


def test_a_failure_is_a_table_of_tokens():
    lines = check("mask_prompt", WRONG["mask_prompt"]).text.splitlines()
    assert lines[1].split() == ["where", "expected", "yours", "compared"]
    assert sum("different" in line for line in lines) == 1
    assert "input_ids[0]" in check("shift", WRONG["shift"]).text


def test_a_changed_input_is_seen():
    def mask_in_place(labels, n):
        labels[:n] = [-100] * n
        return list(labels)

    assert "your function changed its input" in check("mask_prompt", mask_in_place).text


def test_another_type_is_seen():
    assert "another type" in check("is_prefix", lambda full, prompt: 1).text


def test_unknown_exercise():
    with pytest.raises(ChatshiftError, match="There is no exercise 'x'; choose from"):
        check("x", len)


def test_a_wrong_label_of_a_padded_batch_is_named():
    lines = check("pad_rows", WRONG["pad_rows"]).text.splitlines()
    wrong = [line.split() for line in lines if "different" in line]
    assert wrong
    assert all(line[0].startswith("labels[") for line in wrong)


def test_control_tokens_of_a_case_are_shown_and_not_swallowed_as_tags():
    shown = check("first_control", WRONG["first_control"])
    token = "<end_of_turn>"
    assert token in shown.text
    assert token.replace("<", "&lt;").replace(">", "&gt;") in shown.html
    assert token not in shown.html
