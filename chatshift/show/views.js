/* The views of a traced conversation: one module, for notebooks and for pages.

   `render({ model, el })` is what anywidget calls; `mount(element, name, data)` draws a view on a
   page that has no kernel. A view is a function of its data and of what a reader moves: step,
   position, places, ids, row, max_length. It reads the columns of a trace (pieces, ids, labels,
   prompt) and computes no label. Its one export is the last line, so that a build can turn this
   file into a classic script, which a page opened from disk may load. */

const MASKED = -100;
const WINDOW = 480;
const MOVED = { step: 6, position: null, places: 1, ids: false, row: 0, max_length: null };
const STEPS = [
  ["render", "The whole conversation becomes one text."],
  ["prompt", "What stands before the answer is a text of its own: the prompt."],
  ["tokenize", "Text becomes tokens, each with its id. The prompt’s ids come first."],
  ["copy", "The labels start as a copy: under each token, the token itself."],
  ["mask", "The prompt’s labels leave the loss. The answer’s stay."],
  ["shift", "The labels move one token to the left: under each token, the next one."],
];
const TIES = ["repeats", "next", "skips one"];
const ASKS = ["itself", "the next one", "the one after the next"];
const SIGNS = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥" };

/* An element; what is text in it stays text, whatever it says. */
const h = (tag, attributes, ...children) => {
  const svg = /^(svg|path|text|circle)$/.test(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(2));
  return made;
};
const div = (name, ...children) => h("div", { class: name }, ...children);
const span = (name, ...children) => h("span", { class: name }, ...children);
const visible = (piece) => piece.replace(/[ \n\r\t]/g, (sign) => SIGNS[sign]) || "∅";
/* A piece whose white space is drawn by quiet signs. */
const shown = (piece) =>
  visible(piece)
    .split(/([·↵␍⇥∅])/)
    .filter(Boolean)
    .map((part) => (/^[·↵␍⇥∅]$/.test(part) ? h("i", {}, part) : part));
const short = (piece) => (piece.length > 32 ? [...shown(piece.slice(0, 31)), "…"] : shown(piece));
const code = (piece) => h("code", {}, short(piece));
const many = (number, one) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const between = (least, most) => Array.from({ length: Math.max(0, most - least) }, (_, i) => least + i);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const firstOf = (labels) => Math.max(0, labels.findIndex((label) => label !== MASKED));
/* What is said of the thing that is looked at; it has its room before it is said. */
const saying = () => h("p", { class: "cs-said", "aria-live": "polite" });
/* Several texts in one place: it is as high as the highest of them, whichever is shown. */
const stack = (items) => {
  const made = items.map((item) => h("p", {}, item));
  const show = (n) => made.forEach((one, i) => one.classList.toggle("cs-away", i !== n));
  return [div("cs-stack", made), show];
};
const share = (state, words) => h("b", { class: `cs-${state}` }, words);
const counted = (yes) => (yes ? share("supervised", "It counts.") : share("masked", "It does not count."));

/* Radio buttons for one of the values that move. */
const radios = (state, key, legend, names, first = 0) => {
  // By chance: anywidget loads this module anew for each widget, so that a counter would repeat.
  const name = `cs-${Math.random().toString(36).slice(2)}`;
  const inputs = names.map((_, n) => h("input", { type: "radio", name, onchange: () => state.set(key, n + first) }));
  state.watch(key, () => inputs.forEach((input, n) => (input.checked = state.get(key) === n + first)));
  const labels = names.map((words, n) => h("label", {}, inputs[n], h("span", {}, words)));
  return h("fieldset", { class: `cs-choice cs-of-${names.length}` }, h("legend", {}, legend), labels);
};

