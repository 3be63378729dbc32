"""One row as a page: the views of its trace."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from chatshift.audit.page import element, marked, page
from chatshift.show.columns import trace_columns
from chatshift.trace import Trace

VIEWS = {
    "text": "What is supervised",
    "rule": "One token to the left",
    "ladder": "What it has read, and what it must write",
}


def traces_as_html(title: str, traces: Mapping[str, Trace]) -> str:
    """Return a page with the views of each trace, by its name."""
    data: dict[str, Any] = {}
    parts = [element("h1", title)]
    for name, trace in traces.items():
        key = f"trace{len(data)}"
        data[key] = {"trace": trace_columns(trace)}
        parts.append(element("h2", name) if len(traces) > 1 else Markup(""))
        learned = len(trace.supervised)
        parts.append(
            element(
                "p", f"{len(trace.full_ids)} tokens, {learned} of them supervised.", class_="lead"
            )
        )
        for view, heading in VIEWS.items():
            still = (
                element("pre", marked(trace.pieces, trace.masked_labels)) if view == "text" else ""
            )
            parts.append(element("h3" if len(traces) > 1 else "h2", heading))
            parts.append(element("div", still, data_view=f"{view} {key}"))
        parts += [element("p", f"Note: {note.text}") for note in trace.notes]
    return page(title, element("main", *parts), data)
