/* No message may bring a control token into the text: only the template writes them. */
import { compare, count, cut, isDict, tail } from "./python.js";
import { textsOf } from "./messages.js";
import { MessageError, TemplateError, say, tables } from "./words.js";

export const same = (one, other) =>
  one.length === other.length && one.every((v, i) => v === other[i]);

/* Refuse what a message says where it would become a control token. */
export const checkContents = (row, tokens) => {
  row.messages.forEach((message, index) => {
    for (const marked of textsOf(message)) {
      const wrong = firstControl(marked, tokens);
      if (!wrong) continue;
      const text = marked.replaceAll(tables.MARK, "");
      const at = text.indexOf(wrong);
      const after = text.slice(at + wrong.length);
      const quoted = tail(text.slice(0, at), 20) + wrong + cut(after, 20);
      const found = [
        index,
        message.role,
        wrong,
        count(text, at),
        quoted,
        tokens.get(wrong) ?? wrong,
        wrong === tokens.unknown ? "" : tables.KEEP,
      ];
      throw new MessageError(say("smuggled.check_contents.0", ...found));
    }
  });
};

const firstControl = (text, tokens) => {
  const [found] = tokens.find(text);
  if (found) return text.slice(found.start, found.end);
  return tokens.unknown && text.includes(tokens.unknown) ? tokens.unknown : "";
};

/* Refuse a row whose text has not just the control tokens that the template writes. */
export const checkJoined = (row, control, template, tokens) => {
  const expected = row.frame.control;
  if (
    same(
      control.map(({ id }) => id),
      expected,
    )
  )
    return;
  const standIns = row.matched.standIns.messages;
  row.messages.forEach((message, index) => {
    const alone = standIns.with(index, message);
    const found = tokens.idsIn(template.render(alone));
    if (found.length < expected.length) throw otherWords(`messages[${index}]`);
    if (!same(found, expected)) {
      throw new MessageError(say("smuggled.check_joined.0", index, message.role));
    }
  });
  throw otherWords(alike(row.messages) || "these messages");
};

/* Which messages are the same: a template that compares them tells them from others. */
const alike = (messages) => {
  const keys = messages.map((message) => JSON.stringify(message, sorted));
  const index = keys.findIndex((key, i) => keys.indexOf(key) < i);
  return index < 0 ? "" : say("smuggled._alike.0", keys.indexOf(keys[index]), index);
};

/* As Python compares: the order of keys says nothing, and true is 1. */
const sorted = (_, value) => {
  if (typeof value === "boolean") return Number(value);
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => compare(one, other)));
};

const otherWords = (what) => new TemplateError(say("smuggled.other_words.0", what));

/* Refuse tools or keywords that hold a control token. */
export const checkGiven = (template, tokens) => {
  for (const [name, given] of Object.entries({
    tools: template.tools,
    template_kwargs: template.kwargs,
  })) {
    for (const text of textsOf(given)) {
      const [found] = tokens.find(text);
      if (!found) continue;
      const wrong = text.slice(found.start, found.end);
      throw new MessageError(say("smuggled.check_given.0", name, wrong, text, tokens.get(wrong)));
    }
  }
};

/* Refuse a text that has the character that marks places here. */
export const checkUnmarked = (text) => {
  const position = text.indexOf(tables.MARK);
  if (position < 0) return;
  const found = [tables.MARK.codePointAt(0), tail(text.slice(0, position), 20)];
  throw new MessageError(say("smuggled.check_unmarked.0", ...found));
};

/* The messages with a mark inside each control token that they say. */
const broken = (messages, tokens) => {
  const walk = (value) => {
    if (typeof value === "string") {
      let made = value;
      for (const { start, end } of tokens.find(value).reverse()) {
        const first = String.fromCodePoint(value.codePointAt(start));
        if (first.length === end - start) throw new MessageError(say("smuggled.walk.0", first));
        const after = start + first.length;
        made = made.slice(0, after) + tables.MARK + made.slice(after);
      }
      return made;
    }
    if (Array.isArray(value)) return value.map(walk);
    if (!isDict(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, k === "role" || k === "type" ? v : walk(v)]),
    );
  };
  return messages.map(walk);
};

/* The messages and their text with marks where a control token is to stay text. */
export const keepAsText = (messages, text, template, tokens) => {
  const marked = broken(messages, tokens);
  const rendered = template.render(marked);
  if (rendered.replaceAll(tables.MARK, "") !== text) {
    throw new MessageError(say("smuggled.keep_as_text.0"));
  }
  return [marked, rendered];
};
