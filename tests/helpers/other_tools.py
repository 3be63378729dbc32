"""Other trainers' own sources, as released, without what they require: which labels they give.

Only the modules that read a conversation and mask its labels are imported, from unpacked wheels.
Their packages' `__init__` and what has to do with pictures are left out.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from chatshift.steps.mask import IGNORE_INDEX

CACHE = Path(__file__).parents[2] / ".cache"


def version_of(tool: str) -> str:
    """The version of an unpacked wheel."""
    (info,) = _home(tool).glob("*.dist-info")
    return info.name.removesuffix(".dist-info").split("-")[1]


def axolotl_learns(messages: Any, tokenizer: Any) -> list[int]:
    """The labels that axolotl gives a conversation, with nothing set."""
    with _imported("axolotl", "prompt_strategies", "utils", "utils.schemas") as load:
        # What colours a log, and a dict with attributes.
        load.stands("colorama", Fore=SimpleNamespace(CYAN="", RESET=""))
        load.stands("addict", Dict=dict)
        module = load("prompt_strategies.chat_template")
        settings = load.settings(
            train_on_inputs=False, sequence_len=2048, tokenizer_use_mistral_common=False
        )
        settings |= {"chat_template": "tokenizer_default"}
        strategy = module.load(tokenizer, load.settings(**settings), {"type": "chat_template"})
        return strategy.tokenize_prompt({"messages": messages})["labels"]


def llama_factory_learns(messages: Any, tokenizer: Any) -> list[int]:
    """The labels that LLaMA-Factory gives a conversation, with no template named."""
    rooms = ("data", "data.processor", "extras", "hparams")
    with _imported("llamafactory", *rooms) as load:
        load.stands("llamafactory.data.mm_plugin", get_mm_plugin=lambda *_, **__: NoPictures())
        arguments = load("hparams.data_args").DataArguments()
        template = load("data.template").get_template_and_fix_tokenizer(tokenizer, arguments)
        names = load("data.parser").DatasetAttr("file", "data.json")
        names.messages = "messages"
        names.role_tag, names.content_tag = "role", "content"
        names.user_tag, names.assistant_tag, names.system_tag = "user", "assistant", "system"
        convert = load("data.converter").SharegptDatasetConverter(names, arguments)
        row = convert({"messages": messages})
        module = load("data.processor.supervised")
        processor = module.SupervisedDatasetProcessor(template, tokenizer, None, arguments)
        done = processor.preprocess_dataset({name: [value] for name, value in row.items()})
        return done["labels"][0]


def supervised(labels: list[int]) -> int:
    """How many labels count."""
    return sum(label != IGNORE_INDEX for label in labels)


class NoPictures:
    """In the place of a plugin that puts pictures and sounds into messages: it puts none."""

    def process_messages(self, messages, *others):
        return messages

    def process_token_ids(self, ids, labels, *others):
        return ids, labels


class Settings(dict):
    """A dict whose values are attributes; what is not set is None."""

    __getattr__ = dict.get


class Loader:
    """Imports the modules of one package."""

    settings = Settings

    def __init__(self, tool: str) -> None:
        self.tool = tool

    def __call__(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.tool}.{name}")

    def stands(self, name: str, **values: Any) -> None:
        """Put a module with these values where another would be."""
        module = ModuleType(name)
        module.__dict__.update(values)
        sys.modules.setdefault(name, module)


@contextmanager
def _imported(tool: str, *rooms: str) -> Iterator[Loader]:
    """Make a tool's modules importable; afterwards nothing of it is left in `sys.modules`."""
    before = dict(sys.modules)
    for room in ("", *rooms):
        name = f"{tool}.{room}".rstrip(".")
        module = ModuleType(name)
        module.__path__ = [str(_home(tool).joinpath(*name.split(".")))]
        sys.modules[name] = module
    try:
        yield Loader(tool)
    finally:
        for name in sys.modules.keys() - before.keys():
            if name.split(".")[0] in (tool, "colorama", "addict"):
                del sys.modules[name]


def _home(tool: str) -> Path:
    if not (CACHE / tool).exists():
        pytest.fail(f"{tool} is not in .cache/{tool}. Run: python scripts/fetch.py {tool}")
    return CACHE / tool
