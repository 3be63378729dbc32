/* Chat templates, rendered with Python's meaning of every operation.

   The library reads a template; what its tree means is decided here, strictly: what Python does in
   another way than JavaScript is done as Python does it, and what is not known is refused. */
import { parse, tokenize } from "../vendor/huggingface/jinja.js";
import { repr } from "./python.js";
import { attribute, subscript } from "./jinja_methods.js";
import { FILTERS, TESTS } from "./jinja_filters.js";
import {
  JinjaError,
  Loop,
  Namespace,
  Safe,
  Undefined,
  equal,
  fail,
  isPlainDict,
  items,
  order,
  slice,
  text,
  truth,
  tuple,
  typeOf,
  unsupported,
} from "./jinja_values.js";

const SECONDS = 10;
const MOST = 10_000_000;
class Break extends Error {}
class Continue extends Error {}

class Scope {
  constructor(parent, names = {}) {
    this.parent = parent;
    this.names = new Map(Object.entries(names));
  }
  find(name) {
    for (let scope = this; scope; scope = scope.parent) {
      if (scope.names.has(name)) return scope.names.get(name);
    }
    return new Undefined(name);
  }
}

const pad = (number, width = 2) => String(number).padStart(width, "0");
const now = (format) => {
  const date = new Date();
  const word = (options) => date.toLocaleDateString("en-US", options);
  const parts = {
    Y: () => pad(date.getFullYear(), 4),
    m: () => pad(date.getMonth() + 1),
    d: () => pad(date.getDate()),
    b: () => word({ month: "short" }),
    B: () => word({ month: "long" }),
    a: () => word({ weekday: "short" }),
    A: () => word({ weekday: "long" }),
    H: () => pad(date.getHours()),
    M: () => pad(date.getMinutes()),
    S: () => pad(date.getSeconds()),
    "%": () => "%",
  };
  return format.replace(/%(.)/g, (_, name) =>
    Object.hasOwn(parts, name) ? parts[name]() : unsupported(`the date format %${name}`),
  );
};
const range = (...given) => {
  if (!given.every(Number.isInteger) || !given.length) return unsupported("such a range");
  const [start, stop, step = 1] = given.length > 1 ? given : [0, given[0]];
  const size = Math.max(0, Math.ceil((stop - start) / step));
  if (size > 100_000) return fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
  return Array.from({ length: size }, (_, i) => start + i * step);
};
const GLOBALS = {
  raise_exception: ([message]) => fail(text(message)),
  strftime_now: ([format]) => now(format),
  range: (given) => range(...given),
  namespace: (args, named) => new Namespace({ ...args[0], ...named }),
  dict: (args, named) => ({ ...args[0], ...named }),
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
};

