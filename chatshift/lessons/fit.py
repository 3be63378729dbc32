"""A training run of seconds on rows that you have prepared, and what the model then writes."""

from collections.abc import Sequence
from typing import Any

from chatshift.lessons.four_ways import PAIRS
from chatshift.trace import Trace


def talks() -> list[list[dict[str, str]]]:
    """Return the sixteen pairs as eight conversations of two questions and two answers.

    >>> [message["content"] for message in talks()[0]][::2]
    ['What colour is the sky?', 'How do birds fly?']
    """
    half = len(PAIRS) // 2
    return [_talk([first, second]) for first, second in zip(PAIRS[:half], PAIRS[half:], strict=True)]


def _talk(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"role": role, "content": text}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]


def fit(rows: Sequence[Trace | dict[str, Any]], tokenizer: Any, steps: int = 100) -> Any:
    """Return a tiny model after some steps on all rows, which the model itself shifts.

    Args:
        rows: traces, or dicts with unshifted `input_ids` and `labels` of one length.
        tokenizer: the one that made them.
        steps: how many steps of AdamW, each on the whole batch.

    Chapter: 10, Many turns.
    """
    import torch

    from chatshift.batch.collate import collate
    from chatshift.tiny import tiny_model

    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    plain = [row.for_transformers() if isinstance(row, Trace) else row for row in rows]
    batch, model = collate(plain, pad_token_id=pad), tiny_model(tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    for _step in range(steps):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


def write(model: Any, tokenizer: Any, prompt: str, stop: str, longest: int = 24) -> str:
    """Return what the model writes after a prompt, greedily, until `stop` or `longest` tokens.

    Args:
        model: a causal language model.
        tokenizer: its tokenizer.
        prompt: the rendered text, generation prompt included.
        stop: the token at which generation stops; it is part of what is returned.
        longest: how many tokens are written at most.

    Chapter: 10, Many turns.
    """
    import torch

    from chatshift.steps.tokens import tokenize

    ids: list[int] = tokenize(prompt, tokenizer)
    start, end = len(ids), tokenizer.convert_tokens_to_ids(stop)
    with torch.no_grad():
        while len(ids) < start + longest and (len(ids) == start or ids[-1] != end):
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return str(tokenizer.decode(ids[start:]))
