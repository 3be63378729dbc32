/* The views of a traced conversation: one module, for notebooks and for pages.

   `render({ model, el })` is what anywidget calls; `mount(element, name, data)` draws a view on a
   page that has no kernel. A view is a function of its data and of what a reader moves. It reads
   the columns of a trace (pieces, ids, labels, prompt) and computes no label. Nothing is exported
   but by the last line, so that a build can turn this file into a classic script, which a page
   opened from disk may load. */

const MASKED = -100;
const WINDOW = 400;
const RUNGS = 80;
const MOVED = { step: 6, places: 1, row: 0 };
const STEPS = {
  render: "The whole conversation becomes one text.",
  prompt: "The prompt becomes a text of its own.",
  tokenize: "Text becomes tokens, each with its id. The prompt’s ids come first.",
  copy: "The labels start as a copy: under each token, itself.",
  mask: "The prompt’s labels are masked. The answer’s stay.",
  shift: "The labels move one token to the left: under each token, the next.",
};
const TIES = ["repeats", "next", "skips one"];
const ASKED = ["itself", "the next one", "the one after the next"];
const SIGNS = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥" };

/* An element's attributes, listeners and children. Text stays text, whatever it says. */
const put = (element, ...parts) => {
  for (const part of parts.flat(9)) {
    if (part?.constructor === Object) {
      for (const [name, value] of Object.entries(part)) {
        if (typeof value === "function") element.addEventListener(name, value);
        else element.setAttribute(name, value);
      }
    } else if (part != null && part !== false) element.append(part);
  }
  return element;
};
const fill = (element, ...parts) => {
  element.replaceChildren();
  return put(element, parts);
};
/* A new element: h("span.cell.masked", …) has the classes cs-cell and cs-masked. */
const h = (kind, ...parts) => {
  const [tag, ...names] = kind.split(".");
  const space = `http://www.w3.org/${/^(svg|path|text)$/.test(tag) ? "2000/svg" : "1999/xhtml"}`;
  const made = document.createElementNS(space, tag);
  if (names[0]) made.setAttribute("class", names.map((name) => `cs-${name}`).join(" "));
  return put(made, parts);
};
const toggle = (element, name, on) => element.classList.toggle(`cs-${name}`, on);
/* White space as signs; a piece that nobody would see, such as a separator of lines, as its number. */
const visible = (piece) =>
  piece
    .replace(/[ \n\r\t]/g, (sign) => SIGNS[sign])
    .replace(/^[\p{Z}\p{C}]+$/u, (text) => `U+${text.codePointAt(0).toString(16)}`) || "∅";
/* A piece whose white space is drawn by quiet signs. */
const shown = (piece) =>
  visible(piece)
    .split(/([·↵␍⇥∅])/)
    .map((part, n) => (n % 2 ? h("i", part) : part));
const short = (piece) => shown(piece.length > 32 ? `${piece.slice(0, 31)}…` : piece);
const code = (piece) => h("code", short(piece));
const count = (number) => number.toLocaleString("en");
const many = (number, one) => `${count(number)} ${one}${number === 1 ? "" : "s"}`;
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
const firstOf = (labels) => Math.max(0, labels.findIndex((label) => label !== MASKED));
/* How many there are of each kind, in the words of this book. */
const word = (kind) => (kind === "cut" ? "cut off" : kind);
const tally = (kinds) => {
  const sums = {};
  for (const kind of kinds) sums[kind] = (sums[kind] ?? 0) + 1;
  return Object.entries(sums).map(([kind, number]) => [", ", share(kind, `${count(number)} ${word(kind)}`)]);
};
const isLoss = (loss) => loss != null;
/* What is said of the thing that is looked at. */
const saying = () => h("p.said", { "aria-live": "polite" });
const share = (kind, words) => h(`b.${kind}`, words);
const pair = (read, last, next) => [`The model has read ${many(read, "token")}, the last one `, code(last), ". It must write ", code(next), ". "];
/* Several texts in one place: it is as high as the highest of them, whichever is shown. */
const stack = (items) => {
  const made = items.map((item) => h("p", item));
  return [h("div.stack", made), (n) => made.forEach((one, at) => toggle(one, "away", at !== n))];
};

