"""Train the bundled tokenizer from `corpus.txt`, in the manner of Gemma's.

Run `python -m chatshift.tiny.build FOLDER`; the same corpus gives the same bytes. The result is an
ordinary tokenizer folder. Like Gemma's, it writes a space as `▁`, falls back to bytes for what its
alphabet lacks, so that every text survives the round trip, and has one token for a blank line.
"""

import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer

HERE = Path(__file__).parent
CONTROL = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
VOCAB_SIZE = 960
# The book's conversation and the role names are repeated, so that each word becomes one token.
REPEAT_FIRST_LINES, REPEAT = 8, 40

CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<bos>",
    "eos_token": "<eos>",
    "pad_token": "<pad>",
    "clean_up_tokenization_spaces": False,
    "model_max_length": 4096,
    "padding_side": "right",
}


# What stops the generation of a model with this tokenizer, as Gemma's file says it.
GENERATION = {"bos_token_id": 2, "eos_token_id": [1, 4], "pad_token_id": 0}


def _parts(tokenizer: Tokenizer) -> Tokenizer:
    """Everything around the vocabulary: how text is cut before BPE, and put together again."""
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    # A word takes its space along; line breaks, digits and punctuation stand apart.
    words = Regex(r"\n+|▁?\p{L}+|▁?'s|▁?\p{N}|▁?[^\s▁\p{L}\p{N}]|▁+|\s")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(words, "isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


def train() -> Tokenizer:
    """Return the tokenizer that `corpus.txt` gives."""
    lines = (HERE / "corpus.txt").read_text(encoding="utf-8").splitlines()
    lines = lines[:REPEAT_FIRST_LINES] * REPEAT + lines + ["\n\n"] * REPEAT + ["\n"] * REPEAT
    learner = _parts(Tokenizer(models.BPE(byte_fallback=True)))
    trainer = BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=CONTROL + BYTES,  # fixes their ids; only CONTROL stays special below
        show_progress=False,
    )
    learner.train_from_iterator(lines, trainer)
    learned = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    tokenizer = _parts(Tokenizer(models.BPE(learned["vocab"], merges, byte_fallback=True)))
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in CONTROL])
    return tokenizer


def build(folder: Path) -> None:
    """Write the tokenizer folder: tokenizer, configuration and chat template."""
    folder.mkdir(parents=True, exist_ok=True)
    train().save(str(folder / "tokenizer.json"))
    for name, values in (("tokenizer_config", CONFIG), ("generation_config", GENERATION)):
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    template = (HERE / "templates" / "walkthrough.jinja").read_bytes()
    (folder / "chat_template.jinja").write_bytes(template)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
