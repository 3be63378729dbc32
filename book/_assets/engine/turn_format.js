/* A template's turn format: the control tokens that open a turn, and those that end an answer's. */
import { commonLength, isBlank, removePrefix, removeSuffix, strip, count } from "./python.js";
import { TemplateError } from "./words.js";

// Words of the probes; they stand in no template.
const [ONE, TWO, THREE, FOUR] = ["Quokka0x", "Quokka1x", "Quokka2x", "Quokka3x"];
const SYSTEM = { role: "system", content: "Quokka4x" };
const USER = { role: "user", content: ONE };
const ANSWER = { role: "assistant", content: TWO };
const MORE = { role: "user", content: THREE };
const LAST = { role: "assistant", content: FOUR };
const CALLED = {
  type: "function",
  id: "call00001",
  function: { name: "f", arguments: { a: TWO } },
};
const CALL = { role: "assistant", content: "", tool_calls: [CALLED] };
const RESULT = { role: "tool", name: "f", tool_call_id: "call00001", content: THREE };

export const before = (text, word) =>
  text.includes(word) ? text.slice(0, text.indexOf(word)) : text;
export const after = (text, word) => text.slice(text.lastIndexOf(word) + word.length);
const until = (found, stop) => {
  const end = found.findIndex((id) => stop.has(id));
  return end < 0 ? found : found.slice(0, end);
};
const without = (ids, ...others) =>
  new Set([...ids].filter((id) => others.every((o) => !o.has(id))));
const reversed = (text) => Array.from(text).reverse();

/* Renders of conversations whose words stand nowhere else. */
class Probe {
  constructor(template, tokens) {
    Object.assign(this, { template, tokens, inParts: false });
    this.inParts = !this.render([USER]).includes(ONE);
  }

  /* The text; empty where the template refuses such a conversation. */
  render(messages, opened = false) {
    const parts = (m) => ({ ...m, content: [{ type: "text", text: m.content }] });
    try {
      return this.template.render(this.inParts ? messages.map(parts) : messages, opened);
    } catch (error) {
      if (!(error instanceof TemplateError) || /still at work/.test(error.message)) throw error;
      return "";
    }
  }

  /* The control tokens of a text, or of what stands between two words in it. */
  control(text, from = "", to = "") {
    if (!text.includes(from) || !text.includes(to)) return [];
    const rest = from ? after(text, from) : text;
    return this.tokens.idsIn(to ? before(rest, to) : rest);
  }

  /* The control tokens at the very start of a text: they can only open a turn. */
  atStart(text) {
    const found = [];
    let end = 0;
    for (const token of this.tokens.find(text)) {
      if (token.start > end) break;
      found.push(token.id);
      end = token.end;
    }
    return found;
  }
}

export const readTurnFormat = (template, tokens, stops) => {
  const probe = new Probe(template, tokens);
  let talk = probe.render([USER, ANSWER, MORE, LAST]);
  // Only the last ones may be written.
  if (!talk.includes(ONE) || !talk.includes(TWO)) talk = probe.render([USER, ANSWER]);
  const dangling = danglingOf(probe, talk);
  const closing = probe.control(removeSuffix(probe.render([USER, ANSWER]), dangling), TWO);
  const between = probe.control(talk, TWO, THREE);
  let openers = without(openersOf(probe, talk, closing, between), stops, new Set(closing.slice(0, 1)));
  let common = between.slice(0, commonLength(closing, between));
  const ends = new Set([
    ...until(closing, openers),
    ...until(common.length ? common : between, openers),
  ]);
  const apart = common.length ? between.slice(common.length) : [];
  openers = new Set([...openers, ...without(apart, ends, stops)]);

  const afterCall = probe.control(probe.render([USER, CALL]), TWO);
  const beforeResult = probe.control(probe.render([USER, CALL, RESULT, LAST]), TWO, THREE);
  common = afterCall.slice(0, commonLength(afterCall, beforeResult));
  const more = without(beforeResult.slice(common.length), new Set(common), ends, stops);
  openers = new Set([...openers, ...more]);
  const rest = until(common, openers);
  const first = rest.findIndex((id) => ends.has(id));
  for (const id of rest.slice(Math.max(0, first < 0 ? rest.length - 1 : first))) ends.add(id);
  const history = probe.render([USER]);
  const prompt = probe.render([USER], true);
  const isAdded = history && prompt.startsWith(history);
  const generationPrompt = isAdded ? removePrefix(prompt, history) : "";
  openers = without(openers, inside(probe));
  return {
    openers,
    ends: new Set([...ends, ...stops]),
    generationPrompt,
    dangling,
    isKnown: Boolean(talk),
  };
};

