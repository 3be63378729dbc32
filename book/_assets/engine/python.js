/* What Python means by white space, by characters and by repr. */

/* Python counts characters; JavaScript counts halves of those beyond the first plane. */
export const characters = (text) => Array.from(text);
export const count = (text, end = text.length) => {
  let halves = 0;
  for (let i = 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xdc00 && code <= 0xdfff && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) halves++;
  }
  return end - halves;
};
/* The first so many characters, and the last. */
export const cut = (text, most) =>
  characters(text.slice(0, 2 * most))
    .slice(0, most)
    .join("");
export const tail = (text, most) =>
  characters(text.slice(-2 * most - 1))
    .slice(-most)
    .join("");

export const commonLength = (one, other) => {
  const end = Math.min(one.length, other.length);
  let length = 0;
  while (length < end && one[length] === other[length]) length++;
  const code = typeof one === "string" && length ? one.charCodeAt(length - 1) : 0;
  // Not between the halves of a character, unless it ends there.
  const halved = code >= 0xd800 && code <= 0xdbff && (length < one.length || length < other.length);
  return halved && /[\udc00-\udfff]/.test((one[length] ?? "") + (other[length] ?? ""))
    ? length - 1
    : length;
};

const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEFT = new RegExp(`^[${SPACE}]+`);
const RIGHT = new RegExp(`[${SPACE}]+$`);
const RUN = new RegExp(`[${SPACE}]+`);
export const SPACES = SPACE;
const oneOf = (given) => new Set(characters(given));
export const lstrip = (text, given) => {
  if (given === undefined) return text.replace(LEFT, "");
  const set = oneOf(given);
  const all = characters(text);
  let start = 0;
  while (start < all.length && set.has(all[start])) start++;
  return all.slice(start).join("");
};
export const rstrip = (text, given) => {
  if (given === undefined) {
    let end = text.length;
    while (end && RIGHT.test(text[end - 1])) end--;
    return text.slice(0, end);
  }
  const set = oneOf(given);
  const all = characters(text);
  let end = all.length;
  while (end && set.has(all[end - 1])) end--;
  return all.slice(0, end).join("");
};
export const strip = (text, given) => rstrip(lstrip(text, given), given);
export const words = (text) => text.split(RUN).filter(Boolean);
export const squeeze = (text) => words(text).join("");
export const isBlank = (text) => lstrip(text) === "";
export const removePrefix = (text, prefix) =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text;
export const removeSuffix = (text, suffix) =>
  suffix && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;

export const compare = (one, other) => {
  const [a, b] = [characters(one), characters(other)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i].codePointAt(0) - b[i].codePointAt(0);
  }
  return a.length - b.length;
};

export const isDict = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const typeName = (value) => {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return value.isTuple ? "tuple" : "list";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return { string: "str", boolean: "bool", object: "dict", function: "function" }[typeof value];
};

const reprText = (text) => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const names = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [quote]: `\\${quote}` };
  const written = characters(text).map((character) => {
    if (names[character]) return names[character];
    if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
    const code = character.codePointAt(0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
  return quote + written.join("") + quote;
};
/* A value as Python's repr writes it. */
export const repr = (value) => {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return reprText(value);
  if (Array.isArray(value)) {
    const inner = value.map(repr).join(", ");
    if (!value.isTuple) return `[${inner}]`;
    return value.length === 1 ? `(${inner},)` : `(${inner})`;
  }
  if (isDict(value)) {
    return `{${Object.entries(value)
      .map(([k, v]) => `${repr(k)}: ${repr(v)}`)
      .join(", ")}}`;
  }
  return String(value);
};

/* A value in quotes, cut off where it is long: of a message, and of a text in a note. */
export const quoteValue = (value, most = 60) => {
  const text = repr(value);
  return count(text) <= most ? text : `${cut(text, most - 1)}…`;
};
export const quote = (text, most = 60) =>
  repr(count(text) <= most ? text : `${cut(text, most - 1)}…`);

/* Where a character stands that UTF-8 cannot encode, or -1. */
export const findLoneSurrogate = (text) => text.search(/\p{Cs}/u);
