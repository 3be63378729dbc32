"""Numbers as lines, bars and times."""

from collections.abc import Mapping, Sequence
from math import log10

from markupsafe import escape

from chatshift.show.page import STYLE, Picture, framed, table, text_box

# Colour, dashes, width and opacity of up to four lines; any two differ in more than colour.
STROKES = (
    ("#3b7dd8", "", 9, 0.55),
    ("currentColor", "2 6", 2.5, 1),
    ("#c2571a", "9 4", 2, 1),
    ("#8a63d2", "", 1.5, 1),
)


def curves(losses: Mapping[str, Sequence[float]], shown: Sequence[int]) -> Picture:
    """Return up to four losses as lines on a logarithmic scale; `shown` are the steps as text."""
    lines, legend = "", ""
    last = max(len(values) for values in losses.values()) - 1
    for (name, values), (colour, dashes, width, opacity) in zip(
        losses.items(), STROKES, strict=False
    ):
        points = [
            f"{40 + 350 * step / last:.0f},{_height(value):.0f}"
            for step, value in enumerate(values)
            if step % 2 == 0
        ]
        stroke = (
            f'fill="none" stroke="{colour}" stroke-dasharray="{dashes}" stroke-width="{width}" '
            f'stroke-opacity="{opacity}"'
        )
        lines += f'<polyline points="{" ".join(points)}" {stroke}/>'
        swatch = (
            f'<svg width="60" height="10" aria-hidden="true"><path d="M0 5H60" {stroke}/></svg>'
        )
        legend += (
            f'<li class="curve"><b>{escape(name)}</b>{swatch}<span>{values[-1]:.4f}</span></li>'
        )
    axes = "".join(
        f'<path d="M40 {_height(level):.0f}H390" stroke="currentColor" stroke-opacity=".25"/>'
        f'<text x="34" y="{_height(level) + 4:.0f}" text-anchor="end">{level:g}</text>'
        for level in (10, 1, 0.1, 0.01, 0.001)
    ) + "".join(
        f'<text x="{40 + 350 * step / last:.0f}" y="236" text-anchor="middle">{step}</text>'
        for step in (0, last // 2, last)
    )
    drawing = (
        '<svg viewBox="0 0 400 256" role="img" aria-label="The loss over the steps, as lines; the '
        'table has the numbers" style="width:100%;max-width:600px;font-size:12px" '
        f'fill="currentColor">{axes}<text x="215" y="252" text-anchor="middle">step</text>'
        f"{lines}</svg>"
    )
    rows = [[name, *(f"{values[step]:.4f}" for step in shown)] for name, values in losses.items()]
    numbers = table(rows, ["loss at step", *map(str, shown)])
    html = f"{drawing}<ol>{legend}</ol>{numbers.html.removeprefix(STYLE)}"
    return Picture(framed(html), numbers.text)


def _height(loss: float) -> float:
    return 20 + 50 * (1 - log10(loss))


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
