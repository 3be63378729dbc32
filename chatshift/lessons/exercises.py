"""The book's exercises: your function against ours, on many small made-up conversations."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from markupsafe import escape

from chatshift.errors import ChatshiftError
from chatshift.lessons.cases import LATER, Exercise, full_and_prompt
from chatshift.show import Picture, framed, table, visible
from chatshift.steps.mask import mask_prompt
from chatshift.steps.render import render, strip_bos
from chatshift.template.prefix import common_length

CASES = 200


def _full_and_perhaps_prompt(random: Random) -> tuple[list[int], list[int]]:
    full, prompt = full_and_prompt(random)
    if random.random() < 0.5:
        prompt[random.randrange(len(prompt))] += 1
    return full, prompt


def _labels_and_length(random: Random) -> tuple[list[int], int]:
    full, prompt = full_and_prompt(random)
    return full, len(prompt)


def _conversation(random: Random) -> tuple[list[dict[str, str]]]:
    turns = random.randrange(1, 4)
    roles = ["system"] * random.randrange(2) + ["user", "assistant"] * turns
    return ([{"role": role, "content": f"message {i}"} for i, role in enumerate(roles)],)


@cache
def _tokenizer() -> Any:
    from chatshift.tiny import load_tokenizer

    return load_tokenizer()


def _render(messages: list[dict[str, str]]) -> str:
    return strip_bos(render(messages, _tokenizer()), _tokenizer())


def _texts(random: Random) -> tuple[str, str]:
    prompt = random.choice(["<user>hi<model>", "<user>bye<model>"])
    full = prompt + random.choice(["yes<end>", "no<end>"])
    return full, prompt + random.choice(["", "", "<think>"])


def _answer_text(full: str, prompt: str) -> str:
    return full[len(prompt) :] if full.startswith(prompt) else ""


def _own_loss_and_by_hand(random: Random) -> tuple[float, list[float]]:
    by_hand = [random.uniform(5, 7) for _ in range(3)]
    own = random.choice([*by_hand, by_hand[1] + 1])
    return own + random.uniform(-1e-6, 1e-6), by_hand  # two ways to one loss differ a little


def _verdict(own: float, by_hand: list[float]) -> str:
    fits = [abs(own - loss) < 1e-4 for loss in by_hand]
    return "model" if fits[1] else "caller" if fits[0] else "neither"


EXERCISES = {
    **LATER,
    "render": Exercise(_render, _conversation),
    "answer_text": Exercise(_answer_text, _texts),
    "is_prefix": Exercise(
        lambda full, prompt: full[: len(prompt)] == prompt, _full_and_perhaps_prompt
    ),
    "agree": Exercise(common_length, _full_and_perhaps_prompt),
    "mask_prompt": Exercise(mask_prompt, _labels_and_length),
    "verdict": Exercise(_verdict, _own_loss_and_by_hand),
}


def check(name: str, mine: Callable) -> Picture:
    """Return what became of your function: not attempted, all cases right, or the first wrong one.

    Args:
        name: the exercise, one of `EXERCISES`.
        mine: your function; it is called with copies, and an error in it is not caught.

    Returns:
        A sentence, and for a wrong case a table that compares yours with the expected result.

    Raises:
        ChatshiftError: there is no such exercise.

    Example:
        >>> from chatshift.lessons.exercises import check
        >>> check("mask_prompt", lambda labels, prompt_length: None)
        not attempted
        >>> check("mask_prompt", lambda labels, n: [-100] * n + labels[n:])
        all 200 cases are right

    Chapter: 1, The chat template, and most of those after it.
    """
    if name not in EXERCISES:
        raise ChatshiftError(f"There is no exercise {name!r}; choose from {sorted(EXERCISES)}.")
    exercise, random = EXERCISES[name], Random(0)
    for case in range(1, CASES + 1):
        arguments = exercise.arguments(random)
        given = deepcopy(arguments)
        result, expected = mine(*given), exercise.solution(*arguments)
        if result is None or result is ...:
            return _say("not attempted")
        if given != arguments:
            return _failure(case, "your function changed its input", arguments, given)
        if any(result is argument for argument in given if isinstance(argument, list)):
            return _say(f"case {case}: you returned the input itself, not a new list")
        if type(result) is not type(expected) and not isinstance(result, (tuple, list)):
            return _failure(case, "another type was expected", expected, result)
        if _plain(result) != _plain(expected):
            return _failure(case, f"for {_short(arguments)}", expected, result)
    return _say(f"all {CASES} cases are right")


def _plain(value: Any) -> Any:
    """Return lists in the place of tuples, and of a text its lines."""
    if isinstance(value, str) and "\n" in value:
        return [visible(line) for line in value.splitlines(keepends=True)]
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def _short(arguments: tuple) -> str:
    return ", ".join(repr(argument) for argument in arguments)


def _say(sentence: str) -> Picture:
    return Picture(framed(f"<p>{escape(sentence)}</p>"), sentence)


def _failure(case: int, what: str, expected: Any, result: Any) -> Picture:
    names = getattr(expected, "_fields", ())
    rows = list(_compared(_plain(expected), _plain(result), names))
    shown = table(rows, ("where", "expected", "yours", "compared"))
    sentence = f"case {case}: {what}"
    return Picture(_say(sentence).html + shown.html, f"{sentence}\n{shown.text}")


def _compared(
    expected: Any, result: Any, names: tuple[str, ...] = (), where: str = ""
) -> Iterator[tuple]:
    """One row for each position; a list inside a list says which one it is."""
    if not isinstance(expected, list) or not isinstance(result, list):
        yield where or "result", expected, result, "same" if expected == result else "different"
        return
    for i in range(max(len(expected), len(result))):
        one = expected[i] if i < len(expected) else "nothing"
        other = result[i] if i < len(result) else "nothing"
        name = names[i] if i < len(names) else f"{where}[{i}]"
        yield from _compared(one, other, (), name)
