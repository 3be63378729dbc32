"""What a tokenizer and its folder say: where generation stops, how texts start, what pads."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from chatshift.audit.hub import config_of
from chatshift.errors import ChatshiftError
from chatshift.supervise.supervision import Supervision
from chatshift.tiny import FOLDER

CONFIG = "generation_config.json"
BUNDLED = "the bundled one"


class TokenizerFacts:
    """Facts that the checks of every row need, each read once."""

    def __init__(self, supervision: Supervision) -> None:
        self.supervision = supervision
        self.tokenizer = supervision.tokenizer
        self.bos: int | None = self.tokenizer.bos_token_id
        self.pad: int | None = self.tokenizer.pad_token_id

    @cached_property
    def stops(self) -> frozenset[int]:
        """The tokens at which generation stops, as far as the folder and the settings tell."""
        ids = self.generation_config.get("eos_token_id")
        ids = ids if isinstance(ids, list) else [ids]
        return self.supervision.stops | {i for i in ids if isinstance(i, int)}

    @cached_property
    def generation_config(self) -> dict[str, Any]:
        """What stands in the model's `generation_config.json`; empty where there is none."""
        source = str(getattr(self.tokenizer, "name_or_path", "") or "")
        if not source:
            return {}
        path = Path(source, CONFIG) if Path(source).is_dir() else config_of(source, CONFIG)
        try:
            found = json.loads(path.read_text(encoding="utf-8")) if path else {}
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def expects_bos(self) -> str:
        """Who starts texts with a BOS token: `template`, `tokenizer`, or nobody."""
        if self.bos is None:
            return ""
        try:
            rule = self.supervision.rule()
            probe = rule.template.render([{"role": "user", "content": "Hi"}])
        except ChatshiftError:
            probe = ""
        # What the settings strip, the template has written.
        stripped = self.supervision.settings.strip_bos and self.tokenizer.bos_token
        if probe.startswith(self.tokenizer.bos_token) or stripped:
            return "template"
        return "tokenizer" if self.tokenizer("Hi")["input_ids"][:1] == [self.bos] else ""

    def name(self, token_id: int) -> str:
        """Return a token as text, with its id."""
        return f"{self.tokenizer.convert_ids_to_tokens(int(token_id))!r} ({token_id})"

    @cached_property
    def called(self) -> str:
        """What to call the tokenizer: `BUNDLED`, as long as its template is the bundled one."""
        source = str(getattr(self.tokenizer, "name_or_path", "") or "")
        if not (source and Path(source).resolve() == FOLDER.resolve()):
            return source
        template = (FOLDER / "chat_template.jinja").read_text(encoding="utf-8")
        return BUNDLED if self.tokenizer.chat_template == template else f"{source}, changed"

    def stops_in_words(self) -> str:
        """Return where generation stops, and who says so."""
        names = ", ".join(self.name(one) for one in sorted(self.stops)) or "nowhere"
        where = f"the tokenizer and {CONFIG}" if self.generation_config else "the tokenizer"
        return f"generation stops at {names}, say {where}"

    def fingerprint(self) -> dict[str, str]:
        """Return hashes of the chat template and of the tokenizer."""
        template = json.dumps(self.tokenizer.chat_template, sort_keys=True)
        return {"template": _hash(template), "tokenizer": _hash(_as_text(self.tokenizer))}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _as_text(tokenizer: Any) -> str:
    """Return everything that decides the ids of a text."""
    if tokenizer.is_fast:
        return tokenizer.backend_tokenizer.to_str()
    added = {i: repr(token) for i, token in tokenizer.added_tokens_decoder.items()}
    return json.dumps([sorted(tokenizer.get_vocab().items()), sorted(added.items())])
