"""How time and memory are measured: in turns, in random order, on one core, as CPU time."""

import gc
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm


class Timed(NamedTuple):
    """What one run took."""

    seconds: float
    """The median of its CPU times."""
    of_first: float
    """The time of the first run, divided by that of this one: the median over the rounds."""


def timed(runs: dict[str, Callable[[], Any]], rounds: int, title: str) -> dict[str, Timed]:
    """Run all of them in each round, and return what each took.

    What slows the machine for a while slows all runs of a round, so that their ratios stay.
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
    first = next(iter(spent.values()))
    return {
        name: Timed(
            statistics.median(times),
            statistics.median(one / other for one, other in zip(first, times, strict=True)),
        )
        for name, times in spent.items()
    }


def peak() -> float:
    """The highest memory of this process so far, in MiB; unlike `getrusage`, not its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
