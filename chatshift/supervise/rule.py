"""Phase 1, in characters: the rule for a turn, for one template and its settings."""

import json
from functools import lru_cache
from typing import Any

from chatshift.messages import without_weights
from chatshift.settings import Settings
from chatshift.supervise.answers import check_conversation
from chatshift.supervise.coverage import check_coverage, check_words
from chatshift.supervise.frame import match_frames
from chatshift.supervise.notes import Finding, quote
from chatshift.supervise.plain_rows import PlainShape, plain_contents, read_shape
from chatshift.supervise.rendered import Rendered, said_spans
from chatshift.supervise.smuggled import (
    check_contents,
    check_given,
    check_joined,
    check_unmarked,
    keep_as_text,
)
from chatshift.supervise.spans import Said, Spans, borders_of
from chatshift.supervise.stand_ins import marks_for
from chatshift.supervise.turns import TurnFinder
from chatshift.supervise.unread import check_keys
from chatshift.template.chat_template import ChatTemplate
from chatshift.template.control_tokens import ControlTokens
from chatshift.template.turn_format import TurnFormat

SHAPES = 1024


class Rule:
    """Finds the supervised turns of rows in the text that one template writes for them."""

    def __init__(
        self,
        template: ChatTemplate,
        tokens: ControlTokens,
        settings: Settings,
        turn_format: TurnFormat,
    ) -> None:
        self.template = template
        self.tokens = tokens
        self.settings = settings
        self.finder = TurnFinder(template, tokens, settings, turn_format)
        if settings.control_tokens != "allow":
            check_given(template, tokens)
        self.shape = lru_cache(maxsize=SHAPES)(self._shape)

    def spans(self, messages: Any, text: str | None = None) -> Spans:
        """Return a conversation with its turns; raise the error that refuses it.

        `text` is what the template writes for it, if that is known.
        """
        plain = plain_contents(messages, self.tokens.unknown)
        if plain is not None and self.settings.control_tokens == "text":
            kept = any(map(self.tokens.find, plain.contents))
            plain = None if kept else plain
        if plain is not None and (shape := self.shape(plain.roles)):
            text = self.template.render(messages) if text is None else text
            if spans := shape.spans(messages, plain.contents, text, self.finder):
                return spans
        return self.own_spans(messages, text)

    def own_spans(self, messages: Any, text: str | None = None) -> Spans:
        """Return the same for a row of any kind, by a frame of its own."""
        row = self.rendered(messages, text)
        control = self.tokens.find(row.text)
        guarded = self.settings.control_tokens != "allow"
        if guarded:
            check_contents(row, self.tokens)
        findings = check_coverage(row, self.tokens, self.finder.format)
        if not row.matched.exact:
            findings += check_words(row)
        findings += check_keys(row, self.template)
        if guarded:
            check_joined(row, control, self.template, self.tokens)
        edges, more = self.finder.find(row)
        findings += [*changes(row), *more]
        borders = borders_of(row.text, control, edges, self.tokens.loose)
        ids = tuple(token.id for token in control)
        return Spans(row.text, ids, borders, tuple(findings), tuple(edges), said_spans(row))

    def said(self, messages: Any, spans: Spans) -> tuple[Said, ...]:
        """Return where what the messages say stands in the text of their spans."""
        if spans.edges:
            return spans.said
        plain = plain_contents(messages, self.tokens.unknown)
        shape = self.shape(plain.roles) if plain else None
        return shape.said(plain.contents, spans.text) if plain and shape else ()

    def rendered(self, messages: Any, text: str | None = None) -> Rendered:
        """Return a conversation of any kind, compared with a frame of its own."""
        checked, supervised = check_conversation(messages, self.settings.supervise)
        row = without_weights(checked)
        text = self.template.render(row) if text is None else text
        check_unmarked(text)
        if self.settings.control_tokens == "text":
            row, text = keep_as_text(row, text, self.template, self.tokens)
        allowed = self.settings.control_tokens == "allow"
        marks = marks_for(text)
        matched = match_frames(text, row, marks, self.template, self.tokens, allowed=allowed)
        return Rendered(row, supervised, text, matched)

    def _shape(self, roles: tuple[str, ...]) -> PlainShape | None:
        return read_shape(roles, self.settings, self.finder)


def changes(row: Rendered) -> list[Finding]:
    """Return notes on content that the template did not write as it is.

    Only of content: the white space around a thought or a tool's result is the template's to set.
    """
    findings = []
    for k, message in enumerate(row.messages):
        content = message["content"]
        texts = [content]
        if not isinstance(content, str):
            texts = [part["text"] for part in content]
            printed = (repr(content), json.dumps(content), json.dumps(content, ensure_ascii=False))
            if form := next((form for form in printed if form in row.text), None):
                wording = f"The template wrote the list itself: {quote(form)}."
                findings.append(Finding("list content printed", k, wording))
                continue
        if k in row.supervised and (how := _how_changed(row, k, texts)):
            wording = f"The template {how} for {quote(''.join(texts))}."
            findings.append(Finding("answer changed", k, wording))
    return findings


def _how_changed(row: Rendered, k: int, texts: list[str]) -> str:
    """Return what the template did to an answer's content; nothing where it stands as it is."""
    said, parts, content = row.said(k), row.parts(k), "".join(texts)
    if said is None or all(part.kind != "content" for part in parts):
        return ""
    written = row.text[slice(*said)]
    kept = [part for part in parts if part not in row.frame.missing(k, parts)]
    if len(kept) == 1 < len(parts) and written == kept[0].text:
        return ""  # but for what a note names as left out
    if written == content if len(parts) == 1 else _stand_in(written, texts):
        return ""
    trimmed = content.strip() in written if len(parts) > 1 else written == content.strip()
    how = "removed white space at the answer's edges" if trimmed else "rewrote the answer"
    return f"{how}: it wrote {quote(written)}"


def _stand_in(written: str, texts: list[str]) -> bool:
    """Return whether the texts stand as they are in another, one after the other."""
    end = 0
    for text in texts:
        start = written.find(text, end)
        if start < 0:
            return False
        end = start + len(text)
    return True
