"""A report as one page that needs nothing else: what is worst comes first."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from chatshift.audit.findings import LEVELS
from chatshift.audit.open_row import OpenRow
from chatshift.audit.page import element, marked, page, short
from chatshift.audit.page_tables import rows_section, table_of, tokens_section
from chatshift.audit.parts import Example, Finding
from chatshift.audit.plain_text import as_options, own_words
from chatshift.audit.remarks import remarks, rows_in_words, tokenizer_used, verdict
from chatshift.audit.report import Report
from chatshift.audit.terminal import places
from chatshift.formats.records import Place
from chatshift.steps.mask import IGNORE_INDEX

MOST_FILES, MOST_ROWS, REASON = 50, 60, 1500


def as_html(report: Report, open_row: OpenRow | None = None) -> str:
    """Return the page, whose size does not grow with the number of rows.

    `open_row` gives the command that opens a row in a terminal.
    """
    found = report.findings
    body = Markup("\n").join(
        (
            _head(report),
            _findings(found, open_row),
            _first_rows(found, report.files),
            tokens_section(report),
            rows_section(report),
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
            learned = (i for i, label in enumerate(one.labels) if label != IGNORE_INDEX)
            first = next(learned, len(one.labels))
            trace = {"pieces": one.pieces, "ids": one.ids, "labels": one.labels, "prompt": first}
            data[finding.id] = {"trace": trace, "step": 5}
    return data


def _title(report: Report) -> str:
    names = sorted(report.files)
    return (
        f"What {short(Path(names[0]).name)} trains"
        if len(names) == 1
        else f"What {len(names)} files train"
    )


def _head(report: Report) -> Markup:
    share = report.supervised / max(1, report.tokens)
    found, used = verdict(report), tokenizer_used(report)
    learned = element("b", f"{report.supervised:,} of them supervised ({share:.1%})")
    sample = f" A sample of {report.rows:,} of {report.read:,} rows." if report.read else ""
    return element(
        "header",
        element("h1", _title(report)),
        element(
            "p",
            f"{report.prepared:,} conversations, {report.tokens:,} tokens, ",
            learned,
            f". {report.rejected:,} rejected.{sample} ",
            found if found.endswith(".") else f"{found}.",
            class_="lead",
        ),
        element("p", element("b", used) if report.is_bundled else short(used)) if used else "",
        *(element("p", remark) for remark in remarks(report)),
    )


def _findings(found: list[Finding], open_row: OpenRow | None) -> Markup:
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
        *(_finding(finding, open_row) for finding in found),
    )


def _finding(finding: Finding, open_row: OpenRow | None) -> Markup:
    causes = sorted(finding.causes.items(), key=lambda item: (-item[1], item[0]))[:10]
    return element(
        "article",
        element(
            "h3",
            element("span", finding.level, class_=f"level {finding.level}"),
            element("code", finding.id),
            f": {finding.title}. ",
            element("small", f"{rows_in_words(finding)} ({finding.share:.1%})"),
        ),
        element("p", finding.meaning),
        element("p", element("b", "What to do: "), finding.remedy),
        element("p", "Causes: ", "; ".join(f"{one} ({n:,})" for one, n in causes), class_="quiet")
        if len(causes) > 1
        else "",
        element("p", f"First rows: {places(finding, len(finding.rows))}", class_="quiet")
        if finding.is_of_rows
        else "",
        _example(finding, finding.example, open_row) if finding.example else "",
        id=finding.id,
        data_level=finding.level,
        data_ids=finding.id,
    )


def _example(finding: Finding, example: Example, open_row: OpenRow | None) -> Markup:
    """Return an example: as text, which a script replaces by the view of its tokens."""
    shown, reason = Markup(""), own_words(example.reason)
    reason = as_options(reason) if open_row else reason
    place = str(example.place)
    named = finding.is_of_rows and not reason.startswith(place)
    command = open_row(example.place) if open_row and finding.is_of_rows else ""
    if example.pieces:
        shown = element(
            "div",
            element("pre", marked(example.pieces, example.labels)),
            data_view=f"text {finding.id}",
        )
    elif example.said:
        shown = element("pre", example.said)
    return element(
        "div",
        element(
            "p",
            element("b", f"{short(place)}: ") if named else "",
            short(reason, REASON),
        ),
        shown,
        element("p", "Open it: ", element("code", command), class_="quiet") if command else "",
        class_="example",
    )


def _first_rows(found: list[Finding], files: Iterable[str]) -> Markup:
    """Return the rows in which most is wrong; without folders, where the files' names are clear."""
    names = {file: Path(file).name for file in files}
    clear = len({*names.values()}) == len(names)
    rows: dict[Place, list[Finding]] = {}
    for finding in found:
        if finding.is_of_rows:
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
            element(
                "td",
                short(str(place._replace(file=names[place.file]) if clear else place)),
                class_="mono",
            ),
            element("td", ", ".join(finding.id for finding in inside)),
            data_ids=" ".join(finding.id for finding in inside),
        )
        for place, inside in sorted(rows.items(), key=badness)[:MOST_ROWS]
    ]
    return element(
        "section",
        element("h2", "Rows to look at first"),
        table_of(("row", "findings"), lines, number=()),
    )


def _files(report: Report) -> Markup:
    lines = []
    for name, one in sorted(report.files.items())[:MOST_FILES]:
        formats = ", ".join(f"{kind} ({n:,})" for kind, n in sorted(one.formats.items()))
        flags = ", ".join(f"{short(flag)} ({n:,})" for flag, n in sorted(one.flags.items()))
        lines.append(
            element(
                "tr",
                element("td", short(name), class_="mono"),
                element("td", f"{one.rows:,}", class_="number"),
                element("td", formats or "none that is known"),
                element("td", flags),
            )
        )
    names = ("file", "rows", "formats", "flags read as weights")
    more = len(report.files) - MOST_FILES
    rest = element("p", f"and {more:,} more files", class_="quiet") if more > 0 else ""
    return element("section", element("h2", "Files"), table_of(names, lines, number=(1,)), rest)


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
        table_of(("setting", "value"), lines, number=()),
    )
