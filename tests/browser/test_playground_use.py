"""The playground as people use it: files, keys, links, long texts, and what goes wrong."""

import json
import re

import pytest
from fetch import CACHE
from playground_cases import CONVERSATIONS, WEATHER, turns
from site_server import SITE

from chatshift import load_tokenizer, prepare
from chatshift.formats.detect import read_row
from chatshift.formats.records import Broken, Place, Record, Talk
from chatshift.tiny import FOLDER
from chatshift.tiny.formats import load_format

PAGE = "book/playground.html"
READY = "#try-it[data-ready=yes]"


@pytest.fixture
def playground(open_page):
    page = open_page(PAGE)
    page.wait_for_selector(READY)
    return page


@pytest.fixture
def from_disk(chromium):
    """The page, opened as a file; at the end, nothing may have gone wrong on it."""
    wrong = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else 0)
    page.on(
        "request",
        lambda one: None if one.url[:5] in ("file:", "blob:", "data:") else wrong.append(one.url),
    )
    page.goto(f"file://{SITE / PAGE}")
    page.wait_for_selector(READY)
    yield page
    context.close()
    assert not wrong


def shown(page):
    """The values that the page shows once it has shown everything that was typed."""
    return json.loads(page.locator("#playground-json").text_content())


def after(page, act):
    """Do something, and wait until its result is shown."""
    before = int(page.get_attribute("#try-it", "data-shown"))
    act()
    page.wait_for_selector(f"#try-it:not([data-shown='{before}'])")
    return page


def labelled(page, name):
    return page.get_by_label(name, exact=True)


def choose(page, *files):
    page.locator(".pg-file").first.set_input_files(files)


def test_typing_changes_the_result_at_once_and_the_address_soon(playground):
    before = playground.evaluate("location.href")
    after(playground, lambda: labelled(playground, "content of message 2").fill("Yes"))
    assert shown(playground)["pieces"][-2:] == ["Yes", "<end_of_turn>"]
    playground.wait_for_url(lambda url: url != before)
    after(playground, lambda: playground.select_option("#playground-format", "mistral"))
    assert "system message dropped" in playground.locator("#playground-error").inner_text()
    # Both texts are shown, and where they differ.
    assert "Likely cause (system message dropped)" in playground.locator(".pg-compare").inner_text()
    after(playground, lambda: playground.get_by_role("button", name="Remove message 0").click())
    assert shown(playground)["full_text"].startswith("[INST]")
    after(playground, lambda: labelled(playground, "role of message 1").select_option("user"))
    refused = playground.locator("#playground-error").inner_text()
    assert "there is no answer to learn from" in refused


def test_the_address_is_not_written_at_every_key(playground):
    playground.evaluate(
        "() => { window.writes = 0; const old = history.replaceState.bind(history);"
        " history.replaceState = (...given) => { window.writes += 1; old(...given); }; }"
    )
    labelled(playground, "content of message 1").press_sequentially("x" * 40, delay=5)
    playground.wait_for_timeout(700)
    assert playground.evaluate("window.writes") == 1


@pytest.mark.parametrize("opened", ["playground", "from_disk"])
def test_a_link_carries_conversation_template_and_settings(opened, request, chromium):
    page = request.getfixturevalue(opened)
    source = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    source += "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    file = {"name": "own.jinja", "mimeType": "text/plain", "buffer": source.encode()}
    after(page, lambda: choose(page, file))
    after(page, lambda: labelled(page, "content of message 1").fill("שלום 🙂 <script>"))
    after(page, lambda: page.select_option("[name=supervise]", "all"))
    after(page, lambda: page.locator("[name=mask_tail]").check())
    page.wait_for_timeout(700)
    values, link = shown(page), page.evaluate("location.href")
    assert values["full_text"].endswith("<|end|>")
    assert values["turns"][0]["end"] == len(values["full_ids"]) - 1
    other = chromium.new_context().new_page()
    other.goto(link)
    other.wait_for_selector(READY)
    assert shown(other) == values
    assert other.locator("[name=supervise]").input_value() == "all"
    assert other.locator("[name=mask_tail]").is_checked()
    other.context.close()


