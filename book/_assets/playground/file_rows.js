/* Which rows there are in a file: one a line, one list of all, or the file is one row. */
import { isDict } from "../engine/python.js";
import { loads } from "../engine/python_json.js";
import { ChatshiftError } from "../engine/words.js";

export const refuse = (message) => {
  throw new ChatshiftError("No row", message);
};
export const readJson = (text, what) => {
  try {
    return loads(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ChatshiftError("No JSON", `${what}: ${error.message}`);
  }
};

export const isTalk = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => isDict(one) && Object.hasOwn(one, "role"));
const tryJson = (text) => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/* The elements of a JSON list as they are written, so that no number changes. */
const elementsOf = (text) => {
  const found = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (sign === '"') {
      for (i = text.indexOf('"', i + 1); isEscaped(text, i); ) i = text.indexOf('"', i + 1);
    } else if (sign === "[" || sign === "{") {
      if (depth++ === 0) begin = i + 1;
    } else if (sign === "]" || sign === "}") depth--;
    if ((sign === "," && depth === 1) || (sign === "]" && depth === 0)) {
      found.push(text.slice(begin, i));
      begin = i + 1;
    }
  }
  return found;
};
const isEscaped = (text, quote) => {
  let before = quote;
  while (text[before - 1] === "\\") before--;
  return (quote - before) % 2 === 1;
};

/* The rows, each as JSON text. */
export const rowsIn = (given, name) => {
  const text = given.replace(/^\ufeff/, "");
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  if (!lines.length) refuse(`${name} is empty.`);
  const first = tryJson(lines[0]);
  if (first !== undefined && lines.length > 1) return lines;
  const whole = first ?? tryJson(text);
  if (whole === undefined) {
    // One value over many lines that cannot be read; or lines of which the first cannot be.
    const isOne = /\.json$/.test(name) ? /^\s*[[{]/ : /^\s*(?:\[|\{\s*$)/;
    if (isOne.test(lines[0]) || lines.length === 1) readJson(text, name);
    return lines;
  }
  if (!Array.isArray(whole) || isTalk(whole)) return [text];
  if (!whole.length) refuse(`${name} is an empty list.`);
  return elementsOf(text);
};
