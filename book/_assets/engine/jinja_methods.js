/* The methods of Python's texts, dicts and lists that chat templates call. */
import {
  compare,
  count,
  lstrip,
  removePrefix,
  removeSuffix,
  repr,
  rstrip,
  strip,
  words,
} from "./python.js";
import {
  Loop,
  Namespace,
  Safe,
  Undefined,
  equal,
  fail,
  isPlainDict,
  tuple,
  typeOf,
  unsupported,
} from "./jinja_values.js";

const plainCase = (text, changed) => {
  // Both follow Unicode, each its own version and its own rules for a final sigma.
  if (/[^\x00-\u024f]/.test(text) && changed !== text) unsupported("capital letters of this text");
  return changed;
};
export const upper = (text) => plainCase(text, text.toUpperCase());
export const lower = (text) => plainCase(text, text.toLowerCase());
export const capitalize = (text) =>
  plainCase(text, text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase());
const isText = (value) => typeof value === "string";
const wantText = (value, name) =>
  isText(value) ? value : fail(`${name}() argument must be str, not ${typeOf(value)}`);

const splitTimes = (text, separator, times, fromRight) => {
  if (separator === undefined || separator === null) {
    const all = words(text);
    return times < 0 || all.length <= times + 1 ? all : unsupported("such a split");
  }
  if (!isText(separator)) return fail(`must be str or None, not ${typeOf(separator)}`);
  if (!separator) return fail("empty separator");
  const all = text.split(separator);
  if (times < 0 || all.length <= times + 1) return all;
  return fromRight
    ? [all.slice(0, all.length - times).join(separator), ...all.slice(all.length - times)]
    : [...all.slice(0, times), all.slice(times).join(separator)];
};
const at = (text, found) => (found < 0 ? -1 : count(text, found));
const starts = (text, given, how) => {
  const all = Array.isArray(given) && given.isTuple ? given : [given];
  if (!all.every(isText)) {
    return fail(`${how} first arg must be str or a tuple of str, not ${typeOf(given)}`);
  }
  return all.some((one) => (how === "startswith" ? text.startsWith(one) : text.endsWith(one)));
};
const replaced = (text, old, by, times = -1) => {
  if (!isText(old) || !isText(by)) return fail("replace() argument must be str");
  if (!old) return unsupported("replacing nothing");
  const all = text.split(old);
  if (times < 0 || all.length <= times + 1) return all.join(by);
  return all.slice(0, times + 1).join(by) + old + all.slice(times + 1).join(old);
};
const stripped = (how) => (text, given) =>
  given === undefined || given === null ? how(text) : how(text, wantText(given, "strip"));

const TEXT = {
  strip: stripped(strip),
  lstrip: stripped(lstrip),
  rstrip: stripped(rstrip),
  upper,
  lower,
  capitalize,
  title: (text) =>
    /^[\x00-\x7f]*$/.test(text)
      ? text.replace(/[A-Za-z]+/g, (w) => w[0].toUpperCase() + w.slice(1).toLowerCase())
      : unsupported("a title of this text"),
  split: (text, separator, times = -1) => splitTimes(text, separator, times, false),
  rsplit: (text, separator, times = -1) => splitTimes(text, separator, times, true),
  splitlines: (text, ...given) => {
    if (given.length || /[\v\f\x1c-\x1e\x85\u2028\u2029]/.test(text))
      return unsupported("such lines");
    const lines = text.split(/\r\n|\r|\n/);
    return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  },
  partition: (text, by) => {
    const found = text.indexOf(by);
    return tuple(
      found < 0 ? [text, "", ""] : [text.slice(0, found), by, text.slice(found + by.length)],
    );
  },
  rpartition: (text, by) => {
    const found = text.lastIndexOf(by);
    return tuple(
      found < 0 ? ["", "", text] : [text.slice(0, found), by, text.slice(found + by.length)],
    );
  },
  replace: replaced,
  removeprefix: removePrefix,
  removesuffix: removeSuffix,
  startswith: (text, given) => starts(text, given, "startswith"),
  endswith: (text, given) => starts(text, given, "endswith"),
  find: (text, part) => at(text, text.indexOf(wantText(part, "find"))),
  rfind: (text, part) => at(text, text.lastIndexOf(wantText(part, "rfind"))),
  index: (text, part) => {
    const found = at(text, text.indexOf(wantText(part, "index")));
    return found < 0 ? fail("substring not found") : found;
  },
  count: (text, part) => (part ? text.split(part).length - 1 : unsupported("counting nothing")),
  join: (text, all) => {
    const wrong = all.findIndex((item) => !isText(item));
    if (wrong < 0) return all.join(text);
    return fail(`sequence item ${wrong}: expected str instance, ${typeOf(all[wrong])} found`);
  },
  isdigit: (text) => /^[0-9]+$/.test(text) || (/[^\x00-\x7f]/.test(text) && unsupported("isdigit")),
  isspace: (text) => text !== "" && strip(text) === "",
};
const DICT = {
  get: (dict, key, other = null) => (Object.hasOwn(dict, key) ? dict[key] : other),
  items: (dict) => Object.entries(dict).map(tuple),
  keys: (dict) => Object.keys(dict),
  values: (dict) => Object.values(dict),
};
const LIST = {
  index: (list, item) => {
    const found = list.findIndex((one) => equal(one, item));
    return found < 0 ? fail(`${repr(item)} is not in list`) : found;
  },
  count: (list, item) => list.filter((one) => equal(one, item)).length,
};
// What Python's own types have beside those above: templates may call it, and here it is missing.
const KNOWN = {
  str: `casefold center encode expandtabs format format_map isalnum isalpha isascii isdecimal
    isidentifier islower isnumeric isprintable istitle isupper ljust maketrans rindex rjust
    swapcase translate zfill`.split(/\s+/),
  dict: "clear copy fromkeys pop popitem setdefault update".split(" "),
  list: "append clear copy extend insert pop remove reverse sort".split(" "),
};

