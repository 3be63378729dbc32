"""Modules of `_assets` as classic scripts, which a page that was opened from disk may load too.

A module becomes a function that returns what it exports; those that it imports stand before it.
Only the few forms of `import` and `export` that the modules use are known, and others refused.
"""

import base64
import json
import re
from pathlib import Path

import package_words
from sphinx.errors import ExtensionError

from chatshift.lessons import data_point
from chatshift.lessons.four_ways import PAIRS
from chatshift.lessons.page_models import WAYS
from chatshift.tiny import FOLDER
from chatshift.tiny.formats import FORMATS, TEMPLATES

ASSETS = Path(__file__).parents[1] / "_assets"
PAGE = ASSETS / "playground"
IMPORT = re.compile(
    r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";\n', re.MULTILINE
)
EXPORTED = re.compile(
    r"^export (const|class|let|function\*?) (\w+)", re.MULTILINE
)
# Only comments are left out: what minifies more may change a text between back quotes.
COMMENT = re.compile(
    r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL
)
EXPORTS = re.compile(r"(?:^|;)export\s*\{([^}]*)\};?\s*$", re.MULTILINE)


def bundle(entry: Path) -> str:
    """Return the module and all that it imports as one text, to stand in a function."""
    made: dict[Path, str] = {}
    _add(entry.resolve(), made)
    return "".join(made.values())


def _add(path: Path, made: dict[Path, str]) -> None:
    text = path.read_text("utf-8")
    if "vendor" not in path.parts:
        text = COMMENT.sub("", text)
    heads = []
    for names, source in IMPORT.findall(text):
        other = (path.parent / source).resolve()
        if other not in made:
            _add(other, made)
        number = list(made).index(other)
        heads.append(f"const {{{names.replace(' as ', ': ')}}} = m{number};\n")
    body, given = _without_exports(IMPORT.sub("", text))
    if found := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        raise ExtensionError(
            f"{path.name} has an import or export that is not known: {found[0]}"
        )
    made[path] = (
        f"const m{len(made)} = (() => {{\n{''.join(heads)}{body}\n"
        f"return {{ {', '.join(given)} }};\n}})();\n"
    )


def _without_exports(text: str) -> tuple[str, list[str]]:
    """Return the module without its exports, and these as entries of an object."""
    names = [name for _, name in EXPORTED.findall(text)]
    for group in EXPORTS.findall(text):
        for pair in filter(str.strip, group.split(",")):
            inside, _, outside = pair.strip().partition(" as ")
            names.append(f"{outside or inside}: {inside}")
    return EXPORTS.sub("", EXPORTED.sub(r"\1 \2", text)), names


def playground_script() -> str:
    """Return the page's script, and in it, as a function, what runs in a worker."""
    engine, page = bundle(PAGE / "worker.js"), bundle(PAGE / "page.js")
    return (
        f'"use strict";\nglobalThis.chatshiftEngine = function (self) {{\n{engine}}};\n'
        f"(() => {{\n{page}}})();\n"
    )


def playground_data() -> str:
    """Return what the page needs of the package, as a script that a page from disk may load."""
    data = {
        "words": {
            "tables": package_words.tables(),
            "sentences": package_words.sentences(),
        },
        "formats": {
            name: {
                **chosen._asdict(),
                "template": (TEMPLATES / f"{name}.jinja").read_text("utf-8"),
            }
            for name, chosen in FORMATS.items()
        },
        "tokenizer": json.loads((FOLDER / "tokenizer.json").read_text("utf-8")),
        "config": json.loads(
            (FOLDER / "tokenizer_config.json").read_text("utf-8")
        ),
        "conversation": data_point(),
    }
    return f"globalThis.chatshiftData = {json.dumps(data)};\n"


def model_script(name: str) -> str:
    """Return a model's weights as a script; they are numbers of two bytes each."""
    folder = ASSETS / "models"
    head = (folder / f"{name}.json").read_text("utf-8")
    data = base64.b64encode((folder / f"{name}.f16").read_bytes()).decode()
    return (
        f"(globalThis.chatshiftModels ??= {{}})[{json.dumps(name)}] = {{ head: {head}, bytes: () => "
        f'Uint8Array.from(atob("{data}"), (letter) => letter.charCodeAt(0)).buffer }};\n'
    )


def four_ways_script() -> str:
    """Return the script by which chapter 8's four models answer, with their tokenizer."""
    tokenizer = (ASSETS / "models" / "four-ways-tokenizer.json").read_text(
        "utf-8"
    )
    known = {"ways": WAYS, "questions": [question for question, _ in PAIRS]}
    data = f"{{ ...{json.dumps(known)}, tokenizer: {tokenizer} }}"
    code = bundle(PAGE / "four_ways.js")
    return f'"use strict";\nglobalThis.chatshiftFourWays = {data};\n(() => {{\n{code}}})();\n'


# The script and its tokenizer are heavy, and not everybody scrolls so far down.
WHEN_NEAR = """<script>
new IntersectionObserver((seen, observer) => {{
  if (!seen.some((one) => one.isIntersecting)) return;
  observer.disconnect();
  document.head.append(Object.assign(document.createElement("script"), {{ src: "{source}" }}));
}}, {{ rootMargin: "600px" }}).observe(document.querySelector("[data-four-ways]"));
</script>"""


def add_script(app, pagename, templatename, context, doctree):
    """Load the four models' script on a page with a place for them, when a reader comes near."""
    if doctree is not None and "data-four-ways" in context["body"]:
        source = "../" * pagename.count("/") + "_static/four-ways.js"
        context["body"] += WHEN_NEAR.format(source=source)


def write_scripts(app, exception):
    """Put the scripts beside the pages."""
    if exception is not None:
        return
    static = Path(app.outdir) / "_static"
    (static / "playground.js").write_text(playground_script(), "utf-8")
    (static / "playground-data.js").write_text(playground_data(), "utf-8")
    (static / "four-ways.js").write_text(four_ways_script(), "utf-8")
    for path in sorted((ASSETS / "models").glob("*.f16")):
        (static / f"{path.stem}-model.js").write_text(
            model_script(path.stem), "utf-8"
        )


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", write_scripts)
    app.connect("html-page-context", add_script, priority=950)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
