/* The playground's page. Everything happens in it; the address keeps what was typed. */
import { newest, startWorker } from "./client.js";
import { h, many } from "./dom.js";
import { droppedFiles, sorted } from "./files.js";
import { messagesForm, settingsForm } from "./form.js";
import { SETTINGS, decode, encode } from "./link.js";
import { loadScript } from "./scripts.js";
import { resultsIn } from "./results.js";

const WAIT = 400;
const HELP =
  "Drop tokenizer.json and tokenizer_config.json anywhere on this page, or their folder; a chat template " +
  "(.jinja) or a row of a data set (.jsonl) by itself. Nothing leaves this page.";

class Playground {
  constructor(root, data, views, engine) {
    Object.assign(this, { root, data, engine });
    const { ready, ask } = startWorker(engine);
    Object.assign(this, { ready, ask });
    this.state = this.example();
    this.given = {};
    this.build(views);
    this.update = newest(() => this.prepare());
  }

  example() {
    return {
      format: Object.keys(this.data.formats)[0],
      template: null,
      own: false,
      settings: { ...SETTINGS },
      tools: "",
      kwargs: "",
      messages: structuredClone(this.data.conversation),
    };
  }

  build(views) {
    this.model = h("section", { class: "pg-model", "aria-label": "Tokenizer and chat template" });
    this.status = h("p", { class: "pg-status", role: "status" });
    this.messages = h("div");
    this.settings = h("div");
    this.heard = h("p", { class: "visually-hidden", role: "status" });
    this.output = h("div", { id: "playground-result" });
    this.asking = h("div", { class: "pg-row pg-asking" });
    this.said = h("p", { class: "pg-status", role: "status" });
    this.show = resultsIn(this.output, this.data.words.tables.NOTES, views);
    const form = h("form", { submit: (event) => event.preventDefault() },
      this.model, this.messages, this.settings);
    this.output.querySelector(".pg-rule").append(this.asking, this.said);
    this.root.replaceChildren(form, this.heard, this.output);
    this.listen();
  }

  async start() {
    await this.ready;
    const { formats, words, tokenizer, config } = this.data;
    await this.ask("start", { words, formats, json: tokenizer, config });
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
    this.drawModel();
    messagesForm(this.messages, this.state, this.data.words.tables.ROLES, () => this.changed());
    this.settings.replaceChildren(...settingsForm(this.state, () => this.changed()));
    this.drawAsking();
    this.update(true);
  }

  changed() {
    this.update(true);
    clearTimeout(this.timer);
    // Browsers refuse an address that changes at every key.
    this.timer = setTimeout(() => this.keep(), WAIT);
  }

  keep() {
    history.replaceState(null, "", `#${encode({ ...this.state, share: this.share })}`);
  }

  async prepare() {
    const { state } = this;
    try {
      const result = await this.ask("prepare", { state });
      this.share = result.share;
      this.said.textContent = this.show(result);
      this.heard.textContent = result.trace
        ? many(result.trace.full_ids.length, "token")
        : result.error.type;
    } catch (error) {
      this.failed(error);
    }
    this.root.dataset.ready = "yes";
    this.root.dataset.shown = Number(this.root.dataset.shown ?? 0) + 1;
  }

  failed(error) {
    this.said.textContent = this.show({ error: { type: error.type, message: error.message } });
    this.heard.textContent = error.type;
    if (!error.known) console.error(error);
  }

  drawModel() {
    const { state, data } = this;
    const titles = Object.entries(data.formats).map(([name, { title }]) => [name, title]);
    const chosen = state.own ? "own" : state.template ? "template" : state.format;
    if (this.info) titles.unshift(["own", `${this.info.name}, your own tokenizer`]);
    if (state.template) titles.unshift(["template", "a template of its own, on the book’s tokenizer"]);
    const options = titles.map(([value, title]) => h("option", { value, selected: value === chosen }, title));
    const pick = (multiple) => h("input", {
      type: "file", multiple: true, webkitdirectory: !multiple,
      class: "visually-hidden pg-file", change: (event) => this.take([...event.target.files]),
    });
    this.model.replaceChildren(
      h("label", { class: "pg-field" }, h("span", {}, "Chat template"),
        h("select", { id: "playground-format", change: (event) => this.choose(event.target.value) }, options)),
      h("p", { class: "pg-help" }, HELP),
      h("div", { class: "pg-row" },
        h("label", { class: "pg-button" }, pick(true), "Choose files"),
        h("label", { class: "pg-button" }, pick(false), "Choose a folder")),
      this.status,
      ...this.rowPicker(),
    );
  }

  choose(value) {
    const own = value === "own";
    const isTemplate = value === "template";
    Object.assign(this.state, { own, template: own || !isTemplate ? null : this.state.template });
    if (!own && !isTemplate) this.state.format = value;
    this.drawModel();
    this.drawAsking();
    this.changed();
  }

