"""Cut the theme's icon font down to the icons that the book's pages use.

    pip install fonttools brotli && python scripts/subset_icons.py

The theme's own file is fifty times as large. The result is committed; it overrides the theme's
file, since it has the same place below the static files.
"""

from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

PLACE = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
OUR = Path(__file__).parents[1] / "book/_assets"

# Named as in Font Awesome: search, page tools, arrows, menus, and the signs of the notes.
ICONS = {
    "magnifying-glass": 0xF002,
    "xmark": 0xF00D,
    "download": 0xF019,
    "list": 0xF03A,
    "circle-half-stroke": 0xF042,
    "pencil": 0xF303,
    "circle-question": 0xF059,
    "circle-info": 0xF05A,
    "circle-xmark": 0xF057,
    "circle-check": 0xF058,
    "arrow-up": 0xF062,
    "expand": 0xF065,
    "circle-exclamation": 0xF06A,
    "triangle-exclamation": 0xF071,
    "chevron-down": 0xF078,
    "bars": 0xF0C9,
    "bell": 0xF0F3,
    "lightbulb": 0xF0EB,
    "bolt": 0xF0E7,
    "angles-left": 0xF100,
    "angles-right": 0xF101,
    "angle-left": 0xF104,
    "angle-right": 0xF105,
    "angle-up": 0xF106,
    "angle-down": 0xF107,
    "spinner": 0xF110,
    "file": 0xF15B,
    "sun": 0xF185,
    "moon": 0xF186,
    "file-pdf": 0xF1C1,
}


def main() -> None:
    """Write the small font."""
    options = subset.Options(flavor="woff2", layout_features=[])
    font = subset.load_font(str(THEME / PLACE), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=ICONS.values())
    cutter.subset(font)
    (OUR / PLACE).parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(OUR / PLACE), options)


if __name__ == "__main__":
    main()
