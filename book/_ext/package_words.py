"""The package's tables and sentences as one JSON, for the pages that say what the package says.

Nothing is typed twice: the tables are the package's own objects, and the sentences are read from
its source, each named by its module, its function and its place there. A page fills them in with
the values that Python would have put there.
"""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SENTENCES = (
    "messages",
    "settings",
    "values",
    "steps.mask",
    "steps.render",
    "steps.shift",
    "steps.tokens",
    "supervise.answers",
    "supervise.coverage",
    "supervise.frame",
    "supervise.resolve",
    "supervise.rule",
    "supervise.smuggled",
    "supervise.starts",
    "supervise.supervision",
    "supervise.turns",
    "supervise.unproven",
    "supervise.unread",
    "template.chat_template",
)
TABLES = {
    "messages": ("ROLES", "RENAMED", "THOUGHTS", "FLAGS"),
    "settings": ("ALLOWED",),
    "values": ("DEEPEST",),
    "steps.mask": ("IGNORE_INDEX",),
    "steps.tokens": ("ANCHOR",),
    "supervise.confirm": ("LONGEST_HEAD",),
    "supervise.coverage": ("REMEDY",),
    "supervise.notes": ("NOTES",),
    "supervise.smuggled": ("KEEP",),
    "supervise.spans": ("MARK",),
    "supervise.stand_ins": ("WORD", "NUMBER"),
    "supervise.starts": ("PROVEN", "SAMPLED"),
    "supervise.turns": ("NO_END",),
    "supervise.unproven": ("CAUSES", "WAY_OUT"),
    "supervise.unread": ("KNOWN", "OTHER_THOUGHTS"),
    "template.chat_template": ("RESERVED",),
}
Part = str | list[str]
END = "<|endoftext|>"
# The special tokens that transformers' own classes have where a configuration is silent. Building
# the book does not import transformers, so they stand here, and a test compares them.
CLASS_DEFAULTS = {
    "CodeLlamaTokenizer": {
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "prefix_token": "▁<PRE>",
        "middle_token": "▁<MID>",
        "suffix_token": "▁<SUF>",
        "eot_token": "▁<EOT>",
        "fill_token": "<FILL_ME>",
    },
    "CohereTokenizer": {
        "unk_token": "<UNK>",
        "bos_token": "<BOS_TOKEN>",
        "eos_token": "<|END_OF_TURN_TOKEN|>",
        "pad_token": "<PAD>",
        "cls_token": "<CLS>",
        "sep_token": "<SEP>",
        "mask_token": "<MASK_TOKEN>",
    },
    "GPT2Tokenizer": {"unk_token": END, "bos_token": END, "eos_token": END},
    "GPTNeoXTokenizer": {
        "unk_token": END,
        "bos_token": END,
        "eos_token": END,
        "pad_token": "<|padding|>",
    },
    "GemmaTokenizer": {
        "unk_token": "<unk>",
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    },
    "LlamaTokenizer": {
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>",
    },
    "Qwen2Tokenizer": {"unk_token": END, "eos_token": END, "pad_token": END},
    "Qwen3_5Tokenizer": {"unk_token": END, "eos_token": END, "pad_token": END},
}


def tables() -> dict[str, Any]:
    """Return the package's tables, by their names."""
    found = {
        name: getattr(import_module(f"chatshift.{module}"), name)
        for module, names in TABLES.items()
        for name in names
    }
    found["CLASS_DEFAULTS"] = CLASS_DEFAULTS
    found["FLAGS"] = sorted(found["FLAGS"])
    found["NOTES"] = {
        name: kind._asdict() for name, kind in found["NOTES"].items()
    }
    return found


def sentences() -> dict[str, list[Part]]:
    """Return the sentences of the package: text, and for each value its conversion and format."""
    found: dict[str, list[Part]] = {}
    for module in SENTENCES:
        spec = find_spec(f"chatshift.{module}")
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))
        _collect(tree, module.rpartition(".")[2], found, {})
    return found


def _collect(
    node: ast.AST, name: str, found: dict, counts: dict[str, int]
) -> None:
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, ast.FunctionDef):
            inner = f"{name.partition('.')[0]}.{child.name}"
        parts = _sentence(child)
        if parts and not _is_docstring(node, child):
            number = counts[name] = counts.get(name, -1) + 1
            found[f"{name}.{number}"] = parts
        elif not isinstance(child, ast.JoinedStr):
            _collect(child, inner, found, counts)


def _is_docstring(parent: ast.AST, child: ast.AST) -> bool:
    return isinstance(parent, ast.Expr)


def _sentence(node: ast.AST) -> list[Part]:
    """Return the parts of a text with at least three words; of anything else, nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if node.value.count(" ") >= 2 else []
    if not isinstance(node, ast.JoinedStr):
        return []
    parts = [_part(value) for value in node.values]
    return (
        parts
        if sum(part.count(" ") for part in parts if isinstance(part, str)) >= 2
        else []
    )


def _part(value: ast.expr) -> Part:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.FormattedValue)
    conversion = chr(value.conversion) if value.conversion > 0 else ""
    spec = value.format_spec
    text = spec.values[0] if isinstance(spec, ast.JoinedStr) else None
    return [
        conversion,
        str(text.value) if isinstance(text, ast.Constant) else "",
    ]
