/* The conversation and the settings, as a form. A change is told to `changed`. */
import { h } from "./dom.js";
import { TEXTS } from "./link.js";

const option = (value, words, chosen) => h("option", { value, selected: value === chosen }, words);
const select = (label, name, options, value, change) =>
  h(
    "label",
    { class: "pg-field" },
    h("span", {}, label),
    h(
      "select",
      { name, change: (event) => change(event.target.value) },
      Object.entries(options).map(([one, words]) => option(one, words, value)),
    ),
  );
const check = (label, name, value, change) =>
  h(
    "label",
    { class: "pg-check" },
    h("input", {
      type: "checkbox",
      name,
      checked: value,
      change: (event) => change(event.target.checked),
    }),
    h("span", {}, label),
  );
const area = (attributes, value, change) => {
  const made = h("textarea", {
    spellcheck: "false",
    ...attributes,
    input: (event) => change(event.target.value),
  });
  made.value = value;
  return made;
};

const CHOICES = {
  supervise: { last: "the last answer", all: "all answers" },
  boundary: { prompt: "where its prompt ends", answer: "where the answer stands" },
  control_tokens: { error: "refuse them", text: "keep them as text", allow: "let them through" },
};
const WORDS = {
  supervise: "Learn",
  boundary: "An answer starts",
  control_tokens: "Control tokens in a content",
};

/* The settings, under the names that `prepare` has for them. */
export const settingsForm = (state, changed) => {
  const set = (name) => (value) => {
    state.settings[name] = value;
    changed();
  };
  const choice = (name) =>
    select(WORDS[name], name, CHOICES[name], state.settings[name], set(name));
  const text = (name, label, example) =>
    h(
      "label",
      { class: "pg-area" },
      h("span", {}, label),
      area({ name, rows: 3, placeholder: example }, state[name], (value) => {
        state[name] = value;
        changed();
      }),
    );
  return [
    h(
      "div",
      { class: "pg-row" },
      choice("supervise"),
      choice("boundary"),
      check("remove the BOS token", "strip_bos", state.settings.strip_bos, set("strip_bos")),
      check(
        "mask what follows the end of turn",
        "mask_tail",
        state.settings.mask_tail,
        set("mask_tail"),
      ),
    ),
    h(
      "details",
      { open: TEXTS.some((name) => state[name]) },
      h("summary", {}, "Tools, template keywords, control tokens"),
      h("div", { class: "pg-row" }, choice("control_tokens")),
      h(
        "div",
        { class: "pg-row" },
        text("tools", "tools, a list as JSON", '[{"type": "function", "function": {…}}]'),
        text("kwargs", "template_kwargs, as JSON", '{"enable_thinking": false}'),
        text("stops", "stop_tokens, a list as JSON", '["<|user|>"]'),
      ),
    ),
  ];
};

/* One message: its role and its text, or all of it as JSON where it has more. */
const messageRow = (state, index, roles, changed, remove) => {
  const message = state.messages[index];
  const isJson = Object.hasOwn(message, "json");
  const role = isJson
    ? h("span", { class: "pg-role" }, "as JSON")
    : h(
        "select",
        {
          "aria-label": `role of message ${index}`,
          class: "pg-role",
          change: (event) => {
            message.role = event.target.value;
            changed();
          },
        },
        [...new Set([...roles, message.role])].map((name) => option(name, name, message.role)),
      );
  const key = isJson ? "json" : "content";
  const text = area(
    {
      rows: Math.min(8, Math.max(2, message[key].split("\n").length)),
      "aria-label": `${isJson ? "JSON" : "content"} of message ${index}`,
    },
    message[key],
    (value) => {
      message[key] = value;
      changed();
    },
  );
  const button = h(
    "button",
    { type: "button", click: () => remove(index), "aria-label": `Remove message ${index}` },
    "Remove",
  );
  return h("div", { class: "pg-message" }, role, text, button);
};

/* The messages; focus goes to the one that is new, or to what stands where one was removed. */
export const messagesForm = (box, state, roles, changed) => {
  const draw = () => {
    const rows = state.messages.map((_, index) => messageRow(state, index, roles, changed, remove));
    box.replaceChildren(
      ...rows,
      h(
        "div",
        { class: "pg-row" },
        h("button", { type: "button", id: "pg-add", click: () => add(false) }, "Add a message"),
        h("button", { type: "button", click: () => add(true) }, "Add one as JSON"),
      ),
    );
  };
  const texts = () => box.querySelectorAll("textarea");
  const add = (isJson) => {
    const last = state.messages.at(-1);
    const role = last?.role === "user" ? "assistant" : "user";
    state.messages.push(
      isJson ? { json: `{"role": "${role}", "content": ""}` } : { role, content: "" },
    );
    draw();
    changed();
    texts()[state.messages.length - 1].focus();
  };
  const remove = (index) => {
    state.messages.splice(index, 1);
    draw();
    changed();
    (texts()[Math.min(index, state.messages.length - 1)] ?? box.querySelector("#pg-add")).focus();
  };
  draw();
};