/* Radio buttons for one of the values that move. */
const radios = (state, key, legend, names, first) => {
  // By chance: anywidget loads this module anew for each widget, so that a counter would repeat.
  const name = `cs${Math.random()}`;
  const inputs = names.map((_, n) => h("input", { type: "radio", name, change: () => state.set(key, n + first) }));
  state.watch(key, (value) => inputs.forEach((input, n) => (input.checked = value === n + first)));
  const labels = names.map((words, n) => h("label", inputs[n], h("span", words)));
  return h(`fieldset.choice.of-${names.length}`, h("legend", legend), labels);
};

/* A slider for one of the values that move. */
const slider = (state, key, label, min, max, known) => {
  const input = h("input", { type: "range", min, max, input: () => state.set(key, +input.value) });
  const output = h("output");
  state.watch(key, () => (input.value = output.value = known()));
  return h("label.slide", label, input, output);
};

/* One of many options has the keyboard; one that is pointed at is only looked at. */
const listbox = (box, size, at, go, find, say) => {
  const move = (n) => {
    go(clamp(n, 0, size - 1));
    find(at()).focus();
  };
  /* The option nearest in the line below, or above. */
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
  const pointed = (event, use) => {
    const option = event.target.closest("[role=option]");
    if (option) use(+option.dataset.at);
  };
  return put(box, {
    role: "listbox",
    click: (event) => pointed(event, move),
    pointerover: (event) => pointed(event, say),
    pointerleave: () => say(at()),
    keydown(event) {
      const keys = { ArrowRight: () => at() + 1, ArrowLeft: () => at() - 1, ArrowDown: () => line(1), ArrowUp: () => line(-1), Home: () => 0, End: () => size - 1 };
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(keys[event.key]());
    },
  });
};
const choice = (at, on) => ({ role: "option", "data-at": at, "aria-selected": on, tabindex: on ? 0 : -1 });
/* Moves the choice: two options change, however many there are. */
const select = (box, chosen) => {
  const old = box.querySelector("[aria-selected=true]");
  if (old) put(old, choice(old.dataset.at, false));
  put(chosen, choice(chosen.dataset.at, true));
};

/* What leads to the tokens that are not drawn. */
const fold = (box, number, where, click) => fill(box, number > 0 && h("button.fold", { click }, `… ${count(number)} ${where}`));

/* A token above its label. Its label takes no room of its own, so that no step moves anything:
   the widest that will ever stand there keeps the room free, unseen. */
const token = (piece, widest) => h("span.token", { "data-widest": visible(widest) }, h("span.piece", shown(piece)), h("span.label"));
const label = (token, kind, words) => {
  token.className = kind ? `cs-token cs-${kind}` : "cs-token";
  fill(token.lastChild, words);
};
/* Tokens in lines, as their text breaks. */
const lines = (tokens, breaks) => {
  const made = [];
  tokens.forEach((one, n) => {
    if (!n || breaks(n)) made.push([]);
    made.at(-1).push(one);
  });
  return made.map((line) => h("div.line", { role: "presentation" }, line));
};

