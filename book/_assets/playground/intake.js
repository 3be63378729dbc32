/* What is dropped or chosen: a tokenizer, a chat template, or rows of a data set. */
import { h, many } from "./dom.js";
import { droppedFiles, sorted } from "./files.js";

export const HELP =
  "Drop tokenizer.json and tokenizer_config.json anywhere on this page, or their folder; a chat " +
  "template (.jinja) or rows of a data set (.jsonl, .json) by themselves. Nothing leaves this page.";
const mega = (bytes) => (bytes / 1e6).toFixed(1);

const refusal = (what, why) =>
  Object.assign(new Error(`${what}: ${why}`), { type: "Not taken", known: true });
/* What is said of an error that is the file's; any other goes on. */
const wordsOf = (error) => {
  if (!error.known && !(error instanceof SyntaxError)) throw error;
  return `${error.type ?? error.name}: ${error.message}`;
};

export class Intake {
  /* `state()` is the page's, `ask` its worker; `spare` makes another one, and `use` puts it in its
     place; `taken` is called when the state has changed, and told whether files came, and
     whether they brought another conversation. */
  constructor(page) {
    Object.assign(this, page);
    this.box = h("section", { class: "pg-model", "aria-label": "Tokenizer and chat template" });
    this.status = h("p", { class: "pg-status", role: "status" });
    this.rowSaid = h("p", { class: "pg-status", role: "status" });
    this.picker = h("div", { class: "pg-row" });
    this.given = {};
    this.listen();
  }

  say(...words) {
    this.status.replaceChildren(...words);
  }

  /* What was dropped far below is answered above. */
  sayInSight(...words) {
    this.say(...words);
    this.status.scrollIntoView({ block: "nearest" });
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

  /* The choice of a template, and buttons for files. */
  controls(field) {
    const pick = (isFolder, words) => {
      const change = (event) => this.take([...event.target.files]);
      const given = { type: "file", multiple: true, webkitdirectory: isFolder, change };
      const input = h("input", { ...given, class: "visually-hidden pg-file" });
      return h("label", { class: "pg-button" }, input, words);
    };
    const buttons = [pick(false, "Choose files"), pick(true, "Choose a folder")];
    return [
      h("div", { class: "pg-row" }, field, buttons),
      h("p", { class: "pg-help" }, HELP),
      this.status,
    ];
  }

  /* Takes what was dropped or chosen; what is missing yet may come later. */
  async take(files) {
    try {
      const found = sorted(files);
      if (!(await this.takeAll(found, files.length))) return;
      // A tokenizer without a template has nothing to show yet: what is missing is said here.
      const isWhole = found.rows || found.template || this.info?.hasTemplate !== false;
      this.taken(Boolean(isWhole), Boolean(found.rows));
    } catch (error) {
      this.sayInSight(wordsOf(error));
    }
  }

  /* Returns whether the page has something new to show. */
  async takeAll(found, size) {
    const { tokenizer, config, template, templateJson, rows } = found;
    if (!tokenizer && !config && !template && !templateJson && !rows) {
      this.sayInSight(`Nothing known among ${many(size, "file")}. ${HELP}`);
      return false;
    }
    this.sayInSight("Reading.");
    const isLoaded = (tokenizer || config) && (await this.takeTokenizer(found));
    if (template) this.takeTemplate(await template.text(), template.name);
    else if (templateJson) this.takeJson(await templateJson.text());
    if (rows) await this.takeRows(rows);
    return isLoaded || template || templateJson || rows;
  }

  takeTemplate(text, name) {
    this.state().template = { text };
    this.say(`${name} is the chat template now.`);
  }

  takeJson(text) {
    const { chat_template: template } = JSON.parse(text);
    if (typeof template === "string") this.takeTemplate(template, "chat_template.json");
    else throw refusal("chat_template.json", "it has no text named chat_template.");
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
      return false;
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
    return true;
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
    const rows = await this.ask("rows", { text: await file.text(), name: file.name });
    Object.assign(this, { rows, rowName: file.name });
    this.say(`${file.name}: ${many(rows.length, "row")}.`);
    this.drawPicker();
    await this.takeRow(0);
  }

  async takeRow(number) {
    const which = `row ${(number + 1).toLocaleString("en")}`;
    const given = { text: this.rows[number], name: `${which} of ${this.rowName}` };
    const { format, unwanted, row } = await this.ask("row", given);
    Object.assign(this.state(), row);
    const bad = unwanted ? " It says label: false, so its answer is a bad one." : "";
    const shown = which.replace("r", "R");
    this.rowSaid.textContent = `${shown} of ${this.rowName} is shown, read as ${format}.${bad}`;
  }

  /* Of a file with many rows, which one is shown: it stands beside the result. */
  drawPicker() {
    const most = this.rows.length;
    const change = async () => {
      const number = Math.min(Math.max(1, Math.round(Number(input.value)) || 1), most);
      try {
        await this.takeRow(number - 1);
        this.taken(false, true);
      } catch (error) {
        this.rowSaid.textContent = wordsOf(error);
      }
    };
    const input = h("input", { type: "number", min: 1, max: most, value: 1, change });
    const words = `Row of ${this.rowName}, 1 to ${most.toLocaleString("en")}`;
    const label = h("label", { class: "pg-field" }, h("span", {}, words), input);
    this.rowSaid.textContent = "";
    this.picker.replaceChildren(most > 1 ? label : "", this.rowSaid);
  }
}
