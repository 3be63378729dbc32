"""Step 3 for many texts at once, equal to `tokenize` for each."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from chatshift.steps.tokens import anchor_of, tokenize
from chatshift.supervise.spans import MARK

if TYPE_CHECKING:
    import numpy as np

HEADS = 4096


class Encoder:
    """A tokenizer's ids as flat arrays; no list of them is kept."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.head = lru_cache(maxsize=HEADS)(self._head)
        """The ids of a text that many rows share."""

    def ids(self, text: str) -> list[int]:
        """Return the ids of one text; at its marks it is cut."""
        return tokenize(text.replace(MARK, ""), self.tokenizer, cuts=cuts_of(text))

    def _head(self, text: str) -> "np.ndarray":
        import numpy as np

        return np.array(self.ids(text), dtype=np.int32)

    def located(self, texts: Sequence[str]) -> list["Located"]:
        """Return each text's ids, with the way from its characters to its tokens."""
        marked = any(MARK in text for text in texts)
        if not self.tokenizer.is_fast or marked:
            return [Located(self.ids(text), None, self, text) for text in texts]
        found = self._backend().encode_batch(texts, add_special_tokens=False)
        pairs = zip(found, texts, strict=True)
        return [Located(encoding.ids, encoding, self, text) for encoding, text in pairs]

    def _backend(self) -> Any:
        tokenize("", self.tokenizer)  # the plain call switches padding and truncation off
        return self.tokenizer.backend_tokenizer

    def flat(self, texts: Sequence[str]) -> tuple["np.ndarray", "np.ndarray"]:
        """Return the ids of all texts, one after the other, and how many each has."""
        import numpy as np

        lengths: list[int] = []

        def each() -> Iterator[list[int]]:
            for ids in self._each(texts):
                lengths.append(len(ids))
                yield ids

        flat = np.fromiter(chain.from_iterable(each()), dtype=np.int32)
        return flat, np.array(lengths, dtype=np.int64)

    def _each(self, texts: Sequence[str]) -> Iterator[list[int]]:
        if not self.tokenizer.is_fast or any(MARK in text for text in texts):
            return map(self.ids, texts)
        backend = self._backend()
        encode = getattr(backend, "encode_batch_fast", backend.encode_batch)
        return (encoding.ids for encoding in encode(texts, add_special_tokens=False))

    def decoded(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each id by itself; a part of a character has its token's name."""
        texts = self.tokenizer.batch_decode([[token_id] for token_id in ids])
        names = self.tokenizer.convert_ids_to_tokens(list(ids))
        return [
            name if not text or "\N{REPLACEMENT CHARACTER}" in text else text
            for text, name in zip(texts, names, strict=True)
        ]

    def reached(self, text: str) -> list[int]:
        """Return how far each token and those before it reach, in characters without marks.

        Empty for a tokenizer that cannot tell.
        """
        if not self.tokenizer.is_fast:
            return []
        ends: list[int] = []
        before = 0
        for number, piece in enumerate(text.split(MARK)):
            anchor, dropped = anchor_of(number, piece, self.tokenizer)
            read = self.tokenizer(
                anchor + piece, add_special_tokens=False, return_offsets_mapping=True, verbose=False
            )
            shift = before - len(anchor)
            ends += [shift + end for _, end in read["offset_mapping"][dropped:]]
            before += len(piece)
        return list(accumulate(ends, max))


class Located:
    """The ids of a text, and where its characters stand in them."""

    def __init__(self, ids: list[int], encoding: Any, encoder: Encoder, text: str) -> None:
        self.ids = ids
        self._encoding, self._encoder, self._text = encoding, encoder, text
        self._reached: list[int] | None = None

    def token_at(self, character: int) -> int:
        """Return the first token that reaches beyond a character without marks."""
        found = self._encoding.char_to_token(character) if self._encoding else None
        if found is not None:  # what is read below says the same, but takes longer
            return found
        if self._reached is None:
            self._reached = self._encoder.reached(self._text) or list(
                accumulate(map(len, self._encoder.decoded(self.ids)))
            )
        return min(bisect_right(self._reached, character), len(self.ids))


def cuts_of(text: str) -> list[int]:
    """Return where a text is cut at its marks, in characters without them."""
    lengths = [len(piece) for piece in text.split(MARK)[:-1]]
    return list(accumulate(lengths))