const isNumber = (value) => typeof value === "number" || typeof value === "boolean";
const arithmetic = (operator, left, right) => {
  const [a, b] = [Number(left), Number(right)];
  if (["/", "//", "%"].includes(operator) && b === 0) return fail("division by zero");
  const made = {
    "+": () => a + b,
    "-": () => a - b,
    "*": () => a * b,
    "//": () => Math.floor(a / b),
    "%": () => a - b * Math.floor(a / b),
    "**": () => a ** b,
    "/": () => a / b,
  }[operator]();
  const isWhole = Number.isInteger(a) && Number.isInteger(b) && operator !== "/";
  // JavaScript has one kind of number: 4 and 4.0 are the same, and large ones are not exact.
  if (!Number.isSafeInteger(made) === isWhole) return unsupported("such a number");
  return made;
};
const repeated = (value, times) => {
  const length = value.length * Math.max(0, times);
  if (length > MOST) return fail("the result of * would be too large");
  if (typeof value === "string") return value.repeat(Math.max(0, times));
  return Array.from({ length: Math.max(0, times) }, () => value).flat();
};
const added = (left, right) => {
  const [one, other] = [typeOf(left), typeOf(right)];
  if (one === other && one === "str") return left + right;
  if (one === other && one === "list") return [...left, ...right];
  if (one === other && one === "tuple") return tuple([...left, ...right]);
  if (["str", "list", "tuple"].includes(one)) {
    return fail(`can only concatenate ${one} (not "${other}") to ${one}`);
  }
  return undefined;
};
const contains = (value, all) => {
  if (typeof all === "string") {
    if (typeof value === "string") return all.includes(value);
    if (value instanceof Undefined) return unsupported("the search for nothing");
    return fail(`'in <string>' requires string as left operand, not ${typeOf(value)}`);
  }
  if (all === null || isNumber(all)) return fail(`argument of type '${typeOf(all)}' is not iterable`);
  if (isPlainDict(all)) return typeof value === "string" && Object.hasOwn(all, value);
  return items(all).some((item) => equal(item, value));
};
const operate = (operator, left, right) => {
  if (left instanceof Safe || right instanceof Safe) unsupported("a safe text in an expression");
  if (operator === "==") return equal(left, right);
  if (operator === "!=") return !equal(left, right);
  if (operator === "in") return contains(left, right);
  if (operator === "not in") return !contains(left, right);
  if (operator === "~") return text(left) + text(right);
  if (operator === "<") return order(left, right, operator) < 0;
  if (operator === ">") return order(left, right, operator) > 0;
  if (operator === "<=") return order(left, right, operator) <= 0;
  if (operator === ">=") return order(left, right, operator) >= 0;
  for (const value of [left, right]) if (value instanceof Undefined) value.fail();
  if (isNumber(left) && isNumber(right)) return arithmetic(operator, left, right);
  if (operator === "%" && typeof left === "string") return unsupported("the operator % on text");
  if (operator === "*") {
    const [value, times] = isNumber(left) ? [right, left] : [left, right];
    if (Number.isInteger(times) && (typeof value === "string" || Array.isArray(value))) {
      return repeated(value, times);
    }
  }
  const sum = operator === "+" ? added(left, right) : undefined;
  const types = `'${typeOf(left)}' and '${typeOf(right)}'`;
  return sum ?? fail(`unsupported operand type(s) for ${operator}: ${types}`);
};

const STATEMENTS = {
  Set: "set",
  If: "if",
  For: "for",
  Macro: "macro",
  CallStatement: "callBlock",
  FilterStatement: "filterBlock",
};

// What is learned in other tools; here only its text counts. A filter block has a scope, too.
const GENERATION = /(\{%[-+]?\s*)(end)?generation(\s*[-+]?%\})/g;
const readable = (source) =>
  source.replace(GENERATION, (_, open, end, close) => `${open}${end ? "endfilter" : "filter string"}${close}`);

class Evaluator {
  constructor(deadline) {
    this.deadline = deadline;
  }

  tick() {
    if (Date.now() > this.deadline) fail(`it was still at work after ${SECONDS} seconds`);
  }

  block(nodes, scope, out) {
    for (const node of nodes) {
      if (node.type === "Break") throw new Break();
      if (node.type === "Continue") throw new Continue();
      if (node.type === "Comment") continue;
      if (Object.hasOwn(STATEMENTS, node.type)) this[STATEMENTS[node.type]](node, scope, out);
      else out.push(text(this.value(node, scope)));
    }
  }

  captured(nodes, scope) {
    const out = [];
    this.block(nodes, scope, out);
    return out.join("");
  }

  if({ test, body, alternate }, scope, out) {
    this.block(truth(this.value(test, scope)) ? body : alternate, scope, out);
  }

  set({ assignee, value, body }, scope) {
    const made = value ? this.value(value, scope) : this.captured(body, new Scope(scope));
    if (assignee.type === "MemberExpression" && !assignee.computed) {
      const owner = this.value(assignee.object, scope);
      if (!(owner instanceof Namespace)) fail("cannot assign attribute on non-namespace object");
      owner.values[assignee.property.value] = made;
    } else this.assign(assignee, made, scope);
  }

  assign(target, value, scope) {
    if (target.type === "Identifier") return scope.names.set(target.value, value);
    if (target.type !== "TupleLiteral") return unsupported("such an assignment");
    const all = items(value);
    const wanted = target.value.length;
    if (all.length < wanted) {
      return fail(`not enough values to unpack (expected ${wanted}, got ${all.length})`);
    }
    if (all.length > wanted) return fail(`too many values to unpack (expected ${wanted})`);
    return target.value.forEach((one, i) => this.assign(one, all[i], scope));
  }

