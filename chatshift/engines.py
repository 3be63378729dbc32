"""Step 3 for many texts at once: the tokenizer's own batch call, or the `kitoken` package."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from chatshift.errors import ChatshiftError, TokenizeError
from chatshift.steps.tokens import tokenize

if TYPE_CHECKING:
    import numpy as np

# From texts to the ids of all of them, one after the other, and the number of each one's ids.
Encode = Callable[[Sequence[str]], tuple["np.ndarray", "np.ndarray"]]

# What tokenizers treat in different ways: white space, numbers, scripts, joined characters.
SELF_TEST = (
    "",
    " ",
    "  two  spaces ",
    "a\n\nb\r\n\tc\u00a0d\u3000e",
    "It's 12345.6789, isn't it? I'LL SAY",
    "naïve café e\u0301 ﬁ Ⅳ ½ ™",
    "שלום مرحبا नमस्ते 你好 こんにちは 한국어",
    "👩‍👩‍👧 👍🏽 🙂 \U0001f9ff",
    "<b>x</b> {{ y }} \\n /* z */ __init__(self) -> None:",
    "\x00\x01\x7f\ufeff\u200b\u200d",
    "word" * 50 + " " * 50 + "!" * 50,
)


def batch_encoder(tokenizer: Any, engine: str) -> Encode:
    """Return a function that gives the ids of many texts, equal to `tokenize` for each."""
    if engine == "kitoken":
        encode = _kitoken(tokenizer)
    elif engine == "tokenizers":
        encode = _own_batch_call(tokenizer) if tokenizer.is_fast else _one_by_one(tokenizer)
    else:
        raise ChatshiftError(
            f"engine={engine!r} is not known; choose from ['tokenizers', 'kitoken']."
        )
    return encode


def check_same_ids(ids: "np.ndarray", text: str, tokenizer: Any) -> None:
    """Raise `TokenizeError` if an engine gave other ids than the tokenizer's plain call."""
    expected = tokenize(text, tokenizer)
    if ids.tolist() != expected:
        raise TokenizeError(
            f"The batch engine gives other ids than the tokenizer for {text[:40]!r}: "
            f"{ids[:8].tolist()}, not {expected[:8]}. Use another engine, or prepare row by row."
        )


def _flat(lists: Iterable[list[int]]) -> tuple["np.ndarray", "np.ndarray"]:
    """One array of many lists; none of them is kept, since each costs seven times as much."""
    import numpy as np

    lengths: list[int] = []

    def each() -> Iterator[list[int]]:
        for ids in lists:
            lengths.append(len(ids))
            yield ids

    flat = np.fromiter(chain.from_iterable(each()), dtype=np.int32)
    return flat, np.array(lengths, dtype=np.int64)


def _one_by_one(tokenizer: Any) -> Encode:
    return lambda texts: _flat(tokenize(text, tokenizer) for text in texts)


def _own_batch_call(tokenizer: Any) -> Encode:
    def encode(texts: Sequence[str]) -> tuple["np.ndarray", "np.ndarray"]:
        tokenize("", tokenizer)  # the plain call switches padding and truncation off
        encodings = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return _flat(encoding.ids for encoding in encodings)

    return encode


def _kitoken(tokenizer: Any) -> Encode:
    from kitoken import Kitoken

    if not tokenizer.is_fast:
        raise ChatshiftError("engine='kitoken' needs a tokenizer with a tokenizer.json.")
    kitoken = Kitoken.from_tokenizers(tokenizer.backend_tokenizer.to_str().encode())

    def encode(texts: Sequence[str]) -> tuple["np.ndarray", "np.ndarray"]:
        return _flat(kitoken.encode_all(list(texts), True))

    added = [text for text in tokenizer.get_added_vocab() if text]
    for text in (*SELF_TEST, *(f"a {text} b\n{text}c" for text in added[:200])):
        check_same_ids(encode([text])[0], text, tokenizer)
    return encode
