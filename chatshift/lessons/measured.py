"""What the benchmarks measured, as their pages in the repository say it."""

from pathlib import Path


def read_tables(page: str | Path) -> dict[str, list[dict[str, str]]]:
    """Return the tables of a benchmark's page: the rows of each, by the heading above it.

    Args:
        page: the path of a Markdown file, for instance `benchmarks/RESULTS.md`.

    Returns:
        For each heading with a table under it, one dict for each row: its cells, by column. All
        of them are text, without the marks of code.

    Raises:
        OSError: the file cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> text = "# Speed\\n\\n| way | tokens/s |\\n|---|---|\\n| `prepare_batch` | 1,000 |\\n"
        >>> with TemporaryDirectory() as folder:
        ...     page = Path(folder, "page.md")
        ...     _ = page.write_text(text)
        ...     read_tables(page)
        {'Speed': [{'way': 'prepare_batch', 'tokens/s': '1,000'}]}

    Chapter: 19, At scale.
    """
    tables: dict[str, list[list[str]]] = {}
    heading = ""
    for line in Path(page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            cells = [cell.strip().replace("`", "") for cell in line.split("|")[1:-1]]
            tables.setdefault(heading, []).append(cells)
    return {
        heading: [dict(zip(columns, row, strict=True)) for row in rows]
        for heading, (columns, _, *rows) in tables.items()
    }
