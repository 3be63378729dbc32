"""A report as JSON, for other programs; `schema.json` beside this file describes it."""

from typing import Any

from chatshift.audit.defaults import TOOLS
from chatshift.audit.remarks import remarks
from chatshift.audit.report import Report


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    origin: dict[str, dict[str, int]] = {}
    for (name, learned), count in sorted(report.origins.items()):
        entry = origin.setdefault(name, {"supervised": 0, "masked": 0})
        entry["supervised" if learned else "masked"] += count
    return {
        "version": 1,
        "files": [
            {
                "file": name,
                "rows": one.rows,
                "formats": dict(sorted(one.formats.items())),
                "flags": dict(sorted(one.flags.items())),
            }
            for name, one in sorted(report.files.items())
        ],
        "rows": report.rows,
        "prepared": report.prepared,
        "rejected": report.rejected,
        "tokens": report.tokens,
        "supervised": report.supervised,
        "remarks": remarks(report),
        "origin": origin,
        "others": [
            {
                "tool": tool.name,
                "checked": tool.checked,
                "tokens": report.others[key, "tokens"],
                "here": report.others[key, "here"],
            }
            for key, tool in TOOLS.items()
            if (key, "here") in report.others and (key, "tokens") in report.others
        ],
        "findings": [
            {
                "id": one.id,
                "level": one.level,
                "count": one.count,
                "refused": one.refused,
                "share": round(one.share, 6),
                "rows": [
                    {"file": place.file, "line": place.line, "row": place.number}
                    for place in one.rows
                ],
                "meaning": one.meaning,
                "remedy": one.remedy,
            }
            for one in report.findings
        ],
        "fingerprint": {**report.fingerprint, "labels": f"{report.labels:016x}"},
    }