/* One of many options has the keyboard; what is pointed at is only looked at. */
const listbox = (box, { count, at, go, find, say }) => {
  const option = (event) => event.target.closest("[role=option]");
  const looked = (event) => option(event) && say(+option(event).dataset.at);
  /* The option nearest below (or above) the one that has the keyboard. */
  const line = (by) => {
    const here = find(at()).getBoundingClientRect();
    let [best, least] = [at() + by, Infinity];
    for (const one of box.querySelectorAll("[role=option]")) {
      const there = one.getBoundingClientRect();
      const down = by * (there.top - here.top);
      const far = 99 * down + Math.abs(there.left - here.left);
      if (down > 4 && far < least) [best, least] = [+one.dataset.at, far];
    }
    return best;
  };
  box.addEventListener("click", (event) => option(event) && move(+option(event).dataset.at));
  box.addEventListener("pointerover", (event) => event.pointerType === "mouse" && looked(event));
  box.addEventListener("pointerleave", () => say(at()));
  const move = (n) => {
    go(clamp(n, 0, count() - 1));
    find(at()).focus();
  };
  box.addEventListener("keydown", (event) => {
    const keys = { ArrowRight: () => at() + 1, ArrowLeft: () => at() - 1, ArrowDown: () => line(1), ArrowUp: () => line(-1), Home: () => 0, End: () => count() - 1 };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    move(keys[event.key]());
  });
};
const select = (items, chosen) =>
  items.forEach((item) => {
    const on = +item.dataset.at === chosen;
    item.setAttribute("aria-selected", on);
    item.tabIndex = on ? 0 : -1;
  });

/* The width of a text in columns of a fixed-width font; wide characters take two. */
const columns = (words) => words.length + (words.match(/[\u1100-\u115f\u2e80-\uffdc\ud800-\udbff]/g) ?? []).length;
/* A token above its label. The label takes no room of its own: `wide` keeps it free. */
const token = (i, piece, wide) =>
  h("span", { role: "option", class: "cs-token", "data-at": i, style: `--wide:${Math.ceil(wide * 0.86)}ch` }, span("cs-piece", shown(piece)), span("cs-label"));

