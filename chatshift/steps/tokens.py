"""Step 3: a text becomes token ids."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from chatshift.errors import TokenizeError
from chatshift.values import find_lone_surrogate

# Stands before the later pieces of a text that is cut, and is taken off again: some tokenizers put
# a space in front of what they believe to be a text's start. It merges with nothing.
ANCHOR = "\ue0f5"


def tokenize(text: str, tokenizer: Any, *, cuts: Sequence[int] = ()) -> list[int]:
    """Return the ids of `text`, and of nothing else.

    Args:
        text: a rendered conversation; its control tokens become single ids.
        tokenizer: a transformers tokenizer.
        cuts: characters at which the text is cut, so that no token reaches across.

    Returns:
        One id for each token. `add_special_tokens=False`, since the template wrote them already.

    Raises:
        TokenizeError: `text` is no string, or has a character that UTF-8 cannot encode.

    Example:
        >>> from chatshift import load_tokenizer, tokenize
        >>> tokenizer = load_tokenizer()
        >>> ids = tokenize("based on what<end_of_turn>", tokenizer)
        >>> tokenizer.convert_ids_to_tokens(ids)
        ['based', '▁on', '▁what', '<end_of_turn>']

    Chapter: 3, Tokenization.
    """
    if not isinstance(text, str):
        raise TokenizeError(f"Only text can be tokenized, not {type(text).__name__}: {text!r:.60}")
    position = find_lone_surrogate(text)
    if position is not None:
        raise TokenizeError(
            f"The text has {text[position]!r} at character {position}: half of a surrogate pair, "
            "which cannot be encoded. Repair the text where it was decoded."
        )
    pieces = [text[one:other] for one, other in pairwise([0, *cuts, len(text)])]
    anchored = [anchor_of(number, piece, tokenizer) for number, piece in enumerate(pieces)]
    return [
        token_id
        for piece, (anchor, dropped) in zip(pieces, anchored, strict=True)
        for token_id in _ids(anchor + piece, tokenizer)[dropped:]
    ]


def anchor_of(number: int, piece: str, tokenizer: Any) -> tuple[str, int]:
    """Return what to put before a piece of a cut text, and how many ids to take off again."""
    if number == 0 or not tokenizer.is_fast:
        return "", 0
    read = tokenizer(
        ANCHOR + piece, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )
    ends = [end for _, end in read["offset_mapping"]]
    dropped = sum(end <= len(ANCHOR) for end in ends)
    alone = _ids(ANCHOR, tokenizer)
    stands_apart = read["input_ids"][:dropped] == alone
    return (ANCHOR, dropped) if stands_apart else ("", 0)


def _ids(text: str, tokenizer: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