  listen() {
    const over = (on) => (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.model.classList.toggle("pg-over", on);
    };
    addEventListener("dragover", over(true));
    addEventListener("dragleave", over(false));
    addEventListener("drop", async (event) => {
      over(false)(event);
      if (event.defaultPrevented) await this.take(await droppedFiles(event.dataTransfer));
    });
  }

  /* Takes what was dropped or chosen; what is missing yet may come later. */
  async take(files) {
    const found = sorted(files);
    try {
      if (found.tokenizer || found.config) await this.takeTokenizer(found);
      else if (!found.template && !found.templateJson && !found.rows) {
        this.say(`Nothing known among ${many(files.length, "file")}. ${HELP}`);
      }
      if (found.template) this.state.template = { text: await found.template.text() };
      else if (found.templateJson) this.takeJson(await found.templateJson.text());
      if (found.rows) await this.takeRows(found.rows);
      this.redraw();
      this.changed();
    } catch (error) {
      this.say(`${error.type ?? error.name}: ${error.message}`);
      if (!error.known && !(error instanceof SyntaxError)) throw error;
    }
  }

  takeJson(text) {
    const { chat_template: template } = JSON.parse(text);
    if (typeof template === "string") this.state.template = { text: template };
  }

  async takeTokenizer({ tokenizer, config }) {
    Object.assign(this.given, { ...(tokenizer && { tokenizer }), ...(config && { config }) });
    if (!this.given.tokenizer || !this.given.config) {
      const missing = this.given.tokenizer ? "tokenizer_config.json" : "tokenizer.json";
      return this.say(`${missing} is missing yet: the template and the special tokens stand in one, the vocabulary in the other.`);
    }
    const began = performance.now();
    const info = await this.ask("load", this.given, (step) => this.progress(step));
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const name = this.given.tokenizer.webkitRelativePath?.split("/").at(-2) || "tokenizer.json";
    this.info = { ...info, name };
    this.given = {};
    Object.assign(this.state, { own: true, template: null });
    return this.say(`Loaded in ${seconds} seconds: ${info.tokens.toLocaleString("en")} tokens, ${many(info.added, "added token")}` +
      `${info.hasTemplate ? "." : ", and no chat template: drop one, too (chat_template.jinja)."}`);
  }

  progress({ stage, name, size, total }) {
    const mega = (bytes) => (bytes / 1e6).toFixed(1);
    const words = {
      reading: `Reading ${name}: ${mega(size ?? 0)} of ${mega(total ?? 0)} MB`,
      parsing: `Reading ${name}: taking it apart`,
      building: `Building the tokenizer. The page can be used meanwhile.`,
    };
    const value = stage === "reading" ? size / total : undefined;
    this.status.replaceChildren(h("progress", { max: 1, value, "aria-label": "loading" }), ` ${words[stage]}`);
  }

  say(text) {
    this.status.replaceChildren(text);
  }

  async takeRows(file) {
    const text = await file.text();
    const isOne = /\.json$/.test(file.name);
    this.rows = isOne ? [text] : text.split(/\r?\n/).filter((line) => line.trim());
    this.rowName = file.name;
    await this.takeRow(0);
  }

  async takeRow(number) {
    this.row = number;
    Object.assign(this.state, await this.ask("row", { text: this.rows[number] ?? "" }));
  }

  /* Of a file with many rows, which one is shown. */
  rowPicker() {
    if (!this.rows || this.rows.length < 2) return [];
    const input = h("input", {
      type: "number", min: 1, max: this.rows.length, value: this.row + 1,
      change: async () => {
        const number = Math.min(Math.max(1, Math.round(Number(input.value)) || 1), this.rows.length);
        try {
          await this.takeRow(number - 1);
          this.redraw();
          this.changed();
        } catch (error) {
          this.failed(error);
        }
      },
    });
    return [h("label", { class: "pg-field" }, h("span", {}, `Row of ${this.rowName}, 1 to ${this.rows.length.toLocaleString("en")}`), input)];
  }

  drawAsking() {
    const button = h("button", { type: "button", id: "pg-ask", click: () => this.askModel(button) }, "Ask the small model for its losses");
    this.asking.replaceChildren(this.isAsked ? "" : button);
  }

  /* Loads the small model, once, and shows its loss of each pair from then on. */
  async askModel(button) {
    button.disabled = true;
    this.said.textContent = "Loading the small model (0.7 MB).";
    try {
      await loadScript("tiny-model.js");
      const { head, bytes } = globalThis.chatshiftModels.tiny;
      await this.ask("weights", { head, bytes: bytes() });
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
  const page = new Playground(root, globalThis.chatshiftData, globalThis.chatshiftViews, globalThis.chatshiftEngine);
  root.playground = page;
  page.start().catch(stop);
} catch (error) {
  stop(error);
}
