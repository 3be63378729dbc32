"""The fast path of `prepare_batch`: one batch of texts, and the boundaries in one flat array."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chatshift.control import ControlTokens, control_tokens
from chatshift.engines import Encode, check_same_ids
from chatshift.errors import ChatshiftError
from chatshift.learned import learn
from chatshift.messages import ROLES, Conversation, find_lone_surrogate
from chatshift.molds import Found, Mold, Molds, fit
from chatshift.policy import Policy
from chatshift.skeleton import Skeleton, find_skeleton
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


class Plain(NamedTuple):
    """The messages of most rows: plain dicts of text, without control tokens."""

    roles: tuple[str, ...]
    contents: list[str]
    joined: str
    """All contents, to be searched at once."""


class Outline(NamedTuple):
    """What is proven for all rows with the same roles."""

    skeleton: Skeleton
    found: list[Found]
    absent: set[str]
    """Words that none of the contents may hold."""

    def text(self, plain: Plain) -> str | None:
        """Return the rendered text of a row, `None` where nothing is proven about it."""
        if any(word in plain.joined for word in self.absent):
            return None
        if "" in map(str.strip, plain.contents):
            return None
        return self.skeleton.fill(plain.contents)


class FastPath:
    """Prepares chunks of conversations; what it learns from one chunk serves the next."""

    def __init__(self, tokenizer: Any, policy: Policy, encode: Encode) -> None:
        self.tokenizer = tokenizer
        self.policy = policy
        self.encode = encode
        self.control = control_tokens(tokenizer)
        self.molds = Molds([], [])
        self.outlines: dict[tuple[str, ...], Outline | None] = {}

    def prepare(self, conversations: Sequence[Conversation]) -> list[Row | ChatshiftError]:
        """Return a row for each conversation, or the error with which `prepare` refuses it."""
        plain = {i: _plain(messages, self.control) for i, messages in enumerate(conversations)}
        counts = Counter(row.roles for row in plain.values() if row)
        texts: dict[int, str] = {}
        found: dict[int, list[Found]] = {}
        others: dict[int, Conversation] = {}
        for i, row in plain.items():
            if row is None:
                continue
            if row.roles not in self.outlines and counts[row.roles] > 1:
                self.outlines[row.roles] = self._outline(row.roles, conversations[i])
            outline = self.outlines.get(row.roles)
            text = outline.text(row) if outline else None
            if outline is None or text is None:
                others[i] = conversations[i]
            else:
                texts[i], found[i] = text, outline.found
        results = self._compared(others, texts, found)
        results |= self._located(found, texts)
        return [
            results[i] if i in results else self._in_full(messages)
            for i, messages in enumerate(conversations)
        ]

    def _outline(self, roles: tuple[str, ...], messages: Conversation) -> Outline | None:
        """What is proven for all rows with these roles, of which `messages` is one."""
        whole = self._skeleton(roles, opened=False)
        contents = [whole.mark_of(i) for i in range(len(roles))] if whole else []
        answers = [i for i, role in enumerate(roles) if role == "assistant"]
        if whole is None or not all(contents[i] for i in answers):
            return None
        marked = [
            {"role": role, "content": content}
            for role, content in zip(roles, contents, strict=True)
        ]
        supervise = self.policy.supervise
        found = fit(whole.marked, marked, self.molds, supervise)
        # Two answers show it all, unless the template has a way of its own for long conversations.
        for example in (messages[: answers[:2][-1] + 1], messages):
            if found is None:
                self._in_full(example)
                found = fit(whole.marked, marked, self.molds, supervise)
        if found is None:
            return None
        absent = set(whole.absent)
        for place in (found[0], found[-1]) if self.policy.boundary == "prompt" else ():
            prompt = self._skeleton(roles[: place.message], opened=True)
            if prompt is None or prompt.marked != whole.marked[: place.start]:
                return None
            absent |= prompt.absent
        return Outline(whole, found, absent)

    def _skeleton(self, roles: tuple[str, ...], *, opened: bool) -> Skeleton | None:
        bos = self.tokenizer.bos_token
        return find_skeleton(
            roles,
            self.tokenizer,
            add_generation_prompt=opened,
            template_kwargs=self.policy.template_kwargs,
            prefix=bos if self.policy.strip_bos else None,
        )

    def _compared(
        self,
        conversations: dict[int, Conversation],
        texts: dict[int, str],
        found: dict[int, list[Found]],
    ) -> dict[int, Row | ChatshiftError]:
        """Add texts and answers of rows that fit a mold; return those that had to be prepared."""
        results = {}
        rendered = self._texts(conversations)
        fitting = {}
        for i, text in rendered.items():
            places = fit(text, conversations[i], self.molds, self.policy.supervise)
            if places is None:
                results[i] = self._in_full(conversations[i])  # and the next row may fit its mold
            else:
                fitting[i] = places
        proven = self._with_proven_prompts(fitting, rendered, conversations)
        texts |= {i: rendered[i] for i in proven}
        found |= proven
        return results

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
        conversations: dict[int, Conversation],
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

        number: dict[Mold, int] = {}
        tables: dict[int, np.ndarray] = {}
        for places in found.values():
            if id(places) not in tables:  # rows of one outline share theirs
                tables[id(places)] = np.array(
                    [(number.setdefault(p.mold, len(number)), p.nth, p.is_last) for p in places]
                )
        each = [tables[id(places)] for places in found.values()]
        row_of = np.repeat(np.arange(len(found)), [len(table) for table in each])
        mold_of, nth_of, last_of = np.concatenate(each).T
        spans = np.zeros((len(row_of), 2), dtype=np.int64)
        is_control = np.zeros(max(int(flat.max()), *self.control.ids) + 1, dtype=bool)
        is_control[list(self.control.ids)] = True
        control_at = np.append(np.flatnonzero(is_control[flat]), len(flat))
        padded = np.append(flat, np.full(64, -1, dtype=np.int32))
        in_text: dict[str, list[int]] = {}
        for mold, its_number in number.items():
            mine = np.flatnonzero(mold_of == its_number)
            rows = row_of[mine]
            # One to one: each control token of this kind in the text is one in the ids.
            at = np.append(np.flatnonzero(flat == mold.control_id), len(flat))
            first = np.searchsorted(at, begins)
            kind = mold.control_text
            in_text[kind] = in_text.get(kind) or [texts[i].count(kind) for i in found]
            same = (np.searchsorted(at, ends) - first == in_text[kind])[rows]
            head = at[np.minimum(first[rows] + nth_of[mine], len(at) - 1)]
            start = head + len(mold.head_ids)
            same &= _stand_at(padded, head, mold.head_ids)
            stop = ends[rows]
            if mold.after_ids:
                after = control_at[np.searchsorted(control_at, start)]
                same &= _stand_at(padded, after, mold.after_ids)
                same &= (last_of[mine] == 0) | (after + len(mold.after_ids) == ends[rows])
                stop = after + mold.learned_after
            same &= (start < stop) & (stop <= ends[rows])
            spans[mine[same]] = np.stack([start, stop], axis=1)[same]
        return spans, row_of


def _plain(messages: Conversation, control: ControlTokens) -> Plain | None:
    """The messages as `Plain`, `None` if they are not right or not plain."""
    if type(messages) is not list or len(messages) < 2:
        return None
    if set(map(type, messages)) != {dict} or set(map(len, messages)) != {2}:
        return None
    roles = tuple([message.get("role") for message in messages])
    contents = [message.get("content") for message in messages]
    if set(map(type, roles)) != {str} or set(map(type, contents)) != {str}:
        return None
    if roles[-1] != "assistant" or not ROLE_NAMES.issuperset(roles):
        return None
    joined = "\0".join(contents)
    if find_lone_surrogate(joined) is not None or next(control.find_all(joined), None):
        return None
    return Plain(roles, contents, joined)


ROLE_NAMES = frozenset(ROLES)


def _stand_at(padded: "np.ndarray", places: "np.ndarray", ids: tuple[int, ...]) -> "np.ndarray":
    """Whether these ids stand at each of the places."""
    import numpy as np

    same = np.ones(len(places), dtype=bool)
    for step, token_id in enumerate(ids):
        same &= padded[np.minimum(places + step, len(padded) - 1)] == token_id
    return same
