"""What the audit of some rows counts, until it becomes a report."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from chatshift.audit.batch_findings import KINDS
from chatshift.audit.findings import LEVELS
from chatshift.audit.parts import ROWS_SHOWN, Example, FileAccount, Tally
from chatshift.audit.report import Report
from chatshift.audit.seen import Seen
from chatshift.formats.records import Place
from chatshift.supervise.account import Account

Show = Callable[[str], dict[str, Any]]
LAST_TURN = 64  # answers beyond are counted together with this one


class _Found:
    """What one finding has counted."""

    def __init__(self) -> None:
        self.level = LEVELS[0]
        self.places: set[Place] = set()
        self.refused: set[Place] = set()
        self.causes: Counter = Counter()
        self.first: Place | None = None
        self.reason = ""
        self.show: Show | None = None


class Collector:
    """Counts, in plain dicts; one for each chunk of rows.

    `shown` has the findings, with their levels, of which earlier chunks gave an example.
    """

    def __init__(self, fingerprint: dict[str, Any], shown: set[tuple[str, str]]) -> None:
        self._fingerprint = fingerprint
        self._files: dict[str, Counter] = {}
        self._formats: dict[str, Counter] = {}
        self._flags: dict[str, Counter] = {}
        self._counts: dict[str, Counter] = {
            name: Counter() for name in ("origins", "roles", "turns", "lengths", "shares", "others")
        }
        self._tallies: dict[str, _Found] = {}
        self._shown = shown
        self._place = Place("", 0)
        self._show: Show | None = None
        self._first: Place | None = None
        self._seen: list[tuple[Place, int, int]] = []
        self.prepared = self.rejected = self._labels = 0

    def at(self, place: Place, show: Show | None = None) -> None:
        """Go to a row; `show` makes what is shown of it for a reason, if it becomes an example."""
        self._place, self._show = place, show

    def count_row(self) -> None:
        """Count a row, or a line that holds none."""
        self._files.setdefault(self._place.file, Counter())["rows"] += 1

    def count_format(self, name: str) -> None:
        """Count a row of a format."""
        self._formats.setdefault(self._place.file, Counter())[name] += 1

    def count_flags(self, names: tuple[str, ...]) -> None:
        """Count the flags that became weights."""
        self._flags.setdefault(self._place.file, Counter()).update(names)

    def broken(self, name: str, reason: str) -> None:
        """Count what is no row, or no conversation."""
        self.reject(name, reason=reason, cause=re.split(r"[:\d\[]", reason)[0].strip())

    def reject(self, name: str, *, reason: str, cause: str = "") -> None:
        """Count a finding for which a conversation of this row is rejected."""
        self.rejected += 1
        self.found(name, reason=reason, cause=cause, level="error")
        self._tallies[name].refused.add(self._place)

    def found(
        self,
        name: str,
        *,
        reason: str = "",
        cause: str = "",
        level: str = "",
    ) -> None:
        """Count a finding in this row."""
        place = self._place
        found = self._tallies.setdefault(name, _Found())
        level = level or KINDS[name].level
        if cause:
            found.causes[cause] += 1
        worse = LEVELS.index(level) - LEVELS.index(found.level)
        if found.first is None or worse > 0 or (not worse and place < found.first):
            found.first, found.level = place, level
            found.reason, found.show = reason, self._show
        found.places.add(place)

    def count(self, account: Account, roles: list[Any]) -> None:
        """Count the tokens of a row."""
        self.prepared += 1
        self._first = min(self._first or self._place, self._place)
        origins, by_role = self._counts["origins"], self._counts["roles"]
        supervised = 0
        for (origin, learned), count in account.origins.items():
            origins[origin, learned] += count
            supervised += count * learned
        said = {True: 0, False: 0}
        for (message, learned), count in account.said.items():
            by_role[roles[message], learned] += count
            said[learned] += count
        by_role["template", True] += supervised - said[True]
        by_role["template", False] += account.length - supervised - said[False]
        for number, turn in enumerate(account.turns, start=1):
            self._counts["turns"][min(number, LAST_TURN)] += turn.stop - turn.start
        self._counts["lengths"][1 << max(0, account.length - 1).bit_length()] += 1
        self._counts["shares"][10 * supervised // max(1, account.length)] += 1

    def count_others(self, counts: dict[tuple[str, str], int]) -> None:
        """Count what other tools would supervise of a row."""
        self._counts["others"].update(counts)

    def remember(self, ids: bytes, turns: bytes, prompt: bytes) -> None:
        """Remember a labelled row, and its prompt, by their hashes."""
        labelled = _hash(ids + turns)
        self._seen.append((self._place, labelled, _hash(prompt)))
        self._labels += labelled

    def report(self) -> Report:
        """Return the report of what was counted."""
        counts: dict[str, Any] = {
            name: {key: count for key, count in counted.items() if count}
            for name, counted in self._counts.items()
        }
        return Report(
            files={
                name: FileAccount(
                    count["rows"],
                    dict(self._formats.get(name, {})),
                    dict(self._flags.get(name, {})),
                )
                for name, count in self._files.items()
            },
            prepared=self.prepared,
            rejected=self.rejected,
            tallies={name: self._tally(name, found) for name, found in self._tallies.items()},
            fingerprint=self._fingerprint,
            labels=self._labels % 2**64,
            first=self._first,
            seen=Seen.of(self._seen),
            **counts,
        )

    def _tally(self, name: str, found: "_Found") -> Tally:
        rows = sorted(found.places)
        example = None
        if (name, found.level) not in self._shown:
            self._shown.add((name, found.level))
            shown = found.show(found.reason) if found.show else {}
            example = Example(found.first or rows[0], found.reason, level=found.level, **shown)
        first, causes = tuple(rows[:ROWS_SHOWN]), dict(found.causes)
        return Tally(len(rows), found.level, first, causes, example, len(found.refused))


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