/* What the template writes after the last answer to open the next one. */
const danglingOf = (probe, talk) => {
  const asked = probe.render([USER]);
  const answered = probe.render([USER, ANSWER]);
  if (asked !== probe.render([USER], true) || !asked.includes(ONE) || !answered.includes(TWO))
    return "";
  if (!talk.includes(TWO) || !talk.includes(THREE)) return "";
  const question = after(asked, ONE);
  const closing = after(answered, TWO);
  const shared = reversed(closing).slice(0, commonLength(reversed(closing), reversed(question)));
  let start = closing.length - shared.join("").length;
  if (isBlank(closing.slice(start))) return "";
  const agreed = commonLength(closing, before(after(talk, TWO), THREE));
  const ends = probe.tokens.find(closing).map(({ end }) => end);
  start = Math.max(Math.min(start, agreed), ...ends.filter((end) => end <= agreed), 0);
  const cut = probe.tokens.wholeIn(closing).filter(([begin, end]) => begin < start && start < end);
  if (cut.length) start = Math.max(...cut.map(([, end]) => end));
  return opens(probe, closing.slice(start), talk) ? closing.slice(start) : "";
};

/* Whether a text after an answer opens a turn, and does not only close the whole. */
const opens = (probe, text, talk) => {
  const control = probe.tokens.find(text);
  const length = control.reduce((sum, { start, end }) => sum + count(text.slice(start, end)), 0);
  if (length < count(strip(text))) return true;
  const header = probe.control(before(talk, TWO), ONE);
  return control.some(({ id }) => header.includes(id));
};

/* The control tokens that stand before words. */
const openersOf = (probe, talk, closing, between) => {
  const history = probe.render([USER]);
  const prompt = probe.render([USER], true);
  const isLonger = history && prompt.startsWith(history);
  const added = isLonger ? probe.control(removePrefix(prompt, history)) : [];
  const withSystem = probe.render([SYSTEM, USER, ANSWER, MORE, LAST]);
  const beforeFirst = probe.control(withSystem, "", SYSTEM.content);
  const beforeUser = probe.control(talk, "", ONE);
  // A system message of the template's own may stand there, with its end.
  const atFirst = [...probe.atStart(talk), ...beforeUser.filter((id) => !closing.includes(id))];
  const openers = new Set([
    ...(beforeFirst.length ? beforeFirst : atFirst),
    ...beforeUser.slice(-1),
    ...added.slice(0, 1),
  ]);
  // What stands between an answer and the token that opens the next turn ends the answer's.
  const first = [...added.slice(0, 1), ...probe.atStart(talk)].find((id) => between.includes(id));
  return first === undefined
    ? openers
    : without(openers, new Set(until(between, new Set([first]))));
};

/* The control tokens of an assistant's turn itself, between its prompt and its words. */
const inside = (probe) => {
  const prompt = probe.render([USER], true);
  if (prompt === probe.render([USER])) return new Set(); // what stands there is the header
  const texts = [ANSWER, CALL].map((message) => probe.render([USER, message]));
  return new Set(
    texts.flatMap((text) => probe.control(text.slice(commonLength(text, prompt)), "", TWO)),
  );
};