/* The text as it was rendered, a line a line; under each token its label, after any step. */
const text = ({ trace }, state) => {
  const { pieces, ids, labels, prompt } = trace;
  const size = pieces.length;
  const body = h("div.text", { "aria-label": "Tokens of the conversation" });
  const [above, below] = [h("div"), h("div")];
  const said = saying();
  const [head, headAt] = stack(Object.values(STEPS));
  let tokens = [];
  let from = 0;
  let before = 0;
  const find = (i) => tokens[i - from];
  const at = () => clamp(state.get("position") ?? firstOf(labels) - 1, 0, size - 1);
  const kindOf = (i, step) => {
    if (step < 3) return step === 2 && i >= prompt ? "rest" : "";
    if (step < 5) return "plain";
    if (step === 6 && i === size - 1) return "dropped";
    return labels[i + (step === 6)] === MASKED ? "masked" : "supervised";
  };
  const wordsOf = (i, step, kind, begins) => {
    if (step === 2) return i === prompt ? "answer" : i ? "" : "prompt";
    if (step === 1 || kind === "dropped") return kind;
    const j = i + (step === 6);
    if (kind === "masked") return state.get("ids") ? MASKED : begins ? kind : "";
    return step === 3 || state.get("ids") ? ids[j] : shown(pieces[j]);
  };
  const say = (i) => {
    const step = state.get("step");
    const part = ` is part of the ${i < prompt ? "prompt" : "answer"}.`;
    const masked = [" is ", share("masked", "masked"), `: its label is now ${MASKED}. It is read, and not learned.`];
    const kept = [" is ", share("supervised", "supervised"), `: its label stays ${labels[i]}.`];
    const words = [part, part, ` has the id ${ids[i]}.`, ` has itself as its label, ${ids[i]}.`, labels[i] === MASKED ? masked : kept, [" is ", share("dropped", "dropped"), " as an input. As a label it stays."]];
    const counts = labels[i + 1] !== MASKED;
    fill(said, step === 6 && i + 1 < size ? [pair(i + 1, pieces[i], pieces[i + 1]), h(counts ? "b.right" : "b", counts ? "It counts." : "It does not count.")] : [`Token ${i}, `, code(pieces[i]), ",", words[step - 1]]);
    mark("cs-at", i);
    mark("cs-goal", step === 6 ? i + 1 : -1);
  };
  const mark = (name, i) => {
    body.querySelector(`.${name}`)?.classList.remove(name);
    find(i)?.classList.add(name);
  };
  /* Of a long conversation, the part around the position: so much is drawn at every key. */
  const lay = () => {
    const most = size > WINDOW ? 200 : size;
    from = clamp(at() - most / 2, 0, size - most);
    const to = from + most;
    const widest = (i) => [`${ids[i]}`, i === size - 1 ? "dropped" : labels[i + 1] === MASKED ? "" : pieces[i + 1]].sort((a, b) => b.length - a.length)[0];
    tokens = range(from, to).map((i) => put(token(pieces[i], widest(i)), choice(i, false)));
    fill(body, lines(tokens, (n) => pieces[from + n - 1].includes("\n")));
    fold(above, from, "before", () => state.set("position", from - 1));
    fold(below, size - to, "after", () => state.set("position", to));
  };
  /* The labels in sight are seen to move: each starts where it stood before the step. */
  const slide = (by) => {
    const boxes = tokens.map((one) => one.lastChild.getBoundingClientRect());
    tokens.forEach((one, n) => {
      const start = boxes[n + by];
      if (!start || boxes[n].bottom < 0 || boxes[n].top > innerHeight || !one.matches(".cs-supervised")) return;
      const near = Math.abs(start.top - boxes[n].top) < 4;
      one.lastChild.animate([near ? { translate: `${start.left - boxes[n].left}px` } : { opacity: 0 }, {}], { duration: 700, easing: "ease-in-out" });
    });
  };
  const sumOf = (step) => {
    const read = step < 2 ? trace.full_text ?? pieces.join("") : trace.prompt_text ?? pieces.slice(0, prompt).join("");
    if (step < 3) return many([...read].length, "character");
    return [many(size, "token"), step > 4 && tally(range(0, size).map((i) => kindOf(i, step)))];
  };
  const [sums, sumAt] = stack(range(1, 7).map(sumOf));
  const draw = () => {
    const step = state.get("step");
    put(body, { "data-step": step });
    let kind;
    tokens.forEach((one, n) => {
      const begins = kind !== "masked" || !one.previousSibling;
      kind = kindOf(n + from, step);
      label(one, kind, wordsOf(n + from, step, kind, begins));
    });
    box.checked = state.get("ids");
    headAt(step - 1);
    sumAt(step - 1);
    const by = before && Math.sign(step - before);
    if (by && step + before > 9 && !matchMedia("(prefers-reduced-motion: reduce)").matches) slide(by);
    before = step;
    look();
  };
  const look = () => {
    select(body, find(at()));
    say(at());
  };
  const place = () => {
    if (find(at())) return look();
    lay();
    return draw();
  };
  lay();
  const box = h("input", { type: "checkbox", change: () => state.set("ids", box.checked) });
  state.watch("step ids", draw);
  state.watch("position", place, true);
  const names = Object.keys(STEPS).map((name, n) => [h("b", n + 1), ` ${name}`]);
  listbox(body, size, at, (i) => state.set("position", i), find, say);
  return [radios(state, "step", "Step", names, 1), head, above, body, below, h("div.foot", sums, h("label.switch", box, "labels as ids")), said];
};

