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
    if not cuts:
        return _ids(text, tokenizer)
    first, *others = [text[one:other] for one, other in pairwise([0, *cuts, len(text)])]
    return _ids(first, tokenizer) + [i for piece in others for i in _later_ids(piece, tokenizer)]


def _ids(text: str, tokenizer: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def _later_ids(piece: str, tokenizer: Any) -> list[int]:
    """The ids of a piece that does not stand at the start of its text."""
    anchor, anchored = _ids(ANCHOR, tokenizer), _ids(ANCHOR + piece, tokenizer)
    if anchor and anchored[: len(anchor)] == anchor:
        return anchored[len(anchor) :]
    return _ids(piece, tokenizer)
