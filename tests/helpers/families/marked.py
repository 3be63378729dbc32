"""Families with control tokens of their own around every turn."""

from families.form import (
    Family,
    Piece,
    Pieces,
    Place,
    as_json,
    dropped,
    results,
    trimmed,
)

LLAMA = (
    *("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    *("<|eom_id|>", "<|python_tag|>"),
)
LLAMA_USER = "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
LLAMA_HEADER = "<|start_header_id|>assistant<|end_header_id|>\n\n"
GRANITE = ("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>")
GRANITE_USER = "<|start_of_role|>user<|end_of_role|>{}<|end_of_text|>\n"
GRANITE_HEADER = "<|start_of_role|>assistant<|end_of_role|>"
COHERE = (
    *("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>"),
    *("<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    *("<|START_THINKING|>", "<|END_THINKING|>"),
)
CHATBOT = "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
COHERE_USER = "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{}<|END_OF_TURN_TOKEN|>"
EMPTY_THINKING = "<|START_THINKING|><|END_THINKING|>"


def llama31(place: Place, text: str) -> Pieces:
    """A call takes the place of the content."""
    if not place.functions:
        return [Piece("content", text.strip())]
    function = place.functions[0]
    arguments = as_json(function["arguments"])
    return [Piece("call", f'{{"name": "{function["name"]}", "parameters": {arguments}}}')]


def llama31_result(place: Place) -> Pieces:
    """What a tool gave back is written as JSON."""
    return [
        Piece("template", "<|start_header_id|>ipython<|end_header_id|>\n\n"),
        Piece("content", as_json(place.message["content"])),
        Piece("template", "<|eot_id|>"),
    ]


def granite4(place: Place, text: str) -> Pieces:
    pieces = [Piece("content", text)]
    for number, function in enumerate(place.functions):
        pieces.append(Piece("template", "\n" if number or text else ""))
        inside = f'{{"name": "{function["name"]}", "arguments": {as_json(function["arguments"])}}}'
        pieces.append(Piece("call", f"<tool_call>\n{inside}\n</tool_call>"))
    return pieces


def lines(parts: list) -> str:
    return "\n".join(part["text"] for part in parts)


def responded(_place: Place, text: str) -> Pieces:
    return [
        Piece("template", "<|START_RESPONSE|>"),
        Piece("content", text),
        Piece("template", "<|END_RESPONSE|>"),
    ]


def role_tool(before: str, after: str):
    return results("", f"{before}{{}}{after}", "")


MARKED_FAMILIES = [
    Family(
        ("meta-llama-Llama-3.1-8B-Instruct", "meta-llama-Llama-3.2-3B-Instruct"),
        user=LLAMA_USER,
        header=LLAMA_HEADER,
        end="<|eot_id|>",
        body=llama31,
        asks=str.strip,
        parts=str,
        result=llama31_result,
        control=LLAMA,
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
    ),
    Family(
        ("NousResearch-Meta-Llama-3-8B-Instruct",),
        user=LLAMA_USER,
        header=LLAMA_HEADER,
        end="<|eot_id|>",
        body=trimmed,
        asks=str.strip,
        parts=str,
        result=lambda place: [
            Piece("template", "<|start_header_id|>tool<|end_header_id|>\n\n"),
            Piece("content", place.message["content"].strip()),
            Piece("template", "<|eot_id|>"),
        ],
        control=LLAMA,
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
    ),
    Family(
        ("ibm-granite-granite-3.3-2B-Instruct",),
        user=GRANITE_USER,
        header=GRANITE_HEADER,
        end="<|end_of_text|>",
        tail="\n",
        result=role_tool("<|start_of_role|>tool<|end_of_role|>", "<|end_of_text|>\n"),
        control=(*GRANITE, "<|tool_call|>"),
        eos="<|end_of_text|>",
    ),
    Family(
        ("ibm-granite-granite-4.0",),
        user=GRANITE_USER,
        header=GRANITE_HEADER,
        end="<|end_of_text|>",
        tail="\n",
        body=granite4,
        parts=lines,
        result=results(
            "<|start_of_role|>user<|end_of_role|>",
            "\n<tool_response>\n{}\n</tool_response>",
            "<|end_of_text|>\n",
        ),
        control=GRANITE,
        eos="<|end_of_text|>",
    ),
    Family(
        ("trl-internal-testing-tiny-CohereForCausalLM",),
        user=COHERE_USER,
        header=CHATBOT,
        end="<|END_OF_TURN_TOKEN|>",
        body=trimmed,
        asks=str.strip,
        control=COHERE,
        bos="<BOS_TOKEN>",
        eos="<|END_OF_TURN_TOKEN|>",
    ),
    Family(
        ("rita-cohere-tya-eng-v1-t06-user",),
        user=COHERE_USER,
        header=CHATBOT,
        prompt=f"{CHATBOT}{EMPTY_THINKING}",
        end="<|END_OF_TURN_TOKEN|>",
        body=responded,
        dangling=f"{CHATBOT}{EMPTY_THINKING}",
        parts=dropped,
        result=role_tool("<|START_OF_TURN_TOKEN|>tool", "<|END_OF_TURN_TOKEN|>"),
        control=COHERE,
        bos="<BOS_TOKEN>",
        eos="<|END_OF_TURN_TOKEN|>",
    ),
    Family(
        ("swiss-ai-Apertus-8B-Instruct-2509",),
        user="<|user_start|>{}<|user_end|>",
        header=lambda place: "" if place.before in ("assistant", "tool") else "<|assistant_start|>",
        prompt="<|assistant_start|>",
        end=lambda place: "" if place.after == "assistant" else "<|assistant_end|>",
        control=(
            *("<s>", "<|system_start|>", "<|system_end|>", "<|developer_start|>"),
            *("<|developer_end|>", "<|user_start|>", "<|user_end|>", "<|assistant_start|>"),
            *("<|assistant_end|>", "<|tools_prefix|>", "<|tools_suffix|>"),
        ),
        bos="<s>",
        eos="<|assistant_end|>",
    ),
    Family(
        ("LGAI-EXAONE-EXAONE-3.5-7.8B-Instruct",),
        user="[|user|]{}\n",
        header="[|assistant|]",
        end="[|endofturn|]",
        tail="\n",
        result=role_tool("[|tool|]", "[|endofturn|]\n"),
        control=("[|system|]", "[|user|]", "[|assistant|]", "[|endofturn|]"),
        eos="[|endofturn|]",
    ),
    Family(
        ("openchat-openchat-3.5-0106",),
        user="GPT4 Correct User: {}<|end_of_turn|>",
        header="GPT4 Correct Assistant:",
        end="<|end_of_turn|>",
        body=lambda _place, text: [Piece("template", " "), Piece("content", text)],
        result=role_tool("GPT4 Correct Tool: ", "<|end_of_turn|>"),
        control=("<s>", "<|end_of_turn|>"),
        bos="<s>",
        eos="<|end_of_turn|>",
    ),
]
