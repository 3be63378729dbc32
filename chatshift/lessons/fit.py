"""A training run of seconds on rows that you have prepared, and what the model then writes.

`four_ways` has the loop; here it runs on any rows, with any tokenizer.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chatshift.lessons import four_ways

if TYPE_CHECKING:
    from chatshift.trace import Trace


def talks() -> list[list[dict[str, str]]]:
    """Return the sixteen pairs as eight conversations of two questions and two answers.

    >>> [message["content"] for message in talks()[0]][::2]
    ['What colour is the sky?', 'What is bread made of?']
    """
    pairs = four_ways.conversations()
    half = len(pairs) // 2
    return [first + second for first, second in zip(pairs[:half], pairs[half:], strict=True)]


CITIES = {"Rome": 31, "Oslo": 4, "Paris": 19, "Lima": 18, "Cairo": 35, "Bonn": 12}


def calls() -> list[list[dict[str, Any]]]:
    """Return six conversations about the weather, each with a call, its result and an answer.

    >>> [message["content"] for message in calls()[1]]
    ['How warm is it in Oslo?', '', '4 degrees', 'It has 4 degrees.']
    """
    return [_call(city, f"{degrees} degrees") for city, degrees in CITIES.items()]


def _call(city: str, warm: str) -> list[dict[str, Any]]:
    function = {"name": "weather", "arguments": {"city": city}}
    call = {"type": "function", "function": function}
    return [
        {"role": "user", "content": f"How warm is it in {city}?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": warm},
        {"role": "assistant", "content": f"It has {warm}."},
    ]


def fit(rows: "Sequence[Trace | dict[str, Any]]", tokenizer: Any, steps: int = 100) -> Any:
    """Return a tiny model after some steps on all rows, which the model itself shifts.

    Args:
        rows: traces, or dicts with unshifted `input_ids` and `labels` of one length.
        tokenizer: the one that made them.
        steps: how many steps of AdamW, each on the whole batch.

    Chapter: 10, Many turns.
    """
    from chatshift.batch.collate import collate
    from chatshift.tiny import tiny_model

    plain = [row if isinstance(row, dict) else row.for_transformers() for row in rows]
    batch = collate(plain, pad_token_id=tokenizer.pad_token_id)
    model = tiny_model(tokenizer)
    four_ways.train(model, lambda model: model(**batch).loss, steps)
    return model


def write(model: Any, tokenizer: Any, prompt: str, stop: str, longest: int = 24) -> str:
    """Return the text that the model writes after a prompt: the likeliest token each time.

    Args:
        model: a causal language model.
        tokenizer: its tokenizer.
        prompt: the rendered text, generation prompt included.
        stop: the token at which generation stops; it is part of what is returned.
        longest: how many tokens are written at most.

    Chapter: 10, Many turns.
    """
    from chatshift.steps.tokens import tokenize

    end = tokenizer.convert_tokens_to_ids(stop)
    written = four_ways.write(model, tokenize(prompt, tokenizer), end, longest)
    return str(tokenizer.decode(written))
