"""Every kind of note: what the template or the tokenizer did that an author may not expect."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of note: what it means, and what to do about it."""

    meaning: str
    remedy: str
    at: str = "start"
    """Where in its turn it shows: at the `start`, after the `end`, at the `last` token."""


NOTES = {
    "content left out": Kind(
        "The template does not write this message, which is not learned itself.",
        "Put it where the template writes it, or use another template.",
    ),
    "call left out": Kind(
        "The template does not write the tool call of this message, which is not learned itself.",
        "Use a template that writes tool calls.",
    ),
    "thought left out": Kind(
        "The template does not write the thought of this message.",
        "unroll gives one row for each answer, with its thought, where only earlier ones are lost.",
    ),
    "key not read": Kind(
        "The template does not read this key of a message, so what stands there is not learned.",
        "Nothing, if it is no part of the conversation; else say it in the content.",
    ),
    "keyword not read": Kind(
        "The template does not read these keywords, or the tools, so the model does not see them.",
        "Mend their names; or use a template that reads them.",
    ),
    "answer changed": Kind(
        "The template did not write this answer as it is, but without white space at its edges, "
        "or in other words.",
        "Write it as the template does.",
    ),
    "answer not located": Kind(
        "The template writes other text around this answer than around another; it is learned "
        "from the end of its prompt to the end of the text.",
        "Look at the trace, and use another template if it is not what you want.",
    ),
    "list content printed": Kind(
        "The template printed a list of parts as a list.", "Join the parts into one string."
    ),
    "text before the answer": Kind(
        "The template writes text before the answer that its generation prompt does not supply, "
        "so the model must write it: it is learned too.",
        "Nothing, if the model shall write it.",
    ),
    "header learned": Kind(
        "The template ignores add_generation_prompt, so the model must write the header of its "
        "turn: it is learned too.",
        "Add a generation prompt to the template, if the model is used with one.",
    ),
    "generation prompt not matched": Kind(
        "The generation prompt supplies text that does not stand before this answer, such as an "
        "empty thought.",
        "Pass the keywords with which the model is used (template_kwargs).",
    ),
    "prompts sampled": Kind(
        "There are so many answers that not every prompt was rendered; the others stand after the "
        "same generation prompt in the ids.",
        "Nothing; or unroll, which proves every one.",
    ),
    "token across the start": Kind(
        "A token holds text of the template and the start of the answer, so it is masked.",
        "Let the answer start with a character that does not merge.",
    ),
    "no end of turn": Kind(
        "No control token ends this answer, so the model does not learn to stop.",
        "Name what stops your model (stop_tokens), or use a template that ends answers.",
        at="last",
    ),
    "tail after the end of turn": Kind(
        "The template writes text after the end of the turn, and it is learned too.",
        "Pass mask_tail=True.",
        at="end",
    ),
}


class Finding(NamedTuple):
    """A note before its place in tokens is known."""

    name: str
    """One of `NOTES`."""
    message: int
    text: str
    """What was found there, in words."""


def quote(text: str, most: int = 60) -> str:
    """Return a text in quotes, its end cut off where it is long."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")