/* The text as it was rendered, a line a line; under each token its label, after any step. */
const text = (data, state) => {
  const { pieces, ids, labels, prompt } = data.trace;
  const last = pieces.length - 1;
  const body = h("div", { class: "cs-text", role: "listbox", "aria-label": "Tokens of the conversation", "aria-orientation": "horizontal" });
  const said = saying();
  const [head, headAt] = stack(STEPS.map(([, what]) => what));
  let tokens = [];
  let from = 0;
  let before = 0;
  const find = (i) => tokens[i - from];
  const at = () => clamp(state.get("position") ?? firstOf(labels) - 1, 0, last);
  const stateOf = (i, step) => {
    if (step < 3) return step === 2 && i >= prompt ? "rest" : "";
    if (step < 5) return "plain";
    if (step === 6 && i === last) return "dropped";
    return labels[step === 6 ? i + 1 : i] === MASKED ? "masked" : "supervised";
  };
  const labelOf = (i, step, kind, begins) => {
    if (step < 3) return "";
    if (step === 3) return String(ids[i]);
    if (kind === "dropped") return "dropped";
    const j = step === 6 ? i + 1 : i;
    if (kind === "masked") return state.get("ids") ? String(MASKED) : begins ? "masked" : "";
    return state.get("ids") ? String(ids[j]) : shown(pieces[j]);
  };
  const say = (i) => {
    const step = state.get("step");
    const name = [`Token ${i}, `, code(pieces[i])];
    const part = i < prompt ? "prompt" : "answer";
    const words = [
      [...name, `, is part of the ${part}.`],
      [...name, part === "prompt" ? ", stands in both texts." : ", stands in the whole text only."],
      [...name, `, has the id ${ids[i]}.`],
      [...name, `, has itself as its label: ${ids[i]}.`],
      [...name, ...(labels[i] === MASKED ? [", is ", share("masked", "masked"), `: its label is now ${MASKED}. It is read, not learned.`] : [", is ", share("supervised", "supervised"), `: its label stays ${labels[i]}.`])],
      i === last
        ? [...name, ", is ", share("dropped", "dropped"), " as an input, since nothing follows it. It stays as a label, one place to the left."]
        : [`The model has read ${many(i + 1, "token")}, the last one `, code(pieces[i]), ". It must write ", code(pieces[i + 1]), ". ", counted(labels[i + 1] !== MASKED)],
    ];
    said.replaceChildren(...words[step - 1]);
    tokens.forEach((one, n) => {
      one.classList.toggle("cs-at", n + from === i);
      one.classList.toggle("cs-goal", step === 6 && n + from === i + 1);
    });
  };
  const fold = (number, to, words) => (number ? [h("button", { type: "button", class: "cs-fold", onclick: () => state.set("position", to) }, `… ${many(number, "token")} ${words}`)] : []);
  /* Of a long conversation, the part around the position. */
  const fill = () => {
    from = pieces.length > WINDOW ? clamp(at() - WINDOW / 2, 0, pieces.length - WINDOW) : 0;
    const to = Math.min(pieces.length, from + WINDOW);
    const lines = [[]];
    tokens = between(from, to).map((i) => {
      const wide = Math.max(i === last ? 7 : 0, labels[i + 1] >= 0 ? columns(visible(pieces[i + 1])) : 0, String(ids[i]).length);
      const one = token(i, pieces[i], wide);
      lines.at(-1).push(one);
      if (pieces[i].includes("\n") && i + 1 < to) lines.push([]);
      return one;
    });
    body.replaceChildren(...lines.map((line) => h("div", { class: "cs-line", role: "presentation" }, line)));
    above.replaceChildren(...fold(from, from - 1, "before"));
    below.replaceChildren(...fold(pieces.length - to, to, "after"));
  };
  /* The labels are seen to move: each starts where it stood before the step. */
  const slide = (by) => {
    const boxes = tokens.map((one) => one.lastChild.getBoundingClientRect());
    tokens.forEach((one, n) => {
      const start = boxes[n + by];
      if (!start || !one.classList.contains("cs-supervised")) return;
      const near = Math.abs(start.top - boxes[n].top) < 4;
      const first = near ? { transform: `translateX(${start.left - boxes[n].left}px)` } : { opacity: 0 };
      one.lastChild.animate([first, { transform: "none", opacity: 1 }], { duration: 700, easing: "cubic-bezier(.3,0,.2,1)" });
    });
  };
  const sumOf = (step) => {
    if (step < 3) return many([...(step === 1 ? data.trace.full_text ?? pieces.join("") : data.trace.prompt_text ?? pieces.slice(0, prompt).join(""))].length, "character");
    const learned = labels.filter((label) => label !== MASKED).length - (step === 6 && labels[0] !== MASKED);
    const masked = pieces.length - learned - (step === 6);
    const sum = step < 5 ? [] : [share("masked", `${masked.toLocaleString("en")} masked`), share("supervised", `${learned.toLocaleString("en")} supervised`), step === 6 ? share("dropped", "1 dropped") : ""];
    return [h("span", {}, many(pieces.length, "token")), ...sum];
  };
  const [sums, sumAt] = stack(STEPS.map((_, n) => sumOf(n + 1)));
  const draw = () => {
    const step = state.get("step");
    body.dataset.step = step;
    let kind = "";
    tokens.forEach((one, n) => {
      const begins = kind !== "masked" || !one.previousSibling;
      kind = stateOf(n + from, step);
      one.className = `cs-token${kind && ` cs-${kind}`}`;
      one.lastChild.replaceChildren(...[labelOf(n + from, step, kind, begins)].flat());
    });
    headAt(step - 1);
    sumAt(step - 1);
    if (before && before !== step && !still()) {
      if (step === 6 && before > 3) slide(1);
      if (before === 6 && step > 3) slide(-1);
    }
    before = step;
    place();
  };
  const place = () => {
    if (!find(at())) {
      fill();
      return draw();
    }
    select(tokens, at());
    return say(at());
  };
  const [above, below] = [div("cs-more"), div("cs-more")];
  fill();
  draw();
  state.on("step", draw);
  state.on("ids", draw);
  state.on("position", place);
  listbox(body, { count: () => pieces.length, at, go: (i) => state.set("position", i), find, say });
  const box = h("input", { type: "checkbox", onchange: () => state.set("ids", box.checked) });
  state.watch("ids", () => (box.checked = state.get("ids")));
  const steps = radios(state, "step", "Step", STEPS.map(([name], n) => [h("b", {}, n + 1), " ", name]), 1);
  return [steps, head, above, body, below, div("cs-foot", sums, h("label", { class: "cs-switch" }, box, "labels as ids")), said];
};

