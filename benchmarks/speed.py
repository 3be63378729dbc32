"""How fast conversations become rows, beside the tokenizer alone and beside other ways.

`make speed` writes benchmarks/RESULTS.json, and the same as a page to RESULTS.md beside it, in
about ten minutes.
"""

import argparse
import datetime
import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

# One core, before anything that starts threads is imported.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
os.environ |= {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}

from corpora import Corpus
from datasets import disable_caching
from speed_page import page
from timing import timed
from tokenizers_used import FOLDERS, tokenizer_of
from ways import batch, limit, ways_for

from chatshift import prepare_batch

HERE = Path(__file__).parent
PACKAGES = ("chatshift", "transformers", "tokenizers", "trl", "datasets", "numpy")
Records = list[dict[str, Any]]


def corpora(name: str, count: int) -> dict[str, list]:
    """The conversations by their title; calls and thoughts only for a template that writes them."""
    corpus = Corpus()
    makers = {"single turn": corpus.single_turn, "many turns": corpus.multi_turn}
    if name == "Qwen3":
        makers |= {"thought": corpus.with_thought, "call": corpus.with_call}
    return {title: [make(i) for i in range(count)] for title, make in makers.items()}


def measured_ways(name: str, count: int, rounds: int) -> Records:
    """A record for each way through each corpus."""
    tokenizer = tokenizer_of(name)
    records = []
    for title, conversations in corpora(name, count).items():
        ways = ways_for(name, title)
        runs = {way: make(conversations, tokenizer) for way, make in ways.items()}
        tokens = count_tokens(conversations, tokenizer)
        times = timed(runs, rounds, f"{name}, {title}")
        for way, seconds in times.items():
            record = {"tokenizer": name, "corpus": title, "conversations": count, "tokens": tokens}
            records.append(
                {
                    **record,
                    "way": way,
                    "seconds": round(seconds, 4),
                    "conversations_per_s": round(count / seconds),
                    "tokens_per_s": round(tokens / seconds),
                    # The ratio of the printed medians, so that a reader can compute it again.
                    "of_limit": round(round(times["limit"], 4) / round(seconds, 4), 2),
                }
            )
    return records


def measured_lengths(name: str, rounds: int) -> Records:
    """A record for each number of turns: milliseconds for one such conversation."""
    tokenizer = tokenizer_of(name)
    corpus = Corpus()
    records = []
    for turns in (50, 100, 200):
        # Different ones, together as many tokens whatever their length.
        rows = [corpus.turns(turns, random.Random(i)) for i in range(4000 // turns)]
        runs = {
            "limit": limit(rows, tokenizer),
            "last": batch(rows, tokenizer),
            "all": batch(rows, tokenizer, supervise="all"),
        }
        each = timed(runs, rounds, f"{name}, {turns} turns")
        tokens = count_tokens(rows, tokenizer) // len(rows)
        times = {f"{way}_ms": round(1000 * one / len(rows), 2) for way, one in each.items()}
        records.append({"tokenizer": name, "turns": turns, "tokens": tokens, **times})
    return records


def measured_streams(name: str) -> Records:
    """The memory of a short stream and of a long one, each in a process of its own."""
    records: Records = []
    for way, count in product(("tokenizer", "prepare_batch"), (10_000, 100_000)):
        command = [sys.executable, str(HERE / "stream.py"), name, str(count), way]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = {"conversations": count, "peak_mib": round(float(printed))}
        records.append({"tokenizer": name, "way": way, **found})
    return records


def count_tokens(conversations: list, tokenizer: Any) -> int:
    """All tokens of the full texts."""
    return len(prepare_batch(conversations, tokenizer, shifted=False).input_ids)


def machine() -> dict[str, Any]:
    """What it is measured on. Others may use it: `load` is how many processes wanted to run."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "date": datetime.date.today().isoformat(),
        "processor": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "load": round(os.getloadavg()[2], 1),
    }


def main() -> int:
    """Measure all, and write the data and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_500, help="conversations in a corpus")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is run")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.json")
    chosen = parser.parse_args()
    disable_caching()
    every: dict[str, Callable[[str], Records]] = {
        "ways": partial(measured_ways, count=chosen.count, rounds=chosen.rounds),
        "lengths": partial(measured_lengths, rounds=chosen.rounds),
    }
    found = {key: [one for n in FOLDERS for one in make(n)] for key, make in every.items()}
    found["streams"] = [one for n in ("Gemma 3", "Llama 3.1") for one in measured_streams(n)]
    speed: dict[str, Any] = {"machine": {**machine(), "rounds": chosen.rounds}, **found}
    chosen.output.write_text(json.dumps(speed, indent=1) + "\n", encoding="utf-8")
    chosen.output.with_suffix(".md").write_text(page(speed), encoding="utf-8")
    print(page(speed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
