"""The six steps composed: `prepare`, and the record of every value on the way."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from chatshift.learned import learn
from chatshift.messages import Conversation, Message
from chatshift.notes import Note
from chatshift.policy import Policy, check_policy
from chatshift.steps.labels import copy_labels
from chatshift.steps.mask import IGNORE_INDEX, mask_prompt
from chatshift.steps.shift import shift
from chatshift.turns import Turn


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
    """`answer` is what is learned, `tail` what stands after the last answer and is masked."""
    label: int
    """The masked label, before the shift."""
    target: int | None
    """The label after the shift; `None` at the last position, whose input is dropped."""
    target_piece: str | None
    """The text of the token that comes next, counted or not."""
    counted: bool
    """Whether the loss counts the prediction made at this position."""


@dataclass(frozen=True, repr=False)
class Trace:
    """One conversation on its way through the six steps, in the order of the steps.

    T is the number of tokens of the full conversation.

    Example:
        >>> from chatshift import load_tokenizer, prepare
        >>> from chatshift.tiny import data_point
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
    """The ids of the prompt, proven to be the first of `full_ids` (step 3)."""
    unmasked_labels: tuple[int, ...]
    """T labels, equal to `full_ids` (step 4)."""
    masked_labels: tuple[int, ...]
    """T labels, `IGNORE_INDEX` where nothing is learned (step 5)."""
    input_ids: tuple[int, ...]
    """`full_ids` without the last, T - 1 of them (step 6)."""
    labels: tuple[int, ...]
    """`masked_labels` without the first, T - 1 of them, so already shifted (step 6)."""
    pieces: tuple[str, ...] = field(compare=False)
    """The text of each of the T tokens."""
    turns: tuple[Turn, ...] = field(compare=False)
    """The learned tokens of each supervised assistant message."""
    notes: tuple[Note, ...] = field(compare=False)
    """What the template did that the author of the messages may not expect."""

    @property
    def prompt_length(self) -> int:
        """The number of prompt tokens."""
        return len(self.prompt_ids)

    @property
    def supervised(self) -> tuple[int, ...]:
        """The positions in `full_ids` of the tokens that are learned."""
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
        from chatshift.show import picture

        return picture(self).html


def prepare(
    messages: Conversation,
    tokenizer: Any,
    *,
    supervise: str = "last",
    boundary: str = "prompt",
    strip_bos: bool = False,
    mask_tail: bool = False,
    control_tokens: str = "error",
    template_kwargs: dict | None = None,
) -> Trace:
    """Return every value of the six steps for one conversation.

    Args:
        messages: `{"role": ..., "content": ...}` each, the assistant's answer last.
        tokenizer: a transformers tokenizer with a chat template.
        supervise: `"last"`: learn what follows the last prompt. `"all"`: learn each assistant
            message, from the end of its generation prompt to the end of its turn.
        boundary: `"prompt"`: the prompt must be a prefix of the conversation, as text and as ids.
            `"answer"`: learn the rendered answer and its end of turn where they stand.
        strip_bos: remove the BOS token that the template wrote, as the book's chapters do.
        mask_tail: mask what the template writes after the token that ends the answer's turn.
        control_tokens: `"error"` refuses content that would become control tokens, `"text"` keeps
            it as ordinary text, `"allow"` lets it through.
        template_kwargs: passed to the chat template.

    Returns:
        A `Trace`. Its `input_ids` and `labels` are shifted, for a loss you write yourself; its
        `for_transformers()` is not, for a model that shifts inside.

    Raises:
        MessageError: the conversation is wrong, or its content holds control tokens.
        TemplateError: there is no template, it refused, or it left the answer out.
        TokenizeError: the text cannot be encoded.
        BoundaryError: the prompt is no prefix of the conversation.
        LabelError: no label would be left to learn from.

    Example:
        >>> from chatshift import load_tokenizer, prepare
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> trace = prepare(messages, load_tokenizer(), strip_bos=True)
        >>> trace
        Trace(2 messages, 12 tokens: 10 prompt, 2 supervised; shifted to 11 pairs)
        >>> [trace.pieces[position] for position in trace.supervised]
        ['Yes', '<end_of_turn>']
        >>> trace.dropped
        Dropped(input_id=4, label=-100)

    Chapter: 7, What gets dropped, and every chapter before it.
    """
    policy = Policy(
        supervise, boundary, strip_bos, mask_tail, control_tokens, dict(template_kwargs or {})
    )
    check_policy(policy)
    full, learned = learn(messages, tokenizer, policy)
    unmasked_labels = copy_labels(full.ids)
    masked_labels = mask_prompt(unmasked_labels, learned.turns[0].start)
    masked_labels = _mask_between(masked_labels, learned.turns)
    shifted = shift(full.ids, masked_labels)
    return Trace(
        messages=tuple(deepcopy([dict(message) for message in messages])),
        full_text=full.text,
        prompt_text=learned.prompt_text,
        full_ids=tuple(full.ids),
        prompt_ids=tuple(full.ids[: learned.prompt_length]),
        unmasked_labels=tuple(unmasked_labels),
        masked_labels=tuple(masked_labels),
        input_ids=tuple(shifted.input_ids),
        labels=tuple(shifted.labels),
        pieces=_pieces(full.ids, tokenizer),
        turns=tuple(learned.turns),
        notes=learned.notes,
    )


def _mask_between(masked_labels: list[int], turns: list[Turn]) -> list[int]:
    """Mask what no turn covers: other messages, and what follows the last turn."""
    kept = {position for turn in turns for position in range(turn.start, turn.stop)}
    return [
        label if position in kept else IGNORE_INDEX for position, label in enumerate(masked_labels)
    ]


def _pieces(ids: list[int], tokenizer: Any) -> tuple[str, ...]:
    """The text of each token; where a token is only a part of a character, its own name."""
    texts = tokenizer.batch_decode([[token_id] for token_id in ids])
    names = tokenizer.convert_ids_to_tokens(ids)
    return tuple(
        name if not text or "\N{REPLACEMENT CHARACTER}" in text else text
        for text, name in zip(texts, names, strict=True)
    )
