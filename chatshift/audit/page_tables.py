"""The tables and charts of the page: where the tokens come from, and what the rows are like."""

from collections.abc import Iterable, Mapping
from itertools import chain

from markupsafe import Markup

from chatshift.audit.figures import Table, charts, tables
from chatshift.audit.page import element, short
from chatshift.audit.report import Report


def table_of(
    names: Iterable[str], lines: Iterable[Markup], *, number: Iterable[int] = (1, 2)
) -> Markup:
    """Return a table that scrolls where it is too wide; `number` has the columns of numbers."""
    heads = (
        element("th", name, scope="col", class_="number" if i in number else None)
        for i, name in enumerate(names)
    )
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *lines))
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="table">{}</div>'
    ).format(table)


def tokens_section(report: Report) -> Markup:
    """Return the tokens by origin and by role."""
    if not report.tokens:
        return Markup("")
    parts = [(element("h2", table.title), _counts(table)) for table in tables(report)]
    return element("section", *chain.from_iterable(parts))


def _counts(table: Table) -> Markup:
    most = max(max(line.supervised, line.masked) for line in table.lines)
    lines = []
    for line in table.lines:
        bars = [
            element("span", class_=f"bar {kind}", style=f"--n:{count / most:.4f}")
            for kind, count in (("learned", line.supervised), ("masked", line.masked))
            if count
        ]
        head = element("th", short(line.name), " ", element("small", line.words), scope="row")
        counts = (line.supervised, line.masked)
        numbers = (element("td", f"{count:,}", class_="number") for count in counts)
        lines.append(element("tr", head, *numbers, element("td", *bars, class_="wide")))
    names = (table.what, "supervised", "masked", "supervised filled, masked in outline")
    return table_of(names, lines)


def rows_section(report: Report) -> Markup:
    """Return the rows by length and share, and the answers by their number."""
    if not report.tokens:
        return Markup("")
    shown = (_columns(*chart) for chart in charts(report))
    return element("section", element("h2", "The rows"), element("div", *shown, class_="charts"))


def _columns(title: str, counts: Mapping[int, int], first: str, last: str) -> Markup:
    most = max(counts.values()) or 1
    bars = (element("li", style=f"--n:{count / most:.4f}") for count in counts.values())
    words = ", ".join(f"{key:,}: {count:,}" for key, count in counts.items() if count)
    return element(
        "div",
        element("p", element("b", title)),
        element("div", element("ul", *bars, class_="columns"), role="img", aria_label=words),
        element("p", element("small", first), element("small", last), class_="ends"),
    )
