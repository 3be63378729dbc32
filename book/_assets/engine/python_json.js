/* JSON as Python reads and writes it, with Python's words for what is wrong. */
import { characters, count, repr } from "./python.js";
import { PageError } from "./words.js";

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const NAMES = { null: null, true: true, false: false };
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
// Numbers that JavaScript writes as Python does.
const SAME = /^-?(?:0|[1-9][0-9]{0,14})$|^-?(?:0|[1-9][0-9]{0,8})\.(?!0{3})[0-9]{0,5}[1-9]$/;

class Reader {
  constructor(text, onPairs) {
    this.text = text;
    this.onPairs = onPairs;
  }

  fail(message, at) {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    const column = count(before.slice(before.lastIndexOf("\n") + 1)) + 1;
    throw new SyntaxError(`${message}: line ${line} column ${column} (char ${count(before)})`);
  }

  skip(at) {
    SPACE.lastIndex = at;
    return at + SPACE.exec(this.text)[0].length;
  }

  value(at) {
    const first = this.text[at];
    if (first === '"') return this.string(at + 1);
    if (first === "{") return this.object(at + 1);
    if (first === "[") return this.array(at + 1);
    for (const [name, value] of Object.entries(NAMES)) {
      if (this.text.startsWith(name, at)) return [value, at + name.length];
    }
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(this.text);
    if (found) return [this.number(found[0]), at + found[0].length];
    for (const name of ["NaN", "Infinity", "-Infinity"]) {
      if (this.text.startsWith(name, at))
        throw new PageError(`The number ${name} is not kept here.`);
    }
    return this.fail("Expecting value", at);
  }

  number(written) {
    if (SAME.test(written)) return Number(written);
    throw new PageError(`The number ${written} is not kept as it is in JavaScript.`);
  }

  string(at) {
    const begin = at - 1;
    let made = "";
    for (let i = at; ; i++) {
      const character = this.text[i];
      if (character === undefined) return this.fail("Unterminated string starting at", begin);
      if (character === '"') return [made, i + 1];
      if (character < " ") return this.fail("Invalid control character at", i);
      if (character !== "\\") {
        made += character;
        continue;
      }
      const escape = this.text[++i];
      if (escape === undefined) return this.fail("Unterminated string starting at", begin);
      if (escape === "u") {
        const digits = this.text.slice(i + 1, i + 5);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) return this.fail("Invalid \\uXXXX escape", i + 1);
        made += String.fromCharCode(parseInt(digits, 16));
        i += 4;
      } else if (Object.hasOwn(ESCAPES, escape)) made += ESCAPES[escape];
      else return this.fail("Invalid \\escape", i - 1);
    }
  }

  object(at) {
    const pairs = [];
    let i = this.skip(at);
    if (this.text[i] === "}") return [this.made(pairs), i + 1];
    if (this.text[i] !== '"') {
      return this.fail("Expecting property name enclosed in double quotes", i);
    }
    for (;;) {
      const [key, after] = this.string(i + 1);
      i = this.skip(after);
      if (this.text[i] !== ":") return this.fail("Expecting ':' delimiter", i);
      const [value, end] = this.value(this.skip(i + 1));
      pairs.push([key, value]);
      i = this.skip(end);
      if (this.text[i] === "}") return [this.made(pairs), i + 1];
      if (this.text[i] !== ",") return this.fail("Expecting ',' delimiter", i);
      i = this.skip(i + 1);
      if (this.text[i] !== '"') {
        return this.fail("Expecting property name enclosed in double quotes", i);
      }
    }
  }

  made(pairs) {
    this.onPairs(pairs);
    const made = Object.create(null);
    for (const [key, value] of pairs) made[key] = value;
    const order = [...new Map(pairs).keys()];
    if (Object.keys(made).some((key, i) => key !== order[i])) {
      throw new PageError(`The order of the keys ${repr(order)} is not kept in JavaScript.`);
    }
    return made;
  }

  array(at) {
    const made = [];
    let i = this.skip(at);
    if (this.text[i] === "]") return [made, i + 1];
    for (;;) {
      const [value, end] = this.value(i);
      made.push(value);
      i = this.skip(end);
      if (this.text[i] === "]") return [made, i + 1];
      if (this.text[i] !== ",") return this.fail("Expecting ',' delimiter", i);
      i = this.skip(i + 1);
    }
  }
}

/* The value of a JSON text; a SyntaxError has Python's words. `onPairs` sees each object's pairs. */
export const loads = (text, onPairs = () => {}) => {
  const reader = new Reader(text, onPairs);
  if (text.startsWith("\ufeff")) reader.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
  const [value, end] = reader.value(reader.skip(0));
  const rest = reader.skip(end);
  if (rest !== text.length) reader.fail("Extra data", rest);
  return value;
};

const ascii = (text) =>
  text.replace(/[\x7f-\uffff]/g, (c) =>
    c === "\x7f" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
const string = (text, isAscii) => {
  const written = `"${text.replace(/["\\\x00-\x1f]/g, (c) => JSON.stringify(c).slice(1, -1))}"`;
  return isAscii ? ascii(written) : written;
};

/* JSON as Python's `json.dumps` writes it. */
export const dumps = (value, options = {}, depth = 0) => {
  const { ensureAscii = true, indent = null, sortKeys = false } = options;
  const [comma, colon] = options.separators ?? [indent === null ? ", " : ",", ": "];
  if (typeof value === "string") return string(value, ensureAscii);
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  const isList = Array.isArray(value);
  const entries = isList ? value.map((item) => ["", item]) : Object.entries(value);
  const [open, close] = isList ? "[]" : "{}";
  if (!entries.length) return open + close;
  if (sortKeys && !isList) entries.sort(([a], [b]) => (characters(a) < characters(b) ? -1 : 1));
  const line = (level) => (indent === null ? "" : `\n${" ".repeat(indent * level)}`);
  const inner = entries.map(
    ([key, item]) =>
      (isList ? "" : string(key, ensureAscii) + colon) + dumps(item, options, depth + 1),
  );
  return open + line(depth + 1) + inner.join(comma + line(depth + 1)) + line(depth) + close;
};