/* The slide rule: inputs stand still, the labels under them move. The middle of a long answer and
   what comes before it are folded away, so that both its ends are always in sight. */
const rule = ({ trace, losses, guess }, state) => {
  const { pieces, labels } = trace;
  const size = pieces.length;
  const first = firstOf(labels);
  const most = Math.max(guess ?? 0, ...Object.values(losses ?? {}).flat());
  const means = range(0, 3).map((places) => {
    const counted = (losses?.[places] ?? []).filter(isLoss);
    return counted.reduce((sum, loss) => sum + loss, 0) / counted.length;
  });
  const board = h("div.rule", { style: `--guess:${guess / most || -9}` });
  const said = saying();
  let known = "";
  let [inputs, ties, bars] = [[], [], []];
  /* As many columns as there is room for, around the start of the answer and at its end: so many
     that no word must be broken, if that leaves five. */
  const windows = (width) => {
    const start = Math.max(0, first - 2);
    for (let fits = 14; ; fits--) {
      const whole = size - start <= fits + 1;
      const tail = fits > 8 ? 3 : 2;
      const parts = whole ? [[start, size]] : [[start, start + fits - tail], [size - tail, size]];
      const words = parts.flatMap(([from, to]) => pieces.slice(from, to + 2).map(visible)).join("_").split("_");
      const room = (width - (width > 540 ? 114 : 50)) / (whole ? size - start : fits);
      if (fits < 6 || room > Math.max(47, ...words.map((one) => 7 * one.length + 9))) return parts;
    }
  };
  const build = (parts) => {
    [inputs, ties, bars] = [[], [], []];
    const row = (name, make) => {
      let end = 0;
      return h(`div.row.${name}`, parts.map(([from, to]) => {
        const folded = from > end && h("span.folded", name === "inputs" && ["⋯", h("small", count(from - end))]);
        end = to;
        return [folded, h("div.window", { style: `--n:${to - from}` }, make(range(from, to), to))];
      }));
    };
    const cell = (i, kind) => h(`span.cell.${kind}`, h("span", kind === "masked" ? kind : i < size && shown(pieces[i].replace(/_/g, "_\u200b"))));
    const named = (name, what, line) => [h("div.name", name, h("small", what)), line];
    const moving = (i) => cell(i, i >= size ? "nothing" : labels[i] === MASKED ? "masked" : "supervised");
    // Two labels more than columns: they come from the right as others leave.
    const track = row("drag", (columns, to) => h("div.strip", [...columns, to, to + 1].map(moving)));
    fill(board,
      named("inputs", "has read", row("inputs", (columns) => columns.map((i) => (inputs[i] = cell(i, "input"))))),
      h("div.name"), row("ties", (columns) => columns.map((i) => (ties[i] = h("span.tie")))),
      named("⟵ labels", "must write", drag(track)),
      losses && named("loss", guess ? `a guess: ${guess.toFixed(2)}` : "of each pair", row("bars", (columns) => columns.map((i) => (bars[i] = h("span.bar", h("small"), h("b")))))));
  };
  const draw = () => {
    const places = state.get("places");
    const verdict = places === 1 ? "right" : "wrong";
    board.style.setProperty("--places", places);
    put(board, { "data-places": places });
    inputs.forEach((input, i) => {
      const label = labels[i + places];
      const dropped = label == null;
      const counts = !dropped && label !== MASKED;
      toggle(input, "dropped", dropped);
      ties[i].className = counts ? `cs-tie cs-${verdict}` : "cs-tie";
      fill(ties[i], counts ? TIES[places] : dropped && "dropped");
      if (!losses) return;
      const loss = losses[places]?.[i];
      put(bars[i], { style: `--high:${(loss ?? -most) / most}` });
      fill(bars[i].firstChild, loss?.toFixed(2) ?? "–");
    });
    fill(said,
      h(`b.${verdict}`, many(places, "place")), `: each token is asked for ${ASKED[places]}. `,
      first >= places && ["After ", code(pieces[first - places]), " the model must write ", code(pieces[first]), ". "],
      places > 0 && `Dropped: ${many(places, "input")} at the end, ${many(places, "label")} at the start. `,
      means[places] > 0 && `Mean loss ${means[places].toFixed(4)}.`);
  };
  const drag = (track) => {
    let held;
    let moved;
    const end = () => {
      if (held == null) return;
      held = null;
      toggle(board, "dragged", false);
      state.set("places", Math.round(moved));
      draw();
    };
    return put(track, {
      pointerdown(event) {
        held = event.clientX;
        moved = state.get("places");
        track.setPointerCapture(event.pointerId);
        toggle(board, "dragged", true);
      },
      pointermove(event) {
        if (held == null) return;
        moved = clamp(state.get("places") + (held - event.clientX) / inputs.at(-1).offsetWidth, 0, 2);
        board.style.setProperty("--places", moved);
      },
      pointerup: end,
      pointercancel: end,
    });
  };
  state.resized(board, (width) => {
    const parts = windows(width);
    if (known === `${parts}`) return;
    known = `${parts}`;
    build(parts);
    draw();
  });
  state.watch("places", draw);
  return [radios(state, "places", "Move the labels to the left by", means.map((mean, n) => [many(n, "place"), mean > 0 && h("small", `loss ${mean.toFixed(2)}`)]), 0), board, said];
};