/* The slide rule: inputs stand still, the labels under them move. The middle of a long answer, and
   what comes before it, are folded away, so that both ends of it are always in sight. */
const rule = (data, state) => {
  const { pieces, labels } = data.trace;
  const { losses } = data;
  const total = pieces.length;
  const first = firstOf(labels);
  const most = losses ? Math.max(...Object.values(losses).flatMap((list) => list.filter((loss) => loss != null))) : 0;
  const handle = h("span", { class: "cs-handle", role: "slider", tabindex: 0, "aria-label": "Places that the labels are moved to the left", "aria-valuemin": 0, "aria-valuemax": 2 }, "⟵ labels");
  const board = div("cs-rule");
  const said = saying();
  let room = 0;
  let parts;
  /* As many columns as there is room for: around the start of the answer, and at its end. */
  const windows = (width) => {
    const fits = clamp(Math.floor((width - 130) / 62), 5, 13);
    const from = Math.max(0, first - 2);
    if (total - from <= fits) return [[from, total]];
    const start = Math.max(0, first - (fits > 6 ? 2 : 1));
    const tail = fits > 8 ? 3 : 2;
    return [[start, start + fits - tail], [total - tail, total]];
  };
  const build = () => {
    const spans = windows(room);
    const row = (name, make) => {
      let end = 0;
      const cells = spans.flatMap(([from, to]) => {
        const folded = from > end ? [h("span", { class: "cs-folded", title: many(from - end, "token") }, name === "inputs" ? ["⋯", h("small", {}, from - end)] : "")] : [];
        end = to;
        return [...folded, h("div", { class: `cs-window cs-${name}`, style: `--n:${to - from}` }, make(from, to))];
      });
      return div("cs-row", cells);
    };
    const cell = (i, kind) => span(`cs-cell cs-${kind}`, h("span", {}, kind === "masked" ? "masked" : kind === "nothing" ? "" : shown(pieces[i].replace(/_/g, "_\u200b"))));
    parts = { inputs: [], ties: [], bars: [], strips: [] };
    const track = (name, what, line) => [div("cs-name", name, h("small", {}, what)), line];
    const inputs = row("inputs", (from, to) => between(from, to).map((i) => (parts.inputs[i] = cell(i, "input"))));
    const ties = row("ties", (from, to) => between(from, to).map((i) => (parts.ties[i] = span("cs-tie"))));
    // Two labels more than columns: they come from the right as others leave.
    const strips = row("strip", (from, to) => {
      const strip = div("cs-slider", between(from, to + 2).map((i) => cell(i, i >= total ? "nothing" : labels[i] === MASKED ? "masked" : "supervised")));
      parts.strips.push(strip);
      return strip;
    });
    const bars = row("bars", (from, to) => between(from, to).map((i) => (parts.bars[i] = span("cs-bar", h("small", {}), h("b", {})))));
    strips.classList.add("cs-drag");
    strips.addEventListener("pointerdown", drag);
    board.replaceChildren(...track("inputs", "has read", inputs), ...track("", "", ties), ...track(handle, "must write", strips), ...(losses ? track("loss", "of each pair", bars) : []));
  };
  const draw = () => {
    const places = state.get("places");
    board.style.setProperty("--places", places);
    board.dataset.places = places;
    handle.setAttribute("aria-valuenow", places);
    handle.setAttribute("aria-valuetext", `${many(places, "place")}: each token is asked for ${ASKS[places]}`);
    parts.inputs.forEach((input, i) => {
      const label = labels[i + places];
      const counts = label !== undefined && label !== MASKED;
      input.className = `cs-cell ${label === undefined ? "cs-dropped" : "cs-input"}`;
      parts.ties[i].className = `cs-tie${counts ? (places === 1 ? " cs-right" : " cs-wrong") : ""}`;
      parts.ties[i].textContent = counts ? TIES[places] : label === undefined ? "dropped" : "";
      const loss = counts ? losses?.[places]?.[i] : null;
      parts.bars[i].style.setProperty("--high", loss == null ? 0 : clamp(loss / most, 0, 1).toFixed(4));
      parts.bars[i].firstChild.textContent = loss == null ? "–" : loss.toFixed(2);
    });
    const pairs = (losses?.[places] ?? []).filter((loss) => loss != null);
    const mean = pairs.reduce((sum, loss) => sum + loss, 0) / pairs.length;
    const prior = pieces[first - places];
    said.replaceChildren(
      h("b", { class: places === 1 ? "cs-right" : "cs-wrong" }, many(places, "place")), ": each token is asked for ", ASKS[places], ". ",
      ...(prior === undefined ? [] : ["After ", code(prior), " the model must write ", code(pieces[first]), ". "]),
      ...(places ? [`${places === 1 ? "The last input and the first label are" : "The last two inputs and the first two labels are"} dropped. `] : []),
      ...(pairs.length ? [`Mean loss ${mean.toFixed(4)}.`] : []),
    );
  };
  const go = (places) => state.set("places", clamp(places, 0, 2));
  const drag = (event) => {
    if (event.button) return;
    const box = event.currentTarget;
    const strip = parts.strips[0];
    const wide = strip.firstChild.getBoundingClientRect().width;
    const places = state.get("places");
    const moved = (now) => clamp(places + (event.clientX - now.clientX) / wide, 0, 2);
    box.setPointerCapture(event.pointerId);
    const move = (now) => {
      board.classList.add("cs-dragged");
      board.style.setProperty("--places", moved(now));
    };
    const end = (now) => {
      box.removeEventListener("pointermove", move);
      board.classList.remove("cs-dragged");
      go(now.type === "pointerup" ? Math.round(moved(now)) : places);
      draw();
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", end, { once: true });
    box.addEventListener("pointercancel", end, { once: true });
  };
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1, End: 2, Home: -2 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    go(state.get("places") + by);
  });
  state.resized(board, (width) => {
    const known = room && windows(room);
    room = width;
    if (known && String(known) === String(windows(room))) return;
    const focused = document.activeElement === handle;
    build();
    draw();
    if (focused) handle.focus();
  });
  state.on("places", draw);
  return [radios(state, "places", "Move the labels to the left by", between(0, 3).map((n) => many(n, "place"))), board, said];
};

