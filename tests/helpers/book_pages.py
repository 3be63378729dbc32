"""The pages of the book as a reader meets them: their cells, their prose, their links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import yaml

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
TEXTS = sorted(BOOK.glob("*.md"))
NAMES = [path.stem for path in NOTEBOOKS]
PAGES = [*NOTEBOOKS, *TEXTS]
PAGE_NAMES = [path.stem for path in PAGES]
CELL_LINK = re.compile(r"\[([^\]]+)\]\((\w+)\.ipynb#cell-id=([\w-]+)\)")


def cells(path: Path) -> list[Any]:
    """The cells of a notebook."""
    return nbformat.read(path, as_version=4).cells


def code_cells(path: Path) -> list[Any]:
    """Those with code, but for the one that installs what is missing."""
    return [
        cell for cell in cells(path) if cell.cell_type == "code" and "remove-cell" not in tags(cell)
    ]


def tags(cell: Any) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def text_of(path: Path) -> str:
    """A page's own words: a text, or the text cells of a notebook."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")


def prose(source: str) -> str:
    """What is read as sentences: no code, tables, headings, directives or link targets."""
    text = re.sub(r"^```(?!\{).*?^```$", "", source, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*$|^:\w.*$|^\|.*$|^#+ .*$", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`\n]*`", "Code", text)
    return re.sub(r"</?[a-z]+[^>]*>|[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}", "", text)


def sentences(source: str) -> Iterator[str]:
    """The sentences of a page, one after the other."""
    for part in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", prose(source)):
        for sentence in re.split(r"(?<=[.?!])[\"')]*\s+(?=[A-Z\"'(0-9])", " ".join(part.split())):
            if sentence:
                yield sentence


def words(sentence: str) -> list[str]:
    """The words of a sentence."""
    return re.findall(r"[\w'-]+", sentence)


def headings(path: Path) -> list[str]:
    """The second- and third-level headings of a page."""
    text = re.sub(r"^```.*?^```$", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^###? (.+)$", text, flags=re.MULTILINE)


def table_of_contents() -> list[str]:
    """The pages in the order of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *(chapter["file"] for chapter in chapters)]


def linked_pages(path: Path) -> set[str]:
    """The other pages that a page's words link to."""
    found = re.findall(r"\]\((?:\./)?([\w-]+)\.(?:ipynb|md|html)\b", text_of(path))
    return set(found) - {path.stem}
