/* What each statement of a template writes. */
import { Expressions } from "./jinja_expressions.js";
import {
  Loop,
  Namespace,
  Undefined,
  fail,
  items,
  text,
  truth,
  unsupported,
} from "./jinja_values.js";
import { repr } from "./python.js";

export const SECONDS = 10;
class Break extends Error {}
class Continue extends Error {}

export class Scope {
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

const STATEMENTS = {
  Set: "set",
  If: "if",
  For: "for",
  Macro: "macro",
  CallStatement: "callBlock",
  FilterStatement: "filterBlock",
};

export class Evaluator extends Expressions {
  constructor(deadline) {
    super();
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
}