/* The ladder: what the model has read, and what it must write then; a line for each label. */
const ladder = (data, state) => {
  const { pieces, labels } = data.trace;
  const { losses } = data;
  const rungs = between(0, pieces.length - 1).filter((i) => labels[i + 1] !== MASKED);
  const most = Math.max(...(losses ?? [1]).filter((loss) => loss != null), 1e-9);
  const list = h("div", { class: "cs-ladder", role: "listbox", "aria-label": "What is read, and what must be written" });
  const said = saying();
  const read = (i) => [i > 11 ? "…" : "", ...pieces.slice(Math.max(0, i - 11), i).flatMap(shown), h("b", {}, shown(pieces[i]))];
  const lines = rungs.map((i, n) => {
    const loss = losses?.[i];
    const bar = loss == null ? [] : [h("small", { class: "cs-loss", style: `--long:${clamp(loss / most, 0, 1).toFixed(3)}` }, loss.toFixed(2))];
    return h("div", { role: "option", class: "cs-rung", "data-at": n }, h("small", {}, i), span("cs-read", h("span", {}, read(i))), span("cs-arrow", "→"), span("cs-write", shown(pieces[i + 1])), bar);
  });
  const at = () => {
    const n = rungs.findIndex((i) => i >= (state.get("position") ?? 0));
    return n < 0 ? rungs.length - 1 : n;
  };
  const say = (n) => said.replaceChildren(`${n + 1} of ${rungs.length}: the model has read ${many(rungs[n] + 1, "token")}, the last one `, code(pieces[rungs[n]]), ". It must write ", code(pieces[rungs[n] + 1]), ".", ...(losses?.[rungs[n]] == null ? [] : [` Loss ${losses[rungs[n]].toFixed(4)}.`]));
  list.append(...lines);
  state.watch("position", () => {
    select(lines, at());
    say(at());
  });
  listbox(list, { count: () => rungs.length, at, go: (n) => state.set("position", rungs[n]), find: (n) => lines[n], say });
  return [h("div", { class: "cs-rung cs-names", "aria-hidden": "true" }, h("small", {}, "position"), h("span", {}, "has read"), h("span", {}), h("span", {}, "must write"), losses ? h("small", {}, "loss") : ""), list, said];
};

