"""How long `import chatshift` takes beyond starting Python: the median of 15 fresh processes."""

import subprocess
import sys
from statistics import median
from time import perf_counter

RUNS = 15


def seconds(code: str) -> float:
    """Return how long a fresh Python takes to run `code`."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


def main() -> None:
    """Measure both in turn, so that a busy moment meets both."""
    pairs = [(seconds("pass"), seconds("import chatshift")) for _ in range(RUNS)]
    bare, loaded = (median(times) * 1000 for times in zip(*pairs, strict=True))
    print(f"python alone: {bare:.0f} ms; with import chatshift: {loaded:.0f} ms")
    print(f"import chatshift, its own: {loaded - bare:.0f} ms (aim: under 60 ms)")


if __name__ == "__main__":
    main()
