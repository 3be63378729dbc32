"""The page on trainers, run block by block: every loss it reports is the one made by hand."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from book_pages import text_of
from datasets import Dataset
from page_code import blocks
from torch.optim.optimizer import register_optimizer_step_pre_hook
from transformers import (
    BartConfig,
    BartForCausalLM,
    DataCollatorForLanguageModeling,
    DataCollatorForSeq2Seq,
    LlamaForCausalLM,
)
from trl import DPOConfig, DPOTrainer

from chatshift import next_token_loss, tiny_model

PAGE = Path(__file__).parents[2] / "book" / "09_trainers.ipynb"
SET_UP = "Set up: four rows, and a place for results"
CLOSE = 1e-5
HAND_OVERS = [
    "Your own loop, shifted pairs",
    "Your own loop, unshifted rows",
    "The Trainer of transformers",
    "The SFTTrainer of TRL",
    "Accumulate in your own loop",
    "Accumulate with a trainer",
]
PADS = ["<pad>", "<end_of_turn>"]  # the second one ends every answer, and is the end of sequence


def by_hand(model, traces):
    """The mean over all supervised tokens, each row alone: no padding, no batch, no trainer."""
    sums = [
        next_token_loss(
            model(torch.tensor([trace.input_ids])).logits[0], trace.labels, reduction="sum"
        )
        for trace in traces
    ]
    return torch.stack(sums).sum() / sum(len(trace.supervised) for trace in traces)


def direction(gradients):
    """Of length 1, since trainers clip the gradient."""
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    return flat / flat.norm()


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Run:
    """The page's names after the set-up, and what is right at each step of an optimizer."""

    def __init__(self):
        self.code, self.expected = blocks(PAGE), []
        self.names: dict[str, Any] = {}
        exec(self.code[SET_UP], self.names)

    def section(self, name, *replaced):
        code = self.code[name]
        for old, new in replaced:
            assert old in code
            code = code.replace(old, new)
        exec(code, self.names)
        return self.names

    def check_step(self, optimizer, *_arguments):
        model = self.names["model"]
        weights = list(model.parameters())
        with torch.enable_grad():  # an optimizer steps without
            loss = by_hand(model, self.names["traces"])
            right = direction(torch.autograd.grad(loss, weights))
        used = direction([weight.grad for weight in weights])
        torch.testing.assert_close(used, right, atol=CLOSE, rtol=0)
        self.expected.append(loss.item())


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the page's output_dir is relative
    return Run()


@pytest.fixture
def checked_run(run):
    # It sees the weights that the forward pass used, whoever owns the loop.
    hook = register_optimizer_step_pre_hook(run.check_step)
    yield run
    hook.remove()


def test_each_hand_over_of_the_page_says_first_who_shifts():
    found = blocks(PAGE)
    assert [name for name, code in found.items() if "keep(" in code] == [SET_UP, *HAND_OVERS]
    page = text_of(PAGE)
    for name in HAND_OVERS:
        assert re.search(rf"^## {name}\n\n(You shift|The model shifts|TRL shifts)\b", page, re.M)


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("name", HAND_OVERS)
def test_the_loss_is_the_one_made_by_hand(checked_run, name, pad):
    tokenizer = checked_run.names["tokenizer"]
    tokenizer.pad_token = pad
    if pad != "<pad>":
        tokenizer.eos_token = pad
    losses = checked_run.section(name)["losses"]
    assert len(losses) == len(checked_run.expected) == 3
    assert losses == pytest.approx(checked_run.expected, abs=CLOSE)
    assert losses[2] < losses[0] - 0.01


@pytest.mark.parametrize("pad", PADS)
def test_the_padded_batch_has_every_label_and_no_other(run, pad):
    run.names["tokenizer"].pad_token = pad
    batch = run.section("Pad a batch")["batch"]
    assert batch["labels"].shape[1] % 8 == 0
    for trace, labels, mask in zip(
        run.names["traces"], batch["labels"], batch["attention_mask"], strict=True
    ):
        assert labels.ne(-100).nonzero().flatten().tolist() == list(trace.supervised)
        assert mask.sum() == len(trace.full_ids)


