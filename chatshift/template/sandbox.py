"""Jinja as transformers sets it up, with two things more: a limit to its time, and shorter ways.

Imported only when a template is compiled, since it needs Jinja.
"""

import threading
from functools import lru_cache
from time import monotonic
from types import BuiltinMethodType
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chatshift.template.shortcuts import DICT_NAMES, Names, Shortcuts

SECONDS = 10.0
MOST = 10_000_000

# Text has no method that changes anything, and none here can reach another object.
HARMLESS = """
capitalize count endswith find index isalpha isdigit islower isspace isupper join lower lstrip
partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines
startswith strip title upper
"""
STR_METHODS = frozenset(HARMLESS.split())


LOOPS = (nodes.For, nodes.Macro, nodes.CallBlock)


class TooLongError(Exception):
    """A template was still at work when its time was over."""


# A template is a program: these are the ways in which one fails.
FAILURES = (
    TemplateError,
    TooLongError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


class _Clock(threading.local):
    """When the render of this thread must be over."""

    deadline = float("inf")


_clock = _Clock()


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with a clock in its loops, and quick answers to what is surely harmless."""

    code_generator_class = Shortcuts
    intercepted_binops = frozenset(("*", "**"))

    @property
    def tick(self) -> None:
        """Raise `TooLongError` when the time is over."""
        if monotonic() > _clock.deadline:
            raise TooLongError(f"it was still at work after {SECONDS:.0f} seconds")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse products that would fill the memory, or take hours in one step."""
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            size = left.bit_length() * abs(right)
        elif operator == "*":
            text, times = (right, left) if isinstance(left, int) else (left, right)
            sized = isinstance(text, (str, list, tuple)) and isinstance(times, int)
            size = len(text) * times if sized else 0
        else:
            size = 0
        if size > MOST:
            raise OverflowError(f"the result of {operator} would be too large")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Answer names of dicts, texts and namespaces at once; ask Jinja for others."""
        kind = type(obj)
        if kind is dict:
            if attribute not in DICT_NAMES:
                if attribute in obj:
                    return obj[attribute]
                return self.undefined(obj=obj, name=attribute)
        elif kind is str:
            if attribute in STR_METHODS:
                return getattr(obj, attribute)
        elif kind is Names and attribute in obj.__dict__:
            return obj.__dict__[attribute]
        return super().getattr(obj, attribute)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call methods of texts, and `namespace`, at once."""
        if __obj is Names or (
            type(__obj) is BuiltinMethodType
            and type(__obj.__self__) is str
            and __obj.__name__ in STR_METHODS
        ):
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return __obj(*args, **kwargs)
        return super().call(__context, __obj, *args, **kwargs)


@lru_cache(maxsize=64)
def compile_template(source: str) -> Template:
    """Return the template, compiled; the same text gives the same object."""
    # The one private name of transformers. Its environment has the filters, globals and tags that
    # templates are written for, in whichever version is installed.
    from transformers.utils.chat_template_utils import _compile_jinja_template

    theirs = _compile_jinja_template("").environment
    ours = Sandbox(
        trim_blocks=theirs.trim_blocks,
        lstrip_blocks=theirs.lstrip_blocks,
        extensions=[type(extension) for extension in theirs.extensions.values()],
    )
    ours.filters.update(theirs.filters)
    ours.tests.update(theirs.tests)
    ours.globals.update(theirs.globals, namespace=Names)
    tree = ours.parse(source)
    for node in _endless(tree):
        clock = nodes.ExprStmt(nodes.EnvironmentAttribute("tick"), lineno=node.lineno)
        node.body.insert(0, clock)
    return ours.template_class.from_code(ours, ours.compile(tree), {})


@lru_cache(maxsize=64)
def names_in(source: str) -> frozenset[str]:
    """Return the names that a template looks up."""
    tree = compile_template(source).environment.parse(source)
    return frozenset(node.name for node in tree.find_all(nodes.Name) if node.ctx == "load")


def _endless(tree: nodes.Template) -> list[Any]:
    """Return the loops and macros that may never end: all but the loops that stand in no other.

    Such a loop ends with the list that it goes through, and the sandbox keeps lists short.
    """
    inner: dict[int, nodes.Node] = {}
    for outer in tree.find_all(LOOPS):
        inner |= {id(node): node for node in outer.find_all(LOOPS)}
        if not isinstance(outer, nodes.For) or outer.recursive:
            inner[id(outer)] = outer
    return list(inner.values())


def render(template: Template, variables: dict[str, Any]) -> str:
    """Return what the template writes; raise `TooLongError` where it takes too long.

    `variables` hold the environment's globals, too: so they are not copied for each render.
    """
    _clock.deadline = monotonic() + SECONDS
    try:
        return "".join(template.root_render_func(template.new_context(variables, shared=True)))
    finally:
        _clock.deadline = float("inf")
