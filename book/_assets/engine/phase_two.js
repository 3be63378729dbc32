/* Phase 2, in tokens: the places of phase 1, found in the row's ids. */
import { cut, isBlank, count } from "./python.js";
import { idsOf, reachedOf, unmarked } from "./encoder.js";
import { provenTurns } from "./starts.js";
import { merged } from "./unproven.js";
import { LabelError, TokenizeError, finding, say, tables } from "./words.js";
import { same } from "./smuggled.js";

/* The places of the edges: so much text after a control token. */
export const bordersOf = (text, control, edges, loose) => {
  const place = (character) => {
    let index = control.findLastIndex(({ start }) => start <= character);
    while (index >= 0 && loose.has(control[index].id)) index--;
    return { control: index, head: text.slice(index >= 0 ? control[index].start : 0, character) };
  };
  return edges.map((one) => ({
    message: one.message,
    start: place(one.start),
    stop: one.stop === text.length ? null : place(one.stop),
    end: control.findIndex(({ end }) => end === one.end),
  }));
};

/* The supervised turns, or null where the ids do not show what the text says. */
export const confirm = (spans, ids, tokenizer, tokens) => {
  const control = [...ids.keys()].filter((i) => tokens.ids.has(ids[i]));
  if (
    !same(
      control.map((i) => ids[i]),
      spans.control,
    )
  )
    return null;
  const find = (place) => {
    if (!place) return ids.length;
    if (count(place.head) > tables.LONGEST_HEAD) return -1;
    const at = place.control < 0 ? 0 : control[place.control];
    const head = idsOf(place.head, tokenizer);
    return head.every((id, i) => ids[at + i] === id) ? at + head.length : -1;
  };
  const turns = spans.borders.map(({ start, stop }) => [find(start), find(stop)]);
  return turns.every(([start, stop]) => 0 < start && start < stop && stop <= ids.length)
    ? { ids, turns, findings: spans.findings }
    : null;
};

/* Finds the tokens of a row's turns by ids, and where these cannot tell, by how far they reach. */
export class Resolver {
  constructor(row, ids, tokenizer, tokens) {
    const shown = ids.filter((id) => tokens.ids.has(id)).length;
    if (shown > row.control.length) {
      throw new TokenizeError(say("resolve.__init__.0", shown, row.control.length));
    }
    Object.assign(this, { row, ids, tokenizer });
    this.reached = reachedOf(row.text, tokenizer);
    this.proven = new Set(provenTurns(row.edges.map(({ message }) => message)));
  }

  /* The row's turns; refused where a token lies across one of their borders. */
  resolve(byPrompt) {
    const findings = [...this.row.findings];
    const turns = this.row.edges.map((edges) => {
      const start = this.start(edges, byPrompt, findings);
      const stop = this.stop(edges);
      if (stop <= start) {
        const rest = cut(this.row.text.slice(edges.start), 40);
        throw new LabelError(say("resolve.resolve.0", edges.message, start, rest));
      }
      return [start, stop];
    });
    return { ids: this.ids, turns, findings };
  }

  start(edges, byPrompt, findings) {
    const found = this.byIds(edges, edges.start);
    if (found !== null) return found;
    if (byPrompt) throw merged(edges.message, this.row.text, edges.start, this.tokenizer);
    const position = this.wholeBefore(edges.start);
    const from = position ? this.reached[position - 1] : 0;
    const held = unmarked(this.row.text.slice(0, edges.start)).slice(from);
    if (isBlank(held)) return position;
    const wording = say("resolve._start.0", held);
    findings.push(finding("token across the start", edges.message, wording));
    return position + 1;
  }

  stop(edges) {
    if (edges.stop === this.row.text.length) return this.ids.length;
    const found = this.byIds(edges, edges.stop);
    if (found !== null) return found;
    // The token across the stop holds the end of the turn, and what the template writes next.
    const position = this.wholeBefore(edges.stop);
    const reached = position ? this.reached[position - 1] : 0;
    return position + (reached < this.plain(edges.stop) ? 1 : 0);
  }

  /* How many ids the text before has, if these are the first of the row's; else null. */
  byIds(edges, character) {
    if (this.proven.has(edges.message)) {
      const head = idsOf(this.row.text.slice(0, character), this.tokenizer);
      return head.every((id, i) => this.ids[i] === id) ? head.length : null;
    }
    const position = this.wholeBefore(character);
    const reached = position ? this.reached[position - 1] : 0;
    return reached === this.plain(character) ? position : null;
  }

  /* How many tokens end at or before a character. */
  wholeBefore(character) {
    const plain = this.plain(character);
    const after = this.reached.findIndex((end) => end > plain);
    return after < 0 ? this.reached.length : after;
  }

  plain(character) {
    return unmarked(this.row.text.slice(0, character)).length;
  }
}
