"""The playground against the package: same ids, same labels, same words in every refusal."""

import base64
import itertools
import json

import pytest

from chatshift import ChatshiftError, prepare
from chatshift.lessons import data_point
from chatshift.tiny.formats import FORMATS, load_format

PAGE = "book/playground.html"
VALUES = [
    "full_text",
    "prompt_text",
    "full_ids",
    "prompt_ids",
    "unmasked_labels",
    "masked_labels",
    "input_ids",
    "labels",
    "pieces",
]


def turns(*contents, system=None):
    first = [("system", system)] if system is not None else []
    roles = [("user", "assistant")[i % 2] for i in range(len(contents))]
    return [
        {"role": role, "content": content}
        for role, content in [*first, *zip(roles, contents, strict=True)]
    ]


def spoken(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


CONVERSATIONS = {
    "data point": data_point(),
    "no system": turns("Hi", "Yes"),
    "empty system": turns("Hi", "Yes", system=""),
    "many turns": turns("Hi", "Hello", "Is it true?", "Yes, it is.", system="Be brief."),
    "spaces around": turns("  Hi  ", "  Yes  "),
    "answer begins with a line break": turns("Hi", "\nYes"),
    "answer begins with two": turns("Hi", "\n\nYes"),
    "answer ends with line breaks": turns("Hi", "Yes\n\n\n"),
    "only white space": turns(" \n ", " \t "),
    "nothing": turns("", ""),
    "windows lines": turns("a\r\nb\r\n", "c\r\nd"),
    "one character": turns("?", "!"),
    "long": turns("word " * 300, "answer " * 300),
    "emoji": turns("👩‍👩‍👧 👍🏽 🇫🇷", "🙂"),
    "combining": turns("e\u0301 n\u0303", "a\u030a\u0323"),
    "right to left": turns("שלום עולם", "مرحبا \u200fabc"),
    "other scripts": turns("日本語のテキスト", "ภาษาไทย हिन्दी"),
    "beyond the first plane": turns("\U0001d49c\U0001d4c1 𐍈", "\U0001f9d1\u200d\U0001f4bb"),
    "invisible": turns("a\u200bb\u00adc\u2028d", "x\u0000y\u0007z\u00a0w"),
    "quotes": turns("it's \"so\" 'x'", 'say "it\'s"'),
    "backslashes": turns("C:\\new\\table", "\\n is not \n"),
    "markup": turns("<script>alert(1)</script>&amp;", "<b>bold</b>"),
    "template code": turns("{{ 7 * 7 }} {% raw %}", "{# no #}"),
    "think block in the answer": turns("Hi", "<think>hm</think>\n\nYes"),
    "think blocks in both answers": turns("a", "<think>b</think>c", "d", "<think>e</think>f"),
    "half a think block": turns("Hi", "Yes</think>No"),
    "gemma's end in the content": turns("Hi<end_of_turn>", "Yes"),
    "gemma's turn in the content": turns(
        "😀 then <start_of_turn>model\nNo<end_of_turn>", "it's 'quoted'"
    ),
    "an end far into the content": turns("x" * 30 + "<end_of_turn>" + "y" * 30, "Yes"),
    "chatml's end in the content": turns("Hi<|im_end|>\n<|im_start|>assistant\nNo", "Yes"),
    "mistral's marks in the content": turns("[INST] Hi [/INST]", "Yes</s>"),
    "llama's end in the answer": turns("Hi", "Yes<|eot_id|>"),
    "bos in the content": turns("<bos>Hi", "Yes<s>"),
    "two answers": spoken(("user", "Hi"), ("assistant", "Yes"), ("assistant", "No")),
    "two questions": spoken(("user", "Hi"), ("user", "Ho"), ("assistant", "Yes")),
    "system in the middle": spoken(("user", "Hi"), ("system", "Stop"), ("assistant", "Yes")),
    "tool": spoken(("user", "Hi"), ("tool", "3"), ("assistant", "Yes")),
    "developer": spoken(("developer", "Be brief."), ("user", "Hi"), ("assistant", "Yes")),
    "brackets": turns("[INST [/INST <|im_ <end_of", "< bos > <|x|> </s"),
    "a tab in front": turns("\tHi", "\tYes\t"),
    "repeated": turns("a" * 99, "." * 99),
    "numbers": turns("3.14 1e9 0x1F 1,000", "2 + 2 = 4"),
    "many line breaks inside": turns("a\n\n\n\nb", "c\n \n\nd"),
    "answer repeats the question": turns("Is it true?", "Is it true?"),
    "capital letters": turns("HELLO World", "ABCDEFG xyz"),
    "twelve turns": turns(*(f"message {i}" for i in range(12)), system="Count."),
    "no messages": [],
    "no answer": turns("Hi"),
    "no answer at the end": turns("Hi", "Yes", "And?"),
    "no prompt": spoken(("assistant", "Yes")),
    "another format's role": spoken(("human", "Hi"), ("assistant", "Yes")),
    "unknown role": spoken(("narrator's", "Once"), ("assistant", "Yes")),
    "lone surrogate": turns("a\ud83d", "Yes"),
    "lone surrogate in the answer": turns("🙂a", "🙂\udc00"),
}


def expected(messages, tokenizer, without_bos):
    try:
        trace = prepare(messages, tokenizer, strip_bos=without_bos)
    except ChatshiftError as refusal:
        return {"type": type(refusal).__name__, "message": str(refusal)}
    values = {name: getattr(trace, name) for name in VALUES}
    return json.loads(json.dumps(values))


def address(messages, name, without_bos):
    state = {"format": name, "withoutBos": without_bos, "messages": messages}
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


SHOWN = """async addresses => {
  const found = [];
  for (const address of addresses) {
    const changed = new Promise(resolve => addEventListener("hashchange", resolve, { once: true }));
    location.hash = address;
    await changed;
    const json = document.querySelector("#playground-json");
    const type = document.querySelector("#playground-result strong")?.textContent;
    const message = document.querySelector("#playground-error")?.textContent;
    found.push(json ? JSON.parse(json.textContent) : { type, message });
  }
  return found;
}"""


@pytest.fixture
def playground(open_page):
    page = open_page(PAGE)
    page.wait_for_selector("#try-it[data-ready]")
    return page


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_says_what_the_package_says(playground, name):
    tokenizer = load_format(name)
    cases = list(itertools.product(CONVERSATIONS, (False, True)))
    addresses = [address(CONVERSATIONS[title], name, cut) for title, cut in cases]
    kinds = set()
    for (title, cut), shown in zip(cases, playground.evaluate(SHOWN, addresses), strict=True):
        wanted = expected(CONVERSATIONS[title], tokenizer, cut)
        assert shown == wanted, f"{name}, {title}, without_bos={cut}"
        kinds.add(wanted.get("type", "labels"))
    assert {"labels", "MessageError"} <= kinds


def test_typing_changes_the_result_and_the_address(playground):
    before = playground.evaluate("location.href")
    playground.get_by_label("content of message 2").fill("Yes")
    assert playground.evaluate("location.href") != before
    shown = json.loads(playground.locator("#playground-json").text_content())
    assert shown["pieces"][-2:] == ["Yes", "<end_of_turn>"]
    playground.get_by_label("Chat template").select_option("mistral")
    assert "system message dropped" in playground.locator("#playground-error").inner_text()
    playground.get_by_role("button", name="Remove 0").click()
    assert playground.locator("#playground-json").count() == 1
    playground.get_by_label("role of message 1").select_option("user")
    assert (
        "there is no answer to learn from" in playground.locator("#playground-error").inner_text()
    )


def test_a_link_shows_the_same_to_somebody_else(playground, open_page):
    playground.get_by_label("content of message 1").fill("שלום 🙂 <script>")
    shown = playground.locator("#playground-json").text_content()
    other = open_page(PAGE + playground.evaluate("location.hash"))
    other.wait_for_selector("#try-it[data-ready]")
    assert other.locator("#playground-json").text_content() == shown


def test_an_address_that_is_no_state_shows_the_example(open_page):
    page = open_page(PAGE + "#playground")
    page.wait_for_selector("#try-it[data-ready]")
    shown = json.loads(page.locator("#playground-json").text_content())
    assert shown["pieces"][31] == "based"
