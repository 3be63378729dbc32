"""The first cell of each notebook: it installs the package where it is missing, and only there."""

import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NOTEBOOKS = {path.stem: nbformat.read(path, 4) for path in sorted(ROOT.glob("book/*.ipynb"))}
SOURCE = NOTEBOOKS["index"].cells[0].source
# A page that shows another package's behaviour brings it in its second cell.
MORE = {
    name: notebook.cells[1].source
    for name, notebook in NOTEBOOKS.items()
    if "%pip" in notebook.cells[1].source
}
EXTRAS = re.search(r'"chatshift\[(.+)\]"', SOURCE)[1].split(",")  # type: ignore[index]


class Shell:
    """What IPython puts in the place of a line that begins with a percent sign."""

    def __init__(self):
        self.calls = []

    def run_line_magic(self, name, line):
        self.calls.append((name, line))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_notebook_begins_with_it(name):
    cell = NOTEBOOKS[name].cells[0]
    assert cell.source == SOURCE
    assert cell.outputs == []
    assert cell.metadata.tags == ["remove-cell"]
    assert cell.metadata.jupyter.source_hidden


@pytest.mark.parametrize("name", MORE)
def test_what_a_page_brings_besides_is_folded_away_with_it(name):
    assert NOTEBOOKS[name].cells[1].metadata.tags == ["remove-cell"]
    assert run_cell(MORE[name]) == []


def run_cell(source=SOURCE):
    shell = Shell()
    exec(TransformerManager().transform_cell(source), {"get_ipython": lambda: shell})
    return shell.calls


def test_it_does_nothing_where_the_package_is():
    assert run_cell() == []


@pytest.mark.parametrize("name", MORE)
def test_a_page_installs_what_it_brings_where_that_is_missing(name, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ((magic, line),) = run_cell(MORE[name])
    assert (magic, line.split()[:2]) == ("pip", ["install", "--quiet"])
    assert more(name)


def test_it_installs_where_the_package_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run_cell() == [("pip", f'install --quiet "chatshift[{",".join(EXTRAS)}]"')]


def needed(requirement, extras=("",)):
    """The distributions that one brings along, all the way down."""
    found = {requirement}
    for text in requires(requirement) or []:
        one = Requirement(text)
        if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras):
            found |= needed(one.name) if one.name not in found else set()
    return found


def more(name):
    """What a page's second cell asks for."""
    return re.findall(r'"([^"]+)"$', MORE.get(name, ""), flags=re.MULTILINE)


def imported():
    """The packages that the notebooks import."""
    for name, notebook in NOTEBOOKS.items():
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source not in (SOURCE, MORE.get(name)):
                for node in ast.walk(ast.parse(cell.source)):
                    if isinstance(node, ast.Import):
                        yield from ((name, alias.name.split(".")[0]) for alias in node.names)
                    elif isinstance(node, ast.ImportFrom) and node.module:
                        yield name, node.module.split(".")[0]


def test_what_it_installs_is_all_that_the_notebooks_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"]]
    for extra in EXTRAS:
        asked += project["optional-dependencies"][extra]
    everywhere = distributions(asked)
    homes = packages_distributions()
    for name, package in imported():
        brought = everywhere | distributions(more(name))
        if package not in sys.stdlib_module_names:
            owners = {home.lower().replace("_", "-") for home in homes[package]}
            assert owners & brought, f"{name} imports {package}, which {owners} brings"


def distributions(asked):
    """What the requirements bring, under their normal names."""
    brought = {"chatshift"}
    for text in asked:
        brought |= needed(Requirement(text).name)
    return {name.lower().replace("_", "-") for name in brought}
