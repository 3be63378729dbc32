"""What the benchmarks measured, as the data beside their pages say it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any


def read_speed(data: str | Path) -> dict[str, Any]:
    """Return what `make speed` measured.

    Args:
        data: the path of `benchmarks/RESULTS.json`.

    Returns:
        `machine`: what it was measured on, and when. `ways`, `lengths`, `streams`: lists of flat
        records; each has its `tokenizer`, and numbers are numbers.

    Raises:
        OSError: the file cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     data = Path(folder, "RESULTS.json")
        ...     _ = data.write_text('{"ways": [{"way": "limit", "of_limit": 1.0}]}')
        ...     read_speed(data)
        {'ways': [{'way': 'limit', 'of_limit': 1.0}]}

    Chapter: 19, At scale.
    """
    return json.loads(Path(data).read_text(encoding="utf-8"))


def rates(
    speed: dict[str, Any], tokenizer: str, corpus: str, column: str = "of_limit"
) -> dict[str, float]:
    """Return one number for each way to prepare a corpus, by the name of the way.

    Args:
        speed: what `read_speed` returns.
        tokenizer: `"Gemma 3"`, `"Llama 3.1"` or `"Qwen3"`.
        corpus: `"single turn"` or `"many turns"`; with Qwen3 also `"thought"` or `"call"`.
        column: `"of_limit"`, the time of the tokenizer alone divided by that of the way;
            `"tokens_per_s"`, `"conversations_per_s"` or `"seconds"`.

    Returns:
        The numbers in the order in which they stand on the page.

    Example:
        >>> way = {"tokenizer": "Gemma 3", "corpus": "single turn", "way": "limit", "of_limit": 1.0}
        >>> rates({"ways": [way]}, "Gemma 3", "single turn")
        {'limit': 1.0}

    Chapter: 19, At scale.
    """
    return {
        way["way"]: way[column]
        for way in speed["ways"]
        if (way["tokenizer"], way["corpus"]) == (tokenizer, corpus)
    }


def read_outcomes(data: str | Path) -> dict[str, int]:
    """Return how many pairs of a template and a conversation end in each outcome.

    Args:
        data: the path of `benchmarks/TEMPLATES.json`, which has one letter for each pair.

    Returns:
        The count of each outcome, in the order of the file; the last of them is `WRONG`.

    Raises:
        OSError: the file cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> text = '{"outcomes": {"learned": "w", "WRONG": "!"}, "templates": {"one": "ww!"}}'
        >>> with TemporaryDirectory() as folder:
        ...     data = Path(folder, "TEMPLATES.json")
        ...     _ = data.write_text(text)
        ...     read_outcomes(data)
        {'learned': 2, 'WRONG': 1}

    Chapter: 13, Real templates.
    """
    found = json.loads(Path(data).read_text(encoding="utf-8"))
    letters = Counter("".join(found["templates"].values()))
    return {outcome: letters[letter] for outcome, letter in found["outcomes"].items()}
