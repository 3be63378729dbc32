"""Shorter ways through a template, for what all of them do at every message: look up names.

The sandbox looks at each look-up. A key of a dict, a place in a loop and a name of a namespace are
surely harmless, so the compiled template reads these itself and asks the sandbox for all else.
"""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.utils import Namespace

DICT_NAMES = frozenset(dir(dict))
LOOP_NAMES = frozenset(("first", "index", "index0", "last", "length", "revindex", "revindex0"))


class Names(Namespace):
    """Jinja's `namespace`, with its names as attributes that Python itself reads."""

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        names = self.__dict__
        names.update(*args, **kwargs)
        for name in names:
            _check(name)

    def __setitem__(self, name: str, value: Any) -> None:
        _check(name)
        self.__dict__[name] = value

    __getattribute__ = object.__getattribute__


def _check(name: Any) -> None:
    if not isinstance(name, str) or name[:1] == "_":
        raise SecurityError(f"a namespace has no name such as {name!r}")


class Shortcuts(CodeGenerator):
    """Writes the Python code of a template, with the shorter ways in it."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        """Write `object.name`."""
        if node.attr in DICT_NAMES:
            return super().visit_Getattr(node, frame)
        way = f"obj.{node.attr} if type(obj) is LoopContext else " * (node.attr in LOOP_NAMES)
        return self._look_up(node.node, node.attr, f"{way}environment.getattr", frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        """Write `object[key]`."""
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._look_up(node.node, node.arg.value, "environment.getitem", frame)
        return super().visit_Getitem(node, frame)

    def _look_up(self, of: nodes.Expr, name: str, otherwise: str, frame: Frame) -> None:
        self.write(f"(obj[{name!r}] if type(obj := ")
        self.visit(of, frame)
        self.write(f") is dict and {name!r} in obj else {otherwise}(obj, {name!r}))")
