"""What to know of a whole report before its findings."""

from chatshift.audit.parts import Finding
from chatshift.audit.report import Report
from chatshift.formats import preference


def remarks(report: Report) -> list[str]:
    """Return what stands under the head of a report, each in a sentence."""
    return [one for one in (both_sides(report), earlier_answers(report)) if one]


def both_sides(report: Report) -> str:
    """Return what to know where there are preference pairs."""
    pairs = sum(one.formats.get(preference.NAME, 0) for one in report.files.values())
    if not pairs:
        return ""
    return (
        f"{pairs:,} {'row is a preference pair' if pairs == 1 else 'rows are preference pairs'}: "
        "both sides are audited; supervised fine-tuning on this file would train the rejected "
        "answers, too."
    )


def earlier_answers(report: Report) -> str:
    """Return what to know where earlier answers of the assistant are not supervised."""
    masked = report.roles.get(("assistant", False), 0)
    if not masked or report.fingerprint.get("settings", {}).get("supervise") != "last":
        return ""
    return (
        f"Only the last answer of each conversation is supervised: {masked:,} tokens of earlier "
        "ones are masked, which --supervise all learns, too."
    )


def tokenizer_used(report: Report) -> str:
    """Return which tokenizer was used, with a warning where it is the bundled one."""
    if report.is_bundled:
        return (
            "Tokenizer: the bundled Gemma-style one, not your model's; run again with --tokenizer."
        )
    return f"Tokenizer: {report.tokenizer}." if report.tokenizer else ""


def verdict(report: Report) -> str:
    """Return how much was found; of a template that was not used nothing can be said."""
    levels = [finding.level for finding in report.findings]
    notes = levels.count("note")
    if wrong := len(levels) - notes:
        return counted(wrong, "finding") + (f", {counted(notes, 'note')}" if notes else "")
    if report.is_bundled:
        return (
            "Nothing found with the bundled tokenizer; run again with --tokenizer for your model's "
            "template."
        )
    return "Nothing is wrong."


def counted(number: int, what: str) -> str:
    """Return a number with its noun, in the plural where that is due."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def rows_in_words(finding: Finding) -> str:
    """Return in how many rows a finding is, and how many of them are refused for it."""
    rows, refused = counted(finding.count, "row"), finding.refused
    if not refused:
        return rows
    if refused < finding.count:
        return f"{rows}, {refused:,} of them refused"
    return f"{rows}, refused" if finding.count == 1 else f"{rows}, all of them refused"
