"""What was measured, as a page."""

from itertools import groupby
from typing import Any

from tabulate import tabulate

HEADINGS = {
    "single turn": "one question",
    "many turns": "many turns",
    "thought": "an answer with a thought",
    "call": "a call and its result",
}


def page(speed: dict[str, Any]) -> str:
    """The data of RESULTS.json as Markdown."""
    return (
        "# Speed\n\n"
        + _machine(speed["machine"])
        + "".join(map(_corpus, _groups(speed["ways"], "tokenizer", "corpus")))
        + "### Conversations of many turns\n\nMilliseconds for one conversation.\n\n"
        + _table(map(_length, speed["lengths"]))
        + "### Memory of a stream\n\nThe highest memory of a process, in MiB. The cache of a "
        + "tokenizer fills as it sees words.\n\n"
        + _table(map(_stream, _groups(speed["streams"], "tokenizer", "way")))
        + "Made by `make speed`.\n"
    )


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['date']}, {machine['processor']}, one core, Python {machine['python']}.\n"
        f"{packages}.\n\n"
        f"Medians of {machine['rounds']} rounds in which each way has its turn, in random order, "
        f"CPU time. {machine['processors']} processors had a\nload of {machine['load']}. "
        '"Of the limit": the median time of `encode_batch_fast` alone, on texts that are rendered\n'
        "already, divided by the median time of this way; more is faster.\n"
        "`Dataset.map` and TRL are spared the hash of the tokenizer that datasets makes first:\n"
        "seconds, however few the rows.\n\n"
    )


def _groups(records: list[dict], *names: str) -> list[list[dict]]:
    grouped = groupby(records, key=lambda record: [record[name] for name in names])
    return [list(members) for _, members in grouped]


def _corpus(records: list[dict]) -> str:
    one = records[0]
    heading = f"{one['conversations']:,} conversations, {one['tokens']:,} tokens"
    rows = [
        {
            "way": way["way"],
            "conversations/s": f"{way['conversations_per_s']:,}",
            "tokens/s": f"{way['tokens_per_s']:,}",
            "of the limit": f"{way['of_limit']:.2f}",
        }
        for way in records
    ]
    return f"### {one['tokenizer']}, {HEADINGS[one['corpus']]}\n\n{heading}.\n\n{_table(rows)}"


def _length(record: dict) -> dict[str, str]:
    return {
        "tokenizer": record["tokenizer"],
        "exchanges": f"{record['turns']}",
        "tokens": f"{record['tokens']:,}",
        "limit": f"{record['limit_ms']:.2f}",
        "prepare_batch": f"{record['last_ms']:.2f}",
        'supervise="all"': f"{record['all_ms']:.2f}",
    }


def _stream(records: list[dict]) -> dict[str, str]:
    few, many = (record["peak_mib"] for record in records)
    counts = {f"{one['conversations']:,} conversations": f"{one['peak_mib']:,}" for one in records}
    one = {"tokenizer": records[0]["tokenizer"], "way": records[0]["way"]}
    return one | counts | {"growth": f"{many / few - 1:+.1%}"}


def _table(rows: Any) -> str:
    rows = list(rows)
    right = ("left", *["right"] * (len(rows[0]) - 1))
    cells = [list(row.values()) for row in rows]
    table = tabulate(cells, list(rows[0]), tablefmt="github", colalign=right, disable_numparse=True)
    return f"{table}\n\n"
