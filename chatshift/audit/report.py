"""A report is a value: reports of parts of a data set add up to the report of the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatshift.audit.batch_findings import KINDS, remedy_of
from chatshift.audit.defaults import described
from chatshift.audit.findings import LEVELS
from chatshift.audit.parts import ROWS_SHOWN, Example, FileAccount, Finding, Tally, added
from chatshift.audit.seen import Seen
from chatshift.audit.tokenizer_facts import BUNDLED
from chatshift.errors import ChatshiftError
from chatshift.formats.records import Place


@dataclass(frozen=True, repr=False)
class Report:
    """What a data set trains, token by token, and what was found in it.

    Reports of parts add up to the report of the whole, in any order.

    Example:
        >>> from chatshift import audit, load_tokenizer
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> report = audit([{"messages": messages}, {"messages": []}], load_tokenizer())
        >>> report.tokens, report.supervised, [finding.id for finding in report.findings]
        (13, 2, ['refused', 'other-defaults'])

    Chapter: 18, Your own data.
    """

    files: Mapping[str, FileAccount] = field(default_factory=dict)
    """What was read from each file."""
    prepared: int = 0
    """How many conversations became rows."""
    rejected: int = 0
    """How many lines, rows and conversations did not."""
    origins: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """Tokens by their origin, and whether they are supervised."""
    roles: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """Tokens by the role that says them (`template` for the rest), and whether supervised."""
    turns: Mapping[int, int] = field(default_factory=dict)
    """Supervised tokens by the number of the answer in its conversation, from 1."""
    lengths: Mapping[int, int] = field(default_factory=dict)
    """Rows by their length, as the next power of two."""
    shares: Mapping[int, int] = field(default_factory=dict)
    """Rows by the share of their tokens that is supervised, in tenths rounded down."""
    others: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By other tool: `rows` counted, `tokens` it would supervise, and those supervised `here`."""
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    """What was found, by its id."""
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    """What the labels depend on, and a sum of the labels; empty where nothing was audited."""
    labels: int = 0
    """The sum of the hashes of all labelled rows."""
    read: int = 0
    """How many rows were read, where only a sample of them was audited."""
    first: Place | None = None
    """The first row that was prepared."""
    seen: Seen = field(default_factory=Seen)
    """What tells copies apart."""
    copied: Mapping[Place, str] = field(default_factory=dict)
    """The texts of copies, by the row that is shown; of the first one, where it was looked up."""
    tokenizer: str = ""
    """The name or folder of the tokenizer; `the bundled one` where it is that with its template."""

    def __add__(self, other: "Report") -> "Report":
        if self.fingerprint and other.fingerprint and self.fingerprint != other.fingerprint:
            changed = [n for n, v in self.fingerprint.items() if v != other.fingerprint.get(n)]
            raise ChatshiftError(
                f"These reports do not add up: they differ in {', '.join(changed)}. Audit all "
                "parts with one tokenizer and the same settings."
            )
        counted = ("origins", "roles", "turns", "lengths", "shares", "others", "tallies", "files")
        first = [one.first for one in (self, other) if one.first]
        return Report(
            prepared=self.prepared + other.prepared,
            rejected=self.rejected + other.rejected,
            fingerprint=self.fingerprint or other.fingerprint,
            read=self.read + other.read,
            tokenizer=self.tokenizer or other.tokenizer,
            first=min(first, default=None),
            seen=self.seen + other.seen,
            labels=(self.labels + other.labels) % 2**64,
            copied=dict(sorted({**self.copied, **other.copied}.items())[:ROWS_SHOWN]),
            **{name: added(getattr(self, name), getattr(other, name)) for name in counted},
        )

    def __repr__(self) -> str:
        found = ", ".join(f"{finding.id} {finding.count}" for finding in self.findings)
        return (
            f"{type(self).__name__}({self.prepared} conversations, {self.tokens} tokens, "
            f"{self.supervised} supervised; {self.rejected} rejected; {found or 'no findings'})"
        )

    def __str__(self) -> str:
        from chatshift.audit.terminal import as_text

        return as_text(self)

    def __radd__(self, other: int) -> "Report":
        """Return the report: what `sum` starts from is 0."""
        return self if other == 0 else NotImplemented

    @property
    def is_bundled(self) -> bool:
        """Whether the bundled tokenizer was used, which is hardly that of the model."""
        return self.tokenizer == BUNDLED

    @property
    def rows(self) -> int:
        """How many rows and unreadable lines there are."""
        return sum(one.rows for one in self.files.values())

    @property
    def tokens(self) -> int:
        """How many tokens the prepared rows have."""
        return sum(self.origins.values())

    @property
    def supervised(self) -> int:
        """How many of them are supervised."""
        return sum(count for (_, learned), count in self.origins.items() if learned)

    def _copies(self) -> dict[str, Tally]:
        copies = self.seen.copies(ROWS_SHOWN)
        if copies is None:
            return {}
        causes = {"the same conversation": copies.exact, "another answer": copies.conflicts}
        causes = {cause: count for cause, count in causes.items() if count}
        level = "warning" if copies.exact else "note"
        said = self.copied.get(copies.shown, "")
        example = Example(copies.shown, copies.reason, said, level=level)
        count = copies.exact + copies.conflicts
        return {"duplicate": Tally(count, level, copies.rows, causes, example)}

    def _others(self) -> dict[str, Tally]:
        lines = list(described(self.others, self.prepared))
        if not (lines and self.first):
            return {}
        example = Example(self.first, "\n".join(lines))
        return {"other-defaults": Tally(self.prepared, "note", (self.first,), {}, example)}

    @property
    def findings(self) -> list[Finding]:
        """What was found, the worst first."""
        total = max(1, self.rows)
        tallies = {**self.tallies, **self._copies(), **self._others()}
        found = [
            Finding(
                name,
                tally.level,
                tally.count,
                min(1.0, tally.count / total),
                tally.rows,
                KINDS[name].meaning,
                remedy_of(name, bundled=self.is_bundled),
                tally.causes,
                tally.example,
                tally.refused,
            )
            for name, tally in tallies.items()
        ]
        order = list(KINDS)
        return sorted(
            found, key=lambda one: (-LEVELS.index(one.level), -one.count, order.index(one.id))
        )
