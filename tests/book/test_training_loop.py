"""The training that a reader reads is the training that the other chapters run."""

import ast
import inspect

import pytest
from book_pages import BOOK, code_cells

from chatshift.lessons import four_ways

# Where each function stands in full.
PAGES = {
    "train": "05_mask_the_prompt",
    "write": "05_mask_the_prompt",
    "loss_by_hand": "08_who_shifts",
}


def is_docstring(node):
    """Whether a statement is nothing but a text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def bare(source, name):
    """A function as it runs: without its words, its types and what it imports."""
    (function,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    body: list[ast.AST] = []
    for node in function.body:
        if isinstance(node, ast.AnnAssign) and node.value:
            body.append(ast.Assign([node.target], node.value))
        elif not isinstance(node, (ast.Import, ast.ImportFrom)) and not is_docstring(node):
            body.append(node)
    return ast.dump(function.args), [ast.dump(node) for node in body]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_the_function_that_the_others_call(name):
    (cell,) = [
        cell for cell in code_cells(BOOK / f"{PAGES[name]}.ipynb") if f"def {name}(" in cell.source
    ]
    assert bare(cell.source, name) == bare(inspect.getsource(getattr(four_ways, name)), name)