/* The ladder: what the model has read, and what it must write then; a line for each that counts. */
const ladder = ({ trace: { pieces, labels }, losses }, state) => {
  const rungs = range(0, pieces.length - 1).filter((i) => labels[i + 1] !== MASKED);
  const size = rungs.length;
  const most = Math.max(...(losses ?? []));
  const [above, below] = [h("div"), h("div")];
  const said = saying();
  let options = [];
  let from = 0;
  const rung = (i, n) =>
    h("div.rung", choice(from + n, false),
      h("small", i),
      h("span.read", h("span", i > 11 && "…", pieces.slice(Math.max(0, i - 11), i).map(shown), h("b", shown(pieces[i])))),
      h("span", "→"),
      h("span.write", shown(pieces[i + 1])),
      losses && h("small.loss", { style: `--long:${(losses[i] ?? 0) / most}` }, losses[i]?.toFixed(2) ?? "–"));
  const at = () => {
    const n = rungs.findIndex((i) => i >= (state.get("position") ?? 0));
    return n < 0 ? size - 1 : n;
  };
  const find = (n) => options[n - from];
  const go = (n) => state.set("position", rungs[n]);
  const say = (n) => fill(said, `${count(n + 1)} of ${count(size)}. `, pair(rungs[n] + 1, pieces[rungs[n]], pieces[rungs[n] + 1]), isLoss(losses?.[rungs[n]]) && `Loss ${losses[rungs[n]].toFixed(4)}.`);
  const list = listbox(h("div.ladder", { "aria-label": "What is read and must be written" }), size, at, go, find, say);
  state.watch("position", () => {
    if (!find(at())) {
      from = clamp(at() - RUNGS / 2, 0, Math.max(0, size - RUNGS));
      options = rungs.slice(from, from + RUNGS).map(rung);
      fill(list, options);
      fold(above, from, "before", () => go(from - 1));
      fold(below, size - from - RUNGS, "after", () => go(from + RUNGS));
    }
    select(list, find(at()));
    say(at());
  });
  return [h("div.rung.names", { "aria-hidden": true }, h("small", "position"), h("span", "has read"), h("span"), h("span", "must write"), losses && h("small", "loss")), above, list, below, said];
};

