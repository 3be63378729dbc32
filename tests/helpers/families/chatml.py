"""Families of ChatML: `<|im_start|>role`, content, `<|im_end|>`, and little else."""

from families.form import Family, Piece, Pieces, Place, as_json, dropped, plain, results

CHATML = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
USER = "<|im_start|>user\n{}<|im_end|>\n"
HEADER = "<|im_start|>assistant\n"
PHI4_USER = "<|im_start|>user<|im_sep|>{}<|im_end|>"
PHI4_HEADER = "<|im_start|>assistant<|im_sep|>"
TOOL_ROLE = results("", "<|im_start|>tool\n{}<|im_end|>\n", "")
ENVIRONMENT = results("", "<|im_start|>environment\n{}<|im_end|>\n", "")


def smollm3(place: Place, text: str) -> Pieces:
    off = place.keywords.get("enable_thinking") is False
    opened = [Piece("template", "<think>\n\n</think>\n")] if off else []
    return [*opened, Piece("content", text.lstrip("\n"))]


def smollm3_prompt(place: Place) -> str:
    off = place.keywords.get("enable_thinking") is False
    return HEADER + ("<think>\n\n</think>\n" if off else "")


def olmo3(place: Place, text: str) -> Pieces:
    """Calls look like Python."""
    pieces = [Piece("content", text)]
    functions = place.functions
    pieces.append(Piece("template", "<function_calls>" if functions else ""))
    for number, function in enumerate(functions):
        arguments = ", ".join(f"{k}={as_json(v)}" for k, v in function["arguments"].items())
        pieces.append(Piece("template", "\n" if number else ""))
        pieces.append(Piece("call", f"{function['name']}({arguments})"))
    pieces.append(Piece("template", "</function_calls>" if functions else ""))
    return pieces


def olmo_end(place: Place) -> str:
    return "<|endoftext|>" if place.last else "<|im_end|>"


def olmo_tail(place: Place) -> str:
    return "" if place.last else "\n"


def chatml(*templates: str, **others) -> Family:
    """A family whose questions, headers and ends are ChatML's."""
    given = {"tail": "\n", "control": CHATML, "eos": "<|im_end|>", **others}
    return Family(templates, user=USER, header=HEADER, **{"end": "<|im_end|>", **given})


CHATML_FAMILIES = [
    chatml("NousResearch-Hermes-3-Llama-3.1-8B", result=TOOL_ROLE, bos="<|begin_of_text|>"),
    chatml("HuggingFaceTB-SmolLM2-135M-Instruct", result=TOOL_ROLE, bos="<|im_start|>"),
    chatml(
        "HuggingFaceTB-SmolLM3-3B",
        body=smollm3,
        prompt=smollm3_prompt,
        result=results("", USER, ""),
        parts=dropped,
    ),
    chatml("internlm-internlm2_5-7b-chat", result=TOOL_ROLE, bos="<s>", eos="</s>"),
    chatml("tiiuae-Falcon-H1-0.5B-Instruct", result=TOOL_ROLE, bos="<|begin_of_text|>"),
    chatml(
        "LiquidAI-LFM2-1.2B",
        result=results(
            "",
            "<|im_start|>tool\n<|tool_response_start|>{}<|tool_response_end|><|im_end|>\n",
            "",
        ),
        parts=as_json,
        bos="<|startoftext|>",
        markers=("<|tool_response_start|>", "<|tool_response_end|>"),
    ),
    chatml(
        "allenai-Olmo-3-7B-Instruct",
        body=olmo3,
        result=ENVIRONMENT,
        end=olmo_end,
        tail=olmo_tail,
        parts=str,
        eos="<|endoftext|>",
    ),
    chatml(
        "allenai-Olmo-3-7B-Think",
        prompt=f"{HEADER}<think>",
        end=olmo_end,
        tail=olmo_tail,
        parts=str,
        eos="<|endoftext|>",
    ),
    Family(
        ("01-ai-Yi-1.5-9B-Chat",),
        user=f"{USER}{HEADER}",
        header="",
        end="<|im_end|>",
        tail="\n",
        body=plain,
        control=CHATML,
        eos="<|im_end|>",
    ),
    Family(
        ("microsoft-phi-4",),
        user=PHI4_USER,
        header=PHI4_HEADER,
        end="<|im_end|>",
        control=(*CHATML, "<|im_sep|>"),
        eos="<|im_end|>",
    ),
    Family(
        ("microsoft-Phi-4-reasoning",),
        user=PHI4_USER,
        header=PHI4_HEADER,
        end="<|im_end|>",
        system=False,
        control=(*CHATML, "<|im_sep|>"),
        eos="<|im_end|>",
    ),
]
