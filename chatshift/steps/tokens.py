"""Step 3: a text becomes token ids."""

from typing import Any

from chatshift.errors import TokenizeError
from chatshift.messages import find_lone_surrogate


def tokenize(text: str, tokenizer: Any) -> list[int]:
    """Return the ids of `text`, and of nothing else.

    Args:
        text: a rendered conversation; its control tokens become single ids.
        tokenizer: a transformers tokenizer.

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
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
