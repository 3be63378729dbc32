/* A render with stand-ins: the template's own pieces of text, and the parts between them. */
import { isBlank } from "./python.js";
import { AddedTokens } from "./control_tokens.js";
import { StandIns, forms, markPattern } from "./stand_ins.js";
import { TemplateError, say } from "./words.js";

/* What the template writes around the parts; part i stands between piece i and piece i + 1. */
export class Frame {
  constructor(text, parts, marks, tokens) {
    const found = [...text.matchAll(markPattern(marks))];
    this.tokens = tokens;
    this.text = text;
    this.parts = found.map((match) => parts[Number(match[1] ?? match[2])]);
    const borders = [0, ...found.flatMap((m) => [m.index, m.index + m[0].length]), text.length];
    this.edges = [];
    for (let i = 0; i < borders.length; i += 2) this.edges.push([borders[i], borders[i + 1]]);
    this.pieces = this.edges.map(([start, end]) => text.slice(start, end));
    this.stretches = this.readStretches();
  }

  /* The ids of the control tokens that the template writes. */
  get control() {
    this.ids ??= this.tokens.find(this.text).map(({ id }) => id);
    return this.ids;
  }

  /* The parts of each message that stand together; what stands apart is an echo. */
  readStretches() {
    const found = new Map();
    this.parts.forEach((part, i) => {
      const { first, last } = found.get(part.message) ?? { first: i, last: i - 1 };
      const again = this.parts.slice(first, i).includes(part);
      if (last === i - 1 && !(again && this.tokens.find(this.pieces[i]).length)) {
        found.set(part.message, { first, last: i });
      }
    });
    return found;
  }

  /* Those of a message's parts that the template does not write in its place. */
  missing(message, parts) {
    const { first, last } = this.stretches.get(message) ?? { first: 0, last: -1 };
    const written = new Set(this.parts.slice(first, last + 1));
    return parts.filter((part) => !isBlank(part.text) && !written.has(part));
  }
}

/* The frame that fits the text: of plain stand-ins, with tags, or without blank ones. */
export const matchFrames = (text, messages, marks, template, tokens, allowed) => {
  const telling = allowed ? new AddedTokens() : tokens;
  const tried = [];
  for (const [blanks, tagged] of [
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ]) {
    const standIns = new StandIns(messages, marks, { tagged, blanks });
    const frame = new Frame(written(standIns, template), standIns.parts, marks, tokens);
    if (tagged) leaveToTemplate(standIns, tried[0][0]);
    const edges = match(text, frame, telling, true);
    if (edges) return { frame, standIns, edges, exact: true };
    tried.push([frame, standIns]);
  }
  for (const [frame, standIns] of [...tried].reverse()) {
    const edges = match(text, frame, telling, false);
    if (edges) return { frame, standIns, edges, exact: false };
  }
  const [frame, standIns] = tried.at(-1);
  return { frame, standIns, edges: null, exact: false };
};

/* Drop the tags at the start of a content that the template writes without them, too. */
const leaveToTemplate = (standIns, plain) => {
  for (const [k, [before, after]] of standIns.tags) {
    const stretch = plain.stretches.get(k);
    if (stretch && before && plain.pieces[stretch.first].includes(before)) {
      standIns.tags.set(k, ["", after]);
    }
  }
};

const written = (standIns, template) => {
  try {
    return template.render(standIns.messages);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(say("frame._written.0", error.message));
  }
};

/* Where the frame's pieces stand in the text, one after the other. */
const match = (text, frame, tokens, exact) => {
  if (!text.startsWith(frame.pieces[0])) return null;
  let cursor = frame.pieces[0].length;
  const edges = [[0, cursor]];
  for (const [i, part] of frame.parts.entries()) {
    const piece = frame.pieces[i + 1];
    const isLast = i === frame.parts.length - 1;
    let end = endOfPart(text, cursor, part, piece, isLast);
    if (end < 0 && !exact) end = endOfChanged(text, cursor, piece, frame.text, tokens, isLast);
    if (end < 0) return null;
    cursor = end + piece.length;
    edges.push([end, cursor]);
  }
  return cursor === text.length ? edges : null;
};

/* Where a part ends that starts here in one of its forms, with the piece after it; or -1. */
const endOfPart = (text, start, part, piece, isLast) => {
  for (const form of forms(part.text)) {
    const end = start + form.length;
    const whole = !isLast || end + piece.length === text.length;
    if (whole && text.startsWith(form, start) && text.startsWith(piece, end)) return end;
  }
  return -1;
};

const times = (text, piece) => text.split(piece).length;

/* Where a part ends that is written in another way: where the next piece stands; or -1. */
const endOfChanged = (text, start, piece, written_, tokens, isLast) => {
  let end = text.length - piece.length;
  if (!isLast) {
    const unique = piece && times(text, piece) === times(written_, piece);
    end = unique || tokens.find(piece).length ? text.indexOf(piece, start) : -1;
  }
  return end >= start && text.startsWith(piece, end) ? end : -1;
};
