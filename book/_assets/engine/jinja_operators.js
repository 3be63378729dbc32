/* Python's operators on the values of a template, and its words where they do not go together. */
import {
  Safe,
  Undefined,
  equal,
  fail,
  isPlainDict,
  items,
  order,
  text,
  tuple,
  typeOf,
  unsupported,
} from "./jinja_values.js";

const MOST = 10_000_000;

export const isNumber = (value) => typeof value === "number" || typeof value === "boolean";
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
  if (all === null || isNumber(all))
    return fail(`argument of type '${typeOf(all)}' is not iterable`);
  if (isPlainDict(all)) return typeof value === "string" && Object.hasOwn(all, value);
  return items(all).some((item) => equal(item, value));
};
export const operate = (operator, left, right) => {
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
