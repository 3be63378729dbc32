/* Coverage: what a supervised message says must stand in its turn; the rest is noted. */
import { isBlank, quote, squeeze } from "./python.js";
import { booleansIn, forms } from "./stand_ins.js";
import { closingLength } from "./turns.js";
import { TemplateError, finding, say, tables } from "./words.js";

/* Of each kind the first part, in the order in which kinds are found from the end. */
const byKind = (parts) => new Map([...parts].reverse().map(({ kind, text }) => [kind, text]));

/* Notes on what is left out; refused where it would have been learned. */
export const checkCoverage = (row, tokens, format) =>
  row.messages.flatMap((_, message) => {
    const missing = row.frame.missing(message, row.parts(message));
    const lost = byKind(missing);
    const boolean = lost.has("call") ? "" : missingBoolean(row, message, tokens, format);
    if (boolean) lost.set("call", boolean);
    const only = missing.length === row.parts(message).filter((part) => !isBlank(part.text)).length;
    return [...lost].map(([kind, text]) => leftOut(row, message, kind, text, only));
  });

/* Notes on what is written in other words; refused where it would have been learned. */
export const checkWords = (row) => {
  const inFrame = new Set(row.frame.parts);
  return row.messages.flatMap((_, message) => {
    const where = row.saidText(message) ?? row.text;
    const squeezed = squeeze(where);
    const stands = (part) => forms(part.text).some((form) => squeezed.includes(squeeze(form)));
    const mine = row.parts(message).filter((part) => inFrame.has(part));
    const lost = byKind(mine.filter((part) => !stands(part)));
    return [...lost].map(([kind, text]) => {
      if (row.supervised.includes(message) && kind !== "thought") {
        const found = [kind, message, quote(where), quote(text)];
        throw new TemplateError(say("coverage.check_words.0", ...found) + tables.REMEDY[kind]);
      }
      return note(row, message, kind, text);
    });
  });
};

const leftOut = (row, message, kind, text, only) => {
  if (row.supervised.includes(message) && (kind !== "thought" || only)) {
    const found = [kind, message, quote(text)];
    throw new TemplateError(say("coverage._left_out.0", ...found) + tables.REMEDY[kind]);
  }
  return note(row, message, kind, text);
};

const note = (row, message, kind, text) => {
  const wording = say("coverage._note.0", kind, row.messages[message].role, quote(text));
  return finding(say("coverage._note.1", kind), message, wording);
};

/* `true` or `false` where the arguments have more of them than the turn's frame. */
const missingBoolean = (row, message, tokens, format) => {
  const calls = row.messages[message].tool_calls ?? [];
  const said = calls.flatMap((call) => booleansIn(call.function.arguments));
  const stretch = row.frame.stretches.get(message);
  if (!said.length || !stretch) return "";
  const pieces = row.frame.pieces.slice(stretch.first + 1, stretch.last + 2);
  const [length, ended] = closingLength(pieces.at(-1), tokens, format);
  if (ended) pieces.push(pieces.pop().slice(0, length));
  const written = pieces.join("\n");
  for (const value of [true, false]) {
    const forms_ = value ? "true|True" : "false|False";
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${forms_})(?![\\p{L}\\p{N}_])`, "gu");
    const found = written.match(pattern)?.length ?? 0;
    if (found < said.filter((one) => one === value).length) return String(value);
  }
  return "";
};
