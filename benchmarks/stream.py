"""The highest memory of a process that prepares a stream of conversations, in MiB.

`speed.py` starts one for each figure: memory that was used before would hide what is used now.
"""

import sys

from corpora import Corpus
from timing import peak
from tokenizers_used import tokenizer_of

from chatshift import prepare_batch


def stream(name: str, count: int) -> float:
    """Prepare so many conversations, a thousand at a time, and return the highest memory."""
    tokenizer = tokenizer_of(name)
    corpus = Corpus()
    for start in range(0, count, 1000):
        rows = [corpus.single_turn(i) for i in range(start, start + 1000)]
        prepare_batch(rows, tokenizer, shifted=False).to_arrow()
    return peak()


if __name__ == "__main__":
    print(stream(sys.argv[1], int(sys.argv[2])))
