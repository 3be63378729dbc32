/* Jinja's filters and tests, as far as chat templates use them; others are refused. */
import { characters, strip } from "./python.js";
import { dumps } from "./python_json.js";
import { attribute, capitalize, lower, sorted, upper, subscript } from "./jinja_methods.js";
import {
  lazy,
  Namespace,
  Safe,
  Undefined,
  equal,
  fail,
  isPlainDict,
  items,
  text,
  truth,
  tuple,
  typeOf,
  unsupported,
} from "./jinja_values.js";

const length = (value) => {
  if (value instanceof Undefined) return 0;
  if (typeof value === "string") return characters(value).length;
  if (Array.isArray(value) && !value.isLazy) return value.length;
  if (isPlainDict(value)) return Object.keys(value).length;
  return fail(`object of type '${typeOf(value)}' has no len()`);
};
const jsonable = (value) => {
  if (
    value instanceof Undefined ||
    value instanceof Namespace ||
    value?.isLazy ||
    typeof value === "function"
  ) {
    return fail(`Object of type ${typeOf(value).split(".").at(-1)} is not JSON serializable`);
  }
  if (typeof value === "object" && value !== null) Object.values(value).forEach(jsonable);
  return value;
};
const tojson = (value, { ensure_ascii, indent, separators, sort_keys, ...others }) => {
  if (Object.keys(others).length) unsupported("tojson with such keywords");
  const options = { ensureAscii: truth(ensure_ascii ?? false), indent: indent ?? null };
  if (separators && separators !== null) options.separators = separators;
  return dumps(jsonable(value), { ...options, sortKeys: truth(sort_keys ?? false) });
};
const path = (name) => {
  const parts = typeof name === "string" ? name.split(".") : [name];
  const keys = parts.map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
  return (value) =>
    keys.reduce((at, key) => (at instanceof Undefined ? at : subscript(at, key)), value);
};
const joined = (value, by, { attribute: name, ...others }) => {
  if (Object.keys(others).length) unsupported("such a join");
  const all = items(value);
  return (name === undefined ? all : all.map(path(name))).map(text).join(text(by));
};
const whole = (value, other = 0) => {
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return unsupported("such a number");
  if (/^\s*[-+]?[0-9]{1,15}\s*$/.test(value)) return Number(value);
  return /[^\x00-\x7f_.eE]|_|\./.test(value) || /[0-9]/.test(value)
    ? unsupported("such a number")
    : other;
};
const indented = (value, width = 4, first = false, blank = false) => {
  const pad = typeof width === "string" ? width : " ".repeat(width);
  if (/[\v\f\r\x1c-\x1e\x85\u2028\u2029]/.test(value)) return unsupported("indenting this text");
  const lines = `${value}\n`.split("\n").slice(0, -1);
  const rest = lines.slice(1).map((line) => (line || blank ? pad + line : line));
  return (first ? pad : "") + [lines[0], ...rest].join("\n");
};
const selected = (wanted, byAttribute) => (value, args, named, test) => {
  if (Object.keys(named).length) unsupported("such a selection");
  if (!truth(value)) return lazy([]);
  const rest = [...args];
  const key = byAttribute ? path(rest.shift()) : (one) => one;
  const [name, ...more] = rest;
  return lazy(
    items(value).filter(
      (one) => (name === undefined ? truth(key(one)) : test(name, key(one), more)) === wanted,
    ),
  );
};
const mapped = (value, args, { attribute: name, default: other, ...others }, _, filter) => {
  if (Object.keys(others).length) unsupported("such a map");
  if (!truth(value)) return lazy([]);
  if (name === undefined)
    return lazy(items(value).map((one) => filter(args[0], one, args.slice(1))));
  const found = items(value).map(path(name));
  const filled = (one) => (one instanceof Undefined && other !== undefined ? other : one);
  return lazy(found.map(filled));
};
const argument = (args, named, position, name, other) => {
  const given = position < args.length ? args[position] : named[name];
  return given === undefined ? other : given;
};
const filtered = (value) =>
  value instanceof Safe ? unsupported("a filter of a safe text") : text(value);