def sft(run, *replaced):
    """TRL's section, but for what is replaced."""
    return run.section("The SFTTrainer of TRL", *replaced)


SKIP = 'dataset_kwargs={"skip_prepare_dataset": True},'


def mean_of_means(traces):
    model = tiny_model()
    halves = [traces[:2], traces[2:]]
    return sum(by_hand(model, half).item() for half in halves) / len(halves)


@torch.no_grad()
def test_the_mean_of_means_is_another_loss(run):
    traces = run.names["traces"]
    assert len({len(trace.supervised) for trace in traces}) > 2
    assert abs(mean_of_means(traces) - by_hand(tiny_model(), traces).item()) > 0.001


def test_trl_weighs_tokens_when_it_accumulates(checked_run):
    smaller = "per_device_train_batch_size=2, gradient_accumulation_steps=2"
    losses = sft(checked_run, ("per_device_train_batch_size=4", smaller))["losses"]
    assert losses == pytest.approx(checked_run.expected, abs=CLOSE)


def test_a_model_without_loss_kwargs_gets_the_mean_of_means(run, monkeypatch):
    forward = LlamaForCausalLM.forward

    def narrow(self, input_ids, attention_mask=None, labels=None):
        return forward(self, input_ids, attention_mask=attention_mask, labels=labels)

    monkeypatch.setattr(LlamaForCausalLM, "forward", narrow)
    run.names["settings"]["train_sampling_strategy"] = "sequential"
    with pytest.raises(TypeError, match="num_items_in_batch"):
        run.section("Accumulate with a trainer")
    assert not run.names["trainer"].model_accepts_loss_kwargs
    with torch.no_grad():
        losses = run.names["losses"]
        assert losses[0] == pytest.approx(mean_of_means(run.names["traces"]), abs=CLOSE)


def test_a_model_that_ignores_the_count_is_found_by_twice_the_count(run):
    names = run.section("Accumulate with a trainer")
    assert names["uses_the_count"](names["model"], names["batch"])
    torch.manual_seed(0)
    sizes = {"d_model": 32, "decoder_layers": 1, "decoder_attention_heads": 4}
    bart = BartForCausalLM(BartConfig(vocab_size=1000, dropout=0.0, **sizes))
    trainer = names["Trainer"](model=bart, args=names["TrainingArguments"](**names["steps"]))
    assert trainer.model_accepts_loss_kwargs
    assert not names["uses_the_count"](bart, names["batch"])


def test_two_processes_sum_only_with_both_changes(run):
    run.section("Accumulate in your own loop")
    shown = run.section("Several GPUs average what you wanted summed")
    right, ways = shown["right"], shown["ways"]
    with torch.enable_grad():
        loss = by_hand(run.names["model"], run.names["traces"])
        exact = torch.autograd.grad(loss, list(run.names["model"].parameters()))
    torch.testing.assert_close(right, torch.cat([one.flatten() for one in exact]))
    own, half, both = ways.values()
    torch.testing.assert_close(both, right)
    torch.testing.assert_close(2 * half, right)
    assert (own - right).norm() > 0.1 * right.norm()


def test_what_the_collators_of_transformers_do(run):
    tokenizer, rows = run.names["tokenizer"], run.names["rows"]
    tokenizer.pad_token = "<end_of_turn>"
    batch = run.section("Pad a batch")["batch"]
    theirs = DataCollatorForSeq2Seq(tokenizer, pad_to_multiple_of=8)(rows)
    assert all(torch.equal(theirs[name], batch[name]) for name in batch)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    assert rows[0]["labels"][0] == -100
    assert rows[0]["labels"][-1] == tokenizer.pad_token_id
    new = collator(rows[:1])["labels"][0]
    assert new[0] == rows[0]["input_ids"][0]
    assert new[-1] == -100
    with pytest.raises(ValueError, match="Unable to create tensor"):
        collator(rows)