def test_a_link_of_a_long_conversation(playground, open_page):
    talk = turns("word " * 60_000, "Yes")
    after(playground, lambda: labelled(playground, "content of message 1").fill(talk[0]["content"]))
    playground.wait_for_timeout(900)
    other = open_page(PAGE + playground.evaluate("location.hash"))
    other.wait_for_selector(READY)
    assert shown(other)["full_text"].count("word ") == 60_000


def test_links_of_the_first_kind_still_work(open_page):
    # {"format": "chatml", "withoutBos": true, "messages": [Hi, Yes]}
    state = (
        "eyJmb3JtYXQiOiJjaGF0bWwiLCJ3aXRob3V0Qm9zIjp0cnVlLCJtZXNzYWdlcyI6W3sicm9sZSI6InVzZXIiLCJjb250"
        "ZW50IjoiSGkifSx7InJvbGUiOiJhc3Npc3RhbnQiLCJjb250ZW50IjoiWWVzIn1dfQ=="
    )
    page = open_page(f"{PAGE}#{state}")
    page.wait_for_selector(READY)
    wanted = prepare(turns("Hi", "Yes"), load_format("chatml"))
    assert shown(page)["full_ids"] == list(wanted.full_ids)


@pytest.mark.parametrize(
    "fragment", ["playground", "e30=", "eyJmb3JtYXQiOiJjb25zdHJ1Y3RvciIsIm1lc3NhZ2VzIjpbXX0="]
)
def test_an_address_that_is_no_state_shows_the_example(open_page, fragment):
    # The last of them has the format "constructor", which every object has.
    page = open_page(f"{PAGE}#{fragment}")
    page.wait_for_selector(READY)
    assert shown(page)["pieces"][31] == "based"


def test_focus_stays_where_the_work_is(playground):
    after(playground, lambda: playground.get_by_role("button", name="Add a message").click())
    assert (
        playground.evaluate("document.activeElement.getAttribute('aria-label')")
        == "content of message 3"
    )
    after(playground, lambda: playground.get_by_role("button", name="Remove message 3").click())
    assert (
        playground.evaluate("document.activeElement.getAttribute('aria-label')")
        == "content of message 2"
    )
    for _ in range(3):
        after(playground, lambda: playground.get_by_role("button", name="Remove message 0").click())
    assert playground.evaluate("document.activeElement.id") == "pg-add"
    assert "There are no messages" in playground.locator("#playground-error").inner_text()


def test_files_are_chosen_by_keyboard(playground):
    # Playwright asks the browser for file choosers when somebody first listens for them.
    playground.on("filechooser", lambda chooser: None)
    playground.wait_for_timeout(200)
    playground.locator("#playground-format").focus()
    playground.keyboard.press("Tab")
    with playground.expect_file_chooser() as opened:
        playground.keyboard.press("Enter")
    chosen = (
        json.dumps(turns("One", "Two")) + "\n" + json.dumps({"messages": turns("Three", "Four")})
    )
    files = [{"name": "rows.jsonl", "mimeType": "text/plain", "buffer": chosen.encode()}]
    after(playground, lambda: opened.value.set_files(files))
    assert labelled(playground, "content of message 0").input_value() == "One"
    after(
        playground,
        lambda: (
            playground.get_by_label("Row of rows.jsonl").fill("2")
            or playground.keyboard.press("Tab")
        ),
    )
    assert labelled(playground, "content of message 1").input_value() == "Four"


def test_a_row_brings_its_tools_and_calls(playground):
    row = {
        "messages": CONVERSATIONS["a call"],
        "tools": [WEATHER],
        "chat_template_kwargs": {"x": 1},
    }
    file = {"name": "row.json", "mimeType": "application/json", "buffer": json.dumps(row).encode()}
    after(playground, lambda: choose(playground, file))
    assert json.loads(labelled(playground, "JSON of message 1").input_value()) == row["messages"][1]
    assert json.loads(playground.locator("[name=tools]").input_value()) == row["tools"]
    assert json.loads(playground.locator("[name=kwargs]").input_value()) == {"x": 1}
    after(playground, lambda: playground.locator("[name=tools]").fill("[{]"))
    assert "tools: Expecting property name" in playground.locator("#playground-error").inner_text()