/* Two renders side by side; the first difference is marked in the texts and in the tokens. */
const compare = ({ trace, sides, cause }) => {
  const [a, b] = sides ?? [
    { name: "the whole conversation", text: trace.full_text, pieces: trace.pieces },
    { name: "the prompt alone", text: trace.prompt_text, pieces: trace.pieces.slice(0, trace.prompt) },
  ];
  const alike = (x, y) => {
    let n = 0;
    while (n < x.length && n < y.length && x[n] === y[n]) n++;
    return n;
  };
  const [chars, same] = [alike(a.text, b.text), alike(a.pieces, b.pieces)];
  const end = () => h("span.end", "ends here");
  const body = (value) => value.split("\n").map((line, n) => [n > 0 && [h("i", "↵"), "\n"], line]);
  const panel = ({ name, text }) =>
    h("figure", h("figcaption", name, h("small", many([...text].length, "character"))), h("pre", body(text.slice(0, chars)), text.length > chars ? h("mark", body(text.slice(chars))) : end()));
  const from = Math.max(0, same - 2);
  const row = ({ name, pieces }) => {
    const to = Math.min(pieces.length, same + 3);
    const chips = range(from, to).map((i) => h(i < same ? "span.chip" : "span.chip.new", short(pieces[i])));
    const rest = pieces.length > to ? h("small", `… ${count(pieces.length - to)}`) : to === same && end();
    return h("tr", h("th", { scope: "row" }, name), h("td", h("div.chips", from > 0 && h("small", `${count(from)} …`), chips, rest)));
  };
  const ends = chars === b.text.length;
  const verdict = ends && same === b.pieces.length
    ? [h("b.right", "A prefix. "), `The texts are alike for ${many(chars, "character")}, the tokens for ${count(same)}: there the second ends. `]
    : [h("b.wrong", "No prefix. "), ends ? `The second text ends at character ${chars}, within token ${same}. ` : `The texts differ at character ${chars}, the tokens at token ${same}. `];
  return [h("div.two", panel(a), panel(b)), h("table.pair", h("tbody", row(a), row(b))), h("p.said", verdict, cause)];
};

/* Rows of a batch under each other on one scale, and the tokens of the row that is chosen. */
const batch = ({ rows, max_length }, state) => {
  const width = Math.max(...rows.map((row) => row.pieces.length));
  const at = () => clamp(state.get("row"), 0, rows.length - 1);
  const stop = () => clamp(state.get("max_length") ?? max_length ?? width, 1, width);
  const kindOf = (row, i) => (i >= stop() ? "cut" : row.read?.[i] === 0 ? "padding" : row.labels[i] === MASKED ? "masked" : "supervised");
  const starts = (row, i) => i > 0 && row.starts?.includes(i);
  const body = h("div.text");
  const said = saying();
  const options = rows.map((_, n) => h("div.packed", choice(n, false)));
  /* One bar for each stretch of tokens of one kind. */
  const bars = (row) => {
    const found = [];
    row.pieces.forEach((_, i) => {
      const kind = kindOf(row, i);
      if (!i || kind !== found.at(-1).kind || starts(row, i)) found.push({ kind, size: 0, begins: starts(row, i) });
      found.at(-1).size += 1;
    });
    return found.map(({ kind, size, begins }) => h(`span.run.${kind}${begins ? ".begins" : ""}`, { style: `flex-grow:${size}` }, `${count(size)} ${word(kind)}`));
  };
  const show = () => {
    const row = rows[at()];
    const kinds = row.pieces.map((_, i) => kindOf(row, i));
    fill(said, `Row ${at()}: `, many(kinds.length, "token"), tally(kinds), ".", row.starts?.length > 1 && ` ${row.starts.length} conversations are packed in it.`);
    const tokens = row.pieces.slice(0, WINDOW).map((piece, i) => token(piece, row.words[i]));
    fill(body, lines(tokens, (i) => row.pieces[i - 1].includes("\n") || starts(row, i)));
    tokens.forEach((one, i) => {
      const begins = kinds[i] !== kinds[i - 1] || !one.previousSibling;
      label(one, kinds[i], kinds[i] === "supervised" ? shown(row.words[i]) : begins && word(kinds[i]));
    });
    select(list, options[at()]);
  };
  const list = listbox(h("div", { "aria-label": "Rows of the batch" }, options), rows.length, at, (n) => state.set("row", n), (n) => options[n], () => {});
  state.watch("max_length", () => {
    options.forEach((option, n) => fill(option, h("small", `row ${n}`), h("div.lane", bars(rows[n]), h("span", { style: `flex:${width - rows[n].pieces.length} 1 0` }))));
    show();
  });
  state.watch("row", show, true);
  return [isLoss(max_length) && slider(state, "max_length", "max_length", 1, width, stop), list, said, body];
};

