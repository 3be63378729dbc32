"""How fast a file is audited, beside `prepare_batch` alone, and what memory it takes.

`python benchmarks/audit.py` writes benchmarks/AUDIT.md. Everything runs on one core, in turns, so
that what slows the machine slows both; the figures are medians of CPU time.
"""

import argparse
import datetime
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

# Before anything that starts threads is imported.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}

from corpora import Corpus

from chatshift import audit, load_tokenizer, prepare_batch

ROOT = Path(__file__).parents[1]
GEMMA = ROOT / ".cache" / "gemma3"
AIM = 0.6
WARM = 1000
KINDS = ("single_turn", "multi_turn", "with_call")


def tokenizer_for(kind: str) -> Any:
    """Gemma 3's tokenizer; for calls with a template in the manner of ChatML."""
    tokenizer = load_tokenizer(GEMMA)
    if kind == "with_call":
        tokenizer.chat_template = (
            "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + m.role + '\n' }}"
            "{{ m.content }}{% for call in m.tool_calls or [] %}{{ '\n<tool_call>\n' }}"
            "{{ call.function | tojson }}{{ '\n</tool_call>' }}{% endfor %}"
            "{{ '<end_of_turn>\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<start_of_turn>assistant\n' }}{% endif %}"
        )
    return tokenizer


def rows(kind: str, count: int) -> Iterator[list[dict]]:
    """Conversations, made one after the other."""
    make = getattr(Corpus(), kind)
    return (make(number) for number in range(count))


def write(path: Path, kind: str, count: int) -> None:
    """Write conversations as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for messages in rows(kind, count):
            file.write(json.dumps({"messages": messages}) + "\n")


def seconds(run: Any) -> float:
    """The CPU time of a call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def prepared(conversations: list, tokenizer: Any) -> None:
    """`prepare_batch` alone, a thousand conversations at a time as a stream would be."""
    for start in range(0, len(conversations), 1000):
        prepare_batch(conversations[start : start + 1000], tokenizer, shifted=False)


def measure(kind: str, count: int, rounds: int) -> dict[str, float]:
    """Median times of both, and their ratio."""
    tokenizer = tokenizer_for(kind)
    conversations = list(rows(kind, count))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.jsonl")
        write(path, kind, count)
        times = [
            (
                seconds(lambda: prepared(conversations, tokenizer)),
                seconds(lambda: audit(path, tokenizer)),
            )
            for _ in range(rounds)
        ]
    alone, audited = (statistics.median(one) for one in zip(*times, strict=True))
    ratio = statistics.median(one / other for one, other in times)
    return {"prepare_batch": alone, "audit": audited, "ratio": ratio}


class Memory(NamedTuple):
    """What a process takes, in MiB."""

    before: float
    """With the tokenizer loaded and one small file audited."""
    highest: float
    """While another file is audited."""

    @property
    def more(self) -> float:
        """What the audit takes on top."""
        return self.highest - self.before


def memory_of(count: int) -> Memory:
    """The memory of a process that audits a file, without what loading takes for a moment."""
    tokenizer = load_tokenizer(GEMMA)
    with tempfile.TemporaryDirectory() as folder:
        first, path = Path(folder, "first.jsonl"), Path(folder, "data.jsonl")
        write(first, "single_turn", WARM)
        write(path, "single_turn", count)
        audit(first, tokenizer)
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is now the rest
        before = _status("VmRSS")
        report = audit(path, tokenizer)
        assert report.prepared == count
        return Memory(before, _status("VmHWM"))


def _status(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def memory_apart(count: int) -> Memory:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--memory", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Memory(*map(float, done.stdout.split()))


def memory_in_words(most: int) -> str:
    """What few and many conversations take."""
    few, many = memory_apart(most // 10), memory_apart(most)
    return (
        f"Memory on top of the {few.before:,.0f} MiB of a process that has loaded the tokenizer\n"
        f"and audited {WARM:,} conversations: at most {few.more:,.0f} MiB for {most // 10:,}, and\n"
        f"{many.more:,.0f} MiB for {most:,}."
    )


def main() -> int:
    """Measure and write the page; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--count", type=int, default=100_000, help="conversations of the first kind"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.memory:
        print(*memory_of(chosen.memory))
        return 0
    counts = {kind: chosen.count if kind == KINDS[0] else chosen.count // 10 for kind in KINDS}
    found = {kind: measure(kind, count, chosen.rounds) for kind, count in counts.items()}
    lines = [
        f"| {kind.replace('_', ' ')} | {counts[kind]:,} | {one['prepare_batch']:.1f} | "
        f"{one['audit']:.1f} | {one['ratio']:.2f} |"
        for kind, one in found.items()
    ]
    text = (
        f"# The audit\n\n{datetime.date.today()}, one core, Gemma 3's tokenizer, medians of "
        f"{chosen.rounds} rounds of CPU time. The audit reads a file,\nprepares its rows, accounts "
        "for every token and looks for every finding; `prepare_batch` has the rows in\nmemory. "
        f"Aim: a ratio of at least {AIM}.\n\n"
        "| conversations | how many | `prepare_batch`, s | audit, s | ratio |\n"
        "| --- | ---: | ---: | ---: | ---: |\n" + "\n".join(lines) + "\n\n"
        f"{memory_in_words(chosen.count)}\n\n"
        "Made by `python benchmarks/audit.py`.\n"
    )
    (ROOT / "benchmarks" / "AUDIT.md").write_text(text, encoding="utf-8")
    print(text)
    return int(found[KINDS[0]]["ratio"] < AIM)


if __name__ == "__main__":
    sys.exit(main())
