"""The code on a page of the book, to be run by a test."""

import re
from pathlib import Path


def blocks(page: Path) -> dict[str, str]:
    """The code under each heading of a page."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    code = [re.findall(r"^```python\n(.*?)^```$", part, re.M | re.S) for part in parts[1::2]]
    return {name: "\n".join(found) for name, found in zip(parts[::2], code, strict=True)}