  for({ loopvar, iterable, body, defaultBlock }, scope, out) {
    const filtered = iterable.type === "SelectExpression";
    let all = [...items(this.value(filtered ? iterable.lhs : iterable, scope))];
    const inner = (item) => {
      const made = new Scope(scope);
      this.assign(loopvar, item, made);
      return made;
    };
    if (filtered) all = all.filter((item) => truth(this.value(iterable.test, inner(item))));
    for (const [index, item] of all.entries()) {
      this.tick();
      const made = inner(item);
      made.names.set("loop", new Loop(all, index));
      try {
        this.block(body, made, out);
      } catch (signal) {
        if (signal instanceof Break) break;
        if (!(signal instanceof Continue)) throw signal;
      }
    }
    if (!all.length) this.block(defaultBlock, new Scope(scope), out);
  }

  macro({ name, args, body }, scope) {
    scope.names.set(name.value, this.callable(name.value, args, body, scope));
  }

  callable(name, parameters, body, scope) {
    return (args, { caller, ...named }) => {
      this.tick();
      if (args.length > parameters.length) {
        return fail(`macro ${repr(name)} takes not more than ${parameters.length} argument(s)`);
      }
      const made = new Scope(scope, caller ? { caller } : {});
      const known = parameters.map((one) => one.key?.value ?? one.value);
      const wrong = Object.keys(named).find((one) => !known.includes(one));
      if (wrong) return fail(`macro ${repr(name)} takes no keyword argument ${repr(wrong)}`);
      parameters.forEach((one, i) => {
        const given = i < args.length ? args[i] : named[known[i]];
        const other = () => (one.key ? this.value(one.value, made) : new Undefined(known[i]));
        made.names.set(known[i], given === undefined ? other() : given);
      });
      return this.captured(body, made);
    };
  }

  callBlock({ call, callerArgs, body }, scope, out) {
    const called = this.value(call.callee, scope);
    if (typeof called !== "function") unsupported("such a call block");
    const [args, named] = this.arguments(call.args, scope);
    const caller = this.callable("caller", callerArgs ?? [], body, scope);
    out.push(text(called(args, { ...named, caller })));
  }

  filterBlock({ filter, body }, scope, out) {
    out.push(text(this.filtered(this.captured(body, new Scope(scope)), filter, scope)));
  }

  arguments(given, scope) {
    const args = [];
    const named = {};
    for (const one of given) {
      if (one.type === "KeywordArgumentExpression") named[one.key.value] = this.value(one.value, scope);
      else if (one.type === "SpreadExpression") args.push(...items(this.value(one.argument, scope)));
      else if (one.type === "KeywordSpreadExpression") Object.assign(named, this.value(one.argument, scope));
      else args.push(this.value(one, scope));
    }
    return [args, named];
  }

  filtered(value, node, scope) {
    const name = node.type === "CallExpression" ? node.callee.value : node.value;
    const [args, named] = node.type === "CallExpression" ? this.arguments(node.args, scope) : [[], {}];
    return this.filter(name, value, args, named);
  }

  filter(name, value, args = [], named = {}) {
    if (!Object.hasOwn(FILTERS, name)) return unsupported(`the filter ${repr(name)}`);
    const again = (other, one, more) => this.filter(other, one, more);
    return FILTERS[name](value, args, named, (...given) => this.test(...given), again);
  }

  test(name, value, args = []) {
    if (!Object.hasOwn(TESTS, name)) return unsupported(`the test ${repr(name)}`);
    return TESTS[name](value, ...args);
  }

  value(node, scope) {
    const how = this[node.type];
    if (typeof how !== "function") return unsupported(`a ${node.type}`);
    return how.call(this, node, scope);
  }

