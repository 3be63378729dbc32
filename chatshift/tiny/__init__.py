"""A tokenizer, chat templates and a model that come with the package and need no network."""

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "gemma_style"


def load_tokenizer(name_or_path: str | Path | None = None) -> Any:
    """Return a transformers tokenizer: the bundled one, or your model's.

    Args:
        name_or_path: `None` for the bundled Gemma-style tokenizer; else a folder or a hub name.

    Returns:
        A transformers tokenizer. The bundled one has a chat template and needs no network.

    Example:
        >>> from chatshift import load_tokenizer
        >>> load_tokenizer().convert_ids_to_tokens([2, 3, 4])
        ['<bos>', '<start_of_turn>', '<end_of_turn>']

    Chapter: 3, Tokenization.
    """
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(FOLDER if name_or_path is None else name_or_path)


def tiny_model(tokenizer: Any = None, *, seed: int = 0) -> Any:
    """Return a two-layer causal language model with random weights.

    Args:
        tokenizer: whose vocabulary the model has; `None` for the bundled one.
        seed: the weights depend on this number and on nothing else.

    Returns:
        A `LlamaForCausalLM` in evaluation mode, about 250,000 weights with the bundled tokenizer.
        PyTorch's own random state is left as it was.

    Example:
        >>> from chatshift import tiny_model
        >>> model = tiny_model()
        >>> model.config.num_hidden_layers, model.config.vocab_size
        (2, 952)

    Chapter: 6, Shift.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = load_tokenizer() if tokenizer is None else tokenizer
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()
