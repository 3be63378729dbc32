"""The checker: it passes what is right, and shows the first case of what is not."""

from collections.abc import Callable

import pytest

from chatshift import ChatshiftError
from chatshift.lessons.exercises import EXERCISES, check
from chatshift.lessons.rows import BUGS, check_bugs, check_labels, five_rows, sky


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


def _every_turn_has_a_line_break(messages):
    names = {"assistant": "model"}
    return "".join(
        f"<start_of_turn>{names.get(m['role'], m['role'])}\n{m['content']}<end_of_turn>\n"
        for m in messages
    )


WRONG: dict[str, Callable] = {
    "render": _every_turn_has_a_line_break,
    "answer_text": lambda full, prompt: full[len(prompt) :],
    "is_prefix": lambda full, prompt: full[0] == prompt[0],
    "agree": lambda full, prompt: sum(a == b for a, b in zip(full, prompt, strict=False)),
    "mask_prompt": lambda labels, n: [-100] * (n - 1) + labels[n - 1 :],
    "supervised_pieces": lambda pieces: [t for k, t in pieces if k in ("call", "content")],
    "end_of_turn": lambda text, stop, tokens: next((t for t in tokens if t in text), ""),
    "pack_rows": lambda rows: (
        [i for row, _ in rows for i in row],
        [i for _, labels in rows for i in labels],
        [i for row, _ in rows for i in range(len(row))],
    ),
    "token_weights": lambda counts: [round(1 / sum(counts), 4) for _ in counts],
    "duplicates": lambda rows: [i for i, row in enumerate(rows) if row in rows[:i]],
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


def test_an_answer_that_the_user_quotes_is_told_from_the_quotation():
    def searches(text, stop, tokens):
        after = text.partition("It is Rome.")[2]
        return min((t for t in tokens if t in after), key=after.index, default="")

    assert check("end_of_turn", searches).text.startswith("case ")


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_functions_fail(name):
    assert check(name, WRONG[name]).text.startswith("case ")


def test_a_failure_is_a_table_of_tokens():
    lines = check("mask_prompt", WRONG["mask_prompt"]).text.splitlines()
    assert lines[1].split() == ["where", "expected", "yours", "compared"]
    assert sum("different" in line for line in lines) == 1


def test_a_failure_of_a_text_is_a_table_of_lines():
    lines = check("render", WRONG["render"]).text.splitlines()
    (wrong,) = [line for line in lines if "different" in line]
    assert wrong.split()[1:3] == ["message·4<end_of_turn>", "message·4<end_of_turn>↵"]


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


def test_labels_in_words_are_compared_place_by_place():
    right = ["masked"] * 8 + ["The", "·sky", "is", "blue", "on", "a", "clear", "day", ".", "<end>"]
    assert check_labels(6, right).text == "all 18 labels are right"
    assert check_labels(6, ["_"] * 18).text == "not attempted"
    unshifted = ["masked"] * 9 + ["The", "sky", "is", "blue", "on", "a", "clear", "day", "."]
    lines = check_labels(6, unshifted).text.splitlines()
    assert lines[0] == "8 of 18 labels are right"
    assert lines[3 + 8].split() == ["8", "<model>", "The", "masked", "different"]
    assert check_labels(5, [*unshifted, "<end>"]).text == "all 19 labels are right"
    with pytest.raises(ChatshiftError, match="There are 18 labels, and the row wants 19"):
        check_labels(5, unshifted)


def test_each_of_the_five_rows_has_the_bug_that_it_is_said_to_have():
    right, rows = sky(6), five_rows()
    assert rows["A"] == (*sky(6)[1:], "masked")
    assert rows["B"] == sky(5)[:-1]
    assert rows["C"] == sky(4)[1:]
    for name, position in (("D", 8), ("E", 17)):
        differing = [i for i in range(18) if rows[name][i] != right[i]]
        assert differing == [position]
        assert rows[name][position] == "masked"
    assert len({*rows.values(), right}) == 6


def test_diagnoses_are_compared_row_by_row():
    assert check_bugs(BUGS).text == "all 5 rows are right"
    lines = check_bugs({**BUGS, "A": "not shifted"}).text.splitlines()
    assert lines[0] == "4 of 5 rows are right"
    assert lines[3].split("  ")[0] == "A"
    assert lines[3].endswith("different")
    with pytest.raises(ChatshiftError, match="'late' is no bug of these; they are end masked"):
        check_bugs({**BUGS, "A": "late"})
    with pytest.raises(ChatshiftError, match="The rows are"):
        check_bugs({"A": "end masked"})