/* value, positional and keyword arguments; `test` and `filter` apply another by its name. */
export const FILTERS = {
  safe: (value) => (value instanceof Safe ? value : new Safe(text(value))),
  trim: (value, [given]) => strip(filtered(value), given),
  length: (value) => length(value),
  count: (value) => length(value),
  string: (value) => filtered(value),
  list: (value) => [...items(value)],
  upper: (value) => upper(filtered(value)),
  lower: (value) => lower(filtered(value)),
  capitalize: (value) => capitalize(filtered(value)),
  title: (value) => unsupported(`the filter title of ${typeOf(value)}`),
  tojson: (value, args, named) =>
    tojson(value, {
      ...named,
      ...(args.length > 1 && unsupported("tojson with such arguments")),
      ...(args.length && { ensure_ascii: args[0] }),
    }),
  default: (value, args, named) => {
    const other = argument(args, named, 0, "default_value", "");
    const all = truth(argument(args, named, 1, "boolean", false));
    return value instanceof Undefined || (all && !truth(value)) ? other : value;
  },
  join: (value, args, { d, ...named }) =>
    joined(value, args[0] ?? d ?? "", args.length > 1 ? { ...named, attribute: args[1] } : named),
  first: (value) => items(value)[0] ?? new Undefined("first"),
  last: (value) => items(value).at(-1) ?? new Undefined("last"),
  reverse: (value) =>
    typeof value === "string" ? characters(value).reverse().join("") : [...items(value)].reverse(),
  int: (value, args, named) => whole(value, argument(args, named, 0, "default", 0)),
  float: () => unsupported("the filter float"),
  abs: (value) => Math.abs(value),
  replace: (value, args) => attribute(filtered(value), "replace")(args.map(text), {}),
  indent: (value, args, named) =>
    indented(
      filtered(value),
      ...["width", "first", "blank"].map((n, i) => argument(args, named, i, n)),
    ),
  items: (value) => {
    if (value instanceof Undefined) return [];
    return isPlainDict(value)
      ? Object.entries(value).map(tuple)
      : fail("Can only get item pairs from a mapping.");
  },
  dictsort: (value, args, named) => {
    const by = argument(args, named, 1, "by", "key") === "key" ? 0 : 1;
    const fold = !truth(argument(args, named, 0, "case_sensitive", false));
    const reverse = truth(argument(args, named, 2, "reverse", false));
    return sorted(Object.entries(value).map(tuple), (pair) => pair[by], fold, reverse);
  },
  sort: (value, args, named) => {
    const name = argument(args, named, 2, "attribute");
    const fold = !truth(argument(args, named, 1, "case_sensitive", false));
    const reverse = truth(argument(args, named, 0, "reverse", false));
    return sorted(items(value), name === undefined ? (one) => one : path(name), fold, reverse);
  },
  unique: (value, args, named) => {
    if (args.length || Object.keys(named).length) return unsupported("such a unique");
    const all = items(value);
    if (!all.every((one) => typeof one === "string")) return unsupported("such a unique");
    return lazy(
      all.filter((one, i) => all.findIndex((other) => lower(other) === lower(one)) === i),
    );
  },
  map: mapped,
  select: selected(true, false),
  reject: selected(false, false),
  selectattr: selected(true, true),
  rejectattr: selected(false, true),
};
FILTERS.d = FILTERS.default;

const isNumber = (value) => typeof value === "number" || typeof value === "boolean";
const integer = (value) => (isNumber(value) ? Number(value) : fail("not all arguments converted"));
/* value, then the arguments of the test. */
export const TESTS = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  string: (value) => typeof value === "string" || value instanceof Safe,
  mapping: (value) => isPlainDict(value),
  number: (value) => isNumber(value),
  integer: (value) => typeof value === "number" && Number.isInteger(value),
  float: (value) => typeof value === "number" && !Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  iterable: (value) =>
    value instanceof Undefined ||
    typeof value === "string" ||
    Array.isArray(value) ||
    isPlainDict(value),
  sequence: (value) =>
    value instanceof Undefined ||
    typeof value === "string" ||
    Array.isArray(value) ||
    isPlainDict(value),
  callable: (value) => typeof value === "function",
  odd: (value) => Math.abs(integer(value) % 2) === 1,
  even: (value) => integer(value) % 2 === 0,
  in: (value, all) => items(all).some((one) => equal(one, value)),
  eq: (value, other) => equal(value, other),
  ne: (value, other) => !equal(value, other),
};
Object.assign(TESTS, { equalto: TESTS.eq, "==": TESTS.eq, "!=": TESTS.ne });
