"""Test the project with other versions than the locked ones, and report what is different.

    python scripts/drift.py FOLDER unit              the package's own tests
    python scripts/drift.py FOLDER unit notebooks    and the outputs that the book stores

FOLDER holds the locks to be tried, as `scripts/lock.py` writes them; the environment is made beside
them. The report says which packages moved, which tests fail, and which stored outputs changed, from
what to what. The exit status is 1 if there is anything to report beside moved packages.
"""

import argparse
import subprocess
import sys
import venv
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from xml.etree import ElementTree

import nbformat
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = "requirements-test.txt"


def versions(lock: Path) -> dict[str, str]:
    """Return the version of each package that a lock asks for on this machine."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    return {
        one.name: str(one.specifier).removeprefix("==")
        for one in found
        if one.marker is None or one.marker.evaluate()
    }


def moved(folder: Path) -> Iterator[str]:
    """Yield a line for each package whose version is not the locked one."""
    locked, tried = versions(ROOT / LOCK), versions(folder / LOCK)
    for name in sorted(locked.keys() | tried.keys()):
        if locked.get(name) != tried.get(name):
            yield f"{name}: {locked.get(name, 'none')} -> {tried.get(name, 'none')}"


def install(folder: Path) -> Path:
    """Make the environment and return its Python."""
    python = folder / "venv" / "bin" / "python"
    venv.create(folder / "venv", with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "-r", str(folder / LOCK)], check=True)
    subprocess.run([*pip, "--no-deps", "-e", str(ROOT)], check=True)
    return python


def failed_tests(python: Path, folder: Path) -> Iterator[str]:
    """Run the package's tests; yield name and first words of each that fails."""
    results = folder / "tests.xml"
    command = [str(python), "-m", "pytest", "-n", "2", "--quiet", f"--junitxml={results}"]
    ran = subprocess.run([*command, "tests/unit", "chatshift"], cwd=ROOT, check=False)
    if ran.returncode not in (0, 1):
        yield f"pytest stopped with status {ran.returncode}"
    for case in ElementTree.parse(results).iter("testcase"):
        for trouble in [*case.iter("failure"), *case.iter("error")]:
            first = (trouble.get("message") or "").partition("\n")[0]
            yield f"{case.get('classname')}::{case.get('name')}: {first[:200]}"


def changed_outputs(python: Path, folder: Path) -> Iterator[str]:
    """Execute the notebooks; yield each cell whose output is not the stored one."""
    fresh = folder / "notebooks"
    command = [str(python), "scripts/run_notebooks.py", "--into", str(fresh)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        yield "a notebook stops with an error"
    for path in sorted(fresh.glob("*.ipynb")):
        pairs = zip(outputs(ROOT / "book" / path.name), outputs(path), strict=True)
        for (cell, before), (_, after) in pairs:
            if before != after:
                lines = unified_diff(before, after, "stored", "now", lineterm="", n=0)
                yield "\n".join([f"book/{path.name}, cell {cell}", *list(lines)[:20]])


def outputs(path: Path) -> list[tuple[str, list[str]]]:
    """Return the id of each code cell, and the lines of its outputs."""
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    return [(cell.id, lines_of(cell)) for cell in code]


def lines_of(cell: nbformat.NotebookNode) -> list[str]:
    """Return the text of a cell's outputs, line by line."""
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text") or "\n".join(output.get("traceback", [])))
        data = output.get("data", {})
        texts += [text for kind, text in sorted(data.items()) if isinstance(text, str)]
    return "\n".join(texts).splitlines()


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="+", choices=["unit", "notebooks"])
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    report = {"Versions that are not the locked ones": list(moved(folder))}
    python = install(folder)
    if "unit" in arguments.parts:
        report["Tests that fail"] = list(failed_tests(python, folder))
    if "notebooks" in arguments.parts:
        report["Stored outputs that changed"] = list(changed_outputs(python, folder))
    print("\n# Drift report")
    for heading, lines in report.items():
        print(f"\n## {heading}: {len(lines)}\n")
        print("\n".join(f"- {line}" for line in lines) or "- none")
    return 1 if any(list(report.values())[1:]) else 0


if __name__ == "__main__":
    sys.exit(main())
