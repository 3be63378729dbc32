"""Tokenizers of several kinds, and conversations of any words, for tests that Hypothesis drives."""

from functools import cache

from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

from chatshift.tiny.formats import FORMATS, load_format

WORDS = ["Hi there.\n", "it is a test, isn't it? 1234 \n\n", "what   you\tdescribed", "<think>"] * 3
CONTROL = (
    "<bos>",
    "<start_of_turn>",
    "<end_of_turn>",
    *FORMATS["chatml"].control_tokens,
    *FORMATS["llama3"].control_tokens,
)


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    words = r" ?[^\s\p{L}\p{N}]+[\r\n]*| ?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")


def with_marks():
    return load_format("walkthrough")  # ▁ for a space, as SentencePiece writes it


ENDS = {
    "walkthrough": "<end_of_turn>",
    "chatml": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "think": "<|im_end|>",
}
NAMES = list(ENDS)
KINDS = {
    "byte-level": byte_level,
    "with ▁": with_marks,
    "WordPiece": word_piece,
    "without offsets": ByT5Tokenizer,
}


@cache
def tokenizer_of(kind, name):
    """A tokenizer with a bundled template; its pad token is its end token."""
    tokenizer = KINDS[kind]()
    tokens = [AddedToken(text, normalized=False, special=True) for text in CONTROL]
    tokenizer.add_tokens(tokens, special_tokens=True)
    tokenizer.bos_token = "<bos>"
    tokenizer.eos_token = tokenizer.pad_token = FORMATS[name].eos_token
    tokenizer.chat_template = load_format(name).chat_template
    return tokenizer


PIECES = st.sampled_from(
    [
        *(
            "Hi",
            "it is",
            " ",
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "a",
            ".",
            "é",
            "e\u0301",
            "👩‍👩‍👧",
            "שלום",
        ),
        *("<", ">", "<think>", "</think>", "<|im_end|>", "<|eot_id|>", "assistant", "user\n", "{{"),
    ]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)
EXCHANGES = st.tuples(TEXTS, TEXTS).map(
    lambda pair: [
        {"role": "user", "content": pair[0]},
        {"role": "assistant", "content": pair[1]},
    ]
)
SYSTEM = TEXTS.map(lambda text: [{"role": "system", "content": text}])
CONVERSATIONS = st.tuples(st.just([]) | SYSTEM, st.lists(EXCHANGES, min_size=1, max_size=3)).map(
    lambda parts: parts[0] + [message for exchange in parts[1] for message in exchange]
)
