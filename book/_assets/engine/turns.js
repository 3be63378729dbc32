/* Where each supervised turn starts and stops, in characters. */
import { commonLength, cut, quote, removeSuffix } from "./python.js";
import { StartFinder } from "./starts.js";
import { notLocated } from "./unproven.js";
import { LabelError, TemplateError, finding, say, tables } from "./words.js";

export class TurnFinder {
  constructor(template, tokens, settings, format) {
    Object.assign(this, { template, tokens, format });
    this.withTail = !settings.mask_tail;
    const byPrompt = settings.boundary === "prompt";
    this.starts = new StartFinder(template, tokens, format.opening, byPrompt);
  }

  /* The edges of each supervised turn, and what is worth a note. */
  find(row) {
    const findings = [];
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
    const closing = whole.slice(silent);
    let [length, ended] = closingLength(closing, this.tokens, this.format);
    if (!(ended || length)) {
      if (!closings.has(closing)) {
        closings.set(closing, Math.max(0, this.closingAlone(row, k, whole) - silent));
      }
      length = closings.get(closing);
    }
    const end = begin + silent + length;
    const stop = toTheEnd ? row.text.length - this.nextTurn(closing.slice(length)) : end;
    if (stop <= start.character) {
      const rest = cut(row.text.slice(start.character), 40);
      throw new LabelError(say("turns._turn.0", k, rest));
    }
    if (before !== after) {
      this.noteStart(row, k, row.text.slice(start.character, row.edges[before][1]), findings);
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
    return {
      message: k,
      start: start.character,
      stop: row.text.length - this.nextTurn(rest),
      end: -1,
    };
  }

  /* How much at the end of a tail belongs to a turn that the template opens there. */
  nextTurn(tail) {
    const opener = this.tokens.find(tail).find(({ id }) => this.format.openers.has(id));
    const { dangling } = this.format;
    const length = tail.endsWith(dangling) ? dangling.length : 0;
    return opener ? Math.max(length, tail.length - opener.start) : length;
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
    if (opened && this.starts.prompt(row.messages, k) === this.closed(row, k))
      name = "header learned";
    if (name) findings.push(finding(name, k, say("turns._note_start.1", quote(before))));
  }

  /* The text of the messages before k without a generation prompt. */
  closed(row, k) {
    try {
      return this.template.render(row.messages.slice(0, k));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return "";
    }
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
