"""Write the exact versions of all that is installed, from the bounds in pyproject.toml.

    python scripts/lock.py              the locks; what is locked stays, as far as the bounds allow
    python scripts/lock.py --upgrade    the locks, everything as new as the bounds allow
    python scripts/lock.py --upgrade DIR   the same, into another folder
    python scripts/lock.py --lowest DIR    what a user may have at least: the package's own
                                           dependencies as old as the bounds allow

Three files, each a part of the next: what building the book takes, what running it takes as well,
and what checking it takes. They hold no CUDA packages, since those belong to a build of torch.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "pyproject.toml"
LOCKS = {
    "requirements-test.txt": ["book", "test"],
    "requirements.txt": ["book", "run"],
    "requirements-book.txt": [],
}
FOR_USERS = ["arrow", "widgets"]
HEADER = "# Written by `make lock` from pyproject.toml: {}.\n"
MEANING = {
    "requirements-book.txt": "what building the book takes, beside the package itself",
    "requirements.txt": "what reading, running and building the book takes",
    "requirements-test.txt": "all of requirements.txt, and what checking the project takes",
}


def lowest() -> str:
    """Return the package's own dependencies, those of its extras too, at their lower bounds."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    stated = [*project["dependencies"], *(one for name in FOR_USERS for one in extras[name])]
    return "\n".join(re.sub(r">=([\w.]+).*", r"==\1", one) for one in stated)


def compile_lock(name: str, folder: Path, options: list[str]) -> None:
    """Resolve one lock and write it, with one line for each package."""
    extras = LOCKS[name]
    path = folder / name
    command = [find_uv_bin(), "pip", "compile", "--quiet", "--universal", "--no-annotate"]
    command += ["--no-header", "--output-file", str(path), *options]
    if extras:
        sources = [str(PROJECT), *(f"--extra={extra}" for extra in extras)]
        text = None
    else:
        # An extra alone: the package's own dependencies are not needed for building the book.
        project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
        sources, text = ["-"], "\n".join(project["optional-dependencies"]["book"])
    subprocess.run([*command, *sources], cwd=ROOT, input=text, text=True, check=True)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "==" in line]
    path.write_text(HEADER.format(MEANING[name]) + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Write the locks: first the largest, so that the smaller ones take their versions from it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--upgrade", action="store_true", help="as new as the bounds allow")
    how.add_argument("--lowest", action="store_true", help="as old as the bounds allow")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    options = ["--upgrade"] if arguments.upgrade else []
    if arguments.lowest:
        pins = arguments.folder / "lowest.txt"
        pins.write_text(lowest() + "\n", encoding="utf-8")
        options = [f"--constraint={pins}"]
    for name in LOCKS:
        compile_lock(name, arguments.folder, options)
        options = [f"--constraint={arguments.folder / 'requirements-test.txt'}"]
    return 0


if __name__ == "__main__":
    sys.exit(main())