  StringLiteral(node) {
    return node.value;
  }
  IntegerLiteral(node) {
    return node.value;
  }
  FloatLiteral(node) {
    return Number.isInteger(node.value) ? unsupported("such a number") : node.value;
  }
  ArrayLiteral(node, scope) {
    return node.value.map((one) => this.value(one, scope));
  }
  TupleLiteral(node, scope) {
    return tuple(node.value.map((one) => this.value(one, scope)));
  }
  ObjectLiteral(node, scope) {
    const made = Object.create(null);
    for (const [key, value] of node.value) {
      const name = this.value(key, scope);
      if (typeof name !== "string" || /^[0-9]+$/.test(name)) return unsupported("such a key");
      made[name] = this.value(value, scope);
    }
    return made;
  }
  Identifier(node, scope) {
    return scope.find(node.value);
  }
  CallExpression(node, scope) {
    const called = this.value(node.callee, scope);
    if (called instanceof Undefined) return called.fail();
    if (typeof called !== "function") return fail(`'${typeOf(called)}' object is not callable`);
    return called(...this.arguments(node.args, scope)) ?? null;
  }
  MemberExpression(node, scope) {
    const owner = this.value(node.object, scope);
    const { property } = node;
    if (!node.computed) {
      return property.type === "Identifier" ? attribute(owner, property.value) : subscript(owner, property.value);
    }
    if (property.type !== "SliceExpression") return subscript(owner, this.value(property, scope));
    const edges = [property.start, property.stop, property.step];
    return slice(owner, ...edges.map((edge) => (edge ? this.value(edge, scope) : undefined)));
  }
  UnaryExpression(node, scope) {
    const value = this.value(node.argument, scope);
    if (node.operator.value === "not") return !truth(value);
    if (!isNumber(value)) return fail(`bad operand type for unary ${node.operator.value}: '${typeOf(value)}'`);
    return node.operator.value === "-" ? -value : Number(value);
  }
  BinaryExpression(node, scope) {
    const operator = node.operator.value;
    if (operator === "~" && node.left.operator?.value === "+") return this.mixed(node, scope);
    const left = this.value(node.left, scope);
    if (operator === "and") return truth(left) ? this.value(node.right, scope) : left;
    if (operator === "or") return truth(left) ? left : this.value(node.right, scope);
    return operate(operator, left, this.value(node.right, scope));
  }
  /* `a + b ~ c`, which is `a + (b ~ c)`, but stands as `(a + b) ~ c`: the same for texts. */
  mixed(node, scope) {
    const [a, b] = [node.left.left, node.left.right].map((one) => this.value(one, scope));
    if (typeof a !== "string" || typeof b !== "string") unsupported("+ and ~ in one expression");
    return a + b + text(this.value(node.right, scope));
  }
  FilterExpression(node, scope) {
    return this.filtered(this.value(node.operand, scope), node.filter, scope);
  }
  TestExpression(node, scope) {
    return this.test(node.test.value, this.value(node.operand, scope)) !== node.negate;
  }
  SelectExpression(node, scope) {
    return truth(this.value(node.test, scope)) ? this.value(node.lhs, scope) : new Undefined("");
  }
  Ternary(node, scope) {
    const chosen = truth(this.value(node.condition, scope)) ? node.trueExpr : node.falseExpr;
    return this.value(chosen, scope);
  }
}

const BETWEEN = ["and", "or", "if", "else", "elif"];
const OPEN = ["OpenParen", "OpenSquareBracket", "OpenCurlyBracket"];
const CLOSE = ["CloseParen", "CloseSquareBracket", "CloseCurlyBracket"];
const BORDERS = ["Comma", "Colon", "Equals", "Text", "Comment"];
const isBorder = ({ type, value }) =>
  BORDERS.includes(type) || /Statement$|Expression$/.test(type) || BETWEEN.includes(value);

/* `a < b < c` means something else to the library than to Jinja. */
const checkOrder = (tokens) => {
  const seen = [""];
  let isLoop = false;
  tokens.forEach(({ type, value }) => {
    if (OPEN.includes(type)) seen.push("");
    else if (CLOSE.includes(type)) seen.pop();
    else if (isBorder({ type, value })) seen[seen.length - 1] = "";
    else if (value === "for" && type === "Identifier") isLoop = true;
    else if (isLoop && value === "in") isLoop = false;
    else if (type === "ComparisonBinaryOperator" || (type === "Identifier" && value === "in")) {
      if (seen.at(-1) === "compared") unsupported("a chain of comparisons");
      seen[seen.length - 1] = "compared";
    }
  });
};

/* What renders the template: variables in, text out. Raises a JinjaError, or refuses. */
export const compile = (source) => {
  let tree;
  let tokens;
  try {
    tokens = tokenize(readable(source), { lstrip_blocks: true, trim_blocks: true });
    tree = parse(tokens);
  } catch (error) {
    unsupported(`what its reader does not know (${error.message})`);
  }
  checkOrder(tokens);
  return (variables) => {
    const evaluator = new Evaluator(Date.now() + SECONDS * 1000);
    const scope = new Scope(new Scope(null, GLOBALS), variables);
    try {
      return evaluator.captured(tree.body, scope);
    } catch (error) {
      if (error instanceof RangeError) fail("maximum recursion depth exceeded");
      throw error;
    }
  };
};
export { JinjaError };
