/* One row as phase 1 sees it: its text, and the frame that fits it. */
import { lstrip, rstrip } from "./python.js";

export class Rendered {
  constructor(messages, supervised, text, matched) {
    Object.assign(this, { messages, supervised, text, matched });
    this.frame = matched.frame;
    this.edges = matched.edges;
  }

  /* Everything that a message says, written or not. */
  parts(message) {
    return this.matched.standIns.of(message);
  }

  /* The indices of the pieces before and after what a message says; the same for one that is silent. */
  around(message) {
    if (!this.edges) return null;
    const { stretches } = this.frame;
    const stretch = stretches.get(message);
    if (stretch) return [stretch.first, stretch.last + 1];
    const all = [...stretches];
    const piece = Math.max(0, ...all.filter(([k]) => k < message).map(([, one]) => one.last + 1));
    const later = all.filter(([k]) => k > message).map(([, one]) => one.first);
    return !later.length || piece <= Math.min(...later) ? [piece, piece] : null;
  }

  /* Whether its content stands in another place, too: which one is its turn? */
  standsApart(message) {
    const { first, last } = this.frame.stretches.get(message) ?? { first: 0, last: -1 };
    const others = this.frame.parts.filter((_, i) => i < first || i > last);
    return others.some((part) => part.message === message && part.kind === "content");
  }

  /* The template's text before what a message says, and where it starts. */
  lead(message) {
    const pieces = this.around(message);
    if (!pieces) return [null, 0];
    return [this.frame.pieces[pieces[0]], this.edges[pieces[0]][0]];
  }

  /* The place from the first to the last thing that a message says, with the tags at its edges. */
  said(message) {
    const pieces = this.around(message);
    if (!pieces || pieces[0] === pieces[1]) return null;
    let start = this.edges[pieces[0]][1];
    let stop = this.edges[pieces[1]][0];
    const [before, after] = this.matched.standIns.tags.get(message) ?? ["", ""];
    const head = rstrip(this.text.slice(0, start));
    if (before && head.endsWith(before)) start = head.length - before.length;
    const rest = lstrip(this.text.slice(stop));
    if (after && rest.startsWith(after)) stop = this.text.length - rest.length + after.length;
    return [start, stop];
  }

  saidText(message) {
    const said = this.said(message);
    return said ? this.text.slice(...said) : null;
  }
}