DROP = """texts => {
  const transfer = new DataTransfer();
  for (const [name, text] of Object.entries(texts)) transfer.items.add(new File([text], name));
  const on = document.querySelector(".pg-model");
  for (const kind of ["dragover", "drop"]) {
    const given = { dataTransfer: transfer, bubbles: true, cancelable: true };
    on.dispatchEvent(new DragEvent(kind, given));
  }
}"""


@pytest.mark.parametrize("opened", ["playground", "from_disk"])
def test_a_tokenizer_is_dropped_in_two_parts(opened, request):
    page = request.getfixturevalue(opened)
    config = json.loads((FOLDER / "tokenizer_config.json").read_text("utf-8"))
    config["chat_template"] = load_format("gemma3").chat_template
    files = {"tokenizer.json": (FOLDER / "tokenizer.json").read_text("utf-8")}
    page.evaluate(DROP, files)
    page.get_by_text("tokenizer_config.json is missing yet").wait_for()
    page.evaluate(DROP, {"tokenizer_config.json": json.dumps(config)})
    page.get_by_text("Loaded in").wait_for()
    assert page.locator("#playground-format").input_value() == "own"
    wanted = prepare(CONVERSATIONS["data point"], load_format("gemma3"), strip_bos=True)
    page.wait_for_selector(".pg-notes")
    assert shown(page)["full_ids"] == list(wanted.full_ids)
    after(page, lambda: page.select_option("#playground-format", "chatml"))
    assert shown(page)["full_text"].startswith("<|im_start|>")


