"""What an audit is asked for."""

from dataclasses import dataclass, field
from typing import Any

from chatshift.errors import ChatshiftError
from chatshift.formats.detect import check_format
from chatshift.settings import BatchSettings, Settings


@dataclass(frozen=True)
class AuditSettings:
    """The settings of `prepare_batch`, and how the rows are read."""

    supervision: Settings = field(default_factory=Settings)
    max_length: int | None = None
    format: str | None = None
    sample: int | None = None

    def __post_init__(self) -> None:
        BatchSettings(shifted=False, max_length=self.max_length)
        check_format(self.format)
        whole = isinstance(self.sample, int) and not isinstance(self.sample, bool)
        if self.sample is not None and not (whole and self.sample > 0):
            raise ChatshiftError(f"sample={self.sample!r} must be a number of rows, 1 or more.")

    @classmethod
    def of(
        cls,
        *,
        max_length: int | None = None,
        format: str | None = None,
        sample: int | None = None,
        **settings: Any,
    ) -> "AuditSettings":
        """Return the settings as a caller gives them, checked."""
        if unknown := sorted(settings.keys() - Settings.__dataclass_fields__.keys()):
            known = sorted(Settings.__dataclass_fields__)
            raise ChatshiftError(f"{unknown[0]!r} is no setting; choose from {known}.")
        return cls(Settings.of(**settings), max_length, format, sample)

    def as_json(self) -> dict[str, Any]:
        """Return what the labels depend on, as plain values."""
        shown = {name: getattr(self.supervision, name) for name in Settings.__dataclass_fields__}
        shown["stop_tokens"] = list(shown["stop_tokens"])
        return {
            **shown,
            "max_length": self.max_length,
            "format": self.format,
            "sample": self.sample,
        }
