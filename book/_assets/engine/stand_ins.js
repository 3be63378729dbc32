/* A conversation with other words: a stand-in for each thing that its messages say. */
import { compare, isBlank, isDict, lstrip, repr, rstrip, strip } from "./python.js";
import { dumps } from "./python_json.js";
import { splitTags } from "./control_tokens.js";
import { tables } from "./words.js";

/* Marks that stand in none of the texts. */
export const marksFor = (...texts) => {
  let word = tables.WORD;
  let number = tables.NUMBER;
  while (texts.some((text) => text.includes(word))) word += "q";
  while (texts.some((text) => text.includes(number))) number = String(Number(number) + 1);
  return { word, number };
};
export const markPattern = ({ word, number }) =>
  new RegExp(`${word}(\\d+)x|${number}(\\d{6})(?:\\.5)?`, "g");

const NAMES = ["reasoning_content", "reasoning", "thinking"];

/* The messages with stand-ins, and the parts that these stand for. */
export class StandIns {
  constructor(messages, marks, { tagged = false, blanks = true } = {}) {
    Object.assign(this, { marks, tagged, blanks });
    this.parts = [];
    this.tags = new Map();
    this.renamed = new Map();
    this.messages = messages.map((message, index) => this.message(index, message));
  }

  of(message) {
    return this.parts.filter((part) => part.message === message);
  }

  message(index, message) {
    const made = { ...message };
    if (Object.hasOwn(message, "reasoning_content")) {
      const word = this.text(index, "thought", message.reasoning_content);
      for (const name of NAMES) if (Object.hasOwn(made, name)) made[name] = word;
    }
    const said = message.content;
    const isSilent = message.role === "assistant" && !message.tool_calls;
    if (typeof said === "string" && !isBlank(said)) made.content = this.content(index, said);
    else if (typeof said === "string") {
      if (this.blanks && isSilent) made.content = this.standIn(index, "content", said);
    } else {
      made.content = said.map((part) => ({
        ...part,
        text: this.text(index, "content", part.text),
      }));
    }
    if (message.tool_calls)
      made.tool_calls = message.tool_calls.map((call) => this.call(index, call));
    if (this.renamed.has(message.tool_call_id)) {
      made.tool_call_id = this.renamed.get(message.tool_call_id);
    }
    return made;
  }

  /* A word for a text; a blank text says nothing and stays. */
  text(index, kind, text) {
    return isBlank(text) ? text : this.standIn(index, kind, text);
  }

  standIn(index, kind, text) {
    const word = `${this.marks.word}${this.parts.length}x`;
    this.parts.push({ message: index, kind, text, word });
    return word;
  }

  number(index, number) {
    const other = Number(`${this.marks.number}${String(this.parts.length).padStart(6, "0")}`);
    this.parts.push({ message: index, kind: "call", text: String(number), word: String(other) });
    return Number.isInteger(number) ? other : other + 0.5;
  }

  content(index, said) {
    const runs = this.tagged ? splitTags(strip(said)) : [];
    if (runs.length < 2) return this.text(index, "content", said);
    const words = [...runs.keys()].filter((i) => i % 2 === 0 && !isBlank(runs[i]));
    if (!words.length) return this.text(index, "content", said); // tags are all that it says
    const edges = [runs.slice(0, words[0]), runs.slice(words.at(-1) + 1)];
    this.tags.set(
      index,
      edges.map((edge) => strip(edge.join(""))),
    );
    for (const i of words) {
      const kind = i === words.at(-1) ? "content" : "thought";
      const run = strip(runs[i]);
      const word = this.text(index, kind, run);
      runs[i] = runs[i].replaceAll(run, () => word);
    }
    return runs.join("");
  }

  call(index, call) {
    const called = { ...call.function };
    const { name } = called;
    called.name = this.text(index, "call", name);
    if (Object.hasOwn(called, "arguments"))
      called.arguments = this.argument(index, called.arguments);
    const made = { ...call, function: called };
    const id = call.id ?? "";
    if (String(id).includes(name)) {
      made.id = String(id).replaceAll(name, () => called.name);
      this.renamed.set(id, made.id);
    }
    return made;
  }

  argument(index, value) {
    if (typeof value === "string") return this.text(index, "call", value);
    if (typeof value === "number") return this.number(index, value);
    if (Array.isArray(value)) return value.map((item) => this.argument(index, item));
    if (!isDict(value)) return value;
    // In the order of the alphabet, since a template may sort them.
    const keys = Object.create(null);
    for (const key of Object.keys(value).sort(compare)) keys[key] = this.text(index, "call", key);
    const made = Object.create(null);
    for (const [key, item] of Object.entries(value)) made[keys[key]] = this.argument(index, item);
    return made;
  }
}

/* How a template may write a text without changing its words, edges and JSON aside. */
export const forms = (text) => [
  text,
  strip(text),
  rstrip(text),
  lstrip(text),
  lstrip(text, "\n"),
  strip(text, "\n"),
  dumps(text, { ensureAscii: false }).slice(1, -1),
  dumps(text).slice(1, -1),
  repr(text).slice(1, -1),
];

/* The booleans in the arguments of a call: they have no stand-in. */
export const booleansIn = (value) => {
  if (typeof value === "boolean") return [value];
  return typeof value === "object" && value !== null
    ? Object.values(value).flatMap(booleansIn)
    : [];
};
