"""Both phases for rows of one tokenizer: what `prepare` and `prepare_batch` share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chatshift.errors import ChatshiftError, MessageError
from chatshift.settings import Settings
from chatshift.supervise.confirm import Row, confirm
from chatshift.supervise.encoder import Encoder
from chatshift.supervise.resolve import Resolver
from chatshift.supervise.rule import Rule
from chatshift.supervise.spans import Spans
from chatshift.template.chat_template import ChatTemplate, plain_tools
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.turn_format import TurnFormat, read_turn_format
from chatshift.values import plain

if TYPE_CHECKING:
    import numpy as np

RULES = 256


class Source(NamedTuple):
    """A row as it is given: messages, with the tools and template keywords that belong to them."""

    messages: Any
    tools: Any = None
    template_kwargs: Any = None


class Supervision:
    """Knows which tokens are supervised, for one tokenizer and its settings."""

    def __init__(self, tokenizer: Any, settings: Settings) -> None:
        self.tokenizer = tokenizer
        self.settings = settings
        stops = settings.stop_tokens
        if unknown := [stop for stop in stops if stop not in tokenizer.get_added_vocab()]:
            raise ChatshiftError(
                f"stop_tokens has {unknown[0]!r}, which is no control token of this tokenizer. "
                "Name tokens such as tokenizer.eos_token."
            )
        self.tokens = ControlTokens(tokenizer, stops)
        self.encoder = Encoder(tokenizer)
        ends = (tokenizer.eos_token, *stops)
        self.stops = frozenset(self.tokens[stop] for stop in ends if stop in self.tokens)
        self._bos = (tokenizer.bos_token or "") if settings.strip_bos else ""
        self._rules: dict[str, Rule] = {}
        self._formats: dict[str, TurnFormat] = {}

    def rule(self, tools: Any = None, template_kwargs: Any = None) -> Rule:
        """Return the rule for a row's own tools and keywords; one for all rows that share them."""
        if template_kwargs is not None and not isinstance(template_kwargs, Mapping):
            raise MessageError(f"chat_template_kwargs must be a dict, not {template_kwargs!r:.60}.")
        tools = plain_tools(tools)
        key = repr((tools, template_kwargs))
        if key not in self._rules:
            # Of plain values alone, two that are written alike are the same.
            plain("tools", tools)
            plain("chat_template_kwargs", template_kwargs)
            kwargs = {**self.settings.template_kwargs, **(template_kwargs or {})}
            template = ChatTemplate(
                self.tokenizer, tools=tools, template_kwargs=kwargs, bos_to_strip=self._bos
            )
            if len(self._rules) >= RULES:
                self._rules.clear()
            turn_format = self._format(kwargs, tools)
            self._rules[key] = Rule(template, self.tokens, self.settings, turn_format)
        return self._rules[key]

    def _format(self, kwargs: dict, tools: Any) -> TurnFormat:
        """Return the turn format; tools, which may differ in every row, do not change it.

        A template that writes nothing without tools is asked with those of the row, and so is one
        that is there for tools alone.
        """
        tools = kwargs.get("tools", tools)
        kwargs = {name: value for name, value in kwargs.items() if name != "tools"}
        key = repr(sorted(kwargs.items(), key=lambda item: item[0]))
        if key not in self._formats:
            if len(self._formats) >= RULES:
                self._formats.clear()
            template = ChatTemplate(self.tokenizer, template_kwargs=kwargs)
            self._formats[key] = read_turn_format(template, self.tokens, self.stops)
        for_tools = isinstance(self.tokenizer.chat_template, dict)
        if tools and (for_tools or not self._formats[key].is_known):
            template = ChatTemplate(self.tokenizer, tools=tools, template_kwargs=kwargs)
            return read_turn_format(template, self.tokens, self.stops)
        return self._formats[key]

    def spans(self, source: Source, text: str | None = None) -> Spans:
        """Return a row after phase 1; `text` is what the template writes, if that is known."""
        return self.rule(source.tools, source.template_kwargs).spans(source.messages, text)

    def row(self, source: Source, spans: Spans, ids: Sequence[int]) -> tuple[Spans, Row]:
        """Return one row after phase 2; raise what refuses it."""
        import numpy as np

        flat, length = np.array(ids, dtype=np.int32), np.array([len(ids)], dtype=np.int64)
        found = self.rows([source], [spans], flat, length)[0]
        if isinstance(found, ChatshiftError):
            raise found
        return found

    def rows(
        self,
        sources: Sequence[Source],
        spans: Sequence[Spans],
        ids: "np.ndarray",
        lengths: "np.ndarray",
    ) -> list[tuple[Spans, Row] | ChatshiftError]:
        """Return rows after phase 2, or what refuses them."""
        confirmed = confirm(spans, ids, lengths, self.encoder, self.tokens)
        return [
            (one, row) if row is not None else self._resolved(source, one)
            for source, one, row in zip(sources, spans, confirmed, strict=True)
        ]

    def _resolved(self, source: Source, spans: Spans) -> tuple[Spans, Row] | ChatshiftError:
        """Return a row whose ids did not show what its text says."""
        import numpy as np

        try:
            if not spans.edges:  # with a frame of its own, it tells what is the matter
                rule = self.rule(source.tools, source.template_kwargs)
                spans = rule.own_spans(source.messages)
            ids = self.encoder.ids(spans.text)
            flat, length = np.array(ids, dtype=np.int32), np.array([len(ids)], dtype=np.int64)
            row = confirm([spans], flat, length, self.encoder, self.tokens)[0]
            if row is None:
                resolver = Resolver(spans, ids, self.encoder, self.tokens)
                row = resolver.resolve(by_prompt=self.settings.boundary == "prompt")
            return spans, row
        except ChatshiftError as refusal:
            return refusal
