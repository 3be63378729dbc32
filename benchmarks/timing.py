"""How time and memory are measured: in turns, in random order, on one core, as CPU time."""

import gc
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm


def timed(runs: dict[str, Callable[[], Any]], rounds: int, title: str) -> dict[str, float]:
    """Run all of them in each round, and return the median of the CPU times of each, in seconds.

    What slows the machine for a while slows all runs of a round, so that it favours none of them.
    """
    spent: dict[str, list[float]] = {name: [] for name in runs}
    shuffled = random.Random(0)
    for _ in tqdm(range(rounds), desc=title):
        # What ran before has filled the caches, so it should not be the same run each time.
        for name in shuffled.sample(list(runs), len(runs)):
            gc.collect()
            start = time.process_time()
            runs[name]()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in spent.items()}


def peak() -> float:
    """The highest memory of this process so far, in MiB; unlike `getrusage`, not its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
