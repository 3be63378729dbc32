"""A template under watch: it is run with stand-ins for the contents, which it may not look into.

What a stand-in is asked decides: to be joined to text, to be trimmed, whether it is empty or holds
a certain word. All else, by an operator, a method, a filter, a test or a call, ends the run with
`LookedAtError`, since then the rendered text may depend on the contents in some other way.
"""

from collections.abc import Callable, Mapping
from functools import cache, reduce, wraps
from typing import Any, NamedTuple

from jinja2 import Template, Undefined, nodes
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Two characters of the private use area around message and trimming; text hardly holds them.
OPEN, CLOSE = "\ue0f6", "\ue0f7"


class LookedAtError(Exception):
    """The template did more with a content than to write it."""


class Notes(NamedTuple):
    """What a run has asked for so far."""

    made: dict[str, tuple[int, Callable[[str], str]]]
    """Each stand-in made, by its text: message, and how its content is trimmed."""
    absent: set[str]
    """What was looked for; the answer was that no content holds it."""


class StandIn(str):
    """A content that is not known, or a text with some in it. It is taken for not blank."""

    notes: Notes
    message: int | None = None
    trims: tuple = ()

    def __str__(self) -> str:
        return self

    def __add__(self, other: str) -> "StandIn":
        return _joined(str.__add__(self, other), self.notes)

    def __radd__(self, other: str) -> "StandIn":
        return _joined(str.__add__(other, self), self.notes)

    def strip(self, chars: str | None = None, /) -> "StandIn":
        return self._trim("strip", chars)

    def lstrip(self, chars: str | None = None, /) -> "StandIn":
        return self._trim("lstrip", chars)

    def rstrip(self, chars: str | None = None, /) -> "StandIn":
        return self._trim("rstrip", chars)

    def __bool__(self) -> bool:
        if any(chars and chars.strip() for _, chars in self.trims):
            raise LookedAtError("whether something is left")
        return True

    def __contains__(self, word: object) -> bool:
        return self._holds(word)

    def startswith(self, word: Any, /) -> bool:  # type: ignore[override]
        return self._holds(word)

    def endswith(self, word: Any, /) -> bool:  # type: ignore[override]
        return self._holds(word)

    def split(self, word: Any = None, /, most: int = -1) -> "list[StandIn]":  # type: ignore[override]
        self._holds(word)
        return [self]

    def __eq__(self, other: object) -> bool:
        # Not blank, so no empty text; equal to another only if that stands in it.
        return isinstance(other, str) and other != "" and self._holds(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _trim(self, name: str, chars: str | None) -> "StandIn":
        if self.message is None or not (chars is None or type(chars) is str):
            raise LookedAtError(name)
        step = (name, chars)
        return stand_in(self.message, (*self.trims, step), self.notes)

    def _holds(self, word: object) -> bool:
        if self.message is None or type(word) is not str or not word:
            raise LookedAtError("what is in it")
        self.notes.absent.add(word)
        return False


def _refuse(name: str) -> Callable:
    def method(self: StandIn, *arguments: Any, **keywords: Any) -> Any:
        raise LookedAtError(name)

    return method


# What Python itself needs of any object.
_KEPT = {"__class__", "__new__", "__init__", "__getattribute__", "__setattr__", "__doc__"}
for _name in set(dir(str)) - set(vars(StandIn)) - _KEPT:
    setattr(StandIn, _name, _refuse(_name))


def stand_in(message: int, trims: tuple, notes: Notes) -> StandIn:
    """Return what stands for the content of a message after these trimmings."""
    text = StandIn(f"{OPEN}{message}{trims}{CLOSE}")
    text.notes, text.message, text.trims = notes, message, trims
    notes.made[str.__str__(text)] = message, trimming(trims)
    return text


def _joined(text: str, notes: Notes) -> StandIn:
    whole = StandIn(text)
    whole.notes = notes
    return whole


def trimming(steps: tuple) -> Callable[[str], str]:
    """Return the function that trims a content as the stand-in was trimmed."""
    if not steps:
        return str
    if steps == (("strip", None),):
        return str.strip
    return lambda text: reduce(lambda rest, step: getattr(rest, step[0])(step[1]), steps, text)


class Watching(ImmutableSandboxedEnvironment):
    """The environment of a watched template: what gets a stand-in to look at ends the run."""

    intercepted_binops = frozenset(["%"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        _check(left, right)
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        _check(None if isinstance(argument, slice) else argument)
        return super().getitem(obj, argument)

    def call(self, context: Context, called: Any, /, *arguments: Any, **keywords: Any) -> Any:
        if called is not self.globals["namespace"]:  # it only keeps them
            # Jinja hands over what a loop has set, beside what the template passes.
            passed = [value for name, value in keywords.items() if name != "_loop_vars"]
            _check(*arguments, *passed)
        return super().call(context, called, *arguments, **keywords)


def _check(*values: Any) -> None:
    if any(map(_holds_stand_in, values)):
        raise LookedAtError("by a call")


def _holds_stand_in(value: Any) -> bool:
    if isinstance(value, StandIn):
        return True
    if isinstance(value, Mapping):
        return any(map(_holds_stand_in, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_stand_in, value))
    known = (str, int, float, Undefined, Context, EvalContext, ImmutableSandboxedEnvironment)
    return not (value is None or isinstance(value, known))


# These use a text only as an object, or through methods that a stand-in refuses.
OPEN_FILTERS = {"trim", "string", "default", "d", "length", "count", "first", "last"}
OPEN_TESTS = {"defined", "undefined", "none", "string", "mapping", "number", "boolean", "integer"}
OPEN_TESTS |= {"float", "true", "false", "iterable", "sequence", "equalto", "eq", "==", "ne", "!="}


def _guarded(functions: Mapping[str, Any], open_ones: set[str]) -> dict[str, Any]:
    def guarded(function: Callable) -> Callable:
        @wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            _check(*arguments, *keywords.values())
            return function(*arguments, **keywords)

        return call

    return {name: f if name in open_ones else guarded(f) for name, f in functions.items()}


@cache
def watched(source: str) -> Template | None:
    """Return the template, to be rendered with stand-ins; `None` if that would prove nothing."""
    from transformers.utils.chat_template_utils import _compile_jinja_template

    original = _compile_jinja_template(source).environment
    environment = Watching(
        trim_blocks=original.trim_blocks,
        lstrip_blocks=original.lstrip_blocks,
        extensions=[type(extension) for extension in original.extensions.values()],
    )
    environment.filters = _guarded(original.filters, OPEN_FILTERS)
    environment.tests = _guarded(original.tests, OPEN_TESTS)
    environment.globals = {**original.globals, "strftime_now": _refuse("the time")}
    if OPEN in source or CLOSE in source or _hides(environment.parse(source)):
        return None
    return environment.from_string(source)


# These make plain text of what they are given, which could be looked at afterwards.
BLOCKS = (nodes.Concat, nodes.AssignBlock, nodes.Macro, nodes.CallBlock, nodes.FilterBlock)


def _hides(template: nodes.Template) -> bool:
    """Whether some of what the template does would not be seen."""
    return any(template.find_all(BLOCKS)) or any(
        operand.op in ("in", "notin")
        and not isinstance(compared.expr, nodes.Const)
        and not isinstance(operand.expr, (nodes.List, nodes.Tuple))
        for compared in template.find_all(nodes.Compare)
        for operand in compared.ops
    )
