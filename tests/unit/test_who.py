"""`who_shifts` on real architectures, on our own modules, and on models that do it wrong."""

from types import SimpleNamespace

import pytest
import torch
import transformers
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from torch import nn
from torch.nn.functional import cross_entropy

from chatshift import ChatshiftError, LabelError, tiny_model, who_shifts

SMALL = {
    "vocab_size": 97,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
FLAT = {name: SMALL[name] for name in SMALL if name != "num_key_value_heads"}
ARCHITECTURES = {
    "Llama": SMALL,
    "Mistral": SMALL,
    "Qwen2": SMALL,
    "Qwen3": {**SMALL, "head_dim": 8},
    "Gemma2": {**SMALL, "head_dim": 8},
    "Phi": SMALL,
    "GPTNeoX": FLAT,
    "GPT2": {"vocab_size": 97, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "OPT": {**FLAT, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "Mamba": {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2},
}
# These ids are in every configuration, so that no default lies beyond the small vocabulary.
CONTROL = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}

# What PEFT 0.21 still calls, and transformers 5.23 warns of.
DEPRECATED = "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"


def made(name, kind="ForCausalLM", **settings):
    """A model of transformers with random weights."""
    kind = "LMHeadModel" if name == "GPT2" else kind
    config_class = getattr(transformers, f"{name}Config")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model_class = getattr(transformers, f"{name}{kind}")
        return model_class(config_class(**CONTROL, **settings)).eval()


class Plain(nn.Module):
    """A causal model of our own: running sums of embeddings, and labels moved by `places`."""

    calls: torch.Tensor

    def __init__(self, places, returns=SimpleNamespace, vocabulary=50):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.inside = nn.Sequential(nn.Embedding(vocabulary, 16), nn.Dropout(0.5))
            self.head = nn.Linear(16, vocabulary)
        self.places, self.returns = places, returns
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, input_ids, labels):
        self.calls += 1
        hidden = self.inside(input_ids).cumsum(dim=1)
        logits = self.head(hidden)
        length = labels.shape[1]
        loss = cross_entropy(
            logits[:, : length - self.places].flatten(0, 1), labels[:, self.places :].flatten()
        )
        if self.returns is tuple:
            return loss, logits, "more"
        return self.returns(loss=loss, logits=logits)


def patched(change, model=None):
    """A model of transformers whose labels are changed before it shifts them."""
    model = tiny_model() if model is None else model
    forward = model.forward

    def changed(input_ids, labels):
        return forward(input_ids=input_ids, labels=change(labels))

    model.forward = changed
    return model


def moved_left(labels):
    return torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], -100)], dim=1)


