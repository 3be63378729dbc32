"""`audit_batch` and `AuditCallback` beside real trainers, as they are and broken on purpose."""

import warnings

import pytest
import torch
from datasets import Dataset
from transformers import Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer

from chatshift import (
    AuditCallback,
    ChatshiftError,
    LabelError,
    audit_batch,
    collate,
    next_token_loss,
    prepare,
    tiny_model,
)
from chatshift.audit.batch_findings import BATCH_FINDINGS

TALKS = [("Hi", "Yes"), ("What is it?", "It is a test."), ("So?", "No."), ("Why?", "It is.")]
QUIET = {
    "max_steps": 3,
    "per_device_train_batch_size": 2,
    "save_strategy": "no",
    "use_cpu": True,
    "report_to": "none",
    "disable_tqdm": True,
    "logging_strategy": "no",
}


def conversation(question, answer):
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


@pytest.fixture
def traces(tokenizer):
    return [prepare(conversation(*talk), tokenizer) for talk in TALKS]


@pytest.fixture
def rows(traces):
    return [trace.for_transformers() for trace in traces]


@pytest.fixture
def pairs(traces):
    """Rows that are shifted already, of the length that collators want."""
    return [
        {
            "input_ids": list(t.input_ids),
            "labels": list(t.labels),
            "attention_mask": [1] * len(t.labels),
        }
        for t in traces
    ]


def ids_of(report):
    return [finding.id for finding in report.findings]


def batch_of(rows, tokenizer):
    return collate(rows, pad_token_id=tokenizer.pad_token_id)


class Caller(torch.nn.Module):
    """A model that compares each label with the logits at its own place."""

    def __init__(self):
        super().__init__()
        self.model = tiny_model()

    def forward(self, input_ids, labels=None, **others):
        output = self.model(input_ids)
        loss = None if labels is None else next_token_loss(output.logits, labels)
        return {"loss": loss, "logits": output.logits}


class Twice(Caller):
    """A model that shifts, and hands the shifted labels to one that shifts as well."""

    def forward(self, input_ids, labels=None, **others):
        moved = torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], -100)], dim=1)
        return self.model(input_ids, labels=moved)


# What of rows and model must give which number of shifts; `once` is right.
SHIFTS = [
    ("rows", tiny_model, "unshifted", 1, []),
    ("pairs", Caller, "shifted", 1, []),
    ("pairs", tiny_model, "shifted", 2, ["shifted-twice"]),
    ("rows", Twice, "unshifted", 2, ["shifted-twice"]),
    ("rows", Caller, "unshifted", 0, ["never-shifted"]),
]


@pytest.mark.parametrize(("kind", "model", "labels", "times", "found"), SHIFTS)
def test_how_often_labels_are_shifted(kind, model, labels, times, found, request, tokenizer):
    batch = batch_of(request.getfixturevalue(kind), tokenizer)
    before = {name: column.clone() for name, column in batch.items()}
    report = audit_batch(batch, tokenizer, model=model())
    assert (report.labels_are, report.times_shifted, ids_of(report)) == (labels, times, found)
    assert report.learned[0] == "Yes<end_of_turn>"
    assert report.supervised == sum(len(t) for t in _answers(tokenizer))
    assert all(torch.equal(before[name], batch[name]) for name in batch)


def _answers(tokenizer):
    texts = [f"{answer}<end_of_turn>" for _, answer in TALKS]
    return tokenizer(texts, add_special_tokens=False)["input_ids"]


def test_without_a_model_only_the_labels_are_looked_at(rows, pairs, tokenizer):
    for given, labels in ((rows, "unshifted"), (pairs, "shifted")):
        report = audit_batch(batch_of(given, tokenizer), tokenizer)
        assert (report.labels_are, report.times_shifted, ids_of(report)) == (labels, None, [])
        assert "no model was given" in str(report)


def broken(batch, name, tokenizer):
    """The batch with one fault."""
    batch = {key: value.clone() for key, value in batch.items()}
    labels, ids = batch["labels"], batch["input_ids"]
    if name == "labels-unrelated":
        batch["labels"] = torch.where(labels == -100, labels, (labels + 7) % 900)
    elif name == "all-masked":
        labels[1] = -100
    elif name == "all-supervised":
        batch["labels"] = torch.where(batch["attention_mask"] == 1, ids, -100)
    elif name == "pad-supervised":
        batch["labels"] = torch.where(batch["attention_mask"] == 0, ids, labels)
    elif name == "end-not-supervised":
        labels[ids == tokenizer.convert_tokens_to_ids("<end_of_turn>")] = -100
    elif name == "double-bos":
        batch = {key: torch.cat([column[:, :1], column], dim=1) for key, column in batch.items()}
    elif name == "packed-together":
        batch = {key: column[[0, 0], :13].reshape(1, -1) for key, column in batch.items()}
    elif name == "packed-leak":
        one = [column[:1, :13] for column in batch.values()]
        batch = {key: torch.cat([c, c], 1) for key, c in zip(batch, one, strict=True)}
        batch["position_ids"] = torch.arange(13).repeat(2)[None]
        batch["labels"][0, 13] = batch["input_ids"][0, 13]
    return batch


