"""A report as one page that needs nothing else: what is worst comes first."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from chatshift.audit.findings import LEVELS
from chatshift.audit.page import element, page
from chatshift.audit.report import Example, Finding, Report
from chatshift.audit.terminal import MEANS, ROLES, filled, own_words, places, powers
from chatshift.formats.records import Place
from chatshift.steps.mask import IGNORE_INDEX

MOST_FILES, MOST_ROWS, NAME, REASON = 50, 60, 200, 1500


def as_html(report: Report) -> str:
    """Return the page; its size does not grow with the number of rows."""
    found = report.findings
    body = Markup("\n").join(
        (
            _head(report),
            _findings(found),
            _first_rows(found),
            _tokens(report),
            _pictures(report),
            _files(report),
            _fingerprint(report),
        )
    )
    return page(_title(report), element("main", body), _view_data(found))


def _view_data(found: Iterable[Finding]) -> dict[str, Any]:
    """Return what the views of the examples read, by finding."""
    data = {}
    for finding in found:
        if finding.example and finding.example.pieces:
            one = finding.example
            first = next(i for i, label in enumerate(one.labels) if label != IGNORE_INDEX)
            trace = {"pieces": one.pieces, "ids": one.ids, "labels": one.labels, "prompt": first}
            data[finding.id] = {"trace": trace, "step": 5}
    return data


def _title(report: Report) -> str:
    names = sorted(report.files)
    return (
        f"What {_short(names[0])} trains" if len(names) == 1 else f"What {len(names)} files train"
    )


def _short(text: str, most: int = NAME) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _head(report: Report) -> Markup:
    share = report.supervised / max(1, report.tokens)
    wrong = sum(finding.level != "note" for finding in report.findings)
    learned = element("b", f"{report.supervised:,} of them learned ({share:.1%})")
    sample = f" A sample of {report.rows:,} of {report.read:,} rows." if report.read else ""
    return element(
        "header",
        element("h1", _title(report)),
        element(
            "p",
            f"{report.prepared:,} conversations, {report.tokens:,} tokens, ",
            learned,
            f". {report.rejected:,} rejected.{sample} ",
            f"{wrong} findings." if wrong else "Nothing is wrong.",
            class_="lead",
        ),
    )


def _findings(found: list[Finding]) -> Markup:
    buttons = [element("button", "all", type="button", data_id="", aria_pressed="true")]
    for finding in found:
        label = f"{finding.id} ({finding.count:,})"
        buttons.append(
            element("button", label, type="button", data_id=finding.id, aria_pressed="false")
        )
    box = Markup('<div class="filter" role="group" aria-label="Show only" hidden>{}</div>')
    count = element("p", f"{len(found)} shown", id="shown", class_="quiet", role="status")
    return element(
        "section",
        element("h2", "Findings, the worst first"),
        box.format(Markup("").join(buttons)),
        count,
        *(_finding(finding) for finding in found),
    )


def _finding(finding: Finding) -> Markup:
    causes = sorted(finding.causes.items(), key=lambda item: (-item[1], item[0]))[:10]
    return element(
        "article",
        element(
            "h3",
            element("span", finding.level, class_=f"level {finding.level}"),
            element("code", finding.id),
            f": {finding.title}. ",
            element("small", f"{finding.count:,} rows, {finding.share:.1%}"),
        ),
        element("p", finding.meaning),
        element("p", element("b", "What to do: "), finding.remedy),
        element("p", "Causes: ", "; ".join(f"{one} ({n:,})" for one, n in causes), class_="quiet")
        if len(causes) > 1
        else "",
        element("p", f"First rows: {places(finding, len(finding.rows))}", class_="quiet"),
        _example(finding.id, finding.example) if finding.example else "",
        id=finding.id,
        data_level=finding.level,
        data_ids=finding.id,
    )


def _example(name: str, example: Example) -> Markup:
    """Return an example: as text, which a script replaces by the view of its tokens."""
    shown = Markup("")
    if example.pieces:
        shown = element("div", element("pre", _marked(example)), data_view=f"text {name}")
    elif example.said:
        shown = element("pre", example.said)
    return element(
        "div",
        element(
            "p",
            element("b", f"{_short(str(example.place))}: "),
            _short(own_words(example.reason), REASON),
        ),
        shown,
        class_="example",
    )


def _marked(example: Example) -> Markup:
    parts = []
    for piece, label in zip(example.pieces, example.labels, strict=True):
        parts.append(
            element("mark", piece) if label != IGNORE_INDEX else Markup("{}").format(piece)
        )
    return Markup("").join(parts)


def _first_rows(found: list[Finding]) -> Markup:
    """Return the rows in which most is wrong."""
    rows: dict[Place, list[Finding]] = {}
    for finding in found:
        if finding.id != "other-defaults":
            for place in finding.rows:
                rows.setdefault(place, []).append(finding)
    if not rows:
        return Markup("")

    def badness(item: tuple[Place, list[Finding]]) -> tuple:
        worst = max(LEVELS.index(finding.level) for finding in item[1])
        return (-worst, -len(item[1]), item[0])

    lines = [
        element(
            "tr",
            element("td", _short(str(place)), class_="mono"),
            element("td", ", ".join(finding.id for finding in inside)),
            data_ids=" ".join(finding.id for finding in inside),
        )
        for place, inside in sorted(rows.items(), key=badness)[:MOST_ROWS]
    ]
    return element(
        "section",
        element("h2", "Rows to look at first"),
        _table(("row", "findings"), lines, number=()),
    )


def _table(
    names: Iterable[str], lines: Iterable[Markup], *, number: Iterable[int] = (1, 2)
) -> Markup:
    heads = (
        element("th", name, scope="col", class_="number" if i in number else None)
        for i, name in enumerate(names)
    )
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *lines))
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="table">{}</div>'
    ).format(table)


def _tokens(report: Report) -> Markup:
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
                    element("th", _short(name), " ", element("small", words), scope="row"),
                    element("td", f"{learned:,}", class_="number"),
                    element("td", f"{masked:,}", class_="number"),
                    element("td", *bars, class_="wide"),
                )
            )
    return _table((what, "learned", "masked", "learned filled, masked in outline"), lines)


def _pictures(report: Report) -> Markup:
    if not report.tokens:
        return Markup("")
    lengths = {size: report.lengths.get(size, 0) for size in powers(report.lengths)}
    shares = {tenth: report.shares.get(tenth, 0) for tenth in range(11)}
    turns = filled(report.turns)
    last = max(turns)
    charts = [
        _columns("Rows by their length", lengths, f"{min(lengths):,}", f"{max(lengths):,} tokens"),
        _columns("Rows by the share that is learned", shares, "0 %", "100 %"),
        _columns("Learned tokens by the answer", turns, "answer 1", f"answer {last}"),
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


def _files(report: Report) -> Markup:
    lines = []
    for name, one in sorted(report.files.items())[:MOST_FILES]:
        formats = ", ".join(f"{kind} ({n:,})" for kind, n in sorted(one.formats.items()))
        flags = ", ".join(f"{_short(flag)} ({n:,})" for flag, n in sorted(one.flags.items()))
        lines.append(
            element(
                "tr",
                element("td", _short(name), class_="mono"),
                element("td", f"{one.rows:,}", class_="number"),
                element("td", formats or "none that is known"),
                element("td", flags),
            )
        )
    names = ("file", "rows", "formats", "flags read as weights")
    more = len(report.files) - MOST_FILES
    rest = element("p", f"and {more:,} more files", class_="quiet") if more > 0 else ""
    return element("section", element("h2", "Files"), _table(names, lines, number=(1,)), rest)


def _fingerprint(report: Report) -> Markup:
    settings = report.fingerprint.get("settings", {})
    values = {
        "chat template": report.fingerprint.get("template", ""),
        "tokenizer": report.fingerprint.get("tokenizer", ""),
        "labels": f"{report.labels:016x}",
        **{name: repr(value) for name, value in settings.items()},
    }
    lines = [
        element("tr", element("th", name, scope="row"), element("td", value, class_="mono"))
        for name, value in values.items()
    ]
    return element(
        "section",
        element("h2", "What the labels depend on"),
        _table(("setting", "value"), lines, number=()),
    )
