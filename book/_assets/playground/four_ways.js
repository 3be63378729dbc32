/* Chapter 8's four trained models answer the reader's own question, side by side, token by token.

   A page has an element with `data-four-ways`; the models come when they are asked for. */
import { Tokenizer } from "../vendor/huggingface/tokenizers.mjs";
import { h } from "./dom.js";
import { loadScript } from "./scripts.js";
import { nextToken, readWeights } from "./tiny.js";

const LONGEST = 12;
const MOST = 120;
const fileOf = (way) => way.replaceAll(" ", "-");
const pause = () => new Promise((done) => setTimeout(done, 60));

/* The ids of a question as the chapter's template writes it, up to where the answer begins. */
const promptOf = (tokenizer, question) =>
  tokenizer.encode(`<user>${question}<end><model>`, { add_special_tokens: false }).ids;
const pieceOf = (tokenizer, id) =>
  tokenizer.decode([id], { skip_special_tokens: false, clean_up_tokenization_spaces: false });

class FourWays {
  constructor(box, { ways, questions, tokenizer }) {
    Object.assign(this, { ways, questions });
    this.tokenizer = new Tokenizer(tokenizer, {});
    this.models = new Map();
    this.build(box);
  }

  build(box) {
    const id = "four-ways-questions";
    this.input = h("input", {
      type: "text",
      value: this.questions[0],
      list: id,
      maxlength: 200,
      autocomplete: "off",
    });
    this.button = h("button", { type: "submit" }, "Ask all four");
    this.status = h("p", { class: "pg-status", role: "status" });
    this.cells = new Map(this.ways.map((way) => [way, h("td", { class: "four-ways-answer" })]));
    const rows = this.ways.map((way) =>
      h("tr", {}, h("th", { scope: "row" }, way), this.cells.get(way)),
    );
    const form = h(
      "form",
      { submit: (event) => this.ask(event) },
      h("label", {}, h("span", {}, "Your question"), this.input),
      h(
        "datalist",
        { id },
        this.questions.map((one) => h("option", { value: one })),
      ),
      this.button,
    );
    const head = h(
      "tr",
      {},
      h("th", { scope: "col" }, "who shifts"),
      h("th", { scope: "col" }, "answer"),
    );
    box.classList.add("four-ways");
    box.replaceChildren(
      form,
      this.status,
      h("table", {}, h("thead", {}, head), h("tbody", {}, rows)),
    );
    box.dataset.ready = "yes";
  }

  async ask(event) {
    event.preventDefault();
    if (this.button.disabled) return;
    this.button.disabled = true;
    try {
      await this.load();
      await this.answer(this.input.value);
    } catch (error) {
      this.status.textContent = `This cannot be asked: ${error.message}`;
    }
    this.button.disabled = false;
  }

  async load() {
    for (const [number, way] of this.ways.entries()) {
      if (this.models.has(way)) continue;
      this.status.textContent = `Loading model ${number + 1} of ${this.ways.length}.`;
      await loadScript(`${fileOf(way)}-model.js`);
      const { head, bytes } = globalThis.chatshiftModels[fileOf(way)];
      this.models.set(way, readWeights(head, bytes()));
    }
  }

  /* All four write one token, then all four the next, until each has ended. */
  async answer(question) {
    const prompt = promptOf(this.tokenizer, question);
    if (prompt.length > MOST)
      throw new Error("a question of so many tokens is too long for this page.");
    this.status.textContent = "All four read the question and write.";
    const ids = new Map(this.ways.map((way) => [way, [...prompt]]));
    const end = this.tokenizer.token_to_id("<end>");
    for (const cell of this.cells.values()) cell.replaceChildren();
    const writing = new Set(this.ways);
    for (let step = 0; step < LONGEST && writing.size; step++) {
      for (const way of writing) {
        const next = nextToken(this.models.get(way), ids.get(way));
        ids.get(way).push(next);
        this.write(way, next, end);
        if (next === end) writing.delete(way);
      }
      await pause();
    }
    const [read, whole] = [prompt.length - 3, question.length];
    const unknown = read === 0 && whole > 0 ? " They know none of its words." : "";
    this.status.textContent = `Written, at most ${LONGEST} tokens each.${unknown}`;
    this.answers = Object.fromEntries(
      [...ids].map(([way, all]) => [way, all.slice(prompt.length)]),
    );
  }

  write(way, id, end) {
    const piece = pieceOf(this.tokenizer, id);
    const token = id === end ? h("small", {}, "ends") : h("span", {}, piece.replaceAll(" ", "·"));
    // A line may end between two tokens.
    this.cells.get(way).append(h("wbr"), token);
  }
}

for (const box of document.querySelectorAll("[data-four-ways]")) {
  box.fourWays = new FourWays(box, globalThis.chatshiftFourWays);
}
