"""The views: a `Trace` as HTML and as plain text. Nothing is computed again here."""

from chatshift.show.charts import bars, duration, times_table
from chatshift.show.page import Picture, framed, table, text_box, visible
from chatshift.show.views import batch, compare, curves, ladder, rule, text

__all__ = [
    "Picture",
    "bars",
    "batch",
    "compare",
    "curves",
    "duration",
    "framed",
    "ladder",
    "rule",
    "table",
    "text",
    "text_box",
    "times_table",
    "visible",
]
