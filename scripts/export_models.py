"""Write the weights of the pages' models, and chapter 8's tokenizer, into `book/_assets/models`.

Training repeats on one machine to the last bit; elsewhere the last digits may differ, so the files
are kept in the repository, and a test compares them with what this machine makes.
"""

import json
import sys
from pathlib import Path

import torch

from chatshift.lessons.four_ways import small_tokenizer
from chatshift.lessons.page_models import page_models, weights_of

FOLDER = Path(__file__).parents[1] / "book" / "_assets" / "models"


def main() -> int:
    """Write all files."""
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for name, model in page_models().items():
        head, numbers = weights_of(model)
        (FOLDER / f"{name}.json").write_text(json.dumps(head) + "\n", "utf-8")
        (FOLDER / f"{name}.f16").write_bytes(numbers)
        print(f"{name}: {len(numbers):,} bytes")
    tokenizer = json.loads(small_tokenizer().backend_tokenizer.to_str())
    (FOLDER / "four-ways-tokenizer.json").write_text(json.dumps(tokenizer) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
