"""One small data set and four ways to hand it over: two are right, and all four losses fall."""

from functools import cache
from typing import Any, NamedTuple

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
RIGHT, BY_HAND, TWICE, NEVER = WAYS = (
    "the model shifts",
    "you shift",
    "both shift",
    "nobody shifts",
)
STEPS = 101
SHOWN = (0, 5, 10, 20, 50, 100)
CONTROL = ["<pad>", "<user>", "<model>", "<end>"]
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<user>' if message.role == 'user' else '<model>' }}{{ message.content }}<end>"
    "{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)


class Run(NamedTuple):
    """What came of one way."""

    model: Any
    losses: list[float]  # one for each step, measured before the step
    answers: dict[int, str]  # the greedy answer to the first question, at the steps of SHOWN


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
    """Return the tiny model with its first weights, the same for all four ways."""
    from chatshift.tiny import tiny_model

    return tiny_model(small_tokenizer())


@cache
def batches() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all conversations as one batch: the rows before the shift, and the shifted pairs."""
    from chatshift.batch.collate import collate
    from chatshift.prepare import prepare

    tokenizer = small_tokenizer()
    traces = [prepare(messages, tokenizer) for messages in conversations()]
    rows = [trace.for_transformers() for trace in traces]
    pairs = [{"input_ids": trace.input_ids, "labels": trace.labels} for trace in traces]
    pad = tokenizer.pad_token_id
    return collate(rows, pad_token_id=pad), collate(pairs, pad_token_id=pad)


def loss_of(model: Any, way: str) -> Any:
    """Return the loss of the whole batch, handed over in one of the four ways."""
    from chatshift.loss.next_token import next_token_loss

    unshifted, shifted = batches()
    batch = unshifted if way in (RIGHT, NEVER) else shifted
    if way in (RIGHT, TWICE):
        return model(**batch).loss
    logits = model(batch["input_ids"], batch["attention_mask"]).logits
    return next_token_loss(logits, batch["labels"])


@cache
def train(way: str) -> Run:
    """Return what comes of training in one of the four ways: 101 losses, 100 steps between them."""
    import torch

    model, losses, answers = new_model(), [], {}
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    for step in range(STEPS):
        if step in SHOWN:
            answers[step] = answer(model, PAIRS[0][0])
        loss = loss_of(model, way)
        losses.append(loss.item())
        if step < STEPS - 1:  # the last loss is that of the model returned
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return Run(model, losses, answers)


def answer(model: Any, question: str, longest: int = 12) -> str:
    """Return the greedy answer, as text; it stops at the end token or at `longest` tokens."""
    import torch

    from chatshift.steps.prompt import render_prompt
    from chatshift.steps.tokens import tokenize

    tokenizer = small_tokenizer()
    empty = {"role": "assistant", "content": ""}
    prompt = render_prompt([{"role": "user", "content": question}, empty], tokenizer)
    ids: list[int] = tokenize(prompt, tokenizer)
    start = len(ids)
    with torch.no_grad():
        while len(ids) < start + longest and ids[-1] != tokenizer.eos_token_id:
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return tokenizer.decode(ids[start:]).removesuffix(tokenizer.eos_token)


def exact_answers(model: Any) -> int:
    """Return how many of the answers the model gives letter for letter."""
    return sum(answer(model, question) == right for question, right in PAIRS)