/* Two renders side by side; the first difference is marked in the texts and in the tokens. */
const compare = (data) => {
  const { trace } = data;
  const [a, b] = data.sides ?? [
    { name: "the whole conversation", text: trace.full_text ?? trace.pieces.join(""), pieces: trace.pieces },
    { name: "the prompt alone", text: trace.prompt_text, pieces: trace.pieces.slice(0, trace.prompt) },
  ];
  const alike = (x, y) => {
    let n = 0;
    while (n < Math.min(x.length, y.length) && x[n] === y[n]) n++;
    return n;
  };
  const [chars, tokens] = [alike(a.text, b.text), alike(a.pieces, b.pieces)];
  const body = (value) => value.split("\n").flatMap((line, i) => (i ? [h("i", {}, "↵"), "\n", line] : [line]));
  const panel = ({ name, text }) => {
    const rest = text.slice(chars);
    return h("figure", {}, h("figcaption", {}, name, h("small", {}, many([...text].length, "character"))), h("pre", {}, body(text.slice(0, chars)), rest ? h("mark", {}, body(rest)) : span("cs-end", "ends here")));
  };
  const from = Math.max(0, tokens - 2);
  const near = (list) => {
    const to = Math.min(list.length, tokens + 3);
    const cells = between(from, to).map((i) => span(`cs-chip${i < tokens ? "" : " cs-new"}`, short(list[i])));
    return [from ? h("small", {}, `${from} …`) : "", ...cells, list.length > to ? h("small", {}, `… ${list.length - to}`) : list.length > tokens ? "" : span("cs-end", "ends here")];
  };
  const row = ({ name, pieces }) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, div("cs-chips", near(pieces))));
  const prefix = chars === b.text.length;
  const same = tokens === b.pieces.length;
  const words = prefix && same
    ? [share("supervised", "A prefix. "), `Both texts are alike for ${many(chars, "character")}, both lists of ids for ${many(tokens, "token")}: there the second ends, and the answer begins.`]
    : [share("dropped", "No prefix. "), prefix ? `The texts are alike for ${many(chars, "character")}, where the second ends; the tokens already differ at token ${tokens}, since a token reaches across that end.` : `The texts differ at character ${chars}, the tokens at token ${tokens}.`];
  return [div("cs-two", panel(a), panel(b)), h("table", { class: "cs-pair" }, h("tbody", {}, row(a), row(b))), h("p", { class: "cs-said" }, words, data.cause ? ` ${data.cause}` : "")];
};

