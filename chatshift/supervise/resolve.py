"""Phase 2 for a row that could not be confirmed: each place by the ids of all text before it."""

from bisect import bisect_right
from collections.abc import Sequence

from chatshift.errors import LabelError, TokenizeError
from chatshift.messages import NOTHING
from chatshift.supervise.confirm import Row
from chatshift.supervise.encoder import Encoder
from chatshift.supervise.notes import Finding
from chatshift.supervise.spans import MARK, Edges, Spans
from chatshift.supervise.starts import proven_turns
from chatshift.supervise.unproven import across_the_end, merged
from chatshift.template.control_tokens import ControlTokens


class Resolver:
    """Finds the tokens of a row's turns by ids, and where these cannot tell, by offsets."""

    def __init__(
        self, row: Spans, ids: Sequence[int], encoder: Encoder, tokens: ControlTokens
    ) -> None:
        shown = sum(token_id in tokens.ids for token_id in ids)
        if shown > len(row.control):
            raise TokenizeError(
                f"The tokenizer makes {shown} control tokens of this text, and only "
                f"{len(row.control)} of them were found in it: the text cannot be trusted."
            )
        self.row, self.ids, self.encoder = row, list(ids), encoder
        self._reached: list[int] | None = None
        self._proven = set(proven_turns([edges.message for edges in row.edges]))

    def resolve(self, *, by_prompt: bool) -> Row:
        """Return the row's turns; raise where a token lies across one of their borders."""
        import numpy as np

        findings = list(self.row.findings)
        turns = []
        for edges in self.row.edges:
            start = self._start(edges, by_prompt, findings)
            stop = self._stop(edges)
            if stop <= start:
                raise LabelError(
                    f"No token of messages[{edges.message}] can be learned: after token {start}, "
                    "where its turn starts, the template wrote "
                    f"{self.row.text[edges.start :][:40]!r}. Is its only token merged with the "
                    "template's text?",
                    cause=NOTHING,
                )
            turns.append((start, stop))
        ids = np.array(self.ids, dtype=np.int32)
        return Row(ids, np.array(turns, dtype=np.int64), tuple(findings))

    def _start(self, edges: Edges, by_prompt: bool, findings: list[Finding]) -> int:
        character = edges.start
        if (position := self._by_ids(edges, character)) is not None:
            return position
        if by_prompt or not self.reached:
            raise merged(edges.message, self.row.text, character, self.encoder.tokenizer)
        position = self._whole_before(character)
        held = self._text(self.reached[position - 1] if position else 0, character)
        if held.strip():
            wording = f"The token after {held!r} holds the start of the answer, so it is masked."
            findings.append(Finding("token across the start", edges.message, wording))
            position += 1
        return position

    def _stop(self, edges: Edges) -> int:
        if (position := self._by_ids(edges, edges.stop)) is not None:
            return position
        if not self.reached:
            raise across_the_end(edges.message)
        # The token across the stop holds the end of the turn, and what the template writes next.
        position = self._whole_before(edges.stop)
        reached = self.reached[position - 1] if position else 0
        return position + (reached < self._plain(edges.stop))

    def _by_ids(self, edges: Edges, character: int) -> int | None:
        """Return how many ids the text before has, if these are the first of the row's.

        In a row of many turns only those whose prompts are rendered are proven in this way; of the
        others, where tokens end.
        """
        if edges.message in self._proven or not self.reached:
            head = self.encoder.ids(self.row.text[:character])
            return len(head) if self.ids[: len(head)] == head else None
        position = self._whole_before(character)
        reached = self.reached[position - 1] if position else 0
        return position if reached == self._plain(character) else None

    @property
    def reached(self) -> list[int]:
        """How far each token reaches; empty where the tokenizer cannot tell."""
        if self._reached is None:
            self._reached = self.encoder.reached(self.row.text)
        return self._reached

    def _whole_before(self, character: int) -> int:
        """Return how many tokens end at or before a character."""
        return bisect_right(self.reached, self._plain(character))

    def _plain(self, character: int) -> int:
        """Return the same character of the text without marks."""
        return character - self.row.text.count(MARK, 0, character)

    def _text(self, start: int, character: int) -> str:
        """Return the text from a character without marks to one with them."""
        return self.row.text[:character].replace(MARK, "")[start:]