const method = (value, name, table, kind) => {
  if (Object.hasOwn(table, name)) {
    return (args, named) => {
      if (Object.keys(named).length) return unsupported(`${kind}.${name} with keywords`);
      const undefinedOne = args.find((arg) => arg instanceof Undefined);
      if (undefinedOne && kind === "str") return unsupported(`${name} of nothing`);
      return table[name](value, ...args);
    };
  }
  return KNOWN[kind].includes(name) || /^__/.test(name)
    ? unsupported(`${kind}.${name}`)
    : undefined;
};

/* What `value.name` is, or nothing where Python's type has no such attribute. */
const ownAttribute = (value, name) => {
  if (value instanceof Undefined) return value.fail();
  if (value instanceof Safe) return unsupported("a safe text in an expression");
  if (value instanceof Namespace || value instanceof Loop) return value.values[name];
  if (typeof value === "function") return unsupported("an attribute of a function");
  if (isText(value)) return method(value, name, TEXT, "str");
  if (Array.isArray(value)) return value.isLazy ? undefined : method(value, name, LIST, "list");
  if (isPlainDict(value)) return method(value, name, DICT, "dict");
  return undefined;
};

const item = (value, key) => {
  if (isPlainDict(value)) return Object.hasOwn(value, key) ? value[key] : undefined;
  if (!Number.isInteger(key)) return undefined;
  if (isText(value)) return Array.from(value).at(key);
  return Array.isArray(value) && !value.isLazy ? value.at(key) : undefined;
};

/* Jinja's `value.name`: the attribute, else the item. */
export const attribute = (value, name) => {
  if (isPlainDict(value) && Object.hasOwn(value, name) && !method(value, name, DICT, "dict")) {
    return value[name];
  }
  const found = ownAttribute(value, name);
  if (found !== undefined) return found;
  return (
    item(value, name) ?? (isPlainDict(value) && name in value ? null : new Undefined(name, value))
  );
};

/* Jinja's `value[key]`: the item, else the attribute. */
export const subscript = (value, key) => {
  if (value instanceof Undefined) return value.fail();
  if (key instanceof Undefined) return unsupported("an index that is undefined");
  const found = item(value, key);
  if (found !== undefined) return found;
  const own = typeof key === "string" ? ownAttribute(value, key) : undefined;
  return own ?? new Undefined(key, value);
};

export const sorted = (list, key, fold, reverse) => {
  const made = [...list].sort((one, other) => {
    const [a, b] = [key(one), key(other)].map((value) =>
      isText(value) && fold ? lower(value) : value,
    );
    if (typeof a !== typeof b || !["string", "number"].includes(typeof a))
      return unsupported("such an order");
    return isText(a) ? compare(a, b) : a - b;
  });
  return reverse ? made.reverse() : made;
};
