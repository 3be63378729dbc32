/* The package's sentences and tables, which the build writes into a JSON, and its errors. */
import { cut, repr } from "./python.js";

export class ChatshiftError extends Error {
  constructor(type, message, more = {}) {
    super(message);
    this.type = type;
    Object.assign(this, more);
  }
}
const family = (type) =>
  class extends ChatshiftError {
    constructor(message, more) {
      super(type, message, more);
    }
  };
export const SettingsError = family("ChatshiftError");
export const MessageError = family("MessageError");
export const TemplateError = family("TemplateError");
export const TokenizeError = family("TokenizeError");
export const BoundaryError = family("BoundaryError");
export const LabelError = family("LabelError");

/* What Python can do and this page cannot. It is shown instead of a result that might be wrong. */
export class PageError extends ChatshiftError {
  constructor(what) {
    super("Not in this page", `${what} Run chatshift.prepare, which can.`);
  }
}

/* The tables, under their names in the package. */
export const tables = {};
const sentences = {};
export const setWords = (words) => {
  Object.assign(tables, words.tables);
  Object.assign(sentences, words.sentences);
};

/* A sentence of the package, named by module, function and place, with its values in order. */
export const say = (name, ...values) => {
  if (!Object.hasOwn(sentences, name)) throw new Error(`no sentence ${name}`);
  const fields = sentences[name].filter((part) => typeof part !== "string");
  if (fields.length !== values.length) throw new Error(`${name} takes ${fields.length} values`);
  const fill = (part) => {
    if (typeof part === "string") return part;
    const [conversion, format] = part;
    const value = values.shift();
    if (format === "X") return value.toString(16).toUpperCase();
    const text = conversion === "r" ? repr(value) : String(value);
    return format ? cut(text, Number(format.slice(1))) : text;
  };
  return sentences[name].map(fill).join("");
};

/* A note before its place in tokens is known. */
export const finding = (name, message, text) => {
  if (!Object.hasOwn(tables.NOTES, name)) throw new Error(`no note ${name}`);
  return { name, message, text };
};
