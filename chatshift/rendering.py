"""Steps 1 and 2 as `prepare` uses them: one way to render, whatever is rendered."""

from typing import Any, NamedTuple

from chatshift.control import break_control_tokens
from chatshift.encoding import Encoded
from chatshift.errors import MessageError
from chatshift.messages import Conversation
from chatshift.steps.render import strip_bos
from chatshift.template import apply_template

# A character of the private use area: it stands in no template, and text hardly ever holds it.
MARK = "\ue0f5"


class Rendering(NamedTuple):
    """The settings that every render of one conversation shares."""

    tokenizer: Any
    strip_bos: bool
    control_as_text: bool
    template_kwargs: dict

    def text(self, messages: Conversation, add_generation_prompt: bool = False) -> str:
        """Return the rendered text."""
        text = apply_template(
            messages,
            self.tokenizer,
            add_generation_prompt=add_generation_prompt,
            template_kwargs=self.template_kwargs,
        )
        return strip_bos(text, self.tokenizer) if self.strip_bos else text

    def encoded(self, messages: Conversation, add_generation_prompt: bool = False) -> Encoded:
        """Return the rendered text with its ids; control tokens in the content stay text."""
        text = self.text(messages, add_generation_prompt)
        if not self.control_as_text:
            return Encoded(text, self.tokenizer)
        broken = break_control_tokens(messages, self.tokenizer, MARK)
        if broken == list(messages):
            return Encoded(text, self.tokenizer)
        # Rendered once more with a mark inside each such token: the text is cut at the marks.
        pieces = self.text(broken, add_generation_prompt).split(MARK)
        if "".join(pieces) != text:
            raise MessageError(
                "control_tokens='text' cannot keep the control tokens in this conversation as "
                "text: the template treats them as more than text. Remove them from the content."
            )
        cuts, length = [], 0
        for piece in pieces[:-1]:
            length += len(piece)
            cuts.append(length)
        return Encoded(text, self.tokenizer, cuts)
