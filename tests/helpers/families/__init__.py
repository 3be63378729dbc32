"""What real chat templates write: read from their sources, stated by hand, in `FAMILIES`."""

from families.channels import CHANNEL_FAMILIES
from families.chatml import CHATML_FAMILIES
from families.deepseek import DEEPSEEK_FAMILIES
from families.gemma import GEMMA_FAMILIES
from families.kimi import KIMI_FAMILIES
from families.marked import MARKED_FAMILIES
from families.mistral import MISTRAL_FAMILIES
from families.nemotron import NEMOTRON_FAMILIES
from families.qwen import QWEN_FAMILIES
from families.words import WORD_FAMILIES

FAMILIES = [
    *CHATML_FAMILIES,
    *QWEN_FAMILIES,
    *GEMMA_FAMILIES,
    *MARKED_FAMILIES,
    *NEMOTRON_FAMILIES,
    *CHANNEL_FAMILIES,
    *DEEPSEEK_FAMILIES,
    *KIMI_FAMILIES,
    *MISTRAL_FAMILIES,
    *WORD_FAMILIES,
]