/* Losses over the steps on a logarithmic scale, a line each; any two differ in width and dashes as
   well as in colour. */
const curves = ({ runs }, state) => {
  const lists = runs.map((run) => run.losses);
  const last = Math.max(...lists.map((list) => list.length)) - 1;
  const scale = (loss) => Math.log10(Math.max(loss, 1e-6));
  const all = lists.flat().filter(isLoss).map(scale);
  const least = Math.floor(Math.min(...all));
  const most = Math.max(Math.ceil(Math.max(...all)), least + 1);
  const x = (n) => 64 + (526 * n) / (last || 1);
  const y = (level) => 234 - (220 * (level - least)) / (most - least);
  const grid = range(least, most + 1).map((level) => [h("path.grid", { d: `M64 ${y(level)}H590` }), h("text", { x: 56, y: y(level) + 4, "text-anchor": "end" }, level < -3 ? `1e${level}` : +(10 ** level).toPrecision(1))]);
  const steps = [0, last >> 1, last].map((n) => h("text", { x: x(n), y: 254, "text-anchor": "middle" }, n));
  const drawn = lists.map((list, n) => h(`path.curve-${n}`, { d: list.map((loss, i) => (isLoss(loss) ? `${isLoss(list[i - 1]) ? "L" : "M"}${x(i)} ${y(scale(loss))}` : "")).join("") }));
  const mark = h("path.mark");
  const outputs = lists.map(() => h("output"));
  const legend = runs.map(({ name }, n) => h("li", h("svg", { viewBox: "0 0 48 12", "aria-hidden": true }, h(`path.curve-${n}`, { d: "M2 6H46" })), h("span", name), outputs[n]));
  const at = () => clamp(state.get("position") ?? last, 0, last);
  state.watch("position", () => {
    put(mark, { d: `M${x(at())} 10V236` });
    outputs.forEach((output, n) => (output.value = lists[n][at()]?.toFixed(4) ?? "–"));
  });
  return [h("svg", { viewBox: "0 0 600 260", role: "img", "aria-label": "Losses" }, grid, steps, mark, drawn), slider(state, "position", "step", 0, last, at), h("ul.legend", legend)];
};

const VIEWS = { text, rule, ladder, compare, batch, curves };

/* Draws the view that the model names into the element; returns what takes it away. */
const render = ({ model, el }) => {
  const undo = [];
  const forget = () => undo.splice(0).forEach((one) => one());
  const state = {
    get: (key) => model.get(key) ?? MOVED[key],
    set(key, value) {
      model.set(key, value);
      model.save_changes();
    },
    /* Calls back whenever one of the values changes, and now, unless that comes later. */
    watch(keys, listener, later) {
      const hear = () => listener(state.get(keys));
      for (const key of keys.split(" ")) {
        model.on(`change:${key}`, hear);
        undo.push(() => model.off(`change:${key}`, hear));
      }
      if (!later) hear();
    },
    /* Calls back before the next paint, and whenever the width changes. */
    resized(box, listener) {
      const observer = new ResizeObserver(() => listener(box.clientWidth));
      observer.observe(box);
      undo.push(() => observer.disconnect());
    },
  };
  const root = h("div.view");
  const draw = () => {
    forget();
    const name = model.get("view");
    fill(root, h(`div.body.is-${name}`, VIEWS[name](model.get("data"), state)));
  };
  draw();
  model.on("change:data", draw);
  el.append(root);
  return () => {
    forget();
    model.off("change:data", draw);
    root.remove();
  };
};

/* A view without a kernel; what is moved may stand in `data`. The result has get, set, on, off and
   remove. `set("data", …)` draws anew, and keeps what was moved. */
const mount = (el, view, data) => {
  const values = { ...MOVED, ...data, view, data };
  const heard = new EventTarget();
  const model = {
    get: (key) => values[key],
    set(key, value) {
      if (values[key] === value) return;
      values[key] = value;
      heard.dispatchEvent(new Event(`change:${key}`));
    },
    on: (event, listener) => heard.addEventListener(event, listener),
    off: (event, listener) => heard.removeEventListener(event, listener),
    save_changes() {},
  };
  model.remove = render({ model, el });
  return model;
};

export default { render, mount };
