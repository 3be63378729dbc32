"""Every refusal of this package: one family, so that one `except` catches all of it."""


class ChatshiftError(ValueError):
    """The base of all errors that are raised here on purpose."""


class MessageError(ChatshiftError):
    """The conversation itself is wrong: its types, its roles, its order, or its content."""


class TemplateError(ChatshiftError):
    """The chat template is missing, refused the conversation, or left the answer out."""


class TokenizeError(ChatshiftError):
    """The text cannot be encoded."""


class BoundaryError(ChatshiftError):
    """The prompt is no prefix of the full conversation, so no prompt length is right.

    `cause` is a short name for the likely cause, `position` the first differing token.
    """

    def __init__(self, message: str, cause: str, position: int) -> None:
        super().__init__(message, cause, position)  # all three, so that pickle can rebuild it
        self.cause = cause
        self.position = position

    def __str__(self) -> str:
        return self.args[0]


class LabelError(ChatshiftError):
    """The ids and labels do not fit each other, or no label is left to learn from."""
