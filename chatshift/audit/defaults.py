"""What other tools would learn of the same rows, as long as nobody sets them otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from chatshift.audit.tokenizer_facts import TokenizerFacts
from chatshift.formats.records import Place, Talk
from chatshift.supervise.account import Account
from chatshift.template.chat_template import ChatTemplate

# The assistant mask of transformers renders anew: it is counted in the first rows of each file.
MASKED_ROWS = 100


class Tool(NamedTuple):
    """A tool with its defaults."""

    name: str
    learns: str
    """What it learns by default, in words."""
    known: str
    """Where this is known from."""


TOOLS = {
    "trl": Tool(
        "TRL 1.16, SFTTrainer",
        "every token, prompts too; of prompt and completion, the completion",
        "checked by a test against TRL 1.16",
    ),
    "trl-assistant": Tool(
        "TRL 1.16, assistant_only_loss=True",
        "what the template marks with {% generation %}",
        "checked by a test against TRL 1.16",
    ),
    "axolotl": Tool(
        "axolotl 0.18, type: chat_template",
        "what every assistant message says, and the token that ends it only if that is eos_token",
        "read in its source at commit 067b021, not run",
    ),
}


class Defaults:
    """Counts what other tools would learn."""

    def __init__(self, facts: TokenizerFacts) -> None:
        self.tokenizer = facts.tokenizer
        self.eos: int | None = facts.tokenizer.eos_token_id
        template = facts.tokenizer.chat_template
        self.has_marks = isinstance(template, str) and "generation %}" in template
        self.has_marks = self.has_marks and facts.tokenizer.is_fast

    def count(
        self, place: Place, talk: Talk, account: Account, ends: Sequence[int]
    ) -> dict[tuple[str, str], int]:
        """Return the tokens that each tool would learn of a row; `ends` are its supervised ends."""
        here = sum(count for (_, learned), count in account.origins.items() if learned)
        found: dict[str, int] = {}
        if not talk.completion:
            found["trl"] = account.length
        elif talk.completion == "messages":
            found["trl"] = account.length - account.turns[-1].start
        if self.has_marks and place.line <= MASKED_ROWS:
            found["trl-assistant"] = self._marked(talk)
        if all(isinstance(message.get("content"), str) for message in talk.messages):
            found["axolotl"] = self._every_answer(talk, account, ends)
        return {
            key: count
            for tool, tokens in found.items()
            for key, count in (((tool, "tokens"), tokens), ((tool, "here"), here))
        }

    def _every_answer(self, talk: Talk, account: Account, ends: Sequence[int]) -> int:
        roles = [message.get("role") for message in talk.messages]
        said = sum(n for (message, _), n in account.said.items() if roles[message] == "assistant")
        return said + (roles.count("assistant") if self.eos in ends else 0)

    def _marked(self, talk: Talk) -> int:
        template = ChatTemplate(
            self.tokenizer, tools=talk.tools, template_kwargs=talk.template_kwargs
        )
        read = self.tokenizer.apply_chat_template(
            list(talk.messages),
            tools=template.tools,
            return_dict=True,
            return_assistant_tokens_mask=True,
            **template.kwargs,
        )
        return sum(read["assistant_masks"])


def described(others: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield one line for each tool that would learn other tokens."""
    for key, tool in TOOLS.items():
        tokens, here = others.get((key, "tokens"), 0), others.get((key, "here"), 0)
        if here and tokens != here:
            yield (
                f"{tool.name} learns {tokens:,} tokens instead of {here:,}: {tool.learns} "
                f"({tool.known})"
            )