IN_SIGHT = """box => {
  const { top, bottom } = box.getBoundingClientRect();
  return top >= 40 && Math.min(bottom, top + 40) <= innerHeight;
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 700)])
def test_what_comes_of_a_file_is_brought_into_sight(open_page, width, height):
    page = open_page(PAGE, width)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_selector(READY)
    rows = [{"messages": turns("One", "Two")}, {"messages": turns("Three", "Four")}]
    after(page, lambda: page.evaluate(DROP, {"rows.json": json.dumps(rows)}))
    for sight in (".pg-summary", ".pg-results input[type=number]"):
        page.wait_for_function(f"({IN_SIGHT})(document.querySelector('{sight}'))")
    # The next row is shown where the first was; the picker keeps the keyboard.
    before = page.evaluate("scrollY")
    picker = page.get_by_label("Row of rows.json, 1 to 2")
    after(page, lambda: picker.fill("2") or picker.press("Enter"))
    assert "Three" in shown(page)["full_text"]
    assert picker.evaluate("one => one === document.activeElement")
    assert page.evaluate("scrollY") == before
    # What refuses a file stands above, and a reader who is below is led there.
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.evaluate(DROP, {"notes.txt": "x"})
    page.get_by_text("Nothing known among 1 file.").wait_for()
    page.wait_for_function(f"({IN_SIGHT})(document.querySelector('.pg-model .pg-status'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_answers_while_a_tokenizer_is_loaded(playground):
    # A large tokenizer: the small one's vocabulary, and many words that nobody says.
    json_ = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))
    count = len(json_["model"]["vocab"])
    json_["model"]["vocab"] |= {f"word{i}": count + i for i in range(400_000)}
    config = json.loads((FOLDER / "tokenizer_config.json").read_text("utf-8"))
    config["chat_template"] = load_format("gemma3").chat_template
    files = {"tokenizer.json": json.dumps(json_), "tokenizer_config.json": json.dumps(config)}
    playground.evaluate(DROP, files)
    playground.locator(".pg-status progress").wait_for()
    after(playground, lambda: labelled(playground, "content of message 2").fill("Yes"))
    assert shown(playground)["pieces"][-2] == "Yes"
    assert playground.locator(".pg-status progress").count() == 1
    playground.get_by_text("Loaded in").wait_for()
    # Who was typing goes on typing.
    playground.wait_for_selector(".pg-notes")
    label = "document.activeElement.getAttribute('aria-label')"
    assert playground.evaluate(label) == "content of message 2"


def test_files_that_are_wrong_are_named(playground):
    playground.evaluate(DROP, {"notes.txt": "x"})
    playground.get_by_text("Nothing known among 1 file.").wait_for()
    playground.evaluate(DROP, {"tokenizer.json": "{", "tokenizer_config.json": "{}"})
    playground.get_by_text("No JSON: ").wait_for()
    playground.evaluate(DROP, {"tokenizer.json": "{}", "tokenizer_config.json": "{}"})
    playground.get_by_text("is no tokenizer of the library tokenizers").wait_for()
    playground.evaluate(DROP, {"rows.jsonl": '{"text": "x"}\n'})
    playground.get_by_text(
        "row 1 of rows.jsonl: No known format has these columns: ['text']."
    ).wait_for()
    assert shown(playground)["pieces"][31] == "based"


def alpaca(n):
    return {"instruction": f"Say {n}.", "input": "Briefly.", "output": f"It is {n}.", "score": 0.5}


GPT = {
    "system": "You help.",
    "conversations": [
        {"from": "human", "value": "What is the weather in Rome?"},
        {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "Rome"}}'},
        {"from": "observation", "value": '{"sun": true}'},
        {"from": "gpt", "value": "Sunny."},
    ],
    "tools": json.dumps([{"name": "weather", "parameters": {"type": "object"}}]),
}
HISTORY = {**alpaca(3), "history": [["Hi", "Hello"], ["And?", '[1, {"]\\\\']], "system": "S"}
SIDES = {"prompt": [{"role": "user", "content": "Hi"}], "completion": "Hello"}
ROWS = [alpaca(1), GPT, HISTORY, SIDES, {"messages": turns("a, ]", "b")}]


def messages_shown(page):
    """The messages of the form, each as it is or as the JSON that stands for it."""
    found = page.evaluate("document.querySelector('#try-it').playground.state.messages")
    return [json.loads(one["json"]) if "json" in one else one for one in found]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.json", json.dumps(ROWS)),
        ("rows.json", json.dumps(ROWS, indent=2)),
        ("rows.jsonl", "\r\n".join(map(json.dumps, ROWS)) + "\n\n"),
        ("rows.json", "\ufeff" + "\n".join(map(json.dumps, ROWS))),
    ],
)
def test_rows_are_read_as_the_package_reads_them(playground, name, text):
    file = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    after(playground, lambda: choose(playground, file))
    for number, row in enumerate(ROWS, 1):
        picker = playground.get_by_label(f"Row of {name}, 1 to {len(ROWS)}")
        if number > 1:
            after(playground, lambda p=picker, n=number: p.fill(str(n)) or p.press("Tab"))
        found = read_row(Record(Place(name, number), row))
        assert not isinstance(found, Broken)
        wanted, (talk, *_) = found
        assert isinstance(talk, Talk)
        playground.get_by_text(f"{name}: 5 rows.").wait_for()
        said = f"Row {number} of {name} is shown, read as {wanted}."
        playground.get_by_text(said).wait_for()
        assert messages_shown(playground) == talk.messages
        tools = labelled(playground, "tools, a list as JSON").input_value()
        assert (json.loads(tools) if tools else None) == talk.tools


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pair.json", '[{"chosen": "a", "rejected": "b"}]', "is a preference pair"),
        ("ids.jsonl", '{"input_ids": [1]}', "is tokenized already"),
        (
            "parts.json",
            '{"messages": [{"role": "user", "content": [{"type": "text", "value": "a"}]}]}',
            "has typed parts",
        ),
        ("cut.json", '[\n{"instruction": "a", ', "No JSON: cut.json: Expecting property name"),
        ("none.json", "[]", "none.json is an empty list."),
        ("empty.jsonl", " \n", "empty.jsonl is empty."),
        ("number.jsonl", "3\n4", "row 1 of number.jsonl: A row is a dict, or a list of messages"),
        (
            "from.json",
            '[{"conversations": [{"from": "owl", "value": "hoo"}]}]',
            "conversations[0] is from 'owl'; known are human, user, gpt",
        ),
        ("other.json", '{"data": []}', "No known format has these columns: ['data']."),
    ],
)
def test_a_row_that_cannot_be_read_is_named(playground, name, text, said):
    before = messages_shown(playground)
    playground.evaluate(DROP, {name: text})
    playground.get_by_text(said).wait_for(timeout=5000)
    assert messages_shown(playground) == before


def test_a_bad_answer_and_a_bad_row_are_told(playground):
    rows = [{**alpaca(1), "label": False}, {"text": "rendered"}, alpaca(2)]
    file = {"name": "kto.json", "mimeType": "x", "buffer": json.dumps(rows).encode()}
    after(playground, lambda: choose(playground, file))
    playground.get_by_text("It says label: false, so its answer is a bad one.").wait_for()
    picker = playground.get_by_label("Row of kto.json, 1 to 3")
    picker.fill("2")
    picker.press("Tab")
    playground.get_by_text("row 2 of kto.json: No known format has these columns").wait_for()
    after(playground, lambda: picker.fill("3") or picker.press("Tab"))
    assert messages_shown(playground)[1]["content"] == "It is 2."


def test_a_script_that_is_missing_is_named(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.route(re.compile("playground-data.js"), lambda route: route.abort())
    page.goto(site + PAGE)
    page.get_by_text("The playground did not start.").wait_for()
    context.close()


def test_a_page_without_scripts_says_so(open_page):
    page = open_page(PAGE, java_script_enabled=False)
    assert "The playground needs JavaScript." in page.content()


def test_a_long_conversation_is_shown_in_part(playground):
    talk = turns("word " * 2000, "answer " * 2000)
    for message, one in enumerate(talk, start=1):
        after(
            playground,
            lambda m=message, c=one["content"]: labelled(
                playground, f"content of message {m}"
            ).fill(c),
        )
    values = shown(playground)
    assert len(values["full_ids"]) > 4000
    assert 100 < playground.locator(".pg-text [role=option]").count() < 1000


FOCUSED = """() => {
  const one = document.activeElement;
  const ring = (box) => box && getComputedStyle(box).outlineStyle !== "none";
  const box = one.closest("#try-it");
  return [
    Boolean(box),
    one.name || one.id || one.getAttribute("aria-label") || one.getAttribute("role") ||
      (one.closest("label") ?? one).innerText.trim(),
    one.type ?? "",
    ring(one) || ring(one.closest("label")),
  ];
}"""


def test_everything_is_done_with_the_keyboard_alone(playground):
    page = playground
    reached = {}

    def go_to(name):
        for _ in range(120):
            page.keyboard.press("Tab")
            inside, found, kind, seen = page.evaluate(FOCUSED)
            if inside:
                assert seen, found
                reached[found] = kind
            if inside and (found == name or kind == name):
                return
        raise AssertionError(f"{name} is not reached: {list(reached)}")

    def pressed(*keys):
        def act():
            for key in keys:
                page.keyboard.press(key)

        after(page, act)

    go_to("playground-format")
    pressed("ArrowDown")
    assert (
        shown(page)["full_text"]
        != prepare(CONVERSATIONS["data point"], load_tokenizer(), strip_bos=True).full_text
    )
    pressed("ArrowUp")
    go_to("content of message 2")
    pressed("Control+a", "Y", "e", "s")
    page.wait_for_function("document.querySelector('.pg-summary').innerText.startsWith('33 ')")
    go_to("pg-add")
    pressed("Enter")
    assert page.evaluate(FOCUSED)[1] == "content of message 3"
    go_to("Remove message 3")
    pressed("Enter")
    go_to("supervise")
    pressed("ArrowDown")
    go_to("mask_tail")
    pressed("Space")
    go_to("Tools, template keywords, control tokens")
    page.keyboard.press("Enter")
    go_to("tools")
    pressed("[", "]")
    go_to("radio")
    page.keyboard.press("ArrowLeft")
    assert "labels are masked." in page.locator(".pg-text").inner_text()
    go_to("option")
    page.keyboard.press("End")
    assert "Token 32, <end_of_turn>, is supervised" in page.locator(".pg-text").inner_text()
    go_to("labels as ids")
    page.keyboard.press("Space")
    go_to("pg-ask")
    page.keyboard.press("Enter")
    page.get_by_text("Mean loss").wait_for()
    go_to("radio")
    page.keyboard.press("ArrowRight")
    assert "skips one" in page.locator(".pg-rule").inner_text()
    go_to("All values as JSON")
    page.keyboard.press("Enter")
    assert page.locator("#playground-json").is_visible()
    assert "Remove message 0" in reached


def test_everything_is_done_with_a_finger_on_a_narrow_screen(open_page):
    page = open_page(PAGE, 390, has_touch=True, is_mobile=True)
    page.wait_for_selector(READY)
    page.locator(".pg-text label").nth(4).tap()
    assert "labels are masked." in page.locator(".pg-text").inner_text()
    page.locator(".pg-text [role=option]").nth(35).tap()
    assert "Token 35, ·described, is supervised" in page.locator(".pg-text").inner_text()
    page.get_by_text("labels as ids").tap()
    number = shown(page)["full_ids"][35]
    assert str(number) in page.locator(".pg-text .cs-token").nth(35).inner_text()
    page.get_by_role("button", name="Ask a small model").tap()
    page.get_by_text("Mean loss 0.1").wait_for()
    page.locator(".pg-rule label").nth(0).tap()
    assert "repeats" in page.locator(".pg-rule").inner_text()
    after(page, lambda: page.get_by_role("button", name="Remove message 0").tap())
    after(page, lambda: page.get_by_text("mask what follows the end of turn").tap())
    # What a finger must meet is large enough for one, and nothing lies beside the screen.
    small = page.locator("#try-it").evaluate(
        "box => [...box.querySelectorAll('button, select, summary, label, textarea')]"
        ".filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 24)"
        ".map(one => one.innerText)"
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_reaches_every_control_and_axe_finds_nothing(open_page):
    axe = (CACHE / "axe" / "axe.min.js").read_text(encoding="utf-8")
    for scheme, width in (("light", 1280), ("dark", 390)):
        page = open_page(PAGE, width, color_scheme=scheme)
        page.wait_for_selector(READY)
        page.get_by_text("Tools, template keywords").click()
        page.get_by_role("button", name="Add one as JSON").click()
        after(page, lambda p=page: p.get_by_role("button", name="Remove message 3").click())
        for name, value in (
            ("supervise", "all"),
            ("boundary", "answer"),
            ("control_tokens", "text"),
        ):
            after(page, lambda p=page, n=name, v=value: p.select_option(f"[name={n}]", v))
        after(page, lambda p=page: p.locator("[name=mask_tail]").check())
        after(page, lambda p=page: p.select_option("#playground-format", "gemma3"))
        page.locator(".pg-text input[type=radio]").nth(2).check(force=True)
        page.locator(".pg-rule input[type=radio]").nth(2).check(force=True)
        page.locator(".pg-text input[type=checkbox]").check(force=True)
        page.get_by_text("All values as JSON").click()
        page.evaluate(axe)
        found = page.evaluate('axe.run(document, {resultTypes: ["violations"]})')["violations"]
        assert not [(one["id"], node["html"][:150]) for one in found for node in one["nodes"]], (
            scheme
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pages_tokenizer_is_the_packages(playground):
    assert shown(playground)["full_ids"] == list(
        prepare(CONVERSATIONS["data point"], load_tokenizer(), strip_bos=True).full_ids
    )
