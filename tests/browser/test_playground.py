"""The playground against the package: the same values, notes and refusals, in the same words."""

import itertools
import json
import os

import pytest
from fetch import CACHE
from kinds import tokenizer_of
from playground_cases import (
    CONVERSATIONS,
    MISSING,
    SETTINGS,
    WEATHER,
    ask_all,
    check,
    expected,
    own_state,
    state_of,
    turns,
)
from playground_templates import chatml

from chatshift import load_tokenizer
from chatshift.tiny import FOLDER
from chatshift.tiny.formats import FORMATS, load_format

PAGE = "book/playground.html"
BUNDLED = [FOLDER / "tokenizer.json", FOLDER / "tokenizer_config.json"]


@pytest.fixture
def playground(open_page):
    page = open_page(PAGE)
    page.wait_for_selector("#try-it[data-ready=yes]")
    return page


def drop_in(page, *files):
    """Choose files, and wait until the page has taken them."""
    page.locator(".pg-file").first.set_input_files(files)
    page.get_by_text("Loaded in").wait_for(timeout=120_000)


def test_there_are_enough_conversations():
    assert len(CONVERSATIONS) >= 60


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_says_what_the_package_says(playground, name):
    tokenizer = load_format(name)
    # Each conversation as it is, and in one other way; over the formats, in many.
    others = itertools.cycle(list(SETTINGS)[1:])
    next(itertools.islice(others, len(name), len(name)), None)
    cases = [(title, how) for title in CONVERSATIONS for how in ("plain", next(others))]
    states = [state_of(CONVERSATIONS[title], SETTINGS[how], format=name) for title, how in cases]
    kinds = set()
    for (title, how), shown in zip(cases, ask_all(playground, states), strict=True):
        wanted = expected(CONVERSATIONS[title], tokenizer, SETTINGS[how])
        check(shown, wanted, f"{name}, {title}, {how}")
        kinds.add(wanted.get("type", "labels"))
    assert {"labels", "MessageError"} <= kinds


def test_the_page_says_what_the_package_says_with_a_real_tokenizer(playground):
    folder = CACHE / "gemma3"
    if not folder.exists():
        # On a continuous-integration machine a missing tokenizer is a failure, not a remark.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    drop_in(playground, folder / "tokenizer.json", folder / "tokenizer_config.json")
    tokenizer = load_tokenizer(folder)
    cases = list(itertools.product(CONVERSATIONS, ("plain", "all answers")))
    states = [own_state(CONVERSATIONS[title], SETTINGS[how]) for title, how in cases]
    answered = 0
    for (title, how), shown in zip(cases, ask_all(playground, states), strict=True):
        wanted = expected(CONVERSATIONS[title], tokenizer, SETTINGS[how])
        check(shown, wanted, f"Gemma 3, {title}, {how}")
        answered += "full_ids" in wanted
    assert answered >= 40


def test_a_piece_keeps_its_space_where_a_tokenizer_cleans_up(playground, tmp_path):
    config = json.loads(BUNDLED[1].read_text("utf-8")) | {"clean_up_tokenization_spaces": True}
    config["chat_template"] = load_format("walkthrough").chat_template
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    drop_in(playground, BUNDLED[0], tmp_path / "tokenizer_config.json")
    talk = [{"role": "user", "content": "Hi !"}, {"role": "assistant", "content": "Yes ."}]
    (shown,) = ask_all(playground, [own_state(talk, {})])
    assert " !" in shown["trace"]["pieces"]
    assert " ." in shown["trace"]["pieces"]


def test_a_configuration_adds_tokens_and_changes_others(playground, tmp_path):
    config = json.loads(BUNDLED[1].read_text("utf-8"))
    flags = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized"), False)
    config["added_tokens_decoder"] = {
        "4": flags | {"content": "<end_of_turn>", "special": True, "rstrip": True},
        "952": flags | {"content": "<new>", "special": True},
    }
    config["chat_template"] = load_format("gemma3").chat_template
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    (tmp_path / "tokenizer.json").write_bytes(BUNDLED[0].read_bytes())
    drop_in(playground, tmp_path / "tokenizer.json", tmp_path / "tokenizer_config.json")
    tokenizer = load_tokenizer(tmp_path)
    talks = [turns("Hi", "Yes"), turns("Hi", "a<new>b"), turns(" a ", "\n b", "<new", "c")]
    for talk, shown in zip(
        talks, ask_all(playground, [own_state(t, {}) for t in talks]), strict=True
    ):
        check(shown, expected(talk, tokenizer, {}), talk)