def moved_right(labels):
    return torch.cat([torch.full_like(labels[:, :1], -100), labels[:, :-1]], dim=1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_transformers_shifts_inside(name):
    assert who_shifts(made(name, **ARCHITECTURES[name])) == "model"


@pytest.mark.parametrize("name", ["Bart", "Marian", "Whisper"])
def test_some_of_transformers_do_not_shift(name):
    settings = {
        "vocab_size": 97,
        "d_model": 32,
        "decoder_layers": 1,
        "decoder_attention_heads": 4,
        "decoder_ffn_dim": 64,
        "decoder_start_token_id": 2,
    }
    assert who_shifts(made(name, **settings)) == "caller"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions(dtype):
    assert who_shifts(made("Llama", **SMALL).to(dtype)) == "model"


@pytest.mark.filterwarnings(DEPRECATED)
def test_peft_lora():
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"])
    assert who_shifts(get_peft_model(made("Llama", **SMALL), config)) == "model"


@pytest.mark.filterwarnings(DEPRECATED)
def test_peft_prompt_tuning_puts_virtual_tokens_in_front():
    config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    assert who_shifts(get_peft_model(made("Llama", **SMALL), config)) == "model"


@pytest.mark.parametrize("returns", [SimpleNamespace, dict, tuple])
@pytest.mark.parametrize(("places", "expected"), [(0, "caller"), (1, "model")])
def test_modules_of_your_own(places, expected, returns):
    assert who_shifts(Plain(places, returns)) == expected


def test_a_tuple_from_transformers():
    model = made("Llama", **SMALL)
    forward = model.forward
    model.forward = lambda **inputs: forward(**inputs, return_dict=False)
    assert who_shifts(model) == "model"


def test_a_model_that_learned_to_repeat_still_shifts_inside():
    model = tiny_model()
    model.lm_head.weight = model.model.embed_tokens.weight  # the same token is the likeliest
    assert who_shifts(model) == "model"


def test_a_model_that_does_not_shift():
    assert who_shifts(patched(moved_right)) == "caller"


def test_a_model_that_shifts_twice():
    with pytest.raises(LabelError) as refusal:
        who_shifts(patched(moved_left))
    assert str(refusal.value) == (
        "The model shifts the labels twice. Its own loss on random ids is 6.8780; made by hand "
        "from its logits, the loss is 6.9111 with the labels given, 6.9075 with labels one place "
        "on, 6.8780 with labels two places on. Trained like this, it learns every other token. "
        "Mend its forward so that it shifts once, or take its logits and compute the loss with "
        "next_token_loss."
    )


def test_two_offsets_may_give_one_loss_by_accident():
    # With these weights, in one draw of labels: own 4.5583, offset 0 4.5583, offset 1 4.5583.
    config = transformers.BartConfig(
        vocab_size=97, d_model=32, decoder_layers=1, decoder_attention_heads=4
    )
    for seed in (81, 151, 272, 1102, 1250):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            assert who_shifts(transformers.BartForCausalLM(config)) == "caller"


def test_a_head_of_zeros_tells_nothing():
    model = tiny_model()
    nn.init.zeros_(model.lm_head.weight)
    with pytest.raises(LabelError) as refusal:
        who_shifts(model)
    assert str(refusal.value) == (
        "The offsets of the labels cannot be told apart. Its own loss on random ids is 6.8586; "
        "made by hand from its logits, the loss is 6.8586 with the labels given, 6.8586 with "
        "labels one place on, 6.8586 with labels two places on. Are its logits alike at all "
        "positions, as with a head of zeros? Load or train the weights first."
    )


class Wrong(Plain):
    """A module of our own, whose output `change` spoils."""

    def __init__(self, change):
        super().__init__(1, dict)
        self.change = change

    def forward(self, input_ids, labels):
        return self.change(super().forward(input_ids, labels))


NEEDS_BOTH = "Pass a causal language model that returns both."


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda o: {**o, "loss": o["loss"] + 1}, LabelError, "The model's loss fits no offset"),
        (lambda o: {**o, "loss": o["loss"] * 12}, LabelError, "The model's loss fits no offset"),
        (lambda o: {**o, "loss": o["loss"] * float("nan")}, LabelError, "is no finite number"),
        (lambda o: {**o, "logits": o["logits"] * float("nan")}, LabelError, "is no finite number"),
        (lambda o: {"loss": o["loss"]}, ChatshiftError, f"dict without logits. {NEEDS_BOTH}"),
        (lambda o: {"logits": o["logits"]}, ChatshiftError, f"dict without loss. {NEEDS_BOTH}"),
        (lambda o: (o["logits"],), ChatshiftError, f"tuple without logits. {NEEDS_BOTH}"),
        (lambda o: (o["loss"], [o["logits"]]), ChatshiftError, "tuple without logits"),
        (lambda o: o["logits"], ChatshiftError, f"Tensor without loss. {NEEDS_BOTH}"),
        (
            lambda o: (o["logits"], o["loss"]),
            ChatshiftError,
            r"the shape \(1, 16, 50\) and the logits \(\)",
        ),
        (
            lambda o: {**o, "logits": o["logits"][:, -1:]},
            ChatshiftError,
            r"the logits \(1, 1, 50\). One number and \(1, 16, vocabulary\) are needed.",
        ),
    ],
)
def test_outputs_that_are_refused(change, error, message):
    with pytest.raises(error, match=message) as refusal:
        who_shifts(Wrong(change))
    assert type(refusal.value) is error


