/* The playground's page. Everything happens in it; the address keeps what was typed. */
import { newest, startWorker } from "./client.js";
import { h, many } from "./dom.js";
import { messagesForm, settingsForm } from "./form.js";
import { Intake } from "./intake.js";
import { SETTINGS, TEXTS, decode, encode } from "./link.js";
import { resultsIn } from "./results.js";
import { loadScript } from "./scripts.js";

// Browsers refuse an address that changes at every key.
const WAIT = 400;

class Playground {
  constructor(root, data, views, engine) {
    Object.assign(this, { root, data, engine });
    this.state = this.example();
    this.intake = new Intake({
      state: () => this.state,
      ask: (...given) => this.ask(...given),
      spare: () => this.newWorker(),
      use: (worker) => this.use(worker),
      taken: (isNew, hasRow) => this.taken(isNew, hasRow),
    });
    this.build(views);
    this.update = newest(() => this.prepare());
  }

  example() {
    return {
      format: Object.keys(this.data.formats)[0],
      template: null,
      own: false,
      settings: { ...SETTINGS },
      ...Object.fromEntries(TEXTS.map((name) => [name, ""])),
      messages: structuredClone(this.data.conversation),
    };
  }

  build(views) {
    this.messages = h("div");
    this.settings = h("div");
    this.heard = h("p", { class: "visually-hidden", role: "status" });
    this.output = h("div", { id: "playground-result" });
    this.results = h("div", { class: "pg-results", tabindex: -1 }, this.intake.picker, this.output);
    this.asking = h("div", { class: "pg-row pg-asking" });
    this.said = h("p", { class: "pg-status", role: "status" });
    this.show = resultsIn(this.output, this.data.words.tables, views);
    const submit = (event) => event.preventDefault();
    const form = h("form", { submit }, this.intake.box, this.messages, this.settings);
    this.output.querySelector(".pg-rule").append(this.asking, this.said);
    this.root.replaceChildren(form, this.heard, this.results);
  }

  ask(...given) {
    return this.worker.ask(...given);
  }

  /* A worker that knows what this page knows. */
  async newWorker() {
    const worker = startWorker(this.engine);
    await worker.ready;
    const { formats, words, tokenizer, config } = this.data;
    await worker.ask("start", { words, formats, json: tokenizer, config });
    if (this.weights) await worker.ask("weights", this.weights);
    return worker;
  }

  use(worker) {
    this.worker?.stop();
    this.worker = worker;
  }

  async start() {
    this.use(await this.newWorker());
    this.readAddress();
    addEventListener("hashchange", () => this.readAddress());
  }

  readAddress() {
    const found = decode(location.hash.slice(1), this.data.formats);
    if (found) this.state = { ...found, own: false };
    this.redraw();
  }

  /* Draws the form anew, since more than what was typed has changed. */
  redraw() {
    const changed = () => this.changed();
    this.drawModel();
    messagesForm(this.messages, this.state, this.data.words.tables.ROLES, changed);
    this.settings.replaceChildren(...settingsForm(this.state, changed));
    this.drawAsking();
    this.update(true);
  }

  /* Files came, or another of their rows. Whoever types meanwhile keeps their place. */
  taken(isNew, hasRow) {
    const isTyping = document.activeElement?.matches("textarea");
    this.goesToResults = isNew && (hasRow || !isTyping);
    if (hasRow) this.redraw();
    this.drawModel();
    this.drawAsking();
    this.changed();
  }

  changed() {
    this.update(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), WAIT);
  }

  keep() {
    history.replaceState(null, "", `#${encode({ ...this.state, share: this.share })}`);
  }

  async prepare() {
    try {
      const result = await this.ask("prepare", { state: this.state });
      this.share = result.share;
      this.said.textContent = this.show(result);
      const { trace, error } = result;
      this.heard.textContent = trace ? many(trace.full_ids.length, "token") : error.type;
      if (this.goesToResults) this.goToResults();
    } catch (error) {
      this.failed(error);
    }
    this.root.dataset.ready = "yes";
    this.root.dataset.shown = Number(this.root.dataset.shown ?? 0) + 1;
  }

  goToResults() {
    this.goesToResults = false;
    this.results.scrollIntoView();
    this.results.focus({ preventScroll: true });
  }

  failed(error) {
    this.said.textContent = this.show({ error: { type: error.type, message: error.message } });
    this.heard.textContent = error.type;
    if (!error.known) console.error(error);
  }

  drawModel() {
    const { state, intake } = this;
    const chosen = state.own ? "own" : state.template ? "template" : state.format;
    const titles = Object.entries(this.data.formats).map(([name, { title }]) => [name, title]);
    if (intake.info) titles.unshift(["own", `${intake.info.name}, your own tokenizer`]);
    if (state.template && !state.own) {
      titles.unshift(["template", "a template of its own, on the book’s tokenizer"]);
    }
    const option = ([value, title]) => h("option", { value, selected: value === chosen }, title);
    const change = (event) => this.choose(event.target.value);
    const select = h("select", { id: "playground-format", change }, titles.map(option));
    const field = h("label", { class: "pg-field" }, h("span", {}, "Chat template"), select);
    intake.box.replaceChildren(...intake.controls(field));
  }

  choose(value) {
    const own = value === "own";
    const keeps = value === "template";
    Object.assign(this.state, { own, template: keeps ? this.state.template : null });
    if (!own && !keeps) this.state.format = value;
    this.drawModel();
    this.intake.box.querySelector("select").focus();
    this.drawAsking();
    this.changed();
  }

  drawAsking() {
    const click = () => this.askModel(button);
    const button = h(
      "button",
      { type: "button", id: "pg-ask", click },
      "Ask a small model for its losses",
    );
    this.asking.replaceChildren(this.isAsked ? "" : button);
  }

  /* Loads the small model, once, and shows its loss of each pair from then on. */
  async askModel(button) {
    button.disabled = true;
    this.said.textContent = "Loading the small model (0.5 MB).";
    try {
      await loadScript("tiny-model.js");
      const { head, bytes } = globalThis.chatshiftModels.tiny;
      this.weights = { head, bytes: bytes() };
      await this.ask("weights", this.weights);
      this.isAsked = true;
      this.asking.replaceChildren();
      this.update(true);
    } catch (error) {
      button.disabled = false;
      this.said.textContent = `The small model could not be loaded: ${error.message}`;
    }
  }
}

const root = document.getElementById("try-it");
const stop = (error) => {
  const text = h("pre", { tabindex: 0 }, String(error.message ?? error));
  root.replaceChildren(h("p", {}, h("strong", {}, "The playground did not start.")), text);
  root.dataset.ready = "failed";
};
try {
  const { chatshiftData, chatshiftViews, chatshiftEngine } = globalThis;
  root.playground = new Playground(root, chatshiftData, chatshiftViews, chatshiftEngine);
  root.playground.start().catch(stop);
} catch (error) {
  stop(error);
}
