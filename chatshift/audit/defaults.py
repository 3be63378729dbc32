"""What other tools would supervise of the same rows, as long as nobody sets them otherwise."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple

from chatshift.audit.other_rules import AnswerSlot, Messages, answer_slot, by_dummy
from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.errors import ChatshiftError
from chatshift.formats.records import Place, Talk
from chatshift.messages import THOUGHTS, check_messages, without_weights
from chatshift.supervise.account import Account
from chatshift.template.chat_template import ChatTemplate

# Most of these rules render and tokenize anew, in turns of long rows even twice: they are counted
# in the first rows of each file, and not in rows of more messages than this.
MOST_ROWS, MOST_MESSAGES = 100, 64


class Tool(NamedTuple):
    """A tool with its defaults."""

    name: str
    supervises: str
    """What it supervises by default, in words; cuts at a maximum length are left aside."""
    checked: str
    """The version that a test holds its count against."""


TOOLS = {
    "trl": Tool(
        "TRL's SFTTrainer",
        "every token, prompts too, or only the completion of rows with prompt and completion",
        "TRL 1.16",
    ),
    "trl-assistant": Tool(
        "TRL with assistant_only_loss=True",
        "what the template marks with {% generation %}",
        "TRL 1.16",
    ),
    "axolotl": Tool(
        "axolotl with type: chat_template",
        "what every assistant message says, and the token that ends it only if that is eos_token",
        "axolotl 0.18.0",
    ),
    "llama-factory": Tool(
        "LLaMA-Factory with stage: sft and no template named",
        "every answer as its reading of this template writes it, with the end and what follows",
        "LLaMA-Factory 0.9.5",
    ),
}


class Defaults:
    """Counts what other tools would supervise."""

    def __init__(self, facts: TokenizerFacts) -> None:
        self.facts, self.tokenizer = facts, facts.tokenizer
        template = facts.tokenizer.chat_template
        self.has_marks = isinstance(template, str) and "generation %}" in template
        self.has_marks = self.has_marks and facts.tokenizer.is_fast

    @cached_property
    def slot(self) -> AnswerSlot | None:
        """What LLaMA-Factory reads as the text of an answer, if it can read this template.

        Not for tokenizers written in Python, some of which cannot encode the empty text.
        """
        can_read = isinstance(self.tokenizer.chat_template, str) and self.tokenizer.is_fast
        return answer_slot(self.tokenizer) if can_read else None

    def count(self, place: Place, talk: Talk, account: Account) -> dict[tuple[str, str], int]:
        """Return what each tool would supervise of a row, and what is supervised here, in tokens.

        The key is the tool with `tokens` and `here`, and with `rows` for the row itself.
        """
        found: dict[str, int | None] = {}
        if not talk.completion:
            found["trl"] = account.length
        elif talk.completion == "messages":
            found["trl"] = account.length - account.turns[-1].start
        if place.number <= MOST_ROWS and len(talk.messages) <= MOST_MESSAGES:
            for tool, rule in self._rendered(talk).items():
                # A part of a row may not be rendered by itself: then there is no count of it.
                with suppress(ChatshiftError):
                    found[tool] = rule()
        here = sum(count for (_, learned), count in account.origins.items() if learned)
        return {
            key: count
            for tool, tokens in found.items()
            if tokens is not None
            for key, count in (
                ((tool, "rows"), 1),
                ((tool, "tokens"), tokens),
                ((tool, "here"), here),
            )
        }

    def _rendered(self, talk: Talk) -> dict[str, Callable[[], int | None]]:
        """Return the rules of the tools that render and tokenize a row in their own ways."""
        template = ChatTemplate(
            self.tokenizer, tools=talk.tools, template_kwargs=talk.template_kwargs
        )
        encoder = self.facts.supervision.encoder
        messages = without_weights(check_messages(talk.messages))
        # Thoughts of other names reach it only with some templates: these rows are not counted.
        thoughts = [{*THOUGHTS} & {n for n in m if m[n] is not None} for m in talk.messages]
        is_known = all(not names or "reasoning_content" in names for names in thoughts)

        def ids_of(some: Messages) -> list[int]:
            return encoder.ids(template.render(some))

        eos, slot = self.tokenizer.eos_token_id, self.slot
        rules: dict[str, Callable[[], int | None]] = {
            "axolotl": lambda: by_dummy(messages, ids_of, eos) if is_known else None,
            "llama-factory": lambda: slot.learned(messages, encoder) if slot else None,
        }
        if self.has_marks:
            rules["trl-assistant"] = lambda: self._marked(messages, template)
        return rules

    def _marked(self, messages: Messages, template: ChatTemplate) -> int:
        template.render(messages)  # in the sandbox first, so that what fails, fails there
        read = self.tokenizer.apply_chat_template(
            messages,
            tools=template.tools,
            return_dict=True,
            return_assistant_tokens_mask=True,
            **template.kwargs,
        )
        return sum(read["assistant_masks"])


def described(others: Mapping[tuple[str, str], int], rows: int) -> Iterator[str]:
    """Yield a line for each tool that would supervise other tokens; `rows` were prepared."""
    for key, tool in TOOLS.items():
        tokens, here = others.get((key, "tokens"), 0), others.get((key, "here"), 0)
        if here and tokens != here:
            counted = others.get((key, "rows"), 0)
            some = f" in the {counted:,} conversations counted" if counted != rows else ""
            yield (
                f"{tool.name} supervises {tokens:,} tokens instead of {here:,}{some}: "
                f"{tool.supervises} (a test compares this with {tool.checked})"
            )
