"""A report as JSON, for other programs; `schema.json` beside this file describes it."""

from collections.abc import Mapping
from typing import Any

from chatshift.audit.defaults import TOOLS
from chatshift.audit.parts import Finding
from chatshift.audit.remarks import remarks
from chatshift.audit.report import Report


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
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
        "origin": _origin(report.origins),
        "others": _others(report.others),
        "findings": [_finding(one) for one in report.findings],
        "fingerprint": {**report.fingerprint, "labels": f"{report.labels:016x}"},
    }


def _origin(origins: Mapping[tuple[str, bool], int]) -> dict[str, dict[str, int]]:
    names = sorted({name for name, _ in origins})
    return {
        name: {
            "supervised": origins.get((name, True), 0),
            "masked": origins.get((name, False), 0),
        }
        for name in names
    }


def _others(others: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {
            "tool": tool.name,
            "checked": tool.checked,
            **{name: others.get((key, name), 0) for name in ("rows", "tokens", "here")},
        }
        for key, tool in TOOLS.items()
        if (key, "rows") in others
    ]


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "id": one.id,
        "level": one.level,
        "count": one.count,
        "refused": one.refused,
        "share": round(one.share, 6),
        "rows": [
            {"file": place.file, "line": place.line, "row": place.number} for place in one.rows
        ],
        "meaning": one.meaning,
        "remedy": one.remedy,
    }
