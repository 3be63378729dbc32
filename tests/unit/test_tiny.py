"""What comes with the package: the tokenizer, its template, the model, the conversation."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from chatshift import load_tokenizer, prepare, tiny_model
from chatshift.tiny import FOLDER
from chatshift.tiny.build import build

TOKENIZER = load_tokenizer()


def test_the_committed_folder_is_what_the_script_makes(tmp_path):
    build(tmp_path)
    for committed in FOLDER.iterdir():
        assert (tmp_path / committed.name).read_bytes() == committed.read_bytes(), committed.name
    assert len(list(tmp_path.iterdir())) == len(list(FOLDER.iterdir()))


def test_each_word_of_the_conversation_is_one_token(trace):
    assert trace.pieces[:5] == ("<start_of_turn>", "system", "\n", "You", " are")
    words = trace.full_text.replace("<", " <").replace(">", "> ").split()
    whole = {piece.strip() for piece in trace.pieces}
    assert {word.rstrip(".'").removesuffix("'s") for word in words} <= whole


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_survives_the_round_trip(text):
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids) == text


def test_only_five_tokens_are_special():
    special = [token.content for token in TOKENIZER.added_tokens_decoder.values()]
    assert special == ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]


def test_a_tokenizer_folder_can_be_loaded_by_its_path(messages):
    assert prepare(messages, load_tokenizer(FOLDER)) == prepare(messages, TOKENIZER)


def test_the_models_weights_depend_on_the_seed_alone():
    one, same, other = tiny_model(), tiny_model(TOKENIZER), tiny_model(seed=1)
    first, second, third = (model.lm_head.weight for model in (one, same, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert not one.training


def test_the_model_leaves_the_random_state_as_it_was():
    before = torch.random.get_rng_state()
    tiny_model()
    assert torch.equal(before, torch.random.get_rng_state())
