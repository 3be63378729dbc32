"""Each page as plain Markdown, from which `sphinx_llms_txt` makes `llms.txt` and `llms-full.txt`.

That extension reads the sources of the pages, which Sphinx copies into `_sources`. A notebook's
source is JSON, and most of it pictures; a page of directives says nothing before it is built. For
both, a text takes the source's place there.
"""

import json
from pathlib import Path

from sphinx.builders.text import TextBuilder
from sphinx.writers.text import TextTranslator


def notebook_text(notebook: dict) -> str:
    """Return a notebook's words, code and printed outputs as Markdown."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif "remove-cell" not in cell["metadata"].get("tags", []):
            parts.append(f"```python\n{source}\n```")
            parts += [
                f"```text\n{text.strip()}\n```"
                for text in map(output_text, cell["outputs"])
                if text
            ]
    return "\n\n".join(parts) + "\n"


def output_text(output: dict) -> str:
    """Return what an output says without pictures, or nothing."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return "".join(output["data"].get("text/plain", ""))


def directive_text(app, page: str) -> str:
    """Return a page of directives as the text that Sphinx makes of it."""
    builder = TextBuilder(app, app.env)
    builder.init()
    tree = app.env.get_and_resolve_doctree(page, app.builder)
    translator = TextTranslator(tree, builder)
    tree.walkabout(translator)
    return translator.body


def write_texts(app, exception):
    """Put the texts in the place of the sources, before the extension collects them."""
    if exception is not None:
        return
    sources = Path(app.outdir) / "_sources"
    for page in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(page))
        text = source.read_text("utf-8")
        if source.suffix == ".ipynb":
            text = notebook_text(json.loads(text))
            (sources / f"{page}.ipynb").unlink()
        elif "```{eval-rst}" in text:
            text = directive_text(app, page)
        (sources / f"{page}.md").write_text(text, "utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", write_texts, priority=400)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
