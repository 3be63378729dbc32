"""The same data handed over in four ways: which losses fall, and what is learned."""

import pytest
import torch

from chatshift.lessons import four_ways
from chatshift.lessons.four_ways import (
    PAIRS,
    answer,
    exact_answers,
    loss_by_hand,
    new_model,
    train,
)


def loss_of_model(batch):
    return lambda model: model(**batch).loss


@pytest.fixture(scope="module")
def runs():
    torch.set_num_threads(1)
    unshifted, shifted = four_ways.unshifted(), four_ways.shifted()
    ways = {
        "the model shifts": loss_of_model(unshifted),
        "you shift": lambda model: loss_by_hand(model, shifted),
        "both shift": loss_of_model(shifted),
        "nobody shifts": lambda model: loss_by_hand(model, unshifted),
    }
    models = {way: new_model() for way in ways}
    return {way: (models[way], train(models[way], ways[way])) for way in ways}


def test_every_word_of_an_answer_is_one_token():
    tokenizer = four_ways.small_tokenizer()
    for _, right in PAIRS:
        pieces = [tokenizer.decode(number) for number in tokenizer(right)["input_ids"]]
        assert "".join(pieces) == right
        assert len(pieces) == len(right.replace(",", " ,").replace(".", " .").split())


def test_all_losses_fall_and_only_two_are_true(runs):
    true_loss = loss_of_model(four_ways.unshifted())
    right = ["5.6607", "0.0044", "0.0044", 16]
    assert {
        way: [
            *(f"{x:.4f}" for x in (losses[0], losses[-1], true_loss(model))),
            exact_answers(model),
        ]
        for way, (model, losses) in runs.items()
    } == {
        "the model shifts": right,
        "you shift": right,
        "both shift": ["5.6891", "0.0046", "9.0941", 0],
        "nobody shifts": ["5.6699", "0.0041", "9.7009", 0],
    }
    assert {len(losses) for _, losses in runs.values()} == {101}


def test_every_other_token_and_repetition(runs):
    tokenizer = four_ways.small_tokenizer()
    question, right = PAIRS[0]
    answers = {way: answer(model, question) for way, (model, _) in runs.items()}
    every_other = tokenizer.decode(tokenizer(right)["input_ids"][1::2]).strip()
    assert answers["both shift"] == every_other == "sky blue a day"
    assert len(set(answers["nobody shifts"].split())) == 1
    assert answers["the model shifts"] == answers["you shift"] == right


def test_each_run_starts_from_the_same_weights_and_leaves_the_random_state(runs):
    state = torch.get_rng_state()
    one, other = new_model(), new_model()
    assert torch.equal(torch.get_rng_state(), state)
    for first, second in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one.lm_head.weight, runs["the model shifts"][0].lm_head.weight)
