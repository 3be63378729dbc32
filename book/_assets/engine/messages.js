/* What a conversation must look like before anything is done with it. */
import { findLoneSurrogate, isDict, count, quoteValue, repr, typeName } from "./python.js";
import { loads } from "./python_json.js";
import { MessageError, say, tables } from "./words.js";

const has = (value, name) => Object.hasOwn(value, name);
const withoutNulls = (value) =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));

/* Every text in a message, its keys too, but its role and the types of its parts. */
export const textsOf = function* (value) {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const item of value) yield* textsOf(item);
  else if (isDict(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === "role" || key === "type") continue;
      yield key;
      yield* textsOf(item);
    }
  }
};

/* The messages as templates want them. */
export const checkMessages = (messages) => {
  if (!Array.isArray(messages)) {
    throw new MessageError(say("messages.check_messages.0", typeName(messages)));
  }
  if (!messages.length) throw new MessageError(say("messages.check_messages.1"));
  return messages.map((message, index) => checked(`messages[${index}]`, message));
};

export const checkEndsWithAnswer = (messages) => {
  const last = messages.length - 1;
  const { role } = messages[last];
  if (role !== "assistant") {
    throw new MessageError(say("messages.check_ends_with_answer.0", last, role));
  }
  if (last === 0) throw new MessageError(say("messages.check_ends_with_answer.1"));
};

/* `weight` says what is learned, to us alone. */
export const withoutWeights = (messages) =>
  messages.map(({ weight: _, ...others }) => ({ ...others }));

const checked = (at, message) => {
  if (!isDict(message)) {
    const found = [at, quoteValue(message), typeName(message)];
    throw new MessageError(say("messages._checked.0", ...found));
  }
  if (!has(message, "role")) {
    throw new MessageError(say("messages._checked.1", at, repr(Object.keys(message).sort())));
  }
  const made = withoutNulls(message);
  const role = checkRole(at, message.role);
  const where = `${at} (${repr(role)})`;
  if (has(made, "function_call")) throw new MessageError(say("messages._checked.2", where));
  checkFlags(where, made);
  const calls = checkCalls(where, role, made.tool_calls ?? []);
  delete made.tool_calls;
  if (calls.length) made.tool_calls = calls;
  checkContent(where, made, message);
  checkThought(where, made);
  for (const [key, value] of Object.entries(made)) checkPlain(`${where}[${repr(key)}]`, value);
  for (const text of textsOf(made)) {
    const position = findLoneSurrogate(text);
    if (position < 0) continue;
    const found = [where, text[position], count(text, position)];
    throw new MessageError(say("messages._checked.3", ...found));
  }
  return made;
};

const checkRole = (where, role) => {
  const { ROLES, RENAMED } = tables;
  if (typeof role === "string" && ROLES.includes(role)) return role;
  const renamed = has(RENAMED, String(role)) ? RENAMED[role] : undefined;
  const hint = renamed ? say("messages._check_role.0", role, renamed) : "";
  throw new MessageError(say("messages._check_role.1", where, quoteValue(role), repr(ROLES), hint));
};

const checkFlags = (where, message) => {
  const { FLAGS } = tables;
  const parts = Array.isArray(message.content) ? message.content.filter(isDict) : [];
  const inParts = parts.flatMap((part) => Object.keys(part).filter((name) => part[name] !== null));
  const wrong = [
    ...FLAGS.filter((name) => has(message, name)),
    ...inParts.filter((name) => FLAGS.includes(name) || name === "weight"),
  ].sort();
  if (wrong.length) throw new MessageError(say("messages._check_flags.0", where, wrong[0]));
  const weight = message.weight ?? 1;
  if (weight !== 0 && weight !== 1) {
    throw new MessageError(say("messages._check_flags.1", where, quoteValue(weight)));
  }
  if (has(message, "weight") && message.role !== "assistant") {
    throw new MessageError(say("messages._check_flags.2", where, weight));
  }
};

const isTextPart = (part) => isDict(part) && part.type === "text" && typeof part.text === "string";

const checkContent = (where, message, given) => {
  if (has(message, "tool_calls")) message.content ??= "";
  else if (!has(given, "content")) {
    const keys = repr(Object.keys(given).sort());
    throw new MessageError(say("messages._check_content.0", where, keys));
  }
  const { content = null } = message;
  const isParts = Array.isArray(content) && content.length > 0 && content.every(isTextPart);
  if (typeof content !== "string" && !isParts) {
    const found = [where, quoteValue(content), typeName(content)];
    throw new MessageError(say("messages._check_content.1", ...found));
  }
};

const checkThought = (where, message) => {
  const names = tables.THOUGHTS.filter((name) => has(message, name));
  const wrong = names.find((name) => typeof message[name] !== "string");
  if (wrong) {
    throw new MessageError(
      say("messages._check_thought.0", where, wrong, quoteValue(message[wrong])),
    );
  }
  if (new Set(names.map((name) => message[name])).size > 1) {
    throw new MessageError(say("messages._check_thought.1", where, repr([...names].sort())));
  }
  for (const name of names) {
    message.reasoning_content = message[name];
    message.thinking = message[name];
  }
};

const checkCalls = (where, role, calls) => {
  if (!Array.isArray(calls)) {
    throw new MessageError(say("messages._check_calls.0", where, quoteValue(calls)));
  }
  if (calls.length && role !== "assistant") {
    throw new MessageError(say("messages._check_calls.1", where));
  }
  return calls.map((call, number) => {
    const place = `${where}: tool_calls[${number}]`;
    const given = isDict(call) ? call.function : null;
    if (!isDict(given) || typeof given.name !== "string") {
      throw new MessageError(say("messages._check_calls.2", place, quoteValue(call)));
    }
    const called = withoutNulls(given);
    if (has(called, "arguments")) called.arguments = argumentsOf(place, called.arguments);
    return { ...withoutNulls(call), function: called };
  });
};

const refuseRepeats = (pairs) => {
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new SyntaxError(say("messages._without_repeats.0", twice));
};

const argumentsOf = (place, given) => {
  let made = given;
  if (typeof given === "string") {
    try {
      made = loads(given, refuseRepeats);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const found = [place, error.message, quoteValue(given)];
      throw new MessageError(say("messages._arguments.0", ...found));
    }
  }
  if (!isDict(made)) {
    const found = [place, quoteValue(made), typeName(made)];
    throw new MessageError(say("messages._arguments.1", ...found));
  }
  return made;
};

const checkPlain = (where, value, depth = 0) => {
  if (typeof value !== "object" || value === null) return;
  if (depth > tables.DEEPEST) {
    throw new MessageError(say("values.plain.1", where, tables.DEEPEST));
  }
  for (const item of Object.values(value)) checkPlain(where, item, depth + 1);
};

/* The messages, and the indices of those that are learned. */
export const checkConversation = (messages, supervise) => {
  const made = checkMessages(messages);
  checkEndsWithAnswer(made);
  return [made, supervisedMessages(made, supervise)];
};

const supervisedMessages = (messages, supervise) => {
  const last = messages.length - 1;
  if (supervise === "last") {
    if (messages[last].weight === 0) {
      throw new MessageError(say("answers.supervised_messages.0", last));
    }
    return [last];
  }
  const chosen = messages.flatMap(({ role, weight }, index) =>
    role === "assistant" && weight !== 0 ? [index] : [],
  );
  if (!chosen.length) throw new MessageError(say("answers.supervised_messages.1"));
  if (chosen[0] === 0) throw new MessageError(say("answers.supervised_messages.2"));
  return chosen;
};
