/* Where each supervised turn starts and stops, in characters. */
import { commonLength, cut, quote, removeSuffix, strip } from "./python.js";
import { StartFinder } from "./starts.js";
import { notLocated } from "./unproven.js";
import { unreadKeywords } from "./unread.js";
import { LabelError, TemplateError, finding, say, tables } from "./words.js";

export class TurnFinder {
  constructor(template, tokens, settings, format) {
    Object.assign(this, { template, tokens, format });
    this.withTail = !settings.mask_tail;
    const byPrompt = settings.boundary === "prompt";
    this.starts = new StartFinder(template, tokens, format.generationPrompt, byPrompt);
  }

  /* The edges of each supervised turn, and what is worth a note. */
  find(row) {
    const findings = unreadKeywords(row, this.template);
    const starts = this.starts.find(row, findings);
    const closings = new Map();
    const edges = row.supervised.map((k) => this.turn(row, k, starts.get(k), closings, findings));
    return [edges, findings];
  }

  turn(row, k, start, closings, findings) {
    const toTheEnd = k === row.messages.length - 1 && this.withTail;
    const pieces = row.around(k);
    if (!pieces) return this.notCompared(row, k, start, toTheEnd, findings);
    const [before, after] = pieces;
    // A message that says nothing is closed where it starts.
    const begin = row.edges[after][0];
    const silent = before === after ? Math.max(0, start.character - begin) : 0;
    const whole = row.frame.pieces[after];
    const rest = whole.slice(silent);
    const isLast = k === row.messages.length - 1;
    const closing = isLast ? removeSuffix(rest, this.format.dangling) : rest;
    let [length, ended] = closingLength(closing, this.tokens, this.format);
    if (!(ended || length)) {
      if (!closings.has(closing)) {
        closings.set(closing, Math.max(0, this.closingAlone(row, k, whole) - silent));
      }
      length = closings.get(closing);
    }
    const end = begin + silent + length;
    const stop = toTheEnd ? end + this.tailLength(closing.slice(length)) : end;
    if (stop <= start.character) {
      const found = cut(row.text.slice(start.character), 40);
      throw new LabelError(say("turns._turn.0", k, found));
    }
    if (before !== after) {
      this.noteStart(row, k, row.text.slice(start.character, row.edges[before][1]), findings);
    } else {
      const made = this.beforeEnd(row.text.slice(start.character, end));
      if (made) findings.push(finding("text before the answer", k, say("turns._turn.1", quote(made))));
    }
    noteEnd(k, row.text.slice(end, stop), ended, findings);
    return { message: k, start: start.character, stop, end: ended ? end : -1 };
  }

  /* The edges of an answer that is written like no other: to the end. */
  notCompared(row, k, start, toTheEnd, findings) {
    if (!(toTheEnd && start.isPromptEnd)) throw notLocated(k);
    findings.push(finding("answer not located", k, say("turns._not_compared.0")));
    const rest = row.text.slice(start.character);
    if (this.tokens.find(rest).every(({ id }) => !this.format.ends.has(id))) {
      findings.push(finding("no end of turn", k, tables.NO_END));
    }
    const stop = start.character + this.tailLength(removeSuffix(rest, this.format.dangling));
    return { message: k, start: start.character, stop, end: -1 };
  }

  /* The words of a turn that says nothing, before the token that ends it. */
  beforeEnd(text) {
    const end = this.tokens.find(text).find(({ id }) => this.format.ends.has(id));
    return strip(end ? text.slice(0, end.start) : text);
  }

  /* How much of a text is no turn that the template opens there. */
  tailLength(tail) {
    const opener = this.tokens.find(tail).find(({ id }) => this.format.openers.has(id));
    return opener ? opener.start : tail.length;
  }

  /* How much of the text after message k is written if it is the last one, too. */
  closingAlone(row, k, after) {
    let closing = row.frame.pieces.at(-1);
    try {
      const alone = this.template.render(row.matched.standIns.messages.slice(0, k + 1));
      closing = this.starts.lastPiece(row, alone);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
    }
    return commonLength(after, removeSuffix(closing, this.format.dangling));
  }

  /* Note the template's text that is learned before the answer. */
  noteStart(row, k, before, findings) {
    if (!before) return;
    const first = row.frame.parts[row.frame.stretches.get(k).first];
    let name = first.kind === "content" ? "text before the answer" : "";
    const opened = this.tokens.find(before).some(({ id }) => this.format.openers.has(id));
    const { starts } = this;
    if (opened && starts.prompt(row.messages, k) === starts.closed(row.messages, k))
      name = "header learned";
    if (name) findings.push(finding(name, k, say("turns._note_start.1", quote(before))));
  }
}

const noteEnd = (k, tail, ended, findings) => {
  if (!ended) findings.push(finding("no end of turn", k, tables.NO_END));
  else if (tail) {
    const wording = say("turns._note_end.1", quote(tail));
    findings.push(finding("tail after the end of turn", k, wording));
  }
};

/* How much of the text after an answer belongs to its turn, and whether it ends there. */
export const closingLength = (after, tokens, format) => {
  let end = 0;
  for (const token of tokens.find(after)) {
    if (end && (token.start !== end || !format.ends.has(token.id))) break;
    if (format.openers.has(token.id)) return [token.start, false];
    if (format.ends.has(token.id)) end = token.end;
  }
  return [end, end > 0];
};
