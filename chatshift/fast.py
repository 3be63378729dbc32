"""The fast path of `prepare_batch`: one batch of texts, and the boundaries in one flat array."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chatshift.control import ControlTokens, control_tokens
from chatshift.engines import Encode, check_same_ids
from chatshift.errors import ChatshiftError
from chatshift.learned import learn
from chatshift.messages import ROLES, Conversation, find_lone_surrogate
from chatshift.molds import Found, Molds, fit
from chatshift.policy import Policy
from chatshift.steps.mask import mask_prompt
from chatshift.steps.render import strip_bos
from chatshift.template import apply_template_to_all

if TYPE_CHECKING:
    import numpy as np


class Row(NamedTuple):
    """One prepared conversation."""

    ids: "np.ndarray"
    """T ids, int32."""
    spans: "np.ndarray"
    """Start and stop of each learned stretch of them."""


class FastPath:
    """Prepares chunks of conversations; what it learns from one chunk serves the next."""

    def __init__(self, tokenizer: Any, policy: Policy, encode: Encode) -> None:
        self.tokenizer = tokenizer
        self.policy = policy
        self.encode = encode
        self.molds = Molds([], [])

    def prepare(self, conversations: Sequence[Conversation]) -> list[Row | ChatshiftError]:
        """Return a row for each conversation, or the error with which `prepare` refuses it."""
        results: dict[int, Row | ChatshiftError] = {}
        control = control_tokens(self.tokenizer)
        plain = [i for i, messages in enumerate(conversations) if _is_plain(messages, control)]
        texts = self._texts({i: conversations[i] for i in plain})
        found: dict[int, list[Found]] = {}
        for i, text in texts.items():
            fitting = fit(text, conversations[i], self.molds, self.policy.supervise)
            if fitting is None:
                results[i] = self._in_full(conversations[i])  # and the next row may fit its mold
            else:
                found[i] = fitting
        found = self._with_proven_prompts(found, texts, conversations)
        results |= self._located(found, texts)
        return [
            results[i] if i in results else self._in_full(messages)
            for i, messages in enumerate(conversations)
        ]

    def _texts(
        self, conversations: dict[int, Conversation], opened: bool = False
    ) -> dict[int, str]:
        """The rendered texts, without those that the template refused."""
        rendered = apply_template_to_all(
            conversations.values(),
            self.tokenizer,
            add_generation_prompt=opened,
            template_kwargs=self.policy.template_kwargs,
        )
        pairs = zip(conversations, rendered, strict=True)
        texts = {i: text for i, text in pairs if text is not None}
        if not self.policy.strip_bos:
            return texts
        return {i: strip_bos(text, self.tokenizer) for i, text in texts.items()}

    def _with_proven_prompts(
        self,
        found: dict[int, list[Found]],
        texts: dict[int, str],
        conversations: Sequence[Conversation],
    ) -> dict[int, list[Found]]:
        """Keep the rows whose first and last prompt, rendered alone, stand in the text."""
        if self.policy.boundary == "answer":
            return found
        for which in (-1, 0):
            parts = {
                i: conversations[i][: places[which].message]
                for i, places in found.items()
                if which == -1 or len(places) > 1
            }
            prompts = self._texts(parts, opened=True)
            found = {
                i: places
                for i, places in found.items()
                if i not in parts or prompts.get(i) == texts[i][: places[which].start]
            }
        return found

    def _in_full(self, messages: Conversation) -> Row | ChatshiftError:
        import numpy as np

        try:
            full, learned = learn(messages, self.tokenizer, self.policy)
            mask_prompt(full.ids, learned.turns[0].start)
        except ChatshiftError as refusal:
            return refusal
        self.molds.learn(messages, full, learned, self.policy)
        return Row(
            np.array(full.ids, dtype=np.int32),
            np.array([(turn.start, turn.stop) for turn in learned.turns]),
        )

    def _located(self, found: dict[int, list[Found]], texts: dict[int, str]) -> dict[int, Row]:
        """The rows whose ids show the molds' ids in the places that their texts say."""
        import numpy as np

        if not found:
            return {}
        flat, lengths = self.encode([texts[i] for i in found])
        first = next(iter(found))
        check_same_ids(flat[: lengths[0]], texts[first], self.tokenizer)
        ends = np.cumsum(lengths)
        begins = ends - lengths
        spans, row_of = self._spans(found, texts, flat, begins, ends)
        unfit = np.bincount(row_of, weights=spans[:, 0] == spans[:, 1], minlength=len(found))
        spans -= begins[row_of, None]
        turns = np.searchsorted(row_of, np.arange(len(found) + 1)).tolist()
        edges = [0, *ends.tolist()]
        return {
            i: Row(flat[edges[n] : edges[n + 1]], spans[turns[n] : turns[n + 1]])
            for n, i in enumerate(found)
            if not unfit[n]
        }

    def _spans(
        self,
        found: dict[int, list[Found]],
        texts: dict[int, str],
        flat: "np.ndarray",
        begins: "np.ndarray",
        ends: "np.ndarray",
    ) -> tuple["np.ndarray", "np.ndarray"]:
        """Start and stop of each turn in the flat ids, 0 and 0 where they do not fit; its row."""
        import numpy as np

        turns = [place for places in found.values() for place in places]
        row_of = np.repeat(np.arange(len(found)), [len(places) for places in found.values()])
        spans = np.zeros((len(turns), 2), dtype=np.int64)
        is_control = np.zeros(max(len(self.tokenizer), int(flat.max()) + 1) + 1, dtype=bool)
        is_control[list(control_tokens(self.tokenizer).ids)] = True
        control_at = np.append(np.flatnonzero(is_control[flat]), len(flat))
        padded = np.append(flat, np.full(64, -1, dtype=np.int32))
        for mold in {place.mold for place in turns}:
            mine = np.array([n for n, place in enumerate(turns) if place.mold == mold])
            rows = row_of[mine]
            # One to one: each control token of this kind in the text is one in the ids.
            at = np.append(np.flatnonzero(flat == mold.control_id), len(flat))
            first = np.searchsorted(at, begins)
            in_text = [text.count(mold.control_text) for text in (texts[i] for i in found)]
            same = (np.searchsorted(at, ends) - first == in_text)[rows]
            nth = np.array([turns[n].nth for n in mine])
            head = at[np.minimum(first[rows] + nth, len(at) - 1)]
            start = head + len(mold.head_ids)
            same &= _stand_at(padded, head, mold.head_ids)
            stop = ends[rows]
            if mold.after_ids:
                after = control_at[np.searchsorted(control_at, start)]
                same &= _stand_at(padded, after, mold.after_ids)
                is_last = np.array([turns[n].is_last for n in mine])
                same &= ~is_last | (after + len(mold.after_ids) == ends[rows])
                stop = after + mold.learned_after
            same &= (start < stop) & (stop <= ends[rows])
            spans[mine[same]] = np.stack([start, stop], axis=1)[same]
        return spans, row_of


def _is_plain(messages: Conversation, control: ControlTokens) -> bool:
    """Whether the messages are right, plain dicts of text, and without control tokens."""
    return (
        type(messages) is list
        and len(messages) > 1
        and all(
            type(message) is dict
            and len(message) == 2
            and message.get("role") in ROLES
            and type(content := message.get("content")) is str
            and find_lone_surrogate(content) is None
            and next(control.find_all(content), None) is None
            for message in messages
        )
        and messages[-1]["role"] == "assistant"
    )


def _stand_at(padded: "np.ndarray", places: "np.ndarray", ids: tuple[int, ...]) -> "np.ndarray":
    """Whether these ids stand at each of the places."""
    import numpy as np

    same = np.ones(len(places), dtype=bool)
    for step, token_id in enumerate(ids):
        same &= padded[np.minimum(places + step, len(padded) - 1)] == token_id
    return same
