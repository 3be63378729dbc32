"""The models that the book's pages ask: one that learned the data point, and chapter 8's four.

`scripts/export_models.py` writes their weights beside the pages, two bytes a number.
"""

from functools import cache
from typing import Any

from chatshift.lessons.four_ways import conversations, new_model, small_tokenizer

TAUGHT = "tiny"
TAUGHT_STEPS, STEPS = 40, 100
WAYS = ("the model shifts", "you shift", "both shift", "nobody shifts")
"""Who shifts the labels of a row before the loss: two ways are right."""


@cache
def taught_model() -> Any:
    """Return the tiny model after 40 steps on the book's conversation alone."""
    import torch

    from chatshift.lessons.data_point import data_point
    from chatshift.loss.next_token import next_token_loss
    from chatshift.prepare import prepare
    from chatshift.tiny import load_tokenizer, tiny_model

    trace = prepare(data_point(), load_tokenizer(), strip_bos=True)
    ids, labels = torch.tensor([trace.input_ids]), torch.tensor([trace.labels])
    model = tiny_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(TAUGHT_STEPS):
        optimizer.zero_grad()
        next_token_loss(model(ids).logits, labels).backward()
        optimizer.step()
    return model.eval()


@cache
def trained(way: str) -> Any:
    """Return chapter 8's model after training in one of the four ways."""
    import torch

    from chatshift.batch.collate import collate
    from chatshift.loss.next_token import next_token_loss
    from chatshift.prepare import prepare

    traces = [prepare(messages, small_tokenizer()) for messages in conversations()]
    rows: list[dict] = [trace.for_transformers() for trace in traces]
    if way in ("you shift", "both shift"):
        rows = [{"input_ids": trace.input_ids, "labels": trace.labels} for trace in traces]
    batch = collate(rows, pad_token_id=small_tokenizer().pad_token_id)
    model = new_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    for _ in range(STEPS):
        if way in ("the model shifts", "both shift"):
            loss = model(**batch).loss
        else:
            logits = model(batch["input_ids"], batch["attention_mask"]).logits
            loss = next_token_loss(logits, batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval()


def file_of(way: str) -> str:
    """Return the name of a way's files.

    >>> file_of("you shift")
    'you-shift'
    """
    return way.replace(" ", "-")


def page_models() -> dict[str, Any]:
    """Return all of them, by the names of their files."""
    return {TAUGHT: taught_model()} | {file_of(way): trained(way) for way in WAYS}


def weights_of(model: Any) -> tuple[dict[str, Any], bytes]:
    """Return a model's size with the name, shape and start of each weight; and the weights.

    Args:
        model: a Llama as `tiny_model` makes it.

    Returns:
        The head, which is JSON, and all weights as IEEE halves, one after the other.
    """
    config = model.config
    size = {
        "hidden": config.hidden_size,
        "inner": config.intermediate_size,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "vocab": config.vocab_size,
        "eps": config.rms_norm_eps,
        "theta": config.rope_parameters["rope_theta"],
    }
    weights, numbers = [], []
    start = 0
    for name, weight in model.state_dict().items():
        weights.append([name, list(weight.shape), start])
        numbers.append(weight.detach().numpy().astype("<f2").tobytes())
        start += weight.numel()
    return {"size": size, "weights": weights}, b"".join(numbers)
