"""What of a conversation is supervised: the settings of `prepare` and `prepare_batch`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatshift.errors import ChatshiftError

ALLOWED = {
    "supervise": ["last", "all"],
    "boundary": ["prompt", "answer"],
    "control_tokens": ["error", "text", "allow"],
}


@dataclass(frozen=True)
class Settings:
    """The settings, with the names and meanings of the arguments of `prepare`."""

    supervise: str = "last"
    boundary: str = "prompt"
    strip_bos: bool = False
    mask_tail: bool = False
    control_tokens: str = "error"
    stop_tokens: tuple[str, ...] = ()
    template_kwargs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, allowed in ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ChatshiftError(f"{name}={value!r} is not known; choose from {allowed}.")
        for name in ("strip_bos", "mask_tail"):
            if not isinstance(getattr(self, name), bool):
                raise ChatshiftError(f"{name}={getattr(self, name)!r} must be True or False.")

    @classmethod
    def of(
        cls,
        *,
        stop_tokens: Iterable[str] | None = None,
        template_kwargs: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> "Settings":
        """Return the settings as a caller gives them, checked."""
        stops = stop_tokens if isinstance(stop_tokens, str) else tuple(stop_tokens or ())
        if isinstance(stops, str) or not all(isinstance(stop, str) for stop in stops):
            raise ChatshiftError(
                f"stop_tokens={stops!r} must be a list of tokens as text, such as ['<|user|>']."
            )
        if template_kwargs is not None and not isinstance(template_kwargs, Mapping):
            raise ChatshiftError(f"template_kwargs={template_kwargs!r} must be a dict.")
        others = {name: value for name, value in others.items() if value is not None}
        return cls(stop_tokens=stops, template_kwargs=dict(template_kwargs or {}), **others)


@dataclass(frozen=True)
class BatchSettings:
    """What `prepare_batch` and `TablePreparer` decide beside the labels."""

    shifted: bool
    max_length: int | None = None
    errors: str = "raise"

    def __post_init__(self) -> None:
        if not isinstance(self.shifted, bool):
            raise ChatshiftError(
                f"shifted={self.shifted!r} must be True or False: False for a model or trainer "
                "that shifts inside, True for a loss you write yourself."
            )
        length = self.max_length
        whole = isinstance(length, int) and not isinstance(length, bool)
        if length is not None and (not whole or length < 1):
            raise ChatshiftError(f"max_length={length!r} must be a number of tokens, 1 or more.")
        if self.errors not in ("raise", "collect"):
            raise ChatshiftError(
                f"errors={self.errors!r} is not known; choose from ['raise', 'collect']."
            )
