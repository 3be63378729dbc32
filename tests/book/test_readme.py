"""The first page of the project: short, and drawn from what the package really does."""

from pathlib import Path

from draw_picture import FILE, draw

from chatshift.lessons import data_point

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_is_short():
    # Its example runs as a doctest: pytest collects README.md as well.
    assert len(README.read_text().splitlines()) <= 100


def test_the_picture_is_drawn_from_the_trace():
    assert FILE.read_text(encoding="utf-8") == draw(data_point())
