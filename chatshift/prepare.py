"""The six steps composed."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from chatshift.errors import TemplateError
from chatshift.messages import Conversation
from chatshift.settings import Settings
from chatshift.steps.labels import copy_labels
from chatshift.steps.mask import mask_outside, mask_prompt
from chatshift.steps.prompt import render_prompt
from chatshift.steps.render import render
from chatshift.steps.render import strip_bos as without_bos
from chatshift.steps.shift import shift
from chatshift.steps.tokens import tokenize
from chatshift.supervise.answers import check_conversation
from chatshift.supervise.details import details_of
from chatshift.supervise.encoder import cuts_of
from chatshift.supervise.supervision import Source, Supervision
from chatshift.trace import Trace


def prepare(
    messages: Conversation,
    tokenizer: Any,
    *,
    tools: Any = None,
    supervise: str = "last",
    boundary: str = "prompt",
    strip_bos: bool = False,
    mask_tail: bool = False,
    control_tokens: str = "error",
    stop_tokens: Iterable[str] | None = None,
    template_kwargs: dict | None = None,
) -> Trace:
    """Return every value of the six steps for one conversation.

    Args:
        messages: `{"role": ..., "content": ...}` each, the assistant's answer last; also with tool
            calls, a thought (`reasoning_content`), or `weight` 0 on answers not to be learned.
        tokenizer: a transformers tokenizer with a chat template.
        tools: functions, or JSON schemas of them, that the model may call.
        supervise: `"last"`: learn what follows the last prompt. `"all"`: learn each assistant
            message, from the end of its generation prompt to the end of its turn.
        boundary: `"prompt"`: the prompt must be a prefix of the conversation, as text and as ids.
            `"answer"`: the same where it is one; else learn the answer from where the template's
            text departs from its generation prompt.
        strip_bos: remove the BOS token that the template wrote, as the book's chapters do.
        mask_tail: mask what the template writes after the token that ends the answer's turn.
        control_tokens: `"error"` refuses content that would become control tokens, `"text"` keeps
            it as ordinary text, `"allow"` lets it through.
        stop_tokens: further tokens at which the model's generation stops, beside its EOS token.
        template_kwargs: passed to the chat template.

    Returns:
        A `Trace`. Its `input_ids` and `labels` are shifted, for a loss you write yourself; its
        `for_transformers()` is not, for a model that shifts inside.

    Raises:
        MessageError: the conversation is wrong, or its content holds control tokens.
        TemplateError: there is no template, it refused, or it left out what would be learned.
        TokenizeError: the text cannot be encoded.
        BoundaryError: the prompt is no prefix of the conversation.
        LabelError: no label would be left to learn from.

    Example:
        >>> from chatshift import load_tokenizer, prepare
        >>> messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
        >>> trace = prepare(messages, load_tokenizer(), strip_bos=True)
        >>> trace
        Trace(2 messages, 12 tokens: 10 prompt, 2 supervised; shifted to 11 pairs)
        >>> [trace.pieces[position] for position in trace.supervised]
        ['Yes', '<end_of_turn>']
        >>> trace.dropped
        Dropped(input_id=4, label=-100)

    Chapter: 7, What gets dropped, and every chapter before it.
    """
    settings = Settings.of(
        supervise=supervise,
        boundary=boundary,
        strip_bos=strip_bos,
        mask_tail=mask_tail,
        control_tokens=control_tokens,
        stop_tokens=stop_tokens,
        template_kwargs=template_kwargs,
    )
    keywords = settings.template_kwargs | ({} if tools is None else {"tools": tools})
    supervision, source = Supervision(tokenizer, settings), Source(messages, tools)

    check_conversation(messages, supervise)
    full_text = render(messages, tokenizer, **keywords)
    full_text = without_bos(full_text, tokenizer) if strip_bos else full_text
    spans = supervision.spans(source, full_text)
    full_ids = tokenize(full_text, tokenizer, cuts=cuts_of(spans.text))
    spans, row = supervision.row(source, spans, full_ids)
    details = details_of(source, spans, row, supervision)
    last = details.turns[-1]
    prompt_text = _prompt_text(messages[: last.message + 1], tokenizer, keywords, settings)
    if not (prompt_text and full_text.startswith(prompt_text)):  # only with boundary="answer"
        prompt_text = "".join(details.pieces[: last.start])

    unmasked_labels = copy_labels(full_ids)
    masked_labels = mask_prompt(unmasked_labels, details.turns[0].start)
    masked_labels = mask_outside(masked_labels, row.turns.tolist())
    shifted = shift(full_ids, masked_labels)
    return Trace(
        messages=tuple(deepcopy([dict(message) for message in messages])),
        full_text=full_text,
        prompt_text=prompt_text,
        full_ids=tuple(full_ids),
        prompt_ids=tuple(full_ids[: last.start]),
        unmasked_labels=tuple(unmasked_labels),
        masked_labels=tuple(masked_labels),
        input_ids=tuple(shifted.input_ids),
        labels=tuple(shifted.labels),
        **details._asdict(),
    )


def _prompt_text(messages: Conversation, tokenizer: Any, keywords: dict, settings: Settings) -> str:
    """Return step 2's text; empty where the template refuses to open an answer there."""
    try:
        text = render_prompt(messages, tokenizer, **keywords)
    except TemplateError:
        return ""  # only with boundary="answer": for "prompt", every prompt was rendered before
    return without_bos(text, tokenizer) if settings.strip_bos else text
