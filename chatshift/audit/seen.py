"""Which conversations were seen: 28 bytes each, so that copies are found in a set of any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chatshift.formats.records import Place

if TYPE_CHECKING:
    import numpy as np


class Part(NamedTuple):
    """The conversations of one chunk of rows."""

    files: tuple[str, ...]
    file: "np.ndarray"
    """The index of each one's file."""
    line: "np.ndarray"
    row: "np.ndarray"
    labelled: "np.ndarray"
    """A hash of the ids and the supervised spans."""
    prompt: "np.ndarray"
    """A hash of what stands before the last answer."""


class Copies(NamedTuple):
    """Conversations that stand more than once."""

    exact: int
    conflicts: int
    rows: tuple[Place, ...]
    shown: Place
    """The first copy; where there is none, the first row with the prompt of another."""
    of: Place
    """Where that stood before."""

    @property
    def reason(self) -> str:
        """What is the matter with the row that is shown, in words."""
        if not self.exact:
            return f"{self.shown} has the prompt, not the answer, of {self.of}"
        if self.shown == self.of:
            return f"both sides of {self.shown} are the same conversation"
        return f"{self.shown} is the same conversation as {self.of}"


@dataclass(frozen=True, eq=False)
class Seen:
    """All conversations, in parts that are only joined when copies are looked for."""

    parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, found: Sequence[tuple[Place, int, int]]) -> "Seen":
        """Return the conversations of one chunk: place, hash of the labels, hash of the prompt."""
        import numpy as np

        if not found:
            return cls()
        files = tuple(sorted({place.file for place, _, _ in found}))
        index = {name: i for i, name in enumerate(files)}
        part = Part(
            files,
            np.array([index[place.file] for place, _, _ in found], dtype=np.uint32),
            np.array([place.line for place, _, _ in found], dtype=np.uint32),
            np.array([place.row for place, _, _ in found], dtype=np.uint32),
            np.array([labelled for _, labelled, _ in found], dtype=np.uint64),
            np.array([prompt for _, _, prompt in found], dtype=np.uint64),
        )
        return cls((part,))

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.parts + other.parts)

    def copies(self, most: int) -> Copies | None:
        """Return the conversations that stand again, and prompts with another answer."""
        import numpy as np

        if not self.parts:
            return None
        names = sorted({name for part in self.parts for name in part.files})
        index = {name: i for i, name in enumerate(names)}
        file = np.concatenate(
            [np.array([index[n] for n in part.files], np.uint32)[part.file] for part in self.parts]
        )
        line, row, labelled, prompt = (
            np.concatenate([getattr(part, column) for part in self.parts])
            for column in ("line", "row", "labelled", "prompt")
        )
        order = np.lexsort((line, file))

        def place(index: int) -> Place:
            at = order[index]
            return Place(names[file[at]], int(line[at]), int(row[at]))

        again, first_of = _again(labelled[order])
        other, first_prompt = _again(prompt[order])
        other &= ~again
        if not (again.any() or other.any()):
            return None
        # The first row that is shown is a copy, if there is one at all.
        kind, firsts = (again, first_of) if again.any() else (other, first_prompt)
        shown = int(np.flatnonzero(kind)[0])
        rows = [place(i) for i in np.flatnonzero(again | other)[:most]]
        return Copies(
            int(again.sum()), int(other.sum()), tuple(rows), place(shown), place(int(firsts[shown]))
        )


def _again(hashes: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Return which hashes stand before already, and where each stands first."""
    import numpy as np

    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    first_of = first[inverse]
    return first_of != np.arange(len(hashes)), first_of
