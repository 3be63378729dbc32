"""Exactly what a chat model is trained on, step by step."""

from chatshift.audit.batch_audit import audit_batch
from chatshift.audit.callback import AuditCallback
from chatshift.audit.report import Report
from chatshift.audit.run import audit
from chatshift.batch.collate import collate
from chatshift.batch.prepare_batch import prepare_batch
from chatshift.batch.record import Batch
from chatshift.batch.tables import TablePreparer
from chatshift.errors import (
    BoundaryError,
    ChatshiftError,
    LabelError,
    MessageError,
    TemplateError,
    TokenizeError,
)
from chatshift.loss.next_token import next_token_loss
from chatshift.loss.who_shifts import who_shifts
from chatshift.prepare import prepare
from chatshift.steps.labels import copy_labels
from chatshift.steps.mask import IGNORE_INDEX, mask_prompt
from chatshift.steps.prompt import render_prompt
from chatshift.steps.render import render, strip_bos
from chatshift.steps.shift import Shifted, shift
from chatshift.steps.tokens import tokenize
from chatshift.supervise.answers import unroll
from chatshift.tiny import load_tokenizer, tiny_model
from chatshift.trace import Trace

__version__ = "0.1.0"
__all__ = [
    "IGNORE_INDEX",
    "AuditCallback",
    "Batch",
    "BoundaryError",
    "ChatshiftError",
    "LabelError",
    "MessageError",
    "Report",
    "Shifted",
    "TablePreparer",
    "TemplateError",
    "TokenizeError",
    "Trace",
    "audit",
    "audit_batch",
    "collate",
    "copy_labels",
    "load_tokenizer",
    "mask_prompt",
    "next_token_loss",
    "prepare",
    "prepare_batch",
    "render",
    "render_prompt",
    "shift",
    "strip_bos",
    "tiny_model",
    "tokenize",
    "unroll",
    "who_shifts",
]
