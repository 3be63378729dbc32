"""Where each supervised turn starts: at the end of its prompt, which is rendered for this row."""

from typing import NamedTuple

from chatshift.errors import TemplateError
from chatshift.supervise.frame import Frame
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.unproven import no_prefix, not_located
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.prefix import common_length

# Up to so many turns, every prompt is rendered; beyond, so many of them.
PROVEN, SAMPLED = 16, 6


class Start(NamedTuple):
    """Where a turn's supervised text starts."""

    character: int
    is_prompt_end: bool
    """Whether the row's own prompt, rendered alone, ends there."""


class StartFinder:
    """Finds the starts of turns in rows of one template."""

    def __init__(
        self,
        template: ChatTemplate,
        tokens: ControlTokens,
        generation_prompt: str,
        *,
        by_prompt: bool,
    ) -> None:
        self.generation_prompt = generation_prompt
        self.template = template
        self.tokens = tokens
        self.by_prompt = by_prompt

    def find(self, row: Rendered, findings: list[Finding]) -> dict[int, Start]:
        """Return where each turn starts.

        Beyond `PROVEN` turns, those whose prompts are not rendered start after the same text of the
        template as one whose prompt is; phase 2 confirms it by the ids.
        """
        rendered = proven_turns(row.supervised)
        starts: dict[int, Start] = {}
        known: dict[str, tuple[int, bool]] = {}
        for k in sorted(row.supervised, key=lambda k: k not in rendered):
            lead, begin = row.lead(k)
            if k not in rendered and lead in known:
                length, is_prompt_end = known[lead]
                starts[k] = Start(begin + length, is_prompt_end)
                continue
            starts[k] = self._start(row, k, findings)
            if lead is not None:
                known.setdefault(lead, (starts[k].character - begin, starts[k].is_prompt_end))
        if len(rendered) < len(row.supervised):
            wording = f"{len(rendered)} of {len(row.supervised)} prompts were rendered."
            findings.append(Finding("prompts sampled", row.supervised[-1], wording))
        return starts

    def prompt(self, messages: list[dict], k: int) -> str:
        """Return what the model sees before it writes message k."""
        prompt = self.template.render(messages[:k], add_generation_prompt=True)
        if not prompt:
            raise TemplateError(
                f"The template wrote no prompt for {k} messages: {prompt!r}. There is nothing to "
                "predict the answer from."
            )
        return prompt

    def _start(self, row: Rendered, k: int, findings: list[Finding]) -> Start:
        prompt = self.prompt(row.messages, k)
        if row.text.startswith(prompt):
            return Start(len(prompt), True)
        if self.by_prompt:
            raise no_prefix(row.messages, k, row.text, prompt, self.template)
        lead, begin = row.lead(k)
        if lead is None or row.around(k) == (0, 0) or row.stands_apart(k):
            raise not_located(k)
        stand_ins, agreed = row.matched.stand_ins.messages, self._common(row.text, prompt)
        if agreed >= begin and self._added(row.messages, k) != self._added(stand_ins, k):
            # What is said before makes the prompt another one than that of the stand-ins.
            length, supplied = agreed - begin, prompt[agreed:]
        else:
            length, supplied = self._taken_over(row, k, lead)
        if supplied:
            wording = f"The generation prompt goes on with {quote(supplied)}; the row does not."
            findings.append(Finding("generation prompt not matched", k, wording))
        said = row.said(k)
        return Start(min(begin + length, said[0]) if said else begin + length, False)

    def closed(self, messages: list[dict], k: int) -> str:
        """Return the text of the messages before k; empty where the template refuses them."""
        try:
            return self.template.render(messages[:k])
        except TemplateError:
            return ""

    def _added(self, messages: list[dict], k: int) -> str:
        """Return the generation prompt; empty where it is not added to the text before."""
        prompt, history = self.prompt(messages, k), self.closed(messages, k)
        return prompt.removeprefix(history) if history and prompt.startswith(history) else ""

    def _taken_over(self, row: Rendered, k: int, lead: str) -> tuple[int, str]:
        """Return how much of the text before an answer its prompt supplies, and what it has more.

        `lead` is the template's text between what was said before and the answer.
        """
        history = row.matched.stand_ins.messages[:k]
        # A template may take an assistant's last message for the beginning of the answer.
        begun = history[-1]["role"] == "assistant" and self.generation_prompt
        if begun and (found := self._stands_in(lead, self.generation_prompt)):
            return found
        prompt = self.last_piece(row, self.prompt(history, k))
        common = self._common(lead, prompt)
        try:
            closed = self.last_piece(row, self.template.render(history))
        except TemplateError:
            return common, prompt[common:]
        added = prompt.removeprefix(closed)
        # The message before is closed in another way when it is the last one.
        closed_otherwise = common <= len(closed) and 0 < len(added) < len(prompt)
        if closed_otherwise and (found := self._stands_in(lead, added)):
            return found
        return common, prompt[common:]

    def _stands_in(self, lead: str, prompt: str) -> tuple[int, str] | None:
        """Return how far a generation prompt stands in the text before an answer, and its rest."""
        token = next(iter(self.tokens.find(prompt)), None)
        at = lead.rfind(prompt[: token.end] if token else prompt)
        if at < 0:
            return None
        agreed = self._common(lead[at:], prompt)
        return at + agreed, prompt[agreed:]

    def last_piece(self, row: Rendered, text: str) -> str:
        """Return what the template writes after the last thing said in a text of stand-ins."""
        stand_ins = row.matched.stand_ins
        return Frame(text, stand_ins.parts, stand_ins.marks, self.tokens).pieces[-1]

    def _common(self, lead: str, prompt: str) -> int:
        """Return how far two texts agree; no added token and no tag is cut in two."""
        common = common_length(lead, prompt)
        whole = [*self.tokens.whole_in(lead), *self.tokens.whole_in(prompt)]
        return min((start for start, end in whole if start < common < end), default=common)


def proven_turns(supervised: list[int]) -> list[int]:
    """Return the turns whose prompts are rendered: all, or the first, the last and a spread."""
    if len(supervised) <= PROVEN:
        return supervised
    last = len(supervised) - 1
    return [supervised[i * last // (SAMPLED - 1)] for i in range(SAMPLED)]
