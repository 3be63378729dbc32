"""The proof of the shift: four ways to one loss, and two ways past it."""

import pytest
import torch

from chatshift import LabelError, next_token_loss, tiny_model

CLOSE = 1e-6


@pytest.fixture
def model(tokenizer):
    torch.set_num_threads(1)
    return tiny_model(tokenizer)


@pytest.fixture
def logits(model, trace):
    with torch.no_grad():
        return model(torch.tensor([trace.input_ids])).logits[0]


def by_hand(logits, labels):
    log_probabilities = torch.log_softmax(logits, dim=-1)
    terms = [-log_probabilities[i, y].item() for i, y in enumerate(labels) if y != -100]
    return sum(terms) / len(terms)


@torch.no_grad()
def test_four_ways_to_one_loss(model, trace, logits):
    expected = by_hand(logits, trace.labels)
    row = {name: torch.tensor([values]) for name, values in trace.for_transformers().items()}
    inputs, labels = torch.tensor([trace.input_ids]), torch.tensor([trace.labels])
    ours = next_token_loss(logits, trace.labels)
    inside = model(**row).loss
    told = model(inputs, labels=labels, shift_labels=labels).loss
    for loss in (ours, inside, told):
        assert abs(loss.item() - expected) < CLOSE


@torch.no_grad()
def test_a_second_shift_gives_another_loss(model, trace, logits):
    inputs, labels = torch.tensor([trace.input_ids]), torch.tensor([trace.labels])
    twice = model(inputs, labels=labels).loss.item()
    assert abs(twice - next_token_loss(logits, trace.labels).item()) > 0.01
    assert abs(twice - by_hand(logits[:-1], trace.labels[1:])) < CLOSE


@torch.no_grad()
def test_no_shift_gives_another_loss(model, trace):
    logits = model(torch.tensor([trace.full_ids])).logits[0]
    repeat = next_token_loss(logits, trace.masked_labels).item()
    assert abs(repeat - by_hand(logits[:-1], trace.labels)) > 0.01


def test_reductions_agree(logits, trace):
    each = next_token_loss(logits, trace.labels, reduction="none")
    assert each.shape == (40,)
    assert each[:30].eq(0).all()
    total = next_token_loss(logits, trace.labels, reduction="sum")
    assert torch.allclose(each.sum(), total)
    assert torch.allclose(total / 10, next_token_loss(logits, trace.labels))


def test_a_batch_is_the_mean_over_its_counted_labels(logits, trace):
    labels = [list(trace.labels), [-100] * 39 + [4]]
    both = next_token_loss(torch.stack([logits, logits]), labels)
    last = by_hand(logits, labels[1])
    assert abs(both.item() - (10 * by_hand(logits, trace.labels) + last) / 11) < CLOSE


def test_half_precision_is_summed_in_full(logits, trace):
    assert next_token_loss(logits.bfloat16(), trace.labels).dtype == torch.float32


@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [
        (
            (4, 8),
            [-100, 5, 6],
            "logits have the shape (4, 8) and labels (3,). Each label needs the logits at its own "
            "position: give the model the shifted input_ids.",
        ),
        (
            (3, 8),
            [-100] * 3,
            "All 3 labels are -100: there is nothing to learn, and the mean over no label is NaN. "
            "Was the answer cut off?",
        ),
        (
            (3, 8),
            [-100, 8, 1],
            "The label at position 1 is 8, which is neither -100 nor one of the 8 token ids that "
            "the model knows.",
        ),
        (
            (3, 8),
            [-100, 1, -1],
            "The label at position 2 is -1, which is neither -100 nor one of the 8 token ids that "
            "the model knows.",
        ),
    ],
)
def test_refused(shape, labels, message):
    with pytest.raises(LabelError) as refusal:
        next_token_loss(torch.zeros(shape), labels)
    assert str(refusal.value) == message


def test_unknown_reduction():
    with pytest.raises(LabelError, match=r"choose from \['mean', 'sum', 'none'\]"):
        next_token_loss(torch.zeros(1, 2), [1], reduction="median")
