"""The house: arrows between rooms go down only, no function is longer than a screen."""

import ast
from pathlib import Path

import chatshift

HOME = Path(chatshift.__file__).parent
# From the top down: a module imports from its own room, and from those below.
ROOMS = [
    "__main__",
    "cli",
    "__init__",
    "audit",
    "formats",
    "lessons",
    "prepare batch",
    "tiny",
    "supervise",
    "trace",
    "show loss",
    "steps",
    "template",
    "settings",
    "messages",
    "values",
    "errors",
]
FLOOR = {room: number for number, rooms in enumerate(ROOMS) for room in rooms.split()}


def modules():
    return sorted(HOME.rglob("*.py"))


def room_of(path):
    return path.relative_to(HOME).parts[0].removesuffix(".py")


def imports(tree):
    """Every chatshift module that a module imports, wherever in it, but for types alone."""
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in typing_only:
            parts = (node.module or "").split(".")
            if parts[0] == "chatshift":
                yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]


def test_arrows_go_down_only():
    wrong = [
        (str(path.relative_to(HOME)), other)
        for path in modules()
        for other in imports(ast.parse(path.read_text(encoding="utf-8")))
        if room_of(path) != other and FLOOR[room_of(path)] >= FLOOR.get(other, len(ROOMS))
    ]
    assert wrong == []


def test_modules_import_each_other_in_no_circle():
    below: dict[str, set[str]] = {}
    for path in modules():
        name = ".".join(("chatshift", *path.relative_to(HOME).with_suffix("").parts))
        name = name.removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [n for n in tree.body if isinstance(n, ast.ImportFrom)]
        below[name] = {n.module or "" for n in found if (n.module or "").startswith("chatshift")}
    left = dict(below)
    while left:
        free = [name for name, others in left.items() if not (others & left.keys()) - {name}]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


def test_functions_fit_on_a_screen_and_files_hold_one_idea():
    long = []
    for path in modules():
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 250, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                first = node.body[0]
                documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                start = (first.end_lineno or 0) + 1 if documented else first.lineno
                if (node.end_lineno or 0) - start + 1 > 40:
                    long.append((str(path.relative_to(HOME)), node.name))
    assert long == []


def test_one_private_name_of_transformers_in_one_place():
    found = [
        (str(path.relative_to(HOME)), alias.name)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transformers")
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert found == [("template/sandbox.py", "_compile_jinja_template")]
