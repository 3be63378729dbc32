/* What the six steps make of the conversation: views, notes, or what refused it. */
import { h, many } from "./dom.js";

const HEADS = {
  text: "Token by token",
  rule: "Move the labels",
  compare: "The conversation and its prompt",
};
const REFUSED = {
  vocabulary:
    "The small model knows the 952 tokens of the book’s own tokenizer and no others: choose a template that adds none, such as the walkthrough’s.",
  length: "The small model is asked for up to 600 tokens.",
};

/* The address keeps the conversation, so a link within the page must not change it. */
const toNotes = (event) => {
  event.preventDefault();
  document.getElementById("pg-notes").focus();
};

const columns = (trace) => ({
  pieces: trace.pieces,
  ids: trace.full_ids,
  labels: trace.masked_labels,
  prompt: trace.prompt_ids.length,
  full_text: trace.full_text,
  prompt_text: trace.prompt_text,
});

/* Draws results into a box; what was moved in a view stays when the text changes. */
export const resultsIn = (box, { NOTES, CAUSES }, views) => {
  const summary = h("p", { class: "pg-summary" });
  const found = h("div");
  const error = h("div");
  const json = h("pre", { tabindex: 0, id: "playground-json" });
  const all = h("details", {}, h("summary", {}, "All values as JSON"), json);
  const sections = {};
  const mounted = {};
  for (const name of Object.keys(HEADS)) {
    sections[name] = h(
      "section",
      { class: `pg-view pg-${name}`, hidden: true },
      h("h2", {}, HEADS[name]),
    );
  }
  box.replaceChildren(summary, error, ...Object.values(sections), found, all);

  const view = (name, data) => {
    sections[name].hidden = !data;
    if (!data) return;
    if (mounted[name]) mounted[name].set("data", data);
    else mounted[name] = views.mount(sections[name], name, data);
  };
  const note = ({ name, message, text }) => {
    const { meaning, remedy } = NOTES[name];
    return h(
      "li",
      {},
      h("b", {}, name),
      ` (message ${message}): ${text} `,
      h("small", {}, `${meaning} What to do: ${remedy}`),
    );
  };

  const showTrace = ({ trace, losses }) => {
    const data = { trace: columns(trace) };
    const supervised = trace.masked_labels.filter((label) => label !== -100).length;
    summary.textContent =
      `${many(trace.full_ids.length, "token")}: ${trace.prompt_ids.length.toLocaleString("en")} prompt, ` +
      `${supervised.toLocaleString("en")} supervised in ${many(trace.turns.length, "answer")}.`;
    if (trace.notes.length)
      summary.append(
        " ",
        h("a", { href: "#pg-notes", click: toNotes }, many(trace.notes.length, "note")),
      );
    error.replaceChildren();
    view("text", data);
    const { refused, guess, ...asked } = losses ?? { refused: true };
    view("rule", refused ? data : { ...data, losses: asked, guess });
    view("compare", data);
    const list = trace.notes.length
      ? [
          h("h2", { id: "pg-notes", tabindex: -1 }, "Notes"),
          h("ul", { class: "pg-notes" }, trace.notes.map(note)),
        ]
      : [];
    found.replaceChildren(...list);
    all.hidden = false;
    json.textContent = JSON.stringify(trace);
    return REFUSED[refused] ?? "";
  };
  const causeOf = ({ cause }) =>
    Object.hasOwn(CAUSES, cause ?? "") ? `Likely cause (${cause}): ${CAUSES[cause][0]}` : "";
  const showError = (refusal, both) => {
    summary.textContent = "";
    const text = h("pre", { tabindex: 0, id: "playground-error" }, refusal.message);
    error.replaceChildren(h("p", {}, h("strong", {}, refusal.type), ":"), text);
    for (const name of ["text", "rule"]) view(name, null);
    view("compare", both && { sides: both, cause: causeOf(refusal) });
    found.replaceChildren();
    all.hidden = true;
    json.textContent = "";
    return "";
  };
  /* Returns what is to be said about the model's losses. */
  return (result) => (result.trace ? showTrace(result) : showError(result.error, result.both));
};
