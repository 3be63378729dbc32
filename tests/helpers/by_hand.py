"""What some of the real templates do that no rule can tell, read from them by hand."""

from typing import Any

from verdict import Refused, Settings

JUDGED = "<END CONVERSATION>"  # what comes then asks a judge about the conversation
HEADER = "<|start_header_id|>assistant<|end_header_id|>"
CHATBOT = "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"

# These go on after the last answer with a turn that nobody asked for. A model stops before it would
# write that, so it belongs to no turn. It begins at the last place where this stands.
UNASKED = {
    "CohereForAI-c4ai-command-r-plus-tool_use": (
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Write 'Action:'"
    ),
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": CHATBOT,
    "Huyisbeee-SFT-Guard-Qwen3Guard-Gen-0.6B": JUDGED,
    "MiniMaxAI-MiniMax-VL-01": "<beginning_of_sentence>ai name=assistant",
    "Nekochu-nanochat-d24": "<|assistant_start|>",
    "NousResearch-Meta-Llama-3.1-8B-Instruct": HEADER,
    "Qwen-Qwen3-ForcedAligner-0.6B-hf": "<timestamp><timestamp>",
    "Qwen-Qwen3Guard-Gen-4B": JUDGED,
    "Salesforce-xgen-small-4B-base-r": "<|im_start|>assistant",
    "ServiceNow-AI-AprielGuard": "<|end|>\n<|user|>\nTask:",
    "UnicomLLM-Unichat-llama3-Chinese-8B": "Assistant:",
    "alpindale-Llama-Guard-3-1B": JUDGED,
    "codellama-CodeLlama-70b-Instruct-hf": "<step> Source: assistant",
    "deepseek-ai-deepseek-vl2-small": "### Response:",
    "ibm-granite-granite-guardian-3.3-8b": "<|start_of_role|>judge_protocol",
    "kakaocorp-kanana-safeguard-8b": HEADER,
    "kakaocorp-kanana-safeguard-prompt-2.1b": HEADER,
    "kakaocorp-kanana-safeguard-siren-8b": HEADER,
    "llamas-community-LlamaGuard-7b": JUDGED,
    "microsoft-UserLM-8b": "<|start_header_id|>user<|end_header_id|>",
    "microsoft-wavecoder-ultra-6.7b": "@@ Response",
    "nvidia-Nemotron-3-Content-Safety": JUDGED,
    "nvidia-Nemotron-3.5-Content-Safety": JUDGED,
    "reaperdoesntknow-Symbiotic-Beta": "<assistant>",
    "rita-cohere-tya-eng-v1-t06-user": CHATBOT,
    "winninghealth-WiNGPT2-Llama-3-8B-Chat": "Assistant\uff1a",
}
# The same, after a last message with calls only: its content is empty and written as another turn.
AFTER_CALLS = {
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": (
        "<\uff5cAssistant\uff5c><\uff5cend▁of▁sentence\uff5c>"
    ),
}


def unasked(template: str, messages: list) -> str:
    """What opens the turn that nobody asked for; empty for most templates."""
    if messages[-1].get("tool_calls"):
        return UNASKED.get(template) or AFTER_CALLS.get(template, "")
    return UNASKED.get(template, "")


# These compare each question with the last one: with tools declared, two that are the same have the
# tools before both of them, and no other words show that.
COMPARING = (
    "0xA50C1A1-Mistral-Nemo-Instruct-2407-Heretic-v2",
    "Mistral-Small-3.2-24B-Instruct-2506",
    "Neelectric-Ministral-8B-Instruct-2410_SFT_mathv00.01",
    "mistralai-Mistral-7B-Instruct-v0.3",
    "mistralai-Mistral-Nemo-Instruct-2407",
    "sbintuitions-sarashina2.2-3b-instruct-v0.1",
)
# These write what is said beside a call after the call's result, and so outside of what is learned.
RESULT_BEFORE_CONTENT = (
    "Gryphe-Gemma-4-31B-StyleTune",
    "OBLITERATUS-gemma-4-E4B-it-OBLITERATED",
    "darthcrawl-Lilith-31B-v1.0",
    "ewald1976-G4-Plainsong-12B",
    "farbodtavakkoli-OTel-LLM-E4B-IT",
    "google-diffusiongemma-26B-A4B-it",
    "google-gemma-4-26B-A4B-it",
    "google-gemma-4-31B-it",
    "google-gemma-4-E4B-it",
    "nabin2004-AOS-gemma4-manim-sft",
    "yuxinlu1-gemma-4-12B-agentic-fable5-composer2.5-v2-3.5x-tau2",
)


def check_by_hand(template: str, row: Any, settings: Settings) -> None:
    """Raise `Refused` where a person sees that the row must be refused."""
    if template in COMPARING and row.name == "tools and two turns":
        raise Refused("two questions that are the same are written otherwise", "TemplateError")
    beside = row.name == "content beside a call" and settings.supervise == "all"
    if beside and template in RESULT_BEFORE_CONTENT:
        raise Refused("what is said is not written", "TemplateError", "BoundaryError")
