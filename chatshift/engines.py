"""Step 3 for many texts at once: the tokenizer's own batch call, or the `kitoken` package."""

from collections.abc import Callable, Sequence
from typing import Any

from chatshift.errors import ChatshiftError, TokenizeError
from chatshift.steps.tokens import tokenize

Encode = Callable[[Sequence[str]], list[list[int]]]

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


def check_same_ids(lists: list[list[int]], texts: Sequence[str], tokenizer: Any) -> None:
    """Raise `TokenizeError` where an engine gave other ids than the tokenizer's plain call."""
    for text, ids in zip(texts, lists, strict=True):
        expected = tokenize(text, tokenizer)
        if ids != expected:
            raise TokenizeError(
                f"The batch engine gives other ids than the tokenizer for {text[:40]!r}: "
                f"{ids[:8]}, not {expected[:8]}. Use another engine, or prepare row by row."
            )


def _one_by_one(tokenizer: Any) -> Encode:
    return lambda texts: [tokenize(text, tokenizer) for text in texts]


def _own_batch_call(tokenizer: Any) -> Encode:
    def encode(texts: Sequence[str]) -> list[list[int]]:
        tokenize("", tokenizer)  # the plain call switches padding and truncation off
        encodings = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    return encode


def _kitoken(tokenizer: Any) -> Encode:
    from kitoken import Kitoken

    if not tokenizer.is_fast:
        raise ChatshiftError("engine='kitoken' needs a tokenizer with a tokenizer.json.")
    kitoken = Kitoken.from_tokenizers(tokenizer.backend_tokenizer.to_str().encode())

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return kitoken.encode_all(list(texts), True)

    added = [text for text in tokenizer.get_added_vocab() if text]
    joined = [f"a {text} b\n{text}{text}" for text in added[:200]]
    texts = [*SELF_TEST, *joined]
    check_same_ids(encode(texts), texts, tokenizer)
    return encode
