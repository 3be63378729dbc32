"""The code on a page of the book, to be run by a test."""

import re
from pathlib import Path

from book_pages import cells, tags


def blocks(page: Path) -> dict[str, str]:
    """The code under each heading of a page, a text or a notebook."""
    if page.suffix == ".ipynb":
        text = "\n\n".join(map(as_text, cells(page)))
    else:
        text = page.read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    code = [re.findall(r"^```python\n(.*?)^```$", part, re.M | re.S) for part in parts[1::2]]
    return {name: "\n".join(found) for name, found in zip(parts[::2], code, strict=True)}


def as_text(cell) -> str:
    """A cell as it would stand in a text."""
    if cell.cell_type == "markdown":
        return cell.source
    unwanted = {"remove-cell", "raises-exception"} & set(tags(cell))
    return "" if unwanted else f"```python\n{cell.source}\n```"
