"""Building the book must stay light: whoever only reads it need not install torch."""

import sys

from sphinx.errors import ExtensionError

HEAVY = ("torch", "transformers", "datasets", "pyarrow")


def check_imports(app, exception):
    """Fail if anything that the build ran has imported a heavy package."""
    found = [name for name in HEAVY if name in sys.modules]
    if found:
        raise ExtensionError(
            f"Building the book imported {', '.join(found)}, which `make book` does not install."
        )


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", check_imports)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