/* Rows of a batch under each other on one scale; the tokens of the row that is chosen. */
const batch = (data, state) => {
  const { rows } = data;
  const width = Math.max(...rows.map((row) => row.pieces.length));
  const cut = data.max_length !== null && data.max_length !== undefined;
  const at = () => clamp(state.get("row") ?? 0, 0, rows.length - 1);
  const stop = () => clamp((cut && (state.get("max_length") ?? data.max_length)) || width, 1, width);
  const kindAt = (row, i) => (i >= stop() ? "dropped" : row.read?.[i] === 0 ? "padding" : row.labels[i] === MASKED ? "masked" : "supervised");
  const word = (kind) => (kind === "dropped" ? "cut off" : kind);
  const list = h("div", { class: "cs-batch", role: "listbox", "aria-label": "Rows of the batch" });
  const body = div("cs-text");
  const said = saying();
  const runs = (row) => {
    const found = [];
    row.pieces.forEach((_, i) => {
      const kind = kindAt(row, i);
      const starts = row.starts?.includes(i);
      if (found.at(-1)?.kind === kind && !starts) found.at(-1).size += 1;
      else found.push({ kind, size: 1, starts });
    });
    return found;
  };
  const sum = (row) => Object.entries(Object.groupBy(row.pieces.map((_, i) => kindAt(row, i)), (kind) => kind)).map(([kind, all]) => share(kind, `${all.length} ${word(kind)}`));
  const options = rows.map((_, n) => h("div", { role: "option", class: "cs-packed", "data-at": n }));
  list.append(...options);
  const draw = () => {
    options.forEach((option, n) => {
      const bars = runs(rows[n]).map(({ kind, size, starts }) => h("span", { class: `cs-run cs-${kind}${starts ? " cs-starts" : ""}`, style: `--size:${size}` }, span("cs-word", `${word(kind)} ${size}`)));
      const rest = width - rows[n].pieces.length;
      option.replaceChildren(h("small", {}, `row ${n}`), div("cs-bars", bars, rest ? h("span", { style: `flex:${rest} 1 0` }) : ""));
    });
    show();
  };
  const show = () => {
    const row = rows[at()];
    select(options, at());
    const lines = [[]];
    let before = "";
    row.pieces.slice(0, WINDOW).forEach((piece, i) => {
      const kind = kindAt(row, i);
      const words = kind === "supervised" ? row.words[i] : kind === before ? "" : word(kind);
      const one = span(`cs-token cs-${kind}${row.starts?.includes(i) ? " cs-starts" : ""}`, span("cs-piece", shown(piece)), span("cs-label", kind === "supervised" ? shown(words) : words));
      one.style.setProperty("--wide", `${Math.ceil(columns(kind === "supervised" ? words : "") * 0.86)}ch`);
      if (row.starts?.includes(i) && lines.at(-1).length) lines.push([]);
      lines.at(-1).push(one);
      if (piece.includes("\n")) lines.push([]);
      before = kind;
    });
    body.replaceChildren(...lines.filter((line) => line.length).map((line) => div("cs-line", line)));
    said.replaceChildren(`Row ${at()}, ${many(row.pieces.length, "token")}: `, ...sum(row).flatMap((one, n) => (n ? [", ", one] : [one])), ".", row.starts?.length > 1 ? ` ${row.starts.length} conversations are packed in it.` : "");
  };
  state.watch("max_length", draw);
  state.on("row", show);
  listbox(list, { count: () => rows.length, at, go: (n) => state.set("row", n), find: (n) => options[n], say: () => {} });
  const slider = h("input", { type: "range", min: 1, max: width, oninput: () => state.set("max_length", +slider.value) });
  const output = h("output", {});
  state.watch("max_length", () => (slider.value = output.value = stop()));
  return [cut ? h("label", { class: "cs-slide" }, "max_length", slider, output) : "", list, said, body];
};

