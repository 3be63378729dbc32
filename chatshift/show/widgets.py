"""Things to move: frames made by `chatshift.show`, under a slider or a row of buttons.

All frames exist before anything is moved and are linked in the browser, so a widget works in a
notebook, and in a static page with no kernel. Each one also carries a table, or its frames, as
plain HTML: for readers without scripts and for notebooks that are not trusted.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from chatshift import show

if TYPE_CHECKING:
    from chatshift.trace import Trace


class Frames:
    """Several frames of HTML, of which one is shown.

    Args:
        frames: what each frame is called, and its HTML.
        name: what moves through them, for instance `"position"`.
        slider: a slider from `first` on; otherwise one button for each frame.
        first: the number of the first frame on the slider.
        start: the frame to show first, counted from 0.
        instead: what stands for the widget where nothing moves; otherwise all frames, folded.
    """

    def __init__(
        self,
        frames: Sequence[tuple[str, str]],
        name: str,
        *,
        slider: bool = True,
        first: int = 0,
        start: int = 0,
        instead: show.Picture | None = None,
    ) -> None:
        import ipywidgets

        self.frames, self.name, self.instead = list(frames), name, instead
        layout, style = ipywidgets.Layout(), ipywidgets.HTML().style  # shared, to store them once
        children = [
            ipywidgets.HTML(f'<div class="cs">{html}</div>', layout=layout, style=style)
            for _, html in self.frames
        ]
        stack = ipywidgets.Stack(children, selected_index=start)
        control: Any
        if slider:
            # The slider's own numbers are what it is about: positions, lengths, steps.
            last = first + len(children) - 1
            control = ipywidgets.IntSlider(first + start, first, last, description=name)
            padding = [ipywidgets.HTML(layout=layout, style=style)] * first
            stack.children = (*padding, *children)
            stack.selected_index = first + start
            self._link = ipywidgets.jslink((control, "value"), (stack, "selected_index"))
        else:
            titles = [title for title, _ in self.frames]
            control = ipywidgets.ToggleButtons(options=titles, index=start, description=name)
            self._link = ipywidgets.jslink((control, "index"), (stack, "selected_index"))
        self.widget = ipywidgets.VBox([ipywidgets.HTML(show.STYLE), control, stack])

    def __repr__(self) -> str:
        return f"Frames({self.name!r}, {len(self.frames)} frames)"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_(**kwargs))
        return {**bundle, "text/plain": repr(self), "text/html": self._still()}

    def _still(self) -> str:
        if self.instead is not None:
            return self.instead.html
        return show.framed(
            "".join(
                f"<details><summary>{escape(self.name)}: {escape(title)}</summary>{html}</details>"
                for title, html in self.frames
            )
        )


def step_through(trace: "Trace") -> Frames:
    """All six steps, each token in its place."""
    frames = [(str(step), show.walk_frame(trace, step)) for step in range(1, 7)]
    return Frames(frames, "step", first=1, instead=show.steps_table(trace))


def growing_render(texts: Sequence[str]) -> Frames:
    """One text after the other, what is new in each of them marked."""
    before = ["", *texts[:-1]]
    frames = [
        (str(count), show.growth_frame(old, new, f"{count} of {len(texts)} messages rendered:"))
        for count, (old, new) in enumerate(zip(before, texts, strict=True), start=1)
    ]
    return Frames(frames, "messages", first=1)


def compare_renders(trace: "Trace") -> Frames:
    """The full text, the prompt's text, and what the first has more than the second."""
    prompt, full = trace.prompt_text, trace.full_text
    frames = [
        ("full", show.growth_frame("", full, f"{len(full)} characters: the conversation")),
        ("prompt only", show.growth_frame("", prompt, f"{len(prompt)} characters: the prompt")),
        ("difference", show.growth_frame(prompt, full, "marked: only in the full text")),
    ]
    return Frames(frames, "render", slider=False)


def token_inspector(trace: "Trace", start: int = 0) -> Frames:
    """One token at a time, in its text."""
    frames = [(str(i), show.token_frame(trace, i)) for i in range(len(trace.full_ids))]
    return Frames(frames, "token", start=start, instead=show.tokens_table(trace))


def copy_or_alias(trace: "Trace") -> Frames:
    """What masking does to the inputs, with a copy and without one."""
    frames = [(name, show.alias_frame(trace, name == "copy")) for name in ("copy", "same list")]
    return Frames(frames, "labels", slider=False)


def mask_explorer(trace: "Trace") -> Frames:
    """Every prompt length that could be masked, and what it would train."""
    lengths = range(1, len(trace.full_ids))
    frames = [(str(length), show.mask_frame(trace, length)) for length in lengths]
    right = trace.prompt_length - 1
    return Frames(frames, "masked", first=1, start=right, instead=show.masks_table(trace))


def position_inspector(trace: "Trace", start: int = 0) -> Frames:
    """What the model has read at a position, what it must predict, and whether that counts."""
    frames = [(str(i), show.position_frame(trace, i)) for i in range(len(trace.input_ids))]
    return Frames(frames, "position", start=start, instead=show.positions_table(trace))


def shift_explorer(trace: "Trace", losses: Mapping[int, float]) -> Frames:
    """The labels moved by 0, 1 and 2 places: the pairs, and the loss that you measured for each."""
    frames = [(str(places), show.pairs_frame(trace, places, losses[places])) for places in range(3)]
    return Frames(frames, "places", start=1)


def which_end(trace: "Trace") -> Frames:
    """The four ways to drop one input and one label."""
    ends = [("last", "first"), ("first", "last"), ("last", "last"), ("first", "first")]
    frames = [
        (f"{inputs} input, {labels} label", show.ends_frame(trace, inputs, labels))
        for inputs, labels in ends
    ]
    return Frames(frames, "drop", slider=False)


def choose_policy(traces: Mapping[str, "Trace"]) -> Frames:
    """What is learned of one conversation, by several settings of `prepare`."""
    frames = [(name, show.policy_frame(trace)) for name, trace in traces.items()]
    return Frames(frames, "learn", slider=False)


def truncation(trace: "Trace", start: int) -> Frames:
    """A row cut to every length from 1 token on, and what is left to learn; `start` is shown."""
    lengths = range(1, len(trace.full_ids) + 1)
    frames = [(str(length), show.cut_frame(trace, length)) for length in lengths]
    table = show.cuts_table(trace)
    return Frames(frames, "max_length", first=1, start=start - 1, instead=table)


def choose_format(traces: Mapping[str, "Trace"], name: str = "template") -> Frames:
    """One conversation prepared in several ways: each time the text, and what is learned."""
    frames = []
    for way, trace in traces.items():
        text = show.text_box(trace.full_text, "full_text").html.removeprefix(show.STYLE)
        frames.append((way, text + show.policy_frame(trace)))
    return Frames(frames, name, slider=False)


def times(rates: Mapping[str, float], most: int = 64) -> Frames:
    """How long each way takes on 1 to `most` cores, if each of them is as fast as one alone."""
    counts = range(1, most + 1)
    frames = [
        (str(cores), show.times_table(rates, cores).html.removeprefix(show.STYLE))
        for cores in counts
    ]
    return Frames(frames, "cores", first=1, instead=show.times_table(rates, 1))