FAULTS = {
    "labels-unrelated": ([1, 2, 3, 4], "neither the input ids nor"),
    "all-masked": ([2], "all 21 labels are -100"),
    "all-supervised": ([1, 2, 3, 4], "users' words and all"),
    "pad-supervised": ([1, 3, 4], "padding after its answers"),
    "end-not-supervised": ([1, 2, 3, 4], "'<end_of_turn>' (4) after it is masked"),
    "double-bos": ([1, 2, 3, 4], "both are '<bos>' (2)"),
    "packed-together": ([1], "'<bos>' (2) again"),
    "packed-leak": ([1], "at position 13, where a conversation begins"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_a_batch_is_named(name, rows, tokenizer):
    lines, words = FAULTS[name]
    report = audit_batch(broken(batch_of(rows, tokenizer), name, tokenizer), tokenizer)
    assert name in ids_of(report), report
    (finding,) = [one for one in report.findings if one.id == name]
    assert [place.line for place in finding.rows] == lines
    assert words in str(report)


def test_every_fault_of_a_batch_is_planted():
    twice_or_never = {"shifted-twice", "never-shifted"}
    assert set(BATCH_FINDINGS) <= set(FAULTS) | twice_or_never


def test_a_loss_mask_in_place_of_labels(rows, tokenizer):
    batch = batch_of(rows, tokenizer)
    mask = (batch.pop("labels") != -100).long()
    report = audit_batch({**batch, "loss_mask": mask}, tokenizer)
    assert (report.labels_are, report.learned[0]) == ("unshifted", "Yes<end_of_turn>")


def test_lists_and_one_row_alone(rows, tokenizer):
    assert audit_batch(rows[0], tokenizer).learned == ("Yes<end_of_turn>",)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"input_ids": [[1, 2]]}, "neither labels nor a loss mask"),
        ({"labels": [[1, 2]]}, "must be a dict with input_ids"),
        ([1, 2], "must be a dict with input_ids"),
        ({"input_ids": [[1, 2]], "labels": [[1, 2, 3]]}, "not the same lengths"),
    ],
)
def test_what_is_no_batch(batch, words, tokenizer):
    with pytest.raises(ChatshiftError, match=words):
        audit_batch(batch, tokenizer)


def transformers_trainer(rows, tokenizer, tmp_path, callback, model=None):
    def pad(examples):
        return batch_of(examples, tokenizer)

    return Trainer(
        model or tiny_model(tokenizer).train(),
        TrainingArguments(str(tmp_path), remove_unused_columns=False, **QUIET),
        train_dataset=Dataset.from_list(rows),
        data_collator=pad,
        processing_class=tokenizer,
        callbacks=[callback],
    )


def trl_trainer(rows, tokenizer, tmp_path, callback, **settings):
    return SFTTrainer(
        tiny_model(tokenizer).train(),
        args=SFTConfig(str(tmp_path), **{**QUIET, **settings}),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[callback],
    )


