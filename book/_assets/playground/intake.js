/* What is dropped or chosen: a tokenizer, a chat template, or rows of a data set. */
import { h, many } from "./dom.js";
import { droppedFiles, sorted } from "./files.js";

export const HELP =
  "Drop tokenizer.json and tokenizer_config.json anywhere on this page, or their folder; a chat " +
  "template (.jinja) or a row of a data set (.jsonl) by itself. Nothing leaves this page.";
const mega = (bytes) => (bytes / 1e6).toFixed(1);

export class Intake {
  /* `state()` is the page's, `ask` its worker; `spare` makes another one, and `use` puts it in its
     place; `taken` is called when the state has changed. */
  constructor(page) {
    Object.assign(this, page);
    this.box = h("section", { class: "pg-model", "aria-label": "Tokenizer and chat template" });
    this.status = h("p", { class: "pg-status", role: "status" });
    this.given = {};
    this.listen();
  }

  say(...words) {
    this.status.replaceChildren(...words);
  }

  listen() {
    const over = (on) => (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.box.classList.toggle("pg-over", on);
    };
    addEventListener("dragover", over(true));
    addEventListener("dragleave", over(false));
    addEventListener("drop", async (event) => {
      over(false)(event);
      if (event.defaultPrevented) await this.take(await droppedFiles(event.dataTransfer));
    });
  }

  /* Buttons for files, and of a file with many rows, which one is shown. */
  controls() {
    const pick = (isFolder, words) => {
      const change = (event) => this.take([...event.target.files]);
      const given = { type: "file", multiple: true, webkitdirectory: isFolder, change };
      const input = h("input", { ...given, class: "visually-hidden pg-file" });
      return h("label", { class: "pg-button" }, input, words);
    };
    return [
      h("p", { class: "pg-help" }, HELP),
      h("div", { class: "pg-row" }, pick(false, "Choose files"), pick(true, "Choose a folder")),
      this.status,
      ...this.rowPicker(),
    ];
  }

  /* Takes what was dropped or chosen; what is missing yet may come later. */
  async take(files) {
    const found = sorted(files);
    try {
      if (found.tokenizer || found.config) await this.takeTokenizer(found);
      else if (!found.template && !found.templateJson && !found.rows) {
        this.say(`Nothing known among ${many(files.length, "file")}. ${HELP}`);
      }
      if (found.template) this.state().template = { text: await found.template.text() };
      else if (found.templateJson) this.takeJson(await found.templateJson.text());
      if (found.rows) await this.takeRows(found.rows);
      this.taken();
    } catch (error) {
      this.refuse(error);
    }
  }

  /* Says what is wrong with what was given; the page stays as it was. */
  refuse(error) {
    this.say(`${error.type ?? error.name}: ${error.message}`);
    if (!error.known && !(error instanceof SyntaxError)) throw error;
  }

  takeJson(text) {
    const { chat_template: template } = JSON.parse(text);
    if (typeof template === "string") this.state().template = { text: template };
  }

  async takeTokenizer({ tokenizer, config }) {
    Object.assign(this.given, { ...(tokenizer && { tokenizer }), ...(config && { config }) });
    const missing = ["tokenizer", "config"].find((name) => !this.given[name]);
    if (missing) {
      const name = { tokenizer: "tokenizer.json", config: "tokenizer_config.json" }[missing];
      this.say(
        `${name} is missing yet: the vocabulary stands in tokenizer.json, the template and the ` +
          "special tokens in tokenizer_config.json.",
      );
      return;
    }
    const began = performance.now();
    const { given } = this;
    this.given = {};
    const info = await this.loaded(given);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const folder = given.tokenizer.webkitRelativePath?.split("/").at(-2);
    this.info = { ...info, name: folder || "tokenizer.json" };
    Object.assign(this.state(), { own: true, template: null });
    const rest = info.hasTemplate ? "." : ", and no chat template: drop one, too (.jinja).";
    const tokens = `${info.tokens.toLocaleString("en")} tokens, ${many(info.added, "added token")}`;
    this.say(`Loaded in ${seconds} seconds: ${tokens}${rest}`);
  }

  /* The page's own worker answers while another one loads. */
  async loaded(given) {
    const worker = await this.spare();
    try {
      const info = await worker.ask("load", given, (step) => this.progress(step));
      this.use(worker);
      return info;
    } catch (error) {
      worker.stop();
      throw error;
    }
  }

  progress({ stage, name, size, total }) {
    const words = {
      reading: `Reading ${name}: ${mega(size ?? 0)} of ${mega(total ?? 0)} MB`,
      parsing: `Reading ${name}: taking it apart`,
      building: "Building the tokenizer. The page can be used meanwhile.",
    };
    const value = stage === "reading" ? size / total : undefined;
    this.say(h("progress", { max: 1, value, "aria-label": "loading" }), ` ${words[stage]}`);
  }

  async takeRows(file) {
    this.say(`Reading ${file.name}.`);
    const rows = await this.ask("rows", { text: await file.text(), name: file.name });
    Object.assign(this, { rows, rowName: file.name });
    await this.takeRow(0);
  }

  async takeRow(number) {
    const which = `row ${(number + 1).toLocaleString("en")}`;
    const given = { text: this.rows[number], name: `${which} of ${this.rowName}` };
    const { format, unwanted, row } = await this.ask("row", given);
    this.row = number;
    Object.assign(this.state(), row);
    const bad = unwanted ? " It says label: false, so its answer is a bad one." : "";
    const rows = many(this.rows.length, "row");
    this.say(`${this.rowName}: ${rows}; ${which} is shown, read as ${format}.${bad}`);
  }

  rowPicker() {
    if (!this.rows || this.rows.length < 2) return [];
    const most = this.rows.length;
    const change = async () => {
      const number = Math.min(Math.max(1, Math.round(Number(input.value)) || 1), most);
      try {
        await this.takeRow(number - 1);
        this.taken();
      } catch (error) {
        this.refuse(error);
      }
    };
    const input = h("input", { type: "number", min: 1, max: most, value: this.row + 1, change });
    const words = `Row of ${this.rowName}, 1 to ${most.toLocaleString("en")}`;
    return [h("label", { class: "pg-field" }, h("span", {}, words), input)];
  }
}
