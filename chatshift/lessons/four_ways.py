"""Everyday questions, a tokenizer and a model for them, and what trains and asks that model.

Every experiment of the book that trains is made of these. `train` and `write` stand in full in
chapter 5 and `loss_by_hand` in chapter 8; a test compares them, so what the other chapters run is
what a reader has read.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatshift.trace import Trace

PAIRS = (
    ("What colour is the sky?", "The sky is blue on a clear day."),
    ("What do bees make?", "Bees make honey from the flowers."),
    ("How many legs has a spider?", "A spider has eight legs, not six."),
    ("When do owls hunt?", "Owls hunt at night, when it is dark."),
    ("What is ice?", "Ice is water that has become solid."),
    ("Where do fish live?", "Fish live in rivers, lakes and the sea."),
    ("What do plants need?", "Plants need light, water and some air."),
    ("How many days has a week?", "There are seven days in every week."),
    ("What is bread made of?", "Bread is made of flour, water and salt."),
    ("Where does the sun rise?", "The sun rises in the east each morning."),
    ("What do cows eat?", "Cows eat grass and drink a lot of water."),
    ("What falls in winter?", "Snow falls in winter, if it is cold."),
    ("How do birds fly?", "Birds fly by moving both of their wings."),
    ("What is a forest?", "A forest is a place with many trees."),
    ("Which month comes first?", "January is the first month of a year."),
    ("What does a clock show?", "A clock shows the time of the day."),
)
CONTROL = ["<pad>", "<user>", "<model>", "<end>"]
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<user>' if message.role == 'user' else '<model>' }}{{ message.content }}<end>"
    "{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)


def conversations() -> list[list[dict[str, str]]]:
    """Return the pairs as conversations of one question and one answer.

    >>> [message["content"] for message in conversations()[1]]
    ['What do bees make?', 'Bees make honey from the flowers.']
    """
    return [
        [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        for question, answer in PAIRS
    ]


@cache
def small_tokenizer() -> Any:
    """Return a BPE that knows the words of the pairs, each as one token, and no others.

    >>> tokenizer = small_tokenizer()
    >>> [tokenizer.decode(number) for number in tokenizer("Bees make honey.")["input_ids"]]
    ['Bees', ' make', ' honey', '.']
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.trainers import BpeTrainer
    from transformers import PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=480,  # more than it finds: it stops when each word is one token
        special_tokens=CONTROL,
        show_progress=False,
    )
    learner.train_from_iterator([text for pair in PAIRS for text in pair], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=learner,
        pad_token="<pad>",
        eos_token="<end>",
        additional_special_tokens=["<user>", "<model>"],
        chat_template=TEMPLATE,
    )


def new_model() -> Any:
    """Return the tiny model with its first weights: every run begins with the same."""
    from chatshift.tiny import tiny_model

    return tiny_model(small_tokenizer())


@cache
def traces() -> tuple["Trace", ...]:
    """Return what `prepare` makes of each conversation.

    >>> traces()[0].prompt_text, traces()[0].prompt_length
    ('<user>What colour is the sky?<end><model>', 9)
    """
    from chatshift.prepare import prepare

    return tuple(prepare(messages, small_tokenizer()) for messages in conversations())


def batch(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return rows, each with its `input_ids` and `labels`, as one padded batch."""
    from chatshift.batch.collate import collate

    return collate(rows, pad_token_id=small_tokenizer().pad_token_id)


def unshifted() -> dict[str, Any]:
    """Return all rows as they are before the shift, as one batch."""
    return batch(trace.for_transformers() for trace in traces())


def shifted() -> dict[str, Any]:
    """Return all shifted pairs as one batch."""
    return batch({"input_ids": trace.input_ids, "labels": trace.labels} for trace in traces())


def train(model, loss_of, steps=100):
    """Train a model, and return its losses: one before each step, and the last one after all.

    `loss_of` takes the model and returns its loss on the whole data set.
    """
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    losses = []
    for _ in range(steps):
        loss = loss_of(model)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return [*losses, loss_of(model).item()]


def loss_by_hand(model, batch):
    """Return the loss of labels that are taken as they are: nothing is shifted here."""
    from chatshift.loss.next_token import next_token_loss

    scores = model(batch["input_ids"], batch["attention_mask"]).logits
    return next_token_loss(scores, batch["labels"])


def write(model, prompt_ids, end_id, longest=12):
    """Return the ids that the model writes after the prompt, the likeliest at each place."""
    import torch

    written: list[int] = []
    while len(written) < longest and end_id not in written:
        ids = torch.tensor([[*prompt_ids, *written]])
        with torch.no_grad():
            scores = model(ids).logits[0, -1]
        written.append(scores.argmax().item())
    return written


def answer(model: Any, question: str, longest: int = 12) -> str:
    """Return the model's answer to a question as text, without the token that ends it."""
    tokenizer = small_tokenizer()
    prompt = tokenizer(f"<user>{question}<end><model>", add_special_tokens=False)["input_ids"]
    written = write(model, prompt, tokenizer.eos_token_id, longest)
    return tokenizer.decode(written).removesuffix("<end>").strip()


def exact_answers(model: Any) -> int:
    """Return how many of the questions the model answers letter for letter."""
    return sum(answer(model, question) == right for question, right in PAIRS)
