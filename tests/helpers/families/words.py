"""Families whose turns are told apart by ordinary words, or almost."""

import json

from families.form import Family, Piece, Pieces, Place, plain, results

PHI = ("<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")


def falcon3_tail(place: Place) -> str:
    return "" if place.last and not place.tools else "\n"


def falcon3(place: Place, text: str) -> Pieces:
    """Calls are written only where tools are declared, as a list with indents."""
    pieces = [Piece("content", text)]
    if place.tools and place.functions:
        listed = json.dumps(place.message["tool_calls"], ensure_ascii=False, indent=2)
        pieces.append(Piece("template", "\n<tool_call>\n"))
        pieces += [Piece("call", "") for _ in place.functions[1:]]
        pieces += [Piece("call", listed), Piece("template", "\n</tool_call>")]
    return pieces


def falcon3_header(place: Place) -> str:
    """With tools declared, a message without content has no header."""
    bare = place.tools and not place.message["content"]
    return "" if bare else "<|assistant|>\n"


def falcon3_result(place: Place) -> Pieces:
    """Written as an assistant's turn, where tools are declared."""
    if not place.tools:
        return []
    return [
        Piece("template", "<|assistant|>\n<tool_response>\n"),
        Piece("content", place.message["content"]),
        Piece("template", "\n</tool_response>\n"),
    ]


def wizard_user(place: Place) -> str:
    return (" " if place.index == 0 else "\n") + "USER: {}"


def spaced_trimmed(_place: Place, text: str) -> Pieces:
    return [Piece("template", " "), Piece("content", text.strip())]


WORD_FAMILIES = [
    Family(
        ("microsoft-Phi-3-mini-4k-instruct", "microsoft-Phi-3.5-mini-instruct"),
        user="<|user|>\n{}<|end|>\n",
        header="<|assistant|>\n",
        end="<|end|>",
        tail=lambda place: "\n<|endoftext|>" if place.last else "\n",
        control=PHI,
        eos="<|endoftext|>",
    ),
    Family(
        ("microsoft-Phi-4-mini-reasoning",),
        user="<|user|>{}<|end|>",
        header="<|assistant|>",
        end=lambda place: "<|end|><|endoftext|>" if place.last else "<|end|>",
        result=results("", "<|tool|>{}<|end|>", ""),
        control=PHI,
        eos="<|endoftext|>",
    ),
    Family(
        ("allenai-OLMoE-1B-7B-0125-Instruct", "allenai-Llama-3.1-Tulu-3-8B-SFT"),
        user="<|user|>\n{}\n",
        header="<|assistant|>\n",
        end="<|endoftext|>",
        tail=lambda place: "" if place.last else "\n",
        control=("<|endoftext|>",),
        bos="<|endoftext|>",
        eos="<|endoftext|>",
    ),
    Family(
        ("tiiuae-Falcon3-7B-Instruct",),
        user="<|user|>\n{}\n",
        header=falcon3_header,
        prompt="<|assistant|>\n",
        end="<|endoftext|>",
        tail=falcon3_tail,
        body=falcon3,
        result=falcon3_result,
        control=("<|endoftext|>",),
        eos="<|endoftext|>",
    ),
    Family(
        ("upstage-SOLAR-10.7B-Instruct-v1.0",),
        user="### User:\n{}\n\n",
        header="### Assistant:\n",
        end="",
        body=plain,
        control=("<s>", "</s>"),
        eos="</s>",
    ),
    Family(
        ("deepseek-ai-deepseek-coder-6.7b-instruct",),
        user="### Instruction:\n{}\n",
        header="### Response:\n",
        close="\n",
        end="<|EOT|>",
        tail="\n",
        control=("<|EOT|>",),
        result=results("", "### Response:\n{}\n<|EOT|>\n", ""),
        eos="<|EOT|>",
    ),
    Family(
        ("alpindale-WizardLM-2-8x22B",),
        user=wizard_user,
        header=" ASSISTANT:",
        end="</s>",
        body=spaced_trimmed,
        asks=str.strip,
        result=lambda place: [
            Piece("template", " ASSISTANT: "),
            Piece("content", place.message["content"].strip()),
            Piece("template", "</s>"),
        ],
        control=("<s>", "</s>"),
        eos="</s>",
    ),
    Family(
        ("baidu-ERNIE-4.5-21B-A3B-Base-PT",),
        user="User: {}\n",
        header="Assistant: ",
        end="<|end_of_sentence|>",
        control=("<|begin_of_sentence|>", "<|end_of_sentence|>", "</s>"),
        eos="</s>",
    ),
]
