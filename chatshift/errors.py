"""Every refusal of this package: one family, so that one `except` catches all of it."""


class ChatshiftError(ValueError):
    """The base of all errors that are raised here on purpose.

    Example:
        >>> from chatshift import ChatshiftError, mask_prompt
        >>> try:
        ...     mask_prompt([7, 8], 2)
        ... except ChatshiftError as refusal:
        ...     print(type(refusal).__name__)
        LabelError

    Chapter: the first page.
    """

    cause: str = ""
    """A short name for the cause, where there are several."""

    def __init__(self, *args: object, cause: str = "") -> None:
        super().__init__(*args)
        if cause:
            self.cause = cause


class MessageError(ChatshiftError):
    """The conversation itself is wrong: its types, its roles, its order, or its content.

    Example:
        >>> from chatshift import load_tokenizer, render
        >>> render([], load_tokenizer())
        Traceback (most recent call last):
        chatshift.errors.MessageError: There are no messages. Pass at least one user message and \
an answer.

    Chapter: 1, The chat template.
    """


class TemplateError(ChatshiftError):
    """The chat template is missing, refused the conversation, or left the answer out.

    Example:
        >>> from chatshift import load_tokenizer, render
        >>> tokenizer = load_tokenizer()
        >>> tokenizer.chat_template = "{{ raise_exception('no system message, please') }}"
        >>> render([{"role": "user", "content": "Hi"}], tokenizer)
        Traceback (most recent call last):
        chatshift.errors.TemplateError: The chat template refused these messages (user): no \
system message, please

    Chapter: 1, The chat template.
    """


class TokenizeError(ChatshiftError):
    """The text cannot be encoded.

    Example:
        >>> from chatshift import load_tokenizer, tokenize
        >>> tokenize(None, load_tokenizer())
        Traceback (most recent call last):
        chatshift.errors.TokenizeError: Only text can be tokenized, not NoneType: None

    Chapter: 3, Tokenization.
    """


class BoundaryError(ChatshiftError):
    """The prompt is no prefix of the full conversation, so no prompt length is right.

    `cause` is a short name for the likely cause, `position` the first differing token.

    Example:
        >>> from chatshift import BoundaryError, load_tokenizer, prepare
        >>> user, answer = {"role": "user"}, {"role": "assistant"}
        >>> messages = [{**user, "content": "Hi"}, {**answer, "content": "\\nYes"}]
        >>> try:
        ...     prepare(messages, load_tokenizer())
        ... except BoundaryError as refusal:
        ...     print(refusal.cause, refusal.position)
        BPE merge 10

    Chapter: 3, Tokenization.
    """

    def __init__(self, message: str, cause: str, position: int) -> None:
        super().__init__(message, cause, position)  # all three, so that pickle can rebuild it
        self.cause = cause
        self.position = position

    def __str__(self) -> str:
        return self.args[0]


class LabelError(ChatshiftError):
    """The ids and labels do not fit each other, or no label is left to learn from.

    Example:
        >>> from chatshift import shift
        >>> shift([5], [5])
        Traceback (most recent call last):
        chatshift.errors.LabelError: There are 1 tokens. A shift needs at least two: one to read \
and one to predict.

    Chapter: 6, Shift.
    """
