/* Values as Jinja sees them: truth, equality, text, and what stands for nothing. */
import { compare, isDict, repr, typeName } from "./python.js";
import { PageError } from "./words.js";

/* A template failed, as it would in Python; the message is Python's where it is known. */
export class JinjaError extends Error {}
export const fail = (message) => {
  throw new JinjaError(message);
};
export const unsupported = (what) => {
  throw new PageError(`The chat template uses ${what}, which this page cannot do as Python does.`);
};

export class Undefined {
  constructor(name, owner) {
    this.name = name;
    this.owner = owner;
  }
  fail() {
    if (this.owner === undefined) return fail(`${repr(this.name)} is undefined`);
    const owner = this.owner === null ? "None" : `${typeOf(this.owner)} object`;
    return typeof this.name === "string"
      ? fail(`${repr(owner)} has no attribute ${repr(this.name)}`)
      : fail(`${owner} has no element ${repr(this.name)}`);
  }
}
export class Namespace {
  constructor(values) {
    this.values = values;
  }
}
/* A text marked safe: what is joined to it would be escaped, so here it can only be written. */
export class Safe {
  constructor(value) {
    this.text = value;
  }
}
export class Loop {
  constructor(items, index) {
    this.values = {
      index: index + 1,
      index0: index,
      revindex: items.length - index,
      revindex0: items.length - index - 1,
      first: index === 0,
      last: index === items.length - 1,
      length: items.length,
      previtem: index ? items[index - 1] : new Undefined("previtem"),
      nextitem: items[index + 1] ?? new Undefined("nextitem"),
    };
  }
}
export const tuple = (items) => Object.defineProperty([...items], "isTuple", { value: true });
/* What Python makes one by one: it can be gone through, and hardly anything else. */
export const lazy = (items) => Object.defineProperty([...items], "isLazy", { value: true });
export const isPlainDict = (value) =>
  isDict(value) && ![Undefined, Namespace, Loop, Safe].some((kind) => value instanceof kind);

export const typeOf = (value) => {
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Namespace) return "jinja2.utils.Namespace";
  if (value instanceof Loop) return "jinja2.runtime.LoopContext";
  if (value instanceof Safe) return unsupported("a safe text in an expression");
  return value?.isLazy ? "generator" : typeName(value);
};

export const truth = (value) => {
  if (value instanceof Undefined || value === null) return false;
  if (value instanceof Safe) return value.text !== "";
  if (Array.isArray(value)) return value.length > 0;
  if (isPlainDict(value)) return Object.keys(value).length > 0;
  return Boolean(value) || (typeof value === "object" && value !== null);
};

const numeric = (value) => typeof value === "number" || typeof value === "boolean";
export const equal = (one, other) => {
  if (numeric(one) && numeric(other)) return Number(one) === Number(other);
  if (one instanceof Undefined) return other instanceof Undefined;
  if (one instanceof Safe || other instanceof Safe)
    return unsupported("a safe text in an expression");
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      Boolean(one.isTuple) === Boolean(other.isTuple) &&
      one.length === other.length &&
      one.every((item, i) => equal(item, other[i]))
    );
  }
  if (isPlainDict(one)) {
    const names = Object.keys(one);
    return (
      isPlainDict(other) &&
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && equal(one[name], other[name]))
    );
  }
  return one === other;
};

/* Less than zero, zero or more, as Python orders two values. */
export const order = (one, other, operator) => {
  if (numeric(one) && numeric(other)) return Number(one) - Number(other);
  if (typeof one === "string" && typeof other === "string") return compare(one, other);
  for (const value of [one, other]) if (value instanceof Undefined) value.fail();
  const types = `${repr(typeOf(one))} and ${repr(typeOf(other))}`;
  return fail(`${repr(operator)} not supported between instances of ${types}`);
};

export const text = (value) => {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  if (value instanceof Safe) return value.text;
  if (
    ["function", "generator"].includes(typeOf(value)) ||
    value instanceof Namespace ||
    value instanceof Loop
  ) {
    return unsupported(`the text of a ${typeOf(value)}`);
  }
  if (isDict(value) || Array.isArray(value)) checkPrintable(value);
  return repr(value);
};
const checkPrintable = (value) => {
  for (const item of Object.values(value)) {
    if (item instanceof Undefined || typeof item === "function") unsupported("such a text");
    if (typeof item === "object" && item !== null) checkPrintable(item);
  }
};

export const items = (value) => {
  if (value instanceof Undefined) return [];
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (isPlainDict(value)) return Object.keys(value);
  return fail(`${repr(typeOf(value))} object is not iterable`);
};

/* Python's `value[start:stop:step]`. */
export const slice = (value, start, stop, step) => {
  const isText = typeof value === "string";
  if (value instanceof Undefined) value.fail();
  if (!isText && (!Array.isArray(value) || value.isLazy))
    return unsupported("a slice of this kind");
  const all = isText ? Array.from(value) : value;
  const by = step ?? 1;
  if (!Number.isInteger(by) || by === 0) return unsupported("such a slice");
  const [low, high] = by > 0 ? [0, all.length] : [-1, all.length - 1];
  const place = (given, other) => {
    if (given === undefined || given === null) return other;
    if (!Number.isInteger(given)) return unsupported("such a slice");
    const at = given < 0 ? given + all.length : given;
    return Math.min(Math.max(at, low), high);
  };
  const made = [];
  const [from, to] =
    by > 0 ? [place(start, 0), place(stop, high)] : [place(start, high), place(stop, -1)];
  for (let i = from; by > 0 ? i < to : i > to; i += by) made.push(all[i]);
  if (isText) return made.join("");
  return value.isTuple ? tuple(made) : made;
};
