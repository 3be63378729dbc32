"""The one place that calls a chat template."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatshift.errors import TemplateError

# These decide what is rendered; a step sets them itself.
RESERVED = (
    "tokenize",
    "add_generation_prompt",
    "continue_final_message",
    "return_dict",
    "return_assistant_tokens_mask",
    "messages",
    "conversation",
    "chat_template",
)


class ChatTemplate:
    """A tokenizer's chat template with everything that it sees beside the messages."""

    def __init__(
        self,
        tokenizer: Any,
        *,
        tools: Any = None,
        template_kwargs: Mapping[str, Any] | None = None,
        bos_to_strip: str = "",
    ) -> None:
        kwargs = dict(template_kwargs or {})
        for name in RESERVED:
            if name in kwargs:
                raise TemplateError(f"{name!r} is set by this step. Leave it out of the keywords.")
        if "tools" in kwargs:
            if tools is not None:
                raise TemplateError("'tools' is given twice: as tools=, and in the keywords.")
            tools = kwargs.pop("tools")
        if not getattr(tokenizer, "chat_template", None):
            raise TemplateError(
                f"{type(tokenizer).__name__} has no chat template. Load the tokenizer of the "
                "model's instruction-tuned version, or set tokenizer.chat_template."
            )
        self.tokenizer = tokenizer
        self.tools = plain_tools(tools)
        self.kwargs = kwargs
        self.bos_to_strip = bos_to_strip
        self.unread: list[str] = []
        """Which of `tools` and the keywords the template never looks up."""
        self._write = self._writer()

    def render(self, messages: Sequence[dict], *, add_generation_prompt: bool = False) -> str:
        """Return the text that the template writes for checked messages."""
        try:
            text = self._write(messages, add_generation_prompt)
        except self._failures as error:
            roles = ", ".join(message["role"] for message in messages)
            reason = str(error) or type(error).__name__
            raise TemplateError(
                f"The chat template refused these messages ({roles}): {reason}",
                cause="the template raised",
            ) from error
        return text.removeprefix(self.bos_to_strip) if self.bos_to_strip else text

    def _writer(self) -> Any:
        """Return what renders: the compiled template, or else the tokenizer's own call."""
        from chatshift.template.sandbox import FAILURES, compile_template, names_in, render

        self._failures = FAILURES
        try:
            source = self.tokenizer.get_chat_template(tools=self.tools)
        except ValueError as error:
            raise TemplateError(f"The tokenizer has no such chat template: {error}") from error
        try:
            compiled = compile_template(source)
        except (ImportError, AttributeError):
            # Another transformers than those we know: its public call is slower, and has no limit
            # to its time, but writes the same text.
            return self._write_publicly
        except FAILURES as error:
            raise TemplateError(f"The chat template cannot be read: {error}") from error
        given = {**self.kwargs, "tools": self.tools or None}
        names = {name for name, value in given.items() if value is not None}
        self.unread = sorted(names - names_in(source)) if names else []
        seen = {**compiled.environment.globals, "documents": None}
        seen |= {**self.tokenizer.special_tokens_map, **self.kwargs, "tools": self.tools}
        return lambda messages, opened: render(
            compiled, {**seen, "messages": messages, "add_generation_prompt": opened}
        )

    def _write_publicly(self, messages: Sequence[dict], opened: bool) -> str:
        return self.tokenizer.apply_chat_template(
            messages,
            tools=self.tools,
            tokenize=False,
            add_generation_prompt=opened,
            **self.kwargs,
        )


def is_too_long(refusal: TemplateError) -> bool:
    """Return whether a template was refused because its time was over."""
    from chatshift.template.sandbox import TooLongError

    return isinstance(refusal.__cause__, TooLongError)


def plain_tools(tools: Any) -> list[dict] | None:
    """Return the tools as JSON schemas; functions are described by transformers."""
    if tools is None:
        return None
    if isinstance(tools, (str, Mapping)) or not isinstance(tools, Sequence):
        raise TemplateError(
            f"tools must be a list of functions or of JSON schemas, not {type(tools).__name__}."
        )
    schemas = []
    for number, tool in enumerate(tools):
        if isinstance(tool, Mapping):
            schemas.append(dict(tool))
        elif callable(tool):
            schemas.append(_described(number, tool))
        else:
            raise TemplateError(f"tools[{number}] is a {type(tool).__name__}, not a JSON schema.")
    return schemas


def _described(number: int, tool: Any) -> dict:
    from transformers.utils import get_json_schema
    from transformers.utils.chat_template_utils import (
        DocstringParsingException,
        TypeHintParsingException,
    )

    try:
        return get_json_schema(tool)
    except (DocstringParsingException, TypeHintParsingException, TypeError, ValueError) as error:
        raise TemplateError(f"tools[{number}] cannot be described: {error}") from error