/* Losses over the steps, a line each; the ends are named, and dashes differ as colours do. */
const curves = (data, state) => {
  const names = Object.keys(data.runs);
  const lists = Object.values(data.runs);
  const length = Math.max(...lists.map((list) => list.length));
  const scale = data.log ? (value) => Math.log10(Math.max(value, 1e-6)) : (value) => value;
  const all = lists.flat().map(scale);
  const [least, most] = data.log ? [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))] : [0, Math.max(...all)];
  const [wide, high] = [600, 260];
  const x = (n) => 44 + ((wide - 54) * n) / Math.max(1, length - 1);
  const y = (value) => high - 26 - ((high - 40) * (scale(value) - least)) / (most - least || 1);
  const levels = data.log ? between(least, most + 1).map((power) => 10 ** power) : between(0, 5).map((n) => (most * n) / 4);
  const grid = levels.flatMap((level) => [h("path", { class: "cs-grid", d: `M44 ${y(level)}H${wide - 10}` }), h("text", { x: 38, y: y(level) + 4, "text-anchor": "end" }, +level.toPrecision(2))]);
  const steps = [0, Math.round((length - 1) / 2), length - 1].map((n) => h("text", { x: x(n), y: high - 6, "text-anchor": "middle" }, n));
  const lines = lists.map((list, n) => h("path", { class: `cs-line-${n % 4}`, d: list.map((value, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("") }));
  const mark = h("path", { class: "cs-mark" });
  const picture = h("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": "Loss over the steps of training, a line for each run; the list below has the numbers" }, grid, steps, lines, mark);
  const outputs = names.map(() => h("output", {}));
  const legend = names.map((name, n) => h("li", {}, h("svg", { viewBox: "0 0 48 12", "aria-hidden": "true" }, h("path", { class: `cs-line-${n % 4}`, d: "M2 6H46" })), h("span", {}, name), outputs[n]));
  const at = () => clamp(state.get("position") ?? length - 1, 0, length - 1);
  const slider = h("input", { type: "range", min: 0, max: length - 1, oninput: () => state.set("position", +slider.value) });
  const output = h("output", {});
  state.watch("position", () => {
    slider.value = output.value = at();
    mark.setAttribute("d", `M${x(at())} 10V${high - 24}`);
    outputs.forEach((one, n) => (one.value = lists[n][at()]?.toFixed(4) ?? "–"));
  });
  return [picture, h("label", { class: "cs-slide" }, "step", slider, output), h("ul", { class: "cs-legend" }, legend)];
};

const VIEWS = { text, rule, ladder, compare, batch, curves };

/* Draws the view that the model names into the element; returns what takes it away. */
const render = ({ model, el }) => {
  const heard = [];
  let watch;
  const forget = () => {
    while (heard.length) model.off(...heard.pop());
    watch?.disconnect();
  };
  const state = {
    get: (key) => model.get(key) ?? MOVED[key],
    set(key, value) {
      if (state.get(key) === value) return;
      model.set(key, value);
      model.save_changes();
    },
    on(key, listener) {
      model.on(`change:${key}`, listener);
      heard.push([`change:${key}`, listener]);
    },
    watch(key, listener) {
      state.on(key, listener);
      listener();
    },
    /* Calls back with the width at once, and whenever it changes. */
    resized(box, listener) {
      listener(el.clientWidth || 760);
      watch = new ResizeObserver(([entry]) => listener(entry.contentRect.width));
      watch.observe(box);
    },
  };
  const root = div("cs-view");
  const draw = () => {
    forget();
    const name = model.get("view");
    root.replaceChildren(div(`cs-body cs-is-${name}`, ...VIEWS[name](model.get("data"), state)));
  };
  draw();
  el.append(root);
  const again = ["change:data", "change:view"];
  again.forEach((event) => model.on(event, draw));
  return () => {
    forget();
    again.forEach((event) => model.off(event, draw));
    root.remove();
  };
};

/* A view without a kernel. What is moved may stand in `data`; the result has get, set, on, off,
   and `remove`. `set("data", …)` draws anew and keeps what was moved. */
const mount = (element, name, data) => {
  const moved = Object.entries(MOVED).map(([key, value]) => [key, data[key] ?? value]);
  const values = { ...Object.fromEntries(moved), view: name, data };
  const listeners = [];
  const model = {
    get: (key) => values[key],
    set(key, value) {
      if (values[key] === value) return;
      values[key] = value;
      for (const [event, listener] of [...listeners]) if (event === `change:${key}`) listener();
    },
    on: (event, listener) => listeners.push([event, listener]),
    off(event, listener) {
      const n = listeners.findIndex(([one, other]) => one === event && other === listener);
      if (n >= 0) listeners.splice(n, 1);
    },
    save_changes() {},
  };
  model.remove = render({ model, el: element });
  return model;
};

export default { render, mount };
