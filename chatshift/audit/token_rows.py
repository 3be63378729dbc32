"""The audit of rows that are tokenized and labelled already."""

from typing import TYPE_CHECKING, Any

from chatshift.audit.checks import RowChecks
from chatshift.audit.examples import shown_tokens
from chatshift.audit.tallies import Collector
from chatshift.errors import ChatshiftError
from chatshift.formats.records import Ids
from chatshift.steps.mask import IGNORE_INDEX
from chatshift.supervise.account import Account, TurnCount

if TYPE_CHECKING:
    import numpy as np


class TokenRows:
    """Looks at rows of ids and labels, which need no template."""

    def __init__(self, checks: RowChecks) -> None:
        self.checks = checks
        supervision = checks.facts.supervision
        self.ends, self.openers = checks.facts.stops, frozenset[int]()
        try:
            turn_format = supervision.rule().finder.format
        except ChatshiftError:  # without a usable template, only the model's own stops are known
            pass
        else:
            self.ends = turn_format.ends | checks.facts.stops
            self.openers = turn_format.openers - self.ends
        self.control = supervision.tokens.ids
        self.size = len(supervision.tokenizer)

    def audit(self, row: Ids, collector: Collector) -> None:
        """Count a row, and what is found in it."""
        import numpy as np

        ids, labels = (np.array(one, dtype=np.int64) for one in row)
        most = self.checks.settings.max_length
        if reason := self._wrong(ids, labels):
            collector.broken("bad-row", reason)
            return
        learned = labels != IGNORE_INDEX
        if not learned.any():
            reason = f"all {len(ids)} labels are {IGNORE_INDEX}"
            collector.reject("nothing-supervised", reason=reason)
            return
        if most is not None and len(ids) > most:
            lost = int(learned[most:].sum())
            ids, learned = ids[:most], learned[:most]
            reason = f"it has {lost + int(learned.sum())} supervised tokens and loses {lost}"
            if not learned.any():
                collector.reject("truncated-away", reason=reason)
                return
            if lost:
                collector.found("truncated-answer", reason=reason)
        turns = self.count(ids, learned, collector, cut=len(ids) < len(row.input_ids))
        spans = np.array([[turn.start, turn.stop] for turn in turns], dtype=np.int64)
        tokens = ids.astype(np.int32)
        prompt = tokens[: turns[-1].start].tobytes()
        collector.remember(tokens.tobytes(), spans.tobytes(), prompt)

    def shown(self, row: Ids, reason: str) -> dict[str, Any]:
        """Return the tokens of a row with their labels, as an example."""
        if min(row.input_ids) < 0 or max(row.input_ids) >= self.size:
            return {}
        pieces = self.checks.facts.supervision.encoder.decoded(row.input_ids)
        return shown_tokens(pieces, row.input_ids, row.labels)

    def _wrong(self, ids: "np.ndarray", labels: "np.ndarray") -> str:
        """Return what is wrong with labels that are not the ids at their own places."""
        import numpy as np

        if ids.min() < 0 or ids.max() >= self.size:
            return f"it has ids outside of the tokenizer's 0 to {self.size - 1}"
        learned = labels != IGNORE_INDEX
        if (ids[learned] == labels[learned]).all():
            return ""
        moved = np.append(ids[1:], IGNORE_INDEX)
        if (moved[learned] == labels[learned]).all():
            return (
                "its labels are shifted already; a trainer that shifts by itself would shift them "
                "twice. Store unshifted labels"
            )
        first = int(np.flatnonzero(learned & (ids != labels))[0])
        return f"its label {labels[first]} at position {first} is not the id there, {ids[first]}"

    def count(
        self,
        ids: "np.ndarray",
        learned: "np.ndarray",
        collector: Collector,
        *,
        whole: bool = False,
        cut: bool = False,
    ) -> list[TurnCount]:
        """Count a row, look at the ends of what is supervised, and return its stretches.

        `whole`: everything is supervised, prompts too, so that stretches are no answers. `cut`: the
        end of the row is cut off, so that its last answer has no end.
        """
        import numpy as np

        edges = np.flatnonzero(np.diff(learned.astype(np.int8), prepend=0, append=0))
        turns = []
        for number, (start, stop) in enumerate(edges.reshape(-1, 2).tolist()):
            end_from, end = (stop, stop) if whole else self._end(ids, start, stop)
            turns.append(TurnCount(number, start, end_from, end, stop))
            if not (whole or (cut and stop == len(ids))):
                self._look(ids, turns[-1], collector)
        self.checks.start(ids[:2].tolist(), collector)
        collector.count(self._account(ids, turns), [])
        return turns

    def _look(self, ids: "np.ndarray", turn: TurnCount, collector: Collector) -> None:
        """Find what is wrong in one stretch that is supervised."""
        _, start, end_from, end, stop = turn
        name = self.checks.facts.name
        if end == end_from:
            masked = stop < len(ids) and int(ids[stop]) in self.ends
            what = f"{name(ids[stop])} after it is masked" if masked else ""
            reason = what or "no token that ends an answer is supervised after it"
            collector.found("end-not-supervised", reason=reason)
        self.checks.end(ids[end_from:end].tolist(), collector)
        opener = next((i for i in ids[start:stop].tolist() if i in self.openers), None)
        if opener is not None:
            reason = f"{name(opener)}, which opens a turn, is supervised"
            collector.found("template-text-supervised", reason=reason)
        if end_from < end < stop:
            reason = f"{stop - end} tokens after the end of an answer are supervised"
            collector.found("tail-supervised", reason=reason)

    def _end(self, ids: "np.ndarray", start: int, stop: int) -> tuple[int, int]:
        """Return the first run of end tokens in a supervised stretch; empty where there is none."""
        for position in range(start, stop):
            if int(ids[position]) in self.ends:
                end = position
                while end < stop and int(ids[end]) in self.ends:
                    end += 1
                return position, end
        return stop, stop

    def _account(self, ids: "np.ndarray", turns: list[TurnCount]) -> Account:
        """Return the account: what is supervised before an end is content, or a control token."""
        origins = {("prompt", False): len(ids)}
        for turn in turns:
            said = ids[turn.start : turn.end_from].tolist()
            template = sum(one in self.control for one in said)
            for name, count in (
                ("content", len(said) - template),
                ("template", template),
                ("end", turn.end - turn.end_from),
                ("tail", turn.stop - turn.end),
            ):
                origins[name, True] = origins.get((name, True), 0) + count
                origins["prompt", False] -= count
        return Account(len(ids), origins, {}, turns)
