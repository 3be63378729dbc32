"""The ways from conversations to rows that are compared: each gives a run, and a run is timed."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import datasets
from datasets.fingerprint import generate_random_fingerprint
from trl import SFTTrainer

from chatshift import IGNORE_INDEX, TablePreparer, prepare_batch

# datasets hashes the tokenizer before each map: seconds, however few the rows are. In so small a
# benchmark it would be most of the time, to the disadvantage of others, so it is not done here.
vars(datasets.arrow_dataset)["update_fingerprint"] = lambda *_: generate_random_fingerprint()

Run = Callable[[], Any]
# Where Gemma 3's template writes a message's content. All messages get marked: only time matters.
CONTENT = "{{ message['content'] | trim }}"


def limit(conversations: list, tokenizer: Any) -> Run:
    """The tokenizer's own batch call on texts that are rendered already, for nothing but ids."""
    texts = tokenizer.apply_chat_template(conversations, tokenize=False)
    encode = tokenizer.backend_tokenizer.encode_batch_fast

    def run() -> None:
        for start in range(0, len(texts), 1000):  # no more than that is in memory at a time
            for found in encode(texts[start : start + 1000], add_special_tokens=False):
                _ = found.ids

    return run


def batch(conversations: list, tokenizer: Any, **settings: Any) -> Run:
    """`prepare_batch`, to Arrow."""
    return lambda: prepare_batch(conversations, tokenizer, shifted=False, **settings).to_arrow()


def mapped(conversations: list, tokenizer: Any) -> Run:
    """`Dataset.map` in Arrow format."""
    dataset = datasets.Dataset.from_list([{"messages": m} for m in conversations])
    dataset = dataset.with_format("arrow")
    prepare = TablePreparer(tokenizer.name_or_path, shifted=False)
    assert prepare.supervision  # which loads the tokenizer: once for each process
    return lambda: dataset.map(prepare, batched=True, remove_columns=["messages"])


def walkthrough(conversations: list, tokenizer: Any) -> Run:
    """The six steps as the book writes them out, for each conversation."""

    def one(messages: list[dict]) -> dict[str, list[int]]:
        full = tokenizer.apply_chat_template(messages, tokenize=False)
        prompt = tokenizer.apply_chat_template(
            messages[:-1], tokenize=False, add_generation_prompt=True
        )
        full_ids = tokenizer(full, add_special_tokens=False)["input_ids"]
        prompt_length = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
        labels = list(full_ids)
        labels[:prompt_length] = [IGNORE_INDEX] * prompt_length
        return {"input_ids": full_ids[:-1], "labels": labels[1:]}

    return lambda: [one(messages) for messages in conversations]


def assistant_mask(conversations: list, tokenizer: Any) -> Run:
    """The template call of transformers that returns a mask of the answers."""
    source = tokenizer.chat_template
    marked = source.replace(CONTENT, "{% generation %}" + CONTENT + "{% endgeneration %}")
    if marked == source:
        raise SystemExit("The template is not the one that is marked here: Gemma 3's.")
    return lambda: [
        tokenizer.apply_chat_template(
            messages,
            chat_template=marked,
            tokenize=True,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        for messages in conversations
    ]


def trl(conversations: list, tokenizer: Any) -> Run:
    """The preparation inside `SFTTrainer`, with the loss on the completion."""
    rows = [{"prompt": m[:-1], "completion": m[-1:]} for m in conversations]
    dataset = datasets.Dataset.from_list(rows)
    trainer: Any = SimpleNamespace(
        _tokenizer=tokenizer, chat_template=None, completion_only_loss=True
    )
    arguments: Any = SimpleNamespace(
        dataset_num_proc=None,
        dataset_text_field="text",
        assistant_only_loss=False,
        completion_only_loss=True,
        max_length=None,
        chat_template_path=None,
        eos_token=None,
        shuffle_dataset=False,
    )
    return lambda: SFTTrainer._prepare_dataset(
        trainer, dataset, tokenizer, arguments, False, None, "train"
    )


def ways_for(name: str, corpus: str) -> dict[str, Callable[[list, Any], Run]]:
    """The ways by their titles, the limit first; those of others only with one tokenizer."""
    ways: dict[str, Callable] = {"limit": limit, "prepare_batch": batch}
    if corpus == "many turns":
        ways['prepare_batch, supervise="all"'] = partial(batch, supervise="all")
    if name == "Gemma 3":
        ways["prepare_batch in Dataset.map"] = mapped
        ways["the walkthrough"] = walkthrough
        ways["assistant mask"] = assistant_mask
        ways["TRL"] = trl
    return ways
