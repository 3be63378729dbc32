"""What is asked of the Hugging Face hub: first of all, once, whether it can be reached."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from chatshift.errors import ChatshiftError
from chatshift.tiny import load_tokenizer

NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
SECONDS = 5
ADVICE = "Name a folder with tokenizer.json, or a model on the Hugging Face hub."


@cache
def is_reachable() -> bool:
    """Return whether the hub answers; without it, its library would try for a minute."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=SECONDS).close()
    except HTTPError:  # an answer, if no kind one
        return True
    except OSError:
        return False
    return True


def tokenizer_of(name: str | None) -> Any:
    """Return the tokenizer; raise with what to do where it cannot be loaded."""
    if name is None or Path(name).is_dir():
        return _loaded(name)
    if not NAME.fullmatch(name):
        raise ChatshiftError(f"The tokenizer {name!r} cannot be loaded: no such folder. {ADVICE}")
    if is_reachable():
        return _loaded(name)
    from huggingface_hub import constants
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ChatshiftError(
            f"The tokenizer {name!r} cannot be loaded: it is no folder, it was not downloaded "
            f"before, and {constants.ENDPOINT} cannot be reached. {ADVICE}"
        ) from error


def _loaded(name: str | None) -> Any:
    try:
        return load_tokenizer(name)
    except (OSError, ValueError, ImportError, KeyError) as error:
        first = str(error).strip().split("\n")[0]
        raise ChatshiftError(
            f"The tokenizer {name!r} cannot be loaded: {first} {ADVICE}"
        ) from error


def config_of(name: str, file: str) -> Path | None:
    """Return a file of a model on the hub; nothing where it has none, or cannot be reached."""
    from transformers.utils import cached_file

    if not NAME.fullmatch(name):
        return None
    quietly = dict.fromkeys(
        (
            "_raise_exceptions_for_gated_repo",
            "_raise_exceptions_for_missing_entries",
            "_raise_exceptions_for_connection_errors",
        ),
        False,
    )
    try:
        found = cached_file(name, file, local_files_only=not is_reachable(), **quietly)
    except (OSError, ValueError):
        return None
    return Path(found) if found else None
