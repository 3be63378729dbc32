"""The highest memory of a process through which a stream of conversations goes, in MiB.

`speed.py` starts one for each figure: memory that was used before would hide what is used now.
For the same reason nothing is imported here that only other measurements need.
"""

import sys
from typing import Any

from corpora import Corpus
from timing import peak
from tokenizers_used import tokenizer_of

from chatshift import prepare_batch


def stream(name: str, count: int, way: str) -> float:
    """Send so many conversations through, a thousand at a time, and return the highest memory.

    The tokenizer alone grows too, while its cache of words fills.
    """
    tokenizer = tokenizer_of(name)
    corpus = Corpus()
    for start in range(0, count, 1000):
        rows = [corpus.single_turn(i) for i in range(start, start + 1000)]
        WAYS[way](rows, tokenizer)
    return peak()


def only_tokenize(rows: list, tokenizer: Any) -> None:
    """The limit of `ways.py`: the ids of texts, and nothing else."""
    texts = tokenizer.apply_chat_template(rows, tokenize=False)
    for found in tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False):
        _ = found.ids


def prepare(rows: list, tokenizer: Any) -> None:
    """`prepare_batch`, to Arrow."""
    prepare_batch(rows, tokenizer, shifted=False).to_arrow()


WAYS = {"tokenizer": only_tokenize, "prepare_batch": prepare}

if __name__ == "__main__":
    print(stream(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
