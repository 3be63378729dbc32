"""Arrow tables in, Arrow tables out: with `datasets`, in two processes, and on a Ray cluster."""

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset
from page_code import blocks

from chatshift import ChatshiftError, TablePreparer, load_tokenizer, prepare_batch

CONVERSATIONS = [
    [
        {"role": "user", "content": f"What is it, {number}?"},
        {"role": "assistant", "content": "it is a test " * (number % 5 + 1)},
    ]
    for number in range(60)
]
WRONG = CONVERSATIONS[0][:1]
PAGE = Path(__file__).parents[2] / "book" / "many.md"
BUNDLED = str(Path(__file__).parents[2] / "chatshift" / "tiny" / "gemma_style")


@pytest.fixture(scope="module")
def expected():
    return prepare_batch(CONVERSATIONS, load_tokenizer(), shifted=False).to_lists()


class DiesOnce(TablePreparer):
    """A worker that is gone, without a word, at its first table."""

    def __call__(self, table):
        marker = Path(os.environ["CHATSHIFT_MARKER"])
        if not marker.exists():
            marker.touch()
            os._exit(1)
        return super().__call__(table)


@pytest.mark.parametrize("processes", [None, 2])
def test_datasets_map(processes, expected):
    dataset = Dataset.from_dict({"messages": CONVERSATIONS, "name": ["x"] * 60})
    rows = dataset.with_format("arrow").map(
        TablePreparer(load_tokenizer(), shifted=False),
        batched=True,
        batch_size=7,
        num_proc=processes,
        remove_columns=dataset.column_names,
    )
    assert rows.with_format(None).to_list() == expected


def test_the_page_on_many_conversations_runs():
    code = blocks(PAGE)
    names: dict[str, Any] = {}
    for section in code:
        if not section.startswith("On a cluster"):  # its call is the one made below
            exec(code[section], names)
    assert len(code) == 8


def test_a_worker_gets_a_name_and_loads_its_tokenizer_once(monkeypatch):
    loaded = []

    def load(name):
        loaded.append(name)
        return load_tokenizer(name)

    monkeypatch.setattr("chatshift.batch.tables.load_tokenizer", load)
    table = pa.table({"messages": CONVERSATIONS})
    here = TablePreparer(BUNDLED, shifted=False)
    here(table)
    sent = pickle.dumps(here)
    assert len(sent) < 1000
    there = pickle.loads(sent)
    for _ in range(3):
        there(table)
    assert loaded == [BUNDLED, BUNDLED]


def test_a_slice_of_a_table():
    table = pa.table({"messages": CONVERSATIONS}).slice(10, 5)
    rows = TablePreparer(BUNDLED, shifted=True)(table)
    batch = prepare_batch(CONVERSATIONS[10:15], load_tokenizer(), shifted=True)
    assert rows.to_pylist() == batch.to_lists()


def test_refusals_keep_their_rows():
    table = pa.table({"messages": [CONVERSATIONS[0], WRONG, [], None, CONVERSATIONS[1]]})
    rows = TablePreparer(BUNDLED, shifted=False, errors="collect")(table)
    assert [ids is None for ids in rows["input_ids"].to_pylist()] == [
        False,
        True,
        True,
        True,
        False,
    ]
    reasons = rows["rejected"].to_pylist()
    assert [reason and reason[:22] for reason in reasons] == [
        None,
        "messages[0] is the las",
        "There are no messages.",
        "There are no messages.",
        None,
    ]
    with pytest.raises(ChatshiftError, match="3 conversations are refused"):
        TablePreparer(BUNDLED, shifted=False)(table)


def test_fields_that_a_message_does_not_have_are_left_out():
    named = [[{**message, "name": None} for message in messages] for messages in CONVERSATIONS]
    table = pa.table({"talk": named})
    rows = TablePreparer(BUNDLED, shifted=False, column="talk")(table)
    assert rows.num_rows == 60
    with pytest.raises(ChatshiftError) as refusal:
        TablePreparer(BUNDLED, shifted=False)(table)
    assert str(refusal.value) == (
        "The table has no column 'messages'; it has ['talk']. Name the one with the messages: "
        "column=..."
    )


@pytest.fixture(scope="module")
def marker(tmp_path_factory):
    return tmp_path_factory.mktemp("cluster") / "died"


@pytest.fixture(scope="module")
def cluster(marker):
    import ray

    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "CHATSHIFT_MARKER": str(marker)}
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": paths},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


# Ray reads all of its own settings, and warns of those that it will drop.
@pytest.mark.filterwarnings("ignore:.use_.* is deprecated:DeprecationWarning")
@pytest.mark.parametrize("preparer", [TablePreparer, DiesOnce])
def test_ray_data_on_two_workers(preparer, cluster, expected, marker):
    marker.unlink(missing_ok=True)
    # Split here: to repartition inside Ray takes a worker that two busy ones may never leave free.
    tables = [pa.table({"messages": CONVERSATIONS[i : i + 6]}) for i in range(0, 60, 6)]
    names = {"ray": cluster, "tables": tables, "tokenizer_name": BUNDLED}
    code = blocks(PAGE)["On a cluster, with Ray"]
    exec(code, names | {"TablePreparer": preparer}, names)
    rows = names["rows"]
    found = [table.to_pylist() for table in cluster.get(rows.to_arrow_refs())]
    found = sorted((row for table in found for row in table), key=str)
    assert [{n: list(v) for n, v in row.items()} for row in found] == sorted(expected, key=str)
    assert marker.exists() == (preparer is DiesOnce)


def test_a_killed_process_is_an_error_and_no_missing_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATSHIFT_MARKER", str(tmp_path / "died"))
    dataset = Dataset.from_dict({"messages": CONVERSATIONS}).with_format("arrow")
    with pytest.raises(RuntimeError, match="abruptly died"):
        dataset.map(DiesOnce(BUNDLED, shifted=False), batched=True, batch_size=5, num_proc=2)
