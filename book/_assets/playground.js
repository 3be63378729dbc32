/* The playground's page: a form for a conversation, and what the six steps make of it.
   The address keeps what was typed, so a link carries it. */
import { ChatshiftError, IGNORE_INDEX, ROLES, makeFormat, prepare } from "./six_steps.js";

const root = document.getElementById("try-it");
const here = new URL("playground/", import.meta.url);
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
};
const load = async (name) => (await fetch(new URL(name, here))).json();

/* What is shown for white space, as in the book's pictures. */
const VISIBLE = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥" };
const visible = (piece) => piece.replace(/[ \n\r\t]/g, (space) => VISIBLE[space]) || "∅";

/* The state in the address: JSON, then bytes, then letters that an address may hold. */
const encode = (state) => {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
};
const decode = (text) => {
  const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
};
const isState = (state) =>
  typeof state?.format === "string" &&
  Array.isArray(state.messages) &&
  state.messages.every((m) => typeof m?.role === "string" && typeof m?.content === "string");

const textPanel = (title, before, after) =>
  element(
    "section",
    {},
    element("h2", {}, title),
    element("pre", { tabindex: 0 }, before, after ? element("mark", {}, after) : ""),
  );

const box = (result, step, i) => {
  const shifted = step === "shift";
  const label = shifted ? result.labels[i] : result.masked_labels[i];
  let state = label === IGNORE_INDEX ? "masked" : "trained";
  if (label === undefined) state = "dropped";
  const lines = [result.full_ids[i], label ?? "none", state];
  return element(
    "li",
    { class: state },
    element("small", {}, i),
    element("b", {}, visible(result.pieces[i])),
    ...lines.map((line) => element("span", {}, line)),
  );
};

const strip = (title, result, step) =>
  element(
    "section",
    {},
    element("h2", {}, title),
    element("ol", {}, ...result.full_ids.map((_, i) => box(result, step, i))),
  );

const results = (result) => {
  const { full_text: full, prompt_text: prompt, full_ids: ids, labels } = result;
  const last = element("code", {}, visible(result.pieces[ids.length - 1]));
  const trained = labels.filter((label) => label !== IGNORE_INDEX).length;
  return [
    element(
      "p",
      {},
      `${ids.length} tokens: ${result.prompt_ids.length} prompt, ${trained} trained. Dropped: `,
      "the last input, ",
      last,
      ", and the first label, ",
      element("code", {}, result.masked_labels[0]),
      ".",
    ),
    element(
      "div",
      { class: "side-by-side" },
      textPanel("The conversation (step 1)", prompt, full.slice(prompt.length)),
      textPanel("The prompt only (step 2)", prompt),
    ),
    strip("Masked (step 5): position, token, id, label", result, "mask"),
    strip("Shifted (step 6): position, input, id, label from the right", result, "shift"),
    element(
      "details",
      {},
      element("summary", {}, "All values as JSON"),
      element("pre", { tabindex: 0, id: "playground-json" }, JSON.stringify(result)),
    ),
  ];
};

const start = async () => {
  const [descriptions, first, tokenizerJson, config] = await Promise.all(
    ["formats.json", "conversation.json", "tokenizer.json", "tokenizer_config.json"].map(load),
  );
  const made = {};
  const formatNamed = (name) =>
    (made[name] ??= makeFormat(descriptions[name], tokenizerJson, config));
  let state = { format: Object.keys(descriptions)[0], withoutBos: true, messages: first };
  const output = element("div", { class: "cs", id: "playground-result" });
  // A screen reader hears one line after a change, not the whole result.
  const heard = element("p", { class: "visually-hidden", role: "status" });
  const form = element("form", { onsubmit: (event) => event.preventDefault() });

  const readAddress = () => {
    try {
      const read = decode(location.hash.slice(1));
      if (isState(read) && descriptions[read.format]) state = read;
    } catch (error) {
      // Whatever else stands after the # is no state of ours, and the example stays.
      if (!(error instanceof SyntaxError || error instanceof DOMException)) throw error;
    }
  };

  const show = () => {
    try {
      const { messages, format, withoutBos } = state;
      const result = prepare(messages, formatNamed(format), { withoutBos });
      output.replaceChildren(...results(result));
      heard.textContent = `${result.full_ids.length} tokens`;
    } catch (error) {
      if (!(error instanceof ChatshiftError)) throw error;
      const text = element("pre", { tabindex: 0, id: "playground-error" }, error.message);
      output.replaceChildren(element("p", {}, element("strong", {}, error.type), ":"), text);
      heard.textContent = error.type;
    }
  };
  const change = () => {
    history.replaceState(null, "", `#${encode(state)}`);
    show();
  };

  const messageRow = (message, index) => {
    const role = element(
      "select",
      {
        "aria-label": `role of message ${index}`,
        onchange: (event) => {
          message.role = event.target.value;
          change();
        },
      },
      ...ROLES.map((name) => element("option", { selected: name === message.role }, name)),
    );
    const content = element("textarea", {
      rows: 2,
      "aria-label": `content of message ${index}`,
      oninput: (event) => {
        message.content = event.target.value;
        change();
      },
    });
    content.value = message.content;
    const remove = () => {
      state.messages.splice(index, 1);
      draw();
      change();
    };
    const button = element("button", { type: "button", onclick: remove }, `Remove ${index}`);
    return element("div", { class: "playground-message" }, role, content, button);
  };

  const draw = () => {
    const format = element(
      "select",
      {
        id: "playground-format",
        onchange: (event) => {
          state.format = event.target.value;
          change();
        },
      },
      ...Object.entries(descriptions).map(([name, { title }]) =>
        element("option", { value: name, selected: name === state.format }, title),
      ),
    );
    const bos = element("input", {
      type: "checkbox",
      checked: Boolean(state.withoutBos),
      onchange: (event) => {
        state.withoutBos = event.target.checked;
        change();
      },
    });
    const add = () => {
      const last = state.messages[state.messages.length - 1];
      state.messages.push({ role: last?.role === "user" ? "assistant" : "user", content: "" });
      draw();
      change();
    };
    form.replaceChildren(
      element("label", {}, "Chat template ", format),
      element("label", {}, bos, " remove the BOS token"),
      ...state.messages.map(messageRow),
      element("button", { type: "button", onclick: add }, "Add a message"),
    );
  };

  const restart = () => {
    readAddress();
    draw();
    show();
  };
  addEventListener("hashchange", restart);
  restart();
  root.replaceChildren(form, heard, output);
  root.dataset.ready = "yes";
};

start();
