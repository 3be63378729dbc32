"""The tables and charts of the page: where the tokens come from, and what the rows are like."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from chatshift.audit.page import element, short
from chatshift.audit.report import Report
from chatshift.audit.terminal import MEANS, ROLES, filled, powers


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
    roles = {role: "" for role in (*ROLES, *sorted({role for role, _ in report.roles}))}
    parts = [element("h2", "Where the tokens come from"), _counts("origin", MEANS, report.origins)]
    if any(role != "template" for role, _ in report.roles):
        parts += [element("h2", "Who says them"), _counts("role", roles, report.roles)]
    return element("section", *parts)


def _counts(what: str, rows: Mapping[str, str], counts: Mapping[tuple[str, bool], int]) -> Markup:
    most = max(counts.values())
    lines = []
    for name, words in rows.items():
        learned, masked = (counts.get((name, side), 0) for side in (True, False))
        if learned or masked:
            bars = [
                element("span", class_=f"bar {kind}", style=f"--n:{count / most:.4f}")
                for kind, count in (("learned", learned), ("masked", masked))
                if count
            ]
            lines.append(
                element(
                    "tr",
                    element("th", short(name), " ", element("small", words), scope="row"),
                    element("td", f"{learned:,}", class_="number"),
                    element("td", f"{masked:,}", class_="number"),
                    element("td", *bars, class_="wide"),
                )
            )
    return table_of((what, "supervised", "masked", "supervised filled, masked in outline"), lines)


def rows_section(report: Report) -> Markup:
    """Return the rows by length and share, and the answers by their number."""
    if not report.tokens:
        return Markup("")
    lengths = {size: report.lengths.get(size, 0) for size in powers(report.lengths)}
    shares = {tenth: report.shares.get(tenth, 0) for tenth in range(11)}
    turns = filled(report.turns)
    last = max(turns)
    charts = [
        _columns("Rows by their length", lengths, f"{min(lengths):,}", f"{max(lengths):,} tokens"),
        _columns("Rows by the share that is supervised", shares, "0 %", "100 %"),
        _columns("Supervised tokens by the answer", turns, "answer 1", f"answer {last}"),
    ]
    return element("section", element("h2", "The rows"), element("div", *charts, class_="charts"))


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
