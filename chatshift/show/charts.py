"""Numbers as bars and times."""

from collections.abc import Mapping

from chatshift.show.page import Picture, table, text_box


def bars(lengths: Mapping[str, float], caption: str) -> Picture:
    """Return numbers from 0 on as bars, each with its name and its number in words."""
    lines = [
        f"{name}: {length:.2f}\n{'━' * round(20 * length)}" for name, length in lengths.items()
    ]
    return text_box("\n".join(lines), caption)


def duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills.

    >>> duration(21), duration(1320), duration(13320), duration(1296000)
    ('21 s', '22 min', '3.7 h', '15.0 days')
    """
    for unit, size, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def times_table(rates: Mapping[str, float], cores: int) -> Picture:
    """Return how long each way takes for up to a trillion tokens, at its tokens/s on one core."""
    sizes = {"1 billion": 1e9, "10 billion": 1e10, "100 billion": 1e11, "1 trillion": 1e12}
    rows = [
        (way, *(duration(tokens / rate / cores) for tokens in sizes.values()))
        for way, rate in rates.items()
    ]
    return table(rows, ("tokens", *sizes))
