"""The views in a browser, as readers use them: pointer, keys, touch, paper, no scripts.

They stand on a page of their own, opened from disk, so that no book has to be built for them; that
the book hosts them is what `test_every_page.py` and `test_browser.py` look at.
"""

import pytest
from fetch import CACHE
from view_page import view_page

from chatshift import collate, load_tokenizer, prepare, show
from chatshift.lessons import data_point, many_turns
from chatshift.tiny.formats import load_format

WIDTHS = [360, 390, 768, 1280, 1600]
NONE = "\N{EN DASH}"
HOSTILE = "<img src=x onerror=alert(1)> </script><b>&lt;\t${1}`"


def the_trace():
    return prepare(data_point(), load_tokenizer(), strip_bos=True)


def losses(trace):
    total = len(trace.full_ids)
    return {
        k: [1 + i / 10 if i + k in trace.supervised else None for i in range(total - k)]
        for k in range(3)
    }


def all_views():
    tokenizer, trace = load_tokenizer(), the_trace()
    rows = [
        trace.for_transformers(),
        prepare(
            [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
            tokenizer,
        ).for_transformers(),
    ]
    packed = {
        "input_ids": rows[1]["input_ids"] + rows[0]["input_ids"],
        "labels": rows[1]["labels"] + rows[0]["labels"],
        "position_ids": [*range(len(rows[1]["labels"])), *range(len(rows[0]["labels"]))],
    }
    both = prepare(many_turns.talk(), load_format("chatml"), supervise="all")
    thought = ("<|user|>Hi<|assistant|>", "<|user|>Hi<|assistant|><think>")
    batch = collate(rows, pad_token_id=tokenizer.pad_token_id)
    falls = [10 / 2**step for step in range(20)]
    return {
        "text": show.text(trace),
        "turns": show.text(both, step=5),
        "rule": show.rule(trace, losses=losses(trace)),
        "bare-rule": show.rule(both),
        "ladder": show.ladder(trace, losses(trace)[1]),
        "compare": show.compare(trace),
        "apart": show.compare(*thought, tokenizer, cause="It opens a thought."),
        "batch": show.batch(batch, tokenizer),
        "packed": show.batch([packed], tokenizer),
        "cut": show.batch([rows[0]], tokenizer, max_length=34),
        "curves": show.curves({"falls": falls, "stays": [1.0] * 20, "gap": [2.0, None, 1.0]}),
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    views = all_views()
    (folder / "live.html").write_text(view_page(views), "utf-8")
    (folder / "module.html").write_text(view_page(views, module=True), "utf-8")
    (folder / "still.html").write_text(view_page(views, live=False), "utf-8")
    return folder


@pytest.fixture
def visit(chromium, pages):
    """Open a page of views; at the end, nothing may have gone wrong on it."""
    contexts, wrong = [], []

    def opener(name="live", width=1280, html=None, **settings):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request", lambda request: wrong.append(request.url) if ":" in request.url else None
        )
        if html is None:
            page.goto((pages / f"{name}.html").as_uri())
        else:
            page.set_content(html)
        wrong[:] = [one for one in wrong if not one.startswith(("file:", "data:"))]
        return page

    yield opener
    for context in contexts:
        context.close()
    assert [one for one in wrong if not one.startswith(("file:", "data:"))] == []


def said(page, name):
    return page.locator(f"#{name} .cs-said").inner_text()


def settle(page):
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")


def test_the_script_of_a_page_draws_what_the_module_draws(visit):
    # The script is the module without its white space: a tool that drops too much shows here.
    script, module = visit("live"), visit("module")
    for name in all_views():
        assert script.locator(f"#{name} .cs-body").count() == 1
        shape = "box => box.innerHTML.replace(/cs0\\.\\d+/g, '')"
        assert script.locator(f"#{name}").evaluate(shape) == module.locator(f"#{name}").evaluate(
            shape
        )


# --- the text ---


def test_each_step_says_what_stands_under_each_token(visit):
    page, trace = visit(), the_trace()
    labels = page.locator("#text .cs-label")
    for step in range(1, 7):
        page.locator("#text input[type=radio]").nth(step - 1).check()
        found = labels.all_inner_texts()
        assert len(found) == 41
        if step == 3:
            assert found == [str(one) for one in trace.full_ids]
        if step == 4:
            assert found == [show.visible(piece) for piece in trace.pieces]
        if step == 5:
            assert found[31:] == [show.visible(piece) for piece in trace.pieces[31:]]
            assert set(found[:31]) == {"masked", ""}
        if step == 6:
            assert found[30:40] == [show.visible(piece) for piece in trace.pieces[31:]]
            assert found[40] == "dropped"
            assert set(found[:30]) == {"masked", ""}
    page.get_by_label("labels as ids").first.check()
    assert labels.all_inner_texts()[29:41] == [
        *(str(one) for one in trace.labels[29:]),
        "dropped",
    ]


PLACES = """box => [...box.querySelectorAll("[role=option]"), box].map(one => {
  const { left, top, width, height } = one.getBoundingClientRect();
  return [left, top + scrollY, width, height].map(Math.round);
})"""


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_nothing_moves_from_step_to_step_in_any_font(visit, width):
    page = visit(width=width, reduced_motion="reduce")
    for font in (None, "1.1em/1.5 serif", "italic 0.9em monospace"):
        if font:
            page.add_style_tag(content=f".cs-view * {{ font: {font} !important; }}")
        for name in ("text", "turns"):
            places = []
            for step in range(6):
                page.locator(f"#{name} input[type=radio]").nth(step).check()
                places.append(page.locator(f"#{name}").evaluate(PLACES))
            assert [step for step, one in enumerate(places, 1) if one != places[0]] == [], font


def test_the_text_is_walked_with_the_arrow_keys(visit):
    page = visit()
    assert "has read 31 tokens, the last one ↵. It must write based. It counts." in said(
        page, "text"
    )
    page.locator("#text [role=option][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert "has read 32 tokens, the last one based. It must write ·on." in said(page, "text")
    page.keyboard.press("Home")
    assert "It must write system. It does not count." in said(page, "text")
    page.keyboard.press("ArrowDown")
    assert "the last one You." in said(page, "text")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    assert "Token 40, <end_of_turn>, is dropped as an input" in said(page, "text")
    assert page.evaluate("document.activeElement.innerText").startswith("<end_of_turn>")
    assert page.evaluate("window.views.text.get('position')") == 40
    assert page.locator("#text [tabindex='0']").count() == 1


def test_what_is_pointed_at_is_told_and_not_chosen(visit):
    page = visit()
    page.locator("#text [role=option]").nth(35).hover()
    assert "must write ·it" in said(page, "text")
    page.mouse.move(0, 0)
    assert "must write based" in said(page, "text")


def test_labels_are_seen_to_move_but_not_by_those_who_asked_for_stillness(visit):
    running = (
        "document.getAnimations().filter(one => one.effect.target.matches('.cs-label')).length"
    )
    for motion, expected in (("no-preference", 10), ("reduce", 0)):
        page = visit(reduced_motion=motion)
        page.locator("#text input[type=radio]").nth(4).check()
        settle(page)
        page.locator("#text input[type=radio]").nth(5).check()
        assert page.evaluate(running) == expected


# --- the rule ---

UNDER = """board => {
  const box = one => one.getBoundingClientRect();
  const middle = one => (box(one).left + box(one).right) / 2;
  const labels = [...board.querySelectorAll(".cs-strip .cs-cell")].filter(one => {
    const frame = box(one.closest(".cs-window"));
    return middle(one) > frame.left && middle(one) < frame.right;
  });
  return [...board.querySelectorAll(".cs-input")].map(input => [
    input.innerText.replaceAll("\\u200b", ""),
    labels.filter(label => Math.abs(middle(label) - middle(input)) < 2)
      .map(label => label.innerText.replaceAll("\\u200b", "")).join("|"),
    box(input).left >= 0 && box(input).right <= innerWidth,
  ]);
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_what_stands_under_an_input_is_the_label_so_many_places_on(visit, width):
    page, trace = visit(width=width), the_trace()
    pieces = [show.visible(piece) for piece in trace.pieces]
    masked = len(trace.pieces) - len(trace.supervised)
    words = ["masked"] * masked + pieces[masked:] + ["", ""]
    for places in range(3):
        page.locator("#rule input").nth(places).check()
        settle(page)
        found = page.locator("#rule .cs-rule").evaluate(UNDER)
        shown = [*range(29, 29 + len(found) - 2), 39, 40]
        assert found == [[pieces[i], words[i + places], True] for i in shown]
        ties = page.locator("#rule .cs-tie").all_inner_texts()
        tie = ["repeats", "next", "skips one"][places]
        counts = [places + i in trace.supervised for i in shown]
        gone = ["dropped" if i + places > 40 else "" for i in shown]
        assert ties == [tie if yes else no for yes, no in zip(counts, gone, strict=True)]
        dropped = page.locator("#rule .cs-input.cs-dropped")
        assert dropped.count() == places


def test_labels_are_dragged(visit):
    page = visit()
    page.locator("#rule").scroll_into_view_if_needed()
    track = page.locator("#rule .cs-drag").bounding_box()
    x, y = track["x"] + 300, track["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=4)
    page.mouse.move(x - 60, y, steps=4)
    page.mouse.up()
    assert page.evaluate("window.views.rule.get('places')") == 2
    assert page.locator("#rule input").nth(2).is_checked()
    assert "skips one" in page.locator("#rule").inner_text()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 500, y, steps=4)
    page.mouse.up()
    assert page.evaluate("window.views.rule.get('places')") == 0


def test_labels_are_dragged_by_a_finger(visit):
    page = visit(width=390, has_touch=True, is_mobile=True)
    page.locator("#rule").scroll_into_view_if_needed()
    box = page.locator("#rule .cs-drag").bounding_box()
    client = page.context.new_cdp_session(page)
    x, y = box["x"] + 200, box["y"] + 20
    for kind, at in (("Start", 0), ("Move", 20), ("Move", 45), ("Move", 60)):
        points = [{"x": x - at, "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("window.views.rule.get('places') === 2", timeout=5000)


def test_bars_are_as_high_as_the_losses_and_the_mean_is_told(visit):
    page, trace = visit(), the_trace()
    given = losses(trace)
    for places in range(3):
        page.locator("#rule input").nth(places).check()
        settle(page)
        found = page.locator("#rule .cs-bar").evaluate_all(
            "bars => bars.map(bar => [bar.innerText.trim(), bar.lastChild.offsetHeight])"
        )
        all_of_them = [*given[places], None, None]
        real = [*all_of_them[29 : 29 + len(found) - 2], *all_of_them[39:41]]
        assert [text for text, _ in found] == [f"{x:.2f}" if x else NONE for x in real]
        tallest = max(one for one in real if one)
        highest = max(high for _, high in found)
        for (_, high), loss in zip(found, real, strict=True):
            assert abs(high - (highest - 2) * loss / tallest - 2) < 1.5 if loss else high == 0
        counted = [one for one in given[places] if one]
        mean = sum(counted) / len(counted)
        assert f"Mean loss {mean:.4f}." in said(page, "rule")
        # Each number of places has its own mean, whichever is chosen.
        words = page.locator("#rule label").nth(places).inner_text()
        assert words.endswith(f"loss {mean:.2f}")


LINE = """board => {
  const { top, height } = board.querySelector(".cs-bars .cs-window").getBoundingClientRect();
  const of = getComputedStyle(board.querySelector(".cs-bars .cs-window")).backgroundPositionY;
  const axis = board.querySelector(".cs-bar b").getBoundingClientRect().bottom;
  // "calc(100% - Npx)" of what is left beside a line of one pixel.
  const [, sign, far] = of.match(/([-+]) ([0-9.]+)px/) ?? [0, "-", 0];
  return axis - (top + height - 1 + parseFloat(sign + far));
}"""


def test_a_blind_guess_is_drawn_as_high_as_its_loss(visit):
    trace = the_trace()
    view = show.rule(trace, losses=losses(trace), vocabulary=952)
    assert view.data["guess"] == 6.85857
    page = visit(html=view_page({"rule": view}))
    assert "a guess: 6.86" in page.locator("#rule").inner_text()
    heights = page.locator("#rule .cs-bar b").evaluate_all("all => all.map(b => b.offsetHeight)")
    # The largest loss, 5.0, is lower than a guess: the bars are measured against the guess.
    highest = 3.2 * 16 * 4.9 / view.data["guess"] + 2
    assert abs(max(heights) - highest) < 1
    assert abs(page.locator("#rule .cs-rule").evaluate(LINE) - 3.2 * 16 - 2) < 1
    # Where nobody says of how many tokens a model chooses, the line lies outside of its box.
    page = visit()
    assert "guess" not in page.locator("#rule").inner_text()
    assert page.locator("#rule .cs-rule").evaluate(LINE) < -100


def test_the_rule_folds_what_a_narrow_window_has_no_room_for(visit):
    short = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "so it is. " * 9}]
    page = visit(html=view_page({"rule": show.rule(prepare(short, load_tokenizer()))}), width=390)
    page.wait_for_function("document.querySelectorAll('#rule .cs-input').length === 6")
    page.set_viewport_size({"width": 1280, "height": 900})
    # A dozen and more, where words are short.
    page.wait_for_function("document.querySelectorAll('#rule .cs-input').length === 13")
    assert page.locator("#rule .cs-tie").count() == 13


BROKEN = """all => all.filter(one => {
  const text = one.firstChild;
  const line = parseFloat(getComputedStyle(one).lineHeight);
  const parts = text.innerText.split("_").length;
  const { height } = text.getBoundingClientRect();
  return height > line * parts + 2 || text.scrollWidth > one.clientWidth;
}).map(one => one.innerText)"""


@pytest.mark.parametrize("width", [700, 768, 1280, 1600])
def test_the_rule_breaks_no_word(visit, width):
    page = visit(width=width)
    for name in ("rule", "bare-rule"):
        cells = page.locator(f"#{name} .cs-cell")
        assert cells.count() > 14
        assert cells.evaluate_all(BROKEN) == []


# --- the others ---


def test_the_ladder_has_a_rung_for_each_pair_that_counts(visit):
    page, trace = visit(), the_trace()
    rungs = page.locator("#ladder [role=option]")
    assert rungs.count() == 10
    for n, i in enumerate(trace.supervised):
        words = rungs.nth(n).inner_text().split()
        assert words[0] == str(i - 1)
        assert words[-2] == show.visible(trace.pieces[i])
        assert words[-1] == f"{1 + (i - 1) / 10:.2f}"
    rungs.first.click()
    page.keyboard.press("ArrowDown")
    assert "2 of 10. The model has read 32 tokens" in said(page, "ladder")
    assert page.evaluate("window.views.ladder.get('position')") == 31


def test_the_first_difference_is_marked_and_named(visit):
    page, trace = visit(), the_trace()
    rest = page.locator("#compare mark").inner_text().replace("↵", "")
    assert rest == trace.full_text[len(trace.prompt_text) :]
    assert said(page, "compare").startswith("A prefix. The texts are alike for 190 characters")
    assert page.locator("#compare .cs-new").first.inner_text() == "based"
    assert page.locator("#apart mark").inner_text() == "<think>"
    assert said(page, "apart").startswith("No prefix. The texts differ at character 23")
    assert said(page, "apart").endswith("It opens a thought.")


def test_rows_of_a_batch_are_chosen_and_cut(visit):
    page = visit()
    shorter = all_views()["batch"].data["rows"][1]["read"].count(1)
    assert said(page, "batch") == "Row 0: 41 tokens, 31 masked, 10 supervised."
    page.locator("#batch [role=option]").first.focus()
    page.keyboard.press("ArrowDown")
    assert said(page, "batch").startswith("Row 1: 41 tokens, 11 masked")
    assert "padding" in said(page, "batch")
    assert page.locator("#batch .cs-token.cs-padding").count() == 41 - shorter
    assert "2 conversations are packed" in said(page, "packed")
    assert page.locator("#packed .cs-begins").count() == 1
    page.locator("#cut input").focus()
    page.keyboard.press("ArrowRight")
    assert said(page, "cut") == "Row 0: 41 tokens, 31 masked, 4 supervised, 6 cut off."
    page.keyboard.press("End")
    assert said(page, "cut") == "Row 0: 41 tokens, 31 masked, 10 supervised."


def test_curves_say_their_numbers_at_a_step(visit):
    page = visit()
    outputs = page.locator("#curves .cs-legend output")
    assert outputs.all_inner_texts() == ["0.0000", "1.0000", NONE]
    page.locator("#curves input").focus()
    page.keyboard.press("Home")
    assert outputs.all_inner_texts() == ["10.0000", "1.0000", "2.0000"]
    strokes = page.locator("#curves .cs-legend path").evaluate_all(
        "all => all.map(one => getComputedStyle(one)).map(s => s.strokeWidth + s.strokeDasharray)"
    )
    assert len(set(strokes)) == 3
    assert page.locator("#curves path.cs-curve-2").first.get_attribute("d").count("M") == 2


# --- every view ---


def move_everything(page):
    for control in page.locator("input[type=radio], input[type=checkbox]").all():
        control.check()
    for control in page.locator("input[type=range]").all():
        control.press("ArrowLeft")
    for option in page.locator("[role=option][tabindex='0']").all():
        option.press("ArrowRight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_before_or_after_everything_was_moved(visit, scheme, width):
    script = CACHE / "axe" / "axe.min.js"
    if not script.exists():
        pytest.fail("axe is not in .cache/axe. Install npm and run: python scripts/fetch.py")
    page = visit(width=width, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(script.read_text(encoding="utf-8"))
    for moved in (False, True):
        if moved:
            move_everything(page)
        found = page.evaluate('axe.run(document, {resultTypes: ["violations"]})')["violations"]
        assert not [(one["id"], node["html"][:150]) for one in found for node in one["nodes"]]


def test_nothing_is_wider_than_the_window(visit):
    page = visit()
    move_everything(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_moving_shifts_nothing_below(visit):
    page = visit(width=390, reduced_motion="reduce")
    heads = "() => [...document.querySelectorAll('h2')].map(one => one.offsetTop)"
    before = page.evaluate(heads)
    for name, control in (("text", "radio"), ("rule", "radio"), ("curves", "range")):
        for one in page.locator(f"#{name} input[type={control}]").all():
            one.press("ArrowRight")
            assert page.evaluate(heads) == before, name


@pytest.mark.parametrize("colors", ["none", "active"])
def test_states_differ_in_border_and_word_as_well_as_in_colour(visit, colors):
    page = visit(forced_colors=colors)
    style = "one => getComputedStyle(one).borderBottomStyle"
    for name, states in (
        ("text", {"masked": "dotted", "supervised": "solid", "dropped": "dashed"}),
        ("batch", {"masked": "dotted", "supervised": "solid"}),
        ("cut", {"cut": "dashed"}),
    ):
        for state, border in states.items():
            token = page.locator(f"#{name} .cs-token.cs-{state}").first
            assert token.evaluate(style) == border
            sums = page.locator(f"#{name} b.cs-{state}").all_inner_texts()
            assert any(state in words for words in sums)


def test_new_data_is_drawn_and_what_was_moved_stays(visit):
    page = visit()
    page.locator("#text input[type=radio]").nth(4).check()
    page.evaluate("window.views.text.set('data', window.views.turns.get('data'))")
    assert page.locator("#text [role=option]").count() == 45
    assert page.locator("#text input[type=radio]").nth(4).is_checked()
    page.evaluate("window.views.text.remove()")
    assert page.locator("#text .cs-view").count() == 0


def test_hostile_words_stay_words(visit):
    tokenizer = load_tokenizer()
    messages = [
        {"role": "user", "content": HOSTILE},
        {"role": "assistant", "content": HOSTILE},
    ]
    trace = prepare(messages, tokenizer)
    views = {
        "text": show.text(trace),
        "rule": show.rule(trace),
        "ladder": show.ladder(trace),
        "compare": show.compare(trace, cause=HOSTILE),
        "apart": show.compare("<i>a", "<i>b", tokenizer, names=(HOSTILE, HOSTILE)),
        "batch": show.batch([trace.for_transformers()], tokenizer),
        "curves": show.curves({HOSTILE: [1.0, 0.5]}),
    }
    for live in (True, False):
        page = visit(html=view_page(views, live=live))
        assert page.locator("main img, main script").count() == 0
        texts = page.locator("#compare pre").first.inner_text()
        assert "<img" in texts
        assert HOSTILE in page.locator("#curves").evaluate("one => one.textContent")


def test_of_a_long_conversation_the_part_around_the_position_is_drawn(visit):
    messages = [
        {"role": "user", "content": "Why? " * 800},
        {"role": "assistant", "content": "Because. " * 400},
    ]
    trace = prepare(messages, load_tokenizer())
    total = len(trace.full_ids)
    assert total > 4000
    views = {"text": show.text(trace), "rule": show.rule(trace), "ladder": show.ladder(trace)}
    page = visit(html=view_page(views))
    options = page.locator("#text [role=option]")
    assert options.count() == 200
    first = trace.supervised[0]
    assert f"has read {first:,} tokens" in said(page, "text")
    page.locator("#text [role=option][tabindex='0']").press("End")
    assert f"Token {total - 1}, " in said(page, "text")
    assert options.last.evaluate("one => one === document.activeElement")
    page.locator("#text").get_by_role("button", name="before").click()
    assert f"has read {total - 200:,} tokens" in said(page, "text")
    assert options.count() == 200
    assert page.locator("#rule .cs-cell").count() < 40
    rungs = page.locator("#ladder [role=option]")
    counted = len(trace.supervised)
    assert rungs.count() == 80
    assert said(page, "ladder").startswith(f"1 of {counted:,}. The model has read {first:,} tokens")
    page.locator("#ladder").get_by_role("button", name="after").click()
    page.mouse.move(0, 0)
    assert said(page, "ladder").startswith(f"81 of {counted:,}.")
    assert rungs.count() == 80
    page.locator("#ladder [role=option][tabindex='0']").press("End")
    assert said(page, "ladder").startswith(f"{counted:,} of {counted:,}.")


# --- without scripts, and on paper ---


def test_without_scripts_the_views_can_be_read(visit):
    page, trace = visit("still", java_script_enabled=False), the_trace()
    assert page.locator("#text ruby").count() == 41
    assert page.locator("#text rt").all_inner_texts()[30:] == [
        *(show.visible(piece) for piece in trace.pieces[31:]),
        "dropped",
    ]
    assert "41 tokens: 30 masked, 10 supervised, 1 dropped" in page.locator("#text").inner_text()
    assert page.locator("#rule tbody tr").count() == 12
    assert page.locator("#ladder tbody tr").count() == 10
    assert page.locator("#compare mark").count() == 1
    assert page.locator("#batch .cs-text").count() == 2
    assert page.locator("#curves tbody tr").count() == 3
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.locator("html").evaluate("one => one.scrollWidth")
        assert wide <= width


def test_paper_has_the_whole_ladder_and_no_buttons(visit):
    page = visit(width=700)
    page.emulate_media(media="print")
    assert not page.get_by_label("labels as ids").first.is_visible()
    ladder = page.locator("#ladder .cs-ladder")
    assert ladder.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
