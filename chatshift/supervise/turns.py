"""Where each supervised turn starts and stops, in characters."""

from typing import NamedTuple

from chatshift.errors import LabelError, TemplateError
from chatshift.settings import Settings
from chatshift.supervise.frame import Frame
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.spans import Edges
from chatshift.supervise.stand_ins import TAG
from chatshift.supervise.unproven import no_prefix, not_located
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.prefix import common_length
from chatshift.template.turn_format import TurnFormat

# Up to so many turns, every prompt is rendered; beyond, so many of them.
PROVEN, SAMPLED = 16, 6


class Start(NamedTuple):
    """Where a turn's supervised text starts."""

    character: int
    is_prompt_end: bool
    """Whether the row's own prompt, rendered alone, ends there."""


class TurnFinder:
    """Finds the turns of rows of one template."""

    def __init__(
        self,
        template: ChatTemplate,
        tokens: ControlTokens,
        settings: Settings,
        turn_format: TurnFormat,
    ) -> None:
        self.template = template
        self.tokens = tokens
        self.by_prompt = settings.boundary == "prompt"
        self.with_tail = not settings.mask_tail
        self.format = turn_format

    def find(self, row: Rendered) -> tuple[list[Edges], list[Finding]]:
        """Return the edges of each supervised turn, and what is worth a note."""
        findings: list[Finding] = []
        starts = self._starts(row, findings)
        edges = [self._turn(row, k, starts[k], findings) for k in row.supervised]
        return edges, findings

    # ---------------------------------------------------------------------------- the start
    def _starts(self, row: Rendered, findings: list[Finding]) -> dict[int, Start]:
        """Return where each turn starts; beyond `PROVEN` of them, most are like a proven one."""
        rendered = proven_turns(row.supervised)
        starts: dict[int, Start] = {}
        known: dict[str, tuple[int, bool]] = {}
        for k in sorted(row.supervised, key=lambda k: k not in rendered):
            pieces = row.around(k)
            lead = row.frame.pieces[pieces[0]] if pieces else None
            begin = row.edges[pieces[0]][0] if pieces and row.edges else 0
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

    def _start(self, row: Rendered, k: int, findings: list[Finding]) -> Start:
        """Return where the prompt of message k ends, rendered for this row."""
        prompt = self.prompt(row.messages, k)
        if row.text.startswith(prompt):
            return Start(len(prompt), True)
        if self.by_prompt:
            raise no_prefix(row.messages, k, row.text, prompt, self.template)
        pieces = row.around(k)
        if pieces is None or row.edges is None:
            raise not_located(k, self.by_prompt)
        lead = row.frame.pieces[pieces[0]]
        length, supplied = self._taken_over(row, k, lead)
        start = row.edges[pieces[0]][0] + length
        if supplied:
            wording = f"The generation prompt goes on with {quote(supplied)}; the row does not."
            findings.append(Finding("generation prompt not matched", k, wording))
        return Start(start, False)

    def prompt(self, messages: list[dict], k: int) -> str:
        """Return what the model sees before it writes message k."""
        prompt = self.template.render(messages[:k], add_generation_prompt=True)
        if not prompt:
            raise TemplateError(
                f"The template wrote no prompt for {k} messages: {prompt!r}. There is nothing to "
                "predict the answer from."
            )
        return prompt

    def _taken_over(self, row: Rendered, k: int, lead: str) -> tuple[int, str]:
        """Return how much of the text before an answer its prompt supplies, and what it has more.

        `lead` is the template's text between what was said before and the answer.
        """
        history = row.matched.stand_ins.messages[:k]
        prompt = self._last_piece(row, self.prompt(history, k))
        common = self._common(lead, prompt)
        if common == len(prompt):
            return common, ""
        try:
            closed = self._last_piece(row, self.template.render(history))
        except TemplateError:
            return common, prompt[common:]
        added = prompt.removeprefix(closed)
        if common <= len(closed) and 0 < len(added) < len(prompt):
            # The message before is closed in another way when it is the last one.
            token = next(iter(self.tokens.find(added)), None)
            at = lead.find(added[: token.end] if token else added)
            if at >= 0:
                agreed = self._common(lead[at:], added)
                return at + agreed, added[agreed:]
        return common, prompt[common:]

    def _last_piece(self, row: Rendered, text: str) -> str:
        stand_ins = row.matched.stand_ins
        return Frame(text, stand_ins.parts, stand_ins.marks, self.tokens).pieces[-1]

    def _common(self, lead: str, prompt: str) -> int:
        """Return how far two texts agree; no added token and no tag is cut in two."""
        common = common_length(lead, prompt)
        whole = [token[:2] for text in (lead, prompt) for token in self.tokens.added.find(text)]
        whole += [tag.span() for text in (lead, prompt) for tag in TAG.finditer(text)]
        return min((start for start, end in whole if start < common < end), default=common)

    # ---------------------------------------------------------------------------- the end
    def _turn(self, row: Rendered, k: int, start: Start, findings: list[Finding]) -> Edges:
        """Return the edges of message k, from its start to the end of its turn."""
        is_last = k == len(row.messages) - 1
        to_the_end = is_last and self.with_tail
        pieces = row.around(k)
        if pieces is None or row.edges is None:
            if not (to_the_end and start.is_prompt_end):
                raise not_located(k, self.by_prompt)
            wording = "Not compared: the template writes this answer in another way than others."
            findings.append(Finding("answer not located", k, wording))
            return Edges(k, start.character, len(row.text), -1)
        before, after = pieces
        self._note_start(row, k, start.character, row.edges[before][1], findings)
        closing = row.frame.pieces[after]
        length, ended = closing_length(closing, self.tokens, self.format)
        if not (ended or length):
            length = self._closing_alone(row, k, closing)
        end = row.edges[after][0] + length
        stop = len(row.text) if to_the_end else end
        self._note_end(row, k, end, stop, ended, findings)
        if stop <= start.character:
            raise LabelError(
                f"No token of messages[{k}] can be learned: where its turn starts, the template "
                f"wrote {row.text[start.character :][:40]!r}. Is the answer empty?"
            )
        return Edges(k, start.character, stop, end if ended else -1)

    def _closing_alone(self, row: Rendered, k: int, after: str) -> int:
        """Return how much of the text after message k is written if it is the last one, too.

        So much belongs to a turn that no token ends.
        """
        try:
            alone = self.template.render(row.matched.stand_ins.messages[: k + 1])
        except TemplateError:
            return common_length(after, row.frame.pieces[-1])
        return common_length(after, self._last_piece(row, alone))

    def _note_start(
        self, row: Rendered, k: int, start: int, said: int, findings: list[Finding]
    ) -> None:
        before = row.text[start:said]
        if not before:
            return
        first = row.frame.parts[row.frame.stretches[k].first]
        name = "text before the answer" if first.kind == "content" else ""
        if self.tokens.find(before) and self.prompt(row.messages, k) == self._closed(row, k):
            name = "header learned"
        if name:
            wording = f"The template wrote {quote(before)} before the answer; it is learned too."
            findings.append(Finding(name, k, wording))

    def _closed(self, row: Rendered, k: int) -> str:
        """Return the text of the messages before k without a generation prompt."""
        try:
            return self.template.render(row.messages[:k])
        except TemplateError:
            return ""

    def _note_end(
        self, row: Rendered, k: int, end: int, stop: int, ended: bool, findings: list[Finding]
    ) -> None:
        if not ended:
            if not self.with_tail:
                raise LabelError(
                    f"mask_tail=True needs a token that ends the answer's turn, and after "
                    f"messages[{k}] this template writes none. Leave mask_tail off, or name what "
                    "stops your model (stop_tokens)."
                )
            wording = "No control token ends this answer, so the model does not learn to stop."
            findings.append(Finding("no end of turn", k, wording))
        elif stop > end:
            wording = (
                f"The template wrote {quote(row.text[end:stop])} after the end of the turn; it is "
                "learned too. mask_tail=True masks it."
            )
            findings.append(Finding("tail after the end of turn", k, wording))


def proven_turns(supervised: list[int]) -> list[int]:
    """Return the turns whose prompts are rendered: all, or the first, the last and a spread."""
    if len(supervised) <= PROVEN:
        return supervised
    last = len(supervised) - 1
    return [supervised[i * last // (SAMPLED - 1)] for i in range(SAMPLED)]


def closing_length(after: str, tokens: ControlTokens, turn_format: TurnFormat) -> tuple[int, bool]:
    """Return how much of the text after an answer belongs to its turn, and whether it ends there.

    The first end token ends the turn, with those that follow at once.
    """
    end = 0
    for token in tokens.find(after):
        if end and (token.start != end or token.id not in turn_format.ends):
            break
        if token.id in turn_format.openers:
            return token.start, False
        if token.id in turn_format.ends:
            end = token.end
    return end, end > 0