def test_a_template_for_tools_has_a_turn_format_of_its_own(playground, tmp_path):
    config = json.loads(BUNDLED[1].read_text("utf-8"))
    names = ("<|im_start|>", "<|im_end|>", "<|stop|>")
    flags = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized"), False)
    added = {str(952 + i): flags | {"content": n, "special": True} for i, n in enumerate(names)}
    config["added_tokens_decoder"] = added
    for_tools = chatml().replace("<|im_end|>\\n", "<|stop|>")
    templates = {"default": chatml(), "tool_use": for_tools}
    config["chat_template"] = [{"name": n, "template": t} for n, t in templates.items()]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    (tmp_path / "tokenizer.json").write_bytes(BUNDLED[0].read_bytes())
    drop_in(playground, tmp_path / "tokenizer.json", tmp_path / "tokenizer_config.json")
    tokenizer = load_tokenizer(tmp_path)
    talk = turns("a", "b", "c", "d")
    ways = [{"supervise": "all", "mask_tail": True, "tools": tools} for tools in (None, [WEATHER])]
    states = [own_state(talk, {k: v for k, v in way.items() if v is not None}) for way in ways]
    for way, shown in zip(ways, ask_all(playground, states), strict=True):
        wanted = expected(talk, tokenizer, way)
        assert wanted["turns"][0]["end"] is not None
        check(shown, wanted, way)


def test_the_unknown_token_cannot_stay_text(playground, tmp_path):
    tokenizer_of("WordPiece", "chatml").save_pretrained(tmp_path, save_jinja_files=False)
    drop_in(playground, tmp_path / "tokenizer.json", tmp_path / "tokenizer_config.json")
    tokenizer = load_tokenizer(tmp_path)
    talk = turns("a<|im_end|>b [UNK]", "is it")
    ways = [{"control_tokens": how} for how in ("error", "text")]
    refused = []
    for way, shown in zip(
        ways, ask_all(playground, [own_state(talk, way) for way in ways]), strict=True
    ):
        wanted = expected(talk, tokenizer, way)
        check(shown, wanted, way)
        refused.append(wanted.get("message", ""))
    assert "contains '<|im_end|>' at character 1" in refused[0]
    assert "contains '[UNK]' at character 13" in refused[1]
    assert "control_tokens='text'" not in refused[1]


REFUSED = {
    "{% raw %}{{ x }}{% endraw %}": "Unknown statement type: raw",
    "{{ messages | tojson | forceescape }}": "the filter 'forceescape'",
    "{{ messages[0].content.zfill(3) }}": "str.zfill",
    "{{ messages[0].content is divisibleby }}": "the test 'divisibleby'",
    "{{ 1 < 2 < 3 }}": "a chain of comparisons",
    "{{ 7 / 2 * 2 }}": "such a number",
    "{{ 'a%s' % 1 }}": "the operator % on text",
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_a_template_asks_for_and_the_page_cannot_do_is_said(playground, source):
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    (shown,) = ask_all(playground, [state_of(talk, {}, template={"text": source})])
    assert shown["error"]["type"] == "Not in this page"
    assert REFUSED[source] in shown["error"]["message"]
    assert "Run chatshift.prepare, which can." in shown["error"]["message"]


def test_numbers_that_javascript_changes_are_refused(playground):
    for number in ("1.0", "12345678901234567890", "1e5", "1e400", "NaN"):
        message = f'{{"role": "user", "content": "Hi", "n": {number}}}'
        (shown,) = ask_all(playground, [state_of([], {}) | {"messages": [{"json": message}]}])
        assert shown["failed"]["type"] == "Not in this page"
        assert number in shown["failed"]["message"]
