"""Rows become a batch: padded by position, never by id, and nothing silent."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatshift import IGNORE_INDEX, ChatshiftError, LabelError, collate

LONG = {"input_ids": [5, 6, 4], "attention_mask": [1, 1, 1], "labels": [-100, 6, 4]}
SHORT = {"input_ids": [7, 4], "attention_mask": [1, 1], "labels": [-100, 4]}


@pytest.mark.parametrize("pad", [0, 4], ids=["pad", "pad is the end token"])
def test_every_value_of_a_small_batch(pad):
    batch = collate([LONG, SHORT], pad_token_id=pad)
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        "input_ids": [[5, 6, 4], [7, 4, pad]],
        "attention_mask": [[1, 1, 1], [1, 1, 0]],
        "labels": [[-100, 6, 4], [-100, 4, -100]],
    }
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


TOKEN = st.integers(0, 4)  # so few that the pad token stands in most rows
PLACE = st.tuples(TOKEN, st.booleans())
ROWS = st.lists(st.lists(PLACE, min_size=1, max_size=9), min_size=1, max_size=5)


@given(rows=ROWS, pad=TOKEN, multiple=st.sampled_from([None, 1, 3, 8]))
def test_each_row_stands_in_front_and_padding_after_it(rows, pad, multiple):
    # The last place counts, so that every row has something to learn.
    examples = [
        {
            "input_ids": [token for token, _ in row],
            "labels": [token if counts else -100 for token, counts in row[:-1]] + [row[-1][0]],
        }
        for row in rows
    ]
    batch = collate(examples, pad_token_id=pad, pad_to_multiple_of=multiple)
    longest, width = max(map(len, rows)), batch["labels"].shape[1]
    assert longest <= width < longest + (multiple or 1)
    assert width % (multiple or 1) == 0
    for index, example in enumerate(examples):
        rest = width - len(rows[index])
        assert batch["input_ids"][index].tolist() == example["input_ids"] + [pad] * rest
        assert batch["labels"][index].tolist() == example["labels"] + [IGNORE_INDEX] * rest
        assert batch["attention_mask"][index].tolist() == [1] * len(rows[index]) + [0] * rest


@pytest.mark.parametrize("kind", [tuple, np.array, torch.tensor, partial(np.array, dtype="int32")])
def test_tuples_arrays_and_tensors_are_rows_as_well(kind):
    kinds = [{name: kind(values) for name, values in row.items()} for row in (LONG, SHORT)]
    expected, batch = collate([LONG, SHORT], pad_token_id=0), collate(kinds, pad_token_id=0)
    assert all(torch.equal(batch[name], expected[name]) for name in expected)


def test_a_mask_is_kept_where_there_is_one():
    masked = LONG | {"attention_mask": [0, 1, 1]}
    without = {name: SHORT[name] for name in ("input_ids", "labels")}
    batch = collate([masked, without], pad_token_id=0)
    assert batch["attention_mask"].tolist() == [[0, 1, 1], [1, 1, 0]]


def test_the_batch_shares_no_memory_with_the_rows():
    row = {name: torch.tensor(values) for name, values in LONG.items()}
    collate([row], pad_token_id=0)["labels"].fill_(9)
    assert row["labels"].tolist() == LONG["labels"]


@pytest.mark.parametrize(
    ("examples", "settings", "error", "message"),
    [
        ([], {}, ChatshiftError, "There are no examples. A batch needs at least one row."),
        (
            [LONG],
            {"pad_token_id": None},
            ChatshiftError,
            "pad_token_id is None: the tokenizer has no pad token. Pass tokenizer.eos_token_id; "
            "the labels of the padding stay masked.",
        ),
        (
            [LONG],
            {"pad_to_multiple_of": 0},
            ChatshiftError,
            "pad_to_multiple_of=0 is below 1; leave it out.",
        ),
        (
            [LONG, {"input_ids": [7, 4], "attention_mask": [1, 1]}],
            {},
            ChatshiftError,
            "Example 1 has no 'labels', only ['attention_mask', 'input_ids']. Pass rows that are "
            "prepared, and let the trainer remove neither column.",
        ),
        (
            LONG,  # one row instead of a list of rows
            {},
            ChatshiftError,
            "Example 0 is a str, not a dict with input_ids and labels. Of a Trace, pass "
            "trace.for_transformers().",
        ),
        (
            [LONG, SHORT | {"labels": [-100, 4, 4]}],
            {},
            LabelError,
            "Example 1 has 2 input_ids and a row of 3 for labels. Each id needs one of its own.",
        ),
        (
            [SHORT | {"attention_mask": [1]}],
            {},
            ChatshiftError,
            "Example 0 has 2 input_ids and a row of 1 for attention_mask. Each id needs one of its "
            "own.",
        ),
        (
            [LONG, SHORT | {"labels": [-100, -100]}],
            {},
            LabelError,
            "All 2 labels of example 1 are -100: there is nothing to learn. Was the answer cut "
            "off? Leave this row out.",
        ),
        (
            [LONG | {"labels": [[-100, 6, 4]]}],
            {},
            ChatshiftError,
            "labels of example 0 has the shape (1, 3) and the type torch.int64. Pass one row of "
            "whole numbers.",
        ),
        (
            [LONG | {"input_ids": [5.0, 6.5, 4.0]}],
            {},
            ChatshiftError,
            "input_ids of example 0 has the shape (3,) and the type torch.float32. Pass one row "
            "of whole numbers.",
        ),
    ],
)
def test_refused(examples, settings, error, message):
    with pytest.raises(ChatshiftError) as refusal:
        collate(examples, **{"pad_token_id": 0, **settings})
    assert type(refusal.value) is error
    assert str(refusal.value) == message
