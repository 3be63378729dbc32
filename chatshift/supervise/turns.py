"""Where each supervised turn starts and stops, in characters."""

from chatshift.errors import LabelError, TemplateError
from chatshift.messages import NOTHING
from chatshift.settings import Settings
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.rendered import Rendered
from chatshift.supervise.spans import Edges
from chatshift.supervise.starts import Start, StartFinder
from chatshift.supervise.unproven import not_located
from chatshift.supervise.unread import unread_keywords
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.prefix import common_length
from chatshift.template.turn_format import TurnFormat

NO_END = "No control token ends this answer, so the model does not learn to stop."


class TurnFinder:
    """Finds the turns in rows of one template."""

    def __init__(
        self,
        template: ChatTemplate,
        tokens: ControlTokens,
        settings: Settings,
        turn_format: TurnFormat,
    ) -> None:
        self.template = template
        self.tokens = tokens
        self.with_tail = not settings.mask_tail
        self.format = turn_format
        self.starts = StartFinder(
            template, tokens, turn_format.generation_prompt, by_prompt=settings.boundary == "prompt"
        )

    def find(self, row: Rendered) -> tuple[list[Edges], list[Finding]]:
        """Return the edges of each supervised turn, and what is worth a note."""
        findings = unread_keywords(row, self.template)
        starts = self.starts.find(row, findings)
        closings: dict[str, int] = {}
        edges = [self._turn(row, k, starts[k], closings, findings) for k in row.supervised]
        return edges, findings

    def _turn(
        self,
        row: Rendered,
        k: int,
        start: Start,
        closings: dict[str, int],
        findings: list[Finding],
    ) -> Edges:
        """Return the edges of message k; `closings` has what is known of turns without an end."""
        to_the_end = k == len(row.messages) - 1 and self.with_tail
        pieces = row.around(k)
        if pieces is None or row.edges is None:
            return self._not_compared(row, k, start, to_the_end, findings)
        before, after = pieces
        # A message that says nothing is closed where it starts.
        begin = row.edges[after][0]
        silent = max(0, start.character - begin) if before == after else 0
        closing = row.frame.pieces[after][silent:]
        if k == len(row.messages) - 1:
            closing = closing.removesuffix(self.format.dangling)
        length, ended = closing_length(closing, self.tokens, self.format)
        if not (ended or length):
            if closing not in closings:
                whole = row.frame.pieces[after]
                closings[closing] = max(0, self._closing_alone(row, k, whole) - silent)
            length = closings[closing]
        end = begin + silent + length
        stop = end + self._tail_length(closing[length:]) if to_the_end else end
        if stop <= start.character:
            raise LabelError(
                f"No token of messages[{k}] can be learned: where its turn starts, the template "
                f"wrote {row.text[start.character :][:40]!r}. Is the answer empty?",
                cause=NOTHING,
            )
        if before != after:
            self._note_start(row, k, row.text[start.character : row.edges[before][1]], findings)
        elif written := self._before_end(row.text[start.character : end]):
            wording = f"The template wrote {quote(written)} for an answer that says nothing."
            findings.append(Finding("text before the answer", k, wording))
        self._note_end(k, row.text[end:stop], ended, findings)
        return Edges(k, start.character, stop, end if ended else -1)

    def _not_compared(
        self, row: Rendered, k: int, start: Start, to_the_end: bool, findings: list[Finding]
    ) -> Edges:
        """Return the edges of an answer that is written like no other: to the end."""
        if not (to_the_end and start.is_prompt_end):
            raise not_located(k)
        wording = "Not compared: the template writes this answer in another way than others."
        findings.append(Finding("answer not located", k, wording))
        rest = self.tokens.find(row.text[start.character :])
        if all(token.id not in self.format.ends for token in rest):
            findings.append(Finding("no end of turn", k, NO_END))
        rest_of_text = row.text[start.character :].removesuffix(self.format.dangling)
        stop = start.character + self._tail_length(rest_of_text)
        return Edges(k, start.character, stop, -1)

    def _before_end(self, text: str) -> str:
        """Return the words of a turn that says nothing, before the token that ends it."""
        ends = (t.start for t in self.tokens.find(text) if t.id in self.format.ends)
        return text[: next(ends, len(text))].strip()

    def _tail_length(self, tail: str) -> int:
        """Return how much of a text is no turn that the template opens there."""
        openers = (t.start for t in self.tokens.find(tail) if t.id in self.format.openers)
        return next(openers, len(tail))

    def _closing_alone(self, row: Rendered, k: int, after: str) -> int:
        """Return how much of the text after message k is written if it is the last one, too.

        So much belongs to a turn that no token ends.
        """
        try:
            alone = self.template.render(row.matched.stand_ins.messages[: k + 1])
            closing = self.starts.last_piece(row, alone)
        except TemplateError:
            closing = row.frame.pieces[-1]
        return common_length(after, closing.removesuffix(self.format.dangling))

    def _note_start(self, row: Rendered, k: int, before: str, findings: list[Finding]) -> None:
        """Note the template's text that is supervised before the answer."""
        if not before:
            return
        first = row.frame.parts[row.frame.stretches[k].first]
        name = "text before the answer" if first.kind == "content" else ""
        opened = any(token.id in self.format.openers for token in self.tokens.find(before))
        if opened and self.starts.prompt(row.messages, k) == self.starts.closed(row.messages, k):
            name = "header learned"
        if name:
            wording = f"The template wrote {quote(before)} before the answer; it is learned too."
            findings.append(Finding(name, k, wording))

    def _note_end(self, k: int, tail: str, ended: bool, findings: list[Finding]) -> None:
        """Note what is supervised after the end of a turn, and a turn without one."""
        if not ended:
            findings.append(Finding("no end of turn", k, NO_END))
        elif tail:
            wording = (
                f"The template wrote {quote(tail)} after the end of the turn; it is learned too. "
                "mask_tail=True masks it."
            )
            findings.append(Finding("tail after the end of turn", k, wording))


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
