"""An audit in parts is the audit of the whole: in processes, with `datasets`, on a Ray cluster."""

import json
import os
import pickle
import random
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import Dataset

from chatshift import Report, audit, load_tokenizer
from chatshift.audit.as_json import as_json

BUNDLED = str(Path(__file__).parents[2] / "chatshift" / "tiny" / "gemma_style")
NAME = "data.jsonl"


def rows():
    """2,500 rows with a copy, an empty answer, a wrong end and a control token among them."""
    chooser = random.Random(0)
    words = ["it", "is", "a", "test", "what", "you", "described", "<eos>", ""]
    weights = [9, 9, 9, 9, 9, 9, 9, 0.1, 3]
    made = []
    for number in range(2500):
        question, answer = (
            " ".join(chooser.choices(words, weights, k=chooser.randint(1, 9))) for _ in "ab"
        )
        roles = ("user", "assistant") if number % 250 else ("user", "user")
        made.append(
            {
                "messages": [
                    {"role": r, "content": c}
                    for r, c in zip(roles, (question, answer), strict=True)
                ]
            }
        )
    return made


ROWS = rows()


@pytest.fixture(scope="module")
def whole():
    report = audit(ROWS, load_tokenizer(), name=NAME, max_length=30)
    found = {finding.id for finding in report.findings}
    assert found >= {"nothing-supervised", "control-tokens", "duplicate", "truncated-answer"}
    return as_json(report)


def shard(values, numbers):
    """The report of some rows, as a column of one value."""
    report = audit(values, BUNDLED, name=NAME, start=numbers[0] + 1, max_length=30)
    return {"report": [pickle.dumps(report)]}


def total(pickled):
    return as_json(sum(map(pickle.loads, pickled), Report()))


def test_in_processes_of_its_own(whole, tmp_path):
    path = tmp_path / NAME
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    report = audit(path, load_tokenizer(), workers=2, max_length=30)
    assert json.loads(json.dumps(as_json(report)).replace(str(path), NAME)) == whole


def test_in_any_order_and_any_grouping(whole):
    parts = [
        audit(ROWS[n : n + 300], BUNDLED, name=NAME, start=n + 1, max_length=30)
        for n in range(0, 2500, 300)
    ]
    random.Random(1).shuffle(parts)
    middle = len(parts) // 2
    grouped = sum(parts[:middle], Report()) + sum(parts[middle:], Report())
    assert as_json(grouped) == whole


def test_with_datasets_in_two_processes(whole, tmp_path):
    # As a file, since the columns of rows in memory would be hashed for a cache.
    dataset = Dataset.from_list(ROWS)
    mapped = dataset.map(
        lambda batch, numbers: shard([{"messages": m} for m in batch["messages"]], numbers),
        with_indices=True,
        batched=True,
        batch_size=400,
        num_proc=2,
        remove_columns=dataset.column_names,
        cache_file_name=str(tmp_path / "cache.arrow"),
    )
    assert len(mapped) == 8  # four batches of each process
    assert total(mapped["report"]) == whole


class TableAuditor:
    """Audits one table after the other, in a worker."""

    def __call__(self, table):
        values = [{"messages": json.loads(text)} for text in table["text"].to_pylist()]
        first = table["number"][0].as_py()
        report = audit(values, BUNDLED, name=NAME, start=first + 1, max_length=30)
        return pa.table({"report": [pickle.dumps(report)]})


@pytest.fixture(scope="module")
def cluster():
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


# Ray reads all of its own settings, and warns of those that it will drop.
@pytest.mark.filterwarnings("ignore:.use_.* is deprecated:DeprecationWarning")
def test_on_ray_with_two_workers(whole, cluster):
    cluster.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    texts = [json.dumps(row["messages"]) for row in ROWS]
    tables = [
        pa.table({"number": list(range(n, min(n + 500, 2500))), "text": texts[n : n + 500]})
        for n in range(0, 2500, 500)
    ]
    dataset = cluster.data.from_arrow(tables)
    reports = dataset.map_batches(
        TableAuditor,
        batch_format="pyarrow",
        batch_size=None,
        compute=cluster.data.ActorPoolStrategy(size=2),
    )
    found = [row["report"] for row in reports.take_all()]
    assert len(found) == 5
    assert total(found) == whole
