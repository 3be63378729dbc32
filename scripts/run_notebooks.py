"""Execute the book's notebooks and store canonical outputs: the same source gives the same bytes.

    python scripts/run_notebooks.py            execute all, store the outputs
    python scripts/run_notebooks.py --into F   execute all, store the results in the folder F

Two runs of one notebook differ in the random ids of widgets, in times, and in the paths of a
traceback. Those are renamed or left out; widget state that equals its default is left out too.
`book/conftest.py` compares what is stored with another run, in the same form.
"""

import argparse
import difflib
import json
import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

from chatshift.show.view import Still, widget_class

BOOK = Path(__file__).parents[1] / "book"
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
# The module of the views is stored once, in the package; a page has it beside it. JupyterLab shows
# this until the cell is run; with no module at all it would show an error.
STUB = "export default{render({el}){el.textContent='Run this cell to move this view.'}}"
REFERENCE = re.compile(r"IPY_MODEL_([0-9a-f]{32})")


def execute(path: Path) -> str:
    """Return the notebook, executed from its source alone, in canonical form."""
    notebook = source_of(path)
    with TemporaryDirectory() as sockets:
        # Files instead of ports: kernels that start at one moment may be given the same port.
        config = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"})
        client = NotebookClient(
            notebook,
            config=config,
            timeout=120,
            record_timing=False,
            store_widget_state=True,
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute()
    return canonical(notebook)


def source_of(path: Path) -> NotebookNode:
    """Return the notebook as it is before its first cell was executed."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"}
    )
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def canonical(notebook: NotebookNode) -> str:
    """Return an executed notebook as the text of its file."""
    notebook.metadata.language_info = NotebookNode(name="python")
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
        cell.outputs = with_joined_streams(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
    rename_widgets(notebook)
    return nbformat.writes(notebook) + "\n"


def with_joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with one for all that was printed in a row.

    A kernel may send what one `print` writes in two messages, now and then.
    """
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else NotebookNode()
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def rename_widgets(notebook: NotebookNode) -> None:
    """Name the widgets in the order in which they are seen, and drop what is never seen."""
    stored = notebook.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    views = [
        output.data[VIEW]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if VIEW in output.get("data", {})
    ]
    for model in stored.values():
        if model["model_name"] == "AnyModel":
            model["state"].update(_esm=STUB, _css="")
        default = default_state(model["model_name"])
        model["state"] = {
            key: value
            for key, value in model["state"].items()
            if key not in default or default[key] != value
        }
    names: dict[str, str] = {}

    def visit(model_id: str) -> None:
        if model_id not in names:
            names[model_id] = f"w{len(names):04d}"
            for reference in references(stored[model_id]):
                visit(reference)

    for view in views:
        visit(view["model_id"])
    links = {
        model_id: [names[reference] for reference in references(model)]
        for model_id, model in stored.items()
        if model["model_name"] == "LinkModel" and names.keys() >= set(references(model))
    }
    for model_id in sorted(links, key=lambda model_id: links[model_id]):
        visit(model_id)
    for view in views:
        view["model_id"] = names[view["model_id"]]
    if names:
        text = json.dumps({name: stored[model_id] for model_id, name in names.items()})
        text = REFERENCE.sub(lambda match: f"IPY_MODEL_{names[match[1]]}", text)
        block = {"state": json.loads(text), "version_major": 2, "version_minor": 0}
        notebook.metadata.widgets = nbformat.from_dict({STATE: block})


def references(model: dict) -> list[str]:
    """Return the ids of the models that this one holds."""
    return REFERENCE.findall(json.dumps(model["state"], sort_keys=True))


@cache
def default_state(model_name: str) -> dict:
    """Return what a widget of this kind holds when nothing was set."""
    kinds = {
        "HTMLStyleModel": lambda: ipywidgets.HTML().style,
        "SliderStyleModel": lambda: ipywidgets.IntSlider().style,
        "ToggleButtonsStyleModel": lambda: ipywidgets.ToggleButtons().style,
        "LinkModel": dict,
        "AnyModel": lambda: widget_class()(Still("", {}, "", "")),
    }
    make = kinds.get(model_name) or getattr(ipywidgets, model_name.removesuffix("Model"))
    made = make()
    state = made.get_state() if made else {}
    # What loads the module and the view of an AnyModel has no default in JupyterLab.
    needed = [
        key for key in state if model_name == "AnyModel" and re.match("_(model|view)_[mn]", key)
    ]
    return {key: value for key, value in state.items() if key not in needed}


def difference(path: Path, fresh: str) -> str:
    """Return the first differing lines of the stored notebook and a fresh run, or nothing."""
    lines = difflib.unified_diff(
        path.read_bytes().decode("utf-8").splitlines(keepends=True),
        fresh.splitlines(keepends=True),
        "stored",
        "fresh",
        n=1,
    )
    return "\n".join(line.rstrip("\n")[:200] for line in list(lines)[:20])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--into", type=Path, metavar="F", help="store the results in another folder"
    )
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(BOOK.glob("*.ipynb")))
    arguments = parser.parse_args()
    if arguments.into:
        arguments.into.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(max_workers=2) as pool:
        runs = pool.map(execute, arguments.notebooks)
        for path, fresh in zip(arguments.notebooks, runs, strict=True):
            target = arguments.into / path.name if arguments.into else path
            print(
                f"{path.name}: {'changed' if difference(path, fresh) else 'same bytes'}", flush=True
            )
            target.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
