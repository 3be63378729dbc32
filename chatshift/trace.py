"""Records only: one conversation on its way through the six steps."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chatshift.messages import Message
from chatshift.steps.mask import IGNORE_INDEX

Origin = Literal["prompt", "thought", "content", "call", "template", "end", "tail"]


class Turn(NamedTuple):
    """The supervised tokens of one assistant message, as positions in `full_ids`."""

    message: int
    """The index of the message."""
    start: int
    """The first supervised token."""
    end: int | None
    """The control token that ends the turn; `None` where the template writes none."""
    stop: int
    """One past the last supervised token."""


class Note(NamedTuple):
    """A finding that is no error.

    Example:
        >>> from chatshift import prepare
        >>> from chatshift.tiny.formats import load_format
        >>> messages = [
        ...     {"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Yes"}
        ... ]
        >>> for note in prepare(messages, load_format("gemma3")).notes:
        ...     print(note.name, note.message, note.position)
        answer changed 1 11
        tail after the end of turn 1 13

    Chapter: 13, Real templates.
    """

    name: str
    """What kind of finding it is; `chatshift.supervise.notes.NOTES` has them all."""
    message: int
    """The index of the message."""
    position: int
    """The position in `full_ids` where it shows."""
    text: str
    """What was found there, in words."""


class Dropped(NamedTuple):
    """What step 6 leaves out: the last input, which nothing follows, and the first label."""

    input_id: int
    label: int


class Row(NamedTuple):
    """One position of a `Trace`; every picture and table is made of these."""

    position: int
    """Counted in tokens of the full conversation, from 0."""
    token_id: int
    piece: str
    """The text of the token."""
    part: Literal["prompt", "answer", "tail"]
    """`answer` is what is supervised, `tail` what stands after the last answer and is masked."""
    label: int
    """The masked label, before the shift."""
    target: int | None
    """The label after the shift; `None` at the last position, whose input is dropped."""
    target_piece: str | None
    """The text of the token that comes next, counted or not."""
    counted: bool
    """Whether the loss counts the prediction made at this position."""
    origin: Origin
    """Where the token comes from. It is something said (`thought`, `content`, `call`), or what the
    template writes in a supervised turn (`template`, its `end`, the `tail` after it), or the
    `prompt`."""


@dataclass(frozen=True, repr=False)
class Trace:
    """One conversation on its way through the six steps, in the order of the steps.

    T is the number of tokens of the full conversation.

    Example:
        >>> from chatshift import load_tokenizer, prepare
        >>> from chatshift.lessons import data_point
        >>> trace = prepare(data_point(), load_tokenizer(), strip_bos=True)
        >>> trace.prompt_length, trace.supervised[0], len(trace.labels)
        (31, 31, 40)

    Chapter: the first page, and every chapter.
    """

    messages: tuple[Message, ...]
    """A copy of the conversation."""
    full_text: str
    """The whole conversation, rendered (step 1)."""
    prompt_text: str
    """Everything before the answer, with the generation prompt (step 2)."""
    full_ids: tuple[int, ...]
    """The T ids of the full text (step 3)."""
    prompt_ids: tuple[int, ...]
    """The first of `full_ids`, up to the last answer (step 3). With `boundary="prompt"` they are
    proven to be the ids of `prompt_text`."""
    unmasked_labels: tuple[int, ...]
    """T labels, equal to `full_ids` (step 4)."""
    masked_labels: tuple[int, ...]
    """T labels, `IGNORE_INDEX` where nothing is supervised (step 5)."""
    input_ids: tuple[int, ...]
    """`full_ids` without the last, T - 1 of them (step 6)."""
    labels: tuple[int, ...]
    """`masked_labels` without the first, T - 1 of them, so already shifted (step 6)."""
    pieces: tuple[str, ...] = field(compare=False)
    """The text of each of the T tokens; together they are `full_text`."""
    turns: tuple[Turn, ...] = field(compare=False)
    """The supervised tokens of each supervised assistant message."""
    notes: tuple[Note, ...] = field(compare=False)
    """What the template did that the author of the messages may not expect."""
    origins: tuple[Origin, ...] = field(compare=False)
    """Where each of the T tokens comes from."""

    @property
    def prompt_length(self) -> int:
        """The number of prompt tokens."""
        return len(self.prompt_ids)

    @property
    def supervised(self) -> tuple[int, ...]:
        """The positions in `full_ids` of the tokens that are supervised."""
        return tuple(i for i, label in enumerate(self.masked_labels) if label != IGNORE_INDEX)

    @property
    def dropped(self) -> Dropped:
        """The input and the label that step 6 leaves out."""
        return Dropped(input_id=self.full_ids[-1], label=self.masked_labels[0])

    def rows(self) -> list[Row]:
        """Return one `Row` for each of the T positions."""
        targets = (*self.labels, None)
        next_pieces = (*self.pieces[1:], None)
        return [
            Row(
                position=i,
                token_id=token_id,
                piece=self.pieces[i],
                part=self._part(i),
                label=self.masked_labels[i],
                target=targets[i],
                target_piece=next_pieces[i],
                counted=targets[i] not in (None, IGNORE_INDEX),
                origin=self.origins[i],
            )
            for i, token_id in enumerate(self.full_ids)
        ]

    def _part(self, position: int) -> Literal["prompt", "answer", "tail"]:
        if self.masked_labels[position] != IGNORE_INDEX:
            return "answer"
        return "prompt" if position < self.prompt_length else "tail"

    def for_transformers(self) -> dict[str, list[int]]:
        """Return the row for a model or trainer that shifts by itself: nothing is shifted here.

        Returns:
            `input_ids`, `attention_mask` and `labels`, each a new list of T.

        Example:
            >>> from chatshift import load_tokenizer, prepare
            >>> messages = [
            ...     {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}
            ... ]
            >>> row = prepare(messages, load_tokenizer()).for_transformers()
            >>> row["labels"][-2:] == row["input_ids"][-2:]
            True

        Chapter: 6, Shift.
        """
        return {
            "input_ids": list(self.full_ids),
            "attention_mask": [1] * len(self.full_ids),
            "labels": list(self.masked_labels),
        }

    def __repr__(self) -> str:
        return (
            f"Trace({len(self.messages)} messages, {len(self.full_ids)} tokens: "
            f"{self.prompt_length} prompt, {len(self.supervised)} supervised; "
            f"shifted to {len(self.input_ids)} pairs)"
        )

    def _repr_html_(self) -> str:
        from chatshift.show.still import framed
        from chatshift.show.views import still_text

        return framed(still_text(self).html)