def test_trl_cuts_and_removes_rows_unless_told_not_to(run):
    trace = max(run.names["traces"], key=lambda trace: len(trace.full_ids))
    prepared = sft(run, (SKIP, f"max_length={trace.prompt_length + 2},"))["trainer"].train_dataset
    lengths = [len(labels) for labels in prepared["labels"]]
    assert max(lengths) == trace.prompt_length + 2 < len(trace.full_ids)
    kept = sft(run, (SKIP, SKIP + "max_length=1,"))["trainer"].train_dataset
    assert kept["labels"][:] == [row["labels"] for row in run.names["rows"]]
    removed = sft(run, (SKIP, f"max_length={trace.prompt_length},"))["trainer"].train_dataset
    assert 0 < len(removed) < len(run.names["rows"])


def test_trl_keeps_labels_that_are_there(run):
    trainer = sft(run, (SKIP, ""))["trainer"]
    assert trainer.train_dataset["labels"][:] == [row["labels"] for row in run.names["rows"]]


def test_trls_own_collator_pads_labels_by_position(run):
    tokenizer = run.names["tokenizer"]
    tokenizer.pad_token = "<end_of_turn>"
    own = "    data_collator=partial(collate, pad_token_id=tokenizer.pad_token_id),\n"
    trainer = sft(run, (SKIP, ""), (own, ""))["trainer"]
    labels = next(iter(trainer.get_train_dataloader()))["labels"].tolist()
    rows = [row["labels"] for row in run.names["rows"]]
    padded = [row + [-100] * (max(map(len, rows)) - len(row)) for row in rows]
    assert sorted(labels) == sorted(padded)
    assert all(tokenizer.pad_token_id in row for row in labels)


def test_what_trls_settings_do_to_the_loss(run):
    right = sft(run)["losses"]
    rounded = sft(run, ("bf16=False,", ""))["losses"]
    assert CLOSE < max(abs(a - b) for a, b in zip(right, rounded, strict=True)) < 0.01
    other = sft(run, (SKIP, SKIP + 'loss_type="dft",'))["losses"]
    assert abs(other[0] - right[0]) > 1


def test_trl_recomputes_activations_by_default_to_the_same_loss(run):
    right = sft(run)["losses"]
    with pytest.warns(FutureWarning, match="`gradient_checkpointing` is deprecated"):
        recomputed = sft(run, ("activation_checkpointing=False,", ""))
    assert recomputed["trainer"].args.activation_checkpointing
    assert recomputed["losses"] == pytest.approx(right, abs=CLOSE)


def test_trl_takes_the_attention_mask_away(run):
    seen: list[bool] = []

    def note(examples, **settings):
        seen.extend("attention_mask" in example for example in examples)
        return collate(examples, **settings)

    collate, run.names["collate"] = run.names["collate"], note
    sft(run)
    assert set(seen) == {False}
    seen.clear()
    sft(run, (SKIP, SKIP + "remove_unused_columns=False,"))
    assert set(seen) == {True}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("padding_free", "custom data collator is not supported"),
        ("packing", "custom data collator is not supported"),
        ("assistant_only_loss", "dataset is not conversational"),
    ],
)
def test_what_trl_refuses(run, setting, words):
    with pytest.raises(ValueError, match=words):
        sft(run, (SKIP, f"{SKIP}{setting}=True,"))


@pytest.mark.parametrize(("lead", "left_out"), [("", ""), ("\n", "\n")])
def test_dpo_takes_as_prompt_what_both_of_its_rows_begin_with(run, lead, left_out):
    tokenizer = run.names["tokenizer"]
    user = {"role": "user", "content": "Is it wet?"}
    answers = {"chosen": f"{lead}Yes.", "rejected": "No."}
    row = {k: [{"role": "assistant", "content": text}] for k, text in answers.items()}
    config = DPOConfig(
        output_dir="run",
        use_cpu=True,
        report_to="none",
        bf16=False,
        activation_checkpointing=False,
    )
    trainer = DPOTrainer(
        model=tiny_model(),
        ref_model=tiny_model(),
        args=config,
        train_dataset=Dataset.from_list([{"prompt": [user], **row}]),
        processing_class=tokenizer,
    )
    (made,) = trainer.train_dataset
    prompt = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    assert tokenizer.decode(made["prompt_ids"]) + left_out == prompt
    assert tokenizer.decode(made["rejected_ids"]) == f"{left_out}No.<end_of_turn>"
    assert made["prompt_ids"].count(tokenizer.bos_token_id) == 1
