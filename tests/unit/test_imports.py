"""`import chatshift` stays light: heavy libraries wait until they are needed."""

import inspect
import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "numpy",
    "pyarrow",
    "datasets",
    "jinja2",
    "ipywidgets",
    "anywidget",
)


def test_import_loads_no_heavy_library():
    code = f"import sys, chatshift; print([n for n in {HEAVY} if n in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_public_name_has_an_example_and_its_chapter():
    import chatshift

    for name in set(chatshift.__all__) - {"IGNORE_INDEX"}:
        text = inspect.getdoc(getattr(chatshift, name)) or ""
        assert ">>> " in text, name
        assert "Chapter: " in text, name