def weights(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def test_the_trainer_of_transformers(rows, tokenizer, tmp_path):
    callback = AuditCallback()
    trainer = transformers_trainer(rows, tokenizer, tmp_path, callback)
    trainer.train()
    assert callback.report is not None
    assert trainer.state.global_step == 3
    assert (callback.report.times_shifted, ids_of(callback.report)) == (1, [])


def test_the_training_is_the_same_with_the_callback(rows, tokenizer, tmp_path):
    ends = []
    for callbacks in ([], [AuditCallback()]):
        trainer = transformers_trainer(rows, tokenizer, tmp_path, AuditCallback())
        trainer.callback_handler.callbacks = [
            one for one in trainer.callback_handler.callbacks if not isinstance(one, AuditCallback)
        ] + callbacks
        trainer.train()
        ends.append(weights(trainer.model))
    assert torch.equal(*ends)


@pytest.mark.parametrize("make", [transformers_trainer, trl_trainer])
@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing:FutureWarning")
def test_a_double_shift_is_named_before_the_first_step(make, pairs, tokenizer, tmp_path):
    trainer = make(pairs, tokenizer, tmp_path, AuditCallback())
    before = weights(trainer.model)
    with pytest.raises(LabelError, match=r"(?s)shifted twice.*skip every other word"):
        trainer.train()
    assert trainer.state.global_step == 0
    assert torch.equal(before, weights(trainer.model))


def test_the_callback_may_only_warn(pairs, tokenizer, tmp_path):
    trainer = transformers_trainer(pairs, tokenizer, tmp_path, AuditCallback(stop=False))
    with pytest.warns(UserWarning, match="shifted twice"):
        trainer.train()
    assert trainer.state.global_step == 3


def test_the_callback_looks_at_so_many_batches(rows, pairs, tokenizer):
    model = tiny_model(tokenizer)
    good, bad = batch_of(rows[:2], tokenizer), batch_of(pairs[2:], tokenizer)
    AuditCallback(tokenizer).on_train_begin(
        None, None, None, model=model, train_dataloader=[good, bad]
    )
    both = AuditCallback(tokenizer, batches=5)
    with pytest.raises(LabelError, match=r"(?s)^Batch 2 is not fit.*shifted twice"):
        both.on_train_begin(None, None, None, model=model, train_dataloader=[good, bad])
    assert [report.times_shifted for report in both.reports] == [1, 2]
    assert both.report is both.reports[1]
    with pytest.raises(ChatshiftError, match="has no batch"):
        both.on_train_begin(None, None, None, model=model, train_dataloader=[])
    with pytest.raises(ChatshiftError, match="batches=0 must be a number of batches"):
        AuditCallback(tokenizer, batches=0)


def test_a_fault_in_a_later_batch_stops_a_trainer_that_looks_there(
    rows, pairs, tokenizer, tmp_path
):
    callback = AuditCallback(batches=2)
    trainer = transformers_trainer(rows, tokenizer, tmp_path, callback)
    whole, number = trainer.data_collator, iter(range(99))

    def sometimes(examples):
        return whole(examples if next(number) % 2 == 0 else pairs[:2])

    trainer.data_collator = sometimes
    with pytest.raises(LabelError, match="Batch 2 is not fit"):
        trainer.train()
    assert trainer.state.global_step == 0


def test_a_trainer_without_a_tokenizer_says_what_to_do(rows, tokenizer, tmp_path):
    trainer = transformers_trainer(rows, tokenizer, tmp_path, AuditCallback())
    trainer.callback_handler.processing_class = None
    with pytest.raises(ChatshiftError, match="AuditCallback\\(tokenizer\\)"):
        trainer.train()


MARKED = (
    "{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' }}"
    "{{ 'model' if message['role'] == 'assistant' else message['role'] }}{{ '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}"
    "{{ '<end_of_turn>' }}{% endgeneration %}{% else %}{{ message['content'] }}"
    "{{ '<end_of_turn>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def trl_rows(kind):
    talks = [conversation(*talk) for talk in TALKS]
    if kind == "completion":
        return [{"prompt": talk[:1], "completion": talk[1:]} for talk in talks]
    return [{"messages": talk} for talk in talks]


TRL: dict[str, tuple[dict, list[str]]] = {
    "default": ({}, ["all-supervised"]),
    "assistant_only_loss": ({"assistant_only_loss": True}, []),
    "completion": ({}, []),
    "packing": ({"packing": True, "max_length": 64, "packing_strategy": "bfd"}, ["all-supervised"]),
    "padding-free": ({"padding_free": True, "max_length": None}, ["all-supervised"]),
}


@pytest.mark.parametrize("kind", TRL)
@pytest.mark.filterwarnings("ignore")  # of TRL, about attention implementations
def test_trl(kind, tokenizer, tmp_path):
    settings, found = TRL[kind]
    if kind == "assistant_only_loss":
        tokenizer.chat_template = MARKED
    callback = AuditCallback()
    trainer = trl_trainer(trl_rows(kind), tokenizer, tmp_path, callback, **settings)
    trainer.train()
    assert trainer.state.global_step == 3
    assert callback.report is not None
    assert (callback.report.labels_are, callback.report.times_shifted) == ("unshifted", 1)
    assert ids_of(callback.report) == found
    if kind in ("assistant_only_loss", "completion"):
        # TRL shuffles; whichever rows came first, answers with their ends are learned.
        whole = [f"{answer}<end_of_turn>" for _, answer in TALKS]
        assert all(text in whole for text in callback.report.learned)


@pytest.mark.filterwarnings("ignore")
def test_trl_with_packed_rows_that_leak(tokenizer, tmp_path):
    trainer = trl_trainer(
        trl_rows("packing"), tokenizer, tmp_path, AuditCallback(), packing=True, max_length=64
    )
    whole = trainer.data_collator

    def leaking(examples):
        batch = whole(examples)
        batch["labels"] = batch["input_ids"].clone()
        return batch

    trainer.data_collator = leaking
    with pytest.raises(LabelError, match="packed-leak"):
        trainer.train()


@pytest.mark.filterwarnings("ignore")
def test_trl_with_a_mask_that_loses_the_ends(tokenizer, tmp_path):
    tokenizer.chat_template = MARKED.replace(
        "{{ '<end_of_turn>' }}{% endgeneration %}", "{% endgeneration %}{{ '<end_of_turn>' }}"
    )
    trainer = trl_trainer(
        trl_rows("messages"), tokenizer, tmp_path, AuditCallback(), assistant_only_loss=True
    )
    with pytest.raises(LabelError, match="end-not-supervised"):
        trainer.train()


def test_a_loop_of_your_own(rows, pairs, tokenizer):
    model = tiny_model(tokenizer).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    report = audit_batch(batch_of(rows, tokenizer), tokenizer, model=model)
    assert not report.findings
    assert model.training  # as it was
    model(**batch_of(rows, tokenizer)).loss.backward()
    optimizer.step()
    report = audit_batch(batch_of(pairs, tokenizer), tokenizer, model=model)
    assert ids_of(report) == ["shifted-twice"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is printed, the report is a value
        assert "skip every other word" in str(report)
