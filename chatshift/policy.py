"""What is to be learned of a conversation: the settings of `prepare` and `prepare_batch`."""

from typing import NamedTuple

from chatshift.errors import ChatshiftError


class Policy(NamedTuple):
    """The settings, with the names and meanings of the arguments of `prepare`."""

    supervise: str = "last"
    boundary: str = "prompt"
    strip_bos: bool = False
    mask_tail: bool = False
    control_tokens: str = "error"
    template_kwargs: dict = {}  # noqa: RUF012 - never written to


def check_policy(policy: Policy) -> None:
    """Raise `ChatshiftError` at a setting that is not known."""
    for name, allowed in (
        ("supervise", ["last", "all"]),
        ("boundary", ["prompt", "answer"]),
        ("control_tokens", ["error", "text", "allow"]),
    ):
        value = getattr(policy, name)
        if value not in allowed:
            raise ChatshiftError(f"{name}={value!r} is not known; choose from {allowed}.")
