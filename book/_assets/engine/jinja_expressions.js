/* The value of each expression of a template. */
import { FILTERS, TESTS } from "./jinja_filters.js";
import { attribute, subscript } from "./jinja_methods.js";
import { isNumber, operate } from "./jinja_operators.js";
import {
  Undefined,
  fail,
  items,
  slice,
  text,
  truth,
  tuple,
  typeOf,
  unsupported,
} from "./jinja_values.js";
import { repr } from "./python.js";

export class Expressions {
  arguments(given, scope) {
    const args = [];
    const named = {};
    for (const one of given) {
      if (one.type === "KeywordArgumentExpression")
        named[one.key.value] = this.value(one.value, scope);
      else if (one.type === "SpreadExpression")
        args.push(...items(this.value(one.argument, scope)));
      else if (one.type === "KeywordSpreadExpression")
        Object.assign(named, this.value(one.argument, scope));
      else args.push(this.value(one, scope));
    }
    return [args, named];
  }

  filtered(value, node, scope) {
    const name = node.type === "CallExpression" ? node.callee.value : node.value;
    const [args, named] =
      node.type === "CallExpression" ? this.arguments(node.args, scope) : [[], {}];
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
      return property.type === "Identifier"
        ? attribute(owner, property.value)
        : subscript(owner, property.value);
    }
    if (property.type !== "SliceExpression") return subscript(owner, this.value(property, scope));
    const edges = [property.start, property.stop, property.step];
    return slice(owner, ...edges.map((edge) => (edge ? this.value(edge, scope) : undefined)));
  }
  UnaryExpression(node, scope) {
    const value = this.value(node.argument, scope);
    if (node.operator.value === "not") return !truth(value);
    if (!isNumber(value))
      return fail(`bad operand type for unary ${node.operator.value}: '${typeOf(value)}'`);
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
