"""The bundled chat templates, each on the bundled tokenizer with the control tokens it needs.

They are written for this project in the manner of well-known formats, to show what differs.
"""

from pathlib import Path
from typing import Any, NamedTuple

TEMPLATES = Path(__file__).parent / "templates"


class Format(NamedTuple):
    """A chat format: what it is called, and the tokens it adds to the bundled tokenizer."""

    title: str
    control_tokens: tuple[str, ...] = ()
    other_tokens: tuple[str, ...] = ()
    bos_token: str | None = None
    eos_token: str = "<eos>"


CHATML = ("<|im_start|>", "<|im_end|>")
LLAMA = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")

FORMATS = {
    "walkthrough": Format("The walkthrough's", bos_token="<bos>"),
    "gemma3": Format("Gemma 3", bos_token="<bos>"),
    "chatml": Format("ChatML", CHATML, eos_token="<|im_end|>"),
    "llama3": Format("Llama 3", LLAMA, bos_token="<|begin_of_text|>", eos_token="<|eot_id|>"),
    "mistral": Format("Mistral", ("<s>", "</s>", "[INST]", "[/INST]"), (), "<s>", "</s>"),
    "think": Format(
        "ChatML with a think block", CHATML, ("<think>", "</think>"), None, "<|im_end|>"
    ),
}


def load_format(name: str) -> Any:
    """Return the bundled tokenizer with another chat template, and with its control tokens.

    Args:
        name: one of `FORMATS`.

    Returns:
        A transformers tokenizer, as `load_tokenizer` gives it.

    Raises:
        ChatshiftError: there is no such format.

    Example:
        >>> from chatshift import render_prompt
        >>> from chatshift.lessons import data_point
        >>> from chatshift.tiny.formats import load_format
        >>> render_prompt(data_point()[1:], load_format("chatml"))[-22:]
        '<|im_start|>assistant\\n'

    Chapter: The playground.
    """
    from tokenizers import AddedToken

    from chatshift.errors import ChatshiftError
    from chatshift.tiny import load_tokenizer

    if name not in FORMATS:
        raise ChatshiftError(f"There is no format {name!r}; choose from {list(FORMATS)}.")
    chosen = FORMATS[name]
    tokenizer = load_tokenizer()
    control = [AddedToken(text, normalized=False, special=True) for text in chosen.control_tokens]
    other = [AddedToken(text, normalized=False, special=False) for text in chosen.other_tokens]
    tokenizer.add_tokens(control, special_tokens=True)
    tokenizer.add_tokens(other)
    tokenizer.bos_token, tokenizer.eos_token = chosen.bos_token, chosen.eos_token
    tokenizer.chat_template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    return tokenizer