@pytest.mark.parametrize("places", [-1, 3])
def test_labels_moved_elsewhere(places):
    def move(labels):
        for _place in range(abs(places - 1)):
            labels = moved_left(labels) if places > 1 else moved_right(labels)
        return labels

    with pytest.raises(LabelError, match="The model's loss fits no offset"):
        who_shifts(patched(move))


def test_no_labels_at_all():
    model = made("Llama", "Model", **SMALL)  # its forward takes them, and gives no loss
    with pytest.raises(ChatshiftError, match="BaseModelOutputWithPast without loss"):
        who_shifts(model)

    class NoLabels(nn.Module):
        def forward(self, input_ids):
            return input_ids

    with pytest.raises(ChatshiftError, match=r"cannot be called .*unexpected keyword argument"):
        who_shifts(NoLabels())


def test_labels_of_minus_100_are_refused_by_the_model():
    class OtherMask(Plain):
        def forward(self, input_ids, labels):
            logits = self.head(self.inside(input_ids))
            return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-1), logits

    with pytest.raises(ChatshiftError, match="some of them -100: IndexError: Target -100 is out"):
        who_shifts(OtherMask(0))


def test_an_encoder_and_a_decoder():
    settings = {"vocab_size": 97, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2}
    model = made("T5", "ForConditionalGeneration", **settings, decoder_start_token_id=0)
    with pytest.raises(ChatshiftError, match="makes its inputs out of them"):
        who_shifts(model)


def state_of(model):
    return (
        {name: value.clone() for name, value in model.state_dict(keep_vars=False).items()},
        [id(value) for value in (*model.parameters(), *model.buffers())],
        [None if weight.grad is None else weight.grad.clone() for weight in model.parameters()],
        [module.training for module in model.modules()],
        torch.get_rng_state(),
    )


class Noisy(Plain):
    """Uses PyTorch's random numbers, counts its calls, and does more than `eval` in `train`."""

    def forward(self, input_ids, labels):
        torch.rand(3)
        return super().forward(input_ids, labels)

    def train(self, mode=True):
        self.head.weight.data += 1
        return super().train(mode)


@pytest.mark.parametrize("places", [0, 1, 2])
def test_nothing_is_left_behind(places):
    model = Noisy(places)
    model.inside.training = False  # a flag of its own, unlike its parent's and its children's
    model.head(torch.ones(16)).sum().backward()
    before = state_of(model)
    if places == 2:
        with pytest.raises(LabelError, match="twice"):
            who_shifts(model)
    else:
        assert who_shifts(model) == ("caller", "model")[places]
    after = state_of(model)
    assert after[1] == before[1]
    assert after[3] == before[3] == [True, False, True, True, True]
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_nothing_is_left_behind_by_an_error_of_the_model():
    model = Wrong(lambda output: 1 / 0).train()
    before = state_of(model)
    with pytest.raises(ZeroDivisionError):
        who_shifts(model)
    torch.testing.assert_close(state_of(model), before, rtol=0, atol=0)


def test_no_gradients_are_prepared():
    seen = []

    def note(output):
        seen.append(output["logits"].requires_grad)
        return output

    model = Wrong(note)
    assert who_shifts(model) == "model"
    assert set(seen) == {False}


def test_dropout_is_off_while_it_measures():
    model = tiny_model().train()
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.9
    assert who_shifts(model) == "model"
    assert all(module.training for module in model.modules())


def test_the_answer_repeats_whatever_the_seed():
    model = patched(moved_left)
    texts = set()
    for seed in range(3):
        torch.manual_seed(seed)
        with pytest.raises(LabelError) as refusal:
            who_shifts(model)
        texts.add(str(refusal.value))
    assert len(texts) == 1


def test_ids_stay_below_the_rows_of_the_embedding():
    model = made("Llama", **SMALL)
    model.set_input_embeddings(nn.Embedding(60, 32))
    assert who_shifts(model) == "model"
