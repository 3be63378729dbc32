"""The same data handed over in four ways: which losses fall, and what is learned."""

import pytest
import torch

from chatshift.lessons import four_ways
from chatshift.lessons.four_ways import BY_HAND, NEVER, PAIRS, RIGHT, TWICE, WAYS


@pytest.fixture(scope="module")
def runs():
    torch.set_num_threads(1)
    return {way: four_ways.train(way) for way in WAYS}


def test_every_word_of_an_answer_is_one_token():
    tokenizer = four_ways.small_tokenizer()
    for _, answer in PAIRS:
        pieces = [tokenizer.decode(number) for number in tokenizer(answer)["input_ids"]]
        assert "".join(pieces) == answer
        assert len(pieces) == len(answer.replace(",", " ,").replace(".", " .").split())


def test_all_losses_fall_and_only_two_are_true(runs):
    right = ["5.6607", "0.0044", "0.0044", 16]
    assert {
        way: [
            f"{run.losses[0]:.4f}",
            f"{run.losses[-1]:.4f}",
            f"{four_ways.loss_of(run.model, RIGHT).item():.4f}",
            four_ways.exact_answers(run.model),
        ]
        for way, run in runs.items()
    } == {
        RIGHT: right,
        BY_HAND: right,
        TWICE: ["5.6891", "0.0046", "9.0941", 0],
        NEVER: ["5.6699", "0.0041", "9.7009", 0],
    }


def test_every_other_token_and_repetition(runs):
    tokenizer = four_ways.small_tokenizer()
    ids = tokenizer(PAIRS[0][1])["input_ids"]
    assert runs[TWICE].answers[100] == tokenizer.decode(ids[1::2]) == " sky blue a day"
    assert len(set(runs[NEVER].answers[100].split())) == 1
    assert runs[RIGHT].answers[100] == runs[BY_HAND].answers[100] == PAIRS[0][1]


def test_each_run_starts_from_the_same_weights_and_leaves_the_random_state(runs):
    state = torch.get_rng_state()
    one, other = four_ways.new_model(), four_ways.new_model()
    assert torch.equal(torch.get_rng_state(), state)
    for first, second in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one.lm_head.weight, runs[RIGHT].model.lm_head.weight)
