"""What the audit of some rows counts, until it becomes a report."""

from collections import Counter
from typing import Any

from chatshift.audit.findings import FINDINGS, LEVELS
from chatshift.audit.report import ROWS_SHOWN, Example, FileAccount, Report, Tally
from chatshift.audit.seen import Seen
from chatshift.formats.records import Broken, Place
from chatshift.supervise.account import Account

LAST_TURN = 64  # answers beyond are counted together with this one


class Collector:
    """Counts, in plain dicts; one for each chunk of rows."""

    def __init__(self, fingerprint: dict[str, Any]) -> None:
        self._fingerprint = fingerprint
        self._files: dict[str, Counter] = {}
        self._formats: dict[str, Counter] = {}
        self._flags: dict[str, Counter] = {}
        self._counts: dict[str, Counter] = {
            name: Counter() for name in ("origins", "roles", "turns", "lengths", "shares")
        }
        self._tallies: dict[str, list] = {}
        self._seen: list[tuple[Place, int, int]] = []
        self.prepared = self.rejected = self._labels = 0

    def count_row(self, place: Place) -> None:
        """Count a row, or a line that holds none."""
        self._files.setdefault(place.file, Counter())["rows"] += 1

    def count_format(self, place: Place, name: str) -> None:
        """Count a row of a format."""
        self._formats.setdefault(place.file, Counter())[name] += 1

    def count_flags(self, place: Place, names: tuple[str, ...]) -> None:
        """Count the flags that became weights."""
        self._flags.setdefault(place.file, Counter()).update(names)

    def broken(self, broken: Broken) -> None:
        """Count what is no row, or no conversation."""
        self.rejected += 1
        self.found(broken.id, broken.place, reason=broken.reason, cause=broken.reason)

    def found(
        self,
        name: str,
        place: Place,
        *,
        reason: str = "",
        cause: str = "",
        level: str = "",
        example: Any = None,
    ) -> None:
        """Count a finding; `example` makes the pieces to show, if this is the first row."""
        level = level or FINDINGS[name].level
        if name not in self._tallies:
            pieces = example() if example else ()
            self._tallies[name] = [0, level, [], Counter(), Example(tuple(pieces), reason)]
        tally = self._tallies[name]
        if tally[2] and tally[2][-1] == place and not cause:
            return
        tally[0] += 1
        tally[1] = max(tally[1], level, key=LEVELS.index)
        if len(tally[2]) < ROWS_SHOWN and place not in tally[2][-1:]:
            tally[2].append(place)
        if cause:
            tally[3][cause[:200]] += 1

    def count(self, account: Account, roles: list[Any]) -> None:
        """Count the tokens of a row."""
        self.prepared += 1
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

    def remember(self, place: Place, labelled: int, prompt: int) -> None:
        """Remember a row by the hashes of its labels and of its prompt."""
        self._seen.append((place, labelled, prompt))
        self._labels += labelled

    def report(self) -> Report:
        """Return the report of what was counted."""
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
            tallies={
                name: Tally(count, level, tuple(rows), dict(causes), example)
                for name, (count, level, rows, causes, example) in self._tallies.items()
            },
            fingerprint=self._fingerprint,
            labels=self._labels % 2**64,
            seen=Seen.of(self._seen),
            **{name: {k: v for k, v in c.items() if v} for name, c in self._counts.items()},
        )
