"""The exercises of the chapters after the eighth: made-up cases, and the right solutions."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from chatshift.steps.mask import IGNORE_INDEX, mask_prompt


class Exercise(NamedTuple):
    """A right solution, and what it is tried on."""

    solution: Callable
    arguments: Callable[[Random], tuple]


def some_ids(random: Random) -> list[int]:
    """Return a few made-up ids."""
    return [random.randrange(5, 900) for _ in range(random.randrange(3, 12))]


def full_and_prompt(random: Random) -> tuple[list[int], list[int]]:
    """Return the ids of a conversation, and those of its prompt."""
    full = some_ids(random)
    return full, full[: random.randrange(1, len(full))]


def _text_and_control(random: Random) -> tuple[str, list[str]]:
    tokens = ["<end_of_turn>", "<start_of_turn>", "<eos>"]
    pieces = random.choices([*tokens, "hi ", "<b>", "turn> ", "<end"], k=random.randrange(5))
    return "".join(pieces), tokens


def _first_control(text: str, tokens: list[str]) -> int:
    return min((text.find(token) for token in tokens if token in text), default=-1)


def _ids_and_marker(random: Random) -> tuple[list[int], list[int]]:
    marker = [3, 4][: random.randrange(1, 3)]
    pieces = random.choices([marker, [3], [4], [5, 6]], k=random.randrange(1, 7))
    return [token_id for piece in pieces for token_id in piece], marker


def _after_marker(ids: list[int], marker: list[int]) -> list[int]:
    size = len(marker)
    return [i for i in range(size, len(ids) + 1) if ids[i - size : i] == marker]


def _ids_and_turns(random: Random) -> tuple[list[int], list[tuple[str, int, int]]]:
    ids: list[int] = []
    turns: list[tuple[str, int, int]] = []
    for number in range(random.randrange(2, 6)):
        header, length = random.randrange(1, 3), random.randrange(1, 4)
        start = len(ids) + header
        turns.append((("user", "assistant")[number % 2], start, start + length))
        ids += [random.randrange(5, 900) for _ in range(header + length)]
    return ids, turns


def _ids_length_and_who(random: Random) -> tuple[list[int], int, str]:
    full, prompt = full_and_prompt(random)
    return full, len(prompt), random.choice(["model", "caller"])


def _hand_over(ids: list[int], prompt_length: int, who: str) -> tuple[list[int], list[int]]:
    labels = mask_prompt(ids, prompt_length)
    return (list(ids), labels) if who == "model" else (ids[:-1], labels[1:])


WRITTEN_BY_MODEL = ("thought", "content", "call", "end")


def _pieces(random: Random) -> tuple[list[tuple[str, str]]]:
    pieces: list[tuple[str, str]] = []
    for number in range(random.randrange(1, 4)):
        given = random.choice(["question", "result"]) if number else "question"
        said = random.choice([["content"], ["call"], ["thought", "content"], ["content", "call"]])
        for kind in ("header", given, "header", *said, "end", "tail"):
            pieces.append((kind, f"{kind} {len(pieces)}"))
    return (pieces,)


def _supervised_pieces(pieces: list[tuple[str, str]]) -> list[str]:
    return [text for kind, text in pieces if kind in WRITTEN_BY_MODEL]


def _label_turns(ids: list[int], turns: list[tuple[str, int, int]]) -> list[int]:
    labels = [-100] * len(ids)
    for role, start, stop in turns:
        if role == "assistant":
            labels[start:stop] = ids[start:stop]
    return labels


class Padded(NamedTuple):
    """A batch as plain lists: one list for each row."""

    input_ids: list[list[int]]
    attention_mask: list[list[int]]
    labels: list[list[int]]


def _rows_and_pad_id(random: Random) -> tuple[list[tuple[list[int], list[int]]], int]:
    rows = []
    for _ in range(random.randrange(1, 4)):
        # Short rows, for a short table; each ends with the token that the padding is made of.
        ids = [*some_ids(random)[: random.randrange(1, 4)], 4]
        rows.append((ids, mask_prompt(ids, random.randrange(1, len(ids)))))
    return rows, 4


def _padded(rows: list[tuple[list[int], list[int]]], pad_id: int) -> Padded:
    longest = max(len(ids) for ids, _ in rows)
    gaps = [longest - len(ids) for ids, _ in rows]
    return Padded(
        [ids + [pad_id] * gap for (ids, _), gap in zip(rows, gaps, strict=True)],
        [[1] * len(ids) + [0] * gap for (ids, _), gap in zip(rows, gaps, strict=True)],
        [labels + [IGNORE_INDEX] * gap for (_, labels), gap in zip(rows, gaps, strict=True)],
    )


def _text_stop_and_control(random: Random) -> tuple[str, int, list[str]]:
    tokens = ["<eos>", "<end_of_turn>", "<|im_end|>"]
    end, tail = random.choice([*tokens, ""]), random.choice(["\n", "", "<eos>"])
    # Some users say the answer's words themselves: who searches for them finds the question.
    question = random.choice(["Hi", "What does <eos> mean?", "Is it true? It is Rome."])
    before = f"<user>{question}<|im_end|><model>It is Rome."
    return f"{before}{end}{tail}", len(before), tokens


def _end_of_turn(text: str, stop: int, tokens: list[str]) -> str:
    after = text[stop:]
    found = [token for token in tokens if token in after]
    return min(found, key=after.index, default="")


class Packed(NamedTuple):
    """Rows joined to one, each with positions of its own."""

    input_ids: list[int]
    labels: list[int]
    position_ids: list[int]


def _short_rows(random: Random) -> tuple[list[tuple[list[int], list[int]]]]:
    rows = [some_ids(random)[: random.randrange(2, 5)] for _ in range(random.randrange(2, 4))]
    return ([(row, list(row)) for row in rows],)


def _packed(rows: list[tuple[list[int], list[int]]]) -> Packed:
    return Packed(
        [token_id for row, _ in rows for token_id in row],
        [label for _, labels in rows for label in [IGNORE_INDEX, *labels[1:]]],
        [position for row, _ in rows for position in range(len(row))],
    )


def _counts(random: Random) -> tuple[list[int]]:
    return ([random.choice([1, 2, 4, 5, 8, 10]) for _ in range(random.randrange(1, 4))],)


def _token_weights(counts: list[int]) -> list[float]:
    return [round(1 / len(counts) / count, 4) for count in counts]


def _conversations(random: Random) -> tuple[list[list[tuple[str, str]]]]:
    words = ["Hi", " Hi", "Bye", "Bye\n", "Why?"]
    return (
        [
            [("user", random.choice(words)), ("assistant", random.choice(["Yes.", "No."]))]
            for _ in range(random.randrange(2, 6))
        ],
    )


def _duplicates(rows: list[list[tuple[str, str]]]) -> list[int]:
    plain = [[(role, text.strip()) for role, text in row] for row in rows]
    return [i for i, row in enumerate(plain) if row in plain[:i]]


LATER = {
    "duplicates": Exercise(_duplicates, _conversations),
    "hand_over": Exercise(_hand_over, _ids_length_and_who),
    "label_turns": Exercise(_label_turns, _ids_and_turns),
    "supervised_pieces": Exercise(_supervised_pieces, _pieces),
    "end_of_turn": Exercise(_end_of_turn, _text_stop_and_control),
    "pack_rows": Exercise(_packed, _short_rows),
    "token_weights": Exercise(_token_weights, _counts),
    "pad_rows": Exercise(_padded, _rows_and_pad_id),
    "first_control": Exercise(_first_control, _text_and_control),
    "after_marker": Exercise(_after_marker, _ids_and_marker),
}
