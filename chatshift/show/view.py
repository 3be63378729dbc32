"""A view that can be moved: an `anywidget` where that is installed, else its HTML alone."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chatshift.show.page import Picture
from chatshift.show.still import HERE, framed


@dataclass(frozen=True)
class Still:
    """A view without `anywidget`: HTML for a page, plain text for everything else."""

    view: str
    data: dict[str, Any] = field(repr=False)
    html: str = field(repr=False)
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@cache
def widget_class() -> type:
    """Return the class of the widgets; made once, and only where a view is shown.

    Raises:
        ImportError: `anywidget` is not installed.
    """
    import anywidget
    import traitlets

    class View(anywidget.AnyWidget):
        """One of the views; `step`, `position` and the others follow what a reader moves."""

        _esm = (HERE / "views.js").read_text(encoding="utf-8")
        _css = (HERE / "views.css").read_text(encoding="utf-8")
        view = traitlets.Unicode().tag(sync=True)
        data = traitlets.Dict().tag(sync=True)
        step = traitlets.Int(6, min=1, max=6).tag(sync=True)
        position = traitlets.Int(None, allow_none=True).tag(sync=True)
        places = traitlets.Int(1, min=0, max=2).tag(sync=True)
        ids = traitlets.Bool(False).tag(sync=True)
        row = traitlets.Int(0, min=0).tag(sync=True)
        max_length = traitlets.Int(None, allow_none=True).tag(sync=True)

        def __init__(self, still: Still, **moved: Any) -> None:
            super().__init__(view=still.view, data=still.data, **moved)
            self.still = still

        def __repr__(self) -> str:
            return self.still.text

        def _repr_html_(self) -> str:
            return self.still.html

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            bundle = super()._repr_mimebundle_(**kwargs)
            data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
            return {**data, "text/plain": repr(self), "text/html": self.still.html}, metadata

    return View


def shown(view: str, data: dict[str, Any], still: Picture, **moved: Any) -> Any:
    """Return the view as a widget, or as its HTML alone where `anywidget` is not installed."""
    alone = Still(view, data, framed(still.html), still.text)
    try:
        made = widget_class()
    except ImportError:
        return alone
    return made(alone, **moved)
